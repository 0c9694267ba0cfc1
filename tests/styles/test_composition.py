"""Pasting: light mixed by coverage, untouched bytes elsewhere, no fringe, quick."""

import numpy as np
import pytest

from styles.composition import compose, linear_from_srgb, srgb_from_linear

Colour = tuple[int, int, int]


def pasted(animal: Colour, alpha: int, ground: Colour) -> np.ndarray:
    rgba = np.array([[[*animal, alpha]]], np.uint8)
    return compose(rgba, np.array([[ground]], np.uint8))[0, 0].astype(int)


def test_fully_covered_and_uncovered_pixels_keep_their_bytes() -> None:
    values = np.arange(256, dtype=np.uint8)
    animal = np.stack([values, values[::-1], values, np.full(256, 255, np.uint8)], axis=-1)[None]
    ground = np.stack([values[::-1], values, values], axis=-1)[None]
    assert np.array_equal(compose(animal, ground), animal[..., :3])
    animal[..., 3] = 0
    assert np.array_equal(compose(animal, ground), ground)


def test_hidden_colours_of_empty_pixels_do_not_show() -> None:
    assert pasted((255, 0, 255), 0, (10, 20, 30)).tolist() == [10, 20, 30]


@pytest.mark.parametrize("alpha", [1, 64, 128, 200, 254])
@pytest.mark.parametrize(
    ("animal", "ground"),
    [((255, 255, 255), (0, 0, 0)), ((0, 0, 0), (255, 255, 255)), ((200, 30, 90), (20, 180, 95))],
)
def test_an_edge_is_the_mean_of_light_weighted_by_coverage(
    animal: Colour, ground: Colour, alpha: int
) -> None:
    cover = alpha / 255
    light = cover * linear_from_srgb(np.array(animal) / 255) + (1 - cover) * linear_from_srgb(
        np.array(ground) / 255
    )
    assert np.abs(pasted(animal, alpha, ground) - srgb_from_linear(light) * 255).max() <= 0.51


def test_half_a_white_pixel_on_black_gives_half_the_light_not_half_the_number() -> None:
    # 0.502 of the light is sRGB 188; mixing the numbers would give 128, a dark line round a white animal.
    assert pasted((255, 255, 255), 128, (0, 0, 0)).tolist() == [188, 188, 188]


def test_a_paste_of_the_grounds_own_colour_is_invisible_at_every_alpha() -> None:
    alphas = np.arange(256, dtype=np.uint8)
    for value in range(256):
        rgba = np.full((1, 256, 4), value, np.uint8)
        rgba[0, :, 3] = alphas
        ground = np.full((1, 256, 3), value, np.uint8)
        assert np.array_equal(compose(rgba, ground), ground)


def test_edges_lie_between_the_two_colours_so_no_fringe_appears() -> None:
    random = np.random.default_rng(1)
    rgba = random.integers(0, 256, (64, 64, 4), np.uint8)
    ground = random.integers(0, 256, (64, 64, 3), np.uint8)
    result = compose(rgba, ground)
    assert (result >= np.minimum(rgba[..., :3], ground)).all()
    assert (result <= np.maximum(rgba[..., :3], ground)).all()


def test_a_smooth_disc_matches_supersampling() -> None:
    # The same disc drawn 16 times finer and averaged as light is what a camera would see.
    fine = 16
    y, x = np.mgrid[: 32 * fine, : 32 * fine]
    inside = np.hypot(x - 250.3, y - 260.7) < 170
    animal, ground = np.array([230, 215, 180]), np.array([40, 70, 30])
    light = np.where(inside[..., None], linear_from_srgb(animal / 255), linear_from_srgb(ground / 255))
    expected = srgb_from_linear(light.reshape(32, fine, 32, fine, 3).mean(axis=(1, 3))) * 255
    cover = inside.reshape(32, fine, 32, fine).mean(axis=(1, 3))
    rgba = np.empty((32, 32, 4), np.uint8)
    rgba[..., :3] = animal
    rgba[..., 3] = np.rint(cover * 255)
    picture = compose(rgba, np.broadcast_to(ground.astype(np.uint8), (32, 32, 3)))
    assert np.abs(picture - expected).max() <= 1.5


def test_inputs_stay_as_they_are_and_wrong_ones_are_refused() -> None:
    rgba, ground = np.full((4, 5, 4), 100, np.uint8), np.full((4, 5, 3), 9, np.uint8)
    compose(rgba, ground)
    assert (rgba == 100).all() and (ground == 9).all()
    for wrong in (ground[:3], ground.astype(float), rgba):
        with pytest.raises(ValueError, match="expected"):
            compose(rgba, wrong)
