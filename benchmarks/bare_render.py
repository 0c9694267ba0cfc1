"""The floor: the frames of a finished output folder rendered again by a plain bpy loop, nothing labelled.

Poses come from the rig's actions or, worked out beforehand, from the truth files; cameras from the truth
files, light and coat from the plan; settings are those of the job. Prints one JSON line with the seconds of
the loop.

    python benchmarks/bare_render.py OUT PICTURES
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy
import numpy as np
from mathutils import Matrix

from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.rig.loading import apply_action, load_rig, read_geometry
from pasyn_blender.rig.rig_map_file import read_rig_map
from pasyn_blender.scene.camera import create_camera
from pasyn_blender.scene.canonical_posing import CanonicalPosing, from_turns
from pasyn_blender.scene.coat import prepare_coat
from pasyn_blender.scene.lighting import apply_light, create_lighting
from pasyn_blender.scene.render_settings import configure_render
from render_jobs import layout
from render_jobs.finished_renders import read_shots
from render_jobs.output_folder import read_job
from render_jobs.planning import plan_folder, read_rig_facts
from render_jobs.render_loop import render_options


def canonical_bases(rig: Any, folder: Path, truths: list[dict[str, Any]]) -> list[Any]:
    """Pose matrices of all bones for shots with a canonical pose, None for the others.

    The rig is left free of its constraints where there are any, which a mixed job does not allow.
    """
    posed = ["canonical" in truth for truth in truths]
    if not any(posed):
        return [None] * len(truths)
    if not all(posed):
        sys.exit("poses of actions and canonical poses in one folder: render them bare apart")
    geometry = read_geometry(rig)
    rig_map = read_rig_map(layout.rig_map_path(folder), geometry)
    posing = CanonicalPosing(rig, geometry, rig_map)
    bases = []
    for truth in truths:
        turns = [truth["canonical"]["turns"][joint] for joint in JOINTS]
        posing.take([from_turns(turns)])
        basis = np.empty(16 * len(rig.armature.pose.bones), dtype=np.float32)
        rig.armature.pose.bones.foreach_get("matrix_basis", basis)
        bases.append(basis)
    return bases


def main() -> None:
    folder, pictures = Path(sys.argv[1]), Path(sys.argv[2])
    job = read_job(folder)
    facts = read_rig_facts(folder)
    assert facts is not None and job.rig is not None
    shots = read_shots(folder) or plan_folder(folder, job, facts, lambda: None)
    shots = [shot for shot in shots if layout.truth_path(folder, shot.index).is_file()]
    truths = [json.loads(layout.truth_path(folder, shot.index).read_bytes()) for shot in shots]

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    configure_render(scene, render_options(job))
    rig = load_rig(job.rig)
    camera, lighting, coat = create_camera(scene), create_lighting(scene), prepare_coat(rig.meshes)
    width, height = job.resolution
    longer = max(width, height)
    frame = np.eye(3)
    seconds, cpu = [], []
    bases = canonical_bases(rig, folder, truths)
    for shot, truth, basis in zip(shots, truths, bases, strict=True):
        began, used = time.perf_counter(), time.process_time()
        if basis is None:
            apply_action(rig, shot.action, shot.frame)
        else:
            rig.armature.pose.bones.foreach_set("matrix_basis", basis)
            rig.armature.update_tag()
        intrinsics = truth["camera"]["intrinsics"]
        pose = np.linalg.inv(truth["camera"]["world_to_camera"]) @ np.diag([1.0, -1.0, -1.0, 1.0])
        camera.matrix_world = Matrix(pose.tolist())
        distance = float(truth["camera"]["world_to_camera"][2][3])
        camera.data.lens = shot.camera.focal_length
        camera.data.shift_x = (width / 2 - intrinsics[0][2]) / longer
        camera.data.shift_y = (intrinsics[1][2] - height / 2) / longer
        camera.data.clip_start, camera.data.clip_end = distance / 100, distance * 100
        apply_light(lighting, shot.light, frame)
        coat.apply(shot.coat)
        scene.render.filepath = str(pictures / f"{shot.index:06d}.png")
        bpy.ops.render.render(write_still=True)
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    print("@bare " + json.dumps({"seconds": seconds, "cpu": cpu}), flush=True)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
