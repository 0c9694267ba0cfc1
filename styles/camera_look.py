"""What lens, sensor and file format leave on every photo, put on a composed picture.

All of it is symmetric about each pixel, so no label moves.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from .composition import linear_from_srgb, srgb_from_linear
from .draws import CameraLookDraw

FloatArray = NDArray[np.float32]

SHOULDER: Final = 0.4
"""Light up to which an exposure changes all by the same factor, share of white."""

METERED: Final = 0.46
"""Mean brightness that a meter asks for, share of white in sRGB: middle grey, 18 % of the light."""

METER_LIMIT: Final = 1.0
"""Stops that a meter changes at most: a stable stays dim and snow bright."""

_LIGHT = linear_from_srgb(np.arange(256) / 255.0).astype(np.float32)
_STEPS = 4095
_ENCODED = (srgb_from_linear(np.arange(_STEPS + 1) / _STEPS) * 255.0).astype(np.float32)


def camera_look(picture: NDArray[np.uint8], draw: CameraLookDraw) -> NDArray[np.uint8]:
    """Take a picture as a camera would.

    The meter looks, light is dimmed by exposure and vignetting and smeared by motion and lens; the sensor
    adds noise, the camera sharpens, and the file is compressed.

    Parameters
    ----------
    picture
        (H, W, 3) sRGB.
    draw
        Values of this picture.
    """
    height, width = picture.shape[:2]
    longer = max(height, width)
    light = _exposed(_LIGHT[picture], 2.0 ** (draw.exposure + draw.metering * meter(picture)))
    if draw.vignetting > 0:
        light *= _vignette(height, width, draw.vignetting)[..., None]
    if draw.motion_blur * longer / 1000 > 0.3:
        kernel = _streak(draw.motion_blur * longer / 1000, draw.direction)
        light = np.stack([ndimage.convolve(light[..., c], kernel, mode="nearest") for c in range(3)], axis=-1)
    deviation = draw.blur * longer / 1000
    if deviation > 0.15:
        light = ndimage.gaussian_filter(light, (deviation, deviation, 0), mode="nearest", truncate=3.0)
    encoded = _ENCODED[np.clip(np.rint(light * _STEPS), 0, _STEPS).astype(np.int32)]
    if draw.sharpening > 0:
        soft = ndimage.gaussian_filter(encoded, (1.0, 1.0, 0), mode="nearest", truncate=3.0)
        encoded = encoded + np.float32(draw.sharpening) * (encoded - soft)
    if draw.noise > 0:
        encoded = encoded + _noise(encoded, draw)
    finished = np.clip(np.rint(encoded), 0, 255).astype(np.uint8)
    return _compressed(finished, draw.jpeg)


def meter(picture: NDArray[np.uint8]) -> float:
    """Stops by which a camera's meter would expose a (H, W, 3) sRGB picture longer."""
    mean = float(linear_from_srgb(np.array(max(float(picture.mean()) / 255.0, 1e-3))))
    asked = float(np.log2(linear_from_srgb(np.array(METERED)) / mean))
    return float(np.clip(asked, -METER_LIMIT, METER_LIMIT))


def _exposed(light: FloatArray, factor: float) -> FloatArray:
    """Expose (H, W, 3) light longer or shorter, with all of the factor up to :data:`SHOULDER`.

    What a longer exposure makes bright rolls off, so that only white ends white; what was white stays white
    in a shorter one, for windows and skies of photos are brighter than the files can say. What has a colour
    keeps it then: its darkest channel decides for all three.
    """
    if factor >= 1.0:
        return _curve(light, factor)
    darkest = np.maximum(light.min(axis=2, keepdims=True), np.float32(1e-4))
    return np.asarray(light * (_curve(darkest, factor) / darkest), dtype=np.float32)


def _curve(light: FloatArray, factor: float) -> FloatArray:
    """Change light from 0 to 1 by a factor up to a knee, and beyond it ever less or more, up to white."""
    longer = factor >= 1.0
    knee_in, knee_out = (SHOULDER / factor, SHOULDER) if longer else (SHOULDER, SHOULDER * factor)
    span, room = 1.0 - knee_in, 1.0 - knee_out
    share = np.maximum(light - np.float32(knee_in), 0.0) / np.float32(span)
    # The curve leaves the knee as steep as it came, and ends at white.
    steep = np.float32(factor * span / room)
    rolled = np.float32(knee_out) + np.float32(room) * steep * share / (1.0 + (steep - 1.0) * share)
    return np.asarray(np.where(light > knee_in, rolled, light * np.float32(factor)), dtype=np.float32)


def _vignette(height: int, width: int, loss: float) -> FloatArray:
    rows, columns = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return (1.0 - loss * ((rows**2 + columns**2) / 2.0) ** 1.5).astype(np.float32)


def _streak(length: float, direction: float) -> FloatArray:
    """Kernel of a straight motion, symmetric about its middle."""
    radius = int(np.ceil(length / 2)) + 1
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    along = columns * np.cos(direction) + rows * np.sin(direction)
    across = -columns * np.sin(direction) + rows * np.cos(direction)
    weights = np.clip(length / 2 + 0.5 - np.abs(along), 0, 1) * np.clip(1.0 - np.abs(across), 0, 1)
    return (weights / weights.sum()).astype(np.float32)


def _noise(encoded: FloatArray, draw: CameraLookDraw) -> FloatArray:
    """Sensor noise: brightness more than colour, which cameras smooth, and less in the light."""
    generator = np.random.default_rng(np.random.SeedSequence(draw.noise_seed))
    height, width = encoded.shape[:2]
    grey = generator.standard_normal((height, width), dtype=np.float32)
    colour = generator.standard_normal((height, width, 3), dtype=np.float32)
    colour = ndimage.uniform_filter(colour, (2, 2, 1))
    strength = np.float32(draw.noise * 255.0) * (1.25 - encoded.mean(axis=-1) / 255.0 * 0.5)
    return np.asarray(strength[..., None] * (0.9 * grey[..., None] + 0.25 * colour), dtype=np.float32)


def _compressed(picture: NDArray[np.uint8], quality: float) -> NDArray[np.uint8]:
    if quality > 99.5:
        return picture
    buffer = io.BytesIO()
    Image.fromarray(picture).save(
        buffer, "JPEG", quality=round(quality), subsampling=2 if quality < 90 else 0
    )
    with Image.open(buffer) as reread:
        return np.asarray(reread.convert("RGB"))
