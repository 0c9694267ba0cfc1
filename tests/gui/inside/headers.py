"""Where the sidebar's panels have their headers: Blender tells it nowhere, but draws chevrons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

# Pixels from the region's left edge in which the chevrons of panels, and of panels inside panels, stand.
_COLUMNS = ((13, 29), (29, 43))
_BRIGHT = 150


@dataclass(frozen=True)
class Header:
    """A panel's header: how deep inside others, its row from the top of the picture, whether it is open."""

    depth: int
    row: float
    is_open: bool


def headers_in(picture: NDArray[np.uint8]) -> list[Header]:
    """Find chevrons in a grey picture (rows, columns) of the sidebar, from top to bottom."""
    found = [header for depth, span in enumerate(_COLUMNS) for header in _chevrons(picture, span, depth)]
    return sorted(found, key=lambda header: header.row)


def _chevrons(picture: NDArray[np.uint8], span: tuple[int, int], depth: int) -> Iterator[Header]:
    bright = picture[:, span[0] : span[1]] > _BRIGHT
    filled = np.flatnonzero(bright.any(axis=1))
    if not len(filled):
        return
    for rows in np.split(filled, np.flatnonzero(np.diff(filled) > 1) + 1):
        shape = bright[rows[0] : rows[-1] + 1]
        columns = np.flatnonzero(shape.any(axis=0))
        shape = shape[:, columns[0] : columns[-1] + 1]
        for is_open, drawn in ((True, shape), (False, shape.T)):
            if _is_hook(drawn):
                yield Header(depth, float(rows[0] + rows[-1]) / 2, is_open)


def _is_hook(drawn: NDArray[np.bool_]) -> bool:
    """Whether a small picture is a V, twice as wide as high, and nothing else."""
    high, wide = drawn.shape
    if not (5 <= high <= 6 and 8 <= wide <= 11):
        return False
    row, column = np.indices(drawn.shape)
    near = (abs(column - row) <= 1) | (abs(wide - 1 - column - row) <= 1)
    return not drawn[~near].any() and bool(drawn[:2, :2].any() and drawn[:2, -2:].any())


def shown_panels(context: Any, tab: str) -> list[tuple[str, int]]:
    """Labels of a tab's panels in drawing order, closed ones' children included, and how deep each is."""
    panels = [
        kind
        for name in dir(bpy.types)
        if isinstance(kind := getattr(bpy.types, name), type)
        and issubclass(kind, bpy.types.Panel)
        and getattr(kind, "bl_category", "") == tab
        and (not hasattr(kind, "poll") or kind.poll(context))
    ]

    def below(parent: str, depth: int) -> Iterator[tuple[str, int]]:
        inside = [kind for kind in panels if getattr(kind, "bl_parent_id", "") == parent]
        for kind in sorted(inside, key=lambda kind: getattr(kind, "bl_order", 0)):
            yield kind.bl_label, depth
            yield from below(kind.__name__, depth + 1)

    return list(below("", 0))
