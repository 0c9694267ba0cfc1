"""PASyn's operators, ``bpy.ops.pasyn.*``: usable from the panel, from search and from scripts."""

from __future__ import annotations

from . import animal, built_in_animal, dataset, job_file, joints, keypoints, pose, rig_map, shots

CLASSES = (
    *animal.CLASSES,
    *built_in_animal.CLASSES,
    *joints.CLASSES,
    *rig_map.CLASSES,
    *keypoints.CLASSES,
    *pose.CLASSES,
    *shots.CLASSES,
    *dataset.CLASSES,
    *job_file.CLASSES,
)
