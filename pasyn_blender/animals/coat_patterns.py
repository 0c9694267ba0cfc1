"""Patterns on the skin: patches, cells and spots as signed distances, dark where positive.

Distances are in table units. They are continuous and nearly linear about their zero, so that a mesh of some
two hundredths of the body's length between vertices still draws crisp outlines.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .coat_places import Places, ramp, smooth_noise
from .mesh_graph import Neighbours
from .sweep import FloatArray, IntArray, components

CLASSES: Final = 4
"""Number of colours that tell neighbouring cells of a reticulated coat apart."""

_LIMIT: Final = 0.10


def slope(points: FloatArray, values: FloatArray, neighbours: Neighbours) -> FloatArray:
    """(V,) steepness of a field on the skin, from its differences along the edges, evened out."""
    span = np.linalg.norm(points[neighbours.target] - points[neighbours.source], axis=1)
    step = (values[neighbours.target] - values[neighbours.source]) / np.maximum(span, 1e-6)
    degree = np.diff(np.append(neighbours.starts, len(neighbours.source)))
    # Squared differences along directions of a plane average to half the squared gradient.
    square = 2.0 * np.add.reduceat(step**2, neighbours.starts) / degree
    for _ in range(6):
        square = 0.4 * square + 0.6 * neighbours.mean(square)
    return np.sqrt(square)


def as_distance(points: FloatArray, values: FloatArray, neighbours: Neighbours) -> FloatArray:
    """A field made to rise by about one table unit per table unit where it is zero."""
    steep = slope(points, values, neighbours)
    scaled: FloatArray = (values / np.maximum(steep, 0.25 * steep.mean() + 1e-9)).clip(-_LIMIT, _LIMIT)
    return scaled


def patches(
    places: Places,
    neighbours: Neighbours,
    random: np.random.Generator,
    cover: float,
    width: float,
    lobes: float,
    bias: FloatArray,
) -> FloatArray:
    """Large patches with lobed outlines.

    Parameters
    ----------
    places
        Where the vertices lie.
    neighbours
        Neighbours on the skin.
    random
        Makes the pattern the individual's own.
    cover
        Part of the trunk that is dark, 0 to 1.
    width
        Usual width of a patch, table units.
    lobes
        How uneven their outlines are, 0 to 1.
    bias
        (V,) standard deviations by which places tend to be dark.

    Returns
    -------
    ndarray
        (V,) signed distance.
    """
    points = places.points
    field = smooth_noise(points, random, 2.2 * width) + bias
    field = field + lobes * smooth_noise(points, random, 0.75 * width)
    field = field + 0.25 * lobes * smooth_noise(points, random, 0.3 * width)
    trunk = places.shares["torso"] > 0.5
    threshold = np.quantile(field[trunk], 1.0 - np.clip(cover, 0.0, 1.0))
    return as_distance(points, field - threshold, neighbours)


def scattered(
    points: FloatArray, spacing: FloatArray, random: np.random.Generator, order: FloatArray | None = None
) -> IntArray:
    """Vertices no nearer to each other than a spacing that changes over the skin.

    Parameters
    ----------
    points
        (V, 3) skin.
    spacing
        (V,) least distance.
    random
        Decides on the order in which vertices are tried.
    order
        (V,) lower values are tried first, or ``None`` for any order.

    Returns
    -------
    ndarray
        (S,) rows of the chosen vertices.
    """
    rank = random.permutation(len(points)) if order is None else np.argsort(order, kind="stable")
    free = np.ones(len(points), dtype=bool)
    chosen = []
    for row in rank:
        if free[row]:
            chosen.append(row)
            free[((points - points[row]) ** 2).sum(axis=1) < spacing[row] ** 2] = False
    return np.array(chosen)


def _nearest_sites(points: FloatArray, sites: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
    """Rows and squared distances of the nearest sites to each point, (P, count) each, nearest first."""
    rows, squares = [], []
    norms = (sites**2).sum(axis=1)
    for start in range(0, len(points), 2048):
        block = points[start : start + 2048]
        gap = norms - 2.0 * components(block, sites) + (block**2).sum(axis=1)[:, None]
        if count == 1:
            near = gap.argmin(axis=1)[:, None]
        else:
            near = np.argpartition(gap, count - 1, axis=1)[:, :count]
        values = np.take_along_axis(gap, near, axis=1)
        inner = np.argsort(values, axis=1, kind="stable")
        rows.append(np.take_along_axis(near, inner, axis=1))
        squares.append(np.take_along_axis(values, inner, axis=1))
    return np.concatenate(rows), np.concatenate(squares)


def reticulated(
    places: Places,
    random: np.random.Generator,
    width: float,
    line: float,
    lobes: float,
) -> tuple[FloatArray, IntArray]:
    """Polygons with narrow lines between them, as a giraffe's.

    The cells of scattered, relaxed sites are coloured so that neighbours differ, as a map is; each colour has
    its own signed distance, which crosses zero straight at the lines. The largest of them is the pattern, and
    as each is interpolated by itself, lines stay narrower than the mesh's edges.

    Parameters
    ----------
    places
        Where the vertices lie.
    random
        Makes the pattern the individual's own.
    width
        Width of cells on the flank, table units; those of neck, head and legs are smaller.
    line
        Half width of the lines, table units.
    lobes
        How uneven their outlines are, 0 to 1.

    Returns
    -------
    tuple
        (V, :data:`CLASSES`) signed distances, and (V,) number of the cell of each vertex.
    """
    points = places.points
    share = places.shares
    low = ramp(places.points[:, 2], 0.75, 0.45)
    factor = 1.0 - 0.25 * share["neck"] - 0.62 * share["head"] - 0.5 * low - 0.6 * share["tail"]
    spacing = width * factor.clip(0.28, 1.0)
    rows = scattered(points, 0.86 * spacing, random)
    sites = points[rows]
    for _ in range(3):
        owner, _ = _nearest_sites(points, sites, 1)
        weight = 1.0 / spacing**2
        total = np.bincount(owner[:, 0], weight, minlength=len(sites))
        middle = np.column_stack(
            [np.bincount(owner[:, 0], weight * points[:, c], minlength=len(sites)) for c in range(3)]
        )
        sites = np.where(total[:, None] > 0.0, middle / np.maximum(total, 1e-9)[:, None], sites)
        # back onto the skin
        sites = points[_nearest_sites(sites, points, 1)[0][:, 0]]
    amplitude = 0.16 * lobes * spacing
    warp = np.column_stack([smooth_noise(points, random, 0.75 * width) for _ in range(3)])
    fine = np.column_stack([smooth_noise(points, random, 0.3 * width) for _ in range(3)])
    moved = points + amplitude[:, None] * (warp + 0.35 * fine)
    near, squares = _nearest_sites(moved, sites, min(10, len(sites)))
    colour = _map_colours(near, len(sites))

    gap = np.linalg.norm(sites[near] - sites[near[:, :1]], axis=2)
    gap[:, 0] = 1.0
    # distance to the plane half way between the nearest and each other site
    beyond = (squares - squares[:, :1]) / (2.0 * np.maximum(gap, 1e-6))
    classes = colour[near]
    fields = np.empty((len(points), CLASSES))
    for c in range(CLASSES):
        own = classes[:, 0] == c
        others = np.where(classes != c, beyond, np.inf)
        others[:, 0] = np.inf
        # rounded corners: a smooth minimum over the borders
        soft = 0.045 * spacing[:, None]
        lowest = np.minimum(others.min(axis=1), 1.0)
        rounded = lowest - soft[:, 0] * np.log(
            np.exp(-(np.minimum(others, 1.0) - lowest[:, None]) / soft).sum(axis=1)
        )
        away = np.where(classes == c, beyond, np.inf).min(axis=1)
        fields[:, c] = np.where(own, rounded, -np.minimum(away, _LIMIT))
    fields = fields - line * (spacing / width).clip(0.45, 1.0)[:, None]
    return fields.clip(-_LIMIT, _LIMIT), near[:, 0]


def _map_colours(near: IntArray, count: int) -> IntArray:
    """A colour for every cell, different from its neighbours' where possible: most constrained first."""
    touching: list[set[int]] = [set() for _ in range(count)]
    pairs = np.concatenate([near[:, [0, 1]], near[:, [0, 2]]])
    for a, b in np.unique(np.sort(pairs, axis=1), axis=0).tolist():
        touching[a].add(b)
        touching[b].add(a)
    colour = np.full(count, -1)
    around = np.zeros((count, CLASSES))  # how many neighbours have each colour
    degree = np.array([len(cells) for cells in touching], float)
    for _ in range(count):
        urgency = np.where(colour < 0, 1e3 * (around > 0).sum(axis=1) + degree, -1.0)
        cell = int(urgency.argmax())
        colour[cell] = int(around[cell].argmin())
        around[sorted(touching[cell]), colour[cell]] += 1.0
    return colour


