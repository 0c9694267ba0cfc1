"""The identity of a job: a hash over all that decides the bytes of its pictures, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
from io import BufferedReader
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from pasyn_blender.animals.species import species_sources
from pasyn_blender.errors import JobError
from pasyn_blender.prior.prior_card import card_path

from .job_schema import BUNDLED_WORLDS, JOINT_LIMITS, Job, PoseSettings

RECIPE: Final = 5
"""Raised by hand whenever the program would make other pictures of the same job."""

SAMPLE_BYTES: Final = 65536

# Which part of a job decides no pixel of any shot: how many shots there are, what they are called, and what
# the run may use. The folder of the job and of the output never enter.
_NOT_IN_PICTURES: Final = ("species", "images", "limits")

LOOK: Final = ("composition", "style", "camera_look")
"""Parts of a job that come after its renders: they decide pictures, and another look renders nothing."""


def job_identity(job: Job) -> str:
    """Hash what decides the pictures and labels of a job's shots.

    Files count by content and not by place, so a job moved to another folder or machine keeps its identity.
    Models, rig maps, priors, poses, world HDRIs and animal descriptions are hashed whole, with the buffers
    and textures a ``.gltf`` names. Background photos count by name (it decides their order, hence which shot
    takes which), size, and 64 KiB each from start, middle and end: folders of photos run to tens of
    gigabytes, and an edit that re-saves a photo changes those. Not part of it: species name, number of
    images, limits, and the look (:data:`LOOK`), which decides pictures but no render.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    JobError
        A file of the job cannot be read.
    """
    content = {key: value for key, value in job.to_dict().items() if key not in (*_NOT_IN_PICTURES, *LOOK)}
    content["recipe"] = RECIPE
    content["animal"] = [file_digest(path) for path in species_sources(job.animal)] if job.animal else None
    content["animal_name"] = job.animal
    content["rig"] = _model_digest(job.rig) if job.rig else None
    content["rig_suffix"] = job.rig.suffix.lower() if job.rig else None
    content["poses"] = _poses(job.poses)
    if not job.poses.uses_actions:
        del content["actions"]
    content["rig_map"] = file_digest(job.rig_map) if job.rig_map else None
    content["light"] = {
        **content["light"],
        "worlds": [
            world if world in BUNDLED_WORLDS else file_digest(Path(world))
            for world in job.light.usable_worlds
        ],
    }
    content["backgrounds"] = background_content(job)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def background_content(job: Job) -> list[list[list[Any]]]:
    """What counts of a job's background photos, folder by folder; plain JSON values.

    Raises
    ------
    JobError
        A folder cannot be read.
    """
    return [_photos(folder) for folder in job.backgrounds]


def look_content(job: Job) -> dict[str, Any]:
    """What decides how the renders of a job become pictures, files by content; plain JSON values.

    Raises
    ------
    JobError
        A file cannot be read.
    """
    whole = job.to_dict()
    content = {key: whole[key] for key in LOOK}
    content["style"] = _style(job.style)
    content["composition"]["cutouts"] = [_photos(folder) for folder in job.composition.cutouts]
    return content


def _style(style: str) -> dict[str, Any]:
    """What a style does: its steps, its weights and its photos by content."""
    from styles.preset import load_preset, preset_to_plain

    preset = load_preset(style)
    plain = preset_to_plain(preset)
    for step in plain["steps"]:
        if "files" in step:
            step["files"] = {role: file_digest(Path(path)) for role, path in step["files"].items()}
    plain["style_image"] = None if preset.photos is None else _photos(preset.photos)
    return plain


def _poses(poses: PoseSettings) -> dict[str, Any]:
    """What decides poses: settings that are not used are not part of it, and files count by content."""
    if not poses.canonical:
        return {"source": "actions"}
    found: dict[str, Any] = {
        "source": poses.source,
        "share_of_actions": poses.share_of_actions,
        "limits": file_digest(JOINT_LIMITS),
    }
    if poses.source == "file":
        assert poses.file is not None
        return {**found, "file": file_digest(poses.file)}
    prior = poses.prior
    assert prior is not None
    return {
        **found,
        "prior": [file_digest(prior), file_digest(card_path(prior))],
        "sigma": poses.sigma,
        "actions": sorted(poses.actions),
        "species": sorted(poses.species),
    }


def file_digest(path: Path) -> str:
    """Sha256 of a whole file.

    Raises
    ------
    JobError
        The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise JobError(f"{path}: cannot be read: {error.strerror or error}") from None


def _model_digest(path: Path) -> list[str]:
    digests = [file_digest(path)]
    if path.suffix.lower() == ".gltf":
        digests += [
            file_digest(beside) if beside.is_file() else "missing" for beside in _gltf_companions(path)
        ]
    return digests


def _gltf_companions(path: Path) -> list[Path]:
    """Files a .gltf refers to, in its own order; a file that is no glTF has none (its import will say so)."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return []
    found: list[Path] = []
    for group in ("buffers", "images"):
        items = document.get(group) if isinstance(document, dict) else None
        for item in items if isinstance(items, list) else []:
            uri = item.get("uri") if isinstance(item, dict) else None
            if isinstance(uri, str) and not uri.startswith("data:"):
                found.append(path.parent / unquote(uri))
    return found


def _photos(folder: Path) -> list[list[Any]]:
    from styles.photo_files import photo_files

    try:
        return [[name, *_sampled(folder / name)] for name in photo_files(folder)]
    except OSError as error:
        raise JobError(f"{folder}: cannot be read: {error.strerror or error}") from None


def _sampled(path: Path) -> tuple[int, str]:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return size, _sampled_digest(file, size)
    except OSError:
        # One bad photo (a link to nothing, say) must not cost the run: it is left out with a warning where
        # photos are checked. Once it can be read it is another photo, hence another identity.
        return 0, "unreadable"


def _sampled_digest(file: BufferedReader, size: int) -> str:
    if size <= 3 * SAMPLE_BYTES:
        return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for start in (0, (size - SAMPLE_BYTES) // 2, size - SAMPLE_BYTES):
        file.seek(start)
        digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()
