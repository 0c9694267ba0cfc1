"""Sliced optimal transport brings colours nearer to the style's, smoothly."""

import numpy as np

from styles.transfer.colour import monge_kantorovich
from styles.transfer.colour_spaces import oklab_from_bytes
from styles.transfer.optimal_transport import sliced_optimal_transport, transported


def distance(first: np.ndarray, second: np.ndarray) -> float:
    """Sliced Wasserstein distance of two clouds, along directions the method does not use."""
    axes = np.random.default_rng(99).normal(size=(20, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    quantiles = np.linspace(0.01, 0.99, 99)
    gaps = [
        np.abs(np.quantile(first @ axis, quantiles) - np.quantile(second @ axis, quantiles)).mean()
        for axis in axes
    ]
    return float(np.mean(gaps))


def two_coats(seed: int, colours: list[tuple[int, int, int]], spread: float) -> np.ndarray:
    generator = np.random.default_rng(seed)
    kinds = generator.integers(0, len(colours), (60, 60))
    return np.clip(np.array(colours)[kinds] + generator.normal(0, spread, (60, 60, 3)), 0, 255).astype(
        np.uint8
    )


PICTURE = two_coats(1, [(90, 60, 40), (180, 150, 120)], 9)
STYLE = two_coats(2, [(60, 70, 50), (150, 160, 150), (220, 220, 210)], 12)
ALPHA = np.full((60, 60), 255, np.uint8)


def test_it_lowers_the_distance_that_a_linear_map_cannot() -> None:
    linear = monge_kantorovich(PICTURE, ALPHA, STYLE, limit=20.0)
    smooth = sliced_optimal_transport(PICTURE, ALPHA, STYLE)
    sharp = sliced_optimal_transport(PICTURE, ALPHA, STYLE, smoothness=0.0)
    before, after_linear, after, after_sharp = (
        distance(image.reshape(-1, 3), STYLE.reshape(-1, 3)) for image in (PICTURE, linear, smooth, sharp)
    )
    assert after_sharp < after < after_linear < 0.5 * before
    assert after < 0.4 * before and after_sharp < 0.3 * before


def test_points_reach_the_targets_distribution() -> None:
    generator = np.random.default_rng(4)
    source, target = generator.normal(size=(400, 3)), generator.uniform(2, 3, (300, 3))
    weights = generator.random(300)
    weights /= weights.sum()
    moved = transported(source, np.full(400, 1 / 400), target, weights, 30, 0)
    drawn = target[generator.choice(300, 20_000, p=weights)]
    assert distance(moved, drawn) < 0.02 < 1.0 < distance(source, drawn)


def test_a_smooth_coat_shows_no_bands() -> None:
    # Every grey once, to a style of two greys: matched alone, half the greys would become one colour.
    picture = np.repeat(np.arange(30, 226, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(40, axis=0)
    style = np.full((10, 10, 3), 60, np.uint8)
    style[5:] = 200
    alpha = np.full(picture.shape[:2], 255, np.uint8)
    row = sliced_optimal_transport(picture, alpha, style)[0].astype(int)
    steps = np.diff(row[:, 1])
    assert steps.min() >= -1 and steps.max() <= 6
    assert np.ptp(row, axis=1).max() <= 3  # greys stay grey: no colour bleeds in


def test_dark_and_bright_patches_are_given_no_hues_of_their_own() -> None:
    # A pied horse, whose white is a trifle warmer than its black, before a grey wall with specks of colour.
    picture = two_coats(3, [(40, 40, 42), (212, 210, 206)], 2)
    generator = np.random.default_rng(4)
    specks = generator.normal(128, 22, (60, 60, 1)) + generator.normal(0, 7, (60, 60, 3))
    wall = specks.clip(0, 255).astype(np.uint8)
    lab = oklab_from_bytes(sliced_optimal_transport(picture, ALPHA, wall).reshape(-1, 3))
    bright = picture.reshape(-1, 3)[:, 1] > 128
    dark_hue, bright_hue = lab[~bright, 1:].mean(axis=0), lab[bright, 1:].mean(axis=0)
    assert np.abs(dark_hue - bright_hue).max() < 0.015
    assert lab[bright, 0].mean() > lab[~bright, 0].mean() + 0.1


def test_the_seed_decides_the_directions() -> None:
    first, again, other = (
        sliced_optimal_transport(PICTURE, ALPHA, STYLE, rounds=2, seed=seed) for seed in (7, 7, 8)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)
