"""The record of one render: everything about it that its pixels do not say, and nothing that varies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .ground_shade import GroundShade

FloatArray = NDArray[np.float64]

PIXEL_DECIMALS = 4
WORLD_DIGITS = 9
CLEARANCE_DECIMALS = 6


@dataclass(frozen=True)
class CanonicalTruth:
    """The canonical pose of a render.

    Attributes
    ----------
    turns
        Canonical joint to (3,) turn vector relative to its parent, radians in body axes, as the rig took it.
    candidate
        Which of the shot's poses it is, from 0.
    clearance
        Foot to height of its lowest vertex above ground, trunk lengths; NaN for a foot without skin.
    self_intersection, allowed
        Share of the triangles that run through others, and what the rig's own actions show of it.
    rounds
        How often it was stood to end inside the joints' limits.
    """

    turns: Mapping[str, FloatArray]
    candidate: int
    clearance: Mapping[str, float]
    self_intersection: float
    allowed: float
    rounds: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "turns": {name: _plain(turn) for name, turn in self.turns.items()},
            "candidate": self.candidate,
            "clearance": {
                name: round(float(height), CLEARANCE_DECIMALS) + 0.0 if np.isfinite(height) else None
                for name, height in self.clearance.items()
            },
            "self_intersection": _plain(self.self_intersection),
            "allowed": _plain(self.allowed),
            "rounds": self.rounds,
        }


@dataclass(frozen=True)
class SceneTruth:
    """What composition needs to know of the place: ground, sun and sky.

    Attributes
    ----------
    up
        (3,) world direction of the animal's up.
    ground
        Height of the ground along it.
    toward_sun
        (3,) world direction to the sun.
    sun_irradiance, sky_irradiance
        Light on level ground of each.
    light_colour
        (3,) linear RGB of the light on what is seen of the animal, of luminance 1.
    shade
        What the animal keeps from the ground.
    """

    up: FloatArray
    ground: float
    toward_sun: FloatArray
    sun_irradiance: float
    sky_irradiance: float
    light_colour: FloatArray
    shade: GroundShade

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "up": _plain(self.up),
            "ground": _plain(self.ground),
            "toward_sun": _plain(self.toward_sun),
            "sun_irradiance": _plain(self.sun_irradiance),
            "sky_irradiance": _plain(self.sky_irradiance),
            "light_colour": _plain(self.light_colour),
            "shade": self.shade.to_dict(),
        }


@dataclass(frozen=True)
class Truth:
    """Ground truth of one render.

    Attributes
    ----------
    size
        (width, height).
    keypoints
        (K, 3) x, y in pixels and v in {0, 1, 2}; x = y = 0 where v = 0.
    keypoints_world
        (K, 3), NaN where the rig has no such keypoint.
    intrinsics, world_to_camera
        (3, 3) in pixels and (4, 4) with OpenCV axes.
    joints_world
        Canonical joint to (3,) posed position.
    pose
        Bone to (4,) quaternion w, x, y, z: its rotation relative to its rest pose, in its own rest axes.
    root_matrix
        (4, 4) bone space to world of the first bone, posed.
    sky_rotation
        (3, 3) from world directions to those of the world HDRI.
    scene
        Ground and light.
    canonical
        The canonical pose, where the shot has one.
    """

    size: tuple[int, int]
    keypoints: FloatArray
    keypoints_world: FloatArray
    intrinsics: FloatArray
    world_to_camera: FloatArray
    joints_world: Mapping[str, FloatArray]
    pose: Mapping[str, FloatArray]
    root_matrix: FloatArray
    sky_rotation: FloatArray
    scene: SceneTruth
    canonical: CanonicalTruth | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; missing coordinates become null."""
        return {
            "width": self.size[0],
            "height": self.size[1],
            "keypoints": [
                [round(x, PIXEL_DECIMALS), round(y, PIXEL_DECIMALS), int(v)]
                for x, y, v in self.keypoints.tolist()
            ],
            "keypoints_world": _plain(self.keypoints_world),
            "camera": {
                "intrinsics": _plain(self.intrinsics),
                "world_to_camera": _plain(self.world_to_camera),
            },
            "joints_world": {name: _plain(place) for name, place in self.joints_world.items()},
            "pose": {name: _plain(turn) for name, turn in self.pose.items()},
            "root_matrix": _plain(self.root_matrix),
            "sky_rotation": _plain(self.sky_rotation),
            "scene": self.scene.to_dict(),
            **({} if self.canonical is None else {"canonical": self.canonical.to_dict()}),
        }


