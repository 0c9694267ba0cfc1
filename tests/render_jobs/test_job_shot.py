"""``pasyn job shot``: the shot a dataset has, and the background its picture has, without a render."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runs import pasyn
from stand_in_renderer import FACTS, write_render

from pasyn_blender.errors import BackgroundError, JobError, OutputError
from render_jobs import layout
from render_jobs.finish import finish_folder
from render_jobs.finished_renders import read_shots
from render_jobs.job import Job, job_identity, load_job
from render_jobs.job_shot_command import BACKGROUND, PHOTOS, SHOT, draw_shot
from render_jobs.output_folder import take_folder
from render_jobs.plan import plan
from render_jobs.shot import Shot
from styles.backgrounds import list_photos

PLAIN = "animal: zebra\nposes: actions\nresolution: [96, 64]\nimages: 4\nstyle: none\ncamera_look: none\n"
"""Outside the animal, a picture of this job is its background and nothing else."""


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Sky over a lawn, at heights of the horizon that differ from photo to photo."""
    folder = tmp_path / "photos"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for number in range(5):
        rows = np.arange(240)[:, None] / 240
        sky = np.where(rows < 0.25 + 0.1 * number, 1.0, 0.0)[..., None]
        lawn = generator.uniform(40, 90, (240, 320, 1)) * [1.0, 1.4, 0.6]
        picture = sky * [150.0, 180.0, 230.0] + (1 - sky) * lawn
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{number}.png")
    return folder


def job_with(folder: Path, text: str) -> Job:
    path = folder / "job.yaml"
    path.write_text(PLAIN + text)
    return load_job(path)


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "rig.json"
    path.write_text(json.dumps(FACTS.to_dict()))
    return path


def written_shot(folder: Path) -> Shot:
    return Shot.from_dict(json.loads((folder / SHOT).read_text()))


def test_the_shot_is_the_datasets_own(tmp_path: Path, photos: Path, facts: Path) -> None:
    job = job_with(tmp_path, "backgrounds: [photos]\n")
    expected = plan(job, FACTS, list_photos(job.backgrounds).photos)
    for index in (2, 0):
        draw_shot(job, index, tmp_path / "out", facts)
        assert written_shot(tmp_path / "out") == expected[index]
    draw_shot(job, 400, tmp_path / "out", facts)
    assert written_shot(tmp_path / "out").index == 400


@pytest.mark.parametrize("place", ["grounded photo", "photo", "world"])
def test_the_background_is_the_one_behind_the_datasets_animal(
    tmp_path: Path, photos: Path, place: str
) -> None:
    ground = str(place == "grounded photo").lower()
    job = job_with(
        tmp_path,
        f"backgrounds: {'[]' if place == 'world' else '[photos]'}\n"
        f"composition: {{ground: {ground}, light: 0, shadow: 0, occluded: 0}}\n",
    )
    dataset, identity = tmp_path / "dataset", job_identity(job)
    take_folder(dataset, job, identity)
    layout.write_atomically(layout.rig_facts_path(dataset), json.dumps(FACTS.to_dict()).encode())
    layout.write_atomically(layout.rig_map_path(dataset), b"joints: {}\n")
    for shot in plan(job, FACTS, None if place == "world" else list_photos(job.backgrounds).photos):
        write_render(dataset, shot, identity, job.resolution)
    finish_folder(dataset)
    shots = read_shots(dataset)
    assert shots is not None
    for shot in shots:
        truth = layout.truth_path(dataset, shot.index)
        drawn = draw_shot(job, shot.index, tmp_path / "out", layout.rig_facts_path(dataset), str(truth))
        assert drawn.background_path == tmp_path / "out" / BACKGROUND
        background = np.asarray(Image.open(drawn.background_path))
        picture = np.asarray(Image.open(layout.image_path(dataset, shot.index)).convert("RGB"))
        alpha = np.asarray(Image.open(layout.render_path(dataset, shot.index)))[..., 3]
        np.testing.assert_array_equal(background[alpha == 0], picture[alpha == 0])


