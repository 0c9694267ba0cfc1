"""The way of the work, from the archive to the dataset, with real clicks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import bpy
from hands import Hands, NotThereError, Steps
from marks import extension, marks

RIG = "/shared/rigs/fox_khronos/Fox.glb"
DATASET = Path("/output/dataset")
JOB = Path("/output/job/fox.yaml")
POSES = 10


def steps(hands: Hands, values: dict[str, Any]) -> Steps:
    """Install, import, map, drag a keypoint, pose, show a shot, render, write and read the job."""
    return hands.try_each(
        install(hands, values["archive"]),
        open_sidebar(hands),
        import_animal(hands),
        map_animal(hands),
        drag_keypoint(hands),
        sample_poses(hands),
        show_shot(hands),
        render(hands),
        write_and_read_job(hands),
    )


def install(hands: Hands, archive: str) -> Steps:
    """What Blender does when a file is dropped onto its window, and the dialog that it shows then."""
    hands.move((hands.width / 2, hands.height / 2))
    yield 0.3
    bpy.ops.extensions.package_install_files("INVOKE_DEFAULT", url=archive)
    yield 1.0
    hands.picture("install")
    yield from hands.keys("Return")
    yield from hands.wait("the extension", lambda: hasattr(bpy.types.Scene, "pasyn"))
    hands.notes["install"] = [
        addon.module for addon in bpy.context.preferences.addons if "pasyn" in addon.module
    ]


def open_sidebar(hands: Hands) -> Steps:
    """Make the viewport large, empty the scene, press N, click the tab."""
    hands.move(hands.middle(hands.area()))
    yield 0.2
    yield from hands.keys("ctrl+space")
    yield 0.5
    hands.move(hands.middle(hands.area()))
    yield 0.2
    yield from hands.keys("a", "Delete", "n")
    yield from hands.wait("the sidebar", lambda: hands.region("UI").width > 1)
    yield 0.5
    yield from hands.open_tab("PASyn")
    hands.move(hands.middle(hands.region("WINDOW")))
    yield 0.5
    hands.picture("tab")
    hands.notes["tab"] = {
        "category": hands.region("UI").active_panel_category,
        "objects": len(bpy.data.objects),
    }


def choose_file(hands: Hands, path: Path, picture: str = "") -> Steps:
    """Type folder and name into the file browser."""
    yield from hands.wait("the file browser", lambda: shows_files(hands))
    yield 0.5
    browser = {"area": "FILE_BROWSER"}
    yield from hands.enter("directory", f"{path.parent}/", region="UI", columns=(0.4,), **browser)
    yield 0.5
    yield from hands.enter("filename", path.name, region="EXECUTE", columns=(0.3,), **browser)
    yield 0.5
    if picture:
        hands.picture(picture)
    yield from hands.keys("Return")
    yield from hands.wait("the viewport", lambda: not shows_files(hands))


def shows_files(hands: Hands) -> bool:
    """Whether the file browser is open."""
    try:
        return bool(hands.area("FILE_BROWSER"))
    except NotThereError:
        return False


def look_from_the_side(hands: Hands) -> Steps:
    """Show the whole animal a little from the front, as a person turns it to see it well."""
    from mathutils import Euler

    hands.move(hands.middle(hands.region("WINDOW")))
    yield 0.2
    hands.area().spaces.active.shading.color_type = "TEXTURE"
    # The view is turned by hand; how far is only told by Python.
    hands.area().spaces.active.region_3d.view_rotation = Euler((1.32, 0.0, 0.75)).to_quaternion()
    yield from hands.keys("Home")
    yield 1.0


def import_animal(hands: Hands) -> Steps:
    """Import a rig; it is mapped on the way."""
    yield from hands.press("pasyn.import_animal", columns=(0.7, 0.3))
    yield from choose_file(hands, Path(RIG), picture="browser")
    yield from hands.wait("the animal", lambda: bpy.context.scene.pasyn.animal.rig_map, 180.0)
    animal = bpy.context.scene.pasyn.animal
    # The picture is about the keypoints.
    animal.armature.hide_set(True)
    yield from look_from_the_side(hands)
    yield 1.0
    hands.picture("import")
    hands.notes["import"] = {"species": animal.species, "marks": marks(hands)}


def map_animal(hands: Hands) -> Steps:
    """Map it once more, by the button."""
    animal = bpy.context.scene.pasyn.animal
    before = animal.rig_map
    animal.rig_map = ""
    yield 0.5
    yield from hands.press("pasyn.map_animal")
    yield from hands.wait_for("map_animal")
    yield from hands.open_panel("Joints")
    hands.move(hands.middle(hands.region("WINDOW")))
    yield 0.5
    hands.picture("map")
    hands.notes["map"] = {
        "joints": [joint.name for joint in animal.joints if joint.found],
        "the same again": animal.rig_map == before,
    }


def drag_keypoint(hands: Hands) -> Steps:
    """Take the tool and drag the right knee up a little, then undo and redo it."""
    yield from hands.only_panel("Keypoints")
    yield from hands.press("pasyn.toggle_keypoint_tool")
    name = "right_knee"
    before = marks(hands)
    row = next(row for row, mark in enumerate(before) if mark["name"] == name)
    x, y = before[row]["place"]
    start = (x, hands.height - 1 - y)
    wanted = (start[0] + 5, start[1] + 18)
    yield from hands.drag(start, wanted)
    yield from hands.wait_for("move_keypoint")
    yield from hands.open_panel("List")
    hands.move((start[0], start[1] - 120))
    yield 1.0
    hands.picture("drag")
    moved = marks(hands)
    by_hand = [item.name for item in bpy.context.scene.pasyn.keypoints.found if item.by_hand]
    yield from hands.keys("ctrl+z")
    yield 1.5
    undone = marks(hands)
    yield from hands.keys("ctrl+shift+z")
    yield 1.5
    hands.notes["drag"] = {
        "name": name,
        "by hand": by_hand,
        "before": before,
        "wanted": [wanted[0], hands.height - 1 - wanted[1]],
        "marks": moved,
        "undone": undone,
        "redone": marks(hands),
    }
    yield from hands.press("pasyn.toggle_keypoint_tool")


def sample_poses(hands: Hands) -> Steps:
    """Click through ten poses of the prior."""
    yield from hands.only_panel("Pose")
    settings = bpy.context.scene.pasyn
    armature = settings.animal.armature
    poses = []

    def pose() -> list[float]:
        return [round(value, 5) for bone in armature.pose.bones for row in bone.matrix for value in row]

    hands.notes["frame"] = [bpy.context.scene.frame_current]
    for number in range(POSES):
        # The first button draws the seed that is set, the arrow beside it the next one.
        operator = "sample_pose" if number == 0 else "step_pose"
        wanted = f"pasyn.{operator}"
        yield from hands.press(wanted, columns=(0.5, 0.82))
        yield from hands.wait_for(operator)
        poses.append(pose())
    hands.move(hands.middle(hands.region("WINDOW")))
    yield 2.5
    hands.picture("poses")
    hands.notes["frame"].append(bpy.context.scene.frame_current)
    hands.notes["poses"] = {
        "different": len({tuple(pose) for pose in poses}),
        "seed": settings.pose.seed,
        "marks": marks(hands),
    }


def show_shot(hands: Hands) -> Steps:
    """Set the pictures' size, and show the first of them."""
    dataset = bpy.context.scene.pasyn.dataset
    yield from hands.only_panel("Dataset")
    for field, value in (("images", 4), ("resolution[0]", 128), ("resolution[1]", 128), ("samples", 4)):
        yield from hands.enter(f"dataset.{field}", value)
    yield from hands.enter("dataset.output", DATASET)
    # Debian builds Blender without a denoiser.
    while dataset.denoise:
        yield from hands.press("dataset.denoise", columns=(0.45, 0.6))
        yield 0.5
    hands.notes["numbers"] = [
        dataset.images,
        list(dataset.resolution),
        dataset.samples,
        dataset.denoise,
        dataset.output,
    ]
    yield from hands.only_panel("Scene")
    yield from hands.press("pasyn.show_shot", columns=(0.5,))
    yield from hands.wait_for("show_shot")
    hands.move(hands.middle(hands.region("WINDOW")))
    yield 2.0
    hands.picture("shot")
    scene = bpy.context.scene
    region, area = hands.region("WINDOW"), hands.area()
    from bpy_extras import view3d_utils

    camera = scene.camera
    corners = [
        view3d_utils.location_3d_to_region_2d(
            region, area.spaces.active.region_3d, camera.matrix_world @ corner
        )
        for corner in camera.data.view_frame(scene=scene)
    ]
    across = [region.x + corner.x for corner in corners]
    down = [hands.height - 1 - region.y - corner.y for corner in corners]
    hands.notes["shot"] = {
        "index": scene.pasyn.shots.index,
        "marks": marks(hands),
        "frame": [min(across), min(down), max(across), max(down)],
    }


