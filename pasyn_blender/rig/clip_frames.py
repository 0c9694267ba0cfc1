"""Reading an action as a clip of canonical poses, a frame at a step.

:func:`~.clips.read_clip` does the same in one go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import bpy
import numpy as np

from ..prior.corpus import Clip
from .actions import ActionRange, apply_action
from .extraction import deformed_vertices, posed_bone_matrices
from .geometry import FloatArray, RigGeometry
from .ground_contact import foot_vertices
from .loaded_rig import LoadedRig
from .pose_fitting import fitted_poses
from .retargeting import Retargeting


@dataclass
class PlayedClip:
    """Frames of an action as they were read.

    Attributes
    ----------
    matrices
        (B, 4, 4) bone matrices of each frame, world space.
    clearance
        (4,) height of each foot above ground in each frame, file units; NaN for a foot without skin.
    """

    matrices: list[FloatArray] = field(default_factory=list)
    clearance: list[list[float]] = field(default_factory=list)


def play_clip(
    rig: LoadedRig,
    geometry: RigGeometry,
    retargeting: Retargeting,
    action: ActionRange,
    rate: float,
    played: PlayedClip,
) -> Iterator[float]:
    """Play an action, a frame at a step, and note what is seen.

    Parameters
    ----------
    rig, geometry, retargeting, action, rate
        As :func:`~.clips.read_clip` takes them.
    played
        Where frames are noted.

    Yields
    ------
    float
        Share that is done, after each frame.
    """
    render = bpy.context.scene.render
    own_rate = rig.rate or render.fps / render.fps_base
    seconds = (action.end - action.start) / own_rate
    frames = action.start + np.arange(int(np.floor(seconds * rate + 1e-6)) + 1) * own_rate / rate
    soles = foot_vertices(geometry, retargeting)
    for number, frame in enumerate(frames):
        apply_action(rig, action.name, float(frame))
        bpy.context.view_layer.update()
        depsgraph = bpy.context.evaluated_depsgraph_get()
        played.matrices.append(posed_bone_matrices(rig, depsgraph))
        heights = deformed_vertices(rig, depsgraph) @ retargeting.body_frame[2] - retargeting.ground
        played.clearance.append([heights[sole].min() if len(sole) else np.nan for sole in soles])
        yield (number + 1) / len(frames)


def fitted_clip(
    name: str,
    animal: str,
    geometry: RigGeometry,
    retargeting: Retargeting,
    played: PlayedClip,
    rate: float,
) -> Clip:
    """Express played frames on the canonical quadruped; touches no Blender data.

    Parameters
    ----------
    name, animal
        Of the clip; species and action category are left empty.
    geometry, retargeting
        The rig.
    played
        From :func:`play_clip`.
    rate
        Frames a second.
    """
    poses = fitted_poses(retargeting, geometry, np.array(played.matrices))
    return Clip(
        name=name,
        animal=animal,
        species="",
        action="",
        rate=rate,
        rotations=poses.rotations.astype(np.float32),
        known=retargeting.known,
        offsets=retargeting.offsets.astype(np.float32),
        root=poses.root.astype(np.float32),
        clearance=(np.array(played.clearance) / retargeting.trunk_length).astype(np.float32),
        shifts=poses.shifts.astype(np.float32),
        stand=round(retargeting.root_height, 6),
    )
