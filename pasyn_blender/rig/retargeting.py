"""Between a rig's bones and the canonical pose, both directions of the way.

A mapped bone turns as its canonical joint does; how every other bone follows is told by :mod:`.following`.
Where a bone sits is found by carrying its pivot along: by its parent bone, or, for feet on inverse-kinematics
bones that hang outside the leg, by the bone that the pivot travels with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.kinematics import accumulate, separate
from ..anatomy.rotations import from_turn, interpolate, nearest_rotation
from ..anatomy.skeleton import JOINTS, SIDES
from ..anatomy.stance import PARENTS
from ..errors import RigMapError
from .alignment import stance_alignments
from .following import Following, carrier_levels, learnt_following, structural_following
from .geometry import FloatArray, IntArray, RigGeometry
from .rig_map import RigMap

LIMBS: Final = ("left_front", "right_front", "left_hind", "right_hind")
"""Order of the limbs wherever there is one row for each."""

_LIMB_ROOTS: Final = {"front": ("scapula", "upper_arm", "forearm"), "hind": ("thigh", "shin")}
_TRUNK: Final = tuple(JOINTS.index(name) for name in ("pelvis", "spine", "chest"))


@dataclass(frozen=True)
class Retargeting:
    """A rig's B bones in terms of the J canonical joints.

    Attributes
    ----------
    body_frame
        (3, 3) world to body axes.
    trunk_length, ground
        As in the rig map.
    joint_bones
        (J,) index of each joint's bone, -1 where the rig has none.
    alignment
        (J, 3, 3) rotation of each joint's segment from the canonical stance to the rest pose, in body axes.
    offsets
        (J, 3) place of each joint from its parent in the canonical stance, trunk lengths; zero where unknown.
    root_rest
        (3,) root point at rest, half way between the hips, world space.
    rest_matrices
        (B, 4, 4) bone space to world at rest.
    pivots
        (B, 3) points at rest about which the bones turn, world space.
    following
        How bones follow joints and carry each other.
    limb_bones
        (4,) bone of the first joint the rig has of each limb, in the order of :data:`LIMBS`; -1 for none.
    levels
        Bones in groups, carriers in an earlier group than what they carry.
    """

    body_frame: FloatArray
    trunk_length: float
    ground: float
    joint_bones: IntArray
    alignment: FloatArray
    offsets: FloatArray
    root_rest: FloatArray
    rest_matrices: FloatArray
    pivots: FloatArray
    following: Following
    limb_bones: IntArray
    levels: tuple[IntArray, ...]

    @property
    def known(self) -> NDArray[np.bool_]:
        """(J,) which joints the rig has."""
        return self.joint_bones >= 0

    @property
    def root_height(self) -> float:
        """Height of the root point at rest over ground, trunk lengths."""
        return float((self.body_frame[2] @ self.root_rest - self.ground) / self.trunk_length)


@dataclass(frozen=True)
class CanonicalPoses:
    """Poses of a rig in canonical terms.

    Attributes
    ----------
    rotations
        (F, J, 3, 3) rotation of each joint relative to its parent, in body axes, the identity in the
        canonical stance and for joints the rig does not have.
    root
        (F, 3) root point in body axes, trunk lengths: x and y from where it is at rest, z above ground.
    shifts
        (F, 4, 3) how far each limb's root is from where the trunk carries it, in body axes turned with
        chest or pelvis, trunk lengths, in the order of :data:`LIMBS`. Shoulder blades glide on the chest,
        and animators move legs.
    """

    rotations: FloatArray
    root: FloatArray
    shifts: FloatArray


def prepare_retargeting(
    geometry: RigGeometry, rig_map: RigMap, examples: FloatArray | None = None
) -> Retargeting:
    """Work out how a rig's bones follow the canonical joints.

    Parameters
    ----------
    geometry
        The rig at rest.
    rig_map
        Its map.
    examples
        (F, B, 4, 4) bone matrices from the rig's own actions, world space. Without them bones between two
        joints of neck, trunk or tail share evenly, and all others follow what they hang on.

    Raises
    ------
    RigMapError
        The map names a bone the rig does not have, or has no joint of the trunk.
    """
    joint_bones = _joint_bones(geometry, rig_map)
    following = structural_following(geometry, joint_bones)
    rest = geometry.bone_matrices
    if examples is not None and len(examples):
        moves = examples @ np.linalg.inv(rest)
        turns = nearest_rotation(moves[..., :3, :3])
        following = learnt_following(following, geometry, joint_bones, turns, moves, rig_map.trunk_length)
    pivots = geometry.bone_heads.copy()
    for name, joint in rig_map.joints.items():
        bone = joint_bones[JOINTS.index(name)]
        # A bone that hangs elsewhere may have its head anywhere; the joint is where it meets the limb.
        if following.detached[bone]:
            pivots[bone] = joint.position
    alignment = joint_alignments(geometry, rig_map)
    return Retargeting(
        body_frame=rig_map.body_frame,
        trunk_length=rig_map.trunk_length,
        ground=rig_map.ground,
        joint_bones=joint_bones,
        alignment=alignment,
        offsets=_offsets(rig_map, alignment),
        root_rest=_root_point(geometry, rig_map, joint_bones),
        rest_matrices=rest,
        pivots=pivots,
        following=following,
        limb_bones=np.array([_limb_root(joint_bones, limb) for limb in LIMBS]),
        levels=carrier_levels(following.carriers),
    )


def joint_alignments(geometry: RigGeometry, rig_map: RigMap) -> FloatArray:
    """(J, 3, 3) alignment of each joint: the map's own where it says one, else from the rest pose."""
    alignment = stance_alignments(geometry, rig_map)
    for row, name in enumerate(JOINTS):
        joint = rig_map.joints.get(name)
        if joint is None:
            if PARENTS[row] >= 0:
                alignment[row] = alignment[PARENTS[row]]
        elif joint.alignment is not None:
            alignment[row] = from_turn(np.radians(joint.alignment))
    return np.asarray(alignment)


