"""The measures on the poses published with PASyn, by the benchmark's own protocol."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_published_poses_are_learnt_better_than_by_the_published_network(shared: Path):
    poses = shared / "poses" / "pasyn_poses_dev.npz"
    if not poses.is_file():
        pytest.skip(f"no published poses at {poses}")
    program = [sys.executable, str(REPOSITORY / "benchmarks" / "published_poses.py"), str(poses)]
    run = subprocess.run(program, capture_output=True, text=True, cwd=REPOSITORY, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "MISSED" not in run.stdout
