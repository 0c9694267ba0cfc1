"""Pose, action and constraints that an animal had before PASyn posed it, kept in the scene to be given back.

They are properties, so undo, saving and loading keep them too. An armature's first pose is kept; posing it
again changes nothing about that until it is restored.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np

from ..rig.actions import assign_action

OWN_ACTION = "pasyn"
"""Custom property that marks actions which PASyn has made."""

_CHANNELS = (
    ("location", 3),
    ("rotation_quaternion", 4),
    ("rotation_euler", 3),
    ("rotation_axis_angle", 4),
    ("scale", 3),
)
_ANIMATION = ("use_nla", "action_blend_type", "action_influence", "action_extrapolation")


def kept_entry(scene: Any, armature: Any) -> Any | None:
    """What is kept of an armature in a scene; None where PASyn has not posed it."""
    return next((entry for entry in scene.pasyn.pose.kept if entry.armature == armature), None)


def keep_pose(scene: Any, armature: Any) -> Any:
    """Note how an armature is posed and animated, unless that is kept already; returns the entry.

    Where another action of the artist plays since then, that is what the animal should get back.
    """
    entry = kept_entry(scene, armature)
    if entry is not None and not _plays_another(armature, entry):
        return entry
    before: dict[str, Any] = json.loads(entry.text) if entry is not None else {}
    if entry is None:
        entry = scene.pasyn.pose.kept.add()
        entry.armature = armature
    state: dict[str, Any] = {
        "bones": [bone.name for bone in armature.pose.bones],
        "channels": {name: _packed(armature, name, size) for name, size in _CHANNELS},
        "frame": [scene.frame_current, scene.frame_subframe],
        "muted": before.get("muted", []),
        "muted_drivers": before.get("muted_drivers", []),
        "animation": None,
    }
    animation = armature.animation_data
    if animation is not None:
        entry.action = animation.action
        slot = getattr(animation, "action_slot", None)
        state["animation"] = {name: getattr(animation, name) for name in _ANIMATION}
        state["slot"] = slot.identifier if slot is not None else None
    entry.text = json.dumps(state)
    return entry


def _plays_another(armature: Any, entry: Any) -> bool:
    action = armature.animation_data.action if armature.animation_data is not None else None
    return action is not None and action != entry.action and OWN_ACTION not in action


def free_pose(scene: Any, armature: Any, *, mute: bool, keep_action: bool) -> None:
    """Keep an armature's state, then take away what would move its bones again.

    Parameters
    ----------
    scene, armature
        The animal.
    mute
        Whether to switch off constraints and drivers of its bones.
    keep_action
        Whether the artist's action stays, because keys are about to go into it. One that PASyn made stays
        anyway.
    """
    entry = keep_pose(scene, armature)
    animation = armature.animation_data
    if animation is not None and not keep_action:
        own = animation.action is not None and OWN_ACTION in animation.action
        if not own and (animation.action is not None or (animation.use_nla and animation.nla_tracks)):
            assign_action(armature, None, None)
    if not mute:
        return
    state = json.loads(entry.text)
    constraints = [
        (bone.name, constraint)
        for bone in armature.pose.bones
        for constraint in bone.constraints
        if not constraint.mute
    ]
    drivers = [curve for curve in _bone_drivers(armature) if not curve.mute]
    if not constraints and not drivers:
        return
    state["muted"] += [[bone, constraint.name] for bone, constraint in constraints]
    state["muted_drivers"] += [[curve.data_path, curve.array_index] for curve in drivers]
    for switch in (*(constraint for _, constraint in constraints), *drivers):
        switch.mute = True
    entry.text = json.dumps(state)


def play_alone(armature: Any, action: Any, slot: Any) -> None:
    """Let one action alone move an armature, without NLA tracks."""
    assign_action(armature, action, slot)


def restore_pose(scene: Any, armature: Any) -> bool:
    """Give an armature back what was kept of it, and forget that; False where nothing is kept."""
    entry = kept_entry(scene, armature)
    if entry is None:
        return False
    state = json.loads(entry.text)
    _switch(armature, state, mute=False)
    animation = armature.animation_data
    if animation is not None:
        settings = state["animation"] or {}
        slot = next(
            (slot for slot in getattr(entry.action, "slots", ()) if slot.identifier == state.get("slot")),
            None,
        )
        assign_action(armature, entry.action, slot)
        for name, value in settings.items():
            setattr(animation, name, value)
    if [scene.frame_current, scene.frame_subframe] != state["frame"]:
        # Another moment than then: what is animated is shown as it is now, the rest as it was.
        _unpack(armature, state)
        scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)
    else:
        # A new action is evaluated first, or it would take away what was posed but not keyed.
        bpy.context.view_layer.update()
        _unpack(armature, state)
        bpy.context.view_layer.update()
    kept = scene.pasyn.pose.kept
    kept.remove(next(number for number, each in enumerate(kept) if each.armature == armature))
    return True


@contextmanager
def constraints_on(scene: Any, armature: Any) -> Iterator[None]:
    """Switch on inside the block what was switched off to pose the armature: its actions need it."""
    entry = kept_entry(scene, armature)
    state = json.loads(entry.text) if entry is not None else None
    if state is not None:
        _switch(armature, state, mute=False)
    try:
        yield
    finally:
        if state is not None:
            _switch(armature, state, mute=True)


def _switch(armature: Any, state: dict[str, Any], *, mute: bool) -> None:
    for name, constraint in state["muted"]:
        bone = armature.pose.bones.get(name)
        found = bone.constraints.get(constraint) if bone is not None else None
        if found is not None:
            found.mute = mute
    wanted = {tuple(each) for each in state["muted_drivers"]}
    for curve in _bone_drivers(armature):
        if (curve.data_path, curve.array_index) in wanted:
            curve.mute = mute


def _bone_drivers(armature: Any) -> list[Any]:
    animation = armature.animation_data
    if animation is None:
        return []
    return [curve for curve in animation.drivers if curve.data_path.startswith("pose.bones")]


def _packed(armature: Any, name: str, size: int) -> str:
    values = np.empty(size * len(armature.pose.bones), dtype=np.float32)
    armature.pose.bones.foreach_get(name, values)
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def _unpack(armature: Any, state: dict[str, Any]) -> None:
    names = state["bones"]
    bones = armature.pose.bones
    for channel, size in _CHANNELS:
        values = np.frombuffer(base64.b64decode(state["channels"][channel]), dtype="<f4").reshape(-1, size)
        if names == [bone.name for bone in bones]:
            bones.foreach_set(channel, values.astype(np.float32).ravel())
            continue
        for name, value in zip(names, values, strict=True):  # bones were added, removed or renamed since
            if name in bones:
                setattr(bones[name], channel, value.tolist())
    armature.update_tag()
