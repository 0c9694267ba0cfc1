"""The panel's settings as a job, and a job's as the panel's settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy

from ..errors import BackgroundError
from .job_fields import BUNDLED_WORLDS, OCCLUDERS, RANGES, RangeField
from .job_text import Job, merged, plain_number, without_fields
from .properties.shots import range_of

LARGEST = 2**31 - 1
"""Largest whole number that Blender's fields hold."""


def absolute(path: str) -> Path:
    """A path of the panel, which may start with ``//`` or ``~``."""
    return Path(bpy.path.abspath(path)).expanduser().absolute()


def background_folders(settings: Any, default: str = "") -> list[Path]:
    """Folders of photos of a scene's settings.

    Parameters
    ----------
    settings
        ``scene.pasyn``.
    default
        The preferences' folder, for scenes that name none.

    Raises
    ------
    BackgroundError
        One is not there.
    """
    shots = settings.shots
    named = [shots.backgrounds, *(entry.path for entry in shots.further_backgrounds)]
    if default and not shots.is_property_set("backgrounds"):
        named.insert(0, default)
    folders = [absolute(path) for path in named if path.strip()]
    for folder in folders:
        if not folder.is_dir():
            raise BackgroundError(f"there is no folder {folder}; choose a folder of photos or leave it empty")
    return folders


def job_values(settings: Any, backgrounds: list[Path]) -> dict[str, Any]:
    """Values of all fields of the panel by dotted key of the job; None leaves a key to its default.

    Parameters
    ----------
    settings
        ``scene.pasyn``.
    backgrounds
        From :func:`background_folders`.
    """
    shots, dataset = settings.shots, settings.dataset
    kept = kept_job(settings)
    values: dict[str, Any] = {
        **_pose_values(settings, kept),
        "images": _whole(dataset.images, kept.get("images")),
        "seed": _whole(dataset.seed, kept.get("seed")),
        "resolution": list(dataset.resolution),
        "render.samples": dataset.samples,
        "render.denoise": dataset.denoise,
        "render.device": dataset.device,
        **{field.key: _range(shots, field) for field in RANGES},
        "light.sun_follows_world": shots.sun_follows_world,
        "light.worlds": [_world(entry.path) for entry in shots.worlds if entry.path.strip()],
        "backgrounds": [str(folder) for folder in backgrounds],
        "composition.ground": shots.ground,
        "composition.occluded": plain_number(shots.occluded),
        "composition.occluders": [name for name in OCCLUDERS if name in shots.occluders],
        "style": _style(shots.style),
    }
    keypoint_set = getattr(settings.keypoints, "keypoint_set", None)
    if keypoint_set:
        values["keypoints"] = keypoint_set
    if not shots.use_composition:
        values = {key: value for key, value in values.items() if not key.startswith("composition.")}
        values["composition"] = "none"
    if not shots.use_camera_look:
        values["camera_look"] = "none"
    elif kept.get("camera_look") == "none":
        values["camera_look"] = None
    return values


def _pose_values(settings: Any, kept: Mapping[str, Any]) -> dict[str, Any]:
    pose = settings.pose
    if _of_a_file(kept):
        return {}
    values: dict[str, Any] = {"poses.source": pose.source}
    if pose.source == "prior":
        values["poses.sigma"] = plain_number(pose.sigma)
        named = pose.prior == "file" and pose.prior_file.strip()
        values["poses.file"] = str(absolute(pose.prior_file)) if named else None
    return values


def _of_a_file(kept: Mapping[str, Any]) -> bool:
    """Whether the poses come from a file of poses, for which the panel has no field."""
    poses = kept.get("poses")
    return isinstance(poses, Mapping) and poses.get("source") == "file"


def _whole(value: int, kept: Any) -> int:
    """A field's number, or the job's own where that was too large for the field."""
    return kept if isinstance(kept, int) and kept > LARGEST and value == LARGEST else value


def _range(shots: Any, field: RangeField) -> list[float | int]:
    return [plain_number(value) for value in range_of(shots, field)]


