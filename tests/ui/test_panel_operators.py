"""``bpy.ops.pasyn``, from the installed extension, in a Blender without a window."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

RunInside = Callable[..., str]

TINY = """
settings = bpy.context.scene.pasyn
settings.dataset.resolution = (48, 48)
settings.dataset.samples = 1
settings.dataset.images = 2
settings.dataset.output = out
"""
IMPORTED = """
bpy.ops.pasyn.import_animal(filepath=horse)
""" + TINY  # fmt: skip


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A process nobody has collected yet is gone all the same.
    return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()


def test_from_a_file_to_a_finished_dataset(inside: RunInside, horse: str, tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    inside(
        IMPORTED
        + """
assert settings.animal.species == "horse"
assert len(settings.keypoints.found) == 17 and all(item.found for item in settings.keypoints.found)
assert sum(item.found for item in settings.animal.joints) >= 20
assert bpy.ops.pasyn.render_dataset() == {"FINISHED"}
assert "being rendered" in message(bpy.ops.pasyn.render_dataset)
run = pump()
assert run.state == "finished", (run.message, run.log.read_text())
assert run.progress == 1.0 and run.rendered == 2
""",
        horse=horse,
        out=str(out),
    )
    annotations = json.loads((out / "annotations" / "all.json").read_text())
    assert len(annotations["images"]) == 2
    assert len(annotations["annotations"]) == 2
    assert annotations["categories"][0]["name"] == "horse"
    job = yaml.safe_load((out / "input" / "job.yaml").read_text())
    assert job["rig"] == horse, "an animal nobody edited is rendered from its own file"
    assert (out / "report.html").is_file()

    # The job the panel wrote makes the same pictures from a terminal.
    again = tmp_path / "again"
    program = shutil.which("pasyn", path=str(Path(sys.executable).parent))
    assert program is not None
    command = [program, "run", str(out / "input" / "job.yaml"), "--out", str(again)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    for name in ("images/000000.png", "images/000001.png", "annotations/all.json"):
        assert (again / name).read_bytes() == (out / name).read_bytes(), name


def test_an_edited_animal_is_rendered_as_it_is_in_the_scene(
    inside: RunInside, horse: str, tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    inside(
        IMPORTED
        + """
import numpy as np
from pathlib import Path
settings.dataset.images = 1
for slot in next(obj for obj in bpy.data.objects if obj.type == "MESH" and obj.parent).material_slots:
    for node in slot.material.node_tree.nodes:
        if node.type == "BSDF_PRINCIPLED":
            for link in tuple(node.inputs["Base Color"].links):
                slot.material.node_tree.links.remove(link)
            node.inputs["Base Color"].default_value = (0.0, 1.0, 0.0, 1.0)
before = sorted(block.name for block in bpy.data.scenes), bpy.data.filepath, bpy.data.is_dirty
bpy.ops.pasyn.render_dataset(wait=True)
assert before == (sorted(block.name for block in bpy.data.scenes), bpy.data.filepath, bpy.data.is_dirty)
saved = Path(out) / "input" / "rig.blend"
written = saved.read_bytes()
bpy.ops.pasyn.render_dataset(wait=True)
assert saved.read_bytes() == written, "the same animal must stay the same file, or the folder is refused"
""",
        horse=horse,
        out=str(out),
    )
    render = np.asarray(Image.open(out / "renders" / "000000.png").convert("RGBA")).astype(int)
    coat = render[render[..., 3] == 255][:, :3].mean(axis=0)
    assert coat[1] > 1.5 * max(coat[0], coat[2]), f"the green animal came out {coat}"


def test_an_animal_of_the_scene_is_mapped_without_moving_it(inside: RunInside, horse: str) -> None:
    inside(
        """
bpy.ops.import_scene.gltf(filepath=horse)
scene = bpy.context.scene
armature = next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")
mesh = next(obj for obj in bpy.data.objects if obj.type == "MESH" and obj.find_armature())
walk = next(action for action in bpy.data.actions if "Walk" in action.name)
armature.animation_data.action = walk
if hasattr(walk, "slots"):  # from Blender 4.4 on
    armature.animation_data.action_slot = walk.slots[0]
scene.frame_set(9)
bone = next(bone for bone in armature.pose.bones if "Head" in bone.name)
bpy.context.view_layer.update()

def state():
    animation = armature.animation_data
    bones = [value for bone in armature.pose.bones for row in bone.matrix for value in row]
    slot = getattr(animation, "action_slot", None)
    return (animation.action.name, slot and slot.identifier, animation.use_nla, scene.frame_current,
            sorted(bpy.data.objects.keys()), [round(value, 5) for value in bones])

