"""Where the camera must stand so that the posed animal fills the picture as a shot asks.

The lens is a pinhole with a shifted sensor. Distance alone decides the size of the animal's box, and the
shift alone its place, so both are solved exactly from the posed vertices, one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import RenderError
from .requests import ViewRequest

FloatArray = NDArray[np.float64]

_GROUND_ROUNDS = 12

SENSOR_WIDTH = 36.0
"""Millimetres, on the longer side of the picture."""

EDGE_MARGIN = 1.0
"""Pixels kept free at the edge around an animal that must be whole: the pixel filter spreads that far."""


LOWEST_CAMERA = 0.3
"""Least height of the camera above the ground, heights of the animal (or, where it lies, as much of
:data:`LYING_HEIGHT` of its length): from below ground it would see the feet above the horizon, and any
background would show the animal floating. Few photographers go lower than this."""

LYING_HEIGHT = 0.6


@dataclass(frozen=True)
class View:
    """A solved camera.

    Attributes
    ----------
    intrinsics
        (3, 3) in COCO pixels.
    world_to_camera
        (4, 4), OpenCV axes: x right, y down, z forward.
    focal_length
        Millimetres on a sensor of :data:`SENSOR_WIDTH` on the longer side.
    size
        (width, height) in pixels.
    box
        Projected bounds of the posed vertices: left, top, right, bottom; may leave the picture.
    depth_range
        Depths of the nearest and the farthest vertex.
    """

    intrinsics: FloatArray
    world_to_camera: FloatArray
    focal_length: float
    size: tuple[int, int]
    box: tuple[float, float, float, float]
    depth_range: tuple[float, float]


def view_axes(body_frame: FloatArray, azimuth: float, elevation: float, roll: float) -> FloatArray:
    """(3, 3) rows right, down, forward of the camera in world space.

    Parameters
    ----------
    body_frame
        (3, 3) rows left, backward, up of the animal in world space.
    azimuth, elevation
        Degrees; azimuth 0 sees the face, 90 the left side.
    roll
        Degrees by which the picture turns anticlockwise.
    """
    a, e, r = np.radians([azimuth, elevation, roll])
    toward_camera = np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])
    right = np.array([np.cos(a), np.sin(a), 0.0])
    up = np.cross(toward_camera, right)
    rolled_right = np.cos(r) * right - np.sin(r) * up
    rolled_up = np.sin(r) * right + np.cos(r) * up
    return np.asarray(np.stack([rolled_right, -rolled_up, -toward_camera]) @ body_frame)


def solve_view(
    vertices: FloatArray,
    body_frame: FloatArray,
    request: ViewRequest,
    size: tuple[int, int],
    ground: float | None = None,
) -> View:
    """Solve the camera of a shot.

    Parameters
    ----------
    vertices
        (V, 3) posed vertices, world space.
    body_frame
        (3, 3) rows left, backward, up of the animal in world space.
    request
        The shot's camera. One that would stand in the ground is raised to :data:`LOWEST_CAMERA`.
    size
        (width, height) in pixels.
    ground
        Height of the ground along the animal's up; that of its lowest vertex where not given.

    Raises
    ------
    RenderError
        The vertices are not finite, or all lie in one point.
    """
    if not len(vertices) or not np.isfinite(vertices).all():
        raise RenderError("the posed mesh has vertices at infinity; check the rig's action and modifiers")
    width, height = size
    # The middle of the box along the animal's own axes: it does not depend on how the rig is turned.
    upright = vertices @ body_frame.T
    centre = (upright.min(axis=0) + upright.max(axis=0)) / 2 @ body_frame
    if not np.ptp(upright, axis=0).any():
        raise RenderError("all vertices of the posed mesh lie in one point; check the rig's action")
    focal = request.focal_length / SENSOR_WIDTH * max(width, height)
    extents = np.ptp(upright, axis=0)
    middle = float(centre @ body_frame[2]) - (float(upright[:, 2].min()) if ground is None else ground)
    least = LOWEST_CAMERA * max(float(extents[2]), LYING_HEIGHT * float(extents[1])) - middle
    elevation = request.elevation
    for _ in range(_GROUND_ROUNDS):
        axes = view_axes(body_frame, request.azimuth, elevation, request.roll)
        local = (vertices - centre) @ axes.T
        distance = _solve_distance(local, focal, request.fill, size)
        if distance * np.sin(np.radians(elevation)) >= least - 1e-6 * abs(least):
            break
        # The distance hardly changes with the elevation, so a few rounds settle it.
        elevation = np.degrees(np.arcsin(np.clip(least / distance, -1.0, 1.0)))

    depths = local[:, 2] + distance
    flat = focal * local[:, :2] / depths[:, None]
    low, high = flat.min(axis=0), flat.max(axis=0)
    target = _box_centre(high - low, request, size)
    principal = target - (low + high) / 2

    world_to_camera = np.eye(4)
    world_to_camera[:3, :3] = axes
    world_to_camera[:3, 3] = np.array([0.0, 0.0, distance]) - axes @ centre
    intrinsics = np.array([[focal, 0.0, principal[0]], [0.0, focal, principal[1]], [0.0, 0.0, 1.0]])
    (left, top), (right, bottom) = (low + principal).tolist(), (high + principal).tolist()
    return View(
        intrinsics=intrinsics,
        world_to_camera=world_to_camera,
        focal_length=request.focal_length,
        size=size,
        box=(left, top, right, bottom),
        depth_range=(float(depths.min()), float(depths.max())),
    )


def _solve_distance(local: FloatArray, focal: float, fill: float, size: tuple[int, int]) -> float:
    """Distance of the camera from the centre at which the box fills the picture as asked."""
    # Contiguous coordinates: numpy finds their extremes many times faster than those of rows.
    right, down, ahead = (np.ascontiguousarray(local[:, axis]) for axis in range(3))

    def filled(distance: float) -> float:
        scale = focal / (ahead + distance)
        return max(float(np.ptp(right * scale)) / size[0], float(np.ptp(down * scale)) / size[1])

    extent = float(np.ptp(local, axis=0).max())
    nearest = -float(ahead.min())
    low = nearest + 1e-3 * extent
    high = max(low * 2, nearest + extent)
    while filled(high) > fill:
        low, high = high, nearest + 2 * (high - nearest)
    if filled(low) <= fill:
        return low
    # False position on 1/fill, which is almost linear in distance; Illinois' rule keeps both ends moving.
    target = 1.0 / fill
    at_low, at_high = 1.0 / filled(low) - target, 1.0 / filled(high) - target
    moved = 0
    distance = high
    for _ in range(100):
        distance = (low * at_high - high * at_low) / (at_high - at_low)
        at = 1.0 / filled(distance) - target
        if abs(at) < 1e-12 * target or high - low < 1e-13 * high:
            break
        if at > 0:
            high, at_high = distance, at
            at_low *= 0.5 if moved > 0 else 1.0
            moved = 1
        else:
            low, at_low = distance, at
            at_high *= 0.5 if moved < 0 else 1.0
            moved = -1
    return distance


def _box_centre(extent: FloatArray, request: ViewRequest, size: tuple[int, int]) -> FloatArray:
    """Pixel at which the middle of the box belongs."""
    limits = np.array(size, dtype=np.float64)
    # Right and up positive in a shot, down positive in pixels.
    offset = np.array([request.offset[0], -request.offset[1]])
    slack = np.maximum((limits - extent) / 2 - EDGE_MARGIN, 0.0)
    shift = np.clip(offset * limits, -slack, slack)
    if request.truncation > 0:
        axis = int(abs(request.offset[1]) > abs(request.offset[0]))
        direction = 1.0 if offset[axis] >= 0 else -1.0
        shift[axis] = direction * ((limits[axis] - extent[axis]) / 2 + request.truncation * extent[axis])
    return np.asarray(limits / 2 + shift)
