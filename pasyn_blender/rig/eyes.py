"""Find the eyes on a head: marked by name, modelled as small pieces, or by proportion."""

from __future__ import annotations

import numpy as np

from .axial import Head
from .body_frame import Standing
from .bone_names import names_part
from .geometry import FloatArray, IntArray, RigGeometry
from .surface import SurfacePoints, along_contours, connected_labels, section

# Where eyes sit on a head without marked eyes: distance from the nose tip in head lengths (muzzle tip to
# where skull and neck meet), and height over the head's middle in half depths.
_EYE_ALONG = 0.62
_EYE_UP = 0.42


def find_eyes(standing: Standing, geometry: RigGeometry, head: Head) -> dict[str, SurfacePoints]:
    """Find both eyes: by marked materials or meshes, eye bones, small paired pieces, else by proportion.

    Returns
    -------
    dict
        ``left`` and ``right`` to places on the surface whose mean is the eye.
    """
    marked = _marked_eyes(standing, geometry, head) or _loose_eyes(standing, head)
    if marked is not None:
        return marked
    bones = _eye_bones(standing, geometry, head)
    found = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        if bones is not None:
            along = float((bones[side] - head.base) @ head.axis)
            level = float((bones[side] - head.base) @ head.dorsal)
        else:
            along = (1 - _EYE_ALONG) * head.length
            level = _level_on_head(standing, head, along)
        found[side] = side_surface(standing, head, along, level, sign)
    return found


def _on_head(standing: Standing, head: Head) -> FloatArray:
    """(P, 3) of every point: along the head's axis from its base, to the left, and dorsal."""
    away = standing.surface.points - head.base
    return np.stack([away @ head.axis, away[:, 0], away @ head.dorsal], axis=1)


def _marked_eyes(standing: Standing, geometry: RigGeometry, head: Head) -> dict[str, SurfacePoints] | None:
    surface = standing.surface
    source = surface.triangle_source
    owner = np.searchsorted(geometry.mesh_offsets, geometry.triangles[source, 0], side="right") - 1
    patches = []
    for names, index in (
        (geometry.material_names, geometry.triangle_materials[source]),
        (geometry.mesh_names, owner),
    ):
        for number, name in enumerate(names):
            if names_part(name, "eye"):
                patches.append(np.unique(surface.triangles[index == number]))
    # The smallest is the pupil or iris, where the white or a patch of colour around it is marked as well.
    for members in sorted(patches, key=len):
        found = _pair_of_patches(standing, head, members)
        if found is not None:
            return found
    return None


def _pair_of_patches(standing: Standing, head: Head, members: IntArray) -> dict[str, SurfacePoints] | None:
    """The outer face of a left and a right patch of points on the head, or None if they are no eyes."""
    if not len(members):
        return None
    local = _on_head(standing, head)[members]
    found = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        mine = members[local[:, 1] * sign > 0]
        place = local[local[:, 1] * sign > 0]
        if not len(mine) or np.ptp(place[:, 0]) > 0.5 * head.length:
            return None
        if not -0.3 * head.length < place[:, 0].mean() < 0.95 * head.length:
            return None
        outward = place[:, 1] * sign
        outer = outward >= np.median(outward)
        target = place[outer].mean(axis=0)
        target[1] = sign * outward.max()
        # One vertex of the outer half: a mean would lie inside a round eye.
        chosen = mine[outer][[int(np.argmin(np.linalg.norm(place[outer] - target, axis=1)))]]
        found[side] = SurfacePoints(standing.surface.points[chosen], chosen[:, None], np.ones((1, 1)))
    return found


