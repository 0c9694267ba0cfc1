"""How the skin of built-in animals bears poses of the prior: joints that pinch shut, skin through skin.

    python benchmarks/animal_deformation.py [SPECIES[:N] ...] [--samples 500] [--prior FILE] [--seed 0]

Each sample is posed and stood on the ground as `pasyn run` does it. The columns:

    least       smallest area of a loop of skin round a joint of a limb, in per cent of its area at rest, over
                all samples; and the joint
    1st         the same at the first percentile
    below 60    share of joints and samples below 60 per cent
    through     share of faces that run through others, beyond those at rest: mean and largest of all
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy
import numpy as np

from pasyn_blender.animals import BUILT_IN
from pasyn_blender.animals.anatomy_model import animal_model
from pasyn_blender.animals.limb_sections import limb_sections
from pasyn_blender.scene.canonical_posing import CanonicalPosing, from_turns
from render_jobs.animal_source import AnimalSource, rig_facts
from render_jobs.job import Job, PoseSettings
from render_jobs.plan import plan


def measure(source: str, samples: int, poses: PoseSettings, seed: int) -> str:
    species, _, number = source.partition(":")
    individual = int(number or 0)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    job = Job(species=species, animal=species, images=samples, seed=seed, poses=poses)
    animal = AnimalSource(job, Path("absent")).load(individual)
    model = animal_model(species, individual)
    skin = len(model.surface.vertices)
    sections = limb_sections(model.surface.vertices, model.surface.quads, model.weights[:skin], model.bones)
    rest = np.array([section.area(model.surface.vertices) for section in sections])
    posing = CanonicalPosing(animal.rig, animal.geometry, animal.rig_map)
    shares, through = [], []
    for shot in plan(job, rig_facts(animal, source)):
        assert shot.pose is not None
        taken = posing.take([from_turns(turns) for turns in shot.pose.candidates])
        shares.append([section.area(taken.vertices[:skin]) for section in sections] / rest)
        through.append(taken.self_intersection)
    areas = np.array(shares)
    sample, joint = np.unravel_index(areas.argmin(), areas.shape)
    return (
        f"{source:12}{samples:8}{areas.min():8.0%} {sections[joint].joint:16}{np.percentile(areas, 1):6.0%}"
        f"{(areas < 0.6).mean():10.2%}{np.mean(through):10.2%}{np.max(through):8.2%}   (sample {sample})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("species", nargs="*", help="built-in animals, as zebra or zebra:3; by default all")
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--prior", type=Path, default=None)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    poses = PoseSettings(file=options.prior and options.prior.resolve())
    print(
        f"{'animal':12}{'samples':>8}{'least':>8} {'':16}{'1st':>6}{'below 60':>10}{'through':>10}{'most':>8}"
    )
    for source in options.species or BUILT_IN:
        print(measure(source, options.samples, poses, options.seed), flush=True)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
