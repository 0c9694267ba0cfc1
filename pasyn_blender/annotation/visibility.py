"""Which keypoints a camera sees.

All rays start in the camera, so casting them against the deformed mesh is asking which projected triangles
cover a pixel and how far away they are there. That is exact, needs no tree, and runs without Blender.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .projection import camera_points, inside_frame

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

OUTSIDE, HIDDEN, SEEN = 0, 1, 2
"""COCO's v: not in the picture, in it but hidden, seen."""

MARKER_RADIUS = 0.01
"""A surface point counts as seen when any of a small ball around it is, radius in trunk lengths. On a horse
that is a centimetre: what stands out less than an eyelid hides no eye, and a point of the outline is seen."""

TOLERANCE = 1e-4
"""Slack of depth comparisons, in trunk lengths: single precision positions, and points on the surface."""


@dataclass(frozen=True)
class Hits:
    """Nearest surface along each ray.

    Attributes
    ----------
    depths
        (Q,) depth along the viewing axis, infinite where nothing is hit.
    triangles
        (Q,) index of the triangle, -1 where nothing is hit.
    """

    depths: FloatArray
    triangles: IntArray


@dataclass(frozen=True)
class Screen:
    """A mesh as a camera sees it, ready for many rays.

    Attributes
    ----------
    corners
        (T, 3, 2) corners of the triangles on the plane at depth 1.
    inverse_depths
        (T, 3) 1 / depth of the corners.
    low, high
        (T, 2) bounds of the projected triangles; empty for triangles that reach behind the camera.
    """

    corners: FloatArray
    inverse_depths: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, vertices: FloatArray, triangles: IntArray, world_to_camera: FloatArray) -> Screen:
        """Project a mesh: (V, 3) world positions, (T, 3) vertex indices, (4, 4) with OpenCV axes."""
        local = camera_points(vertices, world_to_camera)
        depth = np.where(local[:, 2] > 0, local[:, 2], np.nan)
        plane = local[:, :2] / depth[:, None]
        corners = plane[triangles]
        # minimum and maximum carry NaN on, and comparisons with NaN are false.
        low = np.minimum(np.minimum(corners[:, 0], corners[:, 1]), corners[:, 2])
        high = np.maximum(np.maximum(corners[:, 0], corners[:, 1]), corners[:, 2])
        return cls(corners, (1.0 / depth)[triangles], low, high)

    def near(self, low: FloatArray, high: FloatArray) -> IntArray:
        """Triangles whose bounds touch a box on the plane at depth 1."""
        with np.errstate(invalid="ignore"):
            touched = self.low[:, 0] <= high[0]
            touched &= self.high[:, 0] >= low[0]
            touched &= self.low[:, 1] <= high[1]
            touched &= self.high[:, 1] >= low[1]
        return np.flatnonzero(touched)

    def cast(self, targets: FloatArray, among: IntArray) -> Hits:
        """Find the nearest of some triangles behind each of (Q, 2) places on the plane at depth 1."""
        depths = np.full(len(targets), np.inf)
        hit = np.full(len(targets), -1, dtype=np.int64)
        if not len(among):
            return Hits(depths, hit)
        edges = self.corners[among][None] - targets[:, None, None]
        a, b, c = edges[:, :, 0], edges[:, :, 1], edges[:, :, 2]
        # Twice the signed areas opposite each corner: the place is inside when no two signs differ.
        shares = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=-1)
        area = shares.sum(axis=-1)
        inside = ((shares >= 0).all(axis=-1) | (shares <= 0).all(axis=-1)) & (area != 0)
        # What is linear on the screen is the inverse of depth.
        weighted = (shares * self.inverse_depths[among]).sum(axis=-1)
        inverse = np.divide(weighted, area, out=np.zeros_like(area), where=inside)
        nearest = inverse.argmax(axis=1)
        found = inside.any(axis=1)
        depths[found] = 1.0 / inverse[np.arange(len(targets)), nearest][found]
        hit[found] = among[nearest[found]]
        return Hits(depths, hit)


