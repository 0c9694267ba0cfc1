"""Blender as a program of its own, which ``--blender`` names."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from pasyn_blender.errors import PasynError
from styles.worlds import WORLDS_VARIABLE

_PATIENCE: Final = 120.0
"""Seconds that it may take to start; the first time on a network drive takes long."""

_MARK: Final = "worlds of this Blender: "
_QUESTION: Final = f"""
import bpy
print({_MARK!r} + (bpy.utils.system_resource("DATAFILES", path="studiolights/world") or ""))
"""


def use_program(blender: Path) -> None:
    """Check that a program can be started, and take its worlds where the Python package ``bpy`` has none.

    Raises
    ------
    PasynError
        It is missing or no program.
    """
    if shutil.which(str(blender)) is None:
        found = (
            "is a folder" if blender.is_dir() else "is not executable" if blender.exists() else "is missing"
        )
        raise PasynError(f"--blender {blender}: {found}; give the path of the blender program")
    if WORLDS_VARIABLE not in os.environ and importlib.util.find_spec("bpy") is None:
        folder = _worlds(blender)
        if folder:
            os.environ[WORLDS_VARIABLE] = folder


def _worlds(blender: Path) -> str:
    """Folder of the worlds that come with a Blender; empty where it comes without."""
    command = [str(blender), "--background", "--factory-startup", "--python-expr", _QUESTION]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PasynError(f"--blender {blender}: it does not start: {error}") from None
    for line in done.stdout.splitlines():
        if line.startswith(_MARK):
            return line.removeprefix(_MARK).strip()
    raise PasynError(
        f"--blender {blender}: it ended with exit code {done.returncode} and ran no Python; "
        "give the path of the blender program"
    )
