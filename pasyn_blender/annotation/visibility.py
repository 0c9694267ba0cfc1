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

SURFACE_LIFT = 0.01
"""A surface point counts as seen when the point this far above it is, in trunk lengths. On a horse that is
a centimetre: what stands out less than an eyelid does not hide an eye, and a point of the outline is seen."""

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


def first_hits(
    queries: FloatArray,
    vertices: FloatArray,
    triangles: IntArray,
    world_to_camera: FloatArray,
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
    local = camera_points(vertices, world_to_camera)
    rays = camera_points(queries, world_to_camera)
    with np.errstate(divide="ignore", invalid="ignore"):
        plane = local[:, :2] / local[:, 2:]
        targets = np.where(rays[:, 2:] > 0, rays[:, :2] / rays[:, 2:], np.nan)
    corners = plane[triangles]
    in_front = (local[:, 2] > 0)[triangles].all(axis=1)
    with np.errstate(invalid="ignore"):
        low, high = corners.min(axis=1), corners.max(axis=1)
    inverse_depth = np.divide(1.0, local[:, 2], out=np.zeros(len(local)), where=local[:, 2] > 0)

    depths = np.full(len(queries), np.inf)
    hit = np.full(len(queries), -1, dtype=np.int64)
    for row, target in enumerate(targets):
        if not np.isfinite(target).all():
            continue
        near = np.flatnonzero(in_front & ((low <= target) & (target <= high)).all(axis=1))
        if not len(near):
            continue
        a, b, c = corners[near, 0] - target, corners[near, 1] - target, corners[near, 2] - target
        # Twice the signed areas opposite each corner: the target is inside when no two signs differ.
        shares = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=1)
        area = shares.sum(axis=1)
        inside = ((shares >= 0).all(axis=1) | (shares <= 0).all(axis=1)) & (area != 0)
        if not inside.any():
            continue
        near, shares, area = near[inside], shares[inside], area[inside]
        # What is linear on the screen is the inverse of depth.
        inverse = (shares * inverse_depth[triangles[near]]).sum(axis=1) / area
        nearest = int(np.argmax(inverse))
        depths[row], hit[row] = 1.0 / inverse[nearest], near[nearest]
    return Hits(depths, hit)


def visibility(
    pixels: FloatArray,
    points: FloatArray,
    lifts: FloatArray,
    surface: NDArray[np.bool_],
    parts: Sequence[IntArray],
    vertices: FloatArray,
    triangles: IntArray,
    world_to_camera: FloatArray,
    size: tuple[int, int],
    trunk_length: float,
) -> IntArray:
    """Judge each keypoint as COCO's v.

    A point on the surface is seen when nothing stands before it, or before the point slightly above it. A
    joint inside a limb is seen when the first surface on its ray belongs to the joint's own part (or lies
    behind the joint).

    Parameters
    ----------
    pixels
        (K, 2) projections of the keypoints.
    points
        (K, 3) world positions; NaN where the rig has no such keypoint.
    lifts
        (K, 3) outward unit normals of surface keypoints, anything for the others.
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
    count = len(points)
    lifted = points + SURFACE_LIFT * trunk_length * np.where(surface[:, None], lifts, 0.0)
    rays = np.concatenate([points, lifted[surface]])
    hits = first_hits(rays, vertices, triangles, world_to_camera)
    depths = camera_points(rays, world_to_camera)[:, 2]
    free = hits.depths >= depths - TOLERANCE * trunk_length
    seen = free[:count].copy()
    seen[surface] |= free[count:]
    for row in np.flatnonzero(~seen & ~surface):
        seen[row] = _contains(parts[row], hits.triangles[row])
    inside = inside_frame(pixels, *size)
    return np.where(inside, np.where(seen, SEEN, HIDDEN), OUTSIDE).astype(np.int64)


def _contains(ordered: IntArray, value: int) -> bool:
    place = int(np.searchsorted(ordered, value))
    return place < len(ordered) and int(ordered[place]) == int(value)


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
