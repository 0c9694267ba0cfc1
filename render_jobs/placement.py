"""Compares where keypoints lie on side views of an animal with where people click them on photos.

Labels that are off by a few per cent of the body, always in the same direction, cost a pose network more
than noise does. This module measures such offsets: it takes standing side views from two annotation files
(or from a rig), turns all animals to face left, and compares point by point.

Two measures are given. *In the box* is the place in the annotated box, in fractions of its longer side. It is
only as good as the boxes, which people draw loose by several per cent, and it mixes where a point was put
with how the animal is built, stands and holds its head. *Matched* takes out what has nothing to do with
labelling (:mod:`.placement_matching`): size, length for height, lean of the legs. What it cannot tell is a
trunk that is short or deep for its legs; that remains in the offsets. So each photo is judged by the same
rule against all others: how many real animals would pass shows how much an offset means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.errors import PasynError

from .placement_matching import BODY, align, extent, match, mean_shape
from .placement_views import POINTS, FloatArray, SideViews, describe

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
        Places matched for size, build and stance; the origin is the middle of the photos' trunk and legs.
    photo_offsets
        (N, P) distance of each photo's matched points from the mean of the others.
    """

    photos: SideViews
    synthetic: SideViews
    box_photos: Spread
    box_synthetic: Spread
    aligned_photos: Spread
    aligned_synthetic: Spread
    photo_offsets: FloatArray

    @property
    def judged(self) -> NDArray[np.bool_]:
        """(P,) points that mean the same on both sides and do not go with the head."""
        return BODY & np.array([name not in self.photos.renamed for name in POINTS])

    @property
    def photos_that_fit(self) -> FloatArray:
        """(P,) share of the photos that lie within :data:`TOLERANCE` of the mean of the others, matched."""
        return np.asarray((self.photo_offsets <= TOLERANCE).mean(axis=0))

    @property
    def mean_offset(self) -> float:
        """Mean distance of the judged points' matched synthetic means from the photos' means."""
        return float(np.linalg.norm(self.offsets, axis=1)[self.judged].mean())

    @property
    def photo_mean_offsets(self) -> FloatArray:
        """(N,) the same of each photo."""
        return np.asarray(self.photo_offsets[:, self.judged].mean(axis=1))

    @property
    def offsets(self) -> FloatArray:
        """(P, 2) matched synthetic mean minus photos' mean: right (towards the tail) and down positive."""
        return self.aligned_synthetic.mean - self.aligned_photos.mean

    @property
    def box_offsets(self) -> FloatArray:
        """(P, 2) the same in the box as annotated."""
        return self.box_synthetic.mean - self.box_photos.mean

    @property
    def fits(self) -> NDArray[np.bool_]:
        """(P,) whether the matched mean lies in the photos' spread, at most :data:`TOLERANCE` off.

        The spread reaches from the 5th to the 95th percentile, in x and in y.
        """
        return self.verdicts(matched=True) == "fits"

    def verdicts(self, *, matched: bool) -> NDArray[np.str_]:
        """(P,) of each point "fits", "spread" or "off"; or "n/a".

        Parameters
        ----------
        matched
            Judge places matched for build and stance, rather than those in the box as annotated.

        Returns
        -------
        array
            "spread": inside the photos' spread, but its mean is more than :data:`TOLERANCE` off; "n/a":
            means another place of the body on the photos.
        """
        made, photos = (
            (self.aligned_synthetic, self.aligned_photos)
            if matched
            else (self.box_synthetic, self.box_photos)
        )
        inside = ((made.mean >= photos.low) & (made.mean <= photos.high)).all(axis=1)
        near = np.linalg.norm(made.mean - photos.mean, axis=1) <= TOLERANCE
        words = np.where(inside, np.where(near, "fits", "spread"), "off")
        return np.where([name in self.photos.renamed for name in POINTS], "n/a", words)


def _spread(places: FloatArray) -> Spread:
    low, high = np.percentile(places, (5, 95), axis=0)
    deviation = places.std(axis=0, ddof=1) if len(places) > 1 else np.zeros(places.shape[1:])
    return Spread(places.mean(axis=0), deviation, low, high)


