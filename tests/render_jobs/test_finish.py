"""Finishing: pictures that know whether they are current, annotations from files alone, any order."""

from __future__ import annotations

import hashlib
import io
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runs import delivered_files, pasyn, small_job
from stand_in_renderer import FACTS, write_render

from pasyn_blender.annotation.masks import decode_mask
from pasyn_blender.errors import OutputError
from render_jobs import layout
from render_jobs.finish import finish_folder
from render_jobs.job import Job, job_identity
from render_jobs.manifest import note_seconds, read_seconds, statistics
from render_jobs.output_folder import locked
from render_jobs.picture_file import seal_picture, sealed_inputs
from render_jobs.plan import plan
from render_jobs.shot import Shot
from styles.settings import NO_CAMERA, PASTED


def cluster_folder(folder: Path, job: Job, shots: list[Shot]) -> Path:
    """What shards leave behind: a job, facts of the rig, renders."""
    layout.write_atomically(layout.job_path(folder), json.dumps(job.to_dict()).encode())
    layout.write_atomically(layout.rig_facts_path(folder), json.dumps(FACTS.to_dict()).encode())
    identity = job_identity(job)
    for shot in shots:
        write_render(folder, shot, identity, job.resolution)
    return folder


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return small_job(tmp_path)


def png(seed: int = 0) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_sealed_picture_is_the_same_picture_and_names_what_it_was_made_from() -> None:
    inputs = hashlib.sha256(b"inputs").hexdigest()
    sealed = seal_picture(png(), inputs)
    assert sealed_inputs(sealed) == inputs
    with Image.open(io.BytesIO(sealed)) as one, Image.open(io.BytesIO(png())) as other:
        one.verify()
        assert other.tobytes() == Image.open(io.BytesIO(sealed)).tobytes()


def test_no_byte_of_a_sealed_picture_can_change_or_go_unnoticed() -> None:
    sealed = seal_picture(png(), hashlib.sha256(b"inputs").hexdigest())
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        assert sealed_inputs(bytes(changed)) is None, place
    for end in (0, 10, 40, 100, len(sealed) - 1):
        assert sealed_inputs(sealed[:end]) is None
    assert sealed_inputs(sealed + b"\0") is None
    assert sealed_inputs(png()) is None
    with pytest.raises(ValueError, match="PNG"):
        seal_picture(b"GIF89a" + b"0" * 50, "0" * 64)


def test_order_of_the_renders_and_of_finishing_decides_no_byte(tmp_path: Path, job: Job) -> None:
    shots = plan(job, FACTS)
    one = cluster_folder(tmp_path / "one", job, shots)
    finish_folder(one)
    expected = delivered_files(one)
    shuffled = shots[:]
    random.Random(1).shuffle(shuffled)
    two = cluster_folder(tmp_path / "two", job, shuffled[:2])
    identity = job_identity(job)
    for count in (2, 4, 5, 6):
        for shot in shuffled[:count]:
            write_render(two, shot, identity, job.resolution)
        assert finish_folder(two).delivered == count
    assert delivered_files(two) == expected


def test_labels_are_the_masks_and_the_splits_part_the_pictures(tmp_path: Path, job: Job) -> None:
    job = replace(job, composition=replace(job.composition, occluded=0.0))
    out = cluster_folder(tmp_path / "out", job, plan(job, FACTS))
    finish_folder(out)
    files = {
        name: json.loads((out / f"annotations/{name}.json").read_text()) for name in ("all", "train", "val")
    }
    for image, annotation in zip(files["all"]["images"], files["all"]["annotations"], strict=True):
        with Image.open(out / "renders" / image["file_name"]) as render:
            mask = np.asarray(render)[..., 3] >= 128
        np.testing.assert_array_equal(decode_mask(annotation["segmentation"]), mask)
        assert annotation["area"] == int(mask.sum())
        with Image.open(out / "images" / image["file_name"]) as picture:
            assert (picture.mode, picture.size) == ("RGB", (64, 48))
    ids = {name: [image["id"] for image in files[name]["images"]] for name in files}
    assert sorted(ids["train"] + ids["val"]) == ids["all"]
    assert ids["train"]
    assert ids["val"]
    splits = {shot.index + 1: shot.split for shot in plan(job, FACTS)}
    assert all(splits[i] == "val" for i in ids["val"])


