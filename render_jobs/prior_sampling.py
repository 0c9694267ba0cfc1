"""Poses from a prior that an animal can take, standing on the ground; on a rig where one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pasyn_blender.anatomy.kinematics import accumulate
from pasyn_blender.anatomy.rotations import Array, angle_between
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.collisions import collision_test
from pasyn_blender.prior.feasibility import (
    REASONS,
    Candidates,
    Judged,
    draw_feasible,
    judge,
    prior_candidates,
    round_seed,
    stand,
)
from pasyn_blender.prior.limits import JointLimits
from pasyn_blender.prior.pose_file import PoseSet
from pasyn_blender.prior.sampler import Prior

if TYPE_CHECKING:
    from pasyn_blender.scene.canonical_posing import CanonicalPosing
    from pasyn_blender.scene.opened_rig import OpenedRig

BLOCK: Final = 256
"""Poses that are drawn, judged and stood together: always whole blocks, so that none depends on the count."""

_ON_RIG: Final = 32
"""The same on a rig, where a pose takes a tenth of a second and nobody waits for more than were asked for."""

Advance = Callable[[str, float], None]
"""Told what is being done, and the share of all that is done."""


@dataclass(frozen=True)
class Sampling:
    """Poses, and what it took to get them.

    Attributes
    ----------
    poses
        The poses.
    tried
        Candidates that were looked at.
    turned_down
        Why candidates were turned down, and how many.
    projected
        Share of the poses of which a joint was brought into its limits.
    """

    poses: PoseSet
    tried: int
    turned_down: Mapping[str, int]
    projected: float

    @property
    def acceptance(self) -> float:
        """Share of the candidates that were taken; 1 where none was looked at."""
        return 1 - sum(self.turned_down.values()) / self.tried if self.tried else 1.0


class OnRig:
    """Takes poses with a rig: its feet on the ground, its skin not through itself.

    Parameters
    ----------
    opened
        The rig.
    limits
        Of the joints.
    """

    def __init__(self, opened: OpenedRig, limits: JointLimits) -> None:
        self.opened = opened
        self.posing: CanonicalPosing = opened.canonical_posing(limits)
        self.turned_down = 0
        self._stood: dict[bytes, tuple[Array, Array]] = {}

    def judged(self, verdict: Judged) -> Judged:
        """Judge accepted poses once more, by the rig's skin, and return them as the rig stands in them."""
        poses, accepted, reason = verdict.poses.copy(), verdict.accepted.copy(), verdict.reason.copy()
        for row in np.flatnonzero(accepted):
            taken = self.posing.take([poses[row]])
            poses[row] = taken.rotations
            if taken.passes:
                self._stood[poses[row].tobytes()] = (self.opened.root_place(), taken.clearance)
                continue
            accepted[row] = False
            reason[row] = len(REASONS)
            self.turned_down += 1
        return Judged(poses, accepted, reason, verdict.beyond)

    def footing(self, poses: Array) -> tuple[Array, Array]:
        """(N, 3) root places and (N, 4) clearances of poses that were accepted."""
        found = [self._stood[pose.tobytes()] for pose in poses]
        self._stood.clear()
        return np.array([root for root, _ in found]), np.array([clearance for _, clearance in found])


