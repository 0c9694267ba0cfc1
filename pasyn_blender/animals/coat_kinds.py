"""What a species' coats consist of: kinds, with their colours, patterns, shades and markings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .sweep import FloatArray

Range = tuple[float, float]

EACH_LEG: Final = "socks"
"""Region that is drawn for each leg by itself."""

PATTERNS: Final[dict[str, dict[str, Range]]] = {
    "plain": {},
    "stripes": {"widths": (1.0, 1.0), "fill": (0.0, 0.0), "belly": (1.0, 1.0), "wobble": (1.0, 1.0)},
    "patches": {"cover": (0.5, 0.5), "width": (0.5, 0.5), "lobes": (0.3, 0.3)},
    "reticulated": {"width": (0.13, 0.13), "line": (0.012, 0.012), "lobes": (0.2, 0.2)},
    "spots": {"width": (0.045, 0.045), "apart": (0.085, 0.085), "rows": (1.0, 1.0)},
}
"""Name of a pattern to its numbers and what they are when not given."""


@dataclass(frozen=True)
class Palette:
    """One colour, or several between which an individual's lies.

    Attributes
    ----------
    stops
        (N, 3) linear RGB.
    """

    stops: FloatArray

    def drawn(self, random: np.random.Generator) -> FloatArray:
        """(3,) an individual's colour; between stops colours mix as pigments do, by their logarithms."""
        place = float(random.uniform(0.0, len(self.stops) - 1.0)) if len(self.stops) > 1 else 0.0
        index = np.arange(len(self.stops))
        logs = np.log(self.stops)
        return np.exp(np.array([np.interp(place, index, logs[:, c]) for c in range(3)]))


@dataclass(frozen=True)
class Area:
    """Where something is painted: inside any of the regions, but outside all exceptions.

    Attributes
    ----------
    inside, outside
        Region and factor on its size.
    size
        Range of the size that an individual draws.
    ragged
        How far the border wanders, table units.
    """

    inside: tuple[str, ...]
    outside: tuple[tuple[str, float], ...] = ()
    size: Range = (1.0, 1.0)
    ragged: float = 0.006


@dataclass(frozen=True)
class Lean:
    """A place where the pattern grows or fades.

    Attributes
    ----------
    area
        Where.
    amount
        Of patches: standard deviations; of others: table units by which the figure is wider.
    soft
        Half width of its border, table units.
    """

    area: Area
    amount: Range
    soft: float


@dataclass(frozen=True)
class Shade:
    """A soft change of colour.

    Attributes
    ----------
    area
        Where.
    colour
        What it turns to, or ``None`` when it is only lighter or darker.
    value
        Factor on brightness, when it has no colour.
    amount
        How much of it.
    soft
        Half width of its border, table units.
    chance
        How many individuals have it.
    on
        Whether it changes the ground, the figure of the pattern, or both.
    """

    area: Area
    colour: Palette | None
    value: Range
    amount: Range
    soft: float
    chance: float
    on: str


@dataclass(frozen=True)
class Mark:
    """A crisp marking in the colour of the pattern, or cut out of it.

    Attributes
    ----------
    area
        Where.
    chance
        How many individuals (of socks: legs) have it.
    cut
        Whether it shows the ground instead of the pattern.
    """

    area: Area
    chance: float
    cut: bool


@dataclass(frozen=True)
class Skin:
    """Bare skin and hooves.

    Attributes
    ----------
    colour
        Of muzzle or nose.
    nose
        From where on the head's axis skin is bare (1 lips); above 1 none is.
    above
        Height over the head's axis above which the nose lies, head lengths.
    wet
        Whether the nose shines.
    lids
        Colour of the eyelids.
    rims
        How much of it shows, 0 to 1.
    hooves
        Their colour, or ``None`` for paws.
    bare
        How bare the whole animal is: 0 haired, 1 as an elephant.
    mouth
        Whether nostrils and the slit of the mouth are painted.
    """

    colour: Palette
    nose: float
    above: float
    wet: bool
    lids: Palette
    rims: float
    hooves: Palette | None
    bare: float
    mouth: bool


@dataclass(frozen=True)
class PiecePaint:
    """Colours of ears, mane, tail hair, horns and other pieces; ``None`` continues the skin's coat.

    Attributes
    ----------
    base
        Of most of it.
    tip
        Of its tips and bands.
    inside
        Of the inside of ears.
    amount
        How much of the tip's colour shows.
    start
        Where along the piece the tip's colour begins, and where it is full.
    """

    base: Palette | None
    tip: Palette | None
    inside: Palette | None
    amount: Range
    start: Range


@dataclass(frozen=True)
class Kind:
    """One kind of coat of a species.

    Attributes
    ----------
    name
        What people call it.
    share
        How common it is beside the others.
    builds
        Kinds of the species' shape that have it; empty for all.
    base
        Colour of the ground.
    jitter
        Standard deviations of an individual's logarithmic value, its warmth and its saturation.
    mottle
        Standard deviation of the smooth variation of value over the body.
    pattern
        A name out of :data:`PATTERNS`.
    figure
        Colour of the pattern and of crisp markings.
    numbers
        The pattern's numbers.
    only
        Where the pattern is, if not everywhere.
    leans
        Where it is more or less of it.
    shades, marks
        In the order of painting.
    skin
        Bare skin.
    pieces
        Paint of pieces.
    dirt
        How much dust lies on legs and belly.
    roughness, fur, wool
        Of the surface.
    locks
        How far its hair lies in locks, 0 (short and sleek) to 1 (long).
    wool_area
        Where it is woolly.
    """

    name: str
    share: float
    builds: tuple[str, ...]
    base: Palette
    jitter: tuple[float, float, float]
    mottle: float
    pattern: str
    figure: Palette
    numbers: Mapping[str, Range]
    only: Area | None
    leans: tuple[Lean, ...]
    shades: tuple[Shade, ...]
    marks: tuple[Mark, ...]
    skin: Skin
    pieces: Mapping[str, PiecePaint]
    dirt: Range
    roughness: float
    fur: float
    wool: float
    wool_area: Area | None
    locks: float = 0.0
    widths: Mapping[str, float] = field(default_factory=dict)
