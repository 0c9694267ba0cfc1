"""Poses as the panel draws, moves and judges them. Plain numpy."""

from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.anatomy.kinematics import mirrored_pose
from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.collisions import collision_test
from pasyn_blender.prior.latent_directions import along_directions, strongest_directions
from pasyn_blender.prior.limits import read_limits
from pasyn_blender.prior.pose_verdict import OwnPoses, own_poses_of, verdict
from pasyn_blender.prior.prior_file import read_prior
from pasyn_blender.prior.sampler import Prior
from pasyn_blender.prior.shot_poses import BLOCK, block_of_poses, first_pose, pose_source
from render_jobs.job_schema import PoseSettings
from render_jobs.plan import subject_generator
from render_jobs.pose_plan import PosePlan

BUILT_IN = Path(__file__).resolve().parents[2] / "assets" / "priors" / "quadruped.npz"
POSE = 7  # the pose's random stream in render_jobs.plan


@pytest.fixture(scope="module")
def prior() -> Prior:
    return read_prior(BUILT_IN)


@pytest.fixture(scope="module")
def own(prior: Prior) -> OwnPoses:
    return own_poses_of(prior, np.ones(len(JOINTS), dtype=bool))


def test_a_seed_gives_the_candidates_of_a_jobs_first_picture(prior: Prior) -> None:
    settings = PoseSettings(source="prior", sigma=0.8)
    for seed in (0, 11):
        plan = PosePlan(settings, seed, lambda index, seed=seed: subject_generator(seed, index, POSE))
        ours = block_of_poses(pose_source(prior, sigma=0.8), 0, seed, read_limits(), collision_test())
        for index in (0, BLOCK - 1):
            planned = plan.pose(index)
            packed = type(planned).of("prior", ours[index].turns, ours[index].turned_down)
            assert packed == planned


def test_a_pose_that_need_not_be_feasible_is_the_first_that_is_drawn(prior: Prior) -> None:
    source = pose_source(prior)
    drawn = [first_pose(source, seed) for seed in range(8)]
    offered = [block_of_poses(source, 0, seed, read_limits(), collision_test())[0] for seed in range(8)]
    same = [
        np.abs(from_turn(shot.turns[0]) - pose).max() < 1e-9
        for shot, pose in zip(offered, drawn, strict=True)
        if not any(shot.turned_down.values())
    ]
    assert sum(same) > 2, "feasible poses inside their limits are offered as they were drawn"


def test_temperature_says_how_evenly_poses_are_drawn(prior: Prior) -> None:
    def spread(temperature: float) -> float:
        weights = pose_source(prior, temperature=temperature).mixture.weights
        assert weights.sum() == pytest.approx(1)
        return float(-(weights * np.log(np.maximum(weights, 1e-300))).sum())

    assert spread(0.3) < spread(1.0) < spread(4.0) < np.log(len(prior.mixture.weights)) + 1e-9
    assert pose_source(prior).mixture is prior.mixture, "at 1 it is the prior itself, as datasets draw"
    with pytest.raises(PriorError, match="temperature"):
        pose_source(prior, temperature=0.0)


def test_directions_are_ordered_by_what_is_seen_and_move_the_pose_to_and_fro(prior: Prior) -> None:
    directions = strongest_directions(prior, 6)
    assert len(directions.steps) == len(directions.moves) == 6
    pose = prior.sample(1, 3)[0].astype(np.float64)

    def moved(row: int, amount: float) -> np.ndarray:
        return along_directions(prior, directions, pose, amount * np.eye(6)[row])

    assert np.degrees(angle_between(moved(0, 0.0), pose)).max() < 0.01, "nothing moves nothing"
    swing = [np.degrees(angle_between(moved(row, 1.0), moved(row, -1.0))).mean() for row in range(6)]
    assert swing[0] == max(swing) and min(swing) > 2
    one, two = (np.degrees(angle_between(moved(1, amount), pose)).mean() for amount in (0.5, 1.0))
    assert one < two
    again = strongest_directions(prior, 6)
    assert again.moves == directions.moves and (again.steps == directions.steps).all()


def test_the_priors_own_poses_are_spread_over_all_per_cents(prior: Prior, own: OwnPoses) -> None:
    limits, collisions = read_limits(), collision_test()
    samples = prior.sample(60, 77)
    percents = [verdict(prior, own, pose, limits, collisions).percent for pose in samples]
    assert 35 < np.mean(percents) < 65
    assert min(percents) < 15 and max(percents) > 85


def test_a_joint_that_is_out_of_place_is_named(prior: Prior, own: OwnPoses) -> None:
    limits, collisions = read_limits(), collision_test()
    pose = prior.sample(1, 77, sigma=0.0)[0].astype(np.float64)
    good = verdict(prior, own, pose, limits, collisions)
    assert good.percent > 20 and not good.odd and not good.beyond
    for joint in ("head", "left_forearm", "spine", "left_hind_foot"):
        broken = pose.copy()
        row = JOINTS.index(joint)
        broken[row] = broken[row] @ from_turn(np.radians([0.0, 0.0, 80.0]))
        found = verdict(prior, own, broken, limits, collisions)
        assert found.percent < 5 and found.word != good.word
        assert found.odd[0][0] == joint, found
        assert joint in [name for name, _ in found.beyond]
    # Left and right are judged alike.
    mirror = verdict(prior, own, mirrored_pose(broken), limits, collisions)
    assert mirror.percent == pytest.approx(found.percent, abs=3)


def test_crossing_legs_are_named(prior: Prior, own: OwnPoses) -> None:
    pose = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    pose[JOINTS.index("left_upper_arm")] = from_turn(np.radians([0.0, 28.0, 0.0]))
    pose[JOINTS.index("right_upper_arm")] = from_turn(np.radians([0.0, -28.0, 0.0]))
    found = verdict(prior, own, pose, read_limits(), collision_test())
    assert any({"left", "right"} == {a.split("_")[0], b.split("_")[0]} for a, b in found.crossing), found
