"""The plan of an output folder: from its rig's facts, kept in ``shots.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pasyn_blender.errors import OutputError

from . import layout
from .finished_renders import read_shots, write_shots
from .job import Job
from .plan import Photo, RigFacts, plan
from .shot import PoseShot, Shot


def read_rig_facts(folder: Path) -> RigFacts | None:
    """Read ``rig.json``; None where there is none.

    Raises
    ------
    OutputError
        It is damaged.
    """
    path = layout.rig_facts_path(folder)
    try:
        return RigFacts.from_dict(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be read: {error}; delete it and run again") from error


def plan_folder(
    folder: Path, job: Job, facts: RigFacts, usable_photos: Callable[[], tuple[Photo, ...] | None]
) -> list[Shot]:
    """Plan all shots of a job and write ``shots.jsonl``.

    Looking through folders of photos takes long, so the photos of shots that are in ``shots.jsonl`` already
    are taken from there, and so are poses drawn from a prior, which may have been trained anew since: the
    folder's identity holds what the photo folders contained and what the prior was.

    Parameters
    ----------
    folder
        Output folder, taken for this job.
    job, facts
        What is planned.
    usable_photos
        Returns the photos shots may show, None when the job names no folders.

    Raises
    ------
    PasynError
        As :func:`render_jobs.plan.plan` and :func:`styles.backgrounds.list_photos`.
    """
    try:
        kept = read_shots(folder) or []
    except OutputError:
        kept = []
    shots: list[Shot] | None = None
    if len(kept) >= job.images:
        bare = plan(job, facts, poses=_KeptPoses(kept))
        if all(
            _without_photo(old) == _without_photo(new)
            and (old.background.photo is None) == (not job.backgrounds)
            for old, new in zip(kept, bare, strict=False)
        ):
            shots = kept[: job.images]
    if shots is None:
        shots = plan(job, facts, usable_photos() if job.backgrounds else None)
    write_shots(folder, shots)
    return shots


class _KeptPoses:
    """Poses of shots that were planned before."""

    def __init__(self, shots: list[Shot]) -> None:
        self._shots = shots

    def pose(self, index: int) -> PoseShot | None:
        """Poses the shot had then."""
        return self._shots[index].pose


def _without_photo(shot: Shot) -> Shot:
    return replace(shot, background=replace(shot.background, photo=None, folder=0))