def first_hits(
    queries: FloatArray, vertices: FloatArray, triangles: IntArray, world_to_camera: FloatArray
) -> Hits:
    """Find the first surface on the rays from the camera through world points, both sides of a face alike.

    Parameters
    ----------
    queries
        (Q, 3) world points; rays through NaN or through points behind the camera hit nothing.
    vertices
        (V, 3) world positions.
    triangles
        (T, 3) vertex indices. Triangles that reach behind the camera are left out.
    world_to_camera
        (4, 4), OpenCV axes.
    """
    screen = Screen.of(vertices, triangles, world_to_camera)
    depths = np.full(len(queries), np.inf)
    hit = np.full(len(queries), -1, dtype=np.int64)
    for row, target in enumerate(_targets(queries, world_to_camera)):
        if np.isfinite(target).all():
            found = screen.cast(target[None], screen.near(target, target))
            depths[row], hit[row] = found.depths[0], found.triangles[0]
    return Hits(depths, hit)


def visibility(
    pixels: FloatArray,
    points: FloatArray,
    surface: NDArray[np.bool_],
    parts: Sequence[IntArray],
    vertices: FloatArray,
    triangles: IntArray,
    world_to_camera: FloatArray,
    size: tuple[int, int],
    trunk_length: float,
) -> IntArray:
    """Judge each keypoint as COCO's v.

    A point on the surface is seen when any of a small ball around it is. A joint inside a limb is seen when
    the first surface on its ray belongs to the joint's own part, or lies behind the joint.

    Parameters
    ----------
    pixels
        (K, 2) projections of the keypoints.
    points
        (K, 3) world positions; NaN where the rig has no such keypoint.
    surface
        (K,) which are surface points.
    parts
        For each keypoint its own triangles, sorted.
    vertices, triangles
        The deformed animal, all of it.
    world_to_camera
        (4, 4), OpenCV axes.
    size
        (width, height).
    trunk_length
        Scale of the animal.

    Returns
    -------
    (K,) of 0, 1, 2
    """
    screen = Screen.of(vertices, triangles, world_to_camera)
    inside = inside_frame(pixels, *size)
    result = np.full(len(points), OUTSIDE, dtype=np.int64)
    for row in np.flatnonzero(inside):
        queries = points[row : row + 1]
        if surface[row]:
            ball = _ball(points[row], MARKER_RADIUS * trunk_length, world_to_camera)
            queries = np.concatenate([queries, ball])
        targets = _targets(queries, world_to_camera)
        hits = screen.cast(targets, screen.near(targets.min(axis=0), targets.max(axis=0)))
        depths = camera_points(queries, world_to_camera)[:, 2]
        seen = bool((hits.depths >= depths - TOLERANCE * trunk_length).any())
        if not seen and not surface[row]:
            seen = _contains(parts[row], int(hits.triangles[0]))
        result[row] = SEEN if seen else HIDDEN
    return result


def _ball(centre: FloatArray, radius: float, world_to_camera: FloatArray) -> FloatArray:
    """(N, 3) points on the half of a ball's surface that faces the camera."""
    axes = world_to_camera[:3, :3]
    toward = -(axes @ centre + world_to_camera[:3, 3]) @ axes
    toward /= np.linalg.norm(toward)
    right = np.cross(toward, axes[1])
    right /= np.linalg.norm(right)
    up = np.cross(right, toward)
    return np.asarray(centre + radius * (_HALF_BALL @ np.stack([right, up, toward])))


def _half_ball() -> FloatArray:
    rings = []
    for tilt, count in ((0.0, 1), (40.0, 6), (72.0, 12)):
        turn = np.arange(count) * 2 * np.pi / count
        sine, cosine = np.sin(np.radians(tilt)), np.cos(np.radians(tilt))
        rings.append(np.stack([sine * np.cos(turn), sine * np.sin(turn), np.full(count, cosine)], axis=1))
    return np.concatenate(rings)


_HALF_BALL = _half_ball()


def _targets(queries: FloatArray, world_to_camera: FloatArray) -> FloatArray:
    """(Q, 2) places on the plane at depth 1, NaN for points that are not in front of the camera."""
    local = camera_points(queries, world_to_camera)
    return np.asarray(local[:, :2] / np.where(local[:, 2:] > 0, local[:, 2:], np.nan))


def _contains(ordered: IntArray, value: int) -> bool:
    place = int(np.searchsorted(ordered, value))
    return place < len(ordered) and int(ordered[place]) == value


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
