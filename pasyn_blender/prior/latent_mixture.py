"""Where poses lie in the latent space: one Gaussian at each of many poses, as flat as its surroundings.

A standard normal is a poor picture of the latents of a network that reconstructs well: most of it decodes to
poses between all others, which nothing living takes. The aggregate posterior of the training poses is the
right one (Tomczak and Welling, VAE with a VampPrior, AISTATS 2018), made smooth by giving each Gaussian the
spread of its nearest neighbours (Vincent and Bengio, Manifold Parzen Windows, NeurIPS 2002): samples move
along the directions in which real poses differ, and are new without leaving what is possible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..anatomy.rotations import Array

_FLOOR = 0.05
_NEAREST = 24


@dataclass(frozen=True)
class LatentMixture:
    """A mixture of Gaussians.

    Attributes
    ----------
    centres
        (K, L) float32 latents of poses.
    neighbours
        (K, M) numbers of the nearest other centres; ``M`` is at most ``K - 1``.
    weights
        (K,) float64, the sum is one.
    bandwidth
        The covariance at a centre is this squared times the mean outer product of the differences to its
        neighbours.
    """

    centres: NDArray[np.float32]
    neighbours: NDArray[np.int64]
    weights: NDArray[np.float64]
    bandwidth: float

    def chosen(self, keep: NDArray[np.bool_]) -> LatentMixture:
        """Return the mixture of the Gaussians marked in (K,) ``keep``; their neighbours may be any.

        The centres all stay, with weight zero where they are not kept.
        """
        weights = np.where(keep, self.weights, 0.0)
        return replace(self, weights=weights / weights.sum())


def fit_mixture(
    latents: Array, weights: Array, limit: int = 2048, neighbours: int = 8, bandwidth: float = 0.45
) -> tuple[LatentMixture, NDArray[np.int64]]:
    """Put Gaussians at poses.

    Parameters
    ----------
    latents
        (N, L) latents of poses.
    weights
        (N,) weights of the poses.
    limit
        How many Gaussians at most. Of more poses those are taken that lie farthest apart, and each stands for
        the weight of all that are nearest to it.
    neighbours, bandwidth
        As :class:`LatentMixture` has them.

    Returns
    -------
    The mixture, and (K,) the poses its centres are, in order.
    """
    latents = np.asarray(latents, np.float32)
    if len(latents) > limit:
        rows, nearest = _farthest_apart(latents, weights, limit)
        mass = np.bincount(nearest, weights=weights, minlength=limit)
    else:
        rows, mass = np.arange(len(latents)), np.asarray(weights, float)
    # Kept in half precision in the file: round before the neighbours are found.
    centres = latents[rows].astype(np.float16).astype(np.float32)
    found = nearest_centres(centres, centres, min(neighbours + 1, len(centres)))[:, 1:]
    return LatentMixture(centres, found, mass / mass.sum(), bandwidth), rows


def draw_latents(
    mixture: LatentMixture, pick: Array, noise: Array, sigma: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Latents of a mixture, from numbers drawn before.

    Parameters
    ----------
    mixture
        The mixture.
    pick
        (N,) numbers in [0, 1): which Gaussian.
    noise
        (N, M) standard normal numbers, one for each neighbour.
    sigma
        Scales the spread of each Gaussian.

    Returns
    -------
    (N, L) latents, and (N,) numbers of the Gaussians they come from.
    """
    component = drawn_components(mixture, pick)
    return spread_latents(mixture, mixture.centres[component], component, noise, sigma), component


def drawn_components(mixture: LatentMixture, pick: Array) -> NDArray[np.int64]:
    """(N,) numbers of the Gaussians that (N,) numbers in [0, 1) fall on, each as wide as its weight."""
    edges = np.cumsum(mixture.weights)
    component = np.searchsorted(edges / edges[-1], pick, side="right")
    return np.minimum(component, len(edges) - 1)


