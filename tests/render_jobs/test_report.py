"""The report: one file, complete without network, that tells the truth about any state of a folder."""

from __future__ import annotations

import html.parser
import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pasyn_blender.anatomy.keypoint_sets import ANIMALPOSE, AP10K, landmarks_of
from pasyn_blender.annotation.coco import build_coco, coco_bytes, label_picture
from pasyn_blender.errors import OutputError
from render_jobs import layout
from render_jobs.report import write_report
from render_jobs.report_charts import number, ticks
from render_jobs.report_data import gather
from render_jobs.report_overlay import SIDE_COLOURS, mask_outline, overlay
from render_jobs.report_poses import angle_at, limb_angles, main_directions, rotation_vectors
from render_jobs.report_sheet import choose_pictures
from render_jobs.shot import BackgroundShot, CameraShot, CoatShot, LightShot, Shot

SIZE = 64


def make_shot(index: int, azimuth: float, action: str = "Walk") -> Shot:
    return Shot(
        index=index,
        action=action,
        frame=float(index),
        pose=None,
        camera=CameraShot(azimuth, 10.0, 0.0, 50.0, 0.8, (0.0, 0.0), 0.0),
        light=LightShot(0.0, 45.0, 2.0, "forest.exr", 0.0, 1.0),
        coat=CoatShot(0.0, 1.0, 1.0, 0),
        background=BackgroundShot(None, 0, (0.5, 0.5, 1.0), False),
        split="val" if index == 1 else "train",
    )


def keypoints_of(index: int) -> list[list[float]]:
    points = [[10.0 + 2 * k, 20.0 + k + index % 7, 2.0] for k in range(17)]
    points[1] = [0.0, 0.0, 0.0]
    points[8][2] = 1.0
    return points


def make_folder(folder: Path, count: int = 4, annotated: bool = True, failed: tuple[int, ...] = ()) -> Path:
    """Output folder in the documented layout, with pictures of a grey disc."""
    shots = [make_shot(i, 360.0 * i / count, ("Walk", "Idle")[i % 2]) for i in range(count)]
    ys, xs = np.mgrid[:SIZE, :SIZE]
    mask = (xs - 32) ** 2 + (ys - 30) ** 2 < 20**2
    rgba = np.dstack([np.full((SIZE, SIZE, 3), 128), np.where(mask, 255, 0)]).astype(np.uint8)
    for place in (layout.renders_folder, layout.images_folder, layout.annotations_folder):
        place(folder).mkdir(parents=True)
    labels = []
    for shot in shots:
        i = shot.index
        if i in failed:
            layout.quarantine_path(folder, i).parent.mkdir(exist_ok=True)
            layout.quarantine_path(folder, i).write_text("first\nno <b>memory</b> left\n")
            continue
        Image.fromarray(rgba).save(layout.render_path(folder, i))
        if annotated:
            Image.fromarray(rgba[..., :3]).save(layout.image_path(folder, i))
        turn = 0.1 * i
        truth = {
            "index": i,
            "keypoints": keypoints_of(i),
            "keypoints_world": [[0.1 * k, turn * (k % 3), -0.05 * k] for k in range(17)],
            "pose": {
                "hip": [np.cos(turn), np.sin(turn), 0, 0],
                "knee": [np.cos(turn / 2), 0, 0, np.sin(turn / 2)],
            },
        }
        layout.truth_path(folder, i).write_text(json.dumps(truth))
        labels.append(label_picture(i, layout.image_name(i), keypoints_of(i), mask))
    layout.shots_path(folder).write_text("".join(shot.to_json() + "\n" for shot in shots))
    layout.job_path(folder).write_text(json.dumps({"species": "zebra", "animal": "zebra", "seed": 0}))
    layout.manifest_path(folder).write_text(
        json.dumps(
            {
                "versions": {"pasyn": "0.1.0", "bpy": "4.5.15"},
                "seconds": {
                    "pictures": {str(i): 0.5 + i for i in range(count)},
                    "after_the_render": {"composition": 0.03, "style and camera look": 0.05, "file": 0.02},
                },
                "run": {"workers": 1, "seconds": 12.0},
            }
        )
    )
    if annotated:
        layout.annotation_path(folder, "all").write_bytes(
            coco_bytes(build_coco(labels, "zebra", AP10K, "0.1.0"))
        )
    return folder


