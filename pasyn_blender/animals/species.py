"""Species descriptions: what ``assets/species`` says about a built-in animal, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import RigError

FloatArray = NDArray[np.float64]

WITHERS: Final = 1.345
"""Height of the withers to which the tables of every species are scaled, so that one set of blending radii
and tolerances serves a dog and a giraffe."""

FAMILIES: Final = ("unguligrade", "digitigrade")
"""How an animal stands: on hooves, or on its toes."""

PROPORTIONS: Final = (
    "trunk_length", "leg_length", "barrel_depth", "barrel_width", "neck_length", "neck_thickness",
    "neck_raise", "head_length", "head_depth", "head_width", "head_pitch", "limb_thickness", "ear_length",
    "mane_height", "tail_length", "horn_length", "wool_depth",
)  # fmt: skip
"""What individuals vary in: factors on the tables; ``neck_raise`` and ``head_pitch`` are degrees."""

_DEGREES: Final = ("neck_raise", "head_pitch")
_STATION_COLUMNS: Final = {
    "torso": 4, "neck": 5, "head": 4, "foreleg": 6, "front_hoof": 6, "hindleg": 6, "hind_hoof": 6, "tail": 3,
}  # fmt: skip
_HEAD_SHARES: Final = ("head",)  # their first column is a fraction of the axis, not a length
_PARTS: Final = ("ears", "mane", "tail_hair", "tubes", "wool", "fur", "proboscis")
_KEYS: Final = frozenset(
    {"species", "like", "family", "withers", "withers_height", "leg_line", "individual", "proportions",
     "kinds", "head_axis", "tuft_end", "joints", "masses", "eye",
     "detail", *_PARTS, *_STATION_COLUMNS}
)  # fmt: skip
_JOINTS: Final = (
    "pelvis", "spine", "spine_middle", "chest", "neck_base", "neck_top", "head", "tail_base", "tail_2",
    "tail_3", "tail_4", "scapula", "upper_arm", "forearm", "front_cannon", "front_foot", "front_hoof",
    "front_toe", "thigh", "shin", "hind_cannon", "hind_foot", "hind_hoof", "hind_toe",
)  # fmt: skip


def _built_in() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _species_folder().glob("*.yaml")))


def _species_folder() -> Path:
    package = Path(__file__).resolve().parent.parent
    # In a checkout and in a wheel `assets` lies beside the package; the Blender extension carries it inside.
    beside = package.parent / "assets" / "species"
    return beside if beside.is_dir() else package / "assets" / "species"


BUILT_IN: Final = _built_in()
"""Species that can be built by code."""


@dataclass(frozen=True)
class Mass:
    """A muscle or another swelling, or a hollow.

    Attributes
    ----------
    at
        Joint that it moves with as proportions change, or ``head``.
    offset
        (3,) from that joint in lengths of the tables; on the head: place to the left, towards the nose and
        up, in head lengths.
    radii
        (3,) half lengths: x, y, z; on the head: left, along, up, in head lengths.
    blend
        Radius of the smooth union or cut, in the same unit.
    hollow
        Whether it is cut out.
    part
        Sweep that it moves with (``torso`` for an udder between the thighs); empty: whichever is nearest.
    """

    at: str
    offset: FloatArray
    radii: FloatArray
    blend: float
    hollow: bool
    part: str = ""


@dataclass(frozen=True)
class Species:
    """A species, or one kind of it (a sex, an age), as described in ``assets/species``.

    Attributes
    ----------
    name
        Species name.
    kind
        Name of the kind; empty where there is but one.
    share
        How many of the individuals are of this kind, relative to the other kinds.
    family
        One of :data:`FAMILIES`.
    stations
        Tables of cross-sections of torso, neck, head, limbs, hooves and tail (body frame, withers
        :data:`WITHERS` high).
    joints
        Joint centres at rest, left side for limbs.
    withers
        (2,) y, z of the highest point above the shoulder blades.
    head_axis
        (2, 2) y, z of poll and lips.
    tuft_end
        (2,) y, z of the lowest hairs of the tail.
    leg_line
        Height below which leg length acts.
    withers_height
        Lowest and highest height of the withers, metres.
    ranges
        Lowest and highest value of each of :data:`PROPORTIONS`.
    masses
        Swellings and hollows.
    eye
        (4,) place of the left eyeball to the left, along and up, and its radius, in head lengths.
    parts
        Descriptions of ears, mane, tail hair, tubes (horns, antlers, beards), wool, fur, proboscis, as read.
    kinds
        The kinds that individuals are drawn from; empty where there is but one.
    """

    name: str
    kind: str
    share: float
    family: str
    stations: Mapping[str, FloatArray]
    joints: Mapping[str, FloatArray]
    withers: FloatArray
    head_axis: FloatArray
    tuft_end: FloatArray
    leg_line: float
    withers_height: tuple[float, float]
    ranges: Mapping[str, tuple[float, float]]
    masses: Mapping[str, Mass]
    eye: FloatArray
    parts: Mapping[str, Any]
    kinds: tuple[Species, ...]


@dataclass(frozen=True)
class BodyPlan:
    """All measurements of one individual, in metres in the body frame, standing on z = 0.

    Attributes
    ----------
    species, kind, family
        As in :class:`Species`.
    individual
        Seed of the individual.
    stations, joints, head_axis, tuft_end
        As in :class:`Species`, with the individual's proportions.
    leg_line
        Height below which the legs are free, metres.
    masses, eye, parts
        As in :class:`Species`.
    factors
        The drawn measurements: ``withers_height`` in metres, and :data:`PROPORTIONS`.
    scale
        Metres of this individual per length of the tables: :data:`WITHERS` times it is about the height of
        its withers.
    """

    species: str
    kind: str
    family: str
    individual: int
    stations: Mapping[str, FloatArray]
    joints: Mapping[str, FloatArray]
    head_axis: FloatArray
    tuft_end: FloatArray
    leg_line: float
    masses: Mapping[str, Mass]
    eye: FloatArray
    parts: Mapping[str, Any]
    factors: Mapping[str, float]
    scale: float


def individual_stream(individual: int, purpose: int) -> np.random.Generator:
    """Random numbers of one individual for one purpose (0 proportions, 1 coat, 2 hair, 3 kind)."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(individual, spawn_key=(purpose,))))


