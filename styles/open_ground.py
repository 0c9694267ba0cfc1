"""Open ground in a photo: places that one can walk to from the photo's lower edge.

Ground is what the lowest rows show, followed upwards row by row as long as its colour and grain go on: they
may change slowly, as with distance or light, not at once, as at a wall, a trunk or another animal. How much
is at once depends on how speckled the ground itself is. What stands on ground has sides, bars and legs above
all; steps of brightness that keep their sign along a straight line are such sides, while those of grass and
straw cancel. Nothing is learnt, and no photo is known.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FloatArray = NDArray[np.float64]

BRIGHTNESS: Final = 0.45
"""Mean of the lower half that dark photos are brightened to, at most by :data:`MOST_BRIGHTENED`."""

MOST_BRIGHTENED: Final = 2.0

SIDE_LENGTH: Final = 0.12
"""Length of the lines that steps are averaged along, share of the photo's height."""

SLANTS: Final = (-0.2, -0.1, 0.0, 0.1, 0.2)
"""How far such lines lean, for bars lean where a camera looks up or down."""

UPRIGHT_STEP: Final = 0.09
LEVEL_STEP: Final = 0.1
"""Mean step along a line, share of white, above which it is the side of something, upright or lying."""

CHANCE: Final = 2.5
"""Spreads of the mean of a speckled ground's own steps that a line must exceed to be a side: many are looked
at."""

OTHER_COLOUR: Final = 0.07
"""Difference of colour and grain from the ground below, share of white, that smooth ground does not show."""

SPECKLED: Final = 1.0
"""How much more a speckled ground may differ, for each of its own spread of colour."""

MOST_SPECKLED: Final = 0.12
"""Spread of colour beyond which it is no more ground's own."""

START: Final = 0.08
"""Rows that ground is known by at first, and that it is followed with, share of the photo's height."""

REACH: Final = 0.08
"""Columns to either side that say what ground looks like in a row, share of the photo's width."""

LOWEST: Final = 0.25
"""Share of the height, from below, in which the ground's own spread of colour is measured."""


def open_ground(photo: FloatArray, horizon: float) -> NDArray[np.bool_]:
    """Find the open ground of a photo.

    Parameters
    ----------
    photo
        (h, w, 3) sRGB from 0 to 1, upright, some 160 pixels along its longer side.
    horizon
        Row above which there is none, share of the height.

    Returns
    -------
    (h, w) whether a place shows open ground.
    """
    height, width = photo.shape[:2]
    mean = max(float(photo[height // 2 :].mean()), 1e-6)
    photo = np.minimum(photo * np.clip(BRIGHTNESS / mean, 1.0, MOST_BRIGHTENED), 1.0)
    features = np.concatenate(
        [
            ndimage.uniform_filter(photo, (3, 3, 1), mode="nearest"),
            ndimage.uniform_filter(_spread(photo, 5), 3, mode="nearest")[..., None],
        ],
        axis=2,
    )
    rows = max(3, round(START * height))
    speckle = float(np.median(_spread(photo[int((1 - LOWEST) * height) :], 7)))
    limit = OTHER_COLOUR + SPECKLED * min(speckle, MOST_SPECKLED)
    radius = max(2, round(SIDE_LENGTH * height / 2))
    by_chance = CHANCE * speckle / np.sqrt(2 * radius + 1)
    upright, level = upright_steps(photo, radius), upright_steps(photo.swapaxes(0, 1), radius).T
    aside = (upright < max(UPRIGHT_STEP, by_chance)) & (level < max(LEVEL_STEP, by_chance))
    known = ndimage.median_filter(
        np.median(features[-rows:], axis=0), size=(2 * (width // 8) + 1, 1), mode="nearest"
    )
    found = np.zeros((height, width), dtype=bool)
    reach, pace = REACH * width, 2.0 / (rows + 1)
    for row in range(height - 1, int(np.ceil(horizon * height)) - 1, -1):
        free = (np.linalg.norm(features[row] - known, axis=1) < limit) & aside[row]
        found[row] = free
        seen = np.concatenate([features[row] * free[:, None], free[:, None]], axis=1)
        seen = ndimage.gaussian_filter1d(seen, reach, axis=0, mode="nearest", truncate=2.0)
        known = known + pace * (seen[:, :-1] - known * seen[:, -1:])
    return _reached(found, rows)


def _reached(found: NDArray[np.bool_], rows: int) -> NDArray[np.bool_]:
    """Places that join the lowest rows; threads of ground between other things do not join."""
    square = np.ones((3, 3), dtype=bool)
    padded = np.pad(found, 2, mode="edge")
    whole = ndimage.binary_opening(ndimage.binary_closing(padded, square), square)[2:-2, 2:-2]
    labels, _ = ndimage.label(whole)
    joined = np.unique(labels[-rows:])
    return np.asarray(found & np.isin(labels, joined[joined > 0]))


def upright_steps(photo: FloatArray, radius: int) -> FloatArray:
    """Measure how much of an upright side each place is.

    Parameters
    ----------
    photo
        (h, w, 3) sRGB.
    radius
        Half the length of the lines, rows.

    Returns
    -------
    (h, w) step from left to right, averaged along a steep line; the largest of the slants and colours.
    """
    height, width = photo.shape[:2]
    steps = np.zeros((height, width, 3), dtype=np.float32)
    steps[:, 1:-1] = photo[:, 2:] - photo[:, :-2]
    steps = np.pad(steps, ((radius, radius), (radius, radius), (0, 0)), mode="reflect")
    largest = np.zeros((height, width), dtype=np.float32)
    for slant in SLANTS:
        total = np.zeros((height, width, 3), dtype=np.float32)
        for row in range(-radius, radius + 1):
            column = radius + round(slant * row)
            total += steps[radius + row : radius + row + height, column : column + width]
        for colour in range(3):
            np.maximum(largest, np.abs(total[..., colour]), out=largest)
    return np.asarray(largest / (2 * radius + 1), dtype=np.float64)


def _spread(photo: FloatArray, side: int) -> FloatArray:
    """(h, w) spread of colour in the square around each place."""
    squares = ndimage.uniform_filter(photo**2, (side, side, 1), mode="nearest")
    means = ndimage.uniform_filter(photo, (side, side, 1), mode="nearest")
    return np.asarray(np.sqrt(np.maximum(squares - means**2, 0.0).sum(axis=2)))
