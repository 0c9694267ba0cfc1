"""A shot in the artist's scene: the same picture that the job renders, and everything given back."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

RunInside = Callable[..., str]

SETTINGS = """
import json
import numpy as np
from pathlib import Path
bpy.ops.pasyn.import_animal(filepath=horse)
scene = bpy.context.scene
settings = scene.pasyn
settings.dataset.resolution = (96, 72)
settings.dataset.samples = 1
settings.dataset.images = 2
settings.dataset.output = out

def contents():
    kinds = ("objects", "cameras", "lights", "worlds", "images", "collections", "node_groups", "texts")
    return {kind: sorted(block.name for block in getattr(bpy.data, kind)) for kind in kinds}

def on_screen():
    from bpy_extras.object_utils import world_to_camera_view
    from mathutils import Vector
    width, height = scene.render.resolution_x, scene.render.resolution_y
    seen = [world_to_camera_view(scene, scene.camera, Vector(point))
            for point in part("ui.live_map").positions(bpy.context)]
    return [(point.x * width, (1 - point.y) * height) for point in seen]
"""
WITH_PHOTOS = (
    SETTINGS
    + """
settings.shots.backgrounds = photos
settings.shots.fill_max = 0.8
settings.shots.sun_elevation_min = 40.0
"""
)


def truth_of(folder: Path, index: int) -> dict[str, object]:
    found: dict[str, object] = json.loads((folder / "renders" / f"{index:06d}.json").read_text())
    return found


def test_the_viewport_shows_what_the_job_renders(
    inside: RunInside, horse: str, shared: Path, tmp_path: Path
) -> None:
    """Keypoints through Blender's own camera lie where the truth of the rendered shot has them."""
    out = tmp_path / "dataset"
    printed = inside(
        WITH_PHOTOS
        + """
# Some poses are learnt, some are moments of its actions.
settings.dataset.kept = json.dumps({"poses": {"share_of_actions": 0.5}})
# One way in without composition: outside the animal the picture is the background alone.
settings.shots.relight_min = settings.shots.relight_max = 0.0
settings.shots.shadow_min = settings.shots.shadow_max = 0.0
settings.shots.occluded = 0.0
settings.shots.style = "none"
settings.shots.use_camera_look = False
before = contents()
bpy.ops.pasyn.render_dataset()
shown = {}
for index in (0, 1):
    assert bpy.ops.pasyn.show_shot(index=index) == {"FINISHED"}
    assert settings.shots.index == index
    image = scene.camera.data.background_images[0].image
    assert scene.camera.data.show_background_images and image.packed_file is not None
    pixels = np.empty(96 * 72 * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    np.save(f"{out}-{index}.npy", (pixels.reshape(72, 96, 4)[::-1, :, :3] * 255).round().astype(np.uint8))
    sun = next(obj for obj in scene.collection.children["PASyn"].objects if obj.type == "LIGHT")
    toward = sun.matrix_world.to_3x3() @ __import__("mathutils").Vector((0, 0, 1))
    shown[index] = {"points": on_screen(), "sun": list(toward), "strength": sun.data.energy}
print("SHOWN", json.dumps(shown))
assert bpy.ops.pasyn.remove_scene() == {"FINISHED"}
assert contents() == before, (contents(), before)
pump(600.0)
""",
        horse=horse,
        out=str(out),
        photos=str(shared / "backgrounds" / "farm"),
        timeout=900.0,
    )
    (line,) = [line for line in printed.splitlines() if line.startswith("SHOWN ")]
    assert {truth_of(out, index).get("canonical") is None for index in (0, 1)} == {True, False}
    for index, shown in json.loads(line.removeprefix("SHOWN ")).items():
        truth = truth_of(out, int(index))
        labelled = np.array(truth["keypoints"])
        inside_frame = labelled[:, 2] > 0
        assert inside_frame.sum() >= 15
        distance = np.linalg.norm(np.array(shown["points"]) - labelled[:, :2], axis=1)[inside_frame]
        assert distance.max() < 0.5, f"shot {index}: {distance.round(2)}"
        assert np.allclose(shown["sun"], truth["scene"]["toward_sun"], atol=1e-4)
        background = np.load(f"{out}-{index}.npy").astype(int)
        picture = np.asarray(Image.open(out / "images" / f"{int(index):06d}.png").convert("RGB")).astype(int)
        alpha = np.asarray(Image.open(out / "renders" / f"{int(index):06d}.png"))[..., 3]
        assert np.abs(background - picture)[alpha == 0].max() <= 1


def test_the_scenes_own_is_given_back(inside: RunInside, horse: str, tmp_path: Path) -> None:
    inside(
        SETTINGS
        + """
own = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
scene.collection.objects.link(own)
scene.camera = own
scene.world = bpy.data.worlds.new("Mine")
scene.render.resolution_x, scene.render.resolution_y = 640, 480
scene.render.pixel_aspect_x = 1.5
bpy.ops.wm.save_as_mainfile(filepath=blend)  # leaves out what nobody uses
bpy.ops.wm.open_mainfile(filepath=blend)
scene = bpy.context.scene
settings = scene.pasyn
before = contents(), scene.camera.name, scene.world.name
assert "No shot" in message(bpy.ops.pasyn.remove_scene)
bpy.ops.ed.undo_push(message="start")
for _ in range(3):
    bpy.ops.pasyn.show_shot()
assert settings.shots.index == 2
bpy.ops.pasyn.show_shot(step=-1)
assert settings.shots.index == 1
added = [name for name in contents()["objects"] if name.startswith("PASyn")]
assert len(added) == 2, added
assert scene.camera.name.startswith("PASyn") and scene.world.name.startswith("PASyn")
assert (scene.render.resolution_x, scene.render.resolution_y) == (96, 72)
# The world lights the scene, its HDRI is read once, and its view stands behind the animal too.
assert len([image for image in bpy.data.images if image.name.endswith(".exr")]) == 1
assert scene.camera.data.background_images[0].image.size[:] == (96, 72)

# What the artist puts beside PASyn's things stays.
lamp = bpy.data.objects.new("My lamp", bpy.data.lights.new("My lamp", "POINT"))
scene.collection.children["PASyn"].objects.link(lamp)
bpy.ops.wm.save_as_mainfile(filepath=blend)
bpy.ops.wm.open_mainfile(filepath=blend)
scene = bpy.context.scene
settings = scene.pasyn
assert bpy.ops.pasyn.remove_scene() == {"FINISHED"}
assert "My lamp" in scene.objects
bpy.data.objects.remove(scene.objects["My lamp"])
bpy.data.lights.remove(bpy.data.lights["My lamp"])
assert (contents(), scene.camera.name, scene.world.name) == before
assert (scene.render.resolution_x, scene.render.resolution_y) == (640, 480)
assert abs(scene.render.pixel_aspect_x - 1.5) < 1e-6
assert settings.shots.index == -1
""",
        horse=horse,
        out=str(tmp_path / "dataset"),
        blend=str(tmp_path / "scene.blend"),
    )


def test_what_hinders_a_shot_is_said(inside: RunInside, horse: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    inside(
        SETTINGS
        + """
before = contents()
settings.shots.backgrounds = empty
assert "no photo" in message(bpy.ops.pasyn.show_shot)
settings.shots.backgrounds = "/nowhere"
assert "there is no folder" in message(bpy.ops.pasyn.show_shot)
settings.shots.backgrounds = ""
settings.shots.style = "foto"
assert "did you mean 'photo'" in message(bpy.ops.pasyn.show_shot)
settings.shots.style = "photo"
bpy.context.preferences.addons[MODULE].preferences.program = "/nowhere/pasyn"
assert "/nowhere/pasyn" in message(bpy.ops.pasyn.show_shot)
bpy.context.preferences.addons[MODULE].preferences.program = ""
assert bpy.ops.pasyn.add_world(world="night") == {"FINISHED"}
assert bpy.ops.pasyn.add_world(world="file", filepath="/nowhere.exr") == {"FINISHED"}
assert "nowhere.exr" in message(bpy.ops.pasyn.show_shot)
assert bpy.ops.pasyn.remove_place(what="worlds", number=1) == {"FINISHED"}
assert contents() == before and settings.shots.index == -1, "a refused shot left something behind"
bpy.ops.pasyn.show_shot(index=5)
assert [image.name for image in bpy.data.images if image.name.endswith(".exr")] == ["night.exr"]
settings.animal.armature = None
assert "Choose or import" in message(bpy.ops.pasyn.show_shot)
bpy.ops.pasyn.remove_scene()
""",
        horse=horse,
        out=str(tmp_path / "dataset"),
        empty=str(empty),
    )
