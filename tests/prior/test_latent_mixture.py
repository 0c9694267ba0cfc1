"""The mixture over the latents: it draws from the distribution whose density it gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from pasyn_blender.prior.latent_mixture import (
    draw_latents,
    fit_mixture,
    log_density,
    nearest_centres,
)


@pytest.fixture
def places() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(12, 3)).astype(np.float16).astype(np.float32)


def covariance(mixture, component: int, sigma: float = 1.0) -> np.ndarray:
    difference = (mixture.centres[mixture.neighbours[component]] - mixture.centres[component]).astype(float)
    return (sigma * mixture.bandwidth) ** 2 * difference.T @ difference / len(difference)


def test_each_gaussian_has_the_spread_of_its_neighbours(places):
    weights = np.arange(1, 13) / 78
    mixture, rows = fit_mixture(places, weights, neighbours=5)
    np.testing.assert_array_equal(rows, np.arange(12))
    rng = np.random.default_rng(1)
    drawn, component = draw_latents(mixture, rng.random(200_000), rng.normal(size=(200_000, 5)), 0.8)
    np.testing.assert_allclose(np.bincount(component) / 200_000, weights, atol=0.005)
    for number in (2, 7, 11):
        own = drawn[component == number]
        np.testing.assert_allclose(own.mean(axis=0), places[number], atol=0.03)
        np.testing.assert_allclose(np.cov(own.T), covariance(mixture, number, 0.8), atol=0.03)


def test_the_density_is_that_of_the_mixture(places):
    mixture, _ = fit_mixture(places, np.full(12, 1 / 12), neighbours=4)
    points = np.random.default_rng(2).normal(size=(40, 3)).astype(np.float32)
    floor = (0.05 * places.std(axis=0).mean()) ** 2 * np.eye(3)
    expected = logsumexp(
        [
            multivariate_normal(places[i], covariance(mixture, i) + floor).logpdf(points) - np.log(12)
            for i in range(12)
        ],
        axis=0,
    )
    np.testing.assert_allclose(log_density(mixture, points), expected, rtol=1e-5)


def test_a_neighbour_is_another_pose_and_the_nearest(places):
    mixture, _ = fit_mixture(places, np.full(12, 1 / 12), neighbours=3)
    distance = np.linalg.norm(places[:, None] - places, axis=-1)
    np.fill_diagonal(distance, np.inf)
    np.testing.assert_array_equal(mixture.neighbours, distance.argsort(axis=1)[:, :3])
    np.testing.assert_array_equal(nearest_centres(places, places, 1)[:, 0], np.arange(12))


def test_of_many_poses_those_stay_that_lie_apart_and_carry_the_others_weight():
    rng = np.random.default_rng(3)
    crowd = rng.normal(0, 0.01, size=(900, 2))
    corners = np.array([[5.0, 5], [-5, 5], [5, -5], [-5, -5]])
    latents = np.concatenate([crowd, corners])
    mixture, rows = fit_mixture(latents, np.full(904, 1 / 904), limit=8)
    assert len(mixture.weights) == 8
    assert set(range(900, 904)) <= set(rows.tolist())
    assert np.all(np.diff(rows) > 0)
    np.testing.assert_allclose(mixture.weights[rows >= 900], 1 / 904)
    assert np.isclose(mixture.weights.sum(), 1)


def test_one_pose_alone_is_a_prior_too():
    mixture, _ = fit_mixture(np.zeros((1, 3)), np.ones(1))
    drawn, _ = draw_latents(mixture, np.array([0.3]), np.zeros((1, 0)), 1.0)
    np.testing.assert_array_equal(drawn, np.zeros((1, 3)))
    assert np.isfinite(log_density(mixture, np.zeros((1, 3), np.float32))).all()
