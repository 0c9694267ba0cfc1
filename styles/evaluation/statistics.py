"""What is measured of a picture's region: its colours, its frequencies, and the responses of filters.

All of it is fixed: nothing is learnt or downloaded, so a number means the same in every evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import ndimage

from .regions import Mask

FloatArray = NDArray[np.float64]

FAMILIES: Final = ("colour", "frequency", "features")
"""Kinds of statistic."""

FEWEST_PIXELS: Final = 60
"""A region of fewer pixels says nothing."""

_TILE: Final = 16
_STRIDE: Final = 4
_SCALES: Final = (1.0, 2.0, 4.0)
_FLOOR: Final = 1e-4
_CHANNELS: Final = ("brightness", "red-green", "yellow-blue")


@dataclass(frozen=True)
class Filtered:
    """What is computed of a whole picture once, before regions are looked at.

    Attributes
    ----------
    picture
        (H, W, 3) sRGB.
    channels
        (3, H, W) of :func:`opponent`.
    slopes
        (2, H, W) differences of brightness from row to row and from column to column.
    residuals
        (3, H, W) what is left when planes are taken away.
    edges
        First derivatives across and along, by scale and channel.
    bars
        Second derivatives xx, xy, yy of brightness, by scale.
    powers
        (3, rows, columns, tile, tile) power spectra of overlapping tiles.
    """

    picture: NDArray[np.uint8]
    channels: FloatArray
    slopes: FloatArray
    residuals: FloatArray
    edges: Mapping[tuple[float, int], tuple[FloatArray, FloatArray]]
    bars: Mapping[float, tuple[FloatArray, FloatArray, FloatArray]]
    powers: FloatArray


def filtered(picture: NDArray[np.uint8]) -> Filtered:
    """Run all filters over a (H, W, 3) sRGB picture."""
    channels = opponent(picture)
    # Immerkaer (1996): what is left when planes are taken away is mostly noise.
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]]) / 6.0
    edges, bars = {}, {}
    for scale in _SCALES:
        for number, channel in enumerate(channels):
            edges[scale, number] = (
                scale * _derivative(channel, scale, (0, 1)),
                scale * _derivative(channel, scale, (1, 0)),
            )
        xx, xy, yy = (scale**2 * _derivative(channels[0], scale, order) for order in ((0, 2), (1, 1), (2, 0)))
        bars[scale] = (xx, xy, yy)
    return Filtered(
        picture=picture,
        channels=channels,
        slopes=np.stack(np.gradient(channels[0])),
        residuals=np.stack([ndimage.convolve(channel, kernel, mode="nearest") for channel in channels]),
        edges=edges,
        bars=bars,
        powers=np.stack([_tile_powers(channel) for channel in channels]),
    )


def _derivative(channel: FloatArray, scale: float, order: tuple[int, int]) -> FloatArray:
    return np.asarray(ndimage.gaussian_filter(channel, scale, order=order, mode="nearest"))


def statistics(found: Filtered, mask: Mask) -> dict[str, dict[str, float]]:
    """Measure a region.

    Parameters
    ----------
    found
        Of the picture.
    mask
        (H, W) the region, of at least :data:`FEWEST_PIXELS` pixels.

    Returns
    -------
    dict
        By family of :data:`FAMILIES` and name, always the same names; scales are in pixels of the crop.

    Raises
    ------
    ValueError
        The region is too small.
    """
    if np.count_nonzero(mask) < FEWEST_PIXELS:
        raise ValueError(f"a region of {np.count_nonzero(mask)} pixels; at least {FEWEST_PIXELS} are needed")
    return {
        "colour": _colour(found.channels, found.picture, mask),
        "frequency": _frequency(found, mask),
        "features": _features(found, mask),
    }


def opponent(picture: NDArray[np.uint8]) -> FloatArray:
    """(3, H, W) brightness, red against green, yellow against blue, of sRGB as a screen shows it."""
    red, green, blue = np.moveaxis(picture / 255.0, -1, 0)
    return np.stack([0.299 * red + 0.587 * green + 0.114 * blue, red - green, (red + green) / 2 - blue])


def _colour(channels: FloatArray, picture: NDArray[np.uint8], mask: Mask) -> dict[str, float]:
    found: dict[str, float] = {}
    inside = channels[:, mask]
    for name, values in zip(_CHANNELS, inside, strict=True):
        found[f"{name} mean"] = float(values.mean())
        found[f"{name} spread"] = float(values.std())
        found[f"{name} 5 %"], found[f"{name} 95 %"] = (float(v) for v in np.percentile(values, (5, 95)))
    found["brightness skew"] = _standardised_moment(inside[0], 3)
    for first, second in ((0, 1), (0, 2), (1, 2)):
        found[f"{_CHANNELS[first]} with {_CHANNELS[second]}"] = _correlation(inside[first], inside[second])
    pixels = picture[mask].astype(np.float64)
    saturation = np.ptp(pixels, axis=1) / np.maximum(pixels.max(axis=1), 8.0)
    found["saturation mean"] = float(saturation.mean())
    found["saturation spread"] = float(saturation.std())
    found["black share"] = float(np.sqrt((inside[0] < 0.06).mean()))
    found["white share"] = float(np.sqrt((inside[0] > 0.94).mean()))
    return found


def _frequency(of: Filtered, mask: Mask) -> dict[str, float]:
    found: dict[str, float] = {}
    for powers, name in zip(of.powers, _CHANNELS, strict=True):
        bands = _radial_spectrum(powers, mask)
        for number, power in enumerate(bands, start=1):
            # Colour has little fine detail after JPEG halves its resolution; four bands say it.
            if name == "brightness" or number % 2 == 1:
                found[f"{name} power at {_TILE / number:.1f} px"] = float(power)
    brightness, (down, right), residuals = of.channels[0], of.slopes, of.residuals
    slope = np.hypot(down, right)[mask]
    found["gradient mean"] = _log(slope.mean())
    found["gradient peaks"] = _log(np.percentile(slope, 95)) - _log(slope.mean())
    found["gradient flats"] = _log(np.percentile(slope, 20)) - _log(slope.mean())
    found["gradient tails"] = _tails(np.concatenate([down[mask], right[mask]]))
    for name, residual in zip(_CHANNELS, residuals, strict=True):
        found[f"{name} noise"] = _log(np.median(np.abs(residual[mask])) * 1.4826)
    found["noise tails"] = _tails(residuals[0][mask])
    found["noise likeness right"] = _correlation(residuals[0][mask], np.roll(residuals[0], 1, axis=1)[mask])
    found["noise likeness down"] = _correlation(residuals[0][mask], np.roll(residuals[0], 1, axis=0)[mask])
    found["noise with brightness"] = _correlation(np.abs(residuals[0][mask]), brightness[mask])
    return found


def _tiles(values: NDArray[Any]) -> NDArray[Any]:
    """(rows, columns, tile, tile) overlapping squares of (H, W) values."""
    return sliding_window_view(values, (_TILE, _TILE))[::_STRIDE, ::_STRIDE]


def _wide_enough(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(0, max(0, _TILE - side)) for side in shape]


def _tile_powers(channel: FloatArray) -> FloatArray:
    """(rows, columns, tile, tile) power spectra of a channel's tiles."""
    tiles = _tiles(np.pad(channel, _wide_enough(channel.shape), mode="reflect"))
    window = np.hanning(_TILE + 2)[1:-1]
    window = window[:, None] * window[None, :]
    spectra = np.fft.fft2((tiles - tiles.mean(axis=(2, 3), keepdims=True)) * window)
    return np.asarray(np.abs(spectra) ** 2)


