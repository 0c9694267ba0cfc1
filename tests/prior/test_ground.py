"""Feet on the ground: what stands, what is lifted, what lies."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.anatomy.kinematics import accumulate
from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE, STANCE_OFFSETS
from pasyn_blender.prior.ground import (
    FOOT_JOINTS,
    MOST_TILT,
    Footing,
    canonical_soles,
    contact_places,
    contact_points,
    settle,
)


def pose(**turns: tuple[float, float, float]) -> np.ndarray:
    """(1, J, 3, 3) accumulated rotations of a stance with some joints turned by degrees about X, Y, Z."""
    local = np.tile(np.eye(3), (1, len(JOINTS), 1, 1))
    for joint, degrees in turns.items():
        local[0, JOINTS.index(joint)] = from_turn(np.radians(degrees))
    return accumulate(local)


def wild(poses: int, seed: int = 0) -> np.ndarray:
    turns = np.random.default_rng(seed).normal(size=(poses, len(JOINTS), 3)) * 0.25
    return accumulate(from_turn(turns))


def degrees_of(footing: Footing) -> np.ndarray:
    return np.degrees(angle_between(np.eye(3), footing.tilt))


def test_the_stance_stands() -> None:
    footing = settle(pose())
    np.testing.assert_allclose(footing.clearance, 0, atol=1e-12)
    np.testing.assert_allclose(footing.root, [[0, 0, STANCE["pelvis"][2]]], atol=1e-12)
    np.testing.assert_allclose(footing.tilt, [np.eye(3)], atol=1e-12)


@pytest.mark.parametrize("turn", [(4, 0, 0), (0, -4, 0), (-3, 3, 0)])
def test_a_body_that_leans_a_little_is_put_on_all_four_feet(turn: tuple[float, float, float]) -> None:
    footing = settle(pose(pelvis=turn))
    assert footing.clearance.max() < 1e-3
    assert degrees_of(footing)[0] == pytest.approx(np.linalg.norm(turn), rel=0.06)


def test_a_body_that_rears_is_left_to_rear() -> None:
    footing = settle(pose(pelvis=(-40, 0, 0)))
    assert degrees_of(footing)[0] < 0.5
    front, hind = footing.clearance[0, :2], footing.clearance[0, 2:]
    assert front.min() > 0.5 and hind.max() < 1e-3


@pytest.mark.parametrize("degrees", [0.0, 2.0])
def test_no_more_tilt_than_asked_for(degrees: float) -> None:
    footing = settle(pose(pelvis=(4, 3, 0)), most_tilt=degrees)
    assert degrees_of(footing)[0] == pytest.approx(degrees, abs=1e-9)
    assert footing.clearance.min() == pytest.approx(0, abs=1e-12)


def test_a_stepping_foot_is_not_pulled_to_the_ground() -> None:
    # Elbow and carpus bent: the foot swings a twentieth of the trunk's length above the ground.
    stepping = pose(left_forearm=(-36, 0, 0), left_front_cannon=(60, 0, 0))
    assert settle(stepping, most_tilt=0).clearance[0].tolist() == pytest.approx([0.055, 0, 0, 0], abs=1e-3)
    footing = settle(stepping)
    assert footing.clearance[0, 0] > 0.05
    assert footing.clearance[0, 1:].max() < 2e-3
    assert degrees_of(footing)[0] < 0.5


def test_half_an_inch_of_air_under_one_foot_is_shared_out_only_as_far_as_a_tilt_can() -> None:
    # Three feet decide a plane: the fourth stays off it, by about as much as its leg is shorter.
    short = STANCE_OFFSETS.copy()
    short[JOINTS.index("left_front_foot")] *= 0.9
    footing = settle(pose(), short, contact_points())
    assert 0.005 < footing.clearance.max() < 0.022
    assert np.count_nonzero(footing.clearance < 0.004) >= 2


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_the_lowest_point_is_on_the_ground_and_none_below(kind: type) -> None:
    total = wild(500).astype(kind)
    contacts = contact_points()
    footing = settle(total, contacts=contacts)
    assert footing.root.dtype == footing.tilt.dtype == footing.clearance.dtype == kind
    balls = contact_places(footing.tilt[:, None] @ total, STANCE_OFFSETS, contacts, footing.root)
    bottom = balls[..., 2] - contacts.radius
    np.testing.assert_allclose(bottom.min(axis=1), 0, atol=2e-6 if kind is np.float32 else 1e-12)
    soles = np.stack([bottom[:, contacts.foot == foot].min(axis=1) for foot in range(4)], axis=1)
    np.testing.assert_allclose(footing.clearance, soles, atol=2e-6)
    assert degrees_of(footing).max() <= MOST_TILT + 1e-3


def test_feet_come_closer_together_never_further_apart() -> None:
    total = wild(500, seed=2)
    before, after = settle(total, most_tilt=0), settle(total)
    for near in (0.01, 0.02):
        assert (after.clearance < near).sum() > 1.1 * (before.clearance < near).sum()


def test_a_lying_animal_rests_on_its_belly() -> None:
    folded = {
        f"{side}_{joint}": (degrees, 0.0, 0.0)
        for side in ("left", "right")
        for joint, degrees in {
            "upper_arm": 30, "forearm": -105, "front_cannon": 140, "front_foot": 60,
            "thigh": -70, "shin": 85, "hind_cannon": -100,
        }.items()
    }  # fmt: skip
    footing = settle(pose(**folded))
    on_feet = settle(pose(**folded), contacts=contact_points(body=False))
    # The belly is 0.32 below the hips; on its folded feet alone it would sink into the ground.
    assert 0.2 < footing.root[0, 2] < 0.5
    assert footing.root[0, 2] >= on_feet.root[0, 2]
    assert footing.clearance.min() >= 0


def test_short_legs_carry_the_belly_over_the_ground() -> None:
    dachshund = STANCE_OFFSETS.copy()
    for side in ("left", "right"):
        for joint in ("front_cannon", "front_foot", "hind_cannon", "hind_foot", "shin", "forearm"):
            dachshund[JOINTS.index(f"{side}_{joint}")] *= 0.3
    footing = settle(pose(), dachshund)
    np.testing.assert_allclose(footing.clearance.min(axis=1), 0, atol=1e-9)


def test_soles_of_a_rig_may_differ_in_number_and_lack() -> None:
    soles = list(canonical_soles())
    soles[0] = np.concatenate([soles[0], soles[0] + [0.02, 0, 0.01]])
    soles[3] = np.zeros((0, 3))
    footing = settle(pose(), contacts=contact_points(soles))
    np.testing.assert_allclose(footing.clearance[0, :3], 0, atol=1e-9)
    assert np.isnan(footing.clearance[0, 3])


def test_a_longer_hoof_lifts_the_animal_by_its_length() -> None:
    soles = [points - [0, 0, 0.07] for points in canonical_soles()]
    lifted = settle(pose(), contacts=contact_points(soles)).root[0, 2]
    assert lifted - STANCE["pelvis"][2] == pytest.approx(0.07)


def test_no_poses_are_no_error() -> None:
    footing = settle(wild(1)[:0])
    assert footing.clearance.shape == (0, 4) and footing.root.shape == (0, 3)


def test_poses_do_not_depend_on_their_company() -> None:
    total = wild(5000, seed=3)
    together = settle(total)
    alone = settle(total[4100:4101])
    assert np.array_equal(together.root[4100], alone.root[0])
    assert np.array_equal(together.tilt[4100], alone.tilt[0])


def test_feet_are_in_the_order_of_the_corpus() -> None:
    from pasyn_blender.prior.corpus import FEET

    assert tuple(JOINTS[joint].removesuffix("_foot") for joint in FOOT_JOINTS) == FEET
