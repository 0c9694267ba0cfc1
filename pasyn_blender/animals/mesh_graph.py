"""Neighbourhood and normals of a quad mesh."""

from __future__ import annotations

import numpy as np

from .sweep import FloatArray, IntArray


def unique_edges(quads: IntArray) -> IntArray:
    """(E, 2) undirected edges of a quad mesh, sorted."""
    pairs = np.concatenate([quads[:, [i, (i + 1) % 4]] for i in range(4)])
    pairs.sort(axis=1)
    # One number a pair: numbers are sorted many times faster than rows.
    count = int(pairs.max()) + 1
    codes = np.unique(pairs[:, 0] * count + pairs[:, 1])
    edges: IntArray = np.column_stack([codes // count, codes % count])
    return edges


class Neighbours:
    """Which vertices share an edge.

    Parameters
    ----------
    edges
        (E, 2) undirected edges, every vertex in at least one.

    Attributes
    ----------
    source, target
        (2E,) both directions of every edge, sorted by source.
    starts
        (V,) first place of each vertex in them.
    """

    def __init__(self, edges: IntArray) -> None:
        both = np.concatenate([edges, edges[:, ::-1]])
        both = both[np.argsort(both[:, 0], kind="stable")]
        self.source, self.target = both.T.copy()
        count = int(self.source[-1]) + 1
        self.starts = np.searchsorted(self.source, np.arange(count))
        degree = np.diff(np.append(self.starts, len(both)))
        self._degree = degree.astype(float)
        # Who is whose first neighbour, whose second, ... of all vertices, then of those that have so many.
        least = int(degree.min())
        self._common = [self.target[self.starts + place] for place in range(least)]
        more = [np.flatnonzero(degree > place) for place in range(least, int(degree.max()))]
        self._rare = [
            (rows, self.target[self.starts[rows] + least + place]) for place, rows in enumerate(more)
        ]

    def mean(self, values: FloatArray) -> FloatArray:
        """Mean over each vertex's neighbours of (V,) or (V, C) values."""
        if values.ndim == 2:
            return np.column_stack([self.mean(np.ascontiguousarray(column)) for column in values.T])
        # The first one is added last: so add.reduceat would sum each vertex's edges, more slowly.
        first, *others = self._common
        mean: FloatArray = np.zeros(len(values))
        for index in others:
            mean += values.take(index)
        for rows, index in self._rare:
            mean[rows] += values.take(index)
        mean += values.take(first)
        mean /= self._degree
        return mean


def vertex_normals(vertices: FloatArray, quads: IntArray) -> FloatArray:
    """(V, 3) unit normals, weighted by area."""
    a, b, c, d = (vertices[quads[:, i]] for i in range(4))
    area = np.cross(c - a, d - b)
    total = np.column_stack(
        [
            sum(np.bincount(quads[:, i], area[:, k], minlength=len(vertices)) for i in range(4))
            for k in range(3)
        ]
    )
    unit: FloatArray = total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    return unit
