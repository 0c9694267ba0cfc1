"""Restyling: new pictures of old renders, labels untouched, no Blender."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image
from runs import delivered_files, pasyn, small_job
from stand_in_renderer import FACTS, write_render

from pasyn_blender.annotation.masks import encode_mask, mask_from_alpha
from pasyn_blender.errors import BackgroundError, JobError, OutputError, StyleError
from render_jobs import layout
from render_jobs.composer import Composer
from render_jobs.finish import finish_folder
from render_jobs.finished_renders import read_shots
from render_jobs.job import Job, job_identity
from render_jobs.output_folder import read_job, take_folder
from render_jobs.picture_seconds import STAGES, picture_seconds_path, read_picture_seconds
from render_jobs.plan import plan
from render_jobs.report import write_report
from render_jobs.restyling import plan_restyling, restyle
from styles.preset import load_preset, preset_names, preset_to_plain
from styles.transfer.methods import METHODS


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


def label_files(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in delivered_files(folder).items() if name.startswith("annotations/")}


def picture_files(folder: Path) -> list[bytes]:
    return [data for name, data in delivered_files(folder).items() if name.startswith("images/")]


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    """Files with the published keys and shapes of each network and random numbers."""
    torch = pytest.importorskip("torch")
    from styles.neural import adain, stytr2
    from styles.neural.compact_file import write_compact
    from styles.neural.compact_network import CompactNetwork, compact_shapes

    folder = tmp_path_factory.mktemp("checkpoints")
    generator = torch.Generator().manual_seed(0)

    def numbers(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
        return {
            name: torch.randn(shape, generator=generator) / math.sqrt(max(1, math.prod(shape[1:])))
            for name, shape in shapes.items()
        }

    files: dict[str, dict[str, Path]] = {}
    for kind, layouts in (("adain", adain.LAYOUTS), ("stytr2", stytr2.LAYOUTS)):
        files[kind] = {}
        for role, known in layouts.items():
            files[kind][role] = folder / f"{kind}_{role}.pth"
            torch.save(numbers(known.shapes), files[kind][role])
    files["compact"] = {"weights": folder / "compact.safetensors"}
    write_compact(
        CompactNetwork(numbers(compact_shapes(8))), {"options": {"width": 8}}, files["compact"]["weights"]
    )
    return files


LOOKS = [
    # What a network makes is put back by code that the other methods use too: one place of it is enough.
    *(
        (method, where)
        for method, about in METHODS.items()
        for where in (about.where[:1] if about.is_network else about.where)
    ),
    *(("preset", name) for name in preset_names()),
]


@pytest.mark.parametrize(("method", "where"), LOOKS, ids=[" ".join(look) for look in LOOKS])
def test_every_preset_and_every_method_leave_the_labels_bytes(
    dataset: Path, tmp_path: Path, checkpoints: dict[str, dict[str, Path]], method: str, where: str
) -> None:
    """The paper's recipe, both published networks, and whatever a preset of one's own can be made of."""
    preset = tmp_path / "look.yaml"
    if method == "preset":
        content = preset_to_plain(load_preset(where))
    else:
        content = {"steps": [{"method": method, "where": where, "strength": 0.7}]}
    for step in content["steps"]:
        if step["method"] in checkpoints:
            step["files"] = {role: str(path) for role, path in checkpoints[step["method"]].items()}
    preset.write_text(yaml.safe_dump(content))
    plain, out = tmp_path / "plain", tmp_path / "restyled"
    restyle(plan_restyling(dataset, plain, ["style=none"]))
    done = restyle(plan_restyling(dataset, out, [f"style={preset}"]))
    assert done.delivered == 6
    assert label_files(out) == label_files(plain) == label_files(dataset)
    changed = sum(one != other for one, other in zip(picture_files(out), picture_files(plain), strict=True))
    assert changed == (0 if where == "none" else 6)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("another network", "is not the decoder of AdaIN .* it fits the patch embedding of StyTr²"),
        ("a missing key", "it lacks 1.bias"),
        ("a pickle", "could run code and are not read"),
        ("truncated", "truncated, damaged"),
    ],
)
def test_a_wrong_checkpoint_is_named_and_makes_no_picture(
    dataset: Path, tmp_path: Path, checkpoints: dict[str, dict[str, Path]], kind: str, said: str
) -> None:
    import torch

    wrong, mark = tmp_path / "wrong.pth", tmp_path / "ran"
    whole = checkpoints["adain"]["decoder"].read_bytes()
    if kind == "another network":
        wrong = checkpoints["stytr2"]["embedding"]
    elif kind == "a missing key":
        tensors = torch.load(checkpoints["adain"]["decoder"], weights_only=True)
        torch.save({name: value for name, value in tensors.items() if name != "1.bias"}, wrong)
    elif kind == "a pickle":
        wrong.write_bytes(pickle.dumps({"1.weight": Code(mark)}))
    else:
        wrong.write_bytes(whole[: len(whole) // 2])
    files = {"encoder": str(checkpoints["adain"]["encoder"]), "decoder": str(wrong)}
    preset = tmp_path / "look.yaml"
    preset.write_text(yaml.safe_dump({"steps": [{"method": "adain", "files": files}]}))
    out = tmp_path / "restyled"
    with pytest.raises(StyleError, match=said) as error:
        restyle(plan_restyling(dataset, out, [f"style={preset}"]))
    assert str(wrong) in str(error.value)
    assert not list((out / "images").glob("*.png")) and not mark.exists()


class Code:
    """Unpickled, it would leave a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


