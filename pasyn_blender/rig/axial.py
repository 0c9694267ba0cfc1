"""Find the parts along the midline: head, nose and tail root.

All of it is read from the curve in which the midplane cuts the mesh, and from which bones' skin that curve
passes through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import MappingError
from .body_frame import Standing
from .bone_names import names_part
from .geometry import FloatArray, IntArray, RigGeometry
from .surface import Surface, SurfacePoints, along_contours, section

# On photos the tail root is clicked this far before the rearmost part of the thighs, in distances between
# front and hind feet: 0.04 on twenty horses, 0.06 on twenty cattle and a jaguar, with a spread of 0.02.
_TAIL_TO_BUTTOCK = (0.035, 0.085)

# Where the thighs are looked for, as shares of the tail root's height: above the hocks, below the tail.
_THIGHS = (0.6, 0.88)

# A beard ends so far behind the front of the head (share of the head's size), and is so thin beside the
# head's wider parts (share of this percentile of half widths, each looked for this far round a place): goats'
# beards have up to 0.11, the thinnest muzzles 0.33, an elephant's trunk 0.27.
_FRONT = 0.1
_THIN, _WIDE = 0.2, 80
_NEARBY = 0.06
_ALONG_EDGE = 9  # places looked at along an edge: animals of few triangles have long ones


@dataclass(frozen=True)
class Midline:
    """The midplane's cut through an animal.

    Attributes
    ----------
    profile
        n places on the cut.
    bone_shares
        (n, B) skin weights there.
    bones
        (n,) the bone with the largest share.
    """

    profile: SurfacePoints
    bone_shares: FloatArray
    bones: IntArray

    def height_range(self, y: float, window: float) -> tuple[float, float]:
        """Lowest and highest point of the cut within ``window`` of a place along the body."""
        near = np.abs(self.profile.positions[:, 1] - y) < window
        if not near.any():
            near = np.argsort(np.abs(self.profile.positions[:, 1] - y))[:4]
        heights = self.profile.positions[near, 2]
        return float(heights.min()), float(heights.max())


@dataclass(frozen=True)
class Head:
    """The head and what is on it.

    Attributes
    ----------
    bone
        Index of the head's bone.
    bones
        The head's bone and all that hang on it.
    base
        (3,) where skull and neck meet.
    axis
        (3,) unit vector from base to muzzle tip, in the midplane.
    length
        From base to muzzle tip.
    nose
        Row of the midline profile that is the nose.
    """

    bone: int
    bones: IntArray
    base: FloatArray
    axis: FloatArray
    length: float
    nose: int

    @property
    def dorsal(self) -> FloatArray:
        """(3,) unit vector out of the top of the head: the axis turned a quarter in the midplane."""
        # Body axes face -Y, so forward is -y; turning (forward, up) a quarter keeps the forehead on top.
        forward, up = -self.axis[1], self.axis[2]
        return np.array([0.0, up, forward])


def outward(geometry: RigGeometry, bones: IntArray, heads: FloatArray, start: FloatArray) -> list[int]:
    """Bones of a chain from its start: by depth in the hierarchy, then by distance of their heads."""

    def key(bone: int) -> tuple[int, float]:
        depth, parent = 0, int(geometry.bone_parents[bone])
        while parent >= 0:
            depth, parent = depth + 1, int(geometry.bone_parents[parent])
        return depth, float(np.linalg.norm(heads[bone] - start))

    return sorted((int(bone) for bone in bones), key=key)


def cut_midline(standing: Standing, geometry: RigGeometry) -> Midline:
    """Cut the animal in its midplane."""
    surface = standing.surface
    span = float(np.ptp(surface.points[:, 1]))
    # A hair off the plane, so that seams lying exactly in it are cut like the rest.
    contours = section(surface, surface.points[:, 0], 1e-5 * span)
    profile = along_contours(contours, 0.004 * span)
    if not _spans_body(profile, standing):
        # A skin of loose faces has gaps along its middle: then its points near the middle must do.
        near = np.flatnonzero(np.abs(surface.points[:, 0]) < 0.3 * np.abs(standing.feet[:, 0]).mean())
        profile = SurfacePoints(surface.points[near], near[:, None], np.ones((len(near), 1)))
    if not _spans_body(profile, standing):
        raise MappingError(
            "not a standing quadruped: no skin runs along its plane of symmetry from front feet to hind feet"
        )
    weights = geometry.weights[surface.source]
    shares = np.einsum("nk,nkb->nb", profile.shares, weights[profile.members])
    return Midline(profile, shares, shares.argmax(axis=1))


def _spans_body(profile: SurfacePoints, standing: Standing) -> bool:
    """Whether a midline has places all along the body, from before the front feet to behind the hind feet."""
    front, hind = float(standing.feet[:2, 1].mean()), float(standing.feet[2:, 1].mean())
    along = profile.positions[:, 1]
    steps = np.histogram(along, bins=np.linspace(front, hind, 9))[0]
    return bool(
        (steps > 1).sum() >= 6 and (along < front).any() and (along > hind - 0.2 * (hind - front)).any()
    )


def descendants(geometry: RigGeometry, bones: IntArray) -> IntArray:
    """The given bones and everything below them in the hierarchy."""
    inside = np.zeros(len(geometry.bone_names), dtype=bool)
    inside[bones] = True
    for bone, parent in enumerate(geometry.bone_parents):  # parents come before children
        if parent >= 0 and inside[parent]:
            inside[bone] = True
    return np.flatnonzero(inside)


def find_head(standing: Standing, geometry: RigGeometry, midline: Midline, chosen: int | None = None) -> Head:
    """Find the head: the end of the midline that lies farthest before and above the front feet.

    Parameters
    ----------
    standing, geometry, midline
        The animal.
    chosen
        The head's bone where a person has chosen it.

    Raises
    ------
    MappingError
        Where nothing of the animal lies before its front legs.
    """
    points = midline.profile.positions
    front = float(standing.feet[:2, 1].mean())
    hind = float(standing.feet[2:, 1].mean())
    spacing = hind - front
    chest = np.array([0.0, front, np.mean(midline.height_range(front, 0.05 * spacing))])
    ahead = points[:, 1] < front + 0.05 * spacing
    if not ahead.any():
        raise MappingError("nothing lies before the front legs; no head was found")
    distance = np.where(ahead, np.linalg.norm(points - chest, axis=1), -1.0)
    far = distance > 0.72 * distance.max()
    candidates = list(np.unique(midline.bones[far]))
    named = [bone for bone in candidates if names_part(geometry.bone_names[bone], "head")]
    skin = geometry.weights.sum(axis=0)
    plain = [
        bone
        for bone in candidates
        if not any(names_part(geometry.bone_names[bone], part) for part in ("jaw", "ear", "horn", "eye"))
    ]
    pool = named or plain or candidates
    # Among bones that reach the far end, the head is the one with most of the far skin.
    bone = max(pool, key=lambda index: (float((midline.bones[far] == index).sum()), float(skin[index])))
    if chosen is not None:
        bone = chosen
    head_point = (geometry.bone_heads[bone] - standing.origin) @ standing.rotation.T
    beyond = _bones_beyond(standing, geometry, chest, head_point)
    bones = np.union1d(descendants(geometry, np.array([bone])), beyond)
    share = midline.bone_shares[:, bones].sum(axis=1)
    own = (share > 0.5) & ahead
    if not own.any():
        raise MappingError(f"the bone '{geometry.bone_names[bone]}' carries no skin of the head")
    border = np.flatnonzero((np.abs(share - 0.5) < 0.25) & ahead & (distance > 0.2 * distance.max()))
    base = points[border].mean(axis=0) if len(border) >= 2 else head_point
    if len(border) >= 2 and np.linalg.norm(head_point - base) < 0.35 * np.ptp(points[own], axis=0).max():
        base = (base + head_point) / 2
    base = np.array([0.0, base[1], base[2]])
    own = _without_beard(standing, points, own, base, chest)
    tip = _muzzle_tip(points[own], base, chest)
    axis = np.array([0.0, *(tip - base)[1:]])
    length = float(np.linalg.norm(axis))
    axis /= max(length, 1e-300)
    head = Head(bone, bones, base, axis, length, 0)
    # The nose is the front of the muzzle's upper half: a support point between the axis and the bridge.
    direction = axis + 0.45 * head.dorsal
    muzzle = own & ((points - base) @ axis > 0.78 * length)
    nose = int(np.argmax(np.where(muzzle, points @ direction, -np.inf)))
    return Head(bone, bones, base, axis, length, nose)


def _bones_beyond(
    standing: Standing, geometry: RigGeometry, chest: FloatArray, head_point: FloatArray
) -> IntArray:
    """Bones whose skin lies past the head's joint, seen from the chest: a face's, whatever they hang on."""
    body = (geometry.vertices - standing.origin) @ standing.rotation.T
    weights = geometry.weights.astype(np.float64)
    total = weights.sum(axis=0)
    centroids = (weights.T @ body) / np.maximum(total, 1e-12)[:, None]
    neck = head_point - chest
    reach = float(np.linalg.norm(neck))
    past = (centroids - head_point) @ neck > 0
    farther = np.linalg.norm(centroids - chest, axis=1) > reach
    return np.flatnonzero((total > 0) & past & farther & (centroids[:, 1] < chest[1]))


def _without_beard(
    standing: Standing, points: FloatArray, own: NDArray[np.bool_], base: FloatArray, chest: FloatArray
) -> NDArray[np.bool_]:
    """Places of the head but for a beard or fringe, if its end lies farther from the base than the muzzle.

    What hangs is thin from side to side and ends behind the front of the head; a thin muzzle is that front.
    """
    ahead = points[own, 1].min()
    size = float(np.ptp(points[own, 1:], axis=0).max())
    tip = _muzzle_tip(points[own], base, chest)
    if tip[1] - ahead < _FRONT * size:
        return own
    half_widths = _half_widths(standing.surface, points[own], _NEARBY * size)
    thin = half_widths < _THIN * np.percentile(half_widths, _WIDE)
    if not thin[np.argmin(np.linalg.norm(points[own] - tip, axis=1))]:
        return own
    solid = own.copy()
    solid[np.flatnonzero(own)[thin]] = False
    return solid


def _half_widths(surface: Surface, places: FloatArray, radius: float) -> FloatArray:
    """(n,) how far the surface reaches from the midplane near places of it; its edges stand for it."""
    corners = surface.points[surface.triangles]
    low, high = places[:, 1:].min(axis=0) - radius, places[:, 1:].max(axis=0) + radius
    near = ((corners[..., 1:] > low) & (corners[..., 1:] < high)).all(axis=2).any(axis=1)
    corners = corners[near]
    along = np.linspace(0.0, 1.0, _ALONG_EDGE)[:, None, None, None]
    samples = (corners + along * (np.roll(corners, 1, axis=1) - corners)).reshape(-1, 3)
    across = np.abs(samples[:, 0])
    apart = (np.sum((samples[:, 1:] - place[1:]) ** 2, axis=1) for place in places)
    return np.array([across[gap < radius**2].max(initial=0.0) for gap in apart])


def _muzzle_tip(points: FloatArray, base: FloatArray, chest: FloatArray) -> FloatArray:
    """The farthest point of the head from its base that is not the crown, crest or horns."""
    away = points - base
    distance = np.linalg.norm(away, axis=1)
    neck = base - chest
    neck = neck / max(float(np.linalg.norm(neck)), 1e-300)
    # The muzzle points forward or down from the end of the neck; the crown carries on along it or backward.
    forward = -away[:, 1] / np.maximum(distance, 1e-300)
    upward = away[:, 2] / np.maximum(distance, 1e-300)
    score = distance * np.where((forward > 0.15) | (upward < -0.5), 1.0, 0.3)
    score = score * np.where(upward > 0.75, 0.4, 1.0)
    return points[int(np.argmax(score))]


def find_tail(
    standing: Standing,
    geometry: RigGeometry,
    midline: Midline,
    leg_bones: IntArray,
    chosen: int | None = None,
) -> tuple[IntArray, int]:
    """Find the tail's bones and the place on the back where the tail leaves the body.

    Parameters
    ----------
    standing, geometry, midline
        The animal.
    leg_bones
        Bones that carry the legs' skin; what they hang on is no tail.
    chosen
        The tail's first bone where a person has chosen it.

    Returns
    -------
    bones : (k,) int array
        The tail's bones, empty for a tail without any.
    root : int
        Row of the midline profile.
    """
    points = midline.profile.positions
    hind = float(standing.feet[2:, 1].mean())
    front = float(standing.feet[:2, 1].mean())
    spacing = hind - front
    if chosen is None:
        bones = _tail_bones(standing, geometry, leg_bones)
    else:
        bones = descendants(geometry, np.array([chosen]))
        bones = bones[geometry.weights[:, bones].any(axis=0)]
    rear = points[:, 1] > hind - 0.35 * spacing
    # On the back, the outline's corner between croup and tail is the farthest point up and backward.
    back = rear & (points[:, 2] > 0.45 * max(standing.height * 0.6, points[rear, 2].max()))
    if not back.any():
        back = rear
    if not len(bones):
        return bones, int(np.argmax(np.where(back, points[:, 2] + 0.9 * points[:, 1], -np.inf)))
    # Skin weights say where the tail's own bone takes over, its head where the artist put the joint; smooth
    # weights reach far up the croup, so the place farther back is nearer to the root.
    heads = (geometry.bone_heads - standing.origin) @ standing.rotation.T
    places = [_handover_on_back(points, midline.bone_shares[:, bones].sum(axis=1), back)]
    first = outward(geometry, bones, heads, points[places[0]])[0]
    above = np.where(back, np.linalg.norm(points - heads[first], axis=1), np.inf)
    places.append(int(np.argmin(np.where(points[:, 2] >= heads[first, 2], above, np.inf))))
    farther = max(places, key=lambda row: points[row, 1])
    # From there the outline's corner between croup and tail is what is clicked.
    window = back & (points[:, 1] > points[farther, 1] - 0.01 * spacing)
    window &= points[:, 1] < points[farther, 1] + 0.045 * spacing
    window &= points[:, 2] > points[farther, 2] - 0.08 * spacing
    corner = int(np.argmax(np.where(window, points[:, 2] + 0.8 * points[:, 1], -np.inf)))
    return bones, _before_buttock(standing, geometry, points, bones, corner)


def _before_buttock(
    standing: Standing,
    geometry: RigGeometry,
    points: FloatArray,
    tail_bones: IntArray,
    corner: int,
) -> int:
    """Row of the tail root: ``corner``, moved along the back where it is too near or far from the buttock.

    A tail's bones may begin on the tail itself, or in the croup. Annotators see neither; they click the end
    of the back, a little before the rearmost part of the thighs.
    """
    surface = standing.surface
    front, hind = float(standing.feet[:2, 1].mean()), float(standing.feet[2:, 1].mean())
    share = surface.points[:, 2] / points[corner, 2]
    of_tail = geometry.weights[surface.source][:, tail_bones].sum(axis=1)
    thighs = (share > _THIGHS[0]) & (share < _THIGHS[1]) & (of_tail < 0.5)
    thighs &= surface.points[:, 1] > (front + hind) / 2
    if not thighs.any():
        return corner
    buttock = float(surface.points[thighs, 1].max())
    nearest, farthest = (buttock - gap * (hind - front) for gap in _TAIL_TO_BUTTOCK)
    y = float(np.clip(points[corner, 1], farthest, nearest))
    if y == points[corner, 1]:
        return corner
    # Along the back from the corner, not the rump below the tail nor a tail held over the back.
    steps = np.abs(points[:, 1] - y)
    step = 0.008 * (hind - front)
    near = steps <= max(step, float(steps.min()))
    away = np.where(near, np.linalg.norm(points - points[corner], axis=1), np.inf)
    return int(np.argmax(np.where(away <= 1.2 * away.min() + step, points[:, 2], -np.inf)))


def _handover_on_back(points: FloatArray, share: FloatArray, back: NDArray[np.bool_]) -> int:
    """Row of the highest place on the back at which the tail's share of the skin passes one half."""
    border = np.flatnonzero(back & (share > 0.3) & (share < 0.7))
    if not len(border):
        inside, outside = np.flatnonzero(back & (share >= 0.5)), np.flatnonzero(back & (share < 0.5))
        if not len(inside) or not len(outside):
            return int(np.argmax(np.where(back, points[:, 2] + 0.9 * points[:, 1], -np.inf)))
        gaps = np.linalg.norm(points[inside][:, None] - points[outside][None], axis=2).min(axis=1)
        border = inside[gaps <= 1.5 * gaps.min()]
    return int(border[np.argmax(points[border, 2] + 0.3 * points[border, 1])])


