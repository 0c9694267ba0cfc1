"""Which gait a clip shows, from how high its feet are.

Feet that rise and fall together tell the gait (Hildebrand, The quadrupedal gaits of vertebrates, BioScience
39, 1989): in a trot the diagonal ones, in a gallop or jump those of a pair, in a walk none.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..anatomy.kinematics import accumulate, joint_places
from ..anatomy.rotations import angle_between
from ..anatomy.skeleton import JOINTS
from ..anatomy.stance import STANCE_OFFSETS
from .corpus import Clip

_FEWEST_FRAMES: Final = 8
_LIFTED: Final = 0.025  # trunks; a foot that rises less stays where it is
_ON_GROUND: Final = 0.02  # trunks above a foot's lowest
_STILL_HEAD: Final = np.radians(25.0)
_LOWEST_HEAD: Final = -0.2  # trunks from the hips; it is 0.43 above them in the stance


def action_from_motion(clip: Clip) -> str:
    """Return ``walk``, ``trot``, ``gallop``, ``jump`` or ``stand``; empty where the feet do not tell.

    A hint for clips whose names say nothing, on the side of silence: kicks, falls and single steps are none
    of these. ``stand`` also needs a head that is held up and nearly still.
    """
    heights = clip.clearance.astype(np.float64)
    if len(clip) < _FEWEST_FRAMES or not np.isfinite(heights).all():
        return ""
    lift = np.ptp(heights, axis=0)
    if lift.max() < _LIFTED:
        return "stand" if _holds_head_up(clip) else ""
    if lift.min() < _LIFTED or lift.max() > 4 * lift.min():
        return ""
    together = np.corrcoef(heights.T)
    pairs = together[0, 1], together[2, 3]
    diagonals = together[0, 3], together[1, 2]
    laterals = together[0, 2], together[1, 3]
    standing = float((heights - heights.min(axis=0) < _ON_GROUND).sum(axis=1).mean())
    if min(diagonals) > 0.7 and max(*pairs, *laterals) < -0.3:
        return "trot"
    if min(pairs) > 0.85:
        return "jump" if standing < 2.5 else ""
    if min(pairs) > 0.05 and max(pairs) > 0.5 and standing < 1.6:
        return "gallop"
    if max(pairs) < 0 and max(diagonals) < 0.5 and standing > 1.7:
        return "walk"
    return ""


def _holds_head_up(clip: Clip) -> bool:
    """Whether the head turns little and stays above the trunk's lower side."""
    if clip.rotations.shape[1] != len(JOINTS):
        return False
    total = accumulate(clip.rotations.astype(np.float64))
    head = JOINTS.index("head")
    height = joint_places(total, STANCE_OFFSETS)[:, head, 2]
    return bool(
        angle_between(total[:, head], total[:1, head]).max() < _STILL_HEAD and height.min() > _LOWEST_HEAD
    )
