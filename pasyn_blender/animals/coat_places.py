"""Where every vertex of the skin lies in the body's own terms, for painting coats of any species.

Lengths are in table units: metres of the individual divided by its scale, so that withers are 1.345 high.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .attachments import eye_centre
from .mesh_graph import vertex_normals
from .shape import BodySurface, head_frame, head_length
from .skinning import part_shares
from .species import BodyPlan
from .sweep import FloatArray, components

PARTS: Final = ("torso", "neck", "head", "foreleg", "hindleg", "feet", "tail")
"""Parts of the body that regions of a coat are made of."""

EYE_ALONG: Final = 0.355
"""Share of the head's length at which regions of the face take the eye to be."""

_SECTIONS: Final = {
    "foreleg": ("front_foot", "front_cannon", "forearm", "upper_arm"),
    "hindleg": ("hind_foot", "hind_cannon", "shin", "thigh"),
}
"""Joints at heights 1, 2, 3 and 4 of a leg; the sole is at 0."""


@dataclass(frozen=True)
class Places:
    """Coordinates of V vertices on the body.

    Attributes
    ----------
    points
        (V, 3) positions in table units, body frame.
    normals
        (V, 3) unit normals.
    shares
        Part of :data:`PARTS` to (V,) how much each vertex belongs to it.
    trunk
        (V,) place along the trunk: 0 at the buttocks, 1 at the breast.
    height
        (V,) place between the trunk's lower (0) and upper outline (1).
    neck
        (V,) place along the neck: 0 at its base, 1 at the poll.
    tail
        (V,) place along the tail: 0 at its root, 1 at its tip.
    head
        (V, 3) head lengths from the poll: away from the middle, towards the nose, towards the forehead.
    face
        (V, 3) as ``head``, but along stretched so that the eye is at :data:`EYE_ALONG`: the same place on
        short and long faces.
    face_normals
        (V, 3) normals in the same frame: outwards, towards the nose, towards the forehead.
    head_size
        Head length in table units.
    eye
        (3,) centre of the eye, as ``head``.
    joints
        Joint centres in table units, left side.
    """

    points: FloatArray
    normals: FloatArray
    shares: dict[str, FloatArray]
    trunk: FloatArray
    height: FloatArray
    neck: FloatArray
    tail: FloatArray
    head: FloatArray
    face: FloatArray
    face_normals: FloatArray
    head_size: float
    eye: FloatArray
    joints: dict[str, FloatArray]

    @property
    def limbs(self) -> FloatArray:
        """(V,) how much each vertex belongs to any leg."""
        total: FloatArray = self.shares["foreleg"] + self.shares["hindleg"] + self.shares["feet"]
        return total

    @property
    def side(self) -> FloatArray:
        """(V,) 1 on the left, -1 on the right."""
        return np.where(self.points[:, 0] >= 0.0, 1.0, -1.0)

    @property
    def hind(self) -> FloatArray:
        """(V,) whether it lies in the hind half of the legs."""
        middle = 0.5 * (self.joints["front_cannon"][1] + self.joints["hind_cannon"][1])
        behind: FloatArray = self.points[:, 1] > middle
        return behind

    def leg_height(self, limb: str, sections: float) -> float:
        """Height of a place on a leg: 0 sole, 1 fetlock, 2 carpus or hock, 3 elbow or stifle."""
        stops = np.array([0.0, *(self.joints[name][2] for name in _SECTIONS[limb])])
        return float(np.interp(sections, np.arange(len(stops)), np.maximum.accumulate(stops)))


def places_of(plan: BodyPlan, surface: BodySurface) -> Places:
    """Coordinates of a body's skin.

    Parameters
    ----------
    plan
        The individual.
    surface
        Its skin.

    Returns
    -------
    Places
        Of the surface's vertices.
    """
    s = plan.scale
    vertices = surface.vertices
    normals = vertex_normals(vertices, surface.quads)
    folded = np.column_stack([np.abs(vertices[:, 0]), vertices[:, 1:]])
    by_sweep = part_shares(surface.sweeps, vertices, 0.03 * s)
    # A thick fleece may stand beyond the reach of every part: it is the trunk's.
    lost = ~np.isfinite(by_sweep).all(axis=1)
    by_sweep[lost] = [float(sweep.name == "torso") for sweep in surface.sweeps]
    shares = {part: np.zeros(len(vertices)) for part in PARTS}
    along = {"neck": np.zeros(len(vertices)), "tail": np.zeros(len(vertices))}
    for i, sweep in enumerate(surface.sweeps):
        part = sweep.name if sweep.name in shares else "head" if sweep.name == "proboscis" else "feet"
        shares[part] = shares[part] + by_sweep[:, i]
        if part in along:
            near = np.flatnonzero(by_sweep[:, i] > 1e-4)
            arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(sweep.points, axis=0), axis=1))])
            at = np.interp(sweep.locate(folded[near])[0], np.arange(len(arc)), arc)
            along[part][near] = at / arc[-1]

    table = plan.stations["torso"]
    table = table[np.argsort(table[:, 0], kind="stable")]
    y, z = vertices[:, 1], vertices[:, 2]
    top, bottom = np.interp(y, table[:, 0], table[:, 1]), np.interp(y, table[:, 0], table[:, 2])

    origin, axes = head_frame(plan)
    size = head_length(plan)
    head = components(vertices - origin, axes) / size
    outwards = np.sign(head[:, :1])
    face_normals = components(normals, axes)
    eye = components(eye_centre(plan)[None] - origin, axes)[0] / size
    head = np.column_stack([np.abs(head[:, 0]), head[:, 1:]])
    forward = head[:, 1]
    behind = forward * EYE_ALONG / eye[1]
    ahead = EYE_ALONG + (forward - eye[1]) * (1.0 - EYE_ALONG) / (1.0 - eye[1])
    face = np.column_stack([head[:, 0], np.where(forward < eye[1], behind, ahead), head[:, 2]])
    return Places(
        points=vertices / s,
        normals=normals,
        shares=shares,
        trunk=(table[-1, 0] - y) / (table[-1, 0] - table[0, 0]),
        height=(z - bottom) / (top - bottom),
        neck=along["neck"],
        tail=along["tail"],
        head=head,
        face=face,
        face_normals=np.column_stack([face_normals[:, :1] * outwards, face_normals[:, 1:]]),
        head_size=size / s,
        eye=np.append(abs(eye[0]), eye[1:]),
        joints={name: joint / s for name, joint in plan.joints.items()},
    )


def ramp(values: FloatArray, start: float, end: float) -> FloatArray:
    """Smooth step from 0 at ``start`` to 1 at ``end``."""
    t = np.clip((values - start) / (end - start), 0.0, 1.0)
    smooth: FloatArray = t * t * (3.0 - 2.0 * t)
    return smooth


def smooth_noise(points: FloatArray, random: np.random.Generator, wavelength: float) -> FloatArray:
    """Noise that varies over about a wavelength: a sum of plane waves with random directions.

    Parameters
    ----------
    points
        (V, 3) positions.
    random
        Where the waves come from.
    wavelength
        Mean wavelength, units of the points.

    Returns
    -------
    ndarray
        (V,) about normally distributed, mean 0, standard deviation 1.
    """
    count = 28
    towards = random.normal(0.0, 1.0, (count, 3))
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    numbers = 2.0 * np.pi / wavelength * random.uniform(0.65, 1.5, count)
    phases = random.uniform(0.0, 2.0 * np.pi, count)
    total: FloatArray = np.cos(components(points, towards * numbers[:, None]) + phases).sum(axis=1)
    return total * np.sqrt(2.0 / count)
