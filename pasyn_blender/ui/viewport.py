"""Where the keypoints are in the regions of the 3D viewports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..anatomy.keypoint_sets import KeypointSet
from . import live_map
from .properties.keypoints import chosen_set
from .screen import Canvas, FloatArray, screen_positions

_MODES = {"OBJECT", "POSE", "PAINT_WEIGHT", "PAINT_VERTEX", "PAINT_TEXTURE"}
"""While a mesh or an armature is edited, the pose is not what a picture would show."""

_views: dict[int, View] = {}


@dataclass(frozen=True)
class View:
    """One region of a viewport, and the keypoints in it.

    Attributes
    ----------
    canvas
        Size of the region.
    keypoint_set
        Which keypoints.
    points
        (K, 3) world places.
    places, depth
        (K, 2) pixels of the region and (K,) depth, larger is farther; NaN where there is no place.
    perspective
        (4, 4) world to clip space.
    """

    canvas: Canvas
    keypoint_set: KeypointSet
    points: FloatArray
    places: FloatArray
    depth: FloatArray
    perspective: FloatArray


def view_of(context: bpy.types.Context, region: Any, region_data: Any) -> View | None:
    """Where the keypoints are in a region of a 3D viewport; None while they have no place."""
    points = live_map.positions(context)
    if points is None:
        return None
    perspective = np.array(region_data.perspective_matrix)
    places, depth = screen_positions(points, perspective, region.width, region.height)
    canvas = Canvas(region.width, region.height, context.preferences.system.ui_scale)
    return View(canvas, chosen_set(context.scene), points, places, depth, perspective)


def shows_animal(context: bpy.types.Context, space: Any) -> bool:
    """Whether a viewport shows keypoints: switched on, and the animal is visible there."""
    scene = context.scene
    if scene is None or not space.overlay.show_overlays or not scene.pasyn.keypoints.show_overlay:
        return False
    if context.mode not in _MODES or scene.pasyn.animal.armature is None:
        return False
    live = live_map.current(scene)
    if live is None:
        return True  # it is not read yet; nothing is drawn before
    objects = scene.objects
    return any(name in objects and objects[name].visible_in_viewport_get(space) for name in live.meshes)


def keep_view(region: Any, view: View) -> None:
    """Remember what was drawn in a region."""
    _views[region.as_pointer()] = view


def forget_view(region: Any) -> None:
    """Nothing was drawn in a region."""
    _views.pop(region.as_pointer(), None)


def forget_views() -> None:
    """Forget every region."""
    _views.clear()


def last_view(region: Any) -> View | None:
    """What was drawn last in a region; None where nothing was."""
    return _views.get(region.as_pointer())
