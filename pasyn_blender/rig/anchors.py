"""Where the keypoints of a rig map are on the posed animal, and which skin is each keypoint's own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..anatomy.keypoint_sets import KeypointSet
from ..errors import RigMapError
from .geometry import FloatArray, IntArray, RigGeometry
from .rig_map import KeypointAnchor, RigMap

_DIRECTIONS = 96
_OWN_REACH = 1.75  # own part, in local thicknesses: twice a round limb's radius
_THICKEST = 0.35  # of the trunk; a ray that finds no skin sooner has left the part


def keypoint_positions(
    rig_map: RigMap,
    keypoint_set: KeypointSet,
    geometry: RigGeometry,
    vertices: FloatArray,
    bone_matrices: FloatArray,
) -> FloatArray:
    """Keypoints on the posed animal.

    Parameters
    ----------
    rig_map
        Where the keypoints are fixed.
    keypoint_set
        Which keypoints, in which order.
    geometry
        The rig the map was made for.
    vertices
        (V, 3) posed vertices in world space, stacked like ``geometry.vertices``.
    bone_matrices
        (B, 4, 4) posed bone space to world, in the order of ``geometry.bone_names``.

    Returns
    -------
    (K, 3) array
        World space; NaN for keypoints the map does not have.

    Raises
    ------
    RigMapError
        An anchor names a bone or mesh the rig does not have.
    """
    positions = np.full((len(keypoint_set.keypoints), 3), np.nan)
    for row, name in enumerate(keypoint_set.landmarks):
        anchor = rig_map.keypoints.get(name)
        if anchor is not None:
            positions[row] = _position(name, anchor, geometry, vertices, bone_matrices)
    return positions


def part_triangles(rig_map: RigMap, keypoint_set: KeypointSet, geometry: RigGeometry) -> tuple[IntArray, ...]:
    """Triangles that count as each keypoint's own part.

    Skin that mostly follows the anchor's ``part`` bones, lies within about twice the local thickness of
    the keypoint at rest, and for left and right keypoints is on their own side of the body.

    Returns
    -------
    Sorted triangle indices for each keypoint; empty where the map does not have it.
    """
    rest = keypoint_positions(rig_map, keypoint_set, geometry, geometry.vertices, geometry.bone_matrices)
    names = keypoint_set.landmarks
    corners = geometry.vertices[geometry.triangles]
    centroids = corners.mean(axis=1)
    across = centroids @ rig_map.body_frame[0]
    found: list[IntArray] = []
    for row, name in enumerate(names):
        anchor = rig_map.keypoints.get(name)
        if anchor is None:
            found.append(np.zeros(0, dtype=np.int64))
            continue
        own = _follows(anchor, name, geometry)
        reach = _OWN_REACH * _thickness(rest[row], corners, rig_map.trunk_length)
        near = np.zeros(len(corners), dtype=bool)
        rows = np.flatnonzero(own)
        near[rows] = _distances(rest[row], corners[rows]) < reach
        other = keypoint_set.mirror[row]
        if other != row and np.isfinite(rest[other]).all():
            left_of_middle = across - (rest[row] + rest[other]) @ rig_map.body_frame[0] / 2
            near &= left_of_middle * (1 if name.startswith("left") else -1) > 0
        found.append(np.flatnonzero(near))
    return tuple(found)


def _position(
    name: str,
    anchor: KeypointAnchor,
    geometry: RigGeometry,
    vertices: FloatArray,
    bone_matrices: FloatArray,
) -> FloatArray:
    if anchor.bone is not None:
        if anchor.bone not in geometry.bone_names:
            raise RigMapError(f"keypoint {name!r}: the rig has no bone {anchor.bone!r}")
        matrix = bone_matrices[geometry.bone_names.index(anchor.bone)]
        offset = np.asarray(anchor.offset if anchor.offset is not None else (0.0, 0.0, 0.0))
        return np.asarray(matrix[:3, :3] @ offset + matrix[:3, 3])
    if anchor.mesh not in geometry.mesh_names:
        raise RigMapError(f"keypoint {name!r}: the rig has no mesh {anchor.mesh!r}")
    first = geometry.mesh_offsets[geometry.mesh_names.index(anchor.mesh)]
    rows = np.asarray(anchor.vertices, dtype=np.int64) + first
    weights = np.asarray(anchor.weights or np.ones(len(rows)), dtype=np.float64)
    return np.asarray(weights @ vertices[rows] / weights.sum())


def _follows(anchor: KeypointAnchor, name: str, geometry: RigGeometry) -> NDArray[np.bool_]:
    """(T,) whether the skin mostly follows the anchor's part; all skin where the anchor names no part."""
    if not anchor.part:
        return np.ones(len(geometry.triangles), dtype=bool)
    for bone in anchor.part:
        if bone not in geometry.bone_names:
            raise RigMapError(f"keypoint {name!r}: the rig has no bone {bone!r}, named in its part")
    columns = [geometry.bone_names.index(bone) for bone in anchor.part]
    shares = geometry.weights[:, columns].sum(axis=1)
    return np.asarray(shares[geometry.triangles].mean(axis=1) > 0.5)


