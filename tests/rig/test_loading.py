"""Importing files that strangers bring: what is kept, what is dropped, what is refused in one sentence."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import bone_changes
import bpy
import numpy as np
import object_changes
import pytest
import rig_files
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


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def middle_pose(rig: Any) -> np.ndarray[Any, Any]:
    action = list_actions(rig)[0]
    apply_action(rig, action.name, (action.start + action.end) / 2)
    return deformed_vertices(rig, bpy.context.evaluated_depsgraph_get())


@pytest.mark.parametrize("animal", sorted(rig_files.SHARED_RIGS))
def test_shared_rigs_come_in_without_debris(shared: Path, animal: str) -> None:
    rig = load(shared / rig_files.SHARED_RIGS[animal])
    assert len(rig.meshes) == 1
    assert {obj.name for obj in bpy.data.objects} == {rig.armature.name, rig.meshes[0].name}
    assert [obj for obj in bpy.context.scene.objects if obj.hide_render] == []


def test_materials_exported_with_alpha_zero_are_made_visible(shared: Path) -> None:
    rig = load(shared / rig_files.SHARED_RIGS["zebra"])
    for slot in rig.meshes[0].material_slots:
        shader = slot.material.node_tree.nodes["Principled BSDF"]
        assert not shader.inputs["Alpha"].is_linked
        assert shader.inputs["Alpha"].default_value == 1.0
    assert any("alpha 0" in note for note in rig.notes)


@pytest.mark.parametrize("suffix", [".glb", ".gltf", ".fbx", ".blend"])
def test_every_format_gives_the_same_animal(shared: Path, tmp_path: Path, suffix: str) -> None:
    reference = read_geometry(load(shared / rig_files.SHARED_RIGS["wolf"]))
    rig = load(rig_files.make(shared, "wolf", tmp_path / f"wolf{suffix}"))
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
        horns = object_changes.horns(parent="NONE" if parent == "MESH" else parent)
        if parent == "MESH":
            horns.parent = rig_files.meshes()[0]

    rig = load(rig_files.make(shared, "wolf", tmp_path / "horned.blend", change))
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
            load(rig_files.make(shared, "wolf", path, lambda: object_changes.horns(parent="BONE")))
        )
        rows = slice(
            *geometry.mesh_offsets[
                [geometry.mesh_names.index("Horns"), geometry.mesh_names.index("Horns") + 1]
            ]
        )
        assert (geometry.weights[rows, geometry.bone_names.index("Head")] == 1).all()


def test_props_beside_the_animal_are_dropped(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        object_changes.debris()
        object_changes.horns(name="Loose", parent="NONE")

    rig = load(rig_files.make(shared, "wolf", tmp_path / "yard.blend", change))
    assert [obj.name for obj in rig.meshes] == ["Wolf"]
    assert {"Ground", "Bucket", "Camera", "Sun", "Empty", "Loose"} <= set(rig.dropped)
    assert {obj.name for obj in bpy.data.objects} == {"Wolf", rig.armature.name}


def test_a_floor_parented_to_the_animal_is_dropped(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        bpy.ops.mesh.primitive_plane_add(size=60)
        bpy.context.object.name = "Floor"
        bpy.context.object.parent = rig_files.armature()

    rig = load(rig_files.make(shared, "wolf", tmp_path / "floor.blend", change))
    assert "Floor" in rig.dropped
    assert any("larger than the animal" in note for note in rig.notes)


def test_the_armature_that_skins_most_is_taken(shared: Path, tmp_path: Path) -> None:
    rig = load(rig_files.make(shared, "horse", tmp_path / "rider.blend", object_changes.rider))
    assert rig.armature.name == "AnimalArmature"
    assert [obj.name for obj in rig.meshes] == ["Horse", "Saddle"]
    assert set(rig.dropped) == {"Rider", "RiderArmature"}
    assert any("RiderArmature" in note for note in rig.notes)


def test_nothing_of_a_blend_file_is_executed(shared: Path, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    path = rig_files.make(shared, "wolf", tmp_path / "trap.blend", object_changes.booby_trap(mark))
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
        curve = rig_files.armature().driver_add("location", 2)
        curve.driver.type, curve.driver.expression = "SCRIPTED", "1 + 2"

    rig = load(rig_files.make(shared, "wolf", tmp_path / "driven.blend", change))
    assert len(rig.armature.animation_data.drivers) == 1
    assert read_geometry(rig).vertices[:, 2].min() == pytest.approx(3, abs=0.1)


def test_hidden_animals_are_shown(shared: Path, tmp_path: Path) -> None:
    rig = load(rig_files.make(shared, "wolf", tmp_path / "hidden.blend", object_changes.hide_everything))
    assert rig.meshes[0].visible_get()
    assert not rig.meshes[0].hide_render


def test_meshes_switched_off_for_rendering_are_dropped(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        proxy = rig_files.meshes()[0].copy()
        proxy.name, proxy.hide_render = "Proxy", True
        bpy.context.scene.collection.objects.link(proxy)

    rig = load(rig_files.make(shared, "wolf", tmp_path / "proxy.blend", change))
    assert [obj.name for obj in rig.meshes] == ["Wolf"]
    assert "Proxy" in rig.dropped


def test_of_levels_of_detail_the_finest_is_kept(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        finest = rig_files.meshes()[0]
        coarse = finest.copy()
        finest.name, coarse.name = "Wolf_LOD0", "Wolf_LOD1"
        bpy.context.scene.collection.objects.link(coarse)

    rig = load(rig_files.make(shared, "wolf", tmp_path / "levels.blend", change))
    assert [obj.name for obj in rig.meshes] == ["Wolf_LOD0"]


def test_linked_duplicates_become_independent(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        left = object_changes.horns("Horn.L", "ARMATURE")
        right = left.copy()
        right.name = "Horn.R"
        bpy.context.scene.collection.objects.link(right)

    rig = load(rig_files.make(shared, "wolf", tmp_path / "pair.blend", change))
    left, right = rig.meshes[1:]
    assert left.data != right.data
    assert (read_geometry(rig).weights.sum(axis=1) > 0.99).all()


def test_vertices_without_weights_follow_their_surroundings(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        obj = rig_files.meshes()[0]
        head = obj.vertex_groups["Head"].index
        rows = [
            v.index for v in obj.data.vertices if any(e.group == head and e.weight > 0.9 for e in v.groups)
        ]
        for group in obj.vertex_groups:
            group.remove(rows[::2])

    rig = load(rig_files.make(shared, "wolf", tmp_path / "holes.blend", change))
    assert any("no skin weights" in note for note in rig.notes)
    geometry = read_geometry(rig)
    assert geometry.weights.sum(axis=1).min() == pytest.approx(1, abs=1e-5)


def test_lost_deform_flags_are_restored(shared: Path, tmp_path: Path) -> None:
    rig = load(rig_files.make(shared, "wolf", tmp_path / "flags.blend", bone_changes.deform_off))
    rest = read_geometry(rig)
    assert rest.weights.sum(axis=1).min() > 0.99
    assert np.abs(middle_pose(rig) - rest.vertices).max() > 0.5


def test_viewport_and_render_see_one_mesh(shared: Path, tmp_path: Path) -> None:
    rig = load(
        rig_files.make(shared, "zebra", tmp_path / "subdivided.blend", object_changes.modifiers_that_differ)
    )
    modifier = rig.meshes[0].modifiers["Subdivision"]
    assert modifier.levels == modifier.render_levels == 1
    assert rig.armature.data.pose_position == "POSE"
    rest = read_geometry(rig)
    assert len(rest.vertices) > 7000
    assert np.abs(middle_pose(rig) - rest.vertices).max() > 0.5


def test_simulations_and_merging_by_distance_are_left_out(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        obj = rig_files.meshes()[0]
        obj.modifiers.new("Cloth", "CLOTH")
        weld = obj.modifiers.new("Weld", "WELD")
        weld.merge_threshold = 0.15

    rig = load(rig_files.make(shared, "wolf", tmp_path / "cloth.blend", change))
    assert [modifier.type for modifier in rig.meshes[0].modifiers] == ["ARMATURE"]
    assert any("Cloth" in note for note in rig.notes)
    assert any("Weld" in note for note in rig.notes)


def test_missing_pictures_do_not_render_pink(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        tree = rig_files.meshes()[0].material_slots[0].material.node_tree
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = bpy.data.images.new("coat", 4, 4)
        node.image.source, node.image.filepath = "FILE", "/nowhere/coat.png"
        tree.links.new(node.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])

    rig = load(rig_files.make(shared, "wolf", tmp_path / "pink.blend", change))
    tree = rig.meshes[0].material_slots[0].material.node_tree
    assert not tree.nodes["Principled BSDF"].inputs["Base Color"].is_linked
    assert any("coat.png" in note for note in rig.notes)


def test_a_persons_scene_is_left_as_it_was(shared: Path) -> None:
    source = shared / rig_files.SHARED_RIGS["wolf"]
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
    made = rig_files.make(shared, "fox", tmp_path / f"fox{Path(name).suffix.lower()}")
    made.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    rig = load(Path(name))
    assert [obj.name for obj in rig.meshes] == ["fox"]


def test_compressed_blend_files(shared: Path, tmp_path: Path) -> None:
    rig_files.open_shared(shared, "fox")
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
        rig_files.armature().parent = child

    plain = read_geometry(load(rig_files.make(shared, "wolf", tmp_path / "plain.blend")))
    turn = np.array(Matrix.Rotation(1.0, 3, "Z"))
    expected = 0.01 * (plain.vertices + np.array([100, 0, 0])) @ turn.T
    for suffix in (".blend", ".glb", ".fbx"):
        rig = load(rig_files.make(shared, "wolf", tmp_path / f"nested{suffix}", change))
        geometry = read_geometry(rig)
        for end in (np.min, np.max):
            assert np.allclose(end(geometry.vertices, axis=0), end(expected, axis=0), atol=1e-4)
        assert np.abs(middle_pose(rig) - geometry.vertices).max() > 0.005


def test_pictures_beside_a_blend_file_are_found(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        image = bpy.data.images.new("coat", 8, 8)
        image.filepath_raw, image.file_format = str(tmp_path / "coat.png"), "PNG"
        image.save()
        tree = rig_files.meshes()[0].material_slots[0].material.node_tree
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = image
        tree.links.new(node.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])

    rig_files.open_shared(shared, "wolf")
    change()
    path = tmp_path / "wolf.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, relative_remap=True)
    rig = load(path)
    tree = rig.meshes[0].material_slots[0].material.node_tree
    assert tree.nodes["Principled BSDF"].inputs["Base Color"].is_linked
    assert Path(bpy.path.abspath(bpy.data.images["coat"].filepath)).is_file()


def test_one_of_two_animals_with_equal_bone_names(shared: Path, tmp_path: Path) -> None:
    rig_files.open_shared(shared, "wolf")
    with rig_files.silence():
        bpy.ops.import_scene.gltf(filepath=str(shared / rig_files.SHARED_RIGS["cow"]))
    rig = load(rig_files.save(tmp_path / "both.blend"))
    assert [obj.name for obj in rig.meshes] == ["Cow"]
    assert "Wolf" in rig.dropped
    names = [entry.name for entry in list_actions(rig)]
    assert "Attack" not in names and "Attack_Kick" in names and len(names) == 13


def test_mirrored_and_turned_objects_keep_their_place(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        rig_files.armature().matrix_world = Matrix.Rotation(math.radians(30), 4, "Z") @ Matrix.Diagonal(
            (-2, 2, 2, 1)
        )

    plain = read_geometry(load(rig_files.make(shared, "wolf", tmp_path / "plain.blend")))
    mirrored = read_geometry(load(rig_files.make(shared, "wolf", tmp_path / "mirrored.blend", change)))
    expected = np.array(Matrix.Rotation(math.radians(30), 3, "Z") @ Matrix.Diagonal((-2, 2, 2)))
    assert np.allclose(mirrored.vertices, plain.vertices @ expected.T, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in strangers.STRANGERS if name.startswith("everything")])
def test_several_defects_at_once(shared: Path, tmp_path: Path, name: str) -> None:
    rig = load(strangers.make_stranger(shared, name, tmp_path))
    geometry = read_geometry(rig)
    assert geometry.weights.sum(axis=1).min() == pytest.approx(1, abs=1e-5)
    assert len(list_actions(rig)) == 3
    size = np.ptp(geometry.vertices, axis=0).max()
    assert np.abs(middle_pose(rig) - geometry.vertices).max() > 0.1 * size
