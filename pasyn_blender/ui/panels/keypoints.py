"""Keypoints over the viewport."""

from __future__ import annotations

import bpy

from .. import live_map
from .sidebar import PASYN_UL_findings, SidebarPanel, found, wrapped


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
        layout.prop(settings, "show_overlay")
        row = layout.row()
        row.active = settings.show_overlay
        row.prop(settings, "show_names")
        row.prop(settings, "mark_size")
        trouble = live_map.problem(context.scene)
        if trouble:
            wrapped(layout, context, trouble, "ERROR")


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
        settings = context.scene.pasyn.keypoints
        self.layout.template_list(
            PASYN_UL_findings.bl_idname,
            "keypoints",
            settings,
            "found",
            settings,
            "index",
            rows=7,
        )


CLASSES = (PASYN_PT_keypoints, PASYN_PT_keypoint_list)
