"""What a job says of composition and of the camera's look: ranges that each shot draws its values from.

Standard library only: jobs are read inside Blender too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

Range = tuple[float, float]
"""Smallest and largest value a draw may take; equal bounds fix the value."""

OCCLUDERS: Final = ("grass", "branches", "fence")
"""What can be drawn in front of an animal."""


@dataclass(frozen=True)
class CompositionRanges:
    """How an animal is put into its background.

    Attributes
    ----------
    ground
        Whether photos are cropped so that their horizon is the camera's and the feet stand on their ground,
        and flipped so that the sun is on the render's side.
    light
        How far strength and colour of the animal's light go towards the background's, 0 to 1.
    shadow
        Strength of the shade the animal casts on the ground, 0 none, 1 as computed.
    occluded
        Share of the pictures with something in front of the animal.
    occluders
        What is drawn there, of :data:`OCCLUDERS`.
    cutouts
        Folders of pictures with alpha (grass, leaves, bars cut from photos) that are put there as well.
    cover
        Share of the animal's pixels that such things may hide.
    """

    ground: bool = True
    light: Range = (0.5, 0.9)
    shadow: Range = (0.7, 1.0)
    occluded: float = 0.15
    occluders: tuple[str, ...] = OCCLUDERS
    cutouts: tuple[Path, ...] = ()
    cover: Range = (0.02, 0.2)


@dataclass(frozen=True)
class CameraLookRanges:
    """What lens, sensor and file format do to a picture.

    The defaults are those of a photo of a few megapixels that was shrunk to a dataset's size: most of its
    blur, noise and blocks went with the shrinking. Measured with ``pasyn style evaluate`` on photos of horses
    and cattle: over whole pictures none at all is told more easily (docs/styles.md).

    Attributes
    ----------
    exposure
        Stops.
    vignetting
        Share of the light that the corners lose.
    blur
        Standard deviation of the whole picture's blur, thousandths of its longer side.
    motion_blur
        Length of a streak, thousandths of the longer side.
    noise
        Standard deviation at middle grey, share of white.
    sharpening
        Share of the detail that is added again.
    jpeg
        Quality, 1 to 100; above 99.5 the picture is not compressed at all.
    metering
        How far, 0 to 1, the camera goes from the exposure of the background's photo towards the one that its
        meter asks for with the animal before it: a white animal is exposed shorter, one in the dark longer.
    """

    exposure: Range = (-0.35, 0.35)
    vignetting: Range = (0.0, 0.25)
    blur: Range = (0.0, 1.2)
    motion_blur: Range = (0.0, 1.5)
    noise: Range = (0.0, 0.006)
    sharpening: Range = (0.05, 0.45)
    jpeg: Range = (90.0, 96.0)
    metering: Range = (0.5, 0.9)


PASTED: Final = CompositionRanges(ground=False, light=(0.0, 0.0), shadow=(0.0, 0.0), occluded=0.0)
"""No composition: the render pasted on its background."""

NO_CAMERA: Final = CameraLookRanges(
    exposure=(0.0, 0.0),
    vignetting=(0.0, 0.0),
    blur=(0.0, 0.0),
    motion_blur=(0.0, 0.0),
    noise=(0.0, 0.0),
    sharpening=(0.0, 0.0),
    jpeg=(100.0, 100.0),
    metering=(0.0, 0.0),
)
"""A camera that leaves no trace."""
