"""Bones go where they are told through their channels, whatever they inherit."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Quaternion

from pasyn_blender.rig.bone_channels import bone_channels, bone_spaces, rotation_values, write_channels

MODES = ["QUATERNION", "XYZ", "ZYX", "AXIS_ANGLE"]
SCALES = ["FULL", "NONE", "AVERAGE", "ALIGNED", "FIX_SHEAR"]


def rigid(rng: np.random.Generator) -> np.ndarray:
    turn = Quaternion(rng.normal(size=4))
    turn.normalize()
    return np.array(Matrix.Translation(rng.normal(size=3).tolist()) @ turn.to_matrix().to_4x4())


@pytest.fixture
def odd_armature() -> bpy.types.Object:
    """Bones with every setting that there is, at random."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rng = np.random.default_rng(3)
    armature = bpy.data.objects.new("odd", bpy.data.armatures.new("odd"))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = []
    for number in range(30):
        bone = armature.data.edit_bones.new(f"bone {number}")
        bone.head = rng.normal(size=3)
        bone.tail = np.array(bone.head) + rng.normal(size=3)
        bone.roll = rng.normal()
        if number > 2:
            bone.parent = bones[rng.integers(len(bones))]
            bone.use_connect = rng.random() < 0.25
        bones.append(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    for bone in armature.data.bones:
        bone.use_inherit_rotation, bone.use_local_location = (bool(x) for x in rng.random(2) < 0.6)
        bone.inherit_scale = str(rng.choice(SCALES))
        armature.pose.bones[bone.name].rotation_mode = str(rng.choice(MODES))
    bpy.context.view_layer.update()
    return armature


def test_bones_go_where_they_are_told_whatever_they_inherit(odd_armature: bpy.types.Object) -> None:
    rng = np.random.default_rng(5)
    spaces = bone_spaces(odd_armature)
    assert spaces.connected.any() and not spaces.inherits_rotation.all() and not spaces.local_location.all()
    wanted = np.array([rigid(rng) for _ in spaces.names])
    for row in np.flatnonzero(spaces.connected):  # these start where their parents end
        parent = spaces.parents[row]
        held = wanted[parent] @ np.linalg.inv(spaces.rest[parent]) @ spaces.rest[row]
        wanted[row, :3, 3] = held[:3, 3]
    write_channels(odd_armature, spaces, bone_channels(spaces, wanted[None]))
    bpy.context.view_layer.update()
    found = np.array([odd_armature.pose.bones[name].matrix for name in spaces.names])
    assert found == pytest.approx(wanted, abs=1e-4)


def test_rotations_do_not_leap_from_frame_to_frame(odd_armature: bpy.types.Object) -> None:
    spaces = bone_spaces(odd_armature)
    angles = np.radians(np.arange(0, 720, 10.0))
    poses = np.repeat(spaces.rest[None], len(angles), axis=0)
    for number, angle in enumerate(angles):
        poses[number, 0] = np.array(Matrix.Rotation(angle, 4, "X")) @ poses[number, 0]
    rotation = bone_channels(spaces, poses).rotation[:, 0]
    bone = odd_armature.pose.bones[spaces.names[0]]
    for mode in ("QUATERNION", "XYZ"):
        bone.rotation_mode = mode
        assert np.abs(np.diff(rotation_values(bone, rotation), axis=0)).max() < np.radians(60)