def sample_feasible(
    prior: Prior,
    count: int,
    candidates: Callable[[int], Candidates],
    limits: JointLimits | None,
    advance: Advance,
    on_rig: OnRig | None = None,
) -> Sampling:
    """Draw poses that an animal can take, and stand them on the ground.

    Pose i depends on its number alone: asking for more adds to what was there.

    Parameters
    ----------
    prior
        A canonical one, unless ``limits`` is None.
    count
        How many.
    candidates
        Gives the candidates of so many poses; see :func:`drawn_candidates` and :func:`near_candidates`.
    limits
        Of the joints; None takes whatever the prior gives, without a test for collisions, and stands it
        where the prior is canonical.
    advance
        Told how far it is.
    on_rig
        Takes the poses with a rig.

    Raises
    ------
    PriorError
        Hardly any candidate is one that an animal can take.
    """
    at_once = BLOCK if on_rig is None else _ON_RIG
    blocks = -(-count // at_once)
    offered = candidates(-(-count // BLOCK) * BLOCK)
    collisions = collision_test() if limits is not None else None
    parts: list[tuple[Array, Array, Array]] = []
    turned_down = dict.fromkeys(REASONS, 0)
    tried, moved = 0, 0

    def verdict(local: Array) -> Judged:
        nothing = np.full(len(local), -1, dtype=np.int64)
        if limits is None:
            found = Judged(local, np.ones(len(local), dtype=bool), nothing, np.zeros(len(local)))
        else:
            found = judge(local, limits, collisions)
        return found if on_rig is None else on_rig.judged(found)

    for block in range(blocks):
        advance("sampling poses", block / blocks)
        first = block * at_once
        wanted = min(at_once, count - first)
        size = BLOCK if on_rig is None else wanted

        def of_block(rows: Array, number: int, first: int = first) -> Array:
            return offered(rows + first, number)

        before = 0 if on_rig is None else on_rig.turned_down
        drawn = draw_feasible(of_block, size, verdict)
        for reason in REASONS:
            turned_down[reason] += drawn.rejected[reason]
        if on_rig is not None:
            turned_down["skin"] = turned_down.get("skin", 0) + on_rig.turned_down - before
        tried += int((drawn.round + 1).sum())
        moved += int((drawn.projected[:wanted] > 0).sum())
        parts.append(_stood(drawn.poses, prior, limits, on_rig, wanted))
    advance("", 1.0)
    rotations, root, clearance = (
        np.concatenate([part[i] for part in parts]) if parts else np.zeros((0, *shape), np.float32)
        for i, shape in enumerate(((len(prior.joints), 3, 3), (3,), (4,)))
    )
    poses = PoseSet(
        prior.joints,
        rotations.astype(np.float32),
        root.astype(np.float32),
        clearance.astype(np.float32),
    )
    return Sampling(poses, tried, {k: v for k, v in turned_down.items() if v}, moved / max(count, 1))


def _stood(
    poses: Array, prior: Prior, limits: JointLimits | None, on_rig: OnRig | None, wanted: int
) -> tuple[Array, Array, Array]:
    if on_rig is not None:
        return (poses, *on_rig.footing(poses))
    if not prior.canonical:
        count = len(poses[:wanted])
        return poses[:wanted], np.full((count, 3), np.nan), np.full((count, 4), np.nan)
    standing, footing = stand(poses, endless_limits() if limits is None else limits)
    return standing[:wanted], footing.root[:wanted], footing.clearance[:wanted]


def endless_limits() -> JointLimits:
    """Limits that allow everything."""
    from pasyn_blender.anatomy.skeleton import JOINTS

    everything = np.full((len(JOINTS), 3), 360.0)
    return JointLimits(-everything, everything)


def drawn_candidates(prior: Prior, seed: int, **how: Any) -> Callable[[int], Candidates]:
    """Candidates as ``prior.sample`` draws them; ``how`` is what else it takes."""
    return lambda rounded: prior_candidates(prior, rounded, seed, **how)


def near_candidates(prior: Prior, pose: Array, seed: int, spread: float) -> Callable[[int], Candidates]:
    """Candidates that vary one (J, 3, 3) pose."""

    def offered(rounded: int) -> Candidates:
        made: dict[int, Array] = {}

        def candidates(rows: Array, number: int) -> Array:
            if number not in made:
                made[number] = prior.around(pose, rounded, round_seed(seed, number), spread)
            return np.asarray(made[number][rows])

        return candidates

    return offered


def motion(prior: Prior, frames: Array, limits: JointLimits | None, advance: Advance) -> Sampling:
    """Bring a motion into the limits and stand it on the ground, without dropping a frame.

    How each frame would stand is evened out over its neighbours, so that the ground does not shake.

    Parameters
    ----------
    prior
        What the frames are from.
    frames
        (F, J, 3, 3) poses in time.
    limits
        Of the joints; None leaves them and collisions out.
    advance
        Told how far it is.
    """
    advance("standing the motion", 0.5)
    unknown = np.full((len(frames), 4), np.nan)
    if not prior.canonical:
        poses = PoseSet(prior.joints, frames, unknown[:, :3].astype(np.float32), unknown.astype(np.float32))
        return Sampling(poses, len(frames), {}, 0.0)
    allowed, beyond = (frames, np.zeros(len(frames)))
    if limits is not None:
        allowed, excess = limits.project_and_measure(frames)
        beyond = excess.max(axis=1)
    standing, footing = stand_evenly(allowed, endless_limits() if limits is None else limits)
    poses = PoseSet(
        prior.joints,
        standing.astype(np.float32),
        footing[0].astype(np.float32),
        footing[1].astype(np.float32),
    )
    advance("", 1.0)
    return Sampling(poses, len(frames), {}, float((beyond > 0).mean()))


def stand_evenly(poses: Array, limits: JointLimits, reach: int = 4) -> tuple[Array, tuple[Array, Array]]:
    """Stand a motion on the ground, its tilt averaged over neighbouring frames.

    Returns
    -------
    (F, J, 3, 3) poses, and (F, 3) root places and (F, 4) clearances.
    """
    from pasyn_blender.anatomy.rotations import from_turn, to_turn
    from pasyn_blender.prior.ground import settle

    _, footing = stand(poses, limits)
    turns = to_turn(footing.tilt.astype(float))
    weights = np.hanning(2 * reach + 3)[1:-1]
    weights /= weights.sum()
    padded = np.concatenate([turns[:1].repeat(reach, 0), turns, turns[-1:].repeat(reach, 0)])
    even = np.stack([np.convolve(padded[:, axis], weights, "valid") for axis in range(3)], axis=1)
    tilted = poses.astype(float)
    tilted[:, 0] = from_turn(even) @ tilted[:, 0]
    # The tilt of a neighbour may be more than a pelvis at its end can take.
    tilted = limits.project(tilted)
    level = settle(accumulate(tilted), most_tilt=0)
    return tilted, (level.root, level.clearance)


def colliding(poses: Array) -> float:
    """Share of canonical poses in which limbs run through one another."""
    if not len(poses):
        raise PriorError("there is no pose to test for collisions")
    return float(collision_test().collides(accumulate(poses)).mean())


def pace(poses: Array) -> tuple[float, float]:
    """Mean and largest degrees by which the joints of a motion turn from frame to frame, mean over joints."""
    if len(poses) < 2:
        return 0.0, 0.0
    steps = np.degrees(angle_between(poses[:-1].astype(float), poses[1:].astype(float))).mean(axis=1)
    return float(steps.mean()), float(steps.max())
