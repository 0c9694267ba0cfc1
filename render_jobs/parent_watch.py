"""Stops a run whose starter is gone, where the starter asked for that."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Final

STOP_WITH_PARENT: Final = "PASYN_STOP_WITH_PARENT"
"""Environment variable; where it is set, a run stops as with Ctrl-C when whoever started it has gone.

A window that crashes cannot ask anybody to stop; what is rendered stays, and the same run goes on from there.
"""

_LOOK_SECONDS: Final = 0.5


def stop_with_parent() -> None:
    """Begin to watch the parent process, where the environment asks for it; Windows tells of no parent."""
    if not os.environ.get(STOP_WITH_PARENT) or sys.platform == "win32":
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
