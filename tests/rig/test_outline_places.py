"""Seen from the side, nose and tail root lie on the animal's outline, in every pose."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion, distance_transform_edt

from pasyn_blender.anatomy.keypoint_sets import AP10K
from pasyn_blender.rig.anchors import keypoint_positions

SIDE = 512
RIGS = ("fox_khronos", "horse_ult", "wolf_ult", "cow_ult", "zebra_farm")


@pytest.mark.parametrize("name", RIGS)
def test_nose_and_tail_root_lie_on_the_outline(shared: Path, name: str) -> None:
    import bpy

    from pasyn_blender.rig.automatic import map_loaded_rig
    from pasyn_blender.rig.loading import (
        apply_action,
        deformed_vertices,
        list_actions,
        load_rig,
        posed_bone_matrices,
        read_geometry,
    )

    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(next((shared / "rigs" / name).glob("*.glb")))
    geometry = read_geometry(rig)
    rig_map = map_loaded_rig(rig, geometry)
    for action in list_actions(rig):
        if "death" in action.name.lower():  # a fallen animal is not seen from its side
            continue
        apply_action(rig, action.name, 0.4 * action.start + 0.6 * action.end)
        bpy.context.view_layer.update()
        depsgraph = bpy.context.evaluated_depsgraph_get()
        vertices = deformed_vertices(rig, depsgraph)
        places = keypoint_positions(rig_map, AP10K, geometry, vertices, posed_bone_matrices(rig, depsgraph))
        flat = vertices @ rig_map.body_frame[1:].T
        low, size = flat.min(axis=0), float(np.ptp(flat, axis=0).max())
        distance = distance_to_outline((flat - low) / size, geometry.triangles)
        for keypoint in ("nose", "root_of_tail"):
            place = (places[AP10K.keypoints.index(keypoint)] @ rig_map.body_frame[1:].T - low) / size
            column, row = np.clip((place * SIDE).astype(int), 0, SIDE - 1)
            assert distance[row, column] < 0.015 * SIDE, f"{keypoint} in {action.name}"


def distance_to_outline(flat: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE) pixels from each pixel to the outline of triangles in the unit square."""
    picture = Image.new("1", (SIDE, SIDE))
    draw = ImageDraw.Draw(picture)
    for corners in (flat * SIDE)[triangles]:
        draw.polygon([tuple(corner) for corner in corners], fill=1)
    inside = np.asarray(picture)
    return distance_transform_edt(~(inside & ~binary_erosion(inside, border_value=0)))
