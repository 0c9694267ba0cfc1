"""The sliders that move the present pose along the strongest latent directions, live.

What all sliders are counted from is a property, so that undo takes slider and pose back together. Where the
pose was changed otherwise since, the sliders go on from what it is now.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import bpy
import numpy as np

from ..anatomy.kinematics import accumulate
from ..anatomy.rotations import from_turn, to_turn
from ..prior.latent_directions import along_directions
from ..rig.geometry import FloatArray
from ..rig.retargeting import CanonicalPoses
from . import posing, scene_prior
from .stepwise_work import run_steps

_resetting = False


def reset(scene: Any) -> None:
    """Set the sliders back to zero without moving the animal: what it shows now is where they start."""
    global _resetting
    settings = scene.pasyn.pose
    settings.directions_start = ""
    if any(settings.directions):
        _resetting = True
        try:
            settings.directions = (0.0,) * len(settings.directions)
        finally:
            _resetting = False


def moved(context: bpy.types.Context) -> None:
    """Pose the animal as the sliders say; Blender calls it when one is moved."""
    if _resetting or context.scene.pasyn.animal.armature is None:
        return
    # Panels show the sliders once the actions are read; a script may be first, and waits.
    animal = posing.scene_animal(context) or run_steps(posing.learning(context))
    settings = context.scene.pasyn.pose
    prior = scene_prior.scene_prior(context.scene)
    directions = scene_prior.directions_of(prior)
    wanted = np.array(settings.directions, dtype=np.float64)[: len(directions.steps)]
    if _is_shown(animal.rig.armature, settings, wanted):
        return  # Blender calls twice where one of several numbers is set
    start = _start(animal, settings, len(wanted))
    rotations = along_directions(prior, directions, start["rotations"], wanted - start["amounts"])
    pose = CanonicalPoses(rotations[None], _as_high(animal, start, rotations)[None], np.zeros((1, 4, 3)))
    posing.show_pose(context, animal, pose)
    settings.directions_start = json.dumps(
        {
            "turns": to_turn(start["rotations"]).tolist(),
            "root": start["root"].tolist(),
            "amounts": start["amounts"].tolist(),
            "shown": _digest(animal.rig.armature),
            "shown_amounts": wanted.tolist(),
        }
    )


def _is_shown(armature: Any, settings: Any, wanted: FloatArray) -> bool:
    if not settings.directions_start:
        return False
    kept = json.loads(settings.directions_start)
    return bool(kept["shown_amounts"] == wanted.tolist() and kept["shown"] == _digest(armature))


def _start(animal: posing.SceneAnimal, settings: Any, count: int) -> dict[str, FloatArray]:
    """Pose, root point and slider values that the sliders are counted from."""
    kept = json.loads(settings.directions_start) if settings.directions_start else None
    if kept is not None and kept["shown"] == _digest(animal.rig.armature) and len(kept["amounts"]) == count:
        return {
            "rotations": from_turn(np.array(kept["turns"])),
            "root": np.array(kept["root"]),
            "amounts": np.array(kept["amounts"]),
        }
    now = posing.current_pose(animal)
    before = kept["shown_amounts"] if kept is not None and len(kept["shown_amounts"]) == count else None
    amounts = np.zeros(count) if before is None else np.array(before)
    return {"rotations": now.rotations[0], "root": now.root[0], "amounts": amounts}


def _as_high(animal: posing.SceneAnimal, start: dict[str, FloatArray], rotations: FloatArray) -> FloatArray:
    """(3,) root point at which the pose's lowest part is as high as that of the pose it started from."""
    contact = posing.ground_contact(animal)
    total = accumulate(np.stack([start["rotations"], rotations]))
    lowest = contact.carried(total, contact.parts.outer)[..., 2].min(axis=1)
    root = start["root"].copy()
    root[2] += lowest[0] - lowest[1]
    return root


def _digest(armature: Any) -> str:
    """Hash of the pose's channels: whether it is still the one that was shown."""
    bones = armature.pose.bones
    values = np.empty(16 * len(bones), dtype=np.float32)
    bones.foreach_get("matrix_basis", values)
    return hashlib.sha1(values.tobytes()).hexdigest()
