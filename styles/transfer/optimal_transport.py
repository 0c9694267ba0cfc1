"""Sliced optimal transport of colours (Rabin, Peyré, Delon, Bernot 2011; Pitié, Kokaram, Dahyot 2005).

In one dimension the cheapest way of making one distribution another is to match their quantiles. Done along
random axes again and again it makes the cloud of a picture's colours the cloud of the style's, whatever their
shapes, where a linear map could only shift and stretch it.

Moved pixel by pixel, neighbours of nearly one colour part company: bands in a smooth coat, specks of the
style's colours in it. So the transport is found between clouds of some thousand colours and is then a map of
colour space: a linear part, and the rest of it smoothed, weighted by how many pixels have each colour. A
pixel only looks its change up.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .colour import DEFAULT_LIMIT, monge_kantorovich_map
from .colour_spaces import FloatColours, bytes_from_oklab, oklab_from_bytes
from .regions import Where, check_arguments, region_of, repainted, style_colours

FloatArray = NDArray[np.float64]

DEFAULT_ROUNDS: Final = 8
"""Rounds of matching; the distance hardly falls after eight."""

DEFAULT_SMOOTHNESS: Final = 8.0
"""Standard deviation, in steps of 8-bit sRGB, over which the map is smoothed."""

_MOST_CELLS: Final = 2048
_BINS: Final = 512
_NODES: Final = 17
_SPACING: Final = 255.0 / (_NODES - 1)
_FEW: Final = 1e-4
"""Share of the pixels that the mean change counts for where nobody has a colour: the map's far field."""


def sliced_optimal_transport(
    picture: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    style: NDArray[np.uint8],
    *,
    where: Where = "animal",
    strength: float = 1.0,
    lightness: float = 1.0,
    colour: float = 1.0,
    limit: float = DEFAULT_LIMIT,
    rounds: int = DEFAULT_ROUNDS,
    smoothness: float = DEFAULT_SMOOTHNESS,
    seed: int = 0,
) -> NDArray[np.uint8]:
    """Give a region the distribution of the style's colours.

    Parameters
    ----------
    picture, alpha, style, where, strength
        As in :mod:`styles.transfer`.
    lightness, colour
        Share in [0, 1] of the change that lightness and the two opponent colours of Oklab get.
    limit
        Largest factor, and one over the smallest, by which the linear part stretches any direction; from 1.
    rounds
        How many times quantiles are matched along new directions.
    smoothness
        Standard deviation, in steps of 8-bit sRGB, over which the rest of the map is smoothed.
    seed
        Of the axes' directions.

    Raises
    ------
    ValueError
        An array or a number is not as described.
    """
    check_arguments(picture, alpha, style, strength)
    for name, value in (("lightness", lightness), ("colour", colour)):
        if not 0.0 <= value <= 1.0:
            raise ValueError(f"{name}: expected a number from 0 to 1, found {value}")
    if not limit >= 1.0:
        raise ValueError(f"limit: expected a number from 1, found {limit}")
    if rounds < 1 or smoothness < 0:
        raise ValueError(f"expected rounds from 1 and smoothness from 0, found {rounds} and {smoothness}")
    region = region_of(picture, alpha, where)
    if strength == 0.0 or not len(region.rows):
        return picture.copy()
    colours, weights = _cloud(region.sample)
    target, target_weights = _cloud(style_colours(style))
    source = oklab_from_bytes(colours).astype(np.float64)
    goal = oklab_from_bytes(target).astype(np.float64)
    share = strength * np.array([lightness, colour, colour])
    # The linear map first, by which colours part least; from there transport has little left to do.
    slope, offset = _linear_map(source, weights, goal, target_weights, limit)
    stretched = _mapped(source, slope, offset)
    rest = transported(stretched, weights, goal, target_weights, rounds, seed) - stretched
    table = _smoothed_table(colours, weights, rest * share, smoothness)
    distinct, place = _distinct(region.colours)
    own = oklab_from_bytes(distinct)
    change = (_mapped(own, slope, offset) - own) * share + _looked_up(table, distinct)
    changed = bytes_from_oklab(own + change.astype(np.float32))
    return repainted(picture, region, changed.take(place, axis=0))


