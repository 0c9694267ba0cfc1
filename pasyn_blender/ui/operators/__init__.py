"""PASyn's operators, ``bpy.ops.pasyn.*``: usable from the panel, from search and from scripts."""

from __future__ import annotations

from . import animal, dataset

CLASSES = (*animal.CLASSES, *dataset.CLASSES)
