"""Bring the feet of a posed rig to their heights: by tilting the body, then by bending the legs.

A pose taken over from another animal, or drawn from a prior, fits the proportions of the canonical skeleton;
on legs of other proportions some feet float and others dig in. All here is numpy on the rig's own skin,
carried by linear blending, for many poses at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.kinematics import joint_places, separate
from ..anatomy.rotations import angle_between, from_turn
from ..anatomy.skeleton import JOINTS
from ..prior.ground import MOST_TILT, settle_points
from .geometry import FloatArray, IntArray, RigGeometry
from .retargeting import LIMBS, Retargeting, bone_moves, limb_trunk

_NECK: Final = tuple(JOINTS.index(name) for name in ("neck_base", "neck_top"))
_HEAD: Final = tuple(JOINTS.index(name) for name in ("neck_base", "neck_top", "head"))
_TAIL: Final = tuple(JOINTS.index(name) for name in ("tail_base", "tail_middle", "tail_end"))
_LEGS: Final = {
    "front": ("upper_arm", "forearm", "front_cannon", "front_foot"),
    "hind": ("thigh", "shin", "hind_cannon", "hind_foot"),
}
# How the segments of a leg turn about the left axis when it bends, from the top; positive is backward.
_BENDING: Final = {"front": (0.3, -1.0, 1.0, 0.0), "hind": (-1.0, 1.0, -1.0, 0.0)}

_SOLE_POINTS: Final = 24
_DIRECTIONS: Final = 24
_FOOT_HEIGHT: Final = 0.1  # trunks; hooves and paws are lower
_STANDING: Final = 0.04  # trunks above the lowest foot; feet in a step swing higher
_ROUNDS: Final = 6
_DAMPING: Final = 0.03  # trunks
_GOOD: Final = 0.002  # trunks
_MOST_BEND: Final = np.radians(40.0)
_STRAIGHT: Final = 0.08  # share of its length by which a leg must be bent for its height to answer to turns
_FORE_AND_AFT: Final = 0.5  # how much a foot's place along the body counts beside its height
_LEAN: Final = 0.35  # legs rather bend than stretch: the body sinks so far towards the lowest foot
_MOST_LIFT: Final = np.radians(60.0)


@dataclass(frozen=True)
class SkinParts:
    """Which vertices of a rig meet the ground.

    Attributes
    ----------
    feet
        Vertices of each foot, in the order of :data:`~.retargeting.LIMBS`.
    soles, sole_foot
        (S,) lowest vertices of the feet and which foot each is of.
    bearing
        Vertices of trunk and limbs: none of them may be under ground.
    outer, outer_head
        Of the vertices of trunk and limbs, and of neck and head, those farthest out of each bone's skin in a
        few directions: the lowest in any pose is one of them or next to one.
    """

    feet: tuple[IntArray, ...]
    soles: IntArray
    sole_foot: IntArray
    bearing: IntArray
    outer: IntArray
    outer_head: IntArray


def skin_parts(geometry: RigGeometry, retargeting: Retargeting) -> SkinParts:
    """Sort the skin of a rig by the joints it follows."""
    following = retargeting.following
    feet = foot_vertices(geometry, retargeting)
    heights = _standing_heights(geometry, retargeting)
    soles = [foot[np.argsort(heights[foot], kind="stable")[:_SOLE_POINTS]] for foot in feet]
    loose = np.isin(following.lead, (*_HEAD, *_TAIL)) | following.stray
    bearing = np.flatnonzero(_share(geometry, ~loose) > 0.5)
    head = np.flatnonzero(_share(geometry, np.isin(following.lead, _HEAD)) > 0.5)
    return SkinParts(
        feet=feet,
        soles=np.concatenate(soles),
        sole_foot=np.concatenate([np.full(len(sole), number) for number, sole in enumerate(soles)]),
        bearing=bearing,
        outer=_outermost(geometry, bearing),
        outer_head=_outermost(geometry, head),
    )


def foot_vertices(geometry: RigGeometry, retargeting: Retargeting) -> tuple[IntArray, ...]:
    """Vertices of each foot, in the order of :data:`~.retargeting.LIMBS`.

    The skin that follows the last joint the rig has of each leg, and what else of the leg is as low when the
    animal stands; empty for a leg without joints.
    """
    lead = retargeting.following.lead
    heights = _standing_heights(geometry, retargeting)
    found = []
    for limb in range(len(LIMBS)):
        chain = [joint for joint in _leg(limb) if retargeting.known[joint]]
        if not chain:
            found.append(np.zeros(0, dtype=np.int64))
            continue
        own = _share(geometry, lead == chain[-1]) > 0.5
        whole = _share(geometry, np.isin(lead, chain)) > 0.5
        if whole.any():
            own |= whole & (heights < heights[whole].min() + _FOOT_HEIGHT)
        found.append(np.flatnonzero(own))
    return tuple(found)


class GroundContact:
    """Stands poses of one rig on the ground.

    Parameters
    ----------
    geometry
        The rig at rest.
    retargeting
        How its bones follow the canonical joints.
    """

    def __init__(self, geometry: RigGeometry, retargeting: Retargeting) -> None:
        self.parts = skin_parts(geometry, retargeting)
        self._retargeting = retargeting
        self._vertices = geometry.vertices
        self._weights = geometry.weights
        self._present = [limb for limb in range(len(LIMBS)) if len(self.parts.feet[limb])]

    def settled(
        self,
        total: FloatArray,
        clearance: FloatArray | None = None,
        most_tilt: float = MOST_TILT,
    ) -> FloatArray:
        """Tilt the body and bend the legs so that the feet stand.

        Parameters
        ----------
        total
            (N, J, 3, 3) accumulated rotations of canonical poses.
        clearance
            (N, 4) height that each foot should have above the lowest one, trunk lengths. By default feet near
            the lowest one are brought down to it, and those that are higher stay where they are.
        most_tilt
            Degrees by which the body is tilted at most.

        Returns
        -------
        (N, J, 3, 3) array
            A root point that puts the lowest foot on the ground is the caller's to choose.
        """
        if not self._present:
            return total
        parts = self.parts
        places = self.carried(total, parts.soles)
        heights = self._foot_heights(places)
        if clearance is None:
            above = heights - np.nanmin(heights, axis=1, keepdims=True)
            standing = np.where(above < _STANDING, 1.0, 0.0)
        else:
            standing = np.where(np.nan_to_num(clearance, nan=np.inf) < _STANDING / 2, 1.0, 0.0)
        radius = np.zeros(len(parts.soles))
        footing = settle_points(places, radius, parts.sole_foot, most_tilt, standing)
        total = footing.tilt[:, None] @ total
        heights = self._foot_heights(self.carried(total, parts.soles))
        ground = _ground_level(heights, standing)
        wanted = np.where(standing > 0, 0.0, np.maximum(heights - ground, 0.0))
        if clearance is not None:
            wanted = np.where(np.isnan(clearance), wanted, np.where(standing > 0, 0.0, clearance))
        return self._legs_bent(total, wanted + ground)

    def head_lifted(self, total: FloatArray, ground: FloatArray) -> FloatArray:
        """Raise necks until no part of the head is below a height.

        Parameters
        ----------
        total
            (N, J, 3, 3) accumulated rotations.
        ground
            (N,) height of the ground as seen from the root point, trunk lengths.
        """
        known = [joint for joint in _NECK if self._retargeting.known[joint]]
        if not len(self.parts.outer_head) or not known:
            return total
        angle = np.zeros(len(total))
        raised = total
        for _ in range(_ROUNDS):
            head = self.carried(raised, self.parts.outer_head)
            lowest = head[..., 2].argmin(axis=1)
            point = head[np.arange(len(head)), lowest]
            depth = ground - point[:, 2]
            deep = (depth > 0) & (angle < _MOST_LIFT)
            if not deep.any():
                break
            pivot = joint_places(raised, self._retargeting.offsets)[:, known[0]]
            reach = np.maximum(np.linalg.norm(point - pivot, axis=1), 0.1)
            angle = np.where(deep, np.minimum(_MOST_LIFT, angle + 1.1 * depth / reach + 0.01), angle)
            raised = self._neck_turned(total, angle, known)
        return raised

    def carried(self, total: FloatArray, rows: IntArray) -> FloatArray:
        """(N, P, 3) vertices of the posed rig, seen from the root point in body axes, trunk lengths."""
        retargeting = self._retargeting
        moves = bone_moves(retargeting, separate(total))
        weights = self._weights[rows].astype(np.float64)
        points = self._vertices[rows]
        carried = np.zeros((len(total), len(rows), 3))
        for bone in np.flatnonzero(weights.any(axis=0)):
            on = np.flatnonzero(weights[:, bone])
            turned = points[on] @ np.swapaxes(moves[:, bone, :3, :3], 1, 2) + moves[:, None, bone, :3, 3]
            carried[:, on] += weights[on, bone, None] * turned
        return np.asarray(
            (carried - retargeting.root_rest) @ retargeting.body_frame.T / retargeting.trunk_length
        )

    def _foot_heights(self, soles: FloatArray) -> FloatArray:
        """(N, 4) lowest sole point of each foot; NaN for a foot without skin."""
        heights = np.full((len(soles), len(LIMBS)), np.nan)
        for limb in self._present:
            heights[:, limb] = soles[:, self.parts.sole_foot == limb, 2].min(axis=1)
        return heights

    def _legs_bent(self, total: FloatArray, wanted: FloatArray) -> FloatArray:
        """Bend legs until each foot is at its height, its place along the body and its slant kept."""
        begin = total
        total = total.copy()
        for _ in range(_ROUNDS):
            missing = wanted - self._foot_heights(self.carried(total, self.parts.soles))
            if np.nanmax(np.abs(missing)) < _GOOD:
                break
            places = joint_places(total, self._retargeting.offsets)
            for limb in self._present:
                self._bend(total, begin, places, limb, missing[:, limb])
        return total

    def _bend(
        self, total: FloatArray, begin: FloatArray, places: FloatArray, limb: int, missing: FloatArray
    ) -> None:
        """Take a damped least-squares step (Buss 2004) of a leg towards its foot's height, in place."""
        # The last joint there is carries the foot, whose slant to the ground stays.
        chain = [joint for joint in _leg(limb) if self._retargeting.known[joint]]
        turning = chain[:-1]
        if not turning:
            return
        left = total[:, limb_trunk(limb), :, 0]
        segments = np.diff(places[:, chain], axis=1)
        moved = np.cross(left[:, None], segments)
        slopes = np.stack([moved[..., 2], _FORE_AND_AFT * moved[..., 1]], axis=1)
        square = slopes @ np.swapaxes(slopes, 1, 2) + _DAMPING**2 * np.eye(2)
        goal = np.stack([missing, np.zeros_like(missing)], axis=-1)
        step = (np.swapaxes(slopes, 1, 2) @ np.linalg.solve(square, goal[..., None]))[..., 0]
        length = np.linalg.norm(segments, axis=-1).sum(axis=1)
        # A straight leg does not get shorter by any small turn: it is bent a little first, the way it bends.
        straight = (np.abs(moved[..., 2]).max(axis=1) < _STRAIGHT * length) & (missing > 0.01)
        names = _LEGS[LIMBS[limb].partition("_")[2]]
        signs = _BENDING[LIMBS[limb].partition("_")[2]]
        bending = np.array([signs[names.index(JOINTS[joint].partition("_")[2])] for joint in turning])
        step += np.where(straight, np.radians(6.0), 0.0)[:, None] * bending
        turned = from_turn(left[:, None] * np.clip(step, -0.3, 0.3)[..., None]) @ total[:, turning]
        far = angle_between(begin[:, turning], turned) > _MOST_BEND
        total[:, turning] = np.where(far[..., None, None], total[:, turning], turned)

    def _neck_turned(self, total: FloatArray, angle: FloatArray, known: list[int]) -> FloatArray:
        """Turn neck and head up about the chest's own left axis, in equal parts at the joints of the neck."""
        turned = total.copy()
        left = total[:, JOINTS.index("chest"), :, 0]
        turn = from_turn(-left * (angle / len(known))[:, None])
        for joint in known:
            above = [at for at in _HEAD if at >= joint]
            turned[:, above] = turn[:, None] @ turned[:, above]
        return turned


