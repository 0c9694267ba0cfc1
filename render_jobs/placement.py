"""Compares where keypoints lie on side views of an animal with where people click them on photos.

Labels that are off by a few per cent of the body, always in the same direction, cost a pose network more
than noise does. This module measures such offsets: it takes standing side views from two annotation files
(or from a rig), turns all animals to face left, and compares point by point.

Two measures are given. *In the box* is the place in the annotated box, in fractions of its longer side. It is
only as good as the boxes: people draw them loose, by several per cent. *Aligned* first shifts and scales
each animal, without turning it, onto the photos' mean trunk and legs, less the point in question; it does
not depend on boxes, nor on how high a head is held. Where an animal is built otherwise than those on the
photos (longer legs, say), part of an offset is its build.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.errors import PasynError

from .placement_views import POINTS, FloatArray, SideViews, View, describe

_BODY: Final = np.array([name not in ("eye", "nose") for name in POINTS])

_BODY_WEIGHTS: Final = _BODY.astype(np.float64)

_ROUNDS: Final = 30

_AGREEMENT: Final = 0.003
"""Points nearer to the model than this, in box sides, count alike."""

TOLERANCE: Final = 0.025
"""Largest offset that passes, as a fraction of the box's longer side."""


@dataclass(frozen=True)
class Spread:
    """Mean, standard deviation, 5th and 95th percentile, each (P, 2)."""

    mean: FloatArray
    deviation: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Comparison:
    """Where keypoints lie on photos and on synthetic animals, fractions of the box's longer side.

    Attributes
    ----------
    photos, synthetic
        What was compared.
    box_photos, box_synthetic
        Places in the box.
    aligned_photos, aligned_synthetic
        Places after alignment; the origin is the middle of the photos' trunk and legs.
    """

    photos: SideViews
    synthetic: SideViews
    box_photos: Spread
    box_synthetic: Spread
    aligned_photos: Spread
    aligned_synthetic: Spread

    @property
    def offsets(self) -> FloatArray:
        """(P, 2) aligned synthetic mean minus photos' mean: right (towards the tail) and down positive."""
        return self.aligned_synthetic.mean - self.aligned_photos.mean

    @property
    def box_offsets(self) -> FloatArray:
        """(P, 2) the same in the box, without alignment."""
        return self.box_synthetic.mean - self.box_photos.mean

    @property
    def fits(self) -> NDArray[np.bool_]:
        """(P,) whether the aligned mean lies in the photos' spread, at most :data:`TOLERANCE` off.

        The spread reaches from the 5th to the 95th percentile, in x and in y.
        """
        return _fits(self.aligned_synthetic, self.aligned_photos)

    @property
    def fits_in_box(self) -> NDArray[np.bool_]:
        """(P,) the same for places in the box as annotated, without alignment."""
        return _fits(self.box_synthetic, self.box_photos)


def _fits(made: Spread, photos: Spread) -> NDArray[np.bool_]:
    inside = ((made.mean >= photos.low) & (made.mean <= photos.high)).all(axis=1)
    return np.asarray(inside & (np.linalg.norm(made.mean - photos.mean, axis=1) <= TOLERANCE))


def _spread(places: FloatArray) -> Spread:
    low, high = np.percentile(places, (5, 95), axis=0)
    deviation = places.std(axis=0, ddof=1) if len(places) > 1 else np.zeros(places.shape[1:])
    return Spread(places.mean(axis=0), deviation, low, high)


def _in_box(views: Sequence[View]) -> FloatArray:
    return np.array([(view.points - view.box[:2]) / max(view.box[2:]) for view in views])


