"""Closed pieces that sit on the body's skin: what they are, horns and other tubes, and eyes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import RigError
from .shape import head_length, on_head
from .species import BodyPlan
from .sweep import FloatArray, IntArray, spline


@dataclass(frozen=True)
class Piece:
    """A closed part that is no part of the skin's own surface.

    Attributes
    ----------
    name
        What it is: ``ear.L``, ``mane``, ``tail_hair``, or the name of a tube.
    material
        What it is made of: ``ear``, ``hair``, ``horn``, ``antler``.
    vertices
        (V, 3) positions, body frame, metres.
    quads
        (Q, 4) faces, outwards, closed.
    roots
        (V, 3) places on the body that move it and whose coat it continues.
    bone
        The bone that carries it; ``None`` when it follows the skin at its roots.
    carried
        (V,) share that the bone carries; the rest follows the skin at the roots.
    along
        (V,) 0 at its root, 1 at its tip.
    inside
        (V,) 1 on the hollow side of an ear, else 0.
    tone
        (V,) how much lighter than its colour it is, as a natural logarithm; ``None``: nowhere.
    """

    name: str
    material: str
    vertices: FloatArray
    quads: IntArray
    roots: FloatArray
    bone: str | None
    carried: FloatArray
    along: FloatArray
    inside: FloatArray
    tone: FloatArray | None = None

    def mirrored(self, name: str, bone: str | None) -> Piece:
        """The same piece on the other side."""
        mirror = np.array([-1.0, 1.0, 1.0])
        return Piece(
            name, self.material, self.vertices * mirror, self.quads[:, ::-1], self.roots * mirror, bone,
            self.carried, self.along, self.inside, self.tone,
        )  # fmt: skip


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


def outward(vertices: FloatArray, quads: IntArray) -> IntArray:
    """The faces of a closed piece, turned round if they look inwards."""
    a, b, c, d = (vertices[quads[:, i]] for i in range(4))
    volume = float((np.cross(b, c) * a).sum() + (np.cross(c, d) * a).sum())
    return quads if volume > 0.0 else quads[:, ::-1]


def tubes(plan: BodyPlan) -> tuple[Piece, ...]:
    """Horns, antlers, beards, tusks: round pieces along curves, both sides."""
    made: list[Piece] = []
    for name, given in sorted((plan.parts.get("tubes") or {}).items()):
        piece = _tube(plan, name, given)
        if given.get("mirror", True):
            made += [piece, piece.mirrored(f"{name}.R", piece.bone)]
        else:
            made.append(piece)
    return tuple(made)


def _tube(plan: BodyPlan, name: str, given: Mapping[str, Any]) -> Piece:
    curve, radii = given["curve"], given["radii"]
    if curve.ndim != 2 or curve.shape[1] != 3 or radii.shape != (len(curve),):
        raise RigError(f"{plan.species}.yaml: tubes.{name}: expected rows x, y, z and as many radii")
    stretched = curve[0] + (curve - curve[0]) * plan.factors["horn_length"]
    if given["at"] == "head":
        places = np.array([on_head(plan, *row) for row in stretched.tolist()])
        radii, bone = radii * head_length(plan), "head"
    elif given["at"] in plan.joints:
        places, radii, bone = plan.joints[given["at"]] + stretched * plan.scale, radii * plan.scale, None
    else:
        raise RigError(f"{plan.species}.yaml: tubes.{name}: at: {given['on']!r} is neither head nor a joint")
    rings, around = max(10, 5 * len(curve)), 10
    rows = spline(np.column_stack([places, radii]), rings)
    centre, thick = rows[:, :3], np.maximum(rows[:, 3], 0.02 * radii.max())
    tangent = np.gradient(centre, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    # A frame that turns as little as it can along the curve.
    across = np.cross(tangent[0], np.array([0.31, 0.42, 0.85]))
    frames = []
    for direction in tangent:
        across = across - (across @ direction) * direction
        across = across / np.linalg.norm(across)
        frames.append((across, np.cross(direction, across)))
    first, second = (np.array(axis) for axis in zip(*frames, strict=True))
    turn = np.linspace(0.0, 2.0 * np.pi, around, endpoint=False)
    offset = np.cos(turn)[None, :, None] * first[:, None] + np.sin(turn)[None, :, None] * second[:, None]
    offset = offset * np.array([float(given.get("flat", 1.0)), 1.0, 1.0])
    vertices = (centre[:, None] + thick[:, None, None] * offset).reshape(-1, 3)
    along = np.repeat(np.linspace(0.0, 1.0, rings), around)
    roots = np.broadcast_to(centre[0], vertices.shape)
    quads = outward(vertices, lofted_quads(rings, around))
    carried = np.full(len(vertices), 0.0 if bone is None else 1.0)
    material = str(given.get("of", "horn"))
    return Piece(name, material, vertices, quads, roots, bone, carried, along, 0.0 * along)


def eye_centre(plan: BodyPlan) -> FloatArray:
    """(3,) centre of the left eyeball."""
    return on_head(plan, *plan.eye[:3].tolist())


def eye_radius(plan: BodyPlan) -> float:
    """Radius of an eyeball, metres."""
    return float(plan.eye[3]) * head_length(plan)


def eyeball(centre: FloatArray, radius: float) -> tuple[FloatArray, IntArray]:
    """Closed sphere of quads: (V, 3) vertices and (Q, 4) faces."""
    turn = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)
    tilt = np.linspace(-0.97, 0.97, 11) * np.pi / 2
    rings = [
        np.column_stack([np.cos(a) * np.cos(turn), np.cos(a) * np.sin(turn), np.full(16, np.sin(a))])
        for a in tilt
    ]
    vertices = centre + radius * np.concatenate(rings)
    return vertices, outward(vertices - centre, lofted_quads(len(tilt), 16))
