"""Keypoint sets are what their datasets publish, and landmarks what they share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pasyn_blender.anatomy.keypoint_sets import (
    ANIMALPOSE,
    AP10K,
    EVERY_LANDMARK,
    KEYPOINT_SETS,
    LANDMARKS,
    KeypointSet,
    keypoint_side,
    landmarks_of,
)

EVERY = [*KEYPOINT_SETS.values(), EVERY_LANDMARK]


@pytest.mark.parametrize(
    ("keypoint_set", "file"),
    [(AP10K, "ap10k/*.json"), (ANIMALPOSE, "animalpose/*.json")],
    ids=["AP-10K", "AnimalPose"],
)
def test_names_order_and_links_are_those_of_a_real_file(
    shared: Path, keypoint_set: KeypointSet, file: str
) -> None:
    category = json.loads(next((shared / "formats").glob(file)).read_text())["categories"][0]
    assert [name.lower() for name in category["keypoints"]] == [
        name.lower() for name in keypoint_set.keypoints
    ]
    assert {tuple(link) for link in category["skeleton"]} == {
        (first + 1, second + 1) for first, second in keypoint_set.skeleton
    }


@pytest.mark.parametrize("keypoint_set", EVERY, ids=lambda each: each.name)
def test_every_keypoint_is_one_landmark_with_its_own_sigma(keypoint_set: KeypointSet) -> None:
    count = len(keypoint_set.keypoints)
    assert len(set(keypoint_set.keypoints)) == len(set(keypoint_set.landmarks)) == count
    assert set(keypoint_set.landmarks) <= set(LANDMARKS)
    assert len(keypoint_set.sigmas) == count
    assert all(0 < sigma < 0.2 for sigma in keypoint_set.sigmas)


def test_the_mirror_swaps_sides_under_any_names() -> None:
    for keypoint_set in EVERY:
        for row, other in enumerate(keypoint_set.mirror):
            assert keypoint_set.mirror[other] == row
            sides = {keypoint_side(keypoint_set.keypoints[each]) for each in (row, other)}
            assert sides == ({"middle"} if other == row else {"left", "right"})
    names = ANIMALPOSE.keypoints
    assert names[ANIMALPOSE.mirror[names.index("L_B_Knee")]] == "R_B_Knee"
    assert names[ANIMALPOSE.mirror[names.index("Throat")]] == "Throat"


def test_animalpose_puts_elbows_and_knees_where_ap10k_does() -> None:
    assert ANIMALPOSE.landmark("L_F_Elbow") == "left_shoulder"
    assert ANIMALPOSE.landmark("R_F_Knee") == "right_elbow"
    assert ANIMALPOSE.landmark("L_B_Elbow") == "left_hip"
    assert ANIMALPOSE.landmark("R_B_Knee") == "right_knee"
    assert ANIMALPOSE.landmark("TailBase") == "root_of_tail"
    only_there = set(ANIMALPOSE.landmarks) - set(AP10K.landmarks)
    assert only_there == {"left_ear_base", "right_ear_base", "throat", "withers"}


def test_ap10ks_names_are_the_landmarks_that_saved_maps_hold() -> None:
    assert AP10K.landmarks == AP10K.keypoints == LANDMARKS[:17]
    assert AP10K.surface == {"left_eye", "right_eye", "nose", "root_of_tail"}


def test_a_part_of_a_set_keeps_order_and_sigmas() -> None:
    some = ANIMALPOSE.only({"Withers", "R_Eye", "L_Eye"})
    assert some.keypoints == ("L_Eye", "R_Eye", "Withers")
    assert some.landmarks == ("left_eye", "right_eye", "withers")
    assert some.sigmas == (0.025, 0.025, 0.10)
    assert some.mirror == (1, 0, 2) and some.surface == {"L_Eye", "R_Eye", "Withers"}


def test_names_of_a_file_are_read_as_landmarks_where_the_set_is_known() -> None:
    assert landmarks_of(ANIMALPOSE.keypoints) == ANIMALPOSE.landmarks
    assert landmarks_of(["snout", "tail"]) == ("snout", "tail")
