"""Progress that is shown only of work that takes longer than a moment."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, TextIO

from .prior_progress import ReadingProgress

_MOMENT: Final = 1.0


class LateProgress:
    """Shows what is being done and how long the rest will take, once a second has gone.

    Parameters
    ----------
    stream
        Where to write; by default standard error.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._shown = ReadingProgress(stream)
        self._began = time.monotonic()

    def __enter__(self) -> LateProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shown.__exit__(kind, error, trace)

    def advance(self, what: str, share: float) -> None:
        """Tell that a share, 0 to 1, of all is done, and what comes next."""
        if time.monotonic() - self._began > _MOMENT:
            self._shown.advance(what, share)
