"""Job files: what is accepted, how paths and overrides resolve, and how JSON comes back."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small_prior import small_prior

from pasyn_blender.errors import JobError
from render_jobs.job import Job, PoseSettings, built_in_animals, job_from_rig, load_job

SHIPPED = Path(__file__).resolve().parents[2] / "render_jobs"


def write(folder: Path, text: str, name: str = "job.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def make_rig(folder: Path, name: str = "model.glb") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"glTF stands here")
    return path


def test_a_job_of_one_line_is_the_default_job(tmp_path: Path) -> None:
    assert load_job(write(tmp_path, "animal: zebra\n")) == Job(species="zebra", animal="zebra")


def test_zebra_is_built_in() -> None:
    assert "zebra" in built_in_animals()


def test_shipped_zebra_job_loads_and_names_every_key(tmp_path: Path) -> None:
    job = load_job(SHIPPED / "zebra.yaml")
    assert (job.animal, job.images, job.seed) == ("zebra", 24, 0)
    text = (SHIPPED / "zebra.yaml").read_text(encoding="utf-8")
    keys = {key for key in job.to_dict() if key not in ("rig", "rig_map")}
    inner = {key for section in job.to_dict().values() if isinstance(section, dict) for key in section}
    for key in keys | inner:
        assert f"{key}:" in text
    # The comments promise defaults everywhere but for the worlds.
    assert replace(job, light=replace(job.light, worlds=())) == Job(species="zebra", animal="zebra")


def test_the_shipped_job_for_own_models_says_where_to_put_one(tmp_path: Path) -> None:
    with pytest.raises(JobError) as caught:
        load_job(SHIPPED / "own_model.yaml")
    message = str(caught.value)
    assert "own_model.yaml, line 9, rig" in message
    assert "model.glb" in message
    assert "--set rig=FILE" in message
    job = load_job(SHIPPED / "own_model.yaml", [f"rig={make_rig(tmp_path)}"])
    assert (job.species, job.rig) == ("model", tmp_path / "model.glb")


@pytest.mark.parametrize("species", built_in_animals())
def test_every_built_in_animal_has_a_job(species: str) -> None:
    job = load_job(SHIPPED / f"{species}.yaml")
    assert (job.species, job.animal) == (species, species)


def test_scalars_stand_for_fixed_ranges(tmp_path: Path) -> None:
    job = load_job(
        write(
            tmp_path,
            "animal: zebra\nresolution: 64\ncamera: {elevation: 10}\ncoat: {individuals: 7}",
        )
    )
    assert job.resolution == (64, 64)
    assert job.camera.elevation == (10.0, 10.0)
    assert job.coat.individuals == (7, 7)


def test_numbers_are_read_as_yaml_1_2_writes_them(tmp_path: Path) -> None:
    job = load_job(write(tmp_path, "animal: zebra\nseed: 010\nsplit: {val: 1e-3}\n"))
    assert job.seed == 10  # YAML 1.1 would make it eight
    assert job.split.val == 0.001  # and this a word


def test_null_sections_and_lists_are_defaults(tmp_path: Path) -> None:
    job = load_job(write(tmp_path, "animal: zebra\ncamera:\nactions:\nbackgrounds:\nrig_map:\n"))
    assert job == Job(species="zebra", animal="zebra")


def test_one_word_stands_for_a_list_of_one(tmp_path: Path) -> None:
    job = load_job(write(tmp_path, "animal: zebra\nactions: Walk*\nrender: {passes: depth}\n"))
    assert job.actions == ("Walk*",)
    assert job.render.passes == ("depth",)


def test_poses_are_one_word_or_a_section(tmp_path: Path) -> None:
    prior = small_prior(tmp_path / "mine.npz")
    job = load_job(write(tmp_path, "animal: zebra\nposes: {file: mine.npz, actions: Walk}\n"))
    assert job.poses == PoseSettings("prior", file=prior, actions=("walk",))
    word = write(tmp_path, "animal: zebra\nposes: actions\n")
    assert load_job(word).poses == PoseSettings("actions")
    # A key of a section that was written as one word leaves the word as it is.
    assert load_job(word, ["poses.sigma=0.8"]).poses == PoseSettings("actions", sigma=0.8)
    assert load_job(word, [f"poses.file={prior}", "poses.source=prior"]).poses == PoseSettings(file=prior)
    section = write(tmp_path, "animal: zebra\nposes: {file: mine.npz, sigma: 0.5}\n")
    assert load_job(section, ["poses=actions"]).poses == PoseSettings("actions")
    assert load_job(section, ["poses.sigma=0.8"]).poses == PoseSettings(file=prior, sigma=0.8)


def test_paths_start_from_the_file_and_from_the_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rig(tmp_path / "jobs", "rigs/mare.glb")
    make_rig(tmp_path / "here", "other.FBX")
    (tmp_path / "photos").mkdir()
    path = write(tmp_path / "jobs", "rig: rigs/mare.glb\nbackgrounds: [../photos]\n")
    monkeypatch.chdir(tmp_path / "here")
    job = load_job(path)
    assert job.rig == tmp_path / "jobs" / "rigs" / "mare.glb"
    assert job.backgrounds == (tmp_path / "photos",)
    assert job.species == "mare"
    assert load_job(path, ["rig=other.FBX"]).rig == tmp_path / "here" / "other.FBX"


def test_overrides_reach_sections_and_later_ones_win(tmp_path: Path) -> None:
    path = write(tmp_path, "animal: zebra\ncamera: {roll: 3, fill: 0.5}\n")
    job = load_job(path, ["camera.elevation=[0, 30]", "images=5", "images=6", "camera.fill=0.7"])
    assert job.camera.elevation == (0.0, 30.0)
    assert job.camera.roll == (3.0, 3.0)
    assert job.camera.fill == (0.7, 0.7)
    assert job.images == 6


def test_a_rig_on_the_command_line_replaces_the_animal(tmp_path: Path) -> None:
    path = write(tmp_path, "species: zebra\nanimal: zebra\n")
    job = load_job(path, [f"rig={make_rig(tmp_path)}"])
    assert (job.animal, job.species) == (None, "zebra")
    back = load_job(path, [f"rig={make_rig(tmp_path)}", "animal=zebra"])
    assert (back.animal, back.rig) == ("zebra", None)


def test_an_overridden_value_that_was_wrong_is_no_error(tmp_path: Path) -> None:
    assert load_job(write(tmp_path, "animal: zebra\nimages: many\n"), ["images=3"]).images == 3


def test_bundled_worlds_are_known_by_name_and_others_by_path(tmp_path: Path) -> None:
    (tmp_path / "sky.hdr").write_bytes(b"#?RADIANCE")
    job = load_job(write(tmp_path, "animal: zebra\nlight: {worlds: [forest, city.exr, sky.hdr]}\n"))
    assert job.light.worlds == ("forest.exr", "city.exr", str(tmp_path / "sky.hdr"))
    assert "interior.exr" not in Job(species="zebra", animal="zebra").light.usable_worlds


def test_job_from_rig_is_the_default_job_of_a_model(tmp_path: Path) -> None:
    rig = make_rig(tmp_path, "My Horse.glb")
    job = job_from_rig(rig, images=50, seed=0)
    assert job == Job(species="my_horse", rig=rig, images=50)
    assert job_from_rig(rig, species="horse", overrides=["camera.fill=0.5"]).camera.fill == (0.5, 0.5)
    with pytest.raises(JobError, match=r"--rig .*absent\.glb: there is no file .*absent\.glb"):
        job_from_rig(tmp_path / "absent.glb")


def test_resolved_job_survives_json_and_is_a_job_file_itself(tmp_path: Path) -> None:
    rig = make_rig(tmp_path)
    job = load_job(
        write(
            tmp_path, "rig: model.glb\nseed: 9223372036854775807\nlimits: {memory_gib: 4}\nactions: [Run]\n"
        )
    )
    text = json.dumps(job.to_dict(), sort_keys=True)
    assert Job.from_dict(json.loads(text)) == job
    assert load_job(write(tmp_path, text, "resolved.json")) == job
    rig.unlink()
    assert Job.from_dict(json.loads(text)) == job  # a report needs the job, not the model
    with pytest.raises(JobError, match="there is no file"):
        load_job(tmp_path / "resolved.json")


def test_a_resolved_job_loads_without_yaml_and_pillow(tmp_path: Path) -> None:
    # What Blender's own Python has: the standard library and numpy.
    job = Job(species="zebra", animal="zebra", poses=PoseSettings("actions"))
    resolved = write(tmp_path, json.dumps(job.to_dict()), "job.json")
    yaml = write(tmp_path, "animal: zebra")
    program = f"""
import sys
sys.modules.update(dict.fromkeys(("yaml", "PIL", "scipy", "bpy", "typer", "rich", "pycocotools")))
from pathlib import Path
from pasyn_blender.errors import JobError
from render_jobs.job import load_job, job_identity
from render_jobs.plan import RigFacts, plan
job = load_job(Path({str(resolved)!r}))
assert len(job_identity(job)) == 64
assert len(plan(job, RigFacts((("Walk", 0, 24),)))) == 24
try:
    load_job(Path({str(yaml)!r}))
except JobError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=SHIPPED.parent, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "has no PyYAML" in done.stdout
    assert "job.json" in done.stdout
