"""Runs that are stopped, killed, doubled, or run out of disk: nothing is lost, and the next one goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from runs import REPOSITORY, children, delivered_files, run, small_job, stand_in_blender

from pasyn_blender.errors import OutputError
from render_jobs import layout


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
    workers = children(process.pid)
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
            victims = [process.pid] if round_ % 2 else [*children(process.pid)[:1]]
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
    workers = children(process.pid)
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
