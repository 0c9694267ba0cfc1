"""A person's choice of the bone that plays a joint: whether it can be, and the map with it.

The keypoints that hang on the joint are placed anew, by the same rules as in automatic mapping. All others
stay where they are, and so do those that a person has placed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np

from ..anatomy.skeleton import JOINT_PARENTS, JOINTS, SIDES
from ..errors import MappingError, RigMapError
from .alignment import joints_at_rest
from .geometry import FloatArray, RigGeometry
from .keypoint_placement import Anatomy, place_keypoints
from .mapping import find_anatomy
from .rig_map import JointBinding, RigMap

HANGING: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "head": ("left_eye", "right_eye", "nose", "neck", "left_ear_base", "right_ear_base", "throat"),
        "tail_base": ("root_of_tail",),
        "left_front_cannon": ("left_elbow",),
        "right_front_cannon": ("right_elbow",),
        "left_hind_cannon": ("left_knee",),
        "right_hind_cannon": ("right_knee",),
    }
)
"""Joint to the keypoints whose places its bone decides; all others lie where the animal's outline says."""

_TRUNK: Final = ("pelvis", "spine", "chest")
_OTHER_SIDE: Final = 0.25  # of the stance's half width, beyond the midplane: a bone there is the other side's


def choose_joint(
    geometry: RigGeometry,
    rig_map: RigMap,
    joint: str,
    bone: str,
    standing: RigGeometry | None = None,
    kept: Collection[str] = (),
) -> tuple[RigMap, str]:
    """Let a bone play a joint.

    Parameters
    ----------
    geometry
        The rig at rest.
    rig_map
        Its map so far.
    joint, bone
        Canonical joint and the name of the bone.
    standing
        The rig in a pose in which it stands, where it does not at rest.
    kept
        Keypoints that stay where they are, whatever they hang on.

    Returns
    -------
    rig_map
        The map with it.
    note
        Why the animal could not be looked at with that bone; empty where it was.

    Raises
    ------
    RigMapError
        There is no such joint or bone, the bone plays another joint, is of the animal's other side, or stands
        in the skeleton above a joint that the joint belongs below.
    """
    check_choice(geometry, rig_map, joint, bone, standing)
    upright = geometry if standing is None else standing
    index = {name: number for number, name in enumerate(geometry.bone_names)}
    chosen = {name: index[binding.bone] for name, binding in rig_map.joints.items()} | {joint: index[bone]}
    keypoints, note = dict(rig_map.keypoints), ""
    place = upright.bone_heads[index[bone]]
    try:
        anatomy = find_anatomy(upright, chosen)
        place = _place(upright, anatomy, joint, index[bone])
        found = place_keypoints(upright, anatomy)
        keypoints |= {name: found[name] for name in HANGING.get(joint, ()) if name not in kept}
    except MappingError as error:
        note = f"no keypoint follows, and the joint is put at the bone's head: {error}"
    bound = JointBinding(bone, _as_tuple(_carried(place, index[bone], upright, geometry)))
    changed = replace(
        rig_map,
        joints=_ordered(rig_map.joints | {joint: bound}),
        keypoints=keypoints,
        missing=tuple(name for name in rig_map.missing if name != joint),
    )
    return (changed if standing is None else _realigned(changed, joint, standing, geometry)), note


def with_choices(
    geometry: RigGeometry, rig_map: RigMap, choices: Mapping[str, str], standing: RigGeometry | None = None
) -> RigMap:
    """A fresh map with a person's earlier choices of bones; what was found in their place makes room.

    Parameters
    ----------
    geometry, rig_map, standing
        As for :func:`choose_joint`.
    choices
        Joint to the name of its bone, "" for none; those that do not fit this rig any more are passed over.
    """
    for joint, bone in choices.items():
        present = rig_map.joints[joint].bone if joint in rig_map.joints else ""
        if present == bone:
            continue
        owners = [name for name, binding in rig_map.joints.items() if binding.bone == bone]
        cleared = rig_map
        try:
            for owner in owners:
                if owner not in choices:
                    cleared = without_joint(cleared, owner)
            if bone:
                rig_map, _ = choose_joint(geometry, cleared, joint, bone, standing)
            else:
                rig_map = without_joint(cleared, joint)
        except RigMapError:
            continue
    return rig_map


