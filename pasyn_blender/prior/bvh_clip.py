"""A BVH file as a clip of canonical poses.

The skeleton is dressed in a thin skin around its bones and mapped as a rig is; from there on it takes the way
of every other rig into the canonical quadruped.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from ..anatomy.rotations import Array, from_turn
from ..anatomy.stance import STANCE
from ..errors import CorpusError
from ..rig.geometry import RigGeometry
from ..rig.pose_fitting import fitted_poses
from ..rig.retargeting import prepare_retargeting
from ..rig.rig_map import JointBinding, KeypointAnchor, RigMap
from .bvh import Motion
from .bvh_mapping import Quadruped, find_quadruped
from .bvh_points import Points, points_of
from .corpus import FEET, Clip

_EXAMPLES: Final = 60
_TURNING: Final = np.radians(30.0)
_SMOOTHING_SECONDS: Final = 1.0
_STRETCH: Final = 0.05
_TIP_KEYPOINTS: Final = {
    "nose": "nose",
    **{
        f"{side}_{part}_toe": f"{side}_{paw}_paw"
        for side in ("left", "right")
        for part, paw in (("front", "front"), ("hind", "back"))
    },
}


def bvh_clip(motion: Motion, path: Path) -> tuple[Clip, list[str]]:
    """Turn a quadruped's motion into canonical poses.

    Which way is up and which way the animal faces is found from its motion. The frame in which it stands most
    squarely, or the pose of zero rotations, is taken for its stance. Where it walks in curves, the clip shows
    it walking straight: its heading is turned away, and its path with it.

    Parameters
    ----------
    motion
        What :func:`~.bvh.read_bvh` returned.
    path
        The file, for its name.

    Returns
    -------
    Clip
        At the file's own frame rate; named by the file, which is the animal too. Species and action are left
        empty.
    list of str
        What is worth knowing, in sentences.

    Raises
    ------
    CorpusError
        The skeleton is no quadruped that stands in any frame.
    """
    points = points_of(motion)
    found = find_quadruped(points, path.name)
    notes = _stretched(motion, found, path.stem)
    pose = points.zero if found.frame < 0 else points.places[found.frame]
    turns = np.tile(np.eye(3), (len(motion.names), 1, 1)) if found.frame < 0 else points.totals[found.frame]
    geometry = _dressed(points, motion, pose, turns)
    rig_map = _rig_map(points, motion, found, pose, turns, path.name)
    matrices, places = _straightened(points, motion, found, pose)
    chosen = np.unique(np.linspace(0, len(matrices) - 1, _EXAMPLES).round().astype(int))
    retargeting = prepare_retargeting(geometry, rig_map, matrices[chosen])
    poses = fitted_poses(retargeting, geometry, matrices)
    heights = (places @ found.axes[2] - rig_map.ground) / rig_map.trunk_length
    clearance = np.stack([heights[:, found.joints[f"{foot}_toe"]] for foot in FEET], axis=1)
    clip = Clip(
        name=path.stem,
        animal=path.stem,
        species="",
        action="",
        rate=motion.rate,
        rotations=poses.rotations.astype(np.float32),
        known=retargeting.known,
        offsets=retargeting.offsets.astype(np.float32),
        root=poses.root.astype(np.float32),
        clearance=clearance.astype(np.float32),
        stand=round(retargeting.root_height, 6),
    )
    return clip, notes


def _stretched(motion: Motion, found: Quadruped, name: str) -> list[str]:
    """A note on joints of the animal whose bones change their length."""
    size = np.linalg.norm(motion.offsets, axis=1).max()
    lengths = np.linalg.norm(motion.steps, axis=2)
    usual = np.median(lengths, axis=0)
    change = np.abs(lengths - usual) / np.maximum(usual, 0.2 * size)
    mapped = {point for point in found.joints.values() if point < len(motion.names)}
    odd = [
        joint for joint in sorted(mapped) if motion.parents[joint] >= 0 and change[:, joint].max() > _STRETCH
    ]
    if not odd:
        return []
    worst = max(odd, key=lambda joint: float(change[:, joint].max()))
    return [
        f"{name}: the bones to {', '.join(motion.names[joint] for joint in odd)} change their length, "
        f"{motion.names[worst]} most, by {change[:, worst].max():.0%} in frame {change[:, worst].argmax()}; "
        "only their rotations are kept"
    ]


def _dressed(points: Points, motion: Motion, pose: Array, turns: Array) -> RigGeometry:
    """The skeleton with a skin of rings around its bones."""
    joints = len(motion.names)
    matrices = np.tile(np.eye(4), (joints, 1, 1))
    matrices[:, :3, :3], matrices[:, :3, 3] = turns, pose[:joints]
    tails = pose[:joints].copy()
    vertices, owners = [], []
    for point, parent in enumerate(points.parents):
        if parent < 0:
            continue
        step = pose[point] - pose[parent]
        length = float(np.linalg.norm(step))
        tails[parent] = pose[point]
        if length < 1e-9:
            continue
        side = np.cross(step, np.eye(3)[np.abs(step).argmin()])
        side *= 0.1 * length / np.linalg.norm(side)
        other = np.cross(step / length, side)
        for share in (0.1, 0.5, 0.9):
            vertices += [pose[parent] + share * step + ring for ring in (side, -side, other, -other)]
            owners += [parent] * 4
    weights = np.zeros((len(vertices), joints), dtype=np.float32)
    weights[np.arange(len(vertices)), owners] = 1
    return RigGeometry(
        bone_names=motion.names,
        bone_parents=np.array(motion.parents, dtype=np.int64),
        bone_matrices=matrices,
        bone_tails=tails,
        mesh_names=("skin",),
        mesh_offsets=np.array([0, len(vertices)], dtype=np.int64),
        vertices=np.array(vertices),
        triangles=np.zeros((0, 3), dtype=np.int64),
        triangle_materials=np.zeros(0, dtype=np.int64),
        material_names=(),
        weights=weights,
    )


def _rig_map(
    points: Points, motion: Motion, found: Quadruped, pose: Array, turns: Array, name: str
) -> RigMap:
    body = pose @ found.axes.T
    hind, front = (body[list(found.tops[i : i + 2])].mean(axis=0) for i in (0, 2))
    first = (
        next(name.removeprefix("left_") for name, point in found.joints.items() if point == found.tops[2])
        if found.tops[2] in found.joints.values()
        else "scapula"
    )
    between = STANCE["left_thigh"][1] - STANCE[f"left_{first}"][1]
    trunk_length = float((hind[1] - front[1]) / between)
    if trunk_length <= 0:
        raise CorpusError(f"{name}: its legs stand under one another in every frame; one should stand")
    keypoints = {}
    for tip, keypoint in _TIP_KEYPOINTS.items():
        if tip in found.joints:
            point = found.joints[tip]
            bone = points.parents[point]
            offset = turns[bone].T @ (pose[point] - pose[bone])
            keypoints[keypoint] = KeypointAnchor(
                part=(motion.names[bone],), bone=motion.names[bone], offset=tuple(offset.tolist())
            )
    feet = [found.joints[f"{foot}_toe"] for foot in FEET]
    return RigMap(
        rig=name,
        body_frame=found.axes,
        trunk_length=trunk_length,
        ground=float(body[feet, 2].min()),
        joints={
            joint: JointBinding(motion.names[point], tuple(pose[point].tolist()))
            for joint, point in found.joints.items()
            if point < len(motion.names) and joint not in _TIPS
        },
        keypoints=keypoints,
    )


_TIPS: Final = {*_TIP_KEYPOINTS, "tail_tip"}


def _straightened(points: Points, motion: Motion, found: Quadruped, pose: Array) -> tuple[Array, Array]:
    """(F, J, 4, 4) joints and (F, P, 3) points, heading as the stance does, with feet on its ground."""
    up = found.axes[2]
    places = points.places
    yaw = _heading(places, found) - _heading(pose[None], found)
    yaw = np.unwrap(yaw)
    smooth = np.full(len(yaw), yaw.mean())
    if np.ptp(yaw) > _TURNING:
        width = 2 * (round(_SMOOTHING_SECONDS * motion.rate) // 2) + 1
        padded = np.pad(yaw, min(width // 2, len(yaw) - 1), mode="reflect", reflect_type="odd")
        padded = np.pad(padded, width // 2 - (len(padded) - len(yaw)) // 2, mode="edge")
        smooth = np.convolve(padded, np.full(width, 1 / width), mode="valid")
    turn = from_turn(-smooth[:, None] * up)
    hips = places[:, list(found.tops[:2])].mean(axis=1)
    path = np.zeros_like(hips)
    path[1:] = np.cumsum((turn[1:] @ np.diff(hips, axis=0)[..., None])[..., 0], axis=0)
    start = pose[list(found.tops[:2])].mean(axis=0)
    turned = (turn[:, None] @ (places - hips[:, None])[..., None])[..., 0] + (start + path)[:, None]
    feet = [found.joints[f"{foot}_toe"] for foot in FEET]
    ground = np.quantile((turned[:, feet] @ up).min(axis=1), 0.05)
    turned = turned + ((pose[feet] @ up).min() - ground) * up
    joints = len(motion.names)
    matrices = np.tile(np.eye(4), (len(turned), joints, 1, 1))
    matrices[..., :3, :3] = turn[:, None] @ points.totals
    matrices[..., :3, 3] = turned[:, :joints]
    return matrices, turned


def _heading(places: Array, found: Quadruped) -> Array:
    """(F,) angle about up of the trunk's direction along the ground, in body axes."""
    hind, front = places[:, list(found.tops[:2])], places[:, list(found.tops[2:])]
    body = (front.mean(axis=1) - hind.mean(axis=1)) @ found.axes.T
    across = ((hind[:, 0] - hind[:, 1]) + (front[:, 0] - front[:, 1])) @ found.axes.T
    # Rearing, the trunk points up, and lying on a side, left does; the two together always tell.
    forward = np.stack([body[:, 0] + across[:, 1], body[:, 1] - across[:, 0]], axis=1)
    return np.asarray(np.arctan2(forward[:, 0], -forward[:, 1]))
