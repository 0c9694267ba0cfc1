"""Sun and sky.

One sun and one world serve all shots; only values change between them. The world's importance map gets a
fixed resolution before the first render: left to itself Cycles makes one of 4096 x 2048 whenever anything
about the world changes, which costs more than a small picture does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from ..errors import RenderError
from .requests import LightRequest
from .sky import SkyLight, colour_seen, sky_light

FloatArray = NDArray[np.float64]

IMPORTANCE_MAP = 1024
"""Width of the map by which Cycles finds the bright parts of the sky: that of the bundled HDRIs."""

LOWEST_SUN = 8.0
"""Degrees above the horizon of a lamp that stands where the world's sun is: a lower one lights no ground."""

WORLDS_KEPT = 16
"""HDRIs held in memory at a time; a 4K one takes 128 MiB."""


@dataclass(frozen=True)
class Lighting:
    """Handles of the scene's light.

    Attributes
    ----------
    sun
        Sun object.
    environment, mapping, background
        Nodes of the world.
    images
        Loaded HDRIs by path, the most recent last.
    skies
        Their light.
    """

    sun: Any
    environment: Any
    mapping: Any
    background: Any
    images: dict[Path, Any]
    skies: dict[Path, SkyLight]


@dataclass(frozen=True)
class LightTruth:
    """Light of a render.

    Attributes
    ----------
    toward_sun
        (3,) world direction from the animal to the sun.
    sun_irradiance, sky_irradiance
        What falls on level ground: of the sun lamp, and of the world's upper half.
    colour
        (3,) linear RGB of the light on what the camera sees of the animal, taken as a ball; of luminance 1.
    """

    toward_sun: FloatArray
    sun_irradiance: float
    sky_irradiance: float
    colour: FloatArray


def bundled_worlds() -> dict[str, Path]:
    """World HDRIs that come with Blender: file name to path, sorted by name."""
    for kind in ("LOCAL", "SYSTEM"):
        root = bpy.utils.resource_path(kind)
        folder = Path(root) / "datafiles" / "studiolights" / "world"
        if root and folder.is_dir():
            return {path.name: path for path in sorted(folder.glob("*.exr"))}
    return {}


def world_path(world: str) -> Path:
    """File of a world as a shot names it.

    Raises
    ------
    RenderError
        There is no such bundled world or file.
    """
    bundled = bundled_worlds()
    if world in bundled:
        return bundled[world]
    path = Path(world)
    if not path.is_file():
        raise RenderError(
            f"found no world HDRI {world!r}; write the path of an .exr or .hdr file, or one of the bundled "
            f"{', '.join(bundled) or '(none)'}"
        )
    return path


def create_lighting(scene: bpy.types.Scene) -> Lighting:
    """Give a scene a sun and an HDRI world of its own."""
    data = bpy.data.lights.new("PASyn sun", "SUN")
    sun = bpy.data.objects.new("PASyn sun", data)
    scene.collection.objects.link(sun)
    world = bpy.data.worlds.new("PASyn world")
    if hasattr(world, "cycles"):
        world.cycles.sampling_method = "MANUAL"
        world.cycles.sample_map_resolution = IMPORTANCE_MAP
    if not world.use_nodes:
        world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    output = tree.nodes.new("ShaderNodeOutputWorld")
    background = tree.nodes.new("ShaderNodeBackground")
    environment = tree.nodes.new("ShaderNodeTexEnvironment")
    mapping = tree.nodes.new("ShaderNodeMapping")
    mapping.vector_type = "POINT"
    coordinates = tree.nodes.new("ShaderNodeTexCoord")
    tree.links.new(coordinates.outputs["Generated"], mapping.inputs["Vector"])
    tree.links.new(mapping.outputs["Vector"], environment.inputs["Vector"])
    tree.links.new(environment.outputs["Color"], background.inputs["Color"])
    tree.links.new(background.outputs["Background"], output.inputs["Surface"])
    scene.world = world
    return Lighting(
        sun=sun, environment=environment, mapping=mapping, background=background, images={}, skies={}
    )


