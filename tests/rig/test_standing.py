"""Motions of one animal on another: its feet on the ground where the first one's are, none of it below."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from canonical_rigs import open_canonical
from rig_files import SHARED_RIGS

from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.prior.limits import read_limits
from pasyn_blender.rig.posing import RigPoser
from pasyn_blender.rig.standing import StandingRig

pytestmark = pytest.mark.usefixtures("empty_scene")

REST = np.tile(np.eye(3), (len(JOINTS), 1, 1))
MOTIONS = {
    "horse": ("Walk", "Gallop", "Eating"),
    "wolf": ("Walk", "Gallop", "Eating"),
    "fox": ("Walk", "Run"),
}


def standing(animal) -> StandingRig:
    return StandingRig(RigPoser(animal.rig, animal.retargeting), animal.geometry)


@pytest.mark.parametrize("source", MOTIONS)
def test_the_lowest_foot_is_on_the_ground_in_stance_and_off_it_in_flight(shared: Path, source: str) -> None:
    first = open_canonical(shared / SHARED_RIGS[source])
    clips = [first.clip(action, rate=5.0) for action in MOTIONS[source]]
    limits = read_limits()
    for name in SHARED_RIGS:
        if name == source:
            continue
        animal = open_canonical(shared / SHARED_RIGS[name])
        stand = standing(animal)
        up, trunk = animal.retargeting.body_frame[2], animal.retargeting.trunk_length
        bearing = stand.contact.parts.bearing
        for clip in clips:
            for rotations, clearance in zip(clip.rotations, clip.clearance, strict=True):
                taken, _ = stand.pose_within(limits, rotations, clearance)
                assert not limits.violations(taken.rotations[None]).any(), (source, name, clip.name)
                expected = max(0.0, float(clearance.min()))
                where = (source, name, clip.name)
                assert abs(np.nanmin(taken.clearance) - expected) < 0.01, where
                lowest = (taken.vertices[bearing] @ up).min() - animal.retargeting.ground
                assert lowest > -0.01 * trunk, where


def test_standing_feet_stand_together_and_lifted_ones_stay_lifted(shared: Path) -> None:
    animal = open_canonical(shared / SHARED_RIGS["cow"])
    pose = REST.copy()
    # One foreleg a little too long for the others, one hind leg lifted in a step.
    pose[JOINTS.index("left_forearm")] = from_turn(np.radians([-8.0, 0, 0]))
    pose[JOINTS.index("left_front_cannon")] = from_turn(np.radians([16.0, 0, 0]))
    pose[JOINTS.index("right_thigh")] = from_turn(np.radians([-25.0, 0, 0]))
    pose[JOINTS.index("right_shin")] = from_turn(np.radians([40.0, 0, 0]))
    taken = standing(animal).pose(pose)
    assert taken.clearance[[0, 1, 2]] == pytest.approx([0, 0, 0], abs=0.005)
    assert taken.clearance[3] > 0.05
    # Told from the pose that was asked for by no more than it takes.
    assert np.degrees(angle_between(pose, taken.rotations)).max() < 15


def test_a_head_does_not_go_into_the_ground(shared: Path) -> None:
    animal = open_canonical(shared / SHARED_RIGS["wolf"])
    pose = REST.copy()
    for joint in ("neck_base", "neck_top", "head"):
        pose[JOINTS.index(joint)] = from_turn(np.radians([45.0, 0, 0]))
    taken = standing(animal).pose(pose)
    heights = taken.vertices @ animal.retargeting.body_frame[2] - animal.retargeting.ground
    on_head = animal.geometry.weights[:, animal.geometry.bone_names.index("Head")] > 0.5
    assert on_head.sum() > 100
    assert heights[on_head].min() > -0.01 * animal.retargeting.trunk_length
    assert taken.clearance == pytest.approx([0, 0, 0, 0], abs=0.01)


def test_legs_folded_in_the_air_do_not_bring_the_body_down(shared: Path) -> None:
    animal = open_canonical(shared / SHARED_RIGS["horse"])
    pose = REST.copy()
    for side in ("left", "right"):
        for joint, degrees in (("thigh", -60.0), ("shin", 90.0), ("upper_arm", 40.0), ("forearm", -90.0)):
            pose[JOINTS.index(f"{side}_{joint}")] = from_turn(np.radians([degrees, 0, 0]))
    stand = standing(animal)
    flying = np.array([0.1, 0.2, 0.1, 0.15])
    low = stand.pose(pose, flying)
    high = stand.pose(pose, flying, height=0.95)
    assert np.nanmin(low.clearance) == pytest.approx(0.1, abs=0.01)
    up, trunk = animal.retargeting.body_frame[2], animal.retargeting.trunk_length
    pelvis = animal.geometry.weights[:, animal.geometry.bone_names.index("Back")] > 0.5
    rest = (animal.geometry.vertices[pelvis] @ up).mean()
    assert (high.vertices[pelvis] @ up).mean() / trunk == pytest.approx(
        rest / trunk - 0.05 * animal.retargeting.root_height, abs=0.02
    )
    # The pose itself is left as it is: nothing is there to stand on.
    assert np.degrees(angle_between(pose, high.rotations)).max() < 0.1
