"""Map a rig onto the canonical quadruped: topology and geometry first, names second."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.skeleton import JOINTS
from ..errors import MappingError
from .axial import cut_midline, find_head, find_tail, outward
from .body_frame import Standing, find_standing
from .ears import find_ears
from .eyes import find_eyes
from .geometry import FloatArray, RigGeometry
from .keypoint_placement import Anatomy, place_keypoints
from .limbs import Leg, LegTrace, find_bends, trace_leg
from .neck_outline import find_throat, find_withers
from .rig_map import JointBinding, RigMap

_FEET = {"left_front": (0, 2), "right_front": (1, 3), "left_hind": (2, 0), "right_hind": (3, 1)}
_NOTHING_CHOSEN: Final[Mapping[str, int]] = MappingProxyType({})


def map_rig(geometry: RigGeometry, name: str) -> RigMap:
    """Find the canonical joints and the landmarks of a rig.

    Parameters
    ----------
    geometry
        The rig at rest.
    name
        File name to write into the map and into messages.

    Raises
    ------
    MappingError
        Where the model is not a quadruped standing on four legs.
    """
    try:
        anatomy = find_anatomy(geometry)
    except MappingError as error:
        raise MappingError(f"{name}: {error}") from error
    joints = _bind_joints(geometry, anatomy)
    keypoints = place_keypoints(geometry, anatomy)
    missing = tuple(joint for joint in JOINTS if joint not in joints)
    standing = anatomy.standing
    return RigMap(
        rig=name,
        body_frame=standing.rotation,
        trunk_length=_trunk_length(anatomy),
        ground=float(standing.rotation[2] @ standing.origin),
        joints=joints,
        keypoints=keypoints,
        missing=missing,
    )


def find_anatomy(geometry: RigGeometry, chosen: Mapping[str, int] = _NOTHING_CHOSEN) -> Anatomy:
    """Everything that shape and skin tell about an animal.

    Parameters
    ----------
    geometry
        The rig, standing.
    chosen
        Canonical joint to index of the bone that is known to carry it: head, tail and lower legs are looked
        for with these.

    Raises
    ------
    MappingError
        Where it is no standing quadruped.
    """
    standing = find_standing(geometry)
    midline = cut_midline(standing, geometry)
    traces = {
        name: trace_leg(standing, geometry, standing.feet[foot], standing.feet[other])
        for name, (foot, other) in _FEET.items()
    }
    for name, trace in traces.items():
        if len(trace.heights) < 8:
            leg = name.replace("_", " ")
            raise MappingError(
                f"not a standing quadruped: its {leg} leg cannot be followed up from the ground"
            )
    legs = {
        name: find_bends(
            trace,
            standing,
            geometry,
            _upper_height(traces, name),
            name.endswith("hind"),
            (chosen.get(f"{name}_cannon"), chosen.get(f"{name}_foot")),
        )
        for name, trace in traces.items()
    }
    head = find_head(standing, geometry, midline, chosen.get("head"))
    eyes = find_eyes(standing, geometry, head)
    leg_bones = np.unique(np.concatenate([trace.bones for trace in traces.values()]))
    tail_bones, tail_root = find_tail(standing, geometry, midline, leg_bones, chosen.get("tail_base"))
    return Anatomy(
        standing=standing,
        midline=midline,
        head=head,
        eyes=eyes,
        ears=find_ears(standing, geometry, head, eyes),
        throat=find_throat(standing, midline, head),
        withers=find_withers(standing, midline),
        tail_bones=tail_bones,
        tail_root=tail_root,
        legs=legs,
    )


def _upper_height(traces: dict[str, LegTrace], name: str) -> float:
    """Elbow or stifle height: where the legs of the pair leave the trunk."""
    pair = "front" if name.endswith("front") else "hind"
    return float(np.mean([traces[f"{side}_{pair}"].top for side in ("left", "right")]))


def _trunk_length(anatomy: Anatomy) -> float:
    """Withers to tail root."""
    midline = anatomy.midline
    root = midline.profile.positions[anatomy.tail_root]
    front = float(anatomy.standing.feet[:2, 1].mean())
    _, withers = midline.height_range(front, 0.02 * anatomy.spacing)
    return float(np.hypot(root[1] - front, root[2] - withers))


def _bind_joints(geometry: RigGeometry, anatomy: Anatomy) -> dict[str, JointBinding]:
    bound: dict[str, JointBinding] = {}
    standing, midline = anatomy.standing, anatomy.midline

    def to_world(place: FloatArray) -> FloatArray:
        return standing.rotation.T @ place + standing.origin

    def bind(joint: str, bone: int | None, place: FloatArray | None = None) -> None:
        if bone is None:
            return
        x, y, z = geometry.bone_heads[bone] if place is None else to_world(place)
        bound[joint] = JointBinding(geometry.bone_names[bone], (float(x), float(y), float(z)))

    for joint, bone in _trunk_bones(geometry, anatomy).items():
        bind(joint, bone)
    bind("head", anatomy.head.bone, anatomy.head.base)
    heads = (geometry.bone_heads - standing.origin) @ standing.rotation.T
    tail = outward(geometry, anatomy.tail_bones, heads, midline.profile.positions[anatomy.tail_root])
    if tail:
        bind("tail_base", int(tail[0]))
    if len(tail) > 2:
        bind("tail_middle", int(tail[len(tail) // 2]))
    if len(tail) > 1:
        bind("tail_end", int(tail[-1]))
    for name, leg in anatomy.legs.items():
        side, pair = name.split("_")
        for joint, bone, height in _leg_bones(geometry, anatomy, leg, pair == "hind"):
            bind(f"{side}_{joint}", bone, None if height is None else leg.trace.centre_at(height))
    return {joint: bound[joint] for joint in JOINTS if joint in bound}


def _trunk_bones(geometry: RigGeometry, anatomy: Anatomy) -> dict[str, int | None]:
    """Pelvis, spine, chest and neck: the bones whose skin the midline shows at each place."""
    midline, standing = anatomy.midline, anatomy.standing
    points = midline.profile.positions
    front, hind = float(standing.feet[:2, 1].mean()), float(standing.feet[2:, 1].mean())
    outside = ~_on_midline(geometry, standing)
    outside[anatomy.head.bones] = True
    outside[anatomy.tail_bones] = True

    def at(y: float) -> int | None:
        near = np.abs(points[:, 1] - y) < 0.07 * anatomy.spacing
        shares = np.where(outside, 0.0, midline.bone_shares[near].sum(axis=0))
        return int(np.argmax(shares)) if shares.sum() > 0 else None

    # The shoulders' place on the spine lies behind the front feet, clear of the crest of the neck.
    shoulders = front + 0.18 * anatomy.spacing
    pelvis, chest = at(hind - 0.05 * anatomy.spacing), at(shoulders)
    spine = at((front + hind) / 2)
    neck = _neck_bones(geometry, anatomy, {pelvis, spine, chest})
    joints = (geometry.bone_heads - standing.origin) @ standing.rotation.T
    # Where two bones share the shoulders' skin, the one that turns about a place behind them is no neck.
    while len(neck) > 1 and joints[neck[0], 1] > shoulders:
        chest = neck.pop(0)
    found: dict[str, int | None] = {"pelvis": pelvis, "chest": chest}
    if spine not in (pelvis, chest):
        found["spine"] = spine
    if neck:
        found["neck_base"] = neck[0]
    if len(neck) > 1:
        found["neck_top"] = neck[-1]
    return found


def _neck_bones(geometry: RigGeometry, anatomy: Anatomy, trunk: set[int | None]) -> list[int]:
    """Midline bones between chest and head, from the chest on."""
    midline, head = anatomy.midline, anatomy.head
    points = midline.profile.positions
    front = float(anatomy.standing.feet[:2, 1].mean())
    ahead = points[:, 1] < front + 0.05 * anatomy.spacing
    central = _on_midline(geometry, anatomy.standing)
    found = []
    for bone in np.unique(midline.bones[ahead]):
        if bone in trunk or bone in head.bones or bone in anatomy.tail_bones or not central[bone]:
            continue
        places = points[ahead & (midline.bones == bone)]
        found.append((-float(np.linalg.norm(places.mean(axis=0) - head.base)), int(bone)))
    return [bone for _, bone in sorted(found)]


def _on_midline(geometry: RigGeometry, standing: Standing) -> NDArray[np.bool_]:
    """(B,) whether a bone's skin is spread evenly over both sides of the body."""
    across = (geometry.vertices - standing.origin) @ standing.rotation[0]
    weights = geometry.weights.astype(np.float64)
    total = weights.sum(axis=0)
    centre = across @ weights / np.maximum(total, 1e-12)
    spread = np.sqrt((across**2) @ weights / np.maximum(total, 1e-12))
    return (total > 0) & (np.abs(centre) < 0.35 * np.maximum(spread, 1e-12))


