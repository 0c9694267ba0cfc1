"""Where the dataset of a scene goes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..errors import OutputError
from .preferences import datasets_default

INPUT = "input"
"""Folder inside the dataset that holds what the panel wrote: job, rig map, and the rig where needed."""


def output_folder(context: bpy.types.Context) -> Path:
    """Output folder of the scene's settings, absolute.

    Raises
    ------
    OutputError
        It is empty, or relative to a .blend that was never saved.
    """
    settings = context.scene.pasyn
    default = datasets_default(context)
    if default and not settings.dataset.is_property_set("output"):
        return default / _name(settings)
    output = settings.dataset.output.strip()
    if not output:
        raise OutputError("choose a folder for the dataset")
    if output.startswith("//") and not bpy.data.filepath:
        raise OutputError("save the .blend first, or choose a folder that is not relative to it")
    return Path(bpy.path.abspath(output)).expanduser().absolute()


def _name(settings: Any) -> str:
    """Name of a dataset in the preferences' folder: the species', and the file's where it has one."""
    species = "".join(
        letter if letter.isalnum() or letter in "-_" else "_" for letter in settings.animal.species
    )
    stem = Path(bpy.data.filepath).stem
    return "_".join(part for part in (stem, species) if part) or "dataset"
