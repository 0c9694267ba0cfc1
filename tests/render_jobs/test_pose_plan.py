"""Canonical poses of a plan: what they depend on, what they keep to, and where they come from."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_prior import small_prior

from pasyn_blender.anatomy.kinematics import accumulate
from pasyn_blender.anatomy.rotations import from_turn, to_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import PriorError, RigError
from pasyn_blender.prior.collisions import collision_test
from pasyn_blender.prior.limits import read_limits
from pasyn_blender.prior.prior_file import read_prior
from pasyn_blender.prior.shot_poses import BLOCK, CANDIDATES
from render_jobs.job import Job, PoseSettings, job_identity
from render_jobs.plan import RigFacts, plan, plan_shot
from render_jobs.planning import plan_folder
from render_jobs.pose_record import pose_of, summarise_poses
from render_jobs.shot import Shot

REPOSITORY = Path(__file__).resolve().parents[2]
FACTS = RigFacts((("Walk", 0.0, 24.0), ("Eating", 1.0, 145.0)), name="zebra")


@pytest.fixture(scope="module")
def prior(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_prior(tmp_path_factory.mktemp("prior") / "small.npz")


@pytest.fixture
def job(prior: Path) -> Job:
    return Job(species="zebra", animal="zebra", images=40, poses=PoseSettings(file=prior))


def turns_of(shots: list[Shot]) -> np.ndarray:
    return np.array([candidate for shot in shots if shot.pose for candidate in shot.pose.candidates])


def test_a_pose_depends_on_job_seed_and_index_alone(job: Job) -> None:
    shots = plan(job, FACTS)
    assert plan(replace(job, images=3 * BLOCK), FACTS)[:40] == shots
    assert [plan_shot(job, FACTS, index) for index in (39, 0, 33)] == [shots[39], shots[0], shots[33]]
    other = plan(replace(job, seed=1), FACTS)
    assert all(a.pose != b.pose for a, b in zip(shots, other, strict=True))


def test_candidates_are_poses_an_animal_can_take_and_differ(job: Job) -> None:
    shots = plan(job, FACTS)
    turns = turns_of(shots)
    assert turns.shape == (40 * CANDIDATES, len(JOINTS), 3)
    poses = from_turn(turns)
    # Rounding the turns moves a joint by less than a hundredth of a degree.
    assert read_limits().violations(poses).max() < 0.012
    assert not collision_test().collides(accumulate(poses), give=0.0405).any()
    assert len({candidate.tobytes() for candidate in turns}) == len(turns)
    assert np.array_equal(turns, np.round(turns, 4))
    # In memory a pose takes little more than its numbers: plans of a hundred thousand shots are held whole.
    assert all(len(pose) == 2 * 3 * len(JOINTS) for shot in shots if shot.pose for pose in shot.pose.packed)


def test_what_was_turned_down_is_counted(prior: Path, job: Job) -> None:
    wild = small_prior(prior.with_name("wild.npz"), swing=0.2)
    tame, strained = (
        summarise_poses((pose_of(shot), None) for shot in plan(one, FACTS))["skeleton"]
        for one in (job, replace(job, poses=PoseSettings(file=wild)))
    )
    assert tame["acceptance"] > strained["acceptance"] > 0
    for counted in (tame, strained):
        lost = sum(counted["turned_down"].values())
        assert counted["drawn"] == 40 * CANDIDATES + lost
        assert counted["acceptance"] == pytest.approx(40 * CANDIDATES / counted["drawn"], abs=1e-4)


def test_a_prior_of_nothing_but_contortions_is_a_clear_error(prior: Path, job: Job) -> None:
    broken = small_prior(prior.with_name("broken.npz"), swing=40.0)
    with pytest.raises(PriorError, match=r"shot \d+: of 64 poses .* limits.*lower poses\.sigma"):
        plan(replace(job, poses=PoseSettings(file=broken)), FACTS)


def test_first_choices_go_round_all_poses_of_the_prior(job: Job, prior: Path) -> None:
    prior = small_prior(prior.with_name("calm.npz"), swing=0.02)
    job = replace(job, poses=PoseSettings(file=prior))
    # At sigma 0 a candidate is the pose of a centre; 40 centres of equal weight are met by 40 shots.
    centres = to_turn(read_prior(prior).decode(read_prior(prior).mixture.centres).astype(float))
    shots = plan(replace(job, poses=replace(job.poses, sigma=0.0)), FACTS)
    firsts = np.array([shot.pose.candidates[0] for shot in shots if shot.pose])
    distance = np.abs(firsts[:, None] - centres[None]).max(axis=(2, 3))
    met = {int(row.argmin()) for row in distance if row.min() < 2e-4}
    assert len(met) > 30  # independent draws would meet 25 of 40


def test_labels_restrict_the_poses(job: Job, prior: Path) -> None:
    prior = small_prior(prior.with_name("labelled.npz"), swing=0.02)
    job = replace(job, poses=PoseSettings(file=prior))
    decoded = to_turn(read_prior(prior).decode(read_prior(prior).mixture.centres).astype(float))
    for number, action in enumerate(("graze", "walk")):
        settings = replace(job.poses, sigma=0.0, actions=(action,))
        turns = turns_of(plan(replace(job, images=8, poses=settings), FACTS))
        own = decoded[20 * number : 20 * (number + 1)]
        nearest = np.abs(turns[:, None] - own[None]).max(axis=(2, 3)).min(axis=1)
        assert nearest.max() < 2e-4


def test_a_share_takes_the_very_moments_that_actions_alone_would(job: Job) -> None:
    mixed = plan(replace(job, images=200, poses=replace(job.poses, share_of_actions=0.3)), FACTS)
    actions = plan(replace(job, images=200, poses=PoseSettings("actions")), FACTS)
    poses = plan(replace(job, images=200), FACTS)
    share = np.mean([shot.action is not None for shot in mixed])
    assert share == pytest.approx(0.3, abs=0.1)
    for shot, by_action, by_prior in zip(mixed, actions, poses, strict=True):
        assert shot == (by_action if shot.action is not None else by_prior)
        assert (shot.camera, shot.light, shot.coat) == (by_action.camera, by_action.light, by_action.coat)


def test_only_poses_from_actions_need_actions(job: Job) -> None:
    still = RigFacts((), name="statue.glb")
    assert len(plan(job, still)) == 40
    for settings in (PoseSettings("actions"), replace(job.poses, share_of_actions=1.0)):
        with pytest.raises(RigError, match=r"statue\.glb: found no action.*poses: prior"):
            plan(replace(job, poses=settings), still)


@pytest.fixture
def pose_file(tmp_path: Path, prior: Path) -> Path:
    path = tmp_path / "poses.npz"
    np.savez(path, joints=np.array(JOINTS), rotations=read_prior(prior).sample(7, 0))
    return path


def test_poses_of_a_file_come_each_once_then_again(job: Job, pose_file: Path) -> None:
    settings = PoseSettings("file", file=pose_file)
    shots = plan(replace(job, images=21, poses=settings), FACTS)
    numbers = [shot.pose.number for shot in shots if shot.pose]
    for turn in range(3):
        assert sorted(numbers[7 * turn : 7 * turn + 7]) == list(range(7))
    assert numbers[:7] != numbers[7:14]
    with np.load(pose_file) as archive:
        expected = to_turn(archive["rotations"].astype(float))
    for shot in shots:
        assert shot.pose is not None and shot.pose.number is not None
        np.testing.assert_allclose(shot.pose.candidates[0], expected[shot.pose.number], atol=6e-5)
    again = plan(replace(job, images=21, seed=1, poses=settings), FACTS)
    assert [shot.pose.number for shot in again if shot.pose] != numbers


def test_a_file_with_nan_names_the_pose(job: Job, pose_file: Path) -> None:
    with np.load(pose_file) as archive:
        rotations = archive["rotations"]
    rotations[4, 2] = np.nan
    np.savez(pose_file, joints=np.array(JOINTS), rotations=rotations)
    with pytest.raises(PriorError, match=r"poses\.npz: pose 4 holds NaN"):
        plan(replace(job, poses=PoseSettings("file", file=pose_file)), FACTS)


def test_shots_with_poses_survive_json(job: Job, pose_file: Path) -> None:
    file_job = replace(job, poses=PoseSettings("file", file=pose_file))
    for shot in (*plan(job, FACTS)[:3], *plan(file_job, FACTS)[:3]):
        assert Shot.from_dict(json.loads(shot.to_json())) == shot


def test_another_prior_or_other_poses_are_another_dataset(job: Job, prior: Path, pose_file: Path) -> None:
    same = small_prior(prior.with_name("copy.npz"))
    other = small_prior(prior.with_name("other.npz"), seed=1)
    variants = [
        job.poses,
        PoseSettings(file=other),
        replace(job.poses, sigma=0.5),
        replace(job.poses, actions=("walk",)),
        replace(job.poses, share_of_actions=0.5),
        PoseSettings("file", file=pose_file),
        PoseSettings("actions"),
    ]
    identities = [job_identity(replace(job, poses=poses)) for poses in variants]
    assert len(set(identities)) == len(variants)
    assert job_identity(replace(job, poses=PoseSettings(file=same))) == identities[0]
    # What is not used decides nothing: the rig's actions beside a prior, a prior beside the rig's actions.
    assert job_identity(replace(job, actions=("Walk",))) == identities[0]
    assert job_identity(replace(job, poses=PoseSettings("actions", sigma=2.0))) == identities[-1]


def test_a_planned_folder_keeps_its_poses_when_the_prior_is_trained_anew(tmp_path: Path) -> None:
    prior = small_prior(tmp_path / "prior.npz")
    job = Job(species="zebra", animal="zebra", images=6, poses=PoseSettings(file=prior))
    out = tmp_path / "out"
    out.mkdir()
    planned = plan_folder(out, job, FACTS, lambda: None)
    assert planned == plan(job, FACTS)
    small_prior(prior, seed=1)
    assert plan(job, FACTS) != planned
    assert plan_folder(out, job, FACTS, lambda: None) == planned
    assert plan_folder(out, replace(job, images=4), FACTS, lambda: None) == planned[:4]
    # Another plan altogether is no plan to keep.
    assert plan_folder(out, replace(job, seed=1), FACTS, lambda: None) == plan(replace(job, seed=1), FACTS)
    actions = replace(job, poses=PoseSettings("actions"))
    assert plan_folder(out, actions, FACTS, lambda: None) == plan(actions, FACTS)


def test_the_number_of_threads_changes_no_pose() -> None:
    """Matrix products differ in their last bits by it; what is planned does not."""
    program = (
        "import hashlib, numpy; from render_jobs.job_schema import PoseSettings; "
        "from render_jobs.pose_plan import PosePlan; "
        "plan = PosePlan(PoseSettings('prior'), 0, lambda i: numpy.random.default_rng([0, i])); "
        "print(hashlib.sha256(repr([plan.pose(i) for i in range(64)]).encode()).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert len(runs[0]) == 65 and runs[0] == runs[1]
