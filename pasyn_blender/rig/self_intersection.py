"""Whether a posed animal's skin runs through itself, measured against its own actions.

Some overlap is natural: skin folds at a joint, thighs rub, separately modelled parts stand in one another. So
a pose is judged by what it adds to the rest pose, and by what the rig's own animators have let pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

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
_ROUNDING: Final = 1e-6
_PATCH: Final = 64
"""Most triangles in a patch."""
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
    corners
        (3, T) welded vertices of the triangles, part after part, patch after patch.
    numbers
        (T,) their numbers in the rig.
    parts
        (T,) their part.
    patches
        (N,) the first triangle of each patch: some that lie together in a part.
    middles
        (3, T) their middles at rest, in the animal's size.
    joined
        (G, G) whether parts hang together at rest.
    resting
        Sorted numbers of the pairs of triangles that intersect at rest.
    tested
        (N, N) for each patch those in later parts that are not near it at rest.
    """

    allowed: float
    firsts: IntArray
    corners: IntArray
    numbers: IntArray
    parts: IntArray
    patches: IntArray
    middles: FloatArray
    joined: NDArray[np.bool_]
    resting: IntArray
    tested: NDArray[np.bool_]

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
        return len(np.unique(self.pairs(vertices))) / len(self.numbers)

    def passes(self, vertices: FloatArray) -> bool:
        """Whether a pose intersects itself no more than the rig's own poses do."""
        return self.share(vertices) <= self.allowed

    def _numbers(self, pairs: IntArray) -> IntArray:
        return np.asarray(pairs[:, 0] * len(self.numbers) + pairs[:, 1])

    def _overlapping(self, vertices: FloatArray) -> IntArray:
        """(K, 2) intersecting triangles, the lower first, that are not near each other at rest."""
        welded = np.asarray(vertices[self.firsts], dtype=np.float64)
        rows = self._meeting(welded)
        parts = self.parts[rows]
        owned = {int(part): rows[parts == part] for part in np.unique(parts)}
        trees = {part: _tree(welded, self.corners[:, own]) for part, own in owned.items()}
        found = [np.zeros((0, 2), dtype=np.int64)]
        for one, other in combinations(owned, 2):
            hits = trees[one].overlap(trees[other])
            if hits:
                both = np.array(hits, dtype=np.int64)
                pair = np.stack([owned[one][both[:, 0]], owned[other][both[:, 1]]], axis=1)
                gap = self.middles[:, pair[:, 0]] - self.middles[:, pair[:, 1]]
                apart = np.linalg.norm(gap, axis=0) > _nearness(self.joined[one, other])
                found.append(self.numbers[pair[apart]])
        return np.sort(np.concatenate(found), axis=1)

    def _meeting(self, welded: FloatArray) -> IntArray:
        """(M,) triangles in patches that meet patches of other parts which they are not near at rest."""
        low, high = np.empty((3, len(self.patches))), np.empty((3, len(self.patches)))
        for axis, values in enumerate(np.ascontiguousarray(welded.T)):
            a, b, c = (values[corner] for corner in self.corners)
            low[axis] = np.minimum.reduceat(np.minimum(np.minimum(a, b), c), self.patches)
            high[axis] = np.maximum.reduceat(np.maximum(np.maximum(a, b), c), self.patches)
        # A tree rounds to single precision: what seems to miss by less may meet.
        high += _ROUNDING * float(np.abs(welded).max(initial=0.0))
        meet = self.tested.copy()
        for floor, top in zip(low, high, strict=True):
            meet &= floor[:, None] <= top
            meet &= top[:, None] >= floor
        wanted = meet.any(axis=0) | meet.any(axis=1)
        return np.flatnonzero(np.repeat(wanted, np.diff(self.patches, append=len(self.numbers))))


def prepare_self_intersection(
    geometry: RigGeometry,
    own_poses: Iterable[FloatArray] = (),
    bone_groups: IntArray | None = None,
    allowed: float | None = None,
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
    allowed
        Share of triangles that may intersect in a pose, where it is known without own poses.

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
    middles = geometry.vertices[geometry.triangles].mean(axis=1) / size
    patches = [
        patch
        for part in range(int(part_of.max()) + 1)
        for patch in _patches(middles, np.flatnonzero(part_of == part))
    ]
    numbers = np.concatenate(patches)
    starts = np.cumsum([0, *(len(patch) for patch in patches[:-1])])
    parts, middles = part_of[numbers], np.ascontiguousarray(middles[numbers].T)
    joined = _joined(len(firsts), triangles, part_of)
    bare = SelfIntersectionTest(
        allowed=0.0,
        firsts=firsts,
        corners=np.ascontiguousarray(triangles[numbers].T),
        numbers=numbers,
        parts=parts,
        patches=starts,
        middles=middles,
        joined=joined,
        resting=np.zeros(0, dtype=np.int64),
        tested=_tested(middles, starts, parts[starts], joined),
    )
    test = replace(bare, resting=np.unique(bare._numbers(bare._overlapping(geometry.vertices))))
    if allowed is not None:
        return replace(test, allowed=allowed)
    shares = [test.share(vertices) for vertices in own_poses]
    allowed = max(float(np.percentile(shares, _OWN_SHARE)) if shares else 0.0, _LEAST_ALLOWED)
    return replace(test, allowed=allowed)


def _tree(points: FloatArray, corners: IntArray) -> BVHTree:
    """Tree of (3, T) triangles among (W, 3) points, numbered in their order."""
    used, number = np.unique(corners.T, return_inverse=True)
    return BVHTree.FromPolygons(points[used].tolist(), number.reshape(-1, 3).tolist(), all_triangles=True)


def _nearness(joined: Any) -> Any:
    return np.where(joined, _NEAR_JOINED, _NEAR)


def _patches(middles: FloatArray, numbers: IntArray) -> list[IntArray]:
    """Triangles of a part in patches of a few that lie together: halved, and halved again."""
    if len(numbers) <= _PATCH:
        return [numbers] if len(numbers) else []
    places = middles[numbers]
    order = numbers[np.argsort(places[:, np.ptp(places, axis=0).argmax()], kind="stable")]
    half = len(order) // 2
    return _patches(middles, order[:half]) + _patches(middles, order[half:])


def _tested(
    middles: FloatArray, starts: IntArray, parts: IntArray, joined: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(N, N) for each patch those in later parts that hold triangles which are not near it at rest.

    Seen from the boxes around them: no two points of two boxes are farther apart than their far corners.
    """
    low, high = np.minimum.reduceat(middles, starts, axis=1), np.maximum.reduceat(middles, starts, axis=1)
    farthest = np.maximum(high[:, :, None] - low[:, None], high[:, None] - low[:, :, None])
    near = _nearness(joined[parts[:, None], parts]) * (1 - 1e-9)
    return np.asarray(((farthest**2).sum(axis=0) > near**2) & (parts[:, None] < parts))


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


def _joined(count: int, triangles: IntArray, part_of: IntArray) -> NDArray[np.bool_]:
    """(G, G) which parts share a welded vertex."""
    member = np.zeros((int(part_of.max()) + 1, count), dtype=np.float32)
    member[part_of[:, None], triangles] = 1
    return np.asarray(member @ member.T > 0)
