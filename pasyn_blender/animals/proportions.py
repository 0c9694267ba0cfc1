"""One individual of a species: its proportions drawn by seed, and the tables stretched to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ..errors import RigError
from .species import PROPORTIONS, BodyPlan, Species, individual_stream
from .sweep import FloatArray

_NECK_JOINTS: Final = ("neck_top", "head")
_TAIL_JOINTS: Final = ("tail_2", "tail_3", "tail_4")
_LIMBS: Final = ("foreleg", "hindleg", "front_hoof", "hind_hoof")


def body_plan(species: Species, individual: int) -> BodyPlan:
    """Measurements of one individual.

    Parameters
    ----------
    species
        The species' mean and ranges; where it has kinds, the individual is of one of them.
    individual
        Non-negative seed; the same seed is the same animal.

    Returns
    -------
    BodyPlan
        Stations and joints scaled so that the withers have the drawn height and the soles are at z = 0.

    Raises
    ------
    RigError
        If ``individual`` is negative.
    """
    if individual < 0:
        raise RigError(f"individual must be 0 or more, found {individual}")
    if species.kinds:
        shares = np.array([kind.share for kind in species.kinds])
        draw = individual_stream(individual, 3).uniform() * shares.sum()
        species = species.kinds[
            int(np.searchsorted(np.cumsum(shares), draw, side="right").clip(0, len(shares) - 1))
        ]
    random = individual_stream(individual, 0)
    height = float(random.uniform(*species.withers_height))
    factors = {key: float(random.uniform(*species.ranges[key])) for key in PROPORTIONS}
    stretch = _Stretch(species, factors)

    stations = {
        "torso": stretch.torso(species.stations["torso"]),
        "neck": stretch.neck_stations(species.stations["neck"]),
        "head": stretch.head(species.stations["head"]),
        "tail": stretch.tail(species.stations["tail"]),
        **{limb: stretch.limb(species.stations[limb]) for limb in _LIMBS},
    }
    joints = {}
    for name, joint in species.joints.items():
        place = stretch.sagittal(joint[None, 1:])[0]
        if name in _NECK_JOINTS:
            place = stretch.neck_points(joint[None, 1:])[0]
        elif name in _TAIL_JOINTS:
            place = stretch.tail_points(joint[None, 1:])[0]
        joints[name] = np.array([joint[0], *place])

    scale = height / float(stretch.sagittal(species.withers[None])[0, 1])
    return BodyPlan(
        species=species.name,
        kind=species.kind,
        family=species.family,
        individual=individual,
        stations={key: _scaled(key, table, scale) for key, table in stations.items()},
        joints={key: value * scale for key, value in joints.items()},
        head_axis=stretch.head_axis(species.head_axis) * scale,
        tuft_end=stretch.tail_points(species.tuft_end[None])[0] * scale,
        leg_line=species.leg_line * factors["leg_length"] * scale,
        masses=species.masses,
        eye=species.eye,
        parts=species.parts,
        factors={"withers_height": height, **factors},
        scale=scale,
    )


def _scaled(key: str, table: FloatArray, scale: float) -> FloatArray:
    factors = np.full(table.shape[1], scale)
    if key == "head":
        factors[0] = 1.0  # a fraction of the axis, not a length
    return table * factors


class _Stretch:
    """Moves points of the mean animal to where an individual's proportions put them."""

    def __init__(self, species: Species, factors: Mapping[str, float]) -> None:
        self._line = species.leg_line
        self._factors = factors
        self._base = species.joints["neck_base"][1:]
        self._poll = species.head_axis[0]
        self._tail_base = species.joints["tail_base"][1:]

    def sagittal(self, points: FloatArray) -> FloatArray:
        """(N, 2) y, z with trunk and leg length."""
        y, z = points.T
        lift = (self._factors["leg_length"] - 1.0) * np.minimum(z, self._line)
        return np.column_stack([y * self._factors["trunk_length"], z + lift])

    def torso(self, table: FloatArray) -> FloatArray:
        tops = self.sagittal(table[:, [0, 1]])
        depth = (table[:, 1] - table[:, 2]) * self._factors["barrel_depth"]
        return np.column_stack([tops, tops[:, 1] - depth, table[:, 3] * self._factors["barrel_width"]])

    def neck_points(self, points: FloatArray) -> FloatArray:
        """(N, 2) y, z with the neck's length and carriage.

        Both act forward of the neck's base only, so that the chest stays closed; a raised neck bends over
        the third of it that is nearest to the chest.
        """
        base = self.sagittal(self._base[None])[0]
        away = (points - self._base) * self._factors["neck_length"]
        reach = float(np.linalg.norm(self._poll - self._base)) * self._factors["neck_length"]
        forward = (self._poll - self._base) / np.linalg.norm(self._poll - self._base)
        share = np.clip(away @ forward / (0.33 * reach), 0.0, 1.0)
        return base + _turned(away, self._factors["neck_raise"] * share)

    def neck_stations(self, table: FloatArray) -> FloatArray:
        thickness = table[:, 2:] * self._factors["neck_thickness"]
        return np.column_stack([self.neck_points(table[:, :2]), thickness])

    def head(self, table: FloatArray) -> FloatArray:
        size = self._factors["head_length"]
        depth, width = size * self._factors["head_depth"], size * self._factors["head_width"]
        return table * np.array([1.0, depth, depth, width])

    def head_axis(self, axis: FloatArray) -> FloatArray:
        poll = self.neck_points(self._poll[None])[0]
        turned = self._factors["neck_raise"] - self._factors["head_pitch"]
        return poll + _turned((axis - self._poll) * self._factors["head_length"], np.full(len(axis), turned))

    def tail_points(self, points: FloatArray) -> FloatArray:
        base = self.sagittal(self._tail_base[None])[0]
        away = points - self._tail_base
        beyond = (away[:, 0] > 0.0) | (away[:, 1] < 0.0)
        length = np.where(beyond, self._factors["tail_length"], 1.0)
        moved: FloatArray = base + away * length[:, None]
        return moved

    def tail(self, table: FloatArray) -> FloatArray:
        return np.column_stack([self.tail_points(table[:, :2]), table[:, 2]])

    def limb(self, table: FloatArray) -> FloatArray:
        # Only the free limb varies in thickness: its root has to keep filling the trunk.
        slim = np.where(table[:, 2] < self._line + 0.05, self._factors["limb_thickness"], 1.0)
        return np.column_stack([table[:, 0], self.sagittal(table[:, 1:3]), table[:, 3:] * slim[:, None]])


def _turned(vectors: FloatArray, degrees: FloatArray) -> FloatArray:
    """(N, 2) y, z vectors turned so that those pointing forward (-y) rise."""
    angle = np.radians(degrees)
    y, z = vectors.T
    turned: FloatArray = np.column_stack(
        [y * np.cos(angle) + z * np.sin(angle), -y * np.sin(angle) + z * np.cos(angle)]
    )
    return turned
