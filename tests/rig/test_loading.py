"""Importing files that strangers bring: what is kept, what is dropped, what is refused in one sentence."""

from __future__ import annotations

import math
import os
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import strangers
from mathutils import Matrix

from pasyn_blender.errors import RigError
from pasyn_blender.rig.actions import apply_action, list_actions
from pasyn_blender.rig.extraction import deformed_vertices, read_geometry
from pasyn_blender.rig.loading import load_rig

pytestmark = pytest.mark.usefixtures("empty_scene")


def load(path: Path) -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return load_rig(path)


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


def middle_pose(rig: Any) -> np.ndarray[Any, Any]:
    action = list_actions(rig)[0]
    apply_action(rig, action.name, (action.start + action.end) / 2)
    return deformed_vertices(rig, bpy.context.evaluated_depsgraph_get())


@pytest.mark.parametrize("animal", sorted(strangers.SHARED_RIGS))
def test_shared_rigs_come_in_without_debris(shared: Path, animal: str) -> None:
    rig = load(shared / strangers.SHARED_RIGS[animal])
    assert len(rig.meshes) == 1
    assert {obj.name for obj in bpy.data.objects} == {rig.armature.name, rig.meshes[0].name}
    assert [obj for obj in bpy.context.scene.objects if obj.hide_render] == []


def test_materials_exported_with_alpha_zero_are_made_visible(shared: Path) -> None:
    rig = load(shared / strangers.SHARED_RIGS["zebra"])
    for slot in rig.meshes[0].material_slots:
        shader = slot.material.node_tree.nodes["Principled BSDF"]
        assert not shader.inputs["Alpha"].is_linked
        assert shader.inputs["Alpha"].default_value == 1.0
    assert any("alpha 0" in note for note in rig.notes)


@pytest.mark.parametrize("suffix", [".glb", ".gltf", ".fbx", ".blend"])
def test_every_format_gives_the_same_animal(shared: Path, tmp_path: Path, suffix: str) -> None:
    reference = read_geometry(load(shared / strangers.SHARED_RIGS["wolf"]))
    rig = load(strangers.make(shared, "wolf", tmp_path / f"wolf{suffix}"))
    geometry = read_geometry(rig)
    assert set(geometry.bone_names) == set(reference.bone_names)
    assert geometry.mesh_names == ("Wolf",)
    assert np.allclose(geometry.vertices.min(0), reference.vertices.min(0), atol=1e-3)
    assert np.allclose(geometry.vertices.max(0), reference.vertices.max(0), atol=1e-3)
    assert [entry.name for entry in list_actions(rig)] == ["Attack", "Death", "Eating"]
    assert np.abs(middle_pose(rig) - geometry.vertices).max() > 0.5


@pytest.mark.parametrize(
    ("parent", "how"), [("ARMATURE", "attached it to bone 'Head'"), ("BONE", ""), ("MESH", "bone 'Head'")]
)
def test_horns_without_skin_follow_the_head(shared: Path, tmp_path: Path, parent: str, how: str) -> None:
    def change() -> None:
        horns = strangers.horns(parent="NONE" if parent == "MESH" else parent)
        if parent == "MESH":
            horns.parent = strangers.meshes()[0]

    rig = load(strangers.make(shared, "wolf", tmp_path / "horned.blend", change))
    assert [obj.name for obj in rig.meshes] == ["Wolf", "Horns"]
    assert how in " ".join(rig.notes)
    geometry = read_geometry(rig)
    rows = slice(geometry.mesh_offsets[1], geometry.mesh_offsets[2])
    assert (geometry.weights[rows, geometry.bone_names.index("Head")] == 1).all()
    rest, posed = geometry.vertices[rows], middle_pose(rig)[rows]
    assert np.linalg.norm(posed - rest, axis=1).min() > 0.05
    spread = np.linalg.norm(rest[:, None] - rest[None], axis=-1)
    assert np.allclose(np.linalg.norm(posed[:, None] - posed[None], axis=-1), spread, atol=1e-4)


def test_horns_fbx_and_glb_keep_their_bone(shared: Path, tmp_path: Path) -> None:
    for suffix in (".glb", ".fbx"):
        path = tmp_path / f"horned{suffix}"
        geometry = read_geometry(
            load(strangers.make(shared, "wolf", path, lambda: strangers.horns(parent="BONE")))
        )
        rows = slice(
            *geometry.mesh_offsets[
                [geometry.mesh_names.index("Horns"), geometry.mesh_names.index("Horns") + 1]
            ]
        )
        assert (geometry.weights[rows, geometry.bone_names.index("Head")] == 1).all()


