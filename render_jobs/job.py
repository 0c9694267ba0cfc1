"""Jobs: the one YAML file a person writes, checked and resolved.

Imports with the standard library and numpy alone, because Blender's own Python reads jobs too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .job_file import Entry, apply_overrides, entries_from_plain, parse_job_file
from .job_identity import job_identity
from .job_reader import read_job, species_of
from .job_schema import (
    BUNDLED_WORLDS,
    CameraRanges,
    CoatRanges,
    Job,
    LightRanges,
    Limits,
    PoseSettings,
    Range,
    RenderSettings,
    SplitSettings,
    built_in_animals,
)

__all__ = [
    "BUNDLED_WORLDS",
    "CameraRanges",
    "CoatRanges",
    "Job",
    "LightRanges",
    "Limits",
    "PoseSettings",
    "Range",
    "RenderSettings",
    "SplitSettings",
    "built_in_animals",
    "job_from_rig",
    "job_identity",
    "load_job",
    "species_of",
]


def load_job(path: Path, overrides: Sequence[str] = ()) -> Job:
    """Read, check and resolve a job file.

    Parameters
    ----------
    path
        A YAML job, or a resolved ``job.json``. Relative paths in it start from its folder.
    overrides
        ``"camera.elevation=[0, 30]"``; values are YAML, relative paths start from the current folder, and
        later ones win. ``rig=FILE`` replaces the job's built-in animal and the other way round.

    Raises
    ------
    JobError
        Names file, line and dotted key (or the override), what was found and what would be right.
    """
    root = parse_job_file(Path(path))
    return read_job(apply_overrides(root, overrides, Path.cwd()), check_files=True)


def job_from_rig(
    rig: Path,
    *,
    species: str | None = None,
    images: int | None = None,
    seed: int | None = None,
    rig_map: Path | None = None,
    backgrounds: Sequence[Path] = (),
    overrides: Sequence[str] = (),
) -> Job:
    """Make the default job of a model, as ``pasyn run --rig FILE`` does.

    Parameters
    ----------
    rig
        Model; relative paths start from the current folder.
    species
        Category name; by default from the file name.
    images, seed
        The job's defaults when None.
    rig_map
        Edited rig map.
    backgrounds
        Folders of photos.
    overrides
        As for :func:`load_job`.

    Raises
    ------
    JobError
        As :func:`load_job`.
    """
    given: dict[str, Any] = {
        "species": species,
        "rig": rig,
        "rig_map": rig_map,
        "images": images,
        "seed": seed,
        "backgrounds": list(backgrounds) or None,
    }
    folder = Path.cwd()
    values = {
        key: entries_from_plain(value, f"--rig {rig}" if key == "rig" else "command line", folder)
        for key, value in given.items()
        if value is not None
    }
    root = Entry(values, "command line", folder)
    return read_job(apply_overrides(root, overrides, folder), check_files=True)
