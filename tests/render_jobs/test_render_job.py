"""render_job.py as a cluster runs it: a process of its own, shards, resuming, errors, signals."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_prior import small_prior

from pasyn_blender.anatomy.skeleton import JOINTS
from render_jobs import layout

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SCRIPT = REPOSITORY / "render_jobs" / "render_job.py"


@pytest.fixture(scope="module")
def fox(shared: Path) -> Path:
    return next((shared / "rigs" / "fox_khronos").glob("*.glb"))


def write_job(folder: Path, rig: Path, **changes: Any) -> Path:
    job = {
        "species": "fox",
        "rig": str(rig),
        "images": 7,
        "resolution": [64, 64],
        "render": {"samples": 2},
        # Some pictures of each kind.
        "poses": {"source": "prior", "file": str(small_prior(folder / "prior.npz")), "share_of_actions": 0.4},
        **changes,
    }
    path = folder / "job.yaml"
    path.write_text(json.dumps(job), encoding="utf-8")
    return path


def command(job: Path, out: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(SCRIPT), "--", str(job), "--out", str(out), *arguments]


def run(job: Path, out: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(job, out, *arguments),
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        check=False,
    )


def events(output: str) -> list[dict[str, Any]]:
    marked = [line.partition("@pasyn ")[2] for line in output.splitlines() if "@pasyn " in line]
    return [json.loads(line) for line in marked]


def kinds(output: str) -> list[str]:
    return [event["event"] for event in events(output)]


def hashes(out: Path) -> dict[str, str]:
    files = sorted(layout.renders_folder(out).iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def whole(fox: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A job, its output rendered by one process, and what that process said."""
    place = tmp_path_factory.mktemp("whole")
    job = write_job(place, fox)
    done = run(job, place / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    return job, place / "out", done.stdout


def test_every_shot_has_its_picture_and_a_truth_that_names_it(whole: tuple[Path, Path, str]) -> None:
    _, out, output = whole
    assert kinds(output) == ["prepared", *["start", "done"] * 7, "finished"]
    for index in range(7):
        truth = json.loads(layout.truth_path(out, index).read_text())
        picture = layout.render_path(out, index).read_bytes()
        assert truth["image_sha256"] == hashlib.sha256(picture).hexdigest()
        assert truth["index"] == index and len(truth["keypoints"]) == 17
    assert len(hashes(out)) == 14
    assert layout.rig_facts_path(out).is_file() and layout.rig_map_path(out).is_file()


def test_shards_in_any_order_give_the_same_bytes(whole: tuple[Path, Path, str], tmp_path: Path) -> None:
    job, out, _ = whole
    for k in (2, 0):
        assert run(job, tmp_path, "--shard", f"{k}/3").returncode == 0
    last = run(job, tmp_path, SLURM_ARRAY_TASK_ID="2", SLURM_ARRAY_TASK_MIN="1", SLURM_ARRAY_TASK_MAX="3")
    assert [event["index"] for event in events(last.stdout) if event["event"] == "done"] == [1, 4]
    assert hashes(tmp_path) == hashes(out)


def test_a_shard_for_every_picture_gives_the_same_bytes(
    whole: tuple[Path, Path, str], tmp_path: Path
) -> None:
    job, out, _ = whole
    for k in (6, 1):
        assert run(job, tmp_path, "--shard", f"{k}/7").returncode == 0
    expected, found = hashes(out), hashes(tmp_path)
    assert len(found) == 4
    assert found.items() <= expected.items()


def test_more_pictures_leave_the_first_as_they_are(
    whole: tuple[Path, Path, str], fox: Path, tmp_path: Path
) -> None:
    _, out, _ = whole
    larger = write_job(tmp_path, fox, images=40)
    assert run(larger, tmp_path / "out", "--only", "2,39,5").returncode == 0
    expected, found = hashes(out), hashes(tmp_path / "out")
    assert len(found) == 6
    assert {name: value for name, value in found.items() if not name.startswith("000039")} == {
        name: value for name, value in expected.items() if name.startswith(("000002", "000005"))
    }


def test_poses_come_from_the_prior_and_from_actions(whole: tuple[Path, Path, str]) -> None:
    _, out, _ = whole
    truths = [json.loads(layout.truth_path(out, index).read_text()) for index in range(7)]
    canonical = [truth["canonical"] for truth in truths if "canonical" in truth]
    assert 0 < len(canonical) < 7
    for told in canonical:
        assert set(told["turns"]) == set(JOINTS)
        assert min(told["clearance"].values()) > -0.01
        assert 0 <= told["candidate"] < 4


def test_what_is_complete_is_not_rendered_again_and_what_is_damaged_is(
    whole: tuple[Path, Path, str], tmp_path: Path
) -> None:
    job, out, _ = whole
    first = run(job, tmp_path, "--max-shots", "2", "--shard", "0/2")
    assert kinds(first.stdout)[-1] == "recycle"
    first_done, second_done = (e["index"] for e in events(first.stdout) if e["event"] == "done")
    kept = layout.render_path(tmp_path, first_done)
    before = kept.stat().st_mtime_ns
    layout.render_path(tmp_path, second_done).write_bytes(b"cut off")
    second = run(job, tmp_path, "--shard", "0/2")
    rendered = [event["index"] for event in events(second.stdout) if event["event"] == "done"]
    assert set(rendered) == {0, 2, 4, 6} - {first_done}
    assert kept.stat().st_mtime_ns == before
    expected = hashes(out)
    assert all(expected[name] == found for name, found in hashes(tmp_path).items())


def test_only_renders_what_is_named_with_the_same_bytes(
    whole: tuple[Path, Path, str], tmp_path: Path
) -> None:
    job, out, _ = whole
    assert run(job, tmp_path, "--only", "5").returncode == 0
    found = hashes(tmp_path)
    assert found == {name: value for name, value in hashes(out).items() if name.startswith("000005")}


def test_a_job_that_grew_is_the_folder_s_job_from_then_on(fox: Path, tmp_path: Path) -> None:
    for images, asked in ((3, "0"), (9, "8"), (5, "4")):
        assert run(write_job(tmp_path, fox, images=images), tmp_path / "out", "--only", asked).returncode == 0
    assert json.loads(layout.job_path(tmp_path / "out").read_text())["images"] == 9
    assert [layout.render_path(tmp_path / "out", index).is_file() for index in (0, 4, 8)] == [True] * 3


def test_a_keypoint_the_map_lacks_is_said_and_never_labelled(
    whole: tuple[Path, Path, str], fox: Path, tmp_path: Path
) -> None:
    _, out, _ = whole
    rig_map = yaml.safe_load(layout.rig_map_path(out).read_text())
    del rig_map["keypoints"]["left_eye"]
    edited = tmp_path / "edited.yaml"
    edited.write_text(yaml.safe_dump(rig_map))
    job = write_job(tmp_path, fox, rig_map=str(edited), images=1)
    assert run(job, tmp_path / "out").returncode == 0
    (note,) = json.loads(layout.rig_facts_path(tmp_path / "out").read_text())["notes"]
    assert "left_eye" in note
    labels = json.loads(layout.truth_path(tmp_path / "out", 0).read_text())["keypoints"]
    assert labels[0] == [0, 0, 0] and labels[1][2] > 0


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Check that a mistake was answered as one, and return the message."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    messages = [event["message"] for event in events(done.stdout) if event["event"] == "error"]
    assert len(messages) == 1
    assert messages[0] in done.stderr
    return str(messages[0])


def test_the_folder_of_another_job_is_refused(
    whole: tuple[Path, Path, str], fox: Path, tmp_path: Path
) -> None:
    _, out, _ = whole
    other = write_job(tmp_path, fox, seed=1)
    before = hashes(out)
    message = refused(run(other, out))
    assert str(out) in message and "another job" in message
    assert hashes(out) == before


def test_mistakes_are_answered_by_one_message_and_code_2(
    whole: tuple[Path, Path, str], tmp_path: Path
) -> None:
    job, _, _ = whole
    assert "3/3" in refused(run(job, tmp_path / "a", "--shard", "3/3")).replace("shard 3 of 3", "3/3")
    assert "PASYN_SHARDS" in refused(run(job, tmp_path / "b", JOB_COMPLETION_INDEX="1"))
    assert "0 to 6" in refused(run(job, tmp_path / "c", "--only", "99"))
    blocked = tmp_path / "file"
    blocked.write_text("in the way", encoding="utf-8")
    assert str(blocked) in refused(run(job, blocked / "out"))


def test_a_missing_device_is_refused_before_anything_is_rendered(fox: Path, tmp_path: Path) -> None:
    job = write_job(tmp_path, fox, render={"samples": 2, "device": "optix"})
    message = refused(run(job, tmp_path / "out"))
    assert "render.device is optix" in message
    assert not hashes(tmp_path / "out")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_terminate_finishes_the_shot_at_work_and_leaves_nothing_half_done(fox: Path, tmp_path: Path) -> None:
    job = write_job(tmp_path, fox, images=500)
    out = tmp_path / "out"
    with subprocess.Popen(command(job, out), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"done"' in line:
                process.send_signal(signal.SIGTERM)
                break
        rest = process.stdout.read()
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert kinds(rest).count("start") <= 2
    names = set(hashes(out))
    assert not any(".partial-" in name for name in names)
    assert {Path(name).stem for name in names if name.endswith(".png")} == {
        Path(name).stem for name in names if name.endswith(".json")
    }


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
def test_a_process_whose_parent_died_ends(fox: Path, tmp_path: Path) -> None:
    job = write_job(tmp_path, fox, images=500)
    script = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([*sys.argv[1:], '--parent-pid', str(os.getpid())],"
        " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "print(child.pid, flush=True)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", script, *command(job, tmp_path / "out")],
        capture_output=True,
        text=True,
        check=True,
    )
    child = int(parent.stdout)
    for _ in range(100):
        if not Path(f"/proc/{child}").exists() or _is_zombie(child):
            return
        time.sleep(0.2)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the child renders on without a parent")


def _is_zombie(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
