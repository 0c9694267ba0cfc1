"""The tool in the toolbar with which keypoints are dragged, in object and in pose mode."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from .overlay_drawing import draw_hovered
from .screen import mark_at
from .viewport import last_view

_IDENTIFIER = "pasyn.keypoint_tool"
_USUAL = "builtin.select_box"
_REACH = 7.0
"""Pixels of the interface beyond the marks' rim at which the cursor still takes them."""

_before: dict[str, str] = {}


def reach(context: bpy.types.Context) -> float:
    """How near the cursor must be to a mark to take it, in pixels."""
    size = context.scene.pasyn.keypoints.mark_size
    return float((size + _REACH) * context.preferences.system.ui_scale)


def active(context: bpy.types.Context) -> bool:
    """Whether the tool is in the artist's hand."""
    return _in_hand(context) == _IDENTIFIER


def _in_hand(context: bpy.types.Context) -> str:
    if context.workspace is None:
        return ""
    tool = context.workspace.tools.from_space_view3d_mode(context.mode, create=False)
    return "" if tool is None else str(tool.idname)


def toggle(context: bpy.types.Context) -> None:
    """Take the tool, or the one that was in use before it."""
    mode, now = context.mode, _in_hand(context)
    if now == _IDENTIFIER:
        bpy.ops.wm.tool_set_by_id(name=_before.pop(mode, _USUAL), space_type="VIEW_3D")
        return
    _before[mode] = now or _USUAL
    bpy.ops.wm.tool_set_by_id(name=_IDENTIFIER, space_type="VIEW_3D")


def _draw_cursor(context: bpy.types.Context, _tool: Any, xy: Any) -> None:
    """Ring the mark that a press would take."""
    region = context.region
    view = last_view(region) if region is not None else None
    if view is None:
        return
    corner = np.array([region.x, region.y], dtype=float)
    cursor = np.array([xy[0], xy[1]], dtype=float) - corner
    row = mark_at(view.places, view.depth, (float(cursor[0]), float(cursor[1])), reach(context))
    if row is not None:
        size = context.scene.pasyn.keypoints.mark_size
        draw_hovered(view.places[row] + corner, size, view.canvas.scale)


class _MoveKeypoints(bpy.types.WorkSpaceTool):
    """Drag the animal's keypoints."""

    bl_space_type = "VIEW_3D"
    bl_idname = _IDENTIFIER
    bl_label = "Move Keypoints"
    bl_description = "Drag the animal's keypoints to other places on its body"
    bl_icon = "ops.transform.vert_slide"
    bl_cursor = "DEFAULT"
    bl_keymap = (("pasyn.move_keypoint", {"type": "LEFTMOUSE", "value": "PRESS"}, None),)
    draw_cursor = staticmethod(_draw_cursor)

    @staticmethod
    def draw_settings(context: bpy.types.Context, layout: Any, _tool: Any) -> None:
        """Show in the tool header what matters while dragging."""
        settings = context.scene.pasyn.keypoints
        layout.prop(settings, "mirror")
        layout.prop(settings, "show_names")


class PASYN_TOOL_object_keypoints(_MoveKeypoints):
    """Drag the animal's keypoints in object mode."""

    bl_context_mode = "OBJECT"


class PASYN_TOOL_pose_keypoints(_MoveKeypoints):
    """Drag the animal's keypoints in pose mode."""

    bl_context_mode = "POSE"


_TOOLS = (PASYN_TOOL_object_keypoints, PASYN_TOOL_pose_keypoints)


def register() -> None:
    """Add the tool to the toolbar."""
    for tool in _TOOLS:
        bpy.utils.register_tool(tool, after={"builtin.measure"}, separator=True)


def unregister() -> None:
    """Take the tool away, also out of the artist's hand."""
    _before.clear()
    for tool in reversed(_TOOLS):
        bpy.utils.unregister_tool(tool)
