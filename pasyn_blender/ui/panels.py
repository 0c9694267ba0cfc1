"""The sidebar tab, in the order of the work: animal, keypoints, dataset."""

from __future__ import annotations

from typing import Any

import bpy

from . import background_run, live_map

TAB = "PASyn"


class _SidebarPanel:
    """What all panels of the tab share."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = TAB


class PASYN_UL_findings(bpy.types.UIList):
    """Joints or keypoints, and what carries them."""

    bl_idname = "PASYN_UL_findings"

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _property: Any
    ) -> None:
        """Show one row."""
        row = layout.row(align=True)
        icon = "CHECKMARK" if item.found else ("ERROR" if item.required else "REMOVE")
        split = row.split(factor=0.58)
        split.label(text=item.name.replace("_", " "), icon=icon)
        where = split.row()
        where.active = False
        where.label(text=item.place if item.found else "missing")


def _found(items: Any) -> str:
    count = sum(item.found for item in items)
    return f"{count} of {len(items)}" if count < len(items) else f"all {count}"


class PASYN_PT_animal(_SidebarPanel, bpy.types.Panel):
    """Choose and map the animal."""

    bl_idname = "PASYN_PT_animal"
    bl_label = "Animal"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        """Show choice, import and mapping."""
        layout = self.layout
        settings = context.scene.pasyn
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


class PASYN_PT_joints(_SidebarPanel, bpy.types.Panel):
    """Which joints were found."""

    bl_idname = "PASYN_PT_joints"
    bl_parent_id = "PASYN_PT_animal"
    bl_label = "Joints"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a mapped animal."""
        return bool(context.scene.pasyn.rig_map)

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Show how many, also while the panel is closed."""
        self.layout.label(text=_found(context.scene.pasyn.joints))

    def draw(self, context: bpy.types.Context) -> None:
        """Show the list."""
        settings = context.scene.pasyn
        self.layout.template_list(
            PASYN_UL_findings.bl_idname, "joints", settings, "joints", settings, "joint_index", rows=7
        )


class PASYN_PT_keypoints(_SidebarPanel, bpy.types.Panel):
    """Keypoints over the viewport."""

    bl_idname = "PASYN_PT_keypoints"
    bl_label = "Keypoints"
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a mapped animal."""
        return bool(context.scene.pasyn.rig_map)

    def draw(self, context: bpy.types.Context) -> None:
        """Show what is drawn over the viewport."""
        layout = self.layout
        settings = context.scene.pasyn
        layout.prop(settings, "show_overlay")
        row = layout.row()
        row.active = settings.show_overlay
        row.prop(settings, "show_names")
        row.prop(settings, "mark_size")
        trouble = live_map.problem(context.scene)
        if trouble:
            _wrapped(layout, context, trouble, "ERROR")


class PASYN_PT_keypoint_list(_SidebarPanel, bpy.types.Panel):
    """Which keypoints were found, and where."""

    bl_idname = "PASYN_PT_keypoint_list"
    bl_parent_id = "PASYN_PT_keypoints"
    bl_label = "List"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Show how many, also while the panel is closed."""
        self.layout.label(text=_found(context.scene.pasyn.keypoints))

    def draw(self, context: bpy.types.Context) -> None:
        """Show the list."""
        settings = context.scene.pasyn
        self.layout.template_list(
            PASYN_UL_findings.bl_idname,
            "keypoints",
            settings,
            "keypoints",
            settings,
            "keypoint_index",
            rows=7,
        )


class PASYN_PT_dataset(_SidebarPanel, bpy.types.Panel):
    """Render a labelled dataset."""

    bl_idname = "PASYN_PT_dataset"
    bl_label = "Dataset"
    bl_order = 4

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """For a mapped animal, and as long as a run is going on."""
        return bool(context.scene.pasyn.rig_map) or background_run.current() is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Show what to make, and how far it is."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.pasyn
        run = background_run.current()
        column = layout.column()
        column.enabled = run is None or not run.active
        column.prop(settings, "species")
        column.prop(settings, "poses")
        column.prop(settings, "images")
        column.prop(settings, "seed")
        sizes = column.column(align=True)
        sizes.prop(settings, "resolution", index=0, text="Width")
        sizes.prop(settings, "resolution", index=1, text="Height")
        column.prop(settings, "samples")
        column.prop(settings, "backgrounds")
        column.prop(settings, "output")
        layout.separator()
        if run is not None and run.active:
            _draw_progress(layout, context, run)
            return
        row = layout.row()
        row.scale_y = 1.4
        row.operator("pasyn.render_dataset", icon="RENDER_STILL")
        if run is not None:
            icon = {"finished": "CHECKMARK", "failed": "ERROR"}.get(run.state, "INFO")
            _wrapped(layout, context, run.message, icon)
        layout.operator("pasyn.open_report", icon="URL")


def _draw_progress(layout: Any, context: bpy.types.Context, run: Any) -> None:
    row = layout.row(align=True)
    row.progress(factor=run.progress, type="BAR", text=f"{run.rendered} / {run.images}")
    row.operator("pasyn.cancel_render", text="", icon="CANCEL")
    _wrapped(layout, context, run.message, "TIME")


def _wrapped(layout: Any, context: bpy.types.Context, text: str, icon: str) -> None:
    """Write a sentence over as many lines as the sidebar's width asks for; Blender's labels do not wrap."""
    scale = context.preferences.system.ui_scale
    width = max(int((context.region.width / scale - 50) / 6.2), 16)
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(wrap(text, width)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` characters; long paths are broken after a separator where there is one."""
    lines = [""]
    for word in text.split():
        rest = word
        while rest:
            room = width - len(lines[-1]) - (1 if lines[-1] else 0)
            if len(rest) <= room:
                lines[-1] += (" " if lines[-1] else "") + rest
                break
            if lines[-1]:
                lines.append("")
                continue
            cut = max(rest.rfind("/", 0, width), rest.rfind("\\", 0, width)) + 1 or width
            lines[-1] = rest[:cut]
            rest = rest[cut:]
            lines.append("")
    return [line for line in lines if line]


CLASSES = (
    PASYN_UL_findings,
    PASYN_PT_animal,
    PASYN_PT_joints,
    PASYN_PT_keypoints,
    PASYN_PT_keypoint_list,
    PASYN_PT_dataset,
)
