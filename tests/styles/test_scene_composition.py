"""Composition: pixels keep their places, light comes from the ground, what is in front is exact."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from test_ground_in_pictures import scene

from styles.camera_look import camera_look
from styles.composition import compose, linear_from_srgb
from styles.draws import CompositionDraw, draw_camera_look
from styles.ground import Scene, touched_ground
from styles.light_matching import (
    LARGEST_GAIN,
    SMALLEST_GAIN,
    SUNNY_SIDE,
    WHITE_COAT,
    background_light,
    relit,
)
from styles.scene_composition import compose_scene
from styles.settings import NO_CAMERA, OCCLUDERS, PASTED, CompositionRanges

NO_LOOK = draw_camera_look(NO_CAMERA, np.random.default_rng(0))
PLAIN = CompositionDraw(light=0.0, shadow=0.0, cover=0.1, occluder_seed=None)


def render(seed: int = 0) -> np.ndarray:
    """A speckled ellipse, 120 by 160."""
    rows, columns = np.mgrid[0:120, 0:160]
    inside = ((columns - 80) / 40) ** 2 + ((rows - 66) / 26) ** 2
    rgba = np.zeros((120, 160, 4), np.uint8)
    rgba[..., :3] = np.random.default_rng(seed).integers(60, 190, (120, 160, 3))
    rgba[..., 3] = np.clip((1.1 - inside) * 800, 0, 255)
    return rgba


def meadow(brightness: int = 120) -> np.ndarray:
    noise = np.random.default_rng(1).integers(-20, 20, (120, 160, 3))
    return np.clip(np.array([brightness, brightness + 10, brightness - 40]) + noise, 0, 255).astype(np.uint8)


def test_without_light_and_shadow_it_is_plain_pasting() -> None:
    rgba, ground = render(), meadow()
    found = compose_scene(rgba, scene((1, 0, 1)), ground, PASTED, PLAIN, photo=True)
    assert np.array_equal(found.picture, compose(rgba, ground))
    assert np.array_equal(found.alpha, rgba[..., 3]) and found.hidden is None


def test_the_renders_warm_light_stays_behind_in_a_photo_and_not_in_its_own_world() -> None:
    rgba, grey = render(), np.full((120, 160, 3), 120, np.uint8)
    evening = replace(scene((1, 0, 1)), light_colour=np.array([1.3, 0.95, 0.6]))
    solid = rgba[..., 3] == 255

    def red_to_blue(place: Scene, photo: bool) -> float:
        draw = replace(PLAIN, light=1.0)
        colour = compose_scene(rgba, place, grey, PASTED, draw, photo=photo).picture[solid].mean(axis=0)
        return float(colour[0] / colour[2])

    assert red_to_blue(evening, photo=True) < 0.8 * red_to_blue(scene((1, 0, 1)), photo=True)
    assert red_to_blue(evening, photo=False) == red_to_blue(scene((1, 0, 1)), photo=False)


def test_a_much_brighter_place_still_takes_the_renders_colour_away() -> None:
    """Its strength is limited long before its colour."""
    rgba = render()
    solid = rgba[..., 3] == 255
    evening = np.array([0.13, 0.1, 0.06])
    found = [
        relit(rgba, light, np.ones(3), 1.0)[solid][:, :3].mean(axis=0) for light in (evening, np.full(3, 0.1))
    ]
    assert found[0][0] / found[0][2] < 0.85 * found[1][0] / found[1][2]


def test_a_record_that_does_not_tell_the_lights_colour_means_white() -> None:
    truth = {
        "camera": {"intrinsics": np.eye(3).tolist(), "world_to_camera": np.eye(4).tolist()},
        "scene": {
            "up": [0, 0, 1],
            "ground": 0.0,
            "toward_sun": [0, 0, 1],
            "sun_irradiance": 2.0,
            "sky_irradiance": 1.0,
            "shade": scene((1, 0, 1)).shade.to_dict(),
        },
    }
    assert (Scene.from_truth(truth).light_colour == 1.0).all()


@pytest.mark.parametrize("kind", ["grass", "branches"])
def test_where_something_is_in_front_does_not_depend_on_the_background(kind: str) -> None:
    """Other backgrounds make other pictures of the same labels."""
    rgba, hidden = render(), []
    for ground in (meadow(), np.full((120, 160, 3), 120, np.uint8), np.full((120, 160, 3), 3, np.uint8)):
        ranges = CompositionRanges(occluded=1.0, occluders=(kind,), ground=False)
        draw = replace(PLAIN, occluder_seed=5)
        hidden.append(compose_scene(rgba, scene((1, 0, 1)), ground, ranges, draw, photo=True).hidden)
    assert hidden[0] is not None and hidden[0].any()
    assert np.array_equal(hidden[0], hidden[1]) and np.array_equal(hidden[0], hidden[2])


def test_shade_darkens_the_ground_alone_and_never_lightens() -> None:
    rgba, ground = render(), meadow()
    found = compose_scene(rgba, scene((1, 0, 0.4)), ground, PASTED, replace(PLAIN, shadow=1.0), photo=True)
    plain = compose(rgba, ground)
    solid = rgba[..., 3] == 255
    assert np.array_equal(found.picture[solid], plain[solid])
    assert (found.picture <= plain).all() and (found.picture[~solid] < plain[~solid]).sum() > 500


def test_a_darker_ground_gives_a_darker_animal_and_no_factor_is_wild() -> None:
    rgba = render()
    light = np.full(3, 0.8)
    means = []
    for brightness in (50, 90, 130, 200):
        there = background_light(meadow(brightness), 0.9, tinted=False)
        means.append(relit(rgba, light, there, 1.0)[..., :3][rgba[..., 3] == 255].mean())
    assert means == sorted(means) and means[-1] > 1.3 * means[0]
    black, bright = (relit(rgba, light, np.full(3, there), 1.0)[..., :3] for there in (0.0, 100.0))
    own = linear_from_srgb(rgba[..., :3] / 255.0)
    assert (linear_from_srgb((black + 1.0) / 255.0) >= own * SMALLEST_GAIN).all()
    assert (linear_from_srgb((bright - 1.0) / 255.0) <= own * LARGEST_GAIN).all()
    assert np.array_equal(relit(rgba, light, np.ones(3), 0.0), rgba)


def test_nothing_is_brighter_than_a_white_animal_would_be_there() -> None:
    """A low sun shines on the side of a white horse more than on the ground that the light is measured on."""
    rgba = render()
    rgba[..., :3] = 250
    dim = np.full(3, 0.2)
    found = relit(rgba, np.full(3, 0.3), dim, 1.0)[..., :3]
    assert linear_from_srgb(found / 255.0).max() <= 1.05 * 0.2 * WHITE_COAT * SUNNY_SIDE
    rgba[..., :3] = 60
    assert np.array_equal(relit(rgba, np.full(3, 0.3), np.full(3, 0.3), 1.0), rgba)


def test_no_coat_burns_out_however_bright_its_place_and_however_the_camera_exposes() -> None:
    rgba = render()
    rgba[..., :3] = np.random.default_rng(3).integers(215, 256, (120, 160, 3))
    for there in (0.9, 2.0, 20.0):
        found = relit(rgba, np.full(3, 0.5), np.full(3, there), 0.7)[..., :3]
        bright = camera_look(found, replace(NO_LOOK, exposure=0.35))
        assert (bright == 255).mean() == 0.0 and np.median(bright) > 190
    assert np.array_equal(
        relit(rgba, np.full(3, 0.5), np.full(3, 2.0), 0.0), rgba
    )  # unless it is only pasted


@pytest.mark.parametrize("pitch", [2.0, 8.0, 30.0])
def test_right_beside_what_touches_the_ground_it_is_dark_under_any_sky(pitch: float) -> None:
    """However flatly the camera looks: there the touched ground is less than a pixel high."""
    ground = meadow()
    rgba = render()
    rgba[..., 3] = 0
    rgba[90:100, 60:100, 3] = 255  # somewhere: the shade counts
    overcast = replace(scene((0, 0, 1), pitch), sun_irradiance=0.0)
    found = compose_scene(rgba, overcast, ground, PASTED, replace(PLAIN, shadow=1.0), photo=False)
    touched = touched_ground(overcast, (160, 120))
    open_to_view = touched & (rgba[..., 3] == 0)
    before, after = (
        linear_from_srgb(picture[open_to_view] / 255.0).mean() for picture in (ground, found.picture)
    )
    assert touched.any() and after < 0.35 * before
    far = ~ndimage.binary_dilation(touched, iterations=25) & (rgba[..., 3] == 0)
    assert (found.picture[far].astype(int) >= ground[far].astype(int) * 0.8 - 2).all()


def test_dark_soil_under_a_bright_sky_is_not_taken_for_darkness() -> None:
    soil, stable = np.full((2, 120, 160, 3), 45, np.uint8)
    soil[:50] = 235
    outdoors, indoors = (background_light(photo, 0.9, tinted=False).mean() for photo in (soil, stable))
    assert outdoors > 2 * indoors


@pytest.mark.parametrize("kind", OCCLUDERS)
def test_what_is_in_front_is_drawn_where_it_hides_and_nowhere_else(kind: str) -> None:
    rgba, ground = render(), meadow()
    ranges = CompositionRanges(occluders=(kind,))
    draw = replace(PLAIN, cover=0.15, occluder_seed=5)
    found = compose_scene(rgba, scene((1, 0, 1)), ground, ranges, draw, photo=True)
    again = compose_scene(rgba, scene((1, 0, 1)), ground, ranges, draw, photo=True)
    assert np.array_equal(found.picture, again.picture)
    assert found.hidden is not None
    changed = (found.picture != compose(rgba, ground)).any(axis=-1)
    assert not (changed & (found.hidden == 0)).any()
    whole, seen = rgba[..., 3] >= 128, found.alpha >= 128
    assert not (seen & ~whole).any()
    # A pixel of the animal is lost exactly where it is covered by half, but for the rounding of its own edge.
    sure = rgba[..., 3] == 255
    assert np.array_equal(seen[sure], (found.hidden < 128)[sure])
    assert 0.02 < 1 - seen.sum() / whole.sum() < 0.5
