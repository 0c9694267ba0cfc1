"""The canonical skeleton: its stance, forward kinematics against plain geometry, and mirroring."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from pasyn_blender.anatomy import kinematics
from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.anatomy.skeleton import JOINT_PARENTS, JOINTS
from pasyn_blender.anatomy.stance import MIRROR, PARENTS, STANCE, STANCE_OFFSETS, TIPS

REST = np.tile(np.eye(3), (len(JOINTS), 1, 1))


def test_parents_come_before_children():
    assert all(parent < joint for joint, parent in enumerate(PARENTS))
    assert [JOINTS[p] if p >= 0 else None for p in PARENTS] == list(JOINT_PARENTS.values())


def test_the_stance_stands_on_four_feet_and_is_symmetric():
    for joint, other in enumerate(MIRROR):
        np.testing.assert_allclose(STANCE[JOINTS[joint]] * [-1, 1, 1], STANCE[JOINTS[other]], atol=1e-12)
    toes = [STANCE[tip] for joint, tip in TIPS.items() if joint.endswith("foot")]
    assert len(toes) == 4
    assert np.ptp([toe[2] for toe in toes]) == 0
    # It faces -Y and is one trunk long from withers to tail root, within the breadth of the two.
    assert STANCE["nose"][1] < STANCE["chest"][1] < STANCE["pelvis"][1] < STANCE["tail_base"][1]


def test_no_rotation_gives_the_stance_back():
    places = kinematics.joint_places(REST, STANCE_OFFSETS, STANCE["pelvis"])
    np.testing.assert_allclose(places, [STANCE[name] for name in JOINTS], atol=1e-12)


def test_a_joint_carries_all_below_it_and_nothing_else():
    local = REST.copy()
    elbow = JOINTS.index("left_forearm")
    local[elbow] = from_turn(np.radians([90.0, 0, 0]))
    places = kinematics.joint_places(kinematics.accumulate(local), STANCE_OFFSETS, STANCE["pelvis"])
    arm = STANCE["left_front_foot"] - STANCE["left_forearm"]
    # A quarter turn about X: what hung down along -Z now points along +Y, backwards.
    expected = STANCE["left_forearm"] + [arm[0], -arm[2], arm[1]]
    np.testing.assert_allclose(places[JOINTS.index("left_front_foot")], expected, atol=1e-12)
    below = [name for name in JOINTS if name in ("left_front_cannon", "left_front_foot")]
    for row, name in enumerate(JOINTS):
        if name not in below:
            np.testing.assert_allclose(places[row], STANCE[name], atol=1e-12)


def test_turns_accumulate_along_the_chain_and_separate_again():
    local = Rotation.random(4 * len(JOINTS), random_state=0).as_matrix().reshape(4, len(JOINTS), 3, 3)
    total = kinematics.accumulate(local)
    foot = JOINTS.index("right_hind_foot")
    chain, at = [], foot
    while at >= 0:
        chain.append(at)
        at = PARENTS[at]
    by_hand = np.eye(3)
    for joint in reversed(chain):
        by_hand = by_hand @ local[2, joint]
    np.testing.assert_allclose(total[2, foot], by_hand, atol=1e-12)
    np.testing.assert_allclose(kinematics.separate(total), local, atol=1e-12)


def test_a_mirrored_pose_stands_where_the_mirror_shows_it():
    rng = np.random.default_rng(5)
    local = from_turn(rng.normal(scale=0.4, size=(3, len(JOINTS), 3)))
    places = kinematics.joint_places(kinematics.accumulate(local), STANCE_OFFSETS)
    swapped = kinematics.mirrored_pose(local)
    seen = kinematics.joint_places(kinematics.accumulate(swapped), STANCE_OFFSETS)
    np.testing.assert_allclose(seen, places[:, list(MIRROR)] * [-1, 1, 1], atol=1e-12)
    np.testing.assert_allclose(kinematics.mirrored_pose(swapped), local, atol=1e-12)
