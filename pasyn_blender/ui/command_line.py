"""Where the ``pasyn`` program is, and the job file it is given. No Blender needed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import OutputError, PasynError


@dataclass(frozen=True)
class Program:
    """How ``pasyn`` is started.

    Attributes
    ----------
    command
        First words of the command.
    search_path
        Folder that Python must search for the command to work, or None.
    """

    command: tuple[str, ...]
    search_path: Path | None = None


def find_program(preference: str) -> Program:
    """Find ``pasyn``: where the preferences say, beside the running Python, on the PATH, or as a module.

    Parameters
    ----------
    preference
        Path from the preferences, empty to search.

    Raises
    ------
    PasynError
        It is nowhere, or not where the preferences say.
    """
    if preference:
        chosen = Path(preference).expanduser()
        if not chosen.is_file():
            raise PasynError(f"there is no program at {chosen}; correct the path of pasyn in the preferences")
        if not os.access(chosen, os.X_OK):
            raise PasynError(f"{chosen} is not executable; choose the pasyn program in the preferences")
        return Program((str(chosen),))
    name = "pasyn.exe" if sys.platform == "win32" else "pasyn"
    python = Path(sys.executable)
    for folder in (python.parent, python.parent / "Scripts"):
        if (folder / name).is_file():
            return Program((str(folder / name),))
    found = shutil.which("pasyn")
    if found is not None:
        return Program((found,))
    module = importlib.util.find_spec("render_jobs")
    if module is not None and module.origin is not None:
        return Program((sys.executable, "-m", "render_jobs.cli"), Path(module.origin).parent.parent)
    raise PasynError(
        "the pasyn program that renders was not found; install it (make setup in PASyn's source folder, or "
        "pip install that folder into a Python 3.11) and set its path in "
        "Preferences > Add-ons > PASyn"
    )


def without_window() -> dict[str, Any]:
    """Further arguments of ``subprocess`` that keep Windows from opening a console for a program."""
    return {"creationflags": 0x08000000} if sys.platform == "win32" else {}


def write_text(path: Path, text: str) -> None:
    """Write a small text file in one step.

    Raises
    ------
    OutputError
        The folder cannot be written; the message says why.
    """
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}; choose another folder") from error
