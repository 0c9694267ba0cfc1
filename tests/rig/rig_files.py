"""Shared rigs in the open scene, and the scene saved as a model file."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

SHARED_RIGS = {
    "cow": "rigs/cow_ult/Cow-v3.glb",
    "fox": "rigs/fox_khronos/Fox.glb",
    "horse": "rigs/horse_ult/Horse-v7.glb",
    "wolf": "rigs/wolf_ult/Wolf-v12.glb",
    "zebra": "rigs/zebra_farm/Zebra.glb",
}
KEPT_ACTIONS = 3
"""Variants keep only a few actions: exporting a dozen takes seconds."""


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep exporters off the terminal."""
    sys.stdout.flush()
    copy = os.dup(1)
    with Path(os.devnull).open("w") as sink:
        os.dup2(sink.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(copy, 1)
            os.close(copy)


_opened: dict[str, str] = {}


def open_shared(shared: Path, animal: str) -> Any:
    """Import a shared rig into an empty scene; returns its armature object."""
    if animal in _opened:
        # Opening a saved scene takes a tenth of the import.
        with silence():
            bpy.ops.wm.open_mainfile(filepath=_opened[animal], load_ui=False)
        return armature()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with silence():
        bpy.ops.import_scene.gltf(filepath=str(shared / SHARED_RIGS[animal]))
    rig = armature()
    for obj in list(bpy.data.objects):
        if obj.name.startswith("Icosphere"):
            bpy.data.objects.remove(obj)
    for bone in rig.pose.bones:
        bone.custom_shape = None
    tracks = rig.animation_data.nla_tracks
    for track in list(tracks)[:-KEPT_ACTIONS]:
        action = track.strips[0].action
        tracks.remove(track)
        bpy.data.actions.remove(action)
    rig.animation_data.action = None
    reset_pose()
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _opened[animal] = str(Path(folder) / f"{animal}.blend")
    with silence():
        bpy.ops.wm.save_as_mainfile(filepath=_opened[animal], copy=True)
    return rig


def armature() -> Any:
    """The first armature object of the scene."""
    return next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")


def meshes() -> list[Any]:
    """Meshes that an armature deforms."""
    return [
        obj
        for obj in bpy.data.objects
        if obj.type == "MESH" and any(modifier.type == "ARMATURE" for modifier in obj.modifiers)
    ]


def reset_pose() -> None:
    for bone in armature().pose.bones:
        bone.matrix_basis = Matrix()
    bpy.context.view_layer.update()


def save(path: Path) -> Path:
    """Save the scene in the format of the file's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with silence():
        if path.suffix == ".blend":
            bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, check_existing=False)
        elif path.suffix == ".fbx":
            for obj in bpy.data.objects:
                for track in obj.animation_data.nla_tracks if obj.animation_data else ():
                    track.mute = False  # muted tracks are not exported
            bpy.ops.export_scene.fbx(
                filepath=str(path), add_leaf_bones=False, bake_anim_use_nla_strips=True,
                bake_anim_use_all_actions=False, bake_anim_step=2.0,
                path_mode="COPY", embed_textures=True,
            )  # fmt: skip
        else:
            kind = "GLTF_SEPARATE" if path.suffix == ".gltf" else "GLB"
            bpy.ops.export_scene.gltf(
                filepath=str(path), export_format=kind,
                export_animation_mode="NLA_TRACKS" if _tracks() else "ACTIONS",
                export_optimize_animation_size=False, export_def_bones=False,
            )  # fmt: skip
    return path


def _tracks() -> bool:
    return any(obj.animation_data and obj.animation_data.nla_tracks for obj in bpy.data.objects)


def make(shared: Path, animal: str, path: Path, change: Callable[[], None] = lambda: None) -> Path:
    """Save a changed shared rig under a path, in the format of its suffix."""
    open_shared(shared, animal)
    change()
    return save(path)


@contextlib.contextmanager
def editing() -> Iterator[Any]:
    """Edit mode of the armature; yields its edit bones."""
    rig = armature()
    bpy.ops.object.select_all(action="DESELECT")
    rig.select_set(True)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield rig.data.edit_bones
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
