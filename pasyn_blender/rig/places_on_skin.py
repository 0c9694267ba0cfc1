"""Places on and in a posed mesh: what a ray meets, and which point of the skin is nearest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .geometry import FloatArray, IntArray

_SIDES = 0.05  # trunks: half a muzzle's width; surfaces that far apart are two sides of the body
_LIMB_THICKNESS = 0.35  # trunks: what is thicker is no limb, and its middle no joint of one side


@dataclass(frozen=True)
class Ray:
    """What lies under the cursor.

    Attributes
    ----------
    origin
        (3,) world place the ray starts from.
    direction
        (3,) unit vector of the ray.
    forward
        (3,) unit vector the viewer looks along; in a perspective view not the ray's.
    """

    origin: FloatArray
    direction: FloatArray
    forward: FloatArray


@dataclass(frozen=True)
class Crossings:
    """Where a ray meets a mesh, nearest first.

    Attributes
    ----------
    distances
        (N,) distances from the ray's origin.
    triangles
        (N,) indices of the triangles met.
    entering
        (N,) whether the ray runs into the body there, rather than out of it.
    """

    distances: FloatArray
    triangles: IntArray
    entering: NDArray[np.bool_]


def ray_crossings(ray: Ray, vertices: FloatArray, triangles: IntArray) -> Crossings:
    """Find everything a ray meets; triangles with a corner of NaN are not there.

    Parameters
    ----------
    ray
        The ray.
    vertices, triangles
        (V, 3) world places and (T, 3) vertex indices whose normals point outwards.
    """
    # Möller and Trumbore's intersection, on the triangles whose shadow along the ray holds its origin.
    across = vertices - ray.origin
    side, up = _perpendicular(ray.direction)
    shadow = np.stack([across @ side, across @ up], axis=1)
    corners = shadow[triangles]
    with np.errstate(invalid="ignore"):
        near = (corners.min(axis=1) <= 0.0).all(axis=1) & (corners.max(axis=1) >= 0.0).all(axis=1)
    rows = np.flatnonzero(near)
    a, b, c = np.moveaxis(vertices[triangles[rows]], 1, 0)
    first, second = b - a, c - a
    edge = np.cross(ray.direction, second)
    det = (first * edge).sum(axis=1)
    to_origin = ray.origin - a
    turned = np.cross(to_origin, first)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = (to_origin * edge).sum(axis=1) / det
        v = turned @ ray.direction / det
        distance = (second * turned).sum(axis=1) / det
        met = (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)
    order = np.flatnonzero(met)[np.argsort(distance[met], kind="stable")]
    return Crossings(distance[order], rows[order], det[order] > 0)


def place_under(
    ray: Ray,
    before: FloatArray,
    vertices: FloatArray,
    triangles: IntArray,
    *,
    surface: bool,
    paired: bool,
    trunk_length: float,
) -> FloatArray:
    """Where a keypoint goes that is dragged to a place on the screen.

    A surface point sticks to the surface under the cursor: the first, unless it was on a farther one, as an
    eye on the other side of the head is. A joint centre goes to the middle of the limb under the cursor, of
    several behind each other the one at its depth. Where the body is no limb (a shoulder before the chest),
    or nothing is under the cursor, it moves in the plane of the screen, without leaving the body that it is
    over.

    Parameters
    ----------
    ray
        From the viewer through the cursor.
    before
        (3,) world place of the keypoint so far.
    vertices, triangles
        The posed animal.
    surface
        Whether it is a point of the surface.
    paired
        Whether the other side of the body has one like it.
    trunk_length
        Scale of the animal.

    Returns
    -------
    (3,) world place.
    """
    along = float(ray.direction @ ray.forward)
    in_plane = ray.origin + ray.direction * (float((before - ray.origin) @ ray.forward) / along)
    met = ray_crossings(ray, vertices, triangles)
    if not len(met.distances):
        return _nearest(in_plane, vertices, triangles) if surface else in_plane
    depth = float((in_plane - ray.origin) @ ray.direction)
    if surface:
        away = np.abs(met.distances - depth)
        first = away[0] <= away.min() + _SIDES * trunk_length
        distance = float(met.distances[0 if first else int(np.argmin(away))])
        return np.asarray(ray.origin + ray.direction * distance)
    start, end = min(_bodies(met), key=lambda body: abs(0.5 * (body[0] + body[1]) - depth))
    if paired and end - start > _LIMB_THICKNESS * trunk_length:
        distance = float(np.clip(depth, start, end))
    else:
        distance = 0.5 * (start + end)
    return np.asarray(ray.origin + ray.direction * distance)


def _bodies(met: Crossings) -> list[tuple[float, float]]:
    """Where the ray enters and leaves each body on its way; shells inside a body are part of it."""
    # A ray that leaves before it has entered meets a mesh whose normals point inwards.
    steps = np.where(met.entering == met.entering[0], 1, -1)
    found: list[tuple[float, float]] = []
    inside, start = 0, 0.0
    # A ray through an edge meets both of its triangles, at once and in the same direction.
    again = np.append(False, (np.diff(met.distances) <= 1e-9 * met.distances[1:]) & (np.diff(steps) == 0))
    for distance, step in zip(met.distances[~again].tolist(), steps[~again].tolist(), strict=True):
        if inside == 0 and step > 0:
            start = distance
        inside = max(inside + step, 0)
        if inside == 0 and step < 0:
            found.append((start, distance))
    if inside:  # an open mesh, which is never left
        found.append((start, float(met.distances[-1])))
    return found


@dataclass(frozen=True)
class NearSkin:
    """The skin around a place.

    Attributes
    ----------
    triangles
        (N,) indices of the triangles near it.
    shares
        (N, 3) weights of their corners at the points that come nearest.
    distances
        (N,) distances of those points.
    """

    triangles: IntArray
    shares: FloatArray
    distances: FloatArray


def skin_near(place: FloatArray, vertices: FloatArray, triangles: IntArray, reach: float = 1.0) -> NearSkin:
    """Find the triangles that are at most ``reach`` times as far from a place as the nearest.

    Parameters
    ----------
    place
        (3,) world place.
    vertices, triangles
        (V, 3) places, of which rows of NaN are not there, and (T, 3) vertex indices.
    reach
        From 1, which finds the nearest triangle and those that meet it there.
    """
    away = np.linalg.norm(vertices - place, axis=1)[triangles]
    with np.errstate(invalid="ignore"):
        rows = np.flatnonzero(np.isfinite(away).all(axis=1))
    away = away[rows].min(axis=1)
    # No triangle is nearer than its nearest corner by more than its longest edge.
    corners = vertices[triangles[rows]]
    longest = np.sqrt(((corners - np.roll(corners, 1, axis=1)) ** 2).sum(axis=2).max(axis=1))
    candidates = np.flatnonzero(away - longest <= reach * away.min(initial=np.inf))
    shares = nearest_shares(place, corners[candidates])
    points = np.einsum("tc,tcx->tx", shares, corners[candidates])
    distances = np.linalg.norm(points - place, axis=1)
    near = distances <= reach * distances.min(initial=np.inf)
    return NearSkin(rows[candidates[near]], shares[near], distances[near])


def nearest_shares(place: FloatArray, corners: FloatArray) -> FloatArray:
    """(T, 3) weights of the corners at which (T, 3, 3) triangles come nearest to a place."""
    a, b, c = np.moveaxis(corners, 1, 0)
    first, second, to_place = b - a, c - a, place - a
    ff, fs, ss = ((p * q).sum(axis=1) for p, q in ((first, first), (first, second), (second, second)))
    fp, sp = (first * to_place).sum(axis=1), (second * to_place).sum(axis=1)
    det = ff * ss - fs * fs
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v = (ss * fp - fs * sp) / det, (ff * sp - fs * fp) / det
        inside = (det > 0) & (u >= 0) & (v >= 0) & (u + v <= 1)
    flat = np.stack([1 - u - v, u, v], axis=1)
    # Outside, the nearest point is on an edge: the best of the three.
    candidates, squares = [], []
    for start, end in ((0, 1), (1, 2), (2, 0)):
        line = corners[:, end] - corners[:, start]
        square = (line**2).sum(axis=1)
        share = ((place - corners[:, start]) * line).sum(axis=1)
        share = np.clip(np.divide(share, square, out=np.zeros_like(square), where=square > 0), 0, 1)
        weights = np.zeros((len(corners), 3))
        weights[:, start], weights[:, end] = 1 - share, share
        candidates.append(weights)
        squares.append(((np.einsum("tc,tcx->tx", weights, corners) - place) ** 2).sum(axis=1))
    best = np.argmin(squares, axis=0)
    edges = np.stack(candidates)[best, np.arange(len(corners))]
    return np.where(inside[:, None], flat, edges)


def _nearest(place: FloatArray, vertices: FloatArray, triangles: IntArray) -> FloatArray:
    near = skin_near(place, vertices, triangles)
    return np.asarray(near.shares[0] @ vertices[triangles[near.triangles[0]]]) if len(near.shares) else place


def _perpendicular(direction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two unit vectors at right angles to a direction and to each other."""
    least = np.eye(3)[int(np.argmin(np.abs(direction)))]
    side = np.cross(direction, least)
    side /= np.linalg.norm(side)
    return side, np.cross(direction, side)