def _outermost(geometry: RigGeometry, rows: IntArray) -> IntArray:
    """Vertices farthest out of each bone's skin in evenly spread directions."""
    steps = np.arange(_DIRECTIONS) + 0.5
    heights = 1 - 2 * steps / _DIRECTIONS
    turns = np.pi * (1 + 5**0.5) * steps
    rings = np.sqrt(1 - heights**2)
    directions = np.stack([rings * np.cos(turns), rings * np.sin(turns), heights])
    owner = geometry.weights[rows].argmax(axis=1)
    found = []
    for bone in np.unique(owner):
        own = rows[owner == bone]
        found.append(own[np.unique((geometry.vertices[own] @ directions).argmax(axis=0))])
    return np.concatenate([np.zeros(0, dtype=np.int64), *found])


def _standing_heights(geometry: RigGeometry, retargeting: Retargeting) -> FloatArray:
    """(V,) height of each vertex in the canonical stance, trunk lengths, from wherever."""
    moves = bone_moves(retargeting, np.eye(3)[None, None].repeat(len(JOINTS), axis=1))[0]
    heights = np.zeros(len(geometry.vertices))
    up = retargeting.body_frame[2]
    for bone in np.flatnonzero(geometry.weights.any(axis=0)):
        carried = geometry.vertices @ (up @ moves[bone, :3, :3]) + up @ moves[bone, :3, 3]
        heights += geometry.weights[:, bone] * carried
    return np.asarray(heights / retargeting.trunk_length)


def _leg(limb: int) -> list[int]:
    side, pair = LIMBS[limb].split("_")
    return [JOINTS.index(f"{side}_{joint}") for joint in _LEGS[pair]]


def _ground_level(heights: FloatArray, standing: FloatArray) -> FloatArray:
    """(N, 1) height to which standing feet are brought: between the lowest of them and their mean."""
    masked = np.where((standing > 0) & np.isfinite(heights), heights, np.nan)
    none = ~np.isfinite(masked).any(axis=1)
    masked[none] = heights[none]
    lowest, mean = np.nanmin(masked, axis=1), np.nanmean(masked, axis=1)
    return np.asarray((lowest + (1 - _LEAN) * (mean - lowest))[:, None])


def _share(geometry: RigGeometry, bones: NDArray[np.bool_]) -> FloatArray:
    """(V,) weight of some of the bones."""
    return np.asarray(geometry.weights[:, bones].sum(axis=1))
