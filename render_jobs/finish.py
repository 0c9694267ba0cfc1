"""From finished renders to a dataset: pictures, COCO annotations, manifest."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pasyn_blender.anatomy.keypoint_sets import KEYPOINT_SETS
from pasyn_blender.annotation.coco import build_coco, coco_bytes
from pasyn_blender.errors import OutputError

from . import layout
from .composer import Composer
from .job import Job
from .manifest import program_version, read_seconds, write_manifest
from .output_folder import locked, read_identity, read_job, remove_stale_partials
from .picture_seconds import mean_seconds, read_picture_seconds
from .pictures import Finished, finish_picture
from .planning import plan_folder, read_rig_facts
from .pose_record import pose_of, source_of_poses, summarise_poses
from .shot import Shot

SPLITS = ("train", "val")

_PICTURE_NAME = re.compile(r"\d{6,}\.png")


@dataclass(frozen=True)
class Dataset:
    """What an output folder holds after it was finished.

    Attributes
    ----------
    folder
        Output folder.
    planned
        How many pictures the job asks for.
    delivered
        How many there are.
    quarantined
        Shots given up after failing twice.
    missing
        Shots neither rendered nor given up.
    without_animal
        Pictures on which no pixel shows the animal; they have no annotation.
    """

    folder: Path
    planned: int
    delivered: int
    quarantined: tuple[int, ...]
    missing: tuple[int, ...]
    without_animal: tuple[int, ...]


def quarantined_shots(folder: Path) -> set[int]:
    """Numbers of the shots that were given up."""
    names = (path.stem for path in layout.quarantine_folder(folder).glob("*.log"))
    return {int(name) for name in names if name.isdigit()}


def finish_folder(folder: Path, *, on_picture: Callable[[], None] = lambda: None) -> Dataset:
    """Make a dataset of whatever is rendered, such as by the shards of a cluster.

    Parameters
    ----------
    folder
        Output folder of ``pasyn run`` or of render_job.py.
    on_picture
        Called when a picture is finished.

    Raises
    ------
    OutputError
        The folder holds no job or no render, or cannot be written.
    BackgroundError
        A background cannot be read.
    """
    from .job import job_identity

    job = read_job(folder)
    with locked(folder, "pasyn finish"):
        identity = read_identity(folder) or job_identity(job)
        facts = read_rig_facts(folder)
        if facts is None:
            raise OutputError(
                f"{folder} has no rig.json: nothing was rendered there yet; use pasyn run first"
            )
        shots = plan_folder(folder, job, facts, lambda: usable_photos(job))
        return build_dataset(folder, job, identity, shots, on_picture=on_picture)


def usable_photos(job: Job) -> tuple[tuple[int, str], ...] | None:
    """Photos of a job's background folders; None when it names no folder."""
    if not job.backgrounds:
        return None
    from styles.backgrounds import list_photos

    return list_photos(job.backgrounds).photos


def build_dataset(
    folder: Path,
    job: Job,
    identity: str,
    shots: Sequence[Shot],
    *,
    finished: Mapping[int, Finished] | None = None,
    run: Mapping[str, Any] | None = None,
    on_picture: Callable[[], None] = lambda: None,
    interrupted: Callable[[], None] = lambda: None,
) -> Dataset:
    """Write the pictures that are not there yet, the annotations and the manifest.

    The files depend on the renders alone, not on who made them when. Pictures that do not belong to the
    dataset (of a job that asked for more, or without a render) are removed; renders never are.

    Parameters
    ----------
    folder
        Output folder, locked by the caller.
    job, identity, shots
        The plan.
    finished
        Pictures already finished by this process.
    run
        What the manifest should tell of this run.
    on_picture
        Called when a picture is finished.
    interrupted
        Called between pictures; may raise to stop.

    Raises
    ------
    OutputError
        No shot is rendered, or a file cannot be written.
    BackgroundError
        A background cannot be read.
    """
    remove_stale_partials(folder)
    pictures = dict(finished or {})
    waiting = [shot for shot in shots if shot.index not in pictures]
    composer = Composer(job)

    def finish(shot: Shot) -> Finished | None:
        interrupted()
        return finish_picture(folder, shot, identity, composer)

    # Nothing renders any more, so all cores are free; each picture depends on its own shot only.
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for shot, picture in zip(waiting, pool.map(finish, waiting), strict=True):
            if picture is not None:
                pictures[shot.index] = picture
                on_picture()
    present = [shot for shot in shots if shot.index in pictures]
    quarantined = quarantined_shots(folder)
    absent = [shot.index for shot in shots if shot.index not in pictures]
    if not present:
        raise OutputError(f"{folder}: none of the {len(shots)} shots is rendered, so there is no dataset yet")
    _remove_others(folder, {layout.image_name(shot.index) for shot in present})
    annotations = _write_annotations(folder, job, present, pictures)
    dataset = Dataset(
        folder=folder,
        planned=len(shots),
        delivered=len(present),
        quarantined=tuple(index for index in absent if index in quarantined),
        missing=tuple(index for index in absent if index not in quarantined),
        without_animal=tuple(
            shot.index for shot in present if pictures[shot.index].label.segmentation is None
        ),
    )
    write_manifest(
        folder,
        job=job,
        identity=identity,
        counts={
            "planned": dataset.planned,
            "delivered": dataset.delivered,
            "quarantined": len(dataset.quarantined),
            "missing": len(dataset.missing),
            "without_animal": len(dataset.without_animal),
            **{split: sum(shot.split == split for shot in present) for split in SPLITS},
        },
        poses={
            **source_of_poses(job),
            **summarise_poses((pose_of(shot), pictures[shot.index].canonical) for shot in present),
        },
        images={layout.image_name(shot.index): pictures[shot.index].sha256 for shot in present},
        backgrounds={
            layout.image_name(shot.index): background
            for shot in present
            if (background := pictures[shot.index].background) is not None
        },
        annotations=annotations,
        quarantined=dataset.quarantined,
        missing=dataset.missing,
        seconds={index: seconds for index, seconds in read_seconds(folder).items() if index < len(shots)},
        stages=mean_seconds(read_picture_seconds(folder)),
        run=run,
    )
    return dataset


def _write_annotations(
    folder: Path, job: Job, present: Sequence[Shot], pictures: Mapping[int, Finished]
) -> dict[str, bytes]:
    keypoint_set = KEYPOINT_SETS[job.keypoints]
    written = {}
    for split in ("all", *SPLITS):
        labels = [pictures[shot.index].label for shot in present if split in ("all", shot.split)]
        data = coco_bytes(build_coco(labels, job.species, keypoint_set, program_version()))
        path = layout.annotation_path(folder, split)
        layout.write_atomically(path, data)
        written[path.name] = data
    return written


def _remove_others(folder: Path, names: set[str]) -> None:
    for path in sorted(layout.images_folder(folder).iterdir()):
        if _PICTURE_NAME.fullmatch(path.name) and path.name not in names:
            with contextlib.suppress(OSError):
                path.unlink()
