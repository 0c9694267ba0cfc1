"""Crops of photos on whose ground an animal can stand.

Nothing is known of a photo but its pixels. Its horizon is taken to be where the rows above and below differ
most, sky or far trees from the ground before them; a crop then puts that row where the render's camera has
its horizon, so that scale and standpoint agree, or as near to it as the photo allows. Of a few places side by
side, the one with the calmest ground below the feet is taken: feet on a bush or before a post look wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SMALL_SIDE: Final = 96
"""Longer side of the picture that is looked at."""

FIELD_OF_VIEW: Final = 60.0
"""Degrees across the longer side that photos are taken to have: a phone's main camera has 65, a camera's
standard zoom 25 to 75."""

USUAL_HORIZON: Final = 0.38
"""Where horizons are when a photo does not tell: photographers of animals leave more room to the ground."""

SMALLEST_CROP: Final = 0.3
"""Crops smaller than this share of the largest are too blurred."""

SHARPNESS: Final = 0.6
"""Pixels of the photo that one of the picture's has at least: an animal that stands in the sky is worse than
a photo that is enlarged a little."""

BELOW_HORIZON: Final = 0.06
"""All feet stand at least so far below the horizon, share of the picture's height."""

PLACES: Final = 6
"""Places side by side that are tried."""

SKY_BRIGHT: Final = 0.4
SKY_STEP: Final = 0.05
SKY_DARKENS: Final = 0.72
"""Sky is as bright as this (share of white) at the upper edge, has no larger step from row to row of the
small picture, and keeps this share of its brightness down to the horizon."""

SKY_COLUMNS: Final = 65
"""Percentile of the columns' ends of sky: trees before it end it early."""

HIGHEST_GROUND: Final = 0.85
"""Sky that reaches farther down is a wall, or a photo without ground."""


@dataclass(frozen=True)
class PhotoGround:
    """What a photo tells of ground and sun.

    Attributes
    ----------
    horizon
        Row of the horizon as a share of the photo's height.
    roughness
        (h, w) how restless the photo is around each place, 0 calm.
    sun_side
        Side that is lit more, -1 left to 1 right; near 0 undecided.
    """

    horizon: float
    roughness: FloatArray
    sun_side: float


@dataclass(frozen=True)
class Standing:
    """Where the animal is in the picture, in shares of its width and height.

    Attributes
    ----------
    horizon
        Row of the camera's horizon at the picture's middle; may lie outside.
    principal
        (2,) the camera's principal point.
    feet
        Row of the lowest pixel of the animal.
    farthest
        Row of the farthest place of the ground it touches.
    left, right
        Columns of its sides.
    focal
        Focal length, picture widths.
    sun_side
        How far right of the camera the sun is, -1 to 1.
    """

    horizon: float
    principal: tuple[float, float]
    feet: float
    farthest: float
    left: float
    right: float
    focal: float
    sun_side: float


def photo_ground(photo: NDArray[np.uint8]) -> PhotoGround:
    """Judge a photo.

    Parameters
    ----------
    photo
        (H, W, 3) sRGB, upright; a small one will do.
    """
    small = _small(photo)
    grey = small.mean(axis=2)
    steps = np.zeros_like(grey)
    steps[:, 1:] += np.abs(np.diff(grey, axis=1))
    steps[1:] += np.abs(np.diff(grey, axis=0))
    features = np.concatenate([small, steps[..., None] * 2.0], axis=2)
    rows = features.mean(axis=1)
    height = len(rows)
    sums, squares = np.cumsum(rows, axis=0), np.cumsum(rows**2, axis=0)
    counts = np.arange(1, height + 1)[:, None]
    inner = squares - sums**2 / counts
    total = inner[-1].sum()
    below = (squares[-1] - squares) - (sums[-1] - sums) ** 2 / np.maximum(height - counts, 1)
    explained = 1.0 - (inner + below).sum(axis=1) / max(float(total), 1e-9)
    shares = np.arange(1, height + 1) / height
    # A prior for photos whose rows say little; a clear edge outweighs it.
    likely = np.exp(-0.5 * ((shares - USUAL_HORIZON) / 0.18) ** 2)
    score = np.where((shares > 0.08) & (shares < 0.75), explained + 0.35 * likely, -np.inf)
    horizon = max(float(shares[int(np.argmax(score))]), _sky_end(small))
    return PhotoGround(horizon, _spread(steps, 3), _sun_side(grey, horizon))


