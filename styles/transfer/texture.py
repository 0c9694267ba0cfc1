"""Fine detail of the photo on the animal, and its softer colours along the outline.

A rendered coat is smooth where a real one has hair, dirt and moisture, and the sensor's grain on top:
measured inside the trunk, detail of colour 3 to 16 pixels large is what tells renders from photos best. How
much of it a photo shows depends on its light, lens and compression, so it is taken from the photo behind: a
texture of random phases with the photo's own spectrum (Galerne, Gousseau, Morel 2011, "Random Phase
Textures: Theory and Synthesis"), which has its grain and none of its shapes. Only what the animal lacks is
added: stripes, folds and manes have detail of their own.
"""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from .regions import Where, check_arguments

FloatPicture = NDArray[np.float32]

DEFAULT_SIZE: Final = 20.0
"""Largest detail, as the deviation of the blur that it is the difference from, in thousandths of the longer
side: 5 pixels at 256."""

DEFAULT_REACH: Final = 3.0
"""Deviation of the blur of colours along the outline, thousandths of the longer side: 0.8 pixels at 256."""

_FINEST: Final = 0.2
"""Smallest detail, as a share of the largest. Photos show their own noise when they are shrunk little; an
animal's photo that is shrunk to a picture's size has hardly any."""

_USUAL: Final = 30.0
"""Percentile of the photo's places whose detail is taken: below twigs and edges, above sky."""

_MOST: Final = np.array([14.0, 4.0, 4.0], dtype=np.float32)[:, None, None]
"""Largest deviation that is added to brightness and colours, in steps of 8-bit sRGB."""

_NEUTRAL: Final = 0.25
_COLOURFUL: Final = 16.0
"""White and black coats get this share of the detail of colour, those with so much colour all: dry grass
would make a white horse motley."""

_DARK: Final = 0.15
_BRIGHT: Final = 1.2
"""Detail of brightness is this share of the photo's at least and at most, dark coats to bright ones."""

_LEAST_LIGHT: Final = 24.0
"""Darker pixels, in steps of 8-bit sRGB, have no colour to speak of, whatever their numbers say."""

# Brightness, and two opponent colours that sum to nothing in it; the inverse is exact.
_TO_OPPONENT: Final = np.array(
    [[0.299, 0.587, 0.114], [0.5, -0.5, 0.0], [0.25, 0.25, -0.5]], dtype=np.float32
)
_FROM_OPPONENT: Final = np.linalg.inv(_TO_OPPONENT.astype(np.float64)).astype(np.float32)


def photo_texture(
    picture: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    style: NDArray[np.uint8],
    *,
    where: Where = "animal",
    strength: float = 1.0,
    lightness: float = 1.0,
    colour: float = 1.0,
    size: float = DEFAULT_SIZE,
) -> NDArray[np.uint8]:
    """Give the animal as much fine detail as the style has.

    Parameters
    ----------
    picture, alpha, style, strength
        As in :mod:`styles.transfer`. Pixels without animal keep their bytes.
    where
        ``animal``, the only place it works on.
    lightness, colour
        Share in [0, 1] of what is lacking that brightness and the two opponent colours get.
    size
        Largest detail, in thousandths of the picture's longer side, in (0, 200].

    Raises
    ------
    ValueError
        An array or a number is not as described.
    """
    check_arguments(picture, alpha, style, strength)
    if where != "animal":
        raise ValueError(f"where: expected 'animal', found {where!r}")
    if not 0.0 < size <= 200.0:
        raise ValueError(f"size: expected a number above 0 and up to 200, found {size}")
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if strength == 0.0 or not len(rows):
        return picture.copy()
    deviation = max(0.7, size / 1000.0 * max(alpha.shape))
    part = (slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1))
    photo = _opponent(style)
    detail = _detail(photo, deviation)
    spread = _local_spread(detail, deviation)
    wanted = np.percentile(spread[:, ::4, ::4], _USUAL, axis=(1, 2)).astype(np.float32)
    # A fence or a twig has a hundred times a meadow's power, and would line the coat its own way.
    detail *= np.minimum(wanted[:, None, None] / np.maximum(spread, np.float32(1e-3)), np.float32(1.0))
    usual_brightness = max(float(photo[0].mean()), 1.0)
    shown = _opponent(picture[part])
    share = strength * np.array([lightness, colour, colour], dtype=np.float32)
    lacking = wanted[:, None, None] ** 2 - _own_spread(shown, alpha[part], deviation) ** 2
    # Detail of a surface is a share of the light it sends: black coats have less of it.
    light = np.clip(shown[0] / np.float32(usual_brightness), _DARK, _BRIGHT)
    amount = share[:, None, None] * np.minimum(np.sqrt(np.maximum(lacking, 0.0)), _MOST) * light
    amount[1:] *= np.clip(np.hypot(shown[1], shown[2]) / np.float32(_COLOURFUL), _NEUTRAL, 1.0)
    grain = _of_random_phases(detail, _seed(style))
    added = amount * _fitted(grain, shown.shape[1:])
    # More or less light is more or less of the surface's own colour.
    added[1:] += shown[1:] * (added[0] / np.maximum(shown[0], np.float32(_LEAST_LIGHT)))
    painted = picture.copy()
    painted[part] = _with_added(picture[part], added * (alpha[part] / np.float32(255.0)))
    return painted


