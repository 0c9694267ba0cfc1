"""Looks of pictures against photos: how well each is told from them, and whether one does better."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .crops import Crop
from .regions import REGIONS, region_masks
from .statistics import FAMILIES, FEWEST_PIXELS, filtered, statistics
from .two_samples import areas_under_curve, cross_validated_accuracy, median_bandwidth, mmd_test, squared_mmd

FloatArray = NDArray[np.float64]

ALL: Final = "all"
"""All families of statistics together."""

KINDS: Final = (ALL, *FAMILIES)
MEASURES: Final = ("accuracy", "mmd")

FEWEST: Final = 16
"""Pictures on each side, with which a comparison begins to mean something."""

_FAR: Final = 5.0


@dataclass(frozen=True)
class Sample:
    """Statistics of some pictures.

    Attributes
    ----------
    columns
        By region and family (N, D).
    names
        D names by family.
    groups
        N names; pictures of one group are alike for a reason that has nothing to do with their look.
    """

    columns: Mapping[str, Mapping[str, FloatArray]]
    names: Mapping[str, tuple[str, ...]]
    groups: tuple[str, ...]

    def table(self, region: str, kind: str) -> FloatArray:
        """(N, D) statistics of a region, of one family or of all."""
        if kind != ALL:
            return self.columns[region][kind]
        return np.concatenate([self.columns[region][family] for family in FAMILIES], axis=1)

    def __len__(self) -> int:
        return len(self.groups)


def measure_crop(crop: Crop) -> dict[str, dict[str, dict[str, float]]] | None:
    """Statistics of a crop by region, family and name; None where a region is too small.

    Without an animal there is the whole picture alone.
    """
    height, width = crop.picture.shape[:2]
    if crop.animal is None:
        masks = {"whole": np.ones((height, width), dtype=bool)}
    else:
        masks = region_masks(crop.animal, width, height)
    if any(np.count_nonzero(mask) < FEWEST_PIXELS for mask in masks.values()):
        return None
    found = filtered(crop.picture)
    return {region: statistics(found, mask) for region, mask in masks.items()}


def sample_of(
    measured: Sequence[Mapping[str, Mapping[str, Mapping[str, float]]]], groups: Sequence[str]
) -> Sample:
    """Gather what :func:`measure_crop` found of N pictures."""
    regions = [region for region in REGIONS if region in measured[0]]
    names = {family: tuple(measured[0][regions[0]][family]) for family in FAMILIES}
    columns = {
        region: {
            family: np.array([[one[region][family][name] for name in names[family]] for one in measured])
            for family in FAMILIES
        }
        for region in regions
    }
    return Sample(columns, names, tuple(groups))


@dataclass(frozen=True)
class Interval:
    """A measure over seeds: mean, and the bounds that 95 of 100 seeds lie within."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    """One look in one region by one kind of statistic.

    Attributes
    ----------
    accuracy, mmd
        Of the classifier, and the squared MMD.
    accuracy_change, mmd_change
        Against the first look, seed by seed.
    p
        Of the MMD over all pictures, by permutation.
    """

    look: str
    region: str
    kind: str
    accuracy: Interval
    mmd: Interval
    accuracy_change: Interval
    mmd_change: Interval
    p: float

    def better(self, measure: str) -> bool:
        """Whether a measure is lower than the first look's in (nearly) all seeds."""
        return (self.accuracy_change if measure == "accuracy" else self.mmd_change).high < 0


@dataclass(frozen=True)
class Clue:
    """How well one statistic alone tells a look from photos.

    Attributes
    ----------
    area
        Area under the ROC curve: above 0.5 pictures have more of it than photos, below less.
    """

    look: str
    region: str
    family: str
    name: str
    area: float


