"""Rigs as strangers bring them: the shared ones, changed in one way each, and saved as files.

The variants keep the animal's motion unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bone_changes
import creatures
import object_changes
import rig_files


def all_of(*changes: Callable[[], Any]) -> Callable[[], None]:
    """Several changes, one after the other."""

    def change() -> None:
        for each in changes:
            each()

    return change


STRANGERS: dict[str, tuple[str, str, Callable[[], None]]] = {
    # name: (shared animal, suffix, change)
    "meaningless_names": ("horse", ".glb", bone_changes.rename_meaningless),
    "meaningless_names_zebra": ("zebra", ".glb", bone_changes.rename_meaningless),
    "meaningless_names_fox": ("fox", ".glb", bone_changes.rename_meaningless),
    "meaningless_names_cow": ("cow", ".fbx", bone_changes.rename_meaningless),
    "scaled_100": ("wolf", ".glb", object_changes.scale(100)),
    "scaled_001": ("cow", ".glb", object_changes.scale(0.01)),
    "facing_x": ("horse", ".glb", object_changes.face(90)),
    "facing_y": ("wolf", ".fbx", object_changes.face(180)),
    "facing_37": ("cow", ".glb", object_changes.face(37)),
    "lying": ("zebra", ".glb", object_changes.lie_down),
    "unapplied": ("horse", ".blend", object_changes.unapplied_transforms),
    "unapplied_fbx": ("cow", ".fbx", object_changes.unapplied_transforms),
    "split_materials": ("cow", ".glb", object_changes.split_by_material),
    "split_parts": ("horse", ".glb", object_changes.split_parts),
    "no_controls": ("horse", ".glb", bone_changes.remove_control_bones),
    "more_controls": ("wolf", ".blend", bone_changes.add_control_bones),
    "rigify_layers": ("horse", ".blend", bone_changes.rigify_layers),
    "rigify_layers_glb": ("cow", ".glb", bone_changes.rigify_layers),
    "short_legs": ("cow", ".glb", bone_changes.shorten_legs),
    "long_legs": ("wolf", ".glb", bone_changes.subdivide_legs),
    "deform_off": ("wolf", ".blend", bone_changes.deform_off),
    "no_actions": ("cow", ".glb", bone_changes.drop_actions),
    "spanish": ("cow", ".fbx", bone_changes.rename_spanish),
    "japanese": ("horse", ".glb", bone_changes.rename_japanese),
    "bip01": ("wolf", ".fbx", bone_changes.rename_bip01),
    "prefix_lower": ("wolf", ".glb", bone_changes.rename_prefix_lower),
    "words": ("horse", ".fbx", bone_changes.rename_words),
    "underscore": ("cow", ".blend", bone_changes.rename_underscore),
    "letters": ("wolf", ".glb", bone_changes.rename_letters),
    "unwelded": ("fox", ".fbx", object_changes.unweld),
    "rider": ("horse", ".blend", object_changes.rider),
    "modifiers": ("zebra", ".blend", object_changes.modifiers_that_differ),
    "hidden": ("wolf", ".blend", object_changes.hide_everything),
    "everything_horse": (
        "horse",
        ".fbx",
        all_of(
            bone_changes.rename_meaningless,
            object_changes.face(217),
            object_changes.scale(100),
            object_changes.unapplied_transforms,
        ),
    ),
    "everything_wolf": (
        "wolf",
        ".glb",
        all_of(
            bone_changes.add_control_bones,
            bone_changes.rename_meaningless,
            object_changes.lie_down,
            object_changes.face(37),
        ),
    ),
    "everything_cow": (
        "cow",
        ".blend",
        all_of(
            object_changes.split_parts,
            object_changes.horns,
            bone_changes.rename_letters,
            object_changes.face(-90),
            object_changes.scale(0.01),
        ),
    ),
    "everything_zebra": (
        "zebra",
        ".fbx",
        all_of(bone_changes.rename_meaningless, object_changes.face(90), object_changes.unweld),
    ),
    "everything_fox": (
        "fox",
        ".blend",
        all_of(
            bone_changes.rename_meaningless, object_changes.face(-37), object_changes.unapplied_transforms
        ),
    ),
    # no quadrupeds
    "two_legs": ("horse", ".glb", bone_changes.stand_on_two_legs),
    "human": ("", ".glb", creatures.human),
    "bird": ("", ".glb", creatures.bird),
    "snake": ("", ".fbx", creatures.snake),
    # no rigs
    "unskinned": ("wolf", ".blend", object_changes.unskin),
    "moving_nodes": ("", ".glb", creatures.moving_nodes),
}


def make_stranger(shared: Path, name: str, folder: Path) -> Path:
    """Save one of :data:`STRANGERS` into a folder."""
    animal, suffix, change = STRANGERS[name]
    path = folder / f"{name}{suffix}"
    if animal:
        return rig_files.make(shared, animal, path, change)
    change()
    return rig_files.save(path)
