"""Keypoints, skeleton and names drawn over the 3D viewport, on the animal as it is posed."""

from __future__ import annotations

from typing import Any

import bpy
import gpu
import numpy as np

from ..annotation.visibility import SEEN
from . import keypoint_tool, live_map
from .live_rig import LiveRig
from .overlay_drawing import draw_bone, draw_links, draw_marks, draw_names
from .screen import IntArray, screen_positions
from .sight import PatientLook, Skin, seen, view_camera
from .viewport import View, forget_view, forget_views, keep_view, shows_animal, view_of

_handles: list[Any] = []
_looks: dict[int, PatientLook] = {}


def _draw() -> None:
    context = bpy.context
    scene = context.scene
    forget_view(context.region)
    if not shows_animal(context, context.space_data):
        _looks.pop(context.region.as_pointer(), None)
        return
    if live_map.wants_preparing(scene):
        live_map.prepare_soon()
        return
    live = live_map.current(scene)
    view = view_of(context, context.region, context.region_data)
    if live is None or view is None:
        return
    keep_view(context.region, view)
    settings = scene.pasyn.keypoints
    judged = _judge(context, live, view) if settings.show_visibility else None
    if judged is None:
        judged = np.full(len(view.points), SEEN)
    gpu.state.blend_set("ALPHA")
    draw_links(view.canvas, view.keypoint_set, view.places, judged)
    draw_marks(
        view.canvas,
        view.keypoint_set,
        view.places,
        view.depth,
        judged,
        settings.mark_size,
        settings.index,
    )
    if settings.show_names:
        draw_names(view.canvas, view.keypoint_set, view.places, judged, settings.mark_size)
    if settings.show_joint:
        _draw_joint(scene, live, view)
    gpu.state.blend_set("NONE")


def _judge(context: bpy.types.Context, live: LiveRig, view: View) -> IntArray | None:
    """0, 1 or 2 for each keypoint, perhaps a moment late; None before the first time."""
    posed, rig_map = live.posed, live_map.current_map(context.scene)
    if posed is None or rig_map is None:
        return None
    looks = _looks.setdefault(context.region.as_pointer(), PatientLook())
    parts = live.parts(rig_map, view.keypoint_set, wait=False)
    if parts is None:
        _look_again(0.1)
        return _fitting(looks.last, view)
    data = context.region_data
    frame = _frame(context, view)
    surface = np.array([name in view.keypoint_set.surface for name in view.keypoint_set.keypoints])

    def judge() -> IntArray:
        skin = Skin(
            posed.vertices, live.geometry.triangles, live.columns, parts, surface, rig_map.trunk_length
        )
        centre = np.nanmean(view.points, axis=0) if np.isfinite(view.points).any() else np.zeros(3)
        camera = view_camera(np.array(data.view_matrix), data.is_perspective, centre, rig_map.trunk_length)
        return seen(view.points, view.places, frame, skin, camera)

    before = looks.last
    subject = (
        posed,
        id(rig_map),
        view.points.tobytes(),
        view.perspective.tobytes(),
        (view.canvas.width, view.canvas.height),
        frame,
    )
    again = looks.look(subject, judge)
    if again is not None:
        _look_again(again)
    if before is None or not np.array_equal(before, looks.last):
        _tell_sidebar(context.area)
    return _fitting(looks.last, view)


def _fitting(judged: IntArray | None, view: View) -> IntArray | None:
    """A judgement, unless it is about another keypoint set."""
    return judged if judged is not None and len(judged) == len(view.points) else None


def _frame(context: bpy.types.Context, view: View) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of the picture: the camera's frame, or the whole region."""
    whole = (0.0, 0.0, float(view.canvas.width), float(view.canvas.height))
    camera = context.space_data.camera
    if context.region_data.view_perspective != "CAMERA" or camera is None or camera.type != "CAMERA":
        return whole
    corners = np.array(camera.data.view_frame(scene=context.scene))
    matrix = np.array(camera.matrix_world.normalized())
    places, _ = screen_positions(
        corners @ matrix[:3, :3].T + matrix[:3, 3], view.perspective, view.canvas.width, view.canvas.height
    )
    if not np.isfinite(places).all():
        return whole
    low, high = places.min(axis=0), places.max(axis=0)
    if (high - low).min() < 1.0:
        return whole
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def judgement(area: Any) -> IntArray | None:
    """What a viewport said last of its keypoints: 0 outside, 1 hidden, 2 seen; None where it said nothing."""
    for region in area.regions:
        if region.type == "WINDOW" and region.as_pointer() in _looks:
            return _looks[region.as_pointer()].last
    return None


def _draw_joint(scene: Any, live: LiveRig, view: View) -> None:
    animal = scene.pasyn.animal
    rig_map = live.shown_map(animal.rig_map)
    if live.posed is None or not 0 <= animal.joint_index < len(animal.joints):
        return
    binding = rig_map.joints.get(animal.joints[animal.joint_index].name)
    if binding is None or binding.bone not in live.geometry.bone_names:
        return
    row = live.geometry.bone_names.index(binding.bone)
    posed = live.posed.bone_matrices[row]
    tail = (
        posed
        @ np.linalg.inv(live.geometry.bone_matrices[row])
        @ np.array([*live.geometry.bone_tails[row], 1.0])
    )
    ends, _ = screen_positions(
        np.stack([posed[:3, 3], tail[:3]]), view.perspective, view.canvas.width, view.canvas.height
    )
    draw_bone(view.canvas, ends[0], ends[1], binding.bone)


def _tell_sidebar(area: Any) -> None:
    """The list in the sidebar shows what the view sees."""
    for region in area.regions:
        if region.type == "UI":
            region.tag_redraw()


def _look_again(seconds: float) -> None:
    if not bpy.app.timers.is_registered(_redraw):
        bpy.app.timers.register(_redraw, first_interval=seconds)


def _redraw() -> None:
    live_map.redraw_views()


@bpy.app.handlers.persistent
def _forget(*_arguments: Any) -> None:
    _looks.clear()
    forget_views()


def register() -> None:
    """Draw in every 3D viewport; without a mapped animal that costs nothing."""
    _handles.append(bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL"))
    bpy.app.handlers.load_post.append(_forget)
    keypoint_tool.register()


def unregister() -> None:
    """Stop drawing."""
    keypoint_tool.unregister()
    while _handles:
        bpy.types.SpaceView3D.draw_handler_remove(_handles.pop(), "WINDOW")
    bpy.app.handlers.load_post.remove(_forget)
    if bpy.app.timers.is_registered(_redraw):
        bpy.app.timers.unregister(_redraw)
    _looks.clear()
    forget_views()
