"""Coats: every species has kinds, an individual's coat is its own, and what is written wrongly is named."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from pasyn_blender.animals.coat_description import read_kinds
from pasyn_blender.animals.coat_patterns import CLASSES, reticulated
from pasyn_blender.animals.coat_places import Places, places_of
from pasyn_blender.animals.coats import Coat, coat_of, final_colours, load_coat, piece_coat, shown
from pasyn_blender.animals.ears import ears
from pasyn_blender.animals.mesh_graph import Neighbours, unique_edges
from pasyn_blender.animals.proportions import body_plan
from pasyn_blender.animals.shape import BodySurface, body_surface
from pasyn_blender.animals.species import BodyPlan, load_species
from pasyn_blender.errors import RigError

SPECIES = (
    "camel", "cat", "cow", "deer", "dog", "donkey", "elephant", "fox", "giraffe", "goat", "horse", "lion",
    "pig", "sheep", "wolf", "zebra",
)  # fmt: skip


@lru_cache(maxsize=3)
def body(individual: int, vertices: int = 2500) -> tuple[BodyPlan, BodySurface, Neighbours]:
    """A zebra's body, on which every coat is painted here."""
    plan = body_plan(load_species("zebra"), individual)
    surface = body_surface(plan, vertices)
    return plan, surface, Neighbours(unique_edges(surface.quads))


def painted(species: str, kind: str | None = None, individual: int = 0) -> Coat:
    return coat_of(load_coat(species), *body(individual), kind=kind)


def as_seed(individual: int) -> tuple[BodyPlan, BodySurface, Neighbours]:
    """The same body with another individual's seed: only what the coat draws is different."""
    plan, surface, neighbours = body(0)
    return replace(plan, individual=individual), surface, neighbours


def places() -> Places:
    plan, surface, _ = body(0)
    return places_of(plan, surface)


def brightness(coat: Coat, rows: np.ndarray) -> float:
    return float(final_colours(coat)[rows, :3].mean())


@pytest.mark.parametrize("species", SPECIES)
def test_every_kind_gives_albedos_of_hair_and_skin(species: str) -> None:
    for kind in read_kinds(load_coat(species)):
        coat = painted(species, kind.name)
        colours = final_colours(coat)
        assert np.isfinite(colours).all()
        assert colours[:, :3].min() > 0.0, kind.name
        # no hair is whiter than fresh snow
        assert colours[:, :3].max() <= 0.9, kind.name
        assert np.isfinite(coat.pattern).all()
        assert coat.skin.min() >= 0.0
        assert coat.skin.max() <= 2.0


def test_same_individual_has_the_same_coat_and_another_its_own() -> None:
    first, again = painted("cow", "black Holstein"), painted("cow", "black Holstein")
    for name in ("light", "dark", "pattern", "skin", "strands"):
        assert getattr(first, name).tobytes() == getattr(again, name).tobytes(), name
    other = coat_of(load_coat("cow"), *as_seed(1), kind="black Holstein")
    assert np.mean((shown(first) > 0.5) != (shown(other) > 0.5)) > 0.1


def test_kinds_are_drawn_by_their_shares() -> None:
    description: dict[str, Any] = {
        "kinds": [
            {"name": "rare", "share": 1, "base": [0.6, 0.1, 0.1], "jitter": {"value": 0.0}},
            {"name": "common", "share": 4, "base": [0.1, 0.1, 0.6], "jitter": {"value": 0.0}},
        ]
    }
    blue = 0
    for individual in range(24):
        light = coat_of(description, *as_seed(individual)).light.mean(axis=0)
        blue += int(light[2] > light[0])
    assert 14 <= blue <= 23


def test_a_bay_horse_has_black_legs_and_a_brown_trunk() -> None:
    here = places()
    coat = painted("horse", "bay")
    hair = coat.light
    shins = (here.points[:, 2] > 0.2) & (here.points[:, 2] < 0.32) & (coat.skin < 0.1)
    trunk = (here.shares["torso"] > 0.8) & (np.abs(here.normals[:, 0]) > 0.6)
    assert hair[trunk].mean() > 2.0 * hair[shins].mean()
    red, _, blue = hair[trunk].mean(axis=0)
    assert red > 2.5 * blue


def test_a_deer_is_paler_below_than_above() -> None:
    here = places()
    coat = painted("deer", "red deer in summer")
    belly = (here.shares["torso"] > 0.8) & (here.normals[:, 2] < -0.8)
    back = (here.shares["torso"] > 0.8) & (here.normals[:, 2] > 0.8)
    assert brightness(coat, belly) > 1.8 * brightness(coat, back)


def test_holsteins_have_white_legs_and_patches_of_both_colours() -> None:
    here = places()
    for individual in (0, 3, 5):
        coat = coat_of(load_coat("cow"), *as_seed(individual), kind="black Holstein")
        black = shown(coat) > 0.5
        legs = (here.points[:, 2] < 0.40) & (here.points[:, 2] > 0.12)
        trunk = here.shares["torso"] > 0.8
        assert black[legs].mean() < 0.2
        assert 0.2 < black[trunk].mean() < 0.8


