"""Camera, light and background, and one shot of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy

from ..job_fields import CAMERA, COAT, COMPOSITION, SUN, WORLD, RangeField, range_named
from ..preferences import background_default
from .sidebar import SidebarPanel, wrapped


class PASYN_PT_shots(SidebarPanel, bpy.types.Panel):
    """What differs from picture to picture."""

    bl_idname = "PASYN_PT_shots"
    bl_label = "Scene"
    bl_order = 3

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a mapped animal."""
        return bool(context.scene.pasyn.animal.rig_map)

    def draw(self, context: bpy.types.Context) -> None:
        """Show the shot that is shown, and where backgrounds come from."""
        layout = self.layout
        shots = context.scene.pasyn.shots
        row = layout.row(align=True)
        row.scale_y = 1.3
        before = row.row(align=True)
        before.enabled = shots.index > 0
        before.operator("pasyn.show_shot", text="", icon="TRIA_LEFT").step = -1
        row.operator("pasyn.show_shot", text="Show Me Another", icon="CAMERA_DATA").step = 1
        if shots.index >= 0:
            row.operator("pasyn.show_shot", text="", icon="FILE_REFRESH").step = 0
            row.operator("pasyn.remove_scene", text="", icon="X")
            layout.label(text=f"Shot {shots.index} of the dataset is shown", icon="HIDE_OFF")
        column = layout.column(align=True)
        column.label(text="Backgrounds")
        row = column.row(align=True)
        row.prop(shots, "backgrounds", text="")
        row.operator("pasyn.add_background", text="", icon="ADD").directory = ""
        for number, entry in enumerate(shots.further_backgrounds):
            _draw_place(column, entry, "further_backgrounds", number)
        default = background_default(context)
        if default and not shots.is_property_set("backgrounds"):
            wrapped(layout, context, f"From the preferences: {default}", "INFO")
        elif not shots.backgrounds and not shots.further_backgrounds:
            column.label(text="None: views of the worlds", icon="INFO")


def _draw_place(layout: Any, entry: Any, what: str, number: int) -> None:
    row = layout.row(align=True)
    row.prop(entry, "path", text="")
    remove = row.operator("pasyn.remove_place", text="", icon="X")
    remove.what, remove.number = what, number


def draw_ranges(layout: Any, settings: Any, fields: Iterable[RangeField]) -> None:
    """One line a range: name, smallest, largest."""
    column = layout.column(align=True)
    for field in fields:
        split = column.split(factor=0.36, align=True)
        split.label(text=field.label)
        row = split.row(align=True)
        row.prop(settings, f"{field.name}_min", text="")
        row.prop(settings, f"{field.name}_max", text="")


class _Part(SidebarPanel):
    """A closed part of the panel."""

    bl_parent_id = "PASYN_PT_shots"
    bl_options = {"DEFAULT_CLOSED"}


class PASYN_PT_shots_camera(_Part, bpy.types.Panel):
    """Where the camera may stand."""

    bl_idname = "PASYN_PT_shots_camera"
    bl_label = "Camera"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        """Show the ranges."""
        draw_ranges(self.layout, context.scene.pasyn.shots, CAMERA)


class PASYN_PT_shots_light(_Part, bpy.types.Panel):
    """Sun and worlds."""

    bl_idname = "PASYN_PT_shots_light"
    bl_label = "Light"
    bl_order = 1

    def draw(self, context: bpy.types.Context) -> None:
        """Show sun, worlds and their strength."""
        layout = self.layout
        shots = context.scene.pasyn.shots
        layout.label(text="Sun", icon="LIGHT_SUN")
        layout.prop(shots, "sun_follows_world")
        draw_ranges(layout, shots, SUN)
        row = layout.row()
        row.label(text="Worlds", icon="WORLD")
        row.operator_menu_enum("pasyn.add_world", "world", text="Add", icon="ADD")
        column = layout.column(align=True)
        for number, entry in enumerate(shots.worlds):
            _draw_place(column, entry, "worlds", number)
        if not shots.worlds:
            column.label(text="Blender's own under open sky", icon="INFO")
        draw_ranges(layout, shots, WORLD)


class PASYN_PT_shots_composition(_Part, bpy.types.Panel):
    """How the animal is put into its background."""

    bl_idname = "PASYN_PT_shots_composition"
    bl_label = "Composition"
    bl_order = 2

    def draw_header(self, context: bpy.types.Context) -> None:
        """Show the switch, also while the panel is closed."""
        self.layout.prop(context.scene.pasyn.shots, "use_composition", text="")

    def draw(self, context: bpy.types.Context) -> None:
        """Show its parts."""
        layout = self.layout
        shots = context.scene.pasyn.shots
        layout.active = shots.use_composition
        layout.prop(shots, "ground")
        draw_ranges(layout, shots, (field for field in COMPOSITION if field.name != "cover"))
        layout.prop(shots, "occluded", slider=True)
        column = layout.column()
        column.active = shots.occluded > 0
        column.row(align=True).prop(shots, "occluders", expand=True)
        draw_ranges(column, shots, (range_named("cover"),))


class PASYN_PT_shots_look(_Part, bpy.types.Panel):
    """Style, camera look and coat."""

    bl_idname = "PASYN_PT_shots_look"
    bl_label = "Coat and Look"
    bl_order = 3

    def draw(self, context: bpy.types.Context) -> None:
        """Show them."""
        layout = self.layout
        shots = context.scene.pasyn.shots
        layout.label(text="Coat", icon="COLOR")
        draw_ranges(layout, shots, COAT)
        layout.label(text="Picture", icon="IMAGE_DATA")
        layout.prop(shots, "style")
        layout.prop(shots, "use_camera_look")
        column = layout.column(align=True)
        column.active = False
        column.label(text="Seen in the pictures, not in the viewport", icon="INFO")


CLASSES = (
    PASYN_PT_shots,
    PASYN_PT_shots_camera,
    PASYN_PT_shots_light,
    PASYN_PT_shots_composition,
    PASYN_PT_shots_look,
)
