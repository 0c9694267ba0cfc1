"""Measures of a dataset's looks and of photos, ready to be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from PIL import Image

from pasyn_blender.errors import StyleError
from styles.evaluation.comparison import FEWEST, Sample, measure_crop, sample_of
from styles.evaluation.crops import Crop, common_height, cut_animal, cut_middle
from styles.evaluation.regions import Animal, usable

from .composer import Composer
from .job import Job
from .style_dataset import DatasetRenders, animal_of, composed_picture, own_picture, read_rgba
from .style_photos import RealPhoto, jpeg_quality, open_photo

Advance = Callable[[str, float], None]

PHOTOS_A_PICTURE: Final = 3
"""So many times as many photos as pictures are measured at most: more would add time and little else."""


@dataclass(frozen=True)
class Sides:
    """Both sides of the comparison.

    Attributes
    ----------
    photos
        Of the photos.
    looks
        Of the pictures, by look; the same shots in the same order.
    conditions
        How crops were made, plain JSON values.
    """

    photos: Sample
    looks: dict[str, Sample]
    conditions: dict[str, Any]


def measure_sides(
    dataset: DatasetRenders,
    jobs: Mapping[str, Job | None],
    photos: Sequence[RealPhoto],
    seed: int,
    advance: Advance,
) -> Sides:
    """Cut both sides alike and measure them.

    Parameters
    ----------
    dataset
        Renders.
    jobs
        By look; None for the pictures that are in the dataset.
    photos
        Animals, or photos nothing is known of: then pictures are compared as a whole.
    seed
        Of the choice among photos.
    advance
        Told what is being done, and the share of the measuring that is done.

    Raises
    ------
    StyleError
        Too few pictures or photos can be used.
    PasynError
        A file cannot be read.
    """
    chosen = _chosen(photos, len(dataset.shots), seed)
    framing = _framing(dataset, chosen)
    _check_counts(len(framing.animals), len(framing.photos))
    total = len(framing.animals) * len(jobs) + len(framing.photos)
    steps = iter(range(total))

    def told(what: str) -> None:
        advance(what, next(steps) / total)

    looks = _measured_looks(dataset, jobs, framing, told)
    of_photos = _measured_photos(framing, told)
    _check_counts(len(next(iter(looks.values()))), len(of_photos))
    jpegs, quality = jpeg_quality([photo.path for photo in framing.photos])
    conditions = {
        **framing.conditions,
        "pictures": len(next(iter(looks.values()))),
        "photos": len(of_photos),
        "photos that are JPEG": jpegs,
        "their median JPEG quality": None if quality is None else round(quality),
    }
    return Sides(of_photos, looks, conditions)


@dataclass(frozen=True)
class _Framing:
    """What is cut out, and how.

    Attributes
    ----------
    animals
        Of the pictures, by their place in the dataset.
    photos
        With their animals.
    height
        Of the animals in crops, pixels; None where pictures are taken as a whole.
    size
        Of the crops then, (width, height).
    """

    animals: Mapping[int, Animal]
    photos: Sequence[RealPhoto]
    height: float | None
    size: tuple[int, int]
    conditions: Mapping[str, Any]

    def cut(self, picture: Image.Image, animal: Animal | None) -> Crop:
        if self.height is None or animal is None:
            return cut_middle(picture, self.size)
        return cut_animal(picture, animal, self.height)


def _framing(dataset: DatasetRenders, photos: Sequence[RealPhoto]) -> _Framing:
    animals = _dataset_animals(dataset)
    size = dataset.job.resolution
    if photos[0].animal is None:
        return _Framing(
            animals, photos, None, size, {"crops": f"middle of the picture, {size[0]}x{size[1]} px"}
        )
    by_points = all(
        animal is not None and animal.points is not None
        for animal in (*animals.values(), *(photo.animal for photo in photos))
    )
    mine = {number: _located(animal, by_points) for number, animal in animals.items()}
    mine = {number: animal for number, animal in mine.items() if usable(animal)}
    theirs = [
        replace(photo, animal=_located(photo.animal, by_points))
        for photo in photos
        if photo.animal is not None
    ]
    theirs = [photo for photo in theirs if photo.animal is not None and usable(photo.animal)]
    _check_counts(len(mine), len(theirs))
    heights = [
        np.array([animal.height for animal in side if animal is not None])
        for side in (mine.values(), [photo.animal for photo in theirs])
    ]
    height = common_height(heights)
    conditions = {
        "regions drawn from": "keypoints" if by_points else "boxes",
        "height of the animals in crops, px": round(height, 1),
        "in the pictures, px (median)": round(float(np.median(heights[0])), 1),
        "in the photos, px (median)": round(float(np.median(heights[1])), 1),
    }
    return _Framing(
        {number: animal for number, animal in mine.items() if animal.height >= height},
        [photo for photo in theirs if photo.animal is not None and photo.animal.height >= height],
        height,
        size,
        conditions,
    )


def _measured_looks(
    dataset: DatasetRenders,
    jobs: Mapping[str, Job | None],
    framing: _Framing,
    told: Callable[[str], None],
) -> dict[str, Sample]:
    composers = {name: Composer(dataset.job if job is None else job) for name, job in jobs.items()}
    measured: dict[str, list[Any]] = {name: [] for name in jobs}
    groups: dict[str, list[str]] = {name: [] for name in jobs}
    for number, animal in framing.animals.items():
        rgba = read_rgba(dataset, number)
        found = []
        for name, job in jobs.items():
            told(f"pictures: {name}")
            pixels = own_picture(dataset, number) if job is None else None
            if pixels is None:
                pixels = composed_picture(dataset, composers[name], number, rgba)
            found.append(measure_crop(framing.cut(Image.fromarray(pixels), animal)))
        if None in found:  # too small a region, in all looks alike
            continue
        shot, truth = dataset.shots[number], dataset.renders[number].truth
        for name, one in zip(jobs, found, strict=True):
            measured[name].append(one)
            # A classifier that knows a background again has not found what makes a picture synthetic.
            groups[name].append(composers[name].place(rgba, shot, truth).photo or shot.light.world)
    _check_counts(len(next(iter(groups.values()))), FEWEST)
    return {name: sample_of(found, groups[name]) for name, found in measured.items()}


def _measured_photos(framing: _Framing, told: Callable[[str], None]) -> Sample:
    measured, groups = [], []
    for photo in framing.photos:
        told("photos")
        picture = open_photo(photo)
        if framing.height is None and (picture.width < framing.size[0] or picture.height < framing.size[1]):
            continue  # enlarged it would have no fine detail
        found = measure_crop(framing.cut(picture, photo.animal))
        if found is not None:
            measured.append(found)
            groups.append(photo.group)
    _check_counts(FEWEST, len(groups))
    return sample_of(measured, groups)


def _dataset_animals(dataset: DatasetRenders) -> dict[int, Animal]:
    found = {
        number: animal_of(dataset, number, read_rgba(dataset, number)) for number in range(len(dataset.shots))
    }
    return {number: animal for number, animal in found.items() if animal is not None}


def _chosen(photos: Sequence[RealPhoto], pictures: int, seed: int) -> list[RealPhoto]:
    most = max(FEWEST, PHOTOS_A_PICTURE * pictures)
    generator = np.random.default_rng(np.random.SeedSequence([seed, 3]))
    return [photos[place] for place in sorted(generator.permutation(len(photos))[:most])]


def _located(animal: Animal, by_points: bool) -> Animal:
    """An animal by what both sides know: one way for both, or a region would itself tell them apart."""
    return animal if by_points else Animal(animal.box)


def _check_counts(pictures: int, photos: int) -> None:
    for count, what, more in (
        (pictures, "pictures of the dataset", "render more, from the side and with the whole animal in them"),
        (photos, "photos", "give more, with animals that are whole and at least as large as the pictures'"),
    ):
        if count < FEWEST:
            raise StyleError(f"only {count} {what} can be compared; {FEWEST} or more are needed: {more}")
