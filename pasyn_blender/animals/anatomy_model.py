"""One individual as arrays: skin, pieces, bones, weights and coat, before Blender sees it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from .attachments import Piece, eye_centre, eye_radius, eyeball, tubes
from .coats import Coat, coat_of, joined, load_coat, piece_coat
from .ears import ear_ends, ears
from .fur import fur
from .hair import mane, tail_hair
from .mesh_graph import Neighbours, unique_edges
from .model_cache import cached_model
from .proportions import body_plan
from .shape import BodySurface, body_surface
from .skeleton import Bone, bones_of
from .skinning import limited, skin_weights
from .species import BodyPlan, load_species
from .sweep import FloatArray, IntArray, components

SKIN_VERTICES = 18_000
"""About how many vertices the skin of a built animal has."""
_SPREAD: Final = 40
_TOGETHER: Final = 128
"""Queries for the nearest point that are answered together, and one of how many points is asked first."""


@dataclass(frozen=True)
class AnimalModel:
    """Everything that is built into a scene, but the motions.

    Attributes
    ----------
    plan
        The individual's measurements.
    surface
        Skin of the body: the first vertices of ``vertices``.
    bones
        Parents before children.
    vertices
        (V, 3) skin, ears, mane and tuft.
    quads
        (Q, 4) faces.
    weights
        (V, B) skin weights.
    coat
        Colours and hair of every vertex.
    eyes
        Vertices (E, 3) and faces (F, 4) of both eyeballs; the left one first.
    """

    plan: BodyPlan
    surface: BodySurface
    bones: tuple[Bone, ...]
    vertices: FloatArray
    quads: IntArray
    weights: FloatArray
    coat: Coat
    eyes: tuple[FloatArray, IntArray]


def animal_model(species: str, individual: int, coat: str | None = None) -> AnimalModel:
    """Model of one individual; the same arguments give the same bytes.

    Parameters
    ----------
    species, individual
        Which animal.
    coat
        Kind of its coat; by default the one its seed draws.

    Raises
    ------
    RigError
        If the species is not built in, has no such coat, or its description is malformed.
    """
    return _model(
        species, individual, coat
    )  # one way to call it: what is called otherwise is not known again


@lru_cache(maxsize=2)
@cached_model(SKIN_VERTICES)
def _model(species: str, individual: int, coat: str | None = None) -> AnimalModel:
    plan = body_plan(load_species(species), individual)
    surface = body_surface(plan, SKIN_VERTICES)
    bones = bones_of(plan, ear_ends(plan))
    names = tuple(bone.name for bone in bones)
    neighbours = Neighbours(unique_edges(surface.quads))
    weights = skin_weights(plan, surface.sweeps, surface.vertices, neighbours, names)
    coats = [coat_of(load_coat(species), plan, surface, neighbours, coat)]

    parts = [surface.vertices]
    faces, rows = [surface.quads], [weights]
    for piece in (*ears(plan), *mane(plan, surface), *tail_hair(plan), *tubes(plan), *fur(plan, surface)):
        nearest = _nearest(surface.vertices, piece.roots)
        faces.append(piece.quads + sum(len(block) for block in parts))
        parts.append(piece.vertices)
        rows.append(_piece_weights(piece, names, weights, nearest))
        coats.append(piece_coat(coats[0], piece, nearest))

    left, quads = eyeball(eye_centre(plan), eye_radius(plan))
    right = left * np.array([-1.0, 1.0, 1.0])
    eyes = np.concatenate([left, right]), np.concatenate([quads, quads[:, ::-1] + len(left)])
    return AnimalModel(
        plan=plan,
        surface=surface,
        bones=bones,
        vertices=np.concatenate(parts),
        quads=np.concatenate(faces),
        weights=np.concatenate(rows),
        coat=joined(coats),
        eyes=eyes,
    )


def _nearest(points: FloatArray, queries: FloatArray) -> IntArray:
    """(Q,) index of the nearest point to each query."""
    places, back = np.unique(queries, axis=0, return_inverse=True)
    squares = (points**2).sum(axis=1)
    few = points[::_SPREAD]
    found = np.empty(len(places), dtype=np.int64)
    order = np.argsort(places[:, 1], kind="stable")
    for start in range(0, len(order), _TOGETHER):
        # Neighbours along the body: none of them is farther from the skin than from these few of its points.
        rows = order[start : start + _TOGETHER]
        some = places[rows]
        gaps = (some**2).sum(axis=1)[:, None] + squares[::_SPREAD] - 2.0 * components(some, few)
        reach = 1e-3 + np.sqrt(np.maximum(gaps.min(axis=1).max(), 0.0))
        low, high = some.min(axis=0) - reach, some.max(axis=0) + reach
        near = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
        found[rows] = near[(squares[near] - 2.0 * components(some, points[near])).argmin(axis=1)]
    nearest: IntArray = found[back.ravel()]
    return nearest


def _piece_weights(piece: Piece, names: tuple[str, ...], skin: FloatArray, nearest: IntArray) -> FloatArray:
    weights: FloatArray = skin[nearest] * (1.0 - piece.carried[:, None])
    if piece.bone is not None:
        weights[:, names.index(piece.bone)] += piece.carried
    return limited(weights)