class Tags(html.parser.HTMLParser):
    """Collects elements, what they refer to, and whether they nest."""

    VOID = frozenset({"meta", "input", "link", "img", "br", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.classes: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for key, value in attrs:
            if key in ("src", "href", "xlink:href", "action", "data"):
                self.references.append(value or "")
            if key == "class":
                self.classes.extend((value or "").split())
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parse(path: Path) -> Tags:
    tags = Tags()
    tags.feed(path.read_text())
    tags.close()
    assert tags.open == []
    return tags


def test_one_file_without_network(tmp_path: Path) -> None:
    path = write_report(make_folder(tmp_path / "out"))
    assert path == tmp_path / "out" / "report.html"
    tags = parse(path)
    assert tags.references, "pictures must be embedded"
    assert all(reference.startswith("data:image/") for reference in tags.references)
    assert not re.search(r"url\(|@import|https?://", path.read_text())
    assert tags.classes.count("shot") == 4
    for part in ("mask", "box", "skeleton", "points"):
        assert tags.classes.count(part) == 4


def test_equal_folders_give_equal_bytes(tmp_path: Path) -> None:
    first = write_report(make_folder(tmp_path / "a")).read_bytes()
    assert write_report(make_folder(tmp_path / "b")).read_bytes() == first
    # Nor does an older report in the folder change the new one.
    assert write_report(tmp_path / "a").read_bytes() == first


def test_says_how_long_pictures_took_after_their_renders(tmp_path: Path) -> None:
    page = write_report(make_folder(tmp_path / "run")).read_text()
    # A mean render of 2 s, and 0.1 s after it.
    for name, value in (
        ("composition, a picture", "30 ms"),
        ("style and camera look, a picture", "50 ms"),
        ("file, a picture", "20 ms"),
        ("their share beside rendering", "4.76 %"),
    ):
        assert re.search(rf"{re.escape(name)}.{{0,40}}{re.escape(value)}", page)


def test_names_keypoints_that_never_appear_and_failed_shots(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "out", failed=(2,))
    layout.rig_map_path(folder).write_text("missing: [left_thigh, right_eye]\n")
    path = write_report(folder)
    text = " ".join(parse(path).text)
    assert "Not placed by the rig map" in text
    assert "right eye" in text
    assert "left thigh" not in text, "a joint is no keypoint"
    assert "3 of 4 pictures" in text
    assert "no <b>memory</b> left" in text, "a log is shown as it is, and never read as HTML"
    layout.rig_map_path(folder).unlink()
    assert "In no picture" in " ".join(parse(write_report(folder)).text)


def test_reports_a_run_that_is_not_finished(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "out", annotated=False)
    layout.truth_path(folder, 3).write_text('{"index": 3, "keyp')
    data = gather(folder)
    assert [picture.index for picture in data.pictures] == [0, 1, 2]
    assert data.missing_shots == (3,)
    picture = data.pictures[0]
    assert picture.box is not None
    np.testing.assert_array_equal(picture.box, (13, 11, 39, 39))
    assert "unfinished: 3 of 4 rendered" in " ".join(parse(write_report(folder)).text)


def test_survives_pictures_that_are_gone_or_damaged(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "out")
    for place in (layout.image_path, layout.render_path):
        place(folder, 0).unlink()
    layout.image_path(folder, 1).write_bytes(b"no picture")
    text = " ".join(parse(write_report(folder)).text)
    assert "Labelled, but the picture is gone" in text
    assert "UnidentifiedImageError" in text


def test_survives_without_plan_truth_and_manifest(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "out")
    for path in (layout.shots_path(folder), layout.manifest_path(folder), layout.job_path(folder)):
        path.unlink()
    for path in layout.renders_folder(folder).iterdir():
        path.unlink()
    assert parse(write_report(folder)).classes.count("shot") == 4


@pytest.mark.parametrize("kind", ["missing", "foreign", "empty", "damaged", "no coco", "wrong count"])
def test_says_what_is_wrong_with_a_folder(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "out"
    expected = {
        "missing": "no such folder",
        "foreign": "not the output folder",
        "empty": "no picture is rendered yet",
        "damaged": r"all\.json cannot be read",
        "no coco": "not a COCO file",
        "wrong count": r"all\.json is damaged",
    }[kind]
    if kind == "foreign":
        folder.mkdir()
    elif kind == "empty":
        folder.mkdir()
        layout.job_path(folder).write_text('{"species": "zebra"}')
    elif kind != "missing":
        path = layout.annotation_path(make_folder(folder), "all")
        coco: dict[str, Any] = json.loads(path.read_bytes())
        coco["annotations"][0]["keypoints"] = [1.0, 2.0]
        path.write_text({"damaged": "{", "no coco": "[]", "wrong count": json.dumps(coco)}[kind])
    with pytest.raises(OutputError, match=expected):
        write_report(folder)
    assert not layout.report_path(folder).exists()


def test_escapes_what_files_say(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "out")
    shots = layout.shots_path(folder)
    shots.write_text(shots.read_text().replace('"Walk"', json.dumps('<script>alert("x")</script>')))
    path = write_report(folder)
    parse(path)
    assert path.read_text().count("<script>") == 1


def test_outline_of_a_mask() -> None:
    mask = np.zeros((8, 10), dtype=bool)
    mask[2:5, 3:7] = True
    numbers = [float(n) for n in re.findall(r"[\d.]+", mask_outline(mask))]
    xs, ys = numbers[::2], numbers[1::2]
    # Pixel edges, in COCO's continuous pixels.
    assert (min(xs), max(xs), min(ys), max(ys)) == (3, 7, 2, 5)
    mask[3, 5] = False
    assert mask_outline(mask).count("M") == 2, "a hole is an outline of its own"
    assert mask_outline(np.ones((4, 4), dtype=bool)).count("M") == 1, "a mask that fills the picture has one"


def test_marks_seen_points_filled_and_hidden_ones_hollow(tmp_path: Path) -> None:
    picture = gather(make_folder(tmp_path / "out")).pictures[0]
    svg = overlay(picture, AP10K.keypoints, AP10K.skeleton)
    marks = {
        title.partition(":")[0]: shape
        for shape, title in re.findall(r"<g>(<circle.*?)<title>(.*?)</title></g>", svg)
    }
    assert len(marks) == 16
    assert "right eye" not in marks, "a point outside the frame is not drawn"
    assert 'fill="none"' in marks["right shoulder"]
    assert 'fill="none"' not in marks["left shoulder"]
    assert 'cx="10" cy="20"' in marks["left eye"]
    # Links to the point that is not there are left out: eyes, and right eye to nose.
    assert svg.count("<line") == 2 * (len(AP10K.skeleton) - 2)


def test_contact_sheet_goes_once_around(tmp_path: Path) -> None:
    data = gather(make_folder(tmp_path / "out", count=60))
    chosen = choose_pictures(data.pictures, 12)
    azimuths = np.array([picture.camera["azimuth"] for picture in chosen])
    assert len(chosen) == 12
    assert (np.diff(azimuths) > 0).all()
    assert np.diff(azimuths).max() < 60
    actions = [picture.shot["action"] for picture in chosen]
    assert actions.count("Walk") == actions.count("Idle") == 6


def test_rotation_vectors() -> None:
    half = np.sqrt(0.5)
    got = rotation_vectors(np.array([[1, 0, 0, 0], [half, 0, half, 0], [-half, 0, -half, 0], [0, 0, 0, 0]]))
    np.testing.assert_allclose(got, [[0, 0, 0], [0, np.pi / 2, 0], [0, np.pi / 2, 0], [0, 0, 0]], atol=1e-12)


def test_limb_angles_do_not_depend_on_the_camera_side() -> None:
    corner = np.zeros((1, 3))
    assert angle_at(np.array([[0, 0, 2.0]]), corner, np.array([[0, 3.0, 0]]))[0] == pytest.approx(90)
    world = np.random.default_rng(1).normal(size=(5, 17, 3))
    turned = world @ np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], dtype=float) * 7 + 3
    for (name, before), (same, after) in zip(
        limb_angles(AP10K.keypoints, world), limb_angles(AP10K.keypoints, turned), strict=True
    ):
        assert name == same
        np.testing.assert_allclose(before, after, atol=1e-9)
    assert {name for name, _ in limb_angles(AP10K.keypoints, world)} >= {
        "carpus bend",
        "hind limb swing",
        "neck",
    }


def test_another_sets_names_give_the_same_sides_and_angles(tmp_path: Path) -> None:
    picture = gather(make_folder(tmp_path / "out")).pictures[0]
    points = np.tile([10.0, 20.0, 2.0], (len(ANIMALPOSE.keypoints), 1))
    svg = overlay(replace(picture, keypoints=points), ANIMALPOSE.keypoints, ANIMALPOSE.skeleton)
    shapes = dict(reversed(mark) for mark in re.findall(r"<g>(<circle.*?)<title>(.*?):.*?</title></g>", svg))
    for name, side in (("L EarBase", "left"), ("R F Paw", "right"), ("Throat", "middle")):
        assert SIDE_COLOURS[side] in shapes[name]
    world = np.random.default_rng(1).normal(size=(5, 20, 3))
    assert {name for name, _ in limb_angles(landmarks_of(ANIMALPOSE.keypoints), world)} == {
        "carpus bend",
        "hock bend",
        "front limb swing",
        "hind limb swing",
        "neck",
    }


def test_main_directions_find_the_variation() -> None:
    rng = np.random.default_rng(0)
    walk = np.outer(rng.normal(size=200), [0.3, 0.0, 0.4]) + rng.normal(size=(200, 3)) * 0.01
    found = main_directions(walk)
    assert found is not None
    points, (first, second) = found
    assert first > 0.98
    assert first + second <= 1
    assert np.std(points[:, 0]) == pytest.approx(np.degrees(0.5 * np.std(walk[:, 2] / 0.4)), rel=0.02)
    assert main_directions(np.zeros((10, 3))) is None


def test_numbers_are_short() -> None:
    assert [number(v) for v in (0, 0.31944, 12.5, 1234.4, 2.0)] == ["0", "0.319", "12.5", "1234", "2"]
    assert ticks(0, 100, 6) == [0, 20, 40, 60, 80, 100]
    assert ticks(5, 5) == [5]
    for high in np.geomspace(0.01, 1000, 200):
        for most in (4, 6, 9):
            assert 2 <= len(ticks(0, float(high), most)) <= most


@pytest.mark.slow
def test_thousands_of_pictures_take_seconds(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "out", count=5000)
    start = time.perf_counter()
    path = write_report(folder)
    assert time.perf_counter() - start < 20
    assert path.stat().st_size < 10_000_000


def test_compares_with_annotated_photos(tmp_path: Path, shared: Path) -> None:
    reference = shared / "real" / "horse" / "annotations.json"
    folder = make_folder(tmp_path / "out")
    words = " ".join(parse(write_report(folder, reference)).text)
    assert "Keypoints against real annotation" in words
    assert "No side views" in words, "a diagonal row of points is no horse"

    # The real horses themselves, labelled as AP-10K would: every point must fit.
    real = json.loads(reference.read_bytes())
    names = real["categories"][0]["keypoints"]
    ours = json.loads(layout.annotation_path(folder, "all").read_bytes())
    sources = {
        "eye": "eye", "nose": "mouth", "neck": "neck", "root_of_tail": "tail", "shoulder": "elbow",
        "elbow": "fore_wrist", "front_paw": "fore_foot", "hip": "hind_knee", "knee": "hind_hock",
        "back_paw": "hind_foot",
    }  # fmt: skip
    for kind in ("images", "annotations"):
        ours[kind] = [
            ours[kind][0]
            | {key: item[key] for key in item if key not in ("keypoints", "category_id", "area")}
            for item in real[kind]
        ]
    for target, annotation in zip(ours["annotations"], real["annotations"], strict=True):
        points = np.reshape(annotation["keypoints"], (-1, 3))
        rows = []
        for name in AP10K.keypoints:
            side, _, part = name.partition("_")
            source = sources[part if side in ("left", "right") else name]
            rows.append(points[names.index(source if source in names else f"{side[0]}_{source}")])
        target["keypoints"] = np.concatenate(rows).tolist()
    layout.annotation_path(folder, "all").write_text(json.dumps(ours))
    layout.shots_path(folder).unlink()
    text = write_report(folder, reference).read_text()
    assert "Where the keypoints lie" in text
    assert text.count("<td>fits</td>") == 2 * 8
    assert 'class="out"' not in text
