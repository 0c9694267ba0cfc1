"""Feet on the ground: root height and a small tilt of the body from what touches it.

Plain numpy over many poses at once, on the canonical skeleton or on a rig's own build and soles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..anatomy.kinematics import joint_places
from ..anatomy.rotations import Array, from_turn
from ..anatomy.skeleton import JOINTS, SIDES
from ..anatomy.stance import STANCE, STANCE_OFFSETS

FOOT_JOINTS: Final = tuple(
    JOINTS.index(f"{side}_{pair}_foot") for pair in ("front", "hind") for side in SIDES
)
"""Foot joints in the order of :data:`pasyn_blender.prior.corpus.FEET`."""

MOST_TILT: Final = 6.0
"""Degrees by which a body is tilted at most to bring its feet down together."""

_CHUNK: Final = 4096
_NEAR: Final = 0.025
"""Trunk lengths: a foot so far above the lowest point counts a third as much. Steps swing higher."""
_STIFFNESS: Final = 0.003
"""What a tilt costs against feet off the ground: one foot alone tilts nothing, four feet all they need."""
_ROUNDS: Final = 3

# Thickness of the body where an animal that kneels or lies touches the ground: balls with the radii of the
# built-in zebra, as far below the joints of the trunk as its belly is. Place in the stance, left or middle.
_BALLS: Final = (
    ("front_cannon", (0.111, -0.372, 0.419), 0.036),
    ("forearm", (0.128, -0.385, 0.764), 0.060),
    ("hind_cannon", (0.125, 0.590, 0.497), 0.045),
    ("shin", (0.141, 0.332, 0.797), 0.090),
    ("pelvis", (0.0, 0.420, 1.000), 0.180),
    ("spine", (0.0, 0.100, 0.930), 0.210),
    ("chest", (0.0, -0.200, 0.930), 0.210),
    ("chest", (0.0, -0.420, 0.980), 0.160),
    ("head", (0.0, -0.980, 1.340), 0.080),
    ("head", (0.0, -1.190, 1.110), 0.045),
)
_ROOM: Final = 0.7
"""Share of a ball's height in the stance that its radius is at most: short-legged bellies still clear it."""


@dataclass(frozen=True)
class ContactPoints:
    """What of a body can touch the ground: balls that its joints carry.

    Attributes
    ----------
    joint
        (P,) joint that carries each ball.
    centre
        (P, 3) seen from that joint, in body axes of the stance, trunk lengths.
    radius
        (P,) trunk lengths; zero for points of the soles.
    foot
        (P,) which foot it is a sole point of, in the order of :data:`FOOT_JOINTS`; -1 for the rest.
    """

    joint: Array
    centre: Array
    radius: Array
    foot: Array


@dataclass(frozen=True)
class Footing:
    """How poses stand.

    Attributes
    ----------
    tilt
        (N, 3, 3) rotation of the whole animal, to be applied from the left to its root's rotation.
    root
        (N, 3) place of the root joint; x and y are zero, the lowest point of the animal is at z = 0.
    clearance
        (N, 4) height of the lowest sole point of each foot above the ground, trunk lengths; NaN for feet
        without sole points.
    """

    tilt: Array
    root: Array
    clearance: Array


def canonical_soles() -> tuple[Array, ...]:
    """For each foot, (2, 3) toe and heel under the canonical toes, seen from the foot joint."""
    soles = []
    for joint in FOOT_JOINTS:
        x, y, _ = STANCE[JOINTS[joint].replace("_foot", "_toe")]
        soles.append(np.array([[x, y - 0.05, 0.0], [x, y + 0.04, 0.0]]) - STANCE[JOINTS[joint]])
    return tuple(soles)


