"""Bodies of elliptical cross-sections along curves, as signed distance fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def components(points: FloatArray, axes: FloatArray) -> FloatArray:
    """(P, S) scalar products of (P, 3) points with (S, 3) axes.

    Written out, because a threaded matrix product may round differently from machine to machine, and the
    animal has to come out the same on all of them.
    """
    first: FloatArray = points[:, :1] * axes[:, 0]
    second: FloatArray = points[:, 1:2] * axes[:, 1]
    third: FloatArray = points[:, 2:] * axes[:, 2]
    total: FloatArray = np.add(np.add(first, second), third)
    return total


def spline(stations: FloatArray, count: int) -> FloatArray:
    """Catmull-Rom curve through table rows, parametrised by chord length.

    Parameters
    ----------
    stations
        (N, C) rows; the first three columns are a position.
    count
        Number of samples.

    Returns
    -------
    ndarray
        (count, C) rows, the first and last being those of the table.
    """
    chord = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(stations[:, :3], axis=0), axis=1))])
    slopes = np.gradient(stations, chord, axis=0)
    at = np.linspace(0.0, chord[-1], count)
    index = np.clip(np.searchsorted(chord, at, side="right") - 1, 0, len(chord) - 2)
    span = (chord[index + 1] - chord[index])[:, None]
    t = ((at - chord[index]) / span[:, 0])[:, None]
    rows: FloatArray = (
        (2 * t**3 - 3 * t**2 + 1) * stations[index]
        + (t**3 - 2 * t**2 + t) * span * slopes[index]
        + (3 * t**2 - 2 * t**3) * stations[index + 1]
        + (t**3 - t**2) * span * slopes[index + 1]
    )
    return rows


_AT_ONCE: Final = 1024
"""Points that are located together: their distances to a whole curve stay in the processor's cache."""


