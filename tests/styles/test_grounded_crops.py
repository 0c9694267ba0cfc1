"""Crops of photos: feet below the horizon on open ground, nothing before them, the sun on one side."""

from dataclasses import replace

import numpy as np
import pytest

from styles.grounded_crops import SHARPNESS, Placement, Standing, grounded_crop
from styles.photo_ground import USUAL_HORIZON, PhotoGround, hidden_horizon, photo_ground

SQUARE = (256, 256)


def landscape(horizon: float, seed: int = 0) -> np.ndarray:
    """Bright smooth sky over darker, rough ground, 240 by 320."""
    generator = np.random.default_rng(seed)
    photo = np.empty((240, 320, 3))
    row = int(240 * horizon)
    photo[:row] = np.array([190, 205, 230]) + generator.normal(0, 3, (row, 320, 3))
    photo[row:] = np.array([110, 120, 70]) + generator.normal(0, 25, (240 - row, 320, 3))
    return np.clip(photo, 0, 255).astype(np.uint8)


def known(
    horizon: float = 0.3,
    size: tuple[int, int] = (320, 240),
    blocked: tuple[slice, slice] | None = None,
    sun_side: float = 0.0,
) -> PhotoGround:
    """A photo with open ground below its horizon, but for the rows and columns (of 60 and 80) named."""
    ground = np.zeros((60, 80), dtype=bool)
    ground[int(horizon * 60) :] = True
    if blocked is not None:
        ground[blocked] = False
    return PhotoGround(size, horizon, horizon, ground, sun_side)


def stands(horizon: float = 0.3, farthest: float = 0.7, sun_side: float = 0.0) -> Standing:
    return Standing(horizon, (0.5, 0.5), farthest + 0.1, farthest, 0.25, 0.75, 0.3, 0.7, 1.5, sun_side)


def in_crop(photo_row: float, place: Placement, size: tuple[int, int]) -> float:
    """A photo's row, as a share of its height, in shares of a crop of it."""
    height = place.crop[2] * min(size[0], size[1])
    return (photo_row * size[1] - place.crop[1] * (size[1] - height)) / height


@pytest.mark.parametrize("horizon", [0.2, 0.35, 0.5, 0.65])
def test_the_horizon_is_where_ground_and_sky_part(horizon: float) -> None:
    assert photo_ground(landscape(horizon)).horizon == pytest.approx(horizon, abs=0.03)


@pytest.mark.parametrize("end", [0.3, 0.45, 0.6])
def test_behind_a_wall_the_horizon_is_higher_than_where_the_ground_ends(end: float) -> None:
    """A dark wall over a grey floor."""
    photo = landscape(end)
    photo[: int(240 * end)] //= 4
    found = photo_ground(photo)
    assert found.end == pytest.approx(end, abs=0.03)
    assert 0.0 < found.horizon < found.end - 0.05


def test_a_close_up_shows_no_ground_and_a_lawn_seen_from_above_does() -> None:
    """A dark patch across a bright flank; grass all over."""
    rows, columns = np.mgrid[0:240, 0:320]
    noise = np.random.default_rng(4).normal(0, 4, (240, 320, 3))
    flank = np.where(np.abs(columns - 60 - 0.8 * rows) < 60, 60.0, 190.0)[..., None] + noise
    assert not photo_ground(np.clip(flank, 0, 255).astype(np.uint8)).open.any()
    lawn = np.array([90, 120, 50]) + 5 * noise
    assert photo_ground(np.clip(lawn, 0, 255).astype(np.uint8)).open.mean() > 0.5


def test_a_bright_smooth_wall_is_no_sky_for_it_lights_nothing() -> None:
    for sky, hidden in (((150, 150, 148), True), ((215, 218, 222), False), ((110, 140, 200), False)):
        photo = landscape(0.5)
        photo[:120] = np.clip(np.array(sky) + np.random.default_rng(5).normal(0, 2, (120, 320, 3)), 0, 255)
        photo[120:] = np.clip(photo[120:].astype(int) + np.array([30, 20, 65]), 0, 255)
        found = photo_ground(photo)
        assert (found.horizon < found.end - 0.05) is hidden


@pytest.mark.parametrize("size", [(60, 3200), (3200, 32), (32, 3072), (33, 3300)])
def test_long_strips_are_judged_like_other_photos(size: tuple[int, int]) -> None:
    found = photo_ground(np.random.default_rng(6).integers(0, 255, (*size, 3), dtype=np.uint8))
    assert 0.0 < found.horizon <= found.end <= 1.0


def test_the_higher_the_ground_reaches_the_higher_is_the_hidden_horizon() -> None:
    found = [hidden_horizon(end) for end in np.linspace(0.08, 0.8, 20)]
    assert (np.diff(found) > 0).all() and (found < np.linspace(0.08, 0.8, 20)).all()
    assert found[-1] == pytest.approx(USUAL_HORIZON, abs=0.01)


