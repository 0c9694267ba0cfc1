"""Pictures of real rigs: they depend on their shot alone, and show what the shot says."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pasyn_blender.errors import RenderError
from render_jobs.job import Job, job_from_rig
from render_jobs.plan import RigFacts
from render_jobs.shot import Shot

FAST = ["resolution=[96, 96]", "render.samples=4", "light.worlds=[forest.exr, sunset.exr, city.exr]"]


@pytest.fixture(scope="module")
def job(shared: Path) -> Job:
    rig = shared / "rigs" / "fox_khronos"
    return job_from_rig(next(rig.glob("*.glb")), images=6, overrides=FAST)


@pytest.fixture(scope="module")
def stage(job: Job) -> Any:
    import bpy

    from pasyn_blender.scene.stage import Stage
    from render_jobs.animal_source import AnimalSource
    from render_jobs.render_loop import render_options

    bpy.ops.wm.read_factory_settings(use_empty=True)
    return Stage(AnimalSource(job, Path("absent")).load(0), render_options(job))


@pytest.fixture(scope="module")
def shots(job: Job, stage: Any) -> list[Shot]:
    from render_jobs.animal_source import rig_facts
    from render_jobs.plan import plan

    facts: RigFacts = rig_facts(stage.animal, "fox")
    return plan(job, facts)


@pytest.fixture
def picture(stage: Any, tmp_path: Path) -> Any:
    """Renders a shot to an (H, W, 4) array."""

    def take(shot: Shot) -> NDArray[np.int64]:
        stage.render(shot, tmp_path / "picture.png")
        with Image.open(tmp_path / "picture.png") as image:
            assert image.mode == "RGBA"
            return np.asarray(image).astype(np.int64)

    return take


def test_a_picture_does_not_depend_on_what_was_rendered_before(
    stage: Any, shots: list[Shot], tmp_path: Path
) -> None:
    from render_jobs.png_files import plain_png

    def render(shot: Shot) -> bytes:
        stage.render(shot, tmp_path / "picture")
        return plain_png((tmp_path / "picture").read_bytes(), "picture", (96, 96))

    forwards = [render(shot) for shot in shots]
    backwards = [render(shot) for shot in reversed(shots)][::-1]
    assert forwards == backwards
    assert len(set(forwards)) == len(shots)


def test_labels_do_not_depend_on_what_was_rendered_before(stage: Any, shots: list[Shot]) -> None:
    first = [stage.arrange(shot).truth.to_dict() for shot in shots]
    second = [stage.arrange(shot).truth.to_dict() for shot in reversed(shots)][::-1]
    assert first == second


def test_rendering_only_the_animals_region_loses_none_of_it(
    stage: Any, shots: list[Shot], picture: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shot in shots[:3]:
        region = picture(shot)
        with monkeypatch.context() as patched:
            patched.setattr(type(stage), "_set_border", lambda self, view: None)
            stage.scene.render.use_border = False
            whole = picture(shot)
        assert np.array_equal(region[..., 3], whole[..., 3])


def test_mask_and_projected_mesh_agree(stage: Any, shots: list[Shot], picture: Any) -> None:
    for shot in shots:
        left, top, right, bottom = stage.arrange(shot).view.box
        rows, columns = np.nonzero(picture(shot)[..., 3] >= 128)
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        # Thin ears and tails may cover less than half of a pixel.
        assert np.abs(np.array(found) - (left, top, right, bottom)).max() < 2.5


def test_a_truncated_animal_reaches_the_edge_and_loses_keypoints(
    stage: Any, shots: list[Shot], picture: Any
) -> None:
    camera = replace(shots[0].camera, azimuth=90.0, roll=0.0, fill=0.9, offset=(0.1, 0.0), truncation=0.3)
    shot = replace(shots[0], camera=camera)
    alpha = picture(shot)[..., 3]
    assert alpha[:, -1].any() and not alpha[:, 0].any()
    keypoints = stage.arrange(shot).truth.keypoints
    outside = keypoints[:, 2] == 0
    assert outside.any() and not keypoints[outside].any()
    assert (keypoints[~outside, :2] < 96).all() and (keypoints[~outside, :2] >= 0).all()


def side_view(shot: Shot, **light: float) -> Shot:
    """Seen from its left, in the sun alone."""
    camera = replace(shot.camera, azimuth=90.0, elevation=0.0, roll=0.0, offset=(0.0, 0.0))
    values = {"sun_elevation": 10.0, "sun_strength": 4.0, "world_strength": 0.0, **light}
    return replace(shot, camera=camera, light=replace(shot.light, **values))


def brightness(rgba: NDArray[np.int64]) -> float:
    inside = rgba[..., 3] >= 250
    return float(rgba[inside, :3].mean())


def test_the_sun_shines_from_where_the_shot_says(shots: list[Shot], picture: Any) -> None:
    lit = brightness(picture(side_view(shots[0], sun_azimuth=90.0, sun_follows_world=False)))
    dark = brightness(picture(side_view(shots[0], sun_azimuth=270.0, sun_follows_world=False)))
    assert lit > 3 * dark


def test_a_sun_that_follows_the_world_turns_with_it_and_ignores_the_shots_own(
    shots: list[Shot], picture: Any
) -> None:
    view = {"world": "sunrise.exr", "world_strength": 0.0, "sun_strength": 3.0}
    brightnesses = [
        [
            brightness(picture(side_view(shots[0], **view, world_rotation=turn, sun_azimuth=azimuth)))
            for azimuth in (90.0, 270.0)
        ]
        for turn in (0.0, 90.0, 180.0, 270.0)
    ]
    assert all(first == second for first, second in brightnesses)
    assert max(brightnesses)[0] > 3 * min(brightnesses)[0]


def test_a_stronger_world_is_brighter_and_turning_it_changes_the_light(
    shots: list[Shot], picture: Any
) -> None:
    weak = picture(side_view(shots[0], sun_strength=0.0, world_strength=0.3, world_rotation=0.0))
    strong = picture(side_view(shots[0], sun_strength=0.0, world_strength=1.0, world_rotation=0.0))
    turned = picture(side_view(shots[0], sun_strength=0.0, world_strength=1.0, world_rotation=180.0))
    assert brightness(strong) > 1.3 * brightness(weak)
    assert np.abs(turned - strong).max() > 10


def test_the_coat_changes_and_the_outline_does_not(shots: list[Shot], picture: Any) -> None:
    plain = replace(shots[0], coat=replace(shots[0].coat, hue=0.0, saturation=1.0, value=1.0))
    grey = picture(replace(plain, coat=replace(plain.coat, saturation=0.0)))
    dark = picture(replace(plain, coat=replace(plain.coat, value=0.4)))
    green = picture(replace(plain, coat=replace(plain.coat, hue=0.3)))
    normal = picture(plain)

    def colour(rgba: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(rgba[rgba[..., 3] >= 250, :3].mean(axis=0))

    assert brightness(dark) < 0.8 * brightness(normal)
    assert colour(normal)[0] > colour(normal)[1] > colour(normal)[2]  # a fox is orange
    assert np.ptp(colour(grey)) < 0.5 * np.ptp(colour(normal))
    assert colour(green)[1] > colour(green)[0]
    for other in (grey, dark, green):
        assert np.array_equal(other[..., 3], normal[..., 3])


def test_pictures_hold_nothing_but_pixels(stage: Any, shots: list[Shot], tmp_path: Path) -> None:
    from render_jobs.png_files import plain_png

    stage.render(shots[0], tmp_path / "picture")
    data = plain_png((tmp_path / "picture").read_bytes(), "picture", (96, 96))
    kinds, place = [], 8
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        kinds.append(data[place + 4 : place + 8])
        place += 12 + length
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}


def test_a_damaged_picture_is_refused(stage: Any, shots: list[Shot], tmp_path: Path) -> None:
    from render_jobs.png_files import plain_png

    stage.render(shots[0], tmp_path / "picture")
    data = (tmp_path / "picture").read_bytes()
    broken = bytearray(data)
    broken[len(data) // 2] ^= 255
    for bad in (data[:-20], data[: len(data) // 2], b"", bytes(broken)):
        with pytest.raises(RenderError):
            plain_png(bad, "picture", (96, 96))
    with pytest.raises(RenderError, match="96 x 96, not 64 x 64"):
        plain_png(data, "picture", (64, 64))


def test_a_missing_device_is_named_with_those_there_are(stage: Any) -> None:
    from pasyn_blender.scene.render_settings import _use_device

    for device in ("optix", "metal"):
        with pytest.raises(RenderError, match=f"render.device is {device}.*it finds"):
            _use_device(device)


def test_a_missing_world_is_named_with_those_there_are(stage: Any, shots: list[Shot]) -> None:
    bad = replace(shots[0], light=replace(shots[0].light, world="nowhere.exr"))
    with pytest.raises(RenderError, match=r"nowhere\.exr.*forest\.exr"):
        stage.arrange(bad)


def test_a_file_that_is_no_picture_is_refused_as_a_world(
    stage: Any, shots: list[Shot], tmp_path: Path
) -> None:
    fake = tmp_path / "fake.hdr"
    fake.write_text("no light here", encoding="utf-8")
    with pytest.raises(RenderError, match=r"fake\.hdr"):
        stage.arrange(replace(shots[0], light=replace(shots[0].light, world=str(fake))))
