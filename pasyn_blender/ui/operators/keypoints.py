"""Moving keypoints, by hand and from scripts."""

from typing import Any

import bpy
import numpy as np
from bpy_extras import view3d_utils

from ...errors import PasynError, RigMapError
from ...rig.anchor_moving import move_keypoint
from ...rig.geometry import FloatArray
from ...rig.places_on_skin import Ray, place_under
from ...rig.rig_map import RigMap
from .. import keypoint_tool, live_map
from ..live_rig import LiveRig
from ..properties.keypoints import chosen_set
from ..screen import mark_at
from ..viewport import shows_animal, view_of
from . import keypoint_reset
from .keypoint_choice import can_edit, choose, chosen_name, mark_moved, read_now, row_of, suggested
from .reporting import ReportsMistakes

_LOOKING_AROUND = {
    "MIDDLEMOUSE",
    "WHEELUPMOUSE",
    "WHEELDOWNMOUSE",
    "NDOF_MOTION",
    "TRACKPADPAN",
    "TRACKPADZOOM",
}
_DRAG = 3
"""Pixels of the interface from which a click is a drag."""


class PASYN_OT_move_keypoint(ReportsMistakes, bpy.types.Operator):
    """Move one keypoint to another place on the animal."""

    bl_idname = "pasyn.move_keypoint"
    bl_label = "Move Keypoint"
    bl_description = (
        "Move a keypoint to another place on the animal. Eyes, nose, throat, withers and tail root stick to "
        "the skin under the cursor; the others go to the middle of the limb there. It follows the "
        "animal from then on"
    )
    bl_options = {"REGISTER", "UNDO"}

    keypoint: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Keypoint",
        description="Name of the keypoint to move; empty for the one under the cursor, or chosen in the list",
        search=suggested,
        options={"SKIP_SAVE"},
    )
    location: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="Place",
        description="Where it goes, in world space, in the pose that the animal is in",
        size=3,
        subtype="XYZ",
        unit="LENGTH",
        precision=4,
        options={"SKIP_SAVE"},
    )
    mirror: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Both Sides",
        description="Move the counterpart on the other side of the body as well",
        default=True,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be keypoints."""
        return can_edit(cls, context)

    def perform(self, context: bpy.types.Context) -> None:
        """Move it to ``location``; for scripts, and when options are changed afterwards."""
        scene = context.scene
        row_of(self.keypoint, scene)
        if not self.properties.is_property_set("location"):
            raise RigMapError(f"say where {self.keypoint} goes: location=(x, y, z)")
        live, rig_map = read_now(context)
        place = np.array(self.location, dtype=np.float64)
        changed = self._moved(context, live, rig_map, place)
        live_map.store(scene, changed)
        mark_moved(scene, rig_map, changed)
        choose(scene, self.keypoint)
        live_map.redraw_views()

    def _moved(self, context: bpy.types.Context, live: LiveRig, rig_map: RigMap, place: FloatArray) -> RigMap:
        posed = live.posed
        if posed is None:
            raise RigMapError("the animal's pose cannot be read")
        return move_keypoint(
            rig_map,
            chosen_set(context.scene),
            self.keypoint,
            place,
            live.geometry,
            posed.vertices,
            posed.bone_matrices,
            mirror=self.mirror,
        )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Take the mark under the cursor, or the one that is named, and let it follow the cursor."""
        if self.properties.is_property_set("location"):
            return self.execute(context)
        area, scene = context.area, context.scene
        if area is None or area.type != "VIEW_3D" or not shows_animal(context, area.spaces.active):
            if not self.keypoint:
                return {"PASS_THROUGH"}
            self.report({"ERROR"}, "Show the keypoints in a 3D viewport first")
            return {"CANCELLED"}
        try:
            if not self.properties.is_property_set("mirror"):
                self.mirror = scene.pasyn.keypoints.mirror
            self._live, self._before = read_now(context)
            # From list or search, the mark comes to the cursor once that is over the viewport.
            self._held = not self.keypoint and (event.type, event.value) == ("LEFTMOUSE", "PRESS")
            if not self._held:
                self.keypoint = self.keypoint or chosen_name(scene)
            self._start = (event.mouse_x, event.mouse_y)
            self._offset = np.zeros(2)
            self._result: RigMap | None = None
            if self._held and not self._take(context, event):
                return {"PASS_THROUGH"}
            choose(scene, self.keypoint)
        except PasynError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        context.window_manager.modal_handler_add(self)
        context.window.cursor_modal_set("SCROLL_XY")
        self._say(context)
        area.tag_redraw()
        return {"RUNNING_MODAL"}

    def _take(self, context: bpy.types.Context, event: bpy.types.Event) -> bool:
        region, data = _region_under(context.area, event)
        view = view_of(context, region, data) if region is not None else None
        if view is None:
            return False
        cursor = (event.mouse_x - region.x, event.mouse_y - region.y)
        reach = keypoint_tool.reach(context)
        row = mark_at(view.places, view.depth, cursor, reach)
        if row is None:
            return False
        self.keypoint = view.keypoint_set.keypoints[row]
        self._offset = view.places[row] - cursor
        return True

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Follow the cursor; Blender calls it for every event meanwhile."""
        if event.type in {"MOUSEMOVE", "INBETWEEN_MOUSEMOVE"}:
            self._follow(context, event)
            return {"RUNNING_MODAL"}
        if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            return self._end(context, None)
        let_go = event.type == "LEFTMOUSE" and event.value == ("RELEASE" if self._held else "PRESS")
        if let_go or (event.type in {"RET", "NUMPAD_ENTER"} and event.value == "PRESS"):
            return self._end(context, self._result)
        if event.type == "M" and event.value == "PRESS":
            self.mirror = not self.mirror
            self._say(context)
            self._follow(context, event)
        return {"PASS_THROUGH"} if event.type in _LOOKING_AROUND else {"RUNNING_MODAL"}

    def _follow(self, context: bpy.types.Context, event: bpy.types.Event) -> None:
        region, data = _region_under(context.area, event)
        away = np.hypot(event.mouse_x - self._start[0], event.mouse_y - self._start[1])
        scale = context.preferences.system.ui_scale
        if region is None or (self._result is None and away < _DRAG * scale):
            return
        live, posed = self._live, self._live.posed
        view = view_of(context, region, data)
        if posed is None or view is None:
            return
        cursor = np.array([event.mouse_x - region.x, event.mouse_y - region.y]) + self._offset
        row = row_of(self.keypoint, context.scene)
        before = view.points[row]
        if not np.isfinite(before).all():
            before = np.nanmean(posed.vertices, axis=0)
        place = place_under(
            _ray(region, data, cursor),
            before,
            posed.vertices,
            live.geometry.triangles,
            surface=self.keypoint in view.keypoint_set.surface,
            paired=view.keypoint_set.mirror[row] != row,
            trunk_length=self._before.trunk_length,
        )
        try:
            self._result = live.preview = self._moved(context, live, self._before, place)
        except PasynError:
            return  # nothing there that could hold it: it stays where it was
        self.location = place
        context.area.tag_redraw()

    def _end(self, context: bpy.types.Context, result: RigMap | None) -> set[str]:
        self._live.preview = None
        self._restore(context)
        if result is None:
            return {"CANCELLED"}
        live_map.store(context.scene, result)
        mark_moved(context.scene, self._before, result)
        live_map.redraw_views()
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up when Blender itself ends the operator."""
        self._live.preview = None
        self._restore(context)

    def _restore(self, context: bpy.types.Context) -> None:
        if context.window is not None:
            context.window.cursor_modal_restore()
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        if context.area is not None:
            context.area.tag_redraw()

    def _say(self, context: bpy.types.Context) -> None:
        name = self.keypoint.replace("_", " ")
        sides = "on" if self.mirror else "off"
        put = "Release" if self._held else "Click"
        context.workspace.status_text_set(
            f"{name}:  {put} to put it there   Esc or right click to leave it   M: both sides ({sides})"
        )


