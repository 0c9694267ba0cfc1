"""``pasyn style``: the look that makes photographs of renders."""

from __future__ import annotations

import typer

from .style_train_command import train

app = typer.Typer(
    help="Train and judge the look that pictures are given.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

app.command("train")(train)


@app.callback()
def _group() -> None:
    # A group of one command would otherwise be that command.
    pass
