"""Which built-in animal to add."""

from functools import cache
from typing import Any

import bpy

from ...animals import BUILT_IN

OWN_COAT = "own"
"""Choice of the coat that the individual has."""


@cache
def _coats(species: str) -> tuple[tuple[str, str, str, int], ...]:
    from ...animals.coats import coat_kinds  # much code, that a Blender without such an animal never needs

    # Kept, because Blender does not keep the texts of items that are made while it asks.
    own = (OWN_COAT, "The Individual's Own", "The coat that goes with its number, as in datasets", 0)
    kinds = coat_kinds(species)
    if len(kinds) < 2:
        return (own,)
    named = (
        (kind, coat_title(kind), f"Every individual can have it: {kind}", i)
        for i, kind in enumerate(kinds, 1)
    )
    return (own, *named)


def coat_title(kind: str) -> str:
    """Name of a kind of coat as a person reads it."""
    words = kind.replace("_", " ")
    return words[:1].upper() + words[1:]


def _coats_of_species(
    settings: Any, _context: bpy.types.Context | None
) -> tuple[tuple[str, str, str, int], ...]:
    return _coats(settings.species)


def _species_changed(settings: Any, _context: bpy.types.Context) -> None:
    # The number of one species' coat is another coat of the next, or none.
    settings.coat = OWN_COAT


class PASYN_PG_built_in(bpy.types.PropertyGroup):
    """Choice of a built-in animal."""

    species: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Species",
        description="Which of the built-in animals to add",
        items=tuple((name, name.title(), f"A {name}, made by code") for name in BUILT_IN),
        default="horse",
        update=_species_changed,
    )
    individual: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Individual",
        description="Seed of the individual: each number has its own build, kind and coat",
        default=0,
        min=0,
        max=2**31 - 1,
    )
    coat: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Coat", description="Kind of its coat", items=_coats_of_species
    )
    motions: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Motions",
        description="Add its actions too: walks, gallops, jumps, grazing, lying down",
        default=True,
    )

    @property
    def chosen_coat(self) -> str:
        """Kind of coat that was chosen; "" for the individual's own."""
        return "" if self.coat in ("", OWN_COAT) else str(self.coat)


CLASSES = (PASYN_PG_built_in,)
