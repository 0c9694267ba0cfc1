"""Which poses an animal can take: joints inside their limits, no limb through another, feet on the ground.

A sampler's candidates are brought into their limits where little is amiss, and turned down where much is.
Pose i is the first acceptable one of its own row of candidates, so it does not depend on how many are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.kinematics import accumulate
from ..anatomy.rotations import Array
from ..anatomy.stance import STANCE_OFFSETS
from ..errors import PriorError
from .collisions import GIVE, CollisionTest
from .ground import ContactPoints, Footing, contact_points, settle
from .limits import JointLimits
from .sampler import Prior, Source

REASONS: Final = ("limits", "collision")
"""Why a pose is turned down, in the order in which it is asked."""

MOST_PROJECTION: Final = 15.0
"""Degrees by which a joint may be brought back into its limits; a pose further out is another pose."""

MOST_ROUNDS: Final = 30
"""Candidates that are tried for each pose."""

_CHUNK: Final = 2048
"""Poses that are worked on at a time: they stay in the processor's cache."""

Candidates = Callable[[NDArray[np.int64], int], Array]
"""Function of (K,) numbers of poses and of the round, that gives (K, J, 3, 3) candidates; always the same."""


@dataclass(frozen=True)
class Judged:
    """Poses after judgement.

    Attributes
    ----------
    poses
        (N, J, 3, 3) brought inside their joints' limits.
    accepted
        (N,) which of them an animal can take.
    reason
        (N,) number into :data:`REASONS` of why not; -1 for the accepted.
    beyond
        (N,) degrees by which the worst joint was outside.
    """

    poses: Array
    accepted: NDArray[np.bool_]
    reason: NDArray[np.int64]
    beyond: Array


@dataclass(frozen=True)
class Drawn:
    """Poses that an animal can take, and what it took to find them.

    Attributes
    ----------
    poses
        (N, J, 3, 3) poses.
    round
        (N,) which of each pose's candidates it is, from 0.
    projected
        (N,) degrees by which its worst joint was brought into its limits.
    rejected
        For each of :data:`REASONS` how many candidates were turned down.
    """

    poses: Array
    round: NDArray[np.int64]
    projected: Array
    rejected: dict[str, int]

    @property
    def acceptance(self) -> float:
        """Share of all candidates that were accepted; 1 when none were drawn."""
        tried = len(self.poses) + sum(self.rejected.values())
        return len(self.poses) / tried if tried else 1.0


def judge(
    local: Array,
    limits: JointLimits,
    collisions: CollisionTest | None = None,
    most_projection: float = MOST_PROJECTION,
    give: float = GIVE,
) -> Judged:
    """Bring poses inside their limits, and say which an animal can take.

    Parameters
    ----------
    local
        (N, J, 3, 3) canonical poses. Such with NaN are turned down.
    limits
        Of the joints.
    collisions
        Test for limbs that run through one another; ``None`` leaves it out.
    most_projection
        Degrees beyond its limits from which on a joint condemns the pose.
    give
        Trunk lengths that capsules may overlap.
    """
    poses, beyond = limits.project_and_measure(local)
    worst = beyond.max(axis=1, initial=0)
    reason = np.full(len(local), -1, dtype=np.int64)
    # Written so that NaN fails.
    reason[~(worst <= most_projection)] = REASONS.index("limits")
    if collisions is not None:
        left = np.flatnonzero(reason < 0)
        hit = collisions.collides(accumulate(poses[left]), give=give)
        reason[left[hit]] = REASONS.index("collision")
    return Judged(poses, reason < 0, reason, worst)


