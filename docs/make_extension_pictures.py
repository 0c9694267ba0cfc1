"""Take the pictures of ``docs/extension.md`` from a real window: ``python docs/make_extension_pictures.py``.

They are what the tests of the window see: the same Blender, the same way from the archive to the dataset, by
mouse and keyboard (``tests/gui``). Needs what those tests need, and the shared rigs.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from PIL import Image

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests" / "gui")]

from environment import UnavailableError, require  # noqa: E402
from window import run_window  # noqa: E402

from build_extension import build  # noqa: E402

PICTURES = ("install", "map", "drag", "poses", "shot", "rendering", "job")
COLOURS = 256
"""Few enough to keep a picture small; chosen so that the few pixels of a mark keep their colour."""


def main() -> int:
    """Run the main path and keep its pictures."""
    shared = Path(os.environ.get("PASYN_SHARED", REPOSITORY.parent / "shared")).resolve()
    target = Path(__file__).with_name("extension")
    try:
        root = require()
    except UnavailableError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="pasyn-window-") as scratch:
        folder = Path(scratch)
        archive = build(folder / "extension", REPOSITORY / "build" / "wheels")
        session = run_window(
            root, "main_path", folder / "window", shared=shared, archive=archive, installed=False, limit=900.0
        )
        wrong = {
            **session.notes["wrong"],
            **({"end": session.notes["error"]} if "error" in session.notes else {}),
        }
        for step, reason in wrong.items():
            print(f"error: {step}: {reason}", file=sys.stderr)
        if wrong:
            return 1
        target.mkdir(exist_ok=True)
        for name in PICTURES:
            keep(session.folder / f"{name}.png", target / f"{name}.png")
            print(target / f"{name}.png")
    return 0


def keep(picture: Path, target: Path) -> None:
    """Save a picture of the screen with few colours."""
    image = Image.open(picture).convert("RGB")
    image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
