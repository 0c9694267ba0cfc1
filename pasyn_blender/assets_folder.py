"""Where the files that belong to the program lie, in the repository and in the installed extension."""

from __future__ import annotations

from pathlib import Path


def assets_folder() -> Path:
    """Folder with ``species/`` and whatever else ships with PASyn.

    The extension carries the files inside the package; in the repository, and when installed with pip,
    they are a package of their own beside it.
    """
    package = Path(__file__).resolve().parent
    inside = package / "assets"
    return inside if inside.is_dir() else package.parent / "assets"
