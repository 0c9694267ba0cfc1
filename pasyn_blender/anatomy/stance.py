"""The canonical standing stance: where the joints of a standing quadruped are.

A pose is a rotation of each joint relative to its parent, in body axes, and all of them are the identity in
this stance. Lengths are trunks: one is the distance from withers to tail root. The proportions are those of
the built-in zebra's mean; only the directions of the free limbs, neck, head and tail enter a pose.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .rotations import Array
from .skeleton import JOINT_PARENTS, JOINTS, SIDES

_MIDDLE: Final = {
    "pelvis": (0.0, 0.453, 1.040),
    "spine": (0.0, 0.347, 1.145),
    "chest": (0.0, -0.154, 1.116),
    "neck_base": (0.0, -0.462, 1.078),
    "neck_top": (0.0, -0.671, 1.306),
    "head": (0.0, -0.838, 1.471),
    "tail_base": (0.0, 0.607, 1.169),
    "tail_middle": (0.0, 0.719, 1.054),
    "tail_end": (0.0, 0.736, 0.774),
    "nose": (0.0, -1.231, 1.114),
    "tail_tip": (0.0, 0.740, 0.480),
}
_LEFT: Final = {
    "scapula": (0.086, -0.337, 1.221),
    "upper_arm": (0.133, -0.539, 0.926),
    "forearm": (0.128, -0.385, 0.764),
    "front_cannon": (0.111, -0.372, 0.419),
    "front_foot": (0.109, -0.364, 0.199),
    "front_toe": (0.109, -0.419, 0.045),
    "thigh": (0.114, 0.453, 1.040),
    "shin": (0.141, 0.332, 0.797),
    "hind_cannon": (0.125, 0.590, 0.497),
    "hind_foot": (0.120, 0.583, 0.203),
    "hind_toe": (0.120, 0.525, 0.045),
}

TIPS: Final[dict[str, str]] = {
    "head": "nose",
    "tail_end": "tail_tip",
    **{f"{side}_{pair}_foot": f"{side}_{pair}_toe" for side in SIDES for pair in ("front", "hind")},
}
"""Joint at the end of a chain to the point its segment leads to."""


def _places() -> dict[str, Array]:
    places = {name: np.array(place) for name, place in _MIDDLE.items()}
    for side, sign in zip(SIDES, (1.0, -1.0), strict=True):
        for name, (x, y, z) in _LEFT.items():
            places[f"{side}_{name}"] = np.array([sign * x, y, z])
    return places


STANCE: Final[dict[str, Array]] = _places()
"""(3,) places of all joints and tips in the stance, trunk lengths in body axes, the ground at z = 0."""

PARENTS: Final[tuple[int, ...]] = tuple(
    -1 if parent is None else JOINTS.index(parent) for parent in JOINT_PARENTS.values()
)
"""Index of each joint's parent, -1 for the root; parents come first."""

MIRROR: Final[tuple[int, ...]] = tuple(
    JOINTS.index(f"{'right' if name.startswith('left') else 'left'}_{name.partition('_')[2]}")
    if name.partition("_")[0] in SIDES
    else JOINTS.index(name)
    for name in JOINTS
)
"""Index of each joint's left-right counterpart."""

STANCE_OFFSETS: Final[Array] = np.array(
    [STANCE[name] - (STANCE[parent] if parent else STANCE[name]) for name, parent in JOINT_PARENTS.items()]
)
"""(J, 3) place of each joint from its parent; zero for the root."""