def species_file(name: str) -> Path:
    """Path of a built-in species' description.

    Raises
    ------
    RigError
        If there is no such built-in animal.
    """
    path = _species_folder() / f"{name}.yaml"
    if name in BUILT_IN and path.is_file():
        return path
    raise RigError(f"there is no built-in animal {name!r}; built-in are: {', '.join(BUILT_IN)}")


def species_sources(name: str) -> tuple[Path, ...]:
    """Files that decide how a species is built: its own, those it is like, and its coat's.

    Raises
    ------
    RigError
        If there is no such built-in animal.
    """
    found: list[Path] = []
    other = name
    while species_file(other) not in found:
        found.append(species_file(other))
        # Read as text: a job is recognised in Blender's own Python too, which may have no PyYAML.
        like = re.search(r"^like:[ ]*([\w-]+)", found[-1].read_text(encoding="utf-8"), re.MULTILINE)
        other = like.group(1) if like else other
    coats = [path.parent / "coats" / path.name for path in found]
    return (*found, *(path for path in coats if path.is_file()))


def load_species(name: str) -> Species:
    """Read and check a built-in species' description.

    Raises
    ------
    RigError
        If the species is unknown or its file is malformed.
    """
    described = _described(name, ())
    kinds = described.pop("kinds", None) or {}
    whole = _Reader(name, described).species("", 1.0, ())
    found = []
    for kind, given in kinds.items():
        changes = dict(given)
        share = float(changes.pop("share", 1.0))
        changes = _normalised(name, changes, described["unit"])
        found.append(_Reader(name, _merged(described, changes)).species(str(kind), share, ()))
    return whole if not found else _Reader(name, described).species("", 1.0, tuple(found))


