"""PASyn's operators, ``bpy.ops.pasyn.*``: usable from the panel, from search and from scripts."""

from __future__ import annotations

from . import animal, dataset, keypoints, pose, shots

CLASSES = (
    *animal.CLASSES,
    *keypoints.CLASSES,
    *pose.CLASSES,
    *shots.CLASSES,
    *dataset.CLASSES,
)
