"""Restyling: new pictures of old renders, labels untouched, no Blender."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runs import delivered_files, pasyn, small_job
from stand_in_renderer import FACTS, write_render

from pasyn_blender.errors import JobError, OutputError
from render_jobs import layout
from render_jobs.finish import finish_folder
from render_jobs.job import Job, job_identity
from render_jobs.output_folder import take_folder
from render_jobs.plan import plan
from render_jobs.restyling import plan_restyling, restyle


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return small_job(tmp_path)


@pytest.fixture
def dataset(tmp_path: Path, job: Job) -> Path:
    folder = tmp_path / "dataset"
    identity = job_identity(job)
    take_folder(folder, job, identity)
    layout.write_atomically(layout.rig_facts_path(folder), json.dumps(FACTS.to_dict()).encode())
    layout.write_atomically(layout.rig_map_path(folder), b"joints: {}\n")
    for shot in plan(job, FACTS):
        write_render(folder, shot, identity, job.resolution)
    finish_folder(folder)
    return folder


def annotations(folder: Path) -> bytes:
    return layout.annotation_path(folder, "all").read_bytes()


@pytest.mark.parametrize("style", ["none", "photo"])
def test_every_style_leaves_the_labels_bytes(dataset: Path, tmp_path: Path, style: str) -> None:
    out = tmp_path / "restyled"
    done = restyle(plan_restyling(dataset, out, [f"style={style}", "camera_look=none"]))
    assert done.delivered == 6
    assert annotations(out) == annotations(dataset)
    pictures = {name for name in delivered_files(out) if name.startswith("images/")}
    assert any(delivered_files(out)[name] != delivered_files(dataset)[name] for name in pictures)


def test_the_same_look_gives_the_same_bytes_and_a_second_call_does_nothing(
    dataset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "restyled"
    restyle(plan_restyling(dataset, out, []))
    assert delivered_files(out) == delivered_files(dataset)
    times = {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}
    restyle(plan_restyling(dataset, out, []))
    assert times == {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}


def test_other_backgrounds_are_another_job_of_the_same_renders(dataset: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (90, 120, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(photos / f"{number}.png")
    out = tmp_path / "restyled"
    done = restyle(plan_restyling(dataset, out, [f"backgrounds={json.dumps([str(photos)])}"]))
    assert done.delivered == 6
    assert json.loads((out / "identity.json").read_text()) != json.loads(
        (dataset / "identity.json").read_text()
    )
    shots = [json.loads(line) for line in (out / "shots.jsonl").read_text().splitlines()]
    assert {shot["background"]["photo"] for shot in shots} <= {"0.png", "1.png", "2.png"}
    # What is rendered stays current: pasyn finish makes the same pictures of it.
    before = delivered_files(out)
    finish_folder(out)
    assert delivered_files(out) == before


def test_what_needs_another_render_is_refused_by_name(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"camera\.elevation.*rendered.*composition"):
        plan_restyling(dataset, tmp_path / "restyled", ["camera.elevation=[0,10]"])
    with pytest.raises(OutputError, match="is the dataset itself"):
        plan_restyling(dataset, dataset, [])
    with pytest.raises(JobError, match="did you mean 'photo'"):
        plan_restyling(dataset, tmp_path / "restyled", ["style=phot"])


def test_the_command_names_a_users_mistake_and_delivers(dataset: Path, tmp_path: Path) -> None:
    done = pasyn("restyle", str(tmp_path / "nothing"), "-o", str(tmp_path / "restyled"))
    assert done.returncode == 2 and "no such folder" in done.stderr and "Traceback" not in done.stderr
    done = pasyn("restyle", str(dataset), "-o", str(tmp_path / "restyled"), "--style", "none", "--no-report")
    assert done.returncode == 0, done.stderr
    assert "6 of 6 pictures" in done.stdout
