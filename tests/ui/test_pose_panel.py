"""The Pose panel's operators, from the installed extension, in a Blender without a window."""

from collections.abc import Callable
from pathlib import Path

RunInside = Callable[..., str]

IMPORTED = """
import numpy as np
operators = bpy.ops.pasyn
posing = part("ui.posing")

def look():
    global scene, settings, armature
    scene = bpy.context.scene
    settings, armature = scene.pasyn.pose, scene.pasyn.animal.armature

def bones():
    bpy.context.view_layer.update()
    return np.array([bone.matrix for bone in armature.pose.bones])

def lowest():
    animal = posing.unread_animal(bpy.context)
    vertices = part("rig.extraction").deformed_vertices(animal.rig, bpy.context.evaluated_depsgraph_get())
    height = (vertices @ animal.rig_map.body_frame[2]).min() - animal.rig_map.ground
    return height / animal.rig_map.trunk_length

def play(name, frame):
    action = next(action for action in bpy.data.actions if name in action.name)
    armature.animation_data.action = action
    if hasattr(action, "slots"):
        armature.animation_data.action_slot = action.slots[0]
    scene.frame_set(frame)
    return action.name

operators.import_animal(filepath=horse)
look()
"""


def test_a_seed_gives_the_pose_of_a_jobs_first_picture(inside: RunInside, horse: str) -> None:
    inside(
        IMPORTED
        + """
shots, chosen = part("prior.shot_poses"), part("ui.scene_prior")
source = shots.pose_source(chosen.scene_prior(scene))
offered = shots.block_of_poses(source, 0, 5, chosen.joint_limits(), chosen.collisions())[0]
candidates = [part("anatomy.rotations").from_turn(turns) for turns in offered.turns]

# As a job does it: the rig is given over, with all its actions, constraints and animation.
rig = part("ui.scene_animal").rig_in_scene(armature, scene)
with part("ui.scene_animal").pose_kept(rig):
    geometry = part("rig.extraction").read_geometry(rig)
    rig_map = part("ui.live_map").current_map(scene)
    job = part("scene.canonical_posing").CanonicalPosing(rig, geometry, rig_map)
    taken, as_job = job.take(candidates), bones()
    job.release()

assert operators.sample_pose(seed=5) == {"FINISHED"}
assert settings.seed == 5 and abs(lowest()) < 0.002
assert np.abs(bones() - as_job).max() < 1e-4
again = posing.pose_animal(bpy.context, candidates)
assert taken.candidate == again.candidate and np.array_equal(taken.rotations, again.rotations)

# Wherever the artist moves the animal, it is posed there.
armature.location = (3.0, -1.0, 0.5)
armature.rotation_mode = "XYZ"
armature.rotation_euler = (0.0, 0.0, 1.0)
placed = armature.matrix_world.copy()
operators.sample_pose(seed=4)
operators.sample_pose(seed=5)
assert np.abs(bones() - as_job).max() < 1e-3 and abs(lowest()) < 0.002
leave()
""",
        horse=horse,
    )


def test_the_artist_gets_pose_action_and_constraints_back(
    inside: RunInside, horse: str, tmp_path: Path
) -> None:
    inside(
        IMPORTED
        + """
operators.sample_pose(seed=7)
plain = bones()
operators.restore_pose()
reach = armature.pose.bones["FrontLowerLeg.L"].constraints.new("IK")
goal = bpy.data.objects.new("goal", None)
scene.collection.objects.link(goal)
reach.target, reach.chain_count = goal, 2
held = armature.pose.bones["Neck2"].constraints.new("LIMIT_ROTATION")
held.mute = True
driver = armature.pose.bones["Head"].driver_add("rotation_quaternion", 1)
driver.driver.expression = "0.2"
armature.pose.bones["Neck1"].rotation_mode = "XYZ"
armature.data.bones["Neck3"].use_inherit_rotation = False
walk = play("Walk", 7)
armature.pose.bones["Tail1"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)  # posed, not keyed
before = bones()

operators.sample_pose(seed=7)
assert np.abs(bones() - plain).max() < 1e-3, "neither constraints nor drivers may move what is posed"
assert armature.animation_data.action is None and reach.mute and driver.mute
assert armature.pose.bones["Neck1"].rotation_mode == "XYZ"
assert not armature.data.bones["Neck3"].use_inherit_rotation
operators.step_pose()

bpy.ops.wm.save_as_mainfile(filepath=out)
bpy.ops.wm.open_mainfile(filepath=out)
look()
assert operators.restore_pose() == {"FINISHED"}
assert np.abs(bones() - before).max() < 1e-5
assert armature.animation_data.action.name == walk
assert not armature.animation_data.drivers[0].mute
assert [c.mute for bone in armature.pose.bones for c in bone.constraints] == [True, False]
assert "has not posed" in message(operators.restore_pose)

# With auto-keying the artist's action stays, and takes the keys.
scene.tool_settings.use_keyframe_insert_auto = True
scene.frame_set(30)
operators.sample_pose(seed=2)
posed = bones()
assert armature.animation_data.action.name == walk
scene.frame_set(1)
scene.frame_set(30)
assert np.abs(bones() - posed).max() < 1e-3
leave()
""",
        horse=horse,
        out=str(tmp_path / "artist.blend"),
    )