def _in_box(views: SideViews, one_sided: frozenset[str]) -> FloatArray:
    return np.array([(view.places(one_sided) - view.box[:2]) / max(view.box[2:]) for view in views.views])


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
    # Where people click one side alone, it is the side they see.
    one_sided = photos.one_sided
    box_photos, box_synthetic = _in_box(photos, one_sided), _in_box(synthetic, one_sided)
    model = mean_shape(box_photos)
    # The box of a synthetic animal has side 1; alignment scales it with the animal.
    side = np.mean(
        [
            extent(new) / extent(old)
            for new, old in zip(align(box_synthetic, model), box_synthetic, strict=True)
        ],
        axis=0,
    )
    middle = model[BODY].mean(axis=0)
    matched_photos, matched_synthetic = match(box_photos, box_synthetic, model)
    aligned_photos = _spread((matched_photos - middle) / side)
    return Comparison(
        photos=photos,
        synthetic=synthetic,
        box_photos=_spread(box_photos),
        box_synthetic=_spread(box_synthetic),
        aligned_photos=aligned_photos,
        aligned_synthetic=_spread((matched_synthetic - middle) / side),
        photo_offsets=np.linalg.norm((matched_photos - middle) / side - aligned_photos.mean, axis=2),
    )


def table_text(comparison: Comparison) -> str:
    """Lay the comparison out as text, offsets in per cent of the box's longer side."""
    lines = [
        f"photos: {describe(comparison.photos)}; synthetic: {describe(comparison.synthetic)}",
        "places in the box (x from the front, y from the top, % of its longer side), and offsets",
        "(+x towards the tail, +y down); matched = after taking out size, length for height and stance;",
        f"fits = within the photos' 5th to 95th percentile and {100 * TOLERANCE:g} % of their mean;",
        f"alike = share of the photos that are within {100 * TOLERANCE:g} % of all others by the same rule",
        "",
        f"{'':14}{'photos in box':>24}{'synthetic':>14}{'offset in box':>16}{'':7}"
        f"{'offset matched':>16}{'':7}{'photos sd':>12}{'alike':>8}",
    ]
    in_box, judged = comparison.verdicts(matched=False), comparison.verdicts(matched=True)
    for i, name in enumerate(POINTS):
        mean, sd = 100 * comparison.box_photos.mean[i], 100 * comparison.box_photos.deviation[i]
        made, box = 100 * comparison.box_synthetic.mean[i], 100 * comparison.box_offsets[i]
        matched, wide = 100 * comparison.offsets[i], 100 * comparison.aligned_photos.deviation[i]
        lines.append(
            f"{name:14}{f'{mean[0]:.1f}±{sd[0]:.1f}, {mean[1]:.1f}±{sd[1]:.1f}':>24}"
            f"{f'{made[0]:.1f}, {made[1]:.1f}':>14}{f'{box[0]:+.1f}, {box[1]:+.1f}':>16}"
            f" {in_box[i]:6}"
            f"{f'{matched[0]:+.1f}, {matched[1]:+.1f}':>16}"
            f" {judged[i]:6}{f'{wide[0]:.1f}, {wide[1]:.1f}':>12}"
            f"{f'{100 * comparison.photos_that_fit[i]:.0f} %':>8}"
        )
    lines.extend(["", *summary(comparison)])
    if comparison.photos.renamed:
        lines.append(
            f"n/a: the photos have another place of the body ({', '.join(comparison.photos.renamed)})"
        )
    return "\n".join(lines)


def summary(comparison: Comparison) -> tuple[str, ...]:
    """Say how far the synthetic animals are from the photos as a whole, and how alike the cameras are."""
    low, middle, high = 100 * np.percentile(comparison.photo_mean_offsets, (5, 50, 95))
    here = 100 * comparison.mean_offset
    nearer = 100 * np.mean(comparison.photo_mean_offsets < comparison.mean_offset)
    photos, synthetic = (
        100 * views.drop[[1, 3]].mean() for views in (comparison.photos, comparison.synthetic)
    )
    return (
        f"Mean matched offset of trunk and legs: {here:.1f} %; of one photo from all others {middle:.1f} % "
        f"(5th to 95th percentile {low:.1f} to {high:.1f} %), and {nearer:.0f} % of the photos are nearer.",
        f"The nearer feet are seen lower than the others by {photos:.0f} % of the height on the photos and "
        f"{synthetic:.0f} % here: the closer and the higher the camera, the more.",
    )