@dataclass(frozen=True)
class Sweep:
    """A curve with an ellipse at each point whose front and back halves differ.

    The cross-section lies in the plane of the lateral axis X and of ``tangent x X``, called side A: dorsal
    for curves that run forward, the front for curves that run down.

    Attributes
    ----------
    name
        Part of the body.
    points
        (N, 3) curve.
    extents
        (N, 3) extent to side A, to the opposite side, and half width.
    caps
        Length of the rounded ends before the first and after the last point.
    blend
        Radius of the smooth union with what was built before.
    """

    name: str
    points: FloatArray
    extents: FloatArray
    caps: tuple[float, float]
    blend: float

    @staticmethod
    def through(
        name: str, stations: FloatArray, caps: tuple[float, float], blend: float, count: int = 40
    ) -> Sweep:
        """Sweep through (N, 6) stations: x, y, z, extent A, extent B, half width."""
        rows = spline(stations, count)
        return Sweep(name, rows[:, :3], rows[:, 3:], caps, blend)

    @property
    def reach(self) -> tuple[FloatArray, FloatArray]:
        """Corners of a box holding the sweep and the space its blending touches."""
        margin = np.maximum(self.extents.max(axis=1, keepdims=True), max(self.caps))
        pad = self.blend + 0.03
        # A trunk wider than deep is cut off by a coarse grid unless its sides get more room.
        half = float(self.extents[:, 2].max()) if self.name == "torso" else 0.0
        side = max(1.2 * half - float(margin.max()), 0.0)
        room = pad + np.array([side, 0.0, 0.0])
        return (self.points - margin).min(axis=0) - room, (self.points + margin).max(axis=0) + room

    def locate(self, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Nearest place on the curve.

        Parameters
        ----------
        points
            (P, 3) positions.

        Returns
        -------
        tuple
            (P,) curve parameter in samples (fractional), (P,) length beyond the ends (negative before the
            start), (P, 2) lateral and side-A offset.
        """
        if len(points) <= _AT_ONCE:
            return self._locate(points)
        parts = [self._locate(points[first : first + _AT_ONCE]) for first in range(0, len(points), _AT_ONCE)]
        parameters, beyond, flat = zip(*parts, strict=True)
        return np.concatenate(parameters), np.concatenate(beyond), np.concatenate(flat)

    def _locate(self, points: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        starts, ends = self.points[:-1], self.points[1:]
        axis = ends - starts
        squares = (axis**2).sum(axis=1)
        # |p - s - t a|^2 expanded, so that only (P, S) arrays appear
        along = (components(points, axis) - (starts * axis).sum(axis=1)) / squares
        clipped = np.clip(along, 0.0, 1.0)
        gap = (
            (points**2).sum(axis=1)[:, None]
            - 2.0 * components(points, starts)
            + (starts**2).sum(axis=1)
            - 2.0 * clipped * along * squares
            + clipped**2 * squares
        )
        nearest = gap.argmin(axis=1)
        raw = along[np.arange(len(points)), nearest]
        length = np.sqrt(squares)[nearest]
        last = len(axis) - 1
        before, after = (nearest == 0) & (raw < 0.0), (nearest == last) & (raw > 1.0)
        beyond = np.where(before, raw * length, np.where(after, (raw - 1.0) * length, 0.0))
        tangents = self._tangents()
        nearest, t = self._between_planes(points, nearest, tangents)
        t = np.where(before, 0.0, np.where(after, 1.0, t))
        tangent = tangents[nearest] * (1.0 - t[:, None]) + tangents[nearest + 1] * t[:, None]
        side = np.cross(tangent, np.array([1.0, 0.0, 0.0]))
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        lateral = np.cross(side, tangent)
        lateral /= np.linalg.norm(lateral, axis=1, keepdims=True)
        offset = points - (starts[nearest] + t[:, None] * axis[nearest])
        flat = np.column_stack([(offset * lateral).sum(axis=1), (offset * side).sum(axis=1)])
        return nearest + t, beyond, flat

    def _between_planes(
        self, points: FloatArray, nearest: IntArray, tangents: FloatArray
    ) -> tuple[IntArray, FloatArray]:
        """Between which two planes across the curve points lie: the first, and (P,) shares from 0 to 1.

        The nearest place on a chain of straight pieces stays at a corner for a whole wedge of points, and
        jumps from piece to piece on the inner side of a bend: skin made from it has ripples. Planes across
        the curve turn evenly.
        """

        def heights(rows: IntArray | slice, at: IntArray) -> tuple[FloatArray, FloatArray]:
            above = points[rows] - self.points[at]
            below = points[rows] - self.points[at + 1]
            return (above * tangents[at]).sum(axis=1), (below * tangents[at + 1]).sum(axis=1)

        first, second = heights(slice(None), nearest)
        step = np.where(first < 0.0, -1, np.where(second > 0.0, 1, 0))
        piece = np.clip(nearest + step, 0, len(self.points) - 2)
        moved = np.flatnonzero(piece != nearest)
        first[moved], second[moved] = heights(moved, piece[moved])
        between = first - second
        # Beyond the centre of a bend planes come in the wrong order; such points are deep inside.
        ordered = between > 1e-9
        share = np.where(ordered, first / np.where(ordered, between, 1.0), np.where(first > 0.0, 1.0, 0.0))
        return piece, np.clip(share, 0.0, 1.0)

    def _tangents(self) -> FloatArray:
        tangents = np.gradient(self.points, axis=0)
        unit: FloatArray = tangents / np.linalg.norm(tangents, axis=1, keepdims=True)
        return unit

    def distance(self, points: FloatArray) -> FloatArray:
        """(P,) signed distance to first order, negative inside."""
        parameter, beyond, flat = self.locate(points)
        index = np.minimum(parameter.astype(int), len(self.points) - 2)
        t = (parameter - index)[:, None]
        extents = self.extents[index] * (1.0 - t) + self.extents[index + 1] * t
        side = np.where(flat[:, 1] >= 0.0, extents[:, 0], extents[:, 1])
        cap = np.where(beyond < 0.0, max(self.caps[0], 1e-4), max(self.caps[1], 1e-4))
        scaled = np.column_stack([flat[:, 0] / extents[:, 2], flat[:, 1] / side, beyond / cap])
        gradient = np.column_stack([scaled[:, 0] / extents[:, 2], scaled[:, 1] / side, scaled[:, 2] / cap])
        k0 = np.sqrt((scaled**2).sum(axis=1))
        k1 = np.sqrt((gradient**2).sum(axis=1))
        core = -np.minimum(extents[:, 2], side)
        with np.errstate(invalid="ignore", divide="ignore"):
            value = np.where(k1 > 1e-9, k0 * (k0 - 1.0) / np.maximum(k1, 1e-12), core)
        result: FloatArray = value
        return result


def smooth_union(a: FloatArray, b: FloatArray, radius: float) -> FloatArray:
    """Polynomial smooth minimum of two distance fields (quadratic, C1)."""
    if radius <= 0.0:
        return np.minimum(a, b)
    h = np.maximum(radius - np.abs(a - b), 0.0) / radius
    joined: FloatArray = np.minimum(a, b) - h * h * radius * 0.25
    return joined
