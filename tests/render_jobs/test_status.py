"""Status: from files alone, whatever state they are in."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from runs import pasyn, small_job
from stand_in_renderer import FACTS, write_render

from pasyn_blender.errors import OutputError
from render_jobs import layout
from render_jobs.finish import finish_folder
from render_jobs.job import job_identity
from render_jobs.output_folder import locked
from render_jobs.plan import plan
from render_jobs.status import read_status, status_lines

NOW = 1_800_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four of ten shots rendered, two seconds apart, the last three seconds ago; one given up."""
    job, out = small_job(tmp_path, images=10), tmp_path / "out"
    layout.write_atomically(layout.job_path(out), json.dumps(job.to_dict()).encode())
    layout.write_atomically(layout.rig_facts_path(out), json.dumps(FACTS.to_dict()).encode())
    identity = job_identity(job)
    for index in range(4):
        write_render(out, plan(job, FACTS)[index], identity, job.resolution)
        moment = NOW - 3 - 2 * (3 - index)
        os.utime(layout.truth_path(out, index), (moment, moment))
    layout.write_atomically(layout.quarantine_path(out, 7), b"failed twice")
    log = layout.worker_log_path(out, 0)
    log.parent.mkdir()
    log.write_text('$ blender\nFra:1\n@pasyn {"event": "start", "index": 4}\nFra:1 Mem:20M\n')
    os.utime(log, (NOW - 2, NOW - 2))
    return out


def test_counts_pace_and_time_left(folder: Path) -> None:
    status = read_status(folder, NOW)
    assert (status.planned, status.rendered, status.composed) == (10, 4, 0)
    assert status.quarantined == (7,)
    assert status.seconds_per_picture == pytest.approx(2.0)
    assert status.seconds_left == pytest.approx(10.0)
    assert status.busy
    assert not status.running
    assert not status.annotated
    assert status.shards[0].last_word == "rendering shot 4"
    assert status.shards[0].idle_seconds == 2.0


def test_what_stopped_an_hour_ago_has_no_time_left_and_says_how_to_go_on(folder: Path) -> None:
    status = read_status(folder, NOW + 3600)
    assert not status.busy
    assert status.seconds_left is None
    assert "stopped with 5 to render" in "\n".join(status_lines(status))


def test_a_pause_between_two_runs_is_no_pace(folder: Path) -> None:
    for index in (0, 1):
        moment = NOW - 90_000 + 2 * index
        os.utime(layout.truth_path(folder, index), (moment, moment))
    assert read_status(folder, NOW).seconds_per_picture == pytest.approx(2.0)


def test_unfinished_and_foreign_files_do_not_count(folder: Path) -> None:
    (folder / "renders/000005.json.partial-12").write_text("{")
    (folder / "renders/000006.json").write_text("{}")
    (folder / "renders/000099.json").write_text("{}")
    (folder / "renders/000099.png").write_text("")
    (folder / "renders/notes.json").write_text("{}")
    assert read_status(folder, NOW).rendered == 4


def test_a_held_folder_is_running_and_a_finished_one_says_so(folder: Path) -> None:
    with locked(folder, "test"):
        assert read_status(folder, NOW).running
    assert not read_status(folder, NOW).running
    finish_folder(folder)
    status = read_status(folder, NOW)
    assert status.composed == 4
    assert status.annotated


def test_the_program_prints_a_table_or_json(folder: Path) -> None:
    table = pasyn("status", str(folder))
    assert table.returncode == 0
    assert "10 pictures of zebra" in table.stdout
    assert "1 (shots 7)" in table.stdout
    values = json.loads(pasyn("status", str(folder), "--json").stdout)
    assert values["rendered"] == 4
    assert values["quarantined"] == [7]


def test_other_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="no such folder"):
        read_status(tmp_path / "nowhere")
    with pytest.raises(OutputError, match=r"no job\.json"):
        read_status(tmp_path)
