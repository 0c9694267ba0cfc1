"""A joint or keypoint of an animal, and what carries it."""

from collections.abc import Iterable
from typing import Any

import bpy


class PASYN_PG_finding(bpy.types.PropertyGroup):
    """A joint or keypoint, and whether it was found on the rig. Rigs may lack joints, animals no keypoint."""

    found: bpy.props.BoolProperty(name="Found", description="Whether it was found on this rig")  # type: ignore[valid-type]
    required: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Required", description="Whether every animal has it, so that it must have been overlooked"
    )
    by_hand: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="By Hand", description="Whether a person has said what carries it, or that nothing does"
    )
    place: bpy.props.StringProperty(name="Place", description="Bone that carries it, or the mesh")  # type: ignore[valid-type]


def list_findings(collection: Any, places: Iterable[tuple[str, str | None]], *, required: bool) -> None:
    """Fill a collection of findings.

    Parameters
    ----------
    collection
        Collection property of :class:`PASYN_PG_finding`; what it held is forgotten.
    places
        Names, and what carries each: a bone's name, "mesh", or None where it was not found.
    required
        Whether every animal has them.
    """
    collection.clear()
    for name, place in places:
        item = collection.add()
        item.name = name
        item.found = place is not None
        item.place = place or ""
        item.required = required


def by_hand(collection: Any) -> set[str]:
    """Names in a collection of findings that a person has decided."""
    return {item.name for item in collection if item.by_hand}


def mark_by_hand(collection: Any, names: Iterable[str]) -> None:
    """Say which of a collection of findings a person has decided; all others were found."""
    decided = set(names)
    for item in collection:
        item.by_hand = item.name in decided


CLASSES = (PASYN_PG_finding,)
