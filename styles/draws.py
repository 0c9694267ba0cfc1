"""Values of one picture, drawn from a job's ranges for composition and camera look."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .settings import CameraLookRanges, CompositionRanges, Range


@dataclass(frozen=True)
class CompositionDraw:
    """Values of one picture; meanings as in :class:`CompositionRanges`.

    Attributes
    ----------
    occluder_seed
        What is in front is drawn from; None where nothing is.
    """

    light: float
    shadow: float
    cover: float
    occluder_seed: int | None


@dataclass(frozen=True)
class CameraLookDraw:
    """Values of one picture; meanings as in :class:`CameraLookRanges`.

    Attributes
    ----------
    direction
        Of the motion blur, radians from the picture's x axis.
    noise_seed
        Of the sensor's noise.
    """

    exposure: float
    vignetting: float
    blur: float
    motion_blur: float
    noise: float
    sharpening: float
    jpeg: float
    metering: float
    direction: float
    noise_seed: int


def draw_composition(ranges: CompositionRanges, generator: np.random.Generator) -> CompositionDraw:
    """Draw what one picture's composition is; always the same number of draws."""
    light, shadow, cover = (
        _between(generator, bounds) for bounds in (ranges.light, ranges.shadow, ranges.cover)
    )
    hidden = generator.random() < ranges.occluded and bool(ranges.occluders or ranges.cutouts)
    seed = int(generator.random() * 2**53)
    return CompositionDraw(light, shadow, cover, seed if hidden else None)


def draw_camera_look(ranges: CameraLookRanges, generator: np.random.Generator) -> CameraLookDraw:
    """Draw what one picture's camera does; always the same number of draws."""
    drawn: dict[str, Any] = {
        item.name: _between(generator, getattr(ranges, item.name)) for item in fields(ranges)
    }
    direction = generator.random() * np.pi
    return CameraLookDraw(**drawn, direction=direction, noise_seed=int(generator.random() * 2**53))


def _between(generator: np.random.Generator, bounds: Range) -> float:
    low, high = bounds
    return min(high, low + generator.random() * (high - low))