def _described(name: str, children: tuple[str, ...]) -> dict[str, Any]:
    """A description in lengths where the withers are :data:`WITHERS` high, on top of the one it is like."""
    import yaml  # PyYAML is not part of every Blender: imported only when an animal is built

    path = species_file(name)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # as safe, and ten times as fast where it is there
    data: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    odd = sorted(set(data) - _KEYS)
    if odd:
        raise RigError(f"{path.name}: unknown key {odd[0]!r}; known are {', '.join(sorted(_KEYS))}")
    other = data.pop("like", None)
    if other in (name, *children):
        raise RigError(f"{path.name}: like: {other} is described as being like {name} itself")
    base = _described(other, (name, *children)) if other else {}
    if "withers" not in data and not base:
        raise RigError(f"{path.name}: withers: missing; expected [y, z] of the top of the shoulders")
    # Without own withers, lengths are already in the units of the species that this one is like.
    unit = WITHERS / float(data["withers"][1]) if "withers" in data else 1.0
    merged = _merged(base, _normalised(name, data, unit))
    merged["unit"] = unit
    return merged


def _normalised(name: str, data: Mapping[str, Any], unit: float) -> dict[str, Any]:
    """Scale all lengths of a description but those of the head's own parts."""
    scaled = dict(data)
    try:
        for key in _STATION_COLUMNS:
            if scaled.get(key) is not None:
                factors = np.full(_STATION_COLUMNS[key], unit)
                if key in _HEAD_SHARES:
                    factors[0] = 1.0
                scaled[key] = _table(name, scaled, key, _STATION_COLUMNS[key]) * factors
        for key in ("withers", "head_axis", "tuft_end"):
            if key in scaled:
                scaled[key] = np.asarray(scaled[key], float) * unit
        if "leg_line" in scaled:
            scaled["leg_line"] = float(scaled["leg_line"]) * unit
        if "joints" in scaled:
            scaled["joints"] = {key: np.asarray(at, float) * unit for key, at in scaled["joints"].items()}
        if "masses" in scaled:
            scaled["masses"] = {
                key: None if mass is None else _mass(name, key, mass, unit)
                for key, mass in scaled["masses"].items()
            }
        if scaled.get("wool"):
            scaled["wool"] = {
                key: value if key == "face" else (np.asarray(value, float) * unit).tolist()
                for key, value in scaled["wool"].items()
            }
        if scaled.get("fur"):
            scaled["fur"] = {
                key: None if group is None else _tufts(group, unit) for key, group in scaled["fur"].items()
            }
        if scaled.get("tubes"):
            scaled["tubes"] = {
                key: None if tube is None else _tube(name, key, tube, unit)
                for key, tube in scaled["tubes"].items()
            }
    except (TypeError, ValueError, AttributeError) as error:
        raise RigError(f"{name}.yaml: not readable as numbers ({error})") from error
    return scaled


def _table(name: str, data: Mapping[str, Any], key: str, width: int) -> FloatArray:
    try:
        table = np.asarray(data[key], float)
    except (KeyError, TypeError, ValueError) as error:
        raise RigError(f"{name}.yaml: {key}: missing or not a table of numbers") from error
    if table.ndim != 2 or table.shape[1] != width:
        raise RigError(f"{name}.yaml: {key}: expected rows of {width} numbers, found shape {table.shape}")
    return table


def _mass(name: str, key: str, given: Mapping[str, Any], unit: float) -> Mass:
    known = {"at", "offset", "radii", "blend", "hollow", "part"}
    if not {"at", "offset", "radii"} <= set(given) <= known:
        raise RigError(f"{name}.yaml: masses.{key}: expected keys {sorted(known)}, found {sorted(given)}")
    own = 1.0 if given["at"] == "head" else unit
    return Mass(
        at=str(given["at"]),
        offset=np.asarray(given["offset"], float) * own,
        radii=np.asarray(given["radii"], float) * own,
        blend=float(given.get("blend", 0.03)) * own,
        hollow=bool(given.get("hollow", False)),
        part=str(given.get("part", "")),
    )


