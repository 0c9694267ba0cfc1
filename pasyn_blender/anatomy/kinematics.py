"""Forward kinematics of the canonical quadruped, for any number of poses at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .rotations import Array, mirrored
from .stance import MIRROR, PARENTS


def accumulate(local: Array, parents: Sequence[int] = PARENTS) -> Array:
    """Rotations relative to the stance of joints given relative to their parents.

    Parameters
    ----------
    local
        (..., J, 3, 3) rotation of each joint relative to its parent.
    parents
        J parent indices, parents first, -1 for roots.

    Returns
    -------
    (..., J, 3, 3) array
        Each joint's rotation in body axes.
    """
    total = np.empty_like(local)
    for joint, parent in enumerate(parents):
        own = local[..., joint, :, :]
        total[..., joint, :, :] = own if parent < 0 else total[..., parent, :, :] @ own
    return total


def separate(total: Array, parents: Sequence[int] = PARENTS) -> Array:
    """Rotations relative to parents: the inverse of :func:`accumulate`."""
    local = total.copy()
    for joint, parent in enumerate(parents):
        if parent >= 0:
            above = np.swapaxes(total[..., parent, :, :], -1, -2)
            local[..., joint, :, :] = above @ total[..., joint, :, :]
    return local


def joint_places(
    total: Array, offsets: Array, root: Array | float = 0.0, parents: Sequence[int] = PARENTS
) -> Array:
    """Where the joints are.

    Parameters
    ----------
    total
        (..., J, 3, 3) rotations in body axes, from :func:`accumulate`.
    offsets
        (J, 3), or broadcastable to (..., J, 3): place of each joint from its parent in the stance.
    root
        (..., 3) place of the root joint.
    parents
        As in :func:`accumulate`.

    Returns
    -------
    (..., J, 3) array
        In the unit of ``offsets``.
    """
    shape = total.shape[:-2]
    offsets = np.broadcast_to(offsets, (*shape, 3)).astype(total.dtype, copy=False)
    places = np.empty((*shape, 3), dtype=total.dtype)
    for joint, parent in enumerate(parents):
        if parent < 0:
            places[..., joint, :] = root
        else:
            step = (total[..., parent, :, :] @ offsets[..., joint, :, None])[..., 0]
            places[..., joint, :] = places[..., parent, :] + step
    return places


def mirrored_pose(local: Array, mirror: Sequence[int] = MIRROR) -> Array:
    """(..., J, 3, 3) pose that a mirror on the body's midplane shows: sides swapped, rotations mirrored."""
    return mirrored(local[..., list(mirror), :, :])