_WAVES: Final = np.fft.fftfreq(_TILE) * _TILE
_RING: Final = np.rint(np.hypot(_WAVES[:, None], _WAVES[None, :])).astype(int)


def _radial_spectrum(powers: FloatArray, mask: Mask) -> FloatArray:
    """(7,) log10 power of a region in rings of 1 to 7 waves a tile; tiles count by their share of it."""
    shares = _tiles(np.pad(mask, _wide_enough(mask.shape))).mean(axis=(2, 3))
    chosen = shares >= min(0.5, 0.7 * shares.max())
    mean = np.average(powers[chosen], axis=0, weights=shares[chosen])
    rings = [mean[number == _RING].mean() for number in range(1, _TILE // 2)]
    return np.log10(np.array(rings) + _FLOOR)


def _features(of: Filtered, mask: Mask) -> dict[str, float]:
    found: dict[str, float] = {}
    previous: FloatArray | None = None
    for scale in _SCALES:
        strengths = []
        for number, name in enumerate(_CHANNELS):
            across, along = (response[mask] for response in of.edges[scale, number])
            strengths.append(np.hypot(across, along))
            if name != "brightness":
                found[f"{name} edges at {scale:g} px"] = _log(strengths[-1].mean())
                continue
            for degrees, response in _steered(across, along):
                found[f"edges of {degrees}° at {scale:g} px"] = _log(np.abs(response).mean())
            found[f"edge tails at {scale:g} px"] = _tails(across)
            found |= _bars(of.bars[scale], scale, mask)
        found[f"edges in colour too at {scale:g} px"] = _correlation(
            strengths[0], strengths[1] + strengths[2]
        )
        if previous is not None:
            found[f"edges at {scale / 2:g} and {scale:g} px"] = _correlation(previous, strengths[0])
        previous = strengths[0]
    return found


def _steered(across: FloatArray, along: FloatArray) -> list[tuple[int, FloatArray]]:
    """First derivatives in four directions (Freeman & Adelson 1991)."""
    return [
        (degrees, np.cos(np.radians(degrees)) * across + np.sin(np.radians(degrees)) * along)
        for degrees in (0, 45, 90, 135)
    ]


def _bars(responses: tuple[FloatArray, FloatArray, FloatArray], scale: float, mask: Mask) -> dict[str, float]:
    """Second derivatives in four directions, and how round or drawn-out what they see is."""
    xx, xy, yy = (response[mask] for response in responses)
    found = {}
    for degrees in (0, 45, 90, 135):
        cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        response = cosine**2 * xx + 2 * cosine * sine * xy + sine**2 * yy
        found[f"bars of {degrees}° at {scale:g} px"] = _log(np.abs(response).mean())
    found[f"spots at {scale:g} px"] = _log(np.abs(xx + yy).mean())
    found[f"spots' tails at {scale:g} px"] = _tails(xx + yy)
    return found


def _log(value: float | np.floating) -> float:
    return float(np.log10(float(value) + _FLOOR))


def _tails(values: FloatArray) -> float:
    """Kurtosis as a logarithm: 0.48 for a normal distribution."""
    return float(np.log10(max(_standardised_moment(values, 4), 1.0)))


def _standardised_moment(values: FloatArray, order: int) -> float:
    away = values - values.mean()
    # The floor keeps a region of one colour from dividing nothing by nothing.
    return float((away**order).mean() / max(float(away.std()), 1e-3) ** order)


def _correlation(first: FloatArray, second: FloatArray) -> float:
    first, second = first - first.mean(), second - second.mean()
    return float((first * second).mean() / max(float(first.std() * second.std()), 1e-6))
