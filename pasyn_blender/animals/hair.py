"""Manes, and the hair of tails."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..errors import RigError
from .attachments import Piece, lofted_quads, outward
from .shape import BodySurface, field, head_frame, on_head
from .species import BodyPlan, individual_stream
from .sweep import FloatArray, spline

_STATIONS: Final = 84
_MANE_KEYS: Final = frozenset({"kind", "height", "thickness", "length", "forelock"})
_TAIL_KEYS: Final = frozenset({"start", "radii", "flat"})


def _checked(plan: BodyPlan, part: str, known: frozenset[str]) -> dict[str, Any] | None:
    given = plan.parts.get(part)
    if given is None:
        return None
    odd = sorted(set(given) - known)
    if odd:
        raise RigError(f"{plan.species}.yaml: {part}: unknown key {odd[0]!r}; known are {sorted(known)}")
    return dict(given)


def mane(plan: BodyPlan, surface: BodySurface) -> tuple[Piece, ...]:
    """The mane, if the species has one: upright as a zebra's, or hanging as a horse's."""
    given = _checked(plan, "mane", _MANE_KEYS)
    if given is None:
        return ()
    kind = given.get("kind", "upright")
    if kind == "upright":
        return (_upright(plan, surface, given),)
    if kind == "hanging":
        return (_hanging(plan, surface, given),)
    raise RigError(f"{plan.species}.yaml: mane.kind: expected upright or hanging, found {kind!r}")


def _ragged(plan: BodyPlan, count: int, purpose: int) -> FloatArray:
    """(count,) neighbouring lengths that differ a little."""
    values = individual_stream(plan.individual, purpose).normal(0.0, 1.0, count)
    even: FloatArray = 0.5 * values + 0.25 * (np.roll(values, 1) + np.roll(values, -1))
    return even


def _upright(plan: BodyPlan, surface: BodySurface, given: dict[str, Any]) -> Piece:
    """From the forelock to the withers, its edge a little uneven."""
    neck = next(part for part in surface.sweeps if part.name == "neck")
    tangent = np.gradient(neck.points, axis=0)
    side = np.cross(tangent, np.array([1.0, 0.0, 0.0]))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    _, axes = head_frame(plan)
    crest = neck.points + side * neck.extents[:, :1]
    keep = np.arange(len(crest))[6:-3]
    rows = [np.column_stack([crest[keep], side[keep]])]
    if given.get("forelock", True):
        for along, up, back in ((0.03, 0.135, -0.62), (0.10, 0.144, -0.45), (0.17, 0.150, -0.25)):
            rows.append(
                np.concatenate([on_head(plan, 0.0, along, up), 0.85 * axes[2] + back * axes[1]])[None]
            )
    stations = spline(np.concatenate(rows), _STATIONS)
    place, up_ = stations[:, :3].copy(), stations[:, 3:]
    for _ in range(3):
        up_ = np.vstack([up_[:1], 0.25 * up_[:-2] + 0.5 * up_[1:-1] + 0.25 * up_[2:], up_[-1:]])
    up_ /= np.linalg.norm(up_, axis=1, keepdims=True)
    for _ in range(4):
        place -= field(plan, surface.sweeps, place)[:, None].clip(-0.03, 0.03) * up_
    along_ = np.linspace(0.0, 1.0, _STATIONS)
    tall = np.interp(
        along_, [0.0, 0.08, 0.25, 0.6, 0.86, 0.95, 1.0], [0.035, 0.44, 0.86, 1.0, 0.98, 0.75, 0.22]
    )
    height = float(given.get("height", 0.114)) * plan.scale * plan.factors["mane_height"]
    tall = tall * height * (1.0 + 0.045 * _ragged(plan, _STATIONS, 2))
    #       lateral half width (fraction of base), height (fraction)
    outline = np.array([[1.0, -0.22], [1.0, 0.0], [0.86, 0.33], [0.66, 0.66], [0.40, 0.93], [0.10, 1.0]])
    outline = np.concatenate([outline, outline[::-1] * np.array([-1.0, 1.0])])
    thick = float(given.get("thickness", 0.021))
    base = np.interp(along_, [0.0, 0.15, 0.85, 1.0], [0.38, 1.0, 0.90, 0.48]) * thick * plan.scale
    lateral = outline[:, 0][None, :, None] * base[:, None, None] * np.array([1.0, 0.0, 0.0])
    buried = np.maximum(tall, 0.03 * plan.scale)
    rise = np.where(outline[:, 1] < 0.0, outline[:, 1] * buried[:, None], outline[:, 1] * tall[:, None])
    vertices = (place[:, None] + lateral + rise[..., None] * up_[:, None]).reshape(-1, 3)
    sideways = np.sign(outline[:, 0])[None, :, None] * 0.03 * plan.scale * np.array([1.0, 0.0, 0.0])
    roots = np.broadcast_to(
        place[:, None] + sideways - 0.01 * plan.scale * up_[:, None], (_STATIONS, len(outline), 3)
    ).reshape(-1, 3)
    quads = outward(vertices, lofted_quads(_STATIONS, len(outline)))
    tip = np.tile(outline[:, 1].clip(0.0, 1.0), _STATIONS)
    return Piece("mane", "hair", vertices, quads, roots, None, 0.0 * tip, tip, 0.0 * tip)


def _hanging(plan: BodyPlan, surface: BodySurface, given: dict[str, Any]) -> Piece:
    """A sheet of hair from the crest down one side of the neck; the side is the individual's own."""
    neck = next(part for part in surface.sweeps if part.name == "neck")
    sign = 1.0 if individual_stream(plan.individual, 2).uniform() < 0.5 else -1.0
    index = np.linspace(0.24, 0.97, _STATIONS) * (len(neck.points) - 1)
    at = np.arange(len(neck.points))
    centre, extents = (
        np.column_stack([np.interp(index, at, values[:, c]) for c in range(3)])
        for values in (neck.points, neck.extents)
    )
    tangent = np.gradient(centre, axis=0)
    side = np.cross(tangent, np.array([1.0, 0.0, 0.0]))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    along = np.linspace(0.0, 1.0, _STATIONS)
    longest = float(given.get("length", 0.20)) * plan.scale * plan.factors["mane_height"]
    length = longest * np.interp(along, [0.0, 0.12, 0.5, 0.9, 1.0], [0.25, 0.8, 1.0, 0.95, 0.6])
    length = length * (1.0 + 0.13 * _ragged(plan, _STATIONS, 4))
    # How far round the neck's section the hair reaches.
    reach = np.minimum(length / np.maximum(0.5 * (extents[:, 0] + extents[:, 2]), 1e-6), 1.9)
    share = np.linspace(-0.12, 1.0, 8)
    angle = reach[:, None] * share
    thick = float(given.get("thickness", 0.020)) * plan.scale
    body = np.interp(share, [-0.12, 0.0, 0.15, 0.6, 1.0], [0.1, 0.7, 1.0, 0.8, 0.15]) * thick
    rough = 1.0 + 0.35 * _ragged(plan, _STATIONS, 5)[:, None] * np.linspace(0.2, 1.0, len(share))

    def layer(lift: FloatArray) -> FloatArray:
        lateral = sign * np.sin(angle) * (extents[:, 2:3] + lift)
        upward = np.cos(angle) * (extents[:, 0:1] + lift)
        sheet: FloatArray = (
            centre[:, None]
            + lateral[..., None] * np.array([1.0, 0.0, 0.0])
            + upward[..., None] * side[:, None]
        )
        return sheet

    outer, inner = layer(body * rough), layer(np.full((1, len(share)), -0.010 * plan.scale))
    vertices = np.concatenate([outer, inner[:, ::-1]], axis=1).reshape(-1, 3)
    on_skin = layer(np.zeros((1, len(share))))
    roots = np.concatenate([on_skin, on_skin[:, ::-1]], axis=1).reshape(-1, 3)
    quads = outward(vertices, lofted_quads(_STATIONS, 2 * len(share)))
    tip = np.tile(np.concatenate([share, share[::-1]]).clip(0.0, 1.0), _STATIONS)
    return Piece("mane", "hair", vertices, quads, roots, None, 0.0 * tip, tip, 0.0 * tip)


