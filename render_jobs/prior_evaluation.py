"""What a prior is worth on a corpus: which clips may judge it, and all that is measured of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pasyn_blender.anatomy.kinematics import accumulate
from pasyn_blender.anatomy.rotations import Array
from pasyn_blender.errors import PasynError
from pasyn_blender.prior.collisions import collision_test
from pasyn_blender.prior.corpus import Clip, Corpus, rotations_alone
from pasyn_blender.prior.feasibility import REASONS, stand
from pasyn_blender.prior.feasibility import judge as judge_poses
from pasyn_blender.prior.judgement import NEIGHBOURS, judge
from pasyn_blender.prior.limits import JointLimits, joint_angles
from pasyn_blender.prior.metrics import coverage, rotation_errors, summary
from pasyn_blender.prior.pose_frames import PoseFrames, conditions, pose_frames
from pasyn_blender.prior.sampler import Prior
from pasyn_blender.prior.splits import split_corpus

if TYPE_CHECKING:
    from pasyn_blender.scene.canonical_posing import CanonicalPosing

Advance = Callable[[str, float], None]

_SUNK: Final = -0.01
"""Trunk lengths: a foot lower than this is under the ground."""

_MOST_FRAMES: Final = 2000


@dataclass(frozen=True)
class Judges:
    """Which poses of a corpus judge a prior.

    Attributes
    ----------
    held_out
        Clips that are measured.
    learnt
        Clips to which samples may be too near: those it has learnt from or, where the corpus has none of
        them, the poses that the prior's mixture stands on.
    rule
        Which they are, in words.
    fresh
        Whether neither networks nor mixture have seen the clips that are measured.
    """

    held_out: Corpus
    learnt: Corpus
    rule: str
    fresh: bool


@dataclass(frozen=True)
class Measured:
    """Measures of a prior, and the poses that pictures are drawn of.

    Attributes
    ----------
    numbers
        All measures, fit for JSON.
    frames
        The held-out poses.
    joints
        (J,) joints that are measured.
    errors
        (N, J) degrees of reconstruction of ``frames``; NaN where a joint is not known.
    samples
        (M, J, 3, 3) poses as the prior gives them.
    accepted
        (K, J, 3, 3) those that an animal can take, inside their limits.
    """

    numbers: dict[str, Any]
    frames: PoseFrames
    joints: Array
    errors: Array
    samples: Array
    accepted: Array


def judges_of(prior: Prior, corpus: Corpus) -> Judges:
    """Find the clips of a corpus that a prior has not learnt from.

    The prior's card says which animals it has learnt from and how its corpus was split; where it is that
    corpus, the split is made again.

    Raises
    ------
    PriorError, CorpusError
        The corpus is over other joints than the prior.
    """
    prior.check_joints(corpus.joints)
    data, training = (_section(prior.card, name) for name in ("data", "training"))
    animals = set(map(str, data.get("animals", ())))
    known = corpus.chosen(lambda clip: clip.animal in animals)
    strangers = corpus.chosen(lambda clip: clip.animal not in animals)
    if animals and strangers.frames:
        named = ", ".join(sorted({clip.animal for clip in strangers.clips}))
        learnt = known if known.frames else learnt_poses(prior)
        return Judges(strangers, learnt, f"animals that it has not learnt from: {named}", True)
    split = _split_again(corpus, data, training)
    if split is not None:
        held_out, learnt = split
        return Judges(
            held_out,
            learnt,
            f"the {len(held_out.clips)} clips that its training kept from its networks; its mixture has "
            "taken them in since, so what the samples reach of them is flattered: the card has what was "
            "measured before",
            False,
        )
    why = "its card does not say which clips it has learnt from" if not animals else (
        "it has learnt from all these animals, on a corpus that is not this one"
    )  # fmt: skip
    return Judges(corpus, learnt_poses(prior), f"all clips, learnt from or not: {why}", False)


def _split_again(
    corpus: Corpus, data: Mapping[str, Any], training: Mapping[str, Any]
) -> tuple[Corpus, Corpus] | None:
    """The validation and the training part, where the corpus is the one that the card tells of."""
    same = data.get("clips") == len(corpus.clips) and data.get("frames") == corpus.frames
    try:
        split = split_corpus(corpus, int(training["seed"]), float(training["validation_share"]))
    except (KeyError, TypeError, ValueError, PasynError):
        return None
    if not same or not str(data.get("split", "")).endswith(split.rule) or not split.validation.frames:
        return None
    return split.validation, split.train


def learnt_poses(prior: Prior) -> Corpus:
    """The poses that a prior's mixture stands on, as a corpus of one clip."""
    poses = prior.decode(prior.mixture.centres, prior.component_conditions)
    clip = rotations_alone("mixture", "prior", 1.0, poses, prior.known)
    return Corpus(prior.joints, prior.parents, (clip,))


