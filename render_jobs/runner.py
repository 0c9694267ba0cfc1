"""Runs a job on this machine: from the job to the finished dataset.

What is heavy to import (numpy, Pillow, pycocotools) is imported after the first worker was started, so that
the parent gets ready while Blender does.
"""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from pasyn_blender.errors import RenderError

from . import layout
from .job import Job, job_identity
from .job_schema import built_in_styles
from .output_folder import locked, read_identity, take_folder
from .progress import Progress
from .supervisor import Patience, Supervisor
from .workers import program_command, share_cores

if TYPE_CHECKING:
    from .composer import Composer
    from .finish import Dataset
    from .pictures import Finished, PictureThread
    from .shot import Shot

RENDER_SCRIPT: Final = Path(__file__).resolve().with_name("render_job.py")

CORES_PER_WORKER: Final = 16
"""One process with all threads beats several with fewer on small machines: each would pay Blender's start and
its memory, and steady frames take as long. Beyond about this many cores Cycles stops using them well."""

_KERNEL_SECONDS: Final = 600.0


class Interrupted(Exception):  # noqa: N818 - not an error
    """The user, or the system, asked the run to stop.

    Attributes
    ----------
    number
        The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass(frozen=True)
class RunOptions:
    """How to run a job; nothing here decides a byte of the pictures.

    Attributes
    ----------
    folder
        Output folder.
    workers
        Blender processes at a time; None for :func:`default_workers`.
    blender
        Blender's executable; None renders with the bpy wheel of this Python.
    retry_quarantined
        Try the shots again that earlier runs gave up.
    command
        Returns what to run for a worker, given (worker, workers); by default render_job.py.
    """

    folder: Path
    workers: int | None = None
    blender: Path | None = None
    retry_quarantined: bool = False
    command: Callable[[int, int], Sequence[str]] | None = None


def default_workers() -> int:
    """One Blender process for every 16 cores, at least one."""
    return max(1, len(available_cores()) // CORES_PER_WORKER)


def available_cores() -> list[int]:
    """Numbers of the cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def render_command(job: Job, options: RunOptions, worker: int, workers: int) -> list[str]:
    """Return the command of one worker."""
    if options.command is not None:
        return list(options.command(worker, workers))
    arguments = [
        str(layout.job_path(options.folder)),
        "--out",
        str(options.folder),
        "--shard",
        f"{worker}/{workers}",
        "--max-shots",
        str(job.limits.shots_per_process),
        "--parent-pid",
        str(os.getpid()),
    ]
    return program_command(options.blender, RENDER_SCRIPT, arguments)


def run_job(job: Job, options: RunOptions, progress: Progress | None = None) -> Dataset:
    """Make the dataset of a job, or what is missing of it.

    Parameters
    ----------
    job
        What to make.
    options
        How.
    progress
        Where to show how far it is; by default nowhere.

    Returns
    -------
    What was delivered and what was not.

    Raises
    ------
    OutputError
        The folder cannot be written, is in use, or holds another job's dataset.
    RenderError
        Blender met a mistake of the user's, or cannot be kept alive.
    PasynError
        What planning, composing or the report found wrong.
    Interrupted
        A signal asked to stop. All processes are ended, and the same call goes on where this one stopped.
    """
    workers = options.workers if options.workers is not None else default_workers()
    if workers < 1:
        raise RenderError(f"--workers: found {workers}; at least one process must render")
    folder = options.folder
    identity = job_identity(job)
    check_look(job)
    with locked(folder, "pasyn run"), _signals() as stop:
        known = read_identity(folder) == identity
        take_folder(folder, job, identity)
        run = _Run(job, options, identity, workers, progress or Progress(quiet=True), stop)
        try:
            return run.make(known)
        finally:
            run.end()


def check_look(job: Job) -> None:
    """Check a style of the user's own before anything is started for it.

    Raises
    ------
    StyleError, BackgroundError
        The preset is wrong, lacks weights, or its photos cannot be used.
    """
    if job.style not in built_in_styles():
        from .composer import Composer

        Composer(job)