def canonical_poses(retargeting: Retargeting, matrices: FloatArray) -> CanonicalPoses:
    """Express poses of the rig on the canonical quadruped.

    Parameters
    ----------
    retargeting
        The rig.
    matrices
        (F, B, 4, 4) posed bone matrices, bone space to world, as the dependency graph evaluates them.
    """
    frame, bones = retargeting.body_frame, retargeting.joint_bones
    moves = matrices[:, bones] @ np.linalg.inv(retargeting.rest_matrices[bones])
    turns = frame @ nearest_rotation(moves[..., :3, :3]) @ frame.T
    total = turns @ retargeting.alignment
    for joint, parent in enumerate(PARENTS):
        if bones[joint] < 0:
            source = parent if parent >= 0 else first_of_trunk(bones)
            total[:, joint] = total[:, source]
    pelvis = moves[:, first_of_trunk(bones)]
    place = pelvis[:, :3, :3] @ retargeting.root_rest + pelvis[:, :3, 3]
    root = (place - retargeting.root_rest) @ frame.T / retargeting.trunk_length
    root[:, 2] += retargeting.root_height
    return CanonicalPoses(separate(total), root, np.zeros((len(root), len(LIMBS), 3)))


def bone_moves(
    retargeting: Retargeting,
    rotations: FloatArray,
    root: FloatArray | None = None,
    shifts: FloatArray | None = None,
) -> FloatArray:
    """Pose the rig's bones canonically.

    Parameters
    ----------
    retargeting
        The rig.
    rotations
        (N, J, 3, 3) canonical pose.
    root
        (N, 3) root point as in :class:`CanonicalPoses`; by default where it is at rest.
    shifts
        (N, 4, 3) shifts of the limbs as there; none by default.

    Returns
    -------
    (N, B, 4, 4) array
        What carries each bone's points from rest to the pose, world space. Bone matrices are these times
        ``rest_matrices``.
    """
    frame, following = retargeting.body_frame, retargeting.following
    total = accumulate(np.asarray(rotations, dtype=np.float64))
    joints = frame.T @ (total @ np.swapaxes(retargeting.alignment, -1, -2)) @ frame
    turns = joints[:, following.lead]
    between = np.flatnonzero(following.share > 0)
    if len(between):
        ends = joints[:, following.toward[between]]
        turns[:, between] = interpolate(turns[:, between], ends, following.share[between])
    moves = np.zeros((*turns.shape[:2], 4, 4))
    moves[..., 3, 3] = 1
    moves[..., :3, :3] = turns
    glides = np.zeros((len(total), len(retargeting.pivots), 3))
    if shifts is not None:
        for limb in np.flatnonzero(retargeting.limb_bones >= 0):
            glide = (total[:, limb_trunk(limb)] @ shifts[:, limb, :, None])[..., 0]
            glides[:, retargeting.limb_bones[limb]] = glide @ frame * retargeting.trunk_length
    # Where a pivot would be if its bone turned about the world's origin is taken off where it is carried.
    swung = (turns @ retargeting.pivots[..., None])[..., 0]
    steps = glides - swung
    for level, bones in enumerate(retargeting.levels):
        places = retargeting.pivots[bones]
        if level:
            carriers = following.carriers[bones]
            places = (turns[:, carriers] @ places[..., None])[..., 0] + steps[:, carriers]
        steps[:, bones] += places
    moves[..., :3, 3] = steps
    pelvis = moves[:, retargeting.joint_bones[first_of_trunk(retargeting.joint_bones)]]
    now = pelvis[:, :3, :3] @ retargeting.root_rest + pelvis[:, :3, 3]
    wanted = np.array([0.0, 0.0, retargeting.root_height]) if root is None else root
    step = (wanted - np.array([0.0, 0.0, retargeting.root_height])) * retargeting.trunk_length
    moves[..., :3, 3] += (retargeting.root_rest + step @ frame - now)[:, None]
    return moves


