"""``pasyn animals list``: which animals are built in, and what their individuals differ in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pasyn_blender.animals import BUILT_IN

Advance = Callable[[str, float], None]
"""Told what is being done, and the share of all that is done."""


@dataclass(frozen=True)
class ListedSpecies:
    """What people want to know of a species before they use it.

    Attributes
    ----------
    name, family
        As described in ``assets/species``.
    vertices
        Of individual 0.
    withers_height
        Lowest and highest, metres.
    varies
        Lowest and highest of what else its individuals differ in.
    kinds
        Kinds of individual, a sex or an age, and the share of each.
    """

    name: str
    family: str
    vertices: int
    withers_height: tuple[float, float]
    varies: dict[str, tuple[float, float]]
    kinds: dict[str, float]

    def lines(self) -> tuple[str, ...]:
        """Two or three lines of text."""
        low, high = self.withers_height
        first = f"{self.name}: {self.family}, withers {low:.2f} to {high:.2f} m, {self.vertices:,} vertices"
        names = ", ".join(name.replace("_", " ") for name in self.varies)
        lines = [first, f"  varies in {names or 'nothing but its size'}, and in its coat"]
        if self.kinds:
            shares = ", ".join(f"{name.replace('_', ' ')} {share:.0%}" for name, share in self.kinds.items())
            lines.append(f"  kinds: {shares}")
        return tuple(lines)


def listed_species(advance: Advance) -> tuple[ListedSpecies, ...]:
    """All built-in species by name.

    Parameters
    ----------
    advance
        Told how far it is: an animal that is built for the first time takes seconds.

    Raises
    ------
    RigError
        A description is malformed.
    """
    import numpy as np

    from pasyn_blender.animals.anatomy_model import animal_model
    from pasyn_blender.animals.species import load_species

    found = []
    for number, name in enumerate(BUILT_IN):
        advance(f"{name}: building", number / len(BUILT_IN))
        species = load_species(name)
        model = animal_model(name, 0)
        kinds = species.kinds or (species,)
        every = sum(kind.share for kind in species.kinds)
        heights = np.array([kind.withers_height for kind in kinds])
        ranges = {key: np.array([kind.ranges[key] for kind in kinds]) for key in species.ranges}
        found.append(
            ListedSpecies(
                name=name,
                family=species.family,
                vertices=len(model.vertices) + len(model.eyes[0]),
                withers_height=(float(heights.min()), float(heights.max())),
                varies={
                    key: (float(given.min()), float(given.max()))
                    for key, given in ranges.items()
                    if given.min() < given.max()
                },
                kinds={kind.kind: kind.share / every for kind in species.kinds},
            )
        )
    advance("", 1.0)
    return tuple(found)
