"""The animal's light, brought to that of its background: how bright it is there, and of what colour."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .composition import linear_from_srgb, srgb_from_linear

FloatArray = NDArray[np.float64]

GROUND_REFLECTS: Final = 0.2
"""Share of light that ground gives back: grass 0.1-0.25, dry soil and straw 0.2-0.35 (Oke 1987, *Boundary
Layer Climates*)."""

LARGEST_GAIN: Final = 2.5
"""Renders of 8 bits bear no more lightening."""

SMALLEST_GAIN: Final = 1 / 6
"""Darkening harms them less; what is darker yet is taken for black soil, not for darkness."""

LARGEST_TINT: Final = 2.0
"""Factor by which a colour of light makes one channel brighter at most, and one over it darker."""

BRIGHT_SHARE: Final = 1 / 3
"""Share of the estimate, on a scale of factors, that the photo's bright places have: ground may be black soil
or sand, and a dim stable has no bright places."""

BRIGHT_REFLECTS: Final = 0.6
"""Share of light that a photo's bright tenth gives back: sky, walls and dry grass."""

WHITE_COAT: Final = 0.75
"""Share of light that a white coat gives back."""

SUNNY_SIDE: Final = 1.2
"""Light on the brighter sides of an animal, level ground taken as 1."""

BRIGHTEST: Final = 0.85
"""Light of an animal's brightest places, share of white (237 of 255): photographers expose for their subject,
and what is whiter than that in a picture is sky and glints."""

SHOULDER: Final = 0.4
"""Light from which on it is lowered for that; what is darker stays."""

_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722])

COLOUR_SHARE: Final = 0.7
"""How much of the tint that a photo's ground and bright places have in common is taken for the light's."""


def background_light(background: NDArray[np.uint8], feet: float, *, tinted: bool) -> FloatArray:
    """Estimate the light that falls on the ground of a picture.

    Parameters
    ----------
    background
        (H, W, 3) sRGB.
    feet
        Row of the feet, share of the height: the ground around it is looked at.
    tinted
        Whether to look for the colour of the light; white otherwise.

    Returns
    -------
    (3,) linear light that a white surface would send, 1 for the brightest a picture can show.
    """
    height = len(background)
    top, bottom = int(np.clip(feet - 0.3, 0.0, 0.85) * height), int(np.clip(feet + 0.2, 0.15, 1.0) * height)
    ground = linear_from_srgb(background[top:bottom].reshape(-1, 3) / 255.0)
    mean = ground.mean(axis=0)
    strength = float(mean @ _LUMINANCE) / GROUND_REFLECTS
    whole = linear_from_srgb(background[::2, ::2].reshape(-1, 3) / 255.0)
    brightest = float(np.percentile(whole @ _LUMINANCE, 90))
    bright = brightest / BRIGHT_REFLECTS
    strength = max(strength, 1e-4) ** (1 - BRIGHT_SHARE) * max(bright, 1e-4) ** BRIGHT_SHARE
    if not tinted:
        return np.full(3, strength)
    tint = np.exp(COLOUR_SHARE * _common_tint(ground, whole[whole @ _LUMINANCE >= brightest]))
    return np.asarray(strength * tint / max(float(tint @ _LUMINANCE), 1e-9))


def _common_tint(first: FloatArray, second: FloatArray) -> FloatArray:
    """(3,) logarithm of the tint that two sets of (N, 3) linear light share.

    Grass is green and skies are blue under white light; where ground and bright places are orange, the light
    is.
    """
    tints = []
    for light in (first, second):
        mean = np.maximum(light.mean(axis=0), 1e-4)
        tints.append(np.log(mean / float(mean @ _LUMINANCE)))
    smaller = np.minimum(np.abs(tints[0]), np.abs(tints[1]))
    return np.asarray(np.where(tints[0] * tints[1] > 0, np.sign(tints[0]) * smaller, 0.0))


def relit(
    rgba: NDArray[np.uint8], render_light: FloatArray, background: FloatArray, share: float
) -> NDArray[np.uint8]:
    """Bring a render's light towards a background's.

    Parameters
    ----------
    rgba
        (H, W, 4) sRGB, straight alpha, which is left alone.
    render_light, background
        (3,) linear light a white level surface would send in the render and in the background.
    share
        0 keeps the render, 1 gives it the background's light (its strength limited to factors from
        :data:`SMALLEST_GAIN` to :data:`LARGEST_GAIN`, its colour by :data:`LARGEST_TINT`). Where that leaves
        the animal brighter than a white one would be there, such as with a low sun on its side, it is
        darkened further. Unless the share is 0, its brightest places end at :data:`BRIGHTEST`.
    """
    # Strength and colour are limited each for itself: much brighter light has a colour, too.
    there, here = np.maximum(background, 1e-4), np.maximum(render_light, 1e-4)
    strength = float(there @ _LUMINANCE) / float(here @ _LUMINANCE)
    tint = there / here / strength
    gain = np.clip(strength, SMALLEST_GAIN, LARGEST_GAIN) * np.clip(tint, 1 / LARGEST_TINT, LARGEST_TINT)
    gain = gain**share
    whole = rgba[rgba[..., 3] == 255][:, :3]
    if len(whole):
        brightest = float(np.percentile(linear_from_srgb(whole / 255.0) @ (_LUMINANCE * gain), 97))
        white = float(background @ _LUMINANCE) * WHITE_COAT * SUNNY_SIDE
        gain = gain * min(1.0, max(white, SMALLEST_GAIN) / max(brightest, 1e-4)) ** share
        lights = linear_from_srgb(whole / 255.0) * gain
        top = float(np.percentile(lights.max(axis=1), 99))
    else:
        top = 0.0
    burnt = share > 0 and top > BRIGHTEST
    if np.allclose(gain, 1.0) and not burnt:
        return rgba
    steps = linear_from_srgb(np.arange(256) / 255.0)
    found = rgba.copy()
    for channel in range(3):
        light = _ending_at(steps * gain[channel], top) if burnt else _rolled_off(steps * gain[channel])
        curve = np.rint(srgb_from_linear(light) * 255.0).astype(np.uint8)
        found[..., channel] = curve[rgba[..., channel]]
    return found


def _ending_at(light: FloatArray, top: float) -> FloatArray:
    """Bring light of ``top`` down to :data:`BRIGHTEST`, and what lies above :data:`SHOULDER` with it."""
    share = np.maximum(light - SHOULDER, 0.0) / (top - SHOULDER)
    steeper = (top - SHOULDER) / (BRIGHTEST - SHOULDER)
    rolled = SHOULDER + (BRIGHTEST - SHOULDER) * steeper * share / (1.0 + (steeper - 1.0) * share)
    return np.where(light > SHOULDER, rolled, light)


def _rolled_off(light: FloatArray) -> FloatArray:
    """Let what would be brighter than white approach it, as film and cameras do."""
    knee = 0.7
    over = np.maximum(light - knee, 0.0)
    return np.where(light > knee, knee + (1.0 - knee) * (1.0 - np.exp(-over / (1.0 - knee))), light)
