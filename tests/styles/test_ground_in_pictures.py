"""Ground: the horizon and the shade are where a pinhole camera sees them."""

import numpy as np
import pytest

from pasyn_blender.annotation.ground_shade import GroundShade, ground_shade
from styles.ground import Scene, ground_shadow, horizon_row

UP = np.array([0.0, 0.0, 1.0])
SIZE = (160, 120)
CUBE = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)])
CUBE_TRIANGLES = np.array(
    [
        [0, 2, 6],
        [0, 6, 4],
        [0, 1, 3],
        [0, 3, 2],
        [4, 6, 7],
        [4, 7, 5],
        [0, 4, 5],
        [0, 5, 1],
        [2, 3, 7],
        [2, 7, 6],
        [1, 5, 7],
        [1, 7, 3],
    ]
)


def camera(pitch: float, height: float, distance: float) -> np.ndarray:
    """World to camera of one that looks along +Y, ``pitch`` degrees down."""
    angle = np.radians(pitch)
    right = np.array([1.0, 0.0, 0.0])
    ahead = np.array([0.0, np.cos(angle), -np.sin(angle)])
    turn = np.stack([right, np.cross(ahead, right), ahead])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, -turn @ np.array([0.0, -distance, height])
    return matrix


def scene(toward_sun: tuple[float, float, float], pitch: float = 20.0, height: float = 2.0) -> Scene:
    sun = np.array(toward_sun) / np.linalg.norm(toward_sun)
    intrinsics = np.array([[150.0, 0.0, 80.0], [0.0, 150.0, 60.0], [0.0, 0.0, 1.0]])
    shade = ground_shade(CUBE, CUBE_TRIANGLES, np.eye(3), sun, 0.0)
    return Scene(intrinsics, camera(pitch, height, 6.0), UP, 0.0, sun, 2.0, 1.0, np.ones(3), shade)


def pixel(place: Scene, point: tuple[float, float, float]) -> tuple[int, int]:
    flat = place.intrinsics @ (place.world_to_camera @ np.array([*point, 1.0]))[:3]
    return int(flat[1] / flat[2]), int(flat[0] / flat[2])


@pytest.mark.parametrize("pitch", [-10.0, 0.0, 20.0])
def test_the_horizon_is_as_far_from_the_middle_as_the_camera_is_tilted(pitch: float) -> None:
    row = horizon_row(scene((0.0, 0.0, 1.0), pitch), 80.0)
    assert row == pytest.approx(60.0 - 150.0 * np.tan(np.radians(pitch)))


def test_a_cubes_shadow_lies_away_from_the_sun_and_is_as_long_as_the_suns_height_makes_it() -> None:
    # The sun at 45 degrees on the right: the shadow reaches one cube to the left.
    place = scene((1.0, 0.0, 1.0))
    cast, _ = ground_shadow(place, SIZE)
    assert cast[pixel(place, (-1.2, 0.0, 0.0))] > 0.9
    assert cast[pixel(place, (-1.75, 0.0, 0.0))] < 0.1
    assert cast[pixel(place, (0.8, 0.0, 0.0))] < 0.05
    assert cast[pixel(place, (-1.0, 0.75, 0.0))] < 0.1


def test_the_sky_is_kept_off_most_right_beside_the_animal_and_on_all_sides() -> None:
    place = scene((0.0, 0.0, 1.0))
    _, contact = ground_shadow(place, SIZE)
    near, far = contact[pixel(place, (0.6, 0.0, 0.0))], contact[pixel(place, (1.2, 0.0, 0.0))]
    assert contact[pixel(place, (0.0, -0.45, 0.0))] > 0.9
    assert 0.2 < near < 0.95 and far < 0.5 * near
    assert contact[pixel(place, (-0.6, 0.0, 0.0))] == pytest.approx(near, abs=0.1)


def test_nothing_above_the_horizon_is_in_the_shade() -> None:
    place = scene((0.3, 0.2, 0.5), pitch=5.0)
    horizon = int(horizon_row(place, 80.0))
    for share in ground_shadow(place, SIZE):
        assert not share[: horizon - 1].any()
        assert share.min() >= 0.0 and share.max() <= 1.0


def test_maps_survive_being_written_and_damage_is_named() -> None:
    shade = scene((0.3, 0.2, 0.5)).shade
    again = GroundShade.from_dict(shade.to_dict())
    assert np.abs(again.cast - shade.cast).max() <= 0.5 / 255 + 1e-9
    assert np.allclose(again.corner, shade.corner) and again.cell == pytest.approx(shade.cell)
    with pytest.raises(ValueError, match="shade"):
        GroundShade.from_dict({**shade.to_dict(), "cast": "AAAA"})
