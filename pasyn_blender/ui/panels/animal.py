"""The animal: choice, map and joints."""

from __future__ import annotations

from typing import Any

import bpy

from ..operators.joints import active_bone, other_side
from ..properties.animal import chosen_joint
from ..scene_animal import is_linked
from .sidebar import PASYN_UL_findings, SidebarPanel, found, wrapped


class PASYN_PT_animal(SidebarPanel, bpy.types.Panel):
    """Choose and map the animal."""

    bl_idname = "PASYN_PT_animal"
    bl_label = "Animal"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        """Show choice, import and mapping."""
        layout = self.layout
        settings = context.scene.pasyn.animal
        layout.prop(settings, "armature", text="", icon="ARMATURE_DATA")
        row = layout.row(align=True)
        row.operator("pasyn.use_selected", icon="RESTRICT_SELECT_OFF")
        row.operator("pasyn.import_animal", text="Import File", icon="IMPORT")
        armature = settings.armature
        if armature is None:
            wrapped(layout, context, "Select a rigged animal, import one, or add a built-in one", "INFO")
            return
        if context.scene.objects.get(armature.name) != armature:
            wrapped(layout, context, f"'{armature.name}' is not in this scene; choose another", "ERROR")
            return
        if is_linked(armature):
            wrapped(layout, context, "Linked: to pose it, use Object > Library Override > Make", "INFO")
        species = layout.row()
        species.use_property_split = True
        species.use_property_decorate = False
        species.prop(settings, "species")
        row = layout.row()
        row.scale_y = 1.3
        text = "Map Again" if settings.rig_map else "Map Automatically"
        row.operator("pasyn.map_animal", text=text, icon="ARMATURE_DATA")
        row = layout.row(align=True)
        row.operator("pasyn.load_rig_map", text="Load Map", icon="FILE_FOLDER")
        if settings.rig_map:
            row.operator("pasyn.save_rig_map", text="Save Map", icon="FILE_TICK")


class PASYN_PT_built_in(SidebarPanel, bpy.types.Panel):
    """Add an animal made by code."""

    bl_idname = "PASYN_PT_built_in"
    bl_parent_id = "PASYN_PT_animal"
    bl_label = "Add a Built-in Animal"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        """Show the choice."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.pasyn.animal.built_in
        layout.prop(settings, "species")
        layout.prop(settings, "individual")
        layout.prop(settings, "coat")
        layout.prop(settings, "motions")
        row = layout.row()
        row.scale_y = 1.3
        add = row.operator("pasyn.add_animal", text=f"Add {settings.species.title()}", icon="ADD")
        add.species = settings.species
        add.individual = settings.individual
        add.coat = settings.chosen_coat
        add.motions = settings.motions


class PASYN_PT_joints(SidebarPanel, bpy.types.Panel):
    """Which bone plays which joint."""

    bl_idname = "PASYN_PT_joints"
    bl_parent_id = "PASYN_PT_animal"
    bl_label = "Joints"
    bl_options = {"DEFAULT_CLOSED"}
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a mapped animal."""
        return bool(context.scene.pasyn.animal.rig_map)

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Show how many, also while the panel is closed."""
        self.layout.label(text=found(context.scene.pasyn.animal.joints))

    def draw(self, context: bpy.types.Context) -> None:
        """Show the list, and what the chosen joint can be given."""
        layout = self.layout
        settings = context.scene.pasyn.animal
        layout.template_list(
            PASYN_UL_findings.bl_idname, "joints", settings, "joints", settings, "joint_index", rows=7
        )
        layout.prop(context.scene.pasyn.keypoints, "show_joint")
        joint = chosen_joint(settings)
        if joint is not None and settings.armature is not None:
            _draw_choice(layout, context, settings, joint)


def _draw_choice(layout: Any, context: bpy.types.Context, settings: Any, joint: Any) -> None:
    row = layout.row(align=True)
    row.prop_search(settings, "joint_bone", settings.armature.data, "bones", text="")
    row.operator("pasyn.show_joint", text="", icon="RESTRICT_SELECT_OFF").joint = joint.name
    active = active_bone(context)
    row = layout.row()
    row.enabled = bool(active) and not (joint.found and active == joint.place)
    use = row.operator(
        "pasyn.set_joint", text=f"Use '{active}'" if active else "Use Active Bone", icon="BONE_DATA"
    )
    use.joint = joint.name
    use.both_sides = settings.both_sides
    if other_side(joint.name):
        layout.prop(settings, "both_sides")


CLASSES = (PASYN_PT_animal, PASYN_PT_built_in, PASYN_PT_joints)
