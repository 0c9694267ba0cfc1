"""Finding the program, and the files the panel writes for it."""

import os
import sys
from pathlib import Path

import pytest

from pasyn_blender.errors import OutputError, PasynError
from pasyn_blender.ui.background_run import child_environment, count_files, failure_line
from pasyn_blender.ui.command_line import find_program, write_text
from pasyn_blender.ui.panels.sidebar import wrap

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_preference_that_points_nowhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(PasynError, match=r"no program at .*gone.*preferences"):
        find_program(str(tmp_path / "gone"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no executable bit")
def test_a_preference_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "pasyn").write_text("not a program")
    with pytest.raises(PasynError, match="not executable"):
        find_program(str(tmp_path / "pasyn"))


def test_the_program_beside_python_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / ("pasyn.exe" if sys.platform == "win32" else "pasyn")
    program.write_text("")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert find_program("").command == (str(program),)


def test_without_a_program_the_module_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(REPOSITORY))
    found = find_program("")
    assert found.command == (str(tmp_path / "python"), "-m", "render_jobs.cli")
    assert found.search_path == REPOSITORY


def test_without_anything_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.setattr(sys, "modules", {k: v for k, v in sys.modules.items() if k != "render_jobs"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PasynError, match=r"not found; install it .*Preferences"):
        find_program("")


def test_the_child_does_not_inherit_this_blenders_settings() -> None:
    kept = child_environment(
        {"BLENDER_USER_RESOURCES": "/x", "PYTHONHOME": "/y", "HOME": "/h"}, Path("/repo")
    )
    assert "BLENDER_USER_RESOURCES" not in kept
    assert "PYTHONHOME" not in kept
    assert kept["HOME"] == "/h"
    assert kept["PYTHONPATH"] == str(Path("/repo"))
    assert (
        child_environment({"PYTHONPATH": "/a"}, Path("/repo"))["PYTHONPATH"]
        == f"{Path('/repo')}{os.pathsep}/a"
    )


def test_only_finished_renders_of_this_dataset_count(tmp_path: Path) -> None:
    for name in (
        "000000.json",
        "000001.json",
        "000001.png",
        "000002.json.partial-7",
        "000009.json",
        "x.json",
    ):
        (tmp_path / name).touch()
    assert count_files(tmp_path, ".json", 5) == 2
    assert count_files(tmp_path / "absent", ".json", 5) == 0


def test_the_error_line_of_a_log_is_what_a_person_reads(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("3 of 9 pictures\nerror: the disk is full; free some space\n")
    assert failure_line(log, 2) == "the disk is full; free some space"
    log.write_text("Traceback\n  File x\nKeyError: 3\n")
    assert failure_line(log, 1) == "KeyError: 3"
    log.write_text("error: this Blender cannot denoise (why); set render.denoise to false\n")
    assert failure_line(log, 2) == "this Blender cannot denoise (why); switch Denoise off"
    log.write_text("")
    assert "exit code 9" in failure_line(log, 9)


def test_text_is_written_whole_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "input" / "job.yaml", "species: äsel\n")
    assert (tmp_path / "input" / "job.yaml").read_text(encoding="utf-8") == "species: äsel\n"
    assert [path.name for path in (tmp_path / "input").iterdir()] == ["job.yaml"]


def test_an_impossible_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot write .*choose another folder"):
        write_text(tmp_path / "file" / "job.yaml", "")


def test_messages_wrap_within_the_sidebar() -> None:
    lines = wrap("24 pictures in /a/very/long/path/that/no/sidebar/is/wide/enough/for and more", 24)
    assert max(map(len, lines)) <= 24
    assert "".join(lines).replace(" ", "") == (
        "24picturesin/a/very/long/path/that/no/sidebar/is/wide/enough/forandmore"
    )
    assert wrap("short", 24) == ["short"]
