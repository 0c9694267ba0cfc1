"""A rigged animal in the open Blender scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

MESH_NAME_KEY = "pasyn_mesh_name"
"""Custom property that keeps a mesh object's name in its file, where the scene had it taken."""


@dataclass(frozen=True)
class LoadedRig:
    """An armature and everything of the scene that belongs to its animal.

    Attributes
    ----------
    path
        File the rig came from.
    armature
        The armature object.
    meshes
        Mesh objects of the animal, skinned or carried by a bone, in the order in which their vertices
        are stacked everywhere.
    dropped
        Names of the objects of the file that are no part of the animal.
    notes
        What was changed or left out on import, in sentences for a person.
    actions
        The actions that came with the rig; ``None`` when any action of the open file may be its own
        (rigs built by code, rigs picked in a person's scene).
    supports
        Other objects the animal hangs on: parents of the armature, targets of its constraints.
    rate
        Frames a second that the actions are meant in; ``None`` for the open scene's.
    overlap
        Share of triangles that may run through others in a pose, of an animal built by code: its bones are
        known to move as they hang together, and no action need be played to find out. ``None`` where the
        rig's own actions have to show both.
    """

    path: Path
    armature: Any
    meshes: tuple[Any, ...]
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    actions: tuple[Any, ...] | None = None
    supports: tuple[Any, ...] = ()
    rate: float | None = None
    overlap: float | None = None
    memory: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """Rest values and the list of actions, once read: they are wanted for every shot."""

    @property
    def animated(self) -> tuple[Any, ...]:
        """Every datablock that an action of this rig may move."""
        keys = [obj.data.shape_keys for obj in self.meshes if obj.data.shape_keys is not None]
        return (self.armature, *self.supports, *self.meshes, *dict.fromkeys(keys))


def mesh_name(obj: bpy.types.Object) -> str:
    """Name of a mesh object in the file it came from, the same in every scene it is imported into."""
    return str(obj.get(MESH_NAME_KEY, obj.name))
