"""Fourier domain adaptation: Y. Yang, S. Soatto, "FDA", CVPR 2020.

The amplitudes of the lowest frequencies are a picture's light and mood, the phases its shapes. Taking those
amplitudes from the style changes the former and leaves the latter where they are.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fft

from .regions import Where, check_arguments, region_of, repainted

DEFAULT_BETA = 0.01
"""Half the side of the exchanged window as a share of the shorter side; the paper tries 0.01, 0.05, 0.09."""

_NO_AMPLITUDE = 1e-3
"""Amplitude, of a picture in [0, 255], below which a phase is rounding noise and is taken for zero."""


def fourier_domain_adaptation(
    picture: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    style: NDArray[np.uint8],
    *,
    where: Where = "picture",
    strength: float = 1.0,
    beta: float = DEFAULT_BETA,
) -> NDArray[np.uint8]:
    """Exchange the amplitudes of low frequencies for the style's.

    Parameters
    ----------
    picture, alpha, style, where, strength
        As in :mod:`styles.transfer`. For ``animal`` and ``edge`` the spectrum is the animal's, standing on
        its own mean colour. The style is brought to the picture's size, whatever its own.
    beta
        Half the side of the window of exchanged frequencies, as a share of the picture's shorter side, in
        [0, 0.5]. A fraction of a frequency is exchanged by that fraction, so that any beta differs from any
        other at every size; 0 changes nothing.

    Raises
    ------
    ValueError
        An array or a number is not as described.
    """
    check_arguments(picture, alpha, style, strength)
    if not 0.0 <= beta <= 0.5:
        raise ValueError(f"beta: expected a number from 0 to 0.5, found {beta}")
    region = region_of(picture, alpha, where)
    if strength == 0.0 or beta == 0.0 or not len(region.rows):
        return picture.copy()
    content = picture.astype(np.float32)
    if where != "picture":
        ground = region.sample.mean(axis=0, dtype=np.float64).astype(np.float32)
        content = np.broadcast_to(ground, picture.shape).copy()
        animal = region if where == "animal" else region_of(picture, alpha, "animal")
        cover = animal.share[:, None]
        content[animal.rows, animal.columns] += (animal.colours - ground) * cover
    change = _low_frequency_change(
        content, resized(style, (picture.shape[0], picture.shape[1])), beta
    ) * np.float32(strength)
    colours = region.colours + change[region.rows, region.columns]
    return repainted(picture, region, np.clip(colours, 0.0, 255.0))


def window(count: int, half: float) -> NDArray[np.float32]:
    """Weights of the frequencies 0, 1, …, -1 of ``count`` samples.

    1 up to ``half``, 0 from one beyond, in between the fraction. A whole ``half`` of 1 or more gives the
    paper's window; towards 0 the mean is exchanged ever less too.
    """
    distance = np.abs(np.fft.fftfreq(count, 1.0 / count))
    return np.clip(half - distance + min(1.0, half), 0.0, 1.0).astype(np.float32)


def resized(style: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Bring a style image to (height, width), each pixel the mean of what it covers."""
    if style.shape[:2] == size:
        return style
    height, width = size
    # Sides are averaged by a box first: the amplitudes must be the style's own, not those of what aliases.
    return np.asarray(Image.fromarray(style).resize((width, height), Image.Resampling.BILINEAR))


def _low_frequency_change(
    content: NDArray[np.float32], style: NDArray[np.uint8], beta: float
) -> NDArray[np.float32]:
    """(H, W, 3) what exchanging the amplitudes adds."""
    height, width = content.shape[:2]
    half = beta * min(height, width)
    columns = min(width // 2 + 1, math.ceil(half) + 2)
    down, across = window(height, half), window(width, half)[:columns]
    rows = np.flatnonzero(down)
    weights = down[rows, None] * across
    spectra = []
    for image in (content, style.astype(np.float32)):
        # Only few columns of the spectrum are wanted, so only they are transformed the second time.
        part = fft.rfft(image, axis=1)[:, :columns]
        spectra.append(fft.fft(part, axis=0)[rows])
    own, other = spectra
    amplitude = np.abs(own)
    phase = np.where(amplitude > _NO_AMPLITUDE * height * width, own / np.maximum(amplitude, 1e-9), 1.0)
    change = weights[..., None] * (np.abs(other) - amplitude) * phase
    spectrum = np.zeros((height, columns, 3), np.complex64)
    spectrum[rows] = change
    whole = np.zeros((height, width // 2 + 1, 3), np.complex64)
    whole[:, :columns] = fft.ifft(spectrum, axis=0)
    return fft.irfft(whole, n=width, axis=1)
