"""Fit a canonical pose to a posed rig, so that posing the rig by it gives the skin back as nearly as it can.

Taking each mapped bone's rotation as its joint's loses what bones in between did (a neck of six bones has two
canonical joints) and what bones were moved instead of turned, and the loss adds up along a chain. So the
joints are fitted by least squares on where the skin is: Gauss-Newton on the rotations of all joints, the root
point, and the roots of the limbs. Each bone's skin enters as six points that have its mean and covariance,
which makes the sum of squares over them that over all its vertices, carried rigidly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.kinematics import accumulate, separate
from ..anatomy.rotations import cross_matrix, from_turn
from ..anatomy.stance import PARENTS
from .geometry import FloatArray, IntArray, RigGeometry
from .retargeting import (
    LIMBS,
    CanonicalPoses,
    Retargeting,
    bone_moves,
    canonical_poses,
    first_of_trunk,
    limb_trunk,
)

_ROUNDS: Final = 4
_AT_ONCE: Final = 64  # frames; bounds the memory of the equations
_LIMB_STIFFNESS: Final = 0.05
"""Weight of leaving a limb's root where the trunk carries it, likewise: turns are preferred to shifts."""

_STIFFNESS: Final = 1e-3
"""Weight of staying at the bones' own rotations, against the whole skin one trunk length off. It decides only
what the skin does not: twist of thin segments, joints without skin."""


def fitted_poses(retargeting: Retargeting, geometry: RigGeometry, matrices: FloatArray) -> CanonicalPoses:
    """Canonical poses that reproduce posed bones best on the skin of the mapped parts.

    Parameters
    ----------
    retargeting, geometry
        The rig.
    matrices
        (F, B, 4, 4) posed bone matrices, bone space to world.
    """
    start = canonical_poses(retargeting, matrices)
    skin = _skin_of(geometry, retargeting)
    if not len(skin.bones):
        return start
    inverse = np.linalg.inv(retargeting.rest_matrices)
    rotations, roots, shifts = [], [], []
    for first in range(0, len(matrices), _AT_ONCE):
        part = slice(first, first + _AT_ONCE)
        moves = matrices[part] @ inverse
        total, root, shift = _fit(
            retargeting,
            accumulate(start.rotations[part]),
            start.root[part],
            skin,
            _carried(moves[:, skin.bones], skin.points),
        )
        rotations.append(separate(total))
        roots.append(root)
        shifts.append(shift)
    return CanonicalPoses(np.concatenate(rotations), np.concatenate(roots), np.concatenate(shifts))


@dataclass(frozen=True)
class _Skin:
    """The skin of n bones as points at rest.

    Attributes
    ----------
    bones
        (n,) bone indices.
    points
        (n, 6, 3) world space.
    weights
        (n,) share of the skin.
    """

    bones: IntArray
    points: FloatArray
    weights: FloatArray


def _skin_of(geometry: RigGeometry, retargeting: Retargeting) -> _Skin:
    weights = geometry.weights.astype(np.float64)
    total = weights.sum(axis=0)
    bones = np.flatnonzero((total > 0) & ~retargeting.following.stray)
    points = np.empty((len(bones), 6, 3))
    for row, bone in enumerate(bones):
        share = weights[:, bone] / total[bone]
        mean = share @ geometry.vertices
        away = geometry.vertices - mean
        spread, axes = np.linalg.eigh((share[:, None] * away).T @ away)
        steps = np.sqrt(3 * np.maximum(spread, 0))[:, None] * axes.T
        points[row] = np.concatenate([mean + steps, mean - steps])
    return _Skin(bones, points, total[bones] / total[bones].sum())


def _carried(moves: FloatArray, points: FloatArray) -> FloatArray:
    """(F, n, 6, 3) points (n, 6, 3) carried by (F, n, 4, 4) moves."""
    return np.einsum("fbij,bpj->fbpi", moves[..., :3, :3], points) + moves[:, :, None, :3, 3]


