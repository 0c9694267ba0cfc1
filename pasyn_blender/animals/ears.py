"""Ears: rounded leaves rolled into cups, pricked or hanging."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..errors import RigError
from .attachments import Piece, lofted_quads, outward
from .shape import head_frame, head_length, on_head
from .species import BodyPlan
from .sweep import FloatArray

_KEYS: Final = frozenset({"root", "direction", "tip_direction", "opening", "length", "width", "roll", "leaf"})

# height, half width (of the length), half opening of the roll in degrees, thickness
_LEAF: Final = np.array(
    [[-0.10, 0.060, 150, 0.040], [0.06, 0.150, 140, 0.040], [0.25, 0.185, 118, 0.036],
     [0.45, 0.220, 100, 0.032], [0.65, 0.215, 92, 0.030], [0.82, 0.165, 88, 0.026],
     [0.93, 0.100, 85, 0.020], [1.00, 0.030, 80, 0.012]]
)  # fmt: skip
_HEIGHTS: Final = np.concatenate([np.linspace(-0.10, 0.82, 10), [0.90, 0.96, 0.99, 1.00]])
_POINTS: Final = 9


def _described(plan: BodyPlan) -> dict[str, Any]:
    given = dict(plan.parts.get("ears") or {})
    needed = {"root", "direction", "opening", "length"}
    if not needed <= set(given) <= _KEYS:
        raise RigError(
            f"{plan.species}.yaml: ears: expected {sorted(needed)} and of {sorted(_KEYS - needed)} what "
            f"differs, found {sorted(given)}"
        )
    return given


def _axis(plan: BodyPlan, heights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(H, 3) places and directions of the left ear's middle line at fractions of its length."""
    given = _described(plan)
    _, axes = head_frame(plan)
    first = np.asarray(given["direction"], float) @ axes
    last = np.asarray(given.get("tip_direction", given["direction"]), float) @ axes
    first, last = first / np.linalg.norm(first), last / np.linalg.norm(last)
    length = float(given["length"]) * plan.factors["ear_length"] * head_length(plan)
    fine = np.linspace(0.0, 1.0, 41)
    share = (fine * fine * (3.0 - 2.0 * fine))[:, None]
    way = (1.0 - share) * first + share * last
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    steps = 0.5 * (way[1:] + way[:-1]) * length / 40.0
    path = np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
    root = on_head(plan, *np.asarray(given["root"], float).tolist())
    inside = np.clip(heights, 0.0, 1.0)
    place = np.column_stack([np.interp(inside, fine, path[:, c]) for c in range(3)])
    place = root + place + np.minimum(heights, 0.0)[:, None] * length * first
    direction = np.column_stack([np.interp(inside, fine, way[:, c]) for c in range(3)])
    return place, direction / np.linalg.norm(direction, axis=1, keepdims=True)


def ear_ends(plan: BodyPlan) -> tuple[FloatArray, FloatArray]:
    """Root and tip of the left ear, (3,) each."""
    place, _ = _axis(plan, np.array([0.0, 1.0]))
    return place[0], place[1]


def ears(plan: BodyPlan) -> tuple[Piece, Piece]:
    """Left and right ear: a rounded leaf rolled into a cup that opens as the species says."""
    given = _described(plan)
    length = float(given["length"]) * plan.factors["ear_length"] * head_length(plan)
    leaf = np.asarray(given.get("leaf", _LEAF), float)
    half, roll, thick = (np.interp(_HEIGHTS, leaf[:, 0], leaf[:, c]) for c in (1, 2, 3))
    half, roll = half * float(given.get("width", 1.0)), roll * float(given.get("roll", 1.0))
    _, axes = head_frame(plan)
    facing = np.asarray(given["opening"], float) @ axes
    rings = []
    for place, up, w, r, t in zip(*_axis(plan, _HEIGHTS), half, np.radians(roll), thick, strict=True):
        opening = facing - (facing @ up) * up
        opening /= np.linalg.norm(opening)
        across = np.cross(up, opening)
        radius = w / max(np.sin(min(r, np.pi / 2)), 0.3)
        turn = np.linspace(-r, r, _POINTS)
        # Measured from the ear's middle line: a flat ear has its back there, not a radius away.
        back = radius * np.cos(r) if r < np.pi / 2 else 0.0
        outer = np.column_stack([radius * np.sin(turn), back - radius * np.cos(turn)])
        inner = outer[::-1] * np.array([1.0, 1.0])
        centre = np.array([0.0, back])
        inner = centre + (inner - centre) * max(1.0 - t / radius, 0.25)
        flat = np.concatenate([outer, inner]) * length
        rings.append(place + flat[:, :1] * across + flat[:, 1:] * opening)
    vertices = np.concatenate(rings)
    around = 2 * _POINTS
    quads = outward(vertices, lofted_quads(len(_HEIGHTS), around))
    root, _ = ear_ends(plan)
    left = Piece(
        name="ear.L",
        material="ear",
        vertices=vertices,
        quads=quads,
        roots=np.repeat(root[None], len(vertices), axis=0),
        bone="ear.L",
        carried=np.ones(len(vertices)),
        along=np.repeat(_HEIGHTS.clip(0.0, 1.0), around),
        inside=np.tile((np.arange(around) >= _POINTS).astype(float), len(_HEIGHTS)),
    )
    return left, left.mirrored("ear.R", "ear.R")
