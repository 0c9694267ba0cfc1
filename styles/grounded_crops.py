"""Crops of photos on whose open ground an animal can stand.

A crop puts the photo's horizon where the render's camera has its own, so that scale and standpoint agree, or
as near to it as the photo allows. Size, height, place across and flip are then searched for a crop where the
feet stand on open ground and nothing rises from below between them and the picture's lower edge: what does
stands nearer than the animal, which would seem to float before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .photo_ground import PhotoGround

FloatArray = NDArray[np.float64]

FIELD_OF_VIEW: Final = 60.0
"""Degrees across the longer side that photos are taken to have: a phone's main camera has 65, a camera's
standard zoom 25 to 75."""

SMALLEST_CROP: Final = 0.3
"""Crops smaller than this share of the largest are too blurred."""

SHARPNESS: Final = 0.6
"""Pixels of the photo that one of the picture's has at least: an animal that stands in the sky is worse than
a photo that is enlarged a little."""

BELOW_HORIZON: Final = 0.06
"""All feet stand at least so far below the horizon, and half as far below the ground's end, share of the
picture's height."""

PHOTO_SIDE: Final = 0.1
RENDER_SIDE: Final = 0.2
"""From which on a photo and a render have a side that the light comes from."""

PLACES: Final = 12
"""Places side by side that are tried."""

SMALLER, LARGER = 10, 4
"""Sizes that are tried from the planned one to the smallest and to the largest."""

LOWERED: Final = (0.0, 0.04, 0.08, -0.04, 0.12, 0.16)
"""How much lower in the photo than its horizon asks for a crop may lie, shares of the crop's height."""

AROUND_FEET: Final = 0.03
"""Ground around the feet that is looked at with them, share of the picture."""

OPEN_BELOW_FEET: Final = 0.94
"""Share of the places between and around the feet that show open ground where an animal can stand."""

OPEN_NEAR: Final = 0.92
"""The same of the places right before the animal, from its feet :data:`NEAR` further down."""

NEAR: Final = 0.1
"""Share of the picture's height."""

OPEN_BEFORE: Final = 0.87
"""The same of all places from the feet to the picture's lower edge."""

ENLARGING_COSTS: Final = 2.0
RESIZING_COSTS: Final = 1.0
LOWERING_COSTS: Final = 6.0
CLUTTER_COSTS: Final = 3.0
"""What is given up for what, where several crops have open ground: sharpness by a factor of e, a size by a
factor of e, a picture's height of horizon, and ground behind the animal for other things all over."""


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
    feet_left, feet_right
        Columns between which it touches the ground.
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
    feet_left: float
    feet_right: float
    focal: float
    sun_side: float


@dataclass(frozen=True)
class Placement:
    """Part of a photo for an animal to stand in.

    Attributes
    ----------
    crop
        (cx, cy, scale) as :func:`styles.backgrounds.photo_crop` takes it.
    mirror
        Whether it is flipped.
    openness
        How open the ground is there; 1 and more is open enough.
    """

    crop: tuple[float, float, float]
    mirror: bool
    openness: float


