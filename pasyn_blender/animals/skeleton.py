"""Bones of a built-in animal, and how its skin follows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .species import BodyPlan
from .sweep import FloatArray

SIDE_SUFFIXES: Final = {"left": ".L", "right": ".R"}

# bone: parent, joint at its head, joint at its tail
_AXIAL: Final = {
    "pelvis": (None, "pelvis", "tail_base"),
    "spine_1": ("pelvis", "spine", "spine_middle"),
    "spine_2": ("spine_1", "spine_middle", "chest"),
    "chest": ("spine_2", "chest", "neck_base"),
    "neck_1": ("chest", "neck_base", "neck_middle"),
    "neck_2": ("neck_1", "neck_middle", "neck_top"),
    "neck_3": ("neck_2", "neck_top", "head"),
    "head": ("neck_3", "head", "nose"),
    "tail_1": ("pelvis", "tail_base", "tail_2"),
    "tail_2": ("tail_1", "tail_2", "tail_3"),
    "tail_3": ("tail_2", "tail_3", "tail_4"),
    "tail_4": ("tail_3", "tail_4", "tail_tip"),
}
_PAIRED: Final = {
    "ear": ("head", "ear_root", "ear_tip"),
    "scapula": ("chest", "scapula", "upper_arm"),
    "upper_arm": ("scapula", "upper_arm", "forearm"),
    "forearm": ("upper_arm", "forearm", "front_cannon"),
    "front_cannon": ("forearm", "front_cannon", "front_foot"),
    "front_pastern": ("front_cannon", "front_foot", "front_hoof"),
    "front_hoof": ("front_pastern", "front_hoof", "front_toe"),
    "thigh": ("pelvis", "thigh", "shin"),
    "shin": ("thigh", "shin", "hind_cannon"),
    "hind_cannon": ("shin", "hind_cannon", "hind_foot"),
    "hind_pastern": ("hind_cannon", "hind_foot", "hind_hoof"),
    "hind_hoof": ("hind_pastern", "hind_hoof", "hind_toe"),
}

CANONICAL_BONES: Final[dict[str, str]] = {
    "pelvis": "pelvis",
    "spine": "spine_1",
    "chest": "chest",
    "neck_base": "neck_1",
    "neck_top": "neck_3",
    "head": "head",
    "tail_base": "tail_1",
    "tail_middle": "tail_2",
    "tail_end": "tail_4",
    **{
        f"{side}_{joint}": f"{bone}{suffix}"
        for side, suffix in SIDE_SUFFIXES.items()
        for joint, bone in {
            "scapula": "scapula",
            "upper_arm": "upper_arm",
            "forearm": "forearm",
            "front_cannon": "front_cannon",
            "front_foot": "front_pastern",
            "thigh": "thigh",
            "shin": "shin",
            "hind_cannon": "hind_cannon",
            "hind_foot": "hind_pastern",
        }.items()
    },
}
"""Canonical joint to the bone that carries it; the joint is at the bone's head."""


@dataclass(frozen=True)
class Bone:
    """A bone at rest.

    Attributes
    ----------
    name
        Bone name, with ``.L`` or ``.R`` for pairs.
    parent
        Parent's name; ``None`` for the root.
    head, tail
        (3,) positions in the body frame, metres.
    """

    name: str
    parent: str | None
    head: FloatArray
    tail: FloatArray


def bones_of(plan: BodyPlan, ear: tuple[FloatArray, FloatArray]) -> tuple[Bone, ...]:
    """Skeleton of an individual, parents before children.

    Parameters
    ----------
    plan
        The individual.
    ear
        Root and tip of the left ear.
    """
    joints = dict(plan.joints)
    joints["neck_middle"] = 0.5 * (joints["neck_base"] + joints["neck_top"])
    joints["nose"] = np.array([0.0, *plan.head_axis[1]])
    joints["tail_tip"] = np.array([0.0, *plan.tuft_end])
    joints["ear_root"], joints["ear_tip"] = ear
    bones = [Bone(name, parent, joints[a], joints[b]) for name, (parent, a, b) in _AXIAL.items()]
    for side, suffix in SIDE_SUFFIXES.items():
        mirror = np.array([1.0 if side == "left" else -1.0, 1.0, 1.0])
        for name, (parent, a, b) in _PAIRED.items():
            above = f"{parent}{suffix}" if parent in _PAIRED else parent
            bones.append(Bone(f"{name}{suffix}", above, joints[a] * mirror, joints[b] * mirror))
    return tuple(bones)
