"""Put a loaded rig into a canonical pose, whatever constraints and control bones it came with."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ..anatomy.rotations import nearest_rotation, to_quaternion
from .actions import clear_action
from .extraction import ordered_bones
from .geometry import FloatArray
from .loaded_rig import LoadedRig
from .retargeting import Retargeting

_PLAIN_BONE = {
    "use_inherit_rotation": True,
    "inherit_scale": "FULL",
    "use_local_location": True,
}


class RigPoser:
    """Poses one rig bone by bone.

    Constraints, drivers of bones, and bones that do not inherit their parent's rotation or scale are made for
    a person who moves a few controls; here every bone is given its place, so all that would move it again
    is switched off until :meth:`release`.

    Parameters
    ----------
    rig
        The rig; its action is cleared.
    retargeting
        How its bones follow the canonical joints.
    """

    def __init__(self, rig: LoadedRig, retargeting: Retargeting) -> None:
        self.rig = rig
        self.retargeting = retargeting
        clear_action(rig)
        self._undo: list[tuple[Any, str, Any]] = []
        self._free_bones()
        names = [bone.name for bone in ordered_bones(rig.armature)]
        numbers = {name: number for number, name in enumerate(names)}
        # Rows of the arrays that Blender wants, in its own order of the pose's bones.
        self._rows = np.array([numbers[bone.name] for bone in rig.armature.pose.bones])
        self._parents = np.array(
            [numbers[bone.parent.name] if bone.parent else -1 for bone in ordered_bones(rig.armature)]
        )
        self._before, self._after = self._frames(retargeting.rest_matrices)

    def apply(self, moves: FloatArray) -> None:
        """Give every bone its place; update the dependency graph before reading the pose.

        Parameters
        ----------
        moves
            (B, 4, 4) what carries each bone's points from rest to the pose, world space, from
            :func:`~.retargeting.bone_moves`.
        """
        rooted = (self._parents < 0)[:, None, None]
        above = np.where(rooted, np.eye(4), _inverse(moves)[self._parents])
        basis = (self._before @ above @ moves @ self._after)[self._rows]
        armature = self.rig.armature
        bones = armature.pose.bones
        if armature.override_library is None:
            bones.foreach_set("matrix_basis", np.swapaxes(basis, 1, 2).astype(np.float32).ravel())
        else:
            # Blender passes over matrices of library overrides without a word; channels it takes.
            turns = to_quaternion(nearest_rotation(basis[:, :3, :3]))
            bones.foreach_set("location", basis[:, :3, 3].astype(np.float32).ravel())
            bones.foreach_set("rotation_quaternion", turns.astype(np.float32).ravel())
            bones.foreach_set("scale", np.ones(3 * len(basis), dtype=np.float32))
        armature.update_tag()

    def release(self) -> None:
        """Switch everything back on and return to the rest pose."""
        for owner, name, value in reversed(self._undo):
            setattr(owner, name, value)
        self._undo.clear()
        clear_action(self.rig)

    def _frames(self, rest: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(B, 4, 4) what stands before and after the moves in a bone's own pose matrix.

        Relative to its parent a bone is at inverse(parent's move @ parent's rest) @ move @ rest, and its own
        matrix is that seen from where it is relative to its parent at rest.
        """
        world = np.array(self.rig.armature.matrix_world)
        above = np.where((self._parents >= 0)[:, None, None], rest[self._parents], world)
        to_rest = np.linalg.inv(np.linalg.inv(above) @ rest)
        return np.asarray(to_rest @ np.linalg.inv(above)), rest

    def _free_bones(self) -> None:
        armature = self.rig.armature
        for pose_bone in armature.pose.bones:
            self._set(pose_bone, "rotation_mode", "QUATERNION")
            for constraint in pose_bone.constraints:
                self._set(constraint, "mute", True)
        for bone in armature.data.bones:
            for name, value in _PLAIN_BONE.items():
                self._set(bone, name, value)
        if armature.animation_data is not None:
            for curve in armature.animation_data.drivers:
                if curve.data_path.startswith("pose.bones"):
                    self._set(curve, "mute", True)
        bpy.context.view_layer.update()

    def _set(self, owner: Any, name: str, value: Any) -> None:
        before = getattr(owner, name)
        if before != value:
            self._undo.append((owner, name, before))
            setattr(owner, name, value)


def _inverse(moves: FloatArray) -> FloatArray:
    """(B, 4, 4) inverses of rotations with translations."""
    back = np.zeros_like(moves)
    turns = np.swapaxes(moves[:, :3, :3], 1, 2)
    back[:, :3, :3] = turns
    back[:, :3, 3] = -(turns @ moves[:, :3, 3, None])[..., 0]
    back[:, 3, 3] = 1
    return back
