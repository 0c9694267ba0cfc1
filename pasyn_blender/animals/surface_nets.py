"""The zero level of a sampled field as a closed mesh of quads."""

from __future__ import annotations

import numpy as np

from .sweep import FloatArray, IntArray


def without_pinches(field: FloatArray) -> FloatArray:
    """Close the places where two parts of a surface would touch along an edge.

    On a face of the grid whose inside corners lie on a diagonal, surface nets put four quads on one edge.
    Such faces are filled, by moving their outside corners just inside, until none is left.

    Parameters
    ----------
    field
        (X, Y, Z) values, negative inside.

    Returns
    -------
    ndarray
        The field, changed at those corners only.
    """
    field = field.copy()
    touched = True
    while touched:
        touched = False
        for axis in range(3):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            corner = {}
            for du in (0, 1):
                for dv in (0, 1):
                    window = [slice(None)] * 3
                    window[u] = slice(du, field.shape[u] - 1 + du)
                    window[v] = slice(dv, field.shape[v] - 1 + dv)
                    corner[du, dv] = field[tuple(window)]
            signs = {key: values < 0.0 for key, values in corner.items()}
            first = signs[0, 0] & signs[1, 1] & ~signs[0, 1] & ~signs[1, 0]
            second = ~signs[0, 0] & ~signs[1, 1] & signs[0, 1] & signs[1, 0]
            for faces, outside in ((first, ((0, 1), (1, 0))), (second, ((0, 0), (1, 1)))):
                if faces.any():
                    touched = True
                    for key in outside:
                        corner[key][faces] = -1e-4
    return field


def surface_nets(
    field: FloatArray, axes: tuple[FloatArray, FloatArray, FloatArray]
) -> tuple[FloatArray, IntArray]:
    """Quad mesh of the zero level of a field on a rectilinear grid (naive surface nets, Gibson 1998).

    Parameters
    ----------
    field
        (X, Y, Z) values, negative inside.
    axes
        Coordinates of the grid planes along each axis.

    Returns
    -------
    tuple
        (V, 3) vertices, and (Q, 4) quads facing outwards.
    """
    inside = field < 0.0
    shape = tuple(n - 1 for n in field.shape)
    corners = [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    window = {c: tuple(slice(o, o + n) for o, n in zip(c, shape, strict=True)) for c in corners}
    count = sum(inside[window[c]].astype(np.int8) for c in corners)
    active = (count > 0) & (count < 8)
    cells = np.argwhere(active)
    number = np.full(shape, -1, np.int64)
    number[active] = np.arange(len(cells))

    total = np.zeros((len(cells), 3))
    hits = np.zeros(len(cells))
    for axis in range(3):
        step = np.eye(3, dtype=int)[axis]
        for corner in corners:
            if corner[axis]:
                continue
            low = cells + np.array(corner)
            high = low + step
            a, b = field[tuple(low.T)], field[tuple(high.T)]
            crossing = (a < 0.0) != (b < 0.0)
            with np.errstate(invalid="ignore", divide="ignore"):
                t = np.where(crossing, a / (a - b), 0.0)
            at = np.column_stack([axes[d][low[:, d]] for d in range(3)])
            at[:, axis] += t * (axes[axis][high[:, axis]] - axes[axis][low[:, axis]])
            total += at * crossing[:, None]
            hits += crossing
    vertices = total / hits[:, None]

    quads = []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        low = [slice(1, n - 1) for n in field.shape]
        low[axis] = slice(0, field.shape[axis] - 1)
        high = list(low)
        high[axis] = slice(1, field.shape[axis])
        first, second = inside[tuple(low)], inside[tuple(high)]
        edges = np.argwhere(first != second) + np.array([0 if d == axis else 1 for d in range(3)])
        outward = inside[tuple(edges.T)]
        ring = []
        for du, dv in ((-1, -1), (0, -1), (0, 0), (-1, 0)):
            cell = edges.copy()
            cell[:, u] += du
            cell[:, v] += dv
            ring.append(number[tuple(cell.T)])
        quad = np.column_stack(ring)
        quads.append(np.where(outward[:, None], quad, quad[:, ::-1]))
    return vertices, np.concatenate(quads)
