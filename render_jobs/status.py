"""How far a dataset is, from its files alone: nothing has to run, and nothing that runs is asked."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from pasyn_blender.errors import OutputError

from . import layout
from .output_folder import is_locked, read_job
from .progress import in_words
from .workers import parse_event

_EVENT_WORDS: Final = {
    "prepared": "rig loaded",
    "start": "rendering shot {index}",
    "done": "rendered shot {index}",
    "failed": "failed at shot {index}",
    "recycle": "to be replaced by a fresh process",
    "finished": "finished",
    "error": "stopped",
}

_RECENT: Final = 50
_BUSY_SECONDS: Final = 60.0


@dataclass(frozen=True)
class ShardStatus:
    """How far one worker or shard is.

    Attributes
    ----------
    name
        Name of its log without suffix, ``"worker-0"``.
    last_word
        What it did last, or the last line of its log.
    idle_seconds
        Since it last wrote to its log.
    """

    name: str
    last_word: str
    idle_seconds: float


@dataclass(frozen=True)
class Status:
    """How far a dataset is.

    Attributes
    ----------
    folder
        Output folder.
    species
        What it shows.
    planned
        Pictures the job asks for.
    rendered
        Renders with truth among them. Their hashes are not checked; a run does that.
    composed
        Finished pictures among them.
    quarantined
        Shots that were given up.
    annotated
        Whether there are annotations.
    report
        The report, where it was written.
    running
        Whether a run holds the folder now.
    busy
        Whether something was rendered in the last minute, by a run or a cluster.
    seconds_per_picture
        Time between the last renders, all workers together; None before two.
    seconds_left
        Estimate for the rest; None when nothing renders or the rate is not known.
    shards
        The workers' logs.
    """

    folder: Path
    species: str
    planned: int
    rendered: int
    composed: int
    quarantined: tuple[int, ...]
    annotated: bool
    report: Path | None
    running: bool
    busy: bool
    seconds_per_picture: float | None
    seconds_left: float | None
    shards: tuple[ShardStatus, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        values = asdict(self)
        values["folder"] = str(self.folder)
        values["report"] = None if self.report is None else str(self.report)
        return values


def read_status(folder: Path, now: float | None = None) -> Status:
    """Look at an output folder.

    Parameters
    ----------
    folder
        Output folder.
    now
        Seconds since the epoch; by default the clock's.

    Raises
    ------
    OutputError
        It is no output folder.
    """
    now = time.time() if now is None else now
    job = read_job(folder)
    truths = _numbered(layout.renders_folder(folder), ".json", job.images)
    renders = _numbered(layout.renders_folder(folder), ".png", job.images)
    rendered = {index: moment for index, moment in truths.items() if index in renders}
    quarantined = set(_numbered(layout.quarantine_folder(folder), ".log", job.images)) - set(rendered)
    running = is_locked(folder)
    moments = sorted(rendered.values())
    busy = bool(moments) and now - moments[-1] < _BUSY_SECONDS
    pace = _pace(moments[-_RECENT - 1 :])
    left = job.images - len(rendered) - len(quarantined)
    report = layout.report_path(folder)
    return Status(
        folder=folder,
        species=job.species,
        planned=job.images,
        rendered=len(rendered),
        composed=len(_numbered(layout.images_folder(folder), ".png", job.images)),
        quarantined=tuple(sorted(quarantined)),
        annotated=layout.annotation_path(folder, "all").is_file(),
        report=report if report.is_file() else None,
        running=running,
        busy=busy,
        seconds_per_picture=pace,
        seconds_left=pace * left if pace is not None and left and (running or busy) else None,
        shards=_shards(folder, now),
    )


def _numbered(folder: Path, suffix: str, below: int) -> dict[int, float]:
    """Modification times of the files ``NNNNNN<suffix>`` by number."""
    found = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                stem, dot, end = entry.name.rpartition(".")
                if dot + end == suffix and stem.isdigit() and int(stem) < below:
                    try:
                        found[int(stem)] = entry.stat().st_mtime
                    except FileNotFoundError:
                        continue
    except FileNotFoundError:
        pass
    except OSError as error:
        raise OutputError(f"{folder}: cannot be read: {error.strerror or error}") from error
    return found


def _pace(moments: Sequence[float]) -> float | None:
    """Median step between renders: a pause between two runs is no pace."""
    if len(moments) < 2:
        return None
    steps = sorted(later - earlier for earlier, later in itertools.pairwise(moments))
    longest_usual = 10 * max(steps[len(steps) // 2], 0.01)
    usual = [step for step in steps if step <= longest_usual]
    return sum(usual) / len(usual)


def _shards(folder: Path, now: float) -> tuple[ShardStatus, ...]:
    shards = []
    for path in sorted(layout.logs_folder(folder).glob("*.log"), key=_natural):
        try:
            idle = now - path.stat().st_mtime
            shards.append(ShardStatus(path.stem, _last_line(path), round(max(0.0, idle), 1)))
        except OSError:
            continue
    return tuple(shards)


def _natural(path: Path) -> tuple[str, int]:
    name, _, number = path.stem.rpartition("-")
    return (name, int(number)) if number.isdigit() else (path.stem, -1)


def _last_line(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65536))
        lines = file.read().decode("utf-8", "replace").splitlines()
    for line in reversed(lines):
        event = parse_event(line, 0, 0)
        if event is not None:
            words = _EVENT_WORDS[event.kind].format(index=event.index)
            return f"{words}: {event.message}" if event.message else words
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:200] if said else ""


def status_lines(status: Status) -> list[str]:
    """Write a status for people."""
    rows: Mapping[str, str] = {
        "planned": f"{status.planned} pictures of {status.species}",
        "rendered": f"{status.rendered}",
        "composed": f"{status.composed}",
        "left out": f"{_numbers(status.quarantined)}" if status.quarantined else "none",
        "state": _state(status),
        "pace": "not known yet"
        if status.seconds_per_picture is None
        else f"{status.seconds_per_picture:.2f} s a picture",
        "report": "not written yet" if status.report is None else str(status.report),
    }
    lines = [str(status.folder)]
    lines += [f"  {name:<9} {value}" for name, value in rows.items()]
    lines += [
        f"  {shard.name:<9} {in_words(shard.idle_seconds)} ago: {shard.last_word}" for shard in status.shards
    ]
    return lines


def _state(status: Status) -> str:
    left = status.planned - status.rendered - len(status.quarantined)
    if status.running or (status.busy and left):
        rest = "" if status.seconds_left is None else f", {in_words(status.seconds_left)} left"
        return f"running{rest}"
    if left:
        return f"stopped with {left} to render; the same pasyn run goes on, pasyn finish uses what is there"
    return "finished" if status.annotated else "rendered, not annotated: use pasyn finish"


def _numbers(shots: Sequence[int]) -> str:
    shown = ", ".join(str(index) for index in shots[:8])
    more = f" and {len(shots) - 8} more" if len(shots) > 8 else ""
    return f"{len(shots)} (shots {shown}{more})"