def _region_under(area: Any, event: Any) -> tuple[Any, Any]:
    """The region of a viewport that the cursor is over, and its view; a quad view has four."""
    space = area.spaces.active
    windows = [region for region in area.regions if region.type == "WINDOW"]
    quads = list(space.region_quadviews)
    views = quads if len(quads) == len(windows) else [space.region_3d]
    over = [
        (region, view)
        for region, view in zip(windows, views, strict=False)
        if 0 <= event.mouse_x - region.x < region.width and 0 <= event.mouse_y - region.y < region.height
    ]
    if not over:
        return None, None
    # Toolbar and sidebar lie over the viewport.
    for region in area.regions:
        inside = (
            0 <= event.mouse_x - region.x < region.width and 0 <= event.mouse_y - region.y < region.height
        )
        if region.type in {"UI", "TOOLS", "HEADER", "TOOL_HEADER"} and inside and region.width > 1:
            return None, None
    return over[0]


def _ray(region: Any, data: Any, cursor: FloatArray) -> Ray:
    place = (float(cursor[0]), float(cursor[1]))
    origin = np.array(view3d_utils.region_2d_to_origin_3d(region, data, place), dtype=np.float64)
    direction = np.array(view3d_utils.region_2d_to_vector_3d(region, data, place), dtype=np.float64)
    forward = -np.array(data.view_matrix, dtype=np.float64)[2, :3]
    return Ray(origin, direction / np.linalg.norm(direction), forward / np.linalg.norm(forward))


class PASYN_OT_toggle_keypoint_tool(bpy.types.Operator):
    """Switch dragging of keypoints in the viewport on or off."""

    bl_idname = "pasyn.toggle_keypoint_tool"
    bl_label = "Move Keypoints"
    bl_description = "Drag keypoints in the viewport with the left mouse button; press again to stop"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be keypoints, and a viewport to drag them in."""
        if not can_edit(cls, context):
            return False
        if context.area is None or context.area.type != "VIEW_3D":
            cls.poll_message_set("Needs a 3D viewport")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Change the active tool."""
        keypoint_tool.toggle(context)
        return {"FINISHED"}


CLASSES = (PASYN_OT_move_keypoint, PASYN_OT_toggle_keypoint_tool, *keypoint_reset.CLASSES)
