"""Capsules around the canonical skeleton: legs that cross are found, legs that pass each other are not."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.anatomy.kinematics import accumulate, joint_places, mirrored_pose
from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE_OFFSETS
from pasyn_blender.prior.collisions import CollisionTest, _segment_distance, collision_test


@pytest.fixture(scope="module")
def test() -> CollisionTest:
    return collision_test()


def local_pose(**turns: tuple[float, float, float]) -> np.ndarray:
    local = np.tile(np.eye(3), (1, len(JOINTS), 1, 1))
    for joint, degrees in turns.items():
        local[0, JOINTS.index(joint)] = from_turn(np.radians(degrees))
    return local


def hits(test: CollisionTest, **turns: tuple[float, float, float]) -> set[frozenset[str]]:
    overlaps = test.overlaps(accumulate(local_pose(**turns)))[0]
    return {frozenset(pair) for pair, depth in zip(test.names, overlaps, strict=True) if depth > 0}


def test_nothing_touches_in_the_stance(test: CollisionTest) -> None:
    assert hits(test) == set()
    assert len(test.names) > 100
    assert not test.collides(accumulate(local_pose()))[0]


def test_a_foreleg_swung_across_meets_the_other(test: CollisionTest) -> None:
    found = hits(test, left_upper_arm=(0, 22, 0))
    assert found
    assert all(
        any("left" in part for part in pair) and any("right" in part for part in pair) for pair in found
    )
    assert test.collides(accumulate(local_pose(left_upper_arm=(0, 22, 0))))[0]


def test_a_foreleg_swung_forward_first_passes_the_other(test: CollisionTest) -> None:
    crossed = local_pose(left_upper_arm=(0, 22, 0), left_scapula=(-30, 0, 0), right_scapula=(30, 0, 0))
    assert not test.collides(accumulate(crossed))[0]


def test_a_hind_foot_that_reaches_the_forefoot_strikes_it(test: CollisionTest) -> None:
    found = hits(test, left_thigh=(-65, 0, 0), left_shin=(30, 0, 0), left_front_cannon=(30, 0, 0),
                 left_upper_arm=(25, 0, 0))  # fmt: skip
    assert any(
        {"left_front_foot", "left_front_cannon"} & pair and {"left_hind_foot"} & pair for pair in found
    )


def test_a_grazing_head_meets_nothing_but_one_turned_back_meets_the_forelegs(test: CollisionTest) -> None:
    assert hits(test, neck_base=(65, 0, 0), neck_top=(35, 0, 0), head=(-35, 0, 0)) == set()
    bowed = hits(test, neck_base=(80, 0, 0), neck_top=(65, 0, 0), head=(60, 0, 0))
    assert any("head" in pair for pair in bowed)


def test_a_tail_between_the_legs_is_free_and_one_lashed_through_a_leg_is_not(test: CollisionTest) -> None:
    assert hits(test, tail_base=(-20, 0, 0)) == set()
    lashed = hits(test, tail_base=(-20, 13, 0))
    assert any(pair & {"tail", "tail_end"} and "right_shin" in pair for pair in lashed)


def test_a_foot_drawn_into_the_belly_is_found(test: CollisionTest) -> None:
    found = hits(test, left_thigh=(-75, 0, 0), left_shin=(-30, 0, 0), left_hind_cannon=(-20, 25, 0))
    assert any(pair & {"barrel", "breast"} for pair in found)


def test_mirrored_poses_collide_alike(test: CollisionTest) -> None:
    local = from_turn(np.random.default_rng(0).normal(size=(300, len(JOINTS), 3)) * 0.3)
    there, here = (test.collides(accumulate(pose)) for pose in (mirrored_pose(local), local))
    assert 0.1 < here.mean() < 0.98
    assert np.array_equal(there, here)


def test_places_given_or_not_are_the_same(test: CollisionTest) -> None:
    total = accumulate(from_turn(np.random.default_rng(1).normal(size=(1200, len(JOINTS), 3)) * 0.2))
    places = joint_places(total, STANCE_OFFSETS, root=[3.0, 4.0, 5.0])
    np.testing.assert_allclose(test.overlaps(total, places), test.overlaps(total), atol=1e-12)


def test_more_give_lets_more_pass(test: CollisionTest) -> None:
    total = accumulate(from_turn(np.random.default_rng(2).normal(size=(500, len(JOINTS), 3)) * 0.2))
    shares = [test.collides(total, give=give).mean() for give in (0.0, 0.03, 0.1)]
    assert shares[0] > shares[1] > shares[2]


def test_short_legs_that_touch_in_their_own_stance_are_no_collision() -> None:
    narrow = STANCE_OFFSETS.copy()
    narrow[:, 0] *= 0.2
    own = collision_test(narrow)
    assert len(own.names) < len(collision_test().names)
    assert not own.collides(accumulate(local_pose()))[0]


def test_distances_of_segments_are_the_least_over_all_their_points() -> None:
    a, b, c, d = np.random.default_rng(3).normal(size=(4, 3, 400))
    # A few special ones: parallel, crossing at the ends, and shrunk to points.
    d[:, :50] = c[:, :50] + 0.7 * (b - a)[:, :50]
    b[:, 50:60] = c[:, 50:60]
    b[:, 60:70] = a[:, 60:70]
    d[:, 65:75] = c[:, 65:75]
    found = _segment_distance(a, b, c, d)
    share = np.linspace(0, 1, 201)[:, None, None]
    first, second = a + share * (b - a), c + share * (d - c)
    for i in range(400):
        least = np.linalg.norm(first[:, None, :, i] - second[None, :, :, i], axis=-1).min()
        assert least - 0.02 <= found[i] <= least + 1e-12


def test_crossed_sticks_have_the_distance_of_their_planes() -> None:
    a, b = np.array([[-1.0], [0], [0]]), np.array([[1.0], [0], [0]])
    c, d = np.array([[0.0], [-1], [0.3]]), np.array([[0.0], [1], [0.3]])
    assert _segment_distance(a, b, c, d)[0] == pytest.approx(0.3)
