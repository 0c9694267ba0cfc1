"""Keeps the workers of a run going: time limits, restarts, second tries and quarantine."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pasyn_blender.errors import RenderError

from . import layout
from .workers import Event, Worker, resident_bytes, start_worker, stop_workers

TRIES: Final = 2
"""A shot that fails this often is quarantined."""

IDLE_TRIES: Final = 2
"""A worker that ends this often in a row without finishing a shot or failing at one stops the run."""

HOPELESS: Final = 5
"""So many shots quarantined before any was rendered mean that it is not the shots."""

_QUICK_LOOK = 0.2


@dataclass(frozen=True)
class Patience:
    """How long a worker may be silent, in seconds.

    Attributes
    ----------
    shot
        From the start of a shot to its end.
    start
        From the start of the process to its first shot, and between shots: loading a rig, skipping what is
        rendered.
    first_shot
        Added to ``shot`` for the first shot of a process; graphics cards compile their kernels then.
    """

    shot: float
    start: float = 600.0
    first_shot: float = 0.0


@dataclass
class Supervisor:
    """Workers, the shots each has still to render, and what went wrong with them.

    The shots are checked against the disk by ``is_rendered``, never believed from what a worker says.

    Attributes
    ----------
    folder
        Output folder.
    command
        Returns what to run for a worker.
    patience
        Time limits.
    cores
        Cores of each worker; a worker beyond the list, or with an empty set, uses all.
    memory_bytes
        A process that holds more after a shot is replaced; None for no limit.
    is_rendered
        Whether the files of a shot are complete.
    render_bytes
        Room a render may need; where a shot failed and there is less, the run stops instead.
    on_prepared
        Called once, when the first worker has loaded the rig; gives every worker its shots through
        :meth:`assign`.
    on_rendered
        Called with index and seconds when a shot is complete on disk.
    on_notice
        Called with a sentence worth showing.
    pending
        Shots each worker still has to render.
    quarantined
        Shots that were given up.
    """

    folder: Path
    command: Callable[[int], Sequence[str]]
    patience: Patience
    is_rendered: Callable[[int], bool]
    cores: Sequence[frozenset[int]] = ()
    memory_bytes: float | None = None
    render_bytes: int = 1 << 20
    on_prepared: Callable[[], None] = lambda: None
    on_rendered: Callable[[int, float | None], None] = lambda index, seconds: None
    on_notice: Callable[[str], None] = lambda message: None
    pending: dict[int, set[int]] = field(default_factory=dict)
    quarantined: set[int] = field(default_factory=set)
    failures: dict[int, list[str]] = field(default_factory=dict)
    rendered: int = 0
    _workers: dict[int, Worker] = field(default_factory=dict)
    _idle_ends: dict[int, int] = field(default_factory=dict)
    _events: queue.Queue[Event] = field(default_factory=queue.Queue)
    _is_prepared: bool = False

    def assign(self, worker: int, shots: Iterable[int]) -> None:
        """Give a worker its shots."""
        self.pending[worker] = set(shots)

    def expect_no_preparation(self) -> None:
        """Take the rig for prepared: every worker has its shots before it starts."""
        self._is_prepared = True

    def has_process(self, worker: int) -> bool:
        """Whether a worker's process is alive."""
        return worker in self._workers

    def start(self, worker: int) -> None:
        """Start the process of a worker.

        Raises
        ------
        RenderError
            The program cannot be run.
        OutputError
            Its log cannot be written.
        """
        command = self.command(worker)
        try:
            self._workers[worker] = start_worker(
                worker,
                command,
                self.folder,
                self._events,
                self.patience.start,
                self.cores[worker] if worker < len(self.cores) else frozenset(),
            )
        except OSError as error:
            raise RenderError(f"cannot run {command[0]}: {error.strerror or error}") from error

    @property
    def running(self) -> bool:
        """Whether any worker's process is alive."""
        return bool(self._workers)

    def step(self) -> None:
        """Wait a moment for an event, handle what came, and look after the clock.

        Raises
        ------
        RenderError
            A mistake of the user's that a worker met, or a worker that cannot be kept alive.
        OutputError
            The disk is full.
        """
        try:
            event: Event | None = self._events.get(timeout=self._wait())
        except queue.Empty:
            event = None
        while event is not None:
            self._handle(event)
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                event = None
        for worker in list(self._workers.values()):
            self._look_after(worker)

    def stop(self) -> None:
        """End all processes; safe to call at any time."""
        workers = list(self._workers.values())
        self._workers.clear()
        stop_workers(workers)

    def _wait(self) -> float:
        now = time.monotonic()
        nearest = min((worker.deadline for worker in self._workers.values()), default=now)
        return min(_QUICK_LOOK, max(0.01, nearest - now))

    def _handle(self, event: Event) -> None:
        worker = self._workers.get(event.worker)
        if worker is None or worker.process.pid != event.process:
            return
        if event.kind == "closed":
            self._ended(worker)
            return
        worker.last_event = event.kind
        now = time.monotonic()
        if event.kind == "prepared":
            worker.prepared = True
            worker.deadline = now + self.patience.start
            if not self._is_prepared:
                self._is_prepared = True
                self.on_prepared()
        elif event.kind == "start":
            extra = self.patience.first_shot if worker.shots_started == 0 else 0.0
            worker.shot = event.index
            worker.shots_started += 1
            worker.deadline = now + self.patience.shot + extra
        elif event.kind == "done":
            worker.shot = None
            worker.deadline = now + self.patience.start
            if event.index is not None:
                self._check(worker, event.index, event)
            self._look_at_memory(worker)
        elif event.kind == "failed":
            worker.shot = None
            worker.deadline = now + self.patience.start
            if event.index is not None:
                self._fail(worker, event.index, event.message or "failed without a reason", event.tail)
        elif event.kind == "error":
            worker.error = event.message or "Blender stopped without saying why"
        elif event.kind in {"recycle", "finished"}:
            # All is said and written; Blender's own way out can take long, or never end.
            self._ended(worker)

    def _check(self, worker: Worker, index: int, event: Event) -> None:
        if self.is_rendered(index):
            worker.shots_ended += 1
            self._idle_ends[worker.number] = 0
            self._finish(index, event.seconds)
        else:
            self._fail(worker, index, "was reported done, but its files are not complete", event.tail)

    def _look_at_memory(self, worker: Worker) -> None:
        if self.memory_bytes is None or worker.leaving:
            return
        held = resident_bytes(worker.process.pid)
        if held is not None and held > self.memory_bytes:
            self.on_notice(
                f"worker {worker.number} holds {held / 2**30:.1f} GiB, more than limits.memory_gib "
                f"{self.memory_bytes / 2**30:g}, and is replaced"
            )
            worker.ask_to_end()

    def _finish(self, index: int, seconds: float | None) -> None:
        for shots in self.pending.values():
            if index in shots:
                shots.discard(index)
                self.rendered += 1
                self.on_rendered(index, seconds)

    def _look_after(self, worker: Worker) -> None:
        now = time.monotonic()
        if worker.process.poll() is not None:
            # Its output stays open while something it started lives on; a moment, and it counts as ended.
            worker.ended_at = worker.ended_at or now
            if now - worker.ended_at > 2.0:
                self._ended(worker)
        elif now > worker.deadline:
            shot = worker.shot
            worker.shot = None
            if shot is None:
                limit = self.patience.start
                self.on_notice(f"worker {worker.number} said nothing for {limit:g} s and is replaced")
            else:
                self._fail(worker, shot, f"took longer than {self.patience.shot:g} s (limits.shot_seconds)")
            self._ended(worker)

    def _ended(self, worker: Worker) -> None:
        worker.kill()
        del self._workers[worker.number]
        number, shot = worker.number, worker.shot
        if worker.error is not None:
            raise RenderError(worker.error)
        if shot is not None and not worker.leaving:
            self._fail(worker, shot, f"its process {worker.ending()}")
        # What is on disk counts, also where the word of it was lost with the process.
        for index in sorted(self.pending.get(number, ())):
            if self.is_rendered(index):
                worker.shots_ended += 1
                self._finish(index, None)
        waiting = self.pending.get(number)
        if waiting is not None and not waiting:
            return
        if not worker.shots_ended:
            self._count_idle_end(worker)
        self.start(number)

    def _count_idle_end(self, worker: Worker) -> None:
        ends = self._idle_ends.get(worker.number, 0) + 1
        self._idle_ends[worker.number] = ends
        if ends < IDLE_TRIES:
            return
        if worker.last_event == "finished":
            problem = f"ended, leaving shots {_some(self.pending[worker.number])} unrendered"
        else:
            problem = f"{worker.ending()} before it rendered anything"
        lines = [line for line in list(worker.tail) if line.strip()][-8:]
        raise RenderError(
            f"worker {worker.number} {problem}, twice; its log is "
            f"{layout.worker_log_path(self.folder, worker.number)}"
            + ("".join(f"\n  | {line}" for line in lines) if lines else "")
        )

    def _fail(self, worker: Worker, index: int, message: str, tail: Iterable[str] | None = None) -> None:
        # On a full disk every shot fails, and none is to blame.
        layout.check_room(layout.create_folder(layout.renders_folder(self.folder)), self.render_bytes)
        worker.shots_ended += 1
        self._idle_ends[worker.number] = 0
        told = self.failures.setdefault(index, [])
        # A copy, because the thread that listens may be adding to it.
        lines = list(worker.tail) if tail is None else tail
        told.append(f"try {len(told) + 1}: {message}\n" + "".join(f"  | {line}\n" for line in lines))
        if len(told) < TRIES:
            self.on_notice(f"shot {index} {message}; it is tried once more")
            return
        path = layout.quarantine_path(self.folder, index)
        text = f"shot {index} was given up after {len(told)} tries\n\n" + "\n".join(told)
        layout.create_folder(path.parent)
        layout.write_atomically(path, text.encode("utf-8", "replace"))
        for shots in self.pending.values():
            shots.discard(index)
        self.quarantined.add(index)
        self.on_notice(f"shot {index} {message}; it is left out, see {path}")
        if not self.rendered and len(self.quarantined) >= HOPELESS:
            raise RenderError(
                f"the first {HOPELESS} shots failed twice each, so the run was stopped; "
                f"the last one {message} (see {path})"
            )


def _some(shots: Iterable[int]) -> str:
    ordered = sorted(shots)
    shown = ", ".join(str(index) for index in ordered[:5])
    return shown + (f" and {len(ordered) - 5} more" if len(ordered) > 5 else "")
