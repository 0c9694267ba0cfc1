"""The pose prior on the poses published with PASyn, against the published network.

    python benchmarks/published_poses.py [POSES.npz] [--seed 0] [--samples N]

Unique rows in file order: the first 80 % to learn from, the last 20 % to judge by; early stopping looks at
blocks of the first part only. Samples are all drawn at sigma 1. Exit status 1 if a target is missed.
Torch trains for about two minutes on one core.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pasyn_blender.prior.corpus import Corpus
from pasyn_blender.prior.metrics import coverage, nearest_distance, rotation_errors, summary
from pasyn_blender.prior.published_poses import read_published_poses
from pasyn_blender.prior.sampler import Prior
from pasyn_blender.prior.training import TrainingOptions, train_prior


@dataclass(frozen=True)
class Line:
    """One measure: ours, the published network's, real training rows in place of samples, the target."""

    name: str
    ours: float
    published: float | None
    ceiling: float | None
    target: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.ours <= self.target if self.at_most else self.ours >= self.target


def shared_poses() -> Path:
    shared = Path(os.environ.get("PASYN_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    return shared / "poses" / "pasyn_poses_dev.npz"


def measured(prior: Prior, train: np.ndarray, test: np.ndarray, count: int, seed: int) -> list[Line]:
    """Measure a prior on rows it has not seen."""
    error = summary(rotation_errors(prior.decode(prior.encode(test)), test))
    samples = prior.sample(count, seed)
    ours = coverage(test, samples)
    rng = np.random.default_rng(seed)
    best = coverage(test, train[rng.permutation(len(train))[: len(test)]])
    new = float(np.median(nearest_distance(samples[:3000], train)))
    held_out = float(np.median(nearest_distance(test, train)))
    return [
        Line("reconstruction, mean degrees", error.mean, 6.0, None, 3.0, at_most=True),
        Line("reconstruction, median degrees", error.median, 3.7, None, 3.7, at_most=True),
        Line("reconstruction, 95th percentile", error.high, 17.5, None, 17.5, at_most=True),
        Line("precision", ours.precision, 0.86, best.precision, 0.93),
        Line("recall", ours.recall, 0.56, best.recall, 0.90),
        Line("density", ours.density, 0.73, best.density, 0.90),
        Line("coverage", ours.coverage, 0.38, best.coverage, 0.90),
        Line("nearest training row, median degrees", new, None, held_out, 1.5),
    ]


def split_rows(corpus: Corpus) -> tuple[Corpus, np.ndarray, np.ndarray]:
    """The corpus of the first 80 % of the unique rows, those rows, and the rest."""
    clip = corpus.clips[0]
    every = np.concatenate([one.rotations for one in corpus.clips])
    _, first_seen = np.unique(every.reshape(len(every), -1), axis=0, return_index=True)
    rows = every[np.sort(first_seen)]
    border = int(0.8 * len(rows))
    first = replace(
        clip,
        rotations=rows[:border],
        root=np.zeros((border, 3), dtype=np.float32),
        clearance=np.full((border, 4), np.nan, dtype=np.float32),
    )
    return Corpus(corpus.joints, corpus.parents, (first,)), rows[:border], rows[border:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("poses", type=Path, nargs="?", default=shared_poses())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--samples", type=int, help="by default as many as there are rows to judge by")
    options = parser.parse_args()
    corpus, train, test = split_rows(read_published_poses(options.poses))
    prior, report = train_prior(corpus, TrainingOptions(seed=options.seed))
    count = options.samples or len(test)
    lines = measured(prior, train, test, count, options.seed)
    print(f"{options.poses.name}: {len(train)} rows to learn from, {len(test)} to judge by, {count} samples")
    print(f"best epoch {report.best_epoch} ({report.stopped}), {report.curve[-1].active} latents in use")
    print(f"{'':38}{'ours':>8}{'published':>11}{'real rows':>11}{'target':>9}")
    for line in lines:
        others = "".join(
            f"{'' if value is None else f'{value:.2f}':>11}" for value in (line.published, line.ceiling)
        )
        sign = "<=" if line.at_most else ">="
        target = f"{sign} {line.target:.2f}"
        print(f"{line.name:38}{line.ours:8.3f}{others}{target:>9}  {'met' if line.met else 'MISSED'}")
    sys.exit(not all(line.met for line in lines))


if __name__ == "__main__":
    main()
