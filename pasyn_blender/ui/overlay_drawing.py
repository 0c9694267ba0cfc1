"""Marks, links and names in a region's pixels, on the graphics card."""

from __future__ import annotations

from collections.abc import Sequence

import blf
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ..anatomy.keypoint_sets import KeypointSet
from ..annotation.visibility import HIDDEN, OUTSIDE, SEEN
from .screen import (
    Canvas,
    FloatArray,
    IntArray,
    along_links,
    dashes,
    link_colour,
    links_on_screen,
    place_labels,
    ring_triangles,
    side_colour,
)

_OUTLINE = (0.04, 0.04, 0.05, 0.85)
_CHOSEN = (1.0, 1.0, 1.0, 0.95)
_HOVERED = (1.0, 1.0, 1.0, 0.6)
_OUTLINED = 6  # the kind of shadow that goes all around a letter
_DISC = -1.0  # inner radius of what has no hole
_STRENGTH = {OUTSIDE: 0.4, HIDDEN: 0.8, SEEN: 1.0}

_Piece = tuple[FloatArray, float, float, tuple[float, ...]]


def draw_links(canvas: Canvas, keypoint_set: KeypointSet, places: FloatArray, judged: IntArray) -> None:
    """Draw the skeleton: solid where both ends are seen, dashed otherwise.

    Parameters
    ----------
    canvas
        Where.
    keypoint_set
        Names and links.
    places
        (K, 2) pixels, NaN where there is no place.
    judged
        (K,) 0, 1 or 2 as labels have it.
    """
    names = keypoint_set.keypoints
    links = links_on_screen(places, keypoint_set.skeleton)
    least = [min(judged[first], judged[second]) for first, second in links]
    solid = [link for link, state in zip(links, least, strict=True) if state == SEEN]
    broken = [(link, state) for link, state in zip(links, least, strict=True) if state != SEEN]
    if broken:
        segments, owner = dashes(places, [link for link, _ in broken], 6.0 * canvas.scale, 4.5 * canvas.scale)
        colours = np.array(
            [
                (*link_colour(names[first], names[second]), 0.85 * _STRENGTH[state])
                for (first, second), state in broken
            ]
        )[owner]
        _draw_lines(canvas, segments, colours, 1.6, 0.45)
    if solid:
        segments = places[np.array(solid)]
        colours = np.array([(*link_colour(names[first], names[second]), 0.95) for first, second in solid])
        _draw_lines(canvas, segments, colours, 2.2, 1.0)


def _draw_lines(
    canvas: Canvas, segments: FloatArray, colours: FloatArray, width: float, outline: float
) -> None:
    """Draw (N, 2, 2) segments in (N, 4) colours over a dark outline of some strength."""
    corners = np.zeros((len(segments) * 2, 3), dtype=np.float32)
    corners[:, :2] = segments.reshape(-1, 2)
    shades = np.repeat(colours, 2, axis=0).astype(np.float32)
    dark = np.tile(np.array(_OUTLINE, dtype=np.float32), (len(corners), 1))
    dark[:, 3] *= outline
    shader = gpu.shader.from_builtin("POLYLINE_SMOOTH_COLOR")
    shader.uniform_float("viewportSize", (canvas.width, canvas.height))
    for pixels, shown in (((width + 2.3) * canvas.scale, dark), (width * canvas.scale, shades)):
        batch = batch_for_shader(shader, "LINES", {"pos": corners, "color": shown})
        shader.uniform_float("lineWidth", pixels)
        batch.draw(shader)


def draw_marks(
    canvas: Canvas,
    keypoint_set: KeypointSet,
    places: FloatArray,
    depth: FloatArray,
    judged: IntArray,
    size: float,
    chosen: int,
) -> None:
    """Draw the keypoints: discs where they are seen, rings where they are hidden, faint ones outside.

    Parameters
    ----------
    canvas
        Where.
    keypoint_set
        Names.
    places, depth
        (K, 2) pixels and (K,) depth, larger is farther; NaN where there is no place.
    judged
        (K,) 0, 1 or 2 as labels have it.
    size
        Radius, for a scale of 1.
    chosen
        Keypoint to ring; -1 for none.
    """
    radius, scale = size * canvas.scale, canvas.scale
    # Far ones first, so that near ones stand before them.
    order = [index for index in np.argsort(-depth, kind="stable") if np.isfinite(depth[index])]
    pieces: list[_Piece] = []
    for index in order:
        place = places[index]
        colour = side_colour(keypoint_set.keypoints[index])
        strength = _STRENGTH[int(judged[index])]
        if index == chosen:
            pieces.append((place, radius + 2.5 * scale, radius + 4.5 * scale, _CHOSEN))
        if judged[index] == SEEN:
            pieces.append((place, _DISC, radius + 1.5 * scale, _OUTLINE))
            pieces.append((place, _DISC, radius, (*colour, 1.0)))
        else:
            thin = max(0.3 * radius, 1.5 * scale)
            dark = (*_OUTLINE[:3], 0.55 * _OUTLINE[3] * strength)
            pieces.append((place, _DISC, radius + 1.2 * scale, dark))
            pieces.append((place, radius - thin, radius, (*colour, strength)))
    _draw_pieces(pieces)


