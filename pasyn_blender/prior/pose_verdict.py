"""How plausible one pose is, in words and in per cent of what a prior draws itself.

A prior's own score has two sides: how dense the latents are where the pose lies, and how far each joint is
from what the networks make of the pose. A pose is as plausible as its worse side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.kinematics import accumulate
from ..anatomy.rotations import Array, angle_between
from ..errors import PriorError
from .collisions import GIVE, CollisionTest
from .limits import JointLimits
from .pose_frames import without_heading
from .sampler import Plausibility, Prior

_SAMPLES: Final = 1000
_SEED: Final = 0
_WORST: Final = 3
_USUAL_ERROR: Final = 95.0
_NOTICEABLE: Final = 3.0
"""Degrees; a joint that is nearer to what the prior makes of it is not worth naming."""

_WORDS: Final = ((20.0, "Natural"), (5.0, "Unusual"), (1.0, "Rare"), (-1.0, "Unlike what the prior knows"))
"""The word for a pose that at least so many per cent of the prior's own are no better than."""


@dataclass(frozen=True)
class OwnPoses:
    """How a prior's own samples score, by which others are measured.

    Attributes
    ----------
    known
        (J,) joints that are looked at.
    density
        (N,) sorted log densities.
    error
        (N,) sorted errors of the worst joint, degrees.
    plausibility
        (N,) sorted plausibilities, from 0 to 1.
    usual
        (J,) degrees that one in twenty of a joint's errors exceeds.
    """

    known: NDArray[np.bool_]
    density: Array
    error: Array
    plausibility: Array
    usual: Array


@dataclass(frozen=True)
class Verdict:
    """What is to be said about a pose.

    Attributes
    ----------
    percent
        Share of the prior's own poses that are less plausible, 0 to 100.
    word
        The same in a word.
    odd
        At most three joints that are farther than usual from what the prior makes of the pose, the worst
        first, with degrees.
    beyond
        Joints beyond their limits, the worst first, with degrees.
    crossing
        Names of parts of the body that run through one another, on the canonical build.
    """

    percent: float
    word: str
    odd: tuple[tuple[str, float], ...]
    beyond: tuple[tuple[str, float], ...]
    crossing: tuple[tuple[str, str], ...]


def own_poses_of(prior: Prior, known: NDArray[np.bool_]) -> OwnPoses:
    """Score samples of a canonical prior on the (J,) joints that an animal has.

    Raises
    ------
    PriorError
        The animal has none of the joints that the prior has learnt.
    """
    looked_at = prior.known & known
    if not looked_at.any():
        raise PriorError("the animal has no joint that the prior has learnt")
    score = prior.score(prior.sample(_SAMPLES, _SEED), known)
    worst = np.nanmax(score.error, axis=1)
    usual = np.full(len(known), np.inf)
    usual[looked_at] = np.percentile(score.error[:, looked_at], _USUAL_ERROR, axis=0)
    density, error = np.sort(score.log_density), np.sort(worst)
    plausibility = np.sort(_plausibility(score, density, error))
    return OwnPoses(looked_at, density, error, plausibility, np.maximum(usual, _NOTICEABLE))


def verdict(
    prior: Prior, own: OwnPoses, pose: Array, limits: JointLimits, collisions: CollisionTest
) -> Verdict:
    """Judge a pose.

    Parameters
    ----------
    prior, own
        The prior, and what :func:`own_poses_of` it has found.
    pose
        (J, 3, 3) canonical pose.
    limits, collisions
        What else is looked at.
    """
    local = np.asarray(pose, dtype=np.float64)[None]
    score = prior.score(local, own.known)
    found = _plausibility(score, own.density, own.error)[0]
    percent = 100.0 * float(np.searchsorted(own.plausibility, found)) / len(own.plausibility)
    beyond = np.where(own.known, limits.violations(local)[0], 0.0)
    broken = [row for row in np.argsort(-beyond, kind="stable")[:_WORST] if beyond[row] > 1.0]
    depth = collisions.overlaps(accumulate(local))[0] if len(collisions.pairs) else np.zeros(0)
    deep = [row for row in np.argsort(-depth, kind="stable")[:_WORST] if depth[row] > GIVE]
    return Verdict(
        percent=percent,
        word=next(word for least, word in _WORDS if percent >= least),
        odd=tuple((prior.joints[row], degrees) for row, degrees in _odd_joints(prior, own, local)),
        beyond=tuple((prior.joints[row], float(beyond[row])) for row in broken),
        crossing=tuple(collisions.names[row] for row in deep),
    )


def _odd_joints(prior: Prior, own: OwnPoses, local: Array) -> list[tuple[int, float]]:
    """Joints out of place in a (1, J, 3, 3) pose, and by how many degrees, the worst first.

    One joint out of place misleads the encoder about all others, so the largest error may be elsewhere. Odd
    is the joint without which the networks understand the rest best; it is left out, and the next one is
    looked for.
    """
    mask = own.known.copy()
    found: list[tuple[int, float]] = []
    for _ in range(_WORST):
        error = _errors(prior, local, mask[None])[0]
        left = np.flatnonzero(mask)
        if len(left) < 2 or (error[left] <= own.usual[left]).all():
            break
        without = np.repeat(mask[None], len(left), axis=0)
        without[np.arange(len(left)), left] = False
        others = _errors(prior, local, without)
        rest = np.where(without, others / own.usual, 0.0).sum(axis=1)
        best = int(rest.argmin())
        row = int(left[best])
        mask[row] = False
        # What the networks see of it, or what the rest of the body asks for, whichever is nearer.
        degrees = float(min(error[row], others[best, row]))
        if degrees > own.usual[row]:
            found.append((row, degrees))
    return found


def _errors(prior: Prior, local: Array, masks: NDArray[np.bool_]) -> Array:
    """(M, J) degrees between a (1, J, 3, 3) pose and what is made of it, seen through (M, J) masks."""
    poses = np.repeat(without_heading(np.asarray(local, np.float32)), len(masks), axis=0)
    made = prior.decode(prior.encode(poses, masks))
    return np.degrees(angle_between(made.astype(np.float64), poses.astype(np.float64)))


def _plausibility(score: Plausibility, density: Array, error: Array) -> Array:
    """(N,) the worse of a pose's two ranks among the prior's own, from 0 to 1."""
    dense = np.searchsorted(density, score.log_density) / len(density)
    near = 1 - np.searchsorted(error, np.nanmax(score.error, axis=1)) / len(error)
    # Beyond the last of the prior's own, poses still differ: farther is worse.
    far = np.maximum(np.nanmax(score.error, axis=1) / error[-1] - 1, 0)
    return np.asarray(np.minimum(dense, near) - far)
