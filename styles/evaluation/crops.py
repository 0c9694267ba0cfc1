"""Crops of animals, cut from photos and from synthetic pictures in one and the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .regions import Animal, FloatArray

MARGIN: Final = 0.3
"""Of the animal's height, around its outermost points."""

LARGEST_HEIGHT: Final = 96.0
"""Height of the animals in crops, pixels, where all pictures are large enough."""


@dataclass(frozen=True)
class Crop:
    """A crop.

    Attributes
    ----------
    picture
        (H, W, 3) sRGB.
    animal
        In its pixels; None where nothing is known of an animal.
    """

    picture: NDArray[np.uint8]
    animal: Animal | None


def common_height(heights: Sequence[FloatArray]) -> float:
    """Height that animals of all sides are brought to: one nearly all of them can be shrunk to.

    Enlarging a picture leaves it without fine detail, which would give it away, so the smaller tenth of each
    side is left out rather than enlarged.
    """
    return min(LARGEST_HEIGHT, *(float(np.percentile(side, 10)) for side in heights))


def cut_animal(picture: Image.Image, animal: Animal, height: float) -> Crop:
    """Cut out an animal with a margin, shrunk so that it is ``height`` pixels high.

    The crop ends where the picture does: nothing is padded.
    """
    low, high = animal.extent[:2], animal.extent[2:]
    margin = MARGIN * animal.height
    size = np.array(picture.size, dtype=np.float64)
    corner = np.clip(np.floor(low - margin), 0, size - 1)
    end = np.clip(np.ceil(high + margin), corner + 1, size)
    scale = height / animal.height
    width, rows = (max(8, round(float(side))) for side in (end - corner) * scale)
    small = picture.resize((width, rows), Image.Resampling.LANCZOS, box=(*corner, *end))
    return Crop(np.asarray(small), animal.moved(corner, np.array([width, rows]) / (end - corner)))


def cut_middle(picture: Image.Image, size: tuple[int, int]) -> Crop:
    """Cut the largest middle of a picture that has the shape of ``size`` (width, height), shrunk to it."""
    share = min(picture.width / size[0], picture.height / size[1])
    wide, high = size[0] * share, size[1] * share
    left, top = (picture.width - wide) / 2, (picture.height - high) / 2
    small = picture.resize(size, Image.Resampling.LANCZOS, box=(left, top, left + wide, top + high))
    return Crop(np.asarray(small), None)
