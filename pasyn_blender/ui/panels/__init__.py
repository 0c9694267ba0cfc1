"""The sidebar tab, in the order of the work: animal, keypoints, pose, scene, dataset."""

from __future__ import annotations

from . import animal, dataset, keypoints, pose, shots, sidebar

CLASSES = (
    *sidebar.CLASSES,
    *animal.CLASSES,
    *keypoints.CLASSES,
    *pose.CLASSES,
    *shots.CLASSES,
    *dataset.CLASSES,
)
