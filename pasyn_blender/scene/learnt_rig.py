"""What a rig's own actions teach about posing it: read a few moments at a time, worked out without Blender.

:class:`~.canonical_posing.CanonicalPosing` plays the actions in one go, which a person at a window would
have to wait for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import bpy
import numpy as np

from ..prior.limits import JointLimits
from ..rig.actions import apply_action, clear_action, sampled_actions
from ..rig.extraction import deformed_vertices, posed_bone_matrices
from ..rig.geometry import FloatArray, RigGeometry
from ..rig.loaded_rig import LoadedRig
from ..rig.retargeting import Retargeting, prepare_retargeting
from ..rig.rig_map import RigMap
from ..rig.self_intersection import SelfIntersectionTest, prepare_self_intersection
from .canonical_posing import MOST_OWN_POSES, OWN_POSES, CanonicalPosing

_EXAMPLES_AN_ACTION = 6  # as pasyn_blender.rig.clips.retargeting_of takes


@dataclass
class PlayedActions:
    """Moments of a rig's own actions.

    Attributes
    ----------
    matrices
        (B, 4, 4) bone matrices of each example, world space.
    vertices
        (V, 3) vertices of each pose by which the skin is judged, world space.
    """

    matrices: list[FloatArray] = field(default_factory=list)
    vertices: list[FloatArray] = field(default_factory=list)


@dataclass(frozen=True)
class LearntRig:
    """How a rig's bones follow the canonical joints, and how far its skin may run through itself."""

    retargeting: Retargeting
    intersections: SelfIntersectionTest


class LearntPosing(CanonicalPosing):
    """Poses a rig of which is known what its actions teach.

    Parameters
    ----------
    rig, geometry
        The rig and its rest pose.
    learnt
        From :func:`learn`.
    limits
        Of the joints.
    """

    def __init__(self, rig: LoadedRig, geometry: RigGeometry, learnt: LearntRig, limits: JointLimits) -> None:
        # Not the base's own: it would play the actions.
        self.rig = rig
        self.geometry = geometry
        self.limits = limits
        self.retargeting = learnt.retargeting
        self.intersections = learnt.intersections
        self._standing = None


def play_actions(rig: LoadedRig, played: PlayedActions) -> Iterator[float]:
    """Play a rig's own actions, a moment at a step, and note how bones and skin move.

    The rig is left in its rest pose without an action; the scene's current frame is changed.

    Parameters
    ----------
    rig
        The rig.
    played
        Where moments are noted.

    Yields
    ------
    float
        Share that is done, after each moment.
    """
    actions = sampled_actions(rig) if rig.overlap is None else ()
    moments = max(3, min(OWN_POSES, MOST_OWN_POSES // max(len(actions), 1)))
    done, total = 0, len(actions) * (_EXAMPLES_AN_ACTION + moments)
    for action in actions:
        for count, for_bones in ((_EXAMPLES_AN_ACTION, True), (moments, False)):
            for frame in np.linspace(action.start, action.end, count):
                apply_action(rig, action.name, float(frame))
                bpy.context.view_layer.update()
                depsgraph = bpy.context.evaluated_depsgraph_get()
                if for_bones:
                    played.matrices.append(posed_bone_matrices(rig, depsgraph))
                else:
                    played.vertices.append(deformed_vertices(rig, depsgraph))
                done += 1
                yield done / total
    clear_action(rig)


def learn(
    geometry: RigGeometry, rig_map: RigMap, played: PlayedActions, overlap: float | None = None
) -> LearntRig:
    """Work out what the actions teach; touches no Blender data.

    Parameters
    ----------
    geometry, rig_map
        The rig at rest and its map.
    played
        From :func:`play_actions`.
    overlap
        As the rig has it.

    Raises
    ------
    RigMapError
        The map has no joint of the trunk, or does not fit the rig.
    """
    examples = np.array(played.matrices) if played.matrices else None
    retargeting = prepare_retargeting(geometry, rig_map, examples)
    intersections = prepare_self_intersection(geometry, played.vertices, retargeting.following.lead, overlap)
    return LearntRig(retargeting, intersections)
