"""How good poses are: distances between poses, and how one set of poses covers another."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy.kinematics import accumulate, joint_places
from ..anatomy.rotations import Array, angle_between, to_quaternion
from ..errors import PriorError

_ROWS = 256


@dataclass(frozen=True)
class ErrorSummary:
    """Mean, median and 95th percentile of errors."""

    mean: float
    median: float
    high: float


@dataclass(frozen=True)
class Coverage:
    """How samples and real poses cover each other (Naeem et al., ICML 2020).

    Attributes
    ----------
    precision
        Share of the samples that lie within the k-th neighbour distance of a real pose.
    recall
        Share of the real poses that lie within the k-th neighbour distance of a sample.
    density
        Number of real poses whose k-th neighbour distance reaches a sample, over k; one in the mean where
        both sets are alike.
    coverage
        Share of the real poses that have a sample within their k-th neighbour distance.
    """

    precision: float
    recall: float
    density: float
    coverage: float

    def as_dict(self) -> dict[str, float]:
        """Return the four numbers by name."""
        return asdict(self)


def summary(errors: Array) -> ErrorSummary:
    """Summarise errors of any shape; NaN is left out.

    Raises
    ------
    PriorError
        There are none.
    """
    values = errors[np.isfinite(errors)]
    if not values.size:
        raise PriorError("no errors to summarise: no joint is known in both sets of poses")
    return ErrorSummary(float(values.mean()), float(np.median(values)), float(np.percentile(values, 95)))


def rotation_errors(first: Array, second: Array, known: Array | None = None) -> NDArray[np.float64]:
    """(..., J) degrees between (..., J, 3, 3) poses; NaN where a joint is not in (..., J) ``known``."""
    degrees = np.degrees(angle_between(first.astype(float), second.astype(float)))
    return degrees if known is None else np.where(known, degrees, np.nan)


def position_errors(
    first: Array, second: Array, offsets: Array, parents: tuple[int, ...], known: Array | None = None
) -> NDArray[np.float64]:
    """(..., J) distances between the joints of poses, roots together, in the unit of ``offsets``.

    Parameters
    ----------
    first, second
        (..., J, 3, 3) rotations relative to parents.
    offsets
        (J, 3) or (..., J, 3) place of each joint from its parent; in trunk lengths in a corpus.
    parents
        J parent indices, parents first.
    known
        (..., J) joints that count; the others are taken from ``second``, so that they carry no error on.
    """
    if known is not None:
        first = np.where(np.asarray(known)[..., None, None], first, second)
    places = [
        joint_places(accumulate(pose.astype(float), parents), offsets, parents=parents)
        for pose in (first, second)
    ]
    distance = np.linalg.norm(places[0] - places[1], axis=-1)
    return distance if known is None else np.where(known, distance, np.nan)


def coverage(real: Array, samples: Array, k: int = 5) -> Coverage:
    """Precision, recall, density and coverage; the features are the rotation matrices' entries.

    Parameters
    ----------
    real, samples
        (N, J, 3, 3) and (M, J, 3, 3) poses, each more than ``k``.
    k
        Which neighbour's distance is the radius; a pose is not its own neighbour.

    Raises
    ------
    PriorError
        There are too few poses.
    """
    for poses, name in ((real, "real poses"), (samples, "samples")):
        if len(poses) <= k:
            raise PriorError(f"{len(poses)} {name}; coverage with k={k} takes at least {k + 1}")
    first, second = (poses.reshape(len(poses), -1).astype(float) for poses in (real, samples))
    real_radius, sample_radius = (_neighbour_distance(poses, k) for poses in (first, second))
    reached = np.zeros(len(second), dtype=bool)
    recalled, covered = (np.empty(len(first), dtype=bool) for _ in range(2))
    hits = 0
    for start in range(0, len(first), _ROWS):
        rows = slice(start, start + _ROWS)
        distance = _distances(first[rows], second)
        inside = distance < real_radius[rows, None]
        hits += int(inside.sum())
        reached |= inside.any(axis=0)
        covered[rows] = inside.any(axis=1)
        recalled[rows] = (distance < sample_radius).any(axis=1)
    return Coverage(
        float(reached.mean()), float(recalled.mean()), hits / (k * len(second)), float(covered.mean())
    )


def nearest_distance(poses: Array, others: Array, joints: Array | None = None) -> NDArray[np.float64]:
    """(N,) degrees from each pose to the nearest of others, mean over joints.

    Takes about a second for 10^8 pairs of joints: 3,000 poses against 3,000 of 12 joints.

    Parameters
    ----------
    poses, others
        (N, J, 3, 3) and (M, J, 3, 3) poses.
    joints
        (J,) joints that count; all by default.
    """
    if not len(others):
        raise PriorError("no poses to be near to")
    counted = np.arange(poses.shape[1]) if joints is None else np.flatnonzero(joints)
    if not len(counted):
        raise PriorError("no joint is known in both sets of poses")
    first, second = (
        to_quaternion(each[:, counted].astype(float)).astype(np.float32) for each in (poses, others)
    )
    nearest = np.empty(len(first), dtype=int)
    for start in range(0, len(first), _ROWS):
        rows = slice(start, start + _ROWS)
        total = np.zeros((len(first[rows]), len(second)), dtype=np.float32)
        for joint in range(len(counted)):
            cosine = np.abs(first[rows, joint] @ second[:, joint].T)
            total += np.arccos(np.minimum(cosine, 1, out=cosine))
        nearest[rows] = total.argmin(axis=1)
    # The arc cosine in single precision finds the nearest; small angles need the exact distance.
    return rotation_errors(poses[:, counted], others[nearest][:, counted]).mean(axis=1)


def diversity(poses: Array, seed: int, pairs: int = 5000) -> float:
    """Mean degrees, over joints, between two poses drawn from a set: (N, J, 3, 3), N at least two.

    Poses that are all alike give zero.
    """
    if len(poses) < 2:
        raise PriorError(f"diversity of {len(poses)} poses; it takes at least two")
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    first = rng.integers(0, len(poses), pairs)
    second = (first + rng.integers(1, len(poses), pairs)) % len(poses)
    return float(rotation_errors(poses[first], poses[second]).mean())


def _neighbour_distance(features: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """(N,) distance of each row to the k-th nearest other row."""
    radius = np.empty(len(features))
    for start in range(0, len(features), _ROWS):
        distance = _distances(features[start : start + _ROWS], features)
        own = np.arange(len(distance))
        distance[own, start + own] = np.inf
        radius[start : start + _ROWS] = np.partition(distance, k - 1, axis=1)[:, k - 1]
    return radius


def _distances(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
    return np.sqrt(np.maximum(squares, 0))
