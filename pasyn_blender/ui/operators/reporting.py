"""How operators tell a person what is wrong."""

from __future__ import annotations

from typing import Any

import bpy

from ...anatomy.skeleton import JOINTS
from ...errors import PasynError
from ...rig.rig_map import RigMap
from ..properties.keypoints import chosen_set


class ReportsMistakes:
    """Mixin for operators: a mistake of the input becomes a message in the status bar, not a traceback."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run the operator; Blender calls it."""
        try:
            self.perform(context)
        except PasynError as error:
            self.report({"ERROR"}, str(error))  # type: ignore[attr-defined]
            return {"CANCELLED"}
        return {"FINISHED"}

    def perform(self, context: bpy.types.Context) -> None:
        """Do the work; raise a ``PasynError`` for what the person can put right."""
        raise NotImplementedError


def report_findings(operator: Any, scene: Any, rig_map: RigMap) -> None:
    """Tell in the status bar what a map has, and which keypoints it lacks."""
    keypoint_set = chosen_set(scene)
    names = keypoint_set.keypoints
    pairs = zip(names, keypoint_set.landmarks, strict=True)
    lost = [name.replace("_", " ") for name, landmark in pairs if landmark not in rig_map.keypoints]
    if lost:
        some = ", ".join(lost[:6]) + (", …" if len(lost) > 6 else "")
        operator.report({"WARNING"}, f"{len(lost)} of {len(names)} keypoints were not found: {some}")
        return
    joints = f"{len(rig_map.joints)} of {len(JOINTS)} joints"
    operator.report({"INFO"}, f"Found {joints} and all {len(names)} keypoints")
