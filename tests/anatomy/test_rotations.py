"""Rotations: each form gives back the others, and distances are what geometry says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pasyn_blender.anatomy import rotations


@pytest.fixture(scope="module")
def random_rotations() -> np.ndarray:
    return Rotation.random(400, random_state=3).as_matrix().reshape(20, 20, 3, 3)


def test_six_numbers_hold_a_rotation_whole(random_rotations):
    six = rotations.to_six(random_rotations)
    assert six.shape == (20, 20, 6)
    np.testing.assert_allclose(rotations.from_six(six), random_rotations, atol=1e-12)


def test_any_six_numbers_make_a_rotation():
    made = rotations.from_six(np.random.default_rng(0).normal(size=(500, 6)))
    np.testing.assert_allclose(
        made @ np.swapaxes(made, 1, 2), np.broadcast_to(np.eye(3), (500, 3, 3)), atol=1e-9
    )
    np.testing.assert_allclose(np.linalg.det(made), 1)


def test_turn_vectors_agree_with_scipy(random_rotations):
    turns = Rotation.from_matrix(random_rotations.reshape(-1, 3, 3)).as_rotvec().reshape(20, 20, 3)
    np.testing.assert_allclose(rotations.to_turn(random_rotations), turns, atol=1e-9)
    np.testing.assert_allclose(rotations.from_turn(turns), random_rotations, atol=1e-12)


def test_turns_near_nothing_and_near_half_a_turn_are_exact():
    axes = np.random.default_rng(1).normal(size=(50, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    for angle in (0.0, 1e-12, 1e-7, np.pi - 1e-7):
        there = rotations.from_turn(axes * angle)
        np.testing.assert_allclose(rotations.to_turn(there), axes * angle, atol=1e-8)


def test_quaternions_agree_with_scipy(random_rotations):
    expected = Rotation.from_matrix(random_rotations.reshape(-1, 3, 3)).as_quat(
        canonical=True, scalar_first=True
    )
    found = rotations.to_quaternion(random_rotations).reshape(-1, 4)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(
        rotations.from_quaternion(found).reshape(20, 20, 3, 3), random_rotations, atol=1e-12
    )


def test_euler_angles_turn_about_x_first():
    degrees = np.array([[10.0, 20.0, 30.0], [-80.0, 5.0, 170.0]])
    expected = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
    np.testing.assert_allclose(rotations.from_euler_xyz(degrees), expected, atol=1e-12)


def test_scale_shear_and_noise_are_taken_off(random_rotations):
    scaled = 0.01 * random_rotations
    np.testing.assert_allclose(rotations.nearest_rotation(scaled), random_rotations, atol=1e-9)


def test_smallest_rotation_between_directions():
    rng = np.random.default_rng(2)
    start, end = rng.normal(size=(2, 100, 3))
    turn = rotations.between(start, end)
    moved = np.einsum("nij,nj->ni", turn, start)
    cosine = (moved * end).sum(axis=1) / np.linalg.norm(moved, axis=1) / np.linalg.norm(end, axis=1)
    np.testing.assert_allclose(cosine, 1, atol=1e-12)
    # Smallest: its axis is square to both.
    assert np.abs((rotations.to_turn(turn) * start).sum(axis=1)).max() < 1e-9
    opposite = rotations.between(np.array([0.0, 0, 1]), np.array([0.0, 0, -1]))
    np.testing.assert_allclose(opposite @ [0, 0, 1], [0, 0, -1], atol=1e-12)


def test_distance_of_a_known_turn():
    for degrees in (1e-6, 1.0, 90.0, 180.0):
        turned = rotations.from_turn(np.radians([0.0, degrees, 0.0]))
        assert np.degrees(rotations.angle_between(np.eye(3), turned)) == pytest.approx(degrees, rel=1e-7)


def test_half_way_is_as_far_from_both_ends(random_rotations):
    start, end = random_rotations[:10], random_rotations[10:]
    middle = rotations.interpolate(start, end, 0.5)
    whole = rotations.angle_between(start, end)
    np.testing.assert_allclose(rotations.angle_between(start, middle), whole / 2, atol=1e-9)
    np.testing.assert_allclose(rotations.angle_between(middle, end), whole / 2, atol=1e-9)


def test_mirror_turns_the_mirrored_point_alike(random_rotations):
    point = np.array([0.3, -0.8, 0.4])
    flip = np.diag([-1.0, 1.0, 1.0])
    seen = (random_rotations @ point) @ flip
    np.testing.assert_allclose(rotations.mirrored(random_rotations) @ (flip @ point), seen, atol=1e-12)
