"""Photos behind animals: one without a place to stand is replaced, and what is used is written down."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runs import delivered_files, small_job
from stand_in_renderer import FACTS, write_render

from render_jobs import layout
from render_jobs.composer import Composer
from render_jobs.finish import finish_folder
from render_jobs.finished_renders import read_shots
from render_jobs.job import Job, job_identity
from render_jobs.output_folder import read_job, take_folder
from render_jobs.pictures import background_of
from render_jobs.plan import plan
from render_jobs.restyling import plan_restyling, restyle


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder, job = tmp_path / "dataset", small_job(tmp_path)
    identity = job_identity(job)
    take_folder(folder, job, identity)
    layout.write_atomically(layout.rig_facts_path(folder), json.dumps(FACTS.to_dict()).encode())
    layout.write_atomically(layout.rig_map_path(folder), b"joints: {}\n")
    for shot in plan(job, FACTS):
        write_render(folder, shot, identity, job.resolution)
    finish_folder(folder)
    return folder


def meadow(number: int) -> np.ndarray:
    """Sky above grass."""
    photo = np.full((240, 320, 3), (190, 205, 230), np.uint8)
    noise = np.random.default_rng(number).integers(-12, 12, (170, 320, 3))
    photo[70:] = np.array([110, 120, 70]) + noise
    return photo


def stall(number: int) -> np.ndarray:
    """The same behind bars that stand close to the camera."""
    photo = meadow(number)
    for bar in range(5 + number, 320, 40):
        photo[:, bar : bar + 18] = (40, 42, 60)
    return photo


def restyled(dataset: Path, folder: Path, photos: dict[str, np.ndarray], *look: str) -> Path:
    place = folder.with_name(f"{folder.name}-photos")
    place.mkdir()
    for name, pixels in photos.items():
        Image.fromarray(pixels).save(place / name)
    restyle(plan_restyling(dataset, folder, [f"backgrounds=[{place}]", *look]))
    return folder


def backgrounds(folder: Path) -> dict[str, str]:
    noted = json.loads(layout.manifest_path(folder).read_text())["backgrounds"]
    return {name: background["photo"] for name, background in noted.items()}


def planned(folder: Path) -> dict[str, str | None]:
    shots = read_shots(folder)
    assert shots is not None
    return {layout.image_name(shot.index): shot.background.photo for shot in shots}


def test_a_photo_without_a_place_to_stand_is_replaced_by_one_with(dataset: Path, tmp_path: Path) -> None:
    photos = {f"stall{number}.png": stall(number) for number in range(3)} | {"meadow.png": meadow(9)}
    out = restyled(dataset, tmp_path / "out", photos)
    assert any(name != "meadow.png" for name in planned(out).values())
    assert set(backgrounds(out).values()) == {"meadow.png"}
    for path in sorted((out / "images").iterdir()):
        noted = background_of(path.read_bytes())
        assert noted is not None and noted["photo"] == "meadow.png"


def test_a_photo_with_a_place_to_stand_is_kept(dataset: Path, tmp_path: Path) -> None:
    photos = {f"meadow{number}.png": meadow(number) for number in range(3)}
    out = restyled(dataset, tmp_path / "out", photos)
    assert backgrounds(out) == planned(out)


def test_where_no_photo_has_a_place_the_dataset_is_made_all_the_same(dataset: Path, tmp_path: Path) -> None:
    out = restyled(dataset, tmp_path / "out", {f"{number}.png": stall(number) for number in range(3)})
    assert set(backgrounds(out)) == set(planned(out))


def test_without_composition_photos_are_as_planned(dataset: Path, tmp_path: Path) -> None:
    photos = {f"stall{number}.png": stall(number) for number in range(3)} | {"meadow.png": meadow(9)}
    out = restyled(dataset, tmp_path / "out", photos, "composition=none")
    assert backgrounds(out) == planned(out)


def test_a_photo_that_went_bad_since_is_passed_over_as_a_replacement(dataset: Path, tmp_path: Path) -> None:
    photos = {f"stall{number}.png": stall(number) for number in range(2)} | {"meadow.png": meadow(9)}
    out = restyled(dataset, tmp_path / "out", photos)
    (tmp_path / "out-photos" / "broken.png").write_bytes(b"no picture")
    job: Job = read_job(out)
    shots = read_shots(out)
    assert shots is not None
    for shot in shots:
        truth = json.loads(layout.truth_path(out, shot.index).read_text())
        with Image.open(layout.render_path(out, shot.index)) as image:
            assert Composer(job).place(np.asarray(image), shot, truth).photo == "meadow.png"


def test_the_choice_is_the_same_again_and_pictures_are_not_made_twice(dataset: Path, tmp_path: Path) -> None:
    photos = {"stall.png": stall(0)} | {f"meadow{number}.png": meadow(number) for number in range(3)}
    out = restyled(dataset, tmp_path / "out", photos)
    before = delivered_files(out)
    times = {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}
    noted = backgrounds(out)
    finish_folder(out)
    assert times == {path: path.stat().st_mtime_ns for path in (out / "images").iterdir()}
    assert backgrounds(out) == noted and delivered_files(out) == before
    for path in (out / "images").iterdir():
        path.unlink()
    finish_folder(out)
    assert delivered_files(out) == before and backgrounds(out) == noted