before = state()
for obj in bpy.context.selected_objects:
    obj.select_set(False)
mesh.select_set(True)
bpy.context.view_layer.objects.active = mesh
bpy.ops.pasyn.use_selected()
assert scene.pasyn.animal.armature == armature
assert scene.pasyn.animal.species == "horse", "the armature is called AnimalArmature, its mesh Horse"
bpy.ops.pasyn.map_animal()
assert all(item.found for item in scene.pasyn.keypoints.found)
assert state() == before
""",
        horse=horse,
    )


def test_keypoints_follow_the_pose_and_a_reopened_file(inside: RunInside, horse: str, tmp_path: Path) -> None:
    inside(
        """
import numpy as np
bpy.ops.pasyn.import_animal(filepath=horse)
live = part("ui.live_map")
rest = live.positions(bpy.context).copy()
assert rest.shape == (17, 3) and np.isfinite(rest).all()
armature = bpy.context.scene.pasyn.animal.armature
armature.location.z += 2.0
bpy.context.view_layer.update()
moved = live.positions(bpy.context)
np.testing.assert_allclose(moved, rest + (0.0, 0.0, 2.0), atol=1e-4)
armature.location.z -= 2.0
walk = next(action for action in bpy.data.actions if "Walk" in action.name)
armature.animation_data_create().action = walk
if hasattr(walk, "slots"):  # from Blender 4.4 on
    armature.animation_data.action_slot = walk.slots[0]
bpy.context.scene.frame_set(12)
posed = live.positions(bpy.context).copy()
paw = part("ui.properties.keypoints").chosen_set(bpy.context.scene).keypoints.index("left_front_paw")
assert np.linalg.norm(posed[paw] - rest[paw]) > 0.1
bpy.ops.wm.save_as_mainfile(filepath=blend)
bpy.ops.wm.open_mainfile(filepath=blend)
assert live.positions(bpy.context) is None
assert live.prepare(bpy.context)
np.testing.assert_allclose(live.positions(bpy.context), posed, atol=1e-4)
""",
        horse=horse,
        blend=str(tmp_path / "scene.blend"),
    )


def test_an_edited_mesh_asks_to_be_mapped_again(inside: RunInside, horse: str) -> None:
    inside(
        """
bpy.ops.pasyn.import_animal(filepath=horse)
mesh = next(obj for obj in bpy.data.objects if obj.type == "MESH" and obj.find_armature())
finer = mesh.modifiers.new("finer", "SUBSURF")
finer.subdivision_type, finer.levels = "SIMPLE", 1
bpy.context.view_layer.update()
live = part("ui.live_map")
assert live.positions(bpy.context) is None
assert "map the animal again" in live.problem(bpy.context.scene)
bpy.ops.pasyn.map_animal()
assert live.positions(bpy.context) is not None
""",
        horse=horse,
    )


def test_an_animal_that_is_no_quadruped_is_imported_but_not_mapped(inside: RunInside, tmp_path: Path) -> None:
    inside(
        """
bpy.ops.object.armature_add()
armature = bpy.context.active_object
bpy.ops.mesh.primitive_cube_add()
cube = bpy.context.active_object
cube.name = "block"
cube.vertex_groups.new(name="Bone").add(range(8), 1.0, "REPLACE")
cube.modifiers.new("skin", "ARMATURE").object = armature
bpy.data.libraries.write(blend, {armature, cube})
bpy.data.batch_remove([armature, cube])
assert bpy.ops.pasyn.import_animal(filepath=blend) == {"FINISHED"}
settings = bpy.context.scene.pasyn
assert settings.animal.armature is not None and "block" in bpy.data.objects
assert settings.animal.rig_map == "" and len(settings.animal.joints) == 0
assert "block.blend" in message(bpy.ops.pasyn.map_animal)
assert "Map the animal first" in message(bpy.ops.pasyn.render_dataset)
""",
        blend=str(tmp_path / "block.blend"),
    )


def test_mistakes_are_answered_with_a_sentence(inside: RunInside, horse: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.glb"
    broken.write_bytes(Path(horse).read_bytes()[:5000])
    photos = tmp_path / "photos"
    inside(
        """
