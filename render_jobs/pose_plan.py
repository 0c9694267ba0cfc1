"""Which canonical poses the shots of a plan may take, from a pose prior or a file of poses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.anatomy.rotations import to_turn
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.collisions import CollisionTest, collision_test
from pasyn_blender.prior.limits import JointLimits, read_limits
from pasyn_blender.prior.prior_file import read_prior
from pasyn_blender.prior.sampler import Prior
from pasyn_blender.prior.shot_poses import BLOCK, Generators, PoseSource, block_of_poses, pose_source

from .job_schema import JOINT_LIMITS, PoseSettings
from .pose_files import canonical_poses
from .shot import PoseShot


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
        self._source: PoseSource | None = None
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
        assert self._source is not None
        drawn = block_of_poses(
            self._source, block, self._seed, self._limits, self._collisions, self._generators
        )
        return tuple(PoseShot.of("prior", shot.turns, shot.turned_down) for shot in drawn)


def pose_plan(settings: PoseSettings, seed: int, generators: Generators) -> PosePlan | None:
    """Return the pose plan of a job; None where all its poses come from the rig's actions."""
    return PosePlan(settings, seed, generators) if settings.canonical else None


def _source(prior: Prior, actions: Sequence[str], species: Sequence[str], sigma: float) -> PoseSource:
    try:
        return pose_source(prior, actions, species, sigma)
    except PriorError as error:
        raise PriorError(f"poses: {error}") from None


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
