"""Keypoints of every built-in animal lie where people click them, without anybody placing them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from model_geometry import geometry_of

from pasyn_blender.anatomy.keypoint_sets import EVERY_LANDMARK
from pasyn_blender.animals.anatomy_model import AnimalModel, animal_model
from pasyn_blender.animals.attachments import eye_centre, eye_radius
from pasyn_blender.animals.ears import ear_ends
from pasyn_blender.animals.landmarks import animal_rig_map
from pasyn_blender.animals.shape import field, head_length
from pasyn_blender.animals.species import BUILT_IN, WITHERS
from pasyn_blender.rig.anchors import keypoint_positions
from pasyn_blender.rig.loaded_rig import LoadedRig

FRONT = ("scapula", "upper_arm", "forearm", "front_")
HIND = ("thigh", "shin", "hind_")


def keypoints_of(species: str, model: AnimalModel) -> dict[str, np.ndarray]:
    geometry = geometry_of(species, model)
    rig = LoadedRig(path=Path(f"{species}.yaml"), armature=None, meshes=(), actions=())
    found = animal_rig_map(species, rig, geometry)
    places = keypoint_positions(found, EVERY_LANDMARK, geometry, geometry.vertices, geometry.bone_matrices)
    return dict(zip(EVERY_LANDMARK.keypoints, places, strict=True))


@dataclass(frozen=True)
class Labelled:
    model: AnimalModel
    keypoints: dict[str, np.ndarray]
    unit: float  # metres for lengths given where the withers are WITHERS high

    def depth(self, name: str) -> float:
        """How deep a keypoint of the left half lies in the body, in withers heights; negative outside."""
        folded = self.keypoints[name] * np.array([np.sign(self.keypoints[name][0]) or 1.0, 1.0, 1.0])
        distance = field(self.model.plan, self.model.surface.sweeps, folded[None])[0]
        return float(-distance / (WITHERS * self.unit))


@pytest.fixture(scope="module", params=BUILT_IN)
def animal(request: pytest.FixtureRequest) -> Labelled:
    model = animal_model(request.param, 1)
    return Labelled(model, keypoints_of(request.param, model), model.plan.scale)


def beyond_outline(animal: Labelled, name: str, first: float, last: float, reach: float) -> float:
    """How far the skin near a keypoint sticks out beyond it in profile, in withers heights, looking in the
    direction between two angles (degrees from forward to up) in which that is least."""
    skin = animal.model.surface.vertices[:, 1:] - animal.keypoints[name][1:]
    near = skin[np.linalg.norm(skin, axis=1) < reach]
    angles = np.radians(np.linspace(first, last, 46))
    beyond = near @ np.array([-np.cos(angles), np.sin(angles)])
    return float(beyond.max(axis=0).min() / (WITHERS * animal.unit))


def test_eyes_are_on_the_eyeballs_and_look_out_of_the_skin(animal: Labelled) -> None:
    centre, radius = eye_centre(animal.model.plan), eye_radius(animal.model.plan)
    for side, sign in (("left", 1.0), ("right", -1.0)):
        place = animal.keypoints[f"{side}_eye"]
        assert np.linalg.norm(place - centre * [sign, 1.0, 1.0]) == pytest.approx(radius, rel=0.02)
        assert animal.depth(f"{side}_eye") < 0.0


def test_the_nose_is_on_the_outline_of_a_profile(animal: Labelled) -> None:
    reach = 0.25 * head_length(animal.model.plan)
    assert beyond_outline(animal, "nose", -180.0, 180.0, reach) < 0.004
    head = animal.model.weights[:, [bone.name for bone in animal.model.bones].index("head")] > 0.99
    skin = animal.model.vertices[: len(animal.model.surface.vertices)][
        head[: len(animal.model.surface.vertices)]
    ]
    poll = np.array([0.0, *animal.model.plan.head_axis[0]])
    away = np.linalg.norm(skin - poll, axis=1).max()
    assert np.linalg.norm(animal.keypoints["nose"] - poll) > 0.85 * away


def test_the_root_of_the_tail_is_on_the_outline_of_a_profile(animal: Labelled) -> None:
    gap = np.linalg.norm(animal.keypoints["root_of_tail"] - animal.model.plan.joints["tail_base"])
    assert gap < 0.11 * WITHERS * animal.unit
    assert beyond_outline(animal, "root_of_tail", 60.0, 180.0, 0.05 * animal.unit) < 0.006


def test_the_withers_are_the_top_of_the_shoulders(animal: Labelled) -> None:
    place, scapula = animal.keypoints["withers"], animal.model.plan.joints["scapula"]
    size = WITHERS * animal.unit
    assert abs(place[1] - scapula[1]) < 0.05 * size and place[2] > scapula[2]
    skin = animal.model.surface.vertices
    near = skin[(np.abs(skin[:, 0]) < 0.02 * size) & (np.abs(skin[:, 1] - place[1]) < 0.02 * size)]
    assert near[:, 2].max() - place[2] < 0.03 * size


def test_the_throat_is_behind_the_jaw_where_the_neck_is_thinnest(animal: Labelled) -> None:
    poll, neck = animal.model.plan.joints["head"], animal.model.plan.joints["neck_base"]
    away = animal.keypoints["throat"] - poll
    reach = float(np.linalg.norm(away))
    assert 0.15 < reach / head_length(animal.model.plan) < 0.8
    down = neck - poll
    assert down[1] * away[2] - down[2] * away[1] < 0.0, "it is on the side to which the head is bent"
    skin = animal.model.surface.vertices - poll
    middle = skin[np.abs(skin[:, 0]) < 0.02 * WITHERS * animal.unit]
    along = middle @ away / reach
    same = np.linalg.norm(middle - along[:, None] * away / reach, axis=1) < 0.05 * reach
    assert along[same & (along < 1.5 * reach)].max() < 1.15 * reach, "skin lies beyond it"


def test_the_base_of_an_ear_is_where_it_leaves_the_skull(animal: Labelled) -> None:
    # Under wool the skull's own skin is deeper.
    assert -0.03 < animal.depth("left_ear_base") < 0.03
    root, tip = ear_ends(animal.model.plan)
    assert np.linalg.norm(animal.keypoints["left_ear_base"] - root) < 0.1 * np.linalg.norm(tip - root)


@pytest.mark.parametrize("joint", ["shoulder", "elbow", "front_paw", "hip", "knee", "back_paw"])
def test_joints_are_inside_their_own_limb(animal: Labelled, joint: str) -> None:
    front = joint in ("shoulder", "elbow", "front_paw")
    names = [bone.name for bone in animal.model.bones]
    limb = [n for n in names if any(part in n for part in (FRONT if front else HIND))]
    skin = animal.model.surface.vertices
    for side, suffix in (("left", ".L"), ("right", ".R")):
        # The middle of a cloven hoof is between its claws.
        assert animal.depth(f"{side}_{joint}") > (-0.01 if joint.endswith("paw") else 0.004)
        gaps = np.linalg.norm(skin - animal.keypoints[f"{side}_{joint}"], axis=1)
        own = [names.index(name) for name in limb if name.endswith(suffix)]
        assert animal.model.weights[gaps.argmin(), own].sum() > 0.5


def test_limbs_run_from_trunk_to_ground(animal: Labelled) -> None:
    for chain in (("shoulder", "elbow", "front_paw"), ("hip", "knee", "back_paw")):
        heights = [animal.keypoints[f"left_{name}"][2] for name in chain]
        assert heights == sorted(heights, reverse=True)
        assert 0.0 < heights[-1] < 0.06 * WITHERS * animal.unit


def test_left_and_right_are_mirrored(animal: Labelled) -> None:
    for name, place in animal.keypoints.items():
        if name.startswith("left_"):
            assert place[0] > 0.0
            mirrored = animal.keypoints[name.replace("left_", "right_")] * [-1.0, 1.0, 1.0]
        else:
            mirrored = place * [-1.0, 1.0, 1.0] if not name.startswith("right_") else place
        assert np.linalg.norm(place - mirrored) < 0.005 * WITHERS * animal.unit, name


def test_the_neck_is_inside_the_base_of_the_neck(animal: Labelled) -> None:
    assert animal.depth("neck") > 0.03
    joints = animal.model.plan.joints
    along = (joints["neck_top"] - joints["neck_base"]) / np.linalg.norm(
        joints["neck_top"] - joints["neck_base"]
    )
    share = (animal.keypoints["neck"] - joints["neck_base"]) @ along
    assert 0.0 <= share < 0.5 * np.linalg.norm(joints["neck_top"] - joints["neck_base"])
