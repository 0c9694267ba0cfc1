"""Joint limits: angles that an anatomist names, poses brought inside them, and files that are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.anatomy.kinematics import accumulate, joint_places, mirrored_pose
from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE_OFFSETS
from pasyn_blender.errors import LimitsError
from pasyn_blender.prior.limits import (
    JointLimits,
    default_limits_file,
    from_joint_angles,
    joint_angles,
    read_limits,
)


@pytest.fixture(scope="module")
def limits() -> JointLimits:
    return read_limits()


def stance(poses: int = 1) -> np.ndarray:
    return np.tile(np.eye(3), (poses, len(JOINTS), 1, 1))


def wild(poses: int, degrees: float, seed: int = 0) -> np.ndarray:
    turns = np.random.default_rng(seed).normal(size=(poses, len(JOINTS), 3)) * np.radians(degrees)
    return from_turn(turns)


def turned(**pitch_and_more: tuple[float, float, float]) -> np.ndarray:
    """Stance with some joints turned by their three angles in degrees."""
    angles = np.zeros((1, len(JOINTS), 3))
    for joint, degrees in pitch_and_more.items():
        angles[0, JOINTS.index(joint)] = degrees
    return from_joint_angles(angles)


def places(local: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(JOINTS, joint_places(accumulate(local), STANCE_OFFSETS)[0], strict=True))


def test_the_stance_is_all_zeros_and_allowed(limits: JointLimits) -> None:
    assert not joint_angles(stance()).any()
    assert not limits.violations(stance()).any()


def test_angles_and_rotations_are_inverse() -> None:
    local = wild(200, 20)
    np.testing.assert_allclose(from_joint_angles(joint_angles(local)), local, atol=1e-12)


def test_positive_pitch_lowers_the_nose_bends_the_carpus_and_raises_the_tail() -> None:
    rest = places(stance())
    assert places(turned(neck_base=(30, 0, 0)))["head"][2] < rest["head"][2] - 0.1
    bent = places(turned(left_front_cannon=(90, 0, 0)))["left_front_foot"]
    assert bent[1] > rest["left_front_foot"][1] + 0.15 and bent[2] > rest["left_front_foot"][2] + 0.15
    assert places(turned(tail_base=(90, 0, 0)))["tail_middle"][2] > rest["tail_middle"][2] + 0.1


@pytest.mark.parametrize(("side", "outward"), [("left", 1), ("right", -1)])
def test_abduction_and_twist_go_outwards_on_both_sides(side: str, outward: int) -> None:
    rest = places(stance())[f"{side}_shin"]
    lifted = places(turned(**{f"{side}_thigh": (0, 30, 0)}))[f"{side}_shin"]
    assert (lifted[0] - rest[0]) * outward > 0.1
    total = accumulate(turned(**{f"{side}_front_foot": (0, 0, 20)}))[0, JOINTS.index(f"{side}_front_foot")]
    assert (total @ [0, -1, 0])[0] * outward == pytest.approx(np.sin(np.radians(20)))


def test_a_bend_beyond_is_told_in_degrees(limits: JointLimits) -> None:
    elbow = JOINTS.index("left_forearm")
    beyond = limits.violations(turned(left_forearm=(limits.high[elbow, 0] + 17, 0, 0)))[0]
    assert beyond[elbow] == pytest.approx(17)
    assert np.count_nonzero(beyond) == 1


def test_a_joint_far_outside_goes_to_the_end_that_is_nearer(limits: JointLimits) -> None:
    # 170 degrees of elbow flexion and 190 degrees of extension are one rotation.
    elbow = JOINTS.index("left_forearm")
    found = joint_angles(limits.project(turned(left_forearm=(190, 0, 0))))[0, elbow, 0]
    assert found == pytest.approx(limits.low[elbow, 0], abs=0.01)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("degrees", [5, 25, 70])
def test_projected_poses_violate_nothing_and_stay(limits: JointLimits, kind: type, degrees: float) -> None:
    local = wild(3000, degrees, seed=3).astype(kind)
    projected = limits.project(local)
    assert projected.dtype == kind
    assert limits.violations(projected).max() == 0
    assert np.array_equal(limits.project(projected), projected)
    product = projected @ np.swapaxes(projected, -1, -2)
    assert np.abs(product - np.eye(3)).max() < (1e-12 if kind is np.float64 else 1e-6)


def test_what_is_allowed_is_left_alone_bit_by_bit(limits: JointLimits) -> None:
    local = wild(500, 30, seed=4)
    inside = limits.violations(local) == 0
    assert 0.2 < inside.mean() < 0.95
    assert np.array_equal(limits.project(local)[inside], local[inside])


def test_a_joint_moves_little_further_than_it_was_outside(limits: JointLimits) -> None:
    local = wild(2000, 30, seed=5)
    moved = np.degrees(angle_between(local, limits.project(local)))
    beyond = limits.violations(local)
    assert (moved[beyond == 0] == 0).all()
    # Three angles outside at once turn it by more than the worst of them, by their sum at the most.
    assert (moved <= 3 * beyond + 0.01).all()


def test_left_and_right_have_the_same_limits(limits: JointLimits) -> None:
    local = wild(500, 40, seed=6)
    there = limits.project(mirrored_pose(local))
    np.testing.assert_allclose(there, mirrored_pose(limits.project(local)), atol=1e-12)


@pytest.mark.parametrize(
    ("joint", "degrees"),
    [
        ("left_forearm", 50),  # elbow bent backwards
        ("left_front_cannon", -50),  # carpus bent backwards
        ("left_shin", -75),  # stifle bent forwards
        ("left_hind_cannon", 55),  # hock bent backwards
        ("left_thigh", 100),
        ("chest", 60),
        ("head", 90),
    ],
)
def test_what_no_quadruped_can_do_is_outside(limits: JointLimits, joint: str, degrees: float) -> None:
    assert limits.violations(turned(**{joint: (degrees, 0, 0)})).max() > 0


# Poses in round figures: sagittal angles of the joints that they are known for.
POSTURES = {
    "grazing": {"neck_base": 60, "neck_top": 40, "head": -25, "chest": 5},
    "rearing": {"pelvis": -65, "spine": -10, "left_forearm": -90, "left_front_cannon": 110, "left_thigh": 40},
    "kicking": {"pelvis": 35, "left_thigh": 50, "left_shin": -40, "left_hind_cannon": 25},
    "sitting": {"pelvis": -45, "left_thigh": -55, "left_shin": 65, "left_hind_cannon": -60, "spine": 15},
    "lying": {
        "left_thigh": -65, "left_shin": 75, "left_hind_cannon": -85, "left_upper_arm": 35,
        "left_forearm": -100, "left_front_cannon": 130,
    },
    "gallop": {
        "left_upper_arm": -50, "left_forearm": 15, "left_front_foot": -45, "spine": 30, "left_thigh": -55,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", POSTURES)
def test_what_animals_do_is_inside(limits: JointLimits, name: str) -> None:
    posture = {joint: (degrees, 0.0, 0.0) for joint, degrees in POSTURES[name].items()}
    assert limits.violations(turned(**posture)).max() == 0


def test_a_pose_of_nan_counts_as_no_allowed_one(limits: JointLimits) -> None:
    local = stance(2)
    local[1, 3] = np.nan
    beyond = limits.violations(local)
    assert beyond[0].max() == 0 and not beyond[1].max() <= 0


def write(folder: Path, old: str, new: str) -> Path:
    text = default_limits_file().read_text(encoding="utf-8")
    assert old in text
    file = folder / "mine.yaml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


def test_own_limits_are_read(tmp_path: Path, limits: JointLimits) -> None:
    own = read_limits(write(tmp_path, "forearm: {pitch: [-125, 37]", "forearm: {pitch: [-90, 20]"))
    elbows = [JOINTS.index("left_forearm"), JOINTS.index("right_forearm")]
    assert own.low[elbows, 0].tolist() == [-90, -90]
    assert own.high[elbows, 0].tolist() == [20, 20]
    assert np.array_equal(own.low[:9], limits.low[:9])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("forearm:", "forarm:", "no joint 'forarm'"),
        ("pelvis: {pitch: [-85, 60], yaw: 25, roll: 45}", "", "no limits for pelvis"),
        ("pitch: [-125, 37]", "pitch: [32, -116]", r"forearm\.pitch: expected \[low, high\]"),
        ("pitch: [-125, 37]", "pitch: [10, 32]", r"low ≤ 0 ≤ high"),
        ("pitch: [-125, 37]", "pitch: bent", "expected degrees, found 'bent'"),
        ("pitch: [-125, 37]", "flexion: [-116, 32]", "forearm: expected pitch, abduction, twist"),
        ("yaw: 60, roll: 30", "yaw: [-60, 50], roll: 30", "the same to either side"),
        ("yaw: 60, roll: 30", "yaw: 100, roll: 30", "at most 85"),
        ("pelvis: {", "pelvis: [", "no YAML"),
    ],
)
def test_wrong_files_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(LimitsError, match=message) as caught:
        read_limits(write(tmp_path, old, new))
    assert "mine.yaml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(LimitsError, match=r"nowhere\.yaml cannot be read"):
        read_limits(tmp_path / "nowhere.yaml")
