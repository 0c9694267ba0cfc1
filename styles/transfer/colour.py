"""Colour transfer by means and spreads: Reinhard et al. 2001, and the linear map of Monge and Kantorovich.

E. Reinhard, M. Ashikhmin, B. Gooch, P. Shirley, "Color transfer between images", IEEE CG&A 21, 2001: in a
space whose axes are nearly independent, shift and stretch each so that mean and standard deviation become the
style's.

F. Pitié, A. Kokaram, "The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer",
CVMP 2007: of all linear maps that give the colours the style's covariance, the one that moves them least.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .colour_spaces import (
    LUMINANCE,
    FloatColours,
    bytes_from_linear,
    bytes_from_oklab,
    linear_from_bytes,
    oklab_from_bytes,
    transformed,
)
from .regions import Where, check_arguments, region_of, repainted, style_colours

Space = Literal["oklab", "linear"]
SPACES: Final[tuple[Space, ...]] = get_args(Space)

DEFAULT_LIMIT: Final = 3.0
"""Contrast is stretched or squeezed by no more than this: beyond it a flat render shows its noise, and a flat
style image wipes the animal out."""

_SMALLEST_SPREAD: Final = 3e-4
"""Standard deviation below which an axis counts as constant: a tenth of what rounding to bytes makes."""


def reinhard(
    picture: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    style: NDArray[np.uint8],
    *,
    where: Where = "animal",
    strength: float = 1.0,
    lightness: float = 1.0,
    colour: float = 1.0,
    limit: float = DEFAULT_LIMIT,
) -> NDArray[np.uint8]:
    """Give a region the mean and standard deviation of the style's colours on each axis of Oklab.

    Parameters
    ----------
    picture, alpha, style, where, strength
        As in :mod:`styles.transfer`.
    lightness, colour
        Share in [0, 1] of the change that lightness and the two opponent colours get. A brown horse on grass
        takes the meadow's brightness without its green when ``colour`` is small.
    limit
        Largest factor, and one over the smallest, on a standard deviation; 1 or more.

    Raises
    ------
    ValueError
        An array or a number is not as described.
    """
    check_arguments(picture, alpha, style, strength)
    _check_shares(lightness, colour, limit)
    region = region_of(picture, alpha, where)
    if strength == 0.0 or not len(region.rows):
        return picture.copy()
    own_mean, own_spread = _mean_and_spread(oklab_from_bytes(region.sample))
    mean, spread = _mean_and_spread(oklab_from_bytes(style_colours(style)))
    factor = np.clip(spread / np.maximum(own_spread, _SMALLEST_SPREAD), 1.0 / limit, limit)
    share = strength * np.array([lightness, colour, colour])
    # x + share * ((x - own_mean) * factor + mean - x), the constant parts taken together.
    slope = (1.0 + share * (factor - 1.0)).astype(np.float32)
    offset = (share * (mean - own_mean * factor)).astype(np.float32)
    return repainted(picture, region, bytes_from_oklab(oklab_from_bytes(region.colours) * slope + offset))


def monge_kantorovich(
    picture: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    style: NDArray[np.uint8],
    *,
    where: Where = "animal",
    strength: float = 1.0,
    space: Space = "oklab",
    lightness: float = 1.0,
    colour: float = 1.0,
    limit: float = DEFAULT_LIMIT,
) -> NDArray[np.uint8]:
    """Give a region the mean and covariance of the style's colours by the linear map that moves them least.

    Parameters
    ----------
    picture, alpha, style, where, strength
        As in :mod:`styles.transfer`.
    space
        ``oklab``, or ``linear`` for linear light, where a change of lamp is a linear map.
    lightness, colour
        Share in [0, 1] of the change along the grey axis and across it.
    limit
        Largest factor, and one over the smallest, in any direction of the space; 1 or more.

    Raises
    ------
    ValueError
        An array or a number is not as described.
    """
    check_arguments(picture, alpha, style, strength)
    _check_shares(lightness, colour, limit)
    if space not in SPACES:
        raise ValueError(f"space: expected one of {', '.join(SPACES)}, found {space!r}")
    region = region_of(picture, alpha, where)
    if strength == 0.0 or not len(region.rows):
        return picture.copy()
    into = oklab_from_bytes if space == "oklab" else linear_from_bytes
    back = bytes_from_oklab if space == "oklab" else bytes_from_linear
    own_mean, own_covariance = mean_and_covariance(into(region.sample))
    mean, covariance = mean_and_covariance(into(style_colours(style)))
    stretch = monge_kantorovich_map(own_covariance, covariance, limit)
    share = strength * _along_and_across_grey(space, lightness, colour)
    matrix = np.eye(3) + share @ (stretch - np.eye(3))
    offset = share @ (mean - stretch @ own_mean)
    colours = transformed(into(region.colours), matrix) + offset.astype(np.float32)
    return repainted(picture, region, back(colours))


def monge_kantorovich_map(
    source: NDArray[np.float64], target: NDArray[np.float64], limit: float = np.inf
) -> NDArray[np.float64]:
    """Symmetric (3, 3) map of colours of covariance ``source`` to ones of covariance ``target``.

    Its stretches are kept within [1 / limit, limit].
    """
    root = _root(source)
    inverse = np.linalg.inv(root)
    stretch = inverse @ _root(root @ target @ root, floor=0.0) @ inverse
    factors, axes = np.linalg.eigh((stretch + stretch.T) / 2)
    return (axes * np.clip(factors, 1.0 / limit, limit)) @ axes.T


def mean_and_covariance(colours: FloatColours) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(3,) mean and (3, 3) covariance of (N, 3) colours."""
    mean = colours.mean(axis=0, dtype=np.float64)
    centred = colours - mean
    covariance = np.empty((3, 3))
    for first in range(3):
        for second in range(first + 1):
            # Not a matrix product: a BLAS sums in an order that its number of threads decides.
            covariance[first, second] = np.mean(centred[:, first] * centred[:, second])
            covariance[second, first] = covariance[first, second]
    return mean, covariance


def _mean_and_spread(colours: FloatColours) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    mean = colours.mean(axis=0, dtype=np.float64)
    return mean, np.sqrt(np.mean((colours - mean) ** 2, axis=0))


def _root(matrix: NDArray[np.float64], floor: float = _SMALLEST_SPREAD**2) -> NDArray[np.float64]:
    values, axes = np.linalg.eigh(matrix)
    return (axes * np.sqrt(np.maximum(values, floor))) @ axes.T


def _along_and_across_grey(space: Space, lightness: float, colour: float) -> NDArray[np.float64]:
    """(3, 3) matrix that keeps a share of a change of lightness and another of a change of colour."""
    if space == "oklab":
        return np.diag([lightness, colour, colour])
    grey = np.outer(np.ones(3), LUMINANCE.astype(np.float64) / float(LUMINANCE.sum()))
    return lightness * grey + colour * (np.eye(3) - grey)


def _check_shares(lightness: float, colour: float, limit: float) -> None:
    for name, value in (("lightness", lightness), ("colour", colour)):
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{name}: expected a number from 0 to 1, found {value}")
    if not limit >= 1.0:
        raise ValueError(f"limit: expected a number from 1, found {limit}")