def without_joint(rig_map: RigMap, joint: str) -> RigMap:
    """Leave a joint to no bone; keypoints stay where they are.

    Raises
    ------
    RigMapError
        No bone plays it, or it is the last of the trunk.
    """
    if joint not in rig_map.joints:
        raise RigMapError(f"no bone plays the {_shown(joint)}; there is nothing to clear")
    joints = {name: binding for name, binding in rig_map.joints.items() if name != joint}
    if not any(name in joints for name in _TRUNK):
        raise RigMapError(
            f"the {_shown(joint)} is the only joint of the trunk, and poses hang on it; "
            f"give another bone to it, or choose one for {' or '.join(n for n in _TRUNK if n != joint)} first"
        )
    missing = [*rig_map.missing, joint]
    ordered = [name for name in JOINTS if name in missing] + [name for name in missing if name not in JOINTS]
    return replace(rig_map, joints=joints, missing=tuple(ordered))


def check_choice(
    geometry: RigGeometry, rig_map: RigMap, joint: str, bone: str, standing: RigGeometry | None = None
) -> None:
    """Refuse a bone that cannot play a joint; see :func:`choose_joint`."""
    if joint not in JOINTS:
        raise RigMapError(f"there is no joint '{joint}'; joints are {', '.join(JOINTS)}")
    names = geometry.bone_names
    if bone not in names:
        raise RigMapError(f"the armature has no bone '{bone}'; choose one of its {len(names)} bones")
    for name, binding in rig_map.joints.items():
        if binding.bone == bone and name != joint:
            raise RigMapError(
                f"'{bone}' plays the {_shown(name)} already; clear that joint first, or choose another bone"
            )
    number = names.index(bone)
    below = _below(geometry, number)
    if not geometry.weights[:, below].any():
        raise RigMapError(
            f"'{bone}' moves no skin, nor do the bones below it; choose the bone that deforms the mesh there"
        )
    side = joint.partition("_")[0]
    if standing is None and not any(binding.alignment for binding in rig_map.joints.values()):
        standing = geometry
    # An animal that lies at rest has both sides on one.
    if side in SIDES and standing and _lies_on(standing, rig_map, number) == SIDES[1 - SIDES.index(side)]:
        other = SIDES[1 - SIDES.index(side)]
        raise RigMapError(f"'{bone}' lies on the animal's {other} side; the {_shown(joint)} is on its {side}")
    _check_order(geometry, rig_map, joint, number)


def _check_order(geometry: RigGeometry, rig_map: RigMap, joint: str, number: int) -> None:
    """A joint's bone may hang anywhere, as feet do, but not above that of a joint it belongs below."""
    bones = {name: geometry.bone_names.index(binding.bone) for name, binding in rig_map.joints.items()}
    bones[joint] = number
    for lower in bones:
        for upper in _above(lower):
            # Trunks may be rooted anywhere: in the pelvis, in the middle or in the chest.
            if joint not in (lower, upper) or upper not in bones or {lower, upper} <= set(_TRUNK):
                continue
            if bones[upper] in _below(geometry, bones[lower])[1:]:
                first, second = (geometry.bone_names[bones[name]] for name in (lower, upper))
                raise RigMapError(
                    f"'{first}' carries '{second}', but the {_shown(lower)} belongs below the "
                    f"{_shown(upper)}; choose a bone further {'down' if joint == lower else 'up'} the chain"
                )


def _above(joint: str) -> list[str]:
    found = []
    parent = JOINT_PARENTS[joint]
    while parent is not None:
        found.append(parent)
        parent = JOINT_PARENTS[parent]
    return found


