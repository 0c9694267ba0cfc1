"""What labels cost: seconds a picture against the same frames rendered bare, in one run.

    python benchmarks/render_overhead.py [--images 100] [--rig FILE] [--rounds 2]

"Bare" is benchmarks/bare_render.py: the same poses, cameras, light and settings with persistent data, whole
frames, no labels. Both sides are whole processes, taken in turns; of each the quicker round counts. CPU
seconds hardly notice other work on the machine, wall seconds do.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Measured:
    """One whole process: its seconds, and those of a picture in its loop (the median, first left out)."""

    wall: float
    cpu: float
    loop: float
    first: float
    peak_mib: float


def shared_rig() -> Path:
    shared = Path(os.environ.get("PASYN_SHARED", REPOSITORY.parent / "shared"))
    return shared / "rigs" / "horse_ult" / "Horse-v7.glb"


def run(command: list[str]) -> tuple[float, float, float, str]:
    """Wall seconds, CPU seconds, peak MiB and output of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, after.ru_maxrss / 1024, done.stdout


def labelled(job: Path, folder: Path) -> Measured:
    shutil.rmtree(folder, ignore_errors=True)
    script = str(REPOSITORY / "render_jobs" / "render_job.py")
    wall, cpu, peak, output = run([sys.executable, script, "--", str(job), "--out", str(folder)])
    events = [json.loads(line[7:]) for line in output.splitlines() if line.startswith("@pasyn ")]
    seconds = [event["seconds"] for event in events if event["event"] == "done"]
    return Measured(wall, cpu, float(np.mean(seconds[1:])), seconds[0], peak)


def bare(folder: Path, pictures: Path) -> Measured:
    script = str(REPOSITORY / "benchmarks" / "bare_render.py")
    wall, cpu, peak, output = run([sys.executable, script, str(folder), str(pictures)])
    result: dict[str, Any] = next(
        json.loads(line[6:]) for line in output.splitlines() if line.startswith("@bare ")
    )
    return Measured(wall, cpu, float(np.mean(result["seconds"][1:])), result["seconds"][0], peak)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--rig", type=Path, default=shared_rig())
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        job = Path(place) / "job.yaml"
        record = {"species": "animal", "rig": str(options.rig.resolve()), "images": options.images}
        job.write_text(json.dumps(record), encoding="utf-8")
        folder, pictures = Path(place) / "out", Path(place) / "bare"
        ours, floor = [], []
        for _ in range(options.rounds):
            ours.append(labelled(job, folder))
            floor.append(bare(folder, pictures))
    rows = [
        ("seconds a picture in the loop", "loop", 1),
        ("first picture, seconds", "first", 1),
        ("whole process, seconds a picture", "wall", options.images),
        ("whole process, CPU seconds a picture", "cpu", options.images),
        ("peak memory, MiB", "peak_mib", 1),
    ]
    print(f"{options.images} pictures of {options.rig.name}, 256x256, 16 samples, denoised")
    print(f"{'':40}{'labelled':>12}{'bare':>12}{'ratio':>9}")
    for title, name, share in rows:
        mine = min(getattr(measured, name) for measured in ours) / share
        theirs = min(getattr(measured, name) for measured in floor) / share
        print(f"{title:40}{mine:12.4f}{theirs:12.4f}{mine / theirs:9.3f}")


if __name__ == "__main__":
    main()