def draw_feasible(
    candidates: Candidates, count: int, verdict: Callable[[Array], Judged], most_rounds: int = MOST_ROUNDS
) -> Drawn:
    """For each pose take the first of its candidates that is accepted.

    Parameters
    ----------
    candidates
        Gives pose i's candidate of a round; for a prior's see :func:`prior_candidates`.
    count
        How many poses.
    verdict
        Judges poses, each by itself, as :func:`judge` does.
    most_rounds
        How many candidates to try for a pose.

    Raises
    ------
    PriorError
        Some pose found none; the message says what the candidates failed by.
    """
    if count < 0:
        raise PriorError(f"{count} poses cannot be drawn; ask for none or more")
    poses: Array | None = None
    rounds = np.zeros(count, dtype=np.int64)
    projected = np.zeros(count)
    rejected = dict.fromkeys(REASONS, 0)
    pending = np.arange(count)
    for number in range(most_rounds):
        left = []
        for start in range(0, max(len(pending), 1), _CHUNK):
            asked = pending[start : start + _CHUNK]
            judged = verdict(candidates(asked, number))
            if poses is None:
                poses = np.empty((count, *judged.poses.shape[1:]), dtype=judged.poses.dtype)
            good = judged.accepted
            poses[asked[good]] = judged.poses[good]
            rounds[asked[good]] = number
            projected[asked[good]] = judged.beyond[good]
            for row, reason in enumerate(REASONS):
                rejected[reason] += int((judged.reason == row).sum())
            left.append(asked[~good])
        pending = np.concatenate(left)
        if not len(pending) and poses is not None:
            return Drawn(poses, rounds, projected, rejected)
    failures = ", ".join(f"{amount} by {reason}" for reason, amount in rejected.items())
    raise PriorError(
        f"{len(pending)} of {count} poses found no acceptable one among {most_rounds} candidates each "
        f"(turned down: {failures}); draw with a smaller sigma, or widen the joint limits"
    )


def prior_candidates(
    prior: Prior,
    count: int,
    seed: int,
    sigma: float = 1.0,
    source: Source = "prior",
    action: str | None = None,
    species: str | None = None,
) -> Candidates:
    """Candidates from a prior; those of the first round are what ``prior.sample`` gives for the seed.

    Parameters
    ----------
    prior
        A canonical one.
    count
        How many poses will be drawn.
    seed, sigma, source, action, species
        As :meth:`Prior.sample` takes them.
    """

    @cache  # whoever draws in blocks comes back to the first round with each
    def latents_of(number: int) -> tuple[Array, Array]:
        return prior.sample_latents(count, round_seed(seed, number), sigma, source, action, species)

    def drawn(poses: NDArray[np.int64], number: int) -> Array:
        latents, conditions = latents_of(number)
        return prior.decode(latents[poses], conditions[poses])

    return drawn


def round_seed(seed: int, number: int) -> int:
    """Seed of a round of candidates; that of the first is the seed itself."""
    if number == 0:
        return seed
    state = np.random.SeedSequence(seed, spawn_key=(number,)).generate_state(1, np.uint64)
    return int(state[0])


def stand(
    local: Array,
    limits: JointLimits,
    offsets: Array = STANCE_OFFSETS,
    contacts: ContactPoints | None = None,
) -> tuple[Array, Footing]:
    """Put poses on the ground without taking the pelvis out of its limits.

    Parameters
    ----------
    local
        (N, J, 3, 3) canonical poses inside their limits.
    limits
        Of the joints.
    offsets, contacts
        As :func:`~.ground.settle` takes them.

    Returns
    -------
    poses
        (N, J, 3, 3) poses with the tilt in the root's rotation.
    footing
        Root places and clearances; its tilt is in the poses already.
    """
    contacts = contact_points(offsets=offsets) if contacts is None else contacts
    parts = [
        _stand(local[start : start + _CHUNK], limits, offsets, contacts)
        for start in range(0, max(len(local), 1), _CHUNK)
    ]
    footing = Footing(
        tilt=np.concatenate([part.tilt for _, part in parts]),
        root=np.concatenate([part.root for _, part in parts]),
        clearance=np.concatenate([part.clearance for _, part in parts]),
    )
    return np.concatenate([poses for poses, _ in parts]), footing


def _stand(
    local: Array, limits: JointLimits, offsets: Array, contacts: ContactPoints
) -> tuple[Array, Footing]:
    total = accumulate(local)
    footing = settle(total, offsets, contacts)
    standing = local.copy()
    standing[:, 0] = footing.tilt @ local[:, 0]
    outside = np.flatnonzero(limits.violations(standing[:, :1], np.array([0]))[:, 0] > 0)
    if not len(outside):
        return standing, footing
    # An animal at the end of what its pelvis can do stands as it does.
    upright = settle(total[outside], offsets, contacts, most_tilt=0)
    standing[outside, 0] = local[outside, 0]
    for part, instead in (
        (footing.tilt, upright.tilt),
        (footing.root, upright.root),
        (footing.clearance, upright.clearance),
    ):
        part[outside] = instead
    return standing, footing
