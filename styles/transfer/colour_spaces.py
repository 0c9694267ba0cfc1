"""Colours of 8-bit sRGB pictures in the spaces that statistics are taken in.

Oklab (B. Ottosson, "A perceptual color space for image processing", 2020) stands for the decorrelated space
of Ruderman that Reinhard et al. (2001) used: lightness and two opponent colours, but a cube root in place
of the logarithm, which lets the deepest shadows, where a camera's noise sits, decide everything.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from styles.composition import linear_from_srgb, srgb_from_linear

FloatColours = NDArray[np.float32]
"""(N, 3) colours of some space."""

LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Share of each linear sRGB primary in luminance."""

_STEPS: Final = 65535
_LIGHT: Final = linear_from_srgb(np.arange(256) / 255.0).astype(np.float32)
_ENCODED: Final = (srgb_from_linear(np.arange(_STEPS + 1) / _STEPS) * 255.0).astype(np.float32)

_TO_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES: Final = np.linalg.inv(_TO_CONES)
_FROM_LAB: Final = np.linalg.inv(_TO_LAB)


def transformed(colours: FloatColours, matrix: NDArray[np.floating]) -> FloatColours:
    """Multiply each of (N, 3) colours by a (3, 3) matrix, in an order of sums that no thread changes."""
    factors = np.asarray(matrix, dtype=np.float32)
    # One axis after the other, each in a row of memory: three times as fast as columns of (N, 3).
    first, second, third = np.ascontiguousarray(colours.T)
    result = np.empty((3, len(colours)), np.float32)
    for row, into in zip(factors, result, strict=True):
        np.multiply(first, row[0], out=into)
        into += second * row[1]
        into += third * row[2]
    return np.ascontiguousarray(result.T)


def linear_from_bytes(colours: NDArray[np.uint8]) -> FloatColours:
    """Linear light in [0, 1] of sRGB bytes."""
    return _LIGHT[colours]


def bytes_from_linear(light: FloatColours) -> FloatColours:
    """Encode linear light as sRGB in [0, 255], clipped and not rounded."""
    # A table in twentieths of the smallest 8-bit step: a power for each pixel takes ten times as long.
    return _ENCODED[np.rint(np.clip(light, 0.0, 1.0) * np.float32(_STEPS)).astype(np.int32)]


def oklab_from_bytes(colours: NDArray[np.uint8]) -> FloatColours:
    """Oklab (lightness in [0, 1], green to red, blue to yellow) of sRGB bytes."""
    return transformed(np.cbrt(transformed(linear_from_bytes(colours), _TO_CONES)), _TO_LAB)


def bytes_from_oklab(colours: FloatColours) -> FloatColours:
    """Encode Oklab as sRGB in [0, 255], not rounded.

    A colour that sRGB cannot show loses saturation until it can, at its own lightness and hue: cut off
    channel by channel, a dark brown turns red.
    """
    # Darker than black is black, whatever its hue.
    light = _linear_from_oklab(np.where(colours[:, :1] > 0, colours, np.float32(0)))
    beyond = np.flatnonzero(~_is_shown(light))
    if beyond.size:
        light[beyond] = _linear_from_oklab(_within_gamut(colours[beyond]))
    return bytes_from_linear(light)


_TOLERANCE: Final = 1e-3
"""Linear light that rounding hides."""


def _linear_from_oklab(colours: FloatColours) -> FloatColours:
    cones = transformed(colours, _FROM_LAB)
    return transformed(cones * cones * cones, _FROM_CONES)


def _is_shown(light: FloatColours) -> NDArray[np.bool_]:
    """Which of (N, 3) linear colours sRGB has."""
    within = (light >= -_TOLERANCE) & (light <= 1.0 + _TOLERANCE)
    return within[:, 0] & within[:, 1] & within[:, 2]


def _within_gamut(colours: FloatColours) -> FloatColours:
    """Reduce saturation by halving the interval eight times: to 1/256 of it."""
    result = np.clip(colours, [0.0, -1.0, -1.0], [1.0, 1.0, 1.0]).astype(np.float32)
    opponent = result[:, 1:].copy()
    kept = np.zeros((len(result), 1), np.float32)
    for step in range(1, 9):
        trial = kept + np.float32(0.5**step)
        result[:, 1:] = opponent * trial
        light = _linear_from_oklab(result)
        inside = _is_shown(light)
        kept[inside] = trial[inside]
    result[:, 1:] = opponent * kept
    return result