def truth_json(truth: Truth, **record: Any) -> bytes:
    """Return the content of a truth file: the truth, and what belongs to the run (index, hashes)."""
    return (json.dumps({**truth.to_dict(), **record}, sort_keys=True) + "\n").encode()


def labelled(pixels: FloatArray, visible: NDArray[np.int64]) -> FloatArray:
    """(K, 3) keypoints as COCO writes them: zeros where a point is outside the picture."""
    known = visible > 0
    return np.column_stack([np.where(known[:, None], pixels, 0.0), visible.astype(np.float64)])


def bone_rotations(rest: FloatArray, posed: FloatArray, parents: NDArray[np.int64]) -> FloatArray:
    """Rotation of each bone relative to its rest pose, whatever moved it (keys, constraints, drivers).

    Parameters
    ----------
    rest, posed
        (B, 4, 4) bone space to world, parents before children.
    parents
        (B,) parent index, -1 for roots.

    Returns
    -------
    (B, 4) unit quaternions w, x, y, z with w >= 0, in the bone's own rest axes.
    """
    rest_turn, posed_turn = _rotations(rest), _rotations(posed)
    known = parents >= 0
    rest_local, posed_local = rest_turn.copy(), posed_turn.copy()
    rest_local[known] = rest_turn[parents[known]].transpose(0, 2, 1) @ rest_turn[known]
    posed_local[known] = posed_turn[parents[known]].transpose(0, 2, 1) @ posed_turn[known]
    return _quaternions(rest_local.transpose(0, 2, 1) @ posed_local)


def joint_positions(
    joints: Mapping[str, tuple[str, Sequence[float]]],
    bone_names: Sequence[str],
    rest: FloatArray,
    posed: FloatArray,
) -> dict[str, FloatArray]:
    """Posed places of joints that are fixed to bones.

    Parameters
    ----------
    joints
        Joint to (bone, rest position in world space).
    bone_names
        Order of the matrices.
    rest, posed
        (B, 4, 4) bone space to world.
    """
    places = {}
    for name, (bone, position) in joints.items():
        row = bone_names.index(bone)
        local = np.linalg.solve(rest[row], np.array([*position, 1.0]))
        places[name] = (posed[row] @ local)[:3]
    return places


def _rotations(matrices: FloatArray) -> FloatArray:
    """(B, 3, 3) nearest rotations of matrices that may scale or shear."""
    left, _, right = np.linalg.svd(matrices[:, :3, :3])
    turns = left @ right
    mirrored = np.linalg.det(turns) < 0
    left[mirrored, :, -1] *= -1
    return np.asarray(left @ right)


def _quaternions(turns: FloatArray) -> FloatArray:
    """(B, 4) quaternions of rotations, by the eigenvector of Bar-Itzhack's symmetric matrix."""
    m = turns
    k = np.zeros((len(m), 4, 4))
    k[:, 0, 0] = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    k[:, 1, 1] = m[:, 0, 0] - m[:, 1, 1] - m[:, 2, 2]
    k[:, 2, 2] = m[:, 1, 1] - m[:, 0, 0] - m[:, 2, 2]
    k[:, 3, 3] = m[:, 2, 2] - m[:, 0, 0] - m[:, 1, 1]
    k[:, 0, 1] = k[:, 1, 0] = m[:, 2, 1] - m[:, 1, 2]
    k[:, 0, 2] = k[:, 2, 0] = m[:, 0, 2] - m[:, 2, 0]
    k[:, 0, 3] = k[:, 3, 0] = m[:, 1, 0] - m[:, 0, 1]
    k[:, 1, 2] = k[:, 2, 1] = m[:, 0, 1] + m[:, 1, 0]
    k[:, 1, 3] = k[:, 3, 1] = m[:, 0, 2] + m[:, 2, 0]
    k[:, 2, 3] = k[:, 3, 2] = m[:, 1, 2] + m[:, 2, 1]
    vectors = np.linalg.eigh(k)[1][:, :, -1]
    return np.where(vectors[:, :1] < 0, -vectors, vectors)


def _plain(values: Any) -> Any:
    if isinstance(values, np.ndarray):
        return _plain(values.tolist())
    if isinstance(values, list):
        return [_plain(value) for value in values]
    if isinstance(values, float):
        # Adding zero turns -0.0 into 0.0; the last digits of a sum may differ between processors.
        return float(f"{values:.{WORLD_DIGITS}g}") + 0.0 if np.isfinite(values) else None
    return values
