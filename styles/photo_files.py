"""Which files of a folder are taken for photos, by name alone. Standard library only."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

PHOTO_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")


def photo_files(folder: Path) -> list[str]:
    """List the photos below a folder.

    Hidden files and folders (names with a leading dot: previews and half-copied files of other programs)
    are left out; links to files are followed, links to folders are not, so that a loop of links ends. What
    is no file whatever its name says (a pipe, a device) is left out too: opening it could wait for ever.

    Returns
    -------
    list of str
        Paths relative to ``folder`` with forward slashes, sorted by code point, the same on every system.

    Raises
    ------
    OSError
        The folder cannot be read.
    """

    def give_up(error: OSError) -> None:
        raise error

    names: list[str] = []
    for place, subfolders, files in os.walk(folder, onerror=give_up):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        names += [
            (Path(place) / name).relative_to(folder).as_posix()
            for name in files
            if not name.startswith(".")
            and Path(name).suffix.lower() in PHOTO_SUFFIXES
            and not _is_special(Path(place) / name)
        ]
    return sorted(names)


def _is_special(path: Path) -> bool:
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False  # a link to nothing, or no permission: whoever reads it says so
