"""Where marks and names go on the screen: numbers a person can check by hand."""

import numpy as np
import pytest

from pasyn_blender.ui.screen import (
    LEFT,
    MIDDLE,
    RIGHT,
    along_links,
    dashes,
    link_colour,
    links_on_screen,
    mark_at,
    place_labels,
    ring_triangles,
    screen_positions,
    side_colour,
)

# A camera at the origin that looks along -Z with a right angle of view.
PERSPECTIVE = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, -1.0, -0.2], [0, 0, -1.0, 0]])


def test_a_point_straight_ahead_is_in_the_middle_of_the_region() -> None:
    places, depth = screen_positions(np.array([[0.0, 0.0, -5.0]]), PERSPECTIVE, 800, 600)
    np.testing.assert_allclose(places, [[400, 300]])
    assert np.isfinite(depth).all()


def test_x_runs_right_and_y_runs_up_from_the_lower_left_corner() -> None:
    corner = np.array([[-2.0, -2.0, -2.0], [2.0, 2.0, -2.0], [1.0, 0.0, -2.0]])
    places, _ = screen_positions(corner, PERSPECTIVE, 800, 600)
    np.testing.assert_allclose(places, [[0, 0], [800, 600], [600, 300]])


def test_points_behind_the_viewer_and_missing_ones_have_no_place() -> None:
    points = np.array([[0.0, 0.0, 5.0], [np.nan] * 3, [0.0, 0.0, -1.0]])
    places, depth = screen_positions(points, PERSPECTIVE, 800, 600)
    assert np.isnan(places[:2]).all() and np.isnan(depth[:2]).all()
    assert np.isfinite(places[2]).all()


def test_depth_grows_with_distance() -> None:
    _, depth = screen_positions(np.array([[0, 0, -1.0], [0, 0, -2.0], [0, 0, -9.0]]), PERSPECTIVE, 8, 8)
    assert depth[0] < depth[1] < depth[2]


def test_an_orthographic_view_has_places_too() -> None:
    places, _ = screen_positions(np.array([[0.5, -0.5, 3.0]]), np.eye(4), 200, 100)
    np.testing.assert_allclose(places, [[150, 25]])


def test_links_need_both_ends() -> None:
    places = np.array([[1.0, 1.0], [2.0, 2.0], [np.nan, np.nan]])
    assert links_on_screen(places, [(0, 1), (1, 2), (0, 2)]) == ((0, 1),)


def test_points_along_a_link_run_from_end_to_end() -> None:
    points = along_links(np.array([[0.0, 0.0], [30.0, 40.0]]), [(0, 1)], 10.0)
    np.testing.assert_allclose(points[[0, -1]], [[0, 0], [30, 40]])
    assert len(points) == 6
    assert along_links(np.zeros((2, 2)), [], 10.0).shape == (0, 2)


def test_colours_tell_the_sides_apart() -> None:
    assert side_colour("left_eye") == LEFT
    assert side_colour("right_back_paw") == RIGHT
    assert side_colour("nose") == MIDDLE
    assert link_colour("neck", "left_shoulder") == LEFT
    assert link_colour("left_eye", "right_eye") == MIDDLE
    assert link_colour("neck", "root_of_tail") == MIDDLE


def area_of(corners: np.ndarray) -> float:
    triangles = corners.reshape(-1, 3, 2)
    a, b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    return float(0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum())


def test_a_disc_covers_its_area_and_fades_at_the_rim() -> None:
    corners, colours = ring_triangles(
        np.array([[10.0, 20.0]]), np.array([-1.0]), np.array([6.0]), np.array([[1.0, 0.5, 0.0, 0.8]]), 64
    )
    assert area_of(corners) == pytest.approx(np.pi * 6.5**2, rel=0.01)
    reach = np.linalg.norm(corners - (10.0, 20.0), axis=1)
    assert reach.max() == pytest.approx(6.5)
    np.testing.assert_allclose(colours[reach > 6.0, 3], 0.0)
    solid = (reach > 0.0) & (reach < 6.0)
    np.testing.assert_allclose(colours[solid, 3], 0.8)


