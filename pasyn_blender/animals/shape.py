"""The body's skin as one closed surface: cross-sections along trunk, neck, head and limbs, united."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..errors import RigError
from .mesh_graph import Neighbours, unique_edges, vertex_normals
from .species import BodyPlan
from .surface_nets import surface_nets, without_pinches
from .sweep import FloatArray, IntArray, Sweep, components, smooth_union
from .wool import Fleece, Wool

PAIRED: Final = ("foreleg", "hindleg", "front_hoof", "hind_hoof")
"""Parts that are described on the left and mirrored."""
_FAR: Final = 1.0
"""Field value where nothing reaches, metres."""
_SAMPLES: Final = 240


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
    part
        Sweep that it moves with; empty: whichever is nearest.
    """

    centre: FloatArray
    axes: FloatArray
    radii: FloatArray
    blend: float
    hollow: bool = False
    part: str = ""

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
    made = (
        Sweep.through("torso", torso, (0.035 * s, 0.05 * s), 0.0, 40),
        Sweep.through("neck", neck, (0.10 * s, 0.02 * s), 0.09 * s, 28),
        Sweep.through("foreleg", plan.stations["foreleg"], (0.06 * s, 0.01 * s), 0.07 * s, 56),
        Sweep.through("hindleg", plan.stations["hindleg"], (0.05 * s, 0.01 * s), 0.07 * s, 56),
        Sweep.through("front_hoof", plan.stations["front_hoof"], (0.01 * s, 0.0), 0.012 * s, 16),
        Sweep.through("hind_hoof", plan.stations["hind_hoof"], (0.01 * s, 0.0), 0.012 * s, 16),
        Sweep.through("head", head, (0.05 * s, 0.035 * s), 0.03 * s, 32),
        Sweep.through("tail", tail, (0.03 * s, 0.012 * s), 0.025 * s, 24),
    )
    proboscis = plan.parts.get("proboscis")
    return made if proboscis is None else (*made, _proboscis(plan, np.asarray(proboscis, float)))


def _proboscis(plan: BodyPlan, table: FloatArray) -> Sweep:
    """A trunk, from rows along, up, extent to the front, to the back, half width, in head lengths."""
    if table.ndim != 2 or table.shape[1] != 5:
        raise RigError(f"{plan.species}.yaml: proboscis: expected rows of 5 numbers")
    places = np.array([on_head(plan, 0.0, along, up) for along, up in table[:, :2].tolist()])
    stations = np.column_stack([places, table[:, 2:] * head_length(plan)])
    return Sweep.through("proboscis", stations, (0.03 * plan.scale, 0.01 * plan.scale), 0.05 * plan.scale, 64)


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
    """(3,) point of the head, in head lengths from the poll: to the left, towards the lips, up.

    It moves with the breadth and depth of the individual's head.
    """
    origin, axes = head_frame(plan)
    left, up = left * plan.factors["head_width"], up * plan.factors["head_depth"]
    point: FloatArray = origin + head_length(plan) * (left * axes[0] + along * axes[1] + up * axes[2])
    return point


def ellipsoids(plan: BodyPlan) -> tuple[Ellipsoid, ...]:
    """Muscles and hollows that give the left half its relief."""
    _, skull = head_frame(plan)
    size = head_length(plan)
    made = []
    for mass in plan.masses.values():
        if mass.at == "head":
            centre, axes, unit = on_head(plan, *mass.offset.tolist()), skull, size
        else:
            centre, axes, unit = plan.joints[mass.at] + mass.offset * plan.scale, np.eye(3), plan.scale
        made.append(Ellipsoid(centre, axes, mass.radii * unit, mass.blend * unit, mass.hollow, mass.part))
    # Hollows last: what is cut out stays open.
    return tuple(sorted(made, key=lambda mass: mass.hollow))


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
    masses = ellipsoids(plan)
    parts: list[Sweep | Ellipsoid] = [*sweeps, *masses]
    wool = Wool.of(plan)
    fleece = None if wool is None else Fleece(plan, wool, points)
    # A hump that blends over a wide stretch asks for the trunk's field further out than a muscle does.
    widest = max((mass.blend for mass in masses), default=0.0)
    margin = max(0.0 if wool is None else wool.reach, widest if widest > 0.11 * plan.scale else 0.0)
    for part in parts:
        low, high = part.reach
        near = np.flatnonzero(np.all((points >= low - margin) & (points <= high + margin), axis=1))
        if not len(near):
            continue
        distance = part.distance(points[near])
        if isinstance(part, Sweep) and part.name.endswith("hoof"):
            distance = np.maximum(distance, -points[near, 2])
        if isinstance(part, Sweep) and fleece is not None:
            fleece.add(part.name, near, distance)
        if isinstance(part, Ellipsoid) and part.hollow:
            value[near] = -smooth_union(-value[near], distance, part.blend)
        else:
            value[near] = smooth_union(value[near], distance, part.blend)
    return value if fleece is None else value - fleece.depth()


