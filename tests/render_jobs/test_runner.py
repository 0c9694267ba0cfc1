"""The runner against workers that crash, hang, fail, lie and die."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from runs import children, delivered_files, run, small_job, stand_in_options

from pasyn_blender.errors import BackgroundError, JobError, RenderError
from render_jobs.runner import default_workers, run_job
from render_jobs.workers import share_cores


def test_a_run_delivers_pictures_annotations_plan_and_manifest(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    dataset = run(job, tmp_path / "out")
    assert (dataset.planned, dataset.delivered, dataset.quarantined, dataset.missing) == (6, 6, (), ())
    everything = json.loads((tmp_path / "out/annotations/all.json").read_text())
    assert [image["file_name"] for image in everything["images"]] == [f"{i:06d}.png" for i in range(6)]
    shots = (tmp_path / "out/shots.jsonl").read_text().splitlines()
    assert [json.loads(line)["index"] for line in shots] == list(range(6))
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["counts"]["delivered"] == 6
    assert manifest["seconds"]["per_picture"]["measured"] == 6
    assert manifest["run"]["workers"] == 1


@pytest.mark.parametrize("workers", [1, 3, 7])
def test_the_number_of_workers_decides_no_byte(
    workers: int, tmp_path: Path, reference: dict[str, bytes]
) -> None:
    run(small_job(tmp_path), tmp_path / "out", workers)
    assert delivered_files(tmp_path / "out") == reference


def test_a_finished_dataset_starts_no_worker_and_writes_no_picture(
    tmp_path: Path, misbehave: Any, reference: dict[str, bytes]
) -> None:
    job, out = small_job(tmp_path), tmp_path / "out"
    run(job, out)
    times = {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}
    misbehave(start="crash")
    run(job, out)
    assert {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()} == times
    assert delivered_files(out) == reference


def test_more_images_extend_and_fewer_shrink_without_rendering_again(
    tmp_path: Path, misbehave: Any, reference: dict[str, bytes]
) -> None:
    job, out = small_job(tmp_path, images=3), tmp_path / "out"
    run(job, out)
    first = (out / "renders/000000.png").stat().st_mtime_ns
    run(replace(job, images=6), out)
    assert delivered_files(out) == reference
    assert (out / "renders/000000.png").stat().st_mtime_ns == first
    misbehave(start="crash")
    run(job, out)
    assert len(list((out / "images").iterdir())) == 3
    run(replace(job, images=6), out)
    assert delivered_files(out) == reference


def test_workers_are_replaced_after_so_many_shots(tmp_path: Path, reference: dict[str, bytes]) -> None:
    job, out = small_job(tmp_path, shots_per_process=2), tmp_path / "out"
    run(job, out)
    assert (out / "logs/worker-0.log").read_text().count("\n$ ") == 3
    assert delivered_files(out) == reference


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"crash": [2]}, "SIGSEGV"),
        ({"raise": [2]}, "behind the camera"),
        ({"hang": [2]}, "longer than 1 s"),
        ({"lie": [2]}, "not complete"),
    ],
)
def test_a_shot_that_fails_twice_is_left_out_with_its_log_and_the_rest_is_delivered(
    how: dict[str, Any], reason: str, tmp_path: Path, misbehave: Any, reference: dict[str, bytes]
) -> None:
    job, out = small_job(tmp_path, shot_seconds=1.0), tmp_path / "out"
    misbehave(**how)
    dataset = run(job, out)
    assert dataset.quarantined == (2,)
    assert dataset.delivered == 5
    log = (out / "quarantine/000002.log").read_text()
    assert reason in log
    assert log.count("try ") == 2
    assert "chatter of shot 2" in log
    assert "chatter of shot 1" not in log
    files = delivered_files(out)
    assert "images/000002.png" not in files
    assert files["images/000003.png"] == reference["images/000003.png"]

    misbehave()
    assert run(job, out).quarantined == (2,), "a shot that was given up is not tried again unasked"
    assert run(job, out, retry_quarantined=True).quarantined == ()
    assert delivered_files(out) == reference


def test_one_crash_is_forgiven(tmp_path: Path, misbehave: Any, reference: dict[str, bytes]) -> None:
    misbehave(crash_once=[1, 4])
    dataset = run(small_job(tmp_path), tmp_path / "out", workers=2)
    assert dataset.quarantined == ()
    assert delivered_files(tmp_path / "out") == reference


def test_a_worker_that_holds_too_much_memory_is_replaced_after_its_shot(
    tmp_path: Path, misbehave: Any, reference: dict[str, bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    misbehave(hold=600, seconds=0.2)
    job, out = small_job(tmp_path, memory_gib=0.5), tmp_path / "out"
    assert run(job, out).quarantined == ()
    assert delivered_files(out) == reference
    assert (out / "logs/worker-0.log").read_text().count("\n$ ") > 1
    assert "more than limits.memory_gib 0.5" in capsys.readouterr().err


def test_cores_are_shared_without_overlap_or_rest() -> None:
    assert share_cores([0, 1], 1) == [frozenset()]
    assert share_cores([4], 2) == [frozenset(), frozenset()]
    shares = share_cores(range(10), 3)
    assert [len(share) for share in shares] == [3, 3, 4]
    assert sorted(core for share in shares for core in share) == list(range(10))


def test_events_behind_blenders_chatter_are_heard(tmp_path: Path, misbehave: Any) -> None:
    misbehave(garble=True)
    assert run(small_job(tmp_path), tmp_path / "out").delivered == 6


def test_a_worker_that_cannot_leave_is_not_waited_for(tmp_path: Path, misbehave: Any) -> None:
    misbehave(exit="hang")
    started = time.monotonic()
    assert run(small_job(tmp_path), tmp_path / "out").delivered == 6
    assert time.monotonic() - started < 30


def test_a_mistake_of_the_users_stops_the_run_with_its_message(tmp_path: Path, misbehave: Any) -> None:
    misbehave(start="error")
    with pytest.raises(RenderError, match=r"^stand-in.glb: found no armature; a rig needs one$"):
        run(small_job(tmp_path), tmp_path / "out")


def test_workers_that_die_at_the_start_stop_the_run_with_their_last_words(
    tmp_path: Path, misbehave: Any
) -> None:
    misbehave(start="crash")
    with pytest.raises(RenderError, match=r"SIGSEGV before it rendered anything, twice(.|\n)*is coming"):
        run(small_job(tmp_path), tmp_path / "out")


def test_a_run_in_which_nothing_succeeds_ends_before_it_tried_everything(
    tmp_path: Path, misbehave: Any
) -> None:
    misbehave(**{"raise": list(range(40))})
    with pytest.raises(RenderError, match="behind the camera"):
        run(small_job(tmp_path, images=40), tmp_path / "out")
    assert len(list((tmp_path / "out/quarantine").iterdir())) == 5


def test_a_small_run_in_which_nothing_succeeds_is_no_dataset(tmp_path: Path, misbehave: Any) -> None:
    misbehave(**{"raise": [0, 1]})
    with pytest.raises(RenderError, match="none of the 2 shots"):
        run(small_job(tmp_path, images=2), tmp_path / "out")
    assert not (tmp_path / "out/annotations/all.json").exists()


def test_a_program_that_is_none_is_named(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    options = replace(stand_in_options(job, tmp_path / "out"), command=None, blender=Path("/no/blender"))
    with pytest.raises(RenderError, match="/no/blender"):
        run_job(job, options)


def test_wrong_actions_and_backgrounds_stop_the_run_and_leave_no_process(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    with pytest.raises(JobError, match="'Gallop'"):
        run(replace(job, actions=("Gallop",)), tmp_path / "a")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos/note.txt").write_text("no photo")
    with pytest.raises(BackgroundError, match="photos"):
        run(replace(job, backgrounds=(tmp_path / "photos",)), tmp_path / "b")
    with pytest.raises(RenderError, match="--workers"):
        run(job, tmp_path / "c", workers=0)
    assert children() == []


def test_small_machines_get_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 1), (2, 1), (16, 1), (32, 2), (128, 8)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False)
        assert default_workers() == workers
