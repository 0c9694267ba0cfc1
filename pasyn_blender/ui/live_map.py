"""The rig map of the open scene, ready to follow the animal's pose.

Reading a rig puts it at rest for a moment, which must not happen while Blender draws. So it is read once,
when an animal is mapped or a file with a map is opened, and kept here by name: Blender's own objects are
looked up anew each time, because undo replaces them.
"""

from __future__ import annotations

from typing import Any

import bpy

from ..errors import PasynError
from ..rig.automatic import map_loaded_rig
from ..rig.extraction import read_geometry
from ..rig.geometry import FloatArray, RigGeometry
from ..rig.loaded_rig import LoadedRig
from ..rig.rig_map import RigMap
from ..rig.rig_map_file import parse_rig_map, rig_map_text
from .live_rig import LiveRig, read_pose
from .properties.animal import keep_map
from .properties.keypoints import chosen_set, list_keypoints, mark_placed_by_hand
from .scene_animal import pose_kept, rig_in_scene

_RIGS_KEPT = 4
_rigs: list[LiveRig] = []
_refused: set[tuple[str, str, int]] = set()
_undoing = False


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
    keep_read(context.scene, rig, geometry, rig_map, automatic=True)
    return rig_map


def keep_read(
    scene: Any, rig: LoadedRig, geometry: RigGeometry, rig_map: RigMap, *, automatic: bool = False
) -> None:
    """Store a map in a scene, with the rig that was just read for it.

    Parameters
    ----------
    scene
        Where the animal stands.
    rig, geometry
        The rig, and what was read of it at rest.
    rig_map
        The map.
    automatic
        Whether it is what the automatic mapping finds, to which keypoints can be put back.
    """
    text = rig_map_text(rig_map)
    keep_map(scene, rig_map, text)
    live = _remember(scene, rig, geometry)
    live.add_map(text, rig_map)
    mark_placed_by_hand(scene, ())
    if automatic:
        live.automatic = rig_map


def store(scene: Any, rig_map: RigMap) -> None:
    """Store an edited map of the animal that is mapped already.

    The rig is not read again, so this takes no longer than writing the text.
    """
    live = current(scene)
    text = rig_map_text(rig_map)
    keep_map(scene, rig_map, text)
    if live is not None:
        live.preview = None
        live.add_map(text, rig_map)


def list_again(scene: Any) -> None:
    """Fill the list of keypoints anew, after another set was chosen."""
    live = current(scene)
    if live is not None:
        list_keypoints(scene, live.maps[scene.pasyn.animal.rig_map])
    elif scene.pasyn.animal.rig_map:
        prepare_soon()


def _remember(scene: Any, rig: LoadedRig, geometry: RigGeometry) -> LiveRig:
    live = LiveRig(scene.name, rig.armature.name, tuple(obj.name for obj in rig.meshes), geometry)
    others = [known for known in _rigs if (known.scene, known.armature) != (live.scene, live.armature)]
    _rigs[:] = [live, *others][:_RIGS_KEPT]
    return live


def current(scene: Any) -> LiveRig | None:
    """The animal of a scene as it was read; None while it is not mapped, or not read for its map yet."""
    animal = scene.pasyn.animal
    armature = animal.armature
    if armature is None or not animal.rig_map:
        return None
    live = _read_of(scene)
    return live if live is not None and animal.rig_map in live.maps else None


def _read_of(scene: Any) -> LiveRig | None:
    key = (scene.name, scene.pasyn.animal.armature.name)
    return next((live for live in _rigs if (live.scene, live.armature) == key), None)


def current_map(scene: Any) -> RigMap | None:
    """The rig map of a scene; None while the rig is not read for it."""
    live = current(scene)
    return None if live is None else live.maps[scene.pasyn.animal.rig_map]


