"""Shape alone tells of a stranger's ears, withers and throat what a species' own numbers say of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from model_geometry import geometry_of

from pasyn_blender.anatomy.keypoint_sets import EVERY_LANDMARK
from pasyn_blender.animals.anatomy_model import animal_model
from pasyn_blender.animals.landmarks import animal_rig_map
from pasyn_blender.rig.anchors import keypoint_positions
from pasyn_blender.rig.geometry import FloatArray, RigGeometry
from pasyn_blender.rig.loaded_rig import LoadedRig
from pasyn_blender.rig.mapping import map_rig
from pasyn_blender.rig.rig_map import RigMap

CLOSE = 0.06  # of the trunk


def without_ears(geometry: RigGeometry) -> RigGeometry:
    """The same skin, its ears on the head's bone, as many rigs have them."""
    names = geometry.bone_names
    ears = [bone for bone, name in enumerate(names) if name.startswith("ear")]
    weights = geometry.weights.copy()
    weights[:, names.index("head")] += weights[:, ears].sum(axis=1)
    weights[:, ears] = 0.0
    plain = tuple(f"control_{bone}" if bone in ears else name for bone, name in enumerate(names))
    return replace(geometry, weights=weights, bone_names=plain)


def places(rig_map: RigMap, geometry: RigGeometry) -> dict[str, FloatArray]:
    found = keypoint_positions(rig_map, EVERY_LANDMARK, geometry, geometry.vertices, geometry.bone_matrices)
    return dict(zip(EVERY_LANDMARK.keypoints, found, strict=True))


@pytest.mark.parametrize(
    ("species", "individual"),
    [
        ("horse", 0),  # a mane beside its ear
        ("cow", 4),  # horns before its ears
        ("deer", 5),  # antlers
        ("dog", 1),  # hanging ears
        ("wolf", 0),  # tufts of fur
    ],
)
def test_ears_withers_and_throat(species: str, individual: int) -> None:
    geometry = geometry_of(species, animal_model(species, individual))
    rig = LoadedRig(path=Path(f"{species}.yaml"), armature=None, meshes=(), actions=())
    known = places(animal_rig_map(species, rig, geometry), geometry)
    stranger = without_ears(geometry)
    found = places(map_rig(stranger, "stranger"), stranger)
    trunk = float(np.linalg.norm(known["withers"] - known["root_of_tail"]))
    for name in ("left_ear_base", "right_ear_base", "withers", "throat"):
        gap = float(np.linalg.norm(found[name] - known[name])) / trunk
        assert gap < CLOSE, f"{name}: {gap:.3f}"


@pytest.mark.parametrize("individual", [0, 2, 5])  # 5 has a beard longer than its head
def test_a_beard_is_no_nose(individual: int) -> None:
    geometry = geometry_of("goat", animal_model("goat", individual))
    rig = LoadedRig(path=Path("goat.yaml"), armature=None, meshes=(), actions=())
    known = places(animal_rig_map("goat", rig, geometry), geometry)
    stranger = without_ears(geometry)
    found = places(map_rig(stranger, "stranger"), stranger)
    trunk = float(np.linalg.norm(known["withers"] - known["root_of_tail"]))
    eyes = (known["left_eye"] + known["right_eye"]) / 2
    assert known["nose"][1] < eyes[1] - 0.05 * trunk, "a nose lies before the eyes"
    assert np.linalg.norm(found["nose"] - known["nose"]) < CLOSE * trunk