def _leg_bones(
    geometry: RigGeometry, anatomy: Anatomy, leg: Leg, hind: bool
) -> list[tuple[str, int | None, float | None]]:
    """(joint, bone, height of the joint or None for the bone's own head) of one leg, from the top."""
    trace = leg.trace
    names = ("thigh", "shin", "hind_cannon", "hind_foot") if hind else (
        "upper_arm", "forearm", "front_cannon", "front_foot"
    )  # fmt: skip
    between = (trace.heights > leg.middle) & (trace.heights < leg.upper)
    carrying = np.bincount(trace.bones[between]) if between.any() else np.bincount(trace.bones)
    second = int(np.argmax(carrying))
    found: list[tuple[str, int | None, float | None]] = [(names[1], second, leg.upper)]
    if leg.middle_bone is not None and leg.middle_bone != second:
        found.append((names[2], leg.middle_bone, leg.middle))
    if leg.lower_bone is not None and leg.lower_bone not in (second, leg.middle_bone):
        found.append((names[3], leg.lower_bone, leg.lower))
    above = _bones_above(geometry, anatomy, second)
    if above:
        found.insert(0, (names[0], above[0], None))
    if len(above) > 1 and not hind:
        found.insert(0, ("scapula", above[1], None))
    return found


def _bones_above(geometry: RigGeometry, anatomy: Anatomy, bone: int) -> list[int]:
    """Parents of a leg bone that belong to its own side and carry skin, from the leg up."""
    standing = anatomy.standing
    heads = (geometry.bone_heads - standing.origin) @ standing.rotation.T
    tails = (geometry.bone_tails - standing.origin) @ standing.rotation.T
    skinned = geometry.weights.sum(axis=0) > 0
    side = np.sign(heads[bone, 0])
    stance = float(np.abs(standing.feet[:, 0]).mean())
    found = []
    parent = int(geometry.bone_parents[bone])
    while parent >= 0:
        lateral = max(heads[parent, 0] * side, tails[parent, 0] * side)
        if lateral < 0.25 * stance:
            break
        if skinned[parent]:
            found.append(parent)
        parent = int(geometry.bone_parents[parent])
    return found
