"""A map made before ears, throat and withers were known serves every keypoint set all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pasyn_blender.anatomy.keypoint_sets import ANIMALPOSE, AP10K, LATER_LANDMARKS
from pasyn_blender.errors import RigMapError
from pasyn_blender.rig.rig_map import RigMap


@pytest.fixture(scope="module")
def fox(shared: Path) -> tuple[Any, Any, RigMap]:
    """Rig, rest pose, and the map as it is found now."""
    import bpy

    from pasyn_blender.rig.automatic import map_loaded_rig
    from pasyn_blender.rig.loading import load_rig, read_geometry

    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(next((shared / "rigs/fox_khronos").glob("*.glb")))
    geometry = read_geometry(rig)
    return rig, geometry, map_loaded_rig(rig, geometry)


def older(rig_map: RigMap) -> RigMap:
    kept = {name: anchor for name, anchor in rig_map.keypoints.items() if name not in LATER_LANDMARKS}
    return replace(rig_map, keypoints=kept)


def test_the_places_it_lacks_are_those_found_now(fox: tuple[Any, Any, RigMap]) -> None:
    from pasyn_blender.rig.automatic import complete_older_map

    rig, geometry, found = fox
    moved = replace(found, keypoints=found.keypoints | {"nose": found.keypoints["neck"]})
    completed = complete_older_map(older(moved), ANIMALPOSE.landmarks, rig, geometry, "fox.yaml")
    assert completed.keypoints == moved.keypoints
    assert completed.joints == found.joints


def test_nothing_is_added_that_is_not_asked_for_or_was_left_out(fox: tuple[Any, Any, RigMap]) -> None:
    from pasyn_blender.rig.automatic import complete_older_map

    rig, geometry, found = fox
    before = older(found)
    assert complete_older_map(before, AP10K.landmarks, rig, geometry, "fox.yaml") is before
    some = replace(before, keypoints=before.keypoints | {"throat": found.keypoints["throat"]})
    assert complete_older_map(some, ANIMALPOSE.landmarks, rig, geometry, "fox.yaml") is some
    without = replace(before, missing=LATER_LANDMARKS)
    assert complete_older_map(without, ANIMALPOSE.landmarks, rig, geometry, "fox.yaml") is without


def test_what_cannot_be_placed_is_said_with_file_and_names(fox: tuple[Any, Any, RigMap]) -> None:
    from pasyn_blender.rig.automatic import complete_older_map

    rig, geometry, found = fox
    flat = replace(geometry, vertices=geometry.vertices * [1.0, 1.0, 0.0])
    with pytest.raises(RigMapError, match=r"fox\.yaml: has no left_ear_base, .*withers.*'keypoints'"):
        complete_older_map(older(found), ANIMALPOSE.landmarks, replace(rig, actions=()), flat, "fox.yaml")
