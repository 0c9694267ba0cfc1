"""A second dataset of finished renders, with other backgrounds, composition, style or camera look.

Nothing is rendered. The renders are linked (copied where a file system cannot link), so both folders are
whole by themselves.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pasyn_blender.errors import JobError, OutputError
from styles.backgrounds import list_photos
from styles.preset import load_preset

from . import layout
from .finish import Dataset, build_dataset
from .finished_renders import Render, read_render, read_shots, write_shots
from .job import Job, job_identity
from .job_file import apply_overrides, entries_from_plain
from .job_identity import LOOK, background_content
from .job_reader import read_job as read_entries
from .output_folder import locked, read_identity, read_job, take_folder
from .plan import background_shot
from .planning import read_rig_facts
from .shot import Shot

CHANGEABLE: Final = (*LOOK, "backgrounds", "split")
"""Parts of a job that decide no pixel of its renders."""

MOST_NOTICES: Final = 10
"""Photos left out that are told one by one."""


@dataclass(frozen=True)
class Restyling:
    """What is made of what.

    Attributes
    ----------
    source, target
        Output folders.
    job
        The source's job with its new look.
    """

    source: Path
    target: Path
    job: Job


def plan_restyling(source: Path, target: Path, overrides: Sequence[str]) -> Restyling:
    """Read a dataset's job and give it another look.

    Parameters
    ----------
    source
        Output folder of a run.
    target
        Folder of the new dataset.
    overrides
        ``"style=none"``, ``"composition.occluded=0"``; paths start from the current folder.

    Raises
    ------
    OutputError
        The source is no dataset, or both folders are one.
    JobError
        An override is wrong, or would need another render.
    """
    if target.resolve() == source.resolve():
        raise OutputError(
            f"--out {target}: is the dataset itself; choose another folder, or change the look in place with "
            "pasyn run and another style"
        )
    for override in overrides:
        key = override.partition("=")[0].strip()
        if key.partition(".")[0] not in CHANGEABLE:
            raise JobError(
                f"--set {override}: {key} is decided when pictures are rendered; restyling changes "
                f"{', '.join(CHANGEABLE)}"
            )
    before = read_job(source)
    root = entries_from_plain(before.to_dict(), str(layout.job_path(source)), Path.cwd())
    return Restyling(
        source, target, read_entries(apply_overrides(root, overrides, Path.cwd()), check_files=False)
    )


def restyle(
    plan: Restyling,
    *,
    on_begin: Callable[[int], None] = lambda count: None,
    on_picture: Callable[[], None] = lambda: None,
    on_notice: Callable[[str], None] = lambda notice: None,
) -> Dataset:
    """Make the new dataset, or what is missing of it.

    Parameters
    ----------
    plan
        From :func:`plan_restyling`.
    on_begin
        Called with the number of pictures.
    on_picture
        Called when a picture is finished.
    on_notice
        Told of each photo that is left out, and why.

    Raises
    ------
    OutputError
        The source has no renders, or the target cannot be written or holds something else.
    BackgroundError, StyleError, JobError
        Backgrounds or style cannot be used.
    """
    source, target, job = plan.source, plan.target, plan.job
    facts, shots = read_rig_facts(source), read_shots(source)
    old_identity = read_identity(source)
    if facts is None or shots is None or old_identity is None:
        raise OutputError(f"{source}: nothing is rendered there yet; use pasyn run first")
    identity = _identity(read_job(source), job, old_identity)
    photos = _listed(job.backgrounds, on_notice)
    style_folder = load_preset(job.style).photos
    if style_folder is not None:
        _listed([style_folder], on_notice)
    new_shots = [
        replace(shot, background=background_shot(job, photos, shot.index)) for shot in shots[: job.images]
    ]
    with locked(target, "pasyn restyle"):
        take_folder(target, job, identity)
        for name in (layout.rig_facts_path, layout.rig_map_path):
            layout.write_atomically(name(target), name(source).read_bytes())
        write_shots(target, new_shots)
        for shot in new_shots:
            render = read_render(source, shot, old_identity)
            if render is not None and read_render(target, shot, identity) is None:
                _take_render(source, target, shot, render, identity, job.render.passes)
        _take_quarantine(source, target)
        on_begin(len(new_shots))
        return build_dataset(target, job, identity, new_shots, on_picture=on_picture)


def _listed(folders: Sequence[Path], on_notice: Callable[[str], None]) -> tuple[tuple[int, str], ...] | None:
    """Photos of folders, telling of those that are left out; None without a folder."""
    if not folders:
        return None
    library = list_photos(folders)
    for warning in library.warnings[:MOST_NOTICES]:
        on_notice(f"warning: {warning}")
    if len(library.warnings) > MOST_NOTICES:
        on_notice(f"warning: and {len(library.warnings) - MOST_NOTICES} more photos left out")
    return library.photos


def _identity(before: Job, job: Job, old_identity: str) -> str:
    """Identity of the new job: the one pasyn run would give it, where that can still be told."""
    if before.backgrounds == job.backgrounds:
        return old_identity
    with contextlib.suppress(JobError):
        # A rig that has gone or changed since, or another version of the program: then the renders are
        # nobody's but the old job's.
        if job_identity(before) == old_identity:
            return job_identity(job)
    content = json.dumps([old_identity, background_content(job)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _take_render(
    source: Path, target: Path, shot: Shot, render: Render, identity: str, passes: Sequence[str]
) -> None:
    _link(layout.render_path(source, shot.index), layout.render_path(target, shot.index))
    for name in passes:
        _link(layout.pass_path(source, shot.index, name), layout.pass_path(target, shot.index, name))
    truth = {**render.truth, "identity": identity}
    data = (json.dumps(truth, sort_keys=True) + "\n").encode()
    layout.write_atomically(layout.truth_path(target, shot.index), data)


def _take_quarantine(source: Path, target: Path) -> None:
    for log in sorted(layout.quarantine_folder(source).glob("*.log")):
        layout.write_atomically(layout.quarantine_folder(target) / log.name, log.read_bytes())


def _link(source: Path, target: Path) -> None:
    if not source.is_file():
        return
    partial = layout.partial_path(target)
    with layout.writing(target):
        try:
            os.link(source, partial)
        except OSError:
            shutil.copyfile(source, partial)
        partial.replace(target)