def test_mirror_sliders_walk_and_judgement(inside: RunInside, horse: str, tmp_path: Path) -> None:
    inside(
        IMPORTED
        + """
operators.sample_pose(seed=7)
own = bones()
operators.mirror_pose()
assert np.abs(bones() - own).max() > 0.1 and abs(lowest()) < 0.002
operators.mirror_pose()
assert np.abs(bones() - own).max() < 1e-4

settings.directions[0] = 0.5
settings.directions[2] = -1.0
assert np.abs(bones() - own).max() > 0.05 and abs(lowest()) < 0.01
operators.reset_directions()
assert np.abs(bones() - own).max() < 1e-4
settings.directions[1] = 1.0
operators.sample_pose(seed=8)
assert list(settings.directions) == [0.0] * 6, "a new pose is where the sliders start"

operators.judge_pose()
assert settings.plausibility > 5
head = armature.pose.bones["Head"]
head.rotation_mode = "XYZ"
head.rotation_euler.rotate_axis("Z", 1.5)
bpy.context.view_layer.update()
operators.judge_pose()
assert settings.plausibility < 3 and settings.odd_joints.split(",")[0] == "head", settings.odd_joints

gallop = play("Gallop", 3)
operators.fill_walk(start=10, end=40, seed=4, speed=90.0)
made = armature.animation_data.action
assert made.name == "PASyn walk" and tuple(made.frame_range) == (10.0, 40.0)
poses = []
for frame in range(10, 41):
    scene.frame_set(frame)
    poses.append(bones())
    assert abs(lowest()) < 0.005, frame
steps = np.abs(np.diff(poses, axis=0))[..., :3, :3].max(axis=(1, 2, 3))
assert 0.005 < steps.min() and steps.max() < 0.5, steps
operators.fill_walk(start=10, end=40, seed=4, speed=90.0)
scene.frame_set(25)
assert np.abs(bones() - poses[15]).max() < 1e-6, "the same seed is the same walk"
operators.restore_pose()
assert armature.animation_data.action.name == gallop and "PASyn walk" in bpy.data.actions

operators.sample_pose(seed=1)
operators.key_pose()
assert armature.animation_data.action.name == "PASyn poses"

settings.prior = "file"
assert "choose the .npz" in message(operators.sample_pose)
settings.prior_file = missing
assert "does not exist" in message(operators.sample_pose)
assert "does not exist" in message(operators.fill_walk)
settings.prior = "built_in"
assert "at least two" in message(operators.fill_walk, start=5, end=5)
assert "at least two" in message(operators.fill_walk, start=5, end=1)
settings.prior = "built_in"
scene.pasyn.animal.rig_map = ""
assert "map it" in message(operators.sample_pose)
leave()
""",
        horse=horse,
        missing=str(tmp_path / "none.npz"),
    )


def test_a_linked_animal_is_posed_through_an_override(inside: RunInside, horse: str, tmp_path: Path) -> None:
    inside(
        IMPORTED
        + """
operators.sample_pose(seed=7)
plain = bones()
operators.restore_pose()
bpy.ops.wm.save_as_mainfile(filepath=library)
bpy.ops.wm.read_homefile(use_empty=True)
with bpy.data.libraries.load(library, link=True) as (there, here):
    here.objects, here.actions = there.objects, there.actions
scene = bpy.context.scene
for obj in here.objects:
    scene.collection.objects.link(obj)
linked = next(obj for obj in here.objects if obj.type == "ARMATURE")
scene.pasyn.animal.armature = linked
operators.map_animal()
assert "library override" in message(operators.sample_pose, seed=7)
linked.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
for obj in [obj for obj in scene.collection.objects if obj.library]:
    scene.collection.objects.unlink(obj)
scene.pasyn.animal.armature = next(obj for obj in scene.objects if obj.type == "ARMATURE")
look()
assert armature.override_library and armature.data.library
operators.map_animal()
own = bones()
operators.sample_pose(seed=7)
assert np.abs(bones() - plain).max() < 1e-4
bpy.ops.wm.save_as_mainfile(filepath=out)
bpy.ops.wm.open_mainfile(filepath=out)
look()
assert np.abs(bones() - plain).max() < 1e-4, "the pose is saved with the file"
operators.fill_walk(start=1, end=10)
assert armature.animation_data.action.name == "PASyn walk"
operators.restore_pose()
assert np.abs(bones() - own).max() < 1e-5
leave()
""",
        horse=horse,
        library=str(tmp_path / "library.blend"),
        out=str(tmp_path / "shot.blend"),
    )
