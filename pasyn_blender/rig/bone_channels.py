"""Bone poses as the channels an artist sees: location and rotation of each pose bone, whatever it inherits.

The poses that are written here are rigid, so how a bone inherits scale makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion
from numpy.typing import NDArray

from ..anatomy.rotations import to_quaternion
from .extraction import ordered_bones
from .geometry import FloatArray, IntArray


@dataclass(frozen=True)
class BoneSpaces:
    """What the channels of B bones are relative to.

    Attributes
    ----------
    names
        B names, parents before children.
    parents
        (B,) parent index, -1 for roots.
    rest
        (B, 4, 4) rest matrices, bone space to armature space.
    inherits_rotation, local_location, connected
        (B,) settings of the bones. Connected ones start where their parent ends, whatever their location.
    """

    names: tuple[str, ...]
    parents: IntArray
    rest: FloatArray
    inherits_rotation: NDArray[np.bool_]
    local_location: NDArray[np.bool_]
    connected: NDArray[np.bool_]


@dataclass(frozen=True)
class BoneChannels:
    """Channels of B bones in N poses; scales are one.

    Attributes
    ----------
    location
        (N, B, 3) file units.
    rotation
        (N, B, 4) quaternions, w first; from pose to pose of the sign that is nearer to the one before.
    """

    location: FloatArray
    rotation: FloatArray


def bone_spaces(armature: bpy.types.Object) -> BoneSpaces:
    """Read what an armature's pose channels are relative to."""
    bones = ordered_bones(armature)
    index = {bone.name: number for number, bone in enumerate(bones)}
    return BoneSpaces(
        names=tuple(bone.name for bone in bones),
        parents=np.array([index[bone.parent.name] if bone.parent else -1 for bone in bones], dtype=np.int64),
        rest=np.array([bone.matrix_local for bone in bones], dtype=np.float64).reshape(-1, 4, 4),
        inherits_rotation=np.array([bone.use_inherit_rotation for bone in bones], dtype=bool),
        local_location=np.array([bone.use_local_location for bone in bones], dtype=bool),
        connected=np.array([bone.parent is not None and bone.use_connect for bone in bones], dtype=bool),
    )


def bone_channels(spaces: BoneSpaces, poses: FloatArray) -> BoneChannels:
    """Channels that put bones where they should be, without constraints.

    Parameters
    ----------
    spaces
        The armature.
    poses
        (N, B, 4, 4) bone space to armature space, without scale or shear.
    """
    rooted = (spaces.parents < 0)[:, None, None]
    rest_above = np.where(rooted, np.eye(4), spaces.rest[spaces.parents])
    relative = np.linalg.inv(rest_above) @ spaces.rest
    poses = np.array(poses, dtype=np.float64)
    for bone in np.flatnonzero(spaces.connected):
        held = poses[:, spaces.parents[bone]] @ relative[bone]
        poses[:, bone, :3, 3] = held[:, :3, 3]
    above = np.where(rooted, np.eye(4), poses[:, spaces.parents])
    carried = above @ relative
    turned = carried[..., :3, :3]
    kept = np.where(spaces.inherits_rotation[:, None, None], turned, spaces.rest[:, :3, :3])
    axes = np.where(spaces.local_location[:, None, None], turned, above[..., :3, :3])
    rotation = to_quaternion(np.swapaxes(kept, -1, -2) @ poses[..., :3, :3])
    step = poses[..., :3, 3] - carried[..., :3, 3]
    location = (np.swapaxes(axes, -1, -2) @ step[..., None])[..., 0]
    turns_over = (rotation[1:] * rotation[:-1]).sum(axis=-1, keepdims=True) < 0
    flips = np.where(np.cumsum(turns_over, axis=0) % 2 == 1, -1.0, 1.0)
    rotation[1:] *= flips
    return BoneChannels(location, rotation)


def write_channels(armature: bpy.types.Object, spaces: BoneSpaces, channels: BoneChannels) -> None:
    """Give an armature the first of some poses; update the dependency graph before reading it.

    Rotations are written in the mode that each bone has. The other modes' channels stay.
    """
    bones = armature.pose.bones
    order = _pose_order(armature, spaces)
    location, rotation = channels.location[0, order], channels.rotation[0, order]
    bones.foreach_set("location", location.astype(np.float32).ravel())
    bones.foreach_set("scale", np.ones(3 * len(bones), dtype=np.float32))
    quaternions = np.empty(4 * len(bones), dtype=np.float32)
    bones.foreach_get("rotation_quaternion", quaternions)
    quaternions = quaternions.reshape(-1, 4)
    for row, bone in enumerate(bones):
        if bone.rotation_mode == "QUATERNION":
            quaternions[row] = rotation[row]
        elif bone.rotation_mode == "AXIS_ANGLE":
            axis, angle = Quaternion(rotation[row]).to_axis_angle()
            bone.rotation_axis_angle = (angle, *axis)
        else:
            bone.rotation_euler = Quaternion(rotation[row]).to_euler(bone.rotation_mode, bone.rotation_euler)
    bones.foreach_set("rotation_quaternion", quaternions.ravel())
    armature.update_tag()


def rotation_channel(bone: Any) -> str:
    """Name of the channel that turns a pose bone in its rotation mode."""
    names = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
    return names.get(bone.rotation_mode, "rotation_euler")


def rotation_values(bone: Any, rotation: FloatArray) -> FloatArray:
    """(N, 3 or 4) values of a pose bone's rotation channel for (N, 4) quaternions, without leaps."""
    if bone.rotation_mode == "QUATERNION":
        return rotation
    values: list[tuple[float, ...]] = []
    if bone.rotation_mode == "AXIS_ANGLE":
        for row in rotation:
            axis, angle = Quaternion(row).to_axis_angle()
            values.append((angle, *axis))
        return np.array(values)
    last = None
    for row in rotation:
        turn = Quaternion(row)
        last = turn.to_euler(bone.rotation_mode) if last is None else turn.to_euler(bone.rotation_mode, last)
        values.append(tuple(last))
    return np.array(values)


def _pose_order(armature: bpy.types.Object, spaces: BoneSpaces) -> IntArray:
    """(B,) number in the spaces of each bone of the pose, in Blender's own order."""
    index = {name: number for number, name in enumerate(spaces.names)}
    return np.array([index[bone.name] for bone in armature.pose.bones], dtype=np.int64)