def _distinct(colours: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """Colours without their repetitions, and the place of each of (N, 3): photos repeat half of theirs."""
    wide = colours.astype(np.int32)
    numbers, place = np.unique((wide[:, 0] << 16) | (wide[:, 1] << 8) | wide[:, 2], return_inverse=True)
    distinct = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=1).astype(np.uint8)
    return distinct, place.ravel()


def _linear_map(
    source: FloatArray, weights: FloatArray, target: FloatArray, target_weights: FloatArray, limit: float
) -> tuple[FloatArray, FloatArray]:
    """(3, 3) slope and (3,) offset of the Monge-Kantorovich map between two clouds."""
    mean, covariance = _moments(source, weights)
    target_mean, target_covariance = _moments(target, target_weights)
    slope = monge_kantorovich_map(covariance, target_covariance, limit)
    return slope, target_mean - slope @ mean


def _moments(points: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    mean = _weighted_mean(points, weights)
    centred = points - mean
    # Sums one by one: a matrix product's order of sums would depend on its number of threads.
    covariance = [[np.sum(weights * centred[:, i] * centred[:, j]) for j in range(3)] for i in range(3)]
    return mean, np.array(covariance)


def _mapped(colours: NDArray[np.floating], slope: FloatArray, offset: FloatArray) -> FloatArray:
    """Map (N, 3) colours by a symmetric slope and an offset."""
    # Rows of memory: numpy takes several times as long over columns of (N, 3).
    first, second, third = np.ascontiguousarray(colours.T, dtype=np.float64)
    mapped = np.empty((3, len(colours)))
    for axis, into in enumerate(mapped):
        np.multiply(first, slope[0, axis], out=into)
        into += second * slope[1, axis]
        into += third * slope[2, axis]
        into += offset[axis]
    return np.ascontiguousarray(mapped.T)


def _weighted_mean(points: FloatArray, weights: FloatArray) -> FloatArray:
    return np.sum(weights[:, None] * points, axis=0)


def transported(
    source: FloatArray,
    source_weights: FloatArray,
    target: FloatArray,
    target_weights: FloatArray,
    rounds: int,
    seed: int,
) -> FloatArray:
    """Move weighted points until their distribution is the target's.

    Parameters
    ----------
    source, target
        (N, 3) and (M, 3) points.
    source_weights, target_weights
        (N,) and (M,), each adding up to 1.
    rounds, seed
        Number of rounds and seed of their directions.

    Returns
    -------
    (N, 3)
        Where each point of ``source`` went.
    """
    generator = np.random.default_rng(np.random.SeedSequence(seed))
    moved = source.copy()
    # Moving along one direction after another would turn the cloud: the dark half of a pied horse red, the
    # other green. All directions of a round move together: a basis, so that no way is preferred, and its
    # mirror images across the two opponent colours, so that what is only dark or bright is given no hue.
    mirrors = np.array([[1, 1, 1], [1, -1, 1], [1, 1, -1], [1, -1, -1]])
    for _ in range(rounds):
        basis, _ = np.linalg.qr(generator.standard_normal((3, 3)))
        directions = (basis.T[:, None] * mirrors).reshape(-1, 3)
        change = np.zeros_like(moved)
        for axis in directions:
            goal = _along(target, axis)
            reached = _matched(_along(moved, axis), source_weights, goal, target_weights)
            change += reached[:, None] * axis
        moved += change / len(mirrors)
    return moved


def _along(points: FloatArray, axis: FloatArray) -> FloatArray:
    return points[:, 0] * axis[0] + points[:, 1] * axis[1] + points[:, 2] * axis[2]


def _matched(
    source: FloatArray,
    source_weights: FloatArray,
    target: FloatArray,
    target_weights: FloatArray,
) -> FloatArray:
    """How far each value has to move for the quantiles to be the target's.

    Quantiles are read from histograms: sorting thousands of values along a hundred axes takes several times
    as long, and a map that is smoothed afterwards shows no difference.
    """
    low = min(float(source.min()), float(target.min()))
    width = max(max(float(source.max()), float(target.max())) - low, 1e-9) * (1 + 1e-9) / _BINS
    place = (source - low) / width
    bin_of = place.astype(np.int32)
    mine = np.bincount(bin_of, source_weights, _BINS)
    quantile = (np.cumsum(mine) - mine)[bin_of] + mine[bin_of] * (place - bin_of)
    other = ((target - low) / width).astype(np.int32)
    theirs = np.bincount(other, target_weights, _BINS)
    full = np.flatnonzero(theirs)
    # What a bin holds stands for a range of quantiles; its middle is taken.
    values = np.bincount(other, target_weights * target, _BINS)[full] / theirs[full]
    return np.interp(quantile, (np.cumsum(theirs) - theirs / 2)[full], values) - source


def _cloud(colours: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], FloatArray]:
    """Distinct cells of colours: the (K, 3) mean colour of each and its (K,) share of the pixels.

    Cells are 8 steps of sRGB wide, of very colourful pictures 16: 4096 at most.
    """
    for bits in (5, 4):
        cells = (colours >> (8 - bits)).astype(np.int32)
        cell = (cells[:, 0] << 2 * bits) | (cells[:, 1] << bits) | cells[:, 2]
        counts = np.bincount(cell, minlength=1 << 3 * bits)
        present = np.flatnonzero(counts)
        if len(present) <= _MOST_CELLS:
            break
    means = [np.bincount(cell, colours[:, axis], counts.size)[present] / counts[present] for axis in range(3)]
    return np.rint(np.stack(means, axis=1)).astype(np.uint8), counts[present] / len(colours)


