"""Where the overlay's marks, links and names go on the screen. Numpy only: tested without a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy.keypoint_sets import keypoint_side

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEFT = (0.23, 0.62, 1.0)
RIGHT = (1.0, 0.45, 0.16)
MIDDLE = (1.0, 0.88, 0.25)
"""Blue for the animal's left, orange for its right, yellow for the midline: people with the common colour
blindnesses tell the pair apart too."""


@dataclass(frozen=True)
class Canvas:
    """Where is drawn.

    Attributes
    ----------
    width, height
        Size of the region in pixels.
    scale
        Pixels of the interface: sizes are for a scale of 1.
    """

    width: int
    height: int
    scale: float


def side_colour(name: str) -> tuple[float, float, float]:
    """Display colour of a keypoint by the side its name begins with."""
    return {"left": LEFT, "right": RIGHT}.get(keypoint_side(name), MIDDLE)


def link_colour(first: str, second: str) -> tuple[float, float, float]:
    """Colour of a skeleton link: the side's when either end has one, except across the middle."""
    colours = {side_colour(first), side_colour(second)} - {MIDDLE}
    return colours.pop() if len(colours) == 1 else MIDDLE


def screen_positions(
    points: FloatArray, perspective: FloatArray, width: float, height: float
) -> tuple[FloatArray, FloatArray]:
    """Project world points into a viewport.

    Parameters
    ----------
    points
        (K, 3) world positions; a row of NaN is a point that is not there.
    perspective
        (4, 4) world to clip space, ``RegionView3D.perspective_matrix``.
    width, height
        Size of the region in pixels.

    Returns
    -------
    positions
        (K, 2) region pixels, x right and y up from the lower left corner as Blender's regions have it;
        NaN where a point is behind the viewer. Points beside the region keep their place beyond it.
    depth
        (K,) larger is farther away, NaN where the position is.
    """
    clip = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ np.asarray(perspective, float).T
    divisor = clip[:, 3]
    with np.errstate(invalid="ignore"):
        in_front = np.isfinite(divisor) & (divisor > 1e-6)
    positions = np.full((len(points), 2), np.nan)
    depth = np.full(len(points), np.nan)
    positions[in_front] = (clip[in_front, :2] / divisor[in_front, None] * 0.5 + 0.5) * (width, height)
    depth[in_front] = clip[in_front, 2] / divisor[in_front]
    return positions, depth


def ring_triangles(
    centres: FloatArray,
    inner: FloatArray,
    outer: FloatArray,
    colours: FloatArray,
    segments: int = 20,
    feather: float = 1.0,
) -> tuple[FloatArray, FloatArray]:
    """Triangles of smooth-edged rings and discs.

    The rims fade to transparent over ``feather`` pixels, because a viewport does not smooth the edges of
    triangles drawn in pixel space.

    Parameters
    ----------
    centres
        (N, 2) pixels.
    inner, outer
        (N,) pixels, to the middle of the fading rims; an inner radius below 0 makes a disc.
    colours
        (N, 4) RGBA.

    Returns
    -------
    positions
        (N * segments * 18, 2) triangle corners.
    corner_colours
        (N * segments * 18, 4) RGBA of each corner.
    """
    angles = np.arange(segments + 1) * (2.0 * np.pi / segments)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    inner, outer = np.asarray(inner, dtype=float), np.asarray(outer, dtype=float)
    half = 0.5 * feather
    rims = np.stack([inner - half, inner + half, outer - half, outer + half], axis=1)
    rims[inner < 0, :2] = 0.0
    reach = np.maximum(rims, 0.0)
    opacity = np.array([0.0, 1.0, 1.0, 0.0])
    # Three bands from the inside out, each of two triangles a segment; band edges and ends of the segment.
    edges = np.array([[band + edge for edge in (0, 1, 1, 0, 1, 0)] for band in range(3)]).ravel()
    ends = np.tile([0, 0, 1, 0, 1, 1], 3)
    directions = np.stack([circle[:-1], circle[1:]], axis=1)[:, ends]
    positions = centres[:, None, None] + reach[:, edges][:, None, :, None] * directions[None]
    corner_colours = np.repeat(np.asarray(colours, dtype=float)[:, None], segments * len(edges), axis=1)
    corner_colours[:, :, 3] *= np.tile(opacity[edges], segments)
    return positions.reshape(-1, 2), corner_colours.reshape(-1, 4)


