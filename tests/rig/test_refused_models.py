"""Files that hold no rig are refused in one sentence, and leave nothing behind."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
from pathlib import Path

import bone_changes
import bpy
import creatures
import object_changes
import pytest
import rig_files

from pasyn_blender.errors import RigError
from pasyn_blender.rig.loading import load_rig

pytestmark = pytest.mark.usefixtures("empty_scene")


def counts() -> dict[str, int]:
    names = (
        "objects",
        "meshes",
        "armatures",
        "actions",
        "materials",
        "images",
        "collections",
        "texts",
        "scenes",
    )
    return {name: len(getattr(bpy.data, name)) for name in names}


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def glb_of(content: bytes) -> bytes:
    content += b" " * (-len(content) % 4)
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(content), len(content), 0x4E4F534A) + content


GLTF_HEAD = b'{"asset":{"version":"2.0"}'


def gltf(more: bytes) -> Callable[[Path], Path]:
    return lambda folder: write(folder / "a.gltf", GLTF_HEAD + more + b"}")


def fake(name: str, content: bytes = b"hello" * 99) -> Callable[[Path], Path]:
    return lambda folder: write(folder / name, content)


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "none.glb", "no such file"),
    "folder": (lambda folder: folder, "is a folder"),
    "empty": (fake("empty.glb", b""), r"empty \(0 bytes\)"),
    "unknown suffix": (fake("rig.obj"), r"'\.obj' is not a format .* \.glb"),
    "no suffix": (fake("rig"), "no suffix"),
    "text as glb": (fake("a.glb"), "not a binary glTF file"),
    "text as fbx": (fake("a.fbx"), "not an FBX file"),
    "text as blend": (fake("a.blend"), "not a Blender file"),
    "text as gltf": (fake("a.gltf"), "not a glTF file"),
    "old glb": (fake("a.glb", struct.pack("<4sIIII", b"glTF", 1, 20, 0, 0)), "version 1"),
    "glb without content": (fake("a.glb", glb_of(GLTF_HEAD + b"}")), "no objects|cannot be read"),
    "gltf without its buffer": (
        gltf(b',"buffers":[{"uri":"a%20b.bin","byteLength":4}]'),
        "'a b.bin' next to it",
    ),
    "gltf with a foreign compression": (
        gltf(b',"extensionsRequired":["EXT_meshopt_compression"]'),
        "EXT_meshopt_compression",
    ),
    "cut text fbx": (fake("a.fbx", b"; FBX 7.4.0 project file\nFBXHeaderExtension: {\n"), "a.fbx"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_model_is_refused(tmp_path: Path, case: str, capfd: pytest.CaptureFixture[str]) -> None:
    build, message = REFUSED[case]
    path = build(tmp_path)
    before = counts()
    with pytest.raises(RigError, match=message) as caught:
        load_rig(path)
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value) and "Traceback" not in str(caught.value)
    assert counts() == before
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""


@pytest.mark.parametrize("suffix", [".glb", ".fbx", ".blend"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.97])
def test_cut_files_are_refused(shared: Path, tmp_path: Path, suffix: str, part: float) -> None:
    path = tmp_path / f"fox{suffix}"
    rig_files.open_shared(shared, "fox")
    bone_changes.drop_actions()
    data = rig_files.save(path).read_bytes()
    write(path, data[: int(part * len(data))])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    before = counts()
    with pytest.raises(RigError, match=f"fox{re.escape(suffix)} "):
        load_rig(path)
    assert counts() == before


def armature_alone() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.object.armature_add()


def mesh_alone() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_cube_add()


NO_RIG: dict[str, tuple[Callable[[], None], str, str]] = {
    "nodes moving without bones": (creatures.moving_nodes, ".glb", "no armature: .*Part0.* separate objects"),
    "armature alone": (armature_alone, ".blend", "'Armature' .*but no mesh"),
    "mesh alone": (mesh_alone, ".fbx", "no armature, only meshes .Cube."),
    "nothing": (lambda: bpy.ops.wm.read_factory_settings(use_empty=True), ".blend", "no objects"),
}


@pytest.mark.parametrize("case", NO_RIG)
def test_models_without_skin_are_refused(tmp_path: Path, case: str) -> None:
    build, suffix, message = NO_RIG[case]
    build()
    path = rig_files.save(tmp_path / f"model{suffix}")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    before = counts()
    with pytest.raises(RigError, match=message):
        load_rig(path)
    assert counts() == before


def test_an_armature_that_skins_nothing_is_refused(shared: Path, tmp_path: Path) -> None:
    path = rig_files.make(shared, "wolf", tmp_path / "bare.blend", object_changes.unskin)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with pytest.raises(RigError, match=r"'AnimalArmature' .*none of its meshes \(Wolf\)"):
        load_rig(path)


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "secret.glb", b"glTF")
    path.chmod(0)
    with pytest.raises(RigError, match="cannot be read"):
        load_rig(path)
