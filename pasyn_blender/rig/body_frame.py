"""Find which way an animal stands and faces, from its surface alone.

A quadruped's body is symmetric about one plane, stands on four separate columns, and its toes point forward.
Those three facts give left, up and front for any facing, scale and axis convention; bone names only vote on
front against back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..errors import MappingError
from .bone_names import names_part
from .geometry import FloatArray, IntArray, RigGeometry
from .surface import Surface, surface_samples, weld

_FOOT_BAND = 0.1  # share of the height in which feet are looked for
_SAMPLES = 700


@dataclass(frozen=True)
class Standing:
    """An animal in body axes: +X its left, -Y its front, +Z up, midplane at x = 0, ground at z = 0.

    Attributes
    ----------
    rotation
        (3, 3) world to body.
    origin
        (3,) world position of the body frame's origin.
    surface
        Welded mesh in body axes.
    feet
        (4, 2) ground positions (x, y) of left front, right front, left hind, right hind foot.
    height
        Height of the highest point above the ground.
    """

    rotation: FloatArray
    origin: FloatArray
    surface: Surface
    feet: FloatArray
    height: float


def find_standing(geometry: RigGeometry) -> Standing:
    """Find the body frame of a standing quadruped.

    Raises
    ------
    MappingError
        Where no orientation shows two pairs of feet: not a quadruped, or not standing in its rest pose.
    """
    skinned = geometry.weights.sum(axis=1) > 0
    covered = np.flatnonzero(skinned[geometry.triangles].all(axis=1))
    triangles = geometry.triangles[covered]
    if not len(triangles):
        raise MappingError("no face of the model is skinned to the armature")
    world = weld(geometry.vertices, triangles)
    samples = surface_samples(world, _SAMPLES)
    seen: list[str] = []
    for rotation in _orientations(samples, world.points):
        body = samples @ rotation.T
        middle = _midplane(body[:, 0])
        points = world.points @ rotation.T
        origin_body = np.array([middle, 0.0, points[:, 2].min()])
        points = points - origin_body
        feet, reason = _four_feet(points, world.triangles)
        if feet is None:
            seen.append(reason)
            continue
        if _faces_backward(geometry, rotation, origin_body, points, feet):
            half_turn = np.diag([-1.0, -1.0, 1.0])
            rotation = half_turn @ rotation
            points = points @ half_turn
            origin_body = half_turn @ origin_body
            feet = -feet[[3, 2, 1, 0]]
        surface = Surface(points, world.triangles, world.source, covered[world.triangle_source])
        return Standing(rotation, rotation.T @ origin_body, surface, feet, float(points[:, 2].max()))
    raise MappingError(
        f"not a standing quadruped: {seen[0]}; "
        "PASyn maps four-legged animals whose rest pose stands on its feet"
    )


def _orientations(samples: FloatArray, points: FloatArray) -> Iterator[FloatArray]:
    """World-to-body rotations worth trying: Blender's own up, other programs' ups, then any tilt."""
    axes = np.eye(3)
    for up in (axes[2], axes[1], -axes[1], -axes[2], axes[0], -axes[0]):
        yield _symmetric_rotation(samples, up)
    yield from _tilted_rotations(samples, points)


def _tilted_rotations(samples: FloatArray, points: FloatArray) -> Iterator[FloatArray]:
    """Rotations for an animal on tilted ground, as unapplied object rotations leave it.

    The mirror plane is searched among all planes; seen along its normal the animal can only rest on an edge
    of its outline's convex hull, and a quadruped rests on a long one. The least tilted come first.
    """
    normal = _mirror_normal(samples)
    first = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    first /= np.linalg.norm(first)
    second = np.cross(normal, first)
    flat = points @ np.stack([first, second], axis=1)
    hull = flat[_convex_hull(flat)]
    edges = np.roll(hull, -1, axis=0) - hull
    lengths = np.linalg.norm(edges, axis=1)
    long_enough = lengths > 0.25 * np.ptp(flat, axis=0).max()
    # The hull runs anticlockwise, so the inside, and with it up, lies to the left of each edge.
    inward = np.stack([-edges[:, 1], edges[:, 0]], axis=1)[long_enough] / lengths[long_enough, None]
    ups = inward @ np.stack([first, second])
    for up in ups[np.argsort(-ups[:, 2], kind="stable")]:
        yield np.stack([normal, np.cross(up, normal), up])


def _mirror_normal(samples: FloatArray) -> FloatArray:
    """Unit normal of the plane, among all, that mirrors the samples onto themselves best."""
    coarse = samples[:: max(1, len(samples) // 220)]
    steps = np.arange(500) + 0.5
    heights = 1 - steps / 500  # a hemisphere is enough: a plane has two normals
    turns = np.pi * (1 + 5**0.5) * steps
    rings = np.sqrt(1 - heights**2)
    directions = np.stack([rings * np.cos(turns), rings * np.sin(turns), heights], axis=1)
    best = directions[int(np.argmin([_mirror_distance(coarse, direction) for direction in directions]))]
    for step in (0.04, 0.02, 0.01, 0.005, 0.0025):
        first = np.cross(best, np.eye(3)[np.argmin(np.abs(best))])
        first /= np.linalg.norm(first)
        second = np.cross(best, first)
        around = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)]
        trials = [best + step * (a * first + b * second) for a, b in around]
        trials = [trial / np.linalg.norm(trial) for trial in trials]
        best = trials[int(np.argmin([_mirror_distance(samples, trial) for trial in trials]))]
    return best


def _convex_hull(flat: FloatArray) -> IntArray:
    """Rows of the convex hull of (n, 2) points, anticlockwise (Andrew's monotone chain, 1979)."""
    order = np.lexsort((flat[:, 1], flat[:, 0]))

    def half(rows: IntArray) -> list[int]:
        chain: list[int] = []
        for row in rows:
            while len(chain) >= 2:
                (ax, ay), (bx, by), (cx, cy) = flat[chain[-2]], flat[chain[-1]], flat[row]
                if (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0:
                    break
                chain.pop()
            chain.append(int(row))
        return chain

    return np.array(half(order)[:-1] + half(order[::-1])[:-1])


def _symmetric_rotation(samples: FloatArray, up: FloatArray) -> FloatArray:
    """World-to-body rotation for a given up whose x axis is the normal of the best mirror plane."""
    first = np.eye(3)[np.argmin(np.abs(up))]
    first = np.cross(up, first)
    first /= np.linalg.norm(first)
    second = np.cross(up, first)
    centred = samples - samples.mean(axis=0)
    flat = np.stack([centred @ first, centred @ second, centred @ up], axis=1)
    subset = flat[::2]
    angles = np.radians(np.arange(0.0, 180.0, 4.0))
    errors = [_mirror_error(subset, angle) for angle in angles]
    best = angles[int(np.argmin(errors))]
    for step in np.radians([2.0, 1.0, 0.5, 0.25]):
        trial = [best - step, best, best + step]
        best = trial[int(np.argmin([_mirror_error(flat, angle) for angle in trial]))]
    left = np.cos(best) * first + np.sin(best) * second
    rotation = np.stack([left, np.cross(up, left), up])
    # Snap to the axes when the model is aligned with them to within the search's own accuracy.
    snapped = np.round(rotation)
    aligned = np.abs(rotation - snapped).max() < 0.012 and abs(np.linalg.det(snapped) - 1) < 1e-9
    return snapped if aligned else rotation


def _mirror_error(flat: FloatArray, angle: float) -> float:
    """Mean distance from mirrored samples to their nearest sample, for a mirror normal at ``angle``."""
    return _mirror_distance(flat, np.array([np.cos(angle), np.sin(angle), 0.0]))


def _mirror_distance(points: FloatArray, normal: FloatArray) -> float:
    """Mean distance from mirrored points to their nearest point, the mirror half way through their extent."""
    along = points @ normal
    offset = (np.percentile(along, 2) + np.percentile(along, 98)) / 2
    mirrored = points - 2 * (along - offset)[:, None] * normal
    squares = (mirrored**2).sum(axis=1)[:, None] + (points**2).sum(axis=1)[None] - 2 * mirrored @ points.T
    return float(np.sqrt(np.maximum(squares.min(axis=1), 0)).mean())


def _midplane(across: FloatArray) -> float:
    """Lateral place of the mirror plane: the offset that makes the two sides' extents agree."""
    percentiles = np.percentile(across, [1, 5, 10, 90, 95, 99])
    return float((percentiles + percentiles[::-1]).mean() / 2)


def _four_feet(points: FloatArray, triangles: IntArray) -> tuple[FloatArray | None, str]:
    """Ground positions of two feet a side, or why they were not found."""
    height = float(points[:, 2].max())
    length = float(np.ptp(points[:, 1]))
    width = float(np.ptp(points[:, 0]))
    feet = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        across = points[:, 0] * sign
        low = (points[:, 2] < _FOOT_BAND * height) & (across > 0.02 * width)
        if low.sum() < 6:
            return None, f"no foot stands on the ground on its {side} side"
        along = np.sort(points[low, 1])
        gaps = np.diff(along)
        widest = int(np.argmax(gaps))
        if gaps[widest] < 0.12 * max(length, height):
            return None, f"fewer than two feet stand on the ground on its {side} side"
        split = (along[widest] + along[widest + 1]) / 2
        pair = []
        for group in (low & (points[:, 1] < split), low & (points[:, 1] > split)):
            if np.ptp(points[group, 1]) > 0.3 * length:
                return None, f"what touches the ground on the {side} side is too long to be feet"
            if points[group, 2].min() > 0.06 * height:
                return None, f"only one foot stands on the ground on its {side} side"
            pair.append((points[group, :2].max(axis=0) + points[group, :2].min(axis=0)) / 2)
        feet[side] = np.array(pair)
    left, right = feet["left"], feet["right"]
    if np.abs(left[:, 1] - right[:, 1]).max() > 0.35 * length:
        return None, "the feet of the two sides do not pair"
    stance = np.abs(left[:, 0] - right[:, 0])
    if stance.max() > 2.4 * stance.min():
        return None, "what touches the ground is not two pairs of feet alike"
    if not _columns_are_separate(points, triangles, np.concatenate([left, right])):
        return None, "what touches the ground is not four separate legs"
    return np.array([left[0], right[0], left[1], right[1]]), ""


def _columns_are_separate(points: FloatArray, triangles: IntArray, feet: FloatArray) -> bool:
    """Whether there is air between the feet of each side at a tenth to a quarter of the height."""
    height = float(points[:, 2].max())
    for pair in (feet[:2], feet[2:]):
        middle = pair[:, 1].mean()
        reach = 0.12 * abs(pair[1, 1] - pair[0, 1])
        sign = np.sign(pair[:, 0].mean())
        inside = (
            (np.abs(points[:, 1] - middle) < reach)
            & (points[:, 2] < 0.15 * height)
            & (points[:, 0] * sign > 0.02 * abs(pair[:, 0]).mean())
        )
        if inside.any():
            return False
    return True


def _faces_backward(
    geometry: RigGeometry,
    rotation: FloatArray,
    origin_body: FloatArray,
    points: FloatArray,
    feet: FloatArray,
) -> bool:
    """Whether the head is on the +Y side: toes, bulk and height beyond the feet, and names, each vote."""
    height = float(points[:, 2].max())
    length = float(np.ptp(points[:, 1]))
    votes = 0.0
    for x, y in feet:
        near = (np.abs(points[:, 0] - x) < 0.06 * length) & (np.abs(points[:, 1] - y) < 0.12 * length)
        sole = near & (points[:, 2] < 0.03 * height)
        shank = near & (points[:, 2] > 0.08 * height) & (points[:, 2] < 0.22 * height)
        if sole.any() and shank.any():
            # The sole reaches ahead of the leg above it: hooves and paws alike.
            lead = (points[sole, 1].min() + points[sole, 1].max()) - (
                points[shank, 1].min() + points[shank, 1].max()
            )
            votes += 0.7 * float(np.clip(lead / (0.05 * length), -1, 1))
    front, back = feet[:2, 1].mean(), feet[2:, 1].mean()
    beyond_front, beyond_back = points[points[:, 1] < front], points[points[:, 1] > back]
    if len(beyond_front) and len(beyond_back):
        votes += 1.2 * float(
            np.clip((beyond_back[:, 2].max() - beyond_front[:, 2].max()) / (0.25 * height), -1, 1)
        )
    heads = geometry.bone_heads @ rotation.T - origin_body
    middle = (front + back) / 2
    for part, sign in (("head", 1.0), ("neck", 1.0), ("jaw", 0.5), ("tail", -1.0)):
        named = [index for index, name in enumerate(geometry.bone_names) if names_part(name, part)]
        if named:
            votes += 3.0 * sign * float(np.sign(heads[named, 1].mean() - middle))
    return votes > 0
