"""Keyframes of the poses that PASyn gives an animal."""

from __future__ import annotations

from typing import Any

import bpy

from ..rig.bone_channels import rotation_channel
from .kept_pose import OWN_ACTION

POSES_ACTION = "PASyn poses"


def key_pose_if_wanted(context: bpy.types.Context, armature: Any) -> None:
    """Key the pose at the current frame where Blender's auto-keying is on, into the action there is."""
    if context.scene.tool_settings.use_keyframe_insert_auto:
        insert_pose_keys(armature, context.scene.frame_current)


def insert_pose_keys(armature: Any, frame: int) -> None:
    """Key place and turn of every bone at a frame, into the action there is or a new one."""
    animation = armature.animation_data or armature.animation_data_create()
    if animation.action is None:
        action = bpy.data.actions.new(POSES_ACTION)
        action[OWN_ACTION] = True
        # An action that is put aside for another pose must not vanish when the file is saved.
        action.use_fake_user = True
        animation.action = action
    for bone in armature.pose.bones:
        for channel in ("location", rotation_channel(bone)):
            bone.keyframe_insert(channel, frame=frame, group=bone.name)
