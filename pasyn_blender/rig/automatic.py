"""Map a rig that is loaded in Blender, from its rest pose or, where that does not stand, from its actions."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from ..anatomy.rotations import nearest_rotation, to_turn
from ..anatomy.skeleton import JOINTS
from ..errors import MappingError
from .actions import apply_action, clear_action, list_actions
from .alignment import stance_alignments
from .extraction import deformed_vertices, posed_bone_matrices
from .geometry import RigGeometry
from .loaded_rig import LoadedRig
from .mapping import map_rig
from .rig_map import JointBinding, RigMap

_STANDING_NAMES = ("idle", "stand", "walk", "rest")


def map_loaded_rig(rig: LoadedRig, geometry: RigGeometry) -> RigMap:
    """Find joints and keypoints of a loaded rig.

    A rest pose need not stand: legs may be spread for skinning, or the animal drawn lying. The skin is the
    same in every pose, so any pose that stands serves as well; the first frame of each action is tried,
    those named like standing first.

    Parameters
    ----------
    rig
        The rig; left in its rest pose.
    geometry
        Its rest pose, from :func:`~.extraction.read_geometry`.

    Raises
    ------
    MappingError
        Where neither the rest pose nor any action's first frame shows a standing quadruped.
    """
    name = rig.path.name
    try:
        return map_rig(geometry, name)
    except MappingError as at_rest:
        actions = sorted(
            list_actions(rig),
            key=lambda action: not any(word in action.name.lower() for word in _STANDING_NAMES),
        )
        for action in actions:
            apply_action(rig, action.name, action.start)
            bpy.context.view_layer.update()
            depsgraph = bpy.context.evaluated_depsgraph_get()
            posed = posed_bone_matrices(rig, depsgraph)
            standing = replace(geometry, vertices=deformed_vertices(rig, depsgraph), bone_matrices=posed)
            try:
                found = map_rig(standing, name)
            except MappingError:
                continue
            return replace(found, joints=_joints_at_rest(found, standing, geometry))
        raise at_rest
    finally:
        clear_action(rig)


def _joints_at_rest(rig_map: RigMap, standing: RigGeometry, geometry: RigGeometry) -> dict[str, JointBinding]:
    """Carry joints found in a standing pose back to the rest pose with their bones.

    That rest pose is no stance, and how far it is from one only the standing pose tells.
    """
    aligned = stance_alignments(standing, rig_map)
    frame = rig_map.body_frame
    joints = {}
    for name, joint in rig_map.joints.items():
        bone = geometry.bone_names.index(joint.bone)
        back = geometry.bone_matrices[bone] @ np.linalg.inv(standing.bone_matrices[bone])
        x, y, z = (back @ np.array([*joint.position, 1.0]))[:3]
        turn = frame @ nearest_rotation(back[:3, :3]) @ frame.T @ aligned[JOINTS.index(name)]
        a, b, c = np.degrees(to_turn(turn))
        joints[name] = JointBinding(
            joint.bone, (float(x), float(y), float(z)), alignment=(float(a), float(b), float(c))
        )
    return joints
