"""Pixels are COCO's: x right, y down, the centre of the top left pixel at (0.5, 0.5)."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.annotation.projection import inside_frame, project

INTRINSICS = np.array([[100.0, 0.0, 32.0], [0.0, 100.0, 24.0], [0.0, 0.0, 1.0]])


def test_points_project_as_a_pinhole_does() -> None:
    points = np.array([[0.0, 0.0, 2.0], [0.2, 0.0, 2.0], [0.0, 0.2, 2.0]])
    pixels, depths = project(points, INTRINSICS, np.eye(4))
    assert pixels == pytest.approx(np.array([[32, 24], [42, 24], [32, 34]]))
    assert depths == pytest.approx([2, 2, 2])


def test_the_camera_matrix_moves_points_first() -> None:
    moved = np.eye(4)
    moved[:3, 3] = [0.0, 0.0, 5.0]
    pixels, depths = project(np.array([[0.5, 0.0, 0.0]]), INTRINSICS, moved)
    assert pixels == pytest.approx(np.array([[42, 24]]))
    assert depths == pytest.approx([5])


def test_points_behind_the_camera_and_missing_points_have_no_pixel() -> None:
    pixels, _ = project(np.array([[0.0, 0.0, -1.0], [np.nan, 0.0, 1.0]]), INTRINSICS, np.eye(4))
    assert np.isnan(pixels[0]).all() and np.isnan(pixels[1, 0])


def test_the_frame_holds_its_left_and_upper_edge_only() -> None:
    pixels = np.array([[0, 0], [63.999, 47.999], [64, 10], [10, 48], [-1e-9, 5], [np.nan, 5]], dtype=float)
    assert inside_frame(pixels, 64, 48).tolist() == [True, True, False, False, False, False]
