"""What the tests of running share: a small job, and runs of it with the stand-in renderer."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from render_jobs import layout
from render_jobs.finish import Dataset
from render_jobs.job import Job, Limits, load_job
from render_jobs.runner import RunOptions, run_job

REPOSITORY = Path(__file__).resolve().parent.parent.parent
STAND_IN = Path(__file__).with_name("stand_in_renderer.py")


def small_job(folder: Path, images: int = 6, **limits: Any) -> Job:
    """A job of the built-in zebra, 64 x 48."""
    path = folder / "small.yaml"
    path.write_text(
        "species: zebra\nanimal: zebra\nposes: actions\nresolution: [64, 48]\nsplit: {val: 0.4}\n"
    )
    job = load_job(path)
    return replace(job, images=images, limits=replace(Limits(), **limits))


def stand_in_options(job: Job, folder: Path, workers: int = 1, **options: Any) -> RunOptions:
    """Options that run the stand-in in place of Blender."""

    def command(worker: int, count: int) -> list[str]:
        return [
            sys.executable,
            str(STAND_IN),
            str(layout.job_path(folder)),
            *("--out", str(folder), "--shard", f"{worker}/{count}"),
            *("--max-shots", str(job.limits.shots_per_process), "--parent-pid", str(os.getpid())),
        ]

    return RunOptions(folder, workers, command=command, **options)


def run(job: Job, folder: Path, workers: int = 1, **options: Any) -> Dataset:
    """Run a job with the stand-in."""
    return run_job(job, stand_in_options(job, folder, workers, **options))


def delivered_files(folder: Path) -> dict[str, bytes]:
    """Every file of images/ and annotations/ by name."""
    return {
        f"{place}/{path.name}": path.read_bytes()
        for place in (layout.IMAGES, layout.ANNOTATIONS)
        for path in sorted((folder / place).iterdir())
    }


def pasyn(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the pasyn program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "render_jobs.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        **{"cwd": REPOSITORY, **options},
    )


def stand_in_blender(folder: Path) -> Path:
    """A program that takes Blender's command line and runs the stand-in."""
    path = folder / "blender"
    path.write_text(
        "#!/bin/sh\n"
        'while [ "$1" != "--" ]; do shift; done\n'
        f'shift\nexec "{sys.executable}" "{STAND_IN}" "$@"\n'
    )
    path.chmod(0o755)
    return path


def children(of: int | None = None) -> list[int]:
    """Processes below one of ours that are alive."""
    of = of or os.getpid()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(") ")[2].split()[:2]
            except OSError:
                continue
            if int(parent) == of and state != "Z":
                found.append(int(entry.name))
    return found