def _corners(
    colours: NDArray[np.uint8],
) -> list[tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """Flat index and weight of the eight nodes round each colour."""
    place = np.ascontiguousarray(colours.T).astype(np.float32) / np.float32(_SPACING)
    lower = np.minimum(place.astype(np.int32), _NODES - 2)
    upper_share = place - lower
    start = (lower[0] * _NODES + lower[1]) * _NODES + lower[2]
    shares = (1 - upper_share, upper_share)
    corners = []
    for corner in range(8):
        red, green, blue = corner >> 2 & 1, corner >> 1 & 1, corner & 1
        weight = shares[red][0] * shares[green][1] * shares[blue][2]
        corners.append((start + np.int32((red * _NODES + green) * _NODES + blue), weight))
    return corners


def _smoothed_table(
    colours: NDArray[np.uint8],
    weights: FloatArray,
    change: FloatArray,
    smoothness: float,
) -> FloatColours:
    """(3, nodes³) change of colour on a grid of sRGB, smoothed by how many pixels have each colour."""
    size = _NODES**3
    mass = np.zeros((4, size))
    for index, share in _corners(colours):
        part = weights * share
        mass[3] += np.bincount(index, part, size)
        for axis in range(3):
            mass[axis] += np.bincount(index, part * change[:, axis], size)
    grid = mass.reshape(4, _NODES, _NODES, _NODES)
    deviation = smoothness / _SPACING
    # The wide pass answers for colours that no pixel of the sample has, next to those that it does have.
    wide = ndimage.gaussian_filter(grid, (0, 3.0, 3.0, 3.0), mode="constant").reshape(4, size)
    near = grid if deviation == 0 else ndimage.gaussian_filter(grid, (0, *3 * (deviation,)), mode="constant")
    mean = _weighted_mean(change, weights)
    far = (wide[:3] + _FEW * mean[:, None]) / (wide[3] + _FEW)
    table = (near.reshape(4, size)[:3] + _FEW * far) / (near.reshape(4, size)[3] + _FEW)
    return np.ascontiguousarray(table.astype(np.float32))


def _looked_up(table: FloatColours, colours: NDArray[np.uint8]) -> FloatColours:
    """Interpolate the table trilinearly."""
    result = np.zeros((3, len(colours)), np.float32)
    for index, weight in _corners(colours):
        for channel, into in zip(table, result, strict=True):
            into += channel.take(index) * weight
    return np.ascontiguousarray(result.T)
