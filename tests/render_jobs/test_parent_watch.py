"""A run that stops with the process that started it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

CHILD = (
    "import time; from render_jobs.parent_watch import stop_with_parent; stop_with_parent(); "
    "print('watching', flush=True); time.sleep(60)"
)
PARENT = (
    "import subprocess, sys; "
    "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE); "
    "child.stdout.readline(); print(child.pid, flush=True)"
)


def alive(process: int) -> bool:
    """Whether a process runs; one that nobody has collected does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks processes up in /proc")
@pytest.mark.parametrize("asked", [True, False])
def test_without_its_parent_it_stops_where_that_was_asked_for(asked: bool) -> None:
    environment = {**os.environ, **({"PASYN_STOP_WITH_PARENT": "1"} if asked else {})}
    parent = subprocess.run(
        [sys.executable, "-c", PARENT, CHILD],
        stdout=subprocess.PIPE,
        check=True,
        cwd=REPOSITORY,
        env=environment,
        timeout=60,
    )
    child = int(parent.stdout)
    deadline = time.monotonic() + (10.0 if asked else 1.5)
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.1)
    stopped = not alive(child)
    if not stopped:
        os.kill(child, 9)
    assert stopped == asked
