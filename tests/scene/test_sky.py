"""The light of a sky: irradiance and where its sun stands."""

import numpy as np
import pytest

from pasyn_blender.scene.sky import LUMINANCE, colour_seen, sky_light


def sky(radiance: float = 1.0) -> np.ndarray:
    return np.full((128, 256, 3), radiance)


def test_an_even_sky_gives_pi_times_its_radiance_and_has_no_sun() -> None:
    found = sky_light(sky(0.7))
    assert found.irradiance == pytest.approx(0.7 * np.pi, rel=1e-3)
    assert found.toward_sun is None


@pytest.mark.parametrize(("azimuth", "elevation"), [(0.0, 30.0), (120.0, 10.0), (-90.0, 70.0)])
def test_a_sun_is_found_where_blender_would_see_it(azimuth: float, elevation: float) -> None:
    a, e = np.radians([azimuth, elevation])
    direction = np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
    picture = sky(0.3)
    row = int(np.arccos(direction[2]) / np.pi * 128)
    column = int((0.5 - np.arctan2(direction[1], direction[0]) / (2 * np.pi)) % 1.0 * 256)
    picture[row - 1 : row + 2, np.arange(column - 1, column + 2) % 256] = (900.0, 700.0, 400.0)
    found = sky_light(picture)
    assert found.toward_sun is not None
    assert np.degrees(np.arccos(found.toward_sun @ direction)) < 3.0
    assert found.sun_colour[0] == 1.0 and found.sun_colour[2] < 0.7


def test_a_white_ball_has_the_colour_of_an_even_sky_from_everywhere() -> None:
    found = sky_light(sky(0.7) * np.array([0.8, 1.0, 1.4]))
    expected = np.array([0.8, 1.0, 1.4]) / (np.array([0.8, 1.0, 1.4]) @ LUMINANCE)
    for viewer in np.eye(3):
        assert colour_seen(found.directions, found.power, viewer) == pytest.approx(expected, rel=1e-6)


def test_with_the_evening_sun_behind_one_its_colour_is_seen_and_before_one_the_skys() -> None:
    picture = sky(0.2) * np.array([0.8, 1.0, 1.4])
    columns = (0.5 - (np.arange(256) + 0.5) / 256) * 2 * np.pi
    picture[48:64, np.cos(columns) > 0.95] = (30.0, 14.0, 4.0)
    found = sky_light(picture)
    sunny, shady = (colour_seen(found.directions, found.power, np.array([x, 0.0, 0.0])) for x in (1.0, -1.0))
    assert sunny[0] > 2.0 * sunny[2] and shady[0] < shady[2]


def test_a_lamp_from_beside_colours_the_half_that_it_reaches() -> None:
    """Red from the left on one half of the disc, blue from the right on the other."""
    directions = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    red, blue = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    found = colour_seen(directions, np.array([red, blue]), np.array([0.0, 0.0, 1.0]))
    assert found == pytest.approx((red / (red @ LUMINANCE) + blue / (blue @ LUMINANCE)) / 2, rel=0.03)
    assert colour_seen(directions, np.zeros((2, 3)), np.array([0.0, 0.0, 1.0])) == pytest.approx(1.0)