def _loose_eyes(standing: Standing, head: Head) -> dict[str, SurfacePoints] | None:
    """Small separate pieces of the mesh that sit as a pair on the sides of the head."""
    surface = standing.surface
    links = np.concatenate([surface.triangles[:, [0, 1]], surface.triangles[:, [1, 2]]])
    labels = connected_labels(len(surface.points), links)
    local = _on_head(standing, head)
    best: tuple[float, IntArray] | None = None
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        place = local[members]
        centre = place.mean(axis=0)
        extent = np.ptp(place, axis=0)
        if len(members) < 4 or extent.max() > 0.3 * head.length or centre[1] < 0.04 * head.length:
            continue
        if not (0.15 < centre[0] / head.length < 0.75 and centre[2] > -0.15 * head.length):
            continue
        mirrored = local * [1, -1, 1]
        twin = np.flatnonzero(
            (np.abs(mirrored - centre) < np.maximum(extent, 0.05 * head.length)).all(axis=1)
            & (labels != label)
        )
        twin = twin[[len(np.flatnonzero(labels == labels[t])) < 3 * len(members) for t in twin]]
        if len(twin) < 3:
            continue
        roundness = float(extent.min() / max(extent.max(), 1e-300))
        if best is None or roundness > best[0]:
            best = roundness, np.concatenate([members, twin])
    return None if best is None else _pair_of_patches(standing, head, best[1])


def _eye_bones(standing: Standing, geometry: RigGeometry, head: Head) -> dict[str, FloatArray] | None:
    heads = (geometry.bone_heads - standing.origin) @ standing.rotation.T
    found = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        near = [
            heads[bone]
            for bone, name in enumerate(geometry.bone_names)
            if names_part(name, "eye")
            and heads[bone, 0] * sign > 0.02 * head.length
            and np.linalg.norm(heads[bone] - head.base) < head.length
        ]
        if not near:
            return None
        found[side] = np.mean(near, axis=0)
    return found


def _level_on_head(standing: Standing, head: Head, along: float) -> float:
    """Dorsal height of the eye at a place along the head, from the head's own depth there."""
    contours = section(standing.surface, standing.surface.points[:, 0], 1e-5 * head.length)
    away = along_contours(contours, 0.02 * head.length).positions - head.base
    near = np.abs(away @ head.axis - along) < 0.04 * head.length
    levels = (away @ head.dorsal)[near]
    # The nearest crossing on each side is the head's; beyond it lie the neck or the ears.
    above, below = levels[levels > 0.06 * head.length], levels[levels < -0.06 * head.length]
    if not len(above) or not len(below):
        return 0.0
    return float((above.min() + below.max()) / 2 + _EYE_UP * (above.min() - below.max()) / 2)


def side_surface(standing: Standing, head: Head, along: float, level: float, sign: float) -> SurfacePoints:
    """Where a line to the side, at a place of the head, leaves the mesh."""
    surface = standing.surface
    local = _on_head(standing, head)
    corners = local[surface.triangles]
    flat = corners[:, :, [0, 2]] - np.array([along, level])
    # Barycentric coordinates of the line in each triangle seen from the side.
    a, b, c = flat[:, 0], flat[:, 1], flat[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    safe = np.where(np.abs(area) < 1e-18, 1.0, area)
    wa = (b[:, 0] * c[:, 1] - c[:, 0] * b[:, 1]) / safe
    wb = (c[:, 0] * a[:, 1] - a[:, 0] * c[:, 1]) / safe
    shares = np.stack([wa, wb, 1 - wa - wb], axis=1)
    hit = (shares > -1e-6).all(axis=1) & (np.abs(area) > 1e-18)
    outward = np.einsum("tk,tk->t", shares, corners[:, :, 1]) * sign
    hit &= (outward > 0) & (outward < 0.8 * head.length)
    if hit.any():
        triangle = int(np.flatnonzero(hit)[np.argmax(outward[hit])])
        members, weight = surface.triangles[triangle][None], np.clip(shares[triangle], 0, 1)[None]
    else:
        gap = np.linalg.norm(local[:, [0, 2]] - [along, level], axis=1) - 0.3 * local[:, 1] * sign
        members, weight = np.array([[int(np.argmin(gap))]]), np.ones((1, 1))
    positions = np.einsum("nk,nkd->nd", weight, surface.points[members])
    return SurfacePoints(positions, members, weight)
