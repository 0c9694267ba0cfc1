"""What a prior is worth on poses that it has not learnt from."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import PriorError
from .corpus import Corpus
from .metrics import coverage, diversity, nearest_distance, position_errors, rotation_errors, summary
from .pose_frames import PoseFrames, conditions, pose_frames
from .sampler import Prior

_HELD_OUT: Final = 1500
_TRAIN: Final = 5000
_SAMPLES: Final = 3000
_LIMITS: Final = (5, 10)
NEIGHBOURS: Final = 5
"""k of the coverage measures."""


def judge(prior: Prior, held_out: Corpus, train: Corpus, seed: int, sigma: float = 1.0) -> dict[str, Any]:
    """Measure a prior on held-out clips, by numbers fit for JSON.

    Parameters
    ----------
    prior
        The prior.
    held_out, train
        Clips that it has not learnt from, and those that it has. Of many poses a seeded choice is measured.
    seed
        Of the samples and the choices.
    sigma
        Spread of the samples.

    Returns
    -------
    dict
        ``reconstruction_degrees`` and, on a skeleton, ``reconstruction_trunks``: mean, median and 95th
        percentile. ``samples``: precision, recall, density and coverage (k=5, as many samples as held-out
        poses, joints that all held-out animals have). ``training_poses``: the same with training poses in
        place of samples, the ceiling. ``nearest_training_degrees``: median distance, mean over joints, of
        samples and of held-out poses to the nearest training pose. ``diversity_degrees`` of samples and of
        held-out poses. ``log_density_low``: what one in twenty held-out poses falls below.
        ``reached``: shares of the held-out poses that one of 3,000 samples, or a training pose, comes near
        to, mean over joints; the coverage above has radii far below a degree where animals stand still.
        ``clips``: for each clip of more than one pose its reconstruction, and the median distance to the
        nearest sample and to the nearest training pose.

    Raises
    ------
    PriorError
        Other joints, or too few held-out poses to measure anything.
    """
    prior.check_joints(held_out.joints)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(5,)))
    real = pose_frames(held_out, prior.actions, prior.species)
    learnt = pose_frames(train, prior.actions, prior.species)
    if len(real) <= NEIGHBOURS:
        raise PriorError(f"{len(real)} held-out poses; measuring takes more than {NEIGHBOURS}")
    joints = real.known.all(axis=0) & learnt.known.any(axis=0)
    if not joints.any():
        raise PriorError("the held-out animals have no joint in common that the prior has learnt")
    rows = np.sort(rng.permutation(len(real))[:_HELD_OUT])
    train_rows = np.sort(rng.permutation(len(learnt))[:_TRAIN])
    degrees, trunks = _reconstruction(prior, real)
    counted = real.rotations[rows][:, joints]
    samples = prior.sample(max(len(rows), NEIGHBOURS + 1), seed, sigma)
    drawn = rng.choice(len(learnt), size=len(samples), p=learnt.weight)
    known_train = learnt.rotations[train_rows]
    nearest = {
        "samples": nearest_distance(samples, known_train, joints),
        "held_out": nearest_distance(real.rotations[rows], known_train, joints),
    }
    many = prior.sample(_SAMPLES, seed, sigma)
    nearest_sample = nearest_distance(real.rotations[rows], many, joints)
    result: dict[str, Any] = {
        "sigma": sigma,
        "held_out_frames": len(real),
        "measured_joints": int(joints.sum()),
        "reconstruction_degrees": asdict(summary(degrees)),
        "samples": coverage(counted, samples[:, joints], NEIGHBOURS).as_dict(),
        "training_poses": coverage(counted, learnt.rotations[drawn][:, joints], NEIGHBOURS).as_dict(),
        "nearest_training_degrees": {name: float(np.median(values)) for name, values in nearest.items()},
        "diversity_degrees": {
            "samples": diversity(samples[:, joints], seed),
            "held_out": diversity(counted, seed),
        },
        "log_density_low": float(
            np.percentile(prior.score(real.rotations[rows], real.known[rows]).log_density, 5)
        ),
        "reached": {
            f"within {limit} degrees": {
                "samples": float((nearest_sample < limit).mean()),
                "training_poses": float((nearest["held_out"] < limit).mean()),
            }
            for limit in _LIMITS
        },
        "clips": _by_clip(held_out, real, rows, degrees, nearest["held_out"], nearest_sample),
    }
    if trunks is not None:
        result["reconstruction_trunks"] = asdict(summary(trunks))
    return result


def _reconstruction(
    prior: Prior, frames: PoseFrames
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """(N, J) errors of all poses in degrees and, on a skeleton, in trunk lengths."""
    told = conditions(frames.action, frames.species, prior.actions, prior.species)
    condition = told if prior.conditioned else None
    made = prior.decode(prior.encode(frames.rotations, frames.known, condition), condition)
    degrees = rotation_errors(made, frames.rotations, frames.known)
    if not prior.canonical:
        return degrees, None
    trunks = position_errors(made, frames.rotations, frames.offsets, prior.parents, frames.known)
    return degrees, trunks[:, 1:]  # the root is where it is


def _by_clip(
    corpus: Corpus,
    frames: PoseFrames,
    rows: NDArray[np.int64],
    degrees: NDArray[np.float64],
    nearest_training: NDArray[np.float64],
    nearest_sample: NDArray[np.float64],
) -> list[dict[str, Any]]:
    found = []
    for number, clip in enumerate(corpus.clips):
        of_clip = frames.clip[rows] == number
        if len(clip) < 2 or not of_clip.any():
            continue
        found.append(
            {
                "clip": clip.name,
                "animal": clip.animal,
                "frames": len(clip),
                "reconstruction_degrees": float(np.nanmean(degrees[frames.clip == number])),
                "nearest_sample_degrees": float(np.median(nearest_sample[of_clip])),
                "nearest_training_degrees": float(np.median(nearest_training[of_clip])),
            }
        )
    return found