def _thickness(place: FloatArray, corners: FloatArray, trunk_length: float) -> float:
    """Half-thickness of the body around a point: the median distance to the skin over all directions."""
    steps = np.arange(_DIRECTIONS) + 0.5
    height = 1 - 2 * steps / _DIRECTIONS
    turn = np.pi * (1 + 5**0.5) * steps
    ring = np.sqrt(1 - height**2)
    rays = np.stack([ring * np.cos(turn), ring * np.sin(turn), height], axis=1)
    limit = _THICKEST * trunk_length
    near = corners[np.linalg.norm(corners - place, axis=2).min(axis=1) < 1.5 * limit]
    distances = np.full(_DIRECTIONS, limit)
    ray, triangle = _meetings(rays, near - place)
    if len(ray):
        origin = place - near[:, 0]
        first, second = near[:, 1] - near[:, 0], near[:, 2] - near[:, 0]
        across = np.cross(origin, first)
        along = (second * across).sum(axis=1)
        # Möller and Trumbore's intersection, for all meetings at once.
        edge = np.cross(rays[ray], second[triangle])
        det = (first[triangle] * edge).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = (origin[triangle] * edge).sum(axis=1) / det
            v = (across[triangle] * rays[ray]).sum(axis=1) / det
            t = along[triangle] / det
            hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0)
        np.minimum.at(distances, ray[hit], t[hit])
    # A point on or just outside the skin meets it at once in half of the directions.
    upper = float(np.quantile(distances, 0.5))
    return max(upper, 0.02 * trunk_length)


def _meetings(rays: FloatArray, corners: FloatArray) -> tuple[IntArray, IntArray]:
    """Rays from the origin and the triangles whose bounding spheres they meet; numbers of both."""
    middles = corners.mean(axis=1)
    away = (middles**2).sum(axis=1)
    # A little more than the spheres: what follows rounds.
    squares = ((corners - middles[:, None]) ** 2).sum(axis=2).max(axis=1) + 1e-9 * away
    ahead = middles @ rays.T
    aside = away[:, None] - ahead**2
    meets = (aside <= squares[:, None]) & (ahead >= -np.sqrt(squares)[:, None])
    triangle, ray = np.nonzero(meets)
    return ray, triangle


def _distances(place: FloatArray, corners: FloatArray) -> FloatArray:
    """(T,) distance from a point to triangles: large ones reach into a part that their corners lie out of."""
    a, b, c = corners[:, 0] - place, corners[:, 1] - place, corners[:, 2] - place
    nearest = np.minimum(np.minimum(_to_segment(a, b), _to_segment(b, c)), _to_segment(c, a))
    normal = np.cross(b - a, c - a)
    length = np.linalg.norm(normal, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        height = (normal * a).sum(axis=1) / length
        foot = normal * (height / length)[:, None]
    # The foot of the perpendicular counts where it lies inside.
    sides = [(np.cross(p - foot, q - foot) * normal).sum(axis=1) for p, q in ((a, b), (b, c), (c, a))]
    inside = (np.stack(sides) >= 0).all(axis=0) & (length > 0)
    return np.where(inside, np.minimum(np.abs(height), nearest), nearest)


def _to_segment(start: FloatArray, end: FloatArray) -> FloatArray:
    """(T,) distance of segments from the origin."""
    along = end - start
    square = (along**2).sum(axis=1)
    share = np.divide(-(start * along).sum(axis=1), square, out=np.zeros_like(square), where=square > 0)
    return np.asarray(np.linalg.norm(start + np.clip(share, 0, 1)[:, None] * along, axis=1))