def test_what_an_occluder_takes_from_the_labels_is_what_it_hides(dataset: Path, tmp_path: Path) -> None:
    bare, hidden = tmp_path / "bare", tmp_path / "hidden"
    restyle(plan_restyling(dataset, bare, ["composition.occluded=0"]))
    restyle(plan_restyling(dataset, hidden, ["composition.occluded=1", "composition.cover=[0.2,0.3]"]))
    before, after = (json.loads(annotations(folder))["annotations"] for folder in (bare, hidden))
    composer = Composer(read_job(hidden))
    shots = read_shots(hidden)
    assert shots is not None
    lost = 0
    for old, new, shot in zip(before, after, shots, strict=True):
        render = layout.render_path(hidden, shot.index)
        truth = json.loads(layout.truth_path(hidden, shot.index).read_text())
        with Image.open(render) as image:
            composed = composer.compose(np.asarray(image), shot, truth)
        assert composed.hidden is not None
        seen = mask_from_alpha(composed.alpha)
        assert new["segmentation"] == encode_mask(seen)
        assert new["area"] == np.count_nonzero(seen) <= old["area"]
        assert not (seen & (composed.hidden == 255)).any()
        points, covered = np.reshape(new["keypoints"], (-1, 3)), composed.hidden >= 128
        for (x, y, v), (old_x, old_y, old_v) in zip(
            points, np.reshape(old["keypoints"], (-1, 3)), strict=True
        ):
            assert (x, y) == (old_x, old_y)
            behind = old_v > 0 and covered[int(y), int(x)]
            assert v == (1 if behind else old_v)
            lost += behind
    assert lost > 0  # or nothing was tested


def test_how_long_pictures_took_is_in_log_manifest_and_report_and_in_no_picture(
    dataset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "restyled"
    restyle(plan_restyling(dataset, out, []))
    assert set(read_picture_seconds(out)) == set(range(6))
    noted = json.loads(layout.manifest_path(out).read_text())["seconds"]["after_the_render"]
    assert set(noted) == set(STAGES) and min(noted.values()) >= 0
    page = write_report(out).read_text()
    assert all(f"{stage}, a picture" in page for stage in STAGES)
    lines = picture_seconds_path(out).read_text().splitlines()
    restyle(plan_restyling(dataset, out, []))
    assert picture_seconds_path(out).read_text().splitlines() == lines  # nothing was made, nothing is noted


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


def test_photos_that_are_left_out_are_named(dataset: Path, tmp_path: Path) -> None:
    photos, told = tmp_path / "photos", []
    photos.mkdir()
    Image.new("RGB", (90, 64), (120, 160, 90)).save(photos / "good.jpg")
    (photos / "cut.jpg").write_bytes((photos / "good.jpg").read_bytes()[:300])
    preset = tmp_path / "look.yaml"
    preset.write_text(f"style_image: {photos}\nsteps: [{{method: reinhard}}]\n")
    plan_of = plan_restyling(dataset, tmp_path / "restyled", [f"backgrounds=[{photos}]", f"style={preset}"])
    assert restyle(plan_of, on_notice=told.append).delivered == 6
    assert len(told) == 2  # once as a background, once as a style image
    assert all("cut.jpg: left out: damaged" in notice for notice in told)


def test_cutouts_stand_upright_and_must_show_something(dataset: Path, tmp_path: Path) -> None:
    """A cut-out photo may have been turned in the hand; one without alpha would hide everything."""
    folder = tmp_path / "cutouts"
    folder.mkdir()
    rgba = np.zeros((64, 48, 4), np.uint8)
    rgba[24:] = (20, 160, 20, 255)
    look = ["composition.occluded=1", "composition.occluders=[]", f"composition.cutouts=[{folder}]"]
    look += ["composition.cover=[0.3,0.3]", "style=none", "camera_look=none"]

    def made(image: Image.Image, name: str, **options: Any) -> list[bytes]:
        image.save(folder / "a.png", **options)
        restyle(plan_restyling(dataset, tmp_path / name, look))
        return [
            np.asarray(Image.open(path)).tobytes() for path in sorted((tmp_path / name / "images").iterdir())
        ]

    turned = Image.Exif()
    turned[0x0112] = 6
    upright = made(Image.fromarray(rgba), "upright")
    assert made(Image.fromarray(np.rot90(rgba)), "turned", exif=turned) == upright
    for pixels, said in ((rgba[..., :3], "nothing of it is transparent"), (rgba * 0, "all of it is")):
        with pytest.raises(BackgroundError, match=rf"a\.png: {said}"):
            made(Image.fromarray(np.ascontiguousarray(pixels)), said[:3])


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
