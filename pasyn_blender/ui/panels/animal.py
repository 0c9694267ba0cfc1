"""The animal: choice, map and joints."""

from __future__ import annotations

import bpy

from .sidebar import PASYN_UL_findings, SidebarPanel, found


class PASYN_PT_animal(SidebarPanel, bpy.types.Panel):
    """Choose and map the animal."""

    bl_idname = "PASYN_PT_animal"
    bl_label = "Animal"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        """Show choice, import and mapping."""
        layout = self.layout
        settings = context.scene.pasyn.animal
        column = layout.column(align=True)
        column.operator("pasyn.import_animal", text="Import File", icon="IMPORT")
        column.operator("pasyn.use_selected", icon="RESTRICT_SELECT_OFF")
        layout.prop(settings, "armature", text="", icon="ARMATURE_DATA")
        if settings.armature is None:
            layout.label(text="Import a rigged animal, or select one", icon="INFO")
            return
        row = layout.row()
        row.scale_y = 1.3
        text = "Map Again" if settings.rig_map else "Map Automatically"
        row.operator("pasyn.map_animal", text=text, icon="ARMATURE_DATA")


class PASYN_PT_joints(SidebarPanel, bpy.types.Panel):
    """Which joints were found."""

    bl_idname = "PASYN_PT_joints"
    bl_parent_id = "PASYN_PT_animal"
    bl_label = "Joints"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a mapped animal."""
        return bool(context.scene.pasyn.animal.rig_map)

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Show how many, also while the panel is closed."""
        self.layout.label(text=found(context.scene.pasyn.animal.joints))

    def draw(self, context: bpy.types.Context) -> None:
        """Show the list."""
        settings = context.scene.pasyn.animal
        self.layout.template_list(
            PASYN_UL_findings.bl_idname, "joints", settings, "joints", settings, "joint_index", rows=7
        )


CLASSES = (PASYN_PT_animal, PASYN_PT_joints)
