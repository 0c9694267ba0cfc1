"""What a compact style network is shown: squares of photos, and the same squares gone wrong.

A network that sees a photo's square with other colours, contrast and sharpness, and the look it had, can be
told exactly what it should have made of it (as Ke et al. 2023, "Neural Preset for Color Style Transfer",
teach theirs).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..backgrounds import PhotoCache, photo_crop
from .training_options import StyleTrainingOptions

_SMALLEST_CROP: Final = 0.35
_UNCHANGED: Final = 0.15


@dataclass(frozen=True)
class TrainingBatch:
    """Pictures of one step, (N, 3, S, S) float32 in [0, 1] each.

    Attributes
    ----------
    target
        Squares of photos.
    content
        The same with another look.
    other
        Squares of other photos.
    """

    target: NDArray[np.float32]
    content: NDArray[np.float32]
    other: NDArray[np.float32]


def training_batch(
    photos: Sequence[Path], options: StyleTrainingOptions, step: int, cache: PhotoCache
) -> TrainingBatch:
    """Draw the pictures of a step, which depend on the photos, the options and the step alone.

    Raises
    ------
    BackgroundError
        A photo can no longer be read.
    """
    rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(7, step)))
    rows: list[tuple[NDArray[np.float32], ...]] = []
    for _ in range(options.batch):
        one, other = rng.choice(len(photos), 2, replace=False)
        target = _square(photos[one], rng, options.size, cache)
        content = target if rng.random() < _UNCHANGED else with_another_look(target, rng)
        rows.append((target, content, _square(photos[other], rng, options.size, cache)))
    stacks = (np.stack(column).transpose(0, 3, 1, 2) for column in zip(*rows, strict=True))
    return TrainingBatch(*(np.ascontiguousarray(stack, dtype=np.float32) for stack in stacks))


def with_another_look(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Change exposure, white balance, gamma, contrast, saturation and sharpness of a picture.

    Parameters
    ----------
    picture
        (H, W, 3) in [0, 1].
    rng
        Decides how much of each.

    Returns
    -------
    (H, W, 3) float32 in [0, 1]
    """
    changed = picture ** np.float32(np.exp(rng.normal(0, 0.3)))
    changed = changed * np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.1, 3)).astype(np.float32)
    grey = changed.mean(axis=2, keepdims=True)
    changed = grey + (changed - grey) * np.float32(np.exp(rng.normal(0, 0.4)))
    middle = changed.mean(axis=(0, 1), keepdims=True)
    changed = middle + (changed - middle) * np.float32(np.exp(rng.normal(0, 0.3)))
    softened = ndimage.gaussian_filter(changed, (1.0, 1.0, 0), mode="reflect")
    # Half of them blurred a little, half sharpened a little.
    changed = changed + np.float32(rng.uniform(-0.7, 0.7)) * (changed - softened)
    return np.clip(changed, 0, 1).astype(np.float32)


def _square(photo: Path, rng: np.random.Generator, size: int, cache: PhotoCache) -> NDArray[np.float32]:
    place = (float(rng.random()), float(rng.random()), float(rng.uniform(_SMALLEST_CROP, 1.0)))
    pixels = photo_crop(photo, place, bool(rng.random() < 0.5), (size, size), cache)
    return pixels.astype(np.float32) / np.float32(255)
