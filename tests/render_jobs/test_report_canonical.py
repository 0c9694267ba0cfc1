"""What report and manifest tell of canonical poses: sources, what was turned down, joints against limits."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_report import make_folder, make_shot, parse

from pasyn_blender.anatomy.skeleton import JOINTS
from render_jobs import layout
from render_jobs.pose_record import pose_label, pose_of, summarise_poses
from render_jobs.report import write_report
from render_jobs.report_canonical import limit_chart, limit_rows
from render_jobs.shot import PoseShot, Shot

STILL = [(0.0, 0.0, 0.0)] * len(JOINTS)


def canonical_truth(
    candidate: int = 0, share: float = 0.0, rounds: int = 1, foot: float = 0.0
) -> dict[str, Any]:
    return {
        "turns": {joint: [0.1, 0.0, 0.0] for joint in JOINTS},
        "candidate": candidate,
        "clearance": {"left_front": 0.2, "right_front": foot, "left_hind": 0.0, "right_hind": None},
        "self_intersection": share,
        "allowed": 0.01,
        "rounds": rounds,
    }


def posed(shot: Shot, source: str = "prior", limits: int = 0, collision: int = 0) -> Shot:
    turned_down = {"limits": limits, "collision": collision} if source == "prior" else {}
    count, number = (4, None) if source == "prior" else (1, 7)
    return replace(
        shot, action=None, frame=None, pose=PoseShot.of(source, [STILL] * count, turned_down, number)
    )


def test_the_summary_counts_what_was_drawn_and_what_the_skin_turned_down() -> None:
    first, second, third = (make_shot(i, 0.0) for i in range(3))
    summary = summarise_poses(
        [
            (pose_of(posed(first, limits=3)), canonical_truth(candidate=1, foot=-0.004)),
            (pose_of(posed(second, limits=1, collision=4)), canonical_truth(share=0.02, rounds=2)),
            (pose_of(third), None),
        ]
    )
    assert summary["sources"] == {"actions": 1, "prior": 2}
    assert summary["skeleton"] == {
        "drawn": 16,
        "acceptance": 0.5,
        "turned_down": {"collision": 4, "limits": 4},
    }
    assert summary["skin"] == {
        "pictures": 2,
        "chosen": {"0": 1, "1": 1},
        "none_clear": 1,
        "stood_again": 1,
        "lowest_foot": -0.004,
    }


def test_poses_of_files_and_actions_were_not_drawn() -> None:
    shots = [posed(make_shot(0, 0.0), "file"), make_shot(1, 0.0)]
    summary = summarise_poses((pose_of(shot), None) for shot in shots)
    assert summary["skeleton"] == {"drawn": 0, "acceptance": 1.0, "turned_down": {}}
    assert [pose_label(json.loads(shot.to_json())) for shot in shots] == ["file", "Walk"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures: two of the prior, one of a file, one of an action."""
    folder = make_folder(tmp_path)
    shots = [make_shot(i, 90.0 * i) for i in range(4)]
    shots = [posed(shots[0], limits=5), posed(shots[1]), posed(shots[2], "file"), shots[3]]
    layout.shots_path(folder).write_text("".join(shot.to_json() + "\n" for shot in shots))
    for index in range(3):
        path = layout.truth_path(folder, index)
        path.write_text(json.dumps({**json.loads(path.read_text()), "canonical": canonical_truth()}))
    return folder


def test_the_report_tells_of_actions_and_poses_alike(folder: Path) -> None:
    text = " ".join(parse(write_report(folder)).text)
    assert "Actions" in text and "Walk" in text
    assert "Poses taken and turned down" in text and "beyond the limits of joints" in text
    assert "61.5 %" in text  # 8 of 13
    assert "neck base: median 6°" in text
    assert "pose from the file, number 7" in layout.report_path(folder).read_text()


def test_a_dataset_of_the_prior_alone_shows_no_actions(folder: Path) -> None:
    shots = [posed(make_shot(i, 90.0 * i)) for i in range(4)]
    layout.shots_path(folder).write_text("".join(shot.to_json() + "\n" for shot in shots))
    text = " ".join(parse(write_report(folder)).text)
    assert "Poses from" in text and "Actions" not in text and "Walk" not in text


def test_a_damaged_record_costs_the_joints_and_nothing_else(folder: Path) -> None:
    path = layout.truth_path(folder, 1)
    path.write_text(json.dumps({**json.loads(path.read_text()), "canonical": {"turns": {"pelvis": 3}}}))
    text = " ".join(parse(write_report(folder)).text)
    assert "Walk" in text and "Joints" not in text


def test_bars_lie_inside_their_limits() -> None:
    angles = np.zeros((5, len(JOINTS), 3))
    angles[:, JOINTS.index("left_shin"), 0] = (10, 20, 30, 40, 50)
    angles[:, JOINTS.index("right_shin"), 0] = (10, 20, 30, 40, 50)
    rows = {row[0]: row for row in limit_rows(angles)}
    assert sorted(rows["shin"][1]) == [10, 10, 20, 20, 30, 30, 40, 40, 50, 50]
    assert rows["shin"][2] < 0 < rows["shin"][3]
    assert "shin: median 30°, middle half 20° to 40°, all 10° to 50°" in limit_chart([rows["shin"]])
