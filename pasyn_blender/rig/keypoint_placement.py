"""Place landmarks on a rig where annotators of photos click them, those of AP-10K and AnimalPose.

Limb joints sit at the centre of the leg's own section, at the height where the leg bends or leaves the
trunk; nose and tail root sit on the outline; eyes on the head's side; "neck" inside the base of the neck;
ear bases at the middle of the ear where it leaves the skull; withers and throat on the outline of the neck.
Every place is tied to mesh vertices (or to a bone), so that it follows the deformed surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .axial import Head, Midline
from .body_frame import Standing
from .geometry import FloatArray, IntArray, RigGeometry
from .limbs import Leg
from .rig_map import KeypointAnchor
from .surface import Contour, SurfacePoints


@dataclass(frozen=True)
class Anatomy:
    """Everything found on a rig, ready for keypoints and joints.

    Attributes
    ----------
    standing, midline, head
        Body frame, midplane cut and head.
    eyes
        ``left`` and ``right`` places.
    ears
        ``left`` and ``right`` places whose mean is the ear's base.
    throat, withers
        Rows of the midline profile.
    tail_bones, tail_root
        Bones of the tail and the row of the midline profile where it begins.
    legs
        ``left_front``, ``right_front``, ``left_hind``, ``right_hind``.
    """

    standing: Standing
    midline: Midline
    head: Head
    eyes: dict[str, SurfacePoints]
    ears: dict[str, SurfacePoints]
    throat: int
    withers: int
    tail_bones: IntArray
    tail_root: int
    legs: dict[str, Leg]

    @property
    def spacing(self) -> float:
        """Distance between front and hind feet."""
        feet = self.standing.feet
        return float(feet[2:, 1].mean() - feet[:2, 1].mean())


# Share of the leg's breadth, from its front edge, at which each joint is clicked in side view: read off
# twenty horses and, where the outline can be seen, cattle, a jaguar and an antelope. They vary by 0.1.
_FROM_FRONT = {
    "shoulder": 0.50,
    "elbow": 0.50,
    "front_paw": 0.52,
    "hip": 0.50,
    "knee": 0.50,
    "back_paw": 0.52,
}

# Paws and hooves are clicked at their upper half, not at the sole: this share of elbow or stifle height.
_PAW_SHARE = 0.08

# Carpus and hock keep to this share of elbow and stifle height, whatever a rig's bones do.
_CARPUS_RANGE = (0.32, 0.62)
_HOCK_RANGE = (0.38, 0.66)

# The point of the hock, where it shows: it stands out backward from the straight line between these shares
# of the stifle's height, by this share of the leg's breadth. The joint is clicked a little lower: by 0.06 of
# the stifle's height on twenty horses, 0.03 on twenty cattle, not at all on a jaguar.
_AROUND_HOCK = (0.24, 0.80)
_POINT_OF_HOCK = 0.12
_BELOW_POINT_OF_HOCK = 0.03


def place_keypoints(geometry: RigGeometry, anatomy: Anatomy) -> dict[str, KeypointAnchor]:
    """Anchors of all landmarks.

    Parameters
    ----------
    geometry
        The rig at rest.
    anatomy
        What was found on it.
    """
    anchors: dict[str, KeypointAnchor] = {}
    for side in ("left", "right"):
        anchors[f"{side}_eye"] = _surface_anchor(geometry, anatomy, anatomy.eyes[side])
    profile = anatomy.midline.profile

    def on_profile(row: int) -> KeypointAnchor:
        return _surface_anchor(geometry, anatomy, profile.chosen(np.array([row])))

    anchors["nose"] = on_profile(anatomy.head.nose)
    anchors["neck"] = _neck_anchor(geometry, anatomy)
    anchors["root_of_tail"] = on_profile(anatomy.tail_root)
    for side in ("left", "right"):
        front, hind = anatomy.legs[f"{side}_front"], anatomy.legs[f"{side}_hind"]
        for name, leg, height in (
            ("shoulder", front, front.upper),
            ("elbow", front, float(np.clip(front.middle, *(np.array(_CARPUS_RANGE) * front.upper)))),
            ("front_paw", front, _PAW_SHARE * front.upper),
            ("hip", hind, hind.upper),
            ("knee", hind, float(np.clip(_hock_height(hind), *(np.array(_HOCK_RANGE) * hind.upper)))),
            ("back_paw", hind, _PAW_SHARE * hind.upper),
        ):
            anchors[f"{side}_{name}"] = _leg_anchor(geometry, anatomy, leg, height, _FROM_FRONT[name])
    for side in ("left", "right"):
        anchors[f"{side}_ear_base"] = _surface_anchor(geometry, anatomy, anatomy.ears[side])
    anchors["throat"] = on_profile(anatomy.throat)
    anchors["withers"] = on_profile(anatomy.withers)
    return anchors


def _hock_height(leg: Leg) -> float:
    """Height at which the hock is clicked: below its point, or where the leg bends if none shows."""
    heights, upper = leg.trace.heights, leg.upper
    low, high = (float(np.clip(share * upper, heights[0], heights[-1])) for share in _AROUND_HOCK)
    rear = np.array([contour.high[1] for contour in leg.trace.contours])
    breadth = rear - np.array([contour.low[1] for contour in leg.trace.contours])
    straight = np.interp(heights, [low, high], np.interp([low, high], heights, rear))
    out = rear - straight
    # A paw's heel and a raised fetlock stand out as well, but lower.
    out[(heights < _HOCK_RANGE[0] * upper) | (heights > _HOCK_RANGE[1] * upper)] = -np.inf
    point = int(np.argmax(out))
    if out[point] < _POINT_OF_HOCK * breadth[point]:
        return leg.middle
    return float(heights[point]) - _BELOW_POINT_OF_HOCK * upper


def _leg_anchor(
    geometry: RigGeometry, anatomy: Anatomy, leg: Leg, height: float, from_front: float
) -> KeypointAnchor:
    contour = leg.trace.contour_at(height)
    front, back = float(contour.low[1]), float(contour.high[1])
    shares = _tilted(contour, front + from_front * (back - front))
    members = contour.edges
    both = np.stack([shares * (1 - contour.fractions), shares * contour.fractions], axis=1)
    places = SurfacePoints(contour.points, members, both)
    return _anchor(geometry, anatomy, places, reach=0.75 * float(np.linalg.norm(contour.high - contour.low)))


def _tilted(contour: Contour, target: float) -> FloatArray:
    """(n,) weights of a section's points whose mean lies at ``target`` along the body."""
    shares = contour.lengths / contour.length
    along = contour.points[:, 1]
    for _ in range(8):
        mean = shares @ along
        spread = shares @ (along - mean) ** 2
        if spread <= 0:
            break
        shares = shares * np.clip(1 + (target - mean) * (along - mean) / spread, 0.05, 20)
        shares = shares / shares.sum()
    return shares


