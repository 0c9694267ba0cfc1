"""Regions of the skin that coats of all species are described with.

A region is a signed field over the vertices, positive inside, that falls by about one table unit per table
unit: the same region makes a soft shade or a crisp marking.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from .coat_places import Places, ramp
from .sweep import FloatArray

_NEAR: Final = 0.12
"""Table units over which a whole share, or a quarter turn of a normal, counts."""

Region = Callable[[Places, float], FloatArray]


def _part(share: FloatArray) -> FloatArray:
    """Inside where a vertex belongs more to a part than not."""
    inside: FloatArray = _NEAR * (share - 0.5)
    return inside


def _all(*fields: FloatArray) -> FloatArray:
    return np.minimum.reduce(fields)


def _any(*fields: FloatArray) -> FloatArray:
    return np.maximum.reduce(fields)


def _whole(places: Places, size: float) -> FloatArray:
    return np.full(len(places.points), size)


def _belly(places: Places, size: float) -> FloatArray:
    down = 2.5 * _NEAR * (-places.normals[:, 2] - 0.45) + 0.25 * (0.22 - places.height).clip(-1.0, 0.15)
    down = down + 0.1 * (size - 1.0)
    upper_legs = places.shares["foreleg"] + places.shares["hindleg"]
    return _all(down, 2.0 * _part(places.shares["torso"] + 0.6 * upper_legs + 0.2))


def _back(places: Places, size: float) -> FloatArray:
    up = 0.45 * (places.height - 1.0 + 0.28 * size)
    trunk = _all(up, _part(places.shares["torso"] + places.shares["hindleg"] + places.shares["foreleg"]))
    crest = _NEAR * (places.normals[:, 2] - 1.0 + 0.5 * size) + _NEAR * (places.shares["neck"] - 0.5)
    return _any(trunk, crest)


def _saddle(places: Places, size: float) -> FloatArray:
    body = (
        places.shares["torso"] + places.shares["hindleg"] + places.shares["foreleg"] + places.shares["neck"]
    )
    crest = 0.6 * ramp(places.neck, 0.1, 0.7) * places.shares["neck"]
    rounded = 0.5 * (places.height - 1.0 + 0.6 * size) - 0.10 * (2.0 * places.trunk - 1.0) ** 2 - 0.25 * crest
    upper_tail = _all(_part(places.shares["tail"]) + 0.02, 0.3 * (0.9 - places.tail))
    return _any(_all(rounded, _part(body)), upper_tail)


def _inner_legs(places: Places, size: float) -> FloatArray:
    inwards = -places.normals[:, 0] * places.side
    top = np.where(places.hind, places.leg_height("hindleg", 3.6), places.leg_height("foreleg", 3.2))
    low = 0.3 * (top - places.points[:, 2])
    return _all(2.5 * _NEAR * (inwards - 0.85 + 0.5 * size), _part(places.limbs) + 0.02, low)


def legs_below(places: Places, sections: float, hind: bool) -> FloatArray:
    """Front or hind legs up to a height in limb sections, see :meth:`~.coat_places.Places.leg_height`."""
    limb = "hindleg" if hind else "foreleg"
    below = places.leg_height(limb, sections) - places.points[:, 2]
    pair = places.hind if hind else ~places.hind.astype(bool)
    return _all(below, _part(places.limbs) + 0.03, np.where(pair, _NEAR, -_NEAR))


def _legs(places: Places, size: float) -> FloatArray:
    return _any(legs_below(places, size, False), legs_below(places, size, True))


def _front_of_legs(places: Places, size: float) -> FloatArray:
    return _all(_legs(places, size), _NEAR * (-places.normals[:, 1] - 0.2))


def _hooves(places: Places, size: float) -> FloatArray:
    edge = np.where(places.hind, places.joints["hind_hoof"][2], places.joints["front_hoof"][2])
    return _all(size * edge - places.points[:, 2], _part(places.limbs) + 0.05)


def _head(places: Places, size: float) -> FloatArray:
    behind = places.head_size * (places.face[:, 1] - 0.14 * (1.0 - size) + 0.1)
    return _all(_part(places.shares["head"]), behind)


def _neck(places: Places, size: float) -> FloatArray:
    return _part(places.shares["neck"]) + 0.1 * (size - 1.0)


def _collar(places: Places, size: float) -> FloatArray:
    ring = 0.6 * (0.13 * size - np.abs(places.neck - 0.42))
    return _all(ring, _part(places.shares["neck"]) + 0.04)


def _throat(places: Places, size: float) -> FloatArray:
    under = -places.normals[:, 2] - 0.35 * places.normals[:, 1] - 0.6 + 0.4 * (size - 1.0)
    neck = places.shares["neck"] + 0.5 * places.shares["head"] + 0.4 * places.shares["torso"]
    return _all(2.0 * _NEAR * under, 2.0 * _part(neck + 0.1), 0.5 * (places.trunk - 0.8) + 0.05)


def _breast(places: Places, size: float) -> FloatArray:
    forwards = -places.normals[:, 1] - 0.25 * places.normals[:, 2] - 0.55 + 0.4 * (size - 1.0)
    front = places.shares["torso"] + places.shares["neck"] + places.shares["foreleg"]
    below = places.leg_height("foreleg", 3.0) - 0.02
    middle = 0.14 * size - np.abs(places.points[:, 0])
    return _all(
        _NEAR * forwards, _part(front), 0.6 * (places.trunk - 0.84), places.points[:, 2] - below, middle
    )


def _shoulders(places: Places, size: float) -> FloatArray:
    centre = places.joints["upper_arm"] * 0.5 + places.joints["scapula"] * 0.5
    return 0.22 * size - np.linalg.norm((places.points - centre)[:, 1:], axis=1)


def _rump(places: Places, size: float) -> FloatArray:
    base = places.joints["tail_base"] + np.array([0.0, 0.03, -0.06])
    spread = (places.points - base) * np.array([1.0, 0.8, 0.75])
    behind = _NEAR * (places.normals[:, 1] + 0.1)
    patch = _all(0.15 * size - np.linalg.norm(spread, axis=1), behind)
    return _all(patch, _NEAR * (0.6 - places.shares["tail"]))


def _hindquarters(places: Places, size: float) -> FloatArray:
    return 0.9 * (0.28 * size - places.trunk)


def _tail(places: Places, size: float) -> FloatArray:
    return _part(places.shares["tail"]) + 0.02 * size


def _tail_tip(places: Places, size: float) -> FloatArray:
    return _all(_part(places.shares["tail"]) + 0.04, 0.6 * (places.tail - 1.0 + size))


def _dorsal_stripe(places: Places, size: float) -> FloatArray:
    up = _NEAR * (places.normals[:, 2] - 0.35)
    line = size * 0.022 - np.abs(places.points[:, 0])
    body = _part(places.shares["torso"] + places.shares["neck"] + places.shares["tail"])
    along_tail = _all(_part(places.shares["tail"]), line)
    return _any(_all(line, up, body), along_tail)


def _cross(places: Places, size: float) -> FloatArray:
    withers = places.joints["scapula"][1] + 0.0
    drift = 0.06 * np.sin(6.0 * places.height)
    line = size * 0.022 * ramp(places.height, 0.30, 0.75) - np.abs(places.points[:, 1] - withers - drift)
    return _all(line, 0.4 * (places.height - 0.42), _NEAR * (0.5 - places.shares["neck"]))


def _on_face(places: Places) -> FloatArray:
    # Behind the jaw the skin turns up again, but that is no face.
    front = places.head_size * (places.face[:, 2] + 0.06)
    return _all(_NEAR * (places.face_normals[:, 2] - 0.15), front, _part(places.shares["head"]) + 0.03)


def _stripe_of_face(places: Places, half_width: FloatArray, start: float, end: float) -> FloatArray:
    head = places.face
    along = np.minimum(head[:, 1] - start, end - head[:, 1])
    return _all(places.head_size * np.minimum(half_width - head[:, 0], along), _on_face(places))


def _blaze(places: Places, size: float) -> FloatArray:
    along = places.face[:, 1]
    half = size * np.interp(along, [0.1, 0.27, 0.5, 0.75, 0.95], [0.030, 0.075, 0.045, 0.050, 0.075])
    return _stripe_of_face(places, half, 0.14, 1.2)


def _star(places: Places, size: float) -> FloatArray:
    offset = (places.face - np.array([0.0, 0.29, 0.0]))[:, :2] * np.array([1.0, 0.75])
    return _all(places.head_size * (0.07 * size - np.linalg.norm(offset, axis=1)), _on_face(places))


def _snip(places: Places, size: float) -> FloatArray:
    offset = (places.face - np.array([0.0, 0.91, 0.0]))[:, :2] * np.array([1.0, 0.7])
    return _all(places.head_size * (0.055 * size - np.linalg.norm(offset, axis=1)), _on_face(places))


def _face(places: Places, size: float) -> FloatArray:
    """All of the head but its top and back: grows backwards with size."""
    edge = 0.34 - 0.25 * size + 0.35 * np.maximum(places.face[:, 2], -0.12)
    return _all(places.head_size * (places.face[:, 1] - edge), _part(places.shares["head"]) + 0.03)


def _forehead(places: Places, size: float) -> FloatArray:
    front = places.head_size * (0.42 * size - places.face[:, 1])
    return _all(front, _NEAR * (places.face_normals[:, 2] - 0.25), _part(places.shares["head"]) + 0.04)


def _bridge(places: Places, size: float) -> FloatArray:
    """Top of the nose."""
    return _stripe_of_face(places, np.full(len(places.points), 0.075 * size), 0.40, 1.2)


def _muzzle(places: Places, size: float) -> FloatArray:
    back = places.face[:, 1] - 0.25 * places.face[:, 2] - 1.0 + 0.22 * size
    return _all(places.head_size * back, _part(places.shares["head"]) + 0.04)


def _muzzle_ring(places: Places, size: float) -> FloatArray:
    ring = 0.07 * size - np.abs(places.face[:, 1] - 0.25 * places.face[:, 2] - 0.74)
    return _all(places.head_size * ring, _part(places.shares["head"]) + 0.04)


def _cheeks(places: Places, size: float) -> FloatArray:
    offset = (places.head - places.eye - np.array([0.0, 0.10, -0.17]))[:, 1:] * np.array([0.8, 1.0])
    side = _NEAR * (places.face_normals[:, 0] - 0.1)
    reach = places.head_size * (0.15 * size - np.linalg.norm(offset, axis=1))
    return _all(reach, side, _part(places.shares["head"]) + 0.06)


def _chin(places: Places, size: float) -> FloatArray:
    under = 2.0 * _NEAR * (-places.face_normals[:, 2] - 0.35 + 0.3 * (size - 1.0))
    return _all(under, places.head_size * (places.face[:, 1] - 0.15), _part(places.shares["head"]) + 0.05)


def _eyes(places: Places, size: float) -> FloatArray:
    offset = (places.head - places.eye) * np.array([1.0, 0.8, 1.0])
    return places.head_size * (0.075 * size - np.linalg.norm(offset, axis=1))


def _brows(places: Places, size: float) -> FloatArray:
    offset = places.head - places.eye - np.array([-0.035, -0.015, 0.085])
    return places.head_size * (0.045 * size - np.linalg.norm(offset, axis=1))


def _eye_patches(places: Places, size: float) -> FloatArray:
    offset = (places.head - places.eye) * np.array([0.6, 0.8, 0.9])
    return places.head_size * (0.17 * size - np.linalg.norm(offset, axis=1))


def _tears(places: Places, size: float) -> FloatArray:
    """Dark line from the eye to the corner of the mouth."""
    head = places.head
    t = np.clip((head[:, 1] - places.eye[1]) / 0.32, 0.0, 1.0)
    line = np.abs(head[:, 2] - places.eye[2] + 0.13 * t)
    along = np.minimum(head[:, 1] - places.eye[1], places.eye[1] + 0.32 - head[:, 1])
    return _all(places.head_size * np.minimum(0.03 * size - line, along), _part(places.shares["head"]))


def _breeches(places: Places, size: float) -> FloatArray:
    """Backs of the thighs, up to the tail."""
    behind = _NEAR * (places.normals[:, 1] - 0.55 + 0.5 * size)
    low = 0.6 * (places.points[:, 2] - places.leg_height("hindleg", 2.35))
    part = places.shares["hindleg"] + places.shares["torso"]
    return _all(behind, low, _part(part) + 0.02, 0.8 * (0.22 * size - places.trunk))


def _feathers(places: Places, size: float) -> FloatArray:
    """Backs of the forelegs, from above the wrist to the elbow."""
    behind = _NEAR * (places.normals[:, 1] - 0.55 + 0.5 * size)
    z = places.points[:, 2]
    between = np.minimum(z - places.leg_height("foreleg", 2.25), places.leg_height("foreleg", 3.1) - z)
    return _all(
        behind, 0.6 * between + 0.01, _part(places.shares["foreleg"]), np.where(places.hind, -_NEAR, _NEAR)
    )


def _underline(places: Places, size: float) -> FloatArray:
    """Lower outline of breast and belly."""
    down = _NEAR * (-places.normals[:, 2] - 1.0 + 0.45 * size)
    trunk = places.shares["torso"] + 0.5 * places.shares["foreleg"]
    between = np.minimum(places.trunk - 0.18, 1.0 - places.trunk)
    return _all(down, _part(trunk), 0.5 * between + 0.01, 0.5 * (0.4 - places.height))


def _ruff(places: Places, size: float) -> FloatArray:
    """Sides and front of the neck, and the front of the breast."""
    shares = places.shares
    low = _NEAR * (0.35 - places.normals[:, 2] + 0.5 * (size - 1.0))
    neck = _all(low, _part(shares["neck"]) + 0.02)
    ahead = _NEAR * (-places.normals[:, 1] - 0.35 + 0.3 * (size - 1.0))
    above = places.points[:, 2] - places.leg_height("foreleg", 3.0)
    chest = _all(ahead, above, 0.6 * (places.trunk - 0.88), _part(shares["torso"] + shares["neck"]))
    return _any(neck, chest)


def _jowls(places: Places, size: float) -> FloatArray:
    """Sides of the head behind the mouth, where a fox has its whiskers."""
    offset = (places.head - np.array([0.0, 0.14, -0.13]))[:, 1:]
    side = _NEAR * (places.face_normals[:, 0] - 0.15)
    reach = places.head_size * (0.20 * size - np.linalg.norm(offset, axis=1))
    return _all(reach, side, _part(places.shares["head"] + 0.5 * places.shares["neck"]))


def _mouth(places: Places, size: float) -> FloatArray:
    """Palate and lower jaw of an open mouth."""
    head, facing = places.head, places.face_normals[:, 2]
    floor = np.minimum(_NEAR * (facing - 0.2), 0.5 * (-0.175 - head[:, 2]))
    palate = np.minimum(_NEAR * (-facing - 0.35), 0.5 * np.minimum(head[:, 2] + 0.158, -0.06 - head[:, 2]))
    # In front of it are the lips.
    along = np.minimum(head[:, 1] - 0.50, 0.90 - head[:, 1])
    inside = places.head_size * np.minimum(along, 0.11 * size - head[:, 0])
    return _all(_any(floor, palate), inside, _part(places.shares["head"]) + 0.05)


def _lips(places: Places, size: float) -> FloatArray:
    """Dark line along a closed mouth, from its corner to below the nose."""
    head = places.head
    line = 0.016 * size - np.abs(head[:, 2] + 0.165 + 0.10 * (head[:, 1] - 0.75) ** 2)
    along = np.minimum(head[:, 1] - 0.52, 0.99 - head[:, 1])
    return _all(places.head_size * np.minimum(line, along), _part(places.shares["head"]) + 0.05)


def _mouth_line(places: Places, size: float) -> FloatArray:
    """Slit of the closed mouth of a hoofed animal, from its corner to the front of its lips."""
    head = places.head
    line = 0.011 * size - np.abs(head[:, 2] + 0.050 + 0.13 * (0.98 - head[:, 1]))
    return _all(places.head_size * np.minimum(line, head[:, 1] - 0.79), _part(places.shares["head"]) + 0.05)


REGIONS: Final[dict[str, Region]] = {
    "all": _whole, "belly": _belly, "back": _back, "saddle": _saddle, "inner_legs": _inner_legs,
    "legs": _legs, "front_of_legs": _front_of_legs,
    "front_legs": lambda places, size: legs_below(places, size, False),
    "hind_legs": lambda places, size: legs_below(places, size, True),
    "hooves": _hooves, "head": _head, "neck": _neck, "collar": _collar, "throat": _throat,
    "breast": _breast, "shoulders": _shoulders, "rump": _rump, "hindquarters": _hindquarters,
    "tail": _tail, "tail_tip": _tail_tip, "dorsal_stripe": _dorsal_stripe, "cross": _cross,
    "blaze": _blaze, "star": _star, "snip": _snip, "face": _face, "forehead": _forehead, "bridge": _bridge,
    "muzzle": _muzzle, "muzzle_ring": _muzzle_ring, "cheeks": _cheeks, "chin": _chin, "eyes": _eyes,
    "brows": _brows, "eye_patches": _eye_patches, "tears": _tears, "mouth": _mouth, "lips": _lips,
    "mouth_line": _mouth_line,
    "breeches": _breeches, "feathers": _feathers, "underline": _underline, "ruff": _ruff, "jowls": _jowls,
}  # fmt: skip
"""Name to region; the second argument is its size, 1 for a usual one.

The sizes of ``legs``, ``front_legs``, ``hind_legs`` and ``front_of_legs`` are heights in limb sections (1
fetlock, 2 carpus or hock, 3 elbow or stifle); that of ``tail_tip`` is a fraction of the tail.
"""


def union(fields: list[FloatArray]) -> FloatArray:
    """Inside any of the regions."""
    return np.maximum.reduce(fields)
