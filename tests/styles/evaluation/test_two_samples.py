"""What two samples of one distribution, and of two, look like to the classifier and the kernel test."""

from __future__ import annotations

import numpy as np
import pytest

from styles.evaluation.two_samples import (
    areas_under_curve,
    cross_validated_accuracy,
    fit_logistic,
    mmd_test,
    squared_mmd,
)


def normal(seed: int, rows: int = 60, columns: int = 12, shift: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, columns)) + shift


def names(count: int, letter: str) -> list[str]:
    return [f"{letter}{number}" for number in range(count)]


def accuracy(first: np.ndarray, second: np.ndarray, seed: int = 0) -> float:
    generator = np.random.default_rng(seed)
    return cross_validated_accuracy(first, second, names(len(first), "a"), names(len(second), "b"), generator)


def test_one_distribution_cannot_be_told_apart() -> None:
    pairs = [(normal(100 + n), normal(200 + n)) for n in range(40)]
    found = [accuracy(*pair, seed) for seed, pair in enumerate(pairs)]
    distances = [squared_mmd(*pair) for pair in pairs]
    chances = [mmd_test(*pair, np.random.default_rng(0), permutations=40)[1] for pair in pairs]

    assert np.mean(found) == pytest.approx(0.5, abs=0.03)
    # Unbiased: below zero about as often as above.
    assert np.mean(distances) == pytest.approx(0.0, abs=0.002)
    assert min(distances) < 0 < max(distances)
    # p is uniform: one in twenty is below 0.05.
    assert np.mean(chances) == pytest.approx(0.5, abs=0.15)
    assert np.mean(np.array(chances) < 0.05) < 0.16


def test_a_shift_is_found_and_a_larger_one_more_easily() -> None:
    shifts = [0.0, 0.4, 1.5]
    found = [accuracy(normal(0), normal(1, shift=shift)) for shift in shifts]
    distances = [squared_mmd(normal(0), normal(1, shift=shift), bandwidth=4.0) for shift in shifts]

    assert found[0] < found[1] < found[2] and found[2] > 0.95
    assert distances[0] < distances[1] < distances[2]


def test_a_difference_of_spread_alone_is_the_kernels_to_find() -> None:
    first, wide = normal(100), 2.5 * normal(200)

    assert mmd_test(first, wide, np.random.default_rng(0))[1] < 0.02
    # A straight border cannot part one cloud inside another.
    assert accuracy(first, wide) < 0.65


def test_the_two_sides_may_change_places() -> None:
    first, second = normal(0), normal(1, rows=45, shift=0.5)

    assert squared_mmd(first, second) == pytest.approx(squared_mmd(second, first), rel=1e-12)
    assert areas_under_curve(first, second) == pytest.approx(1 - areas_under_curve(second, first))
    # Folds are drawn for one side after the other, so only the mean over draws is the same.
    there, back = (
        np.mean([accuracy(*pair, seed) for seed in range(20)]) for pair in ((first, second), (second, first))
    )
    assert there == pytest.approx(back, abs=0.03)


def test_equal_arguments_give_equal_numbers() -> None:
    first, second = normal(0), normal(1, shift=0.3)

    assert accuracy(first, second, 5) == accuracy(first, second, 5)
    assert mmd_test(first, second, np.random.default_rng(3)) == mmd_test(
        first, second, np.random.default_rng(3)
    )


def test_a_group_known_again_is_no_success() -> None:
    # Ten places a side, each with a mark of its own, and nothing that the sides differ in.
    marks = 4 * normal(0, rows=20, columns=40)
    first, second = np.repeat(marks[:10], 6, axis=0), np.repeat(marks[10:], 6, axis=0)
    first, second = first + normal(1, 60, 40), second + normal(2, 60, 40)
    places = [f"place {number // 6}" for number in range(60)]

    apart = np.mean(
        [cross_validated_accuracy(first, second, places, places, np.random.default_rng(n)) for n in range(8)]
    )

    assert accuracy(first, second) > 0.9
    assert apart < 0.65


def test_weights_are_where_the_gradient_vanishes() -> None:
    columns = normal(0, 80, 5)
    labels = (columns[:, 0] + normal(1, 80, 1)[:, 0] > 0).astype(float)

    weights = fit_logistic(columns, labels, penalty=2.0)

    wide = np.column_stack([columns, np.ones(80)])
    chances = 1 / (1 + np.exp(-wide @ weights))
    gradient = wide.T @ (chances - labels) + np.array([2.0] * 5 + [0.0]) * weights
    assert np.abs(gradient).max() < 1e-4


def test_the_area_under_the_curve_counts_pairs() -> None:
    first, second = np.array([[1.0], [2.0], [4.0]]), np.array([[2.0], [3.0]])

    assert areas_under_curve(first, second)[0] == pytest.approx(3.5 / 6)
