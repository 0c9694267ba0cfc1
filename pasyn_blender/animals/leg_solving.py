"""Leg angles that put a foot where it has to be: standing, kneeling, folded under the body, or in the air.

The motions on the spot need more than :func:`~.kinematics.plant`: legs that are folded until the cannon lies
beside the forearm, splayed, turned outwards, or carried by the trunk. Every leg is two links to the carpus
or hock in a plane of its own, solved exactly, with the elbow always behind and the stifle always before the
line they span; what is below is given. The plane holds both ends of the links and is otherwise turned as the
foot is, so that the joints bend as hinges.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from .kinematics import Figure, turn, two_links
from .sweep import FloatArray

_BLADE_SWING: Final = 34.0
"""Degrees that a shoulder blade turns per leg length of the step, as in :func:`~.kinematics.plant`."""
_BLADE_MOST: Final = 14.0


@dataclass(frozen=True)
class Leg:
    """One leg at rest: places of its joints from the trunk down, metres in the body frame.

    Attributes
    ----------
    limb, suffix
        ``fore`` or ``hind``, and ``.L`` or ``.R``.
    parent
        Bone that carries the leg.
    bones
        Names of upper arm or thigh, forearm or shin, cannon, pastern and hoof.
    blade
        Name of the shoulder blade; ``None`` in a hind leg.
    pivot
        (3,) where the shoulder blade turns; the hip in a hind leg.
    joints
        (6, 3) shoulder or hip, elbow or stifle, carpus or hock, fetlock, coronet and tip of the toe.
    """

    limb: str
    suffix: str
    parent: str
    bones: tuple[str, ...]
    blade: str | None
    pivot: FloatArray
    joints: FloatArray

    @property
    def sign(self) -> float:
        """1 on the left, -1 on the right."""
        return 1.0 if self.suffix == ".L" else -1.0

    @property
    def links(self) -> FloatArray:
        """(5, 3) vectors from each joint to the next."""
        links: FloatArray = np.diff(self.joints, axis=0)
        return links

    @property
    def lengths(self) -> FloatArray:
        """(5,) lengths of the links."""
        lengths: FloatArray = np.linalg.norm(self.links, axis=1)
        return lengths


def leg_of(figure: Figure, limb: str, suffix: str) -> Leg:
    """Read a leg from a skeleton."""
    front = limb == "fore"
    kinds = (
        ("upper_arm", "forearm", "front_cannon", "front_pastern", "front_hoof")
        if front
        else ("thigh", "shin", "hind_cannon", "hind_pastern", "hind_hoof")
    )
    bones = tuple(f"{kind}{suffix}" for kind in kinds)
    blade = f"scapula{suffix}" if front else None
    joints = [figure.rest_head(bone) for bone in bones]
    return Leg(
        limb=limb,
        suffix=suffix,
        parent="chest" if front else "pelvis",
        bones=bones,
        blade=blade,
        pivot=figure.rest_head(blade or bones[0]),
        joints=np.array([*joints, figure.tails[figure.index(bones[-1])]]),
    )


@dataclass(frozen=True)
class FootPath:
    """What one foot does; angles in degrees, about X as :func:`~.kinematics.turn` has them.

    Attributes
    ----------
    toe
        (F, 3) place of the toe's tip.
    frame
        (F, 3, 3) axes of the foot: to the left, backwards, and up.
    hoof
        (F,) turn of the hoof in those axes; positive lifts the heel.
    pastern
        (F,) turn of the pastern beyond the hoof's.
    flexion
        (F,) where the leg is left to itself: of the carpus, or of the hock beyond the stifle's.
    cannon
        (F,) where it is not: turn of the cannon in the foot's axes.
    free
        (F,) from 0, the leg left to itself, to 1, the cannon turned as given.
    blade
        (F,) turn of the shoulder blade where the cannon is given.
    """

    toe: FloatArray
    frame: FloatArray
    hoof: FloatArray
    pastern: FloatArray
    flexion: FloatArray
    cannon: FloatArray
    free: FloatArray
    blade: FloatArray


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    return unit


def frame_with(hinge: FloatArray, up: FloatArray) -> FloatArray:
    """(F, 3, 3) axes whose first is ``hinge`` and whose third is nearest to ``up``."""
    first = _unit(hinge)
    third = _unit(up - np.einsum("fi,fi->f", up, first)[:, None] * first)
    a, b = third.T, first.T
    second = np.column_stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )
    return np.stack([first, second, third], axis=-1)


def _spanning(frame: FloatArray, reach: FloatArray) -> FloatArray:
    """(F, 3, 3) the frame turned as little as its first axis needs to be square to ``reach``."""
    along = _unit(reach)
    hinge = frame[:, :, 0] - np.einsum("fi,fi->f", frame[:, :, 0], along)[:, None] * along
    return frame_with(hinge, frame[:, :, 2])


def _span(frame: FloatArray, start: FloatArray, goal: FloatArray, first: FloatArray, second: FloatArray,
          side: float) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:  # fmt: skip
    """Turns of two links from ``start`` to ``goal``: leg frame, both turns, and what is missed."""
    aim = goal
    for _ in range(3):
        plane = _spanning(frame, aim - start)
        flat = np.einsum("fji,fj->fi", plane, aim - start)
        a, b = two_links(first[..., 1:], second[..., 1:], flat[:, 1:], side)
        gap = goal - start - _pitched(plane, a, first) - _pitched(plane, b, second)
        # Links have a little breadth at rest: aim beside the goal by what that misses.
        aim = aim + gap
    return plane, a, b, np.asarray(np.linalg.norm(gap, axis=1))


def _pitched(frame: FloatArray, degrees: FloatArray, links: FloatArray) -> FloatArray:
    angle = np.radians(degrees)
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = np.broadcast_to(links, (len(angle), 3)).T
    turned = np.stack([x, c * y - s * z, s * y + c * z], axis=-1)
    vector: FloatArray = np.einsum("fij,fj->fi", frame, turned)
    return vector


def _between(first: FloatArray, second: FloatArray, share: FloatArray) -> FloatArray:
    """(F, 3, 3) axes between two frames: the first for a share of 0, the second for 1."""
    mixed = (1.0 - share)[..., None] * first + share[..., None] * second
    return frame_with(mixed[:, :, 0], mixed[:, :, 2])


def _cross(a: FloatArray, b: FloatArray) -> float:
    return float(a[1] * b[2] - a[2] * b[1])


def solve_leg(
    figure: Figure, leg: Leg, path: FootPath, places: Mapping[str, tuple[FloatArray, FloatArray]]
) -> FloatArray:
    """Turn the bones of a leg so that its foot follows a path.

    Parameters
    ----------
    figure
        Skeleton whose trunk is already posed.
    leg
        One of its legs.
    path
        What the foot does.
    places
        Turn and joint of the bone that carries the leg, as :meth:`~.kinematics.Figure.place` gives them.

    Returns
    -------
    ndarray
        (F,) how far the toe is from where it was to be, metres.
    """
    carrier, origin = places[leg.parent]
    upper, middle, lower, pastern, hoof = leg.links
    shoulder, _, carpus, fetlock = leg.joints[:4]
    front = leg.limb == "fore"
    sole = path.toe - _pitched(path.frame, path.hoof, hoof)
    ankle = sole - _pitched(path.frame, path.hoof + path.pastern, pastern)

    base = origin + np.einsum("fij,j->fi", carrier, shoulder - figure.rest_head(leg.parent))
    if front:
        ahead = np.einsum("fji,fj->fi", carrier, ankle - base)[:, 1] - (fetlock - shoulder)[1]
        swung = np.clip(_BLADE_SWING * ahead / np.linalg.norm(fetlock - leg.pivot), -_BLADE_MOST, _BLADE_MOST)
        blade = (1.0 - path.free) * swung + path.free * path.blade
        pivot = origin + np.einsum("fij,j->fi", carrier, leg.pivot - figure.rest_head(leg.parent))
        base = pivot + _pitched(carrier, blade, shoulder - leg.pivot)

    bend = _pitched(np.broadcast_to(np.eye(3), carrier.shape), path.flexion, lower)
    if front:
        first, second, side = (
            np.broadcast_to(upper, bend.shape),
            middle + bend,
            _cross(fetlock - shoulder, upper),
        )
    else:
        first, second = upper + bend, np.broadcast_to(middle, bend.shape)
        side = _cross(fetlock - shoulder, upper + lower)
    plane, a, b, _ = _span(path.frame, base, ankle, first, second, side)
    own = (b if front else a) + path.flexion
    given = own + path.free * (path.cannon - own)
    tied = (1.0 - path.free)[:, None]
    hint = axes = _between(path.frame, plane, tied)
    side = _cross(carpus - shoulder, upper)
    # A given cannon is turned half as the foot and half as the leg, so that neither end of it is bent aside.
    for share in (1.0, 0.5) if path.free.any() else (1.0,):
        if share < 1.0:
            axes = _between(plane, axes, tied + share * (1.0 - tied))
        goal = ankle - _pitched(axes, given, lower)
        plane, a, b, miss = _span(hint, base, goal, upper, middle, side)

    thigh = plane @ turn(0, a)
    shin = plane @ turn(0, b)
    cannon = axes @ turn(0, given)
    lifted = path.frame @ turn(0, path.hoof + path.pastern)
    above = carrier
    if leg.blade is not None:
        figure.rotate(leg.blade, turn(0, blade))
        above = carrier @ turn(0, blade)
    for bone, total in zip(
        leg.bones, (thigh, shin, cannon, lifted, path.frame @ turn(0, path.hoof)), strict=True
    ):
        figure.rotate(bone, np.swapaxes(above, 1, 2) @ total)
        above = total
    return miss
