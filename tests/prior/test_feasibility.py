"""Poses that an animal can take: judged, drawn until there are enough, and put on their feet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pasyn_blender.anatomy.kinematics import accumulate
from pasyn_blender.anatomy.rotations import Array, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE_OFFSETS
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.collisions import collision_test
from pasyn_blender.prior.feasibility import (
    REASONS,
    draw_feasible,
    judge,
    prior_candidates,
    round_seed,
    stand,
)
from pasyn_blender.prior.ground import contact_places, contact_points
from pasyn_blender.prior.limits import from_joint_angles, read_limits

LIMITS = read_limits()
COLLISIONS = collision_test()


def bent(joint: str, *degrees: float) -> Array:
    """(N, J, 3, 3) stances with one joint's pitch set."""
    angles = np.zeros((len(degrees), len(JOINTS), 3))
    angles[:, JOINTS.index(joint), 0] = degrees
    return from_joint_angles(angles)


def wild(poses: Array, number: int) -> Array:
    """Candidates of poses by their number and the round alone."""
    turns = [
        np.random.default_rng(np.random.SeedSequence(7, spawn_key=(int(i), number))).normal(
            size=(len(JOINTS), 3)
        )
        for i in poses
    ]
    return from_turn(np.array(turns).reshape(-1, len(JOINTS), 3) * 0.15).astype(np.float32)


def verdict(local: Array) -> Any:
    return judge(local, LIMITS, COLLISIONS, most_projection=15)


def test_a_little_beyond_is_brought_back_and_far_beyond_turned_down() -> None:
    high = LIMITS.high[JOINTS.index("left_forearm"), 0]
    judged = judge(bent("left_forearm", high - 1, high + 10, high + 20), LIMITS, most_projection=15)
    assert judged.accepted.tolist() == [True, True, False]
    assert judged.beyond.tolist() == pytest.approx([0, 10, 20])
    assert judged.reason.tolist() == [-1, -1, REASONS.index("limits")]
    assert LIMITS.violations(judged.poses).max() == 0


def test_legs_through_each_other_are_turned_down() -> None:
    crossed = np.tile(np.eye(3), (2, len(JOINTS), 1, 1))
    crossed[1, JOINTS.index("left_upper_arm")] = from_turn(np.radians([0.0, 25, 0]))
    judged = judge(crossed, LIMITS, COLLISIONS)
    assert judged.reason.tolist() == [-1, REASONS.index("collision")]
    assert judge(crossed, LIMITS).accepted.all()


def test_poses_of_nan_are_turned_down() -> None:
    poses = bent("head", 0, 0)
    poses[1, 5] = np.nan
    assert judge(poses, LIMITS, COLLISIONS).accepted.tolist() == [True, False]


def test_every_pose_drawn_is_within_limits_and_free_of_collisions() -> None:
    drawn = draw_feasible(wild, 300, verdict)
    assert drawn.poses.shape == (300, len(JOINTS), 3, 3) and drawn.poses.dtype == np.float32
    assert LIMITS.violations(drawn.poses).max() == 0
    assert not COLLISIONS.collides(accumulate(drawn.poses)).any()
    assert 0 < drawn.projected.max() <= 15


def test_asking_for_more_adds_to_what_was_there() -> None:
    few, many = draw_feasible(wild, 40, verdict), draw_feasible(wild, 160, verdict)
    assert np.array_equal(many.poses[:40], few.poses)
    assert np.array_equal(many.round[:40], few.round)
    assert few.round.max() > 0


def test_acceptance_counts_every_candidate() -> None:
    drawn = draw_feasible(wild, 200, verdict)
    assert sum(drawn.rejected.values()) == drawn.round.sum()
    assert drawn.acceptance == pytest.approx(200 / (200 + drawn.round.sum()))
    assert 0.05 < drawn.acceptance < 0.95


def test_a_hopeless_source_is_told_with_its_reason() -> None:
    def broken(poses: Array, number: int) -> Array:
        return bent("left_forearm", *[90.0] * len(poses))

    with pytest.raises(PriorError, match=r"3 of 3 poses .* 5 candidates .* 15 by limits, 0 by collision"):
        draw_feasible(broken, 3, verdict, most_rounds=5)


def test_no_poses_are_drawn_when_none_are_asked_for() -> None:
    drawn = draw_feasible(wild, 0, verdict)
    assert drawn.poses.shape == (0, len(JOINTS), 3, 3) and drawn.acceptance == 1
    with pytest.raises(PriorError, match="-1 poses"):
        draw_feasible(wild, -1, verdict)


def test_candidates_of_a_prior_are_its_samples_first_and_new_ones_later() -> None:
    class StandIn:
        """Latents are seed and number, the pose's head pitches by their sum."""

        def sample_latents(self, count: int, seed: int, *_: Any) -> tuple[Array, Array]:
            rows = np.arange(count, dtype=float)[:, None]
            return np.concatenate([rows, np.full_like(rows, seed % 1000)], axis=1), rows[:, :0]

        def decode(self, latents: Array, conditions: Array) -> Array:
            assert len(latents) == len(conditions)
            return bent("head", *latents.sum(axis=1) / 50)

    candidates = prior_candidates(StandIn(), 100, seed=5)  # type: ignore[arg-type]
    chosen = np.array([3, 60])
    np.testing.assert_allclose(candidates(chosen, 0), bent("head", 8 / 50, 65 / 50))
    assert not np.allclose(candidates(chosen, 1), candidates(chosen, 0))
    assert np.array_equal(candidates(chosen, 2), candidates(chosen, 2))


def test_seeds_of_rounds_differ() -> None:
    seeds = {round_seed(seed, number) for seed in range(20) for number in range(20)}
    assert len(seeds) == 400
    assert round_seed(0, 0) == 0


def test_standing_poses_are_tilted_and_stay_within_limits() -> None:
    low = LIMITS.low[JOINTS.index("pelvis"), 0]
    leaning = np.concatenate([bent("pelvis", 3.0), bent("pelvis", low + 1e-3)])
    # The second rears as far as it may, one hind foot a little higher: it may not be tilted further.
    leaning[1, JOINTS.index("left_shin")] = from_turn(np.radians([6.0, 0, 0]))
    poses, footing = stand(leaning, LIMITS)
    assert LIMITS.violations(poses).max() == 0
    np.testing.assert_allclose(poses[0, 0], np.eye(3), atol=5e-3)
    np.testing.assert_allclose(poses[:, 0], footing.tilt @ leaning[:, 0])
    contacts = contact_points()
    balls = contact_places(accumulate(poses), STANCE_OFFSETS, contacts, footing.root)
    np.testing.assert_allclose((balls[..., 2] - contacts.radius).min(axis=1), 0, atol=1e-9)
    assert np.array_equal(poses[:, 1:], leaning[:, 1:])
