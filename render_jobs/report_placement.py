"""The report's comparison of keypoint places with annotated photos."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np

from pasyn_blender.errors import PasynError

from .placement import TOLERANCE, compare, summary
from .placement_views import (
    POINTS,
    choose_side_views,
    describe,
    known_side_view,
    read_views,
    view_of,
    vocabulary_of,
)
from .report_data import ReportData
from .report_page import card, table


def placement_section(data: ReportData, reference: Path) -> str:
    """HTML section that compares a dataset's side views with photos.

    Raises
    ------
    PasynError
        The reference cannot be read, or has no side views. A dataset without side views is no error: the
        section says so.
    """
    photos = choose_side_views(*read_views(reference))
    heading = "<h2>Keypoints against real annotation</h2>"
    vocabulary = vocabulary_of(data.keypoint_names, "the dataset")
    made = [
        view_of(
            picture.keypoints,
            np.asarray(picture.box),
            data.keypoint_names,
            vocabulary,
            known_side_view(picture.camera),
        )
        for picture in data.pictures
        if picture.box is not None
    ]
    synthetic = choose_side_views(made, walking=photos.walking)
    if photos.views and not synthetic.views:
        words = f"{describe(synthetic)}: nothing to compare with {reference.name}. "
        return heading + card("No side views", "", words + "Render some with --set camera.azimuth=[80,100].")
    try:
        comparison = compare(photos, synthetic)
    except PasynError as error:
        raise PasynError(f"{reference}: {error}") from error
    in_box, judged = comparison.verdicts(matched=False), comparison.verdicts(matched=True)
    rows = []
    for i, name in enumerate(POINTS):
        offset, spread = 100 * comparison.offsets[i], 100 * comparison.aligned_photos.deviation[i]
        mean, place = 100 * comparison.box_photos.mean[i], 100 * comparison.box_synthetic.mean[i]
        raw = 100 * comparison.box_offsets[i]
        rows.append(
            (
                escape(name.replace("_", " ")),
                f"{mean[0]:.1f}, {mean[1]:.1f}",
                f"{place[0]:.1f}, {place[1]:.1f}",
                f"{raw[0]:+.1f}, {raw[1]:+.1f}",
                _word(in_box[i]),
                f"{offset[0]:+.1f}, {offset[1]:+.1f}",
                f"{spread[0]:.1f}, {spread[1]:.1f}",
                _word(judged[i]),
                f"{100 * comparison.photos_that_fit[i]:.0f} %",
            )
        )
    head = (
        "Keypoint",
        "Photos, in box",
        "Here, in box",
        "Offset in box",
        "",
        "Offset matched",
        "Photos' sd",
        "",
        "Photos that fit",
    )
    note = (
        f"Photos: {describe(photos)} ({reference.name}). Here: {describe(synthetic)}. All face left; x and y "
        f"in per cent of the box's longer side, plus is towards the tail and down. In box: as annotated; on "
        f"photos boxes are drawn by hand and looser than an outline. Matched: after taking out size, length "
        f"for height, and the lean of the legs, each without the point in question. A point fits that lies "
        f"within the photos' spread (5th to 95th percentile) and {100 * TOLERANCE:g} % of their mean; spread "
        f"marks one within the first only. The last column "
        f"says how many of the photos are that near to all others. n/a marks a point that means another "
        f"place of the body on the photos. " + " ".join(summary(comparison))
    )
    return heading + card(
        "Where the keypoints lie", table(head, rows, frozenset({1, 2, 3, 5, 6, 8})), note, width="wide"
    )


def _word(word: str) -> str:
    return f'<span class="out">{word}</span>' if word == "off" else escape(word)
