"""Tufts of fur that break an animal's outline: ruff, breeches, feathers of legs and belly, brush."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ..errors import RigError
from .attachments import Piece
from .coat_places import Places, places_of
from .coat_regions import REGIONS
from .locks import Locks
from .shape import BodySurface
from .species import BodyPlan, individual_stream
from .sweep import FloatArray, IntArray

KEYS: Final = frozenset({"where", "size", "count", "length", "width", "lift", "droop"})
"""What is said of each group of tufts: regions of the coat and their size; how many tufts; lowest and highest
length and half breadth, table units; how far they stand off the skin and how far they hang, 0 to 1."""

_PURPOSE: Final = 8
_PLACES: Final = 3
# Share of a tuft to its breadth there, and to its thickness in breadths.
_SHARE: Final = np.linspace(0.0, 1.0, _PLACES)
_BREADTH: Final = np.array([0.80, 1.0, 0.10])
_THICKNESS: Final = np.array([0.45, 0.40, 0.20])
_SUNK: Final = 0.35
"""How deep a tuft's root lies under the skin, in half breadths."""
_SHADE: Final = 0.08
"""How much darker roots are than ends: tufts lie in hair of their colour."""
_NOSE: Final = 0.93
"""Head lengths from the poll at which the nose begins."""
_DOWN: Final = np.array([0.0, 0.0, -1.0])


def fur(plan: BodyPlan, surface: BodySurface) -> tuple[Piece, ...]:
    """Tufts of an individual's fur; none where its species or kind has none.

    Parameters
    ----------
    plan
        The individual.
    surface
        Its skin, which moves the tufts and gives them its colours.

    Returns
    -------
    tuple
        One piece, or none.

    Raises
    ------
    RigError
        If the description has other keys than :data:`KEYS`, or names an unknown region.
    """
    groups: Mapping[str, Any] = plan.parts.get("fur") or {}
    if not groups:
        return ()
    random = individual_stream(plan.individual, _PURPOSE)
    places = places_of(plan, surface)
    flow = _flow(places, surface)
    area = _areas(surface)
    made = [
        _tufts(plan, surface, places, flow, area, random, given)
        for name, given in groups.items()
        if _checked(plan, name, given)
    ]
    if not made:
        return ()
    joined = Locks(
        **{
            key: np.concatenate([getattr(group, key) for group in made])
            for key in ("paths", "faces", "roots", "width", "thickness", "tone")
        }
    )
    return (joined.piece("fur", None, np.zeros(joined.width.shape), _SHADE),)


def _checked(plan: BodyPlan, name: str, given: Mapping[str, Any]) -> bool:
    if set(given) != KEYS:
        raise RigError(
            f"{plan.species}.yaml: fur.{name}: expected keys {sorted(KEYS)}, found {sorted(given)}"
        )
    lost = sorted(set(given["where"]) - set(REGIONS))
    if lost:
        raise RigError(f"{plan.species}.yaml: fur.{name}: where: {lost[0]!r} is no region of a coat")
    return int(given["count"]) > 0


