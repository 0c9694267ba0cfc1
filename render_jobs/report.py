"""``report.html``: one file that shows what a dataset holds, and opens in any browser without network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.anatomy.keypoint_sets import landmarks_of

from . import layout
from .picture_seconds import mean_seconds, read_picture_seconds
from .pose_record import pose_label
from .progress import in_words
from .report_canonical import canonical_cards, pose_sources
from .report_charts import (
    HIDDEN,
    OUTSIDE,
    SEEN,
    azimuth_rose,
    bars,
    frame_positions,
    histogram,
    number,
    scatter,
    spread_rows,
    timeline,
    visibility_bars,
)
from .report_data import ReportData, gather
from .report_page import card, file_size, legend, page, pairs, stack, table, tiles
from .report_poses import limb_angles, main_directions
from .report_sheet import MOST_PICTURES, contact_sheet

IntArray = NDArray[np.int64]


def write_report(out: Path, reference: Path | None = None) -> Path:
    """Write ``report.html`` of a finished or half finished output folder.

    Equal folders give equal reports, byte for byte.

    Parameters
    ----------
    out
        Output folder of a run.
    reference
        COCO file of real photos of the same kind of animal; the report then compares where keypoints lie
        in side views.

    Returns
    -------
    Path of the report.

    Raises
    ------
    OutputError
        The folder is no output folder, nothing is rendered yet, its annotations are damaged, or the report
        cannot be written.
    PasynError
        The reference file cannot be read or has no side views.
    """
    data = gather(out)
    title = f"{data.species}: {len(data.pictures)} labelled pictures"
    placement = "" if reference is None else _placement(data, reference)
    body = "".join(
        (
            _heading(data),
            _pictures(data),
            _views(data),
            _labels(data),
            placement,
            _poses(data),
            _speed(data),
            _failures(data),
            _contents(data),
        )
    )
    path = layout.report_path(out)
    layout.write_atomically(path, page(title, body).encode())
    return path


def _heading(data: ReportData) -> str:
    delivered, lost = len(data.pictures), len(data.failures)
    if not data.finished:
        badge, kind = f"unfinished: {delivered} of {data.planned} rendered", "warn"
    elif lost or data.missing_shots:
        badge, kind = f"{delivered} of {data.planned} pictures", "warn"
    else:
        badge, kind = "complete", "good"
    visible = np.concatenate([picture.keypoints[:, 2] for picture in data.pictures])
    splits = Counter(str(picture.shot.get("split", "")) for picture in data.pictures)
    seconds = list(data.seconds.values())
    figures = [
        (f"{delivered:,}", "pictures"),
        (f"{splits['train']:,} / {splits['val']:,}", "training / validation"),
        (f"{int((visible > 0).sum()):,}", "keypoints in the frame"),
        (f"{100 * float((visible == 2).mean()):.0f} %", "of all keypoints seen"),
        (f"{number(float(np.median(seconds)))} s" if seconds else "–", "a picture (median)"),
        (f"{lost}", "shots given up"),
    ]
    return (
        f'<header><h1>{escape(data.species.capitalize())}<span class="badge {kind}">{escape(badge)}</span>'
        f'</h1><p class="soft">{escape(_in_a_sentence(data))}</p></header>{tiles(figures)}{_notices(data)}'
    )


def _in_a_sentence(data: ReportData) -> str:
    first = data.pictures[0]
    render = _section(data.job, "render")
    words = [f"{first.width} × {first.height} pixels", f"{len(data.keypoint_names)} keypoints"]
    source = data.job.get("animal") or data.job.get("rig")
    if source:
        kind = "built-in animal" if data.job.get("animal") else "rig"
        words.insert(0, f"{kind} {Path(str(source)).name}")
    if "engine" in render:
        words.append(f"{render['engine']}, {render.get('samples', '?')} samples")
    if "seed" in data.job:
        words.append(f"seed {data.job['seed']}")
    return " · ".join(words)


def _section(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = content.get(key)
    return section if isinstance(section, dict) else {}


def _notices(data: ReportData) -> str:
    notices = []
    if data.unplaced:
        notices.append(("Not placed by the rig map", ", ".join(data.unplaced)))
    never = [
        name
        for i, name in enumerate(data.keypoint_names)
        if name not in data.unplaced and not any(picture.keypoints[i, 2] > 0 for picture in data.pictures)
    ]
    if never:
        notices.append(("In no picture", ", ".join(never)))
    empty = [str(picture.index) for picture in data.pictures if picture.box is None]
    if empty:
        notices.append(("Without the animal", f"pictures {_listed(empty)}"))
    absent = [str(picture.index) for picture in data.pictures if picture.path is None]
    if absent:
        notices.append(("Labelled, but the picture is gone", f"{_listed(absent)}"))
    if data.missing_shots and data.finished:
        notices.append(("Planned, not rendered", f"shots {_listed([str(i) for i in data.missing_shots])}"))
    return "".join(
        f'<div class="notice"><b>{escape(what)}:</b> {escape(which.replace("_", " "))}</div>'
        for what, which in notices
    )


def _listed(items: list[str], most: int = 20) -> str:
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")


def _pictures(data: ReportData) -> str:
    count = min(len(data.pictures), MOST_PICTURES)
    words = "All pictures" if count == len(data.pictures) else f"{count} of {len(data.pictures):,} pictures"
    return (
        f'<h2>Pictures</h2><p class="soft">{words}, once around the animal from its face over its left side. '
        f"Click one to see it large; the arrow keys go on.</p>{contact_sheet(data)}"
    )


def _views(data: ReportData) -> str:
    cameras = [picture.camera for picture in data.pictures if "azimuth" in picture.camera]
    boxed = [picture for picture in data.pictures if picture.box is not None]
    boxes = np.array(
        [
            np.asarray(picture.box) / (picture.width, picture.height, picture.width, picture.height)
            for picture in boxed
        ]
    ).reshape(-1, 4)
    elevation = [float(camera.get("elevation", 0)) for camera in cameras]
    low = min([-10.0, *(5 * np.floor(np.array(elevation) / 5))])
    high = max([40.0, *(5 * np.ceil(np.array(elevation) / 5))])
    standpoints = azimuth_rose([float(camera["azimuth"]) for camera in cameras])
    heights = histogram(elevation, low, high, int((high - low) / 2.5), "camera above the animal", "°")
    share = 100 * boxes[:, 2:].max(axis=1, initial=0)
    sizes = histogram(share, 0, 100, 25, "larger side of the box, share of the frame", " %")
    cards = [
        card("Direction", standpoints, "Where the camera stood around the animal, seen from above."),
        stack(card("Elevation", heights), card("Size", sizes)),
        card(
            "Place in the frame",
            frame_positions(boxes, "Boxes of all pictures"),
            "Boxes of all pictures over each other, their centres in orange.",
        ),
    ]
    return f'<h2>Views</h2><div class="cards">{"".join(cards)}</div>'


def _worlds(data: ReportData) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for picture in data.pictures:
        light = picture.shot.get("light")
        if isinstance(light, dict) and "world" in light:
            counts[Path(str(light["world"])).stem] += 1
    return dict(counts)


def _labels(data: ReportData) -> str:
    visibility = np.array([picture.keypoints[:, 2] for picture in data.pictures])
    counts = np.stack([(visibility == v).sum(axis=0) for v in (0, 1, 2)], axis=1)
    key = legend(
        [
            (SEEN, "seen (v=2)"),
            (HIDDEN, "in the frame but hidden (v=1)"),
            (OUTSIDE, "outside the frame or not on this animal (v=0)"),
        ]
    )
    framed, seen = (visibility > 0).sum(axis=1), (visibility == 2).sum(axis=1)
    cards = [
        card(
            "Visibility of each keypoint", visibility_bars(data.keypoint_names, counts) + key, width="double"
        ),
        stack(
            card("In the frame", _keypoint_counts(framed, visibility.shape[1], "in the frame")),
            card("Seen", _keypoint_counts(seen, visibility.shape[1], "seen")),
        ),
    ]
    return f'<h2>Labels</h2><div class="cards">{"".join(cards)}</div>'


def _keypoint_counts(counts: IntArray, most: int, word: str) -> str:
    # Bins are centred on whole numbers.
    return histogram(counts.astype(np.float64), -0.5, most + 0.5, most + 1, f"keypoints {word}, a picture")


def _poses(data: ReportData) -> str:
    labels = Counter(pose_label(picture.shot) or "unknown" for picture in data.pictures)
    by_action = any(picture.shot.get("pose") is None for picture in data.pictures)
    cards = [
        stack(
            card("Actions", bars(labels, "Pictures by action")) if by_action else pose_sources(data),
            card(
                "Worlds",
                bars(_worlds(data), "Pictures by world"),
                "The light, and the background by default.",
            ),
        ),
        *canonical_cards(data),
    ]
    names = landmarks_of(data.keypoint_names)
    angles = limb_angles(names, data.world_keypoints) if len(data.world_keypoints) else []
    if angles:
        cards.append(
            card(
                "Limb angles",
                spread_rows(angles, 0, 180, 30, "degrees, from the 3D keypoints"),
                "Bend: 180° is a straight limb. Swing: 90° hangs straight down, less reaches forward.",
            )
        )
    directions = main_directions(data.poses)
    if directions is not None:
        points, (first, second) = directions
        chart = scatter(
            points,
            list(data.pose_actions),
            "Poses in their two main directions",
            (f"first direction ({100 * first:.0f} % of the variance)", f"second ({100 * second:.0f} %)"),
        )
        cards.append(
            card(
                "Spread of poses",
                chart,
                "Bone rotations of each picture, projected on their main directions.",
            )
        )
    if not angles and directions is None:
        cards.append(card("Spread of poses", "", "The truth records in renders/ are gone or hold no poses."))
    return f'<h2>Poses and light</h2><div class="cards">{"".join(cards)}</div>'


def _speed(data: ReportData) -> str:
    seconds = np.array(list(data.seconds.values()))
    facts: list[tuple[str, str]] = []
    if seconds.size:
        facts += [
            ("mean", f"{number(float(seconds.mean()))} s"),
            ("95 of 100 within", f"{number(float(np.percentile(seconds, 95)))} s"),
            ("longest", f"{number(float(seconds.max()))} s"),
            ("rendering, summed", in_words(float(seconds.sum()))),
        ]
    facts += _after_the_render(data, float(seconds.mean()) if seconds.size else 0.0)
    run = _section(data.manifest, "run")
    for key, value in sorted(run.items()):
        if key == "seconds" and isinstance(value, int | float):
            facts.append(("the whole run", in_words(float(value))))
        else:
            facts.append((str(key).replace("_", " "), _plain(value)))
    chart = timeline(data.seconds, "picture, in the order of the plan")
    cards = [
        card("Seconds a picture", chart, width="double"),
        card("Time", pairs(facts) if facts else "nothing was recorded"),
    ]
    return f'<h2>Speed</h2><div class="cards">{"".join(cards)}</div>'


def _after_the_render(data: ReportData, rendering: float) -> list[tuple[str, str]]:
    """How long a picture takes once it is rendered, and which share of all its time that is."""
    stages = mean_seconds(read_picture_seconds(data.folder))
    if not stages:
        stages = dict(_section(_section(data.manifest, "seconds"), "after_the_render"))
    times = {name: float(value) for name, value in stages.items() if isinstance(value, int | float)}
    total = sum(times.values())
    if not total:
        return []
    facts = [(f"{name}, a picture", f"{number(1000 * value)} ms") for name, value in times.items()]
    if rendering:
        share = 100 * total / (total + rendering)
        facts.append(("their share beside rendering", f"{number(share)} %"))
    return facts


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return number(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(item)}" for key, item in sorted(value.items()))
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    return str(value)


def _failures(data: ReportData) -> str:
    if not data.failures:
        return ""
    rows = []
    for failure in data.failures:
        action = escape(pose_label(failure.shot))
        frame = failure.shot.get("frame")
        lines = [line for line in failure.log.splitlines() if line.strip()]
        last = escape(lines[-1][:160]) if lines else "the log is empty"
        rows.append(
            (
                str(failure.index),
                f"{action} at {float(frame):.1f}" if frame is not None else action,
                f"<details><summary>{last}</summary><pre>{escape(failure.log)}</pre></details>",
            )
        )
    note = "These shots failed twice and have no picture; the others are not affected."
    listing = table(("Shot", "Pose", "End of its log"), rows)
    return f"<h2>Failures</h2>{card(f'{len(rows)} shots given up', listing, note)}"


def _placement(data: ReportData, reference: Path) -> str:
    from .report_placement import placement_section

    return placement_section(data, reference)


def _contents(data: ReportData) -> str:
    rows = [
        (
            f"<code>{escape(entry.name)}</code>",
            escape(entry.meaning),
            f"{entry.files:,}",
            file_size(entry.bytes),
        )
        for entry in data.entries
    ]
    versions = [
        (str(key), str(value)) for key, value in sorted(_section(data.manifest, "versions").items()) if value
    ]
    identity = str(data.manifest.get("identity", ""))
    if identity:
        versions.append(("job identity", identity[:16]))
    made_by = card("Made by", pairs(versions)) if versions else ""
    listing = card(
        "What is in this folder",
        table(("Name", "What it is", "Files", "Size"), rows, frozenset({2, 3})),
        width="wide",
    )
    return f'<h2>Files</h2><div class="cards">{listing}{made_by}</div>'
