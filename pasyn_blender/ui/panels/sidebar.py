"""What the panels of the tab share."""

from __future__ import annotations

from typing import Any

import bpy

TAB = "PASyn"


class SidebarPanel:
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
        if item.by_hand:
            icon = "PINNED" if item.found else "X"
        split = row.split(factor=0.58)
        split.label(text=item.name.replace("_", " "), icon=icon)
        where = split.row()
        where.active = False
        where.label(text=item.place if item.found else ("none" if item.by_hand else "missing"))


def found(items: Any) -> str:
    """How many of a list were found, in words."""
    count = sum(item.found for item in items)
    return f"{count} of {len(items)}" if count < len(items) else f"all {count}"


def wrapped(layout: Any, context: bpy.types.Context, text: str, icon: str) -> None:
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


CLASSES = (PASYN_UL_findings,)