def spots(places: Places, random: np.random.Generator, width: float, apart: float, rows: float) -> FloatArray:
    """Roundish spots on trunk and thighs, in rows along the body or scattered.

    Parameters
    ----------
    places
        Where the vertices lie.
    random
        Makes the pattern the individual's own.
    width
        Diameter of a spot, table units.
    apart
        Distance between spots.
    rows
        1 for rows along the body, 0 for scattered spots.

    Returns
    -------
    ndarray
        (V,) signed distance.
    """
    points = places.points
    if rows > 0.5:
        level = (points[:, 2] + 0.012 * np.sin(9.0 * points[:, 1])) / (1.05 * apart)
        order = np.abs(level - np.round(level)) + 0.04 * random.random(len(points))
        centres = scattered(points, np.full(len(points), apart), random, order)
        centres = centres[np.abs(level - np.round(level))[centres] < 0.3]
    else:
        centres = scattered(points, np.full(len(points), apart), random)
    size = 0.5 * width * random.uniform(0.75, 1.25, len(centres))
    field = np.full(len(points), -_LIMIT)
    for centre, radius in zip(centres, size, strict=True):
        spread = (points - points[centre]) * np.array([1.0, 0.85, 1.1])
        field = np.maximum(field, radius - np.sqrt((spread**2).sum(axis=1)))
    return field
