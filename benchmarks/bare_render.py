"""The floor: the frames of a finished output folder rendered again by a plain bpy loop, nothing labelled.

Poses come from the rig's actions, cameras from the truth files, light and coat from the plan; settings are
those of the job. Prints one JSON line with the seconds of the loop.

    python benchmarks/bare_render.py OUT PICTURES
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import bpy
import numpy as np
from mathutils import Matrix

from pasyn_blender.rig.loading import apply_action, load_rig
from pasyn_blender.scene.camera import create_camera
from pasyn_blender.scene.coat import prepare_coat
from pasyn_blender.scene.lighting import apply_light, create_lighting
from pasyn_blender.scene.render_settings import configure_render
from render_jobs import layout
from render_jobs.finished_renders import read_shots
from render_jobs.output_folder import read_job
from render_jobs.planning import plan_folder, read_rig_facts
from render_jobs.render_loop import render_options


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
    for shot, truth in zip(shots, truths, strict=True):
        began, used = time.perf_counter(), time.process_time()
        apply_action(rig, shot.action, shot.frame)
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