def align(places: FloatArray, model: FloatArray, weights: FloatArray = _BODY_WEIGHTS) -> FloatArray:
    """Shift and scale animals to fit a model.

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
    scale = (share * (model - centre) * body).sum(axis=(1, 2)) / (share * body**2).sum(axis=(1, 2))
    return np.asarray(body * scale[:, None, None] + centre)


def align_each(places: FloatArray, model: FloatArray) -> FloatArray:
    """Align (N, P, 2) animals anew for each point, on the other points of trunk and legs that agree.

    A point that took part in its own alignment would pull the animal towards itself, and hide a third of its
    offset; and one point far off would push all others away. So the point in question is left out, and the
    others count the less the farther their mean is from the model (least absolute instead of least squares).
    """
    aligned = np.empty_like(places)
    for point in range(len(POINTS)):
        allowed = _BODY_WEIGHTS.copy()
        allowed[point] = 0
        weights = allowed
        for _ in range(_ROUNDS):
            fitted = align(places, model, weights)
            distance = np.linalg.norm(fitted.mean(axis=0) - model, axis=1)
            weights = allowed / np.maximum(distance, _AGREEMENT)
        aligned[:, point] = align(places, model, weights)[:, point]
    return aligned


def _mean_shape(places: FloatArray) -> FloatArray:
    """Mean of animals aligned on each other (generalised Procrustes without turning)."""
    model = places.mean(axis=0)
    for _ in range(10):
        new = align(places, model).mean(axis=0)
        # Without this the mean shrinks a little with every round.
        new *= np.linalg.norm(model[_BODY] - model[_BODY].mean(axis=0)) / np.linalg.norm(
            new[_BODY] - new[_BODY].mean(axis=0)
        )
        if np.abs(new - model).max() < 1e-9:
            break
        model = new
    return model


def compare(photos: SideViews, synthetic: SideViews) -> Comparison:
    """Compare two sets of side views.

    Lengths are fractions of the synthetic boxes' mean longer side, which are outlines of masks and not
    drawn by hand.

    Raises
    ------
    PasynError
        One of them is empty.
    """
    for views, what in ((photos, "the reference"), (synthetic, "the synthetic animals")):
        if not views.views:
            raise PasynError(
                f"none of the {views.considered} animals of {what} stands and is seen from the side"
            )
    box_photos, box_synthetic = _in_box(photos.views), _in_box(synthetic.views)
    model = _mean_shape(box_photos)
    aligned_synthetic = align(box_synthetic, model)
    # The box of a synthetic animal has side 1; alignment scales it with the animal.
    side = float(
        np.mean(
            [
                _size(after) / _size(before)
                for after, before in zip(aligned_synthetic, box_synthetic, strict=True)
            ]
        )
    )
    middle = model[_BODY].mean(axis=0)
    return Comparison(
        photos=photos,
        synthetic=synthetic,
        box_photos=_spread(box_photos),
        box_synthetic=_spread(box_synthetic),
        aligned_photos=_spread((align_each(box_photos, model) - middle) / side),
        aligned_synthetic=_spread((align_each(box_synthetic, model) - middle) / side),
    )


def _size(points: FloatArray) -> float:
    return float(np.linalg.norm(points[_BODY] - points[_BODY].mean(axis=0)))


def table_text(comparison: Comparison) -> str:
    """Lay the comparison out as text, offsets in per cent of the box's longer side."""
    lines = [
        f"photos: {describe(comparison.photos)}; synthetic: {describe(comparison.synthetic)}",
        "places in the box (x from the front, y from the top, % of its longer side), and offsets",
        "(+x towards the tail, +y down); aligned = after shift and scale on trunk and legs",
        "",
        f"{'':14}{'photos in box':>24}{'synthetic':>14}{'offset in box':>16}{'':6}"
        f"{'offset aligned':>16}{'':6}{'photos sd':>12}",
    ]
    for i, name in enumerate(POINTS):
        mean, sd = 100 * comparison.box_photos.mean[i], 100 * comparison.box_photos.deviation[i]
        made, box = 100 * comparison.box_synthetic.mean[i], 100 * comparison.box_offsets[i]
        aligned, wide = 100 * comparison.offsets[i], 100 * comparison.aligned_photos.deviation[i]
        lines.append(
            f"{name:14}{f'{mean[0]:.1f}±{sd[0]:.1f}, {mean[1]:.1f}±{sd[1]:.1f}':>24}"
            f"{f'{made[0]:.1f}, {made[1]:.1f}':>14}{f'{box[0]:+.1f}, {box[1]:+.1f}':>16}"
            f" {verdict(comparison, i, comparison.fits_in_box):5}"
            f"{f'{aligned[0]:+.1f}, {aligned[1]:+.1f}':>16}"
            f" {verdict(comparison, i, comparison.fits):5}{f'{wide[0]:.1f}, {wide[1]:.1f}':>12}"
        )
    if comparison.photos.renamed:
        lines.append(
            f"n/a: the photos have another place of the body ({', '.join(comparison.photos.renamed)})"
        )
    return "\n".join(lines)


def verdict(comparison: Comparison, point: int, fits: NDArray[np.bool_]) -> str:
    """Say "fits" or "off", and "n/a" of a point that means another place of the body on the photos."""
    if POINTS[point] in comparison.photos.renamed:
        return "n/a"
    return "fits" if fits[point] else "off"
