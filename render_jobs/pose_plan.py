"""Which canonical poses the shots of a plan may take, from a pose prior or a file of poses.

Poses are worked out for :data:`BLOCK` shots at a time, always for whole blocks: sums over many numbers round
by how many there are, and no picture may depend on how many others are made. For the same reason, and so that
processors of other makes round alike, all is computed in double precision before it is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.anatomy.rotations import Array, from_six, to_turn
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.collisions import CollisionTest, collision_test
from pasyn_blender.prior.feasibility import REASONS, judge
from pasyn_blender.prior.latent_mixture import LatentMixture, draw_latents
from pasyn_blender.prior.layers import Layer, run_layers
from pasyn_blender.prior.limits import JointLimits, read_limits
from pasyn_blender.prior.prior_file import read_prior
from pasyn_blender.prior.sampler import Prior

from .job_schema import JOINT_LIMITS, PoseSettings
from .pose_files import canonical_poses
from .shot import PoseShot

CANDIDATES: Final = 4
"""Poses a shot of a prior has to choose from: the skin of a rig shows what its bones do not."""

BLOCK: Final = 32
_AT_ONCE: Final = 8  # candidates of a shot that are judged together
_ROUNDS: Final = 8
_GOLDEN: Final = (5**0.5 - 1) / 2

Generators = Callable[[int], np.random.Generator]
"""Gives the random stream that shot i's pose is drawn from, always from its start."""


class PosePlan:
    """Canonical poses for the shots of a job.

    Parameters
    ----------
    settings
        With another source than actions.
    seed
        Of the job.
    generators
        The shots' random streams.

    Raises
    ------
    PriorError
        The prior or the file of poses is missing or damaged, or no pose has the labels that are asked for.
    """

    def __init__(self, settings: PoseSettings, seed: int, generators: Generators) -> None:
        self._seed = seed
        self._generators = generators
        self._blocks: dict[int, tuple[PoseShot, ...]] = {}
        self._file: NDArray[np.float64] | None = None
        self._source: _Source | None = None
        if settings.source == "file":
            assert settings.file is not None
            self._file = _read_poses(settings.file, _stamp(settings.file))
        else:
            assert settings.prior is not None
            prior = _read_prior(settings.prior, _stamp(settings.prior))
            self._source = _source(prior, settings.actions, settings.species, settings.sigma)
            self._limits = _read_limits(_stamp(JOINT_LIMITS))
            self._collisions = _collisions()

    def pose(self, index: int) -> PoseShot:
        """Candidates of a shot.

        Raises
        ------
        PriorError
            Hardly any pose of the prior is one that an animal can take.
        """
        if self._file is not None:
            number = _shuffled(index, len(self._file), self._seed)
            return PoseShot.of("file", self._file[number][None], {}, number)
        block = index // BLOCK
        if block not in self._blocks:
            # Shots are planned in order: what lies behind is not wanted again.
            self._blocks = {block: self._candidates(block)}
        return self._blocks[block][index % BLOCK]

    def _candidates(self, block: int) -> tuple[PoseShot, ...]:
        source = self._source
        assert source is not None
        indices = range(block * BLOCK, (block + 1) * BLOCK)
        streams = [self._generators(index) for index in indices]
        found: list[list[Array]] = [[] for _ in indices]
        turned_down = [dict.fromkeys(REASONS, 0) for _ in indices]
        for number in range(_ROUNDS):
            picks = np.array([stream.random(_AT_ONCE) for stream in streams])
            noise = np.array([stream.standard_normal((_AT_ONCE, source.normals)) for stream in streams])
            if number == 0:
                # The first choices of the shots go round evenly over all poses the prior has seen.
                offset = np.random.default_rng(np.random.SeedSequence(self._seed)).random()
                picks[:, 0] = (offset + np.array(indices) * _GOLDEN) % 1
            poses = source.poses(picks.ravel(), noise.reshape(BLOCK * _AT_ONCE, -1))
            judged = judge(poses, self._limits, self._collisions)
            turns = to_turn(judged.poses)
            for row in range(BLOCK):
                for at in range(row * _AT_ONCE, (row + 1) * _AT_ONCE):
                    if len(found[row]) == CANDIDATES:
                        break
                    if judged.accepted[at]:
                        found[row].append(turns[at])
                    else:
                        turned_down[row][REASONS[judged.reason[at]]] += 1
            if all(len(taken) == CANDIDATES for taken in found):
                break
        for index, taken, why in zip(indices, found, turned_down, strict=True):
            if not taken:
                failures = ", ".join(f"{amount} by {reason}" for reason, amount in why.items())
                raise PriorError(
                    f"shot {index}: of {_ROUNDS * _AT_ONCE} poses from the prior an animal can take none "
                    f"(turned down: {failures}); lower poses.sigma"
                )
        return tuple(PoseShot.of("prior", taken, why) for taken, why in zip(found, turned_down, strict=True))


