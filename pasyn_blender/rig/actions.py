"""The actions of a rig: which there are, and posing it by one of them.

The pose of a shot depends on the action and the frame alone, never on what was posed before: everything
any action may move is put back to where it was on import first.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from ..errors import RigError
from .loaded_rig import LoadedRig

_BONE_PATH = re.compile(r'^pose\.bones\["((?:[^"\\]|\\.)*)"\]\.(\w+|\[.*\])')
_LAYER_NAMES = re.compile(r"^(base ?layer|(anim)?layer ?\d+)$", re.IGNORECASE)
_COPY_NUMBER = re.compile(r"\.\d{3,}$")
_BONE_REST: dict[str, Sequence[float]] = {
    "location": (0.0, 0.0, 0.0),
    "rotation_quaternion": (1.0, 0.0, 0.0, 0.0),
    "rotation_euler": (0.0, 0.0, 0.0),
    "rotation_axis_angle": (0.0, 0.0, 1.0, 0.0),
    "scale": (1.0, 1.0, 1.0),
}
_OBJECT_CHANNELS = (
    "location",
    "rotation_mode",
    "rotation_quaternion",
    "rotation_euler",
    "rotation_axis_angle",
    "scale",
    "delta_location",
    "delta_rotation_euler",
    "delta_rotation_quaternion",
    "delta_scale",
)


@dataclass(frozen=True)
class ActionRange:
    """An action of a rig.

    Attributes
    ----------
    name
        Name without the prefixes that importers put before it; unique within the rig.
    start, end
        First and last keyed frame; equal for a single pose.
    """

    name: str
    start: float
    end: float
    action: Any = field(default=None, repr=False, compare=False)
    slot: Any = field(default=None, repr=False, compare=False)


def list_actions(rig: LoadedRig) -> tuple[ActionRange, ...]:
    """Actions that animate this rig's bones, sorted by name; empty when there are none."""
    candidates = bpy.data.actions if rig.actions is None else rig.actions
    key = tuple((action.name, action.as_pointer()) for action in candidates)
    if rig.memory.get("actions_key") != key:
        rig.memory["actions_key"] = key
        rig.memory["actions"] = _find_actions(rig, candidates)
    found: tuple[ActionRange, ...] = rig.memory["actions"]
    return found


def sampled_actions(rig: LoadedRig, most: int = 24) -> tuple[ActionRange, ...]:
    """All of a rig's actions, or ``most`` spread evenly over them, to show how bones and skin move."""
    found = list_actions(rig)
    if len(found) <= most:
        return found
    return tuple(found[i] for i in np.unique(np.linspace(0, len(found) - 1, most).round().astype(int)))


def apply_action(rig: LoadedRig, name: str, frame: float) -> None:
    """Pose the rig as an action has it at a frame, fractions included.

    Sets the scene's current frame. Update the dependency graph before reading the pose.

    Raises
    ------
    RigError
        When the rig has no action of that name.
    """
    remember_rest(rig)
    by_name = {entry.name: entry for entry in list_actions(rig)}
    if name not in by_name:
        known = ", ".join(by_name) or "none"
        raise RigError(f"{rig.path.name} has no action '{name}'; its actions are: {known}")
    chosen = by_name[name]
    restore_rest(rig)
    for block in rig.animated:
        if block == rig.armature:
            assign_action(block, chosen.action, chosen.slot)
        else:
            _assign_companion(block, chosen.action)
    whole = math.floor(frame)
    bpy.context.scene.frame_set(whole, subframe=frame - whole)


def clear_action(rig: LoadedRig) -> None:
    """Take every action off the rig and put it into its rest pose."""
    remember_rest(rig)
    for block in rig.animated:
        if block.animation_data is not None:
            assign_action(block, None, None)
    restore_rest(rig)
    bpy.context.view_layer.update()


