"""Canonical poses of real rigs: what a rig's action shows comes back, whatever the rig is like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from canonical_rigs import CanonicalRig, open_canonical
from rig_files import SHARED_RIGS
from strangers import make_stranger

from pasyn_blender.anatomy.kinematics import mirrored_pose
from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import RigMapError
from pasyn_blender.rig.actions import list_actions
from pasyn_blender.rig.pose_fitting import fitted_poses
from pasyn_blender.rig.posing import RigPoser
from pasyn_blender.rig.retargeting import bone_moves, canonical_poses, prepare_retargeting

pytestmark = pytest.mark.usefixtures("empty_scene")

REST = np.tile(np.eye(3), (len(JOINTS), 1, 1))


def mapped_skin(animal: CanonicalRig) -> np.ndarray:
    """Vertices of the parts that joints account for; ears and jaws may move by themselves."""
    own = ~animal.retargeting.following.stray
    return animal.geometry.weights[:, own].sum(axis=1) > 0.5


@pytest.mark.parametrize("name", SHARED_RIGS)
def test_every_action_comes_back_within_a_hundredth_of_the_trunk(shared: Path, name: str) -> None:
    animal = open_canonical(shared / SHARED_RIGS[name])
    skin = mapped_skin(animal)
    assert skin.mean() > 0.7
    shown = {entry.name: animal.frames(entry.name, 6) for entry in list_actions(animal.rig)}
    assert len(shown) >= 3
    poser = RigPoser(animal.rig, animal.retargeting)
    for action, (matrices, vertices) in shown.items():
        poses = fitted_poses(animal.retargeting, animal.geometry, matrices)
        moves = bone_moves(animal.retargeting, poses.rotations, poses.root, poses.shifts)
        off = []
        for frame, expected in enumerate(vertices):
            poser.apply(moves[frame])
            off.append(np.linalg.norm(animal.vertices() - expected, axis=1)[skin].mean())
        assert np.mean(off) < 0.01 * animal.retargeting.trunk_length, action


STRANGE = (
    "more_controls",
    "rigify_layers",
    "unapplied_fbx",
    "scaled_001",
    "lying",
    "split_parts",
    "modifiers",
)


@pytest.mark.parametrize("name", STRANGE)
def test_a_rig_is_posed_past_its_own_controls(shared: Path, tmp_path: Path, name: str) -> None:
    animal = open_canonical(make_stranger(shared, name, tmp_path))
    entry = list_actions(animal.rig)[0]
    matrices, vertices = animal.frames(entry.name, 4)
    poser = RigPoser(animal.rig, animal.retargeting)
    poser.apply(np.tile(np.eye(4), (len(animal.geometry.bone_names), 1, 1)))
    trunk = animal.retargeting.trunk_length
    np.testing.assert_allclose(animal.vertices(), animal.geometry.vertices, atol=1e-4 * trunk)
    poses = fitted_poses(animal.retargeting, animal.geometry, matrices)
    moves = bone_moves(animal.retargeting, poses.rotations, poses.root, poses.shifts)
    skin = mapped_skin(animal)
    for frame in range(4):
        poser.apply(moves[frame])
        off = np.linalg.norm(animal.vertices() - vertices[frame], axis=1)[skin].mean()
        assert off < 0.012 * trunk
    poser.release()
    np.testing.assert_allclose(animal.frames(entry.name, 4)[1], vertices, atol=1e-5 * trunk)


@pytest.mark.parametrize(
    ("stranger", "name"), [("facing_37", "cow"), ("scaled_100", "wolf"), ("meaningless_names", "horse")]
)
def test_facing_scale_and_names_drop_out_of_a_pose(
    shared: Path, tmp_path: Path, stranger: str, name: str
) -> None:
    other = make_stranger(shared, stranger, tmp_path)
    animal = open_canonical(shared / SHARED_RIGS[name])
    action = list_actions(animal.rig)[0].name
    expected = canonical_poses(animal.retargeting, animal.frames(action, 3)[0])
    changed = open_canonical(other)
    found = canonical_poses(changed.retargeting, changed.frames(action, 3)[0])
    known = animal.retargeting.known & changed.retargeting.known
    assert (animal.retargeting.known == changed.retargeting.known).all()
    degrees = np.degrees(angle_between(expected.rotations, found.rotations))[:, known]
    # Exporters resample curves, and a turned animal's plane of symmetry is found to a quarter degree.
    assert degrees.mean() < 0.5
    np.testing.assert_allclose(found.root, expected.root, atol=0.02)


def test_a_bent_leg_takes_its_foot_along_though_that_hangs_on_an_ik_bone(shared: Path) -> None:
    animal = open_canonical(shared / SHARED_RIGS["horse"])
    foot = animal.geometry.bone_names.index("IKBackLeg.L")
    assert animal.geometry.bone_parents[foot] < 0, "the premise: this foot has no parent"
    pose = REST.copy()
    pose[JOINTS.index("left_thigh")] = from_turn(np.radians([-40.0, 0, 0]))
    moves = bone_moves(animal.retargeting, pose[None])[0]
    cannon = animal.geometry.bone_names.index("BackLowerLeg.L")
    np.testing.assert_allclose(moves[foot], moves[cannon], atol=1e-9)
    poser = RigPoser(animal.rig, animal.retargeting)
    poser.apply(moves)
    moved = np.linalg.norm(animal.vertices() - animal.geometry.vertices, axis=1)
    on_foot = animal.geometry.weights[:, foot] > 0.9
    assert on_foot.sum() > 20
    # About 40 degrees around a hip some 0.9 trunks above.
    assert moved[on_foot].min() > 0.4 * animal.retargeting.trunk_length


def test_a_mirrored_pose_shows_the_mirrored_animal(shared: Path) -> None:
    animal = open_canonical(shared / SHARED_RIGS["horse"])
    pose = from_turn(np.random.default_rng(2).normal(scale=0.2, size=(len(JOINTS), 3)))
    pose[~animal.retargeting.known] = np.eye(3)
    poser = RigPoser(animal.rig, animal.retargeting)
    shown = []
    for one in (pose, mirrored_pose(pose)):
        poser.apply(bone_moves(animal.retargeting, one[None])[0])
        shown.append(animal.vertices() @ animal.retargeting.body_frame.T)
    mirrored = shown[1] * [-1, 1, 1]
    nearest = [np.linalg.norm(shown[0] - point, axis=1).min() for point in mirrored[::40]]
    assert np.median(nearest) < 0.01 * animal.retargeting.trunk_length


def test_legs_spread_at_rest_are_pose_and_not_build(shared: Path) -> None:
    animal = open_canonical(shared / SHARED_RIGS["fox"])
    straight = animal.retargeting.alignment
    spread = np.radians(25.0)
    pose = REST.copy()
    pose[JOINTS.index("left_thigh")] = from_turn(np.array([0.0, -spread, 0.0]))
    moves = bone_moves(animal.retargeting, pose[None])[0]
    poser = RigPoser(animal.rig, animal.retargeting)
    poser.apply(moves)
    # The same animal, bound with its left hind leg out to the side.
    bound = replace(
        animal.geometry, vertices=animal.vertices(), bone_matrices=moves @ animal.geometry.bone_matrices
    )
    joints = {
        name: replace(
            joint,
            position=tuple(
                (moves[animal.geometry.bone_names.index(joint.bone)] @ [*joint.position, 1.0])[:3]
            ),
        )
        for name, joint in animal.rig_map.joints.items()
    }
    found = prepare_retargeting(bound, replace(animal.rig_map, joints=joints))
    for joint in ("left_thigh", "left_shin"):
        row = JOINTS.index(joint)
        turn = np.degrees(angle_between(straight[row], found.alignment[row]))
        # All of the spread beyond what stances of animals differ by.
        assert 10 < turn < 26, joint
    np.testing.assert_allclose(
        found.alignment[JOINTS.index("right_thigh")], straight[JOINTS.index("right_thigh")], atol=1e-6
    )


def test_a_map_without_a_trunk_or_of_another_rig_is_refused(shared: Path) -> None:
    animal = open_canonical(shared / SHARED_RIGS["fox"])
    legs = {name: joint for name, joint in animal.rig_map.joints.items() if "_" in name}
    with pytest.raises(RigMapError, match="neither pelvis, spine nor chest"):
        prepare_retargeting(animal.geometry, replace(animal.rig_map, joints=legs))
    joints = dict(animal.rig_map.joints)
    joints["head"] = replace(joints["head"], bone="Skull")
    with pytest.raises(RigMapError, match="joint 'head': the rig has no bone 'Skull'"):
        prepare_retargeting(animal.geometry, replace(animal.rig_map, joints=joints))
