"""Locks of long hair: flat closed strands along curves, and how they fall over a body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .attachments import Piece, lofted_quads, outward
from .shape import BodySurface, field
from .species import BodyPlan
from .sweep import FloatArray

_AROUND: Final = 4
_STEP: Final = 0.004
"""Table units over which the slope of the body's field is taken."""


@dataclass(frozen=True)
class Locks:
    """Locks of hair of one piece, R places along each of L locks.

    Attributes
    ----------
    paths
        (L, R, 3) middle line, metres.
    faces
        (L, R, 3) direction in which the flat side looks; need not be a unit vector.
    roots
        (L, R, 3) places on the body that move it.
    width
        (L, R) half breadth.
    thickness
        (L, R) half thickness.
    tone
        (L,) how much lighter a lock is than the others, as a natural logarithm.
    """

    paths: FloatArray
    faces: FloatArray
    roots: FloatArray
    width: FloatArray
    thickness: FloatArray
    tone: FloatArray

    def piece(self, name: str, bone: str | None, carried: FloatArray, shade: float = 0.25) -> Piece:
        """The locks as one piece of the body.

        Parameters
        ----------
        name
            Name of the piece.
        bone
            The bone that carries it, if one does.
        carried
            (L, R) share that the bone carries.
        shade
            How much darker roots are than ends, as a natural logarithm.
        """
        tangent = _unit(np.gradient(self.paths, axis=1))
        across = _unit(np.cross(tangent, self.faces))
        up = np.cross(across, tangent)
        turn = 2.0 * np.pi * np.arange(_AROUND) / _AROUND
        offset = (np.cos(turn)[:, None] * across[:, :, None]) * self.width[:, :, None, None] + (
            np.sin(turn)[:, None] * up[:, :, None]
        ) * self.thickness[:, :, None, None]
        vertices = self.paths[:, :, None] + offset
        count, rings = self.paths.shape[:2]
        one = outward(vertices[0].reshape(-1, 3), lofted_quads(rings, _AROUND))
        quads = np.concatenate([one + index * rings * _AROUND for index in range(count)])
        along = np.broadcast_to(np.linspace(0.0, 1.0, rings)[:, None], vertices.shape[:3]).ravel()
        # Light reaches the roots of a thick coat of hair less than its ends.
        tone = (self.tone[:, None] - shade * (1.0 - np.linspace(0.0, 1.0, rings)) ** 2)[:, :, None]
        return Piece(
            name=name,
            material="hair",
            vertices=vertices.reshape(-1, 3),
            quads=quads,
            roots=np.repeat(self.roots.reshape(-1, 3), _AROUND, axis=0),
            bone=bone,
            carried=np.repeat(carried.ravel(), _AROUND),
            along=along,
            inside=0.0 * along,
            tone=np.broadcast_to(tone, vertices.shape[:3]).ravel(),
        )


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    return unit


def gap_and_normal(plan: BodyPlan, surface: BodySurface, points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Distance of points on either side from the skin, (P,) metres, and (P, 3) the way out of the body."""
    step = _STEP * plan.scale
    side = np.where(points[:, 0] < 0.0, -1.0, 1.0)
    folded = np.column_stack([np.abs(points[:, 0]), points[:, 1:]])
    probes = np.concatenate([folded, *(folded + step * axis for axis in np.eye(3))])
    values = field(plan, surface.sweeps, probes).reshape(4, -1)
    normal = _unit(np.column_stack([*(values[1:] - values[0])]))
    normal[:, 0] *= side
    return values[0], normal


def fallen(
    plan: BodyPlan,
    surface: BodySurface,
    starts: FloatArray,
    push: FloatArray,
    length: FloatArray,
    lift: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Paths of hair that rises from the skin, is parted by a push, and falls over the body by its weight.

    Parameters
    ----------
    plan, surface
        The body.
    starts
        (L, 3) places of the roots, metres.
    push
        (L, 3) direction in which each lock leaves its root; fades as it falls.
    length
        (L,) metres.
    lift
        (L, R) how far above the skin the hair lies at each of its places.

    Returns
    -------
    tuple
        (L, R, 3) paths, (L, R, 3) the way out of the body there, (L, R, 3) places on the skin below.
    """
    places = lift.shape[1]
    point = starts.copy()
    paths, normals, roots = [], [], []
    down = np.array([0.0, 0.0, -1.0])
    for index in range(places):
        gap, normal = gap_and_normal(plan, surface, point)
        if index == 0:
            point = point + (lift[:, 0] - gap)[:, None] * normal
        else:
            # Hair lies on the body; where the body recedes below it, it hangs.
            point = point + np.maximum(lift[:, index] - gap, 0.0)[:, None] * normal
        paths.append(point)
        normals.append(normal)
        # What hangs free still follows the skin beside it.
        roots.append(point - np.clip(gap, -1.0, 0.06 * plan.scale)[:, None] * normal)
        pushed = push * (1.0 - index / places) ** 2
        along = pushed + down * (0.35 + index / places)
        inwards = np.minimum((along * normal).sum(axis=1, keepdims=True), 0.0)
        point = point + _unit(along - inwards * normal) * (length / (places - 1))[:, None]
    return np.stack(paths, axis=1), np.stack(normals, axis=1), np.stack(roots, axis=1)
