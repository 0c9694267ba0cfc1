"""World HDRIs as backgrounds: the view of the sky and ground that the render's camera has.

Blender maps a direction (x, y, z) of world space to an equirectangular picture at u = 1/2 - atan2(y, x) / 2π
from the left and v = acos(z) / π from the top. ``world_rotation`` is the Z rotation in degrees of a Mapping
node of type POINT between texture coordinate and picture: the direction is turned by it before it is looked
up.
"""

from __future__ import annotations

import importlib.util
import math
import os
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.errors import BackgroundError

from .bounded_cache import BoundedCache
from .composition import srgb_from_linear
from .radiance import read_radiance

MINIMUM_FIELD_OF_VIEW: Final = 50.0
"""Degrees across the longer side. A telephoto sees so little of an HDRI of 1024 pixels that it would be a
blur; a wider view round the same axis keeps horizon and roll, and stands for a distant background."""

OPEN_GROUND: Final = 12.5
"""Degrees below its horizon from which a world shows open ground: who took it stood on some, and what is
farther than eight metres from a person's eyes may be parked cars or a wall."""

MOST_TILT: Final = 10.0
"""Degrees that a view is tilted at most for the animal to stand on that ground: more looks like another
place's camera."""

MIDDLE_GREY: Final = 0.18
"""Linear light the median pixel of a view is exposed to, as a camera's light meter does."""

MAXIMUM_WIDTH: Final = 4096
"""Wider HDRIs are halved or more when read: 14K ones would take a gigabyte."""

CACHE_BYTES: Final = 512 * 1024 * 1024

FloatArray = NDArray[np.float64]
Texture = NDArray[np.float32]


WORLDS_VARIABLE: Final = "PASYN_WORLDS"
"""Environment variable: the folder of an installed Blender's world HDRIs, for a Python without ``bpy``."""


def bundled_world_path(name: str) -> Path:
    """Find a world HDRI that comes with Blender, without starting it.

    It is looked for in the folder that :data:`WORLDS_VARIABLE` names, and in the installed ``bpy`` module.

    Raises
    ------
    BackgroundError
        No world of this name is there.
    """
    named = os.environ.get(WORLDS_VARIABLE)
    found = importlib.util.find_spec("bpy")
    root = Path(found.origin).parent if found is not None and found.origin else None
    worlds = sorted(Path(named).glob("*.exr")) if named else []
    worlds += sorted(root.glob("*/datafiles/studiolights/world/*.exr")) if root is not None else []
    for path in worlds:
        if path.name == name:
            return path
    names = ", ".join(path.name for path in worlds) or "none: the Python package bpy is not installed"
    raise BackgroundError(f"{name}: no such bundled world; there are: {names}")


def world_path(world: str) -> Path:
    """Path of a world as a shot names it: a bundled name, or the path of a file.

    Raises
    ------
    BackgroundError
        A bundled world cannot be found.
    """
    path = Path(world)
    return path if path.is_absolute() or len(path.parts) > 1 else bundled_world_path(world)


def read_world(path: Path) -> NDArray[np.float32]:
    """Read an ``.exr`` or ``.hdr`` picture as linear RGB.

    Returns
    -------
    (H, W, 3) float32
        Finite and not negative, top row first.

    Raises
    ------
    BackgroundError
        The file cannot be read, or has no colour channels.
    """
    pixels = read_radiance(path) if path.suffix.lower() == ".hdr" else _read_exr(path)
    return np.clip(np.nan_to_num(pixels, nan=0.0, posinf=65504.0, neginf=0.0), 0.0, None)


def _read_exr(path: Path) -> NDArray[np.float32]:
    import OpenEXR

    if not path.is_file():
        raise BackgroundError(f"{path}: there is no such file")
    try:
        with OpenEXR.File(str(path)) as file:
            channels = {name: np.array(channel.pixels) for name, channel in file.channels().items()}
    except Exception as error:  # the binding raises RuntimeError and others for damaged files
        raise BackgroundError(f"{path}: not a readable EXR picture: {error}") from None
    for name in ("RGB", "RGBA"):
        if name in channels:
            return channels[name][..., :3].astype(np.float32)
    if all(name in channels for name in "RGB"):
        return np.stack([channels[name] for name in "RGB"], axis=-1).astype(np.float32)
    if "Y" in channels:
        return np.repeat(channels["Y"].astype(np.float32)[..., None], 3, axis=-1)
    raise BackgroundError(f"{path}: found channels {', '.join(sorted(channels))}; a world needs R, G and B")


