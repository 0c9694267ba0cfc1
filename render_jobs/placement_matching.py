"""Brings animals of other size, build and stance onto one another before their keypoints are compared.

Each animal is shifted and scaled, along and across the ground separately, onto the photos' mean trunk and
legs, less the point in question: size, loose boxes, and how long an animal is for its height drop out. Then
what its stance explains is taken off: the lean of fore and hind legs, again without the point in question,
moves all that hangs on them, and among the photos it is seen by how much.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .placement_views import POINTS, FloatArray

BODY: Final = np.array([name not in ("eye", "nose") for name in POINTS])
"""(P,) trunk and legs; the head goes where the neck is held."""

_BODY_WEIGHTS: Final = BODY.astype(np.float64)

_LEGS: Final = (("shoulder", "elbow", "front_paw"), ("hip", "knee", "back_paw"))

_ROUNDS: Final = 30

_AGREEMENT: Final = 0.003
"""Points nearer to the model than this, in box sides, count alike."""

_FEWEST_FOR_STANCE: Final = 12
"""With fewer photos the effect of stance is not estimated."""


def align(places: FloatArray, model: FloatArray, weights: FloatArray = _BODY_WEIGHTS) -> FloatArray:
    """Shift and scale animals to fit a model, each axis for itself.

    Parameters
    ----------
    places
        (N, P, 2) points of N animals.
    model
        (P, 2) points to fit.
    weights
        (P,) how much each point counts in the least squares; by default trunk and legs alike, head not.

    Returns
    -------
    (N, P, 2) array in the model's unit and frame.
    """
    share = (weights / weights.sum())[:, None]
    centre = (share * model).sum(axis=0)
    middle = (share * places).sum(axis=1, keepdims=True)
    body = places - middle
    scale = (share * (model - centre) * body).sum(axis=1) / (share * body**2).sum(axis=1)
    return np.asarray(body * scale[:, None] + centre)


def match(photos: FloatArray, synthetic: FloatArray, model: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Bring animals to one build and stance, anew for each point and without it.

    A point that took part in its own alignment would pull the animal towards itself, and hide a third of its
    offset; and one point far off would push all others away. So the point in question is left out, and the
    others count the less the farther the synthetic mean is from the model (least absolute instead of least
    squares). The photos are aligned by the same weights.

    Parameters
    ----------
    photos, synthetic
        (N, P, 2) and (M, P, 2) points.
    model
        (P, 2) from :func:`mean_shape`.

    Returns
    -------
    photos : (N, P, 2) array
        In the model's frame. What remains of each animal is measured against all others, not itself.
    synthetic : (M, P, 2) array
    """
    matched_photos, matched_synthetic = np.empty_like(photos), np.empty_like(synthetic)
    for point in range(len(POINTS)):
        allowed = _BODY_WEIGHTS.copy()
        allowed[point] = 0
        weights = allowed
        for _ in range(_ROUNDS):
            distance = np.linalg.norm(align(synthetic, model, weights).mean(axis=0) - model, axis=1)
            weights = allowed / np.maximum(distance, _AGREEMENT)
        known, made = align(photos, model, weights), align(synthetic, model, weights)
        mean = known[:, point].mean(axis=0)
        effect, left_over = _effect_of_stance(_stance(known, point), known[:, point], _stance(made, point))
        matched_photos[:, point] = mean + left_over - left_over.mean(axis=0)
        matched_synthetic[:, point] = made[:, point] - (effect - mean)
    return matched_photos, matched_synthetic


def _stance(places: FloatArray, point: int) -> FloatArray:
    """(N, 2) lean of fore and hind legs, each between its two outer points other than ``point``."""
    leans = []
    for leg in _LEGS:
        rows = [POINTS.index(name) for name in leg if POINTS.index(name) != point]
        along, down = (places[:, rows[-1]] - places[:, rows[0]]).T
        leans.append(np.divide(along, down, out=np.zeros_like(along), where=np.abs(down) > 1e-9))
    return np.stack(leans, axis=1)


def _effect_of_stance(
    photos: FloatArray, places: FloatArray, synthetic: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Expected places of synthetic animals, and what the photos' own stances leave unexplained.

    Parameters
    ----------
    photos
        (N, 2) stances of the photos.
    places
        (N, 2) places of a point on the photos.
    synthetic
        (M, 2) other stances; where none of the photos stands so, the nearest of theirs counts.

    Returns
    -------
    expected : (M, 2) array
    left_over : (N, 2) array
        Each photo against the fit to all others.
    """
    ones = np.ones((len(photos), 1))
    if len(photos) < _FEWEST_FOR_STANCE:
        return np.repeat(places.mean(axis=0)[None], len(synthetic), axis=0), places - places.mean(axis=0)
    middle = photos.mean(axis=0)
    within = np.clip(synthetic, photos.min(axis=0), photos.max(axis=0))
    design = np.hstack([ones, photos - middle])
    inverse = np.linalg.pinv(design)
    fit = inverse @ places
    own = np.einsum("nk,kn->n", design, inverse)
    left_over = (places - design @ fit) / (1 - np.minimum(own, 0.9))[:, None]
    return np.hstack([np.ones((len(within), 1)), within - middle]) @ fit, left_over


def mean_shape(places: FloatArray) -> FloatArray:
    """Mean of (N, P, 2) animals aligned on each other (generalised Procrustes, without turning)."""
    model = places.mean(axis=0)
    for _ in range(10):
        new = align(places, model).mean(axis=0)
        # Without this the mean shrinks a little with every round.
        new *= extent(model) / extent(new)
        if np.abs(new - model).max() < 1e-9:
            break
        model = new
    return model


def extent(points: FloatArray) -> NDArray[np.float64]:
    """(2,) spread of an animal's trunk and legs along each axis."""
    return np.asarray(points[BODY].std(axis=0))
