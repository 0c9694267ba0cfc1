"""What the prior says of the animal's present pose, worked out anew after changes while the panel is shown.

Bones are read on Blender's main thread, which takes a millisecond; judging is done in a thread.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..errors import PasynError
from ..prior.pose_verdict import OwnPoses, Verdict, own_poses_of, verdict
from ..prior.sampler import Prior
from ..rig.geometry import FloatArray
from . import posing, scene_prior
from .stepwise_work import at_work

_LOOK_SECONDS = 0.1
_SHOWN_SECONDS = 1.0
"""How long after its last drawing the panel counts as shown: what is not looked at costs nothing."""


@dataclass
class _State:
    """What is known, and what is being worked out."""

    stale: bool = True
    shown: float = 0.0
    scene: str = ""
    judged: bytes = b""
    result: Verdict | None = None
    problem: str = ""
    thread: threading.Thread | None = None


_state = _State()


def judged_now(context: bpy.types.Context) -> Verdict:
    """Judge the present pose at once.

    Raises
    ------
    PasynError
        There is no mapped animal, or the prior cannot be read.
    """
    animal, prior, posed = _read(context)
    return _judged(animal, prior, posed)


def shown(context: bpy.types.Context) -> tuple[Verdict | None, str]:
    """The verdict as far as it is known, or why there is none; for a panel to call while it is drawn."""
    _state.shown = time.monotonic()
    if _state.scene != context.scene.name:
        _state.scene, _state.stale, _state.result, _state.problem = context.scene.name, True, None, ""
    if (_state.stale or _state.thread is not None) and not bpy.app.timers.is_registered(_look):
        bpy.app.timers.register(_look, first_interval=_LOOK_SECONDS)
    return _state.result, _state.problem


def remember(found: Verdict) -> None:
    """Show a verdict that was worked out elsewhere."""
    _state.result, _state.problem = found, ""


def mark_stale(*_arguments: Any) -> None:
    """Judge anew when the panel is next drawn."""
    _state.stale = True


def _read(context: bpy.types.Context) -> tuple[posing.SceneAnimal, Prior, FloatArray]:
    animal = posing.unread_animal(context)
    return animal, scene_prior.scene_prior(context.scene), posing.present_bones(animal)


def _judged(animal: posing.SceneAnimal, prior: Prior, posed: FloatArray) -> Verdict:
    known = animal.retargeting.known
    own: OwnPoses = scene_prior.derived_from(
        prior, f"own poses {known.tobytes().hex()}", lambda: own_poses_of(prior, known)
    )
    pose = posing.pose_of_bones(animal, posed).rotations[0]
    return verdict(prior, own, pose, scene_prior.joint_limits(), scene_prior.collisions())


def _look() -> float | None:
    """Start judging, or see whether it is done; Blender's timer calls it."""
    context = bpy.context
    if _state.thread is not None:
        if _state.thread.is_alive():
            return _LOOK_SECONDS
        _state.thread = None
        _redraw()
    if not _state.stale or time.monotonic() - _state.shown > _SHOWN_SECONDS:
        return None
    if context.scene is None or context.mode not in {"OBJECT", "POSE"}:
        return None
    if at_work():
        return 5 * _LOOK_SECONDS
    _state.stale = False
    try:
        animal, prior, posed = _read(context)
    except PasynError as error:
        if _state.problem != str(error):
            _state.result, _state.problem, _state.judged = None, str(error), b""
            _redraw()
        return None
    # Looking at the animal counts as a change too; the same pose is not judged twice.
    mark = np.round(posed, 6).tobytes() + str(id(prior)).encode()
    if mark == _state.judged:
        return None
    _state.judged = mark

    def work() -> None:
        try:
            _state.result, _state.problem = _judged(animal, prior, posed), ""
        except PasynError as error:
            _state.result, _state.problem = None, str(error)

    _state.thread = threading.Thread(target=work, daemon=True, name="PASyn judges")
    _state.thread.start()
    return _LOOK_SECONDS


def _redraw() -> None:
    manager = bpy.context.window_manager
    for window in manager.windows if manager is not None else ():
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


@bpy.app.handlers.persistent
def _changed(*_arguments: Any) -> None:
    mark_stale()


@bpy.app.handlers.persistent
def _file_loaded(*_arguments: Any) -> None:
    posing.forget()
    _state.stale, _state.scene = True, ""


def _listeners() -> tuple[tuple[Any, Any], ...]:
    handlers = bpy.app.handlers
    return (
        (handlers.depsgraph_update_post, _changed),
        (handlers.frame_change_post, _changed),
        (handlers.undo_post, _changed),
        (handlers.redo_post, _changed),
        (handlers.load_post, _file_loaded),
    )


def register() -> None:
    """Listen for changes of pose, frame and file."""
    for handlers, listener in _listeners():
        handlers.append(listener)


def unregister() -> None:
    """Stop listening and forget everything."""
    for handlers, listener in _listeners():
        handlers.remove(listener)
    if bpy.app.timers.is_registered(_look):
        bpy.app.timers.unregister(_look)
    posing.forget()
    scene_prior.forget()
    _state.__init__()  # type: ignore[misc]
