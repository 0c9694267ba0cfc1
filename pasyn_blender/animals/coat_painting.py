"""Painting of a coat: an individual's pattern, markings, shades, dust and bare skin on its vertices."""

from __future__ import annotations

from typing import Final

import numpy as np

from .coat_kinds import EACH_LEG, Area, Kind, Mark, Palette, Shade
from .coat_patterns import patches, reticulated, spots
from .coat_places import Places, ramp, smooth_noise
from .coat_regions import REGIONS, legs_below
from .mesh_graph import Neighbours
from .shape import BodySurface
from .species import BodyPlan
from .stripes import WIDTHS, stripe_pattern, thinned
from .sweep import FloatArray, IntArray

_GREY: Final = np.array([0.2126, 0.7152, 0.0722])
_DUST: Final = np.array([0.24, 0.17, 0.11])
_LIMIT: Final = 0.10
"""Table units from its border at which the crisp field stops to rise."""


class Tint:
    """An individual's own shift of all its colours."""

    def __init__(self, kind: Kind, random: np.random.Generator) -> None:
        value, warmth, saturation = kind.jitter
        self._random = random
        shift = random.normal(0.0, 1.0, 3).clip(-2.0, 2.0)
        warm = warmth * shift[1]
        self._factor = np.exp(value * shift[0] + np.array([warm, 0.0, -warm]))
        self._saturation = float(np.exp(saturation * shift[2]))

    def drawn(self, palette: Palette) -> FloatArray:
        """(3,) linear RGB."""
        colour = palette.drawn(self._random) * self._factor
        grey = float(colour @ _GREY)
        return (grey + self._saturation * (colour - grey)).clip(1e-4, 0.85)


def towards(colours: FloatArray, colour: FloatArray, weight: FloatArray) -> FloatArray:
    """(V, 3) colours moved towards one of (3,) by a weight (V,)."""
    mixed: FloatArray = colours + weight[:, None] * (colour - colours)
    return mixed


def inside(area: Area, places: Places, random: np.random.Generator, size: float | None = None) -> FloatArray:
    """(V,) signed distance to an area's border, positive inside."""
    drawn = float(random.uniform(*area.size)) if size is None else size
    field = np.maximum.reduce([REGIONS[name](places, drawn) for name in area.inside])
    for name, factor in area.outside:
        field = np.minimum(field, -REGIONS[name](places, factor))
    return field + _wander(area.ragged, places, random)


def _wander(ragged: float, places: Places, random: np.random.Generator) -> FloatArray:
    if ragged <= 0.0:
        return np.zeros(len(places.points))
    wavelength = max(12.0 * ragged, 0.10)
    coarse = smooth_noise(places.points, random, wavelength)
    return ragged * (coarse + 0.3 * smooth_noise(places.points, random, 0.4 * wavelength))


def drawn_pattern(
    kind: Kind,
    plan: BodyPlan,
    surface: BodySurface,
    neighbours: Neighbours,
    places: Places,
    random: np.random.Generator,
) -> tuple[FloatArray, float, IntArray | None]:
    """(V, C) signed distances, half width of edges, and cells if the pattern has some."""
    numbers = {name: float(random.uniform(*bounds)) for name, bounds in kind.numbers.items()}
    lean = np.zeros(len(places.points))
    for item in kind.leans:
        amount = float(random.uniform(*item.amount))
        lean = lean + amount * ramp(inside(item.area, places, random), -item.soft, item.soft)
    edge, cell = 0.004, None
    if kind.pattern == "stripes":
        widths = {**WIDTHS, **kind.widths}
        widths = {part: width * numbers["widths"] for part, width in widths.items()}
        stripe, period = stripe_pattern(plan, surface, neighbours, random, widths, numbers["wobble"])
        stripe = thinned(places, stripe, numbers["fill"], numbers["belly"])
        # the cosine's slope makes it a distance
        field = (stripe * period / (2.0 * np.pi * plan.scale))[:, None]
        edge = 0.0012
    elif kind.pattern == "patches":
        field = patches(
            places, neighbours, random, numbers["cover"], numbers["width"], numbers["lobes"], lean
        )[:, None]
    elif kind.pattern == "reticulated":
        field, cell = reticulated(places, random, numbers["width"], numbers["line"], numbers["lobes"])
    elif kind.pattern == "spots":
        field = spots(places, random, numbers["width"], numbers["apart"], numbers["rows"])[:, None]
    else:
        field = np.full((len(places.points), 1), -_LIMIT)
    if kind.pattern in ("reticulated", "spots"):
        field = field + lean[:, None]
    if kind.only is not None:
        field = np.minimum(field, inside(kind.only, places, random)[:, None])
    return field, edge, cell


def marked(pattern: FloatArray, mark: Mark, places: Places, random: np.random.Generator) -> FloatArray:
    """The crisp field with a marking added, or cut out of it."""
    if mark.area.inside == (EACH_LEG,):
        fields = []
        for side in (1.0, -1.0):
            for hind in (False, True):
                size, present = float(random.uniform(*mark.area.size)), random.uniform() < mark.chance
                own = np.minimum(legs_below(places, size, hind), 10.0 * places.points[:, 0] * side)
                if present:
                    fields.append(own)
        wander = _wander(mark.area.ragged, places, random)
        if not fields:
            return pattern
        field = np.maximum.reduce(fields) + wander
    else:
        present = random.uniform() < mark.chance
        field = inside(mark.area, places, random)
        if not present:
            return pattern
    field = field.clip(-_LIMIT, _LIMIT)[:, None]
    return np.minimum(pattern, -field) if mark.cut else np.maximum(pattern, field)