def test_what_is_in_front_leaves_the_mask_and_hides_keypoints(tmp_path: Path, job: Job) -> None:
    job = replace(job, composition=replace(job.composition, occluded=1.0, cover=(0.3, 0.5)))
    out = cluster_folder(tmp_path / "out", job, plan(job, FACTS))
    finish_folder(out)
    annotations = json.loads((out / "annotations/all.json").read_text())["annotations"]
    changed = hidden = 0
    for annotation in annotations:
        index = annotation["image_id"] - 1
        with Image.open(out / f"renders/{index:06d}.png") as render:
            whole = np.asarray(render)[..., 3] >= 128
        seen = decode_mask(annotation["segmentation"])
        assert not (seen & ~whole).any()
        changed += int(seen.sum() < whole.sum())
        truth = json.loads((out / f"renders/{index:06d}.json").read_text())["keypoints"]
        for (x, y, before), now in zip(truth, np.reshape(annotation["keypoints"], (-1, 3)), strict=True):
            assert now[:2].tolist() == [x, y]
            if now[2] != before:
                assert (before, now[2]) == (2, 1)
                hidden += 1
    assert changed >= len(annotations) - 1 and hidden > 0


def test_another_look_of_finished_renders_makes_new_pictures_and_keeps_the_labels(
    tmp_path: Path, job: Job
) -> None:
    job = replace(job, composition=replace(job.composition, occluded=0.0))
    out = cluster_folder(tmp_path / "out", job, plan(job, FACTS))
    finish_folder(out)
    before = delivered_files(out)
    plain = replace(job, style="none", composition=PASTED, camera_look=NO_CAMERA)
    layout.write_atomically(layout.job_path(out), json.dumps(plain.to_dict()).encode())
    finish_folder(out)
    after = delivered_files(out)
    assert all((after[name] == before[name]) == name.startswith("annotations/") for name in before)


def test_the_pasted_picture_is_the_render_on_the_view_of_its_world(tmp_path: Path, job: Job) -> None:
    job = replace(job, style="none", composition=PASTED, camera_look=NO_CAMERA)
    out = cluster_folder(tmp_path / "out", job, plan(job, FACTS))
    finish_folder(out)
    with Image.open(out / "renders/000001.png") as render, Image.open(out / "images/000001.png") as picture:
        rgba, rgb = np.asarray(render), np.asarray(picture)
    solid = rgba[..., 3] == 255
    np.testing.assert_array_equal(rgb[solid], rgba[solid][:, :3])
    ground = rgb[rgba[..., 3] == 0]
    assert len(np.unique(ground, axis=0)) > 50


def test_a_finished_stage_is_not_done_again(tmp_path: Path, job: Job) -> None:
    out = cluster_folder(tmp_path / "out", job, plan(job, FACTS))
    finish_folder(out)
    times = {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}
    (out / "images/000002.png").unlink()
    finish_folder(out)
    again = {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}
    assert {path.name for path in times if again[path] != times[path]} == {"000002.png"}


def test_missing_shots_are_named_and_the_rest_is_delivered(tmp_path: Path, job: Job) -> None:
    shots = plan(job, FACTS)
    out = cluster_folder(tmp_path / "out", job, [*shots[:2], shots[4]])
    layout.write_atomically(layout.quarantine_path(out, 5), b"failed twice")
    dataset = finish_folder(out)
    assert dataset.missing == (2, 3)
    assert dataset.quarantined == (5,)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["missing"] == [2, 3]
    assert manifest["counts"]["delivered"] == 3
    done = pasyn("finish", str(out), "--no-report")
    assert done.returncode == 3
    assert "2 (shots 2, 3)" in done.stdout


