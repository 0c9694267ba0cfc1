"""The *Animal* panel's operators in an installed extension: joints, rig maps, built-in animals, libraries."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

RunInside = Callable[..., str]

IMPORTED = """
import numpy as np
bpy.ops.pasyn.import_animal(filepath=horse)
bpy.ops.ed.undo_push(message="imported")
live = part("ui.live_map")

def animal():
    return bpy.context.scene.pasyn.animal

def joint(name):
    return next(item for item in animal().joints if item.name == name)

def places():
    assert live.prepare(bpy.context)
    return live.positions(bpy.context).copy()
"""


def test_a_joint_is_corrected_and_every_step_can_be_undone(inside: RunInside, horse: str) -> None:
    """The horse's left carpus is told to bend at the forearm's bone, and at its own again."""
    inside(
        IMPORTED
        + """
found, rest = animal().rig_map, places()
said = message(bpy.ops.pasyn.set_joint, joint="left_front_cannon", bone="FrontUpperLeg.L")
assert "plays the left forearm already; clear that joint first" in said
said = message(bpy.ops.pasyn.set_joint, joint="left_front_cannon", bone="FrontFoot")
assert "no bone 'FrontFoot'" in said
assert "no joint 'carpus'" in message(bpy.ops.pasyn.set_joint, joint="carpus", bone="Head")
assert animal().rig_map == found, "what was refused changed something"

bpy.ops.pasyn.clear_joint(joint="left_forearm", both_sides=True)
bpy.ops.ed.undo_push(message="cleared")
cleared = animal().rig_map
assert not joint("right_forearm").found and joint("right_forearm").by_hand
np.testing.assert_array_equal(places(), rest)
bpy.ops.pasyn.set_joint(joint="left_front_cannon", bone="FrontUpperLeg.L", both_sides=True)
bpy.ops.ed.undo_push(message="set")
for side in ("L", "R"):
    name = {"L": "left", "R": "right"}[side] + "_front_cannon"
    assert (joint(name).place, joint(name).by_hand) == ("FrontUpperLeg." + side, True)
names = [item.name for item in bpy.context.scene.pasyn.keypoints.found]
steps = dict(zip(names, np.linalg.norm(places() - rest, axis=1), strict=True))
moved = {name for name, step in steps.items() if step > 0}
assert moved == {"left_elbow", "right_elbow"}, steps
chosen = animal().rig_map

bpy.ops.ed.undo()
assert animal().rig_map == cleared and joint("left_front_cannon").place == "FrontLowerLeg.L"
bpy.ops.ed.undo()
assert animal().rig_map == found and not joint("left_forearm").by_hand
np.testing.assert_allclose(places(), rest, atol=1e-5)
bpy.ops.ed.redo()
bpy.ops.ed.redo()
assert animal().rig_map == chosen

# Mapping again keeps what was chosen, unless it is asked not to.
bpy.ops.pasyn.map_animal()
assert joint("left_front_cannon").place == "FrontUpperLeg.L" and joint("left_forearm").place == ""
assert joint("left_front_cannon").by_hand and joint("left_forearm").by_hand
bpy.ops.pasyn.map_animal(keep_choices=False)
assert animal().rig_map == found and not any(item.by_hand for item in animal().joints)
""",
        horse=horse,
    )


def test_a_bone_is_picked_by_field_and_by_the_active_bone(inside: RunInside, horse: str) -> None:
    inside(
        IMPORTED
        + """
settings = animal()
settings.joint_index = [item.name for item in settings.joints].index("left_hind_foot")
foot = settings.joint_bone
assert foot == joint("left_hind_foot").place != ""
settings.joint_bone = ""
assert not joint("left_hind_foot").found and settings.joint_bone == ""
settings.joint_bone = foot
assert joint("left_hind_foot").place == foot and joint("left_hind_foot").by_hand

# Looking a bone up selects it alone; what is active in pose mode can be taken.
bpy.ops.pasyn.show_joint(joint="left_shin")
shin = joint("left_shin").place
assert [bone.name for bone in bpy.context.selected_pose_bones] == [shin]
assert bpy.context.active_pose_bone.name == shin
settings.joint_bone = ""
bpy.ops.pasyn.show_joint(joint="left_thigh")
settings.armature.data.bones.active = settings.armature.data.bones[foot]
bpy.ops.pasyn.set_joint()
assert joint("left_hind_foot").place == foot
settings.joint_index = [item.name for item in settings.joints].index("left_scapula")
assert "no bone plays the left scapula" in message(bpy.ops.pasyn.show_joint)
bpy.ops.object.mode_set(mode="EDIT")
assert "Leave edit mode first" in message(bpy.ops.pasyn.clear_joint)
bpy.ops.object.mode_set(mode="OBJECT")
bpy.ops.pasyn.use_selected()
settings.armature = None
assert "Map the animal first" in message(bpy.ops.pasyn.set_joint, joint="head", bone="Head")
""",
        horse=horse,
    )


def test_a_rig_map_is_saved_loaded_and_refused(
    inside: RunInside, horse: str, shared: Path, tmp_path: Path, empty_scene: Any
) -> None:
    saved = tmp_path / "maps" / "horse.rig_map.yaml"
    inside(
        IMPORTED
        + """
