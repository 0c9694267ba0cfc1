"""Joints of a bare skeleton and the ends of its chains, in every frame of a motion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..anatomy.kinematics import accumulate
from ..anatomy.rotations import Array
from .bvh import Motion


@dataclass(frozen=True)
class Points:
    """Joints of a skeleton and the ends of its chains.

    Attributes
    ----------
    names
        P names; an end's is its joint's with ``_end``.
    parents
        P parents, -1 for the root.
    places
        (F, P, 3) in each frame.
    zero
        (P, 3) when all rotations are zero.
    totals
        (F, J, 3, 3) rotation of each joint in the file's axes; the points that are joints come first.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    places: Array
    zero: Array
    totals: Array

    def path(self, point: int) -> list[int]:
        """Points from the root to a point."""
        found = [point]
        while self.parents[found[-1]] >= 0:
            found.append(self.parents[found[-1]])
        return found[::-1]

    @property
    def ends(self) -> list[int]:
        """Points that nothing hangs on."""
        return sorted(set(range(len(self.parents))) - set(self.parents))


def points_of(motion: Motion) -> Points:
    """Joints and ends of a motion, in every frame."""
    joints = len(motion.names)
    parents = (*motion.parents, *(joint for joint, _ in motion.ends))
    names = (*motion.names, *(f"{motion.names[joint]}_end" for joint, _ in motion.ends))
    reach = np.array([offset for _, offset in motion.ends]).reshape(-1, 3)

    def places(totals: Array, steps: Array) -> Array:
        found = np.empty((len(totals), len(parents), 3))
        for point, parent in enumerate(parents):
            step = (
                steps[:, point]
                if point < joints
                else np.broadcast_to(reach[point - joints], (len(totals), 3))
            )
            turned = step if parent < 0 else (totals[:, parent] @ step[:, :, None])[..., 0]
            found[:, point] = turned if parent < 0 else found[:, parent] + turned
        return found

    totals = accumulate(motion.rotations, motion.parents)
    still = np.tile(np.eye(3), (1, joints, 1, 1))
    return Points(
        names, parents, places(totals, motion.steps), places(still, motion.offsets[None])[0], totals
    )