def contact_points(
    soles: Sequence[Array] | None = None, offsets: Array = STANCE_OFFSETS, body: bool = True
) -> ContactPoints:
    """Gather what of an animal can touch the ground.

    Parameters
    ----------
    soles
        For each foot of :data:`FOOT_JOINTS` (S, 3) points of its sole, seen from the foot joint in body axes
        of the canonical stance, trunk lengths; S may differ, and be zero. ``None`` takes
        :func:`canonical_soles`.
    offsets
        (J, 3) the animal's build. Balls of the body are as thick as the built-in zebra's, but never so thick
        that they would near the ground in the stance.
    body
        Whether knees, trunk and head count, for animals that kneel or lie.
    """
    soles = canonical_soles() if soles is None else [np.asarray(points).reshape(-1, 3) for points in soles]
    sizes = [len(points) for points in soles]
    joint = np.repeat(FOOT_JOINTS, sizes)
    centre = np.concatenate(soles)
    foot = np.repeat(np.arange(len(soles)), sizes)
    radius = np.zeros(len(joint))
    if not body:
        return ContactPoints(joint, centre, radius, foot)
    standing = joint_places(np.tile(np.eye(3), (len(JOINTS), 1, 1)), offsets)
    ground = (standing[joint] + centre)[:, 2].min() if len(joint) else standing[:, 2].min()
    names, centres, radii = _balls()
    carriers = np.array([JOINTS.index(name) for name in names])
    places = centres - np.array([STANCE[name] for name in names])
    height = (standing[carriers] + places)[:, 2] - ground
    radii = np.minimum(radii, _ROOM * height)
    # A joint that the animal lacks, or a body so flat that its middle lies on the ground, carries no ball.
    used = radii > 0
    return ContactPoints(
        joint=np.concatenate([joint, carriers[used]]),
        centre=np.concatenate([centre, places[used]]),
        radius=np.concatenate([radius, radii[used]]),
        foot=np.concatenate([foot, np.full(used.sum(), -1)]),
    )


def settle(
    total: Array,
    offsets: Array = STANCE_OFFSETS,
    contacts: ContactPoints | None = None,
    most_tilt: float = MOST_TILT,
) -> Footing:
    """Put poses on the ground.

    Feet that are within a few hundredths of the trunk's length of the lowest point are taken to stand, and
    the least pitch and roll that bring them down together (ridge regression, feet weighted by how near they
    are, weights renewed as they come nearer) tilt the whole animal. Its height then follows: the lowest point
    is on the ground, and none below.

    Parameters
    ----------
    total
        (N, J, 3, 3) rotations in body axes, from :func:`~pasyn_blender.anatomy.kinematics.accumulate`.
    offsets
        (J, 3) the animal's build, trunk lengths.
    contacts
        What can touch the ground; by default the canonical skeleton's :func:`contact_points`.
    most_tilt
        Largest tilt in degrees; 0 only sets the height.
    """
    contacts = contact_points(offsets=offsets) if contacts is None else contacts
    parts = [
        _settle(total[start : start + _CHUNK], offsets, contacts, most_tilt)
        for start in range(0, max(len(total), 1), _CHUNK)
    ]
    return Footing(
        tilt=np.concatenate([part.tilt for part in parts]),
        root=np.concatenate([part.root for part in parts]),
        clearance=np.concatenate([part.clearance for part in parts]),
    )


def contact_places(total: Array, offsets: Array, contacts: ContactPoints, root: Array | float = 0.0) -> Array:
    """(N, P, 3) centres of the balls of posed animals; parameters as in :func:`settle`."""
    centres = contacts.centre.astype(total.dtype)
    moved = (total[..., contacts.joint, :, :] @ centres[:, :, None])[..., 0]
    return np.asarray(joint_places(total, offsets, root)[..., contacts.joint, :] + moved)


def _settle(total: Array, offsets: Array, contacts: ContactPoints, most_tilt: float) -> Footing:
    centres = contact_places(total, offsets, contacts)
    return settle_points(centres, contacts.radius, contacts.foot, most_tilt)