from pathlib import Path
bpy.ops.pasyn.clear_joint(joint="left_hind_foot")
text, rest = animal().rig_map, places()
assert bpy.ops.pasyn.save_rig_map(filepath=saved) == {"FINISHED"}
bpy.ops.pasyn.map_animal(keep_choices=False)
assert joint("left_hind_foot").found
bpy.ops.ed.undo_push(message="mapped")
assert bpy.ops.pasyn.load_rig_map(filepath=saved) == {"FINISHED"}
bpy.ops.ed.undo_push(message="loaded")
assert animal().rig_map == text and not joint("left_hind_foot").found
np.testing.assert_allclose(places(), rest, atol=1e-5)

def refused(content):
    path = Path(saved).with_name("wrong.yaml")
    path.write_text(content, encoding="utf-8")
    said = message(bpy.ops.pasyn.load_rig_map, filepath=str(path))
    assert "wrong.yaml: " in said and animal().rig_map == text, said
    return said

lines = text.splitlines()
line = lines.index("    bone: Head") + 1
assert f"line {line}: joints.head.bone: 'Haed'" in refused(text.replace("bone: Head\\n", "bone: Haed\\n", 1))
assert "not valid YAML" in refused("joints: [")
assert "must be a mapping" in refused("a horse")
said = message(bpy.ops.pasyn.load_rig_map, filepath=str(Path(saved).parent / "nowhere.yaml"))
assert "nowhere.yaml: cannot be read" in said
assert "is no text" in message(bpy.ops.pasyn.load_rig_map, filepath=horse)
assert "cannot write" in message(bpy.ops.pasyn.save_rig_map, filepath=saved + "/map.yaml")
animal().armature.location.x += 3.0
bpy.context.view_layer.update()
assert "put it back or map it again" in message(bpy.ops.pasyn.load_rig_map, filepath=saved)
bpy.ops.pasyn.import_animal(filepath=fox, map_automatically=False)
said = message(bpy.ops.pasyn.load_rig_map, filepath=saved)
assert "a map of another rig, 'Horse-v7.glb'" in said and "its meshes are 'fox'" in said
""",
        horse=horse,
        fox=str(next((shared / "rigs" / "fox_khronos").glob("*.glb"))),
        saved=str(saved),
    )
    # What the panel saved is a rig map for the farm as well.
    from pasyn_blender.rig.loading import load_rig, read_geometry
    from pasyn_blender.rig.rig_map_file import read_rig_map, rig_map_text

    rig_map = read_rig_map(saved, read_geometry(load_rig(Path(horse))))
    assert "left_hind_foot" not in rig_map.joints
    assert rig_map_text(rig_map) == saved.read_text(encoding="utf-8")


def test_a_built_in_animal_is_added_with_its_exact_map(inside: RunInside) -> None:
    inside(
        """
import numpy as np
scene = bpy.context.scene
scene.render.fps = 25
bpy.ops.mesh.primitive_cube_add(location=(5, 0, 0))
scene.cursor.location = (1, 2, 3)
objects = set(bpy.data.objects.keys())
said = message(bpy.ops.pasyn.add_animal, species="fox", coat="tartan")
assert "no fox has the coat 'tartan'; its coats are red, silver, cross" in said
assert set(bpy.data.objects.keys()) == objects
bpy.ops.ed.undo_push(message="before")
assert bpy.ops.pasyn.add_animal(species="fox", individual=3, coat="silver", motions=False) == {"FINISHED"}
bpy.ops.ed.undo_push(message="fox")
animal = bpy.context.scene.pasyn.animal
assert (animal.species, animal.source_file) == ("fox", "")
text = animal.rig_map
bpy.ops.pasyn.map_animal()
assert bpy.context.scene.pasyn.animal.rig_map == text, "what is known is not guessed"
assert all(item.found for item in animal.joints), "a built-in animal knows all of its joints"
assert all(item.found for item in bpy.context.scene.pasyn.keypoints.found)
assert bpy.context.scene.render.fps == 25, "the artist's frame rate"
assert not bpy.data.actions
assert bpy.context.view_layer.objects.active == animal.armature
live = part("ui.live_map")
assert live.prepare(bpy.context)
heights = dict(zip((item.name for item in bpy.context.scene.pasyn.keypoints.found),
                   live.positions(bpy.context)[:, 2], strict=True))
