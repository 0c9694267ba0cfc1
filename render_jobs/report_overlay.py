"""Draws labels over a picture as SVG, so that they stay sharp at any size and can be switched off."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.anatomy.keypoint_sets import keypoint_side
from pasyn_blender.annotation.masks import decode_mask

from .report_data import Picture

MOST_PIXELS: Final = 768
"""Longer side of an embedded picture; labels are vectors and need no more."""

_QUALITY: Final = 90

SIDE_COLOURS: Final = {"left": "#38b6ff", "right": "#ff9d2e", "middle": "#ffffff"}
"""Sky blue, orange and white: told apart with any kind of colour vision, and on any coat."""


def embedded_picture(path: Path) -> str:
    """Data URI of a picture as JPEG; a render with alpha is put on grey.

    Raises
    ------
    OSError
        The file is not a picture that can be read.
    """
    from PIL import Image

    with Image.open(path) as opened:
        picture = opened.convert("RGBA") if opened.mode in ("RGBA", "LA", "PA") else opened.convert("RGB")
    if picture.mode == "RGBA":
        ground = Image.new("RGBA", picture.size, (214, 217, 222, 255))
        picture = Image.alpha_composite(ground, picture).convert("RGB")
    picture.thumbnail((MOST_PIXELS, MOST_PIXELS), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def mask_outline(mask: NDArray[np.bool_]) -> str:
    """Outline of an (H, W) mask as SVG path data in COCO pixels (pixel edges at integers).

    The line is where the mask, read as samples at pixel centres, passes one half; so it cuts the corners
    of the pixels' staircase and lies half a pixel outside the outermost centres.
    """
    from contourpy import contour_generator

    padded = np.pad(mask.astype(np.float64), 1)
    # The sample at padded (1, 1) is the pixel centre (0.5, 0.5).
    lines = contour_generator(z=padded).lines(0.5)
    parts = []
    for line in lines:
        points = _without_straight_points(np.asarray(line, dtype=np.float64)[:, :2] - 0.5)
        head, *rest = (f"{_short(x)} {_short(y)}" for x, y in points)
        parts.append(f"M{head}L{' '.join(rest)}Z" if rest else "")
    return "".join(parts)


def _without_straight_points(points: NDArray[np.float64]) -> NDArray[np.float64]:
    before = points - np.roll(points, 1, axis=0)
    after = np.roll(points, -1, axis=0) - points
    turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    keep = np.abs(turn) > 1e-9
    keep[[0, -1]] = True
    return points[keep]


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def overlay(
    picture: Picture,
    names: Sequence[str],
    skeleton: Sequence[tuple[int, int]],
) -> str:
    """SVG groups ``mask``, ``box``, ``skeleton`` and ``points`` of a picture, in its pixels.

    A filled point is seen (v=2), a hollow one hidden (v=1); points outside the frame are not drawn. Every
    line has a dark seam below it, so that it shows on any coat and background.
    """
    unit = max(picture.width, picture.height) / 256
    return "".join(
        (
            _mask(picture, unit),
            _box(picture, unit),
            _skeleton(picture.keypoints, names, skeleton, unit),
            _points(picture.keypoints, names, unit),
        )
    )


def _mask(picture: Picture, unit: float) -> str:
    if picture.segmentation is None:
        return ""
    path = mask_outline(decode_mask(dict(picture.segmentation)))
    return (
        f'<g class="mask"><path d="{path}" fill="#ff5fa8" fill-rule="evenodd" fill-opacity=".1" '
        f'stroke="#ff5fa8" stroke-width="{unit:.2f}" stroke-linejoin="round"/></g>'
    )


def _box(picture: Picture, unit: float) -> str:
    if picture.box is None:
        return ""
    x, y, width, height = picture.box
    shape = f'x="{_short(x)}" y="{_short(y)}" width="{_short(width)}" height="{_short(height)}" fill="none"'
    return (
        f'<g class="box"><rect {shape} stroke="#000" stroke-opacity=".4" stroke-width="{1.7 * unit:.2f}"/>'
        f'<rect {shape} stroke="#8dffa6" stroke-width="{0.8 * unit:.2f}"/></g>'
    )


def _skeleton(
    points: NDArray[np.float64], names: Sequence[str], skeleton: Sequence[tuple[int, int]], unit: float
) -> str:
    below, above = [], []
    for start, end in skeleton:
        if points[start, 2] == 0 or points[end, 2] == 0:
            continue
        sides = {keypoint_side(names[start]), keypoint_side(names[end])} - {"middle"}
        colour = SIDE_COLOURS[sides.pop() if len(sides) == 1 else "middle"]
        (x1, y1), (x2, y2) = points[start, :2], points[end, :2]
        line = f'x1="{_short(x1)}" y1="{_short(y1)}" x2="{_short(x2)}" y2="{_short(y2)}"'
        below.append(f"<line {line}/>")
        above.append(f'<line {line} stroke="{colour}"/>')
    return (
        f'<g class="skeleton" stroke-linecap="round"><g stroke="#000" stroke-opacity=".5" '
        f'stroke-width="{2.6 * unit:.2f}">{"".join(below)}</g>'
        f'<g stroke-width="{1.3 * unit:.2f}">{"".join(above)}</g></g>'
    )


def _points(points: NDArray[np.float64], names: Sequence[str], unit: float) -> str:
    marks = []
    # Seen points are drawn last: a hidden one behind it must not cover them.
    for visibility, word in ((1, "hidden"), (2, "seen")):
        for (x, y, v), name in zip(points, names, strict=True):
            if v != visibility:
                continue
            colour = SIDE_COLOURS[keypoint_side(name)]
            centre = f'cx="{_short(x)}" cy="{_short(y)}"'
            title = f"<title>{escape(name.replace('_', ' '))}: {word} ({x:.1f}, {y:.1f})</title>"
            if visibility == 2:
                shape = (
                    f'<circle {centre} r="{2.2 * unit:.2f}" fill="{colour}" stroke="#000" '
                    f'stroke-opacity=".75" stroke-width="{0.7 * unit:.2f}"/>'
                )
            else:
                shape = (
                    f'<circle {centre} r="{2.5 * unit:.2f}" fill="none" stroke="#000" stroke-opacity=".6" '
                    f'stroke-width="{1.5 * unit:.2f}"/><circle {centre} r="{2.5 * unit:.2f}" '
                    f'fill="#000" fill-opacity=".01" stroke="{colour}" stroke-width="{0.8 * unit:.2f}"/>'
                )
            marks.append(f"<g>{shape}{title}</g>")
    return f'<g class="points">{"".join(marks)}</g>'
