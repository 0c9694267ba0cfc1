"""Long hair of a horse: a mane that falls to one side, a forelock, and a tail with a ragged end."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.animals.attachments import Piece
from pasyn_blender.animals.hair import mane, tail_hair
from pasyn_blender.animals.locks import gap_and_normal
from pasyn_blender.animals.proportions import body_plan
from pasyn_blender.animals.shape import BodySurface, body_surface
from pasyn_blender.animals.species import BodyPlan, load_species


@pytest.fixture(scope="module")
def horse() -> tuple[BodyPlan, BodySurface]:
    plan = body_plan(load_species("horse"), 1)
    return plan, body_surface(plan, 4000)


@pytest.fixture(scope="module")
def hair(horse: tuple[BodyPlan, BodySurface]) -> dict[str, Piece]:
    return {piece.name: piece for piece in mane(*horse)}


def test_the_mane_falls_to_one_side_and_down_the_neck(
    horse: tuple[BodyPlan, BodySurface], hair: dict[str, Piece]
) -> None:
    tips = hair["mane"].vertices[hair["mane"].along == 1.0]
    roots = hair["mane"].vertices[hair["mane"].along == 0.0]
    left = (tips[:, 0] > 0.0).mean()
    assert max(left, 1.0 - left) > 0.55
    assert np.median(roots[:, 2]) - np.median(tips[:, 2]) > 0.10 * horse[0].factors["withers_height"]


def test_it_lies_on_the_skin_and_not_in_it(
    horse: tuple[BodyPlan, BodySurface], hair: dict[str, Piece]
) -> None:
    for piece in hair.values():
        middle = piece.vertices[(piece.along > 0.2) & (piece.along < 0.9)]
        gap, _ = gap_and_normal(*horse, middle)
        assert (gap > -0.004).mean() > 0.97  # metres


def test_the_mane_hangs_on_either_side_in_different_individuals() -> None:
    sides = set()
    for individual in range(4):
        plan = body_plan(load_species("horse"), individual)
        tips = mane(plan, body_surface(plan, 1500))[0]
        sides.add(np.sign(np.median(tips.vertices[tips.along == 1.0, 0])))
    assert sides == {-1.0, 1.0}


def test_the_tail_ends_raggedly_about_the_hocks_or_below(horse: tuple[BodyPlan, BodySurface]) -> None:
    plan, _ = horse
    core, locks = tail_hair(plan)
    ends = locks.vertices[locks.along == 1.0][:, 2]
    height = plan.factors["withers_height"]
    assert 0.05 * height < ends.min() < plan.joints["hind_cannon"][2]
    assert np.ptp(ends) > 0.1 * height
    assert core.vertices[:, 2].min() > ends.min()
    assert locks.vertices[:, 2].max() > plan.joints["tail_2"][2]


def test_hair_is_the_same_each_time(horse: tuple[BodyPlan, BodySurface], hair: dict[str, Piece]) -> None:
    again = {piece.name: piece for piece in mane(*horse)}
    assert all(np.array_equal(again[name].vertices, piece.vertices) for name, piece in hair.items())
