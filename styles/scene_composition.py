"""An animal put into its place: light of the background, shade on the ground, and something in front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pasyn_blender.annotation.masks import mask_from_alpha

from .composition import compose, linear_from_srgb, srgb_from_linear
from .draws import CompositionDraw
from .ground import Scene, ground_shadow, horizon_row, touched_ground
from .grounded_crops import Standing
from .light_matching import background_light, relit
from .occluders import Surroundings, draw_occluder
from .settings import CompositionRanges

FloatArray = NDArray[np.float64]

CREVICE: Final = 0.6
"""Share of all light that is lost right beside what touches the ground: a hoof's wall, sinking in a little or
standing among blades and crumbs, shuts out sun and sky there."""

CREVICE_WIDTH: Final = (0.008, 0.012)
"""How far that reaches down and across (one standard deviation), shares of the animal's longer side."""

CREVICE_RISE: Final = 2.5
"""How soon it is so dark as touched ground comes near."""


@dataclass(frozen=True)
class Composed:
    """A composed picture.

    Attributes
    ----------
    picture
        (H, W, 3) sRGB.
    alpha
        (H, W) how much of each pixel shows the animal.
    hidden
        (H, W) how much of each pixel something in front covers; None where nothing is in front.
    background
        (H, W, 3) sRGB, without the animal and its shade.
    """

    picture: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    hidden: NDArray[np.uint8] | None
    background: NDArray[np.uint8]


def animal_box(alpha: NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the animal in pixels; None where no pixel shows it."""
    mask = mask_from_alpha(alpha)
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def standing(scene: Scene, alpha: NDArray[np.uint8]) -> Standing:
    """Tell where an animal stands in its picture, for choosing a place in a photo."""
    height, width = alpha.shape
    left, _, right, bottom = animal_box(alpha) or (0, 0, width, height)
    touched = touched_ground(scene, (width, height))
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    return Standing(
        horizon=float(np.clip(horizon_row(scene, width / 2) / height, -20.0, 20.0)),
        principal=(scene.intrinsics[0, 2] / width, scene.intrinsics[1, 2] / height),
        feet=bottom / height,
        farthest=(int(rows[0]) if len(rows) else bottom) / height,
        left=left / width,
        right=right / width,
        feet_left=(int(columns[0]) if len(columns) else left) / width,
        feet_right=(int(columns[-1]) + 1 if len(columns) else right) / width,
        focal=scene.intrinsics[0, 0] / width,
        sun_side=scene.sun_side,
    )


def compose_scene(
    rgba: NDArray[np.uint8],
    scene: Scene,
    background: NDArray[np.uint8],
    ranges: CompositionRanges,
    draw: CompositionDraw,
    *,
    photo: bool,
) -> Composed:
    """Compose one picture.

    Parameters
    ----------
    rgba
        (H, W, 4) render, sRGB with straight alpha.
    scene
        Camera, light and shade of the render.
    background
        (H, W, 3) sRGB.
    ranges
        What may stand in front.
    draw
        Values of this picture.
    photo
        Whether the background is a photo, whose light has a colour of its own; a world's view lit the render.

    Raises
    ------
    BackgroundError
        A cut-out cannot be used.
    """
    alpha = np.ascontiguousarray(rgba[..., 3])
    box = animal_box(alpha)
    if box is None:
        return Composed(compose(rgba, background), alpha, None, background)
    height, width = alpha.shape
    there = background_light(background, box[3] / height, tinted=photo)
    here = np.full(3, (scene.sun_irradiance + scene.sky_irradiance) / np.pi)
    if photo:
        here = here * scene.light_colour
    animal = relit(rgba, here, there, draw.light)
    ground = _shaded(background, scene, draw.shadow, max(box[2] - box[0], box[3] - box[1]))
    picture = compose(animal, ground)
    if draw.occluder_seed is None:
        return Composed(picture, alpha, None, background)
    surroundings = Surroundings(
        (width, height), box, background, float(np.clip(there.mean() / 0.8, 0.35, 1.0))
    )
    layer = draw_occluder(
        ranges.occluders,
        ranges.cutouts,
        surroundings,
        mask_from_alpha(alpha),
        draw.cover,
        draw.occluder_seed,
    )
    hidden = np.ascontiguousarray(layer[..., 3])
    seen = ((alpha.astype(np.int32) * (255 - hidden.astype(np.int32)) + 127) // 255).astype(np.uint8)
    return Composed(compose(layer, picture), seen, hidden, background)


def _shaded(background: NDArray[np.uint8], scene: Scene, strength: float, side: int) -> NDArray[np.uint8]:
    """Take from the ground the light that an animal, ``side`` pixels long or high, keeps from it."""
    if strength <= 0:
        return background
    height, width = background.shape[:2]
    cast, contact = ground_shadow(scene, (width, height))
    kept = 1.0 - strength * (scene.sun_share * cast + (1.0 - scene.sun_share) * contact)
    kept *= 1.0 - strength * CREVICE * _crevices(touched_ground(scene, (width, height)), side)
    rows, columns = np.nonzero(kept < 1.0 - 1e-3)
    shaded = background.copy()
    light = linear_from_srgb(background[rows, columns] / 255.0) * kept[rows, columns][:, None]
    shaded[rows, columns] = np.rint(srgb_from_linear(light) * 255.0).astype(np.uint8)
    return shaded


def _crevices(touched: NDArray[np.bool_], side: int) -> FloatArray:
    """(H, W) how much each place is shut in beside what touches the ground, 0 to 1."""
    down, across = (share * side for share in CREVICE_WIDTH)
    near = ndimage.gaussian_filter(touched.astype(np.float64), (down, across), mode="nearest", truncate=3.0)
    return np.asarray(1.0 - np.exp(-CREVICE_RISE * near))
