"""Child processes that render: starting them, hearing what they say, and ending them for certain."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

from render_jobs import layout

EVENT_MARK: Final = "@pasyn "
"""Begins the part of an output line that is an event; Blender's own chatter may stand before it."""

EVENT_KINDS: Final = frozenset({"prepared", "start", "done", "failed", "recycle", "finished", "error"})

_TAIL_LINES = 200
_LONGEST_LINE = 100_000


@dataclass(frozen=True)
class Event:
    """One thing a worker said, or its end.

    Attributes
    ----------
    worker
        Number of the worker.
    process
        Process id, so that a word of a replaced process is not taken for its successor's.
    kind
        One of :data:`EVENT_KINDS`, or ``"closed"`` when the process closed its output.
    index
        Shot, where the event is about one.
    seconds
        Time the shot took, where known.
    message
        What went wrong.
    tail
        What the process printed since it started the shot, for an event that ends one.
    """

    worker: int
    process: int
    kind: str
    index: int | None = None
    seconds: float | None = None
    message: str = ""
    tail: tuple[str, ...] = ()


def parse_event(line: str, worker: int, process: int) -> Event | None:
    """Read an event out of a line of output; None where there is none or it is garbled."""
    start = line.find(EVENT_MARK + "{")
    if start < 0:
        return None
    try:
        # raw_decode: Blender may have written on after the event without a line break.
        said, _ = json.JSONDecoder().raw_decode(line, start + len(EVENT_MARK))
    except ValueError:
        return None
    if said.get("event") not in EVENT_KINDS:
        return None
    index, seconds = said.get("index"), said.get("seconds")
    return Event(
        worker=worker,
        process=process,
        kind=said["event"],
        index=index if isinstance(index, int) else None,
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
        message=str(said.get("message") or ""),
    )


@dataclass
class Worker:
    """A running child process.

    Attributes
    ----------
    number
        Which worker, from 0.
    process
        The child.
    deadline
        ``time.monotonic`` at which it is taken for hung.
    shot
        The shot it is rendering, None between shots.
    shots_started, shots_ended
        How many it has begun, and how many of those were finished or failed.
    prepared
        Whether it has loaded the rig.
    error
        Message of its ``error`` event: a mistake of the user's that no restart will mend.
    leaving
        Whether it was asked to end.
    last_event
        Kind of the last thing it said.
    ended_at
        ``time.monotonic`` at which the process was first seen to have ended.
    tail
        The last lines of its output, from the start of a shot on.
    """

    number: int
    process: subprocess.Popen[bytes]
    deadline: float
    shot: int | None = None
    shots_started: int = 0
    shots_ended: int = 0
    prepared: bool = False
    error: str | None = None
    leaving: bool = False
    last_event: str | None = None
    ended_at: float | None = None
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))

    def kill(self) -> None:
        """End the process and everything it started, at once."""
        _signal_group(self.process, force=True)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)

    def ask_to_end(self) -> None:
        """Ask the process to end after the shot it is at; render_job.py heeds that."""
        self.leaving = True
        with contextlib.suppress(OSError):
            self.process.terminate()

    def ending(self) -> str:
        """Say in words how the process ended."""
        code = self.process.returncode
        if code is None:
            return "is still running"
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        # Nobody but the kernel kills our children from outside, and then for want of memory.
        hint = ", perhaps for lack of memory" if name == "SIGKILL" else ""
        return f"was ended by {name}{hint}"