def spread_latents(
    mixture: LatentMixture, places: Array, component: Array, noise: Array, sigma: float
) -> NDArray[np.float32]:
    """(N, L) latents around (N, L) places, spread as the Gaussians ``component`` (N,) by (N, M) noise."""
    count = mixture.neighbours.shape[1]
    moved = np.array(places, dtype=np.float32)
    step = np.float32(sigma * mixture.bandwidth / np.sqrt(max(count, 1)))
    for number in range(count):
        difference = mixture.centres[mixture.neighbours[component, number]] - mixture.centres[component]
        moved += step * noise[:, number, None].astype(np.float32) * difference
    return moved


def log_density(mixture: LatentMixture, latents: Array, sigma: float = 1.0) -> NDArray[np.float64]:
    """(N,) natural logarithm of the density of (N, L) latents.

    Only the nearest Gaussians count. Each is made a little round, by a twentieth of the spread of all
    centres: a Gaussian along its neighbours alone has no volume.
    """
    centres = mixture.centres.astype(float)
    size = centres.shape[1]
    floor = (_FLOOR * max(float(centres.std(axis=0).mean()), 1e-6)) ** 2
    nearest = nearest_centres(mixture.centres, latents, min(_NEAREST, len(centres)))
    used, place = np.unique(nearest, return_inverse=True)
    place = place.reshape(nearest.shape)
    scale = sigma * mixture.bandwidth / np.sqrt(max(mixture.neighbours.shape[1], 1))
    factors = scale * (centres[mixture.neighbours[used]] - centres[used, None])
    _, lengths, directions = np.linalg.svd(factors, full_matrices=False)
    variances = lengths**2
    normaliser = -0.5 * (
        size * np.log(2 * np.pi)
        + np.log(variances + floor).sum(axis=1)
        + (size - variances.shape[1]) * np.log(floor)
    )
    with np.errstate(divide="ignore"):
        normaliser = normaliser + np.log(mixture.weights[used])
    result = np.empty(len(latents))
    for first in range(0, len(latents), 256):
        rows = slice(first, first + 256)
        which = place[rows]
        difference = latents[rows, None].astype(float) - centres[used[which]]
        along = np.einsum("nkl,nkml->nkm", difference, directions[which]) ** 2
        rest = np.maximum((difference**2).sum(axis=2) - along.sum(axis=2), 0)
        exponent = (along / (variances[which] + floor)).sum(axis=2) + rest / floor
        terms = normaliser[which] - 0.5 * exponent
        top = terms.max(axis=1)
        result[rows] = top + np.log(np.exp(terms - top[:, None]).sum(axis=1))
    return result


def nearest_centres(centres: Array, latents: Array, count: int) -> NDArray[np.int64]:
    """(N, count) numbers of the centres nearest to (N, L) latents, the nearest first."""
    found = np.empty((len(latents), count), dtype=np.int64)
    squares = (centres**2).sum(axis=1)
    for first in range(0, len(latents), 1024):
        distance = squares - 2 * (latents[first : first + 1024] @ centres.T)
        if count < len(centres):
            near = np.argpartition(distance, count - 1, axis=1)[:, :count]
        else:
            near = np.broadcast_to(np.arange(len(centres)), distance.shape)
        order = np.take_along_axis(distance, near, axis=1).argsort(axis=1, kind="stable")
        found[first : first + 1024] = np.take_along_axis(near, order, axis=1)
    return found


def _farthest_apart(
    latents: NDArray[np.float32], weights: Array, limit: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that lie farthest apart, from the heaviest on, and for every latent the number of its row."""
    rows = np.empty(limit, dtype=np.int64)
    nearest = np.zeros(len(latents), dtype=np.int64)
    closest = np.full(len(latents), np.inf, dtype=np.float32)
    row = int(np.argmax(weights))
    for number in range(limit):
        rows[number] = row
        distance = ((latents - latents[row]) ** 2).sum(axis=1)
        nearer = distance < closest
        nearest[nearer] = number
        closest[nearer] = distance[nearer]
        row = int(closest.argmax())
    # The order of rows is about to change: say whose row by its rank.
    rank = np.argsort(np.argsort(rows))
    return np.sort(rows), rank[nearest]