@contextmanager
def _signals() -> Iterator[Callable[[], None]]:
    """Turn Ctrl-C, termination and hang-up into a check that raises between two steps.

    An exception out of a signal handler could strike between starting a process and noting that it runs.
    """
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    def check() -> None:
        if received:
            raise Interrupted(received[0])

    previous: dict[int, Any] = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        number = getattr(signal, name, None)
        # nohup, and a shell that puts us in the background, ask us to ignore some; that stays.
        if number is None or signal.getsignal(number) == signal.SIG_IGN:
            continue
        try:
            previous[number] = signal.signal(number, note)
        except ValueError:
            break  # Not the main thread; whoever runs us there takes the signals.
    try:
        yield check
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@dataclass
class _Run:
    job: Job
    options: RunOptions
    identity: str
    workers: int
    progress: Progress
    check_signals: Callable[[], None]
    shots: list[Shot] = field(default_factory=list)
    pictures: PictureThread | None = None
    photos: tuple[tuple[int, str], ...] | None = None
    composer: Composer | None = None
    _done_before: int = 0
    _begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        limits = self.job.limits
        self.supervisor = Supervisor(
            folder=self.options.folder,
            command=lambda worker: render_command(self.job, self.options, worker, self.workers),
            patience=Patience(
                shot=limits.shot_seconds,
                start=max(300.0, 3 * limits.shot_seconds),
                first_shot=0.0 if self.job.render.device == "cpu" else _KERNEL_SECONDS,
            ),
            is_rendered=self._is_rendered,
            cores=share_cores(available_cores(), self.workers),
            memory_bytes=None if limits.memory_gib is None else limits.memory_gib * 2**30,
            render_bytes=(1 << 20) + 4 * math.prod(self.job.resolution),
            on_prepared=self._plan_and_share,
            on_rendered=self._rendered,
            on_notice=self.progress.notice,
        )

    def make(self, known: bool) -> Dataset:
        from_before = known and layout.rig_facts_path(self.options.folder).is_file()
        if from_before:
            self.supervisor.expect_no_preparation()
            self._look_at_photos()
            self._plan_and_share()
        else:
            self.supervisor.start(0)
            self._look_at_photos()
        while self.supervisor.running:
            self.check_signals()
            self.supervisor.step()
            if self.pictures is not None:
                self.pictures.check()
        return self._finish()

    def end(self) -> None:
        self.supervisor.stop()
        if self.pictures is not None:
            self.pictures.abandon()
        self.progress.end()

    def _look_at_photos(self) -> None:
        from . import pictures, planning  # noqa: F401 - imported now, while Blender starts
        from .composer import Composer

        self.composer = Composer(self.job)
        if self.job.backgrounds and not layout.shots_path(self.options.folder).is_file():
            self.photos = self._list_photos()

    def _list_photos(self) -> tuple[tuple[int, str], ...] | None:
        from styles.backgrounds import list_photos

        if not self.job.backgrounds or self.photos is not None:
            return self.photos
        library = list_photos(self.job.backgrounds)
        for warning in library.warnings[:10]:
            self.progress.notice(f"warning: {warning}")
        if len(library.warnings) > 10:
            self.progress.notice(f"warning: and {len(library.warnings) - 10} more photos left out")
        return library.photos

    def _plan_and_share(self) -> None:
        from .finish import quarantined_shots
        from .pictures import PictureThread, finish_picture
        from .planning import plan_folder, read_rig_facts

        folder = self.options.folder
        facts = read_rig_facts(folder)
        if facts is None:
            raise RenderError(f"the worker said it had prepared the rig, but {folder} has no rig.json")
        for note in facts.notes:
            self.progress.notice(f"{facts.name}: {note}")
        self.shots = plan_folder(folder, self.job, facts, self._list_photos)
        given_up = quarantined_shots(folder)
        if self.options.retry_quarantined:
            for index in given_up:
                layout.quarantine_path(folder, index).unlink(missing_ok=True)
            given_up = set()
        composer = self.composer
        assert composer is not None
        self.pictures = PictureThread(
            lambda index: finish_picture(folder, self.shots[index], self.identity, composer)
        )
        waiting = [shot.index for shot in self.shots if not self._is_rendered(shot.index)]
        # A shot that was rendered after all, by a cluster for instance, is no longer given up.
        for index in given_up.difference(waiting):
            layout.quarantine_path(folder, index).unlink(missing_ok=True)
        waiting = [index for index in waiting if index not in given_up]
        given_up &= {shot.index for shot in self.shots}
        if given_up:
            self.progress.notice(
                f"{len(given_up)} shots that failed twice before stay left out "
                "(--retry-quarantined tries them again)"
            )
        self._done_before = len(self.shots) - len(waiting) - len(given_up)
        self.progress.begin(len(self.shots) - len(given_up), self._done_before)
        for worker in range(self.workers):
            mine = [index for index in waiting if index % self.workers == worker]
            self.supervisor.assign(worker, mine)
            if mine and not self.supervisor.has_process(worker):
                self.supervisor.start(worker)

    def _is_rendered(self, index: int) -> bool:
        from .finished_renders import read_render

        if not 0 <= index < len(self.shots):
            return False
        return read_render(self.options.folder, self.shots[index], self.identity) is not None

    def _rendered(self, index: int, seconds: float | None) -> None:
        from .manifest import note_seconds

        if seconds is not None:
            note_seconds(self.options.folder, index, seconds)
        assert self.pictures is not None
        self.pictures.add(index)
        self.progress.advance()

    def _finish(self) -> Dataset:
        from .finish import build_dataset

        finished: dict[int, Finished] = self.pictures.close() if self.pictures is not None else {}
        self.progress.end()
        rendered = self.supervisor.rendered
        if not finished and not self._done_before:
            given_up = len(self.supervisor.quarantined)
            raise RenderError(
                f"none of the {len(self.shots)} shots could be rendered ({given_up} failed twice); "
                f"see {layout.quarantine_folder(self.options.folder)}"
            )
        return build_dataset(
            self.options.folder,
            self.job,
            self.identity,
            self.shots,
            finished=finished,
            run={
                "workers": self.workers,
                "cores": len(available_cores()),
                "rendered": rendered,
                "seconds": round(time.monotonic() - self._begun, 2),
            }
            if rendered
            else None,
            interrupted=self.check_signals,
        )
