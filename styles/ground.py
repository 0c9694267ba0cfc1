"""The ground in a picture: where the horizon runs, and where the animal's shade falls.

The camera of the render is known, and the ground is the plane below the animal's lowest point, so all this is
exact geometry; only what stands on that ground in a photo is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.annotation.ground_shade import GroundShade

FloatArray = NDArray[np.float64]

FADES_FROM: Final = 1.5
"""A shadow that reaches farther than so many widths of the shade below the animal fades: few grounds are flat
for longer."""

TOUCHED: Final = 0.75
"""Share of the deepest shade below the animal from which on it stands or lies on a place."""

FAINTEST_TOUCH: Final = 0.35
"""Share of the sky that is kept off a touched place at least; an animal in the air touches none."""

_PARTS: Final = 8
"""Points along each side of a cell of the shade that are looked at: a cell is a few pixels wide."""


@dataclass(frozen=True)
class Scene:
    """What the truth of a render says of its place.

    Attributes
    ----------
    intrinsics, world_to_camera
        (3, 3) in pixels and (4, 4), OpenCV axes.
    up
        (3,) world direction.
    ground
        Height of the ground along it.
    toward_sun
        (3,) world direction.
    sun_irradiance, sky_irradiance
        Light on level ground of each.
    light_colour
        (3,) linear RGB of the light on what is seen of the animal, of luminance 1.
    shade
        What the animal keeps from the ground.
    """

    intrinsics: FloatArray
    world_to_camera: FloatArray
    up: FloatArray
    ground: float
    toward_sun: FloatArray
    sun_irradiance: float
    sky_irradiance: float
    light_colour: FloatArray
    shade: GroundShade

    @classmethod
    def from_truth(cls, truth: Mapping[str, Any]) -> Scene:
        """Read it from a truth record.

        Raises
        ------
        ValueError
            The record is damaged.
        """
        try:
            camera, scene = truth["camera"], truth["scene"]
            return cls(
                intrinsics=np.array(camera["intrinsics"], dtype=np.float64),
                world_to_camera=np.array(camera["world_to_camera"], dtype=np.float64),
                up=np.array(scene["up"], dtype=np.float64),
                ground=float(scene["ground"]),
                toward_sun=np.array(scene["toward_sun"], dtype=np.float64),
                sun_irradiance=float(scene["sun_irradiance"]),
                sky_irradiance=float(scene["sky_irradiance"]),
                # Records of earlier versions do not tell it; white is what they were composed with.
                light_colour=np.array(scene.get("light_colour", (1.0, 1.0, 1.0)), dtype=np.float64),
                shade=GroundShade.from_dict(scene["shade"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"the truth record lacks ground and light: {error!r}") from error

    @property
    def sun_share(self) -> float:
        """Share of the ground's light that is the sun's."""
        total = self.sun_irradiance + self.sky_irradiance
        return self.sun_irradiance / total if total > 0 else 0.0

    @property
    def sun_side(self) -> float:
        """How far right of the camera the sun is, -1 to 1."""
        flat = self.world_to_camera[:3, :3] @ self.toward_sun
        return float(flat[0])


def horizon_row(scene: Scene, column: float) -> float:
    """Row at which the horizon crosses a column; far outside the picture where the camera looks steeply.

    It is where rays at right angles to up lead: ``n . K^-1 (x, y, 1) = 0`` with up in camera axes, n.
    """
    normal = scene.world_to_camera[:3, :3] @ scene.up
    focal_x, focal_y = scene.intrinsics[0, 0], scene.intrinsics[1, 1]
    across = (column - scene.intrinsics[0, 2]) / focal_x
    if abs(normal[1]) < 1e-9:
        return -np.inf
    return float(scene.intrinsics[1, 2] - focal_y * (normal[0] * across + normal[2]) / normal[1])


def ground_shadow(scene: Scene, size: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Project the animal's shade into a picture.

    Parameters
    ----------
    scene
        Camera and shade.
    size
        (width, height) in pixels.

    Returns
    -------
    cast, contact
        (height, width) shares of the sun and of the sky that pixels of the ground lack; 0 above the horizon.
    """
    width, height = size
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    rays = np.stack(
        [
            (columns - scene.intrinsics[0, 2]) / scene.intrinsics[0, 0],
            (rows - scene.intrinsics[1, 2]) / scene.intrinsics[1, 1],
            np.ones_like(columns),
        ],
        axis=-1,
    )
    turn = scene.world_to_camera[:3, :3]
    eye = -turn.T @ scene.world_to_camera[:3, 3]
    directions = rays @ turn
    sinking = -(directions @ scene.up)
    above = float(eye @ scene.up) - scene.ground
    hits = sinking > 1e-6
    reach = np.where(hits, above / np.where(hits, sinking, 1.0), 0.0)
    places = eye + directions * reach[..., None] - scene.shade.corner
    across, along = places @ scene.shade.across, places @ scene.shade.along
    x, y = across / scene.shade.cell - 0.5, along / scene.shade.cell - 0.5
    valid = hits & (above > 0)
    return (
        np.where(valid, _looked_up(_faded(scene), x, y), 0.0),
        np.where(valid, _looked_up(scene.shade.contact, x, y), 0.0),
    )


