"""Draw a rig with its joints and keypoints, so that a map can be judged by eye."""

from __future__ import annotations

import io

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

from pasyn_blender.anatomy.keypoint_sets import KeypointSet, keypoint_side
from pasyn_blender.anatomy.skeleton import JOINT_PARENTS
from pasyn_blender.rig.anchors import keypoint_positions
from pasyn_blender.rig.geometry import RigGeometry
from pasyn_blender.rig.rig_map import RigMap

FloatArray = NDArray[np.float64]

_SIDE_COLOURS = {"left": "#d1495b", "right": "#1d6fb8"}
_MIDLINE_COLOUR = "#2b8a3e"

# (title, body axis to the right and its sign, body axis up, body axis towards the viewer and its sign)
_VIEWS = (
    ("left side", (1, 1.0), 2, (0, 1.0)),
    ("right side", (1, -1.0), 2, (0, -1.0)),
    ("front", (0, 1.0), 2, (1, -1.0)),
    ("above", (1, 1.0), 0, (2, 1.0)),
)


def rig_picture(geometry: RigGeometry, rig_map: RigMap, keypoint_set: KeypointSet) -> bytes:
    """Draw the rest pose from four sides with joints and keypoints over it.

    Parameters
    ----------
    geometry
        Rest pose of the rig.
    rig_map
        Its joints and keypoints.
    keypoint_set
        Order and links of the keypoints.

    Returns
    -------
    bytes
        A PNG file.
    """
    to_body = rig_map.body_frame.T
    vertices = geometry.vertices @ to_body
    places = (
        keypoint_positions(rig_map, keypoint_set, geometry, geometry.vertices, geometry.bone_matrices)
        @ to_body
    )
    joints = {name: np.asarray(joint.position) @ to_body for name, joint in rig_map.joints.items()}
    figure = Figure(figsize=(20, 15), layout="constrained")
    axes = figure.subplots(2, 2).ravel()
    for axis, view in zip(axes, _VIEWS, strict=True):
        _draw_view(axis, view, vertices, geometry.triangles, joints, places, keypoint_set)
    missing = f"   missing: {', '.join(rig_map.missing)}" if rig_map.missing else ""
    figure.suptitle(f"{rig_map.rig}: {len(joints)} joints, trunk {rig_map.trunk_length:.3g} units{missing}")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80, metadata={"Software": None})
    return buffer.getvalue()


def _draw_view(
    axis: Axes,
    view: tuple[str, tuple[int, float], int, tuple[int, float]],
    vertices: FloatArray,
    triangles: NDArray[np.int64],
    joints: dict[str, FloatArray],
    places: FloatArray,
    keypoint_set: KeypointSet,
) -> None:
    title, (right, sign), up, (depth, depth_sign) = view
    flat = np.stack([vertices[:, right] * sign, vertices[:, up]], axis=1)
    corners = vertices[triangles]
    order = np.argsort(corners[:, :, depth].mean(axis=1) * depth_sign)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    facing = np.abs(normals[:, depth]) / np.maximum(lengths, 1e-12)
    shade = 0.55 + 0.4 * facing
    axis.add_collection(
        PolyCollection(
            flat[triangles[order]],
            facecolors=np.repeat(shade[order, None], 3, axis=1),
            edgecolors="face",
            linewidths=0.2,
        )
    )

    def screen(point: FloatArray) -> tuple[float, float]:
        return float(point[right] * sign), float(point[up])

    for name, point in joints.items():
        parent = JOINT_PARENTS[name]
        while parent is not None and parent not in joints:
            parent = JOINT_PARENTS[parent]
        if parent is not None:
            (x0, y0), (x1, y1) = screen(joints[parent]), screen(point)
            axis.plot([x0, x1], [y0, y1], color="#f0a202", linewidth=1.5)
        axis.plot(*screen(point), marker="s", markersize=4, color="#f0a202")
    for name, point in zip(keypoint_set.keypoints, places, strict=True):
        side = keypoint_side(name)
        if not np.isfinite(point).all():
            continue
        if title == "left side" and side == "right":
            continue
        if title == "right side" and side == "left":
            continue
        colour = _SIDE_COLOURS.get(side, _MIDLINE_COLOUR)
        axis.plot(*screen(point), marker="o", markersize=9, color=colour, markeredgecolor="white")
        axis.annotate(
            name, screen(point), xytext=(6, 4), textcoords="offset points", fontsize=10, color=colour
        )
    axis.set_title(title)
    axis.set_aspect("equal")
    axis.autoscale_view()
