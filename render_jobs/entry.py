"""What the ``pasyn`` script runs: loads the program so that Ctrl-C ends it in silence from the start."""

from __future__ import annotations

import signal


def main() -> None:
    """Load and run the program."""
    # Until the program can say what was interrupted there is nothing to say, least of all a traceback. A
    # signal that whoever started us has turned off stays off.
    loading = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if loading:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from .cli import main as run

    if loading:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()
