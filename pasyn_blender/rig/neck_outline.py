"""Where the outline of the neck begins and ends in a profile: the withers above, the throat below."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .axial import Head, Midline
from .body_frame import Standing
from .geometry import FloatArray

# In distances between front and hind feet, from the front feet backwards: where the withers are looked for,
# and where they are taken to be on a back that neither rises nor bends there by this much.
_WITHERS = (-0.04, 0.22)
_LEVEL_WITHERS = 0.06
_BEND = 0.006
_NEARER = 0.06  # of two bends alike, the one nearer to that place

# Where the throat is looked for, as shares of the angle between head and neck, and seen from a place so many
# head lengths towards the nape from their joint.
_BETWEEN = (0.2, 0.8)
_FAN = 5.0  # degrees
_TOWARDS_NAPE = 0.15


def find_withers(standing: Standing, midline: Midline) -> int:
    """Row of the midline profile that is the top of the shoulders.

    Where the back rises to a bump there, its top; else where the neck's slope bends into the back; on a level
    back a place a little behind the front legs.
    """
    points = midline.profile.positions
    front, hind = float(standing.feet[:2, 1].mean()), float(standing.feet[2:, 1].mean())
    spacing = hind - front
    # On a coarse mesh some steps show the breast alone.
    upper = np.mean(midline.height_range(front + 0.1 * spacing, 0.1 * spacing))
    along, rows = _ridge(points, front, spacing, float(upper))
    if not len(rows):
        return int(np.argmin(np.abs(points[:, 1] - front) - points[:, 2]))
    height = points[rows, 2]
    over = height - np.interp(along, along[[0, -1]], height[[0, -1]])
    away = np.abs(along - (front + _LEVEL_WITHERS * spacing))
    for bend in (over, -over):
        if bend.max() > _BEND * spacing:
            return int(rows[np.argmax(bend - _NEARER * away)])
    return int(rows[np.argmin(away)])


def _ridge(
    points: FloatArray, front: float, spacing: float, upper: float
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Place along the body and row of the profile's highest point in every hundredth of the spacing."""
    edges = front + spacing * np.arange(_WITHERS[0], _WITHERS[1] + 0.005, 0.01)
    bins = np.digitize(points[:, 1], edges) - 1
    rows = []
    for step in range(len(edges) - 1):
        here = np.flatnonzero((bins == step) & (points[:, 2] > upper))
        if len(here):
            rows.append(int(here[np.argmax(points[here, 2])]))
    found = np.array(rows, dtype=np.int64)
    return points[found, 1], found


def find_throat(standing: Standing, midline: Midline, head: Head) -> int:
    """Row of the midline profile that is the throat: where the underside of the neck meets the jaw.

    That is where the outline comes nearest to the joint of head and neck, on the side to which it bends.
    """
    points = midline.profile.positions[:, 1:]
    base = head.base[1:]
    front = float(standing.feet[:2, 1].mean())
    chest = np.array([front, np.mean(midline.height_range(front, 0.05 * head.length))])
    muzzle, trunk = head.axis[1:], (chest - base) / np.linalg.norm(chest - base)
    # From the muzzle round below to the trunk; a head held in line with the neck makes half a turn.
    turn = _angle(muzzle, trunk) % (2 * np.pi)
    centre = base - _TOWARDS_NAPE * head.length * _turned(muzzle, turn / 2)
    away = points - centre
    reach = np.linalg.norm(away, axis=1)
    angle = np.array([_angle(muzzle, direction) for direction in away]) % (2 * np.pi)
    inside = (angle > _BETWEEN[0] * turn) & (angle < _BETWEEN[1] * turn)
    if not inside.any():
        return int(np.argmin(np.linalg.norm(points - base, axis=1)))
    rows = np.flatnonzero(inside)
    sectors = np.floor(np.degrees(angle[rows]) / _FAN).astype(int)
    # The outermost place in every direction: not the tongue, nor the roof of the mouth.
    outer = [
        rows[sectors == sector][np.argmax(reach[rows[sectors == sector]])] for sector in np.unique(sectors)
    ]
    return int(min(outer, key=lambda row: float(reach[row])))


def _angle(first: FloatArray, second: FloatArray) -> float:
    """Turn in the midplane, (backward, up), between directions; grows from the muzzle downwards."""
    return float(np.arctan2(first[0] * second[1] - first[1] * second[0], first @ second))


def _turned(direction: FloatArray, angle: float) -> FloatArray:
    sine, cosine = np.sin(angle), np.cos(angle)
    return np.array(
        [cosine * direction[0] - sine * direction[1], sine * direction[0] + cosine * direction[1]]
    )
