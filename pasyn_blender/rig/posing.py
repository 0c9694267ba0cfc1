"""Put a loaded rig into a canonical pose, whatever constraints and control bones it came with."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

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
        self._to_rest = np.linalg.inv(_relative(self._in_armature(retargeting.rest_matrices), self._parents))
        self._depsgraph: Any = None

    def apply(self, moves: FloatArray) -> None:
        """Give every bone its place; update the dependency graph before reading the pose.

        Parameters
        ----------
        moves
            (B, 4, 4) what carries each bone's points from rest to the pose, world space, from
            :func:`~.retargeting.bone_moves`.
        """
        posed = self._in_armature(moves @ self.retargeting.rest_matrices)
        basis = (self._to_rest @ _relative(posed, self._parents))[self._rows]
        bones = self.rig.armature.pose.bones
        bones.foreach_set("matrix_basis", np.swapaxes(basis, 1, 2).astype(np.float32).ravel())
        self.rig.armature.update_tag()

    def release(self) -> None:
        """Switch everything back on and return to the rest pose."""
        for owner, name, value in reversed(self._undo):
            setattr(owner, name, value)
        self._undo.clear()
        clear_action(self.rig)

    def _in_armature(self, matrices: FloatArray) -> FloatArray:
        return np.asarray(np.linalg.inv(np.array(self.rig.armature.matrix_world)) @ matrices)

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


def _relative(matrices: FloatArray, parents: Any) -> FloatArray:
    """(B, 4, 4) matrices relative to those of the parents."""
    above = np.where((parents >= 0)[:, None, None], matrices[parents], np.eye(4))
    return np.asarray(np.linalg.inv(above) @ matrices)