def touched_ground(scene: Scene, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Find where an animal touches the ground.

    Parameters
    ----------
    scene
        Camera and shade.
    size
        (width, height) in pixels.

    Returns
    -------
    (height, width) pixels that show touched ground, or would if the animal were not before it. A place counts
    however flatly the camera looks at it.
    """
    width, height = size
    shade = scene.shade
    found = np.zeros((height, width), dtype=bool)
    limit = TOUCHED * float(shade.contact.max(initial=0.0))
    rows, columns = np.nonzero(shade.contact > max(limit, FAINTEST_TOUCH))
    if not len(rows):
        return found
    parts = (np.arange(_PARTS) + 0.5) / _PARTS
    down, aside = (axis.ravel() for axis in np.meshgrid(parts, parts, indexing="ij"))
    along = ((rows[:, None] + down) * shade.cell).ravel()
    across = ((columns[:, None] + aside) * shade.cell).ravel()
    places = shade.corner + across[:, None] * shade.across + along[:, None] * shade.along
    seen = places @ scene.world_to_camera[:3, :3].T + scene.world_to_camera[:3, 3]
    seen = seen[seen[:, 2] > 1e-6]
    pixels = seen @ scene.intrinsics.T
    x, y = np.floor(pixels[:, 0] / pixels[:, 2]), np.floor(pixels[:, 1] / pixels[:, 2])
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    found[y[inside].astype(np.int64), x[inside].astype(np.int64)] = True
    return found


def _faded(scene: Scene) -> FloatArray:
    """Cast shadow, fading away from the animal, which is where the contact shade is."""
    cast, contact = scene.shade.cast, scene.shade.contact
    if not contact.any():
        return cast
    rows, columns = np.indices(cast.shape)
    weights = contact / contact.sum()
    middle_y, middle_x = float((rows * weights).sum()), float((columns * weights).sum())
    apart = (rows - middle_y) ** 2 + (columns - middle_x) ** 2
    spread = float(np.sqrt((apart * weights).sum()))
    distance = np.sqrt(apart) / max(2.0 * spread, 1.0)
    return np.asarray(cast * np.clip(1.0 - (distance - FADES_FROM) / FADES_FROM, 0.0, 1.0))


def _looked_up(values: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Interpolate bilinearly; 0 outside."""
    padded = np.pad(values, 1)
    height, width = padded.shape
    x, y = np.clip(x + 1, 0, width - 1.001), np.clip(y + 1, 0, height - 1.001)
    left, top = x.astype(np.int64), y.astype(np.int64)
    right_share, lower_share = x - left, y - top
    upper = padded[top, left] * (1 - right_share) + padded[top, left + 1] * right_share
    lower = padded[top + 1, left] * (1 - right_share) + padded[top + 1, left + 1] * right_share
    return np.asarray(upper * (1 - lower_share) + lower * lower_share)