def apply_light(
    lighting: Lighting, request: LightRequest, body_frame: FloatArray, toward_camera: FloatArray
) -> LightTruth:
    """Set sun and sky as a shot asks.

    Parameters
    ----------
    lighting
        From :func:`create_lighting`.
    request
        The shot's light.
    body_frame
        (3, 3) rows left, backward, up of the animal in world space.
    toward_camera
        (3,) world direction from the animal to the camera.

    Returns
    -------
    LightTruth
        Where the sun stands and what it and the sky give. With ``sun_follows_world``, the lamp stands where
        the HDRI shows its sun, if it shows one, and has some of its colour: two suns would cast two shadows.

    Raises
    ------
    RenderError
        The world cannot be found or read.
    """
    path = world_path(request.world)
    lighting.environment.image = _image(lighting, path)
    sky = lighting.skies[path]
    turn = sky_rotation(request.world_rotation, body_frame)
    toward_sun, colour = _drawn_sun(request, body_frame), np.ones(3)
    if request.sun_follows_world and sky.toward_sun is not None:
        toward_sun = _lifted(sky.toward_sun @ turn, body_frame)
        # The cone round the sun is deeper in colour than all that a low sun sends.
        colour = np.sqrt(sky.sun_colour)
    # A lamp shines along its own -Z.
    lighting.sun.matrix_world = Vector(toward_sun.tolist()).to_track_quat("Z", "Y").to_matrix().to_4x4()
    lighting.sun.data.energy = request.sun_strength
    lighting.sun.data.color = colour.tolist()
    lighting.mapping.inputs["Rotation"].default_value = Matrix(turn.tolist()).to_euler("XYZ")
    lighting.background.inputs["Strength"].default_value = request.world_strength
    # The lamp is one more direction that light comes from.
    directions = np.concatenate([sky.directions @ turn, toward_sun[None]])
    power = np.concatenate([request.world_strength * sky.power, request.sun_strength * colour[None]])
    return LightTruth(
        toward_sun=toward_sun,
        sun_irradiance=request.sun_strength * max(float(body_frame[2] @ toward_sun), 0.0),
        sky_irradiance=request.world_strength * sky.irradiance,
        colour=colour_seen(directions, power, toward_camera),
    )


def _drawn_sun(request: LightRequest, body_frame: FloatArray) -> FloatArray:
    """(3,) world direction to the sun as the shot drew it."""
    azimuth, elevation = np.radians([request.sun_azimuth, request.sun_elevation])
    across = np.cos(elevation)
    return np.asarray(
        np.array([np.sin(azimuth) * across, -np.cos(azimuth) * across, np.sin(elevation)]) @ body_frame
    )


def _lifted(toward_sun: FloatArray, body_frame: FloatArray) -> FloatArray:
    """Raise a direction to :data:`LOWEST_SUN`."""
    sine = np.sin(np.radians(LOWEST_SUN))
    up = body_frame[2]
    height = float(up @ toward_sun)
    if height >= sine:
        return toward_sun
    flat = toward_sun - height * up
    length = float(np.linalg.norm(flat))
    return np.asarray(flat / length * np.sqrt(1.0 - sine**2) + sine * up)


def sky_rotation(world_rotation: float, body_frame: FloatArray) -> FloatArray:
    """(3, 3) from world directions to those of the HDRI, whose up is the animal's up.

    For an animal that stands on the world's XY plane this is the turn by ``world_rotation`` degrees around Z.
    """
    angle = np.radians(world_rotation)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    up = np.asarray(body_frame[2], dtype=np.float64)
    raise_up = Vector(up.tolist()).rotation_difference(Vector((0.0, 0.0, 1.0))).to_matrix()
    return np.asarray(turn @ np.array(raise_up, dtype=np.float64))


def _image(lighting: Lighting, path: Path) -> Any:
    image = lighting.images.pop(path, None)
    if image is None:
        try:
            image = bpy.data.images.load(str(path))
        except RuntimeError as error:
            raise RenderError(f"{path}: cannot be read as a picture: {error}") from None
        if not image.size[0]:
            bpy.data.images.remove(image)
            raise RenderError(f"{path}: is no .exr or .hdr picture that Blender can read")
    lighting.images[path] = image
    if path not in lighting.skies:
        lighting.skies[path] = _sky(image)
    while len(lighting.images) > WORLDS_KEPT:
        oldest = next(iter(lighting.images))
        bpy.data.images.remove(lighting.images.pop(oldest))
    return image


def _sky(image: Any) -> SkyLight:
    width, height = image.size
    pixels = np.empty(width * height * image.channels, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    colours = pixels.reshape(height, width, image.channels)[::-1]
    return sky_light(colours[..., :3] if image.channels >= 3 else np.repeat(colours[..., :1], 3, axis=2))
