"""Keypoints, skeleton and names drawn over the 3D viewport, on the animal as it is posed."""

from __future__ import annotations

from typing import Any

import blf
import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from . import live_map
from .screen import (
    FloatArray,
    along_links,
    disc_triangles,
    link_colour,
    links_on_screen,
    place_labels,
    screen_positions,
    side_colour,
)

_OUTLINE = (0.04, 0.04, 0.05, 0.85)
_RING = (1.0, 1.0, 1.0, 0.95)
_OUTLINED = 6  # the kind of shadow that goes all around a letter
_handles: list[Any] = []


def _draw() -> None:
    context = bpy.context
    scene = context.scene
    if scene is None or not context.space_data.overlay.show_overlays:
        return
    settings = scene.pasyn.keypoints
    if not settings.show_overlay:
        return
    if live_map.wants_preparing(scene):
        live_map.prepare_soon()
        return
    points = live_map.positions(context)
    if points is None:
        return
    region = context.region
    perspective = np.array(context.region_data.perspective_matrix)
    places, depth = screen_positions(points, perspective, region.width, region.height)
    scale = context.preferences.system.ui_scale
    gpu.state.blend_set("ALPHA")
    _draw_links(places, region, scale)
    _draw_marks(places, depth, settings, scale)
    gpu.state.blend_set("NONE")
    if settings.show_names:
        _draw_names(places, settings.mark_size, scale)


def _draw_links(places: FloatArray, region: Any, scale: float) -> None:
    links = links_on_screen(places, live_map.KEYPOINTS.skeleton)
    if not links:
        return
    names = live_map.KEYPOINTS.keypoints
    corners = [(*places[index], 0.0) for link in links for index in link]
    colours = [(*link_colour(names[first], names[second]), 0.95) for first, second in links for _ in range(2)]
    shader = gpu.shader.from_builtin("POLYLINE_SMOOTH_COLOR")
    for width, shown in ((4.5 * scale, [_OUTLINE] * len(corners)), (2.2 * scale, colours)):
        batch = batch_for_shader(shader, "LINES", {"pos": corners, "color": shown})
        shader.uniform_float("viewportSize", (region.width, region.height))
        shader.uniform_float("lineWidth", width)
        batch.draw(shader)


def _draw_marks(places: FloatArray, depth: FloatArray, settings: Any, scale: float) -> None:
    radius = settings.mark_size * scale
    # Far ones first, so that near ones stand before them.
    order = [index for index in np.argsort(-depth, kind="stable") if np.isfinite(depth[index])]
    if not order:
        return
    names = live_map.KEYPOINTS.keypoints
    discs: list[tuple[int, float, tuple[float, ...]]] = []
    for index in order:
        if index == settings.index:
            discs.append((index, radius + 4.0 * scale, _RING))
        discs.append((index, radius + 1.5 * scale, _OUTLINE))
        discs.append((index, radius, (*side_colour(names[index]), 1.0)))
    indices, radii, colours = zip(*discs, strict=True)
    corners, corner_colours = disc_triangles(places[list(indices)], np.array(radii), np.array(colours))
    corners = np.concatenate([corners, np.zeros((len(corners), 1))], axis=1)
    shader = gpu.shader.from_builtin("SMOOTH_COLOR")
    batch = batch_for_shader(
        shader, "TRIS", {"pos": corners.astype(np.float32), "color": corner_colours.astype(np.float32)}
    )
    batch.draw(shader)


def _draw_names(places: FloatArray, mark_size: float, scale: float) -> None:
    font = 0
    names = live_map.KEYPOINTS.keypoints
    shown = np.flatnonzero(np.isfinite(places).all(axis=1))
    if not len(shown):
        return
    blf.size(font, 11.0 * scale)
    texts = [names[index].replace("_", " ") for index in shown]
    sizes = np.array([blf.dimensions(font, text) for text in texts])
    links = links_on_screen(places, live_map.KEYPOINTS.skeleton)
    marks = np.repeat(places[shown], 8, axis=0)  # a mark weighs more than a piece of a line
    obstacles = np.concatenate([marks, along_links(places, links, 6.0 * scale)])
    corners = place_labels(places[shown], sizes, (mark_size + 5.0) * scale, obstacles)
    blf.enable(font, blf.SHADOW)
    blf.shadow(font, _OUTLINED, 0.0, 0.0, 0.0, 1.0)
    blf.shadow_offset(font, 0, 0)
    for index, text, corner in zip(shown, texts, corners, strict=True):
        red, green, blue = (0.35 + 0.65 * value for value in side_colour(names[index]))
        blf.color(font, red, green, blue, 1.0)
        blf.position(font, float(corner[0]), float(corner[1]), 0.0)
        blf.draw(font, text)
    blf.disable(font, blf.SHADOW)


def register() -> None:
    """Draw in every 3D viewport; without a mapped animal that costs nothing."""
    _handles.append(bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL"))


def unregister() -> None:
    """Stop drawing."""
    while _handles:
        bpy.types.SpaceView3D.draw_handler_remove(_handles.pop(), "WINDOW")