assert 0 < heights["left_front_paw"] < heights["left_elbow"] < heights["left_shoulder"] < 1
bpy.ops.ed.undo()
assert bpy.context.scene.pasyn.animal.armature is None and set(bpy.data.objects.keys()) == objects
bpy.ops.ed.redo()
assert live.prepare(bpy.context)

# A second one beside it takes the panel over, with its motions; given up on the way, it leaves nothing.
steps = part("ui.operators.built_in_animal").PASYN_OT_add_animal.steps
class Asked:
    species, individual, coat, motions = "fox", 4, "", True
first = bpy.context.scene.pasyn.animal.armature.name
kinds = ("objects", "meshes", "actions", "materials", "collections")
def counted():
    return [len(getattr(bpy.data, kind)) for kind in kinds]
before = counted()
work = steps(Asked(), bpy.context)
made = next(work).work()
work.send(made)
for _ in range(5):
    next(work)
assert len(bpy.data.actions) >= 4
work.close()
assert counted() == before
assert bpy.context.scene.pasyn.animal.armature.name == first and live.prepare(bpy.context)

built_in = bpy.context.scene.pasyn.animal.built_in
built_in.species = "horse"
built_in.coat = "pinto"
built_in.species = "zebra"
assert built_in.chosen_coat == "", "another species' coat was kept"
"""
    )


@pytest.fixture
def library(horse: str, tmp_path: Path, empty_scene: Any) -> Path:
    """A .blend with the horse in a collection."""
    bpy = empty_scene
    bpy.ops.import_scene.gltf(filepath=horse)
    collection = bpy.data.collections.new("Horse")
    bpy.context.scene.collection.children.link(collection)
    for obj in tuple(bpy.data.objects):
        if obj.type == "ARMATURE" or obj.find_armature():
            for owner in tuple(obj.users_collection):
                owner.objects.unlink(obj)
            collection.objects.link(obj)
    path = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def test_linked_and_overridden_animals_are_mapped_and_stay_as_they_are(
    inside: RunInside, library: Path
) -> None:
    inside(
        """
with bpy.data.libraries.load(library, link=True) as (_, wanted):
    wanted.collections = ["Horse"]
scene, layer = bpy.context.scene, bpy.context.view_layer
for obj in tuple(scene.objects):
    bpy.data.objects.remove(obj)
collection = bpy.data.collections["Horse"]

def choose(obj):
    for other in bpy.context.selected_objects:
        other.select_set(False)
    layer.objects.active = obj
    obj.select_set(True)

def armature():
    return next(obj for obj in scene.objects if obj.type == "ARMATURE")

# An empty that shows the collection: its armature stands elsewhere.
empty = bpy.data.objects.new("Shown", None)
empty.instance_type, empty.instance_collection = "COLLECTION", collection
scene.collection.objects.link(empty)
choose(empty)
assert "Library Override > Make" in message(bpy.ops.pasyn.use_selected)
bpy.data.objects.remove(empty)

# Linked: it can be mapped and corrected, but not posed.
scene.collection.children.link(collection)
choose(armature())
bpy.ops.pasyn.use_selected()
bpy.ops.pasyn.map_animal()
assert all(item.found for item in scene.pasyn.keypoints.found)
assert "Library Override > Make" in message(bpy.ops.pasyn.show_joint, joint="head")
bpy.ops.pasyn.clear_joint(joint="left_hind_foot")
linked = scene.pasyn.animal.rig_map

# Overridden: as any other rig, and posed by hand without keys it stays so.
scene.collection.children.unlink(collection)
collection.override_hierarchy_create(scene, layer, do_fully_editable=True)
own = armature()
assert own.library is None and own.override_library is not None
assert any(obj.data.library for obj in scene.objects if obj.type == "MESH")
choose(own)
bpy.ops.pasyn.use_selected()
head = own.pose.bones["Head"]
head.rotation_mode = "QUATERNION"
head.rotation_quaternion = (0.9, 0.1, 0.0, 0.0)
layer.update()

def state():
    action = own.animation_data.action if own.animation_data else None
    return own.data.pose_position, tuple(head.rotation_quaternion), action

before = state()
bpy.ops.pasyn.map_animal()
assert all(item.found for item in scene.pasyn.keypoints.found)
assert state() == before
foot = next(item for item in scene.pasyn.animal.joints if item.name == "left_hind_foot").place
bpy.ops.pasyn.clear_joint(joint="left_hind_foot")
assert scene.pasyn.animal.rig_map == linked
bpy.ops.pasyn.set_joint(joint="left_hind_foot", bone=foot)
bpy.ops.pasyn.show_joint(joint="head")
assert bpy.context.mode == "POSE" and bpy.context.active_pose_bone.name == "Head"
assert state() == before
""",
        library=str(library),
    )