def settle_points(
    centres: Array,
    radius: Array,
    foot: Array,
    most_tilt: float = MOST_TILT,
    standing: Array | None = None,
) -> Footing:
    """Put posed points on the ground, as :func:`settle` does skeletons.

    Parameters
    ----------
    centres
        (N, P, 3) centres of balls seen from the point about which the animal is tilted, in body axes.
    radius
        (P,) their radii.
    foot
        (P,) which foot each is a sole point of, -1 for none.
    most_tilt
        Largest tilt in degrees.
    standing
        (N, feet) how much each foot is known to stand, from 0 to 1, instead of being guessed from its height.
    """
    kind = centres.dtype
    radius = radius.astype(kind)
    feet = [np.flatnonzero(foot == number) for number in range(len(FOOT_JOINTS))]
    present = [number for number, points in enumerate(feet) if len(points)]
    soles = [feet[number] for number in present]
    weight = None if standing is None else np.asarray(standing, dtype=kind)[:, present]
    turn = np.zeros((len(centres), 3), dtype=kind)
    if most_tilt > 0 and present:
        for _ in range(_ROUNDS):
            turned = _turned(centres, turn)
            turn = _tilted_more(turn, turned, radius, soles, np.radians(most_tilt), weight)
    bottom = _turned(centres, turn)[..., 2] - radius
    root = np.zeros((len(centres), 3), dtype=kind)
    root[:, 2] = -bottom.min(axis=1)
    clearance = np.full((len(centres), len(feet)), np.nan, dtype=kind)
    for number in present:
        clearance[:, number] = bottom[:, feet[number]].min(axis=1) + root[:, 2]
    return Footing(from_turn(turn).astype(kind), root, clearance)


def _turned(points: Array, turn: Array) -> Array:
    return np.asarray(points @ np.swapaxes(from_turn(turn), -1, -2).astype(points.dtype))


def _tilted_more(
    turn: Array, centres: Array, radius: Array, feet: Sequence[Array], most: float, standing: Array | None
) -> Array:
    """(N, 3) turn about X and Y that levels the standing feet, from where ``turn`` has brought them."""
    heights = centres[..., 2] - radius
    lowest_of_all = heights.min(axis=1)
    lowest = np.stack([points[heights[:, points].argmin(axis=1)] for points in feet], axis=1)
    x, y, z = np.moveaxis(np.take_along_axis(centres, lowest[..., None], axis=1), -1, 0)
    near = np.exp(-(((z - lowest_of_all[:, None]) / _NEAR) ** 2))
    weight = near if standing is None else standing
    share = weight / np.maximum(weight.sum(axis=1, keepdims=True), np.finfo(weight.dtype).tiny)
    x, y, z = (part - (share * part).sum(axis=1, keepdims=True) for part in (x, y, z))
    # A small turn (a, b) about X and Y lifts a point by a y - b x.
    xx = (weight * x * x).sum(axis=1) + _STIFFNESS
    yy = (weight * y * y).sum(axis=1) + _STIFFNESS
    xy = (weight * x * y).sum(axis=1)
    a_side = -(weight * y * z).sum(axis=1) - _STIFFNESS * turn[:, 0]
    b_side = (weight * x * z).sum(axis=1) - _STIFFNESS * turn[:, 1]
    determinant = xx * yy - xy * xy
    step = np.stack(
        [(xx * a_side + xy * b_side) / determinant, (yy * b_side + xy * a_side) / determinant], axis=-1
    )
    more = turn.copy()
    more[:, :2] += step
    size = np.linalg.norm(more, axis=-1, keepdims=True)
    return np.asarray(more * np.minimum(1, most / np.maximum(size, np.finfo(size.dtype).tiny)))


def _balls() -> tuple[list[str], Array, Array]:
    """Joints, places in the stance and radii of the body's balls, both sides."""
    names: list[str] = []
    places: list[tuple[float, float, float]] = []
    radii: list[float] = []
    for name, (x, y, z), radius in _BALLS:
        on_limb = f"{SIDES[0]}_{name}" in JOINTS
        for side, sign in zip(SIDES, (1.0, -1.0), strict=True) if on_limb else (("", 1.0),):
            names.append(f"{side}_{name}" if on_limb else name)
            places.append((sign * x, y, z))
            radii.append(radius)
    return names, np.array(places), np.array(radii)
