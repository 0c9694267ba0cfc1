"""A person's choice of a joint's bone: what it changes, and which choices are refused with what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.anatomy.keypoint_sets import AP10K
from pasyn_blender.errors import RigMapError
from pasyn_blender.rig.anchors import keypoint_positions
from pasyn_blender.rig.chosen_joints import HANGING, choose_joint, with_choices, without_joint
from pasyn_blender.rig.geometry import FloatArray, RigGeometry
from pasyn_blender.rig.mapping import map_rig
from pasyn_blender.rig.rig_map import RigMap


@pytest.fixture(scope="module")
def fox(shared: Path) -> RigGeometry:
    import bpy

    from pasyn_blender.rig.loading import load_rig, read_geometry

    bpy.ops.wm.read_factory_settings(use_empty=True)
    geometry = read_geometry(load_rig(next((shared / "rigs" / "fox_khronos").glob("*.glb"))))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return geometry


@pytest.fixture(scope="module")
def found(fox: RigGeometry) -> RigMap:
    return map_rig(fox, "Fox.glb")


def places(geometry: RigGeometry, rig_map: RigMap) -> dict[str, FloatArray]:
    points = keypoint_positions(rig_map, AP10K, geometry, geometry.vertices, geometry.bone_matrices)
    return dict(zip(AP10K.keypoints, points / rig_map.trunk_length, strict=True))


def test_the_bone_that_was_found_gives_the_map_that_was_found(fox: RigGeometry, found: RigMap) -> None:
    for joint in HANGING:
        again, note = choose_joint(fox, found, joint, found.joints[joint].bone)
        assert note == ""
        assert again.joints == found.joints
        assert again.keypoints == found.keypoints


def test_keypoints_follow_their_joint_and_no_other_moves(fox: RigGeometry, found: RigMap) -> None:
    """A carpus that is told to bend at the next bone up is labelled higher up the leg."""
    free = without_joint(found, "left_forearm")
    changed, note = choose_joint(fox, free, "left_front_cannon", found.joints["left_forearm"].bone)
    assert note == ""
    before, after = places(fox, found), places(fox, changed)
    step = {name: float(np.linalg.norm(after[name] - before[name])) for name in before}
    assert 0.05 < step.pop("left_elbow") < 0.3
    assert after["left_elbow"] @ found.body_frame[2] > before["left_elbow"] @ found.body_frame[2]
    assert max(step.values()) == 0.0
    assert changed.joints["left_front_cannon"].alignment is None
    kept, _ = choose_joint(
        fox, free, "left_front_cannon", found.joints["left_forearm"].bone, kept=("left_elbow",)
    )
    assert kept.keypoints == found.keypoints


def test_a_joint_that_is_cleared_is_missing_until_it_is_chosen_again(fox: RigGeometry, found: RigMap) -> None:
    cleared = without_joint(found, "left_hind_foot")
    assert "left_hind_foot" not in cleared.joints
    assert "left_hind_foot" in cleared.missing
    assert cleared.keypoints == found.keypoints
    again, _ = choose_joint(fox, cleared, "left_hind_foot", found.joints["left_hind_foot"].bone)
    assert (again.joints, again.missing) == (found.joints, found.missing)
    with pytest.raises(RigMapError, match=r"no bone plays the left hind foot"):
        without_joint(cleared, "left_hind_foot")


@pytest.mark.parametrize(
    ("joint", "bone", "words"),
    [
        ("withers", "b_Head_05", r"no joint 'withers'"),
        ("head", "Skull", r"no bone 'Skull'"),
        ("head", "b_Neck_04", r"plays the neck base already; clear that joint first"),
        ("left_front_foot", "b_RightHand_08_spare", r"no bone"),
        ("neck_top", "_rootJoint", r"moves no skin|belongs below"),
        ("left_scapula", "b_Root_00", r"belongs below|moves no skin"),
    ],
)
def test_a_wrong_choice_says_what_to_do(
    fox: RigGeometry, found: RigMap, joint: str, bone: str, words: str
) -> None:
    with pytest.raises(RigMapError, match=words):
        choose_joint(fox, found, joint, bone)


def test_the_other_sides_leg_is_refused(fox: RigGeometry, found: RigMap) -> None:
    free = without_joint(found, "right_shin")
    with pytest.raises(RigMapError, match=r"lies on the animal's right side; the left shin is on its left"):
        choose_joint(fox, free, "left_shin", found.joints["right_shin"].bone)


def test_a_joint_stays_below_those_it_belongs_below(fox: RigGeometry, found: RigMap) -> None:
    free = without_joint(without_joint(found, "left_thigh"), "left_hind_foot")
    thigh = found.joints["left_thigh"].bone
    with pytest.raises(RigMapError, match=r"left hind foot belongs below the left (shin|hind cannon)"):
        choose_joint(fox, free, "left_hind_foot", thigh)


def test_mapping_again_keeps_what_was_chosen(fox: RigGeometry, found: RigMap) -> None:
    bone = found.joints["left_forearm"].bone
    again = with_choices(fox, found, {"left_front_cannon": bone, "head": "a bone of another rig"})
    assert again.joints["left_front_cannon"].bone == bone
    assert "left_forearm" in again.missing
    assert again.joints["head"] == found.joints["head"]
    assert with_choices(fox, found, {"spine": ""}).joints.keys() == found.joints.keys() - {"spine"}


def test_the_last_joint_of_the_trunk_is_kept(found: RigMap) -> None:
    bare = without_joint(without_joint(found, "spine"), "chest")
    with pytest.raises(RigMapError, match=r"only joint of the trunk"):
        without_joint(bare, "pelvis")
