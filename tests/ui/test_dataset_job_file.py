"""Jobs written by the panel and read into it: nothing of them is lost, and they render what they say."""

from collections.abc import Callable
from pathlib import Path

import yaml

from render_jobs.job import load_job

RunInside = Callable[..., str]

SETTINGS = """
import json
from pathlib import Path
bpy.ops.pasyn.import_animal(filepath=horse)
settings = bpy.context.scene.pasyn
shots, dataset = settings.shots, settings.dataset
folder = Path(folder)
"""


def test_a_job_goes_out_and_comes_back(inside: RunInside, horse: str, shared: Path, tmp_path: Path) -> None:
    """Written, read and written again it is the same file, and a stranger's keys survive."""
    photos = tmp_path / "farm" / "photos"
    photos.mkdir(parents=True)
    (photos / "one.jpg").write_bytes((shared / "backgrounds" / "farm" / "cattleA_000.jpg").read_bytes())
    stranger = tmp_path / "stranger.yaml"
    stranger.write_text(
        f"rig: {horse}\nspecies: pony\nactions: [-*death*]\nseed: 5000000000\n"
        "render: {engine: workbench, samples: 3, passes: [depth], denoise: false}\nlimits: {memory_gib: 2}\n"
        "camera: {azimuth: [0.123456789, 30], focal_length: 50}\nlight: {worlds: [night, city.exr]}\n"
        "composition: {cutouts: [farm/photos], occluded: 0.5, occluders: [fence]}\ncamera_look: none\n"
        "poses: {source: prior, sigma: 0.7, share_of_actions: 0.25}\nsplit: {val: 0.2}\n"
    )
    inside(
        SETTINGS
        + """
dataset.images, dataset.seed, dataset.resolution = 7, 3, (80, 64)
shots.elevation_min, shots.elevation_max = -2.5, 33.3
shots.backgrounds = str(folder / "farm" / "photos")
shots.use_composition = False
shots.style = "none"
bpy.ops.pasyn.add_world(world="sunset")
first = folder / "farm" / "horse.yaml"
assert bpy.ops.pasyn.write_job(filepath=str(first)) == {"FINISHED"}
text, rig_map = first.read_text(), (first.parent / "horse.rig_map.yaml").read_text()
armature = settings.animal.armature
dataset.images, shots.elevation_max, shots.style, shots.use_composition = 1, 80.0, "photo", True
shots.worlds.clear()
assert bpy.ops.pasyn.read_job(filepath=str(first)) == {"FINISHED"}
assert settings.animal.armature == armature, "its animal was there already"
assert (dataset.images, dataset.seed, tuple(dataset.resolution)) == (7, 3, (80, 64))
assert abs(shots.elevation_max - 33.3) < 1e-5 and not shots.use_composition and shots.style == "none"
assert [entry.path for entry in shots.worlds] == ["sunset.exr"]
first.unlink()
assert bpy.ops.pasyn.write_job(filepath=str(first)) == {"FINISHED"}
assert first.read_text() == text
assert (first.parent / "horse.rig_map.yaml").read_text() == rig_map

# A stranger's job, with much that has no field.
assert bpy.ops.pasyn.read_job(filepath=str(folder / "stranger.yaml")) == {"FINISHED"}
assert settings.animal.species == "pony" and dataset.seed == 2**31 - 1 and dataset.samples == 3
assert not dataset.denoise and dataset.device == "cpu"
assert (shots.focal_length_min, shots.focal_length_max) == (50.0, 50.0)
assert [entry.path for entry in shots.worlds] == ["night.exr", "city.exr"]
assert shots.occluders == {"fence"} and not shots.use_camera_look and shots.use_composition
assert abs(settings.pose.sigma - 0.7) < 1e-6
kept = set(part("ui.panel_job").kept_keys(settings))
assert kept == {"actions", "render.engine", "render.passes", "limits.memory_gib", "composition.cutouts",
                "poses.share_of_actions", "split.val"}, kept
second = folder / "second.yaml"
bpy.ops.pasyn.write_job(filepath=str(second), copy_model=False)
again = second.read_text()
assert bpy.ops.pasyn.read_job(filepath=str(second)) == {"FINISHED"}
bpy.ops.pasyn.write_job(filepath=str(second), copy_model=False)
assert second.read_text() == again
assert bpy.ops.pasyn.forget_job() == {"FINISHED"}
assert part("ui.panel_job").kept_keys(settings) == []
assert "No job was read" in message(bpy.ops.pasyn.forget_job)

# An animal that was changed goes beside the job, and is what the job brings back.
armature.data.bones[0].use_deform = not armature.data.bones[0].use_deform
third = folder / "third" / "third.yaml"
bpy.ops.pasyn.write_job(filepath=str(third))
text = third.read_text()
assert "rig: third.rig.blend" in text, text
bpy.ops.wm.read_homefile(use_empty=True)
settings = bpy.context.scene.pasyn
assert bpy.ops.pasyn.read_job(filepath=str(third)) == {"FINISHED"}
assert Path(settings.animal.source_file) == third.parent / "third.rig.blend"
bpy.ops.pasyn.write_job(filepath=str(third))
assert third.read_text() == text

# Without its animal a job is read for the one that is there.
settings.animal.species = "mule"
assert bpy.ops.pasyn.read_job(filepath=str(folder / "stranger.yaml"), bring_animal=False) == {"FINISHED"}
assert Path(settings.animal.source_file) == third.parent / "third.rig.blend"
assert settings.animal.species == "mule"
""",
        horse=horse,
        folder=str(tmp_path),
        timeout=900.0,
    )
    first = yaml.safe_load((tmp_path / "farm" / "horse.yaml").read_text())
    assert (first["rig"], first["rig_map"], first["backgrounds"]) == (
        "Horse-v7.glb",
        "horse.rig_map.yaml",
        ["photos"],
    )
    assert (tmp_path / "farm" / "Horse-v7.glb").read_bytes() == Path(horse).read_bytes()
    # What the panel wrote is the stranger's job, to the last digit.
    before = load_job(stranger).to_dict()
    after = load_job(tmp_path / "second.yaml").to_dict()
    assert {key for key in before if before[key] != after[key]} == {"rig_map"}


