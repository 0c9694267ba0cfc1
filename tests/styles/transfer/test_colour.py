"""Reinhard's and the linear Monge-Kantorovich transfer do what their formulas say."""

import numpy as np
import pytest

from styles.transfer.colour import mean_and_covariance, monge_kantorovich, monge_kantorovich_map, reinhard
from styles.transfer.colour_spaces import bytes_from_oklab, linear_from_bytes, oklab_from_bytes


def cloud(seed: int, mean: tuple[float, ...], spread: float, size: tuple[int, int] = (64, 64)) -> np.ndarray:
    """A picture of correlated Gaussian colours, far from black and white."""
    generator = np.random.default_rng(seed)
    mixing = np.eye(3) + generator.normal(0, 0.3, (3, 3))
    colours = generator.normal(0, spread, (*size, 3)) @ mixing.T + np.array(mean)
    return np.clip(colours.round(), 0, 255).astype(np.uint8)


PICTURE = cloud(1, (120, 110, 100), 9)
STYLE = cloud(2, (140, 132, 118), 14, (50, 70))
ALPHA = np.zeros((64, 64), np.uint8)
ALPHA[:, :40] = 255


def test_bytes_come_back_from_oklab() -> None:
    colours = np.stack(np.meshgrid(*3 * [np.arange(0, 256, 15)]), axis=-1).reshape(-1, 3).astype(np.uint8)
    assert np.array_equal(np.rint(bytes_from_oklab(oklab_from_bytes(colours))), colours)
    # Values published with the space for white.
    assert oklab_from_bytes(np.full((1, 3), 255, np.uint8)) == pytest.approx(
        np.array([[1.0, 0, 0]]), abs=1e-4
    )


def test_a_colour_beyond_srgb_keeps_lightness_and_hue() -> None:
    wanted = np.array([[0.35, 0.16, 0.12]], np.float32)  # a dark red-brown no screen shows
    shown = oklab_from_bytes(np.rint(bytes_from_oklab(wanted)).astype(np.uint8))[0]
    assert shown[0] == pytest.approx(0.35, abs=0.01)
    assert np.arctan2(shown[2], shown[1]) == pytest.approx(np.arctan2(0.12, 0.16), abs=0.05)


def test_reinhard_gives_the_animal_mean_and_deviation_of_the_style() -> None:
    result = reinhard(PICTURE, ALPHA, STYLE, limit=10.0)
    got, wanted = oklab_from_bytes(result[ALPHA == 255]), oklab_from_bytes(STYLE.reshape(-1, 3))
    assert got.mean(axis=0) == pytest.approx(wanted.mean(axis=0), abs=5e-4)
    assert got.std(axis=0) == pytest.approx(wanted.std(axis=0), rel=0.02)


def test_reinhard_leaves_colour_alone_when_told_to() -> None:
    before = oklab_from_bytes(PICTURE[ALPHA == 255])
    only_light = oklab_from_bytes(reinhard(PICTURE, ALPHA, STYLE, colour=0.0)[ALPHA == 255])
    assert np.abs(only_light - before)[:, 1:].max() < 6e-3  # what rounding to bytes makes
    assert only_light[:, 0].mean() - before[:, 0].mean() > 0.05
    only_colour = oklab_from_bytes(reinhard(PICTURE, ALPHA, STYLE, lightness=0.0)[ALPHA == 255])
    assert np.abs(only_colour - before)[:, 0].max() < 6e-3


def test_reinhard_stretches_no_further_than_its_limit() -> None:
    black_and_white = np.zeros((20, 20, 3), np.uint8)
    black_and_white[::2] = 255
    for limit in (1.0, 1.5):
        result = oklab_from_bytes(reinhard(PICTURE, ALPHA, black_and_white, limit=limit)[ALPHA == 255])
        before = oklab_from_bytes(PICTURE[ALPHA == 255])
        assert result[:, 0].std() == pytest.approx(limit * before[:, 0].std(), rel=0.03)


@pytest.mark.parametrize("space", ["oklab", "linear"])
def test_monge_kantorovich_gives_the_animal_the_covariance_of_the_style(space: str) -> None:
    into = oklab_from_bytes if space == "oklab" else linear_from_bytes
    result = monge_kantorovich(PICTURE, ALPHA, STYLE, space=space, limit=20.0)  # type: ignore[arg-type]
    mean, covariance = mean_and_covariance(into(result[ALPHA == 255]))
    wanted_mean, wanted = mean_and_covariance(into(STYLE.reshape(-1, 3)))
    assert mean == pytest.approx(wanted_mean, abs=1e-3)
    assert np.linalg.norm(covariance - wanted) < 0.02 * np.linalg.norm(wanted)


def test_the_monge_kantorovich_map_is_exact_and_symmetric() -> None:
    source, target = (np.cov(np.random.default_rng(seed).normal(size=(3, 9))) for seed in (1, 2))
    stretch = monge_kantorovich_map(source, target)
    assert stretch @ source @ stretch.T == pytest.approx(target, rel=1e-9)
    assert stretch == pytest.approx(stretch.T)
    assert np.linalg.eigvalsh(stretch).min() > 0
    bounded = np.linalg.eigvalsh(monge_kantorovich_map(source, target, 1.5))
    assert bounded.min() >= 1 / 1.5 - 1e-9 and bounded.max() <= 1.5 + 1e-9


def test_a_style_with_the_animals_own_statistics_changes_nothing() -> None:
    own = PICTURE[:, :40]
    for transfer in (reinhard, monge_kantorovich):
        assert np.abs(transfer(PICTURE, ALPHA, own).astype(int) - PICTURE).max() <= 1


def test_pixels_at_the_outline_change_with_the_share_the_animal_has_of_them() -> None:
    animal, ground = np.array([60, 60, 60]), np.array([230, 230, 230])
    picture = np.broadcast_to(ground, (40, 40, 3)).astype(np.uint8).copy()
    alpha = np.zeros((40, 40), np.uint8)
    alpha[:, :20] = 255
    alpha[:, 20] = 128
    picture[alpha == 255] = animal
    light = linear_from_bytes(np.stack([animal, ground]).astype(np.uint8)).mean(axis=0)
    mixture = round(float((1.055 * light[0] ** (1 / 2.4) - 0.055) * 255))
    picture[:, 20] = mixture
    bright = np.full((8, 8, 3), 120, np.uint8)
    result = reinhard(picture, alpha, bright)
    assert np.abs(result[:, :20].astype(int) - 120).max() <= 1
    # What pasting an animal of 120 on the ground would have shown, not what the map makes of the mixture.
    expected = linear_from_bytes(np.array([[120] * 3, ground], np.uint8)).mean(axis=0)
    assert result[5, 20, 0] == pytest.approx((1.055 * expected[0] ** (1 / 2.4) - 0.055) * 255, abs=1.5)
