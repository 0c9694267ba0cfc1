"""The body's skin as one closed surface: cross-sections along trunk, neck, head and limbs, united."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .mesh_graph import Neighbours, unique_edges, vertex_normals
from .species import BodyPlan
from .surface_nets import surface_nets, without_pinches
from .sweep import FloatArray, IntArray, Sweep, components, smooth_union

_FAR = 1.0
"""Field value where nothing reaches, metres."""


@dataclass(frozen=True)
class Ellipsoid:
    """A muscle mass, or a hollow: an ellipsoid blended into the body or cut out of it.

    Attributes
    ----------
    centre
        (3,) position.
    axes
        (3, 3) rows: unit axes.
    radii
        (3,) half lengths along them.
    blend
        Radius of the smooth union or cut.
    hollow
        Whether it is cut out.
    """

    centre: FloatArray
    axes: FloatArray
    radii: FloatArray
    blend: float
    hollow: bool = False

    @property
    def reach(self) -> tuple[FloatArray, FloatArray]:
        """Corners of a box holding the ellipsoid and the space its blending touches."""
        pad = float(self.radii.max()) + self.blend + 0.02
        return self.centre - pad, self.centre + pad

    def distance(self, points: FloatArray) -> FloatArray:
        """(P,) signed distance to first order, negative inside."""
        local = components(points - self.centre, self.axes) / self.radii
        k0 = np.sqrt((local**2).sum(axis=1))
        k1 = np.sqrt(((local / self.radii) ** 2).sum(axis=1))
        value: FloatArray = np.where(k1 > 1e-9, k0 * (k0 - 1.0) / np.maximum(k1, 1e-12), -self.radii.min())
        return value


@dataclass(frozen=True)
class BodySurface:
    """The skin of trunk, neck, head, limbs and tail.

    Attributes
    ----------
    vertices
        (V, 3) positions, body frame, metres.
    quads
        (Q, 4) vertex indices, facing outwards, closed.
    sweeps
        What it was made of, in order.
    """

    vertices: FloatArray
    quads: IntArray
    sweeps: tuple[Sweep, ...]


def body_sweeps(plan: BodyPlan) -> tuple[Sweep, ...]:
    """Trunk, neck, head, tail and the left limbs of an individual."""
    s = plan.scale
    y, top, bottom, half = plan.stations["torso"].T
    middle = 0.5 * (top + bottom)
    torso = np.column_stack([0.0 * y, y, middle, top - middle, middle - bottom, half])
    neck = np.column_stack([np.zeros(len(plan.stations["neck"])), plan.stations["neck"]])
    at, *extents = plan.stations["head"].T
    axis = plan.head_axis[0] + at[:, None] * (plan.head_axis[1] - plan.head_axis[0])
    head = np.column_stack([np.zeros(len(at)), axis, *extents])
    tail_yz, radius = plan.stations["tail"][:, :2], plan.stations["tail"][:, 2]
    tail = np.column_stack([np.zeros(len(radius)), tail_yz, radius, radius, radius])
    return (
        Sweep.through("torso", torso, (0.035 * s, 0.05 * s), 0.0, 40),
        Sweep.through("neck", neck, (0.10 * s, 0.02 * s), 0.09 * s, 28),
        Sweep.through("foreleg", plan.stations["foreleg"], (0.06 * s, 0.01 * s), 0.07 * s, 56),
        Sweep.through("hindleg", plan.stations["hindleg"], (0.05 * s, 0.01 * s), 0.07 * s, 56),
        Sweep.through("front_hoof", plan.stations["front_hoof"], (0.01 * s, 0.0), 0.012 * s, 8),
        Sweep.through("hind_hoof", plan.stations["hind_hoof"], (0.01 * s, 0.0), 0.012 * s, 8),
        Sweep.through("head", head, (0.05 * s, 0.035 * s), 0.03 * s, 32),
        Sweep.through("tail", tail, (0.03 * s, 0.012 * s), 0.025 * s, 24),
    )


def head_frame(plan: BodyPlan) -> tuple[FloatArray, FloatArray]:
    """Origin at the poll, and (3, 3) rows: left, towards the nose, towards the forehead."""
    poll, lips = plan.head_axis
    forward = np.array([0.0, *(lips - poll)])
    forward /= np.linalg.norm(forward)
    left = np.array([1.0, 0.0, 0.0])
    return np.array([0.0, *poll]), np.array([left, forward, np.cross(forward, left)])


def head_length(plan: BodyPlan) -> float:
    """Poll to lips, metres."""
    return float(np.linalg.norm(plan.head_axis[1] - plan.head_axis[0]))


def on_head(plan: BodyPlan, left: float, along: float, up: float) -> FloatArray:
    """(3,) point of the head: metres of the mean animal to the left and up, fraction of its length along."""
    origin, axes = head_frame(plan)
    size = head_length(plan)
    unit = size / 0.52
    point: FloatArray = origin + left * unit * axes[0] + along * size * axes[1] + up * unit * axes[2]
    return point


def masses(plan: BodyPlan) -> tuple[Ellipsoid, ...]:
    """Muscles and hollows that give the left half its relief."""
    s = plan.scale
    joint = plan.joints
    upright = np.eye(3)
    _, skull = head_frame(plan)
    size = head_length(plan) / 0.52

    def mass(
        centre: FloatArray, radii: tuple[float, float, float], blend: float, axes: FloatArray = upright,
        hollow: bool = False, unit: float = s,
    ) -> Ellipsoid:  # fmt: skip
        return Ellipsoid(centre, axes, np.array(radii) * unit, blend * unit, hollow)

    return (
        # breast muscle between the forelegs, and the rounded rump above the thigh
        mass(joint["upper_arm"] + s * np.array([-0.065, -0.005, 0.0]), (0.075, 0.07, 0.12), 0.05),
        mass(joint["thigh"] + s * np.array([-0.02, 0.0, 0.05]), (0.11, 0.20, 0.15), 0.10),
        # cheek, brow and nostril wing
        mass(on_head(plan, 0.042, 0.27, -0.055), (0.042, 0.085, 0.075), 0.03, skull, unit=size),
        mass(on_head(plan, 0.060, 0.345, 0.038), (0.030, 0.055, 0.022), 0.02, skull, unit=size),
        mass(on_head(plan, 0.034, 0.90, 0.010), (0.024, 0.042, 0.030), 0.02, skull, unit=size),
        mass(on_head(plan, 0.0, 0.93, -0.045), (0.034, 0.05, 0.022), 0.02, skull, unit=size),
        # eye socket, nostril
        mass(on_head(plan, 0.098, 0.355, 0.012), (0.022, 0.030, 0.020), 0.012, skull, True, unit=size),
        mass(on_head(plan, 0.056, 0.945, 0.016), (0.018, 0.026, 0.017), 0.010, skull, True, unit=size),
    )


def field(plan: BodyPlan, sweeps: tuple[Sweep, ...], points: FloatArray) -> FloatArray:
    """Signed distance, to first order, of the whole body.

    Parameters
    ----------
    plan
        The individual.
    sweeps
        Its sweeps.
    points
        (P, 3) positions on the left half, x >= 0.

    Returns
    -------
    ndarray
        (P,) metres, negative inside; a constant where nothing is near.
    """
    value = np.full(len(points), _FAR)
    parts: list[Sweep | Ellipsoid] = [*sweeps, *masses(plan)]
    for part in parts:
        low, high = part.reach
        near = np.flatnonzero(np.all((points >= low) & (points <= high), axis=1))
        if not len(near):
            continue
        distance = part.distance(points[near])
        if isinstance(part, Sweep) and part.name.endswith("hoof"):
            distance = np.maximum(distance, -points[near, 2])
        if isinstance(part, Ellipsoid) and part.hollow:
            value[near] = -smooth_union(-value[near], distance, part.blend)
        else:
            value[near] = smooth_union(value[near], distance, part.blend)
    return value


def _planes(stops: FloatArray) -> FloatArray:
    """Grid planes whose spacing is interpolated between (coordinate, spacing) stops."""
    at, spacing = stops.T
    planes = [at[0]]
    while planes[-1] < at[-1]:
        planes.append(planes[-1] + float(np.interp(planes[-1], at, spacing)))
    return np.array(planes)


def body_surface(plan: BodyPlan, detail: float = 1.0) -> BodySurface:
    """Skin of an individual.

    Parameters
    ----------
    plan
        The individual.
    detail
        Factor on the mesh's edge length; 1 gives some 20,000 vertices.

    Returns
    -------
    BodySurface
        Symmetric about x = 0.
    """
    sweeps = body_sweeps(plan)
    s, d = plan.scale, detail
    boxes = [part.reach for part in sweeps]
    low = np.min([box[0] for box in boxes], axis=0)
    high = np.max([box[1] for box in boxes], axis=0)
    # Finer where the head and the legs are: the grid's planes are closer together there.
    half = _planes(
        np.array([[0.0, 0.0125 * d], [0.09, 0.0110 * d], [0.16, 0.0125 * d], [high[0] / s, 0.019 * d]]) * s
    )
    half += 0.5 * half[1]  # no plane on the mirror plane itself
    x = np.concatenate([-half[::-1], half])
    y = _planes(
        np.array(
            [[low[1] / s, 0.0085 * d], [-0.90, 0.0095 * d], [-0.72, 0.015 * d], [high[1] / s, 0.0165 * d]]
        )
        * s
    )
    z = _planes(np.array([[-0.06, 0.0085 * d], [0.50, 0.0105 * d], [0.75, 0.017 * d], [1.20, 0.0165 * d],
                          [1.32, 0.0105 * d], [high[2] / s, 0.0095 * d]]) * s)  # fmt: skip
    # Put a plane just under the sole, so that soles come out flat at z = 0.
    z -= z[np.searchsorted(z, 0.0)] - 0.004 * s

    values = _sampled(plan, sweeps, (half, y, z))
    vertices, quads = surface_nets(without_pinches(np.concatenate([values[::-1], values])), (x, y, z))
    vertices = _settle(plan, sweeps, vertices, quads)
    return BodySurface(vertices, quads, sweeps)


def _sampled(
    plan: BodyPlan, sweeps: tuple[Sweep, ...], axes: tuple[FloatArray, FloatArray, FloatArray]
) -> FloatArray:
    """Field on a grid, exact near the surface only: elsewhere coarse planes tell inside from outside."""
    coarse_axes = tuple(np.unique(np.append(axis[::2], axis[-1])) for axis in axes)
    coarse = field(plan, sweeps, _grid(coarse_axes)).reshape([len(axis) for axis in coarse_axes])
    # The nearest coarse plane on either side stands for each fine one.
    pick = [
        np.searchsorted(few, axis).clip(0, len(few) - 1) for few, axis in zip(coarse_axes, axes, strict=True)
    ]
    values = coarse[np.ix_(*pick)]
    spacing = np.sqrt(sum(np.diff(axis).max() ** 2 for axis in axes))
    near = np.abs(values) < 2.2 * spacing
    points = np.column_stack([axis[at] for axis, at in zip(axes, np.nonzero(near), strict=True)])
    values[near] = field(plan, sweeps, points)
    return values


def _grid(axes: tuple[FloatArray, ...]) -> FloatArray:
    points: FloatArray = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return points


def _settle(plan: BodyPlan, sweeps: tuple[Sweep, ...], vertices: FloatArray, quads: IntArray) -> FloatArray:
    """Even out the net and pull it back onto the exact surface."""
    neighbours = Neighbours(unique_edges(quads))
    for _ in range(2):
        for _ in range(2):
            vertices = 0.4 * vertices + 0.6 * neighbours.mean(vertices)
        mirrored = vertices * np.array([1.0, 1.0, 1.0])
        mirrored[:, 0] = np.abs(mirrored[:, 0])
        gap = field(plan, sweeps, mirrored)
        step = np.clip(gap, -0.006 * plan.scale, 0.006 * plan.scale)
        vertices = vertices - step[:, None] * vertex_normals(vertices, quads)
    vertices[:, 2] = np.maximum(vertices[:, 2], 0.0)
    return vertices
