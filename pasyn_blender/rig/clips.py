"""A rig's own actions as clips of canonical poses."""

from __future__ import annotations

import bpy
import numpy as np

from ..prior.corpus import Clip
from .actions import ActionRange, apply_action, clear_action, sampled_actions
from .clip_frames import PlayedClip, fitted_clip, play_clip
from .extraction import posed_bone_matrices
from .geometry import FloatArray, RigGeometry
from .loaded_rig import LoadedRig
from .retargeting import Retargeting, prepare_retargeting
from .rig_map import RigMap

_EXAMPLES_AN_ACTION = 6


def retargeting_of(rig: LoadedRig, geometry: RigGeometry, rig_map: RigMap) -> Retargeting:
    """Prepare retargeting with what the rig's own actions show of its bones.

    The rig is left in its rest pose without an action.
    """
    examples = []
    for action in sampled_actions(rig):
        for frame in np.linspace(action.start, action.end, _EXAMPLES_AN_ACTION):
            examples.append(_pose_at(rig, action.name, float(frame)))
    clear_action(rig)
    return prepare_retargeting(geometry, rig_map, np.array(examples) if examples else None)


def read_clip(
    rig: LoadedRig,
    geometry: RigGeometry,
    retargeting: Retargeting,
    action: ActionRange,
    rate: float = 30.0,
) -> Clip:
    """Read an action of a rig as canonical poses, with constraints and inverse kinematics evaluated.

    Parameters
    ----------
    rig, geometry, retargeting
        The rig.
    action
        Which action, from :func:`~.actions.list_actions`.
    rate
        Frames a second to sample at; the rig's file says how long one of the action's own frames lasts.

    Returns
    -------
    Clip
        With the rig's file stem as the animal; species and action category are left empty.
    """
    played = PlayedClip()
    for _ in play_clip(rig, geometry, retargeting, action, rate, played):
        pass
    return fitted_clip(action.name, rig.path.stem, geometry, retargeting, played, rate)


def _pose_at(rig: LoadedRig, action: str, frame: float) -> FloatArray:
    """(B, 4, 4) evaluated bone matrices of a frame."""
    apply_action(rig, action, frame)
    bpy.context.view_layer.update()
    return posed_bone_matrices(rig, bpy.context.evaluated_depsgraph_get())
