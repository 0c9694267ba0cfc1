"""Pictures of one animal on plain ground in soft light, good enough to judge it by eye; Cycles draws them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Vector

from ..errors import RenderError
from ..rig.geometry import FloatArray
from .camera import aim_camera, create_camera
from .framing import solve_view, view_axes
from .render_settings import RenderOptions, configure_render

_SKY: Final = (0.82, 0.86, 0.90, 1.0)
_GROUND: Final = (0.50, 0.47, 0.43, 1.0)
_SKY_LIGHT: Final = 0.65
_SUN: Final = 2.1
_SUN_BESIDE: Final = 38.0
_SUN_ABOVE: Final = 48.0
"""Degrees to the left of the camera and above ground: no side of the animal is seen in its own shadow."""

_SUN_WIDTH: Final = 22.0
"""Degrees across, like thin cloud before the sun: shadows with soft edges."""

_FADE: Final = 7.0
"""Radius at which the ground has become sky, in lengths of the animal."""

FOCAL_LENGTH: Final = 85.0
FILL: Final = 0.86


@dataclass(frozen=True)
class PortraitView:
    """From where a portrait is taken; fits :class:`~.requests.ViewRequest`.

    Attributes
    ----------
    azimuth, elevation
        Degrees; azimuth 0 sees the face, 90 the left side.
    fill
        Share of the picture's longer side that the animal takes.
    """

    azimuth: float
    elevation: float
    fill: float = FILL
    roll: float = 0.0
    focal_length: float = FOCAL_LENGTH
    offset: tuple[float, float] = (0.0, 0.0)
    truncation: float = 0.0


class Portraits:
    """Takes portraits of the animal in the scene, as it is posed.

    Parameters
    ----------
    vertices
        (V, 3) of the animal at rest, world space, standing on z = 0.
    body_frame
        (3, 3) rows left, backward, up of the animal in world space.
    size
        Width and height of a picture in pixels.
    samples
        Samples a pixel, before denoising.
    device
        As in :class:`~.render_settings.RenderOptions`.
    threads
        Of the processor, to leave others to other processes; 0 takes all. The picture is the same.

    Raises
    ------
    RenderError
        The device is not there.
    """

    def __init__(
        self,
        vertices: FloatArray,
        body_frame: FloatArray,
        size: int,
        samples: int,
        device: str = "cpu",
        threads: int = 0,
    ) -> None:
        self._frame, self._size = body_frame, size
        scene = bpy.context.scene
        configure_render(scene, RenderOptions((size, size), "cycles", samples, True, device))
        scene.render.threads_mode, scene.render.threads = ("FIXED", threads) if threads else ("AUTO", 1)
        scene.render.film_transparent = False
        scene.render.image_settings.color_mode = "RGB"
        self._camera = create_camera(scene)
        length = float(np.ptp(vertices, axis=0).max())
        self._reach = length * _FADE
        self._sun = _light(scene)
        _lay_ground(scene, self._reach)

    def take(self, vertices: FloatArray, view: PortraitView) -> bytes:
        """Return a PNG file of the present pose.

        Parameters
        ----------
        vertices
            (V, 3) of the pose, world space, which decide the framing.
        view
            From where.

        Raises
        ------
        RenderError
            The pose cannot be framed, or Blender draws nothing.
        """
        aim_camera(self._camera, solve_view(vertices, self._frame, view, (self._size, self._size)))
        self._camera.data.clip_end = self._reach * 10
        towards = -view_axes(self._frame, view.azimuth - _SUN_BESIDE, _SUN_ABOVE, 0.0)[2]
        self._sun.matrix_world = Vector(towards.tolist()).to_track_quat("Z", "Y").to_matrix().to_4x4()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "portrait.png"
            bpy.context.scene.render.filepath = str(path)
            try:
                bpy.ops.render.render(write_still=True)
            except RuntimeError as error:
                raise RenderError(f"Blender could not render: {' '.join(str(error).split())}") from None
            if not path.is_file():
                raise RenderError("Blender wrote no picture; is the disk for temporary files full?")
            return path.read_bytes()


def _light(scene: Any) -> Any:
    """Sky and sun; the sun is returned, to be aimed."""
    world = bpy.data.worlds.new("portrait sky")
    world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = _SKY
    # Seen by the camera it is as bright as it is painted, whatever light it gives.
    path = world.node_tree.nodes.new("ShaderNodeLightPath")
    strength = world.node_tree.nodes.new("ShaderNodeMapRange")
    strength.inputs["To Min"].default_value, strength.inputs["To Max"].default_value = _SKY_LIGHT, 1.0
    world.node_tree.links.new(path.outputs["Is Camera Ray"], strength.inputs["Value"])
    world.node_tree.links.new(strength.outputs["Result"], background.inputs["Strength"])
    scene.world = world
    data = bpy.data.lights.new("portrait sun", "SUN")
    data.energy, data.angle = _SUN, np.radians(_SUN_WIDTH)
    sun = bpy.data.objects.new("portrait sun", data)
    scene.collection.objects.link(sun)
    return sun


def _lay_ground(scene: Any, reach: float) -> None:
    """A plane that fades into the sky, so that no horizon cuts through the animal."""
    mesh = bpy.data.meshes.new("portrait ground")
    mesh.from_pydata([(x * reach, y * reach, 0.0) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))], [],
                     [(0, 1, 2, 3)])  # fmt: skip
    material = bpy.data.materials.new("portrait ground")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    place = tree.nodes.new("ShaderNodeTexCoord")
    gradient = tree.nodes.new("ShaderNodeTexGradient")
    gradient.gradient_type = "SPHERICAL"
    scaled = tree.nodes.new("ShaderNodeVectorMath")
    scaled.operation = "SCALE"
    scaled.inputs["Scale"].default_value = 1.0 / reach
    share = tree.nodes.new("ShaderNodeMapRange")
    share.interpolation_type = "SMOOTHSTEP"
    share.inputs["From Max"].default_value = 0.8
    clear, ground = tree.nodes.new("ShaderNodeBsdfTransparent"), tree.nodes.new("ShaderNodeBsdfDiffuse")
    ground.inputs["Color"].default_value = _GROUND
    mix, output = tree.nodes.new("ShaderNodeMixShader"), tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(place.outputs["Object"], scaled.inputs[0])
    tree.links.new(scaled.outputs["Vector"], gradient.inputs["Vector"])
    tree.links.new(gradient.outputs["Fac"], share.inputs["Value"])
    tree.links.new(share.outputs["Result"], mix.inputs["Fac"])
    tree.links.new(clear.outputs["BSDF"], mix.inputs[1])
    tree.links.new(ground.outputs["BSDF"], mix.inputs[2])
    tree.links.new(mix.outputs["Shader"], output.inputs["Surface"])
    mesh.materials.append(material)
    scene.collection.objects.link(bpy.data.objects.new("portrait ground", mesh))
