"""Keypoints over the viewport."""

from __future__ import annotations

from typing import Any

import bpy

from ...annotation.visibility import HIDDEN, OUTSIDE, SEEN
from .. import keypoint_tool, live_map
from ..overlay import judgement
from .sidebar import SidebarPanel, found, wrapped

_STATES = {SEEN: "2 seen", HIDDEN: "1 hidden", OUTSIDE: "0 outside"}
"""What a label would say: COCO's number, and what it means."""


class PASYN_UL_keypoints(bpy.types.UIList):
    """Keypoints, what carries them, and what a picture from this view would say of them."""

    bl_idname = "PASYN_UL_keypoints"

    def draw_item(
        self,
        context: Any,
        layout: Any,
        _data: Any,
        item: Any,
        _icon: Any,
        _active: Any,
        _property: Any,
        index: int,
    ) -> None:
        """Show one row."""
        row = layout.row(align=True)
        split = row.split(factor=0.6)
        icon = ("PINNED" if item.by_hand else "CHECKMARK") if item.found else "ERROR"
        split.label(text=item.name.replace("_", " "), icon=icon)
        facts = split.row(align=True)
        facts.active = False
        if not item.found:
            facts.label(text="missing")
        else:
            judged = judgement(context.area) if context.area is not None else None
            if judged is not None and index < len(judged):
                facts.label(text=_STATES[int(judged[index])])
            else:
                facts.label(text=item.place)
        move = row.operator("pasyn.move_keypoint", text="", icon="EMPTY_ARROWS", emboss=False)
        move.keypoint = item.name


class PASYN_PT_keypoints(SidebarPanel, bpy.types.Panel):
    """Keypoints over the viewport."""

    bl_idname = "PASYN_PT_keypoints"
    bl_label = "Keypoints"
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a mapped animal."""
        return bool(context.scene.pasyn.animal.rig_map)

    def draw(self, context: bpy.types.Context) -> None:
        """Show what is drawn over the viewport."""
        layout = self.layout
        settings = context.scene.pasyn.keypoints
        layout.prop(settings, "keypoint_set")
        layout.prop(settings, "show_overlay")
        column = layout.column()
        column.active = settings.show_overlay
        row = column.row()
        row.prop(settings, "show_names")
        row.prop(settings, "show_visibility")
        column.prop(settings, "mark_size")
        trouble = live_map.problem(context.scene)
        if trouble:
            wrapped(layout, context, trouble, "ERROR")
            return
        row = column.row(align=True)
        row.scale_y = 1.2
        row.operator(
            "pasyn.toggle_keypoint_tool", depress=keypoint_tool.active(context), icon="TRANSFORM_ORIGINS"
        )
        row.prop(settings, "mirror", text="", icon="MOD_MIRROR")


class PASYN_PT_keypoint_list(SidebarPanel, bpy.types.Panel):
    """Which keypoints were found, and where."""

    bl_idname = "PASYN_PT_keypoint_list"
    bl_parent_id = "PASYN_PT_keypoints"
    bl_label = "List"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Show how many, also while the panel is closed."""
        self.layout.label(text=found(context.scene.pasyn.keypoints.found))

    def draw(self, context: bpy.types.Context) -> None:
        """Show the list."""
        layout = self.layout
        settings = context.scene.pasyn.keypoints
        layout.template_list(
            PASYN_UL_keypoints.bl_idname,
            "keypoints",
            settings,
            "found",
            settings,
            "index",
            rows=7,
        )
        row = layout.row(align=True)
        one = row.row(align=True)
        one.enabled = 0 <= settings.index < len(settings.found)
        one.operator("pasyn.reset_keypoint", text="Reset", icon="LOOP_BACK").everything = False
        row.operator("pasyn.reset_keypoint", text="Reset All").everything = True


CLASSES = (PASYN_UL_keypoints, PASYN_PT_keypoints, PASYN_PT_keypoint_list)