def test_props_beside_the_animal_are_dropped(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        strangers.debris()
        strangers.horns(name="Loose", parent="NONE")

    rig = load(strangers.make(shared, "wolf", tmp_path / "yard.blend", change))
    assert [obj.name for obj in rig.meshes] == ["Wolf"]
    assert {"Ground", "Bucket", "Camera", "Sun", "Empty", "Loose"} <= set(rig.dropped)
    assert {obj.name for obj in bpy.data.objects} == {"Wolf", rig.armature.name}


def test_a_floor_parented_to_the_animal_is_dropped(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        bpy.ops.mesh.primitive_plane_add(size=60)
        bpy.context.object.name = "Floor"
        bpy.context.object.parent = strangers.armature()

    rig = load(strangers.make(shared, "wolf", tmp_path / "floor.blend", change))
    assert "Floor" in rig.dropped
    assert any("larger than the animal" in note for note in rig.notes)


def test_the_armature_that_skins_most_is_taken(shared: Path, tmp_path: Path) -> None:
    rig = load(strangers.make(shared, "horse", tmp_path / "rider.blend", strangers.rider))
    assert rig.armature.name == "AnimalArmature"
    assert [obj.name for obj in rig.meshes] == ["Horse", "Saddle"]
    assert set(rig.dropped) == {"Rider", "RiderArmature"}
    assert any("RiderArmature" in note for note in rig.notes)


def test_nothing_of_a_blend_file_is_executed(shared: Path, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    path = strangers.make(shared, "wolf", tmp_path / "trap.blend", strangers.booby_trap(mark))
    mark.unlink(missing_ok=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    # Even for a person who lets Blender run scripts of the files they open.
    bpy.context.preferences.filepaths.use_scripts_auto_execute = True
    try:
        rig = load_rig(path)
        middle_pose(rig)
        assert not mark.exists()
        # The trap is armed: Blender's own import of the same file does spring it.
        with bpy.data.libraries.load(str(path)) as (source, target):
            target.objects = source.objects
        for obj in target.objects:
            bpy.context.scene.collection.objects.link(obj)
        bpy.context.view_layer.update()
        assert mark.exists()
    finally:
        bpy.context.preferences.filepaths.use_scripts_auto_execute = False
    assert not bpy.data.texts
    assert any("2 drivers" in note for note in rig.notes)


def test_drivers_that_are_mere_arithmetic_stay(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        curve = strangers.armature().driver_add("location", 2)
        curve.driver.type, curve.driver.expression = "SCRIPTED", "1 + 2"

    rig = load(strangers.make(shared, "wolf", tmp_path / "driven.blend", change))
    assert len(rig.armature.animation_data.drivers) == 1
    assert read_geometry(rig).vertices[:, 2].min() == pytest.approx(3, abs=0.1)


def test_hidden_animals_are_shown(shared: Path, tmp_path: Path) -> None:
    rig = load(strangers.make(shared, "wolf", tmp_path / "hidden.blend", strangers.hide_everything))
    assert rig.meshes[0].visible_get()
    assert not rig.meshes[0].hide_render


def test_meshes_switched_off_for_rendering_are_dropped(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        proxy = strangers.meshes()[0].copy()
        proxy.name, proxy.hide_render = "Proxy", True
        bpy.context.scene.collection.objects.link(proxy)

    rig = load(strangers.make(shared, "wolf", tmp_path / "proxy.blend", change))
    assert [obj.name for obj in rig.meshes] == ["Wolf"]
    assert "Proxy" in rig.dropped


def test_of_levels_of_detail_the_finest_is_kept(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        finest = strangers.meshes()[0]
        coarse = finest.copy()
        finest.name, coarse.name = "Wolf_LOD0", "Wolf_LOD1"
        bpy.context.scene.collection.objects.link(coarse)

    rig = load(strangers.make(shared, "wolf", tmp_path / "levels.blend", change))
    assert [obj.name for obj in rig.meshes] == ["Wolf_LOD0"]


def test_linked_duplicates_become_independent(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        left = strangers.horns("Horn.L", "ARMATURE")
        right = left.copy()
        right.name = "Horn.R"
        bpy.context.scene.collection.objects.link(right)

    rig = load(strangers.make(shared, "wolf", tmp_path / "pair.blend", change))
    left, right = rig.meshes[1:]
    assert left.data != right.data
    assert (read_geometry(rig).weights.sum(axis=1) > 0.99).all()


def test_vertices_without_weights_follow_their_surroundings(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        obj = strangers.meshes()[0]
        head = obj.vertex_groups["Head"].index
        rows = [
            v.index for v in obj.data.vertices if any(e.group == head and e.weight > 0.9 for e in v.groups)
        ]
        for group in obj.vertex_groups:
            group.remove(rows[::2])

    rig = load(strangers.make(shared, "wolf", tmp_path / "holes.blend", change))
    assert any("no skin weights" in note for note in rig.notes)
    geometry = read_geometry(rig)
    assert geometry.weights.sum(axis=1).min() == pytest.approx(1, abs=1e-5)


def test_lost_deform_flags_are_restored(shared: Path, tmp_path: Path) -> None:
    rig = load(strangers.make(shared, "wolf", tmp_path / "flags.blend", strangers.deform_off))
    rest = read_geometry(rig)
    assert rest.weights.sum(axis=1).min() > 0.99
    assert np.abs(middle_pose(rig) - rest.vertices).max() > 0.5


def test_viewport_and_render_see_one_mesh(shared: Path, tmp_path: Path) -> None:
    rig = load(
        strangers.make(shared, "zebra", tmp_path / "subdivided.blend", strangers.modifiers_that_differ)
    )
    modifier = rig.meshes[0].modifiers["Subdivision"]
    assert modifier.levels == modifier.render_levels == 1
    assert rig.armature.data.pose_position == "POSE"
    rest = read_geometry(rig)
    assert len(rest.vertices) > 7000
    assert np.abs(middle_pose(rig) - rest.vertices).max() > 0.5


def test_simulations_and_merging_by_distance_are_left_out(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        obj = strangers.meshes()[0]
        obj.modifiers.new("Cloth", "CLOTH")
        weld = obj.modifiers.new("Weld", "WELD")
        weld.merge_threshold = 0.15

    rig = load(strangers.make(shared, "wolf", tmp_path / "cloth.blend", change))
    assert [modifier.type for modifier in rig.meshes[0].modifiers] == ["ARMATURE"]
    assert any("Cloth" in note for note in rig.notes)
    assert any("Weld" in note for note in rig.notes)


def test_missing_pictures_do_not_render_pink(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        tree = strangers.meshes()[0].material_slots[0].material.node_tree
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = bpy.data.images.new("coat", 4, 4)
        node.image.source, node.image.filepath = "FILE", "/nowhere/coat.png"
        tree.links.new(node.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])

    rig = load(strangers.make(shared, "wolf", tmp_path / "pink.blend", change))
    tree = rig.meshes[0].material_slots[0].material.node_tree
    assert not tree.nodes["Principled BSDF"].inputs["Base Color"].is_linked
    assert any("coat.png" in note for note in rig.notes)


def test_a_persons_scene_is_left_as_it_was(shared: Path) -> None:
    source = shared / strangers.SHARED_RIGS["wolf"]
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    cube.name, cube.data.name = "Wolf", "Wolf"
    cube.hide_render = True
    scene.render.fps, scene.frame_start, scene.frame_end = 30, 5, 60
    scene.frame_set(17)
    first = load_rig(source)
    assert bpy.context.view_layer.objects.active == cube
    assert cube.select_get() and not first.armature.select_get()
    assert cube.hide_render and cube.name == "Wolf"
    assert (scene.render.fps, scene.frame_start, scene.frame_end, scene.frame_current) == (30, 5, 60, 17)
    # Neither the names nor the motion depend on what else the scene holds.
    assert read_geometry(first).mesh_names == ("Wolf",)
    inside = [(entry.name, entry.start, entry.end) for entry in list_actions(first)]
    second = load_rig(source)
    assert [(entry.name, entry.start, entry.end) for entry in list_actions(second)] == inside
    alone = load(source)
    assert [(entry.name, entry.start, entry.end) for entry in list_actions(alone)] == inside


@pytest.mark.parametrize("name", ["Loup gris é狼.GLB", "a b.FBX", "x.y.BLEND"])
def test_names_of_files_do_not_matter(
    shared: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = strangers.make(shared, "fox", tmp_path / f"fox{Path(name).suffix.lower()}")
    made.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    rig = load(Path(name))
    assert [obj.name for obj in rig.meshes] == ["fox"]


def test_compressed_blend_files(shared: Path, tmp_path: Path) -> None:
    strangers.open_shared(shared, "fox")
    path = tmp_path / "fox.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True)
    data = path.read_bytes()
    assert not data.startswith(b"BLENDER")
    assert load(path).armature.name == "root"
    write(path, data[: int(0.9 * len(data))])
    with pytest.raises(RigError, match="cut short"):
        load(path)


def test_animals_below_empties_keep_size_place_and_motion(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        parent = bpy.data.objects.new("Root", None)
        child = bpy.data.objects.new("Group", None)
        for obj in (parent, child):
            bpy.context.scene.collection.objects.link(obj)
        child.parent, parent.scale, parent.rotation_euler = parent, (0.01, 0.01, 0.01), (0, 0, 1.0)
        child.location = (100, 0, 0)
        strangers.armature().parent = child

    plain = read_geometry(load(strangers.make(shared, "wolf", tmp_path / "plain.blend")))
    turn = np.array(Matrix.Rotation(1.0, 3, "Z"))
    expected = 0.01 * (plain.vertices + np.array([100, 0, 0])) @ turn.T
    for suffix in (".blend", ".glb", ".fbx"):
        rig = load(strangers.make(shared, "wolf", tmp_path / f"nested{suffix}", change))
        geometry = read_geometry(rig)
        for end in (np.min, np.max):
            assert np.allclose(end(geometry.vertices, axis=0), end(expected, axis=0), atol=1e-4)
        assert np.abs(middle_pose(rig) - geometry.vertices).max() > 0.005


def test_pictures_beside_a_blend_file_are_found(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        image = bpy.data.images.new("coat", 8, 8)
        image.filepath_raw, image.file_format = str(tmp_path / "coat.png"), "PNG"
        image.save()
        tree = strangers.meshes()[0].material_slots[0].material.node_tree
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = image
        tree.links.new(node.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])

    strangers.open_shared(shared, "wolf")
    change()
    path = tmp_path / "wolf.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, relative_remap=True)
    rig = load(path)
    tree = rig.meshes[0].material_slots[0].material.node_tree
    assert tree.nodes["Principled BSDF"].inputs["Base Color"].is_linked
    assert Path(bpy.path.abspath(bpy.data.images["coat"].filepath)).is_file()


def test_one_of_two_animals_with_equal_bone_names(shared: Path, tmp_path: Path) -> None:
    strangers.open_shared(shared, "wolf")
    with strangers.silence():
        bpy.ops.import_scene.gltf(filepath=str(shared / strangers.SHARED_RIGS["cow"]))
    rig = load(strangers.save(tmp_path / "both.blend"))
    assert [obj.name for obj in rig.meshes] == ["Cow"]
    assert "Wolf" in rig.dropped
    names = [entry.name for entry in list_actions(rig)]
    assert "Attack" not in names and "Attack_Kick" in names and len(names) == 13


# --- files that are refused


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
    strangers.open_shared(shared, "fox")
    strangers.drop_actions()
    data = strangers.save(path).read_bytes()
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
    "nodes moving without bones": (strangers.moving_nodes, ".glb", "no armature: .*Part0.* separate objects"),
    "armature alone": (armature_alone, ".blend", "'Armature' .*but no mesh"),
    "mesh alone": (mesh_alone, ".fbx", "no armature, only meshes .Cube."),
    "nothing": (lambda: bpy.ops.wm.read_factory_settings(use_empty=True), ".blend", "no objects"),
}


@pytest.mark.parametrize("case", NO_RIG)
def test_models_without_skin_are_refused(tmp_path: Path, case: str) -> None:
    build, suffix, message = NO_RIG[case]
    build()
    path = strangers.save(tmp_path / f"model{suffix}")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    before = counts()
    with pytest.raises(RigError, match=message):
        load_rig(path)
    assert counts() == before


def test_an_armature_that_skins_nothing_is_refused(shared: Path, tmp_path: Path) -> None:
    path = strangers.make(shared, "wolf", tmp_path / "bare.blend", strangers.unskin)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with pytest.raises(RigError, match=r"'AnimalArmature' .*none of its meshes \(Wolf\)"):
        load_rig(path)


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "secret.glb", b"glTF")
    path.chmod(0)
    with pytest.raises(RigError, match="cannot be read"):
        load_rig(path)


def test_mirrored_and_turned_objects_keep_their_place(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        strangers.armature().matrix_world = Matrix.Rotation(math.radians(30), 4, "Z") @ Matrix.Diagonal(
            (-2, 2, 2, 1)
        )

    plain = read_geometry(load(strangers.make(shared, "wolf", tmp_path / "plain.blend")))
    mirrored = read_geometry(load(strangers.make(shared, "wolf", tmp_path / "mirrored.blend", change)))
    expected = np.array(Matrix.Rotation(math.radians(30), 3, "Z") @ Matrix.Diagonal((-2, 2, 2)))
    assert np.allclose(mirrored.vertices, plain.vertices @ expected.T, atol=1e-4)