def measure(
    prior: Prior,
    judges: Judges,
    seed: int,
    count: int,
    sigma: float,
    limits: JointLimits | None,
    advance: Advance,
) -> Measured:
    """Measure a prior.

    Parameters
    ----------
    prior
        The prior.
    judges
        From :func:`judges_of`.
    seed
        Of the samples and the choices among many poses.
    count
        Samples to test for limits, collisions and ground.
    sigma
        Spread of the samples.
    limits
        Of the joints; None, as for joints that are not the canonical quadruped's, leaves them out, and
        collisions and ground too.
    advance
        Told how far it is.

    Raises
    ------
    PriorError
        Too few poses to measure anything.
    """
    advance("reconstruction, precision, recall", 0.02)
    numbers = judge(prior, judges.held_out, judges.learnt, seed, sigma)
    numbers["held_out"] = {
        "rule": judges.rule,
        "fresh": judges.fresh,
        "clips": len(judges.held_out.clips),
        "frames": judges.held_out.frames,
        "animals": sorted({clip.animal for clip in judges.held_out.clips}),
    }
    frames = pose_frames(judges.held_out, prior.actions, prior.species)
    learnt = pose_frames(judges.learnt, prior.actions, prior.species)
    joints = frames.known.all(axis=0) & learnt.known.any(axis=0)
    told = conditions(frames.action, frames.species, prior.actions, prior.species)
    condition = told if prior.conditioned else None
    made = prior.decode(prior.encode(frames.rotations, frames.known, condition), condition)
    errors = rotation_errors(made, frames.rotations, frames.known)
    numbers["joints"] = {
        name: asdict(summary(errors[:, row]))
        for row, name in enumerate(prior.joints)
        if np.isfinite(errors[:, row]).any()
    }
    advance("samples: limits, collisions, ground", 0.3)
    samples = prior.sample(count, seed, sigma)
    accepted = samples
    if limits is not None:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(7,)))
        rows = np.sort(rng.permutation(len(frames))[:_MOST_FRAMES])
        real = frames.rotations[rows]
        numbers["feasibility"], accepted = _feasibility(samples, limits)
        numbers["feasibility_of_held_out"] = _feasibility(real, limits)[0]
        if len(accepted) > NEIGHBOURS:
            numbers["accepted_samples"] = coverage(
                real[:, joints], accepted[: max(len(real), NEIGHBOURS + 1)][:, joints], NEIGHBOURS
            ).as_dict()
            numbers["ground"] = _ground(accepted, limits)
    advance("", 1.0)
    return Measured(numbers, frames, joints, errors, samples, accepted)


def _feasibility(poses: Array, limits: JointLimits) -> tuple[dict[str, Any], Array]:
    """What of poses is amiss before anything is mended, and those that are let pass."""
    beyond = limits.violations(poses)
    judged = judge_poses(poses, limits, collision_test())
    worst = beyond.max(axis=1)
    return {
        "poses": len(poses),
        "beyond_limits": float((worst > 0).mean()),
        "beyond_limits_by_5_degrees": float((worst > 5).mean()),
        "degrees_beyond_where_beyond": float(worst[worst > 0].mean()) if (worst > 0).any() else 0.0,
        "collisions": float(collision_test().collides(accumulate(judged.poses)).mean()),
        "accepted": float(judged.accepted.mean()),
        "turned_down": {reason: float((judged.reason == row).mean()) for row, reason in enumerate(REASONS)},
    }, judged.poses[judged.accepted]


def _ground(poses: Array, limits: JointLimits) -> dict[str, Any]:
    """How accepted poses stand on the canonical skeleton."""
    standing, footing = stand(poses, limits)
    feet = (footing.clearance < -_SUNK).sum(axis=1)
    return {
        "lowest_foot_trunks": float(footing.clearance.min()),
        "under_ground": float((footing.clearance.min(axis=1) < _SUNK).mean()),
        "standing_feet": {str(number): float((feet == number).mean()) for number in range(5)},
        "beyond_limits_after": float((limits.violations(standing).max(axis=1) > 0).mean()),
    }


def measure_on_rig(posing: CanonicalPosing, poses: Array, advance: Advance) -> dict[str, Any]:
    """Take accepted poses with a rig, and say how its skin and its feet fare.

    Parameters
    ----------
    posing
        Of the rig.
    poses
        (N, J, 3, 3) poses inside their limits.
    advance
        Told how far it is.
    """
    from pasyn_blender.scene.canonical_posing import own_poses

    posing.release()
    own = np.array([posing.intersections.share(vertices) for vertices in own_poses(posing.rig)])
    shares, lowest, beyond = [], [], []
    for number, pose in enumerate(poses):
        advance(f"samples on the rig: {number + 1} of {len(poses)}", number / len(poses))
        taken = posing.take([pose])
        shares.append(taken.self_intersection)
        lowest.append(float(np.nanmin(taken.clearance)) if np.isfinite(taken.clearance).any() else np.nan)
        beyond.append(float(posing.limits.violations(taken.rotations[None]).max()))
    advance("", 1.0)
    through, feet = np.array(shares), np.array(lowest)
    finite = feet[np.isfinite(feet)]
    return {
        "poses": len(poses),
        "self_intersecting": float((through > posing.intersections.allowed).mean()) if len(through) else 0.0,
        "self_intersecting_of_own_actions": float((own > posing.intersections.allowed).mean())
        if len(own)
        else 0.0,
        "triangles_let_pass": posing.intersections.allowed,
        "triangles_through_others_mean": float(through.mean()) if len(through) else 0.0,
        "triangles_through_others_of_own_actions": float(own.mean()) if len(own) else 0.0,
        "lowest_foot_trunks": float(finite.min()) if len(finite) else None,
        "under_ground": float((finite < _SUNK).mean()) if len(finite) else 0.0,
        "beyond_limits": float((np.array(beyond) > 0).mean()) if beyond else 0.0,
    }


def first_angles(poses: Array) -> Array:
    """(N, J) first angle of each canonical joint in degrees: how far it goes back and forth."""
    return np.asarray(joint_angles(poses)[..., 0])


def few_clips(corpus: Corpus, seed: int, count: int) -> list[tuple[Clip, int]]:
    """Single frames of as many different clips as there are, for people to look at."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(8,)))
    clips = [clip for clip in corpus.clips if len(clip)]
    order = [clips[i] for i in rng.permutation(len(clips))]
    chosen = [order[i % len(order)] for i in range(count if order else 0)]
    return [(clip, int(rng.integers(0, len(clip)))) for clip in chosen]


def _section(card: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = card.get(name)
    return found if isinstance(found, Mapping) else {}
