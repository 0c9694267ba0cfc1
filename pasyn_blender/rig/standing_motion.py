"""Put a motion on the ground with a rig, frame after frame without a jolt. Plain numpy."""

from __future__ import annotations

import numpy as np

from ..anatomy.kinematics import accumulate, separate
from ..anatomy.rotations import Array, from_turn, nearest_rotation, to_turn
from ..prior.limits import JointLimits
from .geometry import FloatArray
from .ground_contact import GroundContact

_REACH = 5
"""Frames to either side over which corrections are evened out: a foot counts as standing or it does not."""


def standing_motion(
    contact: GroundContact, limits: JointLimits, rotations: Array
) -> tuple[FloatArray, FloatArray]:
    """Stand the frames of a motion.

    Each frame is brought into the joints' limits and stood as a single pose is, by tilting the body and
    bending the legs; how much each joint turns for that is averaged over neighbouring frames. The lowest part
    of trunk and limbs is on the ground in every frame.

    Parameters
    ----------
    contact
        The rig.
    limits
        Of the joints.
    rotations
        (F, J, 3, 3) canonical poses in time.

    Returns
    -------
    rotations
        (F, J, 3, 3) poses.
    root
        (F, 3) root points in body axes, trunk lengths, from the place at rest.
    """
    wanted: FloatArray = limits.project(np.asarray(rotations, dtype=np.float64))
    stood = separate(contact.settled(accumulate(wanted)))
    corrections = to_turn(np.swapaxes(wanted, -1, -2) @ stood)
    even: FloatArray = limits.project(wanted @ from_turn(_evened(corrections)))
    total = accumulate(even)
    bottom = contact.carried(total, contact.parts.outer)[..., 2].min(axis=1)
    lifted = separate(contact.head_lifted(total, bottom))
    lifts = to_turn(np.swapaxes(even, -1, -2) @ lifted)
    even = even @ from_turn(_evened(lifts))
    bottom = contact.carried(accumulate(even), contact.parts.outer)[..., 2].min(axis=1)
    root = np.zeros((len(even), 3))
    root[:, 2] = -bottom
    return even, root


def smoothed_motion(rotations: Array, reach: int) -> FloatArray:
    """(F, J, 3, 3) rotations averaged over ``reach`` frames to either side, so that no joint jerks."""
    return nearest_rotation(_evened(np.asarray(rotations, dtype=np.float64), reach))


def _evened(values: FloatArray, reach: int = _REACH) -> FloatArray:
    """Values of each frame averaged over neighbouring frames, near ones counting more."""
    weights = np.hanning(2 * reach + 3)[1:-1]
    weights /= weights.sum()
    padded = np.concatenate([values[:1].repeat(reach, 0), values, values[-1:].repeat(reach, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=0)
    return np.asarray(windows @ weights)
