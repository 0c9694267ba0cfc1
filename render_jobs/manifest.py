"""``manifest.json``: what a dataset is made of, by which programs, and how long it took."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from . import layout
from .job import Job

_PACKAGES = ("bpy", "numpy", "pillow", "pycocotools", "OpenEXR")


def seconds_path(folder: Path) -> Path:
    """Log of how long each render took, one line a render in the order they ended."""
    return layout.logs_folder(folder) / "seconds.jsonl"


def note_seconds(folder: Path, index: int, seconds: float) -> None:
    """Append how long a render took.

    Raises
    ------
    OutputError
        The log cannot be written.
    """
    path = seconds_path(folder)
    with layout.writing(path), path.open("a", encoding="ascii") as file:
        file.write(json.dumps({"index": index, "seconds": round(seconds, 4)}, sort_keys=True) + "\n")


def read_seconds(folder: Path) -> dict[int, float]:
    """How long each render took, as far as noted; the last note of a render counts."""
    noted: dict[int, float] = {}
    try:
        lines = seconds_path(folder).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return noted
    for line in lines:
        # A run killed in the middle of a line leaves half of it.
        try:
            record = json.loads(line)
            noted[int(record["index"])] = float(record["seconds"])
        except (ValueError, KeyError, TypeError):
            continue
    return noted


@functools.cache
def program_version() -> str:
    """Version of this program."""
    return _version("pasyn") or "unknown"


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def statistics(seconds: Sequence[float]) -> dict[str, float | int | None]:
    """Mean, median, 95th percentile and longest of some durations; None where there are none."""
    if not seconds:
        return {"measured": 0, "mean": None, "median": None, "percentile_95": None, "longest": None}
    values = np.asarray(seconds, dtype=np.float64)
    return {
        "measured": len(seconds),
        "mean": round(float(values.mean()), 4),
        "median": round(float(np.median(values)), 4),
        "percentile_95": round(float(np.percentile(values, 95)), 4),
        "longest": round(float(values.max()), 4),
    }


def write_manifest(
    folder: Path,
    *,
    job: Job,
    identity: str,
    counts: Mapping[str, int],
    poses: Mapping[str, Any],
    images: Mapping[str, str],
    backgrounds: Mapping[str, Mapping[str, Any]],
    annotations: Mapping[str, bytes],
    quarantined: Sequence[int],
    missing: Sequence[int],
    seconds: Mapping[int, float],
    stages: Mapping[str, float],
    run: Mapping[str, Any] | None = None,
) -> None:
    """Write ``manifest.json``.

    Parameters
    ----------
    folder
        Output folder.
    job, identity
        What the dataset was made from.
    counts
        Numbers of pictures: planned, delivered and so on.
    poses
        Where the poses come from, as :func:`~render_jobs.pose_record.summarise_poses` tells.
    images
        Sha256 of each picture by file name.
    backgrounds
        Photo, crop and flip behind each animal, by the picture's file name; a photo without open ground was
        replaced by another, so it may not be the shot's.
    annotations
        Content of each annotation file by name.
    quarantined, missing
        Shots without a picture.
    seconds
        Seconds each render took, as far as known.
    stages
        Mean seconds a picture of what comes after its render.
    run
        What to tell of the run that wrote it; by default what the last manifest told.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    path = layout.manifest_path(folder)
    if run is None:
        run = read_manifest(folder).get("run")
    content = {
        "identity": identity,
        "job": job.to_dict(),
        "versions": {
            "pasyn": program_version(),
            "python": platform.python_version(),
            **{package: _version(package) for package in _PACKAGES},
        },
        "platform": {"system": platform.platform(), "machine": platform.machine()},
        "counts": dict(counts),
        "poses": dict(poses),
        "images": dict(images),
        "backgrounds": {name: dict(background) for name, background in backgrounds.items()},
        "annotations": {name: hashlib.sha256(data).hexdigest() for name, data in annotations.items()},
        "quarantined": list(quarantined),
        "missing": list(missing),
        "seconds": {
            "per_picture": statistics(list(seconds.values())),
            "pictures": {str(index): value for index, value in sorted(seconds.items())},
            "after_the_render": dict(stages),
        },
        "run": dict(run) if run else None,
    }
    data = (json.dumps(content, sort_keys=True, indent=1) + "\n").encode()
    layout.write_atomically(path, data)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read ``manifest.json``; empty where there is none that can be read."""
    try:
        content = json.loads(layout.manifest_path(folder).read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
