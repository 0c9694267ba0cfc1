"""The extension in a real window, from the archive to the dataset, by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from screenshots import marks_of, pixels, unmarked
from window import Session

AGAIN = [
    [
        "pasyn",
        "run",
        "/output/dataset/input/job.yaml",
        "--out",
        "/output/again",
        "--blender",
        "/usr/bin/blender",
    ]
]
FOX_JOINTS = 20
"""At least: those that any animal of such a rig has."""


@pytest.fixture(scope="module")
def session(window: Callable[..., Session]) -> Session:
    """What came of ``inside/main_path.py``."""
    return window("main_path", installed=False, limit=900.0, then=AGAIN)


def test_nothing_went_wrong_on_the_way(session: Session) -> None:
    assert session.notes["wrong"] == {} and "error" not in session.notes
    assert "Traceback" not in session.log, session.log
    assert session.left_over == {}


def test_a_dropped_archive_is_installed_and_its_tab_is_there(session: Session) -> None:
    assert session.notes["install"] == ["bl_ext.user_default.pasyn_blender"]
    assert session.notes["tab"] == {"category": "PASyn", "objects": 0}


def test_an_imported_rig_is_mapped_and_its_keypoints_are_drawn_where_they_are(session: Session) -> None:
    found = session.notes["import"]
    assert found["species"] == "fox"
    assert len(found["marks"]) == 17
    assert unmarked(session.folder / "import.png", found["marks"]) == []


def test_marks_are_not_found_where_none_are_drawn(session: Session) -> None:
    """The look at pixels itself: the same marks, forty pixels lower, are not there."""
    marks = [
        {**mark, "place": [mark["place"][0] + 25, mark["place"][1] + 40]}
        for mark in session.notes["import"]["marks"]
    ]
    assert len(unmarked(session.folder / "import.png", marks)) >= 14


def test_mapping_by_the_button_finds_the_same(session: Session) -> None:
    assert session.notes["map"]["the same again"]
    assert len(session.notes["map"]["joints"]) >= FOX_JOINTS


def test_a_dragged_keypoint_lands_under_the_mouse_and_undo_takes_it_back(session: Session) -> None:
    drag = session.notes["drag"]
    name = drag["name"]
    before, moved, undone, redone = (
        marks_of(drag[key])[name] for key in ("before", "marks", "undone", "redone")
    )
    assert np.linalg.norm(np.subtract(moved, drag["wanted"])) < 6.0
    assert np.linalg.norm(np.subtract(moved, before)) > 15.0
    np.testing.assert_allclose(undone, before, atol=0.5)
    np.testing.assert_allclose(redone, moved, atol=0.5)
    assert name in drag["by hand"]
    others = [other for other in marks_of(drag["before"]) if "knee" not in other]
    for other in others:
        np.testing.assert_allclose(marks_of(drag["marks"])[other], marks_of(drag["before"])[other], atol=0.5)
    assert unmarked(session.folder / "drag.png", drag["marks"]) == []


def test_ten_poses_are_ten_poses_and_the_marks_follow(session: Session) -> None:
    poses = session.notes["poses"]
    assert poses["different"] == 10
    assert poses["seed"] == 9
    assert unmarked(session.folder / "poses.png", poses["marks"]) == []


def test_a_shown_shot_is_the_datasets_first_picture(session: Session) -> None:
    """Seen through the camera that the shot brings, the marks stand where the dataset's labels are."""
    import json

    shot = session.notes["shot"]
    assert shot["index"] == 0
    labels = json.loads((session.folder / "dataset" / "annotations" / "all.json").read_text())
    (first,) = [entry for entry in labels["annotations"] if entry["image_id"] == labels["images"][0]["id"]]
    names = labels["categories"][0]["keypoints"]
    left, top, right, bottom = shot["frame"]
    marks = marks_of(shot["marks"])
    compared = 0
    for name, (x, y, visibility) in zip(names, np.reshape(first["keypoints"], (-1, 3)), strict=True):
        if visibility:
            place = left + x / 128 * (right - left), top + y / 128 * (bottom - top)
            assert np.linalg.norm(np.subtract(marks[name], place)) < 0.02 * (right - left), name
            compared += 1
    assert compared >= 8
    assert pixels(session.folder / "shot.png").std() > 0.08, "there is something behind the animal"


def test_the_dataset_is_rendered_while_the_window_stays_usable(session: Session) -> None:
    assert session.notes["numbers"] == [4, [128, 128], 4, False, "/output/dataset"]
    assert session.notes["rendering"]["state"] == "running"
    assert session.notes["render"]["state"] == "finished", session.notes["render"]
    assert session.notes["pictures"] == 4
    assert (session.folder / "dataset" / "report.html").is_file()


def files(folder: Path) -> dict[str, bytes]:
    """A dataset's pictures, labels and renders."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for kind in ("images", "annotations", "renders")
        for path in sorted((folder / kind).rglob("*"))
        if path.is_file()
    }


def test_the_same_blender_without_a_window_makes_the_same_bytes(session: Session) -> None:
    assert session.then[0]["code"] == 0, session.then[0]["printed"]
    ours, again = files(session.folder / "dataset"), files(session.folder / "again")
    assert len(ours) >= 4 * 2 + 1
    assert ours.keys() == again.keys()
    assert [name for name in ours if ours[name] != again[name]] == []


def test_a_written_job_is_read_back_into_the_panel(session: Session) -> None:
    job = session.notes["job"]
    assert job["changed"] == [77, 5]
    assert job["read"] == [4, 0]
    written = yaml.safe_load(job["text"])
    assert (written["images"], written["species"], written["resolution"]) == (4, "fox", [128, 128])
    again = yaml.safe_load(job["again"])
    own_files = ("rig", "rig_map")
    assert {key: value for key, value in again.items() if key not in own_files} == {
        key: value for key, value in written.items() if key not in own_files
    }
