"""What Blender has told the person, as its Info editor keeps it."""

from __future__ import annotations

from typing import Any

import bpy


def messages(area: Any) -> list[str]:
    """All lines of the Info editor, which ``area`` is for a moment: operators called, and what they said."""
    window = bpy.context.window_manager.windows[0]
    manager = bpy.context.window_manager
    kind = area.ui_type
    area.ui_type = "INFO"
    space = area.spaces.active
    space.show_report_info = space.show_report_warning = space.show_report_error = True
    try:
        region = next(region for region in area.regions if region.type == "WINDOW")
        manager.clipboard = ""
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.info.select_all(action="SELECT")
            bpy.ops.info.report_copy()
        return [line for line in str(manager.clipboard).splitlines() if line]
    finally:
        area.ui_type = kind