def _spacing(plan: BodyPlan, sweeps: tuple[Sweep, ...], axis: int, at: FloatArray) -> FloatArray:
    """Distance between grid planes that the parts of the body at each coordinate of an axis ask for."""
    s = plan.scale
    coarse, fine = (0.0190, 0.0110) if axis == 0 else (0.0170, 0.0085)
    spacing = np.full(len(at), coarse * s)
    for part in sweeps:
        # A thin limb asks for close planes; a head has a face, and asks for closer ones than its breadth.
        share = 0.15 if part.name == "head" else 0.33
        wanted = np.clip(share * part.extents.min(axis=1), fine * s, coarse * s)
        margin = part.extents.max(axis=1)
        low, high = part.points[:, axis] - margin, part.points[:, axis] + margin
        inside = (at[:, None] >= low) & (at[:, None] <= high)
        spacing = np.minimum(spacing, np.where(inside, wanted, np.inf).min(axis=1))
    # Neighbouring cells differ little in size.
    for _ in range(6):
        spacing = np.minimum(spacing, 0.5 * spacing + 0.25 * (np.roll(spacing, 1) + np.roll(spacing, -1)))
    return spacing


def _planes(
    plan: BodyPlan, sweeps: tuple[Sweep, ...], axis: int, low: float, high: float, detail: float
) -> FloatArray:
    """Grid planes from ``low`` to beyond ``high``, closer together where the body has fine parts."""
    at = np.linspace(low, high, _SAMPLES)
    spacing = _spacing(plan, sweeps, axis, at) * detail
    planes = [low]
    while planes[-1] < high:
        planes.append(planes[-1] + float(np.interp(planes[-1], at, spacing)))
    return np.array(planes)


def _detail(
    plan: BodyPlan, sweeps: tuple[Sweep, ...], low: FloatArray, high: FloatArray, vertices: int
) -> float:
    """Factor on the grid's spacing with which the skin gets about so many vertices."""
    cells = 0.0
    for part in sweeps:
        steps = np.linalg.norm(np.diff(part.points, axis=0), axis=1)
        middle = 0.5 * (part.points[1:] + part.points[:-1])
        extents = 0.5 * (part.extents[1:] + part.extents[:-1])
        area = np.pi * (0.5 * (extents[:, 0] + extents[:, 1]) + extents[:, 2]) * steps
        spacing = []
        for axis in range(3):
            start = 0.0 if axis == 0 else low[axis]
            at = np.linspace(start, high[axis], _SAMPLES)
            spacing.append(np.interp(middle[:, axis], at, _spacing(plan, sweeps, axis, at)))
        cells += float((area / np.prod(spacing, axis=0) ** (2.0 / 3.0)).sum())
        if part.name in PAIRED:
            cells += float((area / np.prod(spacing, axis=0) ** (2.0 / 3.0)).sum())
    # Parts overlap, and a slanted surface crosses more cells than a straight one: the two balance.
    return float(np.sqrt(cells / vertices))


def body_surface(plan: BodyPlan, vertices: int = 18_000) -> BodySurface:
    """Skin of an individual.

    Parameters
    ----------
    plan
        The individual.
    vertices
        About how many vertices it is to have.

    Returns
    -------
    BodySurface
        Symmetric about x = 0.
    """
    sweeps = body_sweeps(plan)
    boxes = [part.reach for part in sweeps] + [mass.reach for mass in ellipsoids(plan)]
    wool = Wool.of(plan)
    margin = 0.0 if wool is None else wool.reach
    low = np.min([box[0] for box in boxes], axis=0) - margin
    high = np.max([box[1] for box in boxes], axis=0) + margin
    detail = _detail(plan, sweeps, low, high, vertices)
    half = _planes(plan, sweeps, 0, 0.0, high[0], detail)
    half += 0.5 * half[1]  # no plane on the mirror plane itself
    x = np.concatenate([-half[::-1], half])
    y = _planes(plan, sweeps, 1, low[1], high[1], detail)
    z = _planes(plan, sweeps, 2, -0.06 * plan.scale, high[2], detail)
    # Put a plane just under the sole, so that soles come out flat at z = 0.
    z -= z[np.searchsorted(z, 0.0)] - 0.004 * plan.scale

    values = _sampled(plan, sweeps, (half, y, z))
    net, quads = surface_nets(without_pinches(np.concatenate([values[::-1], values])), (x, y, z))
    return BodySurface(*_largest_part(*_settled(plan, sweeps, net, quads)), sweeps)


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


def _settled(
    plan: BodyPlan, sweeps: tuple[Sweep, ...], vertices: FloatArray, quads: IntArray
) -> tuple[FloatArray, IntArray]:
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
    return vertices, quads


def _largest_part(vertices: FloatArray, quads: IntArray) -> tuple[FloatArray, IntArray]:
    """The skin without bubbles: pockets that the union of thin parts may enclose."""
    label = np.arange(len(vertices))
    edges = unique_edges(quads)
    while True:
        low = np.minimum(label[edges[:, 0]], label[edges[:, 1]])
        lowered = label.copy()
        np.minimum.at(lowered, edges[:, 0], low)
        np.minimum.at(lowered, edges[:, 1], low)
        lowered = lowered[lowered]
        if np.array_equal(lowered, label):
            break
        label = lowered
    names, counts = np.unique(label, return_counts=True)
    keep = label == names[counts.argmax()]
    number = np.cumsum(keep) - 1
    return vertices[keep], number[quads[keep[quads[:, 0]]]]
