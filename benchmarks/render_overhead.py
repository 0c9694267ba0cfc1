"""What labels cost: seconds a picture against the same frames rendered bare, in one run.

    python benchmarks/render_overhead.py [--images 100] [--rig FILE] [--rounds 2] [--poses actions]

"Bare" is benchmarks/bare_render.py: the same poses, cameras, light and settings with persistent data, whole
frames, no labels. "Labelled" is render_job.py: RGBA, keypoints, cameras and poses of every picture. "Dataset"
is `pasyn run` from start to end: backgrounds, COCO files and manifest as well, without the report. All are
whole processes, taken in turns; of each the quicker round counts. CPU seconds hardly notice other work on the
machine, wall seconds do.
"""

from __future__ import annotations

import argparse
import json
import os
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
    """One whole process: its seconds, and the mean of a picture in its loop, the first left out."""

    wall: float
    cpu: float
    loop: float
    first: float
    peak_mib: float


def shared_rig() -> Path:
    shared = Path(os.environ.get("PASYN_SHARED", REPOSITORY.parent / "shared"))
    return shared / "rigs" / "horse_ult" / "Horse-v7.glb"


def run(command: list[str]) -> tuple[float, float, float, str]:
    """Wall seconds, CPU seconds, peak MiB of the largest process, and output of a command."""
    with tempfile.TemporaryFile("w+") as output:
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=REPOSITORY)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
    if child.returncode:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}:\n{said[-4000:]}")
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said


def labelled(job: Path, folder: Path) -> Measured:
    shutil.rmtree(folder, ignore_errors=True)
    script = str(REPOSITORY / "render_jobs" / "render_job.py")
    wall, cpu, peak, output = run([sys.executable, script, "--", str(job), "--out", str(folder)])
    events = [json.loads(line[7:]) for line in output.splitlines() if line.startswith("@pasyn ")]
    seconds = [event["seconds"] for event in events if event["event"] == "done"]
    return Measured(wall, cpu, float(np.mean(seconds[1:])), seconds[0], peak)


def dataset(job: Path, folder: Path) -> Measured:
    shutil.rmtree(folder, ignore_errors=True)
    program = [sys.executable, "-m", "render_jobs.cli", "run", str(job), "--out", str(folder), "--no-report"]
    wall, cpu, peak, _ = run(program)
    lines = (folder / "logs" / "seconds.jsonl").read_text(encoding="utf-8").splitlines()
    seconds = [json.loads(line)["seconds"] for line in lines]
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
    parser.add_argument("--poses", default="prior", choices=("prior", "actions"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        job = Path(place) / "job.yaml"
        record = {
            "species": "animal",
            "rig": str(options.rig.resolve()),
            "images": options.images,
            "poses": options.poses,
        }
        job.write_text(json.dumps(record), encoding="utf-8")
        folder, pictures = Path(place) / "out", Path(place) / "bare"
        measured: dict[str, list[Measured]] = {"bare": [], "labelled": [], "dataset": []}
        for _ in range(options.rounds):
            measured["labelled"].append(labelled(job, folder))
            measured["bare"].append(bare(folder, pictures))
            measured["dataset"].append(dataset(job, Path(place) / "dataset"))
    rows = [
        ("seconds a picture in the loop", "loop", 1),
        ("first picture, seconds", "first", 1),
        ("whole process, seconds a picture", "wall", options.images),
        ("whole process, CPU seconds a picture", "cpu", options.images),
        ("peak memory, MiB", "peak_mib", 1),
    ]
    print(f"{options.images} pictures of {options.rig.name}, poses: {options.poses}, 256x256, 16 samples")
    print(f"{'':38}" + "".join(f"{side:>11}" for side in measured) + "   labelled/bare  dataset/bare")
    for title, name, share in rows:
        best = {side: min(getattr(one, name) for one in rounds) / share for side, rounds in measured.items()}
        ratios = f"{best['labelled'] / best['bare']:16.3f}{best['dataset'] / best['bare']:14.3f}"
        print(f"{title:38}" + "".join(f"{best[side]:11.4f}" for side in measured) + ratios)


if __name__ == "__main__":
    main()
