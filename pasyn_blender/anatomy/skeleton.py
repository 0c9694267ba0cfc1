"""The canonical quadruped skeleton that every rig is expressed in.

Body frame as Blender characters stand: facing -Y, up +Z, left +X.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SIDES: Final = ("left", "right")

_LIMB_JOINTS: Final = {
    # joint: parent, without side
    "scapula": "chest",
    "upper_arm": "scapula",
    "forearm": "upper_arm",
    "front_cannon": "forearm",
    "front_foot": "front_cannon",
    "thigh": "pelvis",
    "shin": "thigh",
    "hind_cannon": "shin",
    "hind_foot": "hind_cannon",
}

_AXIAL_PARENTS: Final = {
    "pelvis": None,
    "spine": "pelvis",
    "chest": "spine",
    "neck_base": "chest",
    "neck_top": "neck_base",
    "head": "neck_top",
    "tail_base": "pelvis",
    "tail_middle": "tail_base",
    "tail_end": "tail_middle",
}


def _parents() -> dict[str, str | None]:
    parents: dict[str, str | None] = dict(_AXIAL_PARENTS)
    for side in SIDES:
        for joint, parent in _LIMB_JOINTS.items():
            parents[f"{side}_{joint}"] = f"{side}_{parent}" if parent in _LIMB_JOINTS else parent
    return parents


JOINT_PARENTS: Final[dict[str, str | None]] = _parents()
"""Parent of each canonical joint, parents listed before children; the root has ``None``."""

JOINTS: Final[tuple[str, ...]] = tuple(JOINT_PARENTS)


def joint_difference(found: Sequence[str], right: Sequence[str]) -> str:
    """Say in words how a list of joints differs from the right one; nothing where they are the same."""
    if list(found) == list(right):
        return ""
    lacking = [name for name in right if name not in found]
    strange = [name for name in found if name not in right]
    parts = [
        f"{words} {', '.join(names[:4])}{', …' if len(names) > 4 else ''}"
        for words, names in (("it lacks", lacking), ("it has", strange))
        if names
    ]
    return " and ".join(parts) or "it has the same in another order"
