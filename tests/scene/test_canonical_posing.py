"""Canonical poses on a real rig: on the ground, inside the limits, the skin not through itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pasyn_blender.anatomy.rotations import from_turn, to_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import RenderError
from pasyn_blender.prior.limits import JointLimits, from_joint_angles, joint_angles, read_limits
from render_jobs.job import Job, PoseSettings, job_from_rig
from render_jobs.shot import PoseShot, Shot

LIMITS = read_limits()


@pytest.fixture(scope="module")
def stage(shared: Path) -> Any:
    import bpy

    from pasyn_blender.scene.stage import Stage
    from render_jobs.animal_source import AnimalSource
    from render_jobs.render_loop import render_options

    bpy.ops.wm.read_factory_settings(use_empty=True)
    job = fox_job(shared)
    return Stage(AnimalSource(job, Path("absent")).load(0), render_options(job))


def fox_job(shared: Path) -> Job:
    rig = next((shared / "rigs" / "fox_khronos").glob("*.glb"))
    job = job_from_rig(rig, images=4, overrides=["poses=actions", "resolution=96", "render.samples=2"])
    return replace(job, poses=PoseSettings("actions"))


@pytest.fixture(scope="module")
def by_action(shared: Path, stage: Any) -> list[Shot]:
    from render_jobs.animal_source import rig_facts
    from render_jobs.plan import plan

    return plan(fox_job(shared), rig_facts(stage.animal, "fox"))


def angles_pose(**angles: tuple[float, float, float]) -> np.ndarray:
    """Pose from angles by joint; ``thigh`` stands for both sides."""
    rows = np.zeros((len(JOINTS), 3))
    for name, values in angles.items():
        for joint in (name, f"left_{name}", f"right_{name}"):
            if joint in JOINTS:
                rows[JOINTS.index(joint)] = values
    return from_joint_angles(rows)


def canonical(shot: Shot, *poses: np.ndarray) -> Shot:
    return replace(shot, action=None, frame=None, pose=PoseShot.of("prior", map(to_turn, poses), {}))


STANCE = angles_pose()
STRIDE = angles_pose(neck_base=(20.0, 10.0, 0.0), forearm=(-30.0, 0.0, 0.0), shin=(15.0, 0.0, 0.0))
CROSSED = angles_pose(thigh=(0.0, -29.0, 0.0), upper_arm=(0.0, -34.0, 0.0), shin=(0.0, -15.0, 0.0))


def test_the_pose_stands_and_is_told_as_it_was_taken(stage: Any, by_action: list[Shot]) -> None:
    posed = stage.arrange(canonical(by_action[0], STRIDE))
    told = posed.truth.canonical
    up, retargeting = stage.posing.retargeting.body_frame[2], stage.posing.retargeting
    heights = (posed.vertices @ up - retargeting.ground) / retargeting.trunk_length
    assert heights.min() > -0.01
    assert min(told.clearance.values()) == pytest.approx(0, abs=0.01)
    turns = np.array([told.turns[joint] for joint in JOINTS])
    # The neck is nobody's to stand on: it is as it was asked for.
    neck = JOINTS.index("neck_base")
    np.testing.assert_allclose(turns[neck], to_turn(STRIDE)[neck], atol=1e-4)
    assert posed.truth.to_dict()["canonical"]["candidate"] == 0


def test_no_joint_leaves_its_limits_however_far_the_pose_goes(stage: Any, by_action: list[Shot]) -> None:
    random = np.random.default_rng(3)
    for _ in range(8):
        share = random.uniform(-0.1, 1.1, (len(JOINTS), 1))
        beyond = from_joint_angles(LIMITS.low + share * (LIMITS.high - LIMITS.low))
        told = stage.arrange(canonical(by_action[0], beyond)).truth.canonical
        taken = from_turn(np.array([told.turns[joint] for joint in JOINTS]))
        assert LIMITS.violations(taken[None]).max() < 1e-6


def test_limits_that_standing_would_break_are_kept(stage: Any) -> None:
    # No leg may turn by more than a tenth of a degree: standing has to do without bending them.
    from pasyn_blender.scene.canonical_posing import CanonicalPosing

    pose = angles_pose(left_shin=(6.0, 0.0, 0.0), right_forearm=(-6.0, 0.0, 0.0))
    animal, own = stage.animal, joint_angles(pose)
    low, high = LIMITS.low.copy(), LIMITS.high.copy()
    legs = [row for row, joint in enumerate(JOINTS) if joint.startswith(("left", "right"))]
    low[legs], high[legs] = own[legs] - 0.1, own[legs] + 0.1
    stage.posing.release()
    strict = CanonicalPosing(animal.rig, animal.geometry, animal.rig_map, JointLimits(low, high))
    taken = strict.take([pose])
    strict.release()
    assert taken.rounds > 1
    assert strict.limits.violations(taken.rotations[None]).max() == 0
    assert np.nanmin(taken.clearance) > -0.001


def test_the_first_pose_that_does_not_run_through_itself_is_taken(stage: Any, by_action: list[Shot]) -> None:
    chosen = stage.arrange(canonical(by_action[0], CROSSED, STRIDE, STANCE)).truth.canonical
    assert chosen.candidate == 1
    assert chosen.self_intersection <= chosen.allowed
    only = stage.arrange(canonical(by_action[0], CROSSED)).truth.canonical
    assert only.candidate == 0 and only.self_intersection > only.allowed
    worse = angles_pose(thigh=(0.0, -29.0, 0.0))
    both = [stage.arrange(canonical(by_action[0], pose)).truth.canonical for pose in (CROSSED, worse)]
    least = int(np.argmin([told.self_intersection for told in both]))
    if min(told.self_intersection for told in both) > only.allowed:
        found = stage.arrange(canonical(by_action[0], CROSSED, worse)).truth
        assert found.canonical.candidate == least
        alone = stage.arrange(canonical(by_action[0], (CROSSED, worse)[least])).truth
        assert found.to_dict()["keypoints"] == alone.to_dict()["keypoints"]


def test_actions_and_poses_in_any_order_give_the_same_labels(stage: Any, by_action: list[Shot]) -> None:
    shots = [
        by_action[0],
        canonical(by_action[1], STRIDE),
        by_action[2],
        canonical(by_action[3], STANCE),
        canonical(by_action[0], STRIDE),
        by_action[1],
    ]
    first = [stage.arrange(shot).truth.to_dict() for shot in shots]
    second = [stage.arrange(shot).truth.to_dict() for shot in reversed(shots)][::-1]
    assert first == second
    assert [truth.get("canonical") is None for truth in first] == [True, False, True, False, False, True]


def test_a_shot_without_any_pose_is_an_error(stage: Any, by_action: list[Shot]) -> None:
    for broken in (replace(by_action[0], action=None), canonical(by_action[0])):
        with pytest.raises(RenderError, match=r"delete shots\.jsonl and run again"):
            stage.arrange(broken)
