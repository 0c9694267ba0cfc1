"""A rig whose rest pose does not stand is mapped through an action that does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pasyn_blender.anatomy.keypoint_sets import AP10K, LANDMARKS
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import MappingError
from pasyn_blender.rig.anchors import keypoint_positions


@pytest.fixture
def fallen_horse(shared: Path, empty_scene: Any) -> Any:
    """The shared horse bound lying dead, with one action that stands it up again."""
    bpy = empty_scene
    from pasyn_blender.rig.loading import apply_action, list_actions, load_rig

    rig = load_rig(next((shared / "rigs" / "horse_ult").glob("*.glb")))
    armature = rig.armature
    standing = {bone.name: bone.matrix_local.copy() for bone in armature.data.bones}
    death = next(action for action in list_actions(rig) if action.name == "Death")
    apply_action(rig, death.name, death.end)
    bpy.context.view_layer.update()
    for mesh in rig.meshes:
        bpy.context.view_layer.objects.active = mesh
        modifier = next(modifier for modifier in mesh.modifiers if modifier.type == "ARMATURE")
        name = modifier.name
        bpy.ops.object.modifier_apply(modifier=name)
        mesh.modifiers.new(name, "ARMATURE").object = armature
    armature.animation_data_clear()
    for action in rig.actions or ():
        bpy.data.actions.remove(action)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="POSE")
    bpy.ops.pose.armature_apply()
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in armature.data.bones:  # parents come before children
        pose_bone = armature.pose.bones[bone.name]
        pose_bone.rotation_mode = "QUATERNION"
        pose_bone.matrix = standing[bone.name]
        bpy.context.view_layer.update()
        for channel in ("location", "rotation_quaternion", "scale"):
            pose_bone.keyframe_insert(channel, frame=1)
    armature.animation_data.action.name = "GetUp"
    return rig


def test_an_action_that_stands_gives_the_map(fallen_horse: Any, tmp_path: Path, empty_scene: Any) -> None:
    bpy = empty_scene
    from pasyn_blender.rig.automatic import map_loaded_rig
    from pasyn_blender.rig.clips import retargeting_of
    from pasyn_blender.rig.loading import (
        apply_action,
        deformed_vertices,
        list_actions,
        load_rig,
        posed_bone_matrices,
        read_geometry,
    )
    from pasyn_blender.rig.mapping import map_rig
    from pasyn_blender.rig.posing import RigPoser
    from pasyn_blender.rig.rig_map_file import read_rig_map, write_rig_map
    from pasyn_blender.rig.standing import StandingRig

    path = tmp_path / "fallen.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(path)
    geometry = read_geometry(rig)
    with pytest.raises(MappingError):
        map_rig(geometry, "fallen.blend")
    rig_map = map_loaded_rig(rig, geometry)
    assert set(rig_map.keypoints) == set(LANDMARKS)
    # The map made in the standing pose puts the keypoints right in it ...
    (action,) = list_actions(rig)
    apply_action(rig, action.name, action.start)
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    posed = keypoint_positions(
        rig_map, AP10K, geometry, deformed_vertices(rig, depsgraph), posed_bone_matrices(rig, depsgraph)
    )
    heights = dict(zip(AP10K.keypoints, posed @ rig_map.body_frame[2] - rig_map.ground, strict=True))
    assert heights["left_shoulder"] > heights["left_elbow"] > heights["left_front_paw"] > 0
    # ... and its joints are given where they lie in the rest pose, on the fallen body.
    body = geometry.vertices.max(axis=0) - geometry.vertices.min(axis=0)
    for name, joint in rig_map.joints.items():
        gap = np.linalg.norm(geometry.vertices - np.array(joint.position), axis=1).min()
        assert gap < 0.15 * body.max(), name
    # ... and the stance of all animals makes it stand, though it was bound lying.
    written = tmp_path / "map.yaml"
    write_rig_map(rig_map, written)
    poser = RigPoser(rig, retargeting_of(rig, geometry, read_rig_map(written, geometry)))
    taken = StandingRig(poser, geometry).pose(np.tile(np.eye(3), (len(JOINTS), 1, 1)))
    assert taken.clearance == pytest.approx([0, 0, 0, 0], abs=0.01)
    heights = (taken.vertices @ rig_map.body_frame[2] - rig_map.ground) / rig_map.trunk_length
    assert heights.min() > -0.01
    assert heights.max() > 1.3, "a standing horse is taller than its trunk is long"


def test_a_bone_that_is_chosen_for_a_joint_is_aligned_by_that_action(
    fallen_horse: Any, tmp_path: Path, empty_scene: Any
) -> None:
    bpy = empty_scene
    from pasyn_blender.rig.automatic import actions_to_try, map_loaded_rig, posed_geometry
    from pasyn_blender.rig.chosen_joints import choose_joint
    from pasyn_blender.rig.loading import load_rig, read_geometry

    path = tmp_path / "fallen.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(path)
    geometry = read_geometry(rig)
    found = map_loaded_rig(rig, geometry)
    standing = posed_geometry(rig, geometry, actions_to_try(rig)[0])
    for joint in ("left_front_cannon", "head"):
        again, note = choose_joint(geometry, found, joint, found.joints[joint].bone, standing)
        assert note == ""
        assert again.keypoints == found.keypoints
        for name, binding in found.joints.items():
            assert again.joints[name].bone == binding.bone
            assert again.joints[name].position == pytest.approx(binding.position, abs=1e-6)
            assert again.joints[name].alignment == pytest.approx(binding.alignment, abs=1e-4)
    # Lying, the animal cannot be looked at: the bone's head has to do, and the note says so.
    lying, note = choose_joint(geometry, found, "head", found.joints["head"].bone)
    assert "not a standing quadruped" in note
    assert lying.keypoints == found.keypoints