def _surface_anchor(geometry: RigGeometry, anatomy: Anatomy, places: SurfacePoints) -> KeypointAnchor:
    return _anchor(geometry, anatomy, places, reach=0.12 * anatomy.spacing)


def _anchor(geometry: RigGeometry, anatomy: Anatomy, places: SurfacePoints, reach: float) -> KeypointAnchor:
    """Tie the mean of places to the vertices of the mesh object that holds most of them."""
    members, shares = places.mean()
    vertices = anatomy.standing.surface.source[members]
    owners = np.searchsorted(geometry.mesh_offsets, vertices, side="right") - 1
    mesh = int(np.argmax(np.bincount(owners, weights=shares)))
    mine = (owners == mesh) & (shares > 1e-4)
    weights = shares[mine] / shares[mine].sum()
    centre = weights @ geometry.vertices[vertices[mine]]
    return KeypointAnchor(
        part=_bones_near(geometry, centre, reach),
        mesh=geometry.mesh_names[mesh],
        vertices=tuple(int(v) for v in vertices[mine] - geometry.mesh_offsets[mesh]),
        weights=tuple(float(round(w, 6)) for w in weights),
    )


def _bones_near(geometry: RigGeometry, place: FloatArray, reach: float) -> tuple[str, ...]:
    """Bones that carry skin within ``reach`` of a place."""
    near = np.linalg.norm(geometry.vertices - place, axis=1) < reach
    if not near.any():
        near = np.argsort(np.linalg.norm(geometry.vertices - place, axis=1))[:3]
    carried = geometry.weights[near].max(axis=0) > 0.15
    return tuple(name for name, carries in zip(geometry.bone_names, carried, strict=True) if carries)


def _neck_anchor(geometry: RigGeometry, anatomy: Anatomy) -> KeypointAnchor:
    """Inside the base of the neck: just before the front legs, half way between crest and throat."""
    standing, midline, head = anatomy.standing, anatomy.midline, anatomy.head
    front = 0.5 * (
        anatomy.legs["left_front"].trace.centre_at(anatomy.legs["left_front"].upper)[1]
        + anatomy.legs["right_front"].trace.centre_at(anatomy.legs["right_front"].upper)[1]
    )
    y = front - 0.12 * anatomy.spacing
    _, withers = midline.height_range(front + 0.05 * anatomy.spacing, 0.02 * anatomy.spacing)
    low, high = midline.height_range(y, 0.02 * anatomy.spacing)
    high = min(high, 1.08 * withers)
    place = np.array([0.0, y, 0.5 * low + 0.5 * high])
    heads = (geometry.bone_heads - standing.origin) @ standing.rotation.T
    present = [bone for bone in np.unique(midline.bones) if bone not in head.bones]
    near = [bone for bone in present if np.linalg.norm(heads[bone] - place) < 0.16 * anatomy.spacing]
    if near:
        closest = min(near, key=lambda bone: float(np.linalg.norm(heads[bone] - place)))
        place = np.array([0.0, *((place + heads[closest]) / 2)[1:]])
    reach = max(0.55 * (high - low), 0.1 * anatomy.spacing)
    ring = np.abs(midline.profile.positions[:, 1] - y) < 0.06 * anatomy.spacing
    ring &= np.abs(midline.profile.positions[:, 2] - place[2]) < reach
    shares = midline.bone_shares[ring].sum(axis=0) if ring.any() else midline.bone_shares.sum(axis=0)
    shares[head.bones] = 0.0
    bone = int(np.argmax(shares))
    world = standing.rotation.T @ place + standing.origin
    offset = np.linalg.inv(geometry.bone_matrices[bone]) @ np.array([*world, 1.0])
    return KeypointAnchor(
        part=_bones_near(geometry, world, reach),
        bone=geometry.bone_names[bone],
        offset=(float(offset[0]), float(offset[1]), float(offset[2])),
    )
