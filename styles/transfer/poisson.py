"""Gradient-domain blending of the animal's edge (after P. Pérez, M. Gangnet, A. Blake 2003).

A cut-out is recognised by the step of colour along its outline. Here the picture is rebuilt from its
gradients without those that the outline made: the ground's colour flows into the animal. Plain Poisson
blending lets it flow to the animal's far side, which turns a bay horse on grass green, so the equation is
screened (Bhat et al. 2008): each pixel is also held to the colour it had, and the ground's share falls by a
factor e with every ``reach``.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage, sparse

from .regions import Where, check_arguments

FloatPicture = NDArray[np.float32]

DEFAULT_REACH: Final = 6.0
MAXIMUM_REACH: Final = 200.0

_DEPTH: Final = 5.0
"""Times the reach, beyond which what flows in is less than a hundredth of the step and is left out."""

_LEAST_REACH: Final = 0.25
"""Pixels; with less, nothing would reach even the next one."""

_FINE_REACH: Final = 4.0
"""Pixels up to which the equation is solved pixel by pixel."""

_TOLERANCE: Final = 0.02
"""Largest residual, in steps of 8-bit sRGB, at which the iteration ends; times reach² it bounds the error."""

_MOST_STEPS: Final = 200
_TINY: Final = np.float32(1e-12)

_SIDES: Final = ((0, 1), (1, 0), (0, -1), (-1, 0))


def poisson_edges(
    picture: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    style: NDArray[np.uint8],
    *,
    where: Where = "edge",
    strength: float = 1.0,
    reach: float = DEFAULT_REACH,
) -> NDArray[np.uint8]:
    """Mix the seam between animal and ground.

    Parameters
    ----------
    picture, alpha, strength
        As in :mod:`styles.transfer`. Pixels without animal keep their bytes, and alpha is only read.
    style
        Not looked at: what the animal is blended with is the ground it stands on.
    where
        ``edge``, the only place it works on.
    reach
        Distance over which the ground's share of the animal's colour falls by a factor e, in thousandths of
        the picture's longer side, in (0, 200]. A few mix the seam; some 40 are what lens and air do: the
        bright ground's light wraps round the animal.

    Raises
    ------
    ValueError
        An array or a number is not as described.
    """
    check_arguments(picture, alpha, style, strength)
    if where != "edge":
        raise ValueError(f"where: expected 'edge', found {where!r}")
    if not 0.0 < reach <= MAXIMUM_REACH:
        raise ValueError(f"reach: expected a number above 0 and up to {MAXIMUM_REACH:g}, found {reach}")
    if strength == 0.0 or not alpha.any() or (alpha > 0).all():
        return picture.copy()
    part = _animal_box(alpha)
    pixels = max(_LEAST_REACH, reach / 1000.0 * max(alpha.shape))
    change = _change(picture[part].astype(np.float32) * np.float32(strength), alpha[part], pixels)
    painted = picture.copy()
    blended = np.clip(np.rint(picture[part] + change), 0, 255).astype(np.uint8)
    painted[part] = np.where((alpha[part] > 0)[..., None], blended, picture[part])
    return painted


def _animal_box(alpha: NDArray[np.uint8]) -> tuple[slice, slice]:
    """Rows and columns of the animal with a border of one pixel where there is one."""
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - 1), int(rows[-1]) + 2),
        slice(max(0, int(columns[0]) - 1), int(columns[-1]) + 2),
    )


def _change(picture: FloatPicture, alpha: NDArray[np.uint8], reach: float) -> FloatPicture:
    """(H, W, 3) what is added to the picture, 0 outside the animal."""
    if reach > _FINE_REACH:
        return _coarse_change(picture, alpha, reach)
    rows, columns, matrix, steps = _equations(picture, alpha, reach)
    change = np.zeros_like(picture)
    change[rows, columns] = _solved(matrix, steps).T
    return change


def _coarse_change(picture: FloatPicture, alpha: NDArray[np.uint8], reach: float) -> FloatPicture:
    """Solve for squares of pixels: what reaches far is smooth, and takes long to find pixel by pixel."""
    factor = 2 ** math.ceil(math.log2(reach / _FINE_REACH))
    height, width = alpha.shape
    padding = ((0, -height % factor), (0, -width % factor))
    wide = np.pad(picture, (*padding, (0, 0)), mode="edge")
    cover = np.pad(alpha, padding, mode="edge")
    squares = (wide.shape[0] // factor, factor, wide.shape[1] // factor, factor)
    small = wide.reshape(*squares, 3).mean(axis=(1, 3))
    small_cover = np.rint(cover.reshape(squares).mean(axis=(1, 3))).astype(np.uint8)
    solved = _change(small, small_cover, reach / factor)
    # Squares without animal hold no change; interpolated as zeros they would fade the outline's.
    weighted = np.concatenate([solved, (small_cover > 0)[..., None].astype(np.float32)], axis=2)
    weighted[..., :3] *= weighted[..., 3:]
    size = (wide.shape[1], wide.shape[0])
    grown = np.stack(
        [
            np.asarray(Image.fromarray(channel).resize(size, Image.Resampling.BILINEAR))
            for channel in np.ascontiguousarray(weighted.transpose(2, 0, 1))
        ]
    )[:, :height, :width]
    share = alpha.astype(np.float32) / np.float32(255.0) / np.maximum(grown[3], np.float32(1e-3))
    return (grown[:3] * share).transpose(1, 2, 0)


def _equations(
    picture: FloatPicture, alpha: NDArray[np.uint8], reach: float
) -> tuple[NDArray[np.intp], NDArray[np.intp], sparse.csr_matrix, NDArray[np.float32]]:
    """Set up one equation for each pixel near the outline.

    With u what is added to the picture, p a pixel of the animal and q its neighbours: the sum over q of
    (u_p - u_q) plus u_p / reach² is the sum over q of the step from p to q, as far as alpha made it. Outside
    the animal, u is 0.

    Returns
    -------
    (N,) rows and columns of the pixels, the (N, N) matrix, and the (3, N) right-hand side.
    """
    shown = alpha > 0
    near = shown & (ndimage.distance_transform_edt(shown) <= _DEPTH * reach + 1.0)
    rows, columns = np.nonzero(near)
    count = len(rows)
    number = np.full(shown.shape, -1, np.int32)
    number[rows, columns] = np.arange(count, dtype=np.int32)
    cover = alpha.astype(np.float32) / np.float32(255.0)
    diagonal = np.full(count, 1.0 / reach**2, np.float32)
    steps = np.zeros((count, 3), np.float32)
    entries: list[tuple[NDArray[np.intp], NDArray[np.int32]]] = []
    height, width = shown.shape
    for down, right in _SIDES:
        # Beyond the picture's border there is no neighbour, so nothing flows there.
        within = (
            (rows + down >= 0) & (rows + down < height) & (columns + right >= 0) & (columns + right < width)
        )
        at = np.flatnonzero(within)
        here, beside = (rows[at], columns[at]), (rows[at] + down, columns[at] + right)
        diagonal[at] += 1.0
        made_by_alpha = np.abs(cover[here] - cover[beside])
        steps[at] += made_by_alpha[:, None] * (picture[beside] - picture[here])
        other = number[beside]
        coupled = other >= 0
        entries.append((at[coupled], other[coupled]))
    everyone = np.arange(count)
    row_numbers = np.concatenate([everyone, *(own for own, _ in entries)])
    column_numbers = np.concatenate([everyone, *(other for _, other in entries)])
    values = np.concatenate([diagonal, np.full(len(row_numbers) - count, -1.0, np.float32)])
    matrix = sparse.csr_matrix((values, (row_numbers, column_numbers)), shape=(count, count))
    return rows, columns, matrix, np.ascontiguousarray(steps.T)


def _solved(matrix: sparse.csr_matrix, right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Solve for the three channels at once by conjugate gradients."""
    solution = np.zeros_like(right)
    residual = right.copy()
    direction = residual.copy()
    product = np.empty_like(right)
    squared = np.sum(residual * residual, axis=1, keepdims=True)
    # Screening keeps the condition number below 1 + 8 reach², so these steps suffice with much to spare.
    for _ in range(_MOST_STEPS):
        if np.abs(residual).max(initial=0.0) <= _TOLERANCE:
            break
        for channel in range(3):
            product[channel] = matrix @ direction[channel]
        fall = np.sum(direction * product, axis=1, keepdims=True)
        length = squared / np.maximum(fall, _TINY)
        solution += length * direction
        residual -= length * product
        before, squared = squared, np.sum(residual * residual, axis=1, keepdims=True)
        direction = residual + squared / np.maximum(before, _TINY) * direction
    return solution
