"""What changes the identity of a job, and what does not."""

import json
import shutil
from pathlib import Path

import pytest
from small_prior import small_prior

from pasyn_blender.errors import JobError
from render_jobs.job import job_identity, load_job
from render_jobs.job_identity import SAMPLE_BYTES

JOB = """\
rig: model.gltf
rig_map: map.yaml
light: {worlds: [forest, sky.hdr]}
backgrounds: [photos]
poses: {file: prior.npz, share_of_actions: 0.5}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "a"
    (folder / "photos" / "deep").mkdir(parents=True)
    (folder / "job.yaml").write_text(JOB)
    buffers = {"buffers": [{"uri": "mesh%201.bin"}], "images": [{"uri": "data:image/png;base64,"}]}
    (folder / "model.gltf").write_text(json.dumps(buffers))
    (folder / "mesh 1.bin").write_bytes(b"vertices")
    (folder / "map.yaml").write_text("joints: {}")
    (folder / "sky.hdr").write_bytes(b"sky")
    (folder / "photos" / "one.jpg").write_bytes(b"1" * 10)
    (folder / "photos" / "deep" / "two.PNG").write_bytes(b"2" * (4 * SAMPLE_BYTES))
    small_prior(folder / "prior.npz")
    (folder / "photos" / "notes.txt").write_text("taken on Monday")
    return folder


def identity(folder: Path, *overrides: str) -> str:
    return job_identity(load_job(folder / "job.yaml", overrides))


def test_identity_is_stable_and_64_digits(folder: Path) -> None:
    assert identity(folder) == identity(folder)
    assert len(bytes.fromhex(identity(folder))) == 32


def test_identity_goes_with_the_content_not_the_place(folder: Path) -> None:
    before = identity(folder)
    moved = folder.parent / "b"
    shutil.copytree(folder, moved)
    (moved / "model.gltf").rename(moved / "stallion.gltf")
    (moved / "job.yaml").write_text(JOB.replace("model", "stallion"))
    assert identity(moved) == before


@pytest.mark.parametrize(
    "override", ["images=7", "species=mule", "limits.shot_seconds=3", "limits.memory_gib=2"]
)
def test_what_decides_no_picture_is_left_out(folder: Path, override: str) -> None:
    assert identity(folder, override) == identity(folder)


@pytest.mark.parametrize(
    "override",
    [
        "seed=1",
        "resolution=128",
        "actions=Walk",
        "poses=actions",
        "poses.sigma=0.5",
        "poses.actions=walk",
        "poses.share_of_actions=0.4",
        "render.samples=17",
        "render.denoise=false",
        "render.passes=depth",
        "camera.roll=0",
        "light.worlds=[sky.hdr, forest]",
        "light.world_strength=1",
        "coat.hue=0",
        "coat.individuals=[0, 998]",
        "split.val=0.2",
        "backgrounds=[]",
        "rig_map=null",
        "animal=zebra",
    ],
)
def test_what_decides_pictures_counts(folder: Path, override: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert identity(folder, override) != identity(folder)


@pytest.mark.parametrize("name", ["model.gltf", "mesh 1.bin", "map.yaml", "sky.hdr", "photos/one.jpg"])
def test_content_of_every_file_counts(folder: Path, name: str) -> None:
    before = identity(folder)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content + b" ")
    assert identity(folder) != before
    (folder / name).write_bytes(content)
    assert identity(folder) == before


def test_another_prior_of_the_same_name_counts(folder: Path) -> None:
    before = identity(folder)
    small_prior(folder / "prior.npz", seed=1)
    assert identity(folder) != before
    small_prior(folder / "prior.npz")
    assert identity(folder) == before


def test_photos_count_by_name_and_sampled_content(folder: Path) -> None:
    before = identity(folder)
    large = folder / "photos" / "deep" / "two.PNG"
    content = large.read_bytes()
    large.write_bytes(b"3" + content[1:])
    assert identity(folder) != before
    large.write_bytes(content[:-1] + b"3")
    assert identity(folder) != before
    large.write_bytes(content)
    (folder / "photos" / "notes.txt").write_text("taken on Tuesday")
    (folder / "photos" / ".hidden.jpg").write_bytes(b"x")
    assert identity(folder) == before
    large.rename(large.with_name("zwei.PNG"))
    assert identity(folder) != before


def test_a_photo_that_cannot_be_read_costs_no_run_and_counts_once_it_can(folder: Path) -> None:
    (folder / "photos" / "link.jpg").symlink_to(folder / "elsewhere.jpg")
    before = identity(folder)
    (folder / "elsewhere.jpg").write_bytes(b"there at last")
    assert identity(folder) != before


def test_the_default_worlds_are_the_same_named_or_not(tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    job.write_text("animal: zebra")
    names = "[city, sunrise]"
    assert job_identity(load_job(job)) == job_identity(load_job(job, [f"light.worlds={names}"]))


def test_a_file_that_went_away_is_a_clear_error(folder: Path) -> None:
    job = load_job(folder / "job.yaml")
    (folder / "sky.hdr").unlink()
    with pytest.raises(JobError, match=r"sky\.hdr: cannot be read"):
        job_identity(job)
