"""``pasyn prior sample`` writes poses that an animal can take, the same ones for the same seed."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from runs import pasyn
from small_prior import small_prior
from typer.testing import CliRunner

from pasyn_blender.anatomy.kinematics import accumulate
from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import PasynError, PriorError
from pasyn_blender.prior.collisions import collision_test
from pasyn_blender.prior.corpus import canonical_corpus, write_corpus
from pasyn_blender.prior.feasibility import Judged, stand
from pasyn_blender.prior.ground import contact_places, contact_points
from pasyn_blender.prior.limits import read_limits
from pasyn_blender.prior.pose_file import read_poses
from pasyn_blender.prior.prior_file import read_prior
from pasyn_blender.prior.sampler import Prior
from render_jobs.cli_prior import app
from render_jobs.named_files import named_pair, named_pose, prior_path
from render_jobs.prior_sampling import (
    OnRig,
    Sampling,
    drawn_candidates,
    motion,
    near_candidates,
    pace,
    sample_feasible,
)

LIMITS = read_limits()


def silent(what: str, share: float) -> None:
    """Show no progress."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_prior(tmp_path_factory.mktemp("prior") / "small.npz")


@pytest.fixture(scope="module")
def prior(file: Path) -> Prior:
    return read_prior(file)


def drawn(prior: Prior, count: int, seed: int = 0, limits: Any = LIMITS, **how: Any) -> Sampling:
    return sample_feasible(prior, count, drawn_candidates(prior, seed, **how), limits, silent)


def said(program: Any) -> str:
    assert "Traceback" not in program.stderr
    return " ".join(program.stderr.split())


def test_every_pose_is_inside_its_limits_with_limbs_apart_and_feet_on_the_ground(prior: Prior) -> None:
    made = drawn(prior, 700)
    poses = made.poses
    assert not LIMITS.violations(poses.rotations).any()
    assert not collision_test().collides(accumulate(poses.rotations), give=0.05).any()
    contacts = contact_points()
    offsets = collision_test().offsets
    balls = contact_places(accumulate(poses.rotations.astype(float)), offsets, contacts, poses.root)
    lowest = (balls[..., 2] - contacts.radius).min(axis=1)
    assert np.abs(lowest).max() < 1e-4
    assert poses.clearance.min() > -1e-4 and (poses.clearance < 0.01).any(axis=1).mean() > 0.5
    # This prior swings without regard to an animal: some of what it gives must have been turned down.
    assert 0.05 < made.acceptance < 0.995
    assert made.acceptance == 1 - sum(made.turned_down.values()) / made.tried


def test_more_poses_leave_the_first_as_they_are(prior: Prior) -> None:
    few, many = (drawn(prior, count).poses for count in (300, 700))
    for name in ("rotations", "root", "clearance"):
        assert np.array_equal(getattr(few, name), getattr(many, name)[:300])
    pose = prior.mixture.centres[:1]
    near = [
        sample_feasible(prior, count, near_candidates(prior, prior.decode(pose)[0], 0, 1.0), LIMITS, silent)
        for count in (20, 270)
    ]
    assert np.array_equal(near[0].poses.rotations, near[1].poses.rotations[:20])
    other = drawn(prior, 300, seed=1).poses
    assert not np.array_equal(few.rotations, other.rotations)


def test_without_limits_the_priors_own_samples_come_but_stand(prior: Prior) -> None:
    made = drawn(prior, 40, limits=None, sigma=1.5)
    assert made.acceptance == 1
    # The pelvis may be tilted to stand; all else is as it was drawn.
    assert np.array_equal(made.poses.rotations[:, 1:], prior.sample(40, 0, 1.5)[:, 1:])


def test_labels_choose_poses(prior: Prior) -> None:
    assert len(drawn(prior, 10, action="walk").poses) == 10
    with pytest.raises(PriorError, match="no action 'fly'; it has graze, walk"):
        drawn(prior, 10, action="fly")


def test_variations_are_near_their_pose(prior: Prior) -> None:
    pose = prior.decode(0.2 * prior.mixture.centres[:1])[0]
    far = []
    for spread in (0.0, 0.1, 0.6):
        made = sample_feasible(prior, 60, near_candidates(prior, pose, 0, spread), LIMITS, silent).poses
        # Standing tilts the pelvis.
        far.append(np.degrees(angle_between(made.rotations[:, 1:], pose[None, 1:])).mean())
    assert far[0] < 0.5 and far[0] < far[1] < far[2]


