"""``pasyn job shot``: one shot of a job, fully resolved, and the part of a photo that stands behind it."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pasyn_blender.errors import JobError, OutputError
from styles.backgrounds import PhotoLibrary, list_photos, photo_crop
from styles.ground import Scene
from styles.photo_files import photo_files

from . import layout
from .composer import Composer
from .job import Job
from .plan import Photo, RigFacts, plan_shot
from .shot import Shot

SHOT: Final = "shot.json"
BACKGROUND: Final = "background.png"
PHOTOS: Final = "photos.json"
"""What was found in the photo folders: looking at every photo anew for one shot would take long."""

STANDARD_INPUT: Final = "-"


@dataclass(frozen=True)
class DrawnShot:
    """What was written.

    Attributes
    ----------
    shot
        The shot.
    shot_path
        Its record.
    background_path
        What stands behind the animal; None for a view of the shot's world without a truth record.
    """

    shot: Shot
    shot_path: Path
    background_path: Path | None


def draw_shot(
    job: Job, index: int, folder: Path, facts_file: Path | None = None, truth: str | None = None
) -> DrawnShot:
    """Write one shot of a job and its background.

    Parameters
    ----------
    job, index
        Which shot; ``index`` may lie beyond the job's number of images.
    folder
        Where ``shot.json`` and ``background.png`` are written.
    facts_file
        ``rig.json`` of an output folder; needed where poses come from the rig's own actions.
    truth
        Path of the shot's truth record (``renders/000012.json``), or ``"-"`` to read it from standard input
        after ``shot.json`` is written. The view of a world depends on its camera, and so does the crop of a
        photo where it is cropped to the ground the animal stands on; without a record, a photo is cropped
        as planned, and a world is not shown. A record without a render beside it says with
        ``"box"`` (left, top, right, bottom in pixels) where in the picture the animal is.

    Raises
    ------
    PasynError
        As :func:`render_jobs.plan.plan_shot`, or a file cannot be read or written.
    """
    for name in (SHOT, BACKGROUND):
        with layout.writing(folder / name):
            (folder / name).unlink(missing_ok=True)
    shot = plan_shot(job, _facts(job, facts_file), index, _photos(job, folder))
    layout.write_atomically(folder / SHOT, (shot.to_json() + "\n").encode())
    photo = shot.background.photo
    if truth is None and photo is None:
        return DrawnShot(shot, folder / SHOT, None)
    if photo is not None and (truth is None or not job.composition.ground):
        path = job.backgrounds[shot.background.folder] / photo
        picture = photo_crop(path, shot.background.crop, shot.background.mirror, job.resolution)
    else:
        assert truth is not None
        picture = _behind(job, shot, truth)
    png = io.BytesIO()
    Image.fromarray(picture).save(png, format="png")
    layout.write_atomically(folder / BACKGROUND, png.getvalue())
    return DrawnShot(shot, folder / SHOT, folder / BACKGROUND)


def _facts(job: Job, facts_file: Path | None) -> RigFacts:
    if facts_file is None:
        if job.poses.uses_actions:
            raise JobError(
                "poses come from the rig's own actions, so the shot depends on which there are: name them "
                "with --rig-facts DIR/rig.json, which every run of the job writes into its folder"
            )
        return RigFacts(actions=())
    try:
        return RigFacts.from_dict(json.loads(facts_file.read_bytes()))
    except (OSError, ValueError) as error:
        raise OutputError(f"--rig-facts {facts_file}: cannot be read: {error}") from error


def _photos(job: Job, folder: Path) -> tuple[Photo, ...] | None:
    """Usable photos of a job; remembered in the folder as long as no file of theirs changes."""
    if not job.backgrounds:
        return None
    path = folder / PHOTOS
    state = _photo_state(job)
    try:
        known = json.loads(path.read_bytes())
        if known["state"] == state:
            return tuple((int(place), str(name)) for place, name in known["photos"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or not ours: the photos are looked at
    library: PhotoLibrary = list_photos(job.backgrounds)
    for warning in library.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    record = {"state": state, "photos": [list(photo) for photo in library.photos]}
    layout.write_atomically(path, (json.dumps(record) + "\n").encode())
    return library.photos


def _photo_state(job: Job) -> str:
    """Hash over name, size and time of every file in the photo folders."""
    digest = hashlib.sha256()
    for folder in job.backgrounds:
        digest.update(f"{folder}\n".encode())
        try:
            names = photo_files(folder)
        except OSError:
            continue  # list_photos says why
        for name in names:
            try:
                status = (folder / name).stat()
            except OSError:
                digest.update(f"{name}\n".encode())
            else:
                digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _behind(job: Job, shot: Shot, truth: str) -> NDArray[np.uint8]:
    """The background as the composer puts it behind the render that a truth record describes."""
    if truth == STANDARD_INPUT:
        name, content, render = "standard input", sys.stdin.buffer.read(), None
    else:
        path = Path(truth)
        name, render = str(path), path.with_suffix(".png")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise OutputError(f"--truth {path}: cannot be read: {error.strerror or error}") from error
    try:
        record = json.loads(content)
        scene = Scene.from_truth(record)
        rgba = _silhouette(job.resolution, record, render)
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(f"--truth: {name} is no truth record of a shot: {error}") from error
    return Composer(job).background(rgba, scene, shot, record)


def _silhouette(size: tuple[int, int], record: Mapping[str, Any], render: Path | None) -> NDArray[np.uint8]:
    """(H, W, 4) picture that is opaque where the animal is, or all over its box."""
    if render is not None and render.is_file():
        return np.asarray(Image.open(render).convert("RGBA"))
    width, height = size
    left, top, right, bottom = (float(value) for value in record["box"])
    rgba = np.zeros((height, width, 4), dtype=np.uint8)
    rgba[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))] = 255
    return rgba