def _tufts(given: Mapping[str, Any], unit: float) -> dict[str, Any]:
    """A group of tufts of fur, its lengths scaled; their keys are checked where they are made."""
    lengths = {key: np.asarray(given[key], float) * unit for key in ("length", "width") if key in given}
    return {**given, **lengths}


def _tube(name: str, key: str, given: Mapping[str, Any], unit: float) -> dict[str, Any]:
    known = {"at", "curve", "radii", "flat", "mirror", "of"}
    if not {"at", "curve", "radii"} <= set(given) <= known:
        raise RigError(f"{name}.yaml: tubes.{key}: expected keys {sorted(known)}, found {sorted(given)}")
    own = 1.0 if given["at"] == "head" else unit
    return {
        **given,
        "curve": np.asarray(given["curve"], float) * own,
        "radii": np.asarray(given["radii"], float) * own,
    }


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``changes`` over ``base``, mappings key by key; an entry of ``null`` takes one away."""
    result = dict(base)
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = _merged(result[key], value)
        elif value is None:
            result.pop(key, None)
        else:
            result[key] = value
    return result


class _Reader:
    """Turns a merged description into a :class:`Species`."""

    def __init__(self, name: str, data: Mapping[str, Any]) -> None:
        self._name, self._data = name, data

    def _given(self, key: str) -> Any:
        if key not in self._data:
            raise RigError(f"{self._name}.yaml: {key}: missing")
        return self._data[key]

    def _range(self, where: str, value: Any) -> tuple[float, float]:
        try:
            low, high = (float(v) for v in value)
        except (TypeError, ValueError) as error:
            raise RigError(
                f"{self._name}.yaml: {where}: expected [lowest, highest], found {value!r}"
            ) from error
        return low, high

    def _ranges(self) -> dict[str, tuple[float, float]]:
        means, given = dict(self._data.get("proportions", {})), dict(self._data.get("individual", {}))
        odd = sorted((set(means) | set(given)) - set(PROPORTIONS))
        if odd:
            raise RigError(
                f"{self._name}.yaml: {odd[0]!r} is no proportion; known are {', '.join(PROPORTIONS)}"
            )
        ranges = {}
        for key in PROPORTIONS:
            turned = key in _DEGREES
            low, high = self._range(f"individual.{key}", given.get(key, (0.0, 0.0) if turned else (1.0, 1.0)))
            mean = float(means.get(key, 0.0 if turned else 1.0))
            ranges[key] = (mean + low, mean + high) if turned else (mean * low, mean * high)
        return ranges

    def species(self, kind: str, share: float, kinds: tuple[Species, ...]) -> Species:
        joints = {key: np.asarray(value, float) for key, value in self._given("joints").items()}
        bad = sorted(key for key in _JOINTS if key not in joints or joints[key].shape != (3,))
        if bad:
            raise RigError(f"{self._name}.yaml: joints.{bad[0]}: expected three numbers x, y, z")
        family = self._given("family")
        if family not in FAMILIES:
            raise RigError(
                f"{self._name}.yaml: family: expected one of {', '.join(FAMILIES)}, found {family!r}"
            )
        masses = self._data.get("masses", {})
        lost = sorted(key for key, mass in masses.items() if mass.at != "head" and mass.at not in joints)
        if lost:
            raise RigError(f"{self._name}.yaml: masses.{lost[0]}: at: {masses[lost[0]].at!r} is no joint")
        eye = self._given("eye")
        return Species(
            name=self._name,
            kind=kind,
            share=share,
            family=family,
            stations={key: self._given(key) for key in _STATION_COLUMNS},
            joints=joints,
            withers=self._given("withers"),
            head_axis=self._given("head_axis"),
            tuft_end=self._given("tuft_end"),
            leg_line=self._given("leg_line"),
            withers_height=self._range("withers_height", self._given("withers_height")),
            ranges=self._ranges(),
            masses=masses,
            eye=np.array([*eye["place"], eye["radius"]], float),
            parts={key: self._data.get(key) for key in _PARTS},
            kinds=kinds,
        )
