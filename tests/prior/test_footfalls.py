"""Footfall patterns as Hildebrand drew them are told apart; what is none of them is left unnamed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.prior.corpus import Clip
from pasyn_blender.prior.footfalls import action_from_motion


def stepping(touchdown: tuple[float, ...], duty: float, lifts: tuple[float, ...] = (0.1,) * 4) -> Clip:
    """Two strides; feet in the order left front, right front, left hind, right hind."""
    phase = (np.arange(48) / 24)[:, None] - np.array(touchdown)
    swing = (phase % 1 - duty) / (1 - duty)
    heights = np.where(swing > 0, np.sin(np.pi * np.clip(swing, 0, 1)), 0) * lifts
    frames, joints = len(heights), len(JOINTS)
    return Clip(
        name="Take 001",
        animal="",
        species="",
        action="",
        rate=24.0,
        rotations=np.tile(np.eye(3, dtype=np.float32), (frames, joints, 1, 1)),
        known=np.ones(joints, dtype=bool),
        offsets=np.zeros((joints, 3), dtype=np.float32),
        root=np.zeros((frames, 3), dtype=np.float32),
        clearance=heights.astype(np.float32),
    )


STILL = stepping((0, 0, 0, 0), 0.5, (0.0,) * 4)


@pytest.mark.parametrize(
    ("touchdown", "duty", "gait"),
    [
        ((0.25, 0.75, 0.0, 0.5), 0.70, "walk"),  # lateral sequence
        ((0.20, 0.70, 0.0, 0.5), 0.60, "walk"),
        ((0.50, 0.00, 0.0, 0.5), 0.45, "trot"),
        ((0.52, 0.02, 0.0, 0.5), 0.55, "trot"),
        ((0.55, 0.70, 0.0, 0.15), 0.30, "gallop"),  # transverse
        ((0.70, 0.55, 0.0, 0.12), 0.25, "gallop"),  # rotary
        ((0.40, 0.42, 0.0, 0.02), 0.40, "jump"),
    ],
)
def test_gaits_are_told_by_which_feet_move_together(
    touchdown: tuple[float, ...], duty: float, gait: str
) -> None:
    assert action_from_motion(stepping(touchdown, duty)) == gait
    mirrored = (touchdown[1], touchdown[0], touchdown[3], touchdown[2])
    assert action_from_motion(stepping(mirrored, duty)) == gait


def test_all_feet_down_and_a_still_head_is_standing() -> None:
    assert action_from_motion(STILL) == "stand"
    nodding = STILL.rotations.copy()
    angle = np.radians(60) * np.sin(np.arange(len(STILL)) / 8)
    nodding[:, JOINTS.index("neck_base")] = from_turn(angle[:, None] * [1.0, 0, 0])
    assert action_from_motion(replace(STILL, rotations=nodding)) == ""  # looking about
    grazing = STILL.rotations.copy()
    grazing[:, JOINTS.index("neck_base")] = from_turn(np.radians([100.0, 0, 0]))
    assert action_from_motion(replace(STILL, rotations=grazing)) == ""


@pytest.mark.parametrize(
    "clip",
    [
        stepping((0.5, 0, 0, 0.5), 0.5, (0.1, 0, 0, 0)),  # scraping with one hoof
        stepping((0.4, 0.42, 0, 0.02), 0.8, (0.05, 0.05, 0.4, 0.4)),  # kicking
        replace(STILL, clearance=np.full_like(STILL.clearance, np.nan)),
        replace(STILL, clearance=STILL.clearance[:3], rotations=STILL.rotations[:3]),
    ],
)
def test_what_is_no_gait_is_not_named(clip: Clip) -> None:
    assert action_from_motion(clip) == ""
