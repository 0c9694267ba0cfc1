"""v=2 seen, v=1 hidden, v=0 outside: judged on the triangles between camera and keypoint."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.annotation.projection import project
from pasyn_blender.annotation.visibility import MARKER_RADIUS, first_hits, visibility

SIZE = (100, 100)
INTRINSICS = np.array([[100.0, 0.0, 50.0], [0.0, 100.0, 50.0], [0.0, 0.0, 1.0]])
AHEAD = np.eye(4)
NONE = np.zeros(0, dtype=np.int64)


def wall(depth: float, half: float = 1.0, x: float = 0.0) -> np.ndarray:
    """(4, 3) corners of a square facing the camera."""
    return np.array(
        [[x - half, -half, depth], [x + half, -half, depth], [x + half, half, depth], [x - half, half, depth]]
    )


def quads(count: int) -> np.ndarray:
    """(2 count, 3) triangles of ``count`` squares."""
    return np.concatenate([np.array([[0, 1, 2], [0, 2, 3]]) + 4 * i for i in range(count)])


def judge(
    point: tuple[float, float, float], vertices: np.ndarray, *, surface: bool, part: np.ndarray = NONE
) -> int:
    points = np.array([point])
    pixels, _ = project(points, INTRINSICS, AHEAD)
    triangles = quads(len(vertices) // 4)
    return int(
        visibility(pixels, points, np.array([surface]), [part], vertices, triangles, AHEAD, SIZE, 1.0)[0]
    )


def test_first_hits_find_the_nearest_triangle_and_its_exact_depth() -> None:
    vertices = np.concatenate([wall(5.0), wall(3.0), wall(4.0)])
    hits = first_hits(np.array([[0.1, 0.05, 9.0], [50.0, 0.0, 9.0]]), vertices, quads(3), AHEAD)
    assert hits.depths[0] == pytest.approx(3.0)
    assert hits.triangles[0] in (2, 3)
    assert np.isinf(hits.depths[1]) and hits.triangles[1] == -1


def test_depth_on_a_slanted_triangle_is_perspective_correct() -> None:
    generator = np.random.Generator(np.random.PCG64(1))
    for _ in range(50):
        corners = generator.normal(size=(3, 3)) + np.array([0, 0, 6])
        inside = generator.dirichlet([1, 1, 1]) @ corners
        hits = first_hits(inside[None] * 1.7, corners, np.array([[0, 1, 2]]), AHEAD)
        assert hits.triangles[0] == 0
        assert hits.depths[0] == pytest.approx(inside[2], rel=1e-9)


def test_triangles_behind_the_camera_hide_nothing() -> None:
    behind = wall(-2.0)
    assert first_hits(np.array([[0.0, 0.0, 4.0]]), behind, quads(1), AHEAD).triangles[0] == -1


def test_a_point_on_the_surface_is_seen() -> None:
    assert judge((0.2, 0.1, 3.0), wall(3.0), surface=True) == 2


def test_a_surface_point_behind_another_surface_is_hidden() -> None:
    vertices = np.concatenate([wall(3.0), wall(2.0)])
    assert judge((0.2, 0.1, 3.0), vertices, surface=True) == 1


def test_a_surface_point_on_the_far_side_of_its_own_body_is_hidden() -> None:
    vertices = np.concatenate([wall(3.0), wall(3.5)])
    assert judge((0.2, 0.1, 3.5), vertices, surface=True) == 1


def test_what_covers_less_than_the_marker_does_not_hide_a_surface_point() -> None:
    flake = wall(2.9, half=0.2 * MARKER_RADIUS, x=0.0)
    assert judge((0.0, 0.0, 3.0), np.concatenate([wall(3.0), flake]), surface=True) == 2
    plate = wall(2.9, half=2 * MARKER_RADIUS, x=0.0)
    assert judge((0.0, 0.0, 3.0), np.concatenate([wall(3.0), plate]), surface=True) == 1


def test_a_point_sunk_slightly_below_its_surface_is_seen() -> None:
    assert judge((0.0, 0.0, 3.0 + 0.5 * MARKER_RADIUS), wall(3.0), surface=True) == 2
    assert judge((0.0, 0.0, 3.0 + 3 * MARKER_RADIUS), wall(3.0), surface=True) == 1


def test_a_joint_is_seen_through_its_own_part_only() -> None:
    limb = np.concatenate([wall(3.0, half=0.3), wall(3.4, half=0.3)])
    own = np.arange(4)
    assert judge((0.0, 0.0, 3.2), limb, surface=False, part=own) == 2
    assert judge((0.0, 0.0, 3.2), limb, surface=False) == 1
    other_leg = np.concatenate([limb, wall(2.0, half=0.3)])
    assert judge((0.0, 0.0, 3.2), other_leg, surface=False, part=own) == 1


def test_a_joint_in_the_open_is_seen() -> None:
    assert judge((0.0, 0.0, 3.0), wall(4.0), surface=False) == 2


def test_points_outside_the_frame_or_behind_the_camera_or_unknown_are_zero() -> None:
    assert judge((2.0, 0.0, 3.0), wall(3.0), surface=True) == 0
    assert judge((0.0, 0.0, -3.0), wall(3.0), surface=True) == 0
    assert judge((np.nan, np.nan, np.nan), wall(3.0), surface=True) == 0
