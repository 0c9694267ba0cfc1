"""Samples of a pose prior taken by rigs, without rendering: limits, skin, ground, and the time it takes.

    python benchmarks/posed_samples.py [RIG ...] [--samples 1000] [--prior FILE] [--sigma 1] [--seed 0]

Each sample is a shot of a plan, posed as `pasyn run` poses it: the first of its candidates whose skin runs
through itself no more than 95 of 100 frames of the rig's own actions do. The columns:

    first      share of first candidates that run through themselves beyond that
    left       share of the poses finally taken that still do
    own        the same share of frames of the rig's own actions, more frames than the test learnt from
    limits     poses with a joint beyond its limits
    stood      poses that were stood more than once because bending the legs left the limits
    lowest     lowest vertex of a foot, and of trunk and limbs, over all poses, in per cent of the trunk
    ms         CPU milliseconds a picture's pose takes, and those of one bare update of the scene
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy
import numpy as np

from pasyn_blender.rig.loading import deformed_vertices
from pasyn_blender.scene.canonical_posing import CanonicalPosing, from_turns, own_poses
from render_jobs.animal_source import AnimalSource, rig_facts
from render_jobs.job import Job, PoseSettings, built_in_animals
from render_jobs.plan import plan

REPOSITORY = Path(__file__).resolve().parent.parent
OWN_FRAMES = (
    29  # moments of each action that are compared with; prime, so that they are others than the test's
)


@dataclass(frozen=True)
class Row:
    """What became of the samples on one rig."""

    name: str
    samples: int
    acceptance: float
    first: float
    left: float
    own: float
    outside: int
    stood_again: int
    lowest_foot: float
    lowest_skin: float
    milliseconds: float
    update: float


def shared_rigs() -> list[str]:
    shared = Path(os.environ.get("PASYN_SHARED", REPOSITORY.parent / "shared"))
    return [str(path) for path in sorted((shared / "rigs").glob("*/*.glb"))]


def measure(source: str, samples: int, poses: PoseSettings, seed: int) -> Row:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    where: dict[str, Any] = (
        {"animal": source} if source in built_in_animals() else {"rig": Path(source).resolve()}
    )
    job = Job(species="animal", images=samples, seed=seed, poses=poses, **where)
    animal = AnimalSource(job, Path("absent")).load(0)
    shots = plan(job, rig_facts(animal, source))
    posing = CanonicalPosing(animal.rig, animal.geometry, animal.rig_map)
    own = own_poses(animal.rig, OWN_FRAMES)
    own_bad = [not posing.intersections.passes(vertices) for vertices in own]
    up, ground, trunk = (
        posing.retargeting.body_frame[2],
        posing.retargeting.ground,
        posing.retargeting.trunk_length,
    )
    first = left = outside = stood_again = drawn = 0
    feet, skin, seconds = [], [], []
    bearing = posing.bearing
    for shot in shots:
        assert shot.pose is not None
        candidates = [from_turns(turns) for turns in shot.pose.candidates]
        drawn += len(candidates) + sum(shot.pose.turned_down.values())
        began = time.process_time()
        taken = posing.take(candidates)
        seconds.append(time.process_time() - began)
        first += taken.candidate != 0 or not taken.passes
        left += not taken.passes
        outside += bool(posing.limits.violations(taken.rotations[None]).any())
        stood_again += taken.rounds > 1
        feet.append(np.nanmin(taken.clearance))
        skin.append((((taken.vertices[bearing] @ up).min()) - ground) / trunk)
    return Row(
        name=Path(source).stem,
        samples=samples,
        acceptance=sum(len(shot.pose.candidates) for shot in shots if shot.pose) / drawn,
        first=first / samples,
        left=left / samples,
        own=float(np.mean(own_bad)) if own_bad else float("nan"),
        outside=outside,
        stood_again=stood_again,
        lowest_foot=100 * min(feet),
        lowest_skin=100 * min(skin),
        milliseconds=1e3 * float(np.median(seconds)),
        update=1e3 * bare_update(animal.rig),
    )


def bare_update(rig: Any) -> float:
    """Seconds that Blender takes to evaluate a pose and hand out its vertices."""
    seconds = []
    for _ in range(20):
        began = time.process_time()
        rig.armature.update_tag()
        bpy.context.view_layer.update()
        deformed_vertices(rig, bpy.context.evaluated_depsgraph_get())
        seconds.append(time.process_time() - began)
    return float(np.median(seconds))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "rigs", nargs="*", metavar="RIG", help="files, or built-in animals; by default shared"
    )
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--prior", type=Path, default=None)
    parser.add_argument("--sigma", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    poses = PoseSettings(file=options.prior and options.prior.resolve(), sigma=options.sigma)
    print(
        f"{'rig':12}{'samples':>8}{'accepted':>10}{'first':>8}{'left':>8}{'own':>8}{'limits':>8}{'stood':>7}"
        f"{'lowest foot, skin':>20}{'ms, bare':>14}"
    )
    for rig in options.rigs or shared_rigs():
        row = measure(rig, options.samples, poses, options.seed)
        print(
            f"{row.name:12}{row.samples:8}{row.acceptance:10.1%}{row.first:8.1%}{row.left:8.1%}{row.own:8.1%}"
            f"{row.outside:8}{row.stood_again:7}{row.lowest_foot:12.3f} {row.lowest_skin:7.3f}"
            f"{row.milliseconds:9.1f} {row.update:4.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
