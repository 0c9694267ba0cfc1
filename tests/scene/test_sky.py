"""The light of a sky: irradiance and where its sun stands."""

import numpy as np
import pytest

from pasyn_blender.scene.sky import sky_light


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
    assert found.mean[0] > found.mean[1] > found.mean[2] > 0.3


def test_the_mean_counts_directions_not_pixels() -> None:
    """The upper half red, the lower blue, and rows near the poles of an equirectangular picture are small."""
    picture = sky(0.0)
    picture[:64, :, 0] = 1.0
    picture[64:, :, 2] = 1.0
    picture[:13] = (0.0, 9.0, 0.0)
    cap = (1 - np.cos(13 / 128 * np.pi)) / 2
    assert sky_light(picture).mean == pytest.approx([0.5 - cap, 9.0 * cap, 0.5], rel=1e-2)