def test_a_built_in_animal_is_named_until_it_is_changed(inside: RunInside, tmp_path: Path) -> None:
    several = tmp_path / "several.yaml"
    several.write_text("animal: zebra\ncoat: {individuals: [0, 3]}\n")
    inside(
        """
from pathlib import Path
folder = Path(folder)
bpy.ops.pasyn.add_animal(species="zebra", individual=2, motions=False)
settings = bpy.context.scene.pasyn
written = folder / "zebra.yaml"
bpy.ops.pasyn.write_job(filepath=str(written))
text = written.read_text()
assert "animal: zebra" in text and "rig" not in text.split("poses:")[0].replace("species", ""), text
assert "individuals: [2, 2]" in text, text
assert not list(folder.glob("*.blend")) and not list(folder.glob("*.rig_map.yaml"))
armature = settings.animal.armature
bpy.ops.pasyn.read_job(filepath=str(written))
assert settings.animal.armature == armature

# A job of several individuals stays one of several.
bpy.ops.pasyn.read_job(filepath=str(folder / "several.yaml"))
assert settings.animal.armature == armature, "one of them is there already"
bpy.ops.pasyn.write_job(filepath=str(written))
assert "individuals: [0, 3]" in written.read_text()

armature.data.bones[0].use_deform = not armature.data.bones[0].use_deform
bpy.ops.pasyn.write_job(filepath=str(written))
assert "rig: zebra.rig.blend" in written.read_text() and "animal:" not in written.read_text()
""",
        folder=str(tmp_path),
        timeout=900.0,
    )


def test_a_wrong_job_is_refused_in_the_programs_own_words(
    inside: RunInside, horse: str, tmp_path: Path
) -> None:
    wrong = {
        "key.yaml": "animal: zebra\nlihgt: {}\n",
        "range.yaml": "animal: zebra\ncamera: {elevation: [30, 0]}\n",
        "model.yaml": "rig: gone.glb\n",
        "text.yaml": "- a\n- b\n",
    }
    for name, text in wrong.items():
        (tmp_path / name).write_text(text)
    inside(
        SETTINGS
        + """
before = bpy.context.scene.pasyn.dataset.images, sorted(bpy.data.objects.keys())
for name, words in {
    "key.yaml": ("line 2", "lihgt", "did you mean 'light'"),
    "range.yaml": ("camera.elevation", "[0, 30]"),
    "model.yaml": ("there is no file", "gone.glb"),
    "text.yaml": ("text.yaml", "a job is a list of"),
    "nowhere.yaml": ("there is no such job file",),
}.items():
    said = message(bpy.ops.pasyn.read_job, filepath=str(folder / name))
    assert all(word in said for word in words), said
assert before == (bpy.context.scene.pasyn.dataset.images, sorted(bpy.data.objects.keys()))
assert bpy.ops.pasyn.check_job() == {"FINISHED"}
settings.shots.style = "foto"
assert "did you mean 'photo'" in message(bpy.ops.pasyn.check_job)
settings.shots.style = "photo"
bpy.context.preferences.addons[MODULE].preferences.program = "/nowhere/pasyn"
for operator, options in ((bpy.ops.pasyn.check_job, {}), (bpy.ops.pasyn.read_job, {"filepath": "/x.yaml"})):
    assert "/nowhere/pasyn" in message(operator, **options)
(folder / "file").touch()
assert "cannot write" in message(bpy.ops.pasyn.write_job, filepath=str(folder / "file" / "job.yaml"))
settings.animal.armature = None
assert "Choose or import" in message(bpy.ops.pasyn.write_job, filepath=str(folder / "job.yaml"))
assert "Choose or import" in message(bpy.ops.pasyn.check_job)
""",
        horse=horse,
        folder=str(tmp_path),
        timeout=900.0,
    )
