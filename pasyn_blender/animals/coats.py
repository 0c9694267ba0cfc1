"""Coats of the built-in animals: colours of every vertex, from a description and an individual's seed.

A coat has a ground and a figure, each painted with soft shades, and one crisp field that tells which of the
two a place shows: stripes, patches or cells, and white markings such as socks and a blaze.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import RigError
from .attachments import Piece
from .coat_description import read_kinds
from .coat_kinds import Kind
from .coat_painting import (
    Tint,
    bare_skin,
    drawn_pattern,
    dusty,
    inside,
    long_hair,
    marked,
    shaded,
    strands,
    towards,
)
from .coat_places import places_of, ramp, smooth_noise
from .coat_regions import REGIONS
from .mesh_graph import Neighbours
from .shape import BodySurface
from .species import BodyPlan, individual_stream
from .sweep import FloatArray, IntArray

_HOLLOW: Final = np.array([0.006, 0.004, 0.004])


@dataclass(frozen=True)
class PieceColours:
    """An individual's colours of a piece; ``None`` continues the skin's coat.

    Attributes
    ----------
    base, tip, inside
        (3,) linear RGB.
    amount
        How much of the tip's colour shows.
    start
        Where along the piece it begins, and where it is full.
    """

    base: FloatArray | None
    tip: FloatArray | None
    inside: FloatArray | None
    amount: float
    start: tuple[float, float]


@dataclass(frozen=True)
class Coat:
    """What the coat's material reads.

    Attributes
    ----------
    light, dark
        (V, 3) linear RGB of the ground and of the figure on it, bare skin and hooves included.
    pattern
        (V, C) signed distances, table units; the figure shows where the largest of a row is positive. More
        than one column where lines between figures are narrower than the mesh.
    edge
        Half width of the border between the two, in units of ``pattern``.
    skin
        (V,) 0 hair, 1 bare skin or hoof, 2 the hollow of nostrils and mouth.
    skin_colour
        (3,) linear RGB of bare skin.
    wet
        Whether bare skin of the nose shines.
    roughness
        Of the hair.
    fur
        How much the strands of the hair show, 0 to 1.
    wool
        (V,) how woolly it is, 0 to 1.
    strands
        (V, 3) place on the coat, table units, compressed along the hair: noise over it makes strands.
    locks
        (V,) how far the hair lies in locks, 0 to 1.
    pieces
        Colours of the pieces by name.
    scale
        Metres per table unit.
    """

    light: FloatArray
    dark: FloatArray
    pattern: FloatArray
    edge: float
    skin: FloatArray
    skin_colour: FloatArray
    wet: bool
    roughness: float
    fur: float
    wool: FloatArray
    strands: FloatArray
    locks: FloatArray
    pieces: Mapping[str, PieceColours]
    scale: float


def coat_file(species: str) -> Path:
    """Path of a built-in species' coat description.

    Raises
    ------
    RigError
        If there is none.
    """
    package = Path(__file__).resolve().parent.parent
    for root in (package.parent, package):
        path = root / "assets" / "species" / "coats" / f"{species}.yaml"
        if path.is_file():
            return path
    raise RigError(f"{species}: there is no description of its coat")


def load_coat(species: str) -> Mapping[str, Any]:
    """Read a species' coat description, as :func:`coat_of` takes it.

    Raises
    ------
    RigError
        If there is none or it is not a YAML mapping.
    """
    import yaml  # PyYAML is not part of every Blender: imported only when an animal is built

    path = coat_file(species)
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # as safe, and ten times as fast
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except yaml.YAMLError as error:
        raise RigError(f"coats/{path.name}: not YAML: {error}") from error
    if not isinstance(data, Mapping):
        raise RigError(f"coats/{path.name}: expected keys with values, found {data!r}")
    return data


def coat_kinds(species: str) -> tuple[str, ...]:
    """Names of a species' kinds of coat.

    Raises
    ------
    RigError
        The species is not built in, or its description malformed.
    """
    return tuple(kind.name for kind in read_kinds(load_coat(species)))


def coat_of(
    description: Mapping[str, Any],
    plan: BodyPlan,
    surface: BodySurface,
    neighbours: Neighbours,
    kind: str | None = None,
) -> Coat:
    """Coat of an individual.

    Parameters
    ----------
    description
        The species' kinds of coat, see :func:`~.coat_description.read_kinds`.
    plan
        The individual; its seed decides on the kind and all that varies.
    surface
        Its skin.
    neighbours
        Neighbours on the skin.
    kind
        Name of the kind, or ``None`` to draw it by the kinds' shares.

    Returns
    -------
    Coat
        Of the surface's vertices.

    Raises
    ------
    RigError
        If the description is malformed, or has no such kind.
    """
    random = individual_stream(plan.individual, 1)
    chosen = _drawn_kind(read_kinds(description), plan, random, kind)
    places = places_of(plan, surface)
    tint = Tint(chosen, random)
    ground, figure = tint.drawn(chosen.base), tint.drawn(chosen.figure)
    count = len(places.points)
    light, dark = (np.tile(colour, (count, 1)) for colour in (ground, figure))

    pattern, edge, cell = drawn_pattern(chosen, plan, surface, neighbours, places, random)
    for mark in chosen.marks:
        pattern = marked(pattern, mark, places, random)
    if cell is not None:
        # cells differ a little from each other
        tones = random.normal(0.0, 0.12, int(cell.max()) + 1)
        dark = dark * np.exp(tones[cell])[:, None]
    for shade in chosen.shades:
        light, dark = shaded(light, dark, shade, places, random, tint)
    if chosen.mottle > 0.0:
        uneven = chosen.mottle * smooth_noise(places.points, random, 0.35)
        uneven = uneven + 0.6 * chosen.mottle * smooth_noise(places.points, random, 0.09)
        light, dark = light * np.exp(uneven)[:, None], dark * np.exp(uneven)[:, None]
    light, dark = dusty(light, dark, chosen, places, random)

    skin_colour = tint.drawn(chosen.skin.colour)
    lids = tint.drawn(chosen.skin.lids)
    skin, nose, rim = bare_skin(chosen, plan, places)
    light, dark = (towards(towards(painted, skin_colour, nose), lids, rim) for painted in (light, dark))
    if chosen.skin.hooves is not None:
        hoof = ramp(REGIONS["hooves"](places, 1.0), -0.006, 0.006)
        colour = tint.drawn(chosen.skin.hooves)
        light, dark = (towards(painted, colour, hoof) for painted in (light, dark))
        skin = np.maximum(skin, hoof)
    hollow = np.clip(skin - 1.0, 0.0, 1.0)
    light, dark = (towards(painted, _HOLLOW, hollow) for painted in (light, dark))

    # where the shape has no fleece it is shorn
    wool = np.full(count, chosen.wool * (1.0 if plan.parts.get("wool") else 0.4))
    if chosen.wool_area is not None:
        wool = wool * ramp(inside(chosen.wool_area, places, random), -0.02, 0.02)
    pieces = {
        name: PieceColours(
            base=None if paint.base is None else tint.drawn(paint.base),
            tip=None if paint.tip is None else tint.drawn(paint.tip),
            inside=None if paint.inside is None else tint.drawn(paint.inside),
            amount=float(random.uniform(*paint.amount)),
            start=paint.start,
        )
        for name, paint in chosen.pieces.items()
    }
    return Coat(
        light=light.clip(0.0, 0.9),
        dark=dark.clip(0.0, 0.9),
        pattern=pattern,
        edge=edge,
        skin=skin,
        skin_colour=skin_colour,
        wet=chosen.skin.wet,
        roughness=chosen.roughness,
        fur=chosen.fur,
        wool=wool * (1.0 - np.minimum(skin, 1.0)),
        strands=strands(places, wool),
        locks=long_hair(places, chosen.locks) * (1.0 - np.minimum(skin, 1.0)),
        pieces=pieces,
        scale=plan.scale,
    )


def piece_coat(coat: Coat, piece: Piece, nearest: IntArray) -> Coat:
    """Coat of a piece that sits on the skin.

    Parameters
    ----------
    coat
        Of the skin.
    piece
        The piece. Its colours are those described under its name without the side, else under its material.
    nearest
        (V,) the skin's vertex nearest to each of its roots.

    Returns
    -------
    Coat
        Of the piece's vertices.
    """
    colours = coat.pieces.get(piece.name.partition(".")[0], coat.pieces.get(piece.material))
    # Roots may lie on bare skin or in a nostril, pieces do not continue that.
    light, dark, pattern = coat.light[nearest], coat.dark[nearest], coat.pattern[nearest]
    hard = piece.material in ("horn", "antler")
    if colours is not None:
        if colours.base is not None:
            light = dark = np.tile(colours.base, (len(nearest), 1))
        if colours.inside is not None:
            light, dark = (towards(painted, colours.inside, piece.inside) for painted in (light, dark))
        if colours.tip is not None:
            weight = colours.amount * ramp(piece.along, colours.start[0], colours.start[1])
            light, dark = (towards(painted, colours.tip, weight) for painted in (light, dark))
    if piece.tone is not None:
        light, dark = ((painted * np.exp(piece.tone)[:, None]).clip(0.0, 0.9) for painted in (light, dark))
    return replace(
        coat,
        light=light,
        dark=dark,
        pattern=pattern,
        skin=np.full(len(nearest), 1.0 if hard else 0.0),
        wool=np.zeros(len(nearest)) if piece.material != "ear" else 0.3 * coat.wool[nearest],
        strands=piece.vertices / coat.scale * np.array([1.0, 1.0, 0.35]),
        locks=_locks_of(coat, piece, nearest),
    )


def _locks_of(coat: Coat, piece: Piece, nearest: IntArray) -> FloatArray:
    """Manes and tufts are long hair, even where that of the skin below is short; horns are none."""
    if piece.material in ("horn", "antler") or not coat.locks.any():
        return np.zeros(len(nearest))
    if piece.material == "hair":
        return np.full(len(nearest), 0.8)
    short: FloatArray = 0.5 * coat.locks[nearest]
    return short


def joined(coats: list[Coat]) -> Coat:
    """One coat of several sets of vertices, in order; all but the arrays is the first one's."""
    names = ("light", "dark", "pattern", "skin", "wool", "strands", "locks")
    arrays = {name: np.concatenate([getattr(coat, name) for coat in coats]) for name in names}
    return replace(coats[0], **arrays)


