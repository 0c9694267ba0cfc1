"""What Blender runs: renders one shard of a job.

    blender -b --factory-startup -P render_jobs/render_job.py -- JOB --out DIR --shard 0/8
    python render_jobs/render_job.py -- JOB --out DIR --shard 0/8      (with the bpy wheel)

Events go to standard output, one a line. Exit codes: 0 all rendered, 2 a mistake of the user's (one message
on standard error), 3 some shots failed, 143 or 130 stopped by a signal.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent

EXIT_MISTAKE, EXIT_FAILED_SHOTS = 2, 3


def main(arguments: Sequence[str]) -> int:
    """Render; returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.parent_pid is not None:
        _follow_parent(options.parent_pid)
    stop = _Stop()
    from pasyn_blender.errors import PasynError
    from render_jobs.workers import event_line

    def tell(event: str, **values: Any) -> None:
        print(event_line(event, **values), flush=True)

    try:
        from render_jobs.job import load_job
        from render_jobs.render_loop import LoopOptions, render_shots
        from render_jobs.shards import WHOLE, parse_shard, shard_from_environment

        _find_yaml()
        shard = parse_shard(options.shard) if options.shard else shard_from_environment()
        only = _indices(options.only)
        job = load_job(options.job, options.set or ())
        outcome = render_shots(
            job,
            options.out.absolute(),
            LoopOptions(shard=shard or WHOLE, only=only, max_shots=options.max_shots),
            tell,
            should_stop=lambda: stop.number is not None,
        )
    except PasynError as error:
        tell("error", message=str(error))
        print(f"error: {error}", file=sys.stderr, flush=True)
        return EXIT_MISTAKE
    if stop.number is not None:
        return 128 + stop.number
    return EXIT_FAILED_SHOTS if outcome.failed else 0


def _find_yaml() -> None:
    """Make PyYAML importable: Blender's own Python may lack it, and it runs from any Python's packages.

    Raises
    ------
    RenderError
        There is none beside the repository either.
    """
    import importlib.util

    from pasyn_blender.errors import RenderError

    if importlib.util.find_spec("yaml") is not None:
        return
    environment = REPOSITORY / ".venv"
    for packages in (*environment.glob("lib/python3*/site-packages"), environment / "Lib" / "site-packages"):
        if (packages / "yaml").is_dir():
            # Last, so that everything Blender brings itself stays Blender's.
            sys.path.append(str(packages))
            return
    raise RenderError(
        f"the Python of this Blender has no PyYAML, which job and rig map files need; install it with: "
        f"{sys.executable} -m pip install pyyaml"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="render_job.py", description="Render one shard of a job.")
    parser.add_argument("job", type=Path, metavar="JOB", help="job YAML, or a resolved job.json")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="output folder")
    parser.add_argument(
        "--shard", metavar="K/N", help="part K of N, from 0; by default from the cluster's array variables"
    )
    parser.add_argument("--max-shots", type=_positive, metavar="N", help="end after rendering N shots")
    parser.add_argument("--only", metavar="I,J", help="render these shots, whatever the shard")
    parser.add_argument("--set", action="append", metavar="KEY=VALUE", help="override a value of the job")
    parser.add_argument("--parent-pid", type=int, metavar="P", help="end when this parent process is gone")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"found {number}; at least 1 would be right")
    return number


def _indices(text: str | None) -> tuple[int, ...]:
    from pasyn_blender.errors import JobError

    if not text:
        return ()
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise JobError(f"--only: found {text!r}; write shot numbers with commas, like 3,17") from None


class _Stop:
    """Notes a request to end; the shot at work is finished first, a second request ends at once."""

    def __init__(self) -> None:
        self.number: int | None = None
        for name in ("SIGTERM", "SIGINT", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            os._exit(128 + number)
        self.number = number


def _follow_parent(parent: int) -> None:
    """End this process when its parent is gone: nobody would hear or replace it."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    if hasattr(os, "getppid") and sys.platform != "win32":
        threading.Thread(target=watch, name="parent", daemon=True).start()


def _arguments() -> list[str]:
    """Return what stands after ``--``: before it are Blender's own options."""
    return sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:]


def _run() -> int:
    try:
        return main(_arguments())
    except SystemExit as error:  # argparse has said what is wrong
        return error.code if isinstance(error.code, int) else EXIT_MISTAKE
    except BaseException:
        import traceback

        traceback.print_exc()
        return 1


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    code = _run()
    sys.stdout.flush()
    sys.stderr.flush()
    # Blender's own clean-up can hang or crash after everything is written.
    os._exit(code)
