"""Options that several of the ``pasyn prior`` commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

LimitsOption = Annotated[
    Path | None,
    typer.Option(
        "--limits",
        help="Joint limits, a file like assets/joint_limits.yaml.",
        metavar="YAML",
        show_default=False,
    ),
]

RigMapOption = Annotated[
    Path | None,
    typer.Option("--rig-map", help="Map of the rig.", metavar="YAML", show_default=False),
]
