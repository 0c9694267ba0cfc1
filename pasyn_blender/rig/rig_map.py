"""The rig map: which bones play which canonical joints, and where the keypoints sit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class JointBinding:
    """A canonical joint and the bone that carries it.

    Attributes
    ----------
    bone
        Bone whose rotation is the joint's.
    position
        (3,) rest position of the joint in world space, file units.
    alignment
        (3,) turn vector in body axes, degrees, that leads from the segment's direction in a natural standing
        stance to the one it has at rest; None to tell it from the rest pose.
    """

    bone: str
    position: tuple[float, float, float]
    alignment: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class KeypointAnchor:
    """Where a keypoint is fixed on the rig, so that it follows pose and deformation.

    Either ``bone`` with ``offset`` (bone space, file units), or ``mesh`` with ``vertices`` and ``weights``
    (the weighted mean of evaluated vertices of that mesh object; indices are the mesh's own).

    Attributes
    ----------
    part
        Bones whose skin is the keypoint's own part: a joint centre inside a limb is seen when the first
        surface on the camera's ray belongs to these bones, near the keypoint.
    """

    part: tuple[str, ...]
    bone: str | None = None
    offset: tuple[float, float, float] | None = None
    mesh: str | None = None
    vertices: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()


@dataclass(frozen=True)
class RigMap:
    """A rig seen as the canonical quadruped.

    Attributes
    ----------
    rig
        File name (no folder) the map was made for.
    body_frame
        (3, 3) rows left, backward, up of the animal in world space: world to body rotation, so that in
        body axes the animal faces -Y with +X its left and +Z up.
    trunk_length
        Withers to tail root, file units.
    ground
        World coordinate along ``body_frame[2]`` of the ground under the standing animal.
    joints
        Canonical joint name to binding; joints the rig does not have are absent.
    keypoints
        Landmark (of :data:`~..anatomy.keypoint_sets.LANDMARKS`) to anchor; keypoint sets choose among them.
    missing
        Names of joints and keypoints that could not be found.
    """

    rig: str
    body_frame: NDArray[np.float64]
    trunk_length: float
    ground: float
    joints: dict[str, JointBinding]
    keypoints: dict[str, KeypointAnchor]
    missing: tuple[str, ...] = ()
