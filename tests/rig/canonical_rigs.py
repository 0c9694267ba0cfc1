"""Rigs loaded, mapped and ready to be posed canonically."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from pasyn_blender.rig.actions import apply_action, list_actions
from pasyn_blender.rig.automatic import map_loaded_rig
from pasyn_blender.rig.clips import read_clip, retargeting_of
from pasyn_blender.rig.extraction import deformed_vertices, posed_bone_matrices, read_geometry
from pasyn_blender.rig.loading import load_rig
from pasyn_blender.rig.retargeting import Retargeting


@dataclass(frozen=True)
class CanonicalRig:
    """A rig in the scene and what is known of it."""

    rig: Any
    geometry: Any
    rig_map: Any
    retargeting: Retargeting

    def frames(self, action: str, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Evaluated bone matrices and vertices at evenly spaced frames of an action."""
        found = {entry.name: entry for entry in list_actions(self.rig)}[action]
        matrices, vertices = [], []
        for frame in np.linspace(found.start, found.end, count):
            apply_action(self.rig, action, float(frame))
            bpy.context.view_layer.update()
            depsgraph = bpy.context.evaluated_depsgraph_get()
            matrices.append(posed_bone_matrices(self.rig, depsgraph))
            vertices.append(deformed_vertices(self.rig, depsgraph))
        return np.array(matrices), np.array(vertices)

    def vertices(self) -> np.ndarray:
        """Evaluated vertices of the present pose."""
        bpy.context.view_layer.update()
        return deformed_vertices(self.rig, bpy.context.evaluated_depsgraph_get())

    def clip(self, action: str, rate: float = 30.0) -> Any:
        """An action as canonical poses."""
        found = {entry.name: entry for entry in list_actions(self.rig)}[action]
        return read_clip(self.rig, self.geometry, self.retargeting, found, rate)


def open_canonical(path: Path) -> CanonicalRig:
    """Load a model into an empty scene and prepare it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(path)
    geometry = read_geometry(rig)
    rig_map = map_loaded_rig(rig, geometry)
    return CanonicalRig(rig, geometry, rig_map, retargeting_of(rig, geometry, rig_map))
