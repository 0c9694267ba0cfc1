"""What a world HDRI says of the light it gives: how much comes from the sky, and where its sun stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

SUN_CONE: Final = np.radians(12.0)
"""Light within this of the brightest place counts as the sun's: HDRIs without very bright pixels show it as a
wide glow."""

LEAST_SHARE: Final = 2.5
"""A sun must be so many times as bright, on the mean over its cone, as the sky above the horizon."""

LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722])
"""Weights of linear red, green and blue."""

_SEEN: Final = 64
"""Places of a ball that are looked at."""

_WIDTH: Final = 256
"""The picture is reduced to this before it is judged: a lens flare or a lamp is then a speck."""


@dataclass(frozen=True)
class SkyLight:
    """The light of an HDRI at strength 1.

    Attributes
    ----------
    irradiance
        Light that falls on level ground from above the horizon (radiance times solid angle times cosine).
    toward_sun
        (3,) direction of its sun in the HDRI's own axes (up +Z); None under an even sky.
    sun_colour
        (3,) linear RGB of the sun's light, the largest 1.
    directions
        (K, 3) all directions, in the HDRI's own axes.
    power
        (K, 3) linear RGB radiance from each times the solid angle it stands for.
    """

    irradiance: float
    toward_sun: FloatArray | None
    sun_colour: FloatArray
    directions: FloatArray
    power: FloatArray


def sky_light(pixels: NDArray[np.floating]) -> SkyLight:
    """Judge an equirectangular picture.

    Parameters
    ----------
    pixels
        (H, W, 3) linear RGB, top row first.
    """
    light = _reduced(np.nan_to_num(np.asarray(pixels, dtype=np.float64), posinf=65504.0))
    height, width = light.shape[:2]
    polar = (np.arange(height) + 0.5) / height * np.pi
    turn = (0.5 - (np.arange(width) + 0.5) / width) * 2 * np.pi
    directions = np.stack(
        [
            np.sin(polar)[:, None] * np.cos(turn),
            np.sin(polar)[:, None] * np.sin(turn),
            np.repeat(np.cos(polar)[:, None], width, axis=1),
        ],
        axis=-1,
    )
    solid = np.sin(polar)[:, None] * (np.pi / height) * (2 * np.pi / width) * np.ones((1, width))
    brightness = light @ LUMINANCE
    above = directions[..., 2] > 0
    irradiance = float((brightness * solid * np.clip(directions[..., 2], 0, None)).sum())
    all_around = directions.reshape(-1, 3), (light * solid[..., None]).reshape(-1, 3)
    total = float((solid * above).sum())
    mean = float((brightness * solid * above).sum()) / total
    # The brightest place by its whole surroundings: a white wall has no glow around it.
    flat = np.flatnonzero(above.ravel())
    bright = flat[np.argsort(brightness.ravel()[flat])[-200:]]
    near = directions.reshape(-1, 3)[bright] @ directions.reshape(-1, 3)[flat].T > np.cos(SUN_CONE)
    weights = solid.ravel()[flat]
    glow = (near * (brightness.ravel()[flat] * weights)).sum(axis=1) / (near * weights).sum(axis=1)
    best = int(np.argmax(glow))
    cone = flat[near[best]]
    power = brightness.ravel()[cone] * solid.ravel()[cone]
    if mean <= 0 or glow[best] < LEAST_SHARE * mean:
        return SkyLight(irradiance, None, np.ones(3), *all_around)
    # The peak counts more than its halo.
    middle = (directions.reshape(-1, 3)[cone] * (power * brightness.ravel()[cone])[:, None]).sum(axis=0)
    colour = (light.reshape(-1, 3)[cone] * power[:, None]).sum(axis=0)
    return SkyLight(
        irradiance,
        middle / np.linalg.norm(middle),
        np.clip(colour / max(colour.max(), 1e-12), 0.0, 1.0),
        *all_around,
    )


def colour_seen(directions: FloatArray, power: FloatArray, toward_viewer: FloatArray) -> FloatArray:
    """Tell in which colour somebody sees a white ball.

    Parameters
    ----------
    directions
        (K, 3) where light comes from.
    power
        (K, 3) linear RGB radiance times solid angle, or a lamp's irradiance.
    toward_viewer
        (3,) direction.

    Returns
    -------
    (3,) linear RGB of luminance 1
        Mean colour over the ball's disc. All places count alike, however bright: behind an animal the sun
        draws a line of gold and leaves its flank to the sky. White where there is no light.
    """
    normals = _seen_normals(toward_viewer)
    light = np.clip(normals @ directions.T, 0.0, None) @ power
    luminance = light @ LUMINANCE
    lit = luminance > 0
    if not lit.any():
        return np.ones(3)
    return np.asarray((light[lit] / luminance[lit, None]).mean(axis=0))


def _seen_normals(toward_viewer: FloatArray) -> FloatArray:
    """(N, 3) normals of a ball in places spread evenly over the disc that is seen of it."""
    number = np.arange(_SEEN) + 0.5
    radius, turn = np.sqrt(number / _SEEN), number * np.pi * (3.0 - np.sqrt(5.0))
    view = toward_viewer / np.linalg.norm(toward_viewer)
    beside = np.cross(view, np.eye(3)[int(np.argmin(np.abs(view)))])
    beside /= np.linalg.norm(beside)
    above = np.cross(view, beside)
    return np.asarray(
        (radius * np.cos(turn))[:, None] * beside
        + (radius * np.sin(turn))[:, None] * above
        + np.sqrt(1.0 - radius**2)[:, None] * view
    )


def _reduced(pixels: FloatArray) -> FloatArray:
    step = max(1, pixels.shape[1] // _WIDTH)
    height, width = max(1, pixels.shape[0] // step), max(1, pixels.shape[1] // step)
    if pixels.shape[0] < step:
        return pixels
    blocks = pixels[: height * step, : width * step].reshape(height, step, width, step, 3)
    return np.asarray(blocks.mean(axis=(1, 3)))