def _world(path: str) -> str:
    name = path.strip()
    if name.removesuffix(".exr") in BUNDLED_WORLDS:
        return f"{name.removesuffix('.exr')}.exr"
    return str(absolute(name))


def _style(style: str) -> str:
    name = style.strip()
    return str(absolute(name)) if name.lower().endswith((".yaml", ".yml")) else name


def kept_job(settings: Any) -> Job:
    """The job that was read last, as it was written; empty where none was."""
    if not settings.dataset.kept:
        return {}
    found = json.loads(settings.dataset.kept)
    return found if isinstance(found, dict) else {}


def panel_job(settings: Any, animal: Mapping[str, Any], backgrounds: list[Path]) -> Job:
    """The job that the panel describes, all paths absolute.

    Parameters
    ----------
    settings
        ``scene.pasyn``.
    animal
        The keys that say which animal: ``animal``, or ``rig`` and ``rig_map``; dotted keys beside them.
    backgrounds
        From :func:`background_folders`.
    """
    values = {
        "species": settings.animal.species.strip() or "animal",
        **animal,
        **job_values(settings, backgrounds),
    }
    return merged(values, kept_job(settings))


def kept_keys(settings: Any) -> list[str]:
    """Dotted keys of the job that was read that no field shows; they are written all the same."""
    kept = kept_job(settings)
    return without_fields(kept, job_values(settings, [])) if kept else []


def show_job(settings: Any, resolved: Mapping[str, Any], written: Job) -> None:
    """Put a job into the panel's fields; its animal is somebody else's business.

    Parameters
    ----------
    settings
        ``scene.pasyn``.
    resolved
        Every key with its value, paths absolute.
    written
        The job without what it leaves to the defaults; what has no field is kept.
    """
    shots, dataset = settings.shots, settings.dataset
    dataset.kept = json.dumps(written)
    settings.animal.species = resolved["species"]
    _show_poses(settings.pose, resolved["poses"])
    dataset.images = min(resolved["images"], LARGEST)
    dataset.seed = min(resolved["seed"], LARGEST)
    dataset.resolution = resolved["resolution"]
    for name in ("samples", "denoise", "device"):
        setattr(dataset, name, resolved["render"][name])
    if hasattr(settings.keypoints, "keypoint_set"):
        settings.keypoints.keypoint_set = resolved["keypoints"]
    shots.use_composition = written.get("composition") != "none"
    shots.use_camera_look = written.get("camera_look") != "none"
    for field in RANGES:
        section, _, name = field.key.partition(".")
        if section != "composition" or shots.use_composition:
            _show_range(shots, field, resolved[section][name])
    if shots.use_composition:
        composition = resolved["composition"]
        shots.ground = composition["ground"]
        shots.occluded = composition["occluded"]
        shots.occluders = set(composition["occluders"])
    shots.sun_follows_world = resolved["light"]["sun_follows_world"]
    _show_paths(shots.worlds, resolved["light"]["worlds"])
    folders = resolved["backgrounds"]
    shots.backgrounds = folders[0] if folders else ""
    _show_paths(shots.further_backgrounds, folders[1:])
    shots.style = resolved["style"]


def _show_range(shots: Any, field: RangeField, bounds: list[float]) -> None:
    # Each end gives way to the other, so the one that leaves room goes first.
    low, high = bounds
    setattr(shots, f"{field.name}_min", low)
    setattr(shots, f"{field.name}_max", high)
    setattr(shots, f"{field.name}_min", low)


def _show_poses(pose: Any, poses: Mapping[str, Any]) -> None:
    if poses["source"] == "file":
        return
    pose.source = poses["source"]
    pose.sigma = poses["sigma"]
    pose.prior = "file" if poses["file"] else "built_in"
    if poses["file"]:
        pose.prior_file = poses["file"]


def _show_paths(entries: Any, paths: list[str]) -> None:
    entries.clear()
    for path in paths:
        entries.add().path = path
