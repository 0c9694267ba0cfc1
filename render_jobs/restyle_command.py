"""``pasyn restyle``: other pictures of renders that are there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from .finish import Dataset

Source = Annotated[
    Path, typer.Argument(metavar="DATASET", help="Output folder of a run.", show_default=False)
]
Target = Annotated[
    Path, typer.Option("--out", "-o", help="Folder of the new dataset.", metavar="DIR", show_default=False)
]
Style = Annotated[
    str | None, typer.Option("--style", help="photo, none, or a preset's .yaml file.", metavar="NAME")
]
Backgrounds = Annotated[
    list[Path] | None,
    typer.Option("--backgrounds", help="Folder of photos; may be given again.", metavar="DIR"),
]


def restyle_folder(
    source: Path,
    target: Path,
    style: str | None,
    backgrounds: list[Path] | None,
    settings: list[str] | None,
) -> Dataset:
    """Make the dataset that one would be with another look, showing progress.

    Raises
    ------
    PasynError
        As :func:`render_jobs.restyling.restyle`.
    """
    from .progress import Progress
    from .restyling import plan_restyling, restyle

    overrides = list(settings or [])
    if backgrounds:
        overrides.append("backgrounds=" + json.dumps([str(folder.absolute()) for folder in backgrounds]))
    if style is not None:
        overrides.append("style=" + json.dumps(style))
    progress = Progress()
    plan = plan_restyling(source.absolute(), target.absolute(), overrides)
    try:
        return restyle(
            plan,
            on_begin=lambda count: progress.begin(count, 0),
            on_picture=progress.advance,
            on_notice=progress.notice,
        )
    finally:
        progress.end()
