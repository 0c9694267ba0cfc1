"""Built-in animals as people name them on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pasyn_blender.animals import BUILT_IN
from pasyn_blender.errors import RigError

ALL: Final = "all"
"""Stands for every species that is built in."""

MOST: Final = 1000
"""Individuals that may be asked for at once; more is a slip of the finger."""


@dataclass(frozen=True)
class Choice:
    """One individual."""

    species: str
    individual: int

    @property
    def name(self) -> str:
        """As its files are called, ``zebra-3``."""
        return f"{self.species}-{self.individual}"


def chosen_species(named: Sequence[str]) -> tuple[str, ...]:
    """Species that are named, each once.

    Raises
    ------
    RigError
        One of them is not built in.
    """
    for name in named:
        if name not in (*BUILT_IN, ALL):
            raise RigError(f"there is no built-in animal {name!r}; built-in are: {', '.join(BUILT_IN)}")
    wanted = [each for name in named for each in (BUILT_IN if name == ALL else (name,))]
    return tuple(dict.fromkeys(wanted))


def chosen_individuals(text: str) -> tuple[int, ...]:
    """Whole numbers of ``0-2,7``.

    Raises
    ------
    RigError
        It is not written so, or names too many.
    """
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isascii() and first.isdigit()) or (dash and not (last.isascii() and last.isdigit())):
            raise RigError(f"--individuals {text}: write whole numbers as 0-9 or 0,3,7")
        low, high = int(first), int(last or first)
        if high < low or high >= 2**31:
            raise RigError(f"--individuals {text}: {part.strip()} goes from low to high, below 2147483648")
        if len(found) + high - low >= MOST:
            raise RigError(f"--individuals {text}: that is more than {MOST} at once")
        found += range(low, high + 1)
    return tuple(dict.fromkeys(found))
