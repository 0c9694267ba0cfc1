"""The poses that the shots of a dataset may take: four candidates each, drawn block by block.

Poses are worked out for :data:`BLOCK` shots at a time, always for whole blocks: sums over many numbers round
by how many there are, and no picture may depend on how many others are made. For the same reason, and so that
processors of other makes round alike, all is computed in double precision before it is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.rotations import Array, from_six, to_turn
from ..errors import PriorError
from .collisions import CollisionTest
from .feasibility import REASONS, judge
from .latent_mixture import LatentMixture, draw_latents
from .layers import Layer, run_layers
from .limits import JointLimits
from .sampler import Prior

CANDIDATES: Final = 4
"""Poses a shot has to choose from: the skin of a rig shows what its bones do not."""

BLOCK: Final = 32
POSE_STREAM: Final = 7
"""Number of the random stream that a shot's pose is drawn from; part of every dataset ever planned."""

_AT_ONCE: Final = 8  # candidates of a shot that are judged together
_ROUNDS: Final = 8
_GOLDEN: Final = (5**0.5 - 1) / 2

Generators = Callable[[int], np.random.Generator]
"""Gives the random stream that shot i's pose is drawn from, always from its start."""


@dataclass(frozen=True)
class ShotPoses:
    """Candidates of a shot.

    Attributes
    ----------
    turns
        Of each candidate (J, 3) turn vectors in radians; each is inside the joints' limits, and no limb runs
        through another.
    turned_down
        How many were turned down before, by reason.
    """

    turns: tuple[Array, ...]
    turned_down: dict[str, int]


@dataclass(frozen=True)
class PoseSource:
    """A prior, restricted to what is asked for, in double precision."""

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


def pose_source(
    prior: Prior,
    actions: Sequence[str] = (),
    species: Sequence[str] = (),
    sigma: float = 1.0,
    temperature: float = 1.0,
) -> PoseSource:
    """Restrict a prior to what is asked for.

    Parameters
    ----------
    prior
        A canonical one.
    actions, species
        Labels of the poses; none for all.
    sigma
        Scales the spread of each Gaussian.
    temperature
        How evenly the Gaussians are drawn: their weights are raised to its inverse, so that 1 draws poses as
        often as they were seen, less prefers the common ones, and more brings up the rare ones.

    Raises
    ------
    PriorError
        No pose has such labels, or the temperature is not above zero.
    """
    if not (np.isfinite(temperature) and temperature > 0):
        raise PriorError(f"a temperature of {temperature}; it must be above zero")
    mixture = prior.labelled_mixture(actions, species)
    if temperature != 1.0:
        # Relative to the largest, so that none of them overflows.
        weights = (mixture.weights / mixture.weights.max()) ** (1.0 / temperature)
        mixture = replace(mixture, weights=weights / weights.sum())
    return PoseSource(
        prior,
        mixture,
        prior.component_conditions.astype(np.float64),
        tuple(
            Layer(layer.weight.astype(np.float64), layer.bias.astype(np.float64)) for layer in prior.decoder
        ),
        sigma,
    )


def shot_stream(seed: int, index: int) -> np.random.Generator:
    """The random stream that the pose of a shot of a job is drawn from."""
    return np.random.Generator(
        np.random.PCG64(np.random.SeedSequence(entropy=seed, spawn_key=(index, POSE_STREAM)))
    )


def block_of_poses(
    source: PoseSource,
    block: int,
    seed: int,
    limits: JointLimits,
    collisions: CollisionTest,
    generators: Generators | None = None,
) -> tuple[ShotPoses, ...]:
    """Candidates of the shots of a block.

    Parameters
    ----------
    source
        What poses are drawn from.
    block
        Number of the block; shot i is in block ``i // BLOCK``.
    seed
        Of the job.
    limits, collisions
        What turns poses down.
    generators
        The shots' random streams; by default :func:`shot_stream` of the seed.

    Raises
    ------
    PriorError
        Hardly any pose of the prior is one that an animal can take.
    """
    indices = range(block * BLOCK, (block + 1) * BLOCK)
    streams = [shot_stream(seed, i) if generators is None else generators(i) for i in indices]
    found: list[list[Array]] = [[] for _ in indices]
    turned_down = [dict.fromkeys(REASONS, 0) for _ in indices]
    for number in range(_ROUNDS):
        picks, noise = _drawn(source, streams)
        if number == 0:
            picks[:, 0] = _first_picks(seed, indices)
        poses = source.poses(picks.ravel(), noise.reshape(BLOCK * _AT_ONCE, -1))
        judged = judge(poses, limits, collisions)
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
    return tuple(ShotPoses(tuple(taken), why) for taken, why in zip(found, turned_down, strict=True))


def first_pose(source: PoseSource, seed: int) -> NDArray[np.float64]:
    """(J, 3, 3) first pose that is drawn for shot 0, whether an animal can take it or not."""
    streams = [shot_stream(seed, index) for index in range(BLOCK)]
    picks, noise = _drawn(source, streams)
    picks[:, 0] = _first_picks(seed, range(BLOCK))
    return np.asarray(source.poses(picks.ravel(), noise.reshape(BLOCK * _AT_ONCE, -1))[0])


def _drawn(source: PoseSource, streams: Sequence[np.random.Generator]) -> tuple[Array, Array]:
    picks = np.array([stream.random(_AT_ONCE) for stream in streams])
    return picks, np.array([stream.standard_normal((_AT_ONCE, source.normals)) for stream in streams])


def _first_picks(seed: int, indices: range) -> Array:
    """The first choices of the shots go round evenly over all poses the prior has seen."""
    offset = np.random.default_rng(np.random.SeedSequence(seed)).random()
    return np.asarray((offset + np.array(indices) * _GOLDEN) % 1)
