"""Takes canonical poses with a rig: on the ground, inside its limits, not through itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np

from ..anatomy.rotations import from_turn
from ..errors import RenderError
from ..prior.limits import JointLimits, read_limits
from ..rig.actions import sampled_actions
from ..rig.clips import retargeting_of
from ..rig.geometry import FloatArray, IntArray, RigGeometry
from ..rig.ground_contact import skin_parts
from ..rig.loading import LoadedRig, apply_action, deformed_vertices
from ..rig.posing import RigPoser
from ..rig.retargeting import prepare_retargeting
from ..rig.rig_map import RigMap
from ..rig.self_intersection import SelfIntersectionTest, prepare_self_intersection
from ..rig.standing import Stand, StandingRig

OWN_POSES: Final = 8
"""Moments of each of the rig's own actions that show what its skin lets pass."""
MOST_OWN_POSES: Final = 104
"""Moments in all, where a rig has many actions."""


@dataclass(frozen=True)
class TakenPose:
    """A canonical pose as a rig took it.

    Attributes
    ----------
    candidate
        Which of the poses offered it is, from 0.
    rotations
        (J, 3, 3) rotation of each joint relative to its parent in body axes, as it was taken.
    vertices
        (V, 3) evaluated vertices, world space.
    clearance
        (4,) height of the lowest vertex of each foot above ground, trunk lengths; NaN for one without skin.
    self_intersection
        Share of the rig's triangles that run through others beyond what is natural.
    allowed
        The share up to which the rig's own actions go; above it only where no candidate was below.
    rounds
        How often the pose was stood: more than once where bending its legs left the joints' limits.
    """

    candidate: int
    rotations: FloatArray
    vertices: FloatArray
    clearance: FloatArray
    self_intersection: float
    allowed: float
    rounds: int

    @property
    def passes(self) -> bool:
        """Whether the skin runs through itself no more than in the rig's own actions."""
        return self.self_intersection <= self.allowed


class CanonicalPosing:
    """Poses one rig canonically, pose after pose.

    Parameters
    ----------
    rig, geometry, rig_map
        The rig, its rest pose and its map. Its actions are played once, to learn how its bones move, unless
        that is known.
    limits
        Of the joints; by default the shipped ones.

    Raises
    ------
    RigMapError
        The map has no joint of the trunk, or does not fit the rig.
    """

    def __init__(
        self, rig: LoadedRig, geometry: RigGeometry, rig_map: RigMap, limits: JointLimits | None = None
    ) -> None:
        self.rig = rig
        self.geometry = geometry
        self.limits = read_limits() if limits is None else limits
        known = rig.overlap is not None
        self.retargeting = (
            prepare_retargeting(geometry, rig_map) if known else retargeting_of(rig, geometry, rig_map)
        )
        # Bones that share a joint's turn are one part.
        self.intersections: SelfIntersectionTest = prepare_self_intersection(
            geometry, () if known else own_poses(rig), self.retargeting.following.lead, rig.overlap
        )
        self._standing: StandingRig | None = None

    def take(self, candidates: Sequence[FloatArray]) -> TakenPose:
        """Pose the rig by the first candidate whose skin does not run through itself.

        Where all do, by the one that does least.

        Parameters
        ----------
        candidates
            (J, 3, 3) canonical poses.

        Raises
        ------
        RenderError
            There is no candidate, or a modifier of the rig changes the number of vertices with the pose.
        """
        if not candidates:
            raise RenderError("the shot names no pose; delete shots.jsonl and run again")
        best: TakenPose | None = None
        for number, candidate in enumerate(candidates):
            taken = self._taken(number, candidate)
            if taken.passes:
                return taken
            if best is None or taken.self_intersection < best.self_intersection:
                best = taken
        assert best is not None
        if best.candidate == len(candidates) - 1:
            return best
        return self._taken(best.candidate, candidates[best.candidate])

    @property
    def bearing(self) -> IntArray:
        """Vertices of trunk and limbs, none of which may be under ground."""
        return skin_parts(self.geometry, self.retargeting).bearing

    def release(self) -> None:
        """Give the rig back its constraints and actions; the next pose takes them off again."""
        if self._standing is not None:
            self._standing.poser.release()
            self._standing = None

    def stand(self, rotations: FloatArray) -> tuple[Stand, int]:
        """Stand a pose inside the joints' limits; also how often it had to be stood."""
        if self._standing is None:
            self._standing = StandingRig(RigPoser(self.rig, self.retargeting), self.geometry)
        return self._standing.pose_within(self.limits, rotations)

    def _taken(self, number: int, candidate: FloatArray) -> TakenPose:
        stand, rounds = self.stand(candidate)
        if len(stand.vertices) != len(self.geometry.vertices):
            raise RenderError(
                f"the pose changes the number of vertices from {len(self.geometry.vertices)} to "
                f"{len(stand.vertices)}; a modifier of the rig depends on the pose"
            )
        return TakenPose(
            candidate=number,
            rotations=stand.rotations,
            vertices=stand.vertices,
            clearance=stand.clearance,
            self_intersection=self.intersections.share(stand.vertices),
            allowed=self.intersections.allowed,
            rounds=rounds,
        )


def from_turns(turns: Sequence[Sequence[float]]) -> FloatArray:
    """(J, 3, 3) pose of (J, 3) turn vectors in radians."""
    return np.asarray(from_turn(np.array(turns, dtype=np.float64)))


def own_poses(rig: LoadedRig, moments: int | None = None) -> list[FloatArray]:
    """(V, 3) vertices of some moments of a rig's own actions: the more actions, the fewer of each."""
    found = []
    actions = sampled_actions(rig)
    if moments is None:
        moments = max(3, min(OWN_POSES, MOST_OWN_POSES // max(len(actions), 1)))
    for action in actions:
        for frame in np.linspace(action.start, action.end, moments):
            apply_action(rig, action.name, float(frame))
            bpy.context.view_layer.update()
            found.append(deformed_vertices(rig, bpy.context.evaluated_depsgraph_get()))
    return found