def _texture_bytes(texture: Texture) -> int:
    return texture.nbytes


_CACHE: Final[BoundedCache[Texture]] = BoundedCache(CACHE_BYTES, _texture_bytes)


def _texture(path: Path, pixel_angle: float) -> Texture:
    """Return a world no finer than pixels of some angle (radians) can show."""
    try:
        modified = path.stat().st_mtime_ns
    except OSError as error:
        raise BackgroundError(f"{path}: cannot be read: {error.strerror or error}") from None

    def whole() -> Texture:
        pixels = read_world(path)
        return _reduced(pixels, math.ceil(pixels.shape[1] / MAXIMUM_WIDTH))

    full = _CACHE.get((path, modified, 1), whole)
    reduction = max(1, int(pixel_angle * full.shape[1] / (2 * math.pi)))
    return _CACHE.get((path, modified, reduction), lambda: _reduced(full, reduction))


def _reduced(pixels: Texture, reduction: int) -> Texture:
    """Average squares of ``reduction`` pixels."""
    if reduction > 1:
        height, width = pixels.shape[0] // reduction, pixels.shape[1] // reduction
        if height == 0 or width == 0:
            return pixels
        cut = pixels[: height * reduction, : width * reduction]
        blocks = cut.reshape(height, reduction, width, reduction, 3)
        pixels = blocks.mean(axis=(1, 3), dtype=np.float64).astype(np.float32)
    pixels.flags.writeable = False
    return pixels


def world_view(
    path: Path,
    rotation: FloatArray,
    intrinsics: FloatArray,
    world_rotation: float | FloatArray,
    size: tuple[int, int],
    *,
    exposure: float | None = None,
    minimum_field_of_view: float = MINIMUM_FIELD_OF_VIEW,
) -> NDArray[np.uint8]:
    """Show an equirectangular HDRI as a camera in its centre sees it.

    Parameters
    ----------
    path
        ``.exr`` or ``.hdr``.
    rotation
        (3, 3) or (4, 4) world to camera, OpenCV axes: x right, y down, z forward.
    intrinsics
        (3, 3) in pixels, the centre of the top left pixel at (0.5, 0.5).
    world_rotation
        Degrees round world Z as in a Mapping node of type POINT, or (3, 3) from world directions to the
        picture's own.
    size
        (width, height) in pixels.
    exposure
        Factor on the HDRI's light; None exposes the view's median to :data:`MIDDLE_GREY`.
    minimum_field_of_view
        Degrees across the longer side below which the view is widened; 0 keeps the camera's own.

    Returns
    -------
    (height, width, 3) uint8
        sRGB (Blender's view transform "Standard").

    Raises
    ------
    BackgroundError
        The picture cannot be read.
    """
    width, height = size
    camera = _widened(intrinsics, size, minimum_field_of_view)
    # Texels closer together than the view's pixels would alias: average them beforehand.
    texture = _texture(path, 1.0 / max(camera[0, 0], camera[1, 1]))
    directions = _directions(camera, np.asarray(rotation, dtype=np.float64)[:3, :3], width, height)
    light = _look_up(texture, directions @ _to_picture(world_rotation).T)
    factor = _auto_exposure(light) if exposure is None else exposure
    return np.rint(srgb_from_linear(light * factor) * 255.0).astype(np.uint8)


