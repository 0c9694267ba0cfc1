"""Rotations as matrices, six numbers, and turn vectors, many at a time.

Arrays have any leading shape; float32 stays float32, everything else is computed in float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_TINY = 1e-12


def to_six(matrices: Array) -> Array:
    """(..., 6) first two columns of (..., 3, 3) rotations, a continuous form (Zhou et al. 2019)."""
    return np.concatenate([matrices[..., :, 0], matrices[..., :, 1]], axis=-1)


def from_six(six: Array) -> Array:
    """(..., 3, 3) rotations nearest by Gram-Schmidt to (..., 6) numbers (Zhou et al. 2019)."""
    a, b = six[..., :3], six[..., 3:]
    x = a / np.maximum(np.linalg.norm(a, axis=-1, keepdims=True), _TINY)
    b = b - (x * b).sum(axis=-1, keepdims=True) * x
    y = b / np.maximum(np.linalg.norm(b, axis=-1, keepdims=True), _TINY)
    return np.stack([x, y, np.cross(x, y)], axis=-1)


def from_turn(turns: Array) -> Array:
    """(..., 3, 3) rotations about (..., 3) turn vectors by their lengths in radians (Rodrigues)."""
    angle = np.linalg.norm(turns, axis=-1)[..., None, None]
    # sin(a)/a and (1-cos a)/a² by numpy's sinc, which is exact at zero.
    first = np.sinc(angle / np.pi)
    second = 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    cross = cross_matrix(turns)
    return np.eye(3, dtype=cross.dtype) + first * cross + second * (cross @ cross)


def to_turn(matrices: Array) -> Array:
    """(..., 3) turn vectors of (..., 3, 3) rotations, at most pi long."""
    quaternion = to_quaternion(matrices)
    vector = quaternion[..., 1:]
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, quaternion[..., :1])
    scale = np.where(length > 1e-9, angle / np.maximum(length, _TINY), 2.0)
    return np.asarray(scale * vector)


def to_quaternion(matrices: Array) -> Array:
    """(..., 4) unit quaternions w, x, y, z with w ≥ 0 of (..., 3, 3) rotations."""
    m = matrices
    d = np.stack([m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]], axis=-1)
    trace = d.sum(axis=-1)
    # Four times the square of each component; the largest is divided by, which is never near zero.
    squares = np.stack([1 + trace, *(1 + 2 * d[..., i] - trace for i in range(3))], axis=-1)
    products = {
        (0, 1): m[..., 2, 1] - m[..., 1, 2],
        (0, 2): m[..., 0, 2] - m[..., 2, 0],
        (0, 3): m[..., 1, 0] - m[..., 0, 1],
        (1, 2): m[..., 0, 1] + m[..., 1, 0],
        (1, 3): m[..., 0, 2] + m[..., 2, 0],
        (2, 3): m[..., 1, 2] + m[..., 2, 1],
    }
    largest = squares.argmax(axis=-1)
    options = np.stack(
        [
            np.stack(
                [squares[..., i] if i == j else products[min(i, j), max(i, j)] for j in range(4)], axis=-1
            )
            for i in range(4)
        ],
        axis=-2,
    )
    chosen = np.take_along_axis(options, largest[..., None, None], axis=-2)[..., 0, :]
    unit = chosen / np.linalg.norm(chosen, axis=-1, keepdims=True)
    return np.asarray(np.where(unit[..., :1] < 0, -unit, unit))


def from_quaternion(quaternions: Array) -> Array:
    """(..., 3, 3) rotations of (..., 4) quaternions w, x, y, z of any length but zero."""
    q = quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)
    w, x, y, z = (q[..., i] for i in range(4))
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def from_euler_xyz(degrees: Array) -> Array:
    """(..., 3, 3) rotations of (..., 3) Euler angles: about X first, then Y, then Z, as Blender's "XYZ"."""
    radians = np.radians(degrees)
    zero = np.zeros_like(radians[..., 0])
    x, y, z = (from_turn(np.stack(parts, axis=-1)) for parts in (
        (radians[..., 0], zero, zero), (zero, radians[..., 1], zero), (zero, zero, radians[..., 2])
    ))  # fmt: skip
    return np.asarray(z @ y @ x)


def nearest_rotation(matrices: Array) -> Array:
    """(..., 3, 3) rotations nearest in the Frobenius norm (Kabsch): scale, shear and mirroring drop out."""
    u, _, vt = np.linalg.svd(matrices)
    sign = np.sign(np.linalg.det(u @ vt))
    u = u.copy()
    u[..., :, 2] *= sign[..., None]
    return np.asarray(u @ vt)


def between(start: Array, end: Array) -> Array:
    """(..., 3, 3) smallest rotations that turn (..., 3) directions ``start`` into ``end``.

    For opposite directions the turn is about an axis square to both.
    """
    a = start / np.maximum(np.linalg.norm(start, axis=-1, keepdims=True), _TINY)
    b = end / np.maximum(np.linalg.norm(end, axis=-1, keepdims=True), _TINY)
    a, b = np.broadcast_arrays(a, b)
    axis = np.cross(a, b)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    cosine = (a * b).sum(axis=-1, keepdims=True)
    weakest = np.eye(3)[np.abs(a).argmin(axis=-1)]
    square = np.cross(a, weakest)
    square = square / np.linalg.norm(square, axis=-1, keepdims=True)
    unit = np.where(sine > 1e-9, axis / np.maximum(sine, _TINY), square)
    return from_turn(unit * np.arctan2(sine, cosine))


def angle_between(first: Array, second: Array) -> Array:
    """(...) geodesic distance of (..., 3, 3) rotations in radians.

    From the chord, not the trace: the arc cosine of a trace loses half of the digits near zero.
    """
    chord = np.linalg.norm(first - second, axis=(-2, -1)) / np.sqrt(8)
    return np.asarray(2 * np.arcsin(np.minimum(chord, 1)))


def interpolate(start: Array, end: Array, share: Array | float) -> Array:
    """(..., 3, 3) rotations a share of the way from ``start`` to ``end`` along the geodesic."""
    turn = to_turn(np.swapaxes(start, -1, -2) @ end)
    return np.asarray(start @ from_turn(turn * np.asarray(share)[..., None]))


def mirrored(matrices: Array) -> Array:
    """(..., 3, 3) rotations as a mirror on the plane x = 0 shows them."""
    flip = np.array([-1.0, 1.0, 1.0], dtype=matrices.dtype)
    return np.asarray(matrices * flip[:, None] * flip)


def cross_matrix(vectors: Array) -> Array:
    """(..., 3, 3) matrices whose product with a vector is the cross product of (..., 3) vectors with it."""
    x, y, z = (vectors[..., i] for i in range(3))
    zero = np.zeros_like(x)
    return np.stack(
        [
            np.stack([zero, -z, y], axis=-1),
            np.stack([z, zero, -x], axis=-1),
            np.stack([-y, x, zero], axis=-1),
        ],
        axis=-2,
    )
