"""Where an animal is in a picture without a mask: the same estimate for photos and synthetic pictures.

Photos come with keypoints or a box, never with a mask, so synthetic pictures' own masks are not used either:
a region drawn more exactly on one side would itself tell the sides apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

REGIONS: Final = ("inside", "edge", "whole")
"""Inside the animal, at its edge, over the whole picture."""

POINTS: Final = (
    "eye",
    "nose",
    "root_of_tail",
    "anatomical elbow",
    "stifle",
    "left carpus",
    "left front foot",
    "right carpus",
    "right front foot",
    "left hock",
    "left back foot",
    "right hock",
    "right back foot",
)
"""What outlines an animal; elbow, stifle and eye by the middle of both sides."""

_TAIL, _ELBOW, _STIFLE = 2, 3, 4
_LOWER_LEGS: Final = ((5, 6), (7, 8), (9, 10), (11, 12))
_FEET: Final = (6, 8, 10, 12)

# In heights of the animal (tail root above its feet). Seen on photos and renders of horses and cattle: the
# first stays inside the trunk, the bands hold the outline on both of their sides.
_SHRUNK: Final = 0.72
_BACK_BAND: Final = 0.085
_LEG_BAND: Final = 0.07
_FOOT_BAND: Final = 0.09

# In shares of the box, for files without keypoints.
_CORE: Final = 0.5
_RIM: Final = (0.72, 1.12)


@dataclass(frozen=True)
class Animal:
    """One animal in a picture, in pixels, y down.

    Attributes
    ----------
    box
        (4,) left, top, right, bottom.
    points
        (13, 2) places of :data:`POINTS`; None where only the box is known.
    """

    box: FloatArray
    points: FloatArray | None = None

    @property
    def height(self) -> float:
        """How large the animal is: tail root above its feet, or a share of the box that is about the same."""
        if self.points is None:
            width, height = self.box[2:] - self.box[:2]
            return float(0.65 * np.sqrt(width * height))
        return float(self.points[list(_FEET), 1].mean() - self.points[_TAIL, 1])

    @property
    def extent(self) -> FloatArray:
        """(4,) left, top, right, bottom of what is known of it."""
        if self.points is None:
            return self.box
        return np.concatenate([self.points.min(axis=0), self.points.max(axis=0)])

    def moved(self, corner: FloatArray, scale: FloatArray) -> Animal:
        """Take the animal to a crop that begins at ``corner`` (x, y) and is ``scale`` times as large."""
        box = (self.box.reshape(2, 2) - corner) * scale
        return Animal(box.ravel(), None if self.points is None else (self.points - corner) * scale)


def usable(animal: Animal) -> bool:
    """Whether an animal is seen whole enough, and from the side enough, for its regions to mean something."""
    if animal.points is None:
        return bool((animal.box[2:] - animal.box[:2] > 8).all())
    if not np.isfinite(animal.points).all():
        return False
    trunk = np.linalg.norm(animal.points[_ELBOW] - animal.points[_STIFLE])
    return bool(animal.height > 8 and trunk > 0.4 * animal.height)


def region_masks(animal: Animal, width: int, height: int) -> dict[str, Mask]:
    """Estimate the regions of a crop.

    Parameters
    ----------
    animal
        In pixels of the crop.
    width, height
        Of the crop.

    Returns
    -------
    dict
        (H, W) for each of :data:`REGIONS`.
    """
    if animal.points is None:
        inside, edge = _regions_of_box(animal.box, width, height)
    else:
        inside, edge = _regions_of_points(animal.points, animal.height, width, height)
    return {"inside": inside, "edge": edge & ~inside, "whole": np.ones((height, width), dtype=bool)}


def _regions_of_points(points: FloatArray, unit: float, width: int, height: int) -> tuple[Mask, Mask]:
    tail, elbow, stifle = points[_TAIL], points[_ELBOW], points[_STIFLE]
    # AP-10K labels no withers; the back is level enough to find them above the elbow.
    withers = np.array([elbow[0] + 0.15 * (stifle[0] - elbow[0]), tail[1]])
    trunk = np.array([elbow, stifle, tail, withers])
    inside = _drawn(width, height, polygon=trunk.mean(axis=0) + _SHRUNK * (trunk - trunk.mean(axis=0)))
    edge = _drawn(width, height, line=np.array([withers, tail]), radius=_BACK_BAND * unit)
    for upper, lower in _LOWER_LEGS:
        edge |= _drawn(width, height, line=points[[upper, lower]], radius=_LEG_BAND * unit)
    for foot in _FEET:
        edge |= _drawn(width, height, line=points[[foot, foot]], radius=_FOOT_BAND * unit)
    return inside, edge


def _regions_of_box(box: FloatArray, width: int, height: int) -> tuple[Mask, Mask]:
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    middle, half = (box[:2] + box[2:]) / 2, np.maximum((box[2:] - box[:2]) / 2, 1.0)
    away = np.hypot((columns - middle[0]) / half[0], (rows - middle[1]) / half[1])
    return away < _CORE, (away > _RIM[0]) & (away < _RIM[1])


def _drawn(
    width: int,
    height: int,
    *,
    polygon: FloatArray | None = None,
    line: FloatArray | None = None,
    radius: float = 0.0,
) -> Mask:
    if polygon is not None:
        image = Image.new("1", (width, height))
        ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in polygon], fill=1)
        return np.asarray(image).copy()
    assert line is not None
    rows, columns = np.mgrid[0:height, 0:width] + 0.5
    way = line[1] - line[0]
    length = max(float(way @ way), 1e-9)
    along = np.clip(((columns - line[0, 0]) * way[0] + (rows - line[0, 1]) * way[1]) / length, 0, 1)
    return np.asarray(
        np.hypot(columns - line[0, 0] - along * way[0], rows - line[0, 1] - along * way[1]) < radius
    )