def _tufts(
    plan: BodyPlan,
    surface: BodySurface,
    places: Places,
    flow: FloatArray,
    area: FloatArray,
    random: np.random.Generator,
    given: Mapping[str, Any],
) -> Locks:
    within = np.maximum.reduce([REGIONS[name](places, float(given["size"])) for name in given["where"]])
    # Nothing grows on the nose.
    haired = (within > 0.0) & ((places.shares["head"] < 0.5) | (places.head[:, 1] < _NOSE))
    # The left half, and its mirror image: what is found on the body stays symmetric.
    haired &= surface.vertices[:, 0] > 0.0
    at = _scattered(surface.vertices, np.where(haired, area, 0.0), int(given["count"]) // 2, random)
    count, s = len(at), plan.scale
    long = _drawn(given["length"], count, random) * s
    wide = _drawn(given["width"], count, random) * s
    # Tufts at the border of a region are short: fur grows longer gradually.
    long = long * (0.45 + 0.55 * np.clip(within[at] / 0.04, 0.0, 1.0))
    out = places.normals[at]
    way = flow[at] + random.normal(0.0, 0.16, (count, 3))
    lift, droop = float(given["lift"]), float(given["droop"])
    paths = [surface.vertices[at] - (_SUNK * wide)[:, None] * out]
    for share in _SHARE[1:]:
        heading = _unit((1.0 - lift) * way + lift * (1.2 - share) * out + droop * (0.4 + 1.2 * share) * _DOWN)
        # Hair does not grow back into the body.
        inwards = np.minimum((heading * out).sum(axis=1, keepdims=True), 0.0)
        heading = _unit(heading - inwards * out)
        paths.append(paths[-1] + (long / (_PLACES - 1))[:, None] * heading)
    shape = (count, _PLACES, 3)
    width = np.tile(wide[:, None] * _BREADTH, (2, 1))
    return Locks(
        paths=_both_sides(np.stack(paths, axis=1)),
        faces=_both_sides(np.broadcast_to(out[:, None], shape)),
        roots=_both_sides(np.broadcast_to(surface.vertices[at][:, None], shape)),
        width=width,
        thickness=width * _THICKNESS,
        tone=random.normal(0.06, 0.06, 2 * count),
    )


def _both_sides(left: FloatArray) -> FloatArray:
    """(2 N, R, 3) of the left half and of the right."""
    return np.concatenate([left, left * np.array([-1.0, 1.0, 1.0])])


def _drawn(bounds: Sequence[float], count: int, random: np.random.Generator) -> FloatArray:
    return random.uniform(float(bounds[0]), float(bounds[1]), count)


def _scattered(points: FloatArray, weight: FloatArray, count: int, random: np.random.Generator) -> IntArray:
    """(N,) at most so many vertices, spread over where the weight is: none stands close to another."""
    total = float(weight.sum())
    candidates: IntArray = np.flatnonzero(weight > 0.0)
    if not len(candidates) or count < 1:
        return candidates[:0]
    spacing = 0.75 * np.sqrt(total / count)
    order = random.permutation(candidates)
    kept = np.empty((count, 3))
    chosen: list[int] = []
    for index in order.tolist():
        gaps = ((kept[: len(chosen)] - points[index]) ** 2).sum(axis=1)
        if not len(chosen) or gaps.min() > spacing**2:
            kept[len(chosen)] = points[index]
            chosen.append(index)
            if len(chosen) == count:
                break
    return np.array(chosen, dtype=np.int64)


def _flow(places: Places, surface: BodySurface) -> FloatArray:
    """(V, 3) way in which the hair lies: backwards on the trunk, down the legs, along the tail."""
    tail = next(part for part in surface.sweeps if part.name == "tail")
    along = np.gradient(tail.points, axis=0)
    at = places.tail * (len(along) - 1)
    tangent = np.column_stack([np.interp(at, np.arange(len(along)), along[:, c]) for c in range(3)])
    shares = places.shares
    way = shares["torso"][:, None] * np.array([0.0, 0.90, -0.43])
    way = way + (shares["foreleg"] + shares["hindleg"])[:, None] * np.array([0.0, 0.50, -0.86])
    way = way + shares["neck"][:, None] * np.array([0.0, 0.62, -0.78])
    way = way + shares["head"][:, None] * np.array([0.0, 0.72, -0.50])
    way = way + shares["tail"][:, None] * _unit(tangent)
    # Along the skin.
    way = way - (way * places.normals).sum(axis=1, keepdims=True) * places.normals
    return _unit(way)


def _areas(surface: BodySurface) -> FloatArray:
    """(V,) a quarter of the faces round each vertex, square metres."""
    a, b, c, d = (surface.vertices[surface.quads[:, i]] for i in range(4))
    face = 0.5 * np.linalg.norm(np.cross(c - a, d - b), axis=1)
    area = np.zeros(len(surface.vertices))
    np.add.at(area, surface.quads.ravel(), np.repeat(0.25 * face, 4))
    return area


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return unit
