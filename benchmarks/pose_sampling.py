"""Time of 100,000 poses from the prior to the ground: sampled, brought into their limits, tested, placed.

    python benchmarks/pose_sampling.py [--poses 100000] [--prior PRIOR.npz]

Without a prior the candidates are random turns about the stance, which are much worse than any prior's.
Prints the seconds of each step, the share of candidates accepted, and what holds for every pose.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from pasyn_blender.anatomy.kinematics import accumulate, joint_places
from pasyn_blender.anatomy.rotations import Array, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE_OFFSETS
from pasyn_blender.prior.collisions import collision_test
from pasyn_blender.prior.feasibility import Candidates, Judged, draw_feasible, judge, prior_candidates, stand
from pasyn_blender.prior.ground import contact_places, contact_points
from pasyn_blender.prior.limits import read_limits

CHUNK = 2048
Result = TypeVar("Result")


class Stopwatch:
    """Seconds of each step, by the clock and of the processor."""

    def __init__(self) -> None:
        self.seconds: dict[str, np.ndarray] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        start = np.array([time.perf_counter(), time.process_time()])
        yield
        spent = np.array([time.perf_counter(), time.process_time()]) - start
        self.seconds[step] = self.seconds.get(step, np.zeros(2)) + spent

    def timed(self, step: str, function: Callable[..., Result]) -> Callable[..., Result]:
        """Return the function, its calls counted under a step."""

        def called(*arguments: object) -> Result:
            with self(step):
                return function(*arguments)

        return called


def random_candidates(count: int, seed: int) -> Candidates:
    """Turns about the stance by some 20 degrees a joint; pose i's are row i, however many are drawn."""

    @lru_cache(maxsize=1)
    def turns(number: int) -> Array:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
        return rng.standard_normal((count, len(JOINTS), 3), dtype=np.float32) * np.float32(0.2)

    def drawn(poses: Array, number: int) -> Array:
        return from_turn(turns(number)[poses])

    return drawn


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--poses", type=int, default=100_000)
    parser.add_argument("--prior", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.prior is None:
        candidates = random_candidates(options.poses, options.seed)
    else:
        from pasyn_blender.prior.prior_file import read_prior

        candidates = prior_candidates(read_prior(options.prior), options.poses, options.seed)
    limits, collisions, contacts = read_limits(), collision_test(), contact_points()

    def verdict(local: Array) -> Judged:
        return judge(local, limits, collisions)

    watch = Stopwatch()
    with watch("all"):
        drawn = draw_feasible(
            watch.timed("sampling", candidates), options.poses, watch.timed("limits and collisions", verdict)
        )
        with watch("ground"):
            poses, footing = stand(drawn.poses, limits, contacts=contacts)
        with watch("kinematics"):
            places = np.empty(poses.shape[:-1], dtype=poses.dtype)
            for start in range(0, len(poses), CHUNK):
                rows = slice(start, start + CHUNK)
                places[rows] = joint_places(accumulate(poses[rows]), STANCE_OFFSETS, footing.root[rows])
    print(f"{options.poses:,} poses{'seconds':>19}{'of the processor':>20}")
    for step, (clock, processor) in watch.seconds.items():
        print(f"{step:<24}{clock:8.2f}{processor:20.2f}")
    moved, furthest = drawn.projected > 0, drawn.projected.max(initial=0)
    print(f"accepted {drawn.acceptance:.1%} of the candidates; turned down: {drawn.rejected}")
    print(f"projected {moved.mean():.1%} of the accepted, the worst joint by {furthest:.1f} degrees")
    balls = contact_places(accumulate(poses), STANCE_OFFSETS, contacts, footing.root)
    lowest = (balls[..., 2] - contacts.radius).min(axis=1)
    print(f"most degrees beyond a limit: {limits.violations(poses).max():.3g}")
    print(f"lowest point above ground: {lowest.min():.2g} to {lowest.max():.2g} trunk lengths")
    feet = (footing.clearance < 0.01).sum(axis=1)
    print(f"feet on the ground: {', '.join(f'{n}: {(feet == n).mean():.1%}' for n in range(5))}")
    print(f"joint places finite: {bool(np.isfinite(places).all())}")


if __name__ == "__main__":
    main()