def _joint_bones(geometry: RigGeometry, rig_map: RigMap) -> IntArray:
    index = {name: i for i, name in enumerate(geometry.bone_names)}
    bones = np.full(len(JOINTS), -1, dtype=np.int64)
    for name, joint in rig_map.joints.items():
        if joint.bone not in index:
            raise RigMapError(f"joint {name!r}: the rig has no bone {joint.bone!r}")
        bones[JOINTS.index(name)] = index[joint.bone]
    for bone in set(bones[bones >= 0].tolist()):
        rows = np.flatnonzero(bones == bone)
        # One bone for the feet of several legs is none of them: they cannot be moved apart.
        if len({JOINTS[row].partition("_")[0] for row in rows} & set(SIDES)) > 1:
            bones[rows] = -1
    if (bones[list(_TRUNK)] < 0).all():
        raise RigMapError(
            f"{rig_map.rig}: the map has neither pelvis, spine nor chest; a pose needs one of them"
        )
    return bones


def first_of_trunk(joint_bones: IntArray) -> int:
    """Joint of the trunk that leads the others on this rig: the pelvis where it has one."""
    return next(joint for joint in _TRUNK if joint_bones[joint] >= 0)


def limb_trunk(limb: int) -> int:
    """Joint of the trunk that a limb hangs on in the canonical skeleton."""
    return JOINTS.index("pelvis" if LIMBS[limb].endswith("hind") else "chest")


def _limb_root(joint_bones: IntArray, limb: str) -> int:
    side, pair = limb.split("_")
    rows = [JOINTS.index(f"{side}_{joint}") for joint in _LIMB_ROOTS[pair]]
    return next((int(joint_bones[row]) for row in rows if joint_bones[row] >= 0), -1)


def _root_point(geometry: RigGeometry, rig_map: RigMap, joint_bones: IntArray) -> FloatArray:
    """Half way between the hips, or the stifles; at worst where the pelvis turns."""
    for joint in ("thigh", "shin"):
        pair = [rig_map.joints.get(f"{side}_{joint}") for side in ("left", "right")]
        if all(pair):
            return np.mean([found.position for found in pair if found], axis=0)
    head: FloatArray = geometry.bone_heads[joint_bones[first_of_trunk(joint_bones)]]
    return head


def _offsets(rig_map: RigMap, alignment: FloatArray) -> FloatArray:
    """(J, 3) steps between joints as they would be in the canonical stance, trunk lengths."""
    offsets = np.zeros((len(JOINTS), 3))
    for row, name in enumerate(JOINTS):
        above = PARENTS[row]
        while above >= 0 and JOINTS[above] not in rig_map.joints:
            above = PARENTS[above]
        if name in rig_map.joints and above >= 0:
            here, there = rig_map.joints[name].position, rig_map.joints[JOINTS[above]].position
            step = rig_map.body_frame @ (np.array(here) - np.array(there)) / rig_map.trunk_length
            offsets[row] = alignment[above].T @ step
    return offsets