def test_a_box_stands_for_a_render_and_standard_input_for_a_file(
    tmp_path: Path, photos: Path, facts: Path
) -> None:
    job = job_with(tmp_path, "backgrounds: [photos]\n")
    (shot,) = plan(job, FACTS, list_photos(job.backgrounds).photos)[1:2]
    write_render(tmp_path, shot, "", job.resolution)
    truth = layout.truth_path(tmp_path, 1)
    draw_shot(job, 1, tmp_path / "render", facts, str(truth))
    rows, columns = np.nonzero(np.asarray(Image.open(layout.render_path(tmp_path, 1)))[..., 3] >= 128)
    box = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    record = json.dumps({**json.loads(truth.read_text()), "box": [float(value) for value in box]})
    command = ("job", "shot", str(tmp_path / "job.yaml"), "--index", "1", "-o", str(tmp_path / "box"))
    done = pasyn(*command, "--rig-facts", str(facts), "--truth", "-", input=record)
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "box" / SHOT) in done.stdout
    assert (tmp_path / "box" / BACKGROUND).read_bytes() == (tmp_path / "render" / BACKGROUND).read_bytes()


def test_without_a_truth_a_world_is_not_shown_and_a_prior_no_facts(tmp_path: Path) -> None:
    job = job_with(tmp_path, "").to_dict()
    drawn = draw_shot(Job.from_dict({**job, "poses": "prior"}), 3, tmp_path / "out")
    assert drawn.background_path is None and not (tmp_path / "out" / BACKGROUND).exists()
    assert drawn.shot.pose is not None and len(drawn.shot.pose.candidates) == 4


def test_photos_are_looked_at_once_until_one_changes(
    tmp_path: Path, photos: Path, facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = job_with(tmp_path, "backgrounds: [photos]\n")
    (photos / "torn.jpg").write_bytes(b"\xff\xd8\xff torn")
    draw_shot(job, 0, tmp_path / "out", facts)
    assert "torn.jpg" in capsys.readouterr().err
    first = written_shot(tmp_path / "out")
    draw_shot(job, 0, tmp_path / "out", facts)
    assert "torn.jpg" not in capsys.readouterr().err, "the photos were looked at again"
    assert written_shot(tmp_path / "out") == first
    (photos / "torn.jpg").unlink()
    Image.new("RGB", (300, 300)).save(photos / "new.png")
    draw_shot(job, 0, tmp_path / "out", facts)
    assert "new.png" in (tmp_path / "out" / PHOTOS).read_text()
    (tmp_path / "out" / PHOTOS).write_text("[]")
    draw_shot(job, 0, tmp_path / "out", facts)


def test_what_is_wrong_is_named(tmp_path: Path, photos: Path, facts: Path) -> None:
    job = job_with(tmp_path, "backgrounds: [photos]\n")
    with pytest.raises(JobError, match=r"own actions.*--rig-facts"):
        draw_shot(job, 0, tmp_path / "out")
    with pytest.raises(OutputError, match=r"nowhere\.json"):
        draw_shot(job, 0, tmp_path / "out", tmp_path / "nowhere.json")
    with pytest.raises(OutputError, match=r"nowhere\.json"):
        draw_shot(job, 0, tmp_path / "out", facts, str(tmp_path / "nowhere.json"))
    with pytest.raises(OutputError, match="no truth record"):
        draw_shot(job, 0, tmp_path / "out", facts, str(facts))
    assert not (tmp_path / "out" / BACKGROUND).exists(), "the background of another shot stayed"
    for photo in photos.iterdir():
        photo.unlink()
    with pytest.raises(BackgroundError, match="no photo"):
        draw_shot(job, 0, tmp_path / "out", facts)
    assert not (tmp_path / "out" / SHOT).exists(), "the record of another shot stayed"
