"""Manes, and the hair of tails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..errors import RigError
from .attachments import Piece, lofted_quads, outward
from .locks import Locks, fallen
from .shape import BodySurface, field, head_frame, on_head
from .species import BodyPlan, individual_stream
from .sweep import FloatArray, spline

_STATIONS: Final = 84
_MANE_LOCKS: Final = 150
_FORELOCKS: Final = 16
_TAIL_LOCKS: Final = 64
_LOCK_PLACES: Final = 8
# Share of a lock to its breadth there: it gathers at its root and thins out to its end.
_LOCK_WIDTH: Final = ([0.0, 0.2, 0.55, 0.85, 1.0], [0.75, 1.0, 1.0, 0.66, 0.10])
_MANE_KEYS: Final = frozenset({"kind", "height", "thickness", "length", "forelock"})
_TAIL_KEYS: Final = frozenset({"start", "radii", "flat", "locks"})


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
        return _hanging(plan, surface, given)
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


def _hanging(plan: BodyPlan, surface: BodySurface, given: dict[str, Any]) -> tuple[Piece, ...]:
    """Locks from the crest down one side of the neck, a few down the other, and a forelock between the ears.

    The side is the individual's own.
    """
    random = individual_stream(plan.individual, 2)
    sign = 1.0 if random.uniform() < 0.5 else -1.0
    longest = float(given.get("length", 0.30)) * plan.scale * plan.factors["mane_height"]
    thick = float(given.get("thickness", 0.010)) * plan.scale
    locks = _mane_locks(plan, surface, random, sign, longest, thick)
    made = [locks.piece("mane", None, np.zeros(locks.width.shape))]
    if given.get("forelock", True):
        front = _forelock(plan, surface, random, sign, 0.75 * longest, thick)
        made.append(front.piece("forelock", None, np.zeros(front.width.shape)))
    return tuple(made)


def _mane_locks(
    plan: BodyPlan,
    surface: BodySurface,
    random: np.random.Generator,
    sign: float,
    longest: float,
    thick: float,
) -> Locks:
    s = plan.scale
    neck = next(part for part in surface.sweeps if part.name == "neck")
    # From just before the withers to the poll, more or less evenly.
    along = (np.arange(_MANE_LOCKS) + random.uniform(-0.6, 0.6, _MANE_LOCKS)) / (_MANE_LOCKS - 1)
    along = along.clip(0.0, 1.0)
    index, at = (
        np.interp(along, [0.0, 1.0], [0.22, 0.985]) * (len(neck.points) - 1),
        np.arange(len(neck.points)),
    )
    centre, extents = (
        np.column_stack([np.interp(index, at, values[:, c]) for c in range(3)])
        for values in (neck.points, neck.extents)
    )
    forward = np.gradient(neck.points, axis=0)
    forward = np.column_stack([np.interp(index, at, forward[:, c]) for c in range(3)])
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    crest = np.cross(forward, np.array([1.0, 0.0, 0.0]))
    starts = centre + extents[:, :1] * crest
    starts[:, 0] += sign * random.uniform(-0.006, 0.012, _MANE_LOCKS) * s
    # Most fall to one side, the rest to the other: how many is the individual's own.
    own = random.uniform(size=_MANE_LOCKS) < random.uniform(0.65, 0.95)
    side = np.where(own, sign, -sign)
    length = longest * np.interp(along, [0.0, 0.12, 0.45, 0.90, 1.0], [0.12, 0.50, 1.0, 0.92, 0.62])
    # Ends wander slowly along the neck, and each lock a little by itself.
    waves = np.cos(2.0 * np.pi * (along * random.uniform(1.6, 3.2) + random.uniform()))
    length = length * (1.0 + 0.10 * waves + random.normal(0.0, 0.11, _MANE_LOCKS)).clip(0.55, 1.4)
    length = np.where(own, length, random.uniform(0.35, 0.75, _MANE_LOCKS) * length)
    push = side[:, None] * np.array([1.0, 0.0, 0.0]) + 0.25 * crest
    push = push + random.normal(0.0, 0.16, (_MANE_LOCKS, 1)) * forward
    share = np.linspace(0.0, 1.0, _LOCK_PLACES)
    high = np.interp(share, [0.0, 0.2, 0.5, 1.0], [-0.008, 0.020, 0.013, 0.008]) * s
    lift = high + random.uniform(0.0, 0.016, _MANE_LOCKS)[:, None] * np.minimum(3.0 * share, 1.0) * s
    # Towards the withers a mane gets thin and lies down; it does not end in a tuft.
    dense = np.interp(along, [0.0, 0.2], [0.1, 1.0])[:, None]
    lift = np.where(lift > 0.0, dense * lift, lift)
    paths, normals, roots = fallen(plan, surface, starts, push, length, lift)
    bend = np.sin(
        np.pi * (share * random.uniform(0.8, 2.0, (_MANE_LOCKS, 1)) + random.uniform(size=(_MANE_LOCKS, 1)))
    )
    paths = paths + (0.05 * length[:, None] * share * bend)[..., None] * forward[:, None]
    width = random.uniform(0.009, 0.020, _MANE_LOCKS)[:, None] * s * np.interp(share, *_LOCK_WIDTH)
    width = (0.5 + 0.5 * dense) * width
    return Locks(
        paths=paths,
        faces=normals,
        roots=roots,
        width=width,
        thickness=thick * np.interp(share, *_LOCK_WIDTH) * np.ones((_MANE_LOCKS, 1)),
        tone=random.normal(0.0, 0.22, _MANE_LOCKS),
    )


def _forelock(
    plan: BodyPlan,
    surface: BodySurface,
    random: np.random.Generator,
    sign: float,
    longest: float,
    thick: float,
) -> Locks:
    s = plan.scale
    _, axes = head_frame(plan)
    across = random.uniform(-1.0, 1.0, _FORELOCKS)
    starts = np.array(
        [
            on_head(plan, 0.045 * x, 0.02 + 0.03 * y, 0.15)
            for x, y in zip(across, random.uniform(size=_FORELOCKS), strict=True)
        ]
    )
    push = 1.2 * axes[1] + (0.22 * across + 0.12 * sign)[:, None] * axes[0] + 0.15 * axes[2]
    length = longest * random.uniform(0.55, 1.0, _FORELOCKS)
    share = np.linspace(0.0, 1.0, _LOCK_PLACES)
    high = np.interp(share, [0.0, 0.25, 1.0], [-0.008, 0.016, 0.007]) * s
    lift = high + random.uniform(0.0, 0.010, _FORELOCKS)[:, None] * np.minimum(3.0 * share, 1.0) * s
    paths, normals, roots = fallen(plan, surface, starts, push, length, lift)
    width = random.uniform(0.006, 0.012, _FORELOCKS)[:, None] * s * np.interp(share, *_LOCK_WIDTH)
    return Locks(
        paths=paths,
        faces=normals,
        roots=roots,
        width=width,
        thickness=0.8 * thick * np.interp(share, *_LOCK_WIDTH) * np.ones((_FORELOCKS, 1)),
        tone=random.normal(0.0, 0.22, _FORELOCKS),
    )


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
    # Where locks make its ragged end, the hair below them ends earlier.
    locks = bool(given.get("locks", False))
    reach, full = (0.80, 0.85) if locks else (1.0, 1.0)
    place = start * dock_length + reach * along * (arc[-1] - start * dock_length)
    centre = np.column_stack([np.interp(place, arc, path[:, c]) for c in range(3)])
    radii = np.asarray(given["radii"], float)  # of the dock's end radius, evenly along the hair
    outline = np.linspace(0.0, 1.0, len(radii))
    thick = full * np.interp(reach * along, outline, radii) * stations[-1, 2]
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
    core = Piece("tail_hair", "hair", vertices, quads, roots, "tail_4", carried, tip, 0.0 * tip)
    if not locks:
        return (core,)
    whole = start * dock_length + outline * (arc[-1] - start * dock_length)
    tail = _Fall(path, arc, whole, radii * stations[-1, 2], flat, dock_length)
    return (core, _tail_locks(plan, tail))


@dataclass(frozen=True)
class _Fall:
    """The hair of a tail as a whole: its middle line, and how wide it is."""

    path: FloatArray
    arc: FloatArray
    place: FloatArray
    thick: FloatArray
    flat: float
    dock: float


def _tail_locks(plan: BodyPlan, fall: _Fall) -> Piece:
    """Locks from all along the dock, on the outside of the hair as a whole, that end at different heights."""
    random = individual_stream(plan.individual, 4)
    count, share = _TAIL_LOCKS, np.linspace(0.0, 1.0, _LOCK_PLACES + 2)
    first, last = fall.place[0], fall.place[-1]
    # Many leave the root of the dock, fewer its end; the shortest end above the middle.
    start = first + (0.95 * fall.dock - first) * random.uniform(size=count) ** 1.4
    end = first + (last - first) * random.triangular(0.62, 1.0, 1.10, count)
    at = start[:, None] + (end - start)[:, None] * share
    turn = 2.0 * np.pi * (np.arange(count) * 0.618 + random.uniform(-0.1, 0.1, count))
    bend = 0.22 * np.sin(
        2.0 * np.pi * (share * random.uniform(0.4, 1.0, (count, 1)) + random.uniform(size=(count, 1)))
    )
    turn = turn[:, None] + bend * np.minimum(2.0 * share, 1.0)
    radius = np.interp(at, fall.place, fall.thick) * (
        0.86 + 0.30 * share * random.uniform(-0.8, 1.0, (count, 1))
    )
    # Beyond the hair's middle line they hang on in its direction.
    over = np.maximum(at - fall.arc[-1], 0.0)
    centre = np.stack([np.interp(at, fall.arc, fall.path[:, c]) for c in range(3)], axis=-1)
    tangents = np.gradient(fall.path, axis=0)
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    tangent = np.stack([np.interp(at, fall.arc, tangents[:, c]) for c in range(3)], axis=-1)
    centre = centre + over[..., None] * tangents[-1]
    lateral = np.array([1.0, 0.0, 0.0])
    across = np.cross(tangent, lateral)
    outwards = fall.flat * np.cos(turn)[..., None] * lateral + np.sin(turn)[..., None] * across
    width = random.uniform(0.010, 0.018, count)[:, None] * plan.scale * np.interp(share, *_LOCK_WIDTH)
    beyond = np.clip((at - 0.85 * fall.dock) / (0.15 * fall.dock), 0.0, 1.0)
    locks = Locks(
        paths=centre + radius[..., None] * outwards,
        faces=outwards,
        roots=centre,
        width=width,
        thickness=0.5 * width,
        tone=random.normal(0.0, 0.24, count),
    )
    return locks.piece("tail_hair", "tail_4", beyond)
