"""What is on a picture of the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pasyn_blender.ui.screen import side_colour

REACH = 6
"""Pixels from a mark's place in which its colour must be seen: the radius of marks, and their rims."""

NEAR = 0.2
"""How far a pixel may be from a mark's colour in each channel, 0 to 1: hidden ones are drawn paler."""

FEWEST = 14
"""Pixels of its colour that tell a mark, a disc or a ring, from a line that passes by."""


def pixels(path: Path) -> NDArray[np.float64]:
    """(rows, columns, 3) colours of a picture, 0 to 1."""
    return np.asarray(Image.open(path).convert("RGB"), dtype=np.float64) / 255.0


def marks_of(marks: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Places on the screen by name."""
    return {mark["name"]: mark["place"] for mark in marks}


def coloured(picture: NDArray[np.float64], mark: Mapping[str, Any]) -> int:
    """How many pixels around a mark's place have its side's colour."""
    x, y = (round(value) for value in mark["place"])
    square = picture[max(y - REACH, 0) : y + REACH + 1, max(x - REACH, 0) : x + REACH + 1]
    near = np.abs(square - np.array(side_colour(mark["name"]))).max(axis=-1) < NEAR
    return int(near.sum())


def unmarked(path: Path, marks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Keypoints inside a picture's viewport whose mark is not drawn at their place."""
    picture = pixels(path)
    height, width, _ = picture.shape
    # Left of the sidebar, right of the toolbar, between the headers and the status bar.
    inside = [
        mark
        for mark in marks
        if mark["place"] is not None
        and 60 < mark["place"][0] < 0.75 * width
        and 90 < mark["place"][1] < height - 40
    ]
    assert len(inside) >= len(marks) // 2, "most of the animal must be on the picture"
    return [mark["name"] for mark in inside if coloured(picture, mark) < FEWEST]