def dashes(
    positions: FloatArray, links: Sequence[tuple[int, int]], dash: float, gap: float
) -> tuple[FloatArray, IntArray]:
    """Cut links into dashes.

    Parameters
    ----------
    positions
        (K, 2) pixels.
    links
        Pairs of positions.
    dash, gap
        Lengths in pixels; dashes begin and end a link.

    Returns
    -------
    segments
        (D, 2, 2) start and end of each dash.
    link
        (D,) the link it belongs to.
    """
    segments: list[FloatArray] = [np.zeros((0, 2, 2))]
    owners: list[IntArray] = [np.zeros(0, dtype=np.int64)]
    for number, (first, second) in enumerate(links):
        start, end = positions[first], positions[second]
        length = float(np.linalg.norm(end - start))
        # At most a few hundred, however far beyond the region an end lies.
        count = int(np.clip((length + gap) // (dash + gap), 1, 300))
        period = (length + gap) / count
        from_share = np.arange(count) * period / max(length, 1e-9)
        to_share = np.minimum(from_share + (period - gap) / max(length, 1e-9), 1.0)
        shares = np.stack([from_share, to_share], axis=1)[..., None]
        segments.append(start + shares * (end - start))
        owners.append(np.full(count, number))
    return np.concatenate(segments), np.concatenate(owners)


def mark_at(
    positions: FloatArray, depth: FloatArray, cursor: tuple[float, float], reach: float
) -> int | None:
    """Which mark the cursor is on: the nearest within ``reach`` pixels, of two at one place the nearer one.

    Parameters
    ----------
    positions
        (K, 2) pixels, NaN where there is none.
    depth
        (K,) larger is farther from the viewer.
    cursor
        Pixels.
    reach
        Pixels.
    """
    distance = np.linalg.norm(positions - np.array(cursor), axis=1)
    close = np.flatnonzero(distance <= reach)
    if not len(close):
        return None
    # Within two pixels a person cannot tell which one is meant: the front one hides the other.
    best = close[distance[close] <= distance[close].min() + 2.0]
    return int(best[np.argmin(depth[best])])


def place_labels(
    anchors: FloatArray, sizes: FloatArray, gap: float, obstacles: FloatArray | None = None
) -> FloatArray:
    """Lower left corners for names beside their points, so that they overlap as little as possible.

    Parameters
    ----------
    anchors
        (N, 2) pixels, y up.
    sizes
        (N, 2) width and height of each name in pixels.
    gap
        Distance between a point and its name in pixels.
    obstacles
        (M, 2) points that names should not cover; the anchors themselves when not given.

    Returns
    -------
    (N, 2) corners. The first name of a crowd keeps the place to the right of its point, later ones move
    around theirs; each takes the place that covers least of what stands already.
    """
    points = anchors if obstacles is None else obstacles
    corners = np.zeros((len(anchors), 2))
    for index, (anchor, size) in enumerate(zip(anchors, sizes, strict=True)):
        places = _label_places(anchor, size, gap)
        # A point inside counts like a sixteenth of the name's area covered by another name.
        covered = _overlap(places, size, corners[:index], sizes[:index])
        covered += size.prod() / 16.0 * _points_inside(places, size, points)
        corners[index] = places[int(np.argmin(covered))]
    return corners


def _label_places(anchor: FloatArray, size: FloatArray, gap: float) -> FloatArray:
    width, height = size
    x, y = anchor
    middle = y - height / 2.0
    near = [
        (x + gap, middle),
        (x - gap - width, middle),
        (x - width / 2.0, y + gap),
        (x - width / 2.0, y - gap - height),
        (x + gap * 0.7, y + gap * 0.7),
        (x + gap * 0.7, y - gap * 0.7 - height),
        (x - gap * 0.7 - width, y + gap * 0.7),
        (x - gap * 0.7 - width, y - gap * 0.7 - height),
    ]
    # A second ring for crowded places, a line of text further out.
    far = [
        (x + gap * 2, y + gap + height * 0.6),
        (x + gap * 2, y - gap - height * 1.6),
        (x - gap * 2 - width, y + gap + height * 0.6),
        (x - gap * 2 - width, y - gap - height * 1.6),
    ]
    return np.array([*near, *far])


def _overlap(places: FloatArray, size: FloatArray, corners: FloatArray, sizes: FloatArray) -> FloatArray:
    """(C,) area that a name covers of the names placed already, for each of its C places."""
    low = np.maximum(places[:, None], corners[None])
    high = np.minimum(places[:, None] + size, (corners + sizes)[None])
    shared = np.maximum(high - low, 0.0)
    return np.asarray((shared[..., 0] * shared[..., 1]).sum(axis=1))


def _points_inside(places: FloatArray, size: FloatArray, points: FloatArray) -> FloatArray:
    """(C,) how many points a name covers at each of its C places."""
    x = points[None, :, 0] - places[:, :1]
    y = points[None, :, 1] - places[:, 1:]
    inside = (x > -1.0) & (x < size[0] + 1.0) & (y > -1.0) & (y < size[1] + 1.0)
    return np.asarray(inside.sum(axis=1), dtype=np.float64)


def along_links(positions: FloatArray, links: Sequence[tuple[int, int]], step: float) -> FloatArray:
    """(M, 2) points about every ``step`` pixels along links, ends included: what names should not cover."""
    if not links:
        return np.zeros((0, 2))
    start, end = np.moveaxis(positions[np.array(links)], 1, 0)
    pieces = np.clip(np.linalg.norm(end - start, axis=1) / step, 1, 100).astype(np.int64)
    owner = np.repeat(np.arange(len(links)), pieces + 1)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces + 1) - (pieces + 1), pieces + 1)
    return np.asarray(start[owner] + (number / pieces[owner])[:, None] * (end - start)[owner])


def links_on_screen(
    positions: FloatArray, skeleton: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """Links whose two ends both have a place on the screen."""
    there = np.isfinite(positions).all(axis=1)
    return tuple((first, second) for first, second in skeleton if there[first] and there[second])
