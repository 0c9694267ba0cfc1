"""The camera stands where the shot's box says, exactly, for any scale, facing and shape of picture."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.annotation.projection import project
from pasyn_blender.errors import RenderError
from pasyn_blender.scene.framing import EDGE_MARGIN, View, solve_view, view_axes
from render_jobs.shot import CameraShot

UPRIGHT = np.eye(3)


def shot(**changes: object) -> CameraShot:
    values: dict[str, object] = {
        "azimuth": 90.0,
        "elevation": 10.0,
        "roll": 0.0,
        "focal_length": 50.0,
        "fill": 0.7,
        "offset": (0.0, 0.0),
        "truncation": 0.0,
    }
    return CameraShot(**{**values, **changes})  # type: ignore[arg-type]


def animal(scale: float = 1.0) -> np.ndarray:
    """A cloud of points, long along Y, with a head at -Y."""
    generator = np.random.Generator(np.random.PCG64(7))
    body = generator.normal(size=(400, 3)) * [0.25, 0.8, 0.35] + [0, 0, 1]
    head = generator.normal(size=(60, 3)) * 0.1 + [0, -1.6, 1.8]
    return np.concatenate([body, head]) * scale


def projected_box(view: View, vertices: np.ndarray) -> np.ndarray:
    pixels, depths = project(vertices, view.intrinsics, view.world_to_camera)
    assert (depths > 0).all()
    return np.concatenate([pixels.min(axis=0), pixels.max(axis=0)])


@pytest.mark.parametrize("scale", [0.01, 1.0, 164.0])
@pytest.mark.parametrize("size", [(256, 256), (640, 360), (300, 500)])
@pytest.mark.parametrize("fill", [0.3, 0.7, 0.95])
def test_larger_side_of_the_box_fills_the_frame_as_asked(
    scale: float, size: tuple[int, int], fill: float
) -> None:
    vertices = animal(scale) + 3 * scale
    for azimuth, elevation, roll in ((0, 0, 0), (77, 25, 5), (200, -5, -40), (310, 89.9, 0)):
        view = solve_view(
            vertices, UPRIGHT, shot(azimuth=azimuth, elevation=elevation, roll=roll, fill=fill), size
        )
        left, top, right, bottom = projected_box(view, vertices)
        assert max((right - left) / size[0], (bottom - top) / size[1]) == pytest.approx(fill, abs=1e-6)
        assert view.box == pytest.approx((left, top, right, bottom), abs=1e-6 * max(size))


def test_focal_length_and_fill_are_independent() -> None:
    """A longer lens stands farther off and flattens, at the same size in the picture."""
    near = solve_view(animal(), UPRIGHT, shot(focal_length=24.0), (256, 256))
    far = solve_view(animal(), UPRIGHT, shot(focal_length=200.0), (256, 256))
    assert far.depth_range[0] > 5 * near.depth_range[0]
    assert near.intrinsics[0, 0] == pytest.approx(24 / 36 * 256)
    assert far.intrinsics[0, 0] == pytest.approx(200 / 36 * 256)


def test_offset_moves_the_middle_of_the_box_right_and_up() -> None:
    view = solve_view(animal(), UPRIGHT, shot(offset=(0.08, 0.05), fill=0.6), (400, 300))
    left, top, right, bottom = projected_box(view, animal())
    assert (left + right) / 2 == pytest.approx(200 + 0.08 * 400, abs=1e-6)
    assert (top + bottom) / 2 == pytest.approx(150 - 0.05 * 300, abs=1e-6)


@pytest.mark.parametrize("offset", [(0.4, 0.0), (-0.4, 0.1), (0.0, 0.4), (0.3, -0.4)])
def test_without_truncation_the_whole_animal_stays_in_the_frame(offset: tuple[float, float]) -> None:
    view = solve_view(animal(), UPRIGHT, shot(offset=offset, fill=0.8), (256, 200))
    left, top, right, bottom = projected_box(view, animal())
    assert left >= EDGE_MARGIN - 1e-6 and top >= EDGE_MARGIN - 1e-6
    assert right <= 256 - EDGE_MARGIN + 1e-6 and bottom <= 200 - EDGE_MARGIN + 1e-6


@pytest.mark.parametrize(
    ("offset", "side"),
    [((0.02, 0.01), "right"), ((-0.02, 0.01), "left"), ((0.01, 0.02), "top"), ((0.01, -0.02), "bottom")],
)
def test_truncation_pushes_its_share_of_the_box_out_of_the_asked_side(
    offset: tuple[float, float], side: str
) -> None:
    view = solve_view(animal(), UPRIGHT, shot(offset=offset, truncation=0.25), (256, 256))
    left, top, right, bottom = projected_box(view, animal())
    width, height = right - left, bottom - top
    beyond = {"left": -left / width, "right": (right - 256) / width}
    beyond |= {"top": -top / height, "bottom": (bottom - 256) / height}
    assert beyond.pop(side) == pytest.approx(0.25, abs=1e-9)
    assert max(beyond.values()) <= 0


def test_azimuth_and_elevation_are_the_animals_own() -> None:
    """Azimuth 0 sees the face (-Y), 90 the left side (+X), 180 the tail; elevation looks down."""
    for azimuth, seen_from in ((0, (0, -1, 0)), (90, (1, 0, 0)), (180, (0, 1, 0)), (270, (-1, 0, 0))):
        forward = view_axes(UPRIGHT, azimuth, 0, 0)[2]
        assert forward == pytest.approx(-np.array(seen_from), abs=1e-12)
    assert view_axes(UPRIGHT, 30, 90, 0)[2] == pytest.approx([0, 0, -1], abs=1e-12)
    # Seen from its left, an animal that faces -Y looks to the left of the picture.
    assert view_axes(UPRIGHT, 90, 0, 0)[0] == pytest.approx([0, 1, 0], abs=1e-12)


def test_a_turned_rig_gives_the_same_picture() -> None:
    """A rig that faces elsewhere, or lies on its side, is seen as its body frame says."""
    turn = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    one = solve_view(animal(), UPRIGHT, shot(azimuth=40.0, roll=7.0), (256, 256))
    other = solve_view(animal() @ turn, turn, shot(azimuth=40.0, roll=7.0), (256, 256))
    first, _ = project(animal(), one.intrinsics, one.world_to_camera)
    second, _ = project(animal() @ turn, other.intrinsics, other.world_to_camera)
    assert np.abs(first - second).max() < 1e-6


def test_positive_roll_turns_the_picture_anticlockwise() -> None:
    axes = view_axes(UPRIGHT, 0, 0, 90)
    world_right_of_level_camera = np.array([1.0, 0.0, 0.0])
    x, y, _ = axes @ world_right_of_level_camera
    assert (x, y) == pytest.approx((0.0, -1.0), abs=1e-12)  # up in the picture


@pytest.mark.parametrize("axes_of", [(a, e, r) for a in (0, 123) for e in (-90, -30, 90) for r in (0, 33)])
def test_camera_axes_are_a_rotation(axes_of: tuple[float, float, float]) -> None:
    axes = view_axes(UPRIGHT, *axes_of)
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1.0)


def test_broken_poses_are_refused() -> None:
    with pytest.raises(RenderError, match="infinity"):
        solve_view(np.array([[0.0, 0.0, np.nan], [1.0, 1.0, 1.0]]), UPRIGHT, shot(), (64, 64))
    with pytest.raises(RenderError, match="one point"):
        solve_view(np.ones((5, 3)), UPRIGHT, shot(), (64, 64))
