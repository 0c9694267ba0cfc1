"""The dataset: what to make, and how far it is."""

from __future__ import annotations

from typing import Any

import bpy

from .. import background_run
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
        column.prop(settings.animal, "species")
        column.prop(settings.pose, "source")
        column.prop(settings.dataset, "images")
        column.prop(settings.dataset, "seed")
        sizes = column.column(align=True)
        sizes.prop(settings.dataset, "resolution", index=0, text="Width")
        sizes.prop(settings.dataset, "resolution", index=1, text="Height")
        column.prop(settings.dataset, "samples")
        column.prop(settings.shots, "backgrounds")
        column.prop(settings.dataset, "output")
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
        layout.operator("pasyn.open_report", icon="URL")


def _draw_progress(layout: Any, context: bpy.types.Context, run: Any) -> None:
    row = layout.row(align=True)
    row.progress(factor=run.progress, type="BAR", text=f"{run.rendered} / {run.images}")
    row.operator("pasyn.cancel_render", text="", icon="CANCEL")
    wrapped(layout, context, run.message, "TIME")


CLASSES = (PASYN_PT_dataset,)
