"""The zebra as arrays: closed, light enough, skinned, and the same whenever it is made."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.animals import anatomy_model
from pasyn_blender.animals.anatomy_model import SKIN_VERTICES, AnimalModel, animal_model
from pasyn_blender.animals.coats import shown
from pasyn_blender.animals.proportions import body_plan
from pasyn_blender.animals.shape import body_surface
from pasyn_blender.animals.skeleton import CANONICAL_BONES
from pasyn_blender.animals.skinning import LIMIT
from pasyn_blender.animals.species import load_species
from pasyn_blender.animals.surface_nets import surface_nets, without_pinches
from pasyn_blender.errors import RigError


@pytest.fixture(scope="module")
def zebra() -> AnimalModel:
    return animal_model("zebra", 0)


def edge_counts(quads: np.ndarray) -> np.ndarray:
    edges = np.sort(np.concatenate([quads[:, [i, (i + 1) % 4]] for i in range(4)]), axis=1)
    return np.unique(edges, axis=0, return_counts=True)[1]


def test_same_individual_has_the_same_bytes(zebra: AnimalModel) -> None:
    anatomy_model._model.cache_clear()
    again = animal_model("zebra", 0)
    assert again is not zebra
    for name in ("vertices", "quads", "weights"):
        assert getattr(again, name).tobytes() == getattr(zebra, name).tobytes(), name
    for name in ("light", "dark", "pattern", "skin", "wool", "strands"):
        assert getattr(again.coat, name).tobytes() == getattr(zebra.coat, name).tobytes(), name


def test_individuals_differ_in_shape_and_coat(zebra: AnimalModel) -> None:
    other = animal_model("zebra", 1)
    assert other.plan.factors != zebra.plan.factors
    assert (
        other.vertices.shape != zebra.vertices.shape or np.abs(other.vertices - zebra.vertices).max() > 0.005
    )
    # Stripes lie elsewhere: compare the flank at the same places.
    flank = np.array([[0.25, y, 1.0] for y in np.linspace(-0.2, 0.3, 60)])
    black = [
        shown(m.coat)[((m.vertices[None] - flank[:, None]) ** 2).sum(axis=2).argmin(axis=1)] > 0.5
        for m in (zebra, other)
    ]
    assert np.mean(black[0] != black[1]) > 0.1
    assert all(0.3 < b.mean() < 0.8 for b in black)


@pytest.mark.parametrize("individual", [0, 4, 9])
def test_every_edge_of_the_skin_has_two_faces(individual: int) -> None:
    surface = body_surface(body_plan(load_species("zebra"), individual), SKIN_VERTICES)
    assert set(edge_counts(surface.quads)) == {2}


def test_ears_mane_tuft_and_eyes_are_closed_too(zebra: AnimalModel) -> None:
    assert set(edge_counts(zebra.quads)) == {2}
    assert set(edge_counts(zebra.eyes[1])) == {2}


def test_faces_look_outwards(zebra: AnimalModel) -> None:
    for vertices, quads in ((zebra.vertices, zebra.quads), zebra.eyes):
        a, b, c, d = (vertices[quads[:, i]] for i in range(4))
        volume = ((np.cross(b, c) * a).sum() + (np.cross(c, d) * a).sum()) / 6.0
        assert volume > 0.0


def test_it_weighs_what_a_zebra_weighs(zebra: AnimalModel) -> None:
    """175-340 kg at about the density of water."""
    a, b, c, d = (zebra.surface.vertices[zebra.surface.quads[:, i]] for i in range(4))
    volume = ((np.cross(b, c) * a).sum() + (np.cross(c, d) * a).sum()) / 6.0
    assert 0.175 < volume < 0.34


def test_mesh_stays_small_and_whole(zebra: AnimalModel) -> None:
    assert 10_000 < len(zebra.vertices) < 30_000
    assert zebra.quads.max() == len(zebra.vertices) - 1
    assert 0.0 <= zebra.vertices[:, 2].min() < 1e-6
    assert np.isfinite(zebra.vertices).all()


def test_weights_are_normal_and_few(zebra: AnimalModel) -> None:
    assert np.allclose(zebra.weights.sum(axis=1), 1.0)
    assert zebra.weights.min() >= 0.0
    assert (zebra.weights > 0.0).sum(axis=1).max() <= LIMIT


def test_left_skin_follows_left_bones(zebra: AnimalModel) -> None:
    names = [bone.name for bone in zebra.bones]
    right = [i for i, name in enumerate(names) if name.endswith(".R")]
    far_left = zebra.vertices[:, 0] > 0.05
    assert zebra.weights[far_left][:, right].max() < 0.05
    for i, name in enumerate(names):
        assert zebra.weights[:, i].max() > 0.4, f"no skin follows {name}"


def test_every_canonical_joint_has_a_bone(zebra: AnimalModel) -> None:
    assert set(CANONICAL_BONES) == set(JOINTS)
    assert set(CANONICAL_BONES.values()) <= {bone.name for bone in zebra.bones}


def test_proportions_stay_in_the_species_ranges() -> None:
    species = load_species("zebra")
    for individual in range(40):
        plan = body_plan(species, individual)
        for key, value in plan.factors.items():
            low, high = species.withers_height if key == "withers_height" else species.ranges[key]
            assert low <= value <= high
        assert plan.stations["torso"][:, 1].max() == pytest.approx(plan.factors["withers_height"])


def test_extreme_proportions_stay_closed() -> None:
    """Where all ranges end, the body must still be one piece."""
    species = load_species("zebra")
    for end in (0, 1):
        pinned = {key: (bounds[end], bounds[end]) for key, bounds in species.ranges.items()}
        plan = body_plan(dataclasses.replace(species, ranges=pinned), 0)
        surface = body_surface(plan, 8_000)
        assert set(edge_counts(surface.quads)) == {2}
        # one piece: everything is reached from the first vertex
        edges = np.concatenate([surface.quads[:, [i, (i + 1) % 4]] for i in range(4)])
        label = np.arange(len(surface.vertices))
        for _ in range(400):
            low = np.minimum(label[edges[:, 0]], label[edges[:, 1]])
            before = label.copy()
            np.minimum.at(label, edges[:, 0], low)
            np.minimum.at(label, edges[:, 1], low)
            if (label == before).all():
                break
        assert label.max() == 0


def test_pinched_fields_are_closed() -> None:
    """Two cubes that touch along an edge: four quads would share it."""
    field = np.ones((6, 6, 5))
    field[1:3, 1:3, 1:4] = -1.0
    field[3:5, 3:5, 1:4] = -1.0
    axes = tuple(np.arange(n, dtype=float) for n in field.shape)
    _, pinched = surface_nets(field, axes)
    assert set(edge_counts(pinched)) != {2}
    _, closed = surface_nets(without_pinches(field), axes)
    assert set(edge_counts(closed)) == {2}


@pytest.mark.parametrize(("species", "individual"), [("unicorn", 0), ("../zebra", 0), ("zebra", -1)])
def test_wrong_animals_are_refused(species: str, individual: int) -> None:
    with pytest.raises(RigError):
        animal_model(species, individual)
