"""Self-collision of posed skeletons: capsules around the bones that run through one another.

A first sieve over many poses at once, in plain numpy; what a rig's own skin does is for
:mod:`pasyn_blender.rig.self_intersection` to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..anatomy.kinematics import joint_places
from ..anatomy.rotations import Array
from ..anatomy.skeleton import JOINTS, SIDES
from ..anatomy.stance import STANCE, STANCE_OFFSETS, TIPS

GIVE: Final = 0.04
"""Trunk lengths that capsules may overlap: skin gives, limbs are not round, and legs that an animal carries
wider pass closer to each other on the canonical build than on its own."""

_CHUNK: Final = 128

# Both ends and the radius, in trunk lengths: half widths of the built-in zebra's limbs, rounded down; of the
# trunk only its core, beside which folded legs have room, as beside a dog's narrow chest. An end is a joint
# or tip, or a place in the stance that a joint carries. Limbs are those of one side.
_Place = tuple[str, tuple[float, float, float]]
_FORELEG: Final = {
    "forearm": ("forearm", "front_cannon", 0.040),
    "front_cannon": ("front_cannon", "front_foot", 0.032),
    "front_foot": ("front_foot", "front_toe", 0.035),
}
_HINDLEG: Final = {
    "shin": ("shin", "hind_cannon", 0.050),
    "hind_cannon": ("hind_cannon", "hind_foot", 0.034),
    "hind_foot": ("hind_foot", "hind_toe", 0.035),
}
_MIDDLE: Final[dict[str, tuple[str | _Place, str | _Place, float]]] = {
    "rump": (("pelvis", (0, 0.50, 1.03)), ("pelvis", (0, 0.30, 1.00)), 0.11),
    "barrel": (("spine", (0, 0.25, 0.96)), ("spine", (0, -0.15, 0.93)), 0.12),
    "breast": (("chest", (0, -0.20, 0.95)), ("chest", (0, -0.40, 1.00)), 0.10),
    "neck": ("neck_base", "neck_top", 0.085),
    "throat": ("neck_top", "head", 0.075),
    "head": ("head", "nose", 0.060),
    "tail": ("tail_middle", "tail_end", 0.008),
    "tail_end": ("tail_end", "tail_tip", 0.008),
}


@dataclass(frozen=True)
class CollisionTest:
    """Capsules around a skeleton, and which of them must not meet.

    Attributes
    ----------
    joint
        (E,) joint that carries each end of a capsule.
    place
        (E, 3) of the end, seen from that joint in body axes of the stance, trunk lengths.
    pairs
        (P, 2, 2) for each pair of capsules the ends of both.
    reach
        (P,) sum of the radii.
    names
        P pairs of capsule names.
    offsets
        (J, 3) build of the skeleton.
    """

    joint: Array
    place: Array
    pairs: Array
    reach: Array
    names: tuple[tuple[str, str], ...]
    offsets: Array

    def overlaps(self, total: Array, places: Array | None = None) -> Array:
        """How deep capsules run into one another.

        Parameters
        ----------
        total
            (N, J, 3, 3) rotations in body axes, from :func:`~pasyn_blender.anatomy.kinematics.accumulate`.
        places
            (N, J, 3) joint places, from :func:`~pasyn_blender.anatomy.kinematics.joint_places` with this
            test's offsets, where they are known already.

        Returns
        -------
        (N, P) array
            Trunk lengths; negative where a gap is left.
        """
        overlap = np.empty((len(total), len(self.pairs)), dtype=total.dtype)
        for start in range(0, len(total), _CHUNK):
            rows = slice(start, start + _CHUNK)
            known = joint_places(total[rows], self.offsets) if places is None else places[rows]
            ends = self._ends(total[rows], known)
            a, b, c, d = (ends[:, end] for end in self.pairs.reshape(-1, 4).T)
            overlap[rows] = (self.reach[:, None] - _segment_distance(a, b, c, d)).T
        return overlap

    def collides(self, total: Array, places: Array | None = None, give: float = GIVE) -> Array:
        """(N,) whether any two capsules overlap by more than ``give`` trunk lengths."""
        if not len(self.pairs):
            return np.zeros(len(total), dtype=bool)
        return np.asarray(self.overlaps(total, places).max(axis=1) > give)

    def _ends(self, total: Array, places: Array) -> Array:
        """(3, E, N) ends of the capsules, poses last so that every step runs over contiguous numbers."""
        ends = places[:, self.joint]
        loose = np.flatnonzero(self.place.any(axis=1))
        place = self.place[loose].astype(total.dtype)
        ends[:, loose] += (total[:, self.joint[loose]] @ place[:, :, None])[..., 0]
        return np.ascontiguousarray(ends.transpose(2, 1, 0))


def collision_test(offsets: Array = STANCE_OFFSETS) -> CollisionTest:
    """Prepare the test for a build.

    Pairs that touch in the stance are left out: short or bowed legs do so without harm.

    Parameters
    ----------
    offsets
        (J, 3) place of each joint from its parent in the stance, trunk lengths.
    """
    joint: list[int] = []
    place: list[Array] = []
    capsules: dict[str, tuple[int, float]] = {}
    for name, begin, end, radius in _capsules():
        capsules[name] = (len(joint), radius)
        for carrier, at in (begin, end):
            joint.append(JOINTS.index(carrier))
            place.append(at)
    names = tuple(_pairs())
    begins = np.array([[capsules[a][0], capsules[b][0]] for a, b in names])
    pairs = np.stack([begins, begins + 1], axis=-1)
    reach = np.array([capsules[a][1] + capsules[b][1] for a, b in names], dtype=np.float32)
    every = CollisionTest(np.array(joint), np.array(place), pairs, reach, names, offsets)
    apart = every.overlaps(np.tile(np.eye(3), (1, len(JOINTS), 1, 1)))[0] < 0
    kept = tuple(pair for pair, keep in zip(names, apart, strict=True) if keep)
    return CollisionTest(every.joint, every.place, pairs[apart], reach[apart], kept, offsets)


def _capsules() -> Iterator[tuple[str, tuple[str, Array], tuple[str, Array], float]]:
    """Name, both ends as joint and place from it, radius."""
    for name, (first, second, radius) in _MIDDLE.items():
        yield name, _end(first), _end(second), radius
    for side in SIDES:
        for name, (begin, end, radius) in (_FORELEG | _HINDLEG).items():
            yield f"{side}_{name}", _end(f"{side}_{begin}"), _end(f"{side}_{end}"), radius


def _end(given: str | _Place) -> tuple[str, Array]:
    if not isinstance(given, str):
        return given[0], np.array(given[1]) - STANCE[given[0]]
    if given in JOINTS:
        return given, np.zeros(3)
    carrier = next(joint for joint, tip in TIPS.items() if tip == given)
    return carrier, STANCE[given] - STANCE[carrier]


def _pairs() -> Iterator[tuple[str, str]]:
    """Capsules that must not meet: none that hang together at a joint."""
    for leg in (_FORELEG, _HINDLEG):
        for a in leg:
            for b in leg:
                yield f"left_{a}", f"right_{b}"
    for side in SIDES:
        for fore in _FORELEG:
            for other in SIDES:
                for hind in _HINDLEG:
                    yield f"{side}_{fore}", f"{other}_{hind}"
            yield "head", f"{side}_{fore}"
            yield "throat", f"{side}_{fore}"
        for hind in _HINDLEG:
            for part in ("head", "tail", "tail_end"):
                yield part, f"{side}_{hind}"
        for part in ("front_cannon", "front_foot"):
            for trunk in ("breast", "barrel", "rump", "neck"):
                yield trunk, f"{side}_{part}"
        for part in ("hind_cannon", "hind_foot"):
            for trunk in ("rump", "barrel", "breast"):
                yield trunk, f"{side}_{part}"
    for trunk in ("breast", "barrel", "rump", "neck"):
        yield "head", trunk


def _segment_distance(a: Array, b: Array, c: Array, d: Array) -> Array:
    """(...) distance of the segments from a to b and from c to d, (3, ...) each.

    Ericson, Real-Time Collision Detection, 2005, section 5.1.9, without its branches.
    """
    first, second, apart = b - a, d - c, a - c
    tiny = np.finfo(first.dtype).tiny
    aa = np.maximum(_dot(first, first), tiny)
    bb = np.maximum(_dot(second, second), tiny)
    ab, ar, br = _dot(first, second), _dot(first, apart), _dot(second, apart)
    # Of parallel segments any first guess will do: the last step mends it.
    s = np.clip((ab * br - ar * bb) / np.maximum(aa * bb - ab * ab, tiny), 0, 1)
    t = np.clip((ab * s + br) / bb, 0, 1)
    s = np.clip((ab * t - ar) / aa, 0, 1)
    gap = apart + first * s - second * t
    return np.asarray(np.sqrt(_dot(gap, gap)))


def _dot(a: Array, b: Array) -> Array:
    return np.asarray(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])
