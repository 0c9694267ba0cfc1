"""Draw the picture of all built-in animals: the first cell of each species' sheet.

pasyn animals sheet all -o sheets --individuals 0 --poses 0 --size 320
python docs/make_animals_picture.py sheets docs/animals.jpg
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_COLUMNS = 4
_SIZE = 320
_MARGIN, _CAPTION = 6, 26


def main() -> None:
    """Read the sheets, put them side by side, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sheets", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    files = sorted(arguments.sheets.glob("*.png"))
    rows = -(-len(files) // _COLUMNS)
    picture = Image.new("RGB", (_COLUMNS * _SIZE, rows * _SIZE), "white")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(16)
    for number, file in enumerate(files):
        sheet = Image.open(file).convert("RGB")
        # Round its only cell a sheet has a margin, and under it a line of text.
        left, top = sheet.width - _MARGIN - _SIZE, sheet.height - _CAPTION - _SIZE
        cell = sheet.crop((left, top, left + _SIZE, top + _SIZE))
        place = (number % _COLUMNS * _SIZE, number // _COLUMNS * _SIZE)
        picture.paste(cell, place)
        draw.text((place[0] + 10, place[1] + 8), file.stem, fill=(40, 40, 40), font=font)
    picture.save(arguments.picture, quality=88)


if __name__ == "__main__":
    main()
