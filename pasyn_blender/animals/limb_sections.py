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
_TILTS: Final = tuple(float(tilt) for tilt in np.radians(np.arange(-15.0, 61.0, 15.0)))
"""Tilts of planes across a limb, among them that square to it; its area is found to 1 per cent."""


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
    cuts the trunk too, below the joint where the leg is free, square to the leg there. Flesh tapers from the
    body wall to the bone, so that neither the bone below nor the angle between the bones tells what is square
    to it, but the least area does: an oblique plane runs up into the buttock and has lost area when the leg
    is bent, though nothing is pinched.

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
            # Both sides alike: at the first height at which both belong to their limbs alone.
            pair = _square_pair(vertices, quads, limbs, places, (lower, upper), share)
            if pair is not None:
                break
        else:
            raise RigError(f"no loop of skin lies round the limb at or below the head of {lower}")
        found += pair
    return tuple(found)


def _is_of_limb(bone: Bone, suffix: str) -> bool:
    return bone.name.endswith(suffix) and bone.name.removesuffix(suffix) in _LIMB


def _square_pair(
    vertices: FloatArray,
    quads: IntArray,
    limbs: dict[str, FloatArray],
    places: dict[str, Bone],
    joint: tuple[str, str],
    share: float,
) -> list[LimbSection] | None:
    """Both sides' sections at a share of the length of the bone below a joint, if they are the limbs' own."""
    lower, upper = joint
    pairs = []
    for tilt in _TILTS if share > 0.0 else (None,):
        pair = []
        for suffix, limb in limbs.items():
            below = places[f"{lower}{suffix}"]
            normal = _normal_across(places[f"{upper}{suffix}"], below, tilt)
            loop = _loop_round(vertices, quads, below.head + share * (below.tail - below.head), normal)
            if loop is not None and limb[loop[0]].mean() > _OWN:
                pair.append(LimbSection(below.name, *loop))
        pairs.append(pair if len(pair) == len(limbs) else None)
    if share == 0.0:
        return pairs[0]
    areas = [np.inf if pair is None else sum(s.area(vertices) for s in pair) for pair in pairs]
    least = int(np.argmin(areas))
    # Square is a plane only if those tilted a little more and less cut the limbs alone too, in longer loops.
    beside = areas[max(least - 1, 0) : least + 2]
    return pairs[least] if len(beside) == 3 and np.isfinite(beside).all() else None


def _normal_across(above: Bone, below: Bone, tilt: float | None) -> FloatArray:
    """Normal of the plane that halves the angle between two bones, or of one tilted from square to the lower.

    ``tilt`` in radians, fore and aft as legs fold, towards square to the upper bone.
    """
    down, before = _unit(below.tail - below.head), _unit(below.head - above.head)
    if tilt is None:
        return _unit(down + before)
    across = _unit(np.cross(down, (1.0, 0.0, 0.0)))
    normal: FloatArray = np.cos(tilt) * down + np.sin(tilt) * np.copysign(1.0, across @ before) * across
    return normal


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
