"""The child process that makes the dataset while Blender stays usable, followed through the files it writes.

One run at a time. Everything here outlives the open .blend: a person may load another file while a
dataset renders.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import bpy

from ..errors import OutputError, PasynError
from ..scene.lighting import bundled_worlds
from .duration import duration_words

TICK_SECONDS = 0.5
_WINDOWS_FLAGS = 0x00000200 | 0x08000000  # CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW
INCOMPLETE = 3
"""Exit code of ``pasyn run`` when a dataset was delivered with some pictures left out."""

_FULL = 1_000_000
"""A disk with fewer bytes left is full."""

_PATIENCE = 6.0
"""Seconds a stopped run gets to put its files in order before it is ended the hard way."""


@dataclass
class Run:
    """A dataset in the making, or the last one made.

    Attributes
    ----------
    folder
        Output folder.
    images
        Pictures asked for.
    log
        What the process printed.
    state
        "running", "stopping", "finished", "cancelled" or "failed".
    found, rendered
        Renders complete when the run began, and so far.
    message
        One line for a person.
    stop_asked, began
        ``time.monotonic`` of the request to stop, and of the start.
    pace_from
        ``time.monotonic`` and renders there were when the first new one was complete: what came before, the
        start of Blender and renders of an earlier run, says nothing of the pace.
    """

    folder: Path
    images: int
    log: Path
    process: subprocess.Popen[bytes]
    state: str = "running"
    found: int = 0
    rendered: int = 0
    message: str = "Starting Blender in the background"
    stop_asked: float = 0.0
    began: float = field(default_factory=time.monotonic)
    pace_from: tuple[float, int] | None = None
    _output: IO[bytes] | None = field(default=None, repr=False)

    @property
    def active(self) -> bool:
        """Whether the process is still there."""
        return self.state in {"running", "stopping"}

    @property
    def progress(self) -> float:
        """0 to 1; the last twentieth is for composing and annotating."""
        if self.state == "finished":
            return 1.0
        return 0.95 * min(self.rendered, self.images) / max(self.images, 1)

    def seconds_left(self, now: float) -> float | None:
        """How long the renders still to come will take; None before that can be told."""
        if self.pace_from is None or self.state != "running":
            return None
        since, there = self.pace_from
        made = self.rendered - there
        if made < 1 or now <= since:
            return None
        return (self.images - self.rendered) * (now - since) / made

    @property
    def report(self) -> Path:
        """The HTML report the run ends with."""
        return self.folder / "report.html"


_runs: list[Run] = []


def current() -> Run | None:
    """The run in progress, or the last one; None before the first."""
    return _runs[-1] if _runs else None


def child_environment(environment: Mapping[str, str], search_path: Path | None = None) -> dict[str, str]:
    """Environment for the child: this Blender's own settings must not decide what the other one does.

    Parameters
    ----------
    environment
        Ours.
    search_path
        Folder to find ``render_jobs`` in, when the command runs it as a module.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("BLENDER_USER_", "BLENDER_SYSTEM_")) and name != "PYTHONHOME"
    }
    if search_path is not None:
        known = kept.get("PYTHONPATH")
        kept["PYTHONPATH"] = str(search_path) if not known else f"{search_path}{os.pathsep}{known}"
    kept["PYTHONUNBUFFERED"] = "1"
    return kept


def blender_environment(search_path: Path | None) -> dict[str, str]:
    """Environment for a ``pasyn`` that works for this Blender, whose worlds it can use too."""
    environment = child_environment(os.environ, search_path)
    worlds = bundled_worlds()
    if worlds:
        environment.setdefault("PASYN_WORLDS", str(next(iter(worlds.values())).parent))
    # A Blender that crashes takes its render with it, as one that is closed does.
    environment["PASYN_STOP_WITH_PARENT"] = "1"
    return environment


def start(
    command: Sequence[str], folder: Path, images: int, log: Path, environment: Mapping[str, str]
) -> Run:
    """Start a run and follow it.

    Raises
    ------
    PasynError
        One is running already, or the program cannot be started.
    OutputError
        The log cannot be written.
    """
    last = current()
    if last is not None and last.active:
        raise PasynError(f"a dataset is being rendered into {last.folder}; wait for it or cancel it first")
    try:
        output = log.open("wb")
    except OSError as error:
        raise OutputError(f"cannot write {log}: {error.strerror}") from error
    # A session of its own, so that stopping reaches the workers too and a Ctrl-C in the terminal that
    # Blender was started from does not cut a picture in half.
    options: dict[str, Any] = (
        {"creationflags": _WINDOWS_FLAGS} if sys.platform == "win32" else {"start_new_session": True}
    )
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=str(folder),
            env=dict(environment),
            **options,
        )
    except OSError as error:
        output.close()
        raise PasynError(f"cannot start {command[0]}: {error.strerror or error}") from error
    found = count_files(folder / "renders", ".json", images)
    run = Run(folder, images, log, process, found=found, rendered=found, _output=output)
    _runs[:] = [run]
    if not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=TICK_SECONDS, persistent=True)
    return run


