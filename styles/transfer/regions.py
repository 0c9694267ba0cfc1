"""Which pixels of a picture a transfer changes, what colour is seen there, and how a new one is put back.

At the outline a pixel holds a mixture of animal and ground. A map made for the animal's colours must not be
asked what becomes of the mixture: it is given the animal's own colour there, taken from covered neighbours,
and the change is added in proportion to the covered area, as light.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .colour_spaces import FloatColours, bytes_from_linear, linear_from_bytes

Where = Literal["animal", "picture", "edge"]
WHERE: Final[tuple[Where, ...]] = get_args(Where)

EDGE_BLUR: Final = 6.0
"""Standard deviation, in thousandths of the longer side, of the blur of alpha that marks the edge."""

MAXIMUM_SAMPLE: Final = 16384
"""Colours that statistics are taken from, on an even grid; more of them change a mean by a tenth of a step of
8-bit sRGB."""

_NEIGHBOURHOOD: Final = 2
_ENOUGH: Final = 32
"""Covered pixels from which statistics of the animal can be taken."""


@dataclass(frozen=True)
class Region:
    """Pixels that a transfer changes.

    Attributes
    ----------
    rows, columns
        (N,) where they are.
    colours
        (N, 3) uint8 sRGB of the surface that changes: at the animal's outline the animal's own, unmixed.
    share
        (N,) float32 in (0, 1]: how much of a pixel the surface covers and how much of the change it gets.
    sample
        (M, 3) uint8 colours whose statistics stand for the region.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    colours: NDArray[np.uint8]
    share: NDArray[np.float32]
    sample: NDArray[np.uint8]


def check_arguments(
    picture: NDArray[np.uint8], alpha: NDArray[np.uint8], style: NDArray[np.uint8], strength: float
) -> None:
    """Refuse arrays of a wrong type or shape and a strength outside [0, 1] with ``ValueError``."""
    for name, array in (("picture", picture), ("alpha", alpha), ("style", style)):
        if array.dtype != np.uint8:
            raise ValueError(f"{name}: expected uint8, found {array.dtype}")
    for name, array in (("picture", picture), ("style", style)):
        if array.ndim != 3 or array.shape[2] != 3 or not array.size:
            raise ValueError(f"{name}: expected (H, W, 3), found {array.shape}")
    if alpha.shape != picture.shape[:2]:
        raise ValueError(f"alpha: expected {picture.shape[:2]}, found {alpha.shape}")
    if not 0.0 <= strength <= 1.0:
        raise ValueError(f"strength: expected a number from 0 to 1, found {strength}")


def style_colours(style: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(M, 3) colours of a style image, of a large one those on an even grid."""
    step = 1
    while (-(-style.shape[0] // step)) * (-(-style.shape[1] // step)) > MAXIMUM_SAMPLE:
        step += 1
    return style[::step, ::step].reshape(-1, 3)


def _thinned(colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return colours[:: -(-len(colours) // MAXIMUM_SAMPLE) or 1]


def region_of(picture: NDArray[np.uint8], alpha: NDArray[np.uint8], where: Where) -> Region:
    """Find the pixels to change.

    Parameters
    ----------
    picture, alpha
        As every transfer takes them.
    where
        ``animal``: every pixel that shows some of it; ``picture``: all; ``edge``: the animal's pixels by its
        outline, fading inwards. Outside the animal ``animal`` and ``edge`` change nothing.
    """
    if where == "picture":
        rows, columns = (axis.ravel() for axis in np.indices(alpha.shape))
        colours = picture.reshape(-1, 3)
        return Region(rows, columns, colours, np.ones(len(colours), np.float32), style_colours(picture))
    share = alpha.astype(np.float32) / np.float32(255.0)
    covered = alpha == 255
    sample = _thinned(picture[covered] if np.count_nonzero(covered) >= _ENOUGH else picture[alpha > 0])
    if where == "edge":
        share = share * edge_weights(alpha)
    rows, columns = np.nonzero(share > 0)
    colours = own_colours(picture, alpha, rows, columns)
    return Region(rows, columns, colours, share[rows, columns], sample)


def edge_weights(alpha: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(H, W) in [0, 1]: 1 on the outline, falling to 0 on both sides, within three pixels at 256."""
    deviation = max(0.5, EDGE_BLUR / 1000.0 * max(alpha.shape))
    cover = alpha.astype(np.float32) / np.float32(255.0)
    blurred = ndimage.gaussian_filter(cover, deviation, mode="nearest", truncate=2.0)
    weights = 4.0 * blurred * (1.0 - blurred)
    return np.where(weights < 1 / 256, np.float32(0.0), weights).astype(np.float32)


def own_colours(
    picture: NDArray[np.uint8], alpha: NDArray[np.uint8], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Colours of the animal itself; at its outline the mean of what is wholly covered near by."""
    colours = picture[rows, columns]
    mixed = np.flatnonzero(alpha[rows, columns] < 255)
    if not mixed.size:
        return colours
    reach = _NEIGHBOURHOOD
    # Flat indices into arrays with a border: several times as fast as rows and columns.
    width = alpha.shape[1] + 2 * reach
    covered = np.pad(alpha == 255, reach).ravel()
    padded = np.pad(picture, ((reach, reach), (reach, reach), (0, 0))).reshape(-1, 3)
    corner = rows[mixed] * width + columns[mixed]
    total = np.zeros((mixed.size, 3), np.int32)
    count = np.zeros((mixed.size, 1), np.int32)
    for down in range(2 * reach + 1):
        for right in range(2 * reach + 1):
            near = corner + (down * width + right)
            counts = covered.take(near)[:, None]
            total += padded.take(near, axis=0) * counts
            count += counts
    # A hair thinner than a pixel has no covered neighbour and keeps the colour it shows.
    found = count[:, 0] > 0
    colours[mixed[found]] = ((total[found] + count[found] // 2) // count[found]).astype(np.uint8)
    return colours


def repainted(picture: NDArray[np.uint8], region: Region, colours: FloatColours) -> NDArray[np.uint8]:
    """Put new colours of a region into a copy of the picture.

    Parameters
    ----------
    picture
        What the region was taken from.
    region
        Its N pixels.
    colours
        (N, 3) new sRGB colours in [0, 255] of the surfaces.
    """
    painted = picture.copy()
    whole = region.share == 1.0
    shown = colours
    if not whole.all():
        part = ~whole
        shown = colours.copy()
        seen = picture[region.rows[part], region.columns[part]]
        before = linear_from_bytes(region.colours[part])
        after = linear_from_encoded(colours[part])
        light = linear_from_bytes(seen) + region.share[part, None] * (after - before)
        shown[part] = bytes_from_linear(light)
    painted[region.rows, region.columns] = np.clip(np.rint(shown), 0, 255).astype(np.uint8)
    return painted


def linear_from_encoded(colours: FloatColours) -> FloatColours:
    """Linear light in [0, 1] of sRGB colours in [0, 255] that need not be whole numbers."""
    lower = np.clip(np.floor(colours), 0, 254).astype(np.uint8)
    dark, bright = linear_from_bytes(lower), linear_from_bytes(lower + np.uint8(1))
    return dark + (bright - dark) * np.clip(colours - lower, 0.0, 1.0).astype(np.float32)