def assign_action(block: Any, action: Any, slot: Any) -> None:
    """Let one action alone move a datablock, without NLA tracks mixed in."""
    animation = block.animation_data
    if animation is None:
        if action is None:
            return
        animation = block.animation_data_create()
    if animation.use_tweak_mode:
        animation.use_tweak_mode = False
    animation.use_nla = False
    # An action that was blended as part of a stack keeps these settings when it is assigned alone.
    animation.action_blend_type = "REPLACE"
    animation.action_influence = 1.0
    animation.action_extrapolation = "HOLD"
    animation.action = action
    if action is not None and slot is not None:
        animation.action_slot = slot


def slot_curves(action: Any, slot: Any) -> list[Any]:
    """F-curves of an action that a slot holds; all of them before Blender 4.4 had slots."""
    if slot is None:
        return list(action.fcurves)
    return [
        curve
        for layer in action.layers
        for strip in layer.strips
        for bag in [strip.channelbag(slot)]
        if bag is not None
        for curve in bag.fcurves
    ]


def action_slots(action: Any) -> tuple[Any, ...]:
    """Slots of an action; ``(None,)`` before Blender 4.4."""
    return tuple(action.slots) if hasattr(action, "slots") else (None,)


def remember_rest(rig: LoadedRig) -> None:
    """Note the values that everything animatable about the rig has without an action, once."""
    if "rest" in rig.memory:
        return
    rest: list[tuple[Any, str, Any]] = []
    for block in rig.animated:
        if isinstance(block, bpy.types.Object):
            rest.extend((block, name, _plain(getattr(block, name))) for name in _OBJECT_CHANNELS)
        else:
            rest.extend((key, "value", key.value) for key in block.key_blocks)
    rig.memory["rest"] = rest
    rig.memory["bone_properties"] = list(_keyed_bone_properties(rig))


def restore_rest(rig: LoadedRig) -> None:
    """Put bones into the rest pose and objects, shape keys and rig switches to their values on import."""
    bones = rig.armature.pose.bones
    for name, value in _BONE_REST.items():
        bones.foreach_set(name, np.tile(np.array(value, dtype=np.float32), len(bones)))
    # Unlike setting them one by one, which takes 20 ms for a rig of 800 bones, this tells nobody.
    rig.armature.update_tag()
    for owner, name, value in rig.memory["rest"]:
        setattr(owner, name, value)
    for path, value in rig.memory["bone_properties"]:
        _set_path(rig.armature, path, value)


def _keyed_bone_properties(rig: LoadedRig) -> Iterator[tuple[str, Any]]:
    """Path and present value of what actions key on bones besides their transform: switches, influences."""
    paths = set()
    for entry in list_actions(rig):
        for curve in slot_curves(entry.action, entry.slot):
            match = _BONE_PATH.match(curve.data_path)
            if match is None or match.group(2) not in _BONE_REST:
                paths.add(curve.data_path)
    for path in sorted(paths - set(_OBJECT_CHANNELS)):
        try:
            value = rig.armature.path_resolve(path)
        except ValueError:
            continue  # keyed on something this rig does not have: the curve moves nothing
        yield path, _plain(value)


def _set_path(block: Any, path: str, value: Any) -> None:
    """Set the property at an RNA path, ``a.b`` or ``a["b"]``."""
    if path.endswith('"]') and not path.startswith('["'):
        cut = path.rindex('["')
        block.path_resolve(path[:cut])[path[cut + 2 : -2]] = value
    elif path.startswith('["'):
        block[path[2:-2]] = value
    else:
        owner, _, name = path.rpartition(".")
        setattr(block.path_resolve(owner) if owner else block, name, value)


def _plain(value: Any) -> Any:
    """Return a value that does not change with the scene: vectors and colours as tuples."""
    return tuple(value) if hasattr(value, "__len__") and not isinstance(value, str) else value


def _find_actions(rig: LoadedRig, candidates: Sequence[Any]) -> tuple[ActionRange, ...]:
    helpers = _constraint_actions(rig.armature)
    found = []
    for action in sorted(candidates, key=lambda action: str(action.name)):
        if action in helpers:
            continue
        slot, curves = _fitting_slot(rig.armature, action)
        if curves:
            start, end = _curve_range(action, curves)
            found.append((action, slot, start, end))
    names = clean_action_names([action.name for action, *_ in found], rig.armature.name)
    ranges = [
        ActionRange(name=name, start=start, end=end, action=action, slot=slot)
        for name, (action, slot, start, end) in zip(names, found, strict=True)
    ]
    return tuple(sorted(ranges, key=lambda entry: entry.name))


