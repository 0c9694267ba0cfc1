"""Speaks render_job.py's protocol without Blender, and misbehaves when asked to.

``PASYN_MISBEHAVE`` is JSON: {"hang": [shot, …], "crash": […], "raise": […], "crash_once": […],
"lie": […], "hold": MiB of memory, "seconds": s a shot, "garble": true, "start": "hang"|"crash"|"error",
"exit": "hang"}.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import numpy as np
from PIL import Image

from pasyn_blender.anatomy.keypoint_sets import AP10K
from pasyn_blender.annotation.ground_shade import GroundShade
from pasyn_blender.errors import OutputError
from render_jobs import layout
from render_jobs.finished_renders import read_render, shot_digest
from render_jobs.job import job_identity, load_job
from render_jobs.plan import RigFacts, plan
from render_jobs.shot import Shot
from render_jobs.workers import event_line

FACTS = RigFacts(actions=(("Walk", 1.0, 40.0), ("Idle", 1.0, 20.0)), name="stand-in")


def tell(event: str, **values: object) -> None:
    print(event_line(event, **values), flush=True)


def rgba(index: int, width: int, height: int) -> bytes:
    """A grey ellipse whose place depends on the shot."""
    rows, columns = np.mgrid[0:height, 0:width]
    inside = ((columns - width / 2 - index % 5) / (width / 3)) ** 2 + (
        (rows - height / 2) / (height / 4)
    ) ** 2
    pixels = np.zeros((height, width, 4), dtype=np.uint8)
    pixels[..., :3] = 40 + 10 * (index % 20)
    pixels[..., 3] = np.clip((1.1 - inside) * 1200, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


SHADE = GroundShade(
    corner=np.array([-1.0, -1.0, -1.0]),
    across=np.array([1.0, 0.0, 0.0]),
    along=np.array([0.0, 1.0, 0.0]),
    cell=0.25,
    cast=np.pad(np.ones((4, 4)), 2),
    contact=np.pad(np.ones((2, 2)), 3),
)
"""A square on the ground, two wide, in the shade."""


def write_render(folder: Path, shot: Shot, identity: str, size: tuple[int, int]) -> None:
    width, height = size
    png = rgba(shot.index, width, height)
    points = [[width / 2 + k, height / 2, 2] for k in range(len(AP10K.keypoints) - 1)] + [[0.0, 0.0, 0]]
    truth = {
        "index": shot.index,
        "shot_sha256": shot_digest(shot),
        "identity": identity,
        "image_sha256": hashlib.sha256(png).hexdigest(),
        "width": width,
        "height": height,
        "keypoints": points,
        "keypoints_world": [[0.0, 0.0, 0.0]] * len(AP10K.keypoints),
        "scene": {
            "up": [0.0, 0.0, 1.0],
            "ground": -1.0,
            "toward_sun": [0.6, 0.0, 0.8],
            "sun_irradiance": 2.0,
            "sky_irradiance": 1.0,
            "light_colour": [1.0, 1.0, 1.0],
            "shade": SHADE.to_dict(),
        },
        "sky_rotation": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        "camera": {
            "intrinsics": [[width, 0, width / 2], [0, width, height / 2], [0, 0, 1]],
            "world_to_camera": [[1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 5], [0, 0, 0, 1]],
        },
    }
    layout.write_atomically(layout.render_path(folder, shot.index), png)
    layout.write_atomically(layout.truth_path(folder, shot.index), json.dumps(truth, sort_keys=True).encode())


def hang() -> None:
    # Deaf to SIGTERM as well, like a driver that does not return.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def watch(parent: int) -> None:
    while True:
        time.sleep(0.2)
        if os.getppid() != parent:
            os._exit(1)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("job", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--shard", default="0/1")
    parser.add_argument("--max-shots", type=int, default=10**9)
    parser.add_argument("--parent-pid", type=int)
    options = parser.parse_args()
    misbehave = json.loads(os.environ.get("PASYN_MISBEHAVE", "{}"))
    if options.parent_pid:
        threading.Thread(target=watch, args=(options.parent_pid,), daemon=True).start()
    if misbehave.get("start") == "hang":
        hang()
    if misbehave.get("start") == "crash":
        print("Segmentation fault is coming", flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if misbehave.get("start") == "error":
        tell("error", message="stand-in.glb: found no armature; a rig needs one")
        return 2
    job = load_job(options.job)
    identity = job_identity(job)
    k, n = (int(part) for part in options.shard.split("/"))
    facts = (json.dumps(FACTS.to_dict(), sort_keys=True) + "\n").encode()
    layout.write_atomically(layout.rig_facts_path(options.out), facts)
    tell("prepared")
    photos = None
    if job.backgrounds:
        from styles.backgrounds import list_photos

        photos = list_photos(job.backgrounds).photos
    started = 0
    stopped: list[int] = []
    held = bytearray(b"x") * (misbehave.get("hold", 0) * 2**20)
    if held:
        signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    for shot in plan(job, FACTS, photos)[k::n]:
        if layout.quarantine_path(options.out, shot.index).exists():
            continue
        if read_render(options.out, shot, identity) is not None:
            continue
        if stopped:
            return 143
        if started == options.max_shots:
            tell("recycle")
            return 0
        started += 1
        if misbehave.get("garble"):
            print("Fra:1 Mem:12M ", end="")
        tell("start", index=shot.index)
        print(f"chatter of shot {shot.index}", flush=True)
        time.sleep(misbehave.get("seconds", 0))
        marker = options.out / "logs" / f"crashed-{shot.index}"
        if shot.index in misbehave.get("crash_once", []) and not marker.exists():
            marker.touch()
            os.abort()
        if shot.index in misbehave.get("hang", []):
            hang()
        if shot.index in misbehave.get("crash", []):
            os.kill(os.getpid(), signal.SIGSEGV)
        if shot.index in misbehave.get("raise", []):
            tell("failed", index=shot.index, message="the animal is behind the camera")
            continue
        if shot.index not in misbehave.get("lie", []):
            try:
                write_render(options.out, shot, identity, job.resolution)
            except OutputError as error:
                tell("error", message=str(error))
                return 2
        tell("done", index=shot.index, seconds=0.01)
    tell("finished")
    if misbehave.get("exit") == "hang":
        hang()
    return 0


if __name__ == "__main__":
    sys.exit(main())