def shown(coat: Coat) -> FloatArray:
    """(V,) how much of the figure each vertex shows: 0 ground, 1 figure."""
    figure: FloatArray = np.clip(coat.pattern.max(axis=1) / (2.0 * max(coat.edge, 1e-9)) + 0.5, 0.0, 1.0)
    return figure


def final_colours(coat: Coat) -> FloatArray:
    """(V, 4) linear RGB and alpha of what is seen, for file formats that know one colour a vertex."""
    weight = shown(coat)[:, None]
    return np.column_stack([coat.light * (1.0 - weight) + coat.dark * weight, np.ones(len(weight))])


def _drawn_kind(
    kinds: tuple[Kind, ...], plan: BodyPlan, random: np.random.Generator, name: str | None
) -> Kind:
    draw = float(random.uniform())
    if name is not None:
        named = [kind for kind in kinds if kind.name == name]
        if not named:
            raise RigError(f"coat.kinds: no kind is called {name!r}; there are {[k.name for k in kinds]}")
        return named[0]
    fitting = [kind for kind in kinds if not kind.builds or plan.kind in kind.builds] or list(kinds)
    total = sum(kind.share for kind in fitting)
    if total <= 0.0:
        raise RigError(f"coat.kinds: none has a share for the build {plan.kind!r}")
    ends = np.cumsum([kind.share for kind in fitting]) / total
    return fitting[min(int(np.searchsorted(ends, draw, side="right")), len(fitting) - 1)]
