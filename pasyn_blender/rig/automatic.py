"""Map a rig that is loaded in Blender, from its rest pose or, where that does not stand, from its actions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import bpy

from ..anatomy.keypoint_sets import LATER_LANDMARKS
from ..errors import MappingError, RigMapError
from .actions import ActionRange, apply_action, clear_action, list_actions
from .alignment import joints_at_rest
from .extraction import deformed_vertices, posed_bone_matrices
from .geometry import RigGeometry
from .loaded_rig import LoadedRig
from .mapping import map_rig
from .rig_map import RigMap

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
        for action in actions_to_try(rig):
            standing = posed_geometry(rig, geometry, action)
            try:
                found = map_rig(standing, name)
            except MappingError:
                continue
            return replace(found, joints=joints_at_rest(found, standing, geometry))
        raise at_rest
    finally:
        clear_action(rig)


def complete_older_map(
    rig_map: RigMap, wanted: Collection[str], rig: LoadedRig, geometry: RigGeometry, source: str
) -> RigMap:
    """Place landmarks that a map lacks because it was made before they were known.

    A map that has one of these was made later: what it lacks was left out on purpose.

    Parameters
    ----------
    rig_map
        The map.
    wanted
        Landmarks that are to be labelled.
    rig, geometry
        The rig, and its rest pose.
    source
        The map's file, for messages.

    Raises
    ------
    RigMapError
        They cannot be placed.
    """
    absent = [name for name in LATER_LANDMARKS if name in wanted and name not in rig_map.missing]
    if not absent or any(name in rig_map.keypoints for name in LATER_LANDMARKS):
        return rig_map
    try:
        found = map_loaded_rig(rig, geometry)
    except MappingError as error:
        raise RigMapError(
            f"{source}: has no {', '.join(absent)}, and they cannot be placed automatically ({error}); "
            "add them under 'keypoints', or name them under 'missing' to go without"
        ) from error
    return replace(rig_map, keypoints=rig_map.keypoints | {name: found.keypoints[name] for name in absent})


def actions_to_try(rig: LoadedRig) -> list[ActionRange]:
    """Actions in whose first frame the animal may stand, the likeliest first."""
    return sorted(
        list_actions(rig),
        key=lambda action: not any(word in action.name.lower() for word in _STANDING_NAMES),
    )


def posed_geometry(rig: LoadedRig, geometry: RigGeometry, action: ActionRange) -> RigGeometry:
    """A rig as it is in the first frame of an action; it is left posed so.

    Parameters
    ----------
    rig
        The rig.
    geometry
        Its rest pose.
    action
        One of its actions.
    """
    apply_action(rig, action.name, action.start)
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    posed = posed_bone_matrices(rig, depsgraph)
    return replace(geometry, vertices=deformed_vertices(rig, depsgraph), bone_matrices=posed)
