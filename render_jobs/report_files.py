"""The files of an output folder as the report tells of them: logs of failures, and what each is for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from . import layout

LOG_TAIL: Final = 20
"""Lines of a quarantine log that are shown."""


@dataclass(frozen=True)
class Failure:
    """A shot without a picture: why, as far as its log tells."""

    index: int
    shot: Mapping[str, Any]
    log: str


@dataclass(frozen=True)
class FolderEntry:
    """A file or folder of the output folder, for the list of what is in it."""

    name: str
    meaning: str
    files: int
    bytes: int


def failures_of(
    folder: Path, shots: Mapping[int, Mapping[str, Any]], delivered: set[int]
) -> tuple[Failure, ...]:
    """Shots with a quarantine log and without a picture."""
    place = layout.quarantine_folder(folder)
    found = []
    for path in sorted(place.glob("*.log")) if place.is_dir() else []:
        if path.stem.isdecimal() and int(path.stem) not in delivered:
            try:
                lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            except OSError as error:
                lines = [str(error)]
            tail = "\n".join(line.rstrip() for line in lines[-LOG_TAIL:])
            found.append(Failure(int(path.stem), shots.get(int(path.stem), {}), tail))
    return tuple(found)


_MEANINGS: Final = (
    ("annotations/all.json", "Every label in COCO form: keypoints, box, mask as run lengths"),
    ("annotations/train.json", "The same, training part"),
    ("annotations/val.json", "The same, validation part"),
    ("images", "The finished pictures"),
    (
        "renders",
        "What Blender wrote: the animal alone (RGBA), with camera, 3D joints and pose of each picture",
    ),
    ("shots.jsonl", "The plan: everything that decides each picture, one line a picture"),
    ("job.json", "The job with every setting resolved"),
    ("rig.json", "Facts of the rig: actions, ranges, counts"),
    (
        "rig_map.yaml",
        "Which bones are which joints and where the keypoints sit; edit it and pass it as rig_map",
    ),
    ("manifest.json", "Versions, hashes of all files, seconds"),
    ("quarantine", "Logs of shots that failed twice"),
    ("logs", "Logs of the render processes"),
)


def entries_of(folder: Path) -> tuple[FolderEntry, ...]:
    """List the known files and folders that are there."""
    found = []
    for name, meaning in _MEANINGS:
        path = folder / name
        if path.is_dir():
            sizes = [file.stat().st_size for file in path.iterdir() if file.is_file()]
            if sizes:
                found.append(FolderEntry(f"{name}/", meaning, len(sizes), sum(sizes)))
        elif path.is_file():
            found.append(FolderEntry(name, meaning, 1, path.stat().st_size))
    return tuple(found)
