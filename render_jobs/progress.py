"""Shows how far a run is: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import Any, Final, TextIO

_WINDOW: Final = 50
_LINE_SECONDS: Final = 10.0


class Rate:
    """Seconds a picture over the last pictures, from the moments they were finished at."""

    def __init__(self) -> None:
        self._moments: deque[float] = deque(maxlen=_WINDOW + 1)

    def tick(self, moment: float) -> None:
        """Note that a picture was finished at ``moment`` (seconds, any origin)."""
        self._moments.append(moment)

    @property
    def seconds(self) -> float | None:
        """Seconds a picture; None before two were finished."""
        if len(self._moments) < 2:
            return None
        return (self._moments[-1] - self._moments[0]) / (len(self._moments) - 1)


def in_words(seconds: float) -> str:
    """Write a duration as ``"42 s"``, ``"3 min 05 s"`` or ``"2 h 10 min"``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Progress:
    """Progress of one run; writes to standard error, so that output stays usable in a pipe.

    Parameters
    ----------
    stream
        Where to write.
    quiet
        Write nothing but notices.
    """

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._rate = Rate()
        self._total = self._done = 0
        self._line_at = 0.0
        self._bar: Any = None
        self._task: Any = None

    def begin(self, total: int, done: int) -> None:
        """Show that ``done`` of ``total`` pictures are there already."""
        self._total, self._done = total, done
        self._line_at = time.monotonic()
        if self._quiet:
            return
        if self._stream.isatty():
            self._begin_bar()
        elif done:
            self._say(f"{done} of {total} pictures are there already")

    def _begin_bar(self) -> None:
        # Imported when there is a terminal to draw on, and while Blender is starting.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("rendering"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}"),
            console=Console(file=self._stream),
            # Redrawing costs time that the renderer could use.
            refresh_per_second=2,
        )
        self._task = self._bar.add_task("rendering", total=self._total, completed=self._done, pace="")
        self._bar.start()

    def advance(self) -> None:
        """Show that one more picture is rendered."""
        now = time.monotonic()
        self._rate.tick(now)
        self._done += 1
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, pace=self._pace())
        elif now - self._line_at >= _LINE_SECONDS or self._done == self._total:
            self._line_at = now
            self._say(f"{self._done} of {self._total} pictures{', ' if self._pace() else ''}{self._pace()}")

    def _pace(self) -> str:
        seconds = self._rate.seconds
        if seconds is None:
            return ""
        left = seconds * (self._total - self._done)
        return f"{seconds:.2f} s a picture, {in_words(left)} left"

    def notice(self, message: str) -> None:
        """Show a sentence without disturbing the bar."""
        if self._bar is not None:
            self._bar.console.print(message, markup=False, highlight=False, soft_wrap=True)
        else:
            self._say(message)

    def end(self) -> None:
        """Take the bar away; safe to call twice."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _say(self, message: str) -> None:
        print(message, file=self._stream, flush=True)