def _sky_end(small: FloatArray) -> float:
    """Share of the height that the sky takes from above; 0 where there is none.

    Sky goes down from the upper edge without a step and gets no darker than a fair part of its beginning.
    Trees end it early in some columns, clouds do in few.
    """
    soft = _spread(small, 1)
    top = soft[: max(2, len(soft) // 16)].mean(axis=0)
    step = np.abs(np.diff(soft, axis=0)).max(axis=2) > SKY_STEP
    darker = soft[1:].mean(axis=2) < SKY_DARKENS * top.mean(axis=1)
    ends = step | darker
    last = np.where(ends.any(axis=0), ends.argmax(axis=0) + 1, len(small))
    bright = top.mean(axis=1) > SKY_BRIGHT
    columns = np.where(bright, last, 0)
    end = float(np.percentile(columns, SKY_COLUMNS)) / len(small)
    return end if end < HIGHEST_GROUND else 0.0


def _sun_side(grey: FloatArray, horizon: float) -> float:
    """Compare left and right of the photo, each row for itself."""
    width = grey.shape[1]
    sky = grey[: max(2, int(horizon * len(grey)))]
    left, right = sky[:, : width // 3].mean(), sky[:, -(width // 3) :].mean()
    return float(np.clip(3.0 * (right - left) / max(float(right + left), 1e-6), -1.0, 1.0))


def grounded_crop(
    ground: PhotoGround,
    photo_size: tuple[int, int],
    crop: tuple[float, float, float],
    mirror: bool,
    standing: Standing,
    size: tuple[int, int],
) -> tuple[tuple[float, float, float], bool]:
    """Change a planned crop so that the animal stands on the photo's ground.

    Parameters
    ----------
    ground
        From :func:`photo_ground`.
    photo_size
        (width, height) of the photo.
    crop, mirror
        As the shot has them: (cx, cy, scale) as :func:`styles.backgrounds.photo_crop` takes them.
    standing
        Where the animal is.
    size
        (width, height) of the picture.

    Returns
    -------
    crop, mirror
        The size is the planned one unless the photo has too little ground; the place follows from horizon and
        calm ground, the flip from the sun where photo and render both show its side.
    """
    if abs(ground.sun_side) > 0.25 and abs(standing.sun_side) > 0.3:
        mirror = (ground.sun_side > 0) != (standing.sun_side > 0)
    width, height = photo_size
    largest = min(width / size[0], height / size[1])
    best: tuple[float, float, float] | None = None
    planned = float(np.clip(crop[2], min(1.0, 1.0 / largest), 1.0))
    smallest = min(planned, max(SMALLEST_CROP, SHARPNESS / largest))
    for scale in np.linspace(planned, smallest, 10):
        crop_width, crop_height = scale * largest * size[0], scale * largest * size[1]
        # The photo's own perspective: far things in it keep their distance from the horizon.
        focal = max(width, height) / 2 / np.tan(np.radians(FIELD_OF_VIEW) / 2) / crop_width
        shift = (standing.horizon - standing.principal[1]) * min(focal / standing.focal, 1.0)
        wanted = min(standing.principal[1] + shift, standing.farthest - BELOW_HORIZON)
        slack = height - crop_height
        top = float(np.clip(ground.horizon * height - wanted * crop_height, 0.0, max(slack, 0.0)))
        best = (crop[0], top / slack if slack > 1e-9 else 0.5, float(scale))
        if top + (standing.farthest - 0.5 * BELOW_HORIZON) * crop_height >= ground.horizon * height:
            break
    assert best is not None
    across = _calmest(ground, photo_size, best, mirror, standing, size, crop[0])
    return (across, best[1], best[2]), mirror


def _calmest(
    ground: PhotoGround,
    photo_size: tuple[int, int],
    crop: tuple[float, float, float],
    mirror: bool,
    standing: Standing,
    size: tuple[int, int],
    planned: float,
) -> float:
    """Place across the photo where the ground below the animal is calm; the planned one if it is."""
    width, height = photo_size
    largest = min(width / size[0], height / size[1]) * crop[2]
    crop_width, crop_height = largest * size[0] / width, largest * size[1] / height
    top = crop[1] * (1.0 - crop_height)
    left, right = (1 - standing.right, 1 - standing.left) if mirror else (standing.left, standing.right)
    rows, columns = ground.roughness.shape

    def restless(place: float) -> float:
        start = place * (1.0 - crop_width)
        first, last = start + left * crop_width, start + right * crop_width
        upper, lower = top + (standing.feet - 0.1) * crop_height, top + (standing.feet + 0.03) * crop_height
        window = ground.roughness[
            _index(upper, rows) : _index(lower, rows) + 1, _index(first, columns) : _index(last, columns) + 1
        ]
        return float(window.mean())

    places = [(planned + step / PLACES) % 1.0 for step in range(PLACES)]
    costs = [restless(place) for place in places]
    # Calm enough is good: pictures shall differ, and the planned place is as good as any.
    return next(place for place, cost in zip(places, costs, strict=True) if cost <= 1.25 * min(costs) + 1e-9)


def _index(share: float, count: int) -> int:
    return int(np.clip(share * count, 0, count - 1))


def _small(photo: NDArray[np.uint8]) -> FloatArray:
    step = max(1, -(-max(photo.shape[:2]) // SMALL_SIDE))
    height, width = photo.shape[0] // step, photo.shape[1] // step
    blocks = photo[: height * step, : width * step].reshape(height, step, width, step, 3)
    return np.asarray(blocks.mean(axis=(1, 3)) / 255.0)


def _spread(values: FloatArray, radius: int) -> FloatArray:
    """Mean over squares."""
    from scipy.ndimage import uniform_filter

    return np.asarray(uniform_filter(values, 2 * radius + 1, mode="nearest"))
