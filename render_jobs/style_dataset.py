"""A finished dataset in several looks, its renders composed anew; nothing is rendered."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pasyn_blender.anatomy.keypoint_sets import KEYPOINT_SETS
from pasyn_blender.errors import OutputError, PasynError
from styles.evaluation.regions import Animal
from styles.scene_composition import animal_box
from styles.settings import NO_CAMERA, PASTED

from . import layout
from .composer import Composer
from .finished_renders import Render, read_render, read_shots
from .job import Job
from .output_folder import read_identity, read_job
from .placement_views import vocabulary_of
from .shot import Shot

PLAIN: Final = "plain pasting"
OWN: Final = "as it is"

_ONE: Final = {
    "eye": "eye",
    "nose": "nose",
    "root_of_tail": "root_of_tail",
    "elbow": "shoulder",
    "stifle": "hip",
}
_PAIRS: Final = (("elbow", "front_paw"), ("knee", "back_paw"))


@dataclass(frozen=True)
class DatasetRenders:
    """A dataset's complete renders.

    Attributes
    ----------
    folder, job
        The dataset.
    shots, renders
        In their order, as many of each.
    """

    folder: Path
    job: Job
    shots: tuple[Shot, ...]
    renders: tuple[Render, ...]


def read_dataset(folder: Path, chosen: Sequence[int] | None = None) -> DatasetRenders:
    """Read the complete renders of an output folder, all or some.

    Raises
    ------
    OutputError
        It is no output folder of a run, or holds no render, or not the ones chosen.
    """
    job = read_job(folder)
    shots, identity = read_shots(folder), read_identity(folder)
    if shots is None or identity is None:
        raise OutputError(f"{folder}: nothing is rendered there yet; use pasyn run first")
    if chosen is not None:
        beyond = [number for number in chosen if number >= len(shots)]
        if beyond:
            raise OutputError(f"--shots: found {beyond[0]}, but {folder} has shots 0 to {len(shots) - 1}")
        shots = [shots[number] for number in chosen]
    found = [(shot, read_render(folder, shot, identity)) for shot in shots]
    complete = [(shot, render) for shot, render in found if render is not None]
    if not complete or (chosen is not None and len(complete) < len(chosen)):
        absent = [str(shot.index) for shot, render in found if render is None]
        what = "no shot" if chosen is None else f"not shot {absent[0]}"
        raise OutputError(f"{folder}: {what} is rendered; pasyn run renders what is missing")
    return DatasetRenders(
        folder, job, tuple(shot for shot, _ in complete), tuple(render for _, render in complete)
    )


def read_rgba(dataset: DatasetRenders, number: int) -> NDArray[np.uint8]:
    """(H, W, 4) the render of the ``number``-th shot."""
    path = layout.render_path(dataset.folder, dataset.shots[number].index)
    try:
        with Image.open(io.BytesIO(dataset.renders[number].png), formats=("PNG",)) as image:
            return np.asarray(image.convert("RGBA"))
    except (OSError, SyntaxError) as error:
        raise OutputError(f"{path}: not a readable PNG ({error}); delete it and run again") from error


def plain_job(job: Job) -> Job:
    """The job without composition, style and camera look: renders pasted on their backgrounds."""
    return replace(job, composition=PASTED, style="none", camera_look=NO_CAMERA)


def staged_jobs(job: Job) -> dict[str, Job]:
    """What lies between plain pasting and the dataset's look, one thing more at a time."""
    return {
        "with composition": replace(job, style="none", camera_look=NO_CAMERA),
        "with style too": replace(job, camera_look=NO_CAMERA),
    }


def styled_jobs(job: Job, styles: Sequence[str]) -> dict[str, Job]:
    """The job with each of some styles, its composition and camera look as they are.

    Raises
    ------
    StyleError
        A preset cannot be read, or has no weights.
    """
    from styles.preset import load_preset

    from .composer import check_weights

    found: dict[str, Job] = {}
    for style in styles:
        preset = load_preset(style)
        check_weights(preset)
        name = preset.name if preset.name not in found else style
        whole = str(Path(style).expanduser().absolute()) if Path(style).suffix else style
        found[name] = replace(job, style=whole)
    return found


def composed_picture(
    dataset: DatasetRenders, composer: Composer, number: int, rgba: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """(H, W, 3) the ``number``-th shot's picture in a composer's look."""
    shot = dataset.shots[number]
    return composer.finish(composer.compose(rgba, shot, dataset.renders[number].truth), shot)


def own_picture(dataset: DatasetRenders, number: int) -> NDArray[np.uint8] | None:
    """(H, W, 3) the picture in the dataset; None where it is not there."""
    try:
        with Image.open(layout.image_path(dataset.folder, dataset.shots[number].index)) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError):
        return None


def animal_of(dataset: DatasetRenders, number: int, rgba: NDArray[np.uint8]) -> Animal | None:
    """Where the animal of a render is, by its labels; None where no pixel shows it."""
    box = animal_box(np.ascontiguousarray(rgba[..., 3]))
    if box is None:
        return None
    names = KEYPOINT_SETS[dataset.job.keypoints].keypoints
    keypoints = np.asarray(dataset.renders[number].truth["keypoints"], dtype=np.float64)
    return Animal(np.array(box, dtype=np.float64), outline_points(keypoints, names))


def outline_points(keypoints: NDArray[np.float64], names: Sequence[str]) -> NDArray[np.float64] | None:
    """Places of :data:`styles.evaluation.regions.POINTS`, NaN where not labelled.

    Parameters
    ----------
    keypoints
        (K, 3) x, y, visibility.
    names
        K names, of a keypoint set or of LivestockKeypoints.

    Returns
    -------
    (13, 2), or None where the names are of none.
    """
    try:
        vocabulary: Mapping[str, tuple[str, ...]] = vocabulary_of(names, "keypoints")
    except PasynError:
        return None
    places = np.where(keypoints[:, 2:] > 0, keypoints[:, :2], np.nan)
    row = {name: place for place, name in enumerate(names)}
    found: list[Any] = []
    for point in _ONE.values():
        here = places[[row[name] for name in vocabulary[point]]]
        known = here[np.isfinite(here).all(axis=1)]
        found.append(known.mean(axis=0) if len(known) else np.full(2, np.nan))
    for leg in _PAIRS:
        for side in (0, 1):
            found += [places[row[vocabulary[end][side]]] for end in leg]
    return np.array(found)
