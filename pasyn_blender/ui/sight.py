"""Which keypoints a viewport sees, by the rule of the labels and within a redraw. Numpy only."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..annotation.projection import camera_points
from ..annotation.visibility import MARKER_RADIUS, visibility

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_FAR = 1e5
"""Distance in trunk lengths of the camera that stands for an orthographic view: its rays are parallel to well
within the slack of the labels' depth comparison."""

_VIEW_TO_CAMERA = np.diag([1.0, -1.0, -1.0])


def view_camera(
    view_matrix: FloatArray, perspective: bool, centre: FloatArray, trunk_length: float
) -> FloatArray:
    """Camera that sees what a viewport sees.

    Parameters
    ----------
    view_matrix
        (4, 4) world to view with Blender's axes, ``RegionView3D.view_matrix``.
    perspective
        Whether the view is a perspective one.
    centre
        (3,) where the animal is; only used for orthographic views.
    trunk_length
        Scale of the animal.

    Returns
    -------
    (4, 4) world to camera, OpenCV axes.
    """
    result = np.eye(4)
    result[:3, :3] = _VIEW_TO_CAMERA @ view_matrix[:3, :3]
    if perspective:
        result[:3, 3] = _VIEW_TO_CAMERA @ view_matrix[:3, 3]
    else:
        result[:3, 3] = -result[:3, :3] @ centre
        result[2, 3] += _FAR * trunk_length
    return result


@dataclass(frozen=True)
class Skin:
    """The animal as it stands, and which of it belongs to which keypoint.

    Attributes
    ----------
    vertices
        (V, 3) world places; NaN for what is not shown.
    triangles
        (T, 3) vertex indices.
    columns
        The same, one (T,) array a corner.
    parts
        For each keypoint its own triangles, sorted.
    surface
        (K,) which keypoints are points of the surface.
    trunk_length
        Scale of the animal.
    """

    vertices: FloatArray
    triangles: IntArray
    columns: tuple[IntArray, ...]
    parts: Sequence[IntArray]
    surface: NDArray[np.bool_]
    trunk_length: float


def seen(
    points: FloatArray,
    places: FloatArray,
    frame: tuple[float, float, float, float],
    skin: Skin,
    world_to_camera: FloatArray,
) -> IntArray:
    """Judge each keypoint as the labels do: 0 outside the frame, 1 hidden by the animal itself, 2 seen.

    Parameters
    ----------
    points
        (K, 3) world places of the keypoints; NaN for missing ones.
    places
        (K, 2) where they are in the region, in pixels.
    frame
        Left, bottom, right and top of the picture in the region, in pixels.
    skin
        The animal.
    world_to_camera
        (4, 4), OpenCV axes.
    """
    low, high = np.array(frame[:2]), np.array(frame[2:])
    shares = (places - low) / (high - low)
    near = _triangles_near(points, skin, world_to_camera)
    corners, again = np.unique(skin.triangles[near], return_inverse=True)
    parts = [_places_of(part, near) for part in skin.parts]
    return visibility(
        shares,
        points,
        skin.surface,
        parts,
        skin.vertices[corners],
        again.reshape(-1, 3),
        world_to_camera,
        (1, 1),
        skin.trunk_length,
    )


def _places_of(part: IntArray, near: IntArray) -> IntArray:
    """Where the members of one sorted array are in another."""
    if not len(part):
        return part
    rows = np.minimum(np.searchsorted(part, near), len(part) - 1)
    return np.flatnonzero(part[rows] == near)


def _triangles_near(points: FloatArray, skin: Skin, world_to_camera: FloatArray) -> IntArray:
    """Triangles that may stand before or around a keypoint on the screen: few of all, found cheaply."""
    # Single precision is half the work; what it may round away is added to the boxes below.
    local = camera_points(skin.vertices, world_to_camera)
    depth = np.where(local[:, 2] > 0, local[:, 2], np.nan)
    bounds = []
    for axis in (0, 1):
        first, second, third = (
            np.take((local[:, axis] / depth).astype(np.float32), column) for column in skin.columns
        )
        low = np.minimum(np.minimum(first, second), third)
        bounds.append((low, np.maximum(np.maximum(first, second), third)))
    centres = camera_points(points, world_to_camera)
    radius = np.where(skin.surface, 1.01 * MARKER_RADIUS, 1e-4)[:, None] * skin.trunk_length
    nearest = centres[:, 2:] - radius
    nearest = np.where(nearest > 0, nearest, np.nan)
    # The outline of a ball's bounding box, seen from the camera.
    sides = np.stack(
        [
            (centres[:, :2] + sign * radius) / distance
            for sign in (-1, 1)
            for distance in (nearest, nearest + 2 * radius)
        ]
    )
    box_low, box_high = sides.min(axis=0).astype(np.float32), sides.max(axis=0).astype(np.float32)
    touched = np.zeros(len(skin.triangles), dtype=bool)
    with np.errstate(invalid="ignore"):
        for box in np.flatnonzero(np.isfinite(box_low).all(axis=1)):
            near = bounds[0][0] <= box_high[box, 0]
            near &= bounds[0][1] >= box_low[box, 0]
            near &= bounds[1][0] <= box_high[box, 1]
            near &= bounds[1][1] >= box_low[box, 1]
            touched |= near
    return np.flatnonzero(touched)


@dataclass
class PatientLook:
    """Looks at once while that is quick, and otherwise when the picture has come to rest.

    Attributes
    ----------
    slow
        Seconds above which a look waits for rest.
    rest
        Seconds without a change that are rest.
    clock
        Where time comes from.
    """

    slow: float = 0.015
    rest: float = 0.15
    clock: Callable[[], float] = time.perf_counter
    last: Any = field(default=None, init=False)
    cost: float = field(default=0.0, init=False)
    _subject: Any = field(default=None, init=False)
    _awaited: Any = field(default=None, init=False)
    _since: float = field(default=0.0, init=False)

    def look(self, subject: tuple[Any, ...], judge: Callable[[], Any]) -> float | None:
        """Judge a subject, unless it was judged already or it is better to wait.

        Parameters
        ----------
        subject
            What the judgement depends on; compared by equality.
        judge
            Returns the judgement, kept in ``last``.

        Returns
        -------
        Seconds after which to look again; None when ``last`` is about this subject.
        """
        if subject == self._subject:
            return None
        now = self.clock()
        if self.cost > self.slow:
            if subject != self._awaited:
                self._awaited, self._since = subject, now
            if now - self._since < self.rest:
                return self.rest - (now - self._since)
        self.last = judge()
        self.cost = self.clock() - now
        self._subject, self._awaited = subject, None
        return None