def test_a_walk_has_no_jump_and_its_ground_does_not_shake(prior: Prior) -> None:
    frames = prior.walk(90, 0, speed=2.0)
    made = motion(prior, frames, LIMITS, silent).poses
    mean, most = pace(made.rotations)
    assert 1.0 < mean < 3.0 and most < 3 * mean
    assert not LIMITS.violations(made.rotations).any()
    # Stood frame by frame the body tilts in jerks; evened out over neighbours it does not.
    allowed = LIMITS.project(frames)
    jerks = [
        np.degrees(angle_between(tilted[1:], tilted[:-1])).max()
        for tilted in (
            poses[:, 0].astype(float) @ np.swapaxes(allowed[:, 0], -1, -2).astype(float)
            for poses in (stand(allowed, LIMITS)[0], made.rotations)
        )
    ]
    assert jerks[1] < 0.5 * jerks[0]


def test_single_poses_are_named_by_file_and_row(prior: Prior, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.npz"
    assert pasyn("prior", "sample", str(file), "-n", "4", "-o", str(out)).returncode == 0
    poses = read_poses(out).rotations
    assert np.array_equal(named_pose(str(out), prior), poses[0])
    assert np.array_equal(named_pose(f"{out}:-1", prior), poses[3])
    start, end = named_pair(f"{out}:1,3", prior)
    assert np.array_equal(start, poses[1]) and np.array_equal(end, poses[3])
    with pytest.raises(PriorError, match="has 4 poses, counted from 0"):
        named_pose(f"{out}:4", prior)
    with pytest.raises(PriorError, match="write two poses"):
        named_pair(str(out), prior)


def test_the_command_writes_the_same_bytes_again_and_tells_of_them(file: Path, tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{name}.npz" for name in "abc")
    # With or without its ending, and whatever the number of threads.
    told = pasyn("prior", "sample", str(file), "-n", "50", "--seed", "7", "-o", str(first))
    assert told.returncode == 0, told.stderr
    named = str(file.with_suffix(""))
    assert pasyn("prior", "sample", named, "-n", "50", "--seed", "7", "-o", str(second)).returncode == 0
    assert pasyn("prior", "sample", named, "-n", "50", "--seed", "8", "-o", str(third)).returncode == 0
    assert first.read_bytes() == second.read_bytes() != third.read_bytes()
    assert "50 poses of 27 joints" in told.stdout and "accepted" in told.stdout
    assert f"poses: {first}" in told.stdout
    header = json.loads(str(np.load(first)["header"]))
    assert header["seed"] == 7 and header["sigma"] == 1 and 0 < header["acceptance"] <= 1
    assert header["prior"] == {"name": "small", "sha256": read_prior(file).card["arrays_sha256"]}
    assert str(tmp_path) not in json.dumps(header)


def test_motions_are_written_with_their_rate(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "walk.npz"
    told = pasyn("prior", "sample", str(file), "--walk", "2", "--rate", "25", "-o", str(out))
    assert told.returncode == 0, told.stderr
    assert "a second at 25 frames a second" in told.stdout
    found = read_poses(out)
    assert len(found) == 50 and found.header["rate"] == 25 and found.header["kind"] == "walk"


def test_a_prior_of_other_joints_is_sampled_without_limits_but_not_on_a_rig(tmp_path: Path) -> None:
    other = small_prior(tmp_path / "legs.npz", joints=("upperleg.L", "frontleg.L"))
    out = tmp_path / "p.npz"
    told = pasyn("prior", "sample", str(other), "-n", "5", "-o", str(out))
    assert told.returncode == 0 and "no limits, collisions or ground are known" in told.stdout
    found = read_poses(out)
    assert found.joints == ("upperleg.L", "frontleg.L") and np.isnan(found.root).all()
    refused = pasyn("prior", "sample", str(other), "--rig", "zebra", "-o", str(out))
    assert refused.returncode == 2
    assert "2 joints of its own (upperleg.L, frontleg.L, …)" in said(refused)


def test_bad_input_is_one_clear_line(file: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "p.npz")
    cut = small_prior(tmp_path / "cut.npz")
    cut.write_bytes(cut.read_bytes()[:-200])
    pickled = small_prior(tmp_path / "pickled.npz")
    pickled.write_bytes(b"\x80\x04cbuiltins\nprint\n.")
    write_corpus(canonical_corpus([]), tmp_path / "corpus.npz")
    (tmp_path / "taken.npz").write_bytes(b"something precious")
    for arguments, words in (
        ((str(tmp_path / "absent"), "-o", out), "absent.npz does not exist; `pasyn prior train` makes one"),
        ((str(cut), "-o", out), "cut.npz"),
        ((str(pickled), "-o", out), "no .npz archive of arrays but a pickle"),
        ((str(tmp_path / "corpus.npz"), "-o", out), "is a corpus, not a prior"),
        ((str(file), "--rig", "unicorn", "-o", out), "neither a rig (.blend, .glb, .gltf, .fbx) nor a built"),
        ((str(file), "--source", "x", "-o", out), "--source x is none of prior, normal, posterior"),
        ((str(file), "--rig-map", "map.yaml", "-o", out), "name the rig with --rig"),
        ((str(file), "--walk", "1", "--around", out, "-o", out), "give one of them"),
        ((str(file), "--any", "--rig", "zebra", "-o", out), "--any takes every pose"),
        ((str(file), "-o", str(tmp_path / "taken.npz")), "is there and holds no poses"),
        ((str(file), "--around", f"{tmp_path / 'corpus.npz'}:0", "-o", out), "has 0 poses"),
    ):
        refused = CliRunner().invoke(app, ["sample", *arguments])
        assert isinstance(refused.exception, PasynError), (arguments, refused.output)
        assert words in str(refused.exception) and "\n" not in str(refused.exception)
    assert (tmp_path / "taken.npz").read_bytes() == b"something precious"
    # Ten million poses would fill the memory of a workstation before the first is written.
    many = CliRunner().invoke(app, ["sample", str(file), "-n", "10000000", "-o", out])
    assert many.exit_code == 2 and "less than or equal to 1000000" in many.output
    program = pasyn("prior", "sample", str(cut), "-o", out)
    assert program.returncode == 2 and len(program.stderr.strip().splitlines()) == 1
    assert said(program).startswith("error: ") and not Path(out).exists()


def test_the_built_in_prior_is_the_default() -> None:
    try:
        path = prior_path(None)
    except PriorError as error:
        assert "no built-in prior" in str(error)
        return
    assert path.name == "quadruped.npz"
    assert read_prior(path).joints == JOINTS


class StandInRig:
    """Takes every pose as it is but those whose pelvis is turned by a right angle or more."""

    def canonical_posing(self, limits: Any) -> StandInRig:
        return self

    def take(self, candidates: list[np.ndarray]) -> SimpleNamespace:
        (pose,) = candidates
        self.height = float(pose[0, 0, 0])
        return SimpleNamespace(rotations=pose, passes=self.height > 0.01, clearance=np.zeros(4))

    def root_place(self) -> np.ndarray:
        return np.array([0.0, 0.0, self.height])


def test_a_rig_turns_down_poses_and_may_be_offered_one_twice() -> None:
    half = from_turn(np.array([0.0, 0.0, np.pi / 3]))
    poses = np.tile(np.eye(3, dtype=np.float32), (4, len(JOINTS), 1, 1))
    poses[1, 0] = from_turn(np.array([0.0, 0.0, np.pi / 2]))
    poses[3, 0] = half
    on_rig = OnRig(StandInRig(), LIMITS)  # type: ignore[arg-type]
    found = on_rig.judged(Judged(poses, np.ones(4, bool), np.full(4, -1), np.zeros(4)))
    assert found.accepted.tolist() == [True, False, True, True] and on_rig.turned_down == 1
    root, clearance = on_rig.footing(found.poses[found.accepted])
    assert root[:, 2] == pytest.approx([1, 1, 0.5]) and clearance.shape == (3, 4)


def test_on_a_rig_poses_are_written_as_it_stands_in_them(file: Path, shared: Path, tmp_path: Path) -> None:
    fox = shared / "rigs/fox_khronos/Fox.glb"
    if not fox.is_file():
        pytest.skip("the shared fox is not there")
    few, many = tmp_path / "few.npz", tmp_path / "many.npz"
    for out, count in ((few, "6"), (many, "14")):
        told = pasyn("prior", "sample", str(file), "--rig", str(fox), "-n", count, "-o", str(out))
        assert told.returncode == 0, told.stderr
    found = read_poses(many)
    assert np.array_equal(read_poses(few).rotations, found.rotations[:6])
    assert not LIMITS.violations(found.rotations).any()
    assert found.clearance.min() > -0.01 and found.clearance.min(axis=1).max() < 0.6
    assert (np.abs(found.root[:, :2]) < 1e-3).all() and (found.root[:, 2] > 0.1).all()
    assert found.header["rig"] == "Fox.glb"
