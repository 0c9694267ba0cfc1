"""How far a rig's rest pose is from a natural standing stance, segment by segment.

Animals stand differently by nature: a wolf's hock is more bent than a horse's, and a giraffe's neck steeper.
That is build, not pose, so within the range of natural stances a standing rest pose counts as the stance.
What lies beyond (legs spread for skinning, a neck hanging down) is pose, and is told apart here, so that
another rig's stance does not become this one's straddle.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from ..anatomy.keypoint_sets import AP10K
from ..anatomy.rotations import Array, between, nearest_rotation, to_turn
from ..anatomy.skeleton import JOINTS, SIDES
from ..anatomy.stance import STANCE
from .anchors import keypoint_positions
from .geometry import FloatArray, RigGeometry
from .rig_map import JointBinding, RigMap

# Largest deviations from the canonical directions that still count as build, degrees in the sagittal and in
# the frontal plane. Between cursorial mammals at stand the angles of stifle and hock differ by up to 40
# degrees, those of the front limb by half of that; seen from the front all have nearly vertical legs. Thigh
# and upper arm lie inside the trunk, where bones seldom follow anatomy: the whole leg's line judges them.
_NATURAL: Final = {
    "upper_arm": (25.0, 9.0),
    "thigh": (25.0, 9.0),
    "forearm": (25.0, 9.0),
    "front_cannon": (25.0, 9.0),
    "shin": (40.0, 12.0),
    "hind_cannon": (30.0, 9.0),
    "neck_base": (45.0, 5.0),
    "neck_top": (45.0, 5.0),
    "head": (45.0, 5.0),
    "tail_base": (30.0, 15.0),
    "tail_middle": (30.0, 15.0),
    "tail_end": (30.0, 15.0),
}
_CHAINS: Final = (
    ("neck_base", "neck_top", "head", "nose"),
    ("tail_base", "tail_middle", "tail_end", "tail_tip"),
    *(
        tuple(f"{side}_{joint}" for joint in joints)
        for side in SIDES
        for joints in (
            ("upper_arm", "front_toe"),
            ("thigh", "hind_toe"),
            ("forearm", "front_cannon", "front_foot", "front_toe"),
            ("shin", "hind_cannon", "hind_foot", "hind_toe"),
        )
    ),
)
_SHORTEST: Final = 0.5  # of the segment in the stance; a shorter one is some other part of the leg


def stance_alignments(geometry: RigGeometry, rig_map: RigMap) -> Array:
    """Rotation of each joint's segment from the canonical stance to the geometry's pose.

    Parameters
    ----------
    geometry
        The rig standing, at rest or otherwise; its joints are looked up through its bones.
    rig_map
        Its map, whose joint positions are meant in the same pose.

    Returns
    -------
    (J, 3, 3) array
        In body axes; the identity wherever the segment's direction is within the range of natural stances,
        and for joints the rig does not have.
    """
    places = _places(geometry, rig_map)
    aligned = np.tile(np.eye(3), (len(JOINTS), 1, 1))
    for chain in _CHAINS:
        held = [name for name in chain if name in places]
        for name, following in itertools.pairwise(held):
            natural = _NATURAL.get(name.partition("_")[2] if name.partition("_")[0] in SIDES else name)
            direction = places[following] - places[name]
            expected = STANCE[following] - STANCE[name]
            length = np.linalg.norm(direction) / rig_map.trunk_length
            if natural is None or length < _SHORTEST * np.linalg.norm(expected):
                continue
            aligned[JOINTS.index(name)] = between(_nearest_natural(expected, direction, *natural), direction)
    return aligned


def joints_at_rest(rig_map: RigMap, standing: RigGeometry, geometry: RigGeometry) -> dict[str, JointBinding]:
    """Carry joints found in a standing pose back to the rest pose with their bones.

    That rest pose is no stance, and how far it is from one only the standing pose tells.

    Parameters
    ----------
    rig_map
        Map with joint positions as they are in the standing pose.
    standing, geometry
        The rig in that pose, and at rest.
    """
    aligned = stance_alignments(standing, rig_map)
    frame = rig_map.body_frame
    joints = {}
    for name, joint in rig_map.joints.items():
        bone = geometry.bone_names.index(joint.bone)
        back = geometry.bone_matrices[bone] @ np.linalg.inv(standing.bone_matrices[bone])
        x, y, z = (back @ np.array([*joint.position, 1.0]))[:3]
        turn = frame @ nearest_rotation(back[:3, :3]) @ frame.T @ aligned[JOINTS.index(name)]
        a, b, c = np.degrees(to_turn(turn))
        joints[name] = JointBinding(
            joint.bone, (float(x), float(y), float(z)), alignment=(float(a), float(b), float(c))
        )
    return joints


def _nearest_natural(expected: FloatArray, found: FloatArray, sagittal: float, frontal: float) -> FloatArray:
    """(3,) direction nearest to the found one that still counts as build, in sagittal and frontal angle."""
    pitch, sideways = _pitch(expected), _sideways(expected)
    pitch += _clipped(_pitch(found) - pitch, sagittal)
    sideways += _clipped(_sideways(found) - sideways, frontal)
    ahead = np.cos(sideways)
    return np.array([np.sin(sideways), ahead * np.cos(pitch), ahead * np.sin(pitch)])


def _pitch(direction: FloatArray) -> float:
    """Angle in the sagittal plane, growing as a positive turn about X turns it."""
    return float(np.arctan2(direction[2], direction[1]))


def _sideways(direction: FloatArray) -> float:
    """Angle out of the sagittal plane, to the left."""
    return float(np.arctan2(direction[0], np.hypot(direction[1], direction[2])))


def _clipped(angle: float, degrees: float) -> float:
    wrapped = (angle + np.pi) % (2 * np.pi) - np.pi
    return float(np.clip(wrapped, -np.radians(degrees), np.radians(degrees)))


def _places(geometry: RigGeometry, rig_map: RigMap) -> dict[str, FloatArray]:
    """Joints and tips in body axes."""
    places = {name: np.array(joint.position) for name, joint in rig_map.joints.items()}
    points = keypoint_positions(rig_map, AP10K, geometry, geometry.vertices, geometry.bone_matrices)
    by_name = dict(zip(AP10K.keypoints, points, strict=True))
    tips = {"nose": "nose"}
    for side in SIDES:
        tips |= {f"{side}_front_toe": f"{side}_front_paw", f"{side}_hind_toe": f"{side}_back_paw"}
    for tip, keypoint in tips.items():
        if np.isfinite(by_name[keypoint]).all():
            places[tip] = by_name[keypoint]
    if "tail_end" in rig_map.joints:
        places["tail_tip"] = _far_end(geometry, rig_map.joints["tail_end"].bone, places["tail_end"])
    return {name: rig_map.body_frame @ place for name, place in places.items()}


def _far_end(geometry: RigGeometry, bone: str, start: FloatArray) -> FloatArray:
    """(3,) middle of the tenth of a bone's skin that is farthest from a point, or the point itself."""
    if bone not in geometry.bone_names:
        return start
    skin = geometry.vertices[geometry.weights[:, geometry.bone_names.index(bone)] > 0.5]
    if not len(skin):
        return start
    distance = np.linalg.norm(skin - start, axis=1)
    return np.asarray(skin[distance >= np.quantile(distance, 0.9)].mean(axis=0))