def _tail_bones(standing: Standing, geometry: RigGeometry, leg_bones: IntArray) -> IntArray:
    """Bones of the tail: so named, else on the midline, behind the hind feet, and bearing no leg."""
    hind = float(standing.feet[2:, 1].mean())
    spacing = hind - float(standing.feet[:2, 1].mean())
    skinned = geometry.weights.sum(axis=0) > 0
    body = (geometry.vertices - standing.origin) @ standing.rotation.T
    total = np.maximum(geometry.weights.sum(axis=0, dtype=np.float64), 1e-12)
    behind = body[:, 1] @ geometry.weights.astype(np.float64) / total > hind - 0.5 * spacing
    # Ears that are called ponytails are no tails.
    named = [
        bone for bone in np.flatnonzero(skinned & behind) if names_part(geometry.bone_names[bone], "tail")
    ]
    if named:
        below = descendants(geometry, np.array(named))
        return below[skinned[below]]
    half_width = float(np.abs(standing.feet[2:, 0]).mean())
    found = []
    for bone in _unshared(geometry, np.flatnonzero(skinned), leg_bones):
        weight = geometry.weights[:, bone].astype(np.float64)
        across, along, _ = weight @ body / weight.sum()
        if abs(across) < 0.3 * half_width and along > hind - 0.1 * spacing:
            found.append(bone)
    return np.array(found, dtype=np.int64)


def _unshared(geometry: RigGeometry, bones: IntArray, leg_bones: IntArray) -> IntArray:
    """Those bones that neither carry a leg nor have one hanging below them."""
    bears = np.zeros(len(geometry.bone_names), dtype=bool)
    bears[leg_bones] = True
    for bone in range(len(bears) - 1, -1, -1):  # children come after parents
        parent = geometry.bone_parents[bone]
        if bears[bone] and parent >= 0:
            bears[parent] = True
    return bones[~bears[bones]]