def compare(
    photos: Sample,
    looks: Mapping[str, Sample],
    seeds: int,
    seed: int = 0,
    advance: Callable[[str, float], None] = lambda what, share: None,
) -> tuple[Row, ...]:
    """Compare looks with photos; the first look is the one that others are held against.

    Each seed takes half of the pictures, the same in all looks, and as many photos: the spread over halves of
    a sample is the spread over samples of its size (half-sampling, McCarthy 1969). Statistics are scaled by
    the photos and the first look, whatever other looks are compared, so numbers do not depend on those.

    Raises
    ------
    ValueError
        A side has fewer than :data:`FEWEST` pictures, or looks differ in how many they have.
    """
    first = next(iter(looks.values()))
    if len({len(look) for look in looks.values()}) > 1:
        raise ValueError("looks of different pictures")
    if min(len(photos), len(first)) < FEWEST:
        raise ValueError(f"{len(first)} pictures and {len(photos)} photos; {FEWEST} of each are needed")
    half = min(len(first), len(photos)) // 2
    draws = []
    for number in range(seeds):
        generator = np.random.default_rng(np.random.SeedSequence([seed, number]))
        draws.append(
            (generator.permutation(len(first))[:half], generator.permutation(len(photos))[:half], number)
        )
    rows = []
    tasks = [(region, kind) for region in first.columns for kind in KINDS]
    for number, (region, kind) in enumerate(tasks):
        advance(f"comparing: {region}, {kind}", number / len(tasks))
        rows += _compared(photos, looks, region, kind, draws, seed)
    order = {look: place for place, look in enumerate(looks)}
    places = {task: place for place, task in enumerate(tasks)}
    return tuple(sorted(rows, key=lambda row: (places[row.region, row.kind], order[row.look])))


def _compared(
    photos: Sample,
    looks: Mapping[str, Sample],
    region: str,
    kind: str,
    draws: Sequence[tuple[NDArray[np.intp], NDArray[np.intp], int]],
    seed: int,
) -> list[Row]:
    real = photos.table(region, kind)
    tables = {name: look.table(region, kind) for name, look in looks.items()}
    plain = next(iter(tables.values()))
    ruler = np.concatenate([real[np.arange(len(real)) % max(1, len(real) // len(plain)) == 0], plain])
    middle, spread = ruler.mean(axis=0), np.maximum(ruler.std(axis=0), 1e-9)
    real, *scaled = (np.clip((table - middle) / spread, -_FAR, _FAR) for table in (real, *tables.values()))
    width = median_bandwidth(real[: len(plain)], scaled[0])
    values = np.zeros((len(tables), len(MEASURES), len(draws)))
    for column, (mine, theirs, number) in enumerate(draws):
        groups = [photos.groups[row] for row in theirs]
        for row, (table, look) in enumerate(zip(scaled, looks.values(), strict=True)):
            folds = np.random.default_rng(np.random.SeedSequence([seed, number, 1]))
            values[row, 0, column] = cross_validated_accuracy(
                real[theirs], table[mine], groups, [look.groups[one] for one in mine], folds
            )
            values[row, 1, column] = squared_mmd(real[theirs], table[mine], width)
    rows = []
    for row, (name, table) in enumerate(zip(tables, scaled, strict=True)):
        chance = np.random.default_rng(np.random.SeedSequence([seed, 2]))
        equal = chance.permutation(len(real))[: len(table)]
        _, p = mmd_test(real[equal], table, chance, width)
        accuracy, mmd = values[row]
        changes = values[row] - values[0]
        rows.append(
            Row(
                look=name,
                region=region,
                kind=kind,
                accuracy=_interval(accuracy),
                mmd=_interval(mmd),
                accuracy_change=_interval(changes[0]),
                mmd_change=_interval(changes[1]),
                p=p,
            )
        )
    return rows


def _interval(values: FloatArray) -> Interval:
    low, high = np.percentile(values, (2.5, 97.5))
    return Interval(float(values.mean()), float(low), float(high))


def clues(photos: Sample, looks: Mapping[str, Sample]) -> tuple[Clue, ...]:
    """Each statistic's area under the curve, by look and region, the telling ones first."""
    found = []
    for name, look in looks.items():
        for region in look.columns:
            here = [
                Clue(name, region, family, statistic, float(area))
                for family in FAMILIES
                for statistic, area in zip(
                    look.names[family],
                    areas_under_curve(photos.table(region, family), look.table(region, family)),
                    strict=True,
                )
            ]
            found += sorted(here, key=lambda clue: (-abs(clue.area - 0.5), clue.family, clue.name))
    return tuple(found)
