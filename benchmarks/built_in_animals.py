"""What built-in animals cost: seconds to build, vertices, and rendering beside a rig of as many vertices.

    python benchmarks/built_in_animals.py --rig RIG [SPECIES ...] [--pictures 12]

RIG, such as a horse from elsewhere, is subdivided for rendering until it has at least as many vertices as the
animal with the most. All are rendered in one process, with the same poses, cameras and light, a picture of
each in turn, at 256x256 and 16 samples. Seconds are those of the processor, which other programs on the
machine change little. The columns:

    arrays          seconds to make the arrays, without the cache
    still, build    to put the animal into Blender after that, without motions as a job does whose poses come
                    from a prior, and with all of them
    vertices        of the animal
    render          median of the seconds a picture takes to render, posing and labelling left out
    ratio           of that to the rig's
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ["PASYN_CACHE"] = ""  # what it costs to build is asked here, not to read what was built before
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy
import numpy as np

from pasyn_blender.animals import BUILT_IN
from pasyn_blender.animals.anatomy_model import animal_model
from pasyn_blender.animals.build import build_animal
from pasyn_blender.scene.stage import Stage
from render_jobs.animal_source import AnimalSource, rig_facts
from render_jobs.job import Job
from render_jobs.plan import plan
from render_jobs.render_loop import render_options


def built(species: str) -> tuple[float, float, float, int]:
    """Seconds for the arrays, and for Blender without and with motions; vertices of body and eyes."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    began = time.process_time()
    animal_model(species, 0)
    arrays = time.process_time()
    build_animal(species, 0, motions=False)
    still = time.process_time()
    rig = build_animal(species, 0)
    moving = time.process_time()
    vertices = sum(len(mesh.data.vertices) for mesh in rig.meshes)
    return arrays - began, still - arrays, moving - still, vertices


def rendered(job: Job, least_vertices: int) -> list[float]:
    """Seconds that each picture takes to render."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    animal = AnimalSource(job, Path("absent")).load(0)
    stage = Stage(animal, render_options(job))
    levels = 0
    while len(animal.geometry.vertices) * 4**levels < least_vertices:
        levels += 1
    for mesh in animal.rig.meshes if levels else ():
        modifier = mesh.modifiers.new("subdivision", "SUBSURF")
        modifier.subdivision_type, modifier.levels, modifier.render_levels = "SIMPLE", 0, levels
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for shot in plan(job, rig_facts(animal, job.species)):
            stage.arrange(shot)
            began = time.process_time()
            stage.arrange(shot)
            middle = time.process_time()
            stage.render(shot, Path(folder) / "picture.png")
            seconds.append(time.process_time() - middle - (middle - began))
    return seconds[1:]  # the first one loads the kernels and the light


def table(species: Sequence[str], rig: Path, pictures: int) -> None:
    costs = {name: built(name) for name in species}
    most = max(vertices for *_, vertices in costs.values())
    beside = float(np.median(rendered(Job(species="rig", rig=rig.resolve(), images=pictures + 1), most)))
    times = f"{'arrays s':>9}{'still s':>9}{'build s':>9}"
    print(f"{'animal':12}{times}{'vertices':>10}{'render s':>10}{'ratio':>7}")
    print(f"{rig.stem:12}{'':27}{'>=' + str(most):>10}{beside:10.3f}{1.0:7.2f}")
    for name, (arrays, still, whole, vertices) in costs.items():
        own = float(np.median(rendered(Job(species=name, animal=name, images=pictures + 1), 0)))
        print(
            f"{name:12}{arrays:9.2f}{still:9.2f}{whole:9.2f}{vertices:10}{own:10.3f}{own / beside:7.2f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("species", nargs="*", default=BUILT_IN)
    parser.add_argument("--rig", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=12)
    options = parser.parse_args()
    table(options.species, options.rig, options.pictures)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