def tick() -> float | None:
    """Look at the run once; Blender's timer calls it. Returns when to look again, None when it is over."""
    run = current()
    if run is None or not run.active:
        return None
    before = run.state, run.rendered
    follow(run)
    _redraw(status_bar=(run.state, run.rendered) != before)
    if run.active:
        return TICK_SECONDS
    if run.state == "failed":
        _tell(run.message)
    return None


def follow(run: Run) -> None:
    """Bring a run's state up to date with its process and files."""
    before, run.rendered = run.rendered, count_files(run.folder / "renders", ".json", run.images)
    if run.pace_from is None and run.rendered > max(before, run.found):
        run.pace_from = (time.monotonic(), run.rendered)
    code = run.process.poll()
    if code is None:
        if run.state == "stopping":
            _insist(run)
        elif run.rendered >= run.images:
            run.message = "Putting pictures together and writing annotations"
        elif run.rendered:
            run.message = f"Rendered {run.rendered} of {run.images}{_left(run)}"
        return
    if run._output is not None:
        run._output.close()
        run._output = None
    if run.state == "stopping":
        run.state, run.message = "cancelled", f"Cancelled with {run.rendered} of {run.images} rendered"
    elif code == 0:
        run.state, run.message = "finished", f"{run.images} pictures in {run.folder}"
    elif code == INCOMPLETE:
        run.state = "finished"
        run.message = f"{run.rendered} of {run.images} pictures in {run.folder}; the report says why"
    else:
        stays = f" ({run.rendered} renders stay)" if run.rendered else ""
        run.state, run.message = "failed", f"{failure_line(run.log, code)}{stays}"


def _left(run: Run) -> str:
    seconds = run.seconds_left(time.monotonic())
    return "" if seconds is None else f", {duration_words(seconds)} left"


def count_files(folder: Path, suffix: str, below: int) -> int:
    """Finished shots in a folder: files ``NNNNNN<suffix>`` with a number below ``below``."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - names are all that is needed, ten thousand times a minute
    except OSError:
        return 0
    stems = (name[: -len(suffix)] for name in names if name.endswith(suffix))
    return sum(1 for stem in stems if stem.isdigit() and int(stem) < below)


def failure_line(log: Path, code: int) -> str:
    """What a person should read after a run ended with an exit code that is not 0."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    if text.strip():
        return failure_text(text, code)
    # A log on a full disk stays empty, whatever the program had to say.
    with contextlib.suppress(OSError):
        if shutil.disk_usage(log.parent).free < _FULL:
            return f"no space left on the disk of {log.parent}; free some and render again"
    return f"{failure_text(text, code)}; see {log}"


def failure_text(text: str, code: int) -> str:
    """What a person should read of what a program printed before it ended with an exit code that is not 0."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    named = [line for line in lines if line.lower().startswith(("error", "pasyn:"))]
    # The messages are the command line's; here the folder is a field of the panel.
    said = (named or lines or [""])[-1].removeprefix("error: ").replace("--out", "folder")
    said = said.replace("set render.denoise to false", "switch Denoise off")
    return said or f"the pasyn program ended with exit code {code} and said nothing"


def cancel() -> bool:
    """Ask the run to stop; it keeps what is rendered. False when none is running."""
    run = current()
    if run is None or run.state != "running":
        return False
    run.state, run.message, run.stop_asked = "stopping", "Stopping", time.monotonic()
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            run.process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            run.process.send_signal(signal.SIGINT)
    return True


def _insist(run: Run) -> None:
    waited = time.monotonic() - run.stop_asked
    if waited > 2 * _PATIENCE:
        _signal_group(run, hard=True)
    elif waited > _PATIENCE:
        _signal_group(run, hard=False)


def _signal_group(run: Run, *, hard: bool) -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            if hard:
                run.process.kill()
            else:
                run.process.terminate()
        else:
            os.killpg(run.process.pid, signal.SIGKILL if hard else signal.SIGTERM)


def shut_down() -> None:
    """End a run for good, because Blender or the extension goes away; what is rendered stays usable."""
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    run = current()
    if run is None:
        return
    if run.active and run.process.poll() is None:
        if run.state == "running":
            cancel()
        for hard in (False, True):
            try:
                run.process.wait(3.0)
                break
            except subprocess.TimeoutExpired:
                _signal_group(run, hard=hard)
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.process.wait(3.0)
    if run.active:
        follow(run)
    _runs.clear()


def _tell(message: str) -> None:
    """Show a message where a person looks; the panel may be closed."""
    manager = bpy.context.window_manager
    if bpy.app.background or manager is None or not manager.windows:
        return

    def draw(menu: Any, _context: Any) -> None:
        for line in textwrap.wrap(message, 70):
            menu.layout.label(text=line)

    # A timer has no window of its own.
    with bpy.context.temp_override(window=manager.windows[0]):
        manager.popup_menu(draw, title="PASyn could not render", icon="ERROR")


def _redraw(*, status_bar: bool) -> None:
    manager = bpy.context.window_manager
    for window in manager.windows if manager is not None else ():
        if status_bar:
            # It is no area of the screen, and is drawn anew when its text is set.
            with bpy.context.temp_override(window=window):
                window.workspace.status_text_set(None)
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


def register() -> None:
    """Make sure that no process outlives this Blender."""
    atexit.register(shut_down)


def unregister() -> None:
    """End what runs and forget it."""
    shut_down()
    atexit.unregister(shut_down)
