"""The runner against workers that crash, hang, fail, lie and die, and against being killed itself."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from runs import REPOSITORY, delivered_files, small_job, stand_in_blender, stand_in_options

from pasyn_blender.errors import BackgroundError, JobError, OutputError, RenderError
from render_jobs import layout
from render_jobs.finish import Dataset
from render_jobs.job import Job
from render_jobs.runner import default_workers, run_job
from render_jobs.workers import share_cores


@pytest.fixture
def misbehave(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_to(**how: Any) -> None:
        monkeypatch.setenv("PASYN_MISBEHAVE", json.dumps(how))

    set_to()
    return set_to


def run(job: Job, folder: Path, workers: int = 1, **options: Any) -> Dataset:
    return run_job(job, stand_in_options(job, folder, workers, **options))


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run without any trouble delivers for the job of these tests."""
    place = tmp_path_factory.mktemp("reference")
    run(small_job(place), place / "out")
    return delivered_files(place / "out")


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


def test_damaged_renders_are_rendered_again(tmp_path: Path, reference: dict[str, bytes]) -> None:
    job, out = small_job(tmp_path), tmp_path / "out"
    run(job, out)
    (out / "renders/000001.png").write_bytes((out / "renders/000001.png").read_bytes()[:-20])
    (out / "renders/000002.json").write_text('{"index": 2')
    (out / "renders/000003.png").unlink()
    (out / "images/000004.png").write_bytes((out / "images/000004.png").read_bytes()[:-1] + b"x")
    (out / "images/000005.png").write_bytes(b"")
    assert run(job, out).delivered == 6
    assert delivered_files(out) == reference


def test_leftovers_of_interrupted_writes_are_removed(tmp_path: Path, reference: dict[str, bytes]) -> None:
    job, out = small_job(tmp_path), tmp_path / "out"
    run(job, out)
    (out / "images/000001.png.partial-77").write_bytes(b"half")
    (out / "annotations/all.json.partial-77").write_bytes(b"{")
    stale = out / "renders/000001.png.partial-77"
    stale.write_bytes(b"half")
    os.utime(stale, (1, 1))
    run(job, out)
    assert delivered_files(out) == reference
    assert not stale.exists()


def test_the_folder_of_another_job_is_refused_with_what_differs(tmp_path: Path) -> None:
    job, out = small_job(tmp_path), tmp_path / "out"
    run(job, out)
    before = delivered_files(out)
    with pytest.raises(OutputError, match=r"out holds the dataset of another job.*seed is 5, there 0"):
        run(replace(job, seed=5), out)
    assert delivered_files(out) == before


def test_a_rig_that_changed_is_another_job(tmp_path: Path) -> None:
    rig = tmp_path / "rig.glb"
    rig.write_bytes(b"one")
    job, out = replace(small_job(tmp_path), animal=None, rig=rig), tmp_path / "out"
    run(job, out)
    rig.write_bytes(b"two")
    with pytest.raises(OutputError, match="changed since"):
        run(job, out)


def test_the_correction_of_a_job_that_rendered_nothing_takes_its_folder(
    tmp_path: Path, reference: dict[str, bytes]
) -> None:
    job, out = small_job(tmp_path), tmp_path / "out"
    with pytest.raises(JobError, match="'Gallop'"):
        run(replace(job, actions=("Gallop",)), out)
    assert (out / "rig.json").is_file()
    (out / "rig_map.yaml").write_text("of another rig")
    layout.create_folder(out / "quarantine")
    (out / "quarantine/000001.log").write_text("of another shot")
    dataset = run(job, out)
    assert (dataset.delivered, dataset.quarantined) == (6, ())
    assert delivered_files(out) == reference
    assert not (out / "rig_map.yaml").exists(), "a map that is there would be taken for this job's"


@pytest.mark.parametrize("name", ["annotations/all.json", "manifest.json", "rig_map.yaml"])
def test_nothing_of_someone_elses_is_overwritten(name: str, tmp_path: Path) -> None:
    precious = tmp_path / "out" / name
    precious.parent.mkdir(parents=True, exist_ok=True)
    precious.write_text("{}")
    with pytest.raises(OutputError, match=f"{name.split('/')[0]}' in it but no job.json"):
        run(small_job(tmp_path), tmp_path / "out")
    assert precious.read_text() == "{}"


