"""Looks held against photos: from pixels to verdicts."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from styles.evaluation.comparison import FEWEST, Sample, clues, compare, measure_crop, sample_of
from styles.evaluation.crops import Crop, cut_animal, cut_middle
from styles.evaluation.regions import POINTS, Animal, region_masks, usable
from styles.evaluation.statistics import filtered, statistics

# A horse of 60 px, facing left, its feet at 90: the places of POINTS.
HORSE = np.array(
    [
        *[[20.0, 20.0], [12.0, 30.0], [85.0, 30.0], [42.0, 60.0], [76.0, 60.0]],
        *[[40.0, 72.0], [40.0, 90.0], [46.0, 72.0], [46.0, 90.0]],
        *[[82.0, 72.0], [84.0, 90.0], [78.0, 72.0], [76.0, 90.0]],
    ]
)
BOX = np.array([10.0, 15.0, 90.0, 92.0])


def textures(seed: int, count: int, soft: float = 0.0, tint: float = 0.0) -> Sample:
    """Noise pictures, blurred and tinted as wanted, measured as a whole."""
    measured = []
    for number in range(count):
        generator = np.random.default_rng([seed, number])
        noise = ndimage.gaussian_filter(generator.standard_normal((24, 32, 3)), (1.2, 1.2, 0)) * 90 + 120
        noise = ndimage.gaussian_filter(noise, (soft, soft, 0)) + np.array([tint, 0, 0])
        measured.append(measure_crop(Crop(np.clip(noise, 0, 255).astype(np.uint8), None)))
    return sample_of([one for one in measured if one is not None], [f"{seed} {n}" for n in range(count)])


def test_a_look_nearer_to_the_photos_is_found_better() -> None:
    photos = textures(0, 40)
    looks = {"far": textures(1, 32, soft=1.0, tint=25), "near": textures(1, 32)}

    rows = {(row.look, row.kind): row for row in compare(photos, looks, seeds=6)}

    far, near = rows["far", "all"], rows["near", "all"]
    assert far.accuracy.mean > 0.95 and far.p < 0.02
    assert near.accuracy.mean == pytest.approx(0.5, abs=0.15) and near.p > 0.02
    assert abs(near.mmd.mean) < 0.05 * far.mmd.mean
    assert near.better("accuracy") and near.better("mmd") and not far.better("mmd")


def test_a_look_counts_the_same_whatever_else_is_compared() -> None:
    photos, plain, other = textures(0, 20), textures(1, 20, soft=0.6), textures(1, 20)

    alone = compare(photos, {"plain": plain}, seeds=3)
    beside = compare(photos, {"plain": plain, "other": other}, seeds=3)

    assert alone == tuple(row for row in beside if row.look == "plain")


def test_clues_name_what_gives_a_look_away() -> None:
    photos = textures(0, 24)

    found = clues(photos, {"red": textures(1, 24, tint=60)})
    colour = next(clue for clue in found if clue.name == "red-green mean")
    found = clues(photos, {"soft": textures(1, 24, soft=1.0)})
    blur = next(clue for clue in found if clue.name == "brightness noise")

    assert (colour.family, colour.area) == ("colour", 1.0)
    assert (blur.family, blur.area) == ("frequency", 0.0)


def test_too_few_pictures_are_refused() -> None:
    few = textures(0, FEWEST - 1)
    with pytest.raises(ValueError, match="are needed"):
        compare(few, {"plain": few}, seeds=2)


def test_regions_lie_inside_the_trunk_and_along_the_outline() -> None:
    masks = region_masks(Animal(BOX, HORSE), 100, 110)

    assert masks["inside"][45, 60] and not masks["inside"][28, 60] and not masks["inside"][80, 60]
    assert masks["edge"][30, 60] and masks["edge"][80, 41] and masks["edge"][90, 76]
    assert not (masks["inside"] & masks["edge"]).any()
    assert masks["whole"].all()


def test_with_a_box_alone_the_edge_is_a_ring_round_the_core() -> None:
    masks = region_masks(Animal(BOX), 100, 110)

    assert masks["inside"][53, 50] and masks["edge"][53, 12] and masks["edge"][90, 50]
    assert not (masks["inside"] & masks["edge"]).any() and not masks["edge"][53, 50]


def test_the_same_animal_in_a_larger_picture_gives_the_same_crop() -> None:
    small = np.random.default_rng(0).integers(0, 255, (55, 50, 3), dtype=np.uint8)
    large = np.kron(small, np.ones((4, 4, 1), dtype=np.uint8))

    first = cut_animal(
        Image.fromarray(np.kron(small, np.ones((2, 2, 1), dtype=np.uint8))), Animal(BOX, HORSE), 30
    )
    second = cut_animal(Image.fromarray(large), Animal(2 * BOX, 2 * HORSE), 30)

    assert np.abs(first.picture.astype(int) - second.picture).mean() < 6
    assert first.animal is not None and second.animal is not None
    assert first.animal.height == pytest.approx(30, rel=0.02)
    assert first.animal.points == pytest.approx(second.animal.points, abs=0.7)


def test_pictures_as_a_whole_keep_their_middle() -> None:
    picture = Image.fromarray(np.tile(np.arange(200, dtype=np.uint8)[None, :, None], (50, 1, 3)))

    crop = cut_middle(picture, (50, 50))

    assert crop.animal is None and crop.picture.shape == (50, 50, 3)
    assert crop.picture[25, 0, 0] == pytest.approx(75, abs=1) and crop.picture[25, -1, 0] == pytest.approx(
        124, abs=1
    )


def test_an_animal_seen_from_the_front_or_in_part_is_left_out() -> None:
    front = HORSE.copy()
    front[:, 0] = 50 + 0.1 * (front[:, 0] - 50)
    part = HORSE.copy()
    part[POINTS.index("root_of_tail")] = np.nan

    assert usable(Animal(BOX, HORSE)) and usable(Animal(BOX))
    assert not usable(Animal(BOX, front)) and not usable(Animal(BOX, part))


def test_statistics_of_one_colour_are_numbers() -> None:
    flat = np.full((30, 30, 3), 128, dtype=np.uint8)

    found = statistics(filtered(flat), np.ones((30, 30), dtype=bool))

    assert all(np.isfinite(value) for family in found.values() for value in family.values())