def start_worker(
    number: int,
    command: Sequence[str],
    folder: Path,
    events: queue.Queue[Event],
    start_seconds: float,
    cores: frozenset[int] = frozenset(),
) -> Worker:
    """Start a child process and a thread that listens to it.

    Parameters
    ----------
    number
        Which worker; its output is appended to ``logs/worker-<number>.log``.
    command
        What to run.
    folder
        Output folder.
    events
        Receives what the worker says.
    start_seconds
        How long it may take until its first event.
    cores
        Cores it may use; empty for all. Only heeded where the system can (Linux).

    Raises
    ------
    OutputError
        The log cannot be written.
    FileNotFoundError, PermissionError
        The program cannot be run.
    """
    log_path = layout.worker_log_path(folder, number)
    layout.create_folder(log_path.parent)
    with layout.writing(log_path):
        log = log_path.open("ab", buffering=0)
    try:
        with layout.writing(log_path):
            log.write(f"\n$ {shlex.join(command)}\n".encode())
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=worker_environment(),
            # A session of its own: Ctrl-C in the terminal reaches the parent alone, which then ends the
            # children in order, and whatever a child starts can be ended with it.
            start_new_session=True,
        )
    except BaseException:
        log.close()
        raise
    if cores and hasattr(os, "sched_setaffinity"):
        # Right after the start there is one thread, whose children inherit this.
        with contextlib.suppress(OSError):
            os.sched_setaffinity(process.pid, cores)
    worker = Worker(number, process, time.monotonic() + start_seconds)
    threading.Thread(target=_listen, args=(worker, log, events), name=f"worker-{number}", daemon=True).start()
    return worker


def resident_bytes(process: int) -> int | None:
    """Memory a process holds; None where the system does not tell (other than Linux)."""
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def share_cores(cores: Sequence[int], workers: int) -> list[frozenset[int]]:
    """Divide cores among workers so that their threads do not contend.

    Returns
    -------
    For each worker its cores, neighbours together; empty (all cores) where there is one worker, or less than
    one core for each.
    """
    ordered = sorted(cores)
    if workers == 1 or len(ordered) < workers:
        return [frozenset()] * workers
    edges = [number * len(ordered) // workers for number in range(workers + 1)]
    return [frozenset(ordered[start:end]) for start, end in itertools.pairwise(edges)]


def worker_environment() -> dict[str, str]:
    """Return the environment of a child: the parent's, with output that arrives line by line."""
    environment = dict(os.environ)
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def stop_workers(workers: Sequence[Worker], patience: float = 3.0) -> None:
    """Ask processes to end, and end those that do not within ``patience`` seconds."""
    for worker in workers:
        _signal_group(worker.process, force=False)
    limit = time.monotonic() + patience
    for worker in workers:
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.process.wait(timeout=max(0.0, limit - time.monotonic()))
    for worker in workers:
        worker.kill()


def _signal_group(process: subprocess.Popen[bytes], *, force: bool) -> None:
    if sys.platform == "win32":
        if process.poll() is None:
            (process.kill if force else process.terminate)()
        return
    # The group outlives its leader when the leader left children behind.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL if force else signal.SIGTERM)


def _listen(worker: Worker, log: IO[bytes], events: queue.Queue[Event]) -> None:
    process = worker.process
    assert process.stdout is not None
    with log, process.stdout as output:
        while line := output.readline(_LONGEST_LINE):
            # A full disk must not stop us from listening: the child would block on a full pipe.
            with contextlib.suppress(OSError):
                log.write(line)
            text = line.decode("utf-8", "replace").rstrip("\n")
            event = parse_event(text, worker.number, process.pid)
            if event is None:
                worker.tail.append(text)
                continue
            # Here and not where events are handled: by then later lines may have come.
            if event.kind == "start":
                worker.tail.clear()
            elif event.kind in {"done", "failed"}:
                event = replace(event, tail=tuple(worker.tail))
            events.put(event)
    events.put(Event(worker.number, process.pid, "closed"))


def program_command(program: Path | None, script: Path, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a script under Blender, or under this Python with the bpy wheel.

    Parameters
    ----------
    program
        Blender's executable, or None for ``sys.executable``.
    script
        What it runs.
    arguments
        What the script sees after ``--``.
    """
    if program is None:
        start = [sys.executable, str(script)]
    else:
        start = [
            str(program),
            "-b",
            "--factory-startup",
            "-noaudio",
            "--python-exit-code",
            "1",
            "-P",
            str(script),
        ]
    return [*start, "--", *arguments]


def event_line(event: str, **values: Any) -> str:
    """Return the line with which a worker tells an event."""
    return EVENT_MARK + json.dumps({"event": event, **values}, sort_keys=True)
