"""Milliseconds to put a rig into a canonical pose and read its deformed vertices.

    python benchmarks/pose_applying.py [RIG]

Beside it what Blender alone takes in the same run: setting the same bone matrices and updating the dependency
graph, without reading anything; and what standing the pose on the ground takes (feet brought to their
heights, evaluated up to three times). The built-in zebra is taken where no rig is named.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import PasynError

POSES = 60


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rig", nargs="?", help="model file, or name of a built-in animal", default="zebra")
    arguments = parser.parse_args()
    try:
        measure(arguments.rig)
    except PasynError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def measure(source: str) -> None:
    import bpy

    from pasyn_blender.rig.clips import retargeting_of
    from pasyn_blender.rig.extraction import deformed_vertices
    from pasyn_blender.rig.posing import RigPoser
    from pasyn_blender.rig.retargeting import bone_moves
    from pasyn_blender.rig.standing import StandingRig
    from render_jobs.animal_source import AnimalSource
    from render_jobs.job import Job

    bpy.ops.wm.read_factory_settings(use_empty=True)
    path = Path(source)
    job = Job(species=path.stem, rig=path) if path.exists() else Job(species=source, animal=source)
    animal = AnimalSource(job, Path("no such map")).load(0)
    rig, geometry = animal.rig, animal.geometry
    retargeting = retargeting_of(rig, geometry, animal.rig_map)
    turns = np.random.default_rng(0).normal(scale=0.15, size=(POSES, len(JOINTS), 3))
    poses = from_turn(turns)
    moves = bone_moves(retargeting, poses)
    poser = RigPoser(rig, retargeting)
    bones = rig.armature.pose.bones
    bases = []
    for move in moves:
        poser.apply(move)
        basis = np.empty(16 * len(bones), dtype=np.float32)
        bones.foreach_get("matrix_basis", basis)
        bases.append(basis)

    def bare(number: int) -> None:
        bones.foreach_set("matrix_basis", bases[number])
        rig.armature.update_tag()
        bpy.context.view_layer.update()

    def applied(number: int) -> None:
        poser.apply(bone_moves(retargeting, poses[number][None])[0])
        bpy.context.view_layer.update()
        deformed_vertices(rig, bpy.context.evaluated_depsgraph_get())

    standing = StandingRig(poser, geometry)
    rows: dict[str, Callable[[int], object]] = {
        "bare: bones set, dependency graph updated": bare,
        "canonical pose applied, vertices read": applied,
        "pose stood on the ground": lambda number: standing.pose(poses[number]),
    }
    # In turns, so that a slow moment of the machine is everybody's.
    seconds: dict[str, list[float]] = {name: [] for name in rows}
    for number in range(POSES):
        for name, row in rows.items():
            began = time.perf_counter()
            row(number)
            seconds[name].append(time.perf_counter() - began)
    base = statistics.median(seconds["bare: bones set, dependency graph updated"])
    print(f"{source}: {len(geometry.vertices)} vertices, {len(geometry.bone_names)} bones, {POSES} poses")
    for name, spent in seconds.items():
        middle = statistics.median(spent)
        print(f"{name:45} {1000 * middle:6.2f} ms   {middle / base:5.2f} x bare")


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Blender's module may hang at exit.
    os._exit(status)
