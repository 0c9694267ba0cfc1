"""The contact sheet: which pictures to show, and each with its labels drawn over it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np

from .pose_record import pose_label
from .report_data import Picture, ReportData
from .report_overlay import SIDE_COLOURS, embedded_picture, overlay

MOST_PICTURES: Final = 24


def choose_pictures(pictures: Sequence[Picture], most: int = MOST_PICTURES) -> list[Picture]:
    """Pick pictures spread evenly over the directions of view, in that order.

    The circle around the animal is cut into ``most`` equal sectors of the pictures sorted by azimuth, and
    from each the picture is taken whose action was taken least so far; so rare actions and odd views are
    shown too. Pictures that cannot be found on disk are left out.
    """
    shown = [picture for picture in pictures if picture.path is not None]
    shown.sort(key=lambda picture: (float(picture.camera.get("azimuth", 0.0)) % 360, picture.index))
    if len(shown) <= most:
        return shown
    taken: dict[str, int] = {}
    chosen = []
    for group in np.array_split(np.arange(len(shown)), most):
        best = min((shown[i] for i in group), key=lambda picture: taken.get(_action(picture), 0))
        taken[_action(best)] = taken.get(_action(best), 0) + 1
        chosen.append(best)
    return chosen


def _action(picture: Picture) -> str:
    return pose_label(picture.shot)


def contact_sheet(data: ReportData) -> str:
    """HTML of the switches, the key and the pictures."""
    chosen = choose_pictures(data.pictures)
    figures = "".join(_figure(picture, data) for picture in chosen)
    switches = "".join(
        f'<label><input type="checkbox" value="{name}" checked> {word}</label>'
        for name, word in (
            ("points", "keypoints"),
            ("skeleton", "skeleton"),
            ("mask", "mask"),
            ("box", "box"),
        )
    )
    keys = "".join(
        f'<span class="key">{_dot(SIDE_COLOURS[side], True)}{word}</span>'
        for side, word in (("left", "its left"), ("right", "its right"), ("middle", "midline"))
    )
    keys += f'<span class="key">{_dot("#ffffff", True)}seen</span>'
    keys += f'<span class="key">{_dot("#ffffff", False)}hidden</span>'
    return f'<div class="bar">{switches}{keys}</div><div class="sheet">{figures}</div>'


def _dot(colour: str, filled: bool) -> str:
    fill = colour if filled else "none"
    ring = "#333" if filled else colour
    return (
        '<svg width="16" height="16" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#8b939c"/>'
        f'<circle cx="8" cy="8" r="4.2" fill="{fill}" stroke="{ring}" stroke-width="1.6"/></svg>'
    )


def _figure(picture: Picture, data: ReportData) -> str:
    assert picture.path is not None
    size = f"{picture.width} {picture.height}"
    try:
        source = embedded_picture(picture.path)
        shown = f'<image href="{source}" width="{picture.width}" height="{picture.height}"/>'
    except (OSError, ValueError) as error:
        # A damaged picture is itself worth reporting.
        shown = f'<text x="6" y="16" font-size="9" fill="#b3401f">{escape(type(error).__name__)}</text>'
    action = _action(picture)
    view = _view(picture)
    words = ", ".join(
        part
        for part in (
            f"Picture {picture.index}",
            _pose_words(picture),
            view,
            str(picture.shot.get("split", "")),
        )
        if part
    )
    labels = overlay(picture, data.keypoint_names, data.skeleton)
    return (
        f'<figure class="shot" data-words="{escape(words)}"><button aria-label="{escape(words)}: show large">'
        f'<svg viewBox="0 0 {size}">{shown}{labels}</svg></button>'
        f"<figcaption><span><b>{picture.index}</b> {escape(action)}</span><span>{escape(view)}</span>"
        f"</figcaption></figure>"
    )


def _pose_words(picture: Picture) -> str:
    label, frame = _action(picture), picture.shot.get("frame")
    if isinstance(frame, int | float):
        return f"{label} at frame {float(frame):.1f}"
    number = (picture.shot.get("pose") or {}).get("number")
    return f"pose from the {label}" + (f", number {number}" if number is not None else "") if label else ""


def _view(picture: Picture) -> str:
    camera = picture.camera
    if "azimuth" not in camera:
        return ""
    return f"{float(camera['azimuth']):.0f}° around, {float(camera.get('elevation', 0)):.0f}° up"
