"""How much of the sun and of the sky a posed animal keeps from the ground it stands on.

Composition darkens photos by it, without the mesh: the shade is a small map of the ground, seen from above,
and projecting a map of a plane into any picture is exact. The animal is turned into a cloud of points that
lie as close as the map's cells; each point shades the cell it falls on, along the sun's direction for the
cast shadow and straight down for the sky. Points high above the ground shade softly: the sun is half a degree
wide, and what hangs in the sky takes light from all around.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CELLS: Final = 112
"""Cells along the longer side of a map."""

LOWEST_SUN: Final = np.radians(8.0)
"""A lower sun is lifted to this: its shadow would be all length and no shape."""

SUN_SOFTNESS: Final = 0.02
"""Penumbra (one standard deviation) a unit of the light's way: the sun's own 0.5 degrees, widened by haze."""

SKY_SOFTNESS: Final = 0.75
"""Spread (one standard deviation) of the sky's shade a unit of height above the ground."""

_LAYERS: Final = (0.0, 0.04, 0.12, 0.3, 0.6, 1.01)
"""Bounds of the layers, shares of the animal's height, that are softened as one."""

_MARGIN: Final = 0.35
"""Ground around the animal that the map holds, heights of the animal: soft shade spreads so far."""


@dataclass(frozen=True)
class GroundShade:
    """Maps of the ground below an animal.

    Attributes
    ----------
    corner
        (3,) world place of the maps' first corner.
    across, along
        (3,) world directions of their columns and rows, unit length and square to the animal's up.
    cell
        Side of a cell, scene units.
    cast
        (H, W) share of the sun that is kept off, 0 to 1.
    contact
        (H, W) share of the sky that is kept off, 0 to 1.
    """

    corner: FloatArray
    across: FloatArray
    along: FloatArray
    cell: float
    cast: FloatArray
    contact: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; maps in 8 bits, packed."""
        return {
            "corner": _rounded(self.corner),
            "across": _rounded(self.across),
            "along": _rounded(self.along),
            "cell": float(f"{self.cell:.9g}"),
            "shape": list(self.cast.shape),
            "cast": _packed(self.cast),
            "contact": _packed(self.contact),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GroundShade:
        """Inverse of :meth:`to_dict`, but for the steps of 1/255.

        Raises
        ------
        ValueError
            ``data`` is damaged.
        """
        try:
            height, width = (int(side) for side in data["shape"])
            maps = [
                np.frombuffer(zlib.decompress(base64.b64decode(data[name])), np.uint8).reshape(height, width)
                / 255.0
                for name in ("cast", "contact")
            ]
            vectors = [np.array(data[name], dtype=np.float64) for name in ("corner", "across", "along")]
            return cls(vectors[0], vectors[1], vectors[2], float(data["cell"]), maps[0], maps[1])
        except (KeyError, TypeError, zlib.error) as error:
            raise ValueError(f"not the shade of an animal on the ground: {error!r}") from error


def ground_shade(
    vertices: FloatArray,
    triangles: NDArray[np.int64],
    body_frame: FloatArray,
    toward_sun: FloatArray,
    ground: float,
) -> GroundShade:
    """Map the shade of a posed animal on the ground.

    Parameters
    ----------
    vertices
        (V, 3) posed vertices, world space.
    triangles
        (T, 3) vertex numbers.
    body_frame
        (3, 3) rows left, backward, up of the animal in world space.
    toward_sun
        (3,) world direction from the animal to the sun.
    ground
        Height of the ground along the animal's up; what is below it counts as lying on it.
    """
    upright = vertices @ body_frame.T
    upright[:, 2] = np.maximum(upright[:, 2] - ground, 0.0)
    tall = max(float(upright[:, 2].max()), 1e-9)
    slope = _slope(body_frame @ toward_sun)
    ends = np.concatenate([upright[:, :2], upright[:, :2] - upright[:, 2:] * slope])
    low, high = ends.min(axis=0) - _MARGIN * tall, ends.max(axis=0) + _MARGIN * tall
    cell = float((high - low).max()) / CELLS
    width, height = (int(np.ceil(side / cell)) for side in high - low)
    x, y, z = _cloud(upright - np.array([*low, 0.0]), triangles, cell)
    layers = np.searchsorted(np.array(_LAYERS[1:-1]) * tall, z, side="right")
    counts = np.bincount(layers, minlength=len(_LAYERS) - 1)
    middles = np.bincount(layers, weights=z, minlength=len(counts)) / np.maximum(counts, 1)
    shape = (len(counts), height, width)
    shadows = _covered(x - z * slope[0], y - z * slope[1], layers, cell, shape)
    belows = _covered(x, y, layers, cell, shape)
    cast, contact = np.ones((height, width)), np.ones((height, width))
    way = float(np.hypot(1.0, np.linalg.norm(slope)))
    for layer in np.flatnonzero(counts).tolist():
        middle = float(middles[layer])
        cast *= 1.0 - _softened(shadows[layer], SUN_SOFTNESS * middle * way / cell)
        contact *= 1.0 - _softened(belows[layer], SKY_SOFTNESS * middle / cell)
    corner = np.array([low[0], low[1], ground]) @ body_frame
    return GroundShade(corner, body_frame[0], body_frame[1], cell, 1.0 - cast, 1.0 - contact)


def _slope(toward_sun: FloatArray) -> FloatArray:
    """(2,) how far light comes sideways a unit it comes down, in body axes."""
    flat = float(np.linalg.norm(toward_sun[:2]))
    up = max(float(toward_sun[2]), flat * np.tan(LOWEST_SUN))
    return np.asarray(toward_sun[:2] / up) if up > 0 else np.zeros(2)


def _cloud(
    vertices: FloatArray, triangles: NDArray[np.int64], cell: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """x, y and z of points all over the triangles, about a cell apart; the vertices are among them."""
    axes = [np.ascontiguousarray(vertices[:, axis]) for axis in range(3)]
    first, second, third = (np.ascontiguousarray(triangles[:, corner]) for corner in range(3))
    longest = np.zeros(len(triangles))
    for start, end in ((first, second), (second, third), (third, first)):
        longest = np.maximum(longest, sum((axis[start] - axis[end]) ** 2 for axis in axes))
    parts = np.clip(np.ceil(np.sqrt(longest) / cell), 1, 2 * CELLS).astype(np.int64)
    found: list[list[FloatArray]] = [[axis] for axis in axes]
    for count in np.unique(parts[parts > 1]).tolist():
        across, along = np.meshgrid(np.arange(count + 1), np.arange(count + 1))
        inside = (across + along <= count).ravel()
        a, b = across.ravel()[inside] / count, along.ravel()[inside] / count
        chosen = np.flatnonzero(parts == count)
        for points, axis in zip(found, axes, strict=True):
            origin = axis[first[chosen]]
            to_second, to_third = axis[second[chosen]] - origin, axis[third[chosen]] - origin
            points.append((origin + a[:, None] * to_second + b[:, None] * to_third).ravel())
    x, y, z = (np.concatenate(points) for points in found)
    return x, y, z


def _covered(
    x: FloatArray, y: FloatArray, layers: NDArray[np.int64], cell: float, shape: tuple[int, int, int]
) -> FloatArray:
    """(L, H, W) which cells hold a point of each layer, small holes closed."""
    _, height, width = shape
    columns = np.clip((x / cell).astype(np.int64), 0, width - 1)
    rows = np.clip((y / cell).astype(np.int64), 0, height - 1)
    full = np.zeros(shape)
    full.ravel()[(layers * height + rows) * width + columns] = 1.0
    around = np.zeros(shape)
    around[:, 1:] += full[:, :-1]
    around[:, :-1] += full[:, 1:]
    around[:, :, 1:] += full[:, :, :-1]
    around[:, :, :-1] += full[:, :, 1:]
    return np.where(around >= 3.0, 1.0, full)


def _softened(covered: FloatArray, deviation: float) -> FloatArray:
    """Blur by about a Gaussian: three means over a moving window, along each axis."""
    radius = int(np.round(deviation))
    if radius < 1:
        return covered
    soft = covered
    for axis in (0, 1):
        for _ in range(3):
            soft = _moving_mean(soft, radius, axis)
    return np.clip(soft, 0.0, 1.0)


def _moving_mean(values: FloatArray, radius: int, axis: int) -> FloatArray:
    padding = [(0, 0), (0, 0)]
    padding[axis] = (radius + 1, radius)
    total = np.cumsum(np.pad(values, padding), axis=axis)
    length = values.shape[axis]
    span = 2 * radius + 1
    upper = np.take(total, np.arange(span, span + length), axis=axis)
    lower = np.take(total, np.arange(length), axis=axis)
    return np.asarray((upper - lower) / span)


def _packed(share: FloatArray) -> str:
    return base64.b64encode(zlib.compress(np.rint(share * 255.0).astype(np.uint8).tobytes(), 6)).decode()


def _rounded(vector: FloatArray) -> list[float]:
    return [float(f"{value:.9g}") + 0.0 for value in vector.tolist()]
