"""Every built-in species as arrays: closed, skinned, on its feet, as heavy as the animal it is called."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest

from pasyn_blender.animals import BUILT_IN
from pasyn_blender.animals.anatomy_model import AnimalModel, animal_model
from pasyn_blender.animals.mesh_graph import vertex_normals
from pasyn_blender.animals.proportions import body_plan
from pasyn_blender.animals.shape import field
from pasyn_blender.animals.skinning import LIMIT
from pasyn_blender.animals.species import load_species

# Lightest and heaviest animal that may come out, kilograms: the young, dwarf and giant kinds are included,
# and a fleece or thick coat counts as body (it is part of the skin). Body masses from Nowak (1999), Walker's
# Mammals of the World; Kingdon (2015), Field Guide to African Mammals; Macdonald & Barrett (1993), Mammals
# of Britain and Europe; horses and donkeys also from Brooks et al. (2010), J. Equine Vet. Sci. 30, and from
# Pearson & Ouassat (1996), Vet. Rec. 138.
BODY_MASS = {
    "camel": (330.0, 800.0),
    "cat": (0.8, 9.0),  # from a kitten of ten weeks
    "cow": (60.0, 1300.0),
    "deer": (18.0, 260.0),
    "dog": (2.0, 90.0),
    "donkey": (50.0, 450.0),
    "elephant": (250.0, 7000.0),
    "fox": (3.0, 14.0),
    "giraffe": (130.0, 1950.0),
    "goat": (8.0, 140.0),
    "horse": (130.0, 1150.0),
    "lion": (25.0, 400.0),  # a male weighs 150-250 kg; his mane is a third as much again in volume
    "pig": (8.0, 400.0),
    "sheep": (10.0, 240.0),  # a full fleece is a third of the volume of a ram of 160 kg
    "wolf": (15.0, 80.0),
    "zebra": (175.0, 390.0),
}
EXTREMITIES = ("front_toe", "hind_toe", "front_hoof", "hind_hoof")


@dataclass(frozen=True)
class Individual:
    """A built animal, and how its skin is divided."""

    model: AnimalModel
    skin: np.ndarray
    quads: np.ndarray
    bones: tuple[str, ...]

    def follows(self, *bones: str) -> np.ndarray:
        """(V,) weight of some bones on the skin."""
        columns = [self.bones.index(bone) for bone in bones]
        weights: np.ndarray = self.model.weights[: len(self.skin), columns].sum(axis=1)
        return weights


def built(species: str, individual: int) -> Individual:
    model = animal_model(species, individual)
    return Individual(
        model, model.surface.vertices, model.surface.quads, tuple(bone.name for bone in model.bones)
    )


@pytest.fixture(scope="module", params=BUILT_IN)
def animal(request: pytest.FixtureRequest) -> Individual:
    """One individual of each species; parametrised by module, so that each is built once."""
    return built(request.param, 0)


def volume(vertices: np.ndarray, quads: np.ndarray) -> float:
    """Cubic metres enclosed; negative where faces look inwards."""
    a, b, c, d = (vertices[quads[:, i]] for i in range(4))
    return float(((np.cross(b, c) * a).sum() + (np.cross(c, d) * a).sum()) / 6.0)


def assert_whole(animal: Individual) -> None:
    """Closed, outwards, of a bearable size, and standing."""
    model = animal.model
    for vertices, quads in ((model.vertices, model.quads), model.eyes):
        edges = np.sort(np.concatenate([quads[:, [i, (i + 1) % 4]] for i in range(4)]), axis=1)
        assert set(np.unique(edges, axis=0, return_counts=True)[1]) == {2}, "an edge without two faces"
        assert volume(vertices, quads) > 0.0
        assert np.isfinite(vertices).all()
    assert 10_000 <= len(model.vertices) + len(model.eyes[0]) <= 30_000
    assert 0.0 <= animal.skin[:, 2].min() < 1e-5  # metres
    lightest, heaviest = BODY_MASS[model.plan.species]
    assert lightest <= 1000.0 * volume(animal.skin, animal.quads) <= heaviest


def test_every_species_has_a_known_body_mass() -> None:
    assert set(BUILT_IN) <= set(BODY_MASS)


def test_it_is_closed_light_standing_and_as_heavy_as_its_kind(animal: Individual) -> None:
    assert_whole(animal)


def test_the_skin_faces_outwards_everywhere(animal: Individual) -> None:
    """A step along the normal leaves the body: a fold or a turned patch would enter it."""
    normals = vertex_normals(animal.skin, animal.quads)
    outside = animal.skin + 0.02 * animal.model.plan.scale * normals
    inside = animal.skin - 0.02 * animal.model.plan.scale * normals
    values = []
    for points in (outside, inside):
        folded = np.column_stack([np.abs(points[:, 0]), points[:, 1:]])
        values.append(field(animal.model.plan, animal.model.surface.sweeps, folded))
    assert (values[0] > values[1]).mean() > 0.995


def test_the_skin_is_symmetric(animal: Individual) -> None:
    mirrored = animal.skin * np.array([-1.0, 1.0, 1.0])
    rounded = {tuple(row) for row in np.round(animal.skin, 5).tolist()}
    shifts = np.array([[dx, dy, dz] for dx in (0, 1) for dy in (0, 1) for dz in (0, 1)])
    found = np.zeros(len(mirrored), bool)
    for shift in shifts:  # a coordinate may round either way
        key = (np.floor(mirrored * 1e5) + shift) / 1e5
        found |= np.array([tuple(row) in rounded for row in np.round(key, 5).tolist()])
    assert found.mean() > 0.99


def test_few_bones_move_each_vertex_and_each_bone_moves_some(animal: Individual) -> None:
    weights = animal.model.weights
    assert np.allclose(weights.sum(axis=1), 1.0)
    assert weights.min() >= 0.0
    assert (weights > 0.0).sum(axis=1).max() <= LIMIT
    for column, bone in enumerate(animal.bones):
        # Short bones of thick parts share their skin with their neighbours, but none moves nothing.
        assert weights[:, column].max() > 0.2, f"no skin follows {bone}"


def test_no_leg_follows_the_other_legs_bones(animal: Individual) -> None:
    plan = animal.model.plan
    right = tuple(bone for bone in animal.bones if bone.endswith(".R"))
    free_left = (animal.skin[:, 0] > 0.0) & (animal.skin[:, 2] < 0.7 * plan.leg_line)
    assert animal.follows(*right)[free_left].max() < 0.02
    front = tuple(b for b in animal.bones if b.startswith(("forearm", "front_")))
    hind = tuple(b for b in animal.bones if b.startswith(("shin", "hind_")))
    assert np.minimum(animal.follows(*front), animal.follows(*hind)).max() < 0.02


def test_all_four_feet_are_on_the_ground(animal: Individual) -> None:
    height = animal.model.plan.factors["withers_height"]
    for foot in ("front_hoof", "hind_hoof"):
        for side in (".L", ".R"):
            sole = animal.skin[animal.follows(f"{foot}{side}") > 0.5]
            assert sole[:, 2].min() < 0.004 * height
            flat = sole[sole[:, 2] < 0.004 * height]
            assert np.ptp(flat[:, 1]) > 0.02 * height, f"{foot}{side} stands on a point"


def test_joints_lie_inside_the_skin(animal: Individual) -> None:
    plan = animal.model.plan
    names = [name for name in plan.joints if name not in EXTREMITIES]
    values = field(plan, animal.model.surface.sweeps, np.array([plan.joints[name] for name in names]))
    outside = {name: round(float(v), 4) for name, v in zip(names, values, strict=True) if v > 0.0}
    assert not outside


def test_legs_stand_apart(animal: Individual) -> None:
    """Below the carpus and the hock there is air between left and right."""
    plan = animal.model.plan
    for cannon, foot in (("front_cannon", "front_pastern"), ("hind_cannon", "hind_pastern")):
        leg = animal.skin[animal.follows(f"{cannon}.L", f"{foot}.L") > 0.9]
        assert leg[:, 0].min() > 0.01 * plan.factors["withers_height"], f"{cannon} touches the other side"


def test_kinds_occur_as_often_as_described_and_in_their_sizes() -> None:
    count = 60
    for name in BUILT_IN:
        species = load_species(name)
        if not species.kinds:
            continue
        plans = [body_plan(species, individual) for individual in range(count)]
        found = Counter(plan.kind for plan in plans)
        total = sum(kind.share for kind in species.kinds)
        for kind in species.kinds:
            expected = kind.share / total
            spread = 4.0 * np.sqrt(expected * (1.0 - expected) / count)
            assert abs(found[kind.kind] / count - expected) < spread, f"{name}: {kind.kind}"
        ranges = {kind.kind: kind.withers_height for kind in species.kinds}
        for plan in plans:
            low, high = ranges[plan.kind]
            assert low <= plan.factors["withers_height"] <= high


def test_individuals_differ() -> None:
    for name in BUILT_IN:
        species = load_species(name)
        plans = [body_plan(species, individual) for individual in range(10)]
        varied = [key for key in plans[0].factors if len({plan.factors[key] for plan in plans}) > 5]
        assert {"withers_height", "trunk_length", "limb_thickness", "head_length"} <= set(varied), name


@pytest.mark.slow
@pytest.mark.parametrize("species", BUILT_IN)
def test_ten_individuals_of_each_species_are_whole(species: str) -> None:
    for individual in range(1, 10):
        assert_whole(built(species, individual))
