"""Sampling: seeded, of what was learnt, and the same however much is asked for."""

from __future__ import annotations

import time

import numpy as np
import pytest
from made_up_corpora import LACKING, swinging_animals, swinging_clip
from scipy.spatial.transform import Rotation

from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.latent_draws import BLOCK
from pasyn_blender.prior.metrics import nearest_distance, rotation_errors
from pasyn_blender.prior.pose_frames import pose_frames, without_heading
from pasyn_blender.prior.sampler import Prior


def gallop() -> np.ndarray:
    return swinging_clip("horse1", "gallop", 40, 0.8, 0.2, heading=0.7).rotations


def test_samples_are_rotations_that_face_forward(prior: Prior):
    poses = prior.sample(500, seed=3)
    assert poses.shape == (500, 27, 3, 3)
    assert poses.dtype == np.float32
    np.testing.assert_allclose(
        poses @ np.swapaxes(poses, -1, -2), np.broadcast_to(np.eye(3), poses.shape), atol=1e-5
    )
    np.testing.assert_allclose(np.linalg.det(poses), 1, atol=1e-5)
    assert rotation_errors(poses, without_heading(poses))[:, 0].max() < 3


def test_more_samples_add_to_those_that_are_there(prior: Prior):
    for source in ("prior", "normal", "posterior"):
        many = prior.sample(2 * BLOCK + 90, seed=7, source=source)
        for count in (1, BLOCK - 1, BLOCK, BLOCK + 1):
            np.testing.assert_array_equal(prior.sample(count, seed=7, source=source), many[:count])
    assert not np.allclose(prior.sample(5, seed=8), many[:5])
    assert prior.sample(0, seed=7).shape == (0, 27, 3, 3)


def test_a_generator_gives_new_samples_each_time(prior: Prior):
    rng = np.random.default_rng(0)
    first, second = prior.sample(4, rng), prior.sample(4, rng)
    assert not np.allclose(first, second)
    np.testing.assert_array_equal(first, prior.sample(4, np.random.default_rng(0)))


def test_samples_are_new_and_yet_near_what_was_learnt(prior: Prior):
    learnt = pose_frames(swinging_animals()).rotations
    spread = [np.median(nearest_distance(prior.sample(300, 0, sigma), learnt)) for sigma in (0, 1, 4)]
    assert spread[0] < spread[1] < spread[2]
    wild = np.median(nearest_distance(prior.sample(300, 0, 1.0, "normal"), learnt))
    assert spread[1] < wild


def test_every_pose_learnt_gets_its_share(prior: Prior):
    """Of as many samples as Gaussians of one weight no Gaussian is drawn three times."""
    latents, _ = prior.sample_latents(400, 5, sigma=0)
    centres, times = np.unique(latents, axis=0, return_counts=True)
    expected = 400 * prior.mixture.weights
    assert len(centres) >= (expected >= 1).sum()
    assert times.max() <= np.ceil(expected.max()) + 1


def test_an_action_or_a_species_can_be_asked_for(prior: Prior):
    def swing(poses: np.ndarray) -> float:
        thigh = poses[:, JOINTS.index("left_thigh")]
        return float(np.degrees(np.arcsin(thigh[:, 2, 1])).std())

    assert prior.actions == ("eat", "gallop", "walk")
    assert swing(prior.sample(200, 0, action="gallop")) > 2 * swing(prior.sample(200, 0, action="eat"))
    neck = JOINTS.index("neck_base")
    high, low = (
        prior.sample(200, 0, action="walk", species=name)[:, neck, 2, 1] for name in ("horse", "fox")
    )
    assert high.mean() > low.mean() + 0.2


def test_joints_of_some_animals_are_filled_in_and_joints_of_none_stay(prior: Prior):
    assert prior.known.all()  # the horses have what the fox lacks
    some = prior.known.copy()
    some[JOINTS.index("tail_end")] = False
    from dataclasses import replace

    poses = replace(prior, known=some).sample(10, 0)
    np.testing.assert_array_equal(poses[:, JOINTS.index("tail_end")], np.broadcast_to(np.eye(3), (10, 3, 3)))
    assert set(LACKING) <= set(prior.joints)


