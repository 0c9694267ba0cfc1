"""Judging and choosing a style on a folder that the stand-in renderer filled."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from runs import pasyn, small_job, stand_in_options

from pasyn_blender.errors import StyleError
from render_jobs.progress import Progress
from render_jobs.runner import run_job
from render_jobs.style_list_command import style_lines
from render_jobs.style_photos import jpeg_quality, read_photos

PICTURES = 18


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("styles")
    folder = place / "zebras"
    job = small_job(place, images=PICTURES)
    run_job(job, stand_in_options(job, folder), Progress(quiet=True))
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number in range(PICTURES):
        pixels = np.random.default_rng(number).integers(0, 255, (72, 96, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.jpg", quality=80)
    return folder


def livestock(folder: Path, categories: tuple[str, ...] = ("cattle",)) -> Path:
    """A COCO file of one animal that LivestockKeypoints' names describe."""
    names = ["mouth", "eye", "ear", "tail", "elbow", "l_fore_wrist", "l_fore_foot", "r_fore_wrist"]
    names += ["r_fore_foot", "hind_knee", "l_hind_hock", "l_hind_foot", "r_hind_hock", "r_hind_foot"]
    keypoints = [value for place in range(len(names)) for value in (10.0 * place, 5.0 * place, 2)]
    keypoints[5] = 0  # the eye is not labelled
    path = folder / "annotations.json"
    coco = {
        "images": [{"id": 1, "file_name": "a.jpg", "group": "farm"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40], "keypoints": keypoints}
        ],
        "categories": [
            {"id": number, "name": name, "keypoints": names} for number, name in enumerate(categories, 1)
        ],
    }
    path.write_text(json.dumps(coco))
    return path


def test_pictures_are_compared_with_a_folder_of_photos(dataset: Path, photos: Path, tmp_path: Path) -> None:
    written = {}
    for name in ("first", "second"):
        done = pasyn(
            *("style", "evaluate", str(dataset), "--real", str(photos)),
            *("--style", "none", "--seeds", "2", "--out", str(tmp_path / name)),
        )
        assert done.returncode == 0, done.stderr
        written[name] = {path.name: path.read_bytes() for path in sorted((tmp_path / name).iterdir())}

    assert written["first"] == written["second"]
    assert list(written["first"]) == [
        "clues.csv", "clues.png", "evaluation.csv", "evaluation.json", "measures.png",
    ]  # fmt: skip
    rows = list(csv.DictReader(written["first"]["evaluation.csv"].decode().splitlines()))
    assert {row["look"] for row in rows} == {"plain pasting", "as it is", "none"}
    assert {row["region"] for row in rows} == {"whole"}  # nothing is known of animals in a folder of photos
    found = json.loads(written["first"]["evaluation.json"])
    # Noise against smooth ellipses: no classifier misses that.
    assert all(row["accuracy"]["mean"] > 0.95 for row in found["measures"] if row["kind"] == "all")
    assert found["conditions"]["photos that are JPEG"] == PICTURES
    assert found["conditions"]["their median JPEG quality"] == pytest.approx(80, abs=3)


def test_all_looks_are_drawn_side_by_side(dataset: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "looks.png"

    done = pasyn("style", "preview", str(dataset), "--shots", "0,5,9", "-o", str(sheet))

    assert done.returncode == 0, done.stderr
    with Image.open(sheet) as image:
        # plain pasting, none, photo; pasyn has no weights
        assert image.width // 64 == 3 and image.height // 48 >= 3
    assert "3 shots in 3 looks" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("evaluate", "{}", "--real", "nowhere.json"), "--real nowhere.json: No such file"),
        (("evaluate", "{}", "--real", "pyproject.toml"), "not a COCO file"),
        (("evaluate", "nowhere", "--real", "{}"), "no such folder"),
        (("preview", "{}", "-o", "looks.jpg"), "should end in .png"),
        (("preview", "{}", "-o", "/tmp/looks.png", "--shots", "0,99"), "shots 0 to 17"),
        (("preview", "{}", "-o", "/tmp/looks.png", "--shots", "one"), "such as 0,5,9"),
        (("preview", "{}", "-o", "/tmp/looks.png", "--style", "fhoto"), "did you mean 'photo'"),
        (("preview", "{}", "-o", "/tmp/looks.png", "--style", "pasyn"), "needs weights"),
    ],
)
def test_a_mistake_is_named(dataset: Path, arguments: tuple[str, ...], says: str) -> None:
    done = pasyn("style", *(argument.format(dataset) for argument in arguments))

    assert done.returncode == 2
    assert says in done.stderr and "Traceback" not in done.stderr


def test_every_preset_is_listed_with_what_it_needs() -> None:
    lines = style_lines()

    assert [line.split()[0] for line in lines[::2]] == ["none", "pasyn", "photo"]
    assert "weights of stytr2: embedding, transformer, decoder" in lines[3]
    assert "needs no weights" in lines[5]


def test_animals_of_a_coco_file_have_their_outline(tmp_path: Path) -> None:
    (photo,) = read_photos(livestock(tmp_path), "cow", None)

    assert photo.group == "farm" and photo.animal is not None and photo.animal.points is not None
    assert photo.animal.box.tolist() == [1, 2, 31, 42]
    assert np.isnan(photo.animal.points[0]).all()  # the eye
    assert photo.animal.points[2].tolist() == [30, 15]  # the tail root


def test_one_category_of_several_has_to_be_chosen(tmp_path: Path) -> None:
    path = livestock(tmp_path, ("cattle", "horse"))

    with pytest.raises(StyleError, match="choose one with --category: cattle, horse"):
        read_photos(path, "zebra", None)
    with pytest.raises(StyleError, match="no animal of category 'horse'"):
        read_photos(path, "zebra", "horse")
    assert len(read_photos(path, "zebra", "cattle")) == 1


@pytest.mark.parametrize("quality", [35, 75, 92])
def test_the_quality_of_a_jpeg_is_read_from_its_tables(quality: int, tmp_path: Path) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "a.jpg", quality=quality)
    Image.new("RGB", (32, 32)).save(tmp_path / "b.png")

    count, found = jpeg_quality([tmp_path / "a.jpg", tmp_path / "b.png"])

    assert count == 1 and found == pytest.approx(quality, abs=2)
