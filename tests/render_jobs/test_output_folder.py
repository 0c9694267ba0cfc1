"""Output folders: what is damaged is made again, what is somebody else's is left alone."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from runs import delivered_files, run, small_job

from pasyn_blender.errors import JobError, OutputError
from render_jobs import layout


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