def test_what_is_encoded_comes_back(prior: Prior):
    poses = without_heading(gallop())
    back = prior.decode(prior.encode(gallop()))
    assert rotation_errors(back, poses).mean() < 5
    without_legs = np.array(["right" not in name for name in JOINTS])
    partly = prior.decode(prior.encode(gallop(), without_legs))
    assert rotation_errors(partly, poses).mean() < 15


def test_poses_around_a_pose_vary_and_the_pose_is_their_middle(prior: Prior):
    pose = without_heading(gallop()[11])
    np.testing.assert_allclose(prior.around(pose, 3, 0, spread=0), np.stack([pose] * 3), atol=1e-5)
    near, far = (rotation_errors(prior.around(pose, 100, 0, spread), pose).mean() for spread in (0.3, 1.0))
    assert 0.1 < near < far < 15
    np.testing.assert_array_equal(prior.around(pose, 5, 4), prior.around(pose, 5, 4))


def test_the_way_between_two_poses_begins_and_ends_with_them(prior: Prior):
    start, end = gallop()[3], gallop()[20]
    path = prior.between(start, end, 25)
    np.testing.assert_allclose(path[0], without_heading(start), atol=1e-5)
    np.testing.assert_allclose(path[-1], without_heading(end), atol=1e-5)
    steps = rotation_errors(path[1:], path[:-1]).mean(axis=1)
    assert steps.max() < 0.3 * rotation_errors(path[0], path[-1]).mean()


def test_a_walk_moves_at_an_even_pace_among_poses(prior: Prior):
    walk = prior.walk(80, seed=2, speed=2.0)
    steps = rotation_errors(walk[1:], walk[:-1]).mean(axis=1)
    assert np.median(steps) == pytest.approx(2.0, rel=0.1)
    assert steps.max() < 2.5
    learnt = pose_frames(swinging_animals()).rotations
    assert np.median(nearest_distance(walk, learnt)) < 6
    np.testing.assert_array_equal(walk, prior.walk(80, seed=2, speed=2.0))
    assert not np.allclose(walk, prior.walk(80, seed=3, speed=2.0))


def test_a_broken_leg_is_less_plausible_and_named(prior: Prior):
    poses = without_heading(gallop())
    broken = poses.copy()
    shin = JOINTS.index("left_shin")
    broken[:, shin] = Rotation.from_euler("y", 70, degrees=True).as_matrix() @ broken[:, shin]
    good, bad = prior.score(poses), prior.score(broken)
    assert bad.log_density.mean() < good.log_density.mean() - 3
    assert (np.nanargmax(bad.error, axis=1) == shin).mean() > 0.9
    hidden = np.array([name != "left_shin" for name in JOINTS])
    assert np.isnan(prior.score(broken, hidden).error[:, shin]).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda prior: prior.sample(3, 0, source="uniform"), "'uniform' is none of prior, normal, posterior"),
        (lambda prior: prior.sample(3, 0, sigma=-1), "sigma -1"),
        (lambda prior: prior.sample(3, -5), "seed is -5; it must be at least 0"),
        (lambda prior: prior.sample(3, 0, action="swim"), "no action 'swim'; it has eat, gallop, walk"),
        (lambda prior: prior.encode(np.zeros((2, 12, 3, 3))), r"takes \(N, 27, 3, 3\)"),
        (
            lambda prior: prior.encode(np.full((2, 27, 3, 3), np.nan)),
            "pose 0 has NaN in the rotation of pelvis",
        ),
        (lambda prior: prior.decode(np.zeros((2, 5))), r"takes \(N, 8\)"),
        (lambda prior: prior.walk(0, 0), "0 frames"),
        (lambda prior: prior.between(gallop()[0], gallop()[1], 1), "at least two"),
        (lambda prior: prior.check_joints(("pelvis", "wing")), "lacks wing and it has spine"),
    ],
)
def test_what_cannot_be_sampled_is_said(prior: Prior, call, words):
    with pytest.raises(PriorError, match=words):
        call(prior)


@pytest.mark.slow
def test_a_hundred_thousand_poses_take_seconds():
    """At the default size of the networks: four seconds on two idle cores, with room for a busy machine."""
    from pasyn_blender.prior.training import TrainingOptions, train_prior

    large, _ = train_prior(swinging_animals(), TrainingOptions(seed=0, epochs=1))
    began = time.process_time()
    large.sample(100_000, 0)
    assert time.process_time() - began < 12