def tilted_to_ground(
    rotation: FloatArray,
    intrinsics: FloatArray,
    up: FloatArray,
    feet: tuple[float, float],
    size: tuple[int, int],
) -> FloatArray:
    """Tilt a view of a world so that feet are on its open ground.

    A camera near the ground, or far away, has feet close to the horizon, where a world shows what stands
    round its ground.

    Parameters
    ----------
    rotation, intrinsics, size
        As :func:`world_view` takes them.
    up
        (3,) world direction.
    feet
        (column, row) of the farthest place that is touched, pixels.

    Returns
    -------
    (3, 3)
        World to camera; the rotation itself where the feet are low enough.
    """
    turn = np.array(np.asarray(rotation)[:3, :3], dtype=np.float64)
    camera = _widened(intrinsics, size, MINIMUM_FIELD_OF_VIEW)
    ray = np.linalg.solve(camera, np.array([*feet, 1.0])) @ turn
    below = -math.degrees(math.asin(float(np.clip(ray @ up / np.linalg.norm(ray), -1.0, 1.0))))
    tilt = math.radians(float(np.clip(OPEN_GROUND - below, 0.0, MOST_TILT)))
    across, down, forward = turn
    cosine, sine = math.cos(tilt), math.sin(tilt)
    return np.stack([across, cosine * down - sine * forward, cosine * forward + sine * down])


def _widened(intrinsics: FloatArray, size: tuple[int, int], minimum_field_of_view: float) -> FloatArray:
    camera = np.array(intrinsics, dtype=np.float64)
    if minimum_field_of_view > 0:
        longest = max(size) / 2 / math.tan(math.radians(minimum_field_of_view) / 2)
        widened = min(1.0, longest / max(camera[0, 0], camera[1, 1]))
        camera[0, 0] *= widened
        camera[1, 1] *= widened
    return camera


def _directions(intrinsics: FloatArray, rotation: FloatArray, width: int, height: int) -> FloatArray:
    """(height, width, 3) world directions of the pixel centres."""
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    x = (columns - intrinsics[0, 2]) / intrinsics[0, 0]
    y = (rows - intrinsics[1, 2]) / intrinsics[1, 1]
    rays = np.stack([x, y, np.ones_like(x)], axis=-1)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    return rays @ rotation  # rows times R are R transposed times columns: camera to world


def _to_picture(world_rotation: float | FloatArray) -> FloatArray:
    turn = np.asarray(world_rotation, dtype=np.float64)
    if turn.ndim == 2:
        return turn
    angle = math.radians(float(turn))
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])


def _look_up(texture: NDArray[np.float32], directions: FloatArray) -> FloatArray:
    """Interpolate the picture bilinearly, going round at the sides and stopping at the poles."""
    height, width = texture.shape[:2]
    x, y, z = (directions[..., axis].ravel() for axis in range(3))
    across = (0.5 - np.arctan2(y, x) / (2 * math.pi)) * width - 0.5
    down = np.arccos(np.clip(z, -1.0, 1.0)) / math.pi * height - 0.5
    left, top = np.floor(across).astype(np.intp), np.floor(down).astype(np.intp)
    right_share = (across - left).astype(np.float32)[:, None]
    lower_share = (down - top).astype(np.float32)[:, None]
    # Gathering whole pixels from a flat picture is twice as fast as indexing rows and columns.
    pixels = texture.reshape(-1, 3)

    def row(number: NDArray[np.intp]) -> Texture:
        start = np.clip(number, 0, height - 1) * width
        first = pixels.take(start + left % width, axis=0)
        return first + right_share * (pixels.take(start + (left + 1) % width, axis=0) - first)

    upper = row(top)
    light = upper + lower_share * (row(top + 1) - upper)
    return light.reshape(directions.shape).astype(np.float64)


def _auto_exposure(light: FloatArray) -> float:
    brightness = light @ np.array([0.2126, 0.7152, 0.0722])
    middle, bright = np.percentile(brightness, [50, 90])
    factor = MIDDLE_GREY / max(float(middle), 1e-6)
    if factor * bright > 1.0:
        # Ground against a bright sky: like a camera's meter, meet half way rather than lose the sky.
        factor = math.sqrt(factor / float(bright))
    # A view into darkness is not lifted to noise, nor one into the sun lowered to black.
    return float(np.clip(factor, 1e-3, 1e3))