def test_renders_of_another_job_or_shot_do_not_count(tmp_path: Path, job: Job) -> None:
    shots = plan(job, FACTS)
    out = cluster_folder(tmp_path / "out", job, shots[:1])
    other = plan(replace(job, seed=1), FACTS)
    write_render(out, other[1], job_identity(job), job.resolution)
    write_render(out, shots[2], "0" * 64, job.resolution)
    assert finish_folder(out).missing == (1, 2, 3, 4, 5)


def test_a_picture_without_the_animal_is_kept_without_annotation(tmp_path: Path, job: Job) -> None:
    shots = plan(job, FACTS)
    out = cluster_folder(tmp_path / "out", job, shots)
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((48, 64, 4), dtype=np.uint8)).save(buffer, "PNG")
    truth = json.loads(layout.truth_path(out, 3).read_text())
    truth["image_sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    truth["keypoints"] = [[0.0, 0.0, 0]] * 17
    layout.render_path(out, 3).write_bytes(buffer.getvalue())
    layout.truth_path(out, 3).write_text(json.dumps(truth))
    dataset = finish_folder(out)
    assert dataset.without_animal == (3,)
    coco = json.loads((out / "annotations/all.json").read_text())
    assert len(coco["images"]) == 6
    assert 4 not in [annotation["image_id"] for annotation in coco["annotations"]]


def test_the_manifest_names_every_file_with_its_hash(tmp_path: Path, job: Job) -> None:
    out = cluster_folder(tmp_path / "out", job, plan(job, FACTS))
    finish_folder(out)
    manifest = json.loads((out / "manifest.json").read_text())
    for place in ("images", "annotations"):
        hashes = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (out / place).iterdir()
        }
        assert manifest[place] == hashes
    assert manifest["identity"] == job_identity(job)
    assert Job.from_dict(manifest["job"]) == job
    assert manifest["versions"]["numpy"] == np.__version__


def test_seconds_survive_a_half_written_line(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    note_seconds(tmp_path, 0, 0.5)
    note_seconds(tmp_path, 1, 0.75)
    with (tmp_path / "logs/seconds.jsonl").open("a") as file:
        file.write('{"index": 2, "sec')
    assert read_seconds(tmp_path) == {0: 0.5, 1: 0.75}
    assert statistics([0.5, 0.75])["mean"] == 0.625
    assert statistics([])["mean"] is None


def test_folders_that_hold_no_job_or_no_render_are_told_apart(tmp_path: Path, job: Job) -> None:
    with pytest.raises(OutputError, match="no such folder"):
        finish_folder(tmp_path / "nowhere")
    with pytest.raises(OutputError, match=r"no job\.json"):
        finish_folder(tmp_path)
    out = tmp_path / "out"
    layout.write_atomically(layout.job_path(out), json.dumps(job.to_dict()).encode())
    with pytest.raises(OutputError, match=r"rig\.json"):
        finish_folder(out)
    cluster_folder(out, job, [])
    with pytest.raises(OutputError, match="none of the 6 shots"):
        finish_folder(out)
    assert not (out / "annotations/all.json").exists()
    layout.job_path(out).write_text('{"species": "zebra", "colour": "green"}')
    with pytest.raises(OutputError, match="colour"):
        finish_folder(out)


def test_a_render_that_is_no_picture_is_named(tmp_path: Path, job: Job) -> None:
    out = cluster_folder(tmp_path / "out", job, plan(job, FACTS))
    truth = json.loads(layout.truth_path(out, 3).read_text())
    truth["image_sha256"] = hashlib.sha256(b"GIF89a").hexdigest()
    layout.render_path(out, 3).write_bytes(b"GIF89a")
    layout.truth_path(out, 3).write_text(json.dumps(truth))
    with pytest.raises(OutputError, match=r"000003\.png: not a readable PNG"):
        finish_folder(out)


def test_finishing_waits_for_no_run(tmp_path: Path, job: Job) -> None:
    out = cluster_folder(tmp_path / "out", job, plan(job, FACTS))
    with locked(out, "pasyn run"), pytest.raises(OutputError, match="in use by pasyn run, process"):
        finish_folder(out)
