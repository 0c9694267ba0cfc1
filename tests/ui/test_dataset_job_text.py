"""The panel's fields against the job's schema, and jobs as text. No Blender."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from pasyn_blender.ui.background_run import Run
from pasyn_blender.ui.duration import duration_words
from pasyn_blender.ui.job_fields import (
    BUNDLED_WORLDS,
    DEFAULT_STYLE,
    OCCLUDED,
    OCCLUDERS,
    RANGES,
    STYLES,
    RangeField,
    range_named,
)
from pasyn_blender.ui.job_text import (
    ORDER,
    as_written,
    job_yaml,
    merged,
    paths_from,
    plain_number,
    without_fields,
    written_keys,
)
from render_jobs import job_schema
from render_jobs.job import Job, load_job

DEFAULTS = Job(species="zebra", animal="zebra").to_dict()


def written(text: str, resolved: dict[str, object]) -> dict[str, object]:
    return as_written({**DEFAULTS, **resolved}, written_keys(text))


@pytest.mark.parametrize("field", RANGES, ids=lambda field: field.name)
def test_a_ranges_default_and_limits_are_the_jobs_own(field: RangeField, tmp_path: Path) -> None:
    section, _, name = field.key.partition(".")
    assert list(field.default) == DEFAULTS[section][name]
    path = tmp_path / "job.yaml"
    low, high = field.limits
    ends = [low, min(high, low + 360)] if field.turn else [low, high]
    path.write_text(f"animal: zebra\n{section}: {{{name}: {ends}}}\n")
    assert load_job(path).to_dict()[section][name] == ends
    for beyond in (low - 0.01, high + 0.01):
        path.write_text(f"animal: zebra\n{section}: {{{name}: {beyond}}}\n")
        with pytest.raises(Exception, match=field.key):
            load_job(path)


def test_the_devices_of_the_panel_are_the_jobs_own() -> None:
    from pasyn_blender.ui.properties.dataset import PASYN_PG_dataset

    items = PASYN_PG_dataset.__annotations__["device"].keywords["items"]
    assert tuple(name for name, *_ in items) == job_schema.DEVICES


def test_every_range_of_camera_light_and_coat_has_a_field() -> None:
    has = {field.key for field in RANGES}
    for section, kind in (
        ("camera", job_schema.CameraRanges),
        ("light", job_schema.LightRanges),
        ("coat", job_schema.CoatRanges),
    ):
        ranges = {f"{section}.{field.name}" for field in fields(kind) if "Range" in str(field.type)}
        assert ranges <= has


def test_the_other_defaults_and_names_are_the_jobs_own() -> None:
    composition = DEFAULTS["composition"]
    assert (OCCLUDED, list(OCCLUDERS)) == (composition["occluded"], composition["occluders"])
    assert DEFAULTS["style"] == DEFAULT_STYLE
    assert set(STYLES) <= set(job_schema.built_in_styles())
    assert tuple(f"{name}.exr" for name in BUNDLED_WORLDS) == job_schema.BUNDLED_WORLDS
    assert set(ORDER) == {field.name for field in fields(Job)}


def test_the_other_end_of_a_range_gives_way() -> None:
    fill, azimuth = range_named("fill"), range_named("azimuth")
    assert fill.kept(0.95, 0.9, changed="min") == (0.95, 0.95)
    assert fill.kept(0.5, 0.4, changed="max") == (0.4, 0.4)
    assert fill.kept(0.5, 0.9, changed="max") == (0.5, 0.9)
    assert azimuth.kept(-90.0, 360.0, changed="min") == (-90.0, 270.0), "more than a full turn"
    assert azimuth.kept(0.0, 400.0, changed="max") == (40.0, 400.0)


def test_a_job_is_yaml_a_person_can_read(tmp_path: Path) -> None:
    job = {
        "limits": {"shot_seconds": 60.0},
        "resolution": [64, 64],
        "species": "äsel",
        "animal": "donkey",
        "render": {"samples": 4},
        "camera": {"elevation": [-5.0, 20.5]},
    }
    text = job_yaml(job, "donkeys.yaml")
    assert yaml.safe_load(text) == job
    lines = text.splitlines()
    assert lines[0].startswith("#") and "pasyn run donkeys.yaml" in lines[0]
    assert "  elevation: [-5, 20.5]" in lines and "  shot_seconds: 60" in lines and "species: äsel" in lines
    assert [line.split(":")[0] for line in lines[1:] if not line.startswith(" ")] == [
        "species", "animal", "resolution", "render", "camera", "limits",
    ]  # fmt: skip
    (tmp_path / "donkeys.yaml").write_text(text, encoding="utf-8")
    assert load_job(tmp_path / "donkeys.yaml").to_dict()["camera"]["elevation"] == [-5.0, 20.5]


def test_what_the_panel_has_no_field_for_is_written_back() -> None:
    text = "animal: zebra\nrender: {engine: eevee, samples: 3}\nlimits: {memory_gib: 2}\nposes: actions\n"
    kept = written(
        text,
        {
            "render": {**DEFAULTS["render"], "engine": "eevee", "samples": 3},
            "limits": {**DEFAULTS["limits"], "memory_gib": 2.0},
            "poses": {**DEFAULTS["poses"], "source": "actions"},
        },
    )
    fields_of_panel = {"render.samples": 5, "poses.source": "actions", "images": 9, "rig": "/x/horse.glb"}
    assert without_fields(kept, fields_of_panel) == ["render.engine", "limits.memory_gib"]
    assert merged(fields_of_panel, kept) == {
        "render": {"engine": "eevee", "samples": 5},
        "limits": {"memory_gib": 2.0},
        "poses": {"source": "actions"},
        "images": 9,
        "rig": "/x/horse.glb",
    }


def test_a_number_nobody_changed_keeps_all_its_digits() -> None:
    kept = written("camera: {roll: [0.123456789, 1]}\n", {"camera": {"roll": [0.123456789, 1.0]}})
    single = 0.12345679104328156  # what Blender's fields make of it
    assert merged({"camera.roll": [plain_number(single), 1]}, kept) == {
        "camera": {"roll": [0.123456789, 1.0]}
    }
    assert merged({"camera.roll": [0.1235, 1]}, kept) == {"camera": {"roll": [0.1235, 1]}}
    assert merged({"light.sun_follows_world": True}, {"light": {"sun_follows_world": 1}}) == {
        "light": {"sun_follows_world": True}
    }


def test_a_section_that_is_switched_off_can_be_switched_on_again() -> None:
    kept = written("composition: none\ncamera_look: none\n", {})
    assert kept == {"composition": "none", "camera_look": "none"}
    assert merged({"composition": "none", "camera_look": None}, kept) == {"composition": "none"}
    assert merged({"composition.ground": True}, kept) == {
        "camera_look": "none",
        "composition": {"ground": True},
    }


def test_paths_start_from_the_jobs_folder_where_they_lie_in_it(tmp_path: Path) -> None:
    job = {
        "rig": str(tmp_path / "models" / "horse.glb"),
        "backgrounds": [str(tmp_path / "photos"), "/elsewhere/photos"],
        "light": {"worlds": ["forest.exr", str(tmp_path / "sky.hdr")]},
        "style": "photo",
        "poses": {"source": "prior"},
    }
    assert paths_from(job, tmp_path) == {
        "rig": "models/horse.glb",
        "backgrounds": ["photos", "/elsewhere/photos"],
        "light": {"worlds": ["forest.exr", "sky.hdr"]},
        "style": "photo",
        "poses": {"source": "prior"},
    }


@pytest.mark.parametrize(
    ("value", "shown"), [(0.8500000238418579, 0.85), (360.0, 360), (-0.014000000432133675, -0.014), (0.0, 0)]
)
def test_numbers_are_written_as_they_were_typed(value: float, shown: float) -> None:
    assert plain_number(value) == shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (59.4, "59 s"), (60, "1 min"), (3540, "59 min"), (3599, "1 h"), (7800, "2 h 10 min")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration_words(seconds) == words


def test_the_time_left_goes_by_this_runs_own_pace(tmp_path: Path) -> None:
    run = Run(tmp_path, 110, tmp_path / "log", process=None, found=50, rendered=50)  # type: ignore[arg-type]
    assert run.seconds_left(100.0) is None
    run.pace_from, run.rendered = (100.0, 51), 51
    assert run.seconds_left(100.0) is None
    run.rendered = 71
    assert run.seconds_left(110.0) == pytest.approx(39 * 10.0 / 20)
    run.state = "stopping"
    assert run.seconds_left(110.0) is None
