"""Find where the ears leave the skull: by their own bones and materials, else by shape, else by proportion.

An ear is a lobe of skin on the side of the head behind the eye. Seen from its tip, spheres cut it in rings
that hardly grow until they reach the skull, and grow at once from there. Horns and antlers are such lobes as
well, but stand nearer to the middle and higher on the head: where there are two lobes, the ear is the outer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .axial import Head
from .body_frame import Standing
from .bone_names import names_part
from .eyes import side_surface
from .geometry import FloatArray, IntArray, RigGeometry
from .surface import Contour, Surface, SurfacePoints, connected_labels, joined, section

# All in head lengths, muzzle tip to where skull and neck meet.
_REACH = 1.6  # of the head's base: no ear's tip lies farther away
_SHORTEST = 0.12  # tufts of fur and eyelids stand out less
_LONGEST = 1.1
_LOWEST_TIP = -0.6  # below the axis of the head: where a hanging ear may end, and no beard begins
_MOST_TIPS = 24
_STEPS = 44  # spheres between these two
_MIDDLE = 0.03  # the skin between the ears
_BEHIND_EYE = 0.04  # an ear's base is behind the eye, but for rounding
_BEYOND_EYE = 0.20  # the skull is little wider at the ears than at the eyes
_UNLIKE = 0.20  # ears of one animal differ no more in where they begin, however they are held
_LEAST_SHARE = 0.35  # of the highest lobes' height: antlers are longer than ears, ears than tufts
_APART = 0.06  # lobes whose bases lie nearer to each other are one

# Rings are taken to belong to the lobe while they stay this slender: radius of the sphere to length of the
# ring, as a share of the slenderest.
_STILL_SLENDER = 0.80
_SLENDER = 0.26  # at least, of a lobe: a cone as wide as it is high has 0.3

# Where ears leave the skull of an animal whose ears are not found: from the eye so far back along the head,
# and so far up; medians over animals whose ears are.
_FROM_EYE = (-0.28, 0.09)


@dataclass(frozen=True)
class _Lobe:
    """Something that stands out of one side of the head.

    Attributes
    ----------
    ring
        Where it leaves the head.
    base
        (3,) the ring's middle: along the head's axis, outwards, and dorsal, from the head's base.
    height
        From there to its tip.
    """

    ring: Contour
    base: FloatArray
    height: float

    @property
    def outward(self) -> float:
        """Grows outwards, down and back on the head, where ears are; horns stand before and above them."""
        along, out, up = self.base
        return float(out - up - 0.5 * along)


@dataclass(frozen=True)
class _Side:
    """The skin of one half of the head.

    Attributes
    ----------
    surface
        The half, with the numbers that its points have on the whole animal as source.
    local
        (P, 3) along the head's axis, outwards, and dorsal.
    piece
        (P,) which connected piece of skin a point is of.
    border
        (P,) where it was cut from the rest of the animal.
    horn, ear
        (P,) what names say of it.
    """

    surface: Surface
    local: FloatArray
    piece: IntArray
    border: NDArray[np.bool_]
    horn: NDArray[np.bool_]
    ear: NDArray[np.bool_]


def find_ears(
    standing: Standing, geometry: RigGeometry, head: Head, eyes: dict[str, SurfacePoints]
) -> dict[str, SurfacePoints]:
    """Find the bases of both ears.

    Parameters
    ----------
    standing, geometry, head
        The animal.
    eyes
        ``left`` and ``right`` places.

    Returns
    -------
    dict
        ``left`` and ``right`` to places whose mean is the middle of the ear's base.
    """
    lobes, places = {}, {}
    # The eyes tell better than the whole body where the head's middle is: a mane falls to one side.
    middle = float(np.mean([eyes[side].positions[:, 0].mean() for side in ("left", "right")]))
    head = replace(head, base=np.array([middle, *head.base[1:]]))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        places[side] = _local(eyes[side].positions.mean(axis=0)[None], head, sign)[0]
        lobes[side] = _lobes(_half(standing, geometry, head, sign), head.length, places[side])
    chosen = dict(zip(("left", "right"), _pair(lobes["left"], lobes["right"], head.length), strict=True))
    found: dict[str, SurfacePoints] = {}
    for side, other, sign in (("left", "right", 1.0), ("right", "left", -1.0)):
        lobe, twin = chosen[side], chosen[other]
        if lobe is not None:
            shares = lobe.ring.lengths / lobe.ring.length
            both = np.stack([shares * (1 - lobe.ring.fractions), shares * lobe.ring.fractions], axis=1)
            found[side] = SurfacePoints(lobe.ring.points, lobe.ring.edges, both)
            continue
        if twin is not None:
            along, level = float(twin.base[0]), float(twin.base[2])
        else:
            along, level = places[side][[0, 2]] + np.array(_FROM_EYE) * head.length
        found[side] = side_surface(standing, head, along, level, sign)
    return found


def _pair(left: list[_Lobe], right: list[_Lobe], length: float) -> tuple[_Lobe | None, _Lobe | None]:
    """The ears among the lobes of both sides: the outermost two that mirror each other, else one."""
    pairs = [
        (one, two) for one in left for two in right if np.linalg.norm(one.base - two.base) < _UNLIKE * length
    ]
    if pairs:
        highest = max(one.height + two.height for one, two in pairs)
        high = [pair for pair in pairs if pair[0].height + pair[1].height > _LEAST_SHARE * highest]
        return max(high, key=lambda pair: pair[0].outward + pair[1].outward)
    one = max(left, key=lambda lobe: lobe.height, default=None)
    two = max(right, key=lambda lobe: lobe.height, default=None)
    if one is not None and two is not None:  # of two that differ so much, one is something else
        return (one, None) if one.height >= two.height else (None, two)
    return one, two


def _local(points: FloatArray, head: Head, sign: float) -> FloatArray:
    away = points - head.base
    return np.stack([away @ head.axis, away[:, 0] * sign, away @ head.dorsal], axis=1)


def _half(standing: Standing, geometry: RigGeometry, head: Head, sign: float) -> _Side:
    """The side of the head as a surface of its own."""
    surface = standing.surface
    local = _local(surface.points, head, sign)
    inside = (local[:, 1] > -0.02 * head.length) & (np.linalg.norm(local, axis=1) < _REACH * head.length)
    inside &= local[:, 0] > -0.8 * head.length
    whole = inside[surface.triangles].all(axis=1)
    kept = np.flatnonzero(whole)
    used, compact = np.unique(surface.triangles[kept], return_inverse=True)
    cut = np.zeros(len(surface.points), dtype=bool)
    cut[surface.triangles[~whole]] = True
    half = Surface(surface.points[used], compact.reshape(-1, 3), used, kept)
    source = surface.triangle_source[kept]
    owner = np.searchsorted(geometry.mesh_offsets, geometry.triangles[source, 0], side="right") - 1
    named = {}
    for part in ("horn", "ear"):
        bones = [b for b, name in enumerate(geometry.bone_names) if names_part(name, part)]
        of_part = geometry.weights[surface.source[used]][:, bones].sum(axis=1) > 0.5
        for names, index in (
            (geometry.material_names, geometry.triangle_materials[source]),
            (geometry.mesh_names, owner),
        ):
            for number, name in enumerate(names):
                if names_part(name, part):
                    of_part[half.triangles[index == number]] = True
        named[part] = np.asarray(of_part, dtype=bool)
    piece = connected_labels(len(used), _links(half))
    return _Side(half, local[used], piece, cut[used], named["horn"], named["ear"])


def _lobes(side: _Side, length: float, eye: FloatArray) -> list[_Lobe]:
    """What may be the ear on one side of the head."""
    lobes: list[_Lobe] = []
    for tip in _tips(side, length):
        lobe = _lobe_at(side, tip, length)
        if lobe is None or not _can_be_ear(lobe, length, eye):
            continue
        if all(np.linalg.norm(lobe.base - known.base) > _APART * length for known in lobes):
            lobes.append(lobe)
    return lobes


def _can_be_ear(lobe: _Lobe, length: float, eye: FloatArray) -> bool:
    along, out, up = lobe.base / length
    return bool(
        lobe.height > _SHORTEST * length
        and along < eye[0] / length + _BEHIND_EYE
        and along > -0.45
        and 0.04 < out < eye[1] / length + _BEYOND_EYE
        and up > eye[2] / length - 0.15
    )


def _tips(side: _Side, length: float) -> IntArray:
    """Points that are farther from the middle of the skull than all around them, the farthest first."""
    centre = np.array([0.15 * length, 0.0, 0.0])
    distance = np.linalg.norm(side.local - centre, axis=1)
    allowed = ~side.horn & ~side.border
    if (side.ear & allowed).any():
        allowed = side.ear & allowed
        return np.array([int(np.argmax(np.where(allowed, distance, -np.inf)))])
    allowed &= (side.local[:, 0] < 0.6 * length) & (side.local[:, 1] > 2 * _MIDDLE * length)
    allowed &= _extents(side)[side.piece] > _SHORTEST * length
    allowed &= (distance > 0.25 * length) & (side.local[:, 2] > _LOWEST_TIP * length)
    triangles = side.surface.triangles
    highest = distance.copy()
    for a, b in ((0, 1), (1, 2), (2, 0)):
        np.maximum.at(highest, triangles[:, a], distance[triangles[:, b]])
        np.maximum.at(highest, triangles[:, b], distance[triangles[:, a]])
    peaks = np.flatnonzero(allowed & (distance >= highest))
    chosen: list[int] = []
    for peak in peaks[np.argsort(-distance[peaks])]:
        gaps = np.linalg.norm(side.local[chosen] - side.local[peak], axis=1) if chosen else np.array([np.inf])
        if gaps.min() > 0.06 * length:
            chosen.append(int(peak))
    return np.array(chosen[:_MOST_TIPS], dtype=np.int64)


def _extents(side: _Side) -> FloatArray:
    """(P,) size of each connected piece, in the row of its number: tufts of fur are small."""
    low, high = np.full((2, len(side.piece), 3), np.inf)
    np.minimum.at(low, side.piece, side.local)
    np.minimum.at(high, side.piece, -side.local)
    return np.asarray(np.linalg.norm(-high - low, axis=1))


def _lobe_at(side: _Side, tip: int, length: float) -> _Lobe | None:
    """The lobe that ends at a tip, or None where nothing slender does."""
    own = side.piece == side.piece[tip]
    middle = np.abs(side.local[:, 1]) < _MIDDLE * length
    if not (own & middle).any():
        return _loose_lobe(side, tip, own, length)
    surface, links = side.surface, _links(side.surface)
    distance = np.linalg.norm(side.local - side.local[tip], axis=1)
    reached = own & (distance < _LONGEST * length)
    links = links[reached[links].all(axis=1)]
    rings: list[tuple[float, Contour]] = []
    for radius in np.linspace(0.04, _LONGEST, _STEPS) * length:
        near = own & (distance < radius)
        labels = connected_labels(len(surface.points), links[near[links].all(axis=1)])
        lobe = near & (labels == labels[tip])
        if (lobe & middle).any() or lobe.sum() < 1:
            break
        # Only triangles with a corner in the lobe, so that no other skin at that distance counts.
        local = surface.triangles[lobe[surface.triangles].any(axis=1)]
        field = np.where(lobe, -distance, np.minimum(-distance, -radius * (1 + 1e-9)))
        around = Surface(surface.points, local, surface.source, np.arange(len(local)))
        contours = section(around, field, -radius)
        if not contours:
            break
        rings.append((float(radius), joined(contours)))
    return _grown_lobe(side, tip, rings, length)


def _grown_lobe(side: _Side, tip: int, rings: list[tuple[float, Contour]], length: float) -> _Lobe | None:
    tall = [(radius, ring) for radius, ring in rings if radius > 0.6 * _SHORTEST * length]
    if not tall:
        return None
    slender = np.array([radius / max(ring.length, 1e-9 * length) for radius, ring in tall])
    best = float(slender.max())
    if best < _SLENDER:
        return None
    last = int(np.flatnonzero(slender > _STILL_SLENDER * best)[-1])
    return _lobe(side, tip, tall[last][1])


def _loose_lobe(side: _Side, tip: int, own: NDArray[np.bool_], length: float) -> _Lobe | None:
    """A piece of its own: from where it is stuck into the head, or from its far end where it is set on it."""
    surface, rows = side.surface, np.flatnonzero(own)
    if len(rows) < 4:
        return None
    distance = np.linalg.norm(side.local - side.local[tip], axis=1)
    inside = np.zeros(len(own), dtype=bool)
    # Skin that reaches the middle is the head's; locks of hair beside the ear hold nothing.
    whole = np.isin(side.piece, side.piece[np.abs(side.local[:, 1]) < _MIDDLE * length])
    inside[rows] = _inside(side.local[rows], side.local[surface.triangles[whole[surface.triangles[:, 0]]]])
    edges = np.unique(np.sort(_links(surface), axis=1), axis=0)
    edges = edges[own[edges].all(axis=1)]
    edges = edges[inside[edges[:, 0]] != inside[edges[:, 1]]]
    if len(edges):
        # A tip that hangs down may dip into the cheek as well.
        away = distance[edges].mean(axis=1)
        edges = edges[away > 0.5 * away.max()]
    else:
        end = rows[distance[rows] > 0.9 * distance[rows].max()]
        edges = np.stack([end, end], axis=1)
    points = surface.points[edges].mean(axis=1)
    none = np.zeros((0, 2), dtype=np.int64)
    ring = Contour(edges, np.full(len(edges), 0.5), points, np.full(len(edges), 1.0 / len(edges)), none)
    return _lobe(side, tip, ring)


def _links(surface: Surface) -> IntArray:
    """(L, 2) edges of all triangles, some of them twice."""
    triangles = surface.triangles
    return np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])


def _ring_places(side: _Side, ring: Contour) -> FloatArray:
    start, end = side.local[ring.edges[:, 0]], side.local[ring.edges[:, 1]]
    return np.asarray(start + ring.fractions[:, None] * (end - start))


def _inside(points: FloatArray, corners: FloatArray) -> NDArray[np.bool_]:
    """(n,) whether lines outwards from the points leave through an odd number of triangles."""
    flat = corners[:, :, [0, 2]]
    low, high = flat.min(axis=1), flat.max(axis=1)
    first, last = points[:, [0, 2]].min(axis=0), points[:, [0, 2]].max(axis=0)
    met = ((low <= last + 1e-9) & (high >= first)).all(axis=1) & (corners[:, :, 1].max(axis=1) > 0)
    corners, flat, low, high = corners[met], flat[met], low[met], high[met]
    found = np.zeros(len(points), dtype=bool)
    for row, point in enumerate(points):
        here = point[[0, 2]] + 1e-9
        near = ((low <= here) & (high >= here)).all(axis=1)
        a, b, c = (flat[near, k] - here for k in range(3))
        wa = b[:, 0] * c[:, 1] - c[:, 0] * b[:, 1]
        wb = c[:, 0] * a[:, 1] - a[:, 0] * c[:, 1]
        wc = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
        total = wa + wb + wc
        hit = (((wa >= 0) & (wb >= 0) & (wc >= 0)) | ((wa <= 0) & (wb <= 0) & (wc <= 0))) & (total != 0)
        out = wa * corners[near, 0, 1] + wb * corners[near, 1, 1] + wc * corners[near, 2, 1]
        found[row] = (out[hit] / total[hit] > point[1]).sum() % 2 == 1
    return found


def _lobe(side: _Side, tip: int, ring: Contour) -> _Lobe:
    base = ring.lengths @ _ring_places(side, ring) / max(ring.length, 1e-300)
    whole = Contour(side.surface.source[ring.edges], ring.fractions, ring.points, ring.lengths, ring.segments)
    return _Lobe(whole, base, float(np.linalg.norm(side.local[tip] - base)))
