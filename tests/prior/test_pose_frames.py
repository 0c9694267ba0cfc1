"""Poses as arrays: without heading, mirrored, weighed by clip."""

from __future__ import annotations

import numpy as np
from made_up_corpora import swinging_animals, swinging_clip
from scipy.spatial.transform import Rotation

from pasyn_blender.anatomy.kinematics import accumulate, joint_places
from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE_OFFSETS
from pasyn_blender.prior.corpus import canonical_corpus
from pasyn_blender.prior.pose_frames import conditions, pose_frames, with_mirrored, without_heading


def test_a_pose_is_the_same_whichever_way_the_animal_faces():
    rng = np.random.default_rng(0)
    poses = from_turn(rng.normal(0, 0.4, size=(200, len(JOINTS), 3)))
    turned = poses.copy()
    turn = np.zeros((200, 3))
    turn[:, 2] = rng.uniform(-np.pi, np.pi, 200)
    turned[:, 0] = from_turn(turn) @ poses[:, 0]
    np.testing.assert_allclose(without_heading(turned), without_heading(poses), atol=1e-9)
    forward = -without_heading(poses)[:, 0, :, 1]
    np.testing.assert_allclose(forward[:, 0], 0, atol=1e-9)
    assert (forward[:, 1] < 0).all()


def test_pitch_and_roll_stay():
    pose = np.broadcast_to(np.eye(3), (1, len(JOINTS), 3, 3)).copy()
    pose[0, 0] = Rotation.from_euler("XY", [40, 70], degrees=True).as_matrix()
    assert angle_between(without_heading(pose), pose).max() < 1e-9
    rearing = pose.copy()
    rearing[0, 0] = Rotation.from_euler("xz", [-89, 30], degrees=True).as_matrix()
    expected = Rotation.from_euler("x", -89, degrees=True).as_matrix()
    assert np.degrees(angle_between(without_heading(rearing)[0, 0], expected)) < 0.1


def test_long_clips_weigh_more_but_not_by_their_length():
    corpus = canonical_corpus(
        [swinging_clip("horse1", "walk", frames=25), swinging_clip("horse1", "eat", frames=400)]
    )
    frames = pose_frames(corpus)
    weights = [frames.weight[frames.clip == number].sum() for number in (0, 1)]
    assert np.isclose(weights[1] / weights[0], 4)


def test_a_mirrored_pose_puts_each_joint_where_its_counterpart_was():
    frames = pose_frames(canonical_corpus([swinging_clip("horse1", "walk", frames=7, swing=0.6)]))
    both = with_mirrored(frames)
    places = joint_places(accumulate(both.rotations), STANCE_OFFSETS)
    left, right = JOINTS.index("left_hind_foot"), JOINTS.index("right_hind_foot")
    np.testing.assert_allclose(places[7:, left], places[:7, right] * [-1, 1, 1], atol=1e-6)
    assert np.isclose(both.weight.sum(), 1)


def test_conditions_say_action_and_species_or_nothing():
    frames = pose_frames(swinging_animals())
    assert frames.actions == ("eat", "gallop", "walk")
    assert frames.species_names == ("fox", "horse")
    rows = conditions(np.array([2, -1]), np.array([0, -1]), frames.actions, frames.species_names)
    np.testing.assert_array_equal(rows, [[0, 0, 1, 1, 0], [0, 0, 0, 0, 0]])
