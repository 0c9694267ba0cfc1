"""What the operators on keypoints share: which keypoint, on which animal, and whether they can run."""

from __future__ import annotations

from typing import Any

import bpy

from ...errors import RigMapError
from ...rig.rig_map import RigMap
from .. import live_map
from ..live_rig import LiveRig
from ..properties.keypoints import chosen_set, mark_placed_by_hand, placed_by_hand


def can_edit(cls: Any, context: bpy.types.Context) -> bool:
    """Whether there are keypoints that can be moved; tells the person what to do where there are none."""
    scene = context.scene
    if scene is None or not scene.pasyn.animal.rig_map or scene.pasyn.animal.armature is None:
        cls.poll_message_set("Map the animal first")
        return False
    if scene.library is not None:
        cls.poll_message_set("This scene is linked from another file, which keeps its keypoints")
        return False
    if context.mode not in {"OBJECT", "POSE"}:
        cls.poll_message_set("Go to object or pose mode first")
        return False
    return True


def read_now(context: bpy.types.Context) -> tuple[LiveRig, RigMap]:
    """The animal and its map, and its pose just read.

    Raises
    ------
    RigMapError
        The map does not fit the animal any more.
    """
    live_map.prepare(context)
    live_map.positions(context)
    live, rig_map = live_map.current(context.scene), live_map.current_map(context.scene)
    if live is None or rig_map is None or live.posed is None:
        reason = live_map.problem(context.scene) or "the animal was changed; map it again"
        raise RigMapError(reason)
    return live, rig_map


def row_of(name: str, scene: Any) -> int:
    """Index of a keypoint in the scene's set.

    Raises
    ------
    RigMapError
        The set has no such keypoint.
    """
    names = chosen_set(scene).keypoints
    if name not in names:
        raise RigMapError(f"there is no keypoint '{name}'; there are {', '.join(names)}")
    return names.index(name)


def suggested(_operator: Any, context: bpy.types.Context, _text: str) -> list[str]:
    """Names to choose from while one is typed."""
    return list(chosen_set(context.scene).keypoints)


def choose(scene: Any, name: str) -> None:
    """Choose a keypoint in the list."""
    scene.pasyn.keypoints.index = row_of(name, scene)


def chosen_name(scene: Any) -> str:
    """The keypoint that is chosen in the list.

    Raises
    ------
    RigMapError
        None is.
    """
    names, row = chosen_set(scene).keypoints, scene.pasyn.keypoints.index
    if not 0 <= row < len(names):
        raise RigMapError("choose a keypoint in the list first")
    return names[row]


def mark_moved(scene: Any, before: RigMap, after: RigMap) -> None:
    """Say in the list which keypoints a person has put where they are."""
    names = chosen_set(scene).landmarks
    moved = {name for name in names if before.keypoints.get(name) != after.keypoints.get(name)}
    mark_placed_by_hand(scene, placed_by_hand(scene) | moved)
