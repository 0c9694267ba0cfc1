"""Ears, mane, tail tuft and eyes: closed pieces that sit on the body's skin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .shape import BodySurface, field, head_frame, head_length, on_head
from .species import BodyPlan, individual_stream
from .sweep import FloatArray, IntArray, spline


@dataclass(frozen=True)
class Piece:
    """A closed part that is no part of the skin's own surface.

    Attributes
    ----------
    name
        What it is.
    vertices
        (V, 3) positions, body frame, metres.
    quads
        (Q, 4) faces, outwards, closed.
    roots
        (V, 3) places on the body that move it and whose stripes it continues.
    bone
        The bone that carries all of it; ``None`` when it follows the skin at its roots.
    dark
        (V,) 0 where it has the coat's colours, 1 where it is dark.
    light
        (V,) 1 where it is never striped.
    """

    name: str
    vertices: FloatArray
    quads: IntArray
    roots: FloatArray
    bone: str | None
    dark: FloatArray
    light: FloatArray


def lofted_quads(rings: int, around: int) -> IntArray:
    """(Q, 4) faces of rings of points, capped at both ends; ``around`` is even."""
    i = np.arange(around)
    j = (i + 1) % around
    walls = [np.column_stack([r * around + i, r * around + j, (r + 1) * around + j, (r + 1) * around + i])
             for r in range(rings - 1)]  # fmt: skip
    k = np.arange(around // 2 - 1)
    cap = np.column_stack([k, around - 1 - k, around - 2 - k, k + 1])
    top = (rings - 1) * around + cap[:, ::-1]
    quads: IntArray = np.concatenate([*walls, cap, top])
    return quads


def ear_ends(plan: BodyPlan) -> tuple[FloatArray, FloatArray]:
    """Root and tip of the left ear, (3,) each."""
    root = on_head(plan, 0.044, 0.040, 0.036)
    _, axes = head_frame(plan)
    upward = 0.36 * axes[0] - 0.62 * axes[1] + 0.72 * axes[2]
    length = 0.170 * plan.factors["ear_length"] * plan.scale
    return root, root + length * upward / np.linalg.norm(upward)


def ears(plan: BodyPlan) -> tuple[Piece, Piece]:
    """Left and right ear: a rounded leaf rolled into a cup that opens forwards and outwards."""
    root, tip = ear_ends(plan)
    length = float(np.linalg.norm(tip - root))
    up = (tip - root) / length
    _, axes = head_frame(plan)
    opening = 0.75 * axes[0] + 0.66 * axes[1]
    opening -= (opening @ up) * up
    opening /= np.linalg.norm(opening)
    across = np.cross(up, opening)
    #                  height, half width, half opening of the roll (degrees), thickness
    leaf = np.array([[-0.10, 0.060, 150, 0.040], [0.06, 0.150, 140, 0.040], [0.25, 0.185, 118, 0.036],
                     [0.45, 0.220, 100, 0.032], [0.65, 0.215, 92, 0.030], [0.82, 0.165, 88, 0.026],
                     [0.93, 0.100, 85, 0.020], [1.00, 0.030, 80, 0.012]])  # fmt: skip
    heights = np.concatenate([np.linspace(-0.10, 0.82, 10), [0.90, 0.96, 0.99, 1.00]])
    half, roll, thick = (np.interp(heights, leaf[:, 0], leaf[:, c]) for c in (1, 2, 3))
    rings = []
    n = 9
    for h, w, r, t in zip(heights, half, np.radians(roll), thick, strict=True):
        radius = w / max(np.sin(min(r, np.pi / 2)), 0.3)
        turn = np.linspace(-r, r, n)
        outer = np.column_stack([radius * np.sin(turn), -radius * np.cos(turn)])
        inner = outer[::-1] * max(1.0 - t / radius, 0.25)
        flat = np.concatenate([outer, inner]) * length
        rings.append(root + h * length * up + flat[:, :1] * across + flat[:, 1:] * opening)
    vertices = np.concatenate(rings)
    around = 2 * n
    quads = lofted_quads(len(heights), around)
    at = np.repeat(heights, around)
    is_inner = np.tile(np.arange(around) >= n, len(heights))
    band = (np.abs(at - 0.36) < 0.09) & ~is_inner
    dark = np.where((at > 0.80) | band, 1.0, 0.0)
    dark = np.where(is_inner & (at < 0.80), 0.30, dark)
    roots = np.repeat(root[None], len(vertices), axis=0)
    if _volume(vertices, quads) < 0.0:
        quads = quads[:, ::-1]
    mirror = np.array([-1.0, 1.0, 1.0])
    light = np.ones(len(vertices))
    return (
        Piece("ear.L", vertices, quads, roots, "ear.L", dark, light),
        Piece("ear.R", vertices * mirror, quads[:, ::-1], roots * mirror, "ear.R", dark, light),
    )


def _volume(vertices: FloatArray, quads: IntArray) -> float:
    a, b, c, d = (vertices[quads[:, i]] for i in range(4))
    return float((np.cross(b, c) * a).sum() + (np.cross(c, d) * a).sum())


def mane(plan: BodyPlan, surface: BodySurface) -> Piece:
    """Upright mane from the forelock to the withers, its edge a little uneven."""
    neck = next(part for part in surface.sweeps if part.name == "neck")
    tangent = np.gradient(neck.points, axis=0)
    side = np.cross(tangent, np.array([1.0, 0.0, 0.0]))
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    _, axes = head_frame(plan)
    crest = neck.points + side * neck.extents[:, :1]
    keep = np.arange(len(crest))[6:-3]
    stations = np.concatenate([
        np.column_stack([crest[keep], side[keep]]),
        np.concatenate([on_head(plan, 0.0, 0.03, 0.07), 0.75 * axes[2] - 0.62 * axes[1]])[None],
        np.concatenate([on_head(plan, 0.0, 0.10, 0.075), 0.9 * axes[2] - 0.45 * axes[1]])[None],
        np.concatenate([on_head(plan, 0.0, 0.17, 0.078), 0.9 * axes[2] - 0.25 * axes[1]])[None],
    ])  # fmt: skip
    count = 84
    rows = spline(stations, count)
    place, up = rows[:, :3].copy(), rows[:, 3:]
    for _ in range(3):
        up = np.vstack([up[:1], 0.25 * up[:-2] + 0.5 * up[1:-1] + 0.25 * up[2:], up[-1:]])
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    for _ in range(4):
        place -= field(plan, surface.sweeps, place)[:, None].clip(-0.03, 0.03) * up
    along = np.linspace(0.0, 1.0, count)
    tall = np.interp(
        along, [0.0, 0.08, 0.25, 0.6, 0.86, 0.95, 1.0], [0.004, 0.05, 0.098, 0.114, 0.112, 0.085, 0.025]
    )
    random = individual_stream(plan.individual, 2)
    ragged = random.normal(0.0, 1.0, count)
    ragged = 0.5 * ragged + 0.25 * (np.roll(ragged, 1) + np.roll(ragged, -1))
    tall = tall * plan.scale * plan.factors["mane_height"] * (1.0 + 0.045 * ragged)
    #       lateral half width (fraction of base), height (fraction)
    outline = np.array([[1.0, -0.22], [1.0, 0.0], [0.86, 0.33], [0.66, 0.66], [0.40, 0.93], [0.10, 1.0]])
    outline = np.concatenate([outline, outline[::-1] * np.array([-1.0, 1.0])])
    base = np.interp(along, [0.0, 0.15, 0.85, 1.0], [0.008, 0.021, 0.019, 0.010]) * plan.scale
    lateral = outline[:, 0][None, :, None] * base[:, None, None] * np.array([1.0, 0.0, 0.0])
    buried = np.maximum(tall, 0.03 * plan.scale)
    height = np.where(outline[:, 1] < 0.0, outline[:, 1] * buried[:, None], outline[:, 1] * tall[:, None])
    vertices = (place[:, None] + lateral + height[..., None] * up[:, None]).reshape(-1, 3)
    sideways = np.sign(outline[:, 0])[None, :, None] * 0.03 * plan.scale * np.array([1.0, 0.0, 0.0])
    roots = np.broadcast_to(place[:, None] + sideways - 0.01 * up[:, None], (count, len(outline), 3)).reshape(
        -1, 3
    )
    quads = lofted_quads(count, len(outline))
    if _volume(vertices, quads) < 0.0:
        quads = quads[:, ::-1]
    fringe = np.tile(np.interp(outline[:, 1], [0.60, 0.95], [0.0, 0.75]), count)
    return Piece("mane", vertices, quads, roots, None, fringe, np.zeros(len(vertices)))


def tuft(plan: BodyPlan) -> Piece:
    """Long dark hairs at the end of the tail."""
    yz, radius = plan.stations["tail"][:, :2], plan.stations["tail"][:, 2]
    start = np.array([0.0, *(0.45 * yz[-1] + 0.55 * yz[-2])])
    end = np.array([0.0, *plan.tuft_end])
    along = np.linspace(0.0, 1.0, 18)
    thick = (
        np.interp(along, [0.0, 0.1, 0.35, 0.65, 0.88, 1.0], [0.75, 1.35, 2.1, 2.2, 1.3, 0.25]) * radius[-1]
    )
    turn = np.linspace(0.0, 2.0 * np.pi, 12, endpoint=False)
    lobes = 1.0 + 0.10 * np.cos(3.0 * turn + 1.0)
    centre = start + along[:, None] * (end - start)
    circle = np.column_stack([0.8 * np.cos(turn), np.sin(turn), 0.0 * turn]) * lobes[:, None]
    vertices = (centre[:, None] + thick[:, None, None] * circle).reshape(-1, 3)
    quads = lofted_quads(len(along), len(turn))
    if _volume(vertices, quads) < 0.0:
        quads = quads[:, ::-1]
    dark = np.repeat(np.interp(along, [0.05, 0.3], [0.3, 1.0]), len(turn))
    return Piece("tuft", vertices, quads, vertices, "tail_4", dark, np.zeros(len(vertices)))


def eye_centre(plan: BodyPlan) -> FloatArray:
    """(3,) centre of the left eyeball."""
    return on_head(plan, 0.0715, 0.355, 0.013)


def eye_radius(plan: BodyPlan) -> float:
    """Radius of an eyeball, metres."""
    return 0.0225 * head_length(plan) / 0.52


def eyeball(centre: FloatArray, radius: float) -> tuple[FloatArray, IntArray]:
    """Closed sphere of quads: (V, 3) vertices and (Q, 4) faces."""
    turn = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
    tilt = np.linspace(-0.97, 0.97, 11) * np.pi / 2
    rings = [
        np.column_stack([np.cos(a) * np.cos(turn), np.cos(a) * np.sin(turn), np.full(16, np.sin(a))])
        for a in tilt
    ]
    vertices = centre + radius * np.concatenate(rings)
    quads = lofted_quads(len(tilt), 16)
    return vertices, quads if _volume(vertices - centre, quads) > 0.0 else quads[:, ::-1]
