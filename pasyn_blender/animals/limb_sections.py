"""Cross-sections of limbs at their joints: what a joint that is badly skinned pinches shut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..errors import RigError
from .skeleton import SIDE_SUFFIXES, Bone
from .sweep import FloatArray, IntArray

# Bone whose head is the joint, and the bone above it.
_JOINTS: Final = (
    ("forearm", "upper_arm"), ("front_cannon", "forearm"), ("front_pastern", "front_cannon"),
    ("shin", "thigh"), ("hind_cannon", "shin"), ("hind_pastern", "hind_cannon"),
)  # fmt: skip

_LIMB: Final = (
    "scapula", "upper_arm", "forearm", "front_cannon", "front_pastern", "front_hoof",
    "thigh", "shin", "hind_cannon", "hind_pastern", "hind_hoof",
)  # fmt: skip
_OWN: Final = 0.93
"""Share of a section's weights that the limb's own bones have at least."""
_DOWN: Final = tuple(float(share) for share in np.arange(0.0, 0.96, 0.05))
"""Shares of the bone below an elbow or a stifle, which lie in the body wall, at which the leg may be free."""


@dataclass(frozen=True)
class LimbSection:
    """A closed loop of skin round a joint.

    Attributes
    ----------
    joint
        Bone whose head the joint is.
    first, second
        (L,) vertices of the edges that the loop crosses, in order.
    share
        (L,) place of the crossing between them.
    """

    joint: str
    first: IntArray
    second: IntArray
    share: FloatArray

    def area(self, vertices: FloatArray) -> float:
        """Area that the loop encloses on (V, 3) rest or posed vertices, in their unit squared."""
        points = (
            vertices[self.first] * (1.0 - self.share[:, None]) + vertices[self.second] * self.share[:, None]
        )
        return float(0.5 * np.linalg.norm(np.cross(points, np.roll(points, -1, axis=0)).sum(axis=0)))


def limb_sections(
    vertices: FloatArray, quads: IntArray, weights: FloatArray, bones: Sequence[Bone]
) -> tuple[LimbSection, ...]:
    """Loops of skin round elbow, carpus, fetlock, stifle and hock, both sides.

    Each is cut at rest by the plane through the joint that halves the angle between the bones; where that
    cuts the trunk too, across the bone below where the leg is free.

    Parameters
    ----------
    vertices
        (V, 3) skin at rest, closed.
    quads
        (Q, 4) its faces.
    weights
        (V, B) its weights.
    bones
        The skeleton at rest, in the order of the weights.

    Raises
    ------
    RigError
        No skin lies round a joint.
    """
    places = {bone.name: bone for bone in bones}
    limbs = {
        suffix: weights[:, [i for i, bone in enumerate(bones) if _is_of_limb(bone, suffix)]].sum(axis=1)
        for suffix in SIDE_SUFFIXES.values()
    }
    found = []
    for lower, upper in _JOINTS:
        for share in _DOWN:
            # Both sides at the same height, the first at which both belong to their limbs alone.
            pair = [
                _section(vertices, quads, limb, places[f"{upper}{suffix}"], places[f"{lower}{suffix}"], share)
                for suffix, limb in limbs.items()
            ]
            if None not in pair:
                break
        else:
            raise RigError(f"no loop of skin lies round the limb at or below the head of {lower}")
        found += [section for section in pair if section is not None]
    return tuple(found)


def _is_of_limb(bone: Bone, suffix: str) -> bool:
    return bone.name.endswith(suffix) and bone.name.removesuffix(suffix) in _LIMB


def _section(
    vertices: FloatArray, quads: IntArray, limb: FloatArray, above: Bone, below: Bone, share: float
) -> LimbSection | None:
    """The section at a share of ``below``'s length, if it is the limb's alone."""
    down = _unit(below.tail - below.head)
    across = _unit(down + _unit(below.head - above.head)) if share == 0.0 else down
    loop = _loop_round(vertices, quads, below.head + share * (below.tail - below.head), across)
    if loop is None or limb[loop[0]].mean() <= _OWN:
        return None
    return LimbSection(below.name, *loop)


def _unit(vector: FloatArray) -> FloatArray:
    unit: FloatArray = vector / np.linalg.norm(vector)
    return unit


def _loop_round(
    vertices: FloatArray, quads: IntArray, place: FloatArray, normal: FloatArray
) -> tuple[IntArray, IntArray, FloatArray] | None:
    """The smallest loop in which a plane cuts the skin round a place: edges' ends, and shares."""
    height = (vertices - place) @ normal
    height = np.where(height == 0.0, 1e-12, height)
    above = height > 0.0
    mixed = quads[(above[quads].sum(axis=1) % 4) != 0]
    neighbours: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for quad in mixed.tolist():
        for corners in (quad[:3], [quad[0], *quad[2:]]):
            cut = [
                (min(a, b), max(a, b))
                for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)
                if above[a] != above[b]
            ]
            if len(cut) == 2:
                neighbours.setdefault(cut[0], []).append(cut[1])
                neighbours.setdefault(cut[1], []).append(cut[0])
    best: tuple[int, IntArray, FloatArray] | None = None
    left = set(neighbours)
    while left:
        start = min(left)
        loop, before, at = [start], None, start
        left.discard(start)
        while True:
            onward = [edge for edge in neighbours[at] if edge != before and edge in left]
            if not onward:
                break
            before, at = at, onward[0]
            loop.append(at)
            left.discard(at)
        edges = np.array(loop)
        low, high = height[edges[:, 0]], height[edges[:, 1]]
        share = low / (low - high)
        points = vertices[edges[:, 0]] * (1.0 - share[:, None]) + vertices[edges[:, 1]] * share[:, None]
        if len(loop) >= 5 and _goes_round(points - place, normal) and (best is None or len(loop) < best[0]):
            best = len(loop), edges, share
    return None if best is None else (best[1][:, 0], best[1][:, 1], best[2])


def _goes_round(spokes: FloatArray, normal: FloatArray) -> bool:
    """Whether a closed loop of (L, 3) points in a plane goes round the origin."""
    onward = np.roll(spokes, -1, axis=0)
    angle = np.arctan2(np.cross(spokes, onward) @ normal, (spokes * onward).sum(axis=1))
    return bool(abs(angle.sum()) > np.pi)
