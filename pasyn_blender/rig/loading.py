"""Load a rigged animal from a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..errors import RigError
from .actions import ActionRange, apply_action, clear_action, list_actions, remember_rest
from .animal_parts import AnimalParts, bone_shapes, choose_parts
from .extraction import deformed_vertices, posed_bone_matrices, read_geometry
from .file_import import ImportedFile, all_blocks, import_file, new_blocks, remove_blocks, remove_unused
from .import_repairs import keep_topology, repair
from .loaded_rig import MESH_NAME_KEY, LoadedRig

__all__ = [
    "ActionRange",
    "LoadedRig",
    "apply_action",
    "clear_action",
    "deformed_vertices",
    "list_actions",
    "load_rig",
    "posed_bone_matrices",
    "read_geometry",
]


def load_rig(path: Path) -> LoadedRig:
    """Import the animal of a .blend, .glb, .gltf or .fbx file into the current scene.

    Of the file's objects the armature that skins most vertices is kept, with its meshes and what hangs on
    them; everything else of the file is removed again. Objects that were in the scene before are not
    touched. No script or Python driver of the file runs.

    Parameters
    ----------
    path
        Model file.

    Returns
    -------
    LoadedRig
        In its rest pose, without an action.

    Raises
    ------
    RigError
        When the file cannot be read or holds no skinned animal; the message says which.
    """
    path = Path(path)
    taken = {obj.name for obj in bpy.data.objects}
    before = all_blocks()
    imported = import_file(path)
    try:
        parts = choose_parts(path.name, imported)
        # A control rig has hundreds of bone shapes, which nobody takes for a part of the picture.
        dropped = tuple(sorted(obj.name for obj in set(parts.dropped) - bone_shapes(imported.objects)))
        collection = _move_into_scene(path, parts)
        notes = repair(parts)
        for obj in parts.meshes:
            _remember_name(obj, taken)
        rig = LoadedRig(
            path=path,
            armature=parts.armature,
            meshes=parts.meshes,
            dropped=dropped,
            notes=(*imported.notes, *parts.notes, *notes),
            actions=_own_actions(imported, parts),
            supports=parts.supports,
            rate=imported.rate,
        )
        remember_rest(rig)
        clear_action(rig)
        actions = tuple(dict.fromkeys(entry.action for entry in list_actions(rig)))
        remove_unused(before, [collection, parts.armature, *parts.meshes, *parts.supports, *actions])
        rig = replace(rig, actions=actions)
        rig = replace(rig, notes=(*rig.notes, *keep_topology(rig)))
    except BaseException as error:
        remove_blocks(new_blocks(before))
        if isinstance(error, ReferenceError):
            # Blender reads a .blend whose inner links are broken, and then drops parts of it.
            raise RigError(f"{path.name} is damaged: parts of it refer to what is not there") from None
        raise
    return rig


def _own_actions(imported: ImportedFile, parts: AnimalParts) -> tuple[bpy.types.Action, ...]:
    """Actions of the file without those that only another creature plays, whose bones may be named alike."""

    def played(obj: bpy.types.Object) -> set[bpy.types.Action]:
        animation = obj.animation_data
        if animation is None:
            return set()
        strips = {strip.action for track in animation.nla_tracks for strip in track.strips}
        return {action for action in strips | {animation.action} if action is not None}

    others = [obj for obj in parts.dropped if obj.type == "ARMATURE"]
    foreign = set().union(*(played(obj) for obj in others)) - played(parts.armature)
    return tuple(action for action in imported.actions if action not in foreign)


def _remember_name(obj: bpy.types.Object, taken: set[str]) -> None:
    """Keep the name from the file where the scene already had an object of that name."""
    base, _, number = obj.name.rpartition(".")
    if number.isdigit() and base in taken:
        obj[MESH_NAME_KEY] = base


def _move_into_scene(path: Path, parts: AnimalParts) -> bpy.types.Collection:
    """Put the animal into a collection of its own, so that nothing hides it."""
    collection = bpy.data.collections.new(path.stem)
    bpy.context.scene.collection.children.link(collection)
    for obj in (parts.armature, *parts.meshes, *parts.supports):
        for other in tuple(obj.users_collection):
            other.objects.unlink(obj)
        collection.objects.link(obj)
        obj.hide_viewport = False
        obj.hide_set(False)
        obj.hide_render = obj in parts.supports
    bpy.context.view_layer.update()
    return collection
