"""How far a dataset is, at the bottom of Blender's window: the panel may be closed meanwhile."""

from __future__ import annotations

from typing import Any

import bpy

from . import background_run


def _draw(header: Any, _context: bpy.types.Context) -> None:
    run = background_run.current()
    if run is None or not run.active:
        return
    row = header.layout.row(align=True)
    row.separator()
    row.progress(factor=run.progress, type="RING", text=f"PASyn {run.rendered} / {run.images}")
    row.operator("pasyn.cancel_render", text="", icon="CANCEL", emboss=False)


def register() -> None:
    """Draw in the status bar; while nothing is rendered that costs nothing."""
    bpy.types.STATUSBAR_HT_header.append(_draw)


def unregister() -> None:
    """Stop drawing."""
    bpy.types.STATUSBAR_HT_header.remove(_draw)