def grounded_crop(
    ground: PhotoGround,
    crop: tuple[float, float, float],
    mirror: bool,
    standing: Standing,
    size: tuple[int, int],
) -> Placement:
    """Change a planned crop so that the animal stands on the photo's ground.

    Parameters
    ----------
    ground
        From :func:`styles.photo_ground.photo_ground`.
    crop, mirror
        As the shot has them: (cx, cy, scale) as :func:`styles.backgrounds.photo_crop` takes them.
    standing
        Where the animal is.
    size
        (width, height) of the picture.

    Returns
    -------
    Placement
        Near the planned size and at the planned place where ground is open there, otherwise where it is, or
        where it is most. The flip follows the sun where photo and render both show its side.
    """
    flips = [mirror, not mirror]
    if abs(ground.sun_side) > PHOTO_SIDE and abs(standing.sun_side) > RENDER_SIDE:
        flips = [(ground.sun_side > 0) != (standing.sun_side > 0)]
    width, height = ground.size
    largest = min(width / size[0], height / size[1])
    planned = float(np.clip(crop[2], min(1.0, 1.0 / largest), 1.0))
    smallest = min(planned, max(SMALLEST_CROP, SHARPNESS / largest))
    scales = np.concatenate(
        [np.linspace(planned, smallest, SMALLER), np.linspace(planned, 1.0, LARGER + 1)[1:]]
    )
    places = (crop[0] + np.arange(PLACES) / PLACES) % 1.0
    # Order decides between crops that are as good: the planned one comes first.
    scale, lowered, flip, place = (
        axis.ravel() for axis in np.meshgrid(scales, LOWERED, flips, places, indexing="ij")
    )
    shown_width, shown_height = scale * largest * size[0] / width, scale * largest * size[1] / height
    top = _tops(ground, standing, scale, size)
    top = np.clip(top + lowered * shown_height, 0.0, np.maximum(1.0 - shown_height, 0.0))
    frames = _Frames(place * (1.0 - shown_width), top, shown_width, shown_height, flip)
    sums = _sums(ground.open)
    things = ~ground.open
    things[: int(np.ceil(ground.end * len(things)))] = False
    around, columns = AROUND_FEET, (standing.left, standing.right)
    below_feet = frames.share(
        sums,
        (standing.farthest - around, standing.feet + around),
        (standing.feet_left - around, standing.feet_right + around),
    )
    near = frames.share(sums, (standing.feet, standing.feet + NEAR), columns)
    before = frames.share(sums, (standing.feet, 1.0), columns)
    clutter = frames.share(_sums(things), (max(0.0, standing.farthest - 0.5), standing.farthest), columns)
    openness = np.minimum(below_feet / OPEN_BELOW_FEET, np.minimum(near / OPEN_NEAR, before / OPEN_BEFORE))
    low_enough = top + (standing.farthest - 0.5 * BELOW_HORIZON) * shown_height >= ground.end
    openness = np.where(low_enough, openness, 0.5 * openness)
    cost = RESIZING_COSTS * np.abs(np.log(scale / planned)) + LOWERING_COSTS * np.abs(lowered)
    cost += CLUTTER_COSTS * clutter + ENLARGING_COSTS * np.maximum(-np.log(scale * largest), 0.0)
    fits = openness >= 1.0
    best = int(np.argmin(np.where(fits, cost, np.inf)) if fits.any() else np.argmax(openness))
    slack = 1.0 - float(shown_height[best])
    across = float(top[best]) / slack if slack > 1e-9 else 0.5
    return Placement(
        (float(place[best]), min(across, 1.0), float(scale[best])), bool(flip[best]), float(openness[best])
    )


def _tops(ground: PhotoGround, standing: Standing, scale: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Rows of the photo, shares of its height, at which crops begin that have its horizon in its place."""
    width, height = ground.size
    largest = min(width / size[0], height / size[1])
    # The photo's own perspective: far things in it keep their distance from the horizon.
    focal = max(width, height) / 2 / np.tan(np.radians(FIELD_OF_VIEW) / 2) / (scale * largest * size[0])
    shift = (standing.horizon - standing.principal[1]) * np.minimum(focal / standing.focal, 1.0)
    wanted = np.minimum(standing.principal[1] + shift, standing.farthest - BELOW_HORIZON)
    return np.asarray(ground.horizon - wanted * scale * largest * size[1] / height)


def _sums(places: NDArray[np.bool_]) -> FloatArray:
    return np.pad(np.cumsum(np.cumsum(places, axis=0), axis=1), ((1, 0), (1, 0))).astype(np.float64)


@dataclass(frozen=True)
class _Frames:
    """Crops: left and upper side, width and height in shares of the photo, and the flip."""

    left: FloatArray
    top: FloatArray
    width: FloatArray
    height: FloatArray
    mirror: NDArray[np.bool_]

    def share(self, sums: FloatArray, rows: tuple[float, float], columns: tuple[float, float]) -> FloatArray:
        """Share of places between rows and columns of each crop that are counted; 1 where none lies there.

        Parameters
        ----------
        sums
            (h + 1, w + 1) places counted above and left of each corner.
        rows, columns
            First and last, shares of the crop.
        """
        upper, lower = (float(np.clip(row, 0.0, 1.0)) for row in rows)
        first, last = (float(np.clip(column, 0.0, 1.0)) for column in columns)
        starts = np.where(self.mirror, 1.0 - last, first)
        ends = np.where(self.mirror, 1.0 - first, last)
        height, width = sums.shape[0] - 1, sums.shape[1] - 1
        up = np.rint(np.clip(self.top + upper * self.height, 0, 1) * height).astype(np.int64)
        down = np.rint(np.clip(self.top + lower * self.height, 0, 1) * height).astype(np.int64)
        start = np.rint(np.clip(self.left + starts * self.width, 0, 1) * width).astype(np.int64)
        end = np.rint(np.clip(self.left + ends * self.width, 0, 1) * width).astype(np.int64)
        count = (down - up) * (end - start)
        total = sums[down, end] - sums[up, end] - sums[down, start] + sums[up, start]
        return np.where(count > 0, total / np.maximum(count, 1), 1.0)
