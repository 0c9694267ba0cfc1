"""Plane sections of a triangle mesh: welded vertices, contours, and points that stay on the mesh.

Rigs come with split vertices (seams, sharp edges, material borders) and in several pieces; all that follows
works on positions merged by coincidence, and keeps for each point the mesh edge it lies on, so that a place
found in the rest pose can be followed when the mesh deforms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .geometry import FloatArray, IntArray


@dataclass(frozen=True)
class Surface:
    """A welded triangle mesh in body axes.

    Attributes
    ----------
    points
        (P, 3) distinct positions.
    triangles
        (T, 3) indices into ``points``, degenerate ones removed.
    source
        (P,) one vertex of the original stack for each point.
    triangle_source
        (T,) triangle of the original stack.
    """

    points: FloatArray
    triangles: IntArray
    source: IntArray
    triangle_source: IntArray


@dataclass(frozen=True)
class Contour:
    """One connected curve of a plane section.

    Attributes
    ----------
    edges
        (n, 2) point indices of the mesh edges crossed.
    fractions
        (n,) where on each edge, 0 at the first point.
    points
        (n, 3) the crossings.
    lengths
        (n,) share of the curve's length that each crossing stands for.
    segments
        (m, 2) pairs of crossings that the curve joins by straight lines.
    """

    edges: IntArray
    fractions: FloatArray
    points: FloatArray
    lengths: FloatArray
    segments: IntArray

    @property
    def length(self) -> float:
        """Length of the curve."""
        return float(self.lengths.sum())

    @property
    def centre(self) -> FloatArray:
        """(3,) mean of the curve, by length."""
        return self.lengths @ self.points / max(self.length, 1e-300)

    @property
    def low(self) -> FloatArray:
        """(3,) smallest coordinates."""
        return self.points.min(axis=0)

    @property
    def high(self) -> FloatArray:
        """(3,) largest coordinates."""
        return self.points.max(axis=0)


@dataclass(frozen=True)
class SurfacePoints:
    """Places on a mesh, each a weighted mean of welded points.

    Attributes
    ----------
    positions
        (n, 3) in body axes.
    members
        (n, k) point indices.
    shares
        (n, k) weights of the members, each row sums to 1.
    """

    positions: FloatArray
    members: IntArray
    shares: FloatArray

    def chosen(self, which: NDArray[np.bool_] | IntArray) -> SurfacePoints:
        """The places that a mask or an index array picks."""
        return SurfacePoints(self.positions[which], self.members[which], self.shares[which])

    def mean(self) -> tuple[IntArray, FloatArray]:
        """Members and shares of the mean of all places, without repeats."""
        members, inverse = np.unique(self.members, return_inverse=True)
        shares = np.bincount(inverse.reshape(-1), weights=self.shares.reshape(-1), minlength=len(members))
        return members, shares / shares.sum()


def along_contours(contours: list[Contour], spacing: float) -> SurfacePoints:
    """Places along section curves at most ``spacing`` apart."""
    positions, members, shares = [], [], []
    for contour in contours:
        start, end = contour.segments[:, 0], contour.segments[:, 1]
        lengths = np.linalg.norm(contour.points[start] - contour.points[end], axis=1)
        steps = np.maximum(1, np.ceil(lengths / spacing).astype(int))
        rows = np.repeat(np.arange(len(start)), steps)
        offsets = np.arange(len(rows)) - np.repeat(np.cumsum(steps) - steps, steps)
        t = (offsets + 0.5) / steps[rows]
        first, second = start[rows], end[rows]
        positions.append((1 - t)[:, None] * contour.points[first] + t[:, None] * contour.points[second])
        members.append(np.concatenate([contour.edges[first], contour.edges[second]], axis=1))
        f0, f1 = contour.fractions[first], contour.fractions[second]
        shares.append(np.stack([(1 - t) * (1 - f0), (1 - t) * f0, t * (1 - f1), t * f1], axis=1))
    if not positions:
        return SurfacePoints(np.zeros((0, 3)), np.zeros((0, 4), dtype=np.int64), np.zeros((0, 4)))
    return SurfacePoints(np.concatenate(positions), np.concatenate(members), np.concatenate(shares))


def weld(vertices: FloatArray, triangles: IntArray) -> Surface:
    """Merge coincident vertices (within a millionth of the size).

    Triangles that collapse are dropped, and points that no triangle uses.
    """
    size = float(np.ptp(vertices, axis=0).max()) if len(vertices) else 1.0
    grid = np.round(vertices / max(size * 1e-6, 1e-300)).astype(np.int64)
    _, source, inverse = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    welded = inverse.reshape(-1)[triangles]
    whole = (welded[:, 0] != welded[:, 1]) & (welded[:, 1] != welded[:, 2]) & (welded[:, 2] != welded[:, 0])
    used, compact = np.unique(welded[whole], return_inverse=True)
    kept = source[used].astype(np.int64)
    return Surface(vertices[kept], compact.reshape(-1, 3), kept, np.flatnonzero(whole))


def section(surface: Surface, field: FloatArray, level: float) -> list[Contour]:
    """Curves on which a scalar field over the points takes a value, longest first.

    Parameters
    ----------
    surface
        The mesh.
    field
        (P,) a value per point, for example a coordinate.
    level
        The value.
    """
    above = field > level
    corner_above = above[surface.triangles]
    crossing = surface.triangles[corner_above.any(axis=1) & ~corner_above.all(axis=1)]
    if not len(crossing):
        return []
    sides = np.sort(np.stack([crossing[:, [0, 1]], crossing[:, [1, 2]], crossing[:, [2, 0]]], axis=1), axis=2)
    crossed = above[sides[:, :, 0]] != above[sides[:, :, 1]]
    edges, inverse = np.unique(sides[crossed], axis=0, return_inverse=True)
    segments = inverse.reshape(-1, 2)
    start, end = field[edges[:, 0]], field[edges[:, 1]]
    fractions = (level - start) / (end - start)
    first, second = surface.points[edges[:, 0]], surface.points[edges[:, 1]]
    points = first + fractions[:, None] * (second - first)
    segment_lengths = np.linalg.norm(points[segments[:, 0]] - points[segments[:, 1]], axis=1)
    lengths = np.zeros(len(points))
    np.add.at(lengths, segments[:, 0], segment_lengths / 2)
    np.add.at(lengths, segments[:, 1], segment_lengths / 2)
    labels = connected_labels(len(points), segments)
    contours = []
    for label in np.unique(labels):
        chosen = labels == label
        local = np.cumsum(chosen) - 1
        joined = local[segments[chosen[segments[:, 0]]]]
        contours.append(Contour(edges[chosen], fractions[chosen], points[chosen], lengths[chosen], joined))
    return sorted(contours, key=lambda contour: -contour.length)


def joined(contours: list[Contour]) -> Contour:
    """Several curves as one, as where a limb's skin is made of pieces."""
    if len(contours) == 1:
        return contours[0]
    starts = np.cumsum([0, *(len(contour.points) for contour in contours[:-1])])
    return Contour(
        np.concatenate([contour.edges for contour in contours]),
        np.concatenate([contour.fractions for contour in contours]),
        np.concatenate([contour.points for contour in contours]),
        np.concatenate([contour.lengths for contour in contours]),
        np.concatenate([contour.segments + start for contour, start in zip(contours, starts, strict=True)]),
    )


