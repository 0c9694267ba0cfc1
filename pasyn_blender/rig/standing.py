"""Pose a loaded rig canonically and stand it on the ground: its real mesh on it, nothing of it below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np

from ..anatomy.kinematics import accumulate, separate
from ..prior.ground import MOST_TILT
from ..prior.limits import JointLimits
from .extraction import deformed_vertices
from .geometry import FloatArray, RigGeometry
from .ground_contact import GroundContact
from .posing import RigPoser
from .retargeting import bone_moves, first_of_trunk

_LEAP: Final = 0.02  # trunks; an animal whose lowest foot is higher than this is in the air
_ROUNDS: Final = 3
_EXACT: Final = 0.001  # trunks; nearer to the ground than this needs no second evaluation


@dataclass(frozen=True)
class Stand:
    """An animal put on the ground.

    Attributes
    ----------
    rotations
        (J, 3, 3) the canonical pose as it was taken: tilted, legs bent to stand, and the neck raised where
        the head would have been in the ground.
    vertices
        (V, 3) evaluated vertices of the rig, world space, stacked like ``RigGeometry.vertices``.
    clearance
        (4,) height of the lowest vertex of each foot above ground, trunk lengths; NaN for one without skin.
    """

    rotations: FloatArray
    vertices: FloatArray
    clearance: FloatArray


class StandingRig:
    """Puts one rig on the ground, pose after pose.

    Parameters
    ----------
    poser
        The rig.
    geometry
        Its rest pose.
    """

    def __init__(self, poser: RigPoser, geometry: RigGeometry) -> None:
        self.poser = poser
        self.contact = GroundContact(geometry, poser.retargeting)
        bones = poser.retargeting.joint_bones
        self._anchor = bones[first_of_trunk(bones)]

    def pose(
        self,
        rotations: FloatArray,
        clearance: FloatArray | None = None,
        most_tilt: float = MOST_TILT,
        height: float | None = None,
    ) -> Stand:
        """Pose the rig and put it on the ground.

        Parameters
        ----------
        rotations
            (J, 3, 3) canonical pose.
        clearance
            (4,) height of each foot above ground, trunk lengths, where it is known, as in a clip; in a leap
            the lowest is above zero. By default the pose stands, and which feet stand is guessed from it.
        most_tilt
            Degrees by which the body may be tilted to bring its standing feet down together.
        height
            In a leap, height of the root point as a share of what it is when the animal stands: legs that are
            folded in the air do not bring the body down.
        """
        contact = self.contact
        lift = None if clearance is None else _lift(clearance)
        leaps = lift is not None and lift > _LEAP
        total = accumulate(np.asarray(rotations, dtype=np.float64))[None]
        if not leaps:
            above = None if clearance is None else (np.asarray(clearance) - (lift or 0.0))[None]
            total = contact.settled(total, above, most_tilt)
        bottom = contact.carried(total, contact.parts.outer)[..., 2].min(axis=1)
        total = contact.head_lifted(total, bottom - (lift or 0.0))
        return self.put_down(separate(total)[0], lift, height if leaps else None)

    def pose_within(
        self,
        limits: JointLimits,
        rotations: FloatArray,
        clearance: FloatArray | None = None,
        height: float | None = None,
    ) -> tuple[Stand, int]:
        """Stand a pose inside the joints' limits; also how often it had to be stood.

        Standing bends legs, which may take a joint out of its limits; clamping that lifts the foot a little.
        After a few turns the last clamped pose is put down as it is.

        Parameters
        ----------
        limits
            Of the joints.
        rotations, clearance, height
            As :meth:`pose` takes them.
        """
        wanted = _inside(limits, rotations)
        for number in range(1, _ROUNDS + 1):
            stand = self.pose(wanted, clearance, height=height)
            if not limits.violations(stand.rotations[None]).any():
                return stand, number
            wanted = _inside(limits, stand.rotations)
        lift = None if clearance is None else _lift(clearance)
        leaps = lift is not None and lift > _LEAP
        return self.put_down(wanted, lift, height if leaps else None), _ROUNDS + 1

    def put_down(
        self, rotations: FloatArray, lift: float | None = None, height: float | None = None
    ) -> Stand:
        """Put a pose on the ground as it is, neither tilted nor bent.

        Parameters
        ----------
        rotations
            (J, 3, 3) canonical pose.
        lift
            Height of the lowest foot, trunk lengths; by default the lowest part of trunk and limbs is on the
            ground, whether it is a foot or not.
        height
            Least height of the root point, as in :meth:`pose`.
        """
        retargeting, parts = self.poser.retargeting, self.contact.parts
        up, trunk = retargeting.body_frame[2], retargeting.trunk_length
        total = accumulate(np.asarray(rotations, dtype=np.float64))[None]
        bottom = self.contact.carried(total, parts.outer)[..., 2].min()
        moves = bone_moves(retargeting, separate(total), np.array([[0.0, 0.0, (lift or 0.0) - bottom]]))[0]
        for _ in range(3):
            self.poser.apply(moves)
            bpy.context.view_layer.update()
            vertices = deformed_vertices(self.poser.rig, bpy.context.evaluated_depsgraph_get())
            heights = (vertices @ up - retargeting.ground) / trunk
            feet = np.array([heights[foot].min() if len(foot) else np.nan for foot in parts.feet])
            sunk = heights[parts.bearing].min()
            if lift is not None and np.isfinite(feet).any():
                # In a leap the feet are as high as they were; a belly that lies is on the ground anyway.
                sunk = min(sunk, np.nanmin(feet) - lift)
            if height is not None:
                # Only ever up: what the feet and the belly ask for holds as well.
                root = moves[self._anchor, :3, :3] @ retargeting.root_rest + moves[self._anchor, :3, 3]
                now = (root @ up - retargeting.ground) / trunk
                sunk = min(sunk, now - height * retargeting.root_height)
            if abs(sunk) < _EXACT:
                break
            moves[:, :3, 3] -= sunk * trunk * up
        return Stand(np.asarray(rotations), vertices, feet)


def _lift(clearance: FloatArray) -> float | None:
    """Height of the lowest foot; None where no foot's is known."""
    known = np.isfinite(clearance)
    return max(0.0, float(np.asarray(clearance)[known].min())) if known.any() else None


def _inside(limits: JointLimits, rotations: FloatArray) -> FloatArray:
    return np.asarray(limits.project(np.asarray(rotations, dtype=np.float64)[None])[0])