def soft_colours(
    picture: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    style: NDArray[np.uint8],
    *,
    where: Where = "picture",
    strength: float = 1.0,
    reach: float = DEFAULT_REACH,
    lightness: float = 0.0,
) -> NDArray[np.uint8]:
    """Soften colours on both sides of the outline, as sensors and files do, and brightness if asked to.

    A sensor sees one of three colours at each place and a JPEG keeps colours at half of the size: no photo
    has an edge of colour as sharp as its edge of brightness, and a cut-out has. Behind the animal the photo
    is soft already, and away from the outline it keeps its bytes.

    Parameters
    ----------
    picture, alpha, strength
        As in :mod:`styles.transfer`.
    style
        Not looked at.
    where
        ``picture``: pixels without animal change too, as far as the outline's colours reach.
    reach
        Deviation of the blur, thousandths of the picture's longer side, in (0, 200].
    lightness
        Share in [0, 1] of a blur half as wide that brightness gets: a renderer's outlines have steps.

    Raises
    ------
    ValueError
        An array or a number is not as described.
    """
    check_arguments(picture, alpha, style, strength)
    if not 0.0 <= lightness <= 1.0:
        raise ValueError(f"lightness: expected a number from 0 to 1, found {lightness}")
    if where != "picture":
        raise ValueError(f"where: expected 'picture', found {where!r}")
    if not 0.0 < reach <= 200.0:
        raise ValueError(f"reach: expected a number above 0 and up to 200, found {reach}")
    deviation = max(0.5, reach / 1000.0 * max(alpha.shape))
    weights = _near_outline(alpha, 1.5 * deviation)
    rows, columns = np.flatnonzero(weights.any(axis=1)), np.flatnonzero(weights.any(axis=0))
    if strength == 0.0 or not len(rows):
        return picture.copy()
    margin = int(np.ceil(3.0 * deviation)) + 1
    part = (_widened(rows, margin), _widened(columns, margin))
    channels = _opponent(picture[part])
    soft = ndimage.gaussian_filter(channels, (0, deviation, deviation), mode="nearest", truncate=3.0)
    if lightness > 0:
        half = max(0.4, deviation / 2)
        soft[0] = ndimage.gaussian_filter(channels[0], half, mode="nearest", truncate=3.0)
    change = (soft - channels) * (np.float32(strength) * weights[part])
    change[0] *= np.float32(lightness)
    painted = picture.copy()
    painted[part] = _with_added(picture[part], change)
    return painted


def _near_outline(alpha: NDArray[np.uint8], deviation: float) -> FloatPicture:
    """(H, W) in [0, 1]: 1 along the outline, falling to 0 on both sides within three deviations."""
    cover = alpha.astype(np.float32) / np.float32(255.0)
    blurred = ndimage.gaussian_filter(cover, deviation, mode="nearest", truncate=3.0)
    weights = np.minimum(8.0 * blurred * (1.0 - blurred), 1.0)
    return np.where(weights < 1 / 64, np.float32(0.0), weights).astype(np.float32)


