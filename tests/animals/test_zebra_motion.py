"""The zebra's motions: cyclic, on the ground, without skating, and by the footfalls of their gaits."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.animals.anatomy_model import animal_model
from pasyn_blender.animals.bake import quaternions
from pasyn_blender.animals.clip import HOOVES, Clip
from pasyn_blender.animals.kinematics import Figure, turn
from pasyn_blender.animals.motion import clips

MODEL = animal_model("zebra", 2)
HEIGHT = MODEL.plan.factors["withers_height"]
CLIPS = {clip.name: clip for clip in clips(MODEL.bones, HEIGHT)}


def figure_of(clip: Clip) -> Figure:
    figure = Figure(MODEL.bones, len(clip.turns))
    figure.local, figure.offset = clip.turns.copy(), clip.offset.copy()
    return figure


def toes(clip: Clip) -> np.ndarray:
    """(4, F, 3) tips of the hooves."""
    figure = figure_of(clip)
    found = []
    for limb, suffix in HOOVES:
        name = f"{'front' if limb == 'fore' else 'hind'}_hoof{suffix}"
        found.append(figure.carried(name, figure.tails[figure.index(name)]))
    return np.array(found)


def test_expected_motions_are_there() -> None:
    assert set(CLIPS) == {"walk", "trot", "gallop", "graze", "stand", "look_around"}


@pytest.mark.parametrize("name", sorted(CLIPS))
def test_motion_is_cyclic_and_smooth(name: str) -> None:
    clip = CLIPS[name]
    assert np.allclose(clip.turns[0], clip.turns[-1], atol=1e-6)
    assert np.allclose(clip.offset[0], clip.offset[-1], atol=1e-9)
    steps = np.einsum("fbji,fbjk->fbik", clip.turns[:-1], clip.turns[1:])
    angles = np.degrees(np.arccos(np.clip((np.trace(steps, axis1=2, axis2=3) - 1.0) / 2.0, -1.0, 1.0)))
    assert angles.max() < 75.0, "a bone jumps between two frames"


@pytest.mark.parametrize("name", sorted(CLIPS))
def test_hooves_keep_to_the_ground(name: str) -> None:
    clip = CLIPS[name]
    assert clip.miss < 0.005 * HEIGHT
    rest = toes(clip)[:, 0, 2].min()
    places = toes(clip)
    assert places[:, :, 2].min() > rest - 0.01 * HEIGHT
    for hoof in range(4):
        standing = clip.stance[:, hoof]
        assert np.abs(places[hoof, standing, 2] - 0.005 * MODEL.plan.scale).max() < 0.01 * HEIGHT
        both = standing[:-1] & standing[1:]
        slide = places[hoof, 1:, 1] - places[hoof, :-1, 1] - clip.speed
        assert np.abs(slide[both]).max() < 0.01 * HEIGHT
        aside = places[hoof, 1:, 0] - places[hoof, :-1, 0]
        assert np.abs(aside[both]).max() < 0.01 * HEIGHT


@pytest.mark.parametrize("name", ["walk", "trot", "gallop"])
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


def footfalls(clip: Clip) -> list[int]:
    """Hooves in the order they are set down, beginning with the left hind."""
    moments = []
    for hoof in range(4):
        stance = clip.stance[:-1, hoof]
        down = np.flatnonzero(stance & ~np.roll(stance, 1))
        assert len(down) == 1
        moments.append(int(down[0]))
    return [int(h) for h in np.argsort(moments, kind="stable")]


def test_walk_is_a_lateral_sequence() -> None:
    names = ["left hind", "left fore", "right hind", "right fore"]
    assert [names[h] for h in footfalls(CLIPS["walk"])] == names
    duty = CLIPS["walk"].stance[:-1].mean(axis=0)
    assert np.all(np.abs(duty - 0.62) < 0.04)
    assert CLIPS["walk"].stance.sum(axis=1).min() >= 2


def test_trot_moves_diagonal_pairs() -> None:
    stance = CLIPS["trot"].stance
    assert (stance[:, 0] == stance[:, 3]).all()
    assert (stance[:, 1] == stance[:, 2]).all()
    assert not (stance[:-1, 0] == stance[:-1, 1]).all()


def test_gallop_has_a_moment_in_the_air() -> None:
    assert (CLIPS["gallop"].stance.sum(axis=1) == 0).any()


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