def _fitting_slot(armature: Any, action: Any) -> tuple[Any, list[Any]]:
    """Find the slot of an action that moves this armature's bones, and its curves on bones."""
    bones = armature.data.bones
    best: tuple[tuple[int, int], Any, list[Any]] | None = None
    for slot in action_slots(action):
        if slot is not None and slot.target_id_type not in {"OBJECT", "UNSPECIFIED"}:
            continue
        named = [
            (curve, match.group(1).replace('\\"', '"').replace("\\\\", "\\"))
            for curve in slot_curves(action, slot)
            if (match := _BONE_PATH.match(curve.data_path))
        ]
        fitting = [curve for curve, bone in named if bone in bones]
        # A few bones of the same name ("Head", "root") do not make another creature's walk ours.
        if len(fitting) * 2 < len(named) or not fitting:
            continue
        ours = int(slot is not None and _COPY_NUMBER.sub("", slot.identifier[2:]) == armature.name)
        if best is None or (ours, len(fitting)) > best[0]:
            best = ((ours, len(fitting)), slot, fitting)
    return (best[1], best[2]) if best else (None, [])


def _curve_range(action: Any, curves: Sequence[Any]) -> tuple[float, float]:
    if getattr(action, "use_frame_range", False):
        return float(action.frame_start), float(action.frame_end)
    ranges = [tuple(curve.range()) for curve in curves if len(curve.keyframe_points)]
    if not ranges:
        return tuple(float(frame) for frame in action.frame_range)  # type: ignore[return-value]
    return float(min(start for start, _ in ranges)), float(max(end for _, end in ranges))


def _constraint_actions(armature: Any) -> set[Any]:
    """Actions that a constraint plays as a control of the rig: parts of poses, not motions."""
    return {
        constraint.action
        for bone in armature.pose.bones
        for constraint in bone.constraints
        if constraint.type == "ACTION" and constraint.action is not None
    }


def _assign_companion(block: Any, action: Any) -> None:
    """Let the action also move a mesh, empty or shape keys, where it has a slot made for them."""
    for slot in action_slots(action):
        # A slot's identifier is the datablock's type code and its name, "KEHorse".
        if slot is not None and slot.identifier[2:] == block.name and slot.target_id_type == block.id_type:
            assign_action(block, action, slot)
            return
    assign_action(block, None, None)


def clean_action_names(names: Sequence[str], armature: str) -> list[str]:
    """Names without what importers add, each unique.

    Parameters
    ----------
    names
        Distinct raw names, such as "Armature|Armature|Walk", "Take|mixamo.com|Layer0", "Walk_Armature",
        "Walk.001".
    armature
        Name of the armature object, which some importers append.

    Returns
    -------
    list of str
        In the same order; where two would become equal, those keep their raw names.
    """
    options = []
    for name in names:
        cleaned = _clean(name, armature)
        options.append((_COPY_NUMBER.sub("", cleaned) or cleaned, cleaned, name))
    result = []
    for i, choice in enumerate(options):
        # Shortening goes no further than two actions staying apart.
        taken = {option for j, other in enumerate(options) if j != i for option in other}
        result.append(next((option for option in choice if option not in taken), choice[-1]))
    return result


def _clean(name: str, armature: str) -> str:
    parts = [part.strip() for part in name.split("|") if part.strip()]
    while len(parts) > 1 and _LAYER_NAMES.match(parts[-1]):
        parts.pop()
    short = parts[-1] if parts else name
    base = _COPY_NUMBER.sub("", armature)
    for suffix in (f"_{armature}", f"_{base}"):
        if short.endswith(suffix) and len(short) > len(suffix):
            short = short.removesuffix(suffix)
    return short
