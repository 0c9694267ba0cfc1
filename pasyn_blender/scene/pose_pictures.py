"""Quick pictures of a posed rig on its ground, for people to judge poses by; Workbench draws them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import bpy
import numpy as np
from mathutils import Matrix

from ..errors import RenderError
from ..rig.geometry import FloatArray
from .opened_rig import OpenedRig
from .silence import in_silence

SIDE: Final = (90.0, 2.5)
"""Azimuth and elevation of the view of an animal's left side, degrees; 0 is its face."""

THREE_QUARTER: Final = (38.0, 14.0)

_LONG, _HIGH = 1.42, 1.3
"""How much longer and higher than the animal at rest a picture is: legs stretch, bodies rear."""

_BELOW: Final = 0.14
"""Share of a picture that is left below the ground's middle."""

_GROUND: Final = (0.95, 1.0, 0.88, 1.0)
_LINES: Final = (0.55, 0.66, 0.48, 1.0)
_SKY: Final = (0.80, 0.84, 0.88)
_SAMPLES: Final = "8"


class PosePictures:
    """Takes pictures of the rig in the scene, as it is posed.

    Parameters
    ----------
    opened
        The rig.
    size
        Width and height of a picture in pixels.
    """

    def __init__(self, opened: OpenedRig, size: tuple[int, int] = (320, 260)) -> None:
        scene = bpy.context.scene
        scene.render.engine = "BLENDER_WORKBENCH"
        scene.render.resolution_x, scene.render.resolution_y = size
        scene.render.resolution_percentage = 100
        scene.render.image_settings.file_format = "PNG"
        scene.render.image_settings.color_mode = "RGB"
        scene.render.use_stamp = False
        scene.view_settings.view_transform = "Standard"
        scene.display.render_aa = _SAMPLES
        shading = scene.display.shading
        shading.light, shading.color_type = "STUDIO", "TEXTURE"
        shading.show_cavity = True
        shading.background_type = "WORLD"
        scene.world = bpy.data.worlds.new("sky")
        scene.world.color = _SKY
        frame, vertices = opened.retargeting.body_frame, opened.geometry.vertices
        extent = np.ptp(vertices @ frame.T, axis=0)
        self._frame, self._trunk = frame, opened.retargeting.trunk_length
        self._size = float(max(extent[1] * _LONG, extent[0] * _LONG, extent[2] * _HIGH * size[0] / size[1]))
        middle = (vertices.max(axis=0) + vertices.min(axis=0)) / 2
        self._ground = middle - frame[2] * (middle @ frame[2] - opened.retargeting.ground)
        self._aim = self._ground + frame[2] * self._size * size[1] / size[0] * (0.5 - _BELOW)
        self._camera = bpy.data.objects.new("pose camera", bpy.data.cameras.new("pose camera"))
        self._camera.data.type = "ORTHO"
        self._camera.data.ortho_scale = self._size
        self._camera.data.clip_end = self._size * 20
        scene.collection.objects.link(self._camera)
        scene.camera = self._camera
        self._draw_ground()

    def take(
        self, vertices: FloatArray, views: Sequence[tuple[float, float]] = (SIDE, THREE_QUARTER)
    ) -> list[bytes]:
        """Return a PNG file of each view of the present pose.

        Parameters
        ----------
        vertices
            (V, 3) of the pose, world space; the camera looks at their middle.
        views
            Azimuth and elevation in degrees.

        Raises
        ------
        RenderError
            Blender cannot draw here.
        """
        off = (vertices.max(axis=0) + vertices.min(axis=0)) / 2 - self._aim
        aim = self._aim + off - self._frame[2] * (off @ self._frame[2])
        pictures = []
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "pose.png"
            for azimuth, elevation in views:
                self._look(aim, azimuth, elevation)
                bpy.context.scene.render.filepath = str(path)
                _render(path)
                pictures.append(path.read_bytes())
        return pictures

    def _look(self, aim: FloatArray, azimuth: float, elevation: float) -> None:
        a, e = np.radians(azimuth), np.radians(elevation)
        towards = self._frame.T @ np.array([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)])
        right = np.cross(self._frame[2], towards)
        right /= np.linalg.norm(right)
        placed = np.eye(4)
        placed[:3, :3] = np.stack([right, np.cross(towards, right), towards], axis=1)
        placed[:3, 3] = aim + towards * self._size * 5
        self._camera.matrix_world = Matrix(placed.tolist())

    def _draw_ground(self) -> None:
        """A plane, and lines on it half a trunk apart: by them a foot is seen to stand or float."""
        left, back, up = self._frame
        wide = self._size * 0.9
        just_below = self._ground - up * 0.002 * self._trunk
        self._quads("ground", _GROUND, [self._quad(just_below, left * wide, back * wide)])
        step, reach, thin = self._trunk * 0.5, self._size * 0.9, self._trunk * 0.01
        at = just_below + up * 0.0008 * self._trunk
        count = int(reach / step)
        lines = [
            quad
            for number in range(-count, count + 1)
            for quad in (
                self._quad(at + left * number * step, left * thin, back * reach),
                self._quad(at + back * number * step, left * reach, back * thin),
            )
        ]
        self._quads("ground lines", _LINES, lines)

    @staticmethod
    def _quad(middle: FloatArray, side: FloatArray, length: FloatArray) -> list[FloatArray]:
        return [middle + a * side + b * length for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]

    @staticmethod
    def _quads(name: str, colour: tuple[float, ...], quads: Sequence[Sequence[FloatArray]]) -> None:
        mesh = bpy.data.meshes.new(name)
        points = [tuple(float(value) for value in point) for quad in quads for point in quad]
        faces = [tuple(range(first, first + 4)) for first in range(0, len(points), 4)]
        mesh.from_pydata(points, [], faces)
        material = bpy.data.materials.new(name)
        material.diffuse_color = colour
        mesh.materials.append(material)
        bpy.context.scene.collection.objects.link(bpy.data.objects.new(name, mesh))


def _render(path: Path) -> None:
    try:
        with in_silence():
            bpy.ops.render.render(write_still=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise RenderError(f"Blender's Workbench cannot draw pictures here: {reason}") from None
    if not path.is_file():
        raise RenderError("Blender's Workbench drew no picture; it needs OpenGL 4.3, if only in software")