def _below(geometry: RigGeometry, bone: int) -> list[int]:
    """A bone and all that hang on it."""
    found = {bone}
    for number, parent in enumerate(geometry.bone_parents.tolist()):  # parents come before children
        if parent in found:
            found.add(number)
    return [bone, *sorted(found - {bone})]


def _lies_on(geometry: RigGeometry, rig_map: RigMap, bone: int) -> str:
    """Side on which a bone's skin lies as the animal stands; "" near the midplane, or where it has none."""
    left = rig_map.body_frame[0]
    legs = [
        float(left @ geometry.bone_heads[geometry.bone_names.index(binding.bone)])
        for name, binding in rig_map.joints.items()
        if name.endswith(("forearm", "shin"))
    ]
    weights = geometry.weights[:, bone].astype(np.float64)
    if len(legs) < 2 or weights.sum() <= 0.0:
        return ""
    middle, half = (max(legs) + min(legs)) / 2, (max(legs) - min(legs)) / 2
    across = (weights @ (geometry.vertices @ left) / weights.sum() - middle) / max(half, 1e-12)
    return "" if abs(across) < _OTHER_SIDE else SIDES[0 if across > 0 else 1]


def _place(geometry: RigGeometry, anatomy: Anatomy, joint: str, bone: int) -> FloatArray:
    """(3,) where a joint lies in the standing pose: in the middle of head or leg, else at its bone's head."""
    standing = anatomy.standing
    place = None
    side, _, part = joint.partition("_")
    if joint == "head":
        place = anatomy.head.base
    elif side in SIDES:
        leg = anatomy.legs[f"{side}_{'hind' if part in _HIND else 'front'}"]
        if part in ("forearm", "shin"):
            place = leg.trace.centre_at(leg.upper)
        elif part.endswith("cannon") and leg.middle_bone == bone:
            place = leg.trace.centre_at(leg.middle)
        elif part.endswith("foot") and leg.lower_bone == bone:
            place = leg.trace.centre_at(leg.lower)
    if place is None:
        return np.asarray(geometry.bone_heads[bone])
    return np.asarray(standing.rotation.T @ place + standing.origin)


_HIND: Final = ("thigh", "shin", "hind_cannon", "hind_foot")


def _carried(place: FloatArray, bone: int, standing: RigGeometry, geometry: RigGeometry) -> FloatArray:
    if standing is geometry:
        return place
    back = geometry.bone_matrices[bone] @ np.linalg.inv(standing.bone_matrices[bone])
    return np.asarray((back @ np.array([*place, 1.0]))[:3])


def _realigned(rig_map: RigMap, joint: str, standing: RigGeometry, geometry: RigGeometry) -> RigMap:
    """The map with new alignments of the chain that a joint belongs to, told by a standing pose."""
    posed = {}
    for name, binding in rig_map.joints.items():
        bone = geometry.bone_names.index(binding.bone)
        place = _carried(np.asarray(binding.position), bone, geometry, standing)
        posed[name] = JointBinding(binding.bone, _as_tuple(place))
    found = joints_at_rest(replace(rig_map, joints=posed), standing, geometry)
    joints = {
        name: replace(binding, alignment=found[name].alignment) if _chain(name) == _chain(joint) else binding
        for name, binding in rig_map.joints.items()
    }
    return replace(rig_map, joints=joints)


def _chain(joint: str) -> str:
    """Limb, neck with head, tail or trunk that a joint belongs to."""
    side, _, part = joint.partition("_")
    if side in SIDES:
        return f"{side}_{'hind' if part in _HIND else 'front'}"
    if joint in _TRUNK:
        return "trunk"
    return "tail" if side == "tail" else "neck"


def _ordered(joints: Mapping[str, JointBinding]) -> dict[str, JointBinding]:
    return {name: joints[name] for name in JOINTS if name in joints}


def _as_tuple(place: FloatArray) -> tuple[float, float, float]:
    x, y, z = place
    return float(x), float(y), float(z)


def _shown(joint: str) -> str:
    return joint.replace("_", " ")
