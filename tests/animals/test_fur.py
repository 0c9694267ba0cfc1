"""Tufts of fur: closed, rooted on the skin, where the description puts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pasyn_blender.animals.attachments import Piece
from pasyn_blender.animals.fur import fur
from pasyn_blender.animals.proportions import body_plan
from pasyn_blender.animals.shape import BodySurface, body_surface
from pasyn_blender.animals.species import BodyPlan, load_species
from pasyn_blender.errors import RigError


@pytest.fixture(scope="module")
def fox() -> tuple[BodyPlan, BodySurface]:
    plan = body_plan(load_species("fox"), 0)
    return plan, body_surface(plan, 6_000)


def tail_of(plan: BodyPlan, **changes: object) -> BodyPlan:
    tufts = {
        "where": ["tail"], "size": 1.0, "count": 40, "length": [0.08, 0.12], "width": [0.01, 0.02],
        "lift": 0.2, "droop": 0.2, **changes,
    }  # fmt: skip
    return replace(plan, parts={**plan.parts, "fur": {"brush": tufts}})


def one_piece(pieces: tuple[Piece, ...]) -> Piece:
    assert len(pieces) == 1
    return pieces[0]


def test_every_tuft_is_closed_and_has_its_root_on_the_skin(fox: tuple[BodyPlan, BodySurface]) -> None:
    plan, surface = fox
    piece = one_piece(fur(tail_of(plan), surface))

    edges = np.sort(np.stack([piece.quads, np.roll(piece.quads, -1, axis=1)], axis=-1).reshape(-1, 2))
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    gaps = np.linalg.norm(piece.roots[:, None] - surface.vertices[None], axis=-1).min(axis=1)
    assert gaps.max() < 1e-6


def test_tufts_grow_where_they_are_described_and_no_longer_than_said(
    fox: tuple[BodyPlan, BodySurface],
) -> None:
    plan, surface = fox
    piece = one_piece(fur(tail_of(plan), surface))

    assert piece.roots[:, 1].min() > plan.joints["tail_base"][1] - 0.1 * plan.scale
    assert np.linalg.norm(piece.vertices - piece.roots, axis=1).max() < (0.12 + 2 * 0.02) * plan.scale


def test_tufts_have_about_the_colour_of_the_hair_they_lie_in(fox: tuple[BodyPlan, BodySurface]) -> None:
    plan, surface = fox
    piece = one_piece(fur(tail_of(plan), surface))

    assert piece.tone is not None
    assert piece.tone[piece.along == 0.0].mean() == pytest.approx(0.0, abs=0.05)
    assert piece.tone[piece.along == 1.0].mean() == pytest.approx(0.05, abs=0.05)
    assert piece.tone.std() < 0.1


def test_the_same_individual_has_the_same_fur(fox: tuple[BodyPlan, BodySurface]) -> None:
    plan, surface = fox
    first, second = (one_piece(fur(tail_of(plan), surface)) for _ in range(2))
    assert first.vertices.tobytes() == second.vertices.tobytes()


def test_without_a_description_there_is_none(fox: tuple[BodyPlan, BodySurface]) -> None:
    plan, surface = fox
    assert fur(replace(plan, parts={**plan.parts, "fur": None}), surface) == ()
    assert fur(tail_of(plan, count=0), surface) == ()


def test_an_unknown_region_is_named(fox: tuple[BodyPlan, BodySurface]) -> None:
    plan, surface = fox
    with pytest.raises(RigError, match="whiskers"):
        fur(tail_of(plan, where=["whiskers"]), surface)
