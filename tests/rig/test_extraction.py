"""Arrays read from a rig: the same as Blender's own evaluation, in every pose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import generated_animals
import numpy as np
import object_changes
import pytest
import rig_files

from pasyn_blender.rig.actions import apply_action, list_actions
from pasyn_blender.rig.extraction import deformed_vertices, posed_bone_matrices, read_geometry
from pasyn_blender.rig.loading import load_rig

pytestmark = pytest.mark.usefixtures("empty_scene")


def load(path: Path) -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return load_rig(path)


def skinned_by_hand(rig: Any, geometry: Any, matrices: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Linear blend skinning of the rest pose."""
    moves = matrices @ np.linalg.inv(geometry.bone_matrices)
    homogeneous = np.concatenate([geometry.vertices, np.ones((len(geometry.vertices), 1))], axis=1)
    return np.einsum("vb,bij,vj->vi", geometry.weights.astype(np.float64), moves, homogeneous)[:, :3]


@pytest.mark.parametrize("animal", sorted(rig_files.SHARED_RIGS))
def test_weights_and_matrices_explain_the_deformation(shared: Path, animal: str) -> None:
    rig = load(shared / rig_files.SHARED_RIGS[animal])
    geometry = read_geometry(rig)
    size = np.ptp(geometry.vertices, axis=0).max()
    for entry in list_actions(rig)[:3]:
        apply_action(rig, entry.name, entry.start + 0.4 * (entry.end - entry.start))
        depsgraph = bpy.context.evaluated_depsgraph_get()
        posed = deformed_vertices(rig, depsgraph)
        assert posed.shape == geometry.vertices.shape
        expected = skinned_by_hand(rig, geometry, posed_bone_matrices(rig, depsgraph))
        assert np.abs(posed - expected).max() < 1e-4 * size
        assert np.abs(posed - geometry.vertices).max() > 0.02 * size


@pytest.mark.parametrize(
    "change", [object_changes.unapplied_transforms, object_changes.split_parts, object_changes.lie_down]
)
def test_deformation_under_transforms(shared: Path, tmp_path: Path, change: Any) -> None:
    rig = load(rig_files.make(shared, "horse", tmp_path / "horse.blend", change))
    geometry = read_geometry(rig)
    size = np.ptp(geometry.vertices, axis=0).max()
    entry = list_actions(rig)[0]
    apply_action(rig, entry.name, 12)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    expected = skinned_by_hand(rig, geometry, posed_bone_matrices(rig, depsgraph))
    assert np.abs(deformed_vertices(rig, depsgraph) - expected).max() < 2e-4 * size


def test_arrays_fit_together(shared: Path, tmp_path: Path) -> None:
    path = rig_files.make(shared, "cow", tmp_path / "cow.blend", object_changes.split_by_material)
    rig = load(path)
    geometry = read_geometry(rig)
    bones, vertices = len(geometry.bone_names), len(geometry.vertices)
    assert geometry.bone_matrices.shape == (bones, 4, 4)
    assert geometry.bone_tails.shape == (bones, 3)
    assert (geometry.bone_parents < np.arange(bones)).all()
    assert geometry.weights.shape == (vertices, bones) and geometry.weights.dtype == np.float32
    assert geometry.mesh_names == tuple(sorted(geometry.mesh_names)) and len(geometry.mesh_names) == 7
    assert geometry.mesh_offsets[0] == 0 and geometry.mesh_offsets[-1] == vertices
    assert geometry.triangles.min() == 0 and geometry.triangles.max() == vertices - 1
    assert len(geometry.triangle_materials) == len(geometry.triangles)
    for name, start, end in zip(
        geometry.mesh_names, geometry.mesh_offsets, geometry.mesh_offsets[1:], strict=False
    ):
        owned = (geometry.triangles >= start).all(axis=1) & (geometry.triangles < end).all(axis=1)
        slot = rig.meshes[geometry.mesh_names.index(name)].material_slots
        used = {geometry.material_names[i] for i in np.unique(geometry.triangle_materials[owned])}
        assert len(used) == 1 and used <= {entry.material.name for entry in slot}


def test_bone_tails_lie_along_the_bones(shared: Path) -> None:
    rig = load(shared / rig_files.SHARED_RIGS["horse"])
    geometry = read_geometry(rig)
    for name, head, tail in zip(geometry.bone_names, geometry.bone_heads, geometry.bone_tails, strict=True):
        bone = rig.armature.data.bones[name]
        assert np.allclose(rig.armature.matrix_world @ bone.head_local, head, atol=1e-5)
        assert np.allclose(rig.armature.matrix_world @ bone.tail_local, tail, atol=1e-5)


def test_normals_of_mirrored_objects_point_outwards(shared: Path, tmp_path: Path) -> None:
    def volume(geometry: Any) -> float:
        a, b, c = (geometry.vertices[geometry.triangles[:, k]] for k in range(3))
        return float(np.einsum("ti,ti->", a, np.cross(b, c)) / 6)

    def mirror() -> None:
        rig_files.armature().scale.x = -1

    plain = read_geometry(load(rig_files.make(shared, "wolf", tmp_path / "a.blend")))
    mirrored = read_geometry(load(rig_files.make(shared, "wolf", tmp_path / "b.blend", mirror)))
    assert volume(plain) > 0
    assert volume(mirrored) == pytest.approx(volume(plain), rel=1e-4)


def test_reading_is_repeatable_and_undisturbed_by_the_pose(shared: Path) -> None:
    rig = load(shared / rig_files.SHARED_RIGS["fox"])
    first = read_geometry(rig)
    apply_action(rig, "Run", 7)
    second = read_geometry(rig)
    for name in ("vertices", "bone_matrices", "weights", "triangles"):
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_envelopes_count_as_weights(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        obj = rig_files.meshes()[0]
        obj.vertex_groups.clear()
        obj.modifiers[0].use_bone_envelopes = True
        obj.modifiers[0].use_vertex_groups = False
        for bone in rig_files.armature().data.bones:
            bone.envelope_distance = 0.5

    geometry = read_geometry(load(rig_files.make(shared, "wolf", tmp_path / "envelopes.blend", change)))
    assert (geometry.weights.sum(axis=1) > 0.99).mean() > 0.9


def test_bones_that_do_not_deform_hold_no_weight(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        rig_files.armature().data.bones["Head"].use_deform = False

    geometry = read_geometry(load(rig_files.make(shared, "wolf", tmp_path / "inert.blend", change)))
    assert not geometry.weights[:, geometry.bone_names.index("Head")].any()


@pytest.mark.parametrize("name", ["rigify_horse", "rigify_wolf_plain", "rigify_cat_turned"])
def test_rigs_with_nothing_in_common_with_the_shared_ones(tmp_path: Path, name: str) -> None:
    rig = load(generated_animals.make_generated(name, tmp_path))
    geometry = read_geometry(rig)
    assert [entry.name for entry in list_actions(rig)] == ["walk"]
    apply_action(rig, "walk", 6)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    expected = skinned_by_hand(rig, geometry, posed_bone_matrices(rig, depsgraph))
    size = np.ptp(geometry.vertices, axis=0).max()
    posed = deformed_vertices(rig, depsgraph)
    assert np.abs(posed - expected).max() < 2e-4 * size
    assert np.abs(posed - geometry.vertices).max() > 0.05 * size
