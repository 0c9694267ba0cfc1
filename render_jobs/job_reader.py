"""Tree of entries to a checked job: messages name place, key, what was found and what is right."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pasyn_blender.anatomy.keypoint_sets import KEYPOINT_SETS
from pasyn_blender.errors import JobError
from styles.settings import NO_CAMERA, OCCLUDERS, PASTED, CameraLookRanges, CompositionRanges

from . import job_schema as schema
from .job_file import Entry, entries_from_plain
from .job_poses import check_poses, pose_settings
from .value_readers import (
    Reader,
    absolute_path,
    choice,
    listed,
    number,
    number_range,
    optional,
    pair,
    read_file,
    read_flag,
    read_keys,
    read_text,
    read_whole,
    section,
    suggestion,
    whole,
    whole_range,
)


def _resolution(entry: Entry, key: str) -> tuple[int, int]:
    right = "[width, height] in pixels, each a whole number from 16 to 8192"
    width, height = (read_whole(side, key, 16, 8192, right) for side in pair(entry, key, right))
    return (width, height)


def _rig(check: bool) -> Reader:
    def read(entry: Entry, key: str) -> Path:
        missing = "put your rigged model there, or name another with --set rig=FILE"
        return read_file(entry, key, "a rigged model", schema.RIG_SUFFIXES, check=check, missing=missing)

    return read


def _rig_map(check: bool) -> Reader:
    def read(entry: Entry, key: str) -> Path:
        missing = "write one with 'pasyn rig map FILE', or leave rig_map out to map the rig automatically"
        return read_file(entry, key, "a rig map", (".yaml", ".yml"), check=check, missing=missing)

    return read


def _animal(entry: Entry, key: str) -> str:
    names = schema.built_in_animals()
    right = f"one of the built-in animals ({', '.join(names)}), or give a model with 'rig: FILE'"
    value = read_text(entry, key, right)
    if value not in names:
        raise entry.error(key, f"found {value!r}; write {right}{suggestion(value.lower(), names)}")
    return value


def _world(check: bool) -> Reader:
    names = schema.BUNDLED_WORLDS

    def read(entry: Entry, key: str) -> str:
        right = f"a bundled world ({', '.join(names)}) or the path of an .exr or .hdr file"
        value = read_text(entry, key, right)
        for bundled in names:
            if value in (bundled, Path(bundled).stem):
                return bundled
        if not Path(value).suffix:
            raise entry.error(key, f"found {value!r}; write {right}{suggestion(value, names)}")
        missing = f"write {right}{suggestion(value, names)}"
        return str(read_file(entry, key, "a world", schema.WORLD_SUFFIXES, check=check, missing=missing))

    return read


def _style(check: bool) -> Reader:
    names = schema.built_in_styles()

    def read(entry: Entry, key: str) -> str:
        right = f"a style ({', '.join(names)}) or the path of a preset's .yaml file"
        value = read_text(entry, key, right)
        if value in names:
            return value
        if Path(value).suffix.lower() not in (".yaml", ".yml"):
            raise entry.error(key, f"found {value!r}; write {right}{suggestion(value.lower(), names)}")
        missing = f"write {right}{suggestion(value, names)}"
        return str(read_file(entry, key, "a style preset", (".yaml", ".yml"), check=check, missing=missing))

    return read


def _background(check: bool) -> Reader:
    return _folder(check, "of photos", "or [] for views of the shot's world")


def _cutouts(check: bool) -> Reader:
    return _folder(check, "of cut-outs (PNG or WebP with alpha)", "or [] for drawn ones alone")


def _folder(check: bool, content: str, otherwise: str) -> Reader:
    def read(entry: Entry, key: str) -> Path:
        path = absolute_path(entry, read_text(entry, key, f"the path of a folder {content}"))
        if check and not os.path.exists(path):  # noqa: PTH110 - see value_readers
            raise entry.error(
                key,
                f"there is no folder {path}; write the path of a folder {content}, {otherwise}",
            )
        if check and not os.path.isdir(path):  # noqa: PTH112
            raise entry.error(key, f"{path} is not a folder; write the path of a folder {content}")
        return path

    return read


def job_readers(check_files: bool) -> dict[str, Reader]:
    """Readers of all keys of a job; with ``check_files`` named files and folders have to exist."""

    def text(right: str) -> Reader:
        return lambda entry, key: read_text(entry, key, right)

    azimuth = number_range(-720, 720, turn=True)
    return {
        "species": optional(text("the species' name, such as zebra")),
        "animal": optional(_animal),
        "rig": optional(_rig(check_files)),
        "rig_map": optional(_rig_map(check_files)),
        "poses": pose_settings(check_files),
        "actions": listed(text("the name of an action or a pattern such as Walk*")),
        "images": whole(1, 10_000_000),
        "seed": whole(0, 2**63 - 1),
        "resolution": _resolution,
        "keypoints": choice(tuple(KEYPOINT_SETS)),
        "render": section(
            schema.RenderSettings,
            {
                "engine": choice(schema.ENGINES),
                "samples": whole(1, 65536),
                "denoise": read_flag,
                "device": choice(schema.DEVICES),
                "passes": listed(choice(schema.PASSES)),
            },
        ),
        "camera": section(
            schema.CameraRanges,
            {
                "azimuth": azimuth,
                "elevation": number_range(-90, 90),
                "roll": number_range(-180, 180),
                "focal_length": number_range(8, 2000),
                # A box wider than the picture could not be inside it, and a smaller one is a speck.
                "fill": number_range(0.02, 1),
                "off_centre": number_range(0, 0.5),
                "truncation": number_range(0, 0.8),
            },
        ),
        "light": section(
            schema.LightRanges,
            {
                "sun_azimuth": azimuth,
                "sun_elevation": number_range(-90, 90),
                "sun_strength": number_range(0, 1000),
                "sun_follows_world": read_flag,
                "worlds": listed(_world(check_files)),
                "world_strength": number_range(0, 100),
            },
        ),
        "backgrounds": listed(_background(check_files)),
        "composition": section(
            CompositionRanges,
            {
                "ground": read_flag,
                "light": number_range(0, 1),
                "shadow": number_range(0, 1),
                "occluded": number(0, 1),
                "occluders": listed(choice(OCCLUDERS)),
                "cutouts": listed(_cutouts(check_files)),
                "cover": number_range(0, 0.9),
            },
            none=PASTED,
        ),
        "style": _style(check_files),
        "camera_look": section(
            CameraLookRanges,
            {
                "exposure": number_range(-4, 4),
                "vignetting": number_range(0, 1),
                "blur": number_range(0, 50),
                "motion_blur": number_range(0, 50),
                "noise": number_range(0, 0.5),
                "sharpening": number_range(0, 3),
                "jpeg": number_range(1, 100),
                "metering": number_range(0, 1),
            },
            none=NO_CAMERA,
        ),
        "coat": section(
            schema.CoatRanges,
            {
                "hue": number_range(-0.5, 0.5),
                "saturation": number_range(0, 4),
                "value": number_range(0, 4),
                "individuals": whole_range(0, 2**31 - 1),
            },
        ),
        "split": section(schema.SplitSettings, {"val": number(0, 1)}),
        "limits": section(
            schema.Limits,
            {
                "shot_seconds": number(1, 86_400),
                "memory_gib": optional(number(0.5, 4096)),
                "shots_per_process": whole(1, 10_000_000),
            },
        ),
    }


def read_job(root: Entry, *, check_files: bool) -> schema.Job:
    """Check a tree of entries and return the resolved job.

    Parameters
    ----------
    root
        Entry whose value is a mapping.
    check_files
        Whether the files and folders it names have to exist.

    Raises
    ------
    JobError
        Unknown key, wrong type, empty or impossible range, missing file, or not exactly one animal.
    """
    values = read_keys(root, "", job_readers(check_files))
    _check_animal(root, values)
    if check_files:
        check_poses(root, values.get("poses", schema.PoseSettings()))
    if not values.get("species"):
        values["species"] = values.get("animal") or species_of(values["rig"])
    job = schema.Job(**values)
    if job.render.engine == "workbench" and "normal" in job.render.passes:
        entry = root.value["render"].value["passes"]
        raise entry.error("render.passes", "the workbench engine has no normal pass; write engine: cycles")
    return job


def _check_animal(root: Entry, values: Mapping[str, Any]) -> None:
    animal, rig = values.get("animal"), values.get("rig")
    names = ", ".join(schema.built_in_animals())
    right = f"write either 'animal:' with a built-in animal ({names}) or 'rig:' with the path of a model"
    if animal and rig:
        entry = root.value["rig"]
        raise entry.error("rig", f"found both an animal ({animal}) and a rig ({rig.name}); {right}, not both")
    if not animal and not rig:
        raise root.error("animal", f"found neither an animal nor a rig; {right}")
    if animal and values.get("rig_map"):
        raise root.value["rig_map"].error("rig_map", "a built-in animal brings its own; leave rig_map out")


def species_of(rig: Path) -> str:
    """Return a category name from a model's file name: ``Horse_v2.glb`` gives ``horse_v2``."""
    name = "_".join(rig.stem.lower().split())
    return name or "animal"


def job_from_plain(data: Mapping[str, Any], source: str) -> schema.Job:
    """Check plain JSON values as a job; no file has to exist."""
    if not isinstance(data, Mapping):
        raise JobError(f"{source}: found {type(data).__name__}; a job is a mapping")
    return read_job(entries_from_plain(data, source, Path.cwd()), check_files=False)
