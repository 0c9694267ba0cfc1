"""Blender's camera from a solved view."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from .framing import SENSOR_WIDTH, View


def create_camera(scene: bpy.types.Scene) -> Any:
    """Add a camera object and make it the scene's."""
    data = bpy.data.cameras.new("PASyn camera")
    data.sensor_fit = "AUTO"
    data.sensor_width = SENSOR_WIDTH
    camera = bpy.data.objects.new("PASyn camera", data)
    scene.collection.objects.link(camera)
    scene.camera = camera
    return camera


def aim_camera(camera: bpy.types.Object, view: View) -> None:
    """Give a camera object the pose and lens of a view.

    Sensor fit AUTO applies lens and shift to the longer side, for wide and tall pictures alike.
    """
    width, height = view.size
    longer = max(width, height)
    # Blender's cameras look along -Z with +Y up.
    pose = np.linalg.inv(view.world_to_camera) @ np.diag([1.0, -1.0, -1.0, 1.0])
    camera.matrix_world = Matrix(pose.tolist())
    data = camera.data
    data.lens = view.focal_length
    data.shift_x = (width / 2 - view.intrinsics[0, 2]) / longer
    data.shift_y = (view.intrinsics[1, 2] - height / 2) / longer
    nearest, farthest = view.depth_range
    data.clip_start = nearest / 4
    data.clip_end = farthest * 4


def render_border(view: View, margin: int) -> tuple[int, int, int, int] | None:
    """Pixels that the animal can touch: left, top, right, bottom (exclusive), None when it is outside.

    Parameters
    ----------
    view
        Solved camera.
    margin
        Pixels added around the projected box, for the pixel filter.
    """
    width, height = view.size
    left, top = (max(0, int(np.floor(value)) - margin) for value in view.box[:2])
    right = min(width, int(np.ceil(view.box[2])) + margin)
    bottom = min(height, int(np.ceil(view.box[3])) + margin)
    if right <= left or bottom <= top:
        return None
    return left, top, right, bottom