def tail_hair(plan: BodyPlan) -> tuple[Piece, ...]:
    """Long hair of the tail, if the species has it: a tuft at its end, or a full tail from the dock on."""
    given = _checked(plan, "tail_hair", _TAIL_KEYS)
    if given is None:
        return ()
    stations = plan.stations["tail"]
    dock = np.column_stack([np.zeros(len(stations)), stations[:, :2]])
    path = spline(np.vstack([dock, [0.0, *plan.tuft_end]]), 80)
    start = float(given.get("start", 0.72))
    # ``start`` is a share of the dock; the curve goes on to the end of the hair.
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    dock_length = float(np.linalg.norm(np.diff(dock, axis=0), axis=1).sum())
    along = np.linspace(0.0, 1.0, 24)
    place = start * dock_length + along * (arc[-1] - start * dock_length)
    centre = np.column_stack([np.interp(place, arc, path[:, c]) for c in range(3)])
    radii = np.asarray(given["radii"], float)  # of the dock's end radius, evenly along the hair
    thick = np.interp(along, np.linspace(0.0, 1.0, len(radii)), radii) * stations[-1, 2]
    turn = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)
    lobes = 1.0 + 0.10 * np.cos(3.0 * turn + 1.0)
    tangent = np.gradient(centre, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    across = np.cross(tangent, np.array([1.0, 0.0, 0.0]))
    flat = float(given.get("flat", 0.8))
    offset = (
        flat * np.cos(turn)[None, :, None] * np.array([1.0, 0.0, 0.0])
        + np.sin(turn)[None, :, None] * across[:, None]
    ) * lobes[None, :, None]
    vertices = (centre[:, None] + thick[:, None, None] * offset).reshape(-1, 3)
    quads = outward(vertices, lofted_quads(len(along), len(turn)))
    roots = np.repeat(centre, len(turn), axis=0)
    tip = np.repeat(along, len(turn))
    # Hair beyond the dock hangs from its last bone.
    beyond = np.clip((place - 0.85 * dock_length) / (0.15 * dock_length), 0.0, 1.0)
    carried = np.repeat(beyond, len(turn))
    return (Piece("tail_hair", "hair", vertices, quads, roots, "tail_4", carried, tip, 0.0 * tip),)
