"""Trunk, neck and tail of a moving animal, and its legs under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .clip import HOOVES, pose_ears, pose_neck, pose_tail
from .footfalls import Contact, hoof_path, timing
from .gait_tables import Step
from .kinematics import Figure, HoofPath, leg_of, plant, shortfall, turn
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


@dataclass(frozen=True)
class Course:
    """What the feet do.

    Attributes
    ----------
    contacts
        For each foot, in the order of :data:`~.clip.HOOVES`, its contacts.
    travel
        Metres that the ground moves back in the whole motion.
    step
        How the feet roll and hang.
    lane, sink
        As in :class:`~.gait_tables.Gait`.
    """

    contacts: tuple[tuple[Contact, ...], ...]
    travel: float
    step: Step
    lane: float
    sink: float


@dataclass(frozen=True)
class Posed:
    """A skeleton whose legs have been planted.

    Attributes
    ----------
    figure
        The skeleton.
    stance
        (F, 4) which feet are on the ground.
    miss
        Metres by which a foot on the ground is from where it was to be, at worst.
    lowered
        Metres that the trunk had to be lowered for the legs to reach, at most.
    """

    figure: Figure
    stance: NDArray[np.bool_]
    miss: float
    lowered: float

    @property
    def steepest(self) -> float:
        """Degrees that a bone turns between two frames at most."""
        turns = self.figure.local
        traces = (turns[:-1] * turns[1:]).sum(axis=(2, 3))  # of each turn back and the next one forth
        return float(np.degrees(np.arccos(np.clip(0.5 * (traces.min() - 1.0), -1.0, 1.0))))


_STEADY_NECK = 0.75
"""Share of the chest's pitch that the neck takes back, so that the head is carried steadily."""
_TAIL_CLEARANCE = 0.06
"""Height of the tail's tip above the ground, in hip heights."""


def posed_trunk(bones: Sequence[Bone], carriage: Carriage) -> Figure:
    """Skeleton with trunk, neck, tail and ears as they are carried, and legs as at rest."""
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
        lowered=bool(carriage.neck.mean() > 30.0),
    )
    at = np.arange(len(bend))
    around = max(len(bend) - 1, 1)

    def sway(lag: float) -> FloatArray:
        # A swing runs down the tail: each bone repeats what the one before did.
        before: FloatArray = np.interp((at - lag * around) % around, at, carriage.sway)
        return before

    raised = carriage.tail - 0.5 * _pitch(figure, "pelvis")
    tail = figure.index("tail_4")
    # A long tail on short legs is carried as high as it needs to be off the ground.
    for _ in range(8):
        pose_tail(figure, raised, sway)
        height = figure.carried("tail_4", figure.tails[tail])[:, 2]
        if height.min() > _TAIL_CLEARANCE * rest_hip[2]:
            break
        raised = raised + 9.0
    pose_ears(figure, -carriage.ears, np.zeros(len(bend)))
    return figure


def _pitch(figure: Figure, name: str) -> FloatArray:
    total, _ = figure.place(name)
    pitch: FloatArray = np.degrees(np.arctan2(total[:, 2, 1], total[:, 1, 1]))
    return pitch


def _middle(figure: Figure, name: str) -> FloatArray:
    """(F, 3) middle between the left and the right joint of a pair."""
    left, right = (figure.place(f"{name}{suffix}")[1] for suffix in (".L", ".R"))
    middle: FloatArray = 0.5 * (left + right)
    return middle


def posed(bones: Sequence[Bone], carriage: Carriage, course: Course, tolerance: float) -> Posed:
    """Plant the feet under the trunk, and lower the trunk where legs cannot reach the ground.

    Parameters
    ----------
    bones
        Skeleton at rest.
    carriage
        Trunk, neck and tail.
    course
        What the feet do.
    tolerance
        Metres by which feet may miss the ground.
    """
    figure = posed_trunk(bones, carriage)
    phase = np.arange(figure.frames) / (figure.frames - 1)
    legs = [leg_of(figure, limb, suffix) for limb, suffix in HOOVES]
    places = [figure.place(leg.parent) for leg in legs]
    pivots = [figure.place(leg.anchor)[1] for leg in legs]
    whens = [timing(contacts, phase, course.travel) for contacts in course.contacts]

    def paths(down: FloatArray) -> list[HoofPath]:
        return [
            hoof_path(when, leg, course.step, course.lane, course.sink, pivot - down - leg.pivot)
            for when, leg, pivot in zip(whens, legs, pivots, strict=True)
        ]

    lowered = np.zeros(figure.frames)
    up = np.array([0.0, 0.0, 1.0])
    # Lowering the trunk does not move feet on the ground, and only those matter here.
    grounded = paths(np.zeros(3))
    for _ in range(8):
        short, long = np.zeros(figure.frames), 0.0
        for when, leg, path, pivot, (carrier, origin) in zip(
            whens, legs, grounded, pivots, places, strict=True
        ):
            missed = shortfall(leg, path, carrier, origin - up * lowered[:, None])
            slope = np.hypot(1.0, (path.toe - pivot)[:, 1] / pivot[:, 2])
            short = np.maximum(short, np.where(when.stance, missed * slope, 0.0))
            long = max(long, -float(missed[when.stance].min()))
        if short.max() < tolerance:
            break
        lowered += 1.15 * _spread(short) + 0.3 * tolerance
    figure.offset[:, 2] -= lowered
    for (limb, suffix), path in zip(HOOVES, paths(up * lowered[:, None]), strict=True):
        plant(figure, limb, suffix, path)
    stance = np.column_stack([when.stance for when in whens])
    return Posed(figure, stance, max(float(short.max()), long), float(lowered.max()))


def _spread(needed: FloatArray) -> FloatArray:
    """(F,) the smooth cyclic curve that lies above another, whose last value is its first."""
    cycle = needed[:-1]
    width = max(1, round(0.09 * len(cycle)))
    offsets = range(-width, width + 1)
    above = np.max([np.roll(cycle, k) for k in offsets], axis=0)
    weights = np.array([1.0 + np.cos(np.pi * k / (width + 1)) for k in offsets])
    smooth = sum(w * np.roll(above, k) for k, w in zip(offsets, weights / weights.sum(), strict=True))
    spread: FloatArray = np.append(smooth, smooth[0])
    return spread
