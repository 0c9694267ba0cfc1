"""A zebra's stripes as a field on its skin.

Every vertex gets the direction across the stripes and their width, from where it lies on the body. The phase
is then relaxed over the skin until neighbours agree (after Knoeppel et al., "Stripe Patterns on Surfaces",
SIGGRAPH 2015, with unit phases): where widths or directions change, stripes fork, as a zebra's do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from .coat_places import Places, ramp
from .mesh_graph import Neighbours, vertex_normals
from .shape import BodySurface, head_frame, head_length
from .skinning import part_shares
from .species import BodyPlan
from .sweep import FloatArray, Sweep, components

_TURN: Final = 2.0 * np.pi

WIDTHS: Final[Mapping[str, float]] = {
    "torso": 0.094, "rump": 0.135, "neck": 0.078, "shoulder": 0.080, "limb_top": 0.078, "limb_end": 0.046,
    "face": 0.034, "cheek": 0.042, "tail": 0.050,
}  # fmt: skip
"""Width of a black and a white stripe together on each part of a zebra, table units."""


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: FloatArray = vectors / np.maximum(length, 1e-9)
    return unit


def _tangents(sweep: Sweep, parameter: FloatArray) -> FloatArray:
    tangent = np.gradient(sweep.points, axis=0)
    index = np.arange(len(tangent))
    return _unit(np.column_stack([np.interp(parameter, index, tangent[:, c]) for c in range(3)]))


def direction_and_period(
    plan: BodyPlan, surface: BodySurface, neighbours: Neighbours, widths: Mapping[str, float] = WIDTHS
) -> tuple[FloatArray, FloatArray]:
    """Direction across the stripes, and their period.

    Returns
    -------
    tuple
        (V, 3) unit tangent vectors whose sign has no meaning, and (V,) metres.
    """
    s = plan.scale
    vertices = surface.vertices
    normals = vertex_normals(vertices, surface.quads)
    folded = np.column_stack([np.abs(vertices[:, 0]), vertices[:, 1:]])
    y, z = vertices[:, 1], vertices[:, 2]
    shares = dict(
        zip((p.name for p in surface.sweeps), part_shares(surface.sweeps, vertices, 0.03 * s).T, strict=True)
    )
    tensor = np.zeros((len(vertices), 3, 3))
    log_period = np.zeros(len(vertices))

    def add(share: FloatArray, direction: FloatArray, period: FloatArray | float) -> None:
        nonlocal tensor, log_period
        flat = _unit(direction - (direction * normals).sum(axis=1, keepdims=True) * normals)
        tensor = tensor + share[:, None, None] * flat[:, :, None] * flat[:, None, :]
        log_period = log_period + share * np.log(period)

    joints = plan.joints
    trunk = shares["torso"]
    # Over the rump the stripes lie down: from upright at the flank to nearly level beside the tail.
    back = ramp(y, 0.02 * s, joints["tail_base"][1] - 0.06 * s)
    tilt = np.radians(72.0) * back
    rump = np.column_stack([0.0 * y, np.cos(tilt), -np.sin(tilt)])
    add(trunk, rump, np.exp(np.log(widths["torso"]) * (1 - back) + np.log(widths["rump"]) * back))

    for part in surface.sweeps:
        share = shares[part.name]
        if part.name in ("torso", "head") or not share.any():
            continue
        parameter, _, flat = part.locate(folded)
        tangent = _tangents(part, parameter)
        tangent[:, 0] *= np.sign(vertices[:, 0])
        if part.name == "neck":
            add(share, tangent, widths["neck"])
        elif part.name == "tail":
            add(share, tangent, widths["tail"])
        elif part.name == "foreleg":
            # Above the elbow the rings open into chevrons over the shoulder.
            elbow = joints["forearm"][2]
            fan = 1.1 * ramp(z, elbow - 0.03 * s, elbow + 0.22 * s)
            offset = np.clip(flat[:, 1] / (0.12 * s), -1.6, 1.6)  # positive to the front
            chevron = tangent + np.column_stack([0.0 * y, fan * offset, 0.0 * y])
            high = ramp(z, 0.40 * s, elbow + 0.05 * s)
            period = np.exp(np.log(widths["limb_end"]) * (1 - high) + np.log(widths["limb_top"]) * high)
            add(share, chevron, period)
        else:
            high = ramp(z, 0.45 * s, joints["shin"][2] + 0.10 * s)
            top = ramp(z, joints["shin"][2] + 0.02 * s, joints["thigh"][2])
            period = np.exp(
                np.log(widths["limb_end"]) * (1 - high)
                + np.log(widths["limb_top"]) * high * (1 - top)
                + np.log(widths["rump"]) * high * top
            )
            lean = tangent + np.column_stack([0.0 * y, 0.55 * top, 0.0 * y])
            add(share, lean, period)

    origin, axes = head_frame(plan)
    local = components(vertices - origin, axes) / head_length(plan)
    # Lengthwise on forehead and nose, across on the cheeks.
    brow = ramp(components(normals, axes[2:])[:, 0] - 0.25 * np.abs(normals[:, 0]), 0.25, 0.70) * ramp(
        local[:, 1], -0.02, 0.12
    )
    cheek = -axes[1] + 0.35 * axes[2]
    lengthwise = axes[0] + 0.10 * np.sign(vertices[:, :1]) * axes[1]
    add(shares["head"] * brow, np.broadcast_to(lengthwise, vertices.shape), widths["face"])
    add(shares["head"] * (1 - brow), np.broadcast_to(cheek, vertices.shape), widths["cheek"])

    flat_tensor = tensor.reshape(-1, 9)
    for _ in range(6):
        flat_tensor = 0.4 * flat_tensor + 0.6 * neighbours.mean(flat_tensor)
        log_period = 0.4 * log_period + 0.6 * neighbours.mean(log_period)
    _, vectors = np.linalg.eigh(flat_tensor.reshape(-1, 3, 3))
    direction = vectors[:, :, 2]
    direction = _unit(direction - (direction * normals).sum(axis=1, keepdims=True) * normals)
    return _aligned(direction, neighbours), np.exp(log_period) * s


def _aligned(direction: FloatArray, neighbours: Neighbours, rounds: int = 40) -> FloatArray:
    """Turn directions round until neighbours agree wherever they can: backwards and down by preference."""
    direction = direction * np.where(direction[:, 1] < 0.6 * direction[:, 2], -1.0, 1.0)[:, None]
    for _ in range(rounds):
        around = direction + 2.0 * neighbours.mean(direction)
        direction = direction * np.where((direction * around).sum(axis=1) < 0.0, -1.0, 1.0)[:, None]
    return direction


def _first_guess(plan: BodyPlan, surface: BodySurface, period: FloatArray) -> FloatArray:
    """Phases that are right inside each part of the body, before the parts agree with each other."""
    vertices = surface.vertices
    folded = np.column_stack([np.abs(vertices[:, 0]), vertices[:, 1:]])
    shares = part_shares(surface.sweeps, vertices, 0.01)
    owner = shares.argmax(axis=1)
    coordinate = vertices[:, 1].copy()
    for i, part in enumerate(surface.sweeps):
        rows = np.flatnonzero(owner == i)
        if part.name == "torso" or not len(rows):
            continue
        arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(part.points, axis=0), axis=1))])
        coordinate[rows] = np.interp(part.locate(folded[rows])[0], np.arange(len(arc)), arc)
    return coordinate / period * _TURN


def stripe_pattern(
    plan: BodyPlan,
    surface: BodySurface,
    neighbours: Neighbours,
    random: np.random.Generator,
    widths: Mapping[str, float] = WIDTHS,
    wobble: float = 1.0,
    rounds: int = 160,
) -> tuple[FloatArray, FloatArray]:
    """Stripes at every vertex.

    Parameters
    ----------
    plan
        The individual.
    surface
        Its skin.
    neighbours
        Neighbours on the skin.
    random
        Makes the pattern the individual's own.
    widths
        As :data:`WIDTHS`.
    wobble
        How uneven they are, 1 for a zebra's.
    rounds
        Steps of relaxation.

    Returns
    -------
    tuple
        (V,) between -1 and 1, dark where positive and weaker where stripes fork; (V,) period, metres.
    """
    vertices = surface.vertices
    direction, period = direction_and_period(plan, surface, neighbours, widths)

    def noise(steps: int) -> FloatArray:
        values = random.normal(0.0, 1.0, len(vertices))
        for _ in range(steps):
            values = 0.3 * values + 0.7 * neighbours.mean(values)
        scaled: FloatArray = values / values.std()
        return scaled

    period = period * random.uniform(0.92, 1.08) * np.exp(0.07 * wobble * noise(60).clip(-2.0, 2.0))
    wave = direction * (_TURN / period)[:, None]

    source, target, starts = neighbours.source, neighbours.target, neighbours.starts
    flip = (wave[source] * wave[target]).sum(axis=1) < 0.0
    span = vertices[target] - vertices[source]
    there = np.where(flip[:, None], -wave[target], wave[target])
    advance = 0.5 * ((wave[source] + there) * span).sum(axis=1)
    carry = np.exp(-1j * advance)

    guess = _first_guess(plan, surface, period)
    phase = np.exp(1j * (guess + random.uniform(0.0, _TURN) + 0.5 * wobble * noise(12)))
    total = phase
    for _ in range(rounds):
        neighbour = phase[target]
        neighbour = np.where(flip, neighbour.conj(), neighbour)
        total = np.add.reduceat(neighbour * carry, starts)
        phase = 0.25 * phase + total / np.maximum(np.abs(total), 1e-9)
        phase /= np.maximum(np.abs(phase), 1e-9)
    # Where directions turn round, phase runs the other way: there a wobble would tear the stripes.
    torn = np.bincount(source, flip, minlength=len(vertices)).clip(0.0, 1.0)
    for _ in range(12):
        torn = np.maximum(torn, neighbours.mean(torn))
    uneven = wobble * (0.22 * noise(14) + 0.28 * noise(50)) * (1.0 - torn)
    agreement = np.abs(total) / np.diff(np.append(starts, len(source)))
    pattern = agreement * np.cos(np.angle(phase) + uneven)
    result: FloatArray = 0.65 * pattern + 0.35 * neighbours.mean(pattern)
    return result, period


def thinned(places: Places, stripe: FloatArray, fill: float, belly: float) -> FloatArray:
    """Stripes that run out below, with a line along spine.

    Parameters
    ----------
    places
        Where the vertices lie.
    stripe
        (V,) from :func:`stripe_pattern`.
    fill
        Widens the dark stripes, 0 even, 1 closed.
    belly
        How completely they run out towards the belly and inside of the legs, 1 as a zebra's.

    Returns
    -------
    ndarray
        (V,) in the same units.
    """
    z, normals = places.points[:, 2], places.normals
    torso = places.shares["torso"]
    limbs = places.shares["foreleg"] + places.shares["hindleg"]
    under = ramp(-normals[:, 2], 0.25, 0.9) * (torso + 0.5 * limbs) * ramp(z, 0.5, 0.62)
    inside = ramp(-normals[:, 0] * places.side, 0.2, 0.9) * limbs * ramp(z, 0.45, 0.8)
    stripe = stripe + fill + 0.12 * torso - belly * (1.5 * under + 0.75 * inside)
    # A thin dark line follows the spine.
    withers = places.joints["neck_base"][1]
    spine = np.exp(-((places.points[:, 0] / 0.016) ** 2)) * ramp(normals[:, 2], 0.5, 0.8)
    spine *= ramp(places.points[:, 1], withers, withers + 0.15) * ramp(z, 0.9, 1.0)
    line: FloatArray = np.maximum(stripe, 2.2 * spine - 1.0)
    return line
