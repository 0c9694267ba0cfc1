"""Find a quadruped in a bare skeleton that moves: its legs, trunk, neck, head and tail."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..anatomy.rotations import Array
from ..anatomy.stance import STANCE, TIPS
from ..errors import CorpusError
from .bvh_legs import find_legs, flat, hind_first, middle_of, standing_frame
from .bvh_points import Points

_LEGS: Final = {
    "front": ("scapula", "upper_arm", "forearm", "front_cannon", "front_foot"),
    "hind": ("thigh", "shin", "hind_cannon", "hind_foot"),
}
_SHORTEST_FACE: Final = 0.1  # of the shoulders' height
_NO_NOSE: Final = re.compile(r"ear(?!th)|horn|antler|eye")


@dataclass(frozen=True)
class Quadruped:
    """What plays which part.

    Attributes
    ----------
    axes
        (3, 3) left, backward and up of the animal standing, in the file's axes.
    frame
        Frame in which it stands most squarely; -1 for the pose of all rotations zero.
    joints
        Canonical joint or tip to point.
    tops
        Points at which the legs begin: left and right hind, left and right front.
    """

    axes: Array
    frame: int
    joints: dict[str, int]
    tops: tuple[int, int, int, int]


def find_quadruped(points: Points, name: str) -> Quadruped:
    """Find the parts of a quadruped in a moving skeleton.

    Parameters
    ----------
    points
        Joints and ends of the skeleton.
    name
        File, for messages.

    Raises
    ------
    CorpusError
        There are no two pairs of legs that reach the ground, as in a biped.
    """
    if len(points.parents) < 10:
        raise CorpusError(f"{name}: {len(points.parents)} joints and ends are too few for a quadruped")
    up, pairs = find_legs(points, name)
    hind, front = hind_first(points, up, pairs)
    frame = standing_frame(points, up, hind, front)
    pose = points.zero if frame < 0 else points.places[frame]
    # From here on in body axes: left, backward, up.
    forward = flat((middle_of(pose, front) - middle_of(pose, hind))[None], up)[0]
    axes = np.stack([np.cross(up, forward), -forward, up])
    body = pose @ axes.T
    trunk = _between(points, hind.top, front.top)
    joints = {"pelvis": trunk[0]}
    if len(trunk) > 1:
        joints["chest"] = trunk[-1]
    if len(trunk) > 2:
        joints["spine"] = _at_share(points, trunk, 0.5, trunk[1:-1])
    tops: list[int] = []
    legs = set(hind.first + hind.second + front.first + front.second)
    ground = float(body[list(legs), 2].min())
    hips = float(middle_of(body, hind)[2]) - ground
    for part, pair in (("hind", hind), ("front", front)):
        leftward = body[list(pair.first), 0].mean() > body[list(pair.second), 0].mean()
        chains = (pair.first, pair.second) if leftward else (pair.second, pair.first)
        for side, chain in zip(("left", "right"), chains, strict=True):
            found = _leg(body, part, chain, ground, hips)
            joints |= {f"{side}_{joint}": point for joint, point in found.items()}
            tops.append(chain[0])
    joints |= _neck_and_head(points, body, trunk, legs)
    joints |= _tail(points, body, trunk, legs, set(joints.values()))
    return Quadruped(axes, frame, joints, (tops[0], tops[1], tops[2], tops[3]))


def _between(points: Points, start: int, end: int) -> list[int]:
    """Points of the way through the skeleton from one to another, both included."""
    first, second = points.path(start), points.path(end)
    shared = sum(1 for a, b in zip(first, second, strict=False) if a == b)
    return [*first[shared:][::-1], first[shared - 1], *second[shared:]]


def _at_share(points: Points, chain: Sequence[int], share: float, options: Sequence[int]) -> int:
    """The option nearest to a share of the way along a chain."""
    steps = [np.linalg.norm(points.zero[b] - points.zero[a]) for a, b in itertools.pairwise(chain)]
    way = dict(zip(chain, np.concatenate([[0.0], np.cumsum(steps)]), strict=True))
    total = max(way[chain[-1]], 1e-9)
    return min(options, key=lambda point: abs(way[point] / total - share))


def _leg(body: Array, part: str, chain: Sequence[int], ground: float, hips: float) -> dict[str, int]:
    """Canonical joints of a leg: in order, those whose heights and directions fit best.

    Parameters
    ----------
    body
        (P, 3) standing, in body axes.
    part
        ``front`` or ``hind``.
    chain
        Points from the leg's first joint to its end.
    ground, hips
        Height of the ground, and of the hips over it.
    """
    names = _LEGS[part]
    line = np.array([STANCE[f"left_{name}"] for name in names] + [STANCE[TIPS[f"left_{names[-1]}"]]])
    places = body[list(chain)]
    heights = (places[:-1, 2] - ground) / hips
    expected = line[:-1, 2] / STANCE["left_thigh"][2]
    steps, wanted = (np.diff(points[:, 1:], axis=0) for points in (places, line))
    lengths = np.linalg.norm(steps, axis=1)
    steps = steps / np.maximum(lengths, 1e-9)[:, None]
    wanted = wanted / np.linalg.norm(wanted, axis=1, keepdims=True)
    cost = np.abs(heights[:, None] - expected) + 0.2 * (1 - steps @ wanted.T)
    options = []
    for count in range(2, min(len(heights), len(names)) + 1):
        skipped = 0.3 * (min(len(heights), len(names)) - count)
        for rows in itertools.combinations(range(len(heights)), count):
            # A stub at the beginning of a leg is none of its segments.
            short = 0.5 * sum(lengths[row] < 0.03 * hips for row in rows)
            for columns in itertools.combinations(range(len(names)), count):
                total = float(cost[list(rows), list(columns)].sum()) + skipped + short
                # Skeletons leave out shoulder blades and feet, seldom what lies between.
                total += 0.2 * (columns[-1] - columns[0] + 1 - count)
                options.append((total, rows, columns))
    _, rows, columns = min(options)
    found = {names[column]: chain[row] for row, column in zip(rows, columns, strict=True)}
    return {**found, f"{part}_toe": chain[-1]}


def _neck_and_head(points: Points, body: Array, trunk: Sequence[int], legs: set[int]) -> dict[str, int]:
    """Neck, head and nose: on the way from the chest to the end farthest forward and up."""
    ends = _free_ends(points, trunk, legs, at_front=True)
    if not ends:
        return {}
    reach = {end: (body[end] - body[trunk[-1]]) @ np.array([0.0, -1.0, 0.6]) for end in ends}
    far = max(ends, key=lambda end: reach[end])
    if reach[far] <= 0:
        return {}
    way = ends[far]
    moving = [point for point in way if point < points.totals.shape[1]]
    called = [point for point in moving if "head" in points.names[point].lower()]
    parting = [point for point in moving if points.parents.count(point) > 1]
    bare = moving[-2] if len(moving) > 1 and moving[-1] == way[-1] else moving[-1]
    head = (called or parting[-1:] or [bare])[0]
    height = body[trunk[-1], 2] - body[list(legs), 2].min()
    neck = way[: way.index(head)]
    below = [end for end in points.ends if head in points.path(end)]
    nose = min(below, key=lambda end: body[end, 1])
    step = body[nose] - body[head]
    found = {"head": head}
    # The foremost end may also be an ear.
    ahead = -step[1] > _SHORTEST_FACE * height and abs(step[0]) < -0.5 * step[1]
    if ahead and not _NO_NOSE.search(points.names[nose].lower()):
        found["nose"] = nose
    if neck:
        found["neck_base"] = neck[0]
    if len(neck) > 1:
        found["neck_top"] = _at_share(points, [*neck, head], 0.5, neck[1:])
    return found


def _tail(
    points: Points, body: Array, trunk: Sequence[int], legs: set[int], taken: set[int]
) -> dict[str, int]:
    """Tail: the chain from the hips to the end farthest backward."""
    ends = _free_ends(points, trunk, legs, at_front=False)
    ends = {end: way for end, way in ends.items() if body[end, 1] > body[trunk[0], 1]}
    if not ends:
        return {}
    far = max(ends, key=lambda end: float(body[end, 1] - body[ends[end][0], 1]))
    way = [point for point in ends[far] if point < points.totals.shape[1] and point not in taken]
    if way and way[-1] == far and len(way) > 1:
        way = way[:-1]  # the last joint moves nothing
    if not way:
        return {}
    found = {"tail_base": way[0], "tail_tip": far}
    for name, share in (("tail_middle", 0.33), ("tail_end", 0.67)):
        left = [point for point in way if point not in found.values()]
        if left:
            found[name] = _at_share(points, [*way, far], share, left)
    if "tail_end" in found and way.index(found["tail_end"]) < way.index(found["tail_middle"]):
        found["tail_middle"], found["tail_end"] = found["tail_end"], found["tail_middle"]
    return found


def _free_ends(
    points: Points, trunk: Sequence[int], legs: set[int], *, at_front: bool
) -> dict[int, list[int]]:
    """Ends that are no leg's, with their way from the trunk, where they leave its front or hind half."""
    found = {}
    for end in points.ends:
        path = points.path(end)
        on_trunk = [point for point in path if point in trunk]
        way = path[path.index(on_trunk[-1]) + 1 :] if on_trunk else path[1:]
        if not way or legs & set(way):
            continue
        place = trunk.index(on_trunk[-1]) if on_trunk else 0
        front = place > (len(trunk) - 1) / 2
        if len(trunk) == 1 or front == at_front:
            found[end] = way
    return found
