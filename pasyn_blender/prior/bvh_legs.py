"""Find the four legs of a bare skeleton that moves, which way is up, and which legs are in front.

There is no skin to go by: legs are two pairs of equally long chains that hang down, and whose ends come to
the ground. Which are in front is told by the way the animal goes, its root and its highest end, and names
are asked last.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..anatomy.rotations import Array
from ..errors import CorpusError
from .bvh_points import Points

# Directions that may be up, and how unusual that is: an animal lying on its side has its feet to one side.
_UPS: Final = tuple(
    (np.array(up, dtype=np.float64), unusual)
    for up, unusual in (
        ((0, 1, 0), 0.0), ((0, 0, 1), 0.02), ((1, 0, 0), 0.4), ((0, -1, 0), 0.4), ((0, 0, -1), 0.4),
        ((-1, 0, 0), 0.4),
    )
)  # fmt: skip
_HIGHEST_FOOT: Final = 0.35  # of the height at which the legs part; a person's hands hang at half
_LOWEST_TOP: Final = 0.3  # of the animal's height, head included
_LEAST_HANGING: Final = 0.35  # of a leg's length, from its top down to its end
_FRONT_NAME: Final = re.compile(r"front|fore|arm|shoulder|clav|scap|hand|humer|radi|carp")
_HIND_NAME: Final = re.compile(r"hind|back|rear|thigh|hip|upleg|femur|tibia|tars|stifle")


@dataclass(frozen=True)
class LegPair:
    """Two chains that part at one joint and are equally long."""

    top: int
    first: tuple[int, ...]
    second: tuple[int, ...]
    mismatch: float
    length: float


@dataclass(frozen=True)
class _Standing:
    """A pair as legs, in (F,) poses.

    How little it behaves so, how high its ends are against its tops, how straight it hangs, and how high its
    tops are against the whole animal.
    """

    pair: LegPair
    cost: Array
    height: Array
    hanging: Array
    rise: Array


def find_legs(points: Points, name: str) -> tuple[Array, tuple[LegPair, LegPair]]:
    """Direction up, and two pairs of legs."""
    poses = np.concatenate([points.places, points.zero[None]])
    pairs = _pairs(points)
    best: tuple[float, Array, tuple[LegPair, LegPair]] | None = None
    highest: list[float] = []
    for up, preference in _UPS:
        standing = [_standing(poses, pair, up) for pair in pairs]
        for one, two in itertools.combinations(standing, 2):
            if not _apart(poses, one.pair, two.pair, up):
                continue
            # Both pairs must stand in the same frames.
            cost = np.sort(one.cost + two.cost)
            total = float(cost[: max(len(cost) // 10, 1)].mean() + 0.5 * cost.mean()) + preference
            at = int((one.cost + two.cost).argmin())
            height = max(one.height[at], two.height[at])
            rises = sorted((one.rise[at], two.rise[at]))
            if rises[0] < _LOWEST_TOP or rises[0] < 0.5 * rises[1]:
                continue  # feet on control bones of their own stand like short legs
            if height > _HIGHEST_FOOT or min(one.hanging[at], two.hanging[at]) < _LEAST_HANGING:
                highest.append(float(height))
            elif best is None or total < best[0]:
                best = (total, up, (one.pair, two.pair))
    if best is None:
        found = (
            f"of the limbs that look most like legs, one pair ends at {min(highest):.0%} of the height of "
            "shoulders and hips, or does not hang from them"
            if highest
            else f"{len(pairs)} pairs of equally long limbs were found, and no two of them apart"
        )
        raise CorpusError(
            f"{name}: no four legs that reach the ground ({found}). A quadruped is needed, not a biped; "
            "where feet follow control bones outside the legs, take the rig itself with its mesh"
        )
    return best[1], best[2]


def _pairs(points: Points) -> list[LegPair]:
    """Pairs of ends whose chains part at one joint and have equal bones."""
    lengths = np.array(
        [0.0 if parent < 0 else np.linalg.norm(points.zero[i] - points.zero[parent])
         for i, parent in enumerate(points.parents)]
    )  # fmt: skip
    paths = {end: points.path(end) for end in points.ends}
    size = float(np.median(np.ptp(points.places, axis=1).max(axis=1)))
    found = []
    for one, two in itertools.combinations(paths, 2):
        shared = sum(1 for a, b in zip(paths[one], paths[two], strict=False) if a == b)
        if shared == 0:
            continue
        first, second = paths[one][shared:], paths[two][shared:]
        length = (lengths[first].sum() + lengths[second].sum()) / 2
        if min(len(first), len(second)) < 3 or length < 0.1 * size:
            continue
        common = min(len(first), len(second))
        unlike = np.abs(lengths[first[:common]] - lengths[second[:common]]).sum() / length
        unlike += abs(lengths[first].sum() - lengths[second].sum()) / length
        if unlike < 0.3:
            found.append(LegPair(paths[one][shared - 1], tuple(first), tuple(second), unlike, length))
    return found


def _standing(poses: Array, pair: LegPair, up: Array) -> _Standing:
    """How a pair stands in each pose, cut off at its lowest points."""
    heights = poses @ up
    first, second = (list(chain) for chain in (pair.first, pair.second))
    # The ends that some programs make up for the last bones point anywhere.
    while (
        len(first) > 3
        and np.median(heights[:, [first[-1], second[-1]]] - heights[:, [first[-2], second[-2]]]) > 0
    ):
        first, second = first[:-1], second[:-1]
    reach = sum(
        np.linalg.norm(np.diff(poses[-1, chain], axis=0), axis=1).sum() for chain in (first, second)
    ) / 2  # fmt: skip
    feet = (heights[:, first[-1]] + heights[:, second[-1]]) / 2
    tops = (heights[:, first[0]] + heights[:, second[0]]) / 2
    ground = heights.min(axis=1)
    height = (feet - ground) / np.maximum(tops - ground, 1e-9 + 0.1 * reach)
    hanging = (tops - feet) / max(float(reach), 1e-9)
    # Of several toes the longest counts a little more.
    cost = 3 * pair.mismatch + 2 * height + (1 - hanging) - 0.01 * len(first)
    cut = LegPair(pair.top, tuple(first), tuple(second), pair.mismatch, float(reach))
    rise = (tops - ground) / np.maximum(heights.max(axis=1) - ground, 1e-9)
    return _Standing(cut, cost, height, hanging, rise)


def _apart(poses: Array, one: LegPair, two: LegPair, up: Array) -> bool:
    """Whether two pairs can be front and hind legs of one animal."""
    chains = [set(one.first), set(one.second), set(two.first), set(two.second)]
    if len(set().union(*chains)) < sum(map(len, chains)):
        return False
    if one.top in chains[2] | chains[3] or two.top in chains[0] | chains[1]:
        return False
    step = middle_of(poses, one) - middle_of(poses, two)
    level = np.linalg.norm(step - (step @ up)[:, None] * up, axis=1)
    return bool(np.median(level) > 0.25 * min(one.length, two.length))


def hind_first(points: Points, up: Array, pairs: tuple[LegPair, LegPair]) -> tuple[LegPair, LegPair]:
    """Hind and front legs: which way it walks, where the root and the highest end are, then names."""
    one, two = pairs
    axis = flat(middle_of(points.places, two) - middle_of(points.places, one), up)
    size = (one.length + two.length) / 2
    vote = 0.0  # above zero: the second pair is in front
    step = np.diff((middle_of(points.places, one) + middle_of(points.places, two)) / 2, axis=0)
    step -= (step @ up)[:, None] * up
    if len(step) and np.linalg.norm(step, axis=1).sum() > size:
        along = (step * axis[1:]).sum() / np.linalg.norm(step, axis=1).sum()
        vote += 3 * along
    depth = [len(points.path(pair.top)) for pair in pairs]
    vote += 1.2 * np.sign(depth[1] - depth[0])  # most roots are at the hips
    legs = set().union(*(pair.first + pair.second for pair in pairs))
    ends = [end for end in points.ends if end not in legs]
    if ends:
        heights = points.places[:, ends] @ up - (middle_of(points.places, one) @ up)[:, None]
        high = ends[int(np.quantile(heights, 0.9, axis=0).argmax())]
        along = (
            points.places[:, high] - (middle_of(points.places, one) + middle_of(points.places, two)) / 2
        ) * axis
        vote += 1.0 * np.sign(np.median(along.sum(axis=1)))
    for pair, sign in ((one, -1.0), (two, 1.0)):
        words = " ".join(points.names[i] for i in pair.first + pair.second).lower()
        vote += 0.8 * sign * (bool(_FRONT_NAME.search(words)) - bool(_HIND_NAME.search(words)))
    return (one, two) if vote >= 0 else (two, one)


def standing_frame(points: Points, up: Array, hind: LegPair, front: LegPair) -> int:
    """Frame in which the feet are most level under the tops of their legs; -1 for all rotations zero."""
    poses = np.concatenate([points.zero[None], points.places])
    chains = (hind.first, hind.second, front.first, front.second)
    size = (hind.length + front.length) / 2
    legs = np.stack([poses[:, chain[0]] - poses[:, chain[-1]] for chain in chains], axis=1)
    rise = legs @ up
    feet = np.stack([poses[:, chain[-1]] @ up for chain in chains], axis=1)
    astray = np.linalg.norm(legs - rise[..., None] * up, axis=2)
    trunk = middle_of(poses, front) - middle_of(poses, hind)
    tilt = np.abs(trunk @ up) / np.maximum(np.linalg.norm(trunk, axis=1), 1e-9)
    # The lowest points must be the feet: an animal lying on its side may have level feet too.
    under = feet.max(axis=1) - (poses @ up).min(axis=1)
    score = (np.ptp(feet, axis=1) + under + astray.mean(axis=1) - 0.5 * rise.mean(axis=1)) / size + 0.5 * tilt
    score[0] -= 0.05  # drawn symmetrically
    return int(score.argmin()) - 1


def middle_of(places: Array, pair: LegPair) -> Array:
    """(..., 3) half way between the beginnings of two legs."""
    middle: Array = (places[..., pair.first[0], :] + places[..., pair.second[0], :]) / 2
    return middle


def flat(directions: Array, up: Array) -> Array:
    """(F, 3) unit directions along the ground."""
    level: Array = directions - (directions @ up)[:, None] * up
    return np.asarray(level / np.maximum(np.linalg.norm(level, axis=1, keepdims=True), 1e-9))
