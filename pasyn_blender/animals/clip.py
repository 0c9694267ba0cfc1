"""What a motion is, and the curves and poses that all motions share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .kinematics import Figure, turn
from .skeleton import Bone
from .sweep import FloatArray

FRAMES_PER_SECOND: Final = 24
HOOVES: Final = (("hind", ".L"), ("fore", ".L"), ("hind", ".R"), ("fore", ".R"))


@dataclass(frozen=True)
class Clip:
    """A motion.

    Attributes
    ----------
    name
        Action name.
    turns
        (F, B, 3, 3) turn of each bone relative to its parent, in body axes; the last frame equals the first.
    offset
        (F, 3) shift of the root, metres.
    stance
        (F, 4) whether each hoof, in the order of :data:`HOOVES`, stands on the ground.
    speed
        Metres per frame that the ground moves backwards under the animal.
    miss
        Largest distance between a hoof and where it was to be, metres.
    """

    name: str
    turns: FloatArray
    offset: FloatArray
    stance: NDArray[np.bool_]
    speed: float
    miss: float


def wave(phase: FloatArray, beats: float = 1.0, peak: float = 0.0) -> FloatArray:
    """Cosine over the stride that is highest at ``peak``."""
    curve: FloatArray = np.cos(2.0 * np.pi * beats * (phase - peak))
    return curve


def ease(t: FloatArray) -> FloatArray:
    """Smooth step from 0 at t = 0 to 1 at t = 1."""
    t = np.clip(t, 0.0, 1.0)
    eased: FloatArray = t * t * (3.0 - 2.0 * t)
    return eased


def hump(t: FloatArray, peak: float) -> FloatArray:
    """Smooth rise from 0 at t = 0 to 1 at ``peak`` and back to 0 at t = 1."""
    warped = np.where(t < peak, 0.5 * t / peak, 0.5 + 0.5 * (t - peak) / (1.0 - peak))
    curve: FloatArray = np.sin(np.pi * np.clip(warped, 0.0, 1.0)) ** 2
    return curve


def toe_of(bones: Sequence[Bone], limb: str, suffix: str) -> FloatArray:
    """(3,) rest position of a toe's tip; ``limb`` is ``fore`` or ``hind``."""
    kind = "front" if limb == "fore" else "hind"
    tail: FloatArray = next(bone.tail for bone in bones if bone.name == f"{kind}_hoof{suffix}")
    return tail


def pose_neck(figure: Figure, pitch: FloatArray, head: FloatArray, yaw: FloatArray | float = 0.0,
               roll: FloatArray | float = 0.0,
               lowered: NDArray[np.bool_] | bool = False) -> None:  # fmt: skip
    """Share a turn of the neck among its bones, and turn the head by so much more.

    A neck lowered to the ground bends at its base, hardly in its middle.
    """
    yaw, roll = np.asarray(yaw, float), np.asarray(roll, float)
    shares = (0.45, 0.32, 0.23)
    bends = [np.where(lowered, low, share) for low, share in zip((0.66, 0.26, 0.08), shares, strict=True)]
    for name, share, bend in zip(("neck_1", "neck_2", "neck_3"), shares, bends, strict=True):
        figure.rotate(name, turn(2, share * 0.8 * yaw), turn(0, bend * pitch))
    figure.rotate("head", turn(2, 0.2 * yaw), turn(1, roll), turn(0, head))


TAIL_LAGS: Final = (0.0, 0.09, 0.18, 0.27)
"""Shares of the motion by which the tail's bones swing later than the first."""


def pose_tail(figure: Figure, raised: FloatArray | float, swings: Sequence[FloatArray]) -> None:
    """Raise the tail by degrees, and swing each of its bones to the side by degrees."""
    for i, share in enumerate((0.55, 0.3, 0.15, 0.0)):
        figure.rotate(
            f"tail_{i + 1}",
            turn(1, swings[i] * (0.5 + 0.35 * i)),
            turn(0, share * np.asarray(raised, float)),
        )


def pose_ears(figure: Figure, forward: FloatArray, out: FloatArray) -> None:
    """Turn both ears back and their openings outwards, in degrees."""
    for suffix, sign in ((".L", 1.0), (".R", -1.0)):
        figure.rotate(f"ear{suffix}", turn(2, sign * out), turn(0, forward))