def draw_hovered(place: FloatArray, size: float, scale: float) -> None:
    """Ring the mark that the cursor could take, at (2,) pixels."""
    radius = size * scale
    gpu.state.blend_set("ALPHA")
    _draw_pieces([(place, radius + 2.5 * scale, radius + 4.5 * scale, _HOVERED)])
    gpu.state.blend_set("NONE")


def draw_bone(canvas: Canvas, head: FloatArray, tail: FloatArray, name: str) -> None:
    """Mark the head of a bone, and where it leads to, at (2,) pixels each; NaN draws nothing."""
    if not np.isfinite(head).all():
        return
    scale = canvas.scale
    white = np.array([[1.0, 1.0, 1.0, 0.9]])
    if np.isfinite(tail).all():
        _draw_lines(canvas, np.stack([head, tail])[None], white, 2.0, 1.0)
    _draw_pieces(
        [
            (head, 7.0 * scale, 12.0 * scale, _OUTLINE),
            (head, 8.0 * scale, 11.0 * scale, (1.0, 1.0, 1.0, 1.0)),
        ]
    )
    _write([name], np.array([[head[0] + 16.0 * scale, head[1] - 4.0 * scale]]), white, scale)


def draw_names(
    canvas: Canvas, keypoint_set: KeypointSet, places: FloatArray, judged: IntArray, size: float
) -> None:
    """Write the keypoints' names beside their marks, out of the way of marks, links and each other.

    Parameters
    ----------
    canvas
        Where.
    keypoint_set
        Names and links.
    places
        (K, 2) pixels, NaN where there is no place.
    judged
        (K,) 0, 1 or 2 as labels have it.
    size
        Radius of the marks, for a scale of 1.
    """
    inside = (places > -50.0).all(axis=1) & (places < (canvas.width + 50, canvas.height + 50)).all(axis=1)
    shown = np.flatnonzero(inside)
    if not len(shown):
        return
    scale = canvas.scale
    texts = [keypoint_set.keypoints[index].replace("_", " ") for index in shown]
    blf.size(0, 11.0 * scale)
    sizes = np.array([blf.dimensions(0, text) for text in texts])
    links = links_on_screen(places, keypoint_set.skeleton)
    marks = np.repeat(places[shown], 8, axis=0)  # a mark weighs more than a piece of a line
    obstacles = np.concatenate([marks, along_links(places, links, 6.0 * scale)])
    corners = place_labels(places[shown], sizes, (size + 5.0) * scale, obstacles)
    colours = np.array(
        [
            (*(0.35 + 0.65 * value for value in side_colour(keypoint_set.keypoints[index])), strength)
            for index, strength in ((index, _STRENGTH[int(judged[index])]) for index in shown)
        ]
    )
    _write(texts, corners, colours, scale)


def _write(texts: Sequence[str], corners: FloatArray, colours: FloatArray, scale: float) -> None:
    font = 0
    blf.size(font, 11.0 * scale)
    blf.enable(font, blf.SHADOW)
    blf.shadow_offset(font, 0, 0)
    for text, corner, colour in zip(texts, corners.tolist(), colours.tolist(), strict=True):
        blf.shadow(font, _OUTLINED, 0.0, 0.0, 0.0, colour[3])
        blf.color(font, *colour)
        blf.position(font, corner[0], corner[1], 0.0)
        blf.draw(font, text)
    blf.disable(font, blf.SHADOW)


def _draw_pieces(pieces: Sequence[_Piece]) -> None:
    """Draw rings and discs over one another: place, inner and outer radius, colour."""
    if not pieces:
        return
    places, inner, outer, colours = zip(*pieces, strict=True)
    flat, shades = ring_triangles(np.array(places), np.array(inner), np.array(outer), np.array(colours))
    corners = np.zeros((len(flat), 3), dtype=np.float32)
    corners[:, :2] = flat
    shader = gpu.shader.from_builtin("SMOOTH_COLOR")
    batch_for_shader(shader, "TRIS", {"pos": corners, "color": shades.astype(np.float32)}).draw(shader)