def test_an_animal_before_a_wall_is_as_tall_as_its_camera_sees_it() -> None:
    """The horizon behind the wall, not at its foot: feet stand nearer to the wall."""
    size = (1280, 960)
    floor, place = known(0.5, size), stands(0.35, 0.75)
    here, there = (
        grounded_crop(ground, (0.3, 0.0, 0.6), False, place, SQUARE)
        for ground in (replace(floor, horizon=0.3), floor)
    )
    assert here.openness >= 1.0 and there.openness >= 1.0
    assert in_crop(0.5, here, size) > in_crop(0.5, there, size) + 0.1


@pytest.mark.parametrize("horizon", [0.2, 0.4, 0.6])
@pytest.mark.parametrize("farthest", [0.5, 0.7, 0.85])
def test_feet_stand_below_the_photos_horizon(horizon: float, farthest: float) -> None:
    ground = photo_ground(landscape(horizon))
    place = grounded_crop(ground, (0.3, 0.0, 0.9), False, stands(0.45, farthest), SQUARE)
    assert in_crop(ground.horizon, place, (320, 240)) < farthest


def test_a_camera_that_looks_down_sees_ground_alone_as_far_as_there_is_some() -> None:
    ground = known(size=(640, 480))
    place = grounded_crop(ground, (0.3, 0.0, 0.6), False, stands(horizon=-1.5), SQUARE)
    assert in_crop(ground.horizon, place, (640, 480)) < 0.02


def test_a_small_photo_with_little_ground_is_enlarged_rather_than_have_animals_stand_in_its_sky() -> None:
    """At its own pixels the photo fills the picture's height with 0.74 of sky, and the feet are at 0.57."""
    ground = known(0.74, (766, 400))
    place = grounded_crop(ground, (0.6, 0.7, 0.98), False, stands(0.38, 0.57), SQUARE)
    assert in_crop(ground.horizon, place, (766, 400)) < 0.57
    assert place.crop[2] * 400 >= SHARPNESS * 256


def test_ground_begins_below_a_hazy_sky_however_dark_the_land_is_in_parts() -> None:
    """A sky that fades down to the horizon, and land whose near half is in the shade."""
    photo = np.zeros((240, 320, 3))
    photo[:120] = np.linspace(170, 215, 120)[:, None, None]
    photo[120:180] = (150, 140, 100)
    photo[180:] = (40, 38, 30)
    photo += np.random.default_rng(2).normal(0, 2, photo.shape)
    assert photo_ground(np.clip(photo, 0, 255).astype(np.uint8)).horizon >= 0.48


def test_the_photo_is_flipped_when_its_sun_is_on_the_other_side_and_left_alone_when_nobody_knows() -> None:
    ground = known(sun_side=0.8)
    for sun_side, mirror in ((0.7, False), (-0.7, True)):
        for planned in (False, True):
            place = grounded_crop(ground, (0.3, 0.2, 0.8), planned, stands(sun_side=sun_side), SQUARE)
            assert place.mirror is mirror
    for planned in (False, True):
        assert grounded_crop(ground, (0.3, 0.2, 0.8), planned, stands(), SQUARE).mirror is planned


def test_where_ground_is_open_the_planned_place_is_kept() -> None:
    place = grounded_crop(known(size=(1280, 480)), (0.1, 0.0, 0.8), False, stands(), SQUARE)
    assert place.openness >= 1.0 and place.crop[0] == 0.1
    assert place.crop[2] == pytest.approx(0.8, rel=0.1)


def test_feet_move_to_where_ground_is_open() -> None:
    """A wall stands on the left half, down to the lower edge."""
    wall = (slice(None), slice(0, 40))
    place = grounded_crop(known(size=(640, 240), blocked=wall), (0.0, 0.2, 0.8), False, stands(), SQUARE)
    assert place.openness >= 1.0 and place.crop[0] > 0.4


def test_nothing_stands_between_the_feet_and_the_lower_edge() -> None:
    """Open ground behind a fence is no place: the fence is nearer than the animal and would be behind it."""
    fence = (slice(33, 60), slice(0, 80))
    place = grounded_crop(known(blocked=fence), (0.3, 0.2, 1.0), False, stands(), SQUARE)
    free = grounded_crop(known(), (0.3, 0.2, 1.0), False, stands(), SQUARE)
    assert place.openness < 1.0 <= free.openness


def test_a_photo_without_ground_says_so() -> None:
    bars = known(blocked=(slice(None), slice(None)))
    assert grounded_crop(bars, (0.3, 0.2, 0.8), False, stands(), SQUARE).openness == 0.0
