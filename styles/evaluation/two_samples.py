"""Are two samples of one distribution? A classifier that tries to tell them apart, and a kernel test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

FOLDS: Final = 5
_PENALTY: Final = 3.0
"""Of squared weights of standardised columns. Not tuned: with more columns than pictures any classifier
without one learns its pictures by heart."""

_NEWTON_STEPS: Final = 25
_FAR: Final = 5.0


def fit_logistic(columns: FloatArray, labels: FloatArray, penalty: float = _PENALTY) -> FloatArray:
    """Fit a logistic regression by Newton's method.

    Parameters
    ----------
    columns
        (N, D), standardised.
    labels
        (N,) 0 or 1.
    penalty
        Half of it times the squared weights is added to the summed loss; the intercept goes free.

    Returns
    -------
    (D + 1,) weights, the intercept last.
    """
    wide = np.column_stack([columns, np.ones(len(columns))])
    ridge = np.full(wide.shape[1], penalty)
    ridge[-1] = 1e-6
    weights = np.zeros(wide.shape[1])
    for _ in range(_NEWTON_STEPS):
        chances = _chance(wide @ weights)
        gradient = wide.T @ (chances - labels) + ridge * weights
        curvature = (wide * np.maximum(chances * (1 - chances), 1e-6)[:, None]).T @ wide + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        # Newton's step is too long where the sigmoid is flat.
        weights -= step * min(1.0, 10.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-6:
            break
    return weights


def _chance(scores: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * np.clip(scores, -60, 60))))


def cross_validated_accuracy(
    first: FloatArray,
    second: FloatArray,
    first_groups: Sequence[str],
    second_groups: Sequence[str],
    generator: np.random.Generator,
    folds: int = FOLDS,
) -> float:
    """Share of pictures of which a classifier that has not seen them says rightly which sample they are of.

    Pictures of one group (one animal, one background) are never on both sides of a fold: a classifier that
    knows the stable again has not found what makes a picture synthetic.

    Parameters
    ----------
    first, second
        (N, D) and (M, D).
    first_groups, second_groups
        N and M names.
    generator
        What the folds are drawn from.

    Returns
    -------
    float
        Balanced: mean of the shares of both samples. 0.5 is chance.
    """
    columns = np.concatenate([first, second])
    labels = np.concatenate([np.zeros(len(first)), np.ones(len(second))])
    fold = np.concatenate([_folds(first_groups, folds, generator), _folds(second_groups, folds, generator)])
    right = np.zeros(len(labels))
    for number in range(folds):
        held = fold == number
        if not held.any() or len(np.unique(labels[~held])) < 2:
            right[held] = 0.5
            continue
        middle, spread = columns[~held].mean(axis=0), columns[~held].std(axis=0)
        scaled = np.clip((columns - middle) / np.maximum(spread, 1e-9), -_FAR, _FAR)
        weights = fit_logistic(scaled[~held], labels[~held])
        scores = scaled[held] @ weights[:-1] + weights[-1]
        right[held] = np.where(scores == 0, 0.5, (scores > 0) == (labels[held] == 1))
    return float((right[labels == 0].mean() + right[labels == 1].mean()) / 2)


def _folds(groups: Sequence[str], folds: int, generator: np.random.Generator) -> NDArray[np.intp]:
    names, rows = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < folds:  # too few to be kept apart: each picture stands for itself
        names, rows = np.arange(len(groups)), np.arange(len(groups))
    sizes = np.bincount(rows, minlength=len(names))
    fold_of, filled = np.zeros(len(names), dtype=np.intp), np.zeros(folds)
    order = generator.permutation(len(names))
    for name in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[name] = int(filled.argmin())
        filled[fold_of[name]] += sizes[name]
    return fold_of[rows]


def median_bandwidth(first: FloatArray, second: FloatArray) -> float:
    """Median distance between any two of the pictures (Gretton et al. 2012): the kernel's width."""
    squares = _square_distances(np.concatenate([first, second]))
    return float(np.sqrt(max(np.median(squares[np.triu_indices(len(squares), 1)]), 1e-12)))


def squared_mmd(first: FloatArray, second: FloatArray, bandwidth: float | None = None) -> float:
    """Estimate the squared maximum mean discrepancy without bias; near 0, also below, for one distribution.

    Parameters
    ----------
    first, second
        (N, D) and (M, D), standardised; at least two pictures each.
    bandwidth
        Of the kernel exp(-|x - y|² / 2 b²); by default :func:`median_bandwidth`.
    """
    kernel = _kernel(first, second, bandwidth)
    return _unbiased(kernel, np.arange(len(kernel)) < len(first))


def mmd_test(
    first: FloatArray,
    second: FloatArray,
    generator: np.random.Generator,
    bandwidth: float | None = None,
    permutations: int = 200,
) -> tuple[float, float]:
    """Squared MMD, and the chance (p) of one as large if both samples were of one distribution."""
    kernel = _kernel(first, second, bandwidth)
    member = np.arange(len(kernel)) < len(first)
    found = _unbiased(kernel, member)
    larger = sum(_unbiased(kernel, generator.permutation(member)) >= found for _ in range(permutations))
    return found, (1 + larger) / (1 + permutations)


def _kernel(first: FloatArray, second: FloatArray, bandwidth: float | None) -> FloatArray:
    width = median_bandwidth(first, second) if bandwidth is None else bandwidth
    return np.asarray(np.exp(-_square_distances(np.concatenate([first, second])) / (2 * width**2)))


def _unbiased(kernel: FloatArray, member: NDArray[np.bool_]) -> float:
    count, others = int(member.sum()), int((~member).sum())
    own = member.astype(np.float64)
    other = 1.0 - own
    trace = np.diag(kernel)
    within = (own @ kernel @ own - trace @ own) / (count * (count - 1))
    beyond = (other @ kernel @ other - trace @ other) / (others * (others - 1))
    return float(within + beyond - 2 * (own @ kernel @ other) / (count * others))


def _square_distances(rows: FloatArray) -> FloatArray:
    squares = (rows**2).sum(axis=1)
    found = np.maximum(squares[:, None] + squares[None, :] - 2 * rows @ rows.T, 0.0)
    np.fill_diagonal(found, 0.0)
    return np.asarray(found)


def areas_under_curve(first: FloatArray, second: FloatArray) -> FloatArray:
    """(D,) chance that a picture of the second sample has more of each column than one of the first.

    0.5 tells nothing, 0 and 1 tell all; ties count half (Mann & Whitney 1947).
    """
    from scipy.stats import rankdata

    ranks = rankdata(np.concatenate([first, second]), axis=0)
    mine = ranks[len(first) :].sum(axis=0)
    count = len(second)
    return np.asarray((mine - count * (count + 1) / 2) / (len(first) * count))
