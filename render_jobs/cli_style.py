"""``pasyn style``: the look that makes photographs of renders."""

from __future__ import annotations

import typer

from .style_evaluate_command import evaluate
from .style_list_command import list_styles
from .style_preview_command import preview
from .style_train_command import train

app = typer.Typer(
    help="Choose, train and judge the look that pictures are given.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

app.command("list")(list_styles)
app.command("preview")(preview)
app.command("evaluate")(evaluate)
app.command("train")(train)
