"""``pasyn style preview``: presets side by side on a few shots of a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pasyn_blender.errors import StyleError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LABEL: Final = 22
_GAP: Final = 4
_MOST: Final = 100
_SHOTS: Final = 4


def preview(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Output folder of pasyn run.", show_default=False)
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Picture to write, .png.", metavar="FILE", show_default=False),
    ],
    style: Annotated[
        list[str] | None,
        typer.Option("--style", metavar="NAME|FILE", help="Preset to draw as well; may be given again."),
    ] = None,
    shots: Annotated[
        str | None,
        typer.Option(
            help="Numbers of shots, such as 0,5,9; by default the first four.",
            metavar="N,N,…",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Draw all presets side by side on a few shots, for choosing by eye.

    A row a shot, a column a look: plain pasting, then each built-in preset that needs no weights, then those
    that --style names, all but the first with the dataset's composition and camera look. Pictures are drawn
    at their full size. Nothing is rendered.

    \b
    Examples:
      pasyn style preview runs/horse -o looks.png
      pasyn style preview runs/horse --style my_look.yaml --shots 0,5,9 -o looks.png
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    if output.suffix.lower() != ".png":
        raise StyleError(f"--output {output} should end in .png")
    if output.is_dir() or not output.absolute().parent.is_dir():
        raise StyleError(f"--output {output} cannot be written: name a file in a folder that is there")
    chosen = _numbers(shots)
    from styles.preset import load_preset, preset_names

    from . import layout
    from .composer import Composer
    from .prior_progress import ReadingProgress
    from .style_dataset import PLAIN, composed_picture, plain_job, read_dataset, read_rgba, styled_jobs

    found = read_dataset(dataset, chosen)
    count = len(found.shots) if chosen is not None else min(_SHOTS, len(found.shots))
    ready = [name for name in preset_names() if not load_preset(name).needs_weights]
    named = [*ready, *(one for one in style or [] if one not in ready)]
    composers = {
        name: Composer(job)
        for name, job in {PLAIN: plain_job(found.job), **styled_jobs(found.job, named)}.items()
    }
    rows: list[list[NDArray[np.uint8]]] = []
    with ReadingProgress() as shown:
        for number in range(count):
            rgba = read_rgba(found, number)
            rows.append([])
            for place, (name, composer) in enumerate(composers.items()):
                done = number * len(composers) + place
                shown.advance(f"{name}: shot {found.shots[number].index}", done / (count * len(composers)))
                rows[-1].append(composed_picture(found, composer, number, rgba))
    names = [f"shot {shot.index}" for shot in found.shots[:count]]
    layout.write_atomically(output, labelled_sheet(rows, list(composers), names))
    print(f"{count} shots in {len(composers)} looks: {output}")


def _numbers(text: str | None) -> list[int] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() for word in words):
        raise StyleError(f"--shots {text}: write numbers of shots with commas between them, such as 0,5,9")
    numbers = list(dict.fromkeys(int(word) for word in words))
    if len(numbers) > _MOST:
        raise StyleError(f"--shots: found {len(numbers)} shots; at most {_MOST} are drawn")
    return numbers


def labelled_sheet(
    rows: Sequence[Sequence[NDArray[np.uint8]]], columns: Sequence[str], names: Sequence[str]
) -> bytes:
    """Lay pictures out with names above the columns and beside the rows.

    Parameters
    ----------
    rows
        R rows of C pictures (H, W, 3) of one size.
    columns, names
        C and R names.

    Returns
    -------
    bytes
        A PNG.
    """
    import io

    from PIL import Image, ImageDraw

    height, width = rows[0][0].shape[:2]
    size = (len(columns) * (width + _GAP) - _GAP, len(rows) * (height + _LABEL) + _LABEL)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for column, name in enumerate(columns):
        draw.text((column * (width + _GAP) + 4, 3), name, fill="black", font_size=14)
    for row, (pictures, name) in enumerate(zip(rows, names, strict=True)):
        top = _LABEL + row * (height + _LABEL)
        for column, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (column * (width + _GAP), top))
        draw.text((4, top + height + 3), name, fill="#555555", font_size=13)
    content = io.BytesIO()
    sheet.save(content, "PNG")
    return content.getvalue()
