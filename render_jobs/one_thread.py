"""Matrix products on one thread, for commands whose numbers should not depend on the machine's cores."""

from __future__ import annotations

import os


def compute_on_one_thread() -> None:
    """Keep numpy's matrix products on one thread; to be called before numpy is imported.

    How many threads share a product decides its last bits, and equal seeds should give equal bytes. Planning
    needs no such call: it computes in double precision and rounds.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ[name] = "1"
