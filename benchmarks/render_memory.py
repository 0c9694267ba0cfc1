"""Memory of one Blender process while it renders: it must not grow with the number of pictures.

    python benchmarks/render_memory.py [--images 500] [--rig FILE] [--set KEY=VALUE ...]

Prints the resident memory after every tenth of the pictures, and how much it grew over the second half:
before that every world HDRI is loaded once, and kept.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from render_overhead import shared_rig

from render_jobs.job import job_from_rig
from render_jobs.render_loop import LoopOptions, render_shots


def resident_mib() -> float:
    """Resident memory of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--rig", type=Path, default=shared_rig())
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    job = job_from_rig(options.rig, images=options.images, overrides=options.set)
    memory: list[float] = []

    def tell(event: str, **values: Any) -> None:
        if event == "failed":
            sys.exit(f"shot {values['index']} failed: {values['message']}")
        if event == "done":
            memory.append(resident_mib())

    with tempfile.TemporaryDirectory() as place:
        render_shots(job, Path(place), LoopOptions(), tell)
    print(f"{'pictures':>10}{'MiB':>10}", file=sys.stderr)
    for tenth in range(1, 11):
        count = max(1, len(memory) * tenth // 10)
        print(f"{count:10}{memory[count - 1]:10.1f}", file=sys.stderr)
    half = len(memory) // 2
    growth = memory[-1] - memory[half]
    share = growth / max(1, len(memory) - half - 1)
    print(f"grew {growth:.1f} MiB over the second half: {1024 * share:.1f} KiB a picture", file=sys.stderr)


if __name__ == "__main__":
    main()
    sys.stderr.flush()
    os._exit(0)
