"""The dataset: what to make, and how far it is."""

from __future__ import annotations

from typing import Any

import bpy

from ...errors import PasynError
from .. import background_run
from ..dataset_folder import output_folder
from ..panel_job import kept_keys
from ..preferences import datasets_default
from .sidebar import SidebarPanel, wrapped


class PASYN_PT_dataset(SidebarPanel, bpy.types.Panel):
    """Render a labelled dataset."""

    bl_idname = "PASYN_PT_dataset"
    bl_label = "Dataset"
    bl_order = 4

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """For a mapped animal, and as long as a run is going on."""
        return bool(context.scene.pasyn.animal.rig_map) or background_run.current() is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Show what to make, and how far it is."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.pasyn
        run = background_run.current()
        column = layout.column()
        column.enabled = run is None or not run.active
        column.prop(settings.pose, "source")
        column.prop(settings.dataset, "images")
        column.prop(settings.dataset, "seed")
        sizes = column.column(align=True)
        sizes.prop(settings.dataset, "resolution", index=0, text="Width")
        sizes.prop(settings.dataset, "resolution", index=1, text="Height")
        column.prop(settings.dataset, "samples")
        column.prop(settings.dataset, "denoise")
        column.prop(settings.dataset, "device")
        column.prop(settings.dataset, "output")
        if datasets_default(context) and not settings.dataset.is_property_set("output"):
            _draw_default_folder(layout, context)
        layout.separator()
        if run is not None and run.active:
            _draw_progress(layout, context, run)
            return
        row = layout.row()
        row.scale_y = 1.4
        row.operator("pasyn.render_dataset", icon="RENDER_STILL")
        if run is not None:
            icon = {"finished": "CHECKMARK", "failed": "ERROR"}.get(run.state, "INFO")
            wrapped(layout, context, run.message, icon)
        row = layout.row(align=True)
        row.operator("pasyn.open_report", icon="URL")
        row.operator("pasyn.open_folder", text="", icon="FILE_FOLDER")


class PASYN_PT_job(SidebarPanel, bpy.types.Panel):
    """The job as a file."""

    bl_idname = "PASYN_PT_job"
    bl_parent_id = "PASYN_PT_dataset"
    bl_label = "Job File"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Show writing, reading and checking, and what was read beyond the fields."""
        layout = self.layout
        row = layout.row(align=True)
        row.operator("pasyn.write_job", text="Write", icon="EXPORT")
        row.operator("pasyn.read_job", text="Read", icon="IMPORT")
        layout.operator("pasyn.check_job", icon="CHECKMARK")
        settings = context.scene.pasyn
        if settings.dataset.kept:
            kept = kept_keys(settings)
            if kept:
                wrapped(layout, context, f"Kept from the job that was read: {', '.join(kept)}", "PINNED")
            layout.operator("pasyn.forget_job", text="Forget That Job", icon="X")


def _draw_default_folder(layout: Any, context: bpy.types.Context) -> None:
    try:
        wrapped(layout, context, f"From the preferences: {output_folder(context)}", "INFO")
    except PasynError as error:
        wrapped(layout, context, str(error), "ERROR")


def _draw_progress(layout: Any, context: bpy.types.Context, run: Any) -> None:
    row = layout.row(align=True)
    row.progress(factor=run.progress, type="BAR", text=f"{run.rendered} / {run.images}")
    row.operator("pasyn.cancel_render", text="", icon="CANCEL")
    wrapped(layout, context, run.message, "TIME")


CLASSES = (PASYN_PT_dataset, PASYN_PT_job)
