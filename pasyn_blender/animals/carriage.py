"""Trunk, neck and tail of a moving animal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from .clip import TAIL_LAGS, pose_ears, pose_neck, pose_tail
from .cycles import Cycles
from .kinematics import Figure, turn
from .skeleton import Bone
from .sweep import FloatArray


@dataclass(frozen=True)
class Carriage:
    """How trunk, neck and tail are carried; each (F,), lengths in metres, angles in degrees.

    Attributes
    ----------
    hips, shoulders
        Height above their place at rest.
    bend
        Flexion of the back between pelvis and chest.
    roll, yaw
        Turn of the pelvis about the other two axes; the chest turns against it.
    neck, head
        How far the neck is lowered, and the nose against the neck.
    look
        Turn of the head to the left.
    tail, sway
        How far the tail is raised, and its swing to the sides.
    ears
        How far the ears are laid back.
    """

    hips: FloatArray
    shoulders: FloatArray
    bend: FloatArray
    roll: FloatArray
    yaw: FloatArray
    neck: FloatArray
    head: FloatArray
    look: FloatArray
    tail: FloatArray
    sway: FloatArray
    ears: FloatArray

    @staticmethod
    def joined(parts: Sequence[Carriage]) -> Carriage:
        """Several motions one after another."""
        names = [field.name for field in fields(Carriage)]
        return Carriage(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


_STEADY_NECK = 0.75
"""Share of the chest's pitch that the neck takes back, so that the head is carried steadily."""
_TAIL_CLEARANCE = 0.06
"""Height of the tail's tip above the ground, in hip heights."""


def posed_trunk(bones: Sequence[Bone], carriage: Carriage, cycles: Cycles) -> Figure:
    """Skeleton with trunk, neck, tail and ears as they are carried, and legs as at rest.

    Parameters
    ----------
    bones
        Skeleton at rest.
    carriage
        Of one or more motions.
    cycles
        Which these are.
    """
    figure = Figure(bones, len(carriage.hips))
    bend, roll, yaw = carriage.bend, carriage.roll, carriage.yaw
    figure.rotate("spine_1", turn(2, -0.6 * yaw), turn(1, -0.5 * roll), turn(0, 0.55 * bend))
    figure.rotate("spine_2", turn(2, -0.5 * yaw), turn(1, -0.5 * roll), turn(0, 0.25 * bend))
    figure.rotate("chest", turn(2, -0.3 * yaw), turn(1, -0.6 * roll), turn(0, 0.20 * bend))
    pelvis = turn(2, yaw) @ turn(1, roll) @ turn(0, -0.5 * bend)
    figure.rotate("pelvis", pelvis)
    # The whole trunk is then turned and moved so that hips and shoulders have their heights.
    hip, shoulder = (_middle(figure, name) for name in ("thigh", "scapula"))
    rest_hip, rest_shoulder = (
        0.5 * (figure.rest_head(f"{name}.L") + figure.rest_head(f"{name}.R")) for name in ("thigh", "scapula")
    )
    axis = (shoulder - hip)[:, 1:]
    length = np.linalg.norm(axis, axis=1)
    climb = (rest_shoulder - rest_hip)[2] + carriage.shoulders - carriage.hips
    wanted = np.arcsin(np.clip(climb / length, -0.95, 0.95))
    figure.rotate("pelvis", turn(0, np.degrees(np.arctan2(axis[:, 1], -axis[:, 0]) - wanted)), pelvis)
    hip, shoulder = (_middle(figure, name) for name in ("thigh", "scapula"))
    figure.offset[:, 1] = 0.5 * (rest_hip + rest_shoulder - hip - shoulder)[:, 1]
    figure.offset[:, 2] = rest_hip[2] + carriage.hips - hip[:, 2]

    chest, _ = figure.place("chest")
    lean = np.degrees(np.arctan2(chest[:, 2, 1], chest[:, 1, 1]))
    pose_neck(
        figure,
        carriage.neck - _STEADY_NECK * lean,
        carriage.head,
        carriage.look,
        -0.08 * carriage.look,
        lowered=np.repeat([carriage.neck[rows].mean() > 30.0 for rows in cycles.slices()], cycles.lengths),
    )
    # A swing runs down the tail: each bone repeats what the one before did.
    swings = [_later(carriage.sway, lag, cycles) for lag in TAIL_LAGS]
    raised = carriage.tail - 0.5 * _pitch(figure, "pelvis")
    tail = figure.index("tail_4")
    # A long tail on short legs is carried as high as it needs to be off the ground.
    for _ in range(8):
        pose_tail(figure, raised, swings)
        height = figure.carried("tail_4", figure.tails[tail])[:, 2]
        low = -cycles.largest(-height) <= _TAIL_CLEARANCE * rest_hip[2]
        if not low.any():
            break
        raised = raised + 9.0 * cycles.each(low)
    pose_ears(figure, -carriage.ears, np.zeros(figure.frames))
    return figure


def _later(curve: FloatArray, lag: float, cycles: Cycles) -> FloatArray:
    """(F,) cyclic curves, each put off by a share of its motion."""

    def put_off(own: FloatArray) -> FloatArray:
        at = np.arange(len(own))
        around = max(len(own) - 1, 1)
        later: FloatArray = np.interp((at - lag * around) % around, at, own)
        return later

    return np.concatenate([put_off(curve[rows]) for rows in cycles.slices()])


def _pitch(figure: Figure, name: str) -> FloatArray:
    total, _ = figure.place(name)
    pitch: FloatArray = np.degrees(np.arctan2(total[:, 2, 1], total[:, 1, 1]))
    return pitch


def _middle(figure: Figure, name: str) -> FloatArray:
    """(F, 3) middle between the left and the right joint of a pair."""
    left, right = (figure.place(f"{name}{suffix}")[1] for suffix in (".L", ".R"))
    middle: FloatArray = 0.5 * (left + right)
    return middle
