"""The zebra's motions on its own skin, and the rotations that Blender gets of them."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.animals.anatomy_model import animal_model
from pasyn_blender.animals.bake import quaternions
from pasyn_blender.animals.clip import Clip
from pasyn_blender.animals.kinematics import Figure, turn
from pasyn_blender.animals.motion import clips

MODEL = animal_model("zebra", 2)
HEIGHT = MODEL.plan.factors["withers_height"]
CLIPS = {clip.name: clip for clip in clips(MODEL.bones, HEIGHT)}


def figure_of(clip: Clip) -> Figure:
    figure = Figure(MODEL.bones, len(clip.turns))
    figure.local, figure.offset = clip.turns.copy(), clip.offset.copy()
    return figure


@pytest.mark.parametrize("name", ["walk", "trot", "gallop_left", "gallop_fast_right", "jump_high"])
def test_deformed_soles_stay_above_the_ground(name: str) -> None:
    clip = CLIPS[name]
    figure = figure_of(clip)
    low = MODEL.surface.vertices[:, 2] < 0.12
    rows = np.flatnonzero(low)
    posed = np.zeros((len(clip.turns), len(rows), 3))
    for i, bone in enumerate(MODEL.bones):
        weight = MODEL.weights[rows, i]
        if not weight.any():
            continue
        total, position = figure.place(bone.name)
        moved = position[:, None] + np.einsum("fij,vj->fvi", total, MODEL.vertices[rows] - bone.head)
        posed += weight[None, :, None] * moved
    assert posed[..., 2].min() > -0.012 * HEIGHT


def test_grazing_brings_the_mouth_to_the_ground() -> None:
    figure = figure_of(CLIPS["graze"])
    lips = figure.carried("head", figure.tails[figure.index("head")])
    assert lips[:, 2].max() < 0.08 * HEIGHT
    assert lips[:, 2].min() > 0.0


def test_looking_around_turns_the_head_to_both_sides() -> None:
    total, _ = figure_of(CLIPS["look_around"]).place("head")
    heading = np.degrees(np.arctan2(total[:, 1, 0], total[:, 0, 0]))
    assert heading.max() > 40.0
    assert heading.min() < -40.0


def test_quaternions_hold_the_rotation() -> None:
    random = np.random.Generator(np.random.PCG64(7))
    angles = random.uniform(-180.0, 180.0, (3, 200))
    angles[:, :3] = [[180.0, 0.0, 0.0], [0.0, 180.0, 0.0], [0.0, 0.0, 180.0]]
    matrices = turn(0, angles[0]) @ turn(1, angles[1]) @ turn(2, angles[2])
    w, x, y, z = quaternions(matrices).T
    back = np.stack([
        np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], axis=-1),
        np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], axis=-1),
        np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=-1),
    ], axis=1)  # fmt: skip
    assert np.allclose(back, matrices, atol=1e-9)
