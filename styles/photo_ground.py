"""What a photo's pixels tell of its ground, its horizon and its sun; nothing else is known of it.

Its ground is taken to end where the rows above and below differ most, at sky, far trees, or a wall. That is
the horizon where sky is seen. A wall, a hedge or a barn's other end is nearer than the horizon, which then
lies behind it and higher: an animal that had its camera's horizon at the foot of a wall would look like a
toy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import norm

from .open_ground import open_ground

FloatArray = NDArray[np.float64]

SMALL_SIDE: Final = 96
"""Longer side of the picture that horizon and sun are looked for in."""

FEWEST_ACROSS: Final = 16
"""Pixels that the shorter side of such pictures keeps, however long the longer one is."""

OPEN_SIDE: Final = 160
"""Longer side of the picture that open ground is looked for in: bars must not vanish."""

USUAL_HORIZON: Final = 0.38
HORIZONS_VARY: Final = 0.18
"""Where horizons are when a photo does not tell, and one standard deviation of it: photographers of animals
leave more room to the ground."""

SKY_BRIGHT: Final = 0.4
SKY_STEP: Final = 0.05
SKY_DARKENS: Final = 0.72
"""Sky is as bright as this (share of white) at the upper edge, has no larger step from row to row of the
small picture, and keeps this share of its brightness down to the horizon."""

SKY_COLUMNS: Final = 65
"""Percentile of the columns' ends of sky: trees before it end it early."""

SKY_LIGHTS: Final = 1.2
SKY_BLUE: Final = 0.1
"""Sky is so many times as bright as the ground, or so much bluer (share of white); walls may be bright and
smooth too, but they light nothing."""

LEAST_LAYERED: Final = 0.035
MOSTLY_GROUND: Final = 0.6
"""A view of ground has layers, so much of all that differs in it differs between above and below the ground's
end; or it shows ground nearly everywhere. What does neither is something close before the camera."""

HIGHEST_GROUND: Final = 0.85
"""Sky that reaches farther down is a wall, or a photo without ground."""


@dataclass(frozen=True)
class PhotoGround:
    """What a photo tells of ground and sun.

    Attributes
    ----------
    size
        (width, height) of the photo.
    end
        Row at which its ground ends, as a share of the photo's height.
    horizon
        Row of the horizon, the same or higher.
    open
        (h, w) whether each place shows open ground; :func:`styles.open_ground.open_ground`.
    sun_side
        Side that is lit more, -1 left to 1 right; near 0 undecided.
    """

    size: tuple[int, int]
    end: float
    horizon: float
    open: NDArray[np.bool_]
    sun_side: float


def photo_ground(photo: NDArray[np.uint8]) -> PhotoGround:
    """Judge a photo.

    Parameters
    ----------
    photo
        (H, W, 3) sRGB, upright.
    """
    small = _small(photo, SMALL_SIDE)
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
    after = (squares[-1] - squares) - (sums[-1] - sums) ** 2 / np.maximum(height - counts, 1)
    explained = 1.0 - (inner + after).sum(axis=1) / max(float(total), 1e-9)
    shares = np.arange(1, height + 1) / height
    # A prior for photos whose rows say little; a clear edge outweighs it.
    likely = np.exp(-0.5 * ((shares - USUAL_HORIZON) / HORIZONS_VARY) ** 2)
    score = np.where((shares > 0.08) & (shares < 0.75), explained + 0.35 * likely, -np.inf)
    sky_end, sky = _sky(small)
    end = max(float(shares[int(np.argmax(score))]), sky_end)
    row = min(int(end * height), height - 1)
    open_sky = sky_end > 0 and _lights(sky, small[row:].mean(axis=(0, 1)))
    ground = open_ground(_small(photo, OPEN_SIDE), end)
    # What the split explains of the rows' means it explains of every pixel of a row.
    between = float(explained[row - 1] * total) * small.shape[1]
    layered = between / max(float(((features - features.mean(axis=(0, 1))) ** 2).sum()), 1e-9)
    if layered < LEAST_LAYERED and ground[int(end * len(ground)) :].mean() < MOSTLY_GROUND:
        ground[:] = False
    return PhotoGround(
        (photo.shape[1], photo.shape[0]),
        end,
        end if open_sky else hidden_horizon(end),
        ground,
        _sun_side(grey, end),
    )


def hidden_horizon(end: float) -> float:
    """Expect the horizon of a photo whose ground ends at something before it: what is usual, above that."""
    edge = (end - USUAL_HORIZON) / HORIZONS_VARY
    return float(USUAL_HORIZON - HORIZONS_VARY * norm.pdf(edge) / norm.cdf(edge))


def _sky(small: FloatArray) -> tuple[float, FloatArray]:
    """Share of the height that the sky takes from above, and its (3,) colour; zeros where there is none.

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
    if not 0.0 < end < HIGHEST_GROUND:
        return 0.0, np.zeros(3)
    return end, small[np.arange(len(small))[:, None] < columns].mean(axis=0)


def _lights(sky: FloatArray, ground: FloatArray) -> bool:
    """Whether a bright and smooth upper part, by its (3,) colour, is a sky above this ground or a wall."""
    brighter = float(sky.mean()) > SKY_LIGHTS * float(ground.mean())
    return brighter or float((sky[2] - sky[0]) - (ground[2] - ground[0])) > SKY_BLUE


def _sun_side(grey: FloatArray, horizon: float) -> float:
    """Compare left and right of the photo, each row for itself."""
    width = grey.shape[1]
    sky = grey[: max(2, int(horizon * len(grey)))]
    left, right = sky[:, : width // 3].mean(), sky[:, -(width // 3) :].mean()
    return float(np.clip(3.0 * (right - left) / max(float(right + left), 1e-6), -1.0, 1.0))


def _small(photo: NDArray[np.uint8], side: int) -> FloatArray:
    """(h, w, 3) from 0 to 1, reduced by a whole factor to at most ``side`` pixels."""
    step = max(1, min(-(-max(photo.shape[:2]) // side), min(photo.shape[:2]) // FEWEST_ACROSS))
    height, width = photo.shape[0] // step * step, photo.shape[1] // step * step
    reduced = Image.fromarray(np.ascontiguousarray(photo)).reduce(step, (0, 0, width, height))
    return np.asarray(reduced, dtype=np.float64) / 255.0


def _spread(values: FloatArray, radius: int) -> FloatArray:
    """Mean over squares."""
    from scipy.ndimage import uniform_filter

    return np.asarray(uniform_filter(values, 2 * radius + 1, mode="nearest"))
