"""The program as a person meets it: help, messages, exit codes; and one real dataset."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from runs import REPOSITORY, pasyn, small_job, stand_in_blender

from render_jobs.job import load_job
from render_jobs.progress import Progress, Rate, in_words


def test_help_teaches_with_examples() -> None:
    program, run = pasyn("--help").stdout, pasyn("run", "--help").stdout
    assert "pasyn run zebra.yaml" in program
    for command in ("run", "finish", "status", "report", "job", "rig"):
        assert f"\n  {command} " in program
    assert "--set camera.elevation=[0,30]" in run
    assert "--images" in run
    for words in (["finish"], ["status"], ["report"], ["job", "check"], ["job", "show"], ["rig", "map"]):
        assert pasyn(*words, "--help").returncode == 0
    assert pasyn("--version").stdout.startswith("pasyn ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "pasyn run --rig horse.glb"),
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "--rig", "nowhere.glb"], "nowhere.glb"),
        (["run", "small.yaml", "--set", "camera.elevatoin=[0,30]"], "elevation"),
        (["run", "small.yaml", "--images", "0"], "images"),
        (["run", "small.yaml", "--images", "many"], "--images"),
        (["run", "small.yaml", "--workers", "0"], "--workers"),
        (["run", "small.yaml", "--out", "small.yaml"], "file stands where a folder is needed"),
        (["run", "small.yaml", "--out", "/proc/pasyn"], "/proc/pasyn"),
        (["run", "small.yaml", "--blender", "nowhere/blender"], "nowhere/blender"),
        (["run", "small.yaml", "--blender", "small.yaml"], "is not executable"),
        (["status", "."], "job.json"),
        (["finish", "nowhere"], "no such folder"),
        (["report", "nowhere"], "no such folder"),
        (["job", "check", "broken.yaml"], "broken.yaml, line 3"),
        (["walk"], "walk"),
    ],
)
def test_a_mistake_gets_one_message_and_exit_code_2(arguments: list[str], said: str, tmp_path: Path) -> None:
    small_job(tmp_path)
    (tmp_path / "broken.yaml").write_text("species: zebra\nanimal: [zebra\n")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = pasyn(*arguments, cwd=tmp_path, env=environment)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stderr.lower().count("error:") == 1
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").rglob("*.png"))


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="this system has no /dev/full")
def test_output_to_a_full_disk_is_no_traceback(tmp_path: Path) -> None:
    small_job(tmp_path)
    command = [sys.executable, "-m", "render_jobs.cli", "job", "show", str(tmp_path / "small.yaml")]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


def test_show_prints_a_job_that_is_the_same_job(tmp_path: Path) -> None:
    small_job(tmp_path)
    done = pasyn("job", "show", str(tmp_path / "small.yaml"), "--set", "images=77")
    assert yaml.safe_load(done.stdout)["images"] == 77
    (tmp_path / "shown.yaml").write_text(done.stdout)
    assert load_job(tmp_path / "shown.yaml") == load_job(tmp_path / "small.yaml", ["images=77"])
    assert "6" not in pasyn("job", "check", str(tmp_path / "shown.yaml")).stderr


def test_check_names_photos_that_cannot_be_used(tmp_path: Path, shared: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    good = sorted((shared / "backgrounds/farm").glob("*.jpg"))[0]
    (photos / "good.jpg").write_bytes(good.read_bytes())
    (photos / "empty.jpg").write_bytes(b"")
    (tmp_path / "job.yaml").write_text("species: zebra\nanimal: zebra\nbackgrounds: [photos]\n")
    done = pasyn("job", "check", str(tmp_path / "job.yaml"))
    assert done.returncode == 0
    assert "1 background photos" in done.stdout
    assert "empty.jpg" in done.stdout


def test_quarantined_shots_make_exit_code_3_and_stand_in_the_summary(tmp_path: Path) -> None:
    small_job(tmp_path)
    done = pasyn(
        *("run", str(tmp_path / "small.yaml"), "--images", "3", "--out", str(tmp_path / "out")),
        *("--blender", str(stand_in_blender(tmp_path)), "--no-report"),
        env={**os.environ, "PASYN_MISBEHAVE": json.dumps({"raise": [1]})},
    )
    assert done.returncode == 3
    assert "2 of 3 pictures" in done.stdout
    assert "1 (shots 1)" in done.stdout
    assert "quarantine" in done.stdout
    assert "behind the camera" in done.stderr


def test_the_job_name_names_the_folder_and_the_output_is_plain_lines_in_a_pipe(tmp_path: Path) -> None:
    small_job(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = pasyn(
        *("run", "small.yaml", "--images", "3", "--blender", str(stand_in_blender(tmp_path))),
        *("--no-report", "--set", "seed=4"),
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert "3 of 3 pictures in runs/small" in done.stdout
    assert "\x1b" not in done.stderr + done.stdout
    assert "3 of 3 pictures" in done.stderr
    assert json.loads((tmp_path / "runs/small/job.json").read_text())["seed"] == 4


def test_durations_and_pace_in_words() -> None:
    assert [in_words(s) for s in (0.4, 59.4, 61, 3599, 7800)] == [
        "0 s", "59 s", "1 min 01 s", "59 min 59 s", "2 h 10 min",
    ]  # fmt: skip
    rate = Rate()
    assert rate.seconds is None
    for moment in range(200):
        rate.tick(moment * 0.5)
    assert rate.seconds == pytest.approx(0.5)


def test_a_terminal_gets_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    progress = Progress(terminal)
    progress.begin(3, 1)
    progress.advance()
    progress.notice("shot 7 [failed]")
    progress.advance()
    progress.end()
    progress.end()
    assert "3/3" in terminal.getvalue()
    assert "shot 7 [failed]" in terminal.getvalue()


def test_ctrl_c_while_the_program_loads_shows_no_traceback() -> None:
    interrupted = 0
    for delay in (0.03, 0.06, 0.1, 0.15, 0.2, 0.3):
        program = subprocess.Popen(
            [sys.executable, "-c", "from render_jobs.entry import main; print(flush=True); main()", "--help"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=REPOSITORY,
            text=True,
        )
        assert program.stdout is not None
        program.stdout.readline()  # Python itself is up, and takes the next line
        time.sleep(delay)
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=60)
        assert "Traceback" not in errors
        interrupted += program.returncode in (-signal.SIGINT, 128 + signal.SIGINT)
    assert interrupted
