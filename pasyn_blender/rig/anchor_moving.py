"""Keypoints put elsewhere by hand: from a place on the posed animal to an anchor that follows the rig."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..anatomy.keypoint_sets import LANDMARKS, SURFACE_LANDMARKS, KeypointSet
from ..errors import RigMapError
from .anchors import keypoint_positions
from .geometry import FloatArray, RigGeometry
from .places_on_skin import skin_near
from .rig_map import KeypointAnchor, RigMap

_SYMMETRIC = 0.03  # trunks: a rig whose sides agree so well is taken as symmetric
_SECTION = 2.0  # a limb's section: skin up to so many times as far away as the nearest
_CARRIES = 0.15  # share of the skin's weight from which a bone counts as carrying it


def surface_anchor(place: FloatArray, geometry: RigGeometry, vertices: FloatArray) -> KeypointAnchor:
    """Anchor on the skin at the point of the posed animal's surface that is nearest to a place.

    Parameters
    ----------
    place
        (3,) world place.
    geometry
        The rig.
    vertices
        (V, 3) posed vertices, stacked like ``geometry.vertices``; NaN where they are not shown.

    Raises
    ------
    RigMapError
        No skin is shown.
    """
    near = skin_near(place, vertices, geometry.triangles)
    if not len(near.triangles):
        raise RigMapError("no skin is visible that a keypoint could be put on")
    members = geometry.triangles[near.triangles[0]]
    shares = np.round(near.shares[0], 9)
    kept = shares > 0
    members, shares = members[kept], shares[kept] / shares[kept].sum()
    mesh = int(np.searchsorted(geometry.mesh_offsets, members[0], side="right")) - 1
    return KeypointAnchor(
        part=_carriers(shares @ geometry.weights[members], geometry),
        mesh=geometry.mesh_names[mesh],
        vertices=tuple(int(member) for member in members - geometry.mesh_offsets[mesh]),
        weights=tuple(float(share) for share in shares),
    )


def joint_anchor(
    place: FloatArray, geometry: RigGeometry, vertices: FloatArray, bone_matrices: FloatArray
) -> KeypointAnchor:
    """Anchor inside the body, relative to the bone that carries most of the skin around a place.

    Parameters
    ----------
    place
        (3,) world place.
    geometry
        The rig.
    vertices, bone_matrices
        (V, 3) posed vertices and (B, 4, 4) posed bones, in the order of the geometry's.

    Raises
    ------
    RigMapError
        No skin is shown that a bone carries.
    """
    near = skin_near(place, vertices, geometry.triangles, _SECTION)
    carried = np.einsum("tc,tcb->tb", near.shares, geometry.weights[geometry.triangles[near.triangles]])
    if not carried.any():
        raise RigMapError("no skin is visible that a bone carries, to hold a keypoint")
    bone = int(np.argmax(1.0 / np.maximum(near.distances, 1e-9) @ carried))
    offset = np.linalg.solve(bone_matrices[bone], np.array([*place, 1.0]))[:3]
    part = _carriers(carried.max(axis=0), geometry)
    name = geometry.bone_names[bone]
    return KeypointAnchor(
        part=part if name in part else (name, *part),
        bone=name,
        offset=(float(offset[0]), float(offset[1]), float(offset[2])),
    )


def _carriers(weights: FloatArray, geometry: RigGeometry) -> tuple[str, ...]:
    return tuple(name for name, weight in zip(geometry.bone_names, weights, strict=True) if weight > _CARRIES)


def move_keypoint(
    rig_map: RigMap,
    keypoint_set: KeypointSet,
    name: str,
    place: FloatArray,
    geometry: RigGeometry,
    vertices: FloatArray,
    bone_matrices: FloatArray,
    *,
    mirror: bool,
) -> RigMap:
    """Put one keypoint elsewhere, and its counterpart likewise.

    Parameters
    ----------
    rig_map
        The map so far.
    keypoint_set
        The set the keypoint belongs to.
    name
        The keypoint.
    place
        (3,) world place on the posed animal. A surface point goes to the nearest point of the skin.
    geometry
        The rig.
    vertices, bone_matrices
        The pose.
    mirror
        Whether the counterpart on the other side goes to the mirrored place.

    Returns
    -------
    A map that differs in one or two anchors.
    """
    row = keypoint_set.keypoints.index(name)
    landmark = keypoint_set.landmarks[row]
    anchors = {landmark: _anchor(landmark, place, geometry, vertices, bone_matrices)}
    other = keypoint_set.mirror[row]
    if mirror and other != row:
        twin = keypoint_set.landmarks[other]
        opposite = _mirrored(rig_map, keypoint_set, row, anchors[landmark], geometry)
        anchors[twin] = _anchor(twin, opposite, geometry, geometry.vertices, geometry.bone_matrices)
    return with_anchors(rig_map, anchors)


def with_anchors(rig_map: RigMap, anchors: Mapping[str, KeypointAnchor]) -> RigMap:
    """Return a map with some landmarks' anchors put in the place of what it had."""
    known = {**rig_map.keypoints, **anchors}
    return replace(
        rig_map,
        # Always in one order, so that the same places give the same text whatever was moved first.
        keypoints={name: known[name] for name in LANDMARKS if name in known},
        missing=tuple(name for name in rig_map.missing if name not in anchors),
    )


def _anchor(
    landmark: str,
    place: FloatArray,
    geometry: RigGeometry,
    vertices: FloatArray,
    bone_matrices: FloatArray,
) -> KeypointAnchor:
    if landmark in SURFACE_LANDMARKS:
        return surface_anchor(place, geometry, vertices)
    return joint_anchor(place, geometry, vertices, bone_matrices)


def _mirrored(
    rig_map: RigMap, keypoint_set: KeypointSet, row: int, anchor: KeypointAnchor, geometry: RigGeometry
) -> FloatArray:
    """Rest place of the counterpart of a keypoint that was moved."""
    before = keypoint_positions(rig_map, keypoint_set, geometry, geometry.vertices, geometry.bone_matrices)
    moved = with_anchors(rig_map, {keypoint_set.landmarks[row]: anchor})
    after = keypoint_positions(moved, keypoint_set, geometry, geometry.vertices, geometry.bone_matrices)
    other = keypoint_set.mirror[row]
    across = rig_map.body_frame[0]
    pairs = [
        (left, right)
        for left, right in enumerate(keypoint_set.mirror)
        if left < right and np.isfinite(before[[left, right]]).all() and left not in (row, other)
    ]
    reflection = np.eye(3) - 2.0 * np.outer(across, across)
    if not pairs:
        middle = float(np.median(geometry.vertices @ across))
        return np.asarray(reflection @ after[row] + 2.0 * middle * across)
    left, right = np.array(pairs).T
    middle = float(np.median((before[left] + before[right]) @ across) / 2.0)
    unlike = before[left] @ reflection + 2.0 * middle * across - before[right]
    symmetric = float(np.median(np.linalg.norm(unlike, axis=1))) < _SYMMETRIC * rig_map.trunk_length
    if symmetric or not np.isfinite(before[[row, other]]).all():
        return np.asarray(reflection @ after[row] + 2.0 * middle * across)
    # A rest pose in mid-step: only the way that the keypoint was moved can be mirrored.
    return np.asarray(before[other] + reflection @ (after[row] - before[row]))