def test_neighbouring_cells_of_a_giraffe_meet_at_lines_narrower_than_the_mesh() -> None:
    plan, surface, neighbours = body(0, 8000)
    here = places_of(plan, surface)
    field, cell = reticulated(here, np.random.default_rng(3), width=0.15, line=0.005, lobes=0.1)
    assert field.shape == (len(here.points), CLASSES)
    first, last = neighbours.source, neighbours.target
    length = np.linalg.norm(here.points[first] - here.points[last], axis=1)
    on_trunk = (here.shares["torso"][first] > 0.5) & (length > 0.01)
    # A renderer interpolates each class by itself along an edge: between two cells all are outside.
    steps = np.linspace(0.0, 1.0, 17)[:, None, None]
    along = ((1.0 - steps) * field[first[on_trunk]] + steps * field[last[on_trunk]]).max(axis=2)
    crosses = (cell[first] != cell[last])[on_trunk]
    assert np.mean(along[:, crosses].min(axis=0) < 0.0) > 0.95
    assert np.mean(along[:, ~crosses].max(axis=0) > 0.0) > 0.95


def test_socks_reach_no_higher_than_their_size() -> None:
    here = places()
    description = {
        "kinds": [
            {
                "base": [0.1, 0.1, 0.1],
                "figure": [0.6, 0.6, 0.6],
                "marks": [{"where": "socks", "size": 1.0, "ragged": 0.0}],
            }
        ]
    }
    white = shown(coat_of(description, *body(0))) > 0.5
    top = max(here.leg_height("foreleg", 1.0), here.leg_height("hindleg", 1.0))
    assert white[here.points[:, 2] < 0.1].all()
    assert not white[here.points[:, 2] > top + 0.02].any()


def test_long_hair_lies_in_locks_on_the_trunk_less_on_face_and_legs_and_never_on_hooves() -> None:
    here, brown = places(), {"base": [0.2, 0.1, 0.05]}
    sleek = coat_of({"kinds": [brown]}, *body(0))
    shaggy = coat_of({"kinds": [{**brown, "locks": 0.8, "skin": {"hooves": [0.1, 0.1, 0.1]}}]}, *body(0))

    assert not sleek.locks.any()
    assert shaggy.locks[here.shares["torso"] > 0.95] == pytest.approx(0.8)
    face = (here.shares["head"] > 0.9) & (here.face[:, 1] > 0.4)
    assert shaggy.locks[face].max() <= 0.4
    lower_legs = here.points[:, 2] < here.leg_height("foreleg", 1.5)
    assert shaggy.locks[lower_legs & (here.limbs > 0.9)].max() < 0.4
    assert shaggy.locks[here.points[:, 2] < 0.005].max() < 0.05


def test_manes_are_long_hair_where_the_skin_has_some_and_horns_never_are() -> None:
    plan = body(0)[0]
    piece = ears(plan)[0]
    nearest = np.zeros(len(piece.vertices), int)

    def locks(material: str, amount: float) -> float:
        coat = coat_of({"kinds": [{"base": [0.2, 0.1, 0.05], "locks": amount}]}, *body(0))
        return float(piece_coat(coat, replace(piece, material=material), nearest).locks.max())

    assert locks("hair", 0.2) > 0.5 > locks("ear", 0.2)
    assert locks("horn", 0.2) == 0.0
    assert locks("hair", 0.0) == 0.0


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ({}, "base"),
        ({"base": "grey"}, "base"),
        ({"base": [0.1, 0.2]}, "base"),
        ({"base": [0.1, 0.2, 7.0]}, "base"),
        ({"base": "#808080", "colour": "#808080"}, "colour"),
        ({"base": "#808080", "pattern": {"kind": "checks"}}, "pattern.kind"),
        ({"base": "#808080", "pattern": {"kind": "patches", "line": 1.0}}, "pattern.line"),
        ({"base": "#808080", "marks": [{"where": "elbow"}]}, "marks[0].where"),
        ({"base": "#808080", "shades": [{"where": "belly"}]}, "shades[0]"),
        ({"base": "#808080", "shades": [{"where": "belly", "value": [2.0, 1.0]}]}, "shades[0].value"),
        ({"base": "#808080", "share": -1.0}, "share"),
        ({"base": "#808080", "locks": 2.0}, "locks"),
        ({"base": "#808080", "pieces": {"mane": {"middle": "#000000"}}}, "pieces.mane.middle"),
    ],
)
def test_a_wrong_description_is_refused_by_its_key(kind: dict[str, Any], key: str) -> None:
    with pytest.raises(RigError) as error:
        read_kinds({"kinds": [kind]})
    assert f"coat.kinds[0].{key}" in str(error.value)


@pytest.mark.parametrize("description", [{}, {"kinds": []}, {"kinds": "bay"}, [1]])
def test_a_description_without_kinds_is_refused(description: Any) -> None:
    with pytest.raises(RigError, match="coat"):
        read_kinds(description)


def test_a_kind_that_does_not_exist_is_refused() -> None:
    with pytest.raises(RigError, match="tartan"):
        painted("horse", "tartan")
