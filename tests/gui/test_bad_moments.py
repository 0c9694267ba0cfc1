"""Moments in which something is not as it should be: a sentence, nothing lost, nothing left running."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from window import Session


@pytest.fixture(scope="module")
def session(window: Callable[..., Session]) -> Session:
    """What came of ``inside/bad_moments.py``, where Blender finds no ``pasyn`` until it is told of it."""
    return window("bad_moments", program=False, limit=600.0)


def test_nothing_went_wrong_in_the_script_itself(session: Session) -> None:
    assert session.notes["wrong"] == {} and "error" not in session.notes
    assert "Traceback" not in session.log, session.log
    assert session.left_over == {}


def test_with_nothing_selected_the_button_is_grey_and_does_nothing(session: Session) -> None:
    assert session.notes["nothing selected"] == {"enabled": False, "said": [], "animal": False}


def test_a_rig_that_is_no_quadruped_is_refused_with_the_reason(session: Session) -> None:
    found = session.notes["no quadruped"]
    assert any("not a standing quadruped" in line for line in found["said"]), found["said"]
    assert found["map"] == ""
    assert found["objects"] == 2


def test_without_the_program_the_message_says_where_to_name_it(session: Session) -> None:
    found = session.notes["program missing"]
    assert any("pasyn program" in line and "Preferences" in line for line in found["said"]), found["said"]
    assert not found["folder"]


def test_an_unsaved_file_is_to_be_saved_first(session: Session) -> None:
    assert any("save the .blend first" in line for line in session.notes["file unsaved"])


def test_a_full_disk_is_named(session: Session) -> None:
    found = session.notes["disk full"]
    assert found["state"] == "failed"
    assert "no space left" in found["message"].lower(), found


def test_undo_while_rendering_does_not_touch_the_render(session: Session) -> None:
    found = session.notes["undone while rendering"]
    assert found["undone"] >= 1
    assert found["state"] == "finished"
    assert found["pictures"] == 4
    assert found["animal again"]


@pytest.mark.parametrize("end", ["quit", "kill"])
def test_blender_closed_while_rendering_leaves_nothing_running(
    window: Callable[..., Session], end: str
) -> None:
    session = window("closing", limit=300.0, values={"end": end})
    assert session.notes["wrong"] == {} and "error" not in session.notes
    assert session.code == {"quit": 0, "kill": -9}[end]
    assert session.left_over == {}
    rendered = list((session.folder / "dataset" / "renders").glob("*.json"))
    assert len(rendered) >= session.notes["rendered"] >= 2, "what was rendered stays"
