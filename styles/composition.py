"""Pasting a render on its background.

Alpha is the share of a pixel the animal covers. Light adds up in proportion to covered area, so the two
colours are mixed as light, not as the sRGB numbers that stand for it: mixing the numbers would draw a dark
line around a bright animal on a dark ground, which neither Blender (rendering the background along) nor a
lens does. Straight alpha means that the render's colours at the edge are the animal's own and bring no
fringe.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_STEPS: Final = 65535
"""Linear light is counted in this many steps: 20 of them make the smallest step of 8-bit sRGB."""


def srgb_from_linear(linear: NDArray[np.floating]) -> NDArray[np.float64]:
    """Encode linear light in [0, 1] (values beyond are clipped) by the sRGB curve, in [0, 1]."""
    light = np.clip(np.asarray(linear, dtype=np.float64), 0.0, 1.0)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.power(light, 1 / 2.4) - 0.055)


def linear_from_srgb(encoded: NDArray[np.floating]) -> NDArray[np.float64]:
    """Inverse of :func:`srgb_from_linear`."""
    value = np.clip(np.asarray(encoded, dtype=np.float64), 0.0, 1.0)
    return np.where(value <= 0.04045, value / 12.92, np.power((value + 0.055) / 1.055, 2.4))


# Whole numbers all the way, so that a picture's bytes depend on no machine's floating point.
_LIGHT: Final = np.rint(linear_from_srgb(np.arange(256) / 255.0) * _STEPS).astype(np.int32)
_ENCODED: Final = np.rint(srgb_from_linear(np.arange(_STEPS + 1) / _STEPS) * 255.0).astype(np.uint8)


def compose(rgba: NDArray[np.uint8], background: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Paste a render on a background of the same size.

    Parameters
    ----------
    rgba
        (H, W, 4) sRGB with straight alpha.
    background
        (H, W, 3) sRGB.

    Returns
    -------
    (H, W, 3) uint8
        The background's own bytes where alpha is 0, the render's where it is 255, and the mean of their light
        weighted by alpha between.

    Raises
    ------
    ValueError
        The arrays are not of these shapes and of type uint8.
    """
    if rgba.dtype != np.uint8 or background.dtype != np.uint8:
        raise ValueError(f"expected uint8 arrays, found {rgba.dtype} and {background.dtype}")
    if rgba.ndim != 3 or rgba.shape[2] != 4 or background.shape != (*rgba.shape[:2], 3):
        raise ValueError(f"expected (H, W, 4) and (H, W, 3), found {rgba.shape} and {background.shape}")
    alpha = rgba[..., 3]
    picture = np.where((alpha == 255)[..., None], rgba[..., :3], background)
    # Only the outline is partly covered; the curves are needed there alone.
    rows, columns = np.nonzero((alpha > 0) & (alpha < 255))
    cover = alpha[rows, columns].astype(np.int32)[:, None]
    animal = _LIGHT[rgba[rows, columns, :3]]
    ground = _LIGHT[background[rows, columns]]
    light = (animal * cover + ground * (255 - cover) + 127) // 255
    picture[rows, columns] = _ENCODED[light]
    return picture