def shaded(
    light: FloatArray,
    dark: FloatArray,
    shade: Shade,
    places: Places,
    random: np.random.Generator,
    tint: Tint,
) -> tuple[FloatArray, FloatArray]:
    """Ground and figure, (V, 3) each, with a shade painted on."""
    present = random.uniform() < shade.chance
    amount = float(random.uniform(*shade.amount))
    value = float(random.uniform(*shade.value))
    weight = amount * ramp(inside(shade.area, places, random), -shade.soft, shade.soft)
    colour = None if shade.colour is None else tint.drawn(shade.colour)
    if not present:
        return light, dark

    def painted(colours: FloatArray) -> FloatArray:
        if colour is not None:
            return towards(colours, colour, weight)
        return colours * (1.0 + weight * (value - 1.0))[:, None]

    return (
        painted(light) if shade.on != "figure" else light,
        painted(dark) if shade.on != "ground" else dark,
    )


def dusty(
    light: FloatArray, dark: FloatArray, kind: Kind, places: Places, random: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Dust and mud on the lower legs and the belly."""
    amount = float(random.uniform(*kind.dirt))
    low = ramp(places.points[:, 2], places.leg_height("foreleg", 2.6), places.leg_height("foreleg", 0.4))
    belly = 0.5 * ramp(-places.normals[:, 2], 0.3, 0.9) * places.shares["torso"]
    uneven = 0.5 + 0.5 * np.tanh(smooth_noise(places.points, random, 0.14))
    weight = amount * np.maximum(low, belly) * (0.35 + 0.65 * uneven)
    return towards(light, _DUST, weight), towards(dark, _DUST, weight)


def bare_skin(kind: Kind, plan: BodyPlan, places: Places) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The skin attribute, and how much of the nose's and of the eyelids' colour shows, (V,) each."""
    skin, head = kind.skin, places.head
    on_head = ramp(places.shares["head"], 0.4, 0.6)
    if "nose_pad" in plan.masses:
        pad = plan.masses["nose_pad"]
        nose = 1.0 - ramp(np.linalg.norm((head - pad.offset) / pad.radii, axis=1), 1.0, 1.35)
        nose = nose * ramp(head[:, 1], pad.offset[1] - 0.6 * pad.radii[1], pad.offset[1])
    elif skin.above > -1.0:
        nose = ramp(head[:, 1], skin.nose - 0.02, skin.nose + 0.02)
        nose = nose * ramp(head[:, 2], skin.above - 0.02, skin.above + 0.02)
    else:
        nose = ramp(head[:, 1] - 0.25 * head[:, 2], skin.nose - 0.06, skin.nose + 0.06)
    size = float(plan.eye[3])
    distance = np.linalg.norm((head - places.eye) * np.array([1.0, 0.8, 1.0]), axis=1)
    rim = skin.rims * (1.0 - ramp(distance, 1.05 * size, 1.75 * size))
    nose, rim = nose * on_head, rim * on_head
    bare: FloatArray = np.maximum.reduce([nose, rim, np.full(len(head), skin.bare)])
    if skin.mouth and "nostril" in plan.masses:
        nostril = plan.masses["nostril"]
        offset = (head - np.append(abs(nostril.offset[0]), nostril.offset[1:])) / nostril.radii
        hollow = 1.0 - ramp(np.linalg.norm(offset, axis=1), 0.75, 1.3)
        bare = np.maximum(bare, 2.0 * hollow * on_head)
    return bare, nose, rim


def strands(places: Places, wool: FloatArray) -> FloatArray:
    """Places compressed along the hair: backwards on the trunk, down the legs, along the tail."""
    down = (places.limbs + places.shares["tail"])[:, None]
    trunk = places.shares["torso"][:, None]
    flow = trunk * np.array([0.0, 0.92, -0.38]) + down * np.array([0.0, 0.05, -1.0])
    flow = flow + places.shares["neck"][:, None] * np.array([0.0, 0.75, -0.66])
    flow = flow + places.shares["head"][:, None] * np.array([0.0, 0.55, 0.60])
    flow /= np.maximum(np.linalg.norm(flow, axis=1, keepdims=True), 1e-6)
    middle = places.points.mean(axis=0)
    along = ((places.points - middle) * flow).sum(axis=1)
    # Curls lie no way: a lock that is nearer to a leg than its neighbours would be torn out of them.
    strands: FloatArray = places.points - (0.7 * (1.0 - wool) * along)[:, None] * flow
    return strands


def long_hair(places: Places, locks: float) -> FloatArray:
    """(V,) how far the hair lies in locks: less on the face and on the lower legs."""
    face = ramp(places.face[:, 1], -0.05, 0.30) * ramp(places.shares["head"], 0.3, 0.7)
    # From elbow and stifle down to just above carpus and hock.
    top, end = (
        np.where(places.hind, places.leg_height("hindleg", sections), places.leg_height("foreleg", sections))
        for sections in (3.0, 2.2)
    )
    low = ramp((top - places.points[:, 2]) / (top - end), 0.0, 1.0) * ramp(places.limbs, 0.2, 0.6)
    hair: FloatArray = locks * (1.0 - 0.5 * face) * (1.0 - 0.6 * low)
    return hair
