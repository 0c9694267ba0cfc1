"""Bodies of elliptical cross-sections along curves, as signed distance fields."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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


_AT_ONCE: Final = 8192
"""Points that are located together: what is known of them stays in the processor's cache."""


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
        starts, axis = self.points[:-1], np.diff(self.points, axis=0)
        squares = (axis**2).sum(axis=1)
        x, y, z = columns = tuple(np.ascontiguousarray(column) for column in points.T)
        nearest = self._nearest_pieces(columns, (points**2).sum(axis=1), axis, squares)
        # Along the nearest piece, in its lengths.
        ahead = axis[nearest]
        raw = x * ahead[:, 0] + y * ahead[:, 1] + z * ahead[:, 2] - (starts * axis).sum(axis=1)[nearest]
        raw /= squares[nearest]
        length = np.sqrt(squares)[nearest]
        last = len(axis) - 1
        before, after = (nearest == 0) & (raw < 0.0), (nearest == last) & (raw > 1.0)
        beyond = np.where(before, raw * length, np.where(after, (raw - 1.0) * length, 0.0))
        nearest, t = self._between_planes(columns, nearest)
        t = np.where(before, 0.0, np.where(after, 1.0, t))
        left = 1.0 - t
        tangents = self._tangents
        first, second = tangents[nearest], tangents[nearest + 1]
        ahead_x, ahead_y, ahead_z = (first[:, k] * left + second[:, k] * t for k in range(3))
        # Side A is square to the lateral axis X and to the curve, which lies along (0, z, -y).
        long = np.sqrt(ahead_z * ahead_z + ahead_y * ahead_y)
        side_y, side_z = ahead_z / long, -ahead_y / long
        lateral_x = side_y * ahead_z - side_z * ahead_y
        lateral_y, lateral_z = side_z * ahead_x, -(side_y * ahead_x)
        long = np.sqrt(lateral_x * lateral_x + lateral_y * lateral_y + lateral_z * lateral_z)
        at, step = starts[nearest], axis[nearest]
        off_x, off_y, off_z = (column - (at[:, k] + t * step[:, k]) for k, column in enumerate(columns))
        flat = np.empty((len(points), 2))
        flat[:, 0] = off_x * (lateral_x / long) + off_y * (lateral_y / long) + off_z * (lateral_z / long)
        flat[:, 1] = off_y * side_y + off_z * side_z
        return nearest + t, beyond, flat

    def _nearest_pieces(
        self,
        columns: tuple[FloatArray, ...],
        lengths: FloatArray,
        axis: FloatArray,
        squares: FloatArray,
    ) -> IntArray:
        """(P,) straight piece of the curve that is nearest to each point; the first of those as near."""
        x, y, z = columns
        starts = self.points[:-1]
        offsets, start_lengths = (starts * axis).sum(axis=1), (starts**2).sum(axis=1)
        nearest, least = np.zeros(len(x), dtype=np.int64), np.full(len(x), np.inf)
        along, gap, share, part = (np.empty(len(x)) for _ in range(4))
        closer = np.empty(len(x), dtype=bool)

        def product(direction: FloatArray, out: FloatArray) -> None:
            np.multiply(x, direction[0], out=out)
            np.multiply(y, direction[1], out=part)
            np.add(out, part, out=out)
            np.multiply(z, direction[2], out=part)
            np.add(out, part, out=out)

        # Piece by piece, in few arrays: |p - s - t a|^2, expanded.
        for piece in range(len(axis)):
            product(axis[piece], along)
            along -= offsets[piece]
            along /= squares[piece]
            product(starts[piece], gap)
            gap *= 2.0
            np.subtract(lengths, gap, out=gap)
            gap += start_lengths[piece]
            np.clip(along, 0.0, 1.0, out=share)
            along *= 2.0
            along *= share
            along *= squares[piece]
            gap -= along
            share *= share
            share *= squares[piece]
            gap += share
            np.less(gap, least, out=closer)
            np.copyto(least, gap, where=closer)
            np.copyto(nearest, piece, where=closer)
        return nearest

    def _between_planes(
        self, columns: tuple[FloatArray, ...], nearest: IntArray
    ) -> tuple[IntArray, FloatArray]:
        """Between which two planes across the curve points lie: the first, and (P,) shares from 0 to 1.

        The nearest place on a chain of straight pieces stays at a corner for a whole wedge of points, and
        jumps from piece to piece on the inner side of a bend: skin made from it has ripples. Planes across
        the curve turn evenly.
        """
        tangents = self._tangents

        def heights(rows: IntArray | slice, at: IntArray) -> tuple[FloatArray, FloatArray]:
            def above(place: FloatArray, normal: FloatArray) -> FloatArray:
                x, y, z = ((column[rows] - place[:, k]) * normal[:, k] for k, column in enumerate(columns))
                return x + y + z

            return above(self.points[at], tangents[at]), above(self.points[at + 1], tangents[at + 1])

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

    @cached_property
    def _tangents(self) -> FloatArray:
        tangents = np.gradient(self.points, axis=0)
        unit: FloatArray = tangents / np.linalg.norm(tangents, axis=1, keepdims=True)
        return unit

    def distance(self, points: FloatArray) -> FloatArray:
        """(P,) signed distance to first order, negative inside."""
        parameter, beyond, flat = self.locate(points)
        index = np.minimum(parameter.astype(int), len(self.points) - 2)
        t = parameter - index
        left = 1.0 - t
        here, there = self.extents[index], self.extents[index + 1]
        front, back, half = (here[:, k] * left + there[:, k] * t for k in range(3))
        side = np.where(flat[:, 1] >= 0.0, front, back)
        cap = np.where(beyond < 0.0, max(self.caps[0], 1e-4), max(self.caps[1], 1e-4))
        across, along, over = flat[:, 0] / half, flat[:, 1] / side, beyond / cap
        k0 = np.sqrt(across**2 + along**2 + over**2)
        k1 = np.sqrt((across / half) ** 2 + (along / side) ** 2 + (over / cap) ** 2)
        core = -np.minimum(half, side)
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
