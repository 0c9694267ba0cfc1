"""Fleece: wool that covers trunk, neck and upper legs, and hides the shape under it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..errors import RigError
from .species import BodyPlan, individual_stream
from .sweep import FloatArray, IntArray, components

KEYS: Final = frozenset({"depth", "lumps", "size", "bare_below", "face"})
_LATTICE: Final = 16
"""Random values a side of the block that the fleece's unevenness repeats; a body is a few blocks long."""
_PURPOSE: Final = 6
_SOFT: Final = 0.02
"""Distance over which neighbouring parts share a point, in lengths of the tables."""
_EDGE: Final = 0.20
"""Distance over which a fleece grows thinner towards its end on a leg, in lengths of the tables."""
_ON_HEAD: Final = 0.40
"""Thickness on the head as a share of that on the trunk."""
_ASKEW: Final = np.array([[0.48, 0.60, 0.64], [-0.80, 0.60, 0.0], [-0.36, -0.48, 0.80]])
"""Axes of the lattice: none along the body, so that no row of locks shows."""


@dataclass(frozen=True)
class Wool:
    """An individual's fleece.

    Attributes
    ----------
    depth
        Thickness, metres.
    lumps
        How far locks stand out of it, metres.
    size
        Breadth of a lock, metres.
    bare_below
        Heights on fore and hind legs where it ends, metres.
    face
        Share of the head, from the poll, that it covers.
    unevenness
        (N, N, N, 3) random unit slopes.
    """

    depth: float
    lumps: float
    size: float
    bare_below: tuple[float, float]
    face: float
    unevenness: FloatArray

    @staticmethod
    def of(plan: BodyPlan) -> Wool | None:
        """The fleece of an individual; none where its species or kind has none.

        Raises
        ------
        RigError
            If the description has other keys than :data:`KEYS`.
        """
        given: Mapping[str, Any] | None = plan.parts.get("wool")
        if given is None:
            return None
        if set(given) != KEYS:
            raise RigError(f"{plan.species}.yaml: wool: expected keys {sorted(KEYS)}, found {sorted(given)}")
        s = plan.scale
        slopes = individual_stream(plan.individual, _PURPOSE).normal(size=(_LATTICE, _LATTICE, _LATTICE, 3))
        depth = float(given["depth"]) * s * plan.factors["wool_depth"]
        front, hind = (float(z) * s * plan.factors["leg_length"] for z in given["bare_below"])
        return Wool(
            depth=depth,
            lumps=float(given["lumps"]) * s,
            size=float(given["size"]) * s,
            bare_below=(front, hind),
            face=float(given["face"]),
            unevenness=slopes / np.linalg.norm(slopes, axis=-1, keepdims=True),
        )

    @property
    def reach(self) -> float:
        """How far from the skin it may end, metres."""
        return self.depth + 3.0 * self.lumps

    def outline(self, points: FloatArray) -> FloatArray:
        """(P,) metres by which the fleece stands off the skin at places that it covers wholly."""
        # Locks are round and part along creases: the folds of a noise that has been made positive.
        locks = np.abs(self._noise(points / self.size))
        tufts = np.abs(self._noise(points / (0.5 * self.size) + 7.3))
        height: FloatArray = self.depth + self.lumps * (3.2 * locks + 1.2 * tufts - 1.0)
        return height

    def _noise(self, points: FloatArray) -> FloatArray:
        """(P,) smooth noise, about -0.7 to 0.7 (Perlin 1985, with a slope at each corner of a lattice)."""
        points = components(points, _ASKEW)
        whole = np.floor(points)
        part = points - whole
        near = part * part * (3.0 - 2.0 * part)
        corner = whole.astype(np.int64) % _LATTICE
        beyond = (corner + 1) % _LATTICE
        total = np.zeros(len(points))
        for number in range(8):
            upper = [(number >> axis) & 1 for axis in range(3)]
            index = tuple((beyond if up else corner)[:, axis] for axis, up in enumerate(upper))
            share = np.prod([near[:, k] if up else 1.0 - near[:, k] for k, up in enumerate(upper)], axis=0)
            total += share * (self.unevenness[index] * (part - upper)).sum(axis=1)
        return total


class Fleece:
    """Gathers how near each point is to woolly and to bare parts of the body, part by part."""

    def __init__(self, plan: BodyPlan, wool: Wool, points: FloatArray) -> None:
        self._wool, self._plan, self._points = wool, plan, points
        self._all, self._woolly = np.zeros(len(points)), np.zeros(len(points))

    def add(self, part: str, rows: IntArray, distance: FloatArray) -> None:
        """Take account of a sweep whose surface is at these distances from these rows of the points."""
        nearness = np.exp(-np.clip(distance / (_SOFT * self._plan.scale), -30.0, 30.0))
        self._all[rows] += nearness
        self._woolly[rows] += nearness * self._cover(part, self._points[rows])

    def _cover(self, part: str, points: FloatArray) -> FloatArray:
        edge = _EDGE * self._plan.scale
        if part in ("head", "neck"):
            poll, lips = self._plan.head_axis
            y, z = ((points[:, 1:] - poll) / np.linalg.norm(lips - poll)).T
            if part == "neck":
                return _ON_HEAD + (1.0 - _ON_HEAD) * _ramp((np.sqrt(y * y + z * z) - 0.25) / 0.60)
            ahead = (lips - poll) / np.linalg.norm(lips - poll)
            return _ON_HEAD * _ramp((self._wool.face - (y * ahead[0] + z * ahead[1])) / 0.22 + 0.5)
        if part in ("foreleg", "hindleg"):
            return _ramp((points[:, 2] - self._wool.bare_below[part == "hindleg"]) / edge)
        return np.full(len(points), 0.0 if part.endswith("hoof") else 1.0)

    def depth(self) -> FloatArray:
        """(P,) metres by which the wool stands off the skin."""
        depth = np.zeros(len(self._points))
        rows = np.flatnonzero(self._woolly > 1e-3 * self._all)
        share = self._woolly[rows] / np.maximum(self._all[rows], 1e-300)
        depth[rows] = share * self._wool.outline(self._points[rows])
        return depth


def _ramp(t: FloatArray) -> FloatArray:
    clipped = np.clip(t, 0.0, 1.0)
    smooth: FloatArray = clipped * clipped * (3.0 - 2.0 * clipped)
    return smooth
