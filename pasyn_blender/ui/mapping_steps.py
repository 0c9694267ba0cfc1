"""Mapping the scene's animal and correcting its joints, in steps that leave Blender's window alive.

The animal is read on the main thread, at rest and, where it does not stand there, in the first frames of its
actions; what is thought about it is numpy, and runs in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..animals import BUILT_IN
from ..errors import MappingError, PasynError, RigMapError
from ..rig.alignment import joints_at_rest
from ..rig.automatic import actions_to_try, posed_geometry
from ..rig.chosen_joints import check_choice, choose_joint, with_choices
from ..rig.extraction import read_geometry
from ..rig.geometry import RigGeometry
from ..rig.loaded_rig import LoadedRig
from ..rig.mapping import map_rig
from ..rig.rig_map import RigMap
from ..rig.rig_map_file import parse_rig_map, read_text, refuse_another_rigs, refuse_moved
from . import live_map
from .properties.keypoints import placed_by_hand
from .scene_animal import pose_kept, rig_in_scene
from .stepwise_work import InThread, Steps


def map_automatically(context: bpy.types.Context, choices: Mapping[str, str]) -> Steps[RigMap]:
    """Map the chosen animal and store the map in the scene.

    Parameters
    ----------
    context
        Its scene says which animal.
    choices
        Joint to bone, where a person has decided; "" for no bone.

    Raises
    ------
    PasynError
        Nothing usable is chosen, or it is no quadruped.
    """
    scene = context.scene
    rig = _chosen_rig(scene)
    geometry = _at_rest(rig)
    work = partial(_mapped, geometry, rig.path.name, choices)
    known = _built_in(rig, geometry)
    found = yield InThread(
        partial(work, None) if known is None else partial(_known, known, rig, geometry, choices)
    )
    if isinstance(found, MappingError):
        found = yield from _in_a_standing_pose(rig, geometry, work, _is_mapped, found)
    if isinstance(found, PasynError):
        raise found
    live_map.keep_read(scene, rig, geometry, found, automatic=True)
    rig_map: RigMap = found
    return rig_map


def change_joint(context: bpy.types.Context, joint: str, bone: str) -> Steps[str]:
    """Give a joint of the mapped animal another bone and store the new map in the scene.

    Parameters
    ----------
    context
        Its scene says which animal.
    joint, bone
        Canonical joint, name of the bone.

    Returns
    -------
    Why no keypoint could be placed anew; empty where they could.

    Raises
    ------
    RigMapError
        The bone cannot play the joint, or the map does not fit the animal any more.
    """
    scene = context.scene
    geometry, rig_map = mapped(context)
    check_choice(geometry, rig_map, joint, bone)
    kept = placed_by_hand(scene)
    work = partial(_with_joint, geometry, rig_map, joint, bone, kept)
    if any(binding.alignment is not None for binding in rig_map.joints.values()):
        rig = _chosen_rig(scene)
        found = yield from _in_a_standing_pose(rig, geometry, work, _is_placed, None)
    else:
        found = None
    if found is None:
        found = yield InThread(partial(work, None))
    if isinstance(found, PasynError):
        raise found
    changed, note = found
    live = live_map.current(scene)
    if live is not None and live.automatic is not None:
        # What was placed anew just now is as automatic as what was there before.
        anew = {
            name: anchor
            for name, anchor in changed.keypoints.items()
            if anchor != rig_map.keypoints.get(name)
        }
        live.automatic = replace(live.automatic, keypoints=live.automatic.keypoints | anew)
    live_map.store(scene, changed)
    return str(note)


def load_map(context: bpy.types.Context, path: Path) -> RigMap:
    """Read a rig map from a file for the chosen animal and store it in the scene.

    Raises
    ------
    PasynError
        It cannot be read, is not right, or is another rig's; the message says what and where.
    """
    scene = context.scene
    rig = _chosen_rig(scene)
    text = read_text(path)
    geometry = _at_rest(rig)
    refuse_another_rigs(text, geometry, str(path))
    rig_map = parse_rig_map(text, geometry, str(path))
    refuse_moved(rig_map, geometry, str(path))
    live_map.keep_read(scene, rig, geometry, rig_map)
    return rig_map


def mapped(context: bpy.types.Context) -> tuple[RigGeometry, RigMap]:
    """Rest pose and map of the scene's animal.

    Raises
    ------
    RigMapError
        It has none, or none that fits.
    """
    if not live_map.prepare(context):
        raise RigMapError("the rig map does not fit this animal any more; map it again")
    live, rig_map = live_map.current(context.scene), live_map.current_map(context.scene)
    if live is None or rig_map is None:
        raise RigMapError("the animal is not mapped; map it first")
    return live.geometry, rig_map


def _chosen_rig(scene: Any) -> LoadedRig:
    animal = scene.pasyn.animal
    return rig_in_scene(animal.armature, scene, animal.source_file)


def _at_rest(rig: LoadedRig) -> RigGeometry:
    with pose_kept(rig):
        return read_geometry(rig)


def _in_a_standing_pose(
    rig: LoadedRig,
    geometry: RigGeometry,
    work: Callable[[RigGeometry], Any],
    succeeded: Callable[[Any], bool],
    otherwise: Any,
) -> Steps[Any]:
    """What work gives in the first of the rig's actions in which the animal stands."""
    actions = actions_to_try(rig)
    for number, action in enumerate(actions):
        yield number / len(actions)
        with pose_kept(rig):
            standing = posed_geometry(rig, geometry, action)
        found = yield InThread(partial(work, standing))
        if succeeded(found):
            return found
    return otherwise


def _built_in(rig: LoadedRig, geometry: RigGeometry) -> str | None:
    """Species of a built-in animal that stands where it was made: it knows its own joints and keypoints."""
    if not np.allclose(rig.armature.matrix_world, np.eye(4), atol=1e-6):
        return None
    return next((species for species in BUILT_IN if f"{species}_body" in geometry.mesh_names), None)


def _known(
    species: str, rig: LoadedRig, geometry: RigGeometry, choices: Mapping[str, str]
) -> RigMap | PasynError:
    from ..animals.landmarks import animal_rig_map

    try:
        return with_choices(geometry, animal_rig_map(species, rig, geometry), choices)
    except RigMapError:  # only called like one
        return _mapped(geometry, rig.path.name, choices, None)


def _mapped(
    geometry: RigGeometry, name: str, choices: Mapping[str, str], standing: RigGeometry | None
) -> RigMap | PasynError:
    try:
        if standing is None:
            found = map_rig(geometry, name)
        else:
            found = map_rig(standing, name)
            found = replace(found, joints=joints_at_rest(found, standing, geometry))
        return with_choices(geometry, found, choices, standing)
    except PasynError as error:
        return error


def _with_joint(
    geometry: RigGeometry,
    rig_map: RigMap,
    joint: str,
    bone: str,
    kept: Collection[str],
    standing: RigGeometry | None,
) -> tuple[RigMap, str] | PasynError:
    try:
        return choose_joint(geometry, rig_map, joint, bone, standing, kept)
    except PasynError as error:
        return error


def _is_mapped(found: Any) -> bool:
    return not isinstance(found, MappingError)


def _is_placed(found: Any) -> bool:
    """Whether the animal could be looked at, which it can where it stands."""
    return not (isinstance(found, tuple) and found[1])