def test_a_ring_has_a_hole_and_fades_at_both_rims() -> None:
    corners, colours = ring_triangles(
        np.array([[0.0, 0.0], [50.0, 0.0]]),
        np.array([4.0, 4.0]),
        np.array([6.0, 6.0]),
        np.tile([1.0, 1.0, 1.0, 1.0], (2, 1)),
        64,
    )
    assert area_of(corners) == pytest.approx(2 * np.pi * (6.5**2 - 3.5**2), rel=0.01)
    reach = np.linalg.norm(corners[: len(corners) // 2], axis=1)
    opaque = colours[: len(corners) // 2, 3] > 0.5
    assert reach[opaque].min() == pytest.approx(4.5) and reach[opaque].max() == pytest.approx(5.5)
    assert reach.min() == pytest.approx(3.5), "nothing is drawn in the hole"


def test_a_dashed_link_begins_and_ends_with_a_dash() -> None:
    places = np.array([[0.0, 0.0], [100.0, 0.0], [0.0, 3.0]])
    segments, owner = dashes(places, [(0, 1), (0, 2)], 6.0, 4.0)
    first = segments[owner == 0]
    np.testing.assert_allclose(first[0, 0], [0, 0])
    np.testing.assert_allclose(first[-1, 1], [100, 0])
    np.testing.assert_allclose(first[1:, 0, 0] - first[:-1, 1, 0], 4.0)
    assert (owner == 1).sum() == 1, "a short link is one dash"
    np.testing.assert_allclose(segments[owner == 1][0], [[0, 0], [0, 3]])
    assert dashes(places, [], 6.0, 4.0)[0].shape == (0, 2, 2)


def test_a_link_that_runs_far_out_of_the_region_has_few_dashes() -> None:
    segments, _ = dashes(np.array([[0.0, 0.0], [1e7, 0.0]]), [(0, 1)], 6.0, 4.0)
    assert len(segments) <= 300


def test_the_cursor_takes_the_nearest_mark_and_of_two_in_one_place_the_front_one() -> None:
    places = np.array([[10.0, 10.0], [30.0, 10.0], [31.0, 10.0], [np.nan, np.nan]])
    depth = np.array([0.5, 0.9, 0.2, np.nan])
    assert mark_at(places, depth, (12.0, 10.0), 8.0) == 0
    assert mark_at(places, depth, (29.0, 10.0), 8.0) == 2
    assert mark_at(places, depth, (60.0, 60.0), 8.0) is None


def overlaps(corners: np.ndarray, sizes: np.ndarray) -> int:
    count = 0
    for i in range(len(corners)):
        for j in range(i):
            low = np.maximum(corners[i], corners[j])
            high = np.minimum(corners[i] + sizes[i], corners[j] + sizes[j])
            count += bool((high > low).all())
    return count


def test_a_name_alone_stands_right_of_its_point() -> None:
    corner = place_labels(np.array([[50.0, 50.0]]), np.array([[40.0, 10.0]]), 8.0)
    np.testing.assert_allclose(corner, [[58.0, 45.0]])


def test_names_of_close_points_do_not_overlap() -> None:
    anchors = np.array([[100.0, 100.0], [104.0, 100.0], [100.0, 106.0]])
    sizes = np.tile([60.0, 11.0], (3, 1))
    assert overlaps(anchors + np.array([8.0, -5.5]), sizes) == 3
    assert overlaps(place_labels(anchors, sizes, 8.0), sizes) == 0


def test_a_name_leaves_the_line_that_runs_through_its_first_place() -> None:
    anchors, sizes = np.array([[0.0, 0.0]]), np.array([[40.0, 10.0]])
    line = along_links(np.array([[0.0, 0.0], [100.0, 0.0]]), [(0, 1)], 5.0)
    (corner,) = place_labels(anchors, sizes, 8.0, line)
    inside = ((line > corner) & (line < corner + sizes[0])).all(axis=1)
    assert not inside.any()
