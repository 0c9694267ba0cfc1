"""Draw docs/sheets: ten individuals of each species at rest and in eight poses of the default prior.

Takes five minutes a species on two cores; give it as many processes as there are cores:
``python docs/make_sheets.py --workers 16``. Named species are drawn alone.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from pasyn_blender.animals import BUILT_IN

SHEETS = Path(__file__).resolve().parent / "sheets"
WIDTH = 1400


def main() -> None:
    """Draw at full size into a temporary folder, and keep small copies."""
    parser = argparse.ArgumentParser(description="Draw the sheets of docs/animals.md.")
    parser.add_argument("--workers", type=int, default=1, help="processes at a time")
    parser.add_argument("species", nargs="*", default=BUILT_IN, help="which; by default all")
    options = parser.parse_args()
    SHEETS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "pasyn",
            "animals",
            "sheet",
            *options.species,
            "-o",
            folder,
            "--workers",
            str(options.workers),
        ]
        subprocess.run(command, check=True)
        for name in options.species:
            with Image.open(Path(folder) / f"{name}.png") as sheet:
                size = (WIDTH, round(sheet.height * WIDTH / sheet.width))
                small = sheet.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            small.save(SHEETS / f"{name}.jpg", quality=80, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
