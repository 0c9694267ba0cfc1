"""Which joints each bone of a rig follows: from how the bones hang together, and from the rig's actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.rotations import Array, angle_between, interpolate
from ..anatomy.skeleton import JOINTS
from ..anatomy.stance import PARENTS
from .geometry import FloatArray, IntArray, RigGeometry

_SHARES: Final = np.linspace(0.0, 1.0, 11)
_CHAINS: Final = tuple(
    frozenset(JOINTS.index(name) for name in names)
    for names in (
        ("pelvis", "spine", "chest"),
        ("neck_base", "neck_top", "head"),
        ("tail_base", "tail_middle", "tail_end"),
    )
)

# What the actions must show before they overrule how the bones hang together.
_CLEARLY_BETTER: Final = 0.6
_NOTICEABLE: Final = np.radians(2.0)
_ASTRAY: Final = np.radians(8.0)
_LOOSE: Final = 0.01  # trunks


@dataclass(frozen=True)
class Following:
    """How each of B bones follows the canonical joints.

    Attributes
    ----------
    lead, toward, share
        (B,) a bone turns as joint ``lead``, and by ``share`` of the way on towards joint ``toward``.
    carriers
        (B,) bone that carries each bone's pivot; -1 for none.
    detached
        (B,) mapped bones that do not hang on their limb, as feet on inverse-kinematics bones do.
    stray
        (B,) bones that move by themselves in the rig's actions, as ears and jaws do; no joint tells how.
    """

    lead: IntArray
    toward: IntArray
    share: FloatArray
    carriers: IntArray
    detached: NDArray[np.bool_]
    stray: NDArray[np.bool_]


def structural_following(geometry: RigGeometry, joint_bones: IntArray) -> Following:
    """Tell from the hierarchy alone how bones follow.

    Parameters
    ----------
    geometry
        The rig.
    joint_bones
        (J,) bone of each joint, -1 for none.
    """
    count = len(geometry.bone_names)
    joint_of = bone_joints(joint_bones, count)
    lead, toward = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    share = np.zeros(count)
    for bone in range(count):
        if joint_of[bone] >= 0:
            lead[bone] = toward[bone] = joint_of[bone]
            continue
        above, up = _mapped_above(geometry, joint_of, bone)
        below = _mapped_below(geometry, joint_of, bone)
        if above < 0:
            lead[bone] = toward[bone] = below[0][0] if below else _nearest(geometry, joint_bones, bone)
            continue
        lead[bone] = toward[bone] = above
        for joint, down in below:
            if any(above in chain and joint in chain for chain in _CHAINS):
                toward[bone], share[bone] = joint, up / (up + down)
    carriers = geometry.bone_parents.copy()
    detached = np.zeros(count, dtype=bool)
    for bone in range(count):
        joint = int(joint_of[bone])
        if joint < 0:
            continue
        above = _known_parent(joint_bones, joint)
        hangs_on = _mapped_above(geometry, joint_of, bone)[0]
        # A leg that hangs on another bone of the trunk than its canonical one is attached all the same.
        carrier = int(joint_bones[above]) if above >= 0 else -1
        if carrier >= 0 and hangs_on < 0 and _is_limb(joint) and not _hangs_on(carriers, carrier, bone):
            carriers[bone], detached[bone] = carrier, True
    return Following(lead, toward, share, carriers, detached, np.zeros(count, dtype=bool))


def learnt_following(
    found: Following,
    geometry: RigGeometry,
    joint_bones: IntArray,
    turns: FloatArray,
    moves: FloatArray,
    trunk_length: float,
) -> Following:
    """Correct what the hierarchy says by what the rig's own actions show.

    Parameters
    ----------
    found
        From :func:`structural_following`.
    geometry, joint_bones
        As there.
    turns
        (F, B, 3, 3) rotation of each bone from rest, world space.
    moves
        (F, B, 4, 4) what carries each bone's rest points to their places, world space.
    trunk_length
        File units.
    """
    joint_of = bone_joints(joint_bones, len(geometry.bone_names))
    lead, toward, share = found.lead.copy(), found.toward.copy(), found.share.copy()
    matters = _carries_skin(geometry)
    stray = np.zeros(len(matters), dtype=bool)
    known = [joint for joint, bone in enumerate(joint_bones) if bone >= 0 and joint_of[bone] == joint]
    for bone in np.flatnonzero(matters & (joint_of < 0)):
        own = turns[:, bone]

        def cost(a: int, b: int, t: float, own: Array = own) -> float:
            start, end = turns[:, joint_bones[a]], turns[:, joint_bones[b]]
            return float(angle_between(own, start if a == b else interpolate(start, end, t)).mean())

        options = [
            (
                cost(int(lead[bone]), int(toward[bone]), float(share[bone])),
                lead[bone],
                toward[bone],
                share[bone],
            )
        ]
        below = [joint for joint, _ in _mapped_below(geometry, joint_of, int(bone))]
        above = _mapped_above(geometry, joint_of, int(bone))[0]
        pairs = [(above, joint) for joint in below if above >= 0]
        options += [(cost(a, b, t), a, b, t) for a, b in pairs for t in _SHARES]
        options += [(cost(joint, joint, 0.0), joint, joint, 0.0) for joint in known]
        best = min(options, key=lambda option: option[0])
        if best[0] < _CLEARLY_BETTER * options[0][0] and options[0][0] - best[0] > _NOTICEABLE / 4:
            _, lead[bone], toward[bone], share[bone] = best
        else:
            best = options[0]
        parent = int(geometry.bone_parents[bone])
        stray[bone] = best[0] > _ASTRAY or (parent >= 0 and stray[parent])
    carriers = found.carriers.copy()
    for bone in np.flatnonzero(matters):
        parent = int(geometry.bone_parents[bone])
        joint = int(joint_of[bone])
        other = _known_parent(joint_bones, joint) if joint >= 0 else int(lead[bone])
        candidate = int(joint_bones[other]) if other >= 0 else -1
        if candidate < 0 or candidate in (bone, parent) or _hangs_on(carriers, candidate, int(bone)):
            continue
        head = np.append(geometry.bone_heads[bone], 1.0)
        places = moves[:, bone] @ head
        astray = [
            np.inf
            if carrier < 0
            else float(np.sqrt(((moves[:, carrier] @ head - places) ** 2).sum(1).mean()))
            for carrier in (parent, candidate)
        ]
        if astray[0] > _LOOSE * trunk_length and astray[1] < 0.5 * astray[0]:
            carriers[bone] = candidate
    return Following(lead, toward, share, carriers, found.detached, stray)


def carrier_levels(carriers: IntArray) -> tuple[IntArray, ...]:
    """Bones in groups: those that nothing carries, those that they carry, and so on."""
    depth = np.zeros(len(carriers), dtype=np.int64)
    for bone in range(len(carriers)):
        at = int(carriers[bone])
        while at >= 0:
            depth[bone] += 1
            at = int(carriers[at])
    return tuple(np.flatnonzero(depth == level) for level in range(int(depth.max(initial=0)) + 1))


def bone_joints(joint_bones: IntArray, count: int) -> IntArray:
    """(B,) joint that each bone carries, -1 for none; of several the one nearest to the root."""
    joints = np.full(count, -1, dtype=np.int64)
    for joint in range(len(joint_bones) - 1, -1, -1):
        if joint_bones[joint] >= 0:
            joints[joint_bones[joint]] = joint
    return joints


def _is_limb(joint: int) -> bool:
    return JOINTS[joint].startswith(("left_", "right_"))


def _known_parent(joint_bones: IntArray, joint: int) -> int:
    """Nearest canonical ancestor that the rig has, -1 for none."""
    at = PARENTS[joint]
    while at >= 0 and joint_bones[at] < 0:
        at = PARENTS[at]
    return at


def _mapped_above(geometry: RigGeometry, joint_of: IntArray, bone: int) -> tuple[int, int]:
    """Return the joint of the nearest mapped ancestor of a bone and how many bones up it is; -1 for none."""
    at, steps = int(geometry.bone_parents[bone]), 1
    while at >= 0 and joint_of[at] < 0:
        at, steps = int(geometry.bone_parents[at]), steps + 1
    return (int(joint_of[at]) if at >= 0 else -1), steps


def _mapped_below(geometry: RigGeometry, joint_of: IntArray, bone: int) -> list[tuple[int, int]]:
    """Return the joints of the nearest mapped descendants of a bone, and how many bones down they are."""
    found = []
    waiting = [(bone, 0)]
    while waiting:
        at, steps = waiting.pop(0)
        for child in np.flatnonzero(geometry.bone_parents == at):
            if joint_of[child] >= 0:
                found.append((int(joint_of[child]), steps + 1))
            else:
                waiting.append((int(child), steps + 1))
    return sorted(found)


def _nearest(geometry: RigGeometry, joint_bones: IntArray, bone: int) -> int:
    """Return the joint whose bone's head is nearest at rest."""
    known = np.flatnonzero(joint_bones >= 0)
    heads = geometry.bone_heads
    return int(known[np.argmin(np.linalg.norm(heads[joint_bones[known]] - heads[bone], axis=1))])


def _carries_skin(geometry: RigGeometry) -> NDArray[np.bool_]:
    """(B,) whether a bone or one below it has skin."""
    carries = geometry.weights.sum(axis=0) > 0
    for bone in range(len(carries) - 1, -1, -1):  # children come after parents
        parent = geometry.bone_parents[bone]
        if carries[bone] and parent >= 0:
            carries[parent] = True
    return np.asarray(carries)


def _hangs_on(carriers: IntArray, bone: int, other: int) -> bool:
    """Whether ``other`` carries ``bone``, directly or not."""
    at = bone
    while at >= 0:
        if at == other:
            return True
        at = int(carriers[at])
    return False
