"""Whether a posed animal's skin runs through itself, measured against its own actions.

Some overlap is natural: skin folds at a joint, thighs rub, separately modelled parts stand in one another. So
a pose is judged by what it adds to the rest pose, and by what the rig's own animators have let pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

from .geometry import FloatArray, IntArray, RigGeometry

_WELD: Final = 1e-5
"""Vertices this close, in the animal's size, are one: importers split them along seams of their normals."""
_NEAR: Final = 0.05
"""Triangles whose middles are this close at rest, in the animal's size, may touch in any pose."""
_NEAR_JOINED: Final = 0.12
"""The same for parts that hang together: skin folds deeper at a joint."""
_OWN_SHARE: Final = 95.0
"""Per cent of the rig's own poses that are let pass; the others are its falls and accidents."""
_LEAST_ALLOWED: Final = 0.002
"""Share of triangles that is let pass where the rig's own poses show none."""


@dataclass(frozen=True)
class SelfIntersectionTest:
    """A rig's skin in parts, each with the bones that carry it, and what intersections are natural.

    Parts are tested against each other, none against itself. Left out are triangles that intersect at
    rest, and such as lie so near at rest that skin folds there, or thighs rub.

    Attributes
    ----------
    allowed
        Share of triangles that may intersect in a pose.
    firsts
        (W,) a vertex of the rig for each place in space that coincident vertices share.
    parts
        For each part the welded vertices it uses, its triangles among them, and their numbers in the rig.
    middles
        (T, 3) middles of the triangles at rest, in the animal's size.
    joined
        (G, G) whether parts hang together at rest.
    resting
        Sorted numbers of the pairs of triangles that intersect at rest.
    """

    allowed: float
    firsts: IntArray
    parts: tuple[tuple[IntArray, list[list[int]], IntArray], ...]
    middles: FloatArray
    joined: NDArray[np.bool_]
    resting: IntArray

    def pairs(self, vertices: FloatArray) -> IntArray:
        """(K, 2) triangles that intersect in a pose beyond what is natural.

        Parameters
        ----------
        vertices
            (V, 3) posed vertices, from :func:`~.extraction.deformed_vertices`, in any unit.
        """
        found = self._overlapping(vertices)
        return found[~np.isin(self._numbers(found), self.resting)]

    def share(self, vertices: FloatArray) -> float:
        """Share of the animal's triangles that run through others; parameters as in :meth:`pairs`."""
        return len(np.unique(self.pairs(vertices))) / len(self.middles)

    def passes(self, vertices: FloatArray) -> bool:
        """Whether a pose intersects itself no more than the rig's own poses do."""
        return self.share(vertices) <= self.allowed

    def _numbers(self, pairs: IntArray) -> IntArray:
        return np.asarray(pairs[:, 0] * len(self.middles) + pairs[:, 1])

    def _overlapping(self, vertices: FloatArray) -> IntArray:
        """(K, 2) intersecting triangles, the lower first, that are not near each other at rest."""
        welded = np.asarray(vertices[self.firsts], dtype=np.float64)
        boxes, trees = [], []
        for used, corners, _ in self.parts:
            points = welded[used]
            boxes.append((points.min(axis=0), points.max(axis=0)))
            trees.append(BVHTree.FromPolygons(points.tolist(), corners, all_triangles=True))
        low, high = (np.array(ends) for ends in zip(*boxes, strict=True))
        meet = ((low[:, None] <= high) & (low <= high[:, None])).all(axis=-1)
        found = [np.zeros((0, 2), dtype=np.int64)]
        for a, b in zip(*np.nonzero(np.triu(meet, 1)), strict=True):
            hits = trees[a].overlap(trees[b])
            if hits:
                rows = np.array(hits, dtype=np.int64)
                pair = np.stack([self.parts[a][2][rows[:, 0]], self.parts[b][2][rows[:, 1]]], axis=1)
                apart = np.linalg.norm(self.middles[pair[:, 0]] - self.middles[pair[:, 1]], axis=1)
                found.append(pair[apart > (_NEAR_JOINED if self.joined[a, b] else _NEAR)])
        return np.sort(np.concatenate(found), axis=1)


def prepare_self_intersection(
    geometry: RigGeometry, own_poses: Iterable[FloatArray] = (), bone_groups: IntArray | None = None
) -> SelfIntersectionTest:
    """Learn what intersections of a rig are natural.

    Parameters
    ----------
    geometry
        The rig at rest.
    own_poses
        (V, 3) vertices of poses from the rig's own actions.
    bone_groups
        (B,) number of the part that each bone's skin belongs to; by default every bone has its own. Bones
        that only share a limb segment's twist should have one number.

    Returns
    -------
    SelfIntersectionTest
        Allows as much as 95 of 100 of the rig's own poses have, and at least two triangles in a thousand.
    """
    size = float(np.ptp(geometry.vertices, axis=0).max()) or 1.0
    weld, firsts = _welded(geometry.vertices, _WELD * size)
    triangles = weld[geometry.triangles]
    groups = np.arange(len(geometry.bone_names)) if bone_groups is None else np.asarray(bone_groups)
    part_of = _parts(triangles, geometry, weld, groups)
    parts = []
    for part in np.unique(part_of):
        numbers = np.flatnonzero(part_of == part)
        used, corners = np.unique(triangles[numbers], return_inverse=True)
        parts.append((used, corners.reshape(-1, 3).tolist(), numbers))
    middles = geometry.vertices[geometry.triangles].mean(axis=1) / size
    joined = _joined(len(firsts), [used for used, _, _ in parts])
    bare = SelfIntersectionTest(0.0, firsts, tuple(parts), middles, joined, np.zeros(0, dtype=np.int64))
    resting = np.unique(bare._numbers(bare._overlapping(geometry.vertices)))
    test = SelfIntersectionTest(0.0, firsts, tuple(parts), middles, joined, resting)
    shares = [test.share(vertices) for vertices in own_poses]
    allowed = max(float(np.percentile(shares, _OWN_SHARE)) if shares else 0.0, _LEAST_ALLOWED)
    return SelfIntersectionTest(allowed, firsts, tuple(parts), middles, joined, resting)


def _welded(vertices: FloatArray, distance: float) -> tuple[IntArray, IntArray]:
    """(V,) number of the welded vertex of each, and (W,) the first vertex of each welded one."""
    cells = np.round(vertices / distance).astype(np.int64)
    _, firsts, weld = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    return weld.reshape(-1), firsts


def _parts(triangles: IntArray, geometry: RigGeometry, weld: IntArray, groups: IntArray) -> IntArray:
    """(T,) part of each triangle: the group of bones that carries most of it."""
    names, columns = np.unique(groups, return_inverse=True)
    shares = np.zeros((len(geometry.vertices), len(names)), dtype=np.float32)
    for bone, column in enumerate(columns):
        shares[:, column] += geometry.weights[:, bone]
    # Coincident vertices have one weight between them, so that a seam divides no part.
    together = np.zeros((int(weld.max()) + 1, len(names)), dtype=np.float32)
    np.add.at(together, weld, shares)
    return np.asarray(together[triangles].sum(axis=1).argmax(axis=1))


def _joined(count: int, used: list[IntArray]) -> NDArray[np.bool_]:
    """(G, G) which parts share a welded vertex."""
    member = np.zeros((len(used), count), dtype=np.float32)
    for part, vertices in enumerate(used):
        member[part, vertices] = 1
    return np.asarray(member @ member.T > 0)
