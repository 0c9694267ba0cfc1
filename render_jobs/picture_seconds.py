"""How long it took to make pictures of renders: composing, styling, writing; a log beside the dataset.

Seconds differ from run to run, so they are in the log, the manifest and the report, and in no picture or
annotation.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from . import layout

STAGES: Final = ("composition", "style and camera look", "file")
"""What is done for one picture, in this order."""

Seconds = Mapping[str, float]
"""Seconds of each of :data:`STAGES`."""


class StageClock:
    """Takes the time of the stages of one picture."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Count what happens within to a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began


def picture_seconds_path(folder: Path) -> Path:
    """Log of how long each picture took, one line a picture in the order they ended."""
    return layout.logs_folder(folder) / "picture_seconds.jsonl"


def note_picture_seconds(folder: Path, index: int, seconds: Seconds) -> None:
    """Append how long a picture took.

    Raises
    ------
    OutputError
        The log cannot be written.
    """
    path = picture_seconds_path(folder)
    record = {"index": index, **{stage: round(value, 5) for stage, value in seconds.items()}}
    layout.create_folder(path.parent)
    # One write a line: several pictures may be finished at once.
    with layout.writing(path), path.open("a", encoding="ascii") as file:
        file.write(json.dumps(record) + "\n")


def read_picture_seconds(folder: Path) -> dict[int, dict[str, float]]:
    """Read how long each picture took, as far as noted; the last note of a picture counts."""
    noted: dict[int, dict[str, float]] = {}
    try:
        lines = picture_seconds_path(folder).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return noted
    for line in lines:
        # A run killed in the middle of a line leaves half of it.
        try:
            record = json.loads(line)
            noted[int(record["index"])] = {stage: float(record[stage]) for stage in STAGES}
        except (ValueError, KeyError, TypeError):
            continue
    return noted


def mean_seconds(noted: Mapping[int, Seconds]) -> dict[str, float]:
    """Mean seconds a picture of each stage; empty where nothing is noted."""
    if not noted:
        return {}
    return {
        stage: round(sum(seconds[stage] for seconds in noted.values()) / len(noted), 4) for stage in STAGES
    }
