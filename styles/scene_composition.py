"""An animal put into its place: light of the background, shade on the ground, and something in front."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.annotation.masks import mask_from_alpha

from .composition import compose, linear_from_srgb, srgb_from_linear
from .draws import CompositionDraw
from .ground import Scene, ground_shadow, horizon_row
from .grounded_crops import Standing
from .light_matching import background_light, relit
from .occluders import Surroundings, draw_occluder
from .settings import CompositionRanges

TOUCHED: Final = 0.7
"""Share of the sky kept off above which the animal stands or lies on a place."""


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
    _, contact = ground_shadow(scene, (width, height))
    touched = np.flatnonzero((contact > TOUCHED).any(axis=1))
    return Standing(
        horizon=float(np.clip(horizon_row(scene, width / 2) / height, -20.0, 20.0)),
        principal=(scene.intrinsics[0, 2] / width, scene.intrinsics[1, 2] / height),
        feet=bottom / height,
        farthest=(int(touched[0]) if len(touched) else bottom) / height,
        left=left / width,
        right=right / width,
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
    animal = relit(rgba, here, there, draw.light)
    ground = _shaded(background, scene, draw.shadow)
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


def _shaded(background: NDArray[np.uint8], scene: Scene, strength: float) -> NDArray[np.uint8]:
    """Take from the ground the light that the animal keeps from it."""
    if strength <= 0:
        return background
    height, width = background.shape[:2]
    cast, contact = ground_shadow(scene, (width, height))
    lost = strength * (scene.sun_share * cast + (1.0 - scene.sun_share) * contact)
    rows, columns = np.nonzero(lost > 1e-3)
    shaded = background.copy()
    light = linear_from_srgb(background[rows, columns] / 255.0) * (1.0 - lost[rows, columns])[:, None]
    shaded[rows, columns] = np.rint(srgb_from_linear(light) * 255.0).astype(np.uint8)
    return shaded
