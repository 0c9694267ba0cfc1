"""The rig map of the open scene, ready to follow the animal's pose.

Reading a rig puts it at rest for a moment, which must not happen while Blender draws. So it is read once,
when an animal is mapped or a file with a map is opened, and kept here by name: Blender's own objects are
looked up anew each time, because undo replaces them.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ..anatomy.keypoint_sets import AP10K
from ..errors import PasynError
from ..rig.anchors import keypoint_positions
from ..rig.automatic import map_loaded_rig
from ..rig.extraction import deformed_vertices, posed_bone_matrices, read_geometry
from ..rig.geometry import FloatArray, RigGeometry
from ..rig.loaded_rig import LoadedRig, mesh_name
from ..rig.rig_map import RigMap
from ..rig.rig_map_file import read_rig_map, rig_map_text
from .properties.animal import keep_map
from .scene_animal import pose_kept, rig_in_scene

KEYPOINTS = AP10K


@dataclass
class _Prepared:
    """A map with the rig it was read for."""

    scene: str
    armature: str
    text: str
    geometry: RigGeometry
    rig_map: RigMap
    meshes: tuple[str, ...]
    positions: FloatArray | None = None
    problem: str = ""


_prepared: list[_Prepared] = []
_refused: set[tuple[str, str, int]] = set()


def map_animal(context: bpy.types.Context) -> RigMap:
    """Map the chosen armature and store the result in the scene.

    Raises
    ------
    PasynError
        Nothing usable is chosen, or it is no quadruped.
    """
    animal = context.scene.pasyn.animal
    rig = rig_in_scene(animal.armature, context.scene, animal.source_file)
    with pose_kept(rig):
        geometry = read_geometry(rig)
        rig_map = map_loaded_rig(rig, geometry)
    text = rig_map_text(rig_map)
    keep_map(context.scene, rig_map, text)
    _remember(context.scene, rig, text, geometry, rig_map)
    return rig_map


def _remember(scene: Any, rig: LoadedRig, text: str, geometry: RigGeometry, rig_map: RigMap) -> None:
    meshes = tuple(obj.name for obj in rig.meshes)
    _prepared[:] = [_Prepared(scene.name, rig.armature.name, text, geometry, rig_map, meshes)]


def _find(scene: Any) -> _Prepared | None:
    animal = scene.pasyn.animal
    armature = animal.armature
    if armature is None or not animal.rig_map:
        return None
    for entry in _prepared:
        if (entry.scene, entry.armature, entry.text) == (scene.name, armature.name, animal.rig_map):
            return entry
    return None


def prepare(context: bpy.types.Context) -> bool:
    """Read the rig for the map that the scene has; False where there is none or it does not fit.

    Needed after a file was opened or an undo brought another map back.
    """
    scene = context.scene
    if scene is None or scene.pasyn.animal.armature is None or not scene.pasyn.animal.rig_map:
        return False
    if _find(scene) is not None:
        return True
    animal = scene.pasyn.animal
    key = (scene.name, animal.armature.name, hash(animal.rig_map))
    if key in _refused:
        return False
    try:
        rig = rig_in_scene(animal.armature, scene, animal.source_file)
        with pose_kept(rig):
            geometry = read_geometry(rig)
        rig_map = _parse(animal.rig_map, geometry)
    except PasynError:
        # The panel shows that the map must be made again; trying at every redraw would only cost time.
        _refused.add(key)
        return False
    _remember(scene, rig, animal.rig_map, geometry, rig_map)
    return True


def prepared(scene: Any) -> tuple[RigGeometry, RigMap] | None:
    """The rest pose and map that :func:`prepare` has read for a scene; None while there are none."""
    entry = _find(scene)
    return None if entry is None else (entry.geometry, entry.rig_map)


def _parse(text: str, geometry: RigGeometry) -> RigMap:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rig_map.yaml"
        path.write_text(text, encoding="utf-8")
        return read_rig_map(path, geometry)


def positions(context: bpy.types.Context) -> FloatArray | None:
    """World places of the keypoints in the current pose.

    Parameters
    ----------
    context
        Its scene and evaluated dependency graph are used; nothing is changed.

    Returns
    -------
    (K, 3) array in the order of the keypoint set, rows of NaN for keypoints the rig does not have; None
    while no map is ready.
    """
    entry = _find(context.scene)
    if entry is None:
        return None
    if entry.positions is None and not entry.problem:
        try:
            entry.positions = _compute(entry, context)
        except (PasynError, KeyError, ValueError) as error:
            entry.problem = str(error)
    return entry.positions


def problem(scene: Any) -> str:
    """Why the keypoints of a mapped animal cannot be shown; empty when they can."""
    entry = _find(scene)
    return "" if entry is None else entry.problem


def _compute(entry: _Prepared, context: bpy.types.Context) -> FloatArray:
    objects = context.scene.objects
    missing = [name for name in (entry.armature, *entry.meshes) if name not in objects]
    if missing:
        raise PasynError(f"'{missing[0]}' was removed or renamed; map the animal again")
    rig = LoadedRig(
        path=Path(entry.rig_map.rig),
        armature=objects[entry.armature],
        meshes=tuple(objects[name] for name in entry.meshes),
    )
    depsgraph = context.evaluated_depsgraph_get()
    vertices = deformed_vertices(rig, depsgraph)
    bones = tuple(bone.name for bone in rig.armature.data.bones)
    if len(vertices) != len(entry.geometry.vertices) or set(bones) != set(entry.geometry.bone_names):
        raise PasynError("the mesh or the bones were edited; map the animal again")
    if tuple(mesh_name(obj) for obj in rig.meshes) != entry.geometry.mesh_names:
        raise PasynError("a mesh was renamed; map the animal again")
    matrices = posed_bone_matrices(rig, depsgraph)
    return keypoint_positions(entry.rig_map, KEYPOINTS, entry.geometry, vertices, matrices)


def mark_moved(*_arguments: Any) -> None:
    """Compute positions anew when they are next asked for; Blender calls it after each change."""
    for entry in _prepared:
        entry.positions = None
        entry.problem = ""


def wants_preparing(scene: Any) -> bool:
    """Whether a scene has a map that was not read yet and may still fit."""
    animal = scene.pasyn.animal
    return bool(
        animal.armature is not None
        and animal.rig_map
        and _find(scene) is None
        and (scene.name, animal.armature.name, hash(animal.rig_map)) not in _refused
    )


def prepare_soon() -> None:
    """Prepare the map once Blender has finished drawing or loading."""
    if not bpy.app.timers.is_registered(_prepare_now):
        bpy.app.timers.register(_prepare_now, first_interval=0.05)


def _prepare_now() -> None:
    context = bpy.context
    if context.scene is not None and context.mode in {"OBJECT", "POSE"} and prepare(context):
        for window in context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "VIEW_3D":
                    area.tag_redraw()


@bpy.app.handlers.persistent
def _file_loaded(*_arguments: Any) -> None:
    _prepared.clear()
    _refused.clear()


@bpy.app.handlers.persistent
def _moved(*_arguments: Any) -> None:
    mark_moved()


def register() -> None:
    """Listen for changes of pose, frame and file."""
    handlers = bpy.app.handlers
    handlers.depsgraph_update_post.append(_moved)
    handlers.frame_change_post.append(_moved)
    handlers.undo_post.append(_moved)
    handlers.redo_post.append(_moved)
    handlers.load_post.append(_file_loaded)


def unregister() -> None:
    """Stop listening and forget everything."""
    handlers = bpy.app.handlers
    handlers.depsgraph_update_post.remove(_moved)
    handlers.frame_change_post.remove(_moved)
    handlers.undo_post.remove(_moved)
    handlers.redo_post.remove(_moved)
    handlers.load_post.remove(_file_loaded)
    if bpy.app.timers.is_registered(_prepare_now):
        bpy.app.timers.unregister(_prepare_now)
    _file_loaded()
