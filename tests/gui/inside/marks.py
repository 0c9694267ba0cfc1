"""Where the keypoints are on the screen, so that tests can look for their marks there."""

from __future__ import annotations

import sys
from typing import Any

import bpy
from bpy_extras import view3d_utils
from hands import Hands


def extension(name: str) -> Any:
    """A module of the installed extension."""
    (found,) = (module for module in sys.modules if module.endswith(f".pasyn_blender.{name}"))
    return sys.modules[found]


def marks(hands: Hands) -> list[dict[str, Any]]:
    """Each keypoint's name, and its place in pixels of the screen from the upper left; null behind the view.

    Blender's own projection is used, and the keypoints of the extension's own record.
    """
    context = bpy.context
    points = extension("ui.live_map").positions(context)
    area, region = hands.area(), hands.region("WINDOW")
    shown = []
    for item, point in zip(context.scene.pasyn.keypoints.found, points, strict=True):
        place = view3d_utils.location_3d_to_region_2d(region, area.spaces.active.region_3d, point)
        on_screen = None
        if place is not None:
            on_screen = [round(region.x + place.x, 2), round(hands.height - 1 - region.y - place.y, 2)]
        shown.append({"name": item.name, "place": on_screen, "point": [float(value) for value in point]})
    return shown