def pose_plan(settings: PoseSettings, seed: int, generators: Generators) -> PosePlan | None:
    """Return the pose plan of a job; None where all its poses come from the rig's actions."""
    return PosePlan(settings, seed, generators) if settings.canonical else None


@dataclass(frozen=True)
class _Source:
    """A prior, restricted to what a job asks for, in double precision."""

    prior: Prior
    mixture: LatentMixture
    conditions: NDArray[np.float64]
    decoder: tuple[Layer, ...]
    sigma: float

    @property
    def normals(self) -> int:
        """Normal numbers that a pose is drawn by."""
        return int(self.mixture.neighbours.shape[1])

    def poses(self, picks: Array, noise: Array) -> NDArray[np.float64]:
        """(N, J, 3, 3) poses of (N,) picks and (N, M) noise, as ``draw_latents`` takes them."""
        latents, component = draw_latents(self.mixture, picks, noise, self.sigma)
        inputs = np.concatenate([latents.astype(np.float64), self.conditions[component]], axis=1)
        six = run_layers(self.decoder, inputs)
        poses = from_six(six.reshape(len(six), -1, 6) + self.prior.mean.astype(np.float64))
        poses[:, ~self.prior.known] = np.eye(3)
        return np.asarray(poses)


def _source(prior: Prior, actions: Sequence[str], species: Sequence[str], sigma: float) -> _Source:
    try:
        mixture = prior.labelled_mixture(actions, species)
    except PriorError as error:
        raise PriorError(f"poses: {error}") from None
    return _Source(
        prior,
        mixture,
        prior.component_conditions.astype(np.float64),
        tuple(
            Layer(layer.weight.astype(np.float64), layer.bias.astype(np.float64)) for layer in prior.decoder
        ),
        sigma,
    )


def _shuffled(index: int, count: int, seed: int) -> int:
    """Number of the pose that a shot takes: all in one order, then all in another, and so on."""
    turn, place = divmod(index, count)
    return int(_order(count, seed, turn)[place])


@lru_cache(maxsize=4)
def _order(count: int, seed: int, turn: int) -> NDArray[np.int64]:
    sequence = np.random.SeedSequence(entropy=seed, spawn_key=(turn, count, 0))
    return np.random.default_rng(sequence).permutation(count)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of a file, by which it is read again only when it changed."""
    try:
        found = path.stat()
    except OSError:
        return None  # whoever reads it says what is wrong
    return found.st_size, found.st_mtime_ns


@lru_cache(maxsize=2)
def _read_prior(path: Path, stamp: tuple[int, int] | None) -> Prior:
    prior = read_prior(path)
    if not prior.canonical:
        raise PriorError(
            f"{path} was learnt on joints of its own, not on those of the canonical quadruped that rigs are "
            "posed by; train one on canonical clips"
        )
    return prior


@lru_cache(maxsize=2)
def _read_limits(stamp: tuple[int, int] | None) -> JointLimits:
    return read_limits()


@lru_cache(maxsize=1)
def _collisions() -> CollisionTest:
    return collision_test()


@lru_cache(maxsize=1)
def _read_poses(path: Path, stamp: tuple[int, int] | None) -> NDArray[np.float64]:
    """(N, J, 3) turn vectors of a file's poses."""
    return to_turn(canonical_poses(path).rotations.astype(np.float64))
