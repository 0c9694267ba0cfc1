"""From world points to COCO pixels.

Camera axes are OpenCV's: x right, y down, z forward. Pixels are continuous: the picture spans
[0, W] x [0, H] and the centre of its top left pixel is (0.5, 0.5).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def camera_points(points: FloatArray, world_to_camera: FloatArray) -> FloatArray:
    """(N, 3) world points in camera axes."""
    return np.asarray(points @ world_to_camera[:3, :3].T + world_to_camera[:3, 3])


def project(
    points: FloatArray, intrinsics: FloatArray, world_to_camera: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Project world points.

    Parameters
    ----------
    points
        (N, 3) world points; a row of NaN stays NaN.
    intrinsics
        (3, 3) in pixels.
    world_to_camera
        (4, 4), OpenCV axes.

    Returns
    -------
    pixels, depths
        (N, 2) pixels and (N,) distances along the viewing axis. Pixels of points that are not in front
        of the camera are NaN.
    """
    local = camera_points(points, world_to_camera)
    depths = local[:, 2]
    safe = np.where(depths > 0, depths, np.nan)
    image = local @ intrinsics.T
    return image[:, :2] / safe[:, None], depths


def inside_frame(pixels: FloatArray, width: int, height: int) -> NDArray[np.bool_]:
    """(N,) whether pixels lie in the picture, its right and lower edge not included; NaN lies outside."""
    x, y = pixels[:, 0], pixels[:, 1]
    with np.errstate(invalid="ignore"):
        return np.asarray((x >= 0) & (x < width) & (y >= 0) & (y < height))