def _fit(
    retargeting: Retargeting, total: FloatArray, root: FloatArray, skin: _Skin, goal: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit accumulated rotations (F, J, 3, 3), root points (F, 3), shifts (F, 4, 3) to goals (F, n, 6, 3)."""
    frame, scale = retargeting.body_frame, retargeting.trunk_length
    known = np.flatnonzero(retargeting.known)
    root_weight = np.sqrt(skin.weights / 6)[:, None, None]
    turned = 3 * len(known)
    limbs = len(LIMBS)
    shift = np.zeros((len(total), limbs, 3))
    stay = np.concatenate(
        [np.full(turned, _STIFFNESS**2), np.full(3 * limbs, _LIMB_STIFFNESS**2), np.zeros(3)]
    )
    downstream = _downstream(retargeting, skin)
    for _ in range(_ROUNDS):
        moves = bone_moves(retargeting, separate(total), root, shift)
        residual = (goal - _carried(moves[:, skin.bones], skin.points)) / scale * root_weight
        slopes = _slopes(retargeting, moves, skin, known) / scale
        glides = np.zeros((*slopes.shape[:-1], limbs, 3))
        for limb in range(limbs):
            axes = frame.T @ total[:, limb_trunk(limb)]
            glides[..., limb, :] = axes[:, None, None] * downstream[limb][:, None, None, None]
        # The root point is in body axes and trunk lengths.
        shifts = np.broadcast_to(frame.T, (*slopes.shape[:-1], 3))
        glides = glides.reshape(*slopes.shape[:-1], -1)
        rows = np.concatenate([slopes, glides, shifts], axis=-1) * root_weight[..., None]
        rows = rows.reshape(len(total), -1, rows.shape[-1])
        transposed = np.swapaxes(rows, 1, 2)
        right = (transposed @ residual.reshape(len(total), -1, 1))[..., 0]
        # Shifts are held at nothing, turns only where they are: a fit from afar must not be held back.
        right[:, turned : turned + 3 * limbs] -= _LIMB_STIFFNESS**2 * shift.reshape(len(total), -1)
        step = np.linalg.solve(transposed @ rows + np.diag(stay), right[..., None])[..., 0]
        turns = step[:, :turned].reshape(len(total), len(known), 3)
        total = total.copy()
        total[:, known] = frame @ from_turn(turns) @ frame.T @ total[:, known]
        for joint in np.flatnonzero(~retargeting.known):
            if PARENTS[joint] >= 0:
                total[:, joint] = total[:, PARENTS[joint]]
        shift = shift + step[:, turned:-3].reshape(shift.shape)
        root = root + step[:, -3:]
    return total, root, shift


def _downstream(retargeting: Retargeting, skin: _Skin) -> NDArray[np.bool_]:
    """(4, n) which bones with skin are carried by the root of each limb."""
    found = np.zeros((len(LIMBS), len(skin.bones)), dtype=bool)
    for column, bone in enumerate(skin.bones):
        at = int(bone)
        while at >= 0:
            found[:, column] |= retargeting.limb_bones == at
            at = int(retargeting.following.carriers[at])
    return found


def _slopes(retargeting: Retargeting, moves: FloatArray, skin: _Skin, known: IntArray) -> FloatArray:
    """(F, n, 6, 3, 3 * known joints) how the skin moves when joints turn a little about world axes.

    A point is where its root is plus the turned steps from pivot to pivot along its carriers; a turn of one
    of those bones moves it by the cross product with that step. The root point itself is held where it is,
    so what moves it is taken off everything.
    """
    column = {joint: number for number, joint in enumerate(known)}
    anchor = retargeting.joint_bones[first_of_trunk(retargeting.joint_bones)]
    found = np.zeros((len(moves), len(skin.bones), 6, 3, len(known), 3))
    for row, bone in enumerate(skin.bones):
        _add_slopes(found[:, row], retargeting, moves, int(bone), skin.points[row], column)
    held = np.zeros((len(moves), 1, 3, len(known), 3))
    _add_slopes(held, retargeting, moves, int(anchor), retargeting.root_rest[None], column)
    found -= held[:, None]
    return found.reshape(*found.shape[:-2], -1)


def _add_slopes(
    into: FloatArray,
    retargeting: Retargeting,
    moves: FloatArray,
    bone: int,
    ends: FloatArray,
    column: dict[int, int],
) -> None:
    """Add to (F, p, 3, known joints, 3) the slopes of p points that a bone carries, given at rest."""
    following = retargeting.following
    while bone >= 0:
        pivot = retargeting.pivots[bone]
        arms = np.einsum("fij,pj->fpi", moves[:, bone, :3, :3], ends - pivot)
        slope = -cross_matrix(arms)
        share = following.share[bone]
        for joint, part in ((following.lead[bone], 1 - share), (following.toward[bone], share)):
            if part > 0:
                into[:, :, :, column[int(joint)]] += part * slope
        ends, bone = pivot[None], int(following.carriers[bone])