def render(hands: Hands) -> Steps:
    """Click, and wait while the window stays usable."""
    yield from hands.only_panel("Dataset")
    yield from hands.press("pasyn.render_dataset")
    run = extension("ui.background_run").current()
    if run is None:
        raise NotThereError("the render did not start")
    yield from hands.wait("the first picture", lambda: run.rendered >= 1 or not run.active, 120.0)
    hands.picture("rendering")
    hands.notes["rendering"] = {"progress": run.progress, "message": run.message, "state": run.state}
    yield from hands.wait("the dataset", lambda: not run.active, 150.0)
    yield 1.0
    hands.picture("rendered")
    hands.notes["render"] = {"state": run.state, "message": run.message}


def write_and_read_job(hands: Hands) -> Steps:
    """Write the job, change the numbers, read it back; write it again."""
    JOB.parent.mkdir()
    dataset = bpy.context.scene.pasyn.dataset
    yield from hands.open_panel("Job File")
    yield from hands.press("pasyn.write_job", columns=(0.3,))
    yield from choose_file(hands, JOB)
    yield from hands.wait("the job", JOB.is_file, 30.0)
    yield 1.0
    shutil.copy(JOB, JOB.with_name("first.yaml"))
    yield from hands.enter("dataset.images", 77)
    yield from hands.enter("dataset.seed", 5)
    changed = [dataset.images, dataset.seed]
    yield from hands.press("pasyn.read_job", columns=(0.75,))
    yield from choose_file(hands, JOB)
    yield from hands.wait_for("read_job")
    yield 1.0
    hands.move(hands.middle(hands.region("WINDOW")))
    yield 0.5
    hands.picture("job")
    hands.notes["job"] = {"changed": changed, "read": [dataset.images, dataset.seed], "text": JOB.read_text()}
    yield from hands.press("pasyn.write_job", columns=(0.3,))
    yield from choose_file(hands, JOB.with_name("again.yaml"))
    yield from hands.wait("the job", JOB.with_name("again.yaml").is_file, 30.0)
    hands.notes["job"]["again"] = JOB.with_name("again.yaml").read_text()
    hands.notes["pictures"] = len(json.loads((DATASET / "annotations" / "all.json").read_text())["images"])