def prepare(context: bpy.types.Context) -> bool:
    """Read the rig for the map that the scene has; False where there is none or it does not fit.

    Needed after a file was opened or an undo brought another map back.
    """
    scene = context.scene
    if scene is None or scene.pasyn.animal.armature is None or not scene.pasyn.animal.rig_map:
        return False
    if current(scene) is not None:
        return True
    animal = scene.pasyn.animal
    key = (scene.name, animal.armature.name, hash(animal.rig_map))
    if key in _refused:
        return False
    try:
        rig = rig_in_scene(animal.armature, scene, animal.source_file)
        live = _read_of(scene)
        if live is None or not live.fits(context):
            with pose_kept(rig):
                geometry = read_geometry(rig)
            live = _remember(scene, rig, geometry)
        rig_map = parse_rig_map(animal.rig_map, live.geometry, "the rig map of this scene")
    except PasynError:
        # The panel shows that the map must be made again; trying at every redraw would only cost time.
        _refused.add(key)
        return False
    live.add_map(animal.rig_map, rig_map)
    if len(scene.pasyn.keypoints.found) != len(chosen_set(scene).keypoints):
        list_keypoints(scene, rig_map)
    return True


def positions(context: bpy.types.Context) -> FloatArray | None:
    """World places of the keypoints in the current pose.

    Parameters
    ----------
    context
        Its scene and evaluated dependency graph are used; nothing is changed.

    Returns
    -------
    (K, 3) array in the order of the scene's keypoint set, rows of NaN for keypoints the rig does not have or
    whose mesh is hidden; None while no map is ready.
    """
    live = current(context.scene)
    if live is None:
        return None
    if live.stale and not live.problem and _may_read():
        try:
            live.pose(read_pose(live, context))
        except (PasynError, KeyError, ValueError) as error:
            live.problem = str(error)
    if live.problem or live.posed is None:
        return None
    try:
        return live.places(context.scene.pasyn.animal.rig_map, chosen_set(context.scene))
    except PasynError as error:
        live.problem = str(error)
        return None


def _may_read() -> bool:
    """Whether Blender's evaluated data may be read now: not in the middle of an undo or a render."""
    return not _undoing and not bpy.app.is_job_running("RENDER")


def problem(scene: Any) -> str:
    """Why the keypoints of a mapped animal cannot be shown; empty when they can."""
    live = current(scene)
    return "" if live is None else live.problem


def mark_moved(*_arguments: Any) -> None:
    """Read the pose anew when it is next asked for; Blender calls it after each change."""
    for live in _rigs:
        live.stale = True
        live.problem = ""


def wants_preparing(scene: Any) -> bool:
    """Whether a scene has a map that was not read yet and may still fit."""
    animal = scene.pasyn.animal
    return bool(
        animal.armature is not None
        and animal.rig_map
        and current(scene) is None
        and (scene.name, animal.armature.name, hash(animal.rig_map)) not in _refused
    )


def prepare_soon() -> None:
    """Prepare the map once Blender has finished drawing or loading."""
    if not bpy.app.timers.is_registered(_prepare_now):
        bpy.app.timers.register(_prepare_now, first_interval=0.05)


def _prepare_now() -> None:
    context = bpy.context
    if context.scene is not None and context.mode in {"OBJECT", "POSE"} and _may_read() and prepare(context):
        redraw_views()


def redraw_views() -> None:
    """Draw all 3D viewports and their sidebars again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


@bpy.app.handlers.persistent
def _file_loaded(*_arguments: Any) -> None:
    global _undoing
    _undoing = False
    _rigs.clear()
    _refused.clear()


@bpy.app.handlers.persistent
def _moved(*_arguments: Any) -> None:
    mark_moved()


@bpy.app.handlers.persistent
def _undo_begins(*_arguments: Any) -> None:
    global _undoing
    _undoing = True


@bpy.app.handlers.persistent
def _undo_ends(*_arguments: Any) -> None:
    global _undoing
    _undoing = False
    for live in _rigs:
        live.preview = None
    mark_moved()


def _listeners() -> tuple[tuple[Any, Any], ...]:
    handlers = bpy.app.handlers
    return (
        (handlers.depsgraph_update_post, _moved),
        (handlers.frame_change_post, _moved),
        (handlers.undo_pre, _undo_begins),
        (handlers.redo_pre, _undo_begins),
        (handlers.undo_post, _undo_ends),
        (handlers.redo_post, _undo_ends),
        (handlers.load_post, _file_loaded),
    )


def register() -> None:
    """Listen for changes of pose, frame and file."""
    for calls, function in _listeners():
        calls.append(function)


def unregister() -> None:
    """Stop listening and forget everything."""
    for calls, function in _listeners():
        calls.remove(function)
    if bpy.app.timers.is_registered(_prepare_now):
        bpy.app.timers.unregister(_prepare_now)
    for live in _rigs:
        live.finish()
    _file_loaded()
