"""Poses in time as the keyframes of an action, written curve by curve rather than key by key."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from .bone_channels import BoneChannels, BoneSpaces, rotation_channel, rotation_values
from .geometry import FloatArray

_SAME = 1e-6  # a channel that changes by less than this is keyed once


def write_motion(
    armature: bpy.types.Object,
    spaces: BoneSpaces,
    channels: BoneChannels,
    frames: FloatArray,
    action: bpy.types.Action,
) -> Any:
    """Write poses into a new action.

    Parameters
    ----------
    armature
        Whose rotation modes the curves are in.
    spaces, channels
        The poses, one for each frame.
    frames
        (N,) frames to key.
    action
        An empty action.

    Returns
    -------
    The slot that moves the armature; None before Blender 4.4 had slots.
    """
    slot, bag = _bag(armature, action)
    for number, name in enumerate(spaces.names):
        bone = armature.pose.bones[name]
        values = {
            "location": channels.location[:, number],
            rotation_channel(bone): rotation_values(bone, channels.rotation[:, number]),
            "scale": np.ones((len(frames), 3)),
        }
        group = bag.groups.new(name)
        for channel, columns in values.items():
            path = f'pose.bones["{bpy.utils.escape_identifier(name)}"].{channel}'
            # Channels of one property are keyed alike, as a person's are.
            still = bool(np.ptp(columns, axis=0).max() < _SAME)
            kept = slice(0, 1) if still else slice(None)
            for index, column in enumerate(columns.T):
                curve = bag.fcurves.new(path, index=index)
                curve.group = group
                _set_keys(curve, frames[kept], column[kept])
    return slot


def _bag(armature: bpy.types.Object, action: bpy.types.Action) -> tuple[Any, Any]:
    """The slot, and what holds the curves: part of the action from Blender 4.4 on, itself before."""
    if not hasattr(action, "slots"):
        return None, action
    slot = action.slots.new(id_type="OBJECT", name=armature.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    return slot, strip.channelbag(slot, ensure=True)


def _set_keys(curve: Any, frames: FloatArray, values: FloatArray) -> None:
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.stack([frames, values], axis=1).astype(np.float32).ravel())
    linear = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value
    points.foreach_set("interpolation", np.full(len(frames), linear, dtype=np.int32))
    curve.update()
