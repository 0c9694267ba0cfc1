"""Gathers what a report tells about an output folder: finished, half finished or damaged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.anatomy.keypoint_sets import AP10K, KEYPOINT_SETS, landmarks_of
from pasyn_blender.errors import OutputError

from . import layout
from .manifest import read_manifest, read_seconds
from .pose_record import pose_label
from .report_files import Failure, FolderEntry, entries_of, failures_of
from .report_poses import rotation_vectors

FloatArray = NDArray[np.float64]

MOST_TRUTHS: Final = 1500
"""Truth records read for the spread of poses: more change no chart and cost seconds."""

MOST_ALPHAS: Final = 400
"""Renders whose alpha is read where a run has not written its annotations yet."""


@dataclass(frozen=True)
class Picture:
    """One picture and its labels.

    Attributes
    ----------
    index
        Number of the shot.
    path
        The finished picture, or the bare render where that is not composed yet; None when both are gone.
    width, height
        Pixels.
    keypoints
        (K, 3) x, y, visibility.
    box
        (4,) x, y, width, height; None where the animal is not seen.
    area
        Pixels of the mask.
    segmentation
        COCO run lengths; None where the animal is not seen or the run is not finished.
    shot
        Its line of ``shots.jsonl``; empty when unknown.
    """

    index: int
    path: Path | None
    width: int
    height: int
    keypoints: FloatArray
    box: FloatArray | None
    area: int
    segmentation: Mapping[str, Any] | None
    shot: Mapping[str, Any]

    @property
    def camera(self) -> Mapping[str, Any]:
        """Camera of the shot; empty when unknown."""
        camera = self.shot.get("camera")
        return camera if isinstance(camera, dict) else {}


@dataclass(frozen=True)
class ReportData:
    """Everything the report shows, as far as the folder has it.

    Attributes
    ----------
    folder
        The output folder.
    job, rig, manifest
        Contents of the JSON files; empty where missing.
    species
        Name of the category.
    keypoint_names
        K names.
    skeleton
        Pairs of 0-based keypoint indices.
    pictures
        In index order.
    planned
        Number of shots in the plan.
    poses
        (N, 3 B) rotation vectors of the bones of the first truth records (radians), and what gives each its
        pose beside them: an action, "prior" or "file".
    world_keypoints
        (N, K, 3) of the same records, file units; NaN where absent.
    canonical
        Canonical poses of the same records by shot, as their truth tells of them; actions give none.
    seconds
        Render seconds by shot.
    failures
        Shots that were given up.
    missing_shots
        Planned, neither delivered nor given up.
    unplaced
        Keypoints the rig map could not place.
    entries
        What lies in the folder.
    finished
        Whether annotations were written.
    """

    folder: Path
    job: Mapping[str, Any]
    rig: Mapping[str, Any]
    manifest: Mapping[str, Any]
    species: str
    keypoint_names: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...]
    pictures: tuple[Picture, ...]
    planned: int
    poses: FloatArray
    pose_actions: tuple[str, ...]
    world_keypoints: FloatArray
    canonical: Mapping[int, Mapping[str, Any]]
    seconds: Mapping[int, float]
    failures: tuple[Failure, ...]
    missing_shots: tuple[int, ...]
    unplaced: tuple[str, ...]
    entries: tuple[FolderEntry, ...] = field(default=())
    finished: bool = True


def gather(folder: Path) -> ReportData:
    """Read an output folder.

    Raises
    ------
    OutputError
        There is no such folder, it is not the output of a run, or nothing in it is rendered yet, or its
        annotations cannot be read.
    """
    if not folder.is_dir():
        raise OutputError(f"{folder}: no such folder; it should be the output folder of pasyn run")
    shots = _read_shots(layout.shots_path(folder))
    coco = _read_annotations(layout.annotation_path(folder, "all"))
    job = _read_object(layout.job_path(folder))
    if not shots and coco is None and not job:
        raise OutputError(
            f"{folder} has neither job.json, shots.jsonl nor annotations/all.json, so it is not the output "
            f"folder of pasyn run"
        )
    manifest = read_manifest(folder)
    truths = _truth_paths(folder)
    if coco is None:
        names, skeleton = _keypoint_set(job)
        pictures = _pictures_of_renders(folder, truths, shots)
    else:
        names, skeleton = _category(coco, layout.annotation_path(folder, "all"))
        pictures = _pictures_of_coco(folder, coco, shots, len(names))
    if not pictures:
        raise OutputError(f"{folder}: no picture is rendered yet, so there is nothing to report")
    delivered = {picture.index for picture in pictures}
    failures = failures_of(folder, shots, delivered)
    gone = {failure.index for failure in failures}
    seconds = _seconds(folder, manifest)
    poses, actions, world, canonical = _read_truths(truths, [p.index for p in pictures], shots, len(names))
    return ReportData(
        folder=folder,
        job=job,
        rig=_read_object(layout.rig_facts_path(folder)),
        manifest=manifest,
        species=_species(coco, job),
        keypoint_names=names,
        skeleton=skeleton,
        pictures=tuple(pictures),
        planned=max(len(shots), len(pictures)),
        poses=poses,
        pose_actions=actions,
        world_keypoints=world,
        canonical=canonical,
        seconds=seconds,
        failures=failures,
        missing_shots=tuple(index for index in sorted(shots) if index not in delivered | gone),
        unplaced=_unplaced(layout.rig_map_path(folder), names),
        entries=entries_of(folder),
        finished=coco is not None,
    )


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _read_shots(path: Path) -> dict[int, dict[str, Any]]:
    shots: dict[int, dict[str, Any]] = {}
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return shots
    for line in lines:
        # A plan cut short by a full disk still tells of the shots before the cut.
        try:
            shot = json.loads(line)
            shots[int(shot["index"])] = shot
        except (ValueError, KeyError, TypeError):
            continue
    return shots


def _read_annotations(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        coco = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{path} cannot be read ({error}); run pasyn run again, it writes it anew"
        ) from error
    if not isinstance(coco, dict) or not all(
        isinstance(coco.get(key), list) for key in ("images", "annotations", "categories")
    ):
        raise OutputError(f"{path} is not a COCO file: it needs lists images, annotations and categories")
    return coco


def _species(coco: Mapping[str, Any] | None, job: Mapping[str, Any]) -> str:
    if coco is not None and coco["categories"]:
        return str(coco["categories"][0].get("name", "animal"))
    return str(job.get("species", "animal"))


def _keypoint_set(job: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    chosen = KEYPOINT_SETS.get(str(job.get("keypoints", AP10K.name)), AP10K)
    return chosen.keypoints, chosen.skeleton


def _category(coco: Mapping[str, Any], path: Path) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    try:
        category = coco["categories"][0]
        names = tuple(str(name) for name in category["keypoints"])
        skeleton = tuple((int(a) - 1, int(b) - 1) for a, b in category.get("skeleton", []))
    except (LookupError, TypeError, ValueError) as error:
        raise OutputError(f"{path}: its first category names no keypoints") from error
    return names, tuple(link for link in skeleton if all(0 <= end < len(names) for end in link))


def _existing_picture(folder: Path, name: str, index: int) -> Path | None:
    for path in (layout.images_folder(folder) / name, layout.render_path(folder, index)):
        if path.is_file():
            return path
    return None


def _pictures_of_coco(
    folder: Path, coco: Mapping[str, Any], shots: Mapping[int, Mapping[str, Any]], count: int
) -> list[Picture]:
    path = layout.annotation_path(folder, "all")
    try:
        labels = {int(annotation["image_id"]): annotation for annotation in coco["annotations"]}
        pictures = []
        for image in coco["images"]:
            name = Path(str(image["file_name"])).name
            index = int(Path(name).stem) if Path(name).stem.isdecimal() else int(image["id"])
            label = labels.get(int(image["id"]))
            points = np.zeros((count, 3))
            if label is not None:
                points = np.asarray(label["keypoints"], dtype=np.float64).reshape(count, 3)
            pictures.append(
                Picture(
                    index=index,
                    path=_existing_picture(folder, name, index),
                    width=int(image["width"]),
                    height=int(image["height"]),
                    keypoints=points,
                    box=None if label is None else np.asarray(label["bbox"], dtype=np.float64).reshape(4),
                    area=0 if label is None else int(label.get("area", 0)),
                    segmentation=None if label is None else _run_lengths(label.get("segmentation")),
                    shot=shots.get(index, {}),
                )
            )
    except (KeyError, TypeError, ValueError) as error:
        raise OutputError(f"{path} is damaged ({error!r}); run pasyn run again, it writes it anew") from error
    return sorted(pictures, key=lambda picture: picture.index)


def _run_lengths(segmentation: Any) -> Mapping[str, Any] | None:
    return segmentation if isinstance(segmentation, dict) and "counts" in segmentation else None


def _pictures_of_renders(
    folder: Path, truths: Mapping[int, Path], shots: Mapping[int, Mapping[str, Any]]
) -> list[Picture]:
    """Build from truth records and alpha, for a run that has not come to its annotations."""
    from PIL import Image

    from pasyn_blender.annotation.masks import encode_mask, mask_area, mask_box, mask_from_alpha

    chosen = _spread_over(sorted(truths), MOST_ALPHAS)
    pictures = []
    for index in chosen:
        truth = _read_object(truths[index])
        try:
            points = np.asarray(truth["keypoints"], dtype=np.float64).reshape(-1, 3)
            with Image.open(layout.render_path(folder, index)) as image:
                mask = mask_from_alpha(np.asarray(image.convert("RGBA"))[..., 3])
        except (OSError, KeyError, TypeError, ValueError):
            # A render that is being written at this moment.
            continue
        box = mask_box(mask)
        pictures.append(
            Picture(
                index=index,
                path=_existing_picture(folder, layout.image_name(index), index),
                width=mask.shape[1],
                height=mask.shape[0],
                keypoints=points,
                box=None if box is None else np.asarray(box, dtype=np.float64),
                area=mask_area(mask),
                segmentation=None if box is None else encode_mask(mask),
                shot=shots.get(index, {}),
            )
        )
    return pictures


def _spread_over(items: list[int], most: int) -> list[int]:
    if len(items) <= most:
        return items
    return [items[i] for i in np.linspace(0, len(items) - 1, most).round().astype(int)]


def _truth_paths(folder: Path) -> dict[int, Path]:
    place = layout.renders_folder(folder)
    if not place.is_dir():
        return {}
    return {int(path.stem): path for path in place.glob("*.json") if path.stem.isdecimal()}


def _read_truths(
    truths: Mapping[int, Path],
    indices: list[int],
    shots: Mapping[int, Mapping[str, Any]],
    count: int,
) -> tuple[FloatArray, tuple[str, ...], FloatArray, dict[int, Mapping[str, Any]]]:
    records = []
    for index in _spread_over([index for index in indices if index in truths], MOST_TRUTHS):
        truth = _read_object(truths[index])
        if isinstance(truth.get("pose"), dict) and isinstance(truth.get("keypoints_world"), list):
            records.append((index, truth))
    bones = sorted({bone for _, truth in records for bone in truth["pose"]})
    poses, actions, world, canonical = [], [], [], {}
    for index, truth in records:
        try:
            pose = rotation_vectors(
                np.asarray([truth["pose"].get(bone, (1, 0, 0, 0)) for bone in bones], dtype=np.float64)
            )
            points = np.asarray(truth["keypoints_world"], dtype=np.float64).reshape(count, 3)
        except (TypeError, ValueError):
            continue
        poses.append(pose.ravel())
        world.append(points)
        actions.append(pose_label(shots.get(index, {})))
        if isinstance(truth.get("canonical"), dict):
            canonical[index] = truth["canonical"]
    if not poses:
        return np.zeros((0, 0)), (), np.zeros((0, count, 3)), {}
    return np.asarray(poses), tuple(actions), np.asarray(world), canonical


def _seconds(folder: Path, manifest: Mapping[str, Any]) -> dict[int, float]:
    noted = manifest.get("seconds")
    pictures = noted.get("pictures") if isinstance(noted, dict) else None
    if isinstance(pictures, dict) and pictures:
        return {int(index): float(value) for index, value in pictures.items() if str(index).isdecimal()}
    return read_seconds(folder)


def _unplaced(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return ()
    missing = content.get("missing") if isinstance(content, dict) else None
    listed = {str(name) for name in missing} if isinstance(missing, list) else set()
    pairs = zip(names, landmarks_of(names), strict=True)
    return tuple(name for name, landmark in pairs if landmark in listed)
