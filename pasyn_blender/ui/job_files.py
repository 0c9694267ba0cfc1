"""The files that a job of the panel needs: the job, the rig map, and the animal."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from ..animals import BUILT_IN
from ..errors import OutputError, RigError
from ..rig.loaded_rig import LoadedRig
from ..rig.rig_map_file import read_rig_map, rig_map_text
from . import live_map
from .command_line import write_text
from .job_text import job_yaml, paths_from
from .kept_pose import constraints_on
from .panel_job import background_folders, kept_job, panel_job
from .posing import mapped_rig, whole_rig
from .scene_animal import built_in_of, fingerprint, save_rig

_WHOLE_SUFFIXES = (".glb",)
"""Model files that need no other file beside them."""


@dataclass(frozen=True)
class JobFiles:
    """What was written.

    Attributes
    ----------
    job
        The job file.
    notes
        What a person should know who takes the files elsewhere.
    """

    job: Path
    notes: tuple[str, ...]


def write_job_files(
    context: bpy.types.Context,
    path: Path,
    *,
    rig_map: str,
    rig: str,
    backgrounds: str = "",
    copy_model: bool = False,
) -> JobFiles:
    """Write the panel's job and what belongs to it.

    Parameters
    ----------
    context
        Its scene's settings are written.
    path
        The job file, absolute; the rest goes beside it.
    rig_map, rig
        Names of the rig map, and of the animal's file without its ending.
    backgrounds
        The preferences' folder of photos.
    copy_model
        Whether an imported model is copied beside the job, rather than named where it is.

    Raises
    ------
    PasynError
        The animal is gone, a background folder is not there, or a file cannot be written.
    """
    settings = context.scene.pasyn
    folder = path.parent
    _make_folder(folder)
    loaded = whole_rig(context)
    photos = background_folders(settings, backgrounds)
    now = fingerprint(loaded)
    live_map.prepare(context)
    built_in = _built_in(context.scene, loaded, now)
    notes: list[str] = []
    if built_in is not None:
        animal = built_in
    else:
        model = _model_file(context, loaded, now, folder / f"{rig}.blend")
        if copy_model and not model.is_relative_to(folder):
            model = _beside(model, folder, notes)
        animal = {"rig": str(model), "rig_map": str(folder / rig_map)}
        write_text(folder / rig_map, _map_text(context))
    job = paths_from(panel_job(settings, animal, photos), folder)
    write_text(path, job_yaml(job, path.name))
    if copy_model:
        notes += [f"{photo} stays where it is" for photo in photos if not photo.is_relative_to(folder)]
    return JobFiles(path, tuple(notes))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write into {folder}: {error.strerror or error}; choose another folder"
        ) from error


def _built_in(scene: Any, rig: LoadedRig, now: str) -> dict[str, Any] | None:
    """The job's keys for a built-in animal that nobody edited since it was added; None for any other."""
    settings = scene.pasyn
    found = built_in_of(rig.armature)
    if found is None or found[0] not in BUILT_IN or settings.animal.source_fingerprint != now:
        return None
    species, individual = found
    if not _has_own_map(scene, rig, species):
        return None
    kept = kept_job(settings)
    if kept.get("animal") == species and _among(individual, kept):
        # The job that was read asks for several individuals; the one in the scene stands for them.
        return {"animal": species}
    return {"animal": species, "coat.individuals": [individual, individual]}


def _among(individual: int, kept: dict[str, Any]) -> bool:
    coat = kept.get("coat")
    if not isinstance(coat, dict) or "individuals" not in coat:
        return True
    first, last = coat["individuals"]
    return bool(first <= individual <= last)


def _has_own_map(scene: Any, rig: LoadedRig, species: str) -> bool:
    """Whether a built-in animal's map is the one it brings, so that a job may leave it out."""
    from ..animals.landmarks import animal_rig_map

    live, present = live_map.current(scene), live_map.current_map(scene)
    if live is None or present is None:
        return False
    own = replace(animal_rig_map(species, rig, live.geometry), rig=present.rig)
    return rig_map_text(own) == rig_map_text(present)


def _map_text(context: bpy.types.Context) -> str:
    """The scene's rig map, for where the animal stands now."""
    scene = context.scene
    _, _, rig_map = mapped_rig(context)
    # To the letter where it can be: another text would be another dataset.
    return scene.pasyn.animal.rig_map if rig_map is live_map.current_map(scene) else rig_map_text(rig_map)


def _model_file(context: bpy.types.Context, rig: LoadedRig, now: str, saved: Path) -> Path:
    """The imported file while nobody changed the animal since, otherwise a copy of it as it is now."""
    animal = context.scene.pasyn.animal
    if animal.source_file and animal.source_fingerprint == now and Path(animal.source_file).is_file():
        return Path(animal.source_file)
    mark = saved.with_suffix(".fingerprint")
    # A .blend is different bytes each time it is written, and another rig file would be another dataset:
    # written once, it is used as long as the animal stays the same.
    try:
        same = saved.is_file() and mark.read_text(encoding="utf-8") == now
    except OSError:
        same = False
    if not same:
        partial = saved.with_name(f"{saved.stem}.partial-{os.getpid()}.blend")
        try:
            mark.unlink(missing_ok=True)
            with constraints_on(context.scene, rig.armature):
                save_rig(rig, partial)
            partial.replace(saved)
        except OSError as error:
            raise OutputError(f"cannot write {saved}: {error.strerror or error}") from error
        finally:
            partial.unlink(missing_ok=True)
        write_text(mark, now)
    return saved


def _beside(model: Path, folder: Path, notes: list[str]) -> Path:
    """A copy of a model beside the job, where the model is one file; otherwise the model, and a note."""
    if model.suffix.lower() not in _WHOLE_SUFFIXES:
        notes.append(f"{model} stays where it is, for its pictures may lie beside it")
        return model
    copy = folder / model.name
    try:
        content = model.read_bytes()
        if not copy.is_file() or copy.read_bytes() != content:
            shutil.copyfile(model, copy)
    except OSError as error:
        raise OutputError(f"cannot copy {model} to {copy}: {error.strerror or error}") from error
    return copy


def read_rig_map_into(context: bpy.types.Context, path: Path) -> None:
    """Give the scene's animal the map of a file, to the letter.

    Raises
    ------
    PasynError
        The file cannot be read, or the map does not fit the animal.
    """
    scene = context.scene
    if not live_map.prepare(context):
        live_map.map_animal(context)
    live = live_map.current(scene)
    if live is None:
        raise RigError("the animal could not be read; map it again")
    rig_map = read_rig_map(path, live.geometry)
    text = path.read_text(encoding="utf-8")
    live_map.keep_map(scene, rig_map, text)
    live.add_map(text, rig_map)