def connected_labels(count: int, links: IntArray) -> IntArray:
    """(count,) the smallest member of the connected component of each node.

    Parameters
    ----------
    count
        Number of nodes.
    links
        (L, 2) pairs of nodes.
    """
    labels = np.arange(count)
    while True:
        smallest = np.minimum(labels[links[:, 0]], labels[links[:, 1]])
        updated = labels.copy()
        np.minimum.at(updated, links[:, 0], smallest)
        np.minimum.at(updated, links[:, 1], smallest)
        # Following labels to their own label halves the remaining path each round.
        updated = updated[updated]
        if np.array_equal(updated, labels):
            return labels
        labels = updated


def surface_samples(surface: Surface, count: int) -> FloatArray:
    """(count, 3) points spread evenly over the area, the same for the same mesh."""
    corners = surface.points[surface.triangles]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    total = np.cumsum(areas)
    chosen = np.searchsorted(total, (np.arange(count) + 0.5) / count * total[-1])
    # Golden-ratio steps give well spread barycentric coordinates without a random source.
    steps = np.arange(count)
    u = np.sqrt((steps * 0.618033988749895) % 1.0)
    v = (steps * 0.754877666246693) % 1.0
    weights = np.stack([1 - u, u * (1 - v), u * v], axis=1)
    return np.einsum("nk,nkd->nd", weights, corners[np.minimum(chosen, len(areas) - 1)])