def _widened(places: NDArray[np.intp], margin: int) -> slice:
    return slice(max(0, int(places[0]) - margin), int(places[-1]) + 1 + margin)


def _with_added(picture: NDArray[np.uint8], opponent: FloatPicture) -> NDArray[np.uint8]:
    """Add a change of brightness and opponent colours."""
    change = np.stack(
        [sum(opponent[channel] * row[channel] for channel in range(3)) for row in _FROM_OPPONENT], axis=-1
    )
    return np.clip(np.rint(picture + change), 0, 255).astype(np.uint8)


def _opponent(picture: NDArray[np.uint8]) -> FloatPicture:
    """(3, H, W) brightness and opponent colours of sRGB in [0, 255]."""
    red, green, blue = np.moveaxis(picture.astype(np.float32), -1, 0)
    return np.stack([row[0] * red + row[1] * green + row[2] * blue for row in _TO_OPPONENT])


def _detail(channels: FloatPicture, deviation: float) -> FloatPicture:
    """Detail of some sizes: the coarser is not texture, and the finest is the sensor's and the file's."""
    fine, soft = (
        ndimage.gaussian_filter(channels, (0, width, width), mode="nearest", truncate=2.5)
        for width in (_FINEST * deviation, deviation)
    )
    return np.asarray(fine - soft, dtype=np.float32)


def _local_spread(detail: FloatPicture, deviation: float) -> FloatPicture:
    """Root mean square of detail around each place."""
    side = 2 * round(1.5 * deviation) + 1
    squares = ndimage.uniform_filter(detail * detail, (0, side, side), mode="nearest")
    return np.sqrt(np.maximum(squares, 0.0), dtype=np.float32)


def _own_spread(channels: FloatPicture, alpha: NDArray[np.uint8], deviation: float) -> FloatPicture:
    """Root mean square of the animal's own detail around each of its places, its outline left out."""
    cover = (alpha == 255).astype(np.float32)
    reach = (deviation, deviation)
    weight = np.maximum(ndimage.gaussian_filter(cover, reach, mode="constant", truncate=2.5), 1e-3)
    soft = ndimage.gaussian_filter(channels * cover, (0, *reach), mode="constant", truncate=2.5) / weight
    squares = ((channels - soft) * cover) ** 2
    side = 2 * round(1.5 * deviation) + 1
    own = ndimage.uniform_filter(squares, (0, side, side), mode="constant")
    shown = np.maximum(ndimage.uniform_filter(cover, side, mode="constant"), 1e-3)
    # Running sums leave something just below nothing where there is nothing.
    return np.sqrt(np.maximum(own, 0.0) / shown)


def _of_random_phases(detail: FloatPicture, seed: np.random.SeedSequence) -> FloatPicture:
    """Texture with the spectrum of a detail and random phases, each channel of deviation 1."""
    height, width = detail.shape[1:]
    generator = np.random.default_rng(seed)
    # The phases of white noise are random and those of a real picture: half of them mirror the others.
    noise = fft.rfft2(generator.standard_normal((height, width), dtype=np.float32))
    turned = noise / np.maximum(np.abs(noise), np.float32(1e-6))
    # One turn for all channels keeps how they go together: a bright grain has its own colour.
    grain = fft.irfft2(fft.rfft2(detail) * turned, s=(height, width))
    spread = grain.std(axis=(1, 2), keepdims=True)
    return np.asarray(grain / np.maximum(spread, np.float32(1e-6)), dtype=np.float32)


def _fitted(grain: FloatPicture, shape: tuple[int, ...]) -> FloatPicture:
    """Cut or repeat a texture to a shape; it is periodic, so no seam shows."""
    height, width = grain.shape[1:]
    if height < shape[0] or width < shape[1]:
        grain = np.tile(grain, (1, -(-shape[0] // height), -(-shape[1] // width)))
    return grain[:, : shape[0], : shape[1]]


def _seed(style: NDArray[np.uint8]) -> np.random.SeedSequence:
    """Seed of its own for each photo, so that no pattern is the same in all pictures."""
    digest = hashlib.sha256(np.ascontiguousarray(style).tobytes()).digest()
    return np.random.SeedSequence(int.from_bytes(digest[:16], "big"))
