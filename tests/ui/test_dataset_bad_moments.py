"""What can go wrong while a dataset is made: it is said, nothing is lost, and nothing is left running."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

RunInside = Callable[..., str]

SETTINGS = """
from pathlib import Path
bpy.ops.pasyn.import_animal(filepath=horse)
settings = bpy.context.scene.pasyn
settings.dataset.resolution = (48, 48)
settings.dataset.samples = 1
settings.dataset.output = out
runs = part("ui.background_run")
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte and a half."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=1536k", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no file system can be mounted here to fill")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_named_and_what_is_rendered_stays(
    inside: RunInside, horse: str, small_disk: Path
) -> None:
    """The same dataset goes on when there is room again."""
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * 900_000)
    inside(
        SETTINGS
        + """
settings.dataset.resolution = (256, 256)
settings.dataset.images = 12
bpy.ops.pasyn.render_dataset()
run = pump(600.0)
assert run.state == "failed" and "disk is full" in run.message, (run.state, run.message)
assert "--out" not in run.message, run.message
stay = run.rendered
assert 0 < stay < 12 and f"{stay} renders stay" in run.message, run.message
Path(filler).unlink()
settings.dataset.images = stay
bpy.ops.pasyn.render_dataset()
run = pump(600.0)
assert run.state == "finished", run.message

# Not even the job can be written.
import os
file = os.open(filler, os.O_WRONLY | os.O_CREAT)
try:
    while os.write(file, b"x" * 4096):
        pass
except OSError:
    os.close(file)
settings.dataset.output = out + "-2"
assert "cannot write" in message(bpy.ops.pasyn.render_dataset)
""",
        horse=horse,
        out=str(small_disk / "dataset"),
        filler=str(filler),
        timeout=1200.0,
    )


def test_undo_and_another_file_leave_the_run_alone(inside: RunInside, horse: str, tmp_path: Path) -> None:
    inside(
        SETTINGS
        + """
settings.dataset.images = 4
bpy.ops.ed.undo_push(message="before")
settings.dataset.seed = 7
bpy.ops.ed.undo_push(message="seed")
bpy.ops.pasyn.render_dataset()
run = runs.current()
bpy.ops.ed.undo()
assert bpy.context.scene.pasyn.dataset.seed == 0 and runs.current() is run and run.active
bpy.ops.wm.read_homefile(use_empty=True)
assert runs.current() is run
left = []
deadline = time.monotonic() + 600
while runs.tick() is not None and time.monotonic() < deadline:
    left.append(run.seconds_left(time.monotonic()))
    time.sleep(0.05)
assert run.state == "finished" and run.rendered == 4, run.message
assert "seed: 7" in (Path(out) / "input" / "job.yaml").read_text()
assert any(seconds is not None and 0 < seconds < 600 for seconds in left), left
""",
        horse=horse,
        out=str(tmp_path / "dataset"),
        timeout=900.0,
    )


def test_preferences_say_where_datasets_and_photos_are_and_which_blender_renders(
    inside: RunInside, horse: str, shared: Path, tmp_path: Path
) -> None:
    """The program is a stand-in that notes how it was called."""
    program = tmp_path / "pasyn"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nopen(__file__ + '.called', 'w').write(' '.join(sys.argv[1:]))\n"
    )
    program.chmod(0o755)
    inside(
        SETTINGS
        + """
preferences = bpy.context.preferences.addons[MODULE].preferences
preferences.program = program
settings.dataset.property_unset("output")
assert "save the .blend first" in message(bpy.ops.pasyn.render_dataset)
assert "save the .blend first" in message(bpy.ops.pasyn.open_folder)
preferences.datasets, preferences.backgrounds = datasets, photos
expected = Path(datasets) / "horse"
assert "no folder" in message(bpy.ops.pasyn.open_folder)
bpy.ops.pasyn.render_dataset(wait=True)
called = Path(program + ".called").read_text()
assert called == f"run {expected / 'input' / 'job.yaml'} --out {expected}", called
assert photos in (expected / "input" / "job.yaml").read_text()
# Called without --blender: the bpy module is no program.
module = part("ui.preferences")

class Running:
    class app:
        binary_path = "/opt/blender"
    path = bpy.path

module.bpy, real = Running, module.bpy
assert module.blender_choice(bpy.context) == ["--blender", "/opt/blender"]
preferences.render_with = "own"
assert module.blender_choice(bpy.context) == []
module.bpy = real
settings.shots.backgrounds = ""
assert settings.shots.is_property_set("backgrounds")
bpy.ops.pasyn.render_dataset(wait=True)
assert "backgrounds: []" in (expected / "input" / "job.yaml").read_text(), "emptied on purpose"
settings.dataset.output = str(Path(datasets) / "mine")
assert "mine" in message(bpy.ops.pasyn.open_report)
""",
        horse=horse,
        out="",
        program=str(program),
        datasets=str(tmp_path / "datasets"),
        photos=str(shared / "backgrounds" / "farm"),
        timeout=900.0,
    )
