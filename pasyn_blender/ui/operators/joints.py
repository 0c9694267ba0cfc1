"""Correcting the rig map: which bone plays which joint."""

from typing import Any

import bpy

from ...anatomy.skeleton import JOINTS, SIDES
from ...errors import RigMapError
from ...rig.chosen_joints import without_joint
from .. import live_map
from ..mapping_steps import change_joint, mapped
from ..properties.animal import chosen_joint
from ..properties.findings import by_hand, mark_by_hand
from ..scene_animal import is_linked
from ..stepwise_work import Steps, WorksInSteps
from .reporting import ReportsMistakes


def other_side(joint: str) -> str:
    """The same joint of the animal's other side; "" for joints of the midline."""
    side, _, part = joint.partition("_")
    return f"{SIDES[1 - SIDES.index(side)]}_{part}" if side in SIDES else ""


def _needs_map(cls: Any, context: bpy.types.Context) -> bool:
    animal = context.scene.pasyn.animal
    if animal.armature is None or not animal.rig_map:
        cls.poll_message_set("Map the animal first")
        return False
    if context.mode not in {"OBJECT", "POSE"}:
        cls.poll_message_set("Leave edit mode first")
        return False
    return True


def _joint_of(operator: Any, context: bpy.types.Context) -> str:
    """The joint an operator is to change: the one it names, else the one chosen in the list."""
    if operator.joint:
        if operator.joint not in JOINTS:
            raise RigMapError(f"there is no joint '{operator.joint}'; joints are {', '.join(JOINTS)}")
        return str(operator.joint)
    chosen = chosen_joint(context.scene.pasyn.animal)
    if chosen is None:
        raise RigMapError("choose a joint in the list first")
    return str(chosen.name)


def active_bone(context: bpy.types.Context) -> str:
    """Name of the active bone of the scene's animal; "" where none is."""
    armature = context.scene.pasyn.animal.armature
    active = None if armature is None else armature.data.bones.active
    return "" if active is None else str(active.name)


def _mark(scene: Any, joint: str) -> None:
    joints = scene.pasyn.animal.joints
    mark_by_hand(joints, by_hand(joints) | {joint})


class PASYN_OT_set_joint(WorksInSteps, bpy.types.Operator):
    """Let a bone play a joint."""

    bl_idname = "pasyn.set_joint"
    bl_label = "Set Joint"
    bl_description = (
        "Let a bone play the joint chosen in the list: the active bone, where none is named. "
        "Keypoints that hang on the joint are placed anew"
    )
    bl_options = {"REGISTER", "UNDO"}
    doing = "Placing the joint"

    joint: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Joint",
        description="Name of the joint, as left_forearm. Empty: the one chosen in the list",
        options={"SKIP_SAVE"},
    )
    bone: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Bone",
        description="Name of the bone. Empty: the armature's active bone",
        options={"SKIP_SAVE"},
    )
    both_sides: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Both Sides",
        description="Give the same joint of the other side the bone of the mirrored name, where there is one",
        default=False,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An animal must be mapped."""
        return _needs_map(cls, context)

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """Change one joint, and its counterpart where that is asked for."""
        scene = context.scene
        self.joint = joint = _joint_of(self, context)
        self.bone = bone = self.bone or active_bone(context)
        if not bone:
            raise RigMapError("make a bone of the armature active in pose mode, or choose one by its name")
        note = yield from change_joint(context, joint, bone)
        _mark(scene, joint)
        done = [f"{joint.replace('_', ' ')}: {bone}"]
        mirrored, counterpart = bpy.utils.flip_name(bone), other_side(joint)
        present = next((item.place for item in scene.pasyn.animal.joints if item.name == counterpart), "")
        if self.both_sides and counterpart and mirrored not in (bone, present):
            try:
                yield from change_joint(context, counterpart, mirrored)
                _mark(scene, counterpart)
                done.append(f"{counterpart.replace('_', ' ')}: {mirrored}")
            except RigMapError as error:
                note = note or f"the other side stays as it is: {error}"
        self.report({"WARNING" if note else "INFO"}, "; ".join([*done, note] if note else done))


class PASYN_OT_clear_joint(ReportsMistakes, bpy.types.Operator):
    """Leave a joint to no bone."""

    bl_idname = "pasyn.clear_joint"
    bl_label = "Clear Joint"
    bl_description = (
        "Say that this animal has no bone for the joint chosen in the list. Its keypoints stay where they are"
    )
    bl_options = {"REGISTER", "UNDO"}

    joint: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Joint",
        description="Name of the joint, as left_forearm. Empty: the one chosen in the list",
        options={"SKIP_SAVE"},
    )
    both_sides: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Both Sides",
        description="Clear the same joint of the animal's other side too",
        default=False,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An animal must be mapped."""
        return _needs_map(cls, context)

    def perform(self, context: bpy.types.Context) -> None:
        """Clear one joint, and its counterpart where that is asked for."""
        self.joint = joint = _joint_of(self, context)
        _, rig_map = mapped(context)
        changed = without_joint(rig_map, joint)
        cleared = [joint]
        counterpart = other_side(joint)
        if self.both_sides and counterpart in changed.joints:
            changed = without_joint(changed, counterpart)
            cleared.append(counterpart)
        live_map.store(context.scene, changed)
        for name in cleared:
            _mark(context.scene, name)


class PASYN_OT_show_joint(ReportsMistakes, bpy.types.Operator):
    """Select the bone of a joint in pose mode."""

    bl_idname = "pasyn.show_joint"
    bl_label = "Select Bone"
    bl_description = "Select the bone that plays the joint chosen in the list, in pose mode"
    bl_options = {"REGISTER", "UNDO"}

    joint: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Joint",
        description="Name of the joint, as left_forearm. Empty: the one chosen in the list",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An animal must be mapped."""
        return _needs_map(cls, context)

    def perform(self, context: bpy.types.Context) -> None:
        """Select it, and nothing else."""
        animal = context.scene.pasyn.animal
        joint = _joint_of(self, context)
        item = next((item for item in animal.joints if item.name == joint), None)
        armature = animal.armature
        if item is None or not item.found or item.place not in armature.pose.bones:
            raise RigMapError(f"no bone plays the {joint.replace('_', ' ')}; choose one for it")
        if context.view_layer.objects.get(armature.name) != armature or not armature.visible_get():
            raise RigMapError(f"'{armature.name}' is hidden; show it in the outliner first")
        self._enter_pose_mode(context, armature)
        for bone in armature.pose.bones:
            _select(bone, bone.name == item.place)
        armature.data.bones.active = armature.data.bones[item.place]

    def _enter_pose_mode(self, context: bpy.types.Context, armature: Any) -> None:
        if context.mode == "POSE" and context.object == armature:
            return
        if context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        for obj in context.selected_objects:
            obj.select_set(False)
        armature.select_set(True)
        context.view_layer.objects.active = armature
        if is_linked(armature):
            raise RigMapError(
                f"'{armature.name}' is linked and cannot be posed; "
                "use Object > Library Override > Make on it first"
            )
        bpy.ops.object.mode_set(mode="POSE")


def _select(pose_bone: Any, selected: bool) -> None:
    # Blender 5.0 moved the selection from the bone to its pose.
    owner = pose_bone if hasattr(pose_bone, "select") else pose_bone.bone
    owner.select = selected


CLASSES = (PASYN_OT_set_joint, PASYN_OT_clear_joint, PASYN_OT_show_joint)
