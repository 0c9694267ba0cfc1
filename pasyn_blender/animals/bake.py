"""Motions as Blender actions: keyframes on pose bones, forward kinematics only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np

from .clip import Clip
from .skeleton import Bone
from .sweep import FloatArray


def bake_clip(armature: bpy.types.Object, bones: Sequence[Bone], clip: Clip) -> bpy.types.Action:
    """Make an action of a motion.

    Parameters
    ----------
    armature
        Armature of the built animal, at the world's origin.
    bones
        Its bones, in the order of the clip.
    clip
        The motion; its frame 0 becomes frame 1.

    Returns
    -------
    bpy.types.Action
        Kept even when nothing uses it.
    """
    action = bpy.data.actions.new(clip.name)
    action.use_fake_user = True
    curves = _curves(armature, action)
    frames = np.arange(1, len(clip.turns) + 1, dtype=float)
    for i, bone in enumerate(bones):
        rest = np.array(armature.data.bones[bone.name].matrix_local.to_3x3())
        basis = np.einsum("ji,fjk,kl->fil", rest, clip.turns[:, i], rest)
        _set_keys(curves, bone.name, "rotation_quaternion", frames, quaternions(basis))
        if bone.parent is None:
            _set_keys(curves, bone.name, "location", frames, clip.offset @ rest)
    return action


def quaternions(matrices: FloatArray) -> FloatArray:
    """(F, 4) w, x, y, z of (F, 3, 3) rotations, each on the same side as the one before.

    The largest component is computed first, which keeps half turns exact.
    """
    m = matrices
    trace = np.trace(m, axis1=1, axis2=2)
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
    turned = np.where((found[1:] * found[:-1]).sum(axis=1) < 0.0, -1.0, 1.0)
    found[1:] *= np.cumprod(turned)[:, None]
    return found


def _curves(armature: bpy.types.Object, action: bpy.types.Action) -> Any:
    """The action's collection of curves: slotted from Blender 4.4 on, plain before."""
    if not hasattr(action, "slots"):
        return action.fcurves
    slot = action.slots.new(id_type="OBJECT", name=armature.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves


def _set_keys(curves: Any, bone: str, channel: str, frames: FloatArray, values: FloatArray) -> None:
    path = f'pose.bones["{bone}"].{channel}'
    linear = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["LINEAR"].value
    for c in range(values.shape[1]):
        curve = curves.new(path, index=c)
        points = curve.keyframe_points
        points.add(len(frames))
        points.foreach_set("co", np.column_stack([frames, values[:, c]]).astype(np.float32).ravel())
        points.foreach_set("interpolation", np.full(len(frames), linear, dtype=np.int32))
        curve.update()
