"""Draw docs/sheets: ten individuals of seven species at rest and in eight poses of the default prior.

Takes minutes a species on two cores; give it as many processes as there are cores:
``python docs/make_sheets.py --workers 16``.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

SPECIES = ("zebra", "horse", "cow", "sheep", "deer", "giraffe", "dog")
SHEETS = Path(__file__).resolve().parent / "sheets"
WIDTH = 1400


def main() -> None:
    """Draw at full size into a temporary folder, and keep small copies."""
    parser = argparse.ArgumentParser(description="Draw the sheets of docs/animals.md.")
    parser.add_argument("--workers", type=int, default=1, help="processes at a time")
    workers = parser.parse_args().workers
    SHEETS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = ["pasyn", "animals", "sheet", *SPECIES, "-o", folder, "--workers", str(workers)]
        subprocess.run(command, check=True)
        for name in SPECIES:
            with Image.open(Path(folder) / f"{name}.png") as sheet:
                size = (WIDTH, round(sheet.height * WIDTH / sheet.width))
                small = sheet.convert("RGB").resize(size, Image.Resampling.LANCZOS)
            small.save(SHEETS / f"{name}.jpg", quality=80, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
