"""PASyn in Blender's sidebar: properties, operators, panels, the viewport overlay and the preferences."""

from __future__ import annotations

import bpy

from . import (
    background_run,
    live_map,
    operators,
    overlay,
    panels,
    preferences,
    properties,
    shot_process,
    status_bar,
)

CLASSES = (
    *preferences.CLASSES,
    *properties.CLASSES,
    *operators.CLASSES,
    *panels.CLASSES,
)
"""All Blender classes, in the order in which they can be registered."""


def register() -> None:
    """Add everything to the running Blender."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    properties.register()
    live_map.register()
    overlay.register()
    background_run.register()
    status_bar.register()


def unregister() -> None:
    """Take everything away again, and end a running render."""
    status_bar.unregister()
    shot_process.forget()
    background_run.unregister()
    overlay.unregister()
    live_map.unregister()
    properties.unregister()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
