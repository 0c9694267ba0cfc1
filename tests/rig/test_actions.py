"""Actions of a rig: their names, their ranges, and poses that depend on action and frame alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bone_changes
import bpy
import numpy as np
import pytest
import rig_files

from pasyn_blender.errors import RigError
from pasyn_blender.rig.actions import apply_action, clean_action_names, clear_action, list_actions
from pasyn_blender.rig.extraction import deformed_vertices, posed_bone_matrices, read_geometry
from pasyn_blender.rig.loading import load_rig

pytestmark = pytest.mark.usefixtures("empty_scene")


def load(path: Path) -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return load_rig(path)


def pose(rig: Any, name: str, frame: float) -> np.ndarray[Any, Any]:
    apply_action(rig, name, frame)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    flat = [deformed_vertices(rig, depsgraph).ravel(), posed_bone_matrices(rig, depsgraph).ravel()]
    return np.concatenate(flat)


def changed(shared: Path, folder: Path, change: Callable[[], None], animal: str = "wolf") -> Any:
    return load(rig_files.make(shared, animal, folder / "changed.blend", change))


def key(bone: str, channel: str, value: Any, frame: float, action: str) -> None:
    """Key one channel of a bone in an action of its own."""
    rig = rig_files.armature()
    rig.animation_data.action = bpy.data.actions.get(action) or bpy.data.actions.new(action)
    target = rig.pose.bones[bone] if bone else rig
    setattr(target, channel, value)
    target.keyframe_insert(channel, frame=frame)
    rig.animation_data.action = None
    bpy.data.actions[action].use_fake_user = True


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (["AnimalArmature|AnimalArmature|Walk"], ["Walk"]),
        (["Rig|mixamo.com|Layer0"], ["mixamo.com"]),
        (["Take 001|BaseLayer"], ["Take 001"]),
        (["Walk_Rig", "Run_Rig"], ["Walk", "Run"]),
        (["Walk.001"], ["Walk"]),
        (["Walk", "Walk.001"], ["Walk", "Walk.001"]),
        (["A|Walk", "B|Walk"], ["A|Walk", "B|Walk"]),
        (["A|Walk.001", "B|Walk"], ["Walk.001", "B|Walk"]),
        (["|", "Rig"], ["|", "Rig"]),
        ([], []),
    ],
)
def test_names_lose_prefixes_but_stay_apart(raw: list[str], clean: list[str]) -> None:
    assert clean_action_names(raw, "Rig") == clean
    assert len(set(clean)) == len(raw)


def test_shared_zebra(shared: Path) -> None:
    rig = load(shared / rig_files.SHARED_RIGS["zebra"])
    entries = list_actions(rig)
    assert [entry.name for entry in entries] == ["Death", "Idle", "Jump", "Run", "Walk", "WalkSlow"]
    walk = entries[4]
    assert (walk.start, walk.end) == (1, 65)


def test_a_rig_without_actions_has_none(shared: Path, tmp_path: Path) -> None:
    rig = changed(shared, tmp_path, bone_changes.drop_actions)
    assert list_actions(rig) == ()
    with pytest.raises(RigError, match=r"has no action 'Walk'; its actions are: none"):
        apply_action(rig, "Walk", 1)


def test_an_unknown_action_is_named(shared: Path) -> None:
    rig = load(shared / rig_files.SHARED_RIGS["fox"])
    with pytest.raises(RigError, match=r"Fox\.glb has no action 'walk'; its actions are: Run, Survey, Walk"):
        apply_action(rig, "walk", 1)


def test_actions_of_others_are_not_ours(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        bpy.ops.mesh.primitive_cube_add()
        bpy.context.object.keyframe_insert("location", frame=1)
        bpy.context.object.animation_data.action.name = "Rolling"
        bpy.ops.object.armature_add()
        other = bpy.context.object
        for name in ("Bone", "Head"):
            if name == "Head":
                bpy.ops.object.mode_set(mode="EDIT")
                other.data.edit_bones.new("Head").tail = (0, 0, 1)
                bpy.ops.object.mode_set(mode="OBJECT")
            other.pose.bones[name].keyframe_insert("location", frame=1)
            other.pose.bones[name].keyframe_insert("rotation_quaternion", frame=1)
        other.keyframe_insert("location", frame=1)
        other.animation_data.action.name = "Waving"

    names = [entry.name for entry in list_actions(changed(shared, tmp_path, change))]
    assert names == ["Attack", "Death", "Eating"]


def test_poses_of_one_frame_are_actions(shared: Path, tmp_path: Path) -> None:
    rig = changed(shared, tmp_path, lambda: key("Head", "rotation_quaternion", (0.9, 0.4, 0, 0), 7, "Look"))
    look = next(entry for entry in list_actions(rig) if entry.name == "Look")
    assert (look.start, look.end) == (7, 7)
    rest = read_geometry(rig).vertices.ravel()
    assert np.abs(pose(rig, "Look", 7)[: len(rest)] - rest).max() > 0.1


def test_actions_that_only_nla_strips_hold_are_found(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        rig = rig_files.armature()
        assert rig.animation_data.action is None
        for track in rig.animation_data.nla_tracks:
            track.mute = False
            track.strips[0].blend_type = "ADD"
            track.strips[0].scale = 2.0

    rig = changed(shared, tmp_path, change)
    entries = list_actions(rig)
    assert [entry.name for entry in entries] == ["Attack", "Death", "Eating"]
    # The strips must not mix into the assigned action.
    alone = load(rig_files.make(shared, "wolf", tmp_path / "alone.blend"))
    expected = pose(alone, "Death", 10)
    again = load(tmp_path / "changed.blend")
    assert np.array_equal(pose(again, "Death", 10), expected)


@pytest.mark.parametrize("animal", ["wolf", "fox"])
def test_a_pose_does_not_depend_on_the_poses_before(shared: Path, animal: str) -> None:
    rig = load(shared / rig_files.SHARED_RIGS[animal])
    wanted = [(entry.name, entry.start + 0.37 * (entry.end - entry.start)) for entry in list_actions(rig)][:4]
    forwards = [pose(rig, *entry) for entry in wanted]
    backwards = [pose(rig, *entry) for entry in reversed(wanted)][::-1]
    for first, second in zip(forwards, backwards, strict=True):
        assert np.array_equal(first, second)
    fresh = load(shared / rig_files.SHARED_RIGS[animal])
    assert np.array_equal(pose(fresh, *wanted[-1]), forwards[-1])


def test_what_an_action_does_not_key_is_at_rest(shared: Path, tmp_path: Path) -> None:
    rig = changed(shared, tmp_path, lambda: key("Tail1", "rotation_quaternion", (0.9, 0.4, 0, 0), 1, "Wag"))
    apply_action(rig, "Death", 20)
    apply_action(rig, "Wag", 1)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    matrices = posed_bone_matrices(rig, depsgraph)
    geometry = read_geometry(rig)
    still = [i for i, name in enumerate(geometry.bone_names) if not name.startswith("Tail")]
    assert np.allclose(matrices[still], geometry.bone_matrices[still], atol=1e-5)
    moved = geometry.bone_names.index("Tail2")
    assert not np.allclose(matrices[moved], geometry.bone_matrices[moved], atol=1e-2)


def test_motion_of_the_armature_object_belongs_to_its_action(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        key("Head", "rotation_quaternion", (0.9, 0.4, 0, 0), 1, "March")
        key("", "location", (0, 0, 0), 1, "March")
        key("", "location", (0, -5, 0), 11, "March")
        rig_files.armature().location = (1, 0, 0)

    rig = changed(shared, tmp_path, change)
    rest = read_geometry(rig).vertices
    before = pose(rig, "Death", 10)
    march = pose(rig, "March", 11)
    assert march[: rest.size].reshape(-1, 3)[:, 1].mean() == pytest.approx(rest[:, 1].mean() - 5, abs=0.2)
    assert np.array_equal(pose(rig, "Death", 10), before)
    assert np.array_equal(read_geometry(rig).vertices, rest)


def test_switches_that_actions_key_go_back(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        bone = rig_files.armature().pose.bones["Head"]
        bone["follow"] = 0.25
        limit = bone.constraints.new("LIMIT_ROTATION")
        limit.influence = 0.5
        rig = rig_files.armature()
        rig.animation_data.action = bpy.data.actions.new("Switch")
        bone["follow"], limit.influence = 1.0, 1.0
        bone.keyframe_insert('["follow"]', frame=1)
        limit.keyframe_insert("influence", frame=1)
        bone.keyframe_insert("location", frame=1)
        rig.animation_data.action = None
        bpy.data.actions["Switch"].use_fake_user = True
        bone["follow"], limit.influence = 0.25, 0.5

    rig = changed(shared, tmp_path, change)
    bone = rig.armature.pose.bones["Head"]
    apply_action(rig, "Switch", 1)
    assert (bone["follow"], bone.constraints[0].influence) == (1.0, 1.0)
    apply_action(rig, "Death", 1)
    assert (bone["follow"], bone.constraints[0].influence) == (0.25, 0.5)


def test_fractions_of_frames_lie_between_the_frames(shared: Path) -> None:
    rig = load(shared / rig_files.SHARED_RIGS["wolf"])
    a, half, b = (pose(rig, "Gallop", frame) for frame in (4, 4.5, 5))
    assert not np.array_equal(a, half)
    assert np.linalg.norm(half - (a + b) / 2) < 0.5 * np.linalg.norm(a - b)


def test_clearing_returns_to_rest(shared: Path) -> None:
    rig = load(shared / rig_files.SHARED_RIGS["cow"])
    rest = read_geometry(rig).vertices
    pose(rig, "Gallop", 5)
    clear_action(rig)
    assert np.array_equal(deformed_vertices(rig, bpy.context.evaluated_depsgraph_get()), rest)


@pytest.mark.skipif(bpy.app.version < (4, 4, 0), reason="slots came with Blender 4.4")
def test_the_slot_made_for_this_armature_is_used(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        rig = rig_files.armature()
        action = bpy.data.actions["Death"]
        stranger = action.slots.new("OBJECT", "Another")
        bag = action.layers[0].strips[0].channelbag(stranger, ensure=True)
        for bone in rig.data.bones:
            for i in range(4):
                path = f'pose.bones["{bone.name}"].rotation_quaternion'
                bag.fcurves.new(path, index=i).keyframe_points.insert(500, float(i == 0))

    rig = changed(shared, tmp_path, change)
    death = next(entry for entry in list_actions(rig) if entry.name == "Death")
    assert death.end < 100
    expected = load(rig_files.make(shared, "wolf", tmp_path / "plain.blend"))
    reference = pose(expected, "Death", 20)
    again = load(tmp_path / "changed.blend")
    assert np.array_equal(pose(again, "Death", 20), reference)


def test_shape_keys_return_to_their_values(shared: Path, tmp_path: Path) -> None:
    def change() -> None:
        obj = rig_files.meshes()[0]
        obj.shape_key_add(name="Basis")
        shape = obj.shape_key_add(name="Fat")
        for point in shape.data:
            point.co.x *= 1.5
        shape.value = 0.5
        shape.keyframe_insert("value", frame=1)
        shape.value = 1.0
        shape.keyframe_insert("value", frame=30)
        obj.data.shape_keys.animation_data.action.name = "Breathing"
        shape.value = 0.5

    rig = changed(shared, tmp_path, change)
    first, last = pose(rig, "Death", 2), pose(rig, "Attack", 30)
    assert np.array_equal(pose(rig, "Death", 2), first)
    assert np.array_equal(pose(rig, "Attack", 30), last)
    assert rig.meshes[0].data.shape_keys.key_blocks["Fat"].value == pytest.approx(0.5)