def test_another_programs_job_json_is_told_from_ours(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/job.json").write_text('{"name": "nightly"}')
    with pytest.raises(OutputError, match="no job of PASyn"):
        run(small_job(tmp_path), tmp_path / "out")


def test_a_folder_with_someone_elses_pictures_is_left_alone(tmp_path: Path) -> None:
    holiday = tmp_path / "out/images/000000.png"
    holiday.parent.mkdir(parents=True)
    holiday.write_bytes(b"holiday")
    with pytest.raises(OutputError, match=r"no job.json"):
        run(small_job(tmp_path), tmp_path / "out")
    assert holiday.read_bytes() == b"holiday"


def test_an_output_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("I am no folder")
    for place in (tmp_path / "file", tmp_path / "file/out", Path("/proc/pasyn-out")):
        with pytest.raises(OutputError, match=str(place)):
            run(small_job(tmp_path), place)


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
    assert _children() == []


def test_small_machines_get_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, workers in ((1, 1), (2, 1), (16, 1), (32, 2), (128, 8)):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False)
        assert default_workers() == workers


def _children(of: int | None = None) -> list[int]:
    """Processes below one of ours that are alive."""
    of = of or os.getpid()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(") ")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == of and state != "Z":
                found.append(int(entry.name))
    return found


class Program:
    """``pasyn run`` with the stand-in, as a process that can be disturbed."""

    def __init__(self, place: Path, seconds: float = 0.1, workers: int = 2) -> None:
        small_job(place)
        self.out = place / "out"
        self.command = [
            *(sys.executable, "-m", "render_jobs.cli", "run", str(place / "small.yaml"), "--images", "6"),
            *("--out", str(self.out), "--workers", str(workers), "--no-report"),
            *("--blender", str(stand_in_blender(place))),
        ]
        self.environment = {**os.environ, "PASYN_MISBEHAVE": json.dumps({"seconds": seconds})}

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command,
            cwd=REPOSITORY,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def wait_for_renders(self, count: int) -> None:
        limit = time.monotonic() + 30
        while len(list(self.out.glob("renders/*.json"))) < count:
            assert time.monotonic() < limit, "nothing was rendered"
            time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_ends_its_workers_says_how_to_go_on_and_goes_on(
    number: int, code: int, tmp_path: Path, reference: dict[str, bytes]
) -> None:
    program = Program(tmp_path)
    process = program.start()
    program.wait_for_renders(1)
    workers = _children(process.pid)
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == code
    assert "goes on" in said
    assert "Traceback" not in said
    assert workers
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]
    again = program.start()
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert delivered_files(program.out) == reference


def test_killed_again_and_again_the_dataset_is_the_same(tmp_path: Path, reference: dict[str, bytes]) -> None:
    chance = random.Random(4)
    program = Program(tmp_path, seconds=0.25)
    kills = 0
    for round_ in range(12):
        process = program.start()
        try:
            process.wait(timeout=chance.uniform(0.3, 1.8))
        except subprocess.TimeoutExpired:
            victims = [process.pid] if round_ % 2 else [*_children(process.pid)[:1]]
            for victim in victims:
                kills += 1
                os.kill(victim, signal.SIGKILL)
            if round_ % 2:
                process.communicate()
                continue
        process.communicate(timeout=60)
        if process.returncode == 0 and round_ > 6:
            break
        if process.returncode == 0:
            # Done too early: take something away, so that the next rounds have work.
            for index in chance.sample(range(6), 3):
                layout.truth_path(program.out, index).unlink(missing_ok=True)
    process = program.start()
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert kills >= 3
    assert delivered_files(program.out) == reference


def test_workers_of_a_killed_parent_end(tmp_path: Path) -> None:
    program = Program(tmp_path, seconds=0.5)
    process = program.start()
    program.wait_for_renders(1)
    workers = _children(process.pid)
    process.kill()
    process.communicate()
    limit = time.monotonic() + 5
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < limit, "workers live on"
        time.sleep(0.05)


def test_a_second_run_into_the_same_folder_says_who_holds_it(tmp_path: Path) -> None:
    program = Program(tmp_path, seconds=0.3)
    first = program.start()
    program.wait_for_renders(1)
    second = program.start()
    _, said = second.communicate(timeout=20)
    assert second.returncode == 2
    assert f"process {first.pid} on " in said
    first.communicate(timeout=60)
    assert first.returncode == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_a_full_disk_is_one_message_and_leaves_nothing_to_trust(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    try:
        program = Program(tmp_path, seconds=0)
        program.command[program.command.index("--images") + 1] = "60"
        program.command[program.command.index("--out") + 1] = str(disk / "out")
        process = program.start()
        _, said = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "disk is full" in said
        assert "Traceback" not in said
        assert said.count("error:") == 1
        assert not list(disk.glob("out/annotations/*.json"))
        for truth in disk.glob("out/renders/*.json"):
            json.loads(truth.read_text())
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
def test_no_shot_is_given_up_for_a_full_disk(tmp_path: Path, misbehave: Any) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=800k", "tmpfs", str(disk)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("no file system can be mounted here")
    misbehave(**{"raise": [1]})
    try:
        with pytest.raises(OutputError, match="disk is full"):
            run(small_job(tmp_path), disk / "out")
        assert not list(disk.glob("out/quarantine/*"))
        assert not list(disk.glob("out/renders/room*"))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
