"""Motions as Blender actions: keyframes on pose bones, forward kinematics only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import bpy
import numpy as np

from .clip import Clip
from .skeleton import Bone
from .sweep import FloatArray


def bake_clips(
    armature: bpy.types.Object, bones: Sequence[Bone], clips: Iterable[Clip]
) -> tuple[bpy.types.Action, ...]:
    """Make actions of motions.

    Parameters
    ----------
    armature
        Armature of the built animal, at the world's origin.
    bones
        Its bones, in the order of the clips.
    clips
        The motions; frame 0 of each becomes frame 1.

    Returns
    -------
    tuple of bpy.types.Action
        Kept even when nothing uses them.
    """
    rest = np.array([armature.data.bones[bone.name].matrix_local.to_3x3() for bone in bones])
    return tuple(_baked(armature, bones, rest, clip) for clip in clips)


def _baked(
    armature: bpy.types.Object, bones: Sequence[Bone], rest: FloatArray, clip: Clip
) -> bpy.types.Action:
    action = bpy.data.actions.new(clip.name)
    action.use_fake_user = True
    curves = _curves(armature, action)
    turns = quaternions(np.swapaxes(rest, 1, 2) @ clip.turns @ rest)
    root = next(i for i, bone in enumerate(bones) if bone.parent is None)
    channels = [("rotation_quaternion", bone.name, turns[:, i]) for i, bone in enumerate(bones)]
    channels.append(("location", bones[root].name, clip.offset @ rest[root]))
    keys = np.empty((sum(values.shape[1] for *_, values in channels), len(clip.turns), 2), dtype=np.float32)
    keys[..., 0] = np.arange(1, len(clip.turns) + 1)
    keys[..., 1] = np.concatenate([values for *_, values in channels], axis=1).T
    flat = keys.reshape(len(keys), -1)
    linear = np.full(len(clip.turns), _linear(), dtype=np.int32)
    rows = iter(flat)
    for channel, bone, values in channels:
        path = f'pose.bones["{bone}"].{channel}'
        for component in range(values.shape[1]):
            curve = curves.new(path, index=component)
            points = curve.keyframe_points
            points.add(len(clip.turns))
            points.foreach_set("co", next(rows))
            points.foreach_set("interpolation", linear)
            curve.update()
    return action


def _linear() -> int:
    number: int = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value
    return number


def quaternions(matrices: FloatArray) -> FloatArray:
    """(F, ..., 4) w, x, y, z of (F, ..., 3, 3) rotations, each on the same side as the one before.

    The largest component is computed first, which keeps half turns exact.
    """
    m = matrices.reshape(-1, 3, 3)
    trace = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    found = np.empty((len(m), 4))
    largest = np.column_stack([trace, m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]]).argmax(axis=1)
    for k in range(4):
        rows = np.flatnonzero(largest == k)
        own = m[rows]
        if k == 0:
            found[rows, 0] = 1.0 + trace[rows]
            for i, j, h in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
                found[rows, 1 + i] = own[:, h, j] - own[:, j, h]
        else:
            i, j, h = k - 1, k % 3, (k + 1) % 3
            found[rows, 0] = own[:, h, j] - own[:, j, h]
            found[rows, 1 + i] = 1.0 + own[:, i, i] - own[:, j, j] - own[:, h, h]
            found[rows, 1 + j] = own[:, j, i] + own[:, i, j]
            found[rows, 1 + h] = own[:, h, i] + own[:, i, h]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    found = found.reshape(*matrices.shape[:-2], 4)
    turned = np.where((found[1:] * found[:-1]).sum(axis=-1) < 0.0, -1.0, 1.0)
    found[1:] *= np.cumprod(turned, axis=0)[..., None]
    return found


def _curves(armature: bpy.types.Object, action: bpy.types.Action) -> Any:
    """The action's collection of curves: slotted from Blender 4.4 on, plain before."""
    if not hasattr(action, "slots"):
        return action.fcurves
    slot = action.slots.new(id_type="OBJECT", name=armature.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves
