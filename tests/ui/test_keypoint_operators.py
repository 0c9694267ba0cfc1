"""Keypoints are moved, put back and chosen, from the installed extension in a Blender without a window."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.anatomy.keypoint_sets import AP10K

RunInside = Callable[..., str]

POSED = """
import numpy as np
bpy.ops.pasyn.import_animal(filepath=horse)
live = part("ui.live_map")
settings = bpy.context.scene.pasyn
armature = settings.animal.armature
names = [item.name for item in settings.keypoints.found]
walk = next(action for action in bpy.data.actions if "Walk" in action.name)
armature.animation_data_create().action = walk
if hasattr(walk, "slots"):  # from Blender 4.4 on
    armature.animation_data.action_slot = walk.slots[0]
armature.location, armature.rotation_euler.z = (1.0, 2.0, 3.0), 0.7
bpy.context.scene.frame_set(9)

def places():
    return dict(zip(names, live.positions(bpy.context).copy()))

before = places()

def moved():
    now = places()
    return {name for name in names if np.abs(now[name] - before[name]).max() > 1e-5}
"""


def test_a_keypoint_goes_where_it_is_asked_to_and_follows_the_pose(
    inside: RunInside, horse: str, tmp_path: Path
) -> None:
    inside(
        POSED
        + """
asked = before["left_elbow"] + (0.03, 0.02, 0.05)
assert bpy.ops.pasyn.move_keypoint(keypoint="left_elbow", location=asked, mirror=False) == {"FINISHED"}
np.testing.assert_allclose(places()["left_elbow"], asked, atol=1e-6)
assert moved() == {"left_elbow"}
assert names[settings.keypoints.index] == "left_elbow"

# It hangs on its bone: what the bone does, it does.
anchor = live.current_map(bpy.context.scene).keypoints["left_elbow"]
for frame in (3, 14):
    bpy.context.scene.frame_set(frame)
    bone = np.array(armature.matrix_world @ armature.pose.bones[anchor.bone].matrix)
    np.testing.assert_allclose(places()["left_elbow"], (bone @ (*anchor.offset, 1.0))[:3], atol=1e-5)
bpy.context.scene.frame_set(9)

# A point of the surface stays on it.
places()
live_rig = live.current(bpy.context.scene)
triangle = live_rig.geometry.triangles[700]
asked = live_rig.posed.vertices[triangle].mean(axis=0)
bpy.ops.pasyn.move_keypoint(keypoint="nose", location=asked)
np.testing.assert_allclose(places()["nose"], asked, atol=1e-6)
bpy.ops.pasyn.move_keypoint(keypoint="nose", location=before["nose"] - np.array(armature.matrix_world)[:3, 1])
assert np.linalg.norm(places()["nose"] - before["nose"]) < 0.5, "it should stay on the skin"

# Back where the automatic mapping had them, also after the file was opened again.
bpy.ops.pasyn.reset_keypoint(keypoint="nose")
assert moved() == {"left_elbow"}
text = settings.animal.rig_map
bpy.ops.wm.save_as_mainfile(filepath=blend)
bpy.ops.wm.open_mainfile(filepath=blend)
settings = bpy.context.scene.pasyn
assert live.prepare(bpy.context)
assert moved() == {"left_elbow"}
bpy.ops.pasyn.reset_keypoint(everything=True)
assert moved() == set()
assert settings.animal.rig_map != text
""",
        horse=horse,
        blend=str(tmp_path / "scene.blend"),
    )


def test_labels_of_a_rendered_picture_are_where_the_keypoint_was_put(
    inside: RunInside, horse: str, tmp_path: Path
) -> None:
    printed = inside(
        POSED
        + """
settings.dataset.resolution = (64, 64)
settings.dataset.samples = settings.dataset.images = 1
settings.dataset.output = out
place = before["right_elbow"] + (0.01, 0.01, -0.15)
bpy.ops.pasyn.move_keypoint(keypoint="right_elbow", location=place, mirror=False)
bpy.ops.pasyn.render_dataset(wait=True)
rig_map, geometry = live.current_map(bpy.context.scene), live.current(bpy.context.scene).geometry
anchor = rig_map.keypoints["right_elbow"]
joint, binding = next(item for item in rig_map.joints.items() if item[1].bone == anchor.bone)
rest = geometry.bone_matrices[geometry.bone_names.index(anchor.bone)] @ (*anchor.offset, 1.0)
print("AWAY", joint, np.linalg.norm(rest[:3] - binding.position))
""",
        horse=horse,
        out=str(tmp_path / "dataset"),
    )
    (line,) = [line for line in printed.splitlines() if line.startswith("AWAY")]
    joint, away = line.split()[1:]
    truth = json.loads((tmp_path / "dataset" / "renders" / "000000.json").read_text())
    row = AP10K.keypoints.index("right_elbow")
    place = np.array(truth["keypoints_world"][row])
    # The picture's pose is another one; the joint of the bone that it hangs on is as far away as at rest.
    assert np.linalg.norm(place - truth["joints_world"][joint]) == pytest.approx(float(away), abs=1e-5)
    camera = np.array(truth["camera"]["world_to_camera"])
    pixel = np.array(truth["camera"]["intrinsics"]) @ (camera[:3, :3] @ place + camera[:3, 3])
    x, y, v = truth["keypoints"][row]
    assert v > 0
    np.testing.assert_allclose((x, y), pixel[:2] / pixel[2], atol=1e-3)


def test_what_is_linked_is_only_read(inside: RunInside, horse: str, tmp_path: Path) -> None:
    inside(
        """
import numpy as np
bpy.ops.pasyn.import_animal(filepath=horse, map_automatically=False)
armature = bpy.context.scene.pasyn.animal.armature
herd = bpy.data.collections.new("herd")
for obj in (armature, *armature.children_recursive):
    herd.objects.link(obj)
bpy.data.libraries.write(library, {herd}, fake_user=True)
bpy.ops.wm.read_homefile(use_empty=True)
with bpy.data.libraries.load(library, link=True) as (theirs, mine):
    mine.collections = ["herd"]
bpy.context.scene.collection.children.link(bpy.data.collections["herd"])
live, settings = part("ui.live_map"), bpy.context.scene.pasyn
settings.animal.armature = next(obj for obj in bpy.context.scene.objects if obj.type == "ARMATURE")
assert settings.animal.armature.library is not None
bpy.ops.pasyn.map_animal()
before = live.positions(bpy.context).copy()
assert np.isfinite(before).all()
asked = before[3] + (0.0, 0.1, 0.05)
bpy.ops.pasyn.move_keypoint(keypoint="neck", location=asked)
np.testing.assert_allclose(live.positions(bpy.context)[3], asked, atol=1e-6)
bpy.ops.pasyn.reset_keypoint(keypoint="neck")
np.testing.assert_allclose(live.positions(bpy.context), before, atol=1e-6)

# The same with a copy that the artist may pose.
scene = bpy.context.scene
root = bpy.data.collections["herd"]
override = root.override_hierarchy_create(scene, bpy.context.view_layer)
scene.collection.children.unlink(root)
settings.animal.armature = next(obj for obj in override.all_objects if obj.type == "ARMATURE")
assert settings.animal.armature.override_library is not None
bpy.ops.pasyn.map_animal()
bone = settings.animal.armature.pose.bones[live.current_map(scene).keypoints["neck"].bone]
bone.rotation_mode, bone.rotation_euler = "XYZ", (0.4, 0.0, 0.0)
bpy.context.view_layer.update()
away = np.linalg.norm(live.positions(bpy.context) - before, axis=1)
assert away[2] > 0.1, "the head should follow the neck"
""",
        horse=horse,
        library=str(tmp_path / "herd.blend"),
    )


def test_mistakes_with_keypoints_are_answered_with_a_sentence(inside: RunInside, horse: str) -> None:
    inside(
        """
import numpy as np
assert "Map the animal first" in message(bpy.ops.pasyn.move_keypoint, keypoint="nose", location=(0, 0, 0))
bpy.ops.pasyn.import_animal(filepath=horse)
live, settings = part("ui.live_map"), bpy.context.scene.pasyn
assert "no keypoint 'beak'" in message(bpy.ops.pasyn.move_keypoint, keypoint="beak", location=(0, 0, 0))
assert "location" in message(bpy.ops.pasyn.move_keypoint, keypoint="nose")
assert "choose a keypoint" in message(bpy.ops.pasyn.reset_keypoint)
bpy.context.view_layer.objects.active = settings.animal.armature
bpy.ops.object.mode_set(mode="EDIT")
assert "object or pose mode" in message(bpy.ops.pasyn.move_keypoint, keypoint="nose", location=(0, 0, 0))
bpy.ops.object.mode_set(mode="OBJECT")
before = settings.animal.rig_map
for obj in settings.animal.armature.children_recursive:
    obj.hide_set(True)
bpy.context.view_layer.update()
assert "no skin" in message(bpy.ops.pasyn.move_keypoint, keypoint="nose", location=(0, 0, 0))
assert settings.animal.rig_map == before
""",
        horse=horse,
    )