objects = sorted(bpy.data.objects.keys())
assert "Select an armature" in message(bpy.ops.pasyn.use_selected) or bpy.context.active_object
bpy.ops.object.select_all(action="DESELECT")
bpy.context.view_layer.objects.active = None
assert "Select an armature" in message(bpy.ops.pasyn.use_selected)
bpy.ops.mesh.primitive_cube_add()
assert "has no armature" in message(bpy.ops.pasyn.use_selected)
bpy.data.objects.remove(bpy.context.active_object)
assert "Choose, import or add" in message(bpy.ops.pasyn.map_animal)
assert "Choose or import" in message(bpy.ops.pasyn.render_dataset)
assert "Nothing is being rendered" in message(bpy.ops.pasyn.cancel_render)
assert "broken.glb" in message(bpy.ops.pasyn.import_animal, filepath=broken)
assert "nowhere.glb" in message(bpy.ops.pasyn.import_animal, filepath="/nowhere.glb")
assert sorted(bpy.data.objects.keys()) == objects, "a failed import left something behind"
bpy.ops.object.armature_add()
bpy.ops.pasyn.use_selected.poll()
assert "mesh" in message(bpy.ops.pasyn.use_selected)
bpy.ops.pasyn.import_animal(filepath=horse, map_automatically=False)
settings = bpy.context.scene.pasyn
assert "Map the animal first" in message(bpy.ops.pasyn.render_dataset)
bpy.ops.pasyn.map_animal()
settings.dataset.output = "//dataset"
assert "save the .blend first" in message(bpy.ops.pasyn.render_dataset)
settings.dataset.output = out
settings.shots.backgrounds = photos
assert "there is no folder" in message(bpy.ops.pasyn.render_dataset)
settings.shots.backgrounds = ""
assert "no report" in message(bpy.ops.pasyn.open_report)
bpy.context.preferences.addons[MODULE].preferences.program = "/nowhere/pasyn"
assert "/nowhere/pasyn" in message(bpy.ops.pasyn.render_dataset)
bpy.context.preferences.addons[MODULE].preferences.program = ""
settings.dataset.output = broken
assert "cannot write" in message(bpy.ops.pasyn.render_dataset)
for collection in settings.animal.armature.users_collection:
    collection.objects.unlink(settings.animal.armature)
assert "no longer in this scene" in message(bpy.ops.pasyn.map_animal)
""",
        horse=horse,
        broken=str(broken),
        photos=str(photos),
        out=str(tmp_path / "dataset"),
    )
    assert not (tmp_path / "dataset" / "job.json").exists()


def test_a_folder_of_another_dataset_is_refused_with_the_renderers_own_words(
    inside: RunInside, horse: str, tmp_path: Path
) -> None:
    inside(
        IMPORTED
        + """
settings.dataset.images = 1
bpy.ops.pasyn.render_dataset(wait=True)
settings.dataset.samples = 2
said = message(bpy.ops.pasyn.render_dataset, wait=True)
assert "another job" in said and "samples" in said, said
""",
        horse=horse,
        out=str(tmp_path / "dataset"),
    )


def test_a_cancelled_render_keeps_what_it_has_and_goes_on(
    inside: RunInside, horse: str, tmp_path: Path
) -> None:
    inside(
        IMPORTED
        + """
settings.dataset.images = 400
bpy.ops.pasyn.render_dataset()
run = part("ui.background_run").current()
deadline = time.monotonic() + 120
while run.rendered < 2 and run.active and time.monotonic() < deadline:
    part("ui.background_run").tick()
    time.sleep(0.1)
assert run.rendered >= 2, (run.message, run.log.read_text())
assert 0.0 < run.progress < 1.0
bpy.ops.pasyn.cancel_render()
pump(40)
assert run.state == "cancelled", run.message
kept = run.rendered
assert 2 <= kept < 400
settings.dataset.images = kept
bpy.ops.pasyn.render_dataset(wait=True)
""",
        horse=horse,
        out=str(tmp_path / "dataset"),
    )


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
@pytest.mark.parametrize("ending", ["", "import addon_utils; addon_utils.disable(MODULE)"])
def test_blender_leaves_no_process_behind(inside: RunInside, horse: str, tmp_path: Path, ending: str) -> None:
    printed = inside(
        IMPORTED
        + """
settings.dataset.images = 2000
bpy.ops.pasyn.render_dataset()
run = part("ui.background_run").current()
from pathlib import Path

def parents():
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        yield int(stat.parent.name), int(words[1])

processes = [run.process.pid]
deadline = time.monotonic() + 60
while len(processes) < 2 and time.monotonic() < deadline:
    time.sleep(0.5)
    processes += [child for child, parent in parents() if parent == run.process.pid]
assert run.process.poll() is None and len(processes) > 1, run.log.read_text()
print("PROCESSES", *processes)
"""
        + ending,
        horse=horse,
        out=str(tmp_path / "dataset"),
    )
    (line,) = [line for line in printed.splitlines() if line.startswith("PROCESSES")]
    processes = [int(word) for word in line.split()[1:]]
    deadline = time.monotonic() + 15
    while any(map(alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not [process for process in processes if alive(process)]
