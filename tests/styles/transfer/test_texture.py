"""The photo's fine detail on a smooth coat, and soft colours along the outline."""

import numpy as np
import pytest
from scipy import ndimage

from styles.transfer.texture import photo_texture, soft_colours

SIZE = 128


def smooth_animal(level: int = 130) -> tuple[np.ndarray, np.ndarray]:
    """A disc of one colour on green, and its alpha."""
    rows, columns = np.mgrid[:SIZE, :SIZE]
    alpha = np.clip((44 - np.hypot(rows - 64, columns - 64)) * 128 + 128, 0, 255).astype(np.uint8)
    share = alpha[..., None] / 255
    coat, green = np.array([level, level * 0.8, level * 0.6]), np.array([60, 120, 40])
    return (coat * share + green * (1 - share)).astype(np.uint8), alpha


def meadow(spread: float, seed: int = 0, coarse: float = 1.0) -> np.ndarray:
    """Grain of some coarseness in brightness, and half as much in colour."""
    generator = np.random.default_rng(seed)
    grain = generator.standard_normal((SIZE, SIZE, 3)) * 0.5 + generator.standard_normal((SIZE, SIZE, 1))
    grain = ndimage.gaussian_filter(grain, (coarse, coarse, 0), mode="wrap")
    return np.clip(130 + grain / grain.std() * spread, 0, 255).astype(np.uint8)


def inside(picture: np.ndarray) -> np.ndarray:
    return picture[40:88, 40:88].astype(float)


def test_a_smooth_coat_takes_detail_in_proportion_to_that_of_the_photos_calmer_places() -> None:
    picture, alpha = smooth_animal()
    ratios = []
    for spread in (3.0, 8.0):
        photo = meadow(spread, coarse=1.5)
        ratios.append((inside(photo_texture(picture, alpha, photo)) - inside(picture)).std() / photo.std())
    assert ratios[0] == pytest.approx(ratios[1], rel=0.15)
    assert 0.3 < ratios[0] < 1.0


def test_the_detail_is_as_coarse_as_the_photos() -> None:
    picture, alpha = smooth_animal()

    def likeness(coarse: float) -> float:
        grain = inside(photo_texture(picture, alpha, meadow(8.0, coarse=coarse)))[..., 1]
        grain -= grain.mean()
        return float((grain[:, 1:] * grain[:, :-1]).mean() / (grain**2).mean())

    assert likeness(0.4) + 0.3 < likeness(1.5)


def test_it_shows_none_of_the_photos_shapes() -> None:
    """A bright bar behind the animal is no bar on it: columns of the coat stay alike."""
    picture, alpha = smooth_animal()
    photo = meadow(6.0)
    photo[:, 60:64] = 250
    added = inside(photo_texture(picture, alpha, photo)) - inside(picture)
    of_columns = added.mean(axis=(0, 2))
    assert np.abs(of_columns[20:24] - of_columns.mean()).max() < 4 * added.std() / np.sqrt(48)


def test_a_coat_with_detail_of_its_own_is_left_alone_and_a_black_one_gets_less() -> None:
    picture, alpha = smooth_animal()
    pied = picture.copy()
    pied[:, ::6] = 20
    assert np.abs(photo_texture(pied, alpha, meadow(6.0)).astype(int) - pied).max() <= 1

    def added(level: int) -> float:
        coat, cover = smooth_animal(level)
        return float((inside(photo_texture(coat, cover, meadow(6.0))) - inside(coat)).std())

    assert added(20) < 0.6 * added(130)


def test_each_photo_has_a_grain_of_its_own_always_the_same() -> None:
    picture, alpha = smooth_animal()
    first, again, other = (photo_texture(picture, alpha, meadow(6.0, seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    one, two = (inside(found)[..., 1] - inside(picture)[..., 1] for found in (first, other))
    assert abs(np.corrcoef(one.ravel(), two.ravel())[0, 1]) < 0.2


def test_colours_are_softened_along_the_outline_and_brightness_is_not() -> None:
    alpha = np.zeros((60, 80), np.uint8)
    alpha[:, :40] = 255
    red, blue = np.array([170, 80, 90]), np.array([80, 120, 145])
    picture = np.where(alpha[..., None] > 0, red, blue).astype(np.uint8)
    found = soft_colours(picture, alpha, picture[:1, :1], reach=12.5).astype(float)
    weights = np.array([0.299, 0.587, 0.114])
    assert np.abs((found - picture) @ weights).max() <= 1.0
    step = np.abs(np.diff((found @ [0.25, 0.25, -0.5])[30]))
    before = np.abs(np.diff((picture @ [0.25, 0.25, -0.5])[30]))
    assert step.max() < 0.6 * before.max()
    assert np.array_equal(found[:, 50:], picture[:, 50:]) and np.array_equal(found[:, :30], picture[:, :30])
