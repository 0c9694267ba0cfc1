"""Progress of work whose parts are known only as a share: a line that is rewritten, or lines now and then."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final, TextIO

from .progress import in_words

_LINE_SECONDS: Final = 5.0
_REDRAW_SECONDS: Final = 0.2


class ReadingProgress:
    """Shows what is being done and how long the rest will take, on standard error.

    Parameters
    ----------
    stream
        Where to write.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._began = time.monotonic()
        self._shown_at = -_LINE_SECONDS
        self._source = ""
        self._width = 0

    def __enter__(self) -> ReadingProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()

    def advance(self, what: str, share: float) -> None:
        """Show that a share, 0 to 1, of all is done, and what comes next."""
        if not what:
            return
        elapsed = time.monotonic() - self._began
        left = f", {in_words(elapsed * (1 - share) / share)} left" if share > 0.02 and elapsed > 1 else ""
        line = f"{share:4.0%}{left}: {what}"
        if self._stream.isatty():
            if elapsed - self._shown_at >= _REDRAW_SECONDS:
                self._shown_at = elapsed
                self._stream.write(f"\r{line.ljust(self._width)}")
                self._stream.flush()
                self._width = len(line)
        elif what.partition(": ")[0] != self._source or elapsed - self._shown_at >= _LINE_SECONDS:
            self._shown_at = elapsed
            self._source = what.partition(": ")[0]
            print(line, file=self._stream, flush=True)
