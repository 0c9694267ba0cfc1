"""Contact sheets of posed rigs: rows of small pictures with words under them, and moving pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont

_PAPER: Final = (255, 255, 255)
_INK: Final = (29, 39, 51)
_SOFT: Final = (91, 101, 112)
_GAP: Final = 6
_HEADING: Final = 30
_CAPTION: Final = 20


@dataclass(frozen=True)
class Cell:
    """Views of one pose.

    Attributes
    ----------
    views
        PNG files, shown below each other.
    caption
        What it is.
    """

    views: tuple[bytes, ...]
    caption: str


@dataclass(frozen=True)
class Row:
    """Cells side by side under a heading; without one they go on from the row above."""

    heading: str
    cells: tuple[Cell, ...]


def contact_sheet(rows: Sequence[Row], jpeg_comment: bytes | None = None) -> bytes:
    """Return a picture file of rows of pictures, which may differ in length but not in the pictures' size.

    Parameters
    ----------
    rows
        From above.
    jpeg_comment
        Makes it a JPEG file of quality 90 with this comment, a tenth as large; by default it is a PNG file.
    """
    drawn = [[_column(cell) for cell in row.cells] for row in rows]
    width = max((len(row) * (row[0].width + _GAP) for row in drawn if row), default=1) + _GAP
    heights = [
        (_HEADING if row.heading else 0) + max((image.height for image in images), default=0) + _GAP
        for row, images in zip(rows, drawn, strict=True)
    ]
    sheet = Image.new("RGB", (width, max(1, sum(heights) + _GAP)), _PAPER)
    pen = ImageDraw.Draw(sheet)
    y = _GAP
    for row, images, height in zip(rows, drawn, heights, strict=True):
        top = y
        if row.heading:
            pen.text((_GAP + 2, top + 4), row.heading, _INK, font=_font(16))
            top += _HEADING
        for number, image in enumerate(images):
            sheet.paste(image, (_GAP + number * (image.width + _GAP), top))
        y += height
    content = io.BytesIO()
    if jpeg_comment is None:
        sheet.save(content, "PNG", optimize=False)
    else:
        sheet.save(content, "JPEG", quality=90, comment=jpeg_comment)
    return content.getvalue()


def moving_picture(frames: Sequence[Cell], rate: float) -> bytes:
    """Return a GIF file that shows cells one after another, over and over.

    Parameters
    ----------
    frames
        One or more.
    rate
        Frames a second; a GIF keeps hundredths of a second, and viewers show none under two of them.
    """
    images = [_column(frame).quantize(96, method=Image.Quantize.MEDIANCUT) for frame in frames]
    content = io.BytesIO()
    images[0].save(
        content,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=max(20, round(100 / rate) * 10),
        loop=0,
    )
    return content.getvalue()


def _column(cell: Cell) -> Image.Image:
    images = [Image.open(io.BytesIO(view)).convert("RGB") for view in cell.views]
    width = max((image.width for image in images), default=1)
    column = Image.new("RGB", (width, sum(image.height + 2 for image in images) + _CAPTION), _PAPER)
    y = 0
    for image in images:
        column.paste(image, (0, y))
        y += image.height + 2
    ImageDraw.Draw(column).text((2, y + 1), _fitted(cell.caption, width), _SOFT, font=_font(13))
    return column


def _fitted(text: str, width: int) -> str:
    font = _font(13)
    if font.getlength(text) <= width - 4:
        return text
    while text and font.getlength(f"{text}…") > width - 4:
        text = text[:-1]
    return f"{text}…"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
