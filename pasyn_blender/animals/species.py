"""Species descriptions, and the measurements of one individual drawn from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import RigError

FloatArray = NDArray[np.float64]

BUILT_IN: Final = ("zebra",)
"""Species that can be built by code."""

_STATION_COLUMNS: Final = {
    "torso": 4, "neck": 5, "head": 4, "foreleg": 6, "front_hoof": 6, "hindleg": 6, "hind_hoof": 6, "tail": 3,
}  # fmt: skip
_FACTORS: Final = (
    "withers_height", "trunk_length", "leg_length", "barrel_depth", "barrel_width", "neck_length",
    "neck_thickness", "head_length", "limb_thickness", "ear_length", "mane_height",
)  # fmt: skip
_NECK_JOINTS: Final = ("neck_top", "head")


@dataclass(frozen=True)
class Species:
    """A species description as read from ``assets/species``.

    Attributes
    ----------
    name
        Species name.
    stations
        Tables of cross-sections of torso, neck, head, limbs, hooves and tail (metres, body frame).
    joints
        Joint centres at rest, left side for limbs.
    head_axis
        (2, 2) y, z of poll and lips.
    tuft_end
        (2,) y, z of the lowest hairs of the tail.
    leg_line
        Height below which leg length acts.
    ranges
        Lowest and highest value of each individual measurement.
    """

    name: str
    stations: Mapping[str, FloatArray]
    joints: Mapping[str, FloatArray]
    head_axis: FloatArray
    tuft_end: FloatArray
    leg_line: float
    ranges: Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class BodyPlan:
    """All measurements of one individual, in metres in the body frame, standing on z = 0.

    Attributes
    ----------
    species
        Species name.
    individual
        Seed of the individual.
    stations
        As in :class:`Species`, with the individual's proportions.
    joints
        As in :class:`Species`, with the individual's proportions.
    head_axis, tuft_end
        As in :class:`Species`.
    factors
        The drawn measurements.
    scale
        Metres of this individual per metre of the tables.
    """

    species: str
    individual: int
    stations: Mapping[str, FloatArray]
    joints: Mapping[str, FloatArray]
    head_axis: FloatArray
    tuft_end: FloatArray
    factors: Mapping[str, float]
    scale: float


def individual_stream(individual: int, purpose: int) -> np.random.Generator:
    """Random numbers of one individual for one purpose (0 proportions, 1 coat, 2 mane)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(individual, spawn_key=(purpose,))))


def species_file(name: str) -> Path:
    """Path of a built-in species' description.

    Raises
    ------
    RigError
        If there is no such built-in animal.
    """
    package = Path(__file__).resolve().parent.parent
    # In a checkout and in a wheel `assets` lies beside the package; the Blender extension carries it inside.
    for root in (package.parent, package):
        path = root / "assets" / "species" / f"{name}.yaml"
        if name in BUILT_IN and path.is_file():
            return path
    raise RigError(f"there is no built-in animal {name!r}; built-in are: {', '.join(BUILT_IN)}")


def load_species(name: str) -> Species:
    """Read and check a built-in species' description.

    Raises
    ------
    RigError
        If the species is unknown or its file is malformed.
    """
    import yaml  # PyYAML is not part of every Blender: imported only when an animal is built

    path = species_file(name)
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    stations = {key: _table(path, data, key, width) for key, width in _STATION_COLUMNS.items()}
    joints = {key: np.asarray(value, float) for key, value in data["joints"].items()}
    bad = sorted(key for key, value in joints.items() if value.shape != (3,))
    if bad:
        raise RigError(f"{path.name}: joints.{bad[0]}: expected three numbers x, y, z")
    given: dict[str, Any] = data["individual"]
    if set(given) != set(_FACTORS):
        odd = sorted(set(given) ^ set(_FACTORS))
        raise RigError(f"{path.name}: individual: unknown or missing keys {odd}; expected {list(_FACTORS)}")
    ranges = {key: (float(given[key][0]), float(given[key][1])) for key in _FACTORS}
    return Species(
        name=name,
        stations=stations,
        joints=joints,
        head_axis=np.asarray(data["head_axis"], float),
        tuft_end=np.asarray(data["tuft_end"], float),
        leg_line=float(data["leg_line"]),
        ranges=ranges,
    )


def _table(path: Path, data: Mapping[str, Any], key: str, width: int) -> FloatArray:
    try:
        table = np.asarray(data[key], float)
    except (KeyError, TypeError, ValueError) as error:
        raise RigError(f"{path.name}: {key}: missing or not a table of numbers") from error
    if table.ndim != 2 or table.shape[1] != width:
        raise RigError(f"{path.name}: {key}: expected rows of {width} numbers, found shape {table.shape}")
    return table


def body_plan(species: Species, individual: int) -> BodyPlan:
    """Measurements of one individual.

    Parameters
    ----------
    species
        The species' mean and ranges.
    individual
        Non-negative seed; the same seed is the same animal.

    Returns
    -------
    BodyPlan
        Stations and joints scaled so that the withers have the drawn height and the soles are at z = 0.
    """
    if individual < 0:
        raise RigError(f"individual must be 0 or more, found {individual}")
    random = individual_stream(individual, 0)
    factors = {key: float(random.uniform(*species.ranges[key])) for key in _FACTORS}
    stretch = _Stretch(species, factors)

    stations = {
        "torso": stretch.torso(species.stations["torso"]),
        "neck": stretch.neck_stations(species.stations["neck"]),
        "head": species.stations["head"] * np.array([1.0, *[0.5 + 0.5 * factors["head_length"]] * 3]),
        "tail": stretch.tail(species.stations["tail"]),
    }
    for limb in ("foreleg", "hindleg", "front_hoof", "hind_hoof"):
        stations[limb] = stretch.limb(species.stations[limb])
    joints = {}
    for name, joint in species.joints.items():
        place = stretch.sagittal(joint[None, 1:])[0]
        if name in _NECK_JOINTS:
            place = stretch.neck_points(joint[None, 1:])[0]
        joints[name] = np.array([joint[0], *place])
    head_axis = stretch.head_axis(species.head_axis)

    withers = stations["torso"][:, 1].max()
    scale = factors["withers_height"] / float(withers)
    return BodyPlan(
        species=species.name,
        individual=individual,
        stations={key: _scaled(key, table, scale) for key, table in stations.items()},
        joints={key: value * scale for key, value in joints.items()},
        head_axis=head_axis * scale,
        tuft_end=stretch.sagittal(species.tuft_end[None])[0] * scale,
        factors=factors,
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
        """Neck length acts forward of the neck's base only, so that the chest stays closed."""
        base = self.sagittal(self._base[None])[0]
        return base + (points - self._base) * self._factors["neck_length"]

    def neck_stations(self, table: FloatArray) -> FloatArray:
        thickness = table[:, 2:] * self._factors["neck_thickness"]
        return np.column_stack([self.neck_points(table[:, :2]), thickness])

    def head_axis(self, axis: FloatArray) -> FloatArray:
        poll = self.neck_points(self._poll[None])[0]
        return poll + (axis - self._poll) * self._factors["head_length"]

    def tail(self, table: FloatArray) -> FloatArray:
        return np.column_stack([self.sagittal(table[:, :2]), table[:, 2]])

    def limb(self, table: FloatArray) -> FloatArray:
        # Only the free limb varies in thickness: its root has to keep filling the trunk.
        slim = np.where(table[:, 2] < self._line + 0.05, self._factors["limb_thickness"], 1.0)
        return np.column_stack([table[:, 0], self.sagittal(table[:, 1:3]), table[:, 3:] * slim[:, None]])
