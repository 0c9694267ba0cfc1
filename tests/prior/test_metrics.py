"""The measures: what geometry and the definitions say, on cases whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from made_up_corpora import swinging_animals
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.judgement import judge
from pasyn_blender.prior.metrics import (
    coverage,
    diversity,
    nearest_distance,
    position_errors,
    rotation_errors,
    summary,
)
from pasyn_blender.prior.sampler import Prior


def poses_about_x(degrees: np.ndarray) -> np.ndarray:
    turns = np.zeros((*degrees.shape, 3))
    turns[..., 0] = np.radians(degrees)
    return from_turn(turns)


def test_rotation_errors_are_angles():
    still = poses_about_x(np.zeros((2, 3)))
    turned = poses_about_x(np.array([[0, 10, 90], [1e-4, 179.9, -45.0]]))
    np.testing.assert_allclose(rotation_errors(still, turned), [[0, 10, 90], [1e-4, 179.9, 45]], rtol=1e-6)
    hidden = rotation_errors(still, turned, np.array([True, False, True]))
    found = summary(hidden)
    assert found.median == pytest.approx(22.5, abs=0.01)
    assert found.mean == pytest.approx((0 + 90 + 1e-4 + 45) / 4)


def test_a_bent_joint_moves_what_hangs_on_it():
    """A chain of three rods of length one, bent by a right angle at the second joint."""
    offsets = np.array([[0.0, 0, 0], [0, 0, -1], [0, 0, -1], [0, 0, -1]])
    straight, bent = poses_about_x(np.array([[0.0, 0, 0, 0]])), poses_about_x(np.array([[0.0, 90, 0, 0]]))
    errors = position_errors(bent, straight, offsets, (-1, 0, 1, 2))
    np.testing.assert_allclose(errors[0], [0, 0, np.sqrt(2), 2 * np.sqrt(2)], atol=1e-12)
    unknown = position_errors(bent, straight, offsets, (-1, 0, 1, 2), np.array([True, False, True, True]))
    np.testing.assert_allclose(unknown[0], [0, np.nan, 0, 0], atol=1e-12)


def test_coverage_follows_its_definitions():
    real = Rotation.random(300, random_state=0).as_matrix().reshape(100, 3, 3, 3)
    samples = Rotation.random(420, random_state=1).as_matrix().reshape(140, 3, 3, 3)
    first, second = real.reshape(100, -1), samples.reshape(140, -1)
    radius = np.sort(cdist(first, first), axis=1)[:, 5]
    sample_radius = np.sort(cdist(second, second), axis=1)[:, 5]
    distance = cdist(first, second)
    found = coverage(real, samples)
    assert found.precision == pytest.approx((distance < radius[:, None]).any(axis=0).mean())
    assert found.recall == pytest.approx((distance < sample_radius).any(axis=1).mean())
    assert found.density == pytest.approx((distance < radius[:, None]).sum() / (5 * 140))
    assert found.coverage == pytest.approx((distance.min(axis=1) < radius).mean())


def test_coverage_tells_copies_collapse_and_nonsense_apart():
    rng = np.random.default_rng(0)
    angles = rng.uniform(-40, 40, size=(700, 2))
    real, alike = poses_about_x(angles[:350]), poses_about_x(angles[350:])
    good = coverage(real, alike)
    assert good.precision > 0.9 < good.recall
    assert good.density == pytest.approx(1, abs=0.1)
    collapsed = coverage(real, poses_about_x(rng.uniform(-2, 2, size=(350, 2))))
    assert collapsed.precision > 0.9
    assert collapsed.recall < 0.1 > collapsed.coverage
    far = coverage(real, poses_about_x(rng.uniform(120, 170, size=(350, 2))))
    assert far.precision == far.recall == far.coverage == far.density == 0


def test_nearest_distance_is_the_smallest_mean_angle():
    rng = np.random.default_rng(2)
    poses = from_turn(rng.normal(0, 0.5, size=(30, 4, 3)))
    others = from_turn(rng.normal(0, 0.5, size=(600, 4, 3)))
    every = rotation_errors(poses[:, None], others[None]).mean(axis=-1)
    np.testing.assert_allclose(nearest_distance(poses, others), every.min(axis=1), rtol=1e-4)
    some = rotation_errors(poses[:, None], others[None])[..., [0, 3]].mean(axis=-1)
    joints = np.array([True, False, False, True])
    np.testing.assert_allclose(nearest_distance(poses, others, joints), some.min(axis=1), rtol=1e-4)
    np.testing.assert_allclose(nearest_distance(others, others), 0, atol=1e-6)


def test_diversity_of_one_pose_is_none():
    same = np.repeat(poses_about_x(np.array([[10.0, 20]])), 50, axis=0)
    assert diversity(same, 0) == pytest.approx(0, abs=1e-5)
    two = np.concatenate([same, poses_about_x(np.full((50, 2), 50.0))])
    assert diversity(two, 0) == pytest.approx(0.5 * (40 + 30) / 2, abs=1)


def test_a_prior_is_judged_clip_by_clip(prior: Prior):
    corpus = swinging_animals()
    held_out = corpus.chosen(lambda clip: clip.animal == "fox1")
    train = corpus.chosen(lambda clip: clip.animal != "fox1")
    found = judge(prior, held_out, train, seed=0)
    assert found["held_out_frames"] == held_out.frames
    assert found["measured_joints"] == 24  # the fox lacks three
    assert [clip["clip"] for clip in found["clips"]] == [clip.name for clip in held_out.clips]
    # Its mixture has seen the fox; the horses carry their neck half a radian higher.
    for clip in found["clips"]:
        assert clip["nearest_sample_degrees"] < clip["nearest_training_degrees"]
    # A prior that has seen the fox comes near to more of its poses than the horses' poses do.
    near = found["reached"]["within 5 degrees"]
    assert near["samples"] >= max(0.9, near["training_poses"])
    assert found == judge(prior, held_out, train, seed=0)


def test_too_few_poses_are_refused():
    few = poses_about_x(np.zeros((5, 2)))
    with pytest.raises(PriorError, match="5 real poses; coverage with k=5 takes at least 6"):
        coverage(few, few)
