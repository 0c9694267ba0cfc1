"""Motions whose feet are planted together: what several try at once costs hardly more than one of them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .carriage import Carriage, posed_trunk
from .clip import HOOVES, Clip
from .cycles import Cycles
from .footfalls import Contact, Timing, hoof_path, timing
from .gait_tables import Step
from .kinematics import HoofPath, Leg, leg_of, plant, shortfall
from .skeleton import Bone
from .sweep import FloatArray

_ROUNDS = 8
"""How often the trunk is lowered, at most, for legs to reach the ground."""


@dataclass(frozen=True)
class Course:
    """What the feet do.

    Attributes
    ----------
    contacts
        For each foot, in the order of :data:`~.clip.HOOVES`, its contacts.
    travel
        Metres that the ground moves back in the whole motion.
    lane, sink
        As in :class:`~.gait_tables.Gait`.
    """

    contacts: tuple[tuple[Contact, ...], ...]
    travel: float
    lane: float
    sink: float


@dataclass(frozen=True)
class Trial:
    """A motion as it is tried: carried so, over these feet.

    Attributes
    ----------
    carriage
        Trunk, neck and tail.
    course
        What the feet do.
    tolerance
        Metres by which feet may miss the ground.
    """

    carriage: Carriage
    course: Course
    tolerance: float


@dataclass(frozen=True)
class Posed:
    """What came of a trial.

    Attributes
    ----------
    turns
        (F, B, 3, 3) turn of each bone relative to its parent.
    offset
        (F, 3) shift of the root, metres.
    stance
        (F, 4) which feet are on the ground.
    miss
        Metres by which a foot on the ground is from where it was to be, at worst.
    lowered
        Metres that the trunk had to be lowered for the legs to reach, at most.
    """

    turns: FloatArray
    offset: FloatArray
    stance: NDArray[np.bool_]
    miss: float
    lowered: float

    @property
    def frames(self) -> int:
        """Of them."""
        return len(self.turns)

    @property
    def steepest(self) -> float:
        """Degrees that a bone turns between two frames at most."""
        traces = (self.turns[:-1] * self.turns[1:]).sum(axis=(2, 3))  # of each turn back and the next forth
        return float(np.degrees(np.arccos(np.clip(0.5 * (traces.min() - 1.0), -1.0, 1.0))))


Motion = Generator[Trial, Posed, Clip]
"""Tries a motion until what comes of it is good, and returns it."""


def tried_together(bones: Sequence[Bone], step: Step, motions: Sequence[Motion]) -> tuple[Clip, ...]:
    """Let motions try, all that are not finished at once.

    Parameters
    ----------
    bones
        Skeleton at rest.
    step
        How the feet roll and hang.
    motions
        What is to be tried.

    Returns
    -------
    tuple of Clip
        One each, in their order; what comes of one does not depend on the others.
    """
    finished: dict[int, Clip] = {}
    waiting = {number: next(motion) for number, motion in enumerate(motions)}
    while waiting:
        found = posed_together(bones, step, tuple(waiting.values()))
        for number, posed in zip(tuple(waiting), found, strict=True):
            try:
                waiting[number] = motions[number].send(posed)
            except StopIteration as end:
                finished[number] = end.value
                del waiting[number]
    return tuple(finished[number] for number in range(len(motions)))


def posed_together(bones: Sequence[Bone], step: Step, trials: Sequence[Trial]) -> tuple[Posed, ...]:
    """Plant the feet under the trunk, and lower the trunk where legs cannot reach the ground.

    Parameters
    ----------
    bones
        Skeleton at rest.
    step
        How the feet roll and hang.
    trials
        The motions.
    """
    cycles = Cycles([len(trial.carriage.hips) for trial in trials])
    figure = posed_trunk(bones, Carriage.joined([trial.carriage for trial in trials]), cycles)
    lane = cycles.each(np.array([trial.course.lane for trial in trials]))
    sink = cycles.each(np.array([trial.course.sink for trial in trials]))
    legs = [leg_of(figure, limb, suffix) for limb, suffix in HOOVES]
    pivots = [figure.place(leg.anchor)[1] for leg in legs]
    whens = [_timing(trials, foot) for foot in range(len(HOOVES))]

    def paths(down: FloatArray) -> list[HoofPath]:
        return [
            hoof_path(when, leg, step, lane, sink, pivot - down - leg.pivot, cycles)
            for when, leg, pivot in zip(whens, legs, pivots, strict=True)
        ]

    # Lowering the trunk does not move feet on the ground, and only those matter here.
    grounded = paths(np.zeros(3))
    feet = [
        _Foot(leg, path, when.stance, pivot, *figure.place(leg.parent))
        for leg, path, when, pivot in zip(legs, grounded, whens, pivots, strict=True)
    ]
    lowered, miss = _lowered(feet, cycles, np.array([trial.tolerance for trial in trials]))
    figure.offset[:, 2] -= lowered
    for (limb, suffix), path in zip(HOOVES, paths(_UP * lowered[:, None]), strict=True):
        plant(figure, limb, suffix, path)
    stance = np.column_stack([when.stance for when in whens])
    return tuple(
        Posed(
            figure.local[rows].copy(),
            figure.offset[rows].copy(),
            stance[rows].copy(),
            float(missed),
            float(lowered[rows].max()),
        )
        for rows, missed in zip(cycles.slices(), miss, strict=True)
    )


_UP = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class _Foot:
    """A leg, where its hoof is to be and when it has to be there, and what carries the leg."""

    leg: Leg
    path: HoofPath
    stance: NDArray[np.bool_]
    pivot: FloatArray
    carrier: FloatArray
    origin: FloatArray


def _lowered(feet: Sequence[_Foot], cycles: Cycles, tolerance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(F,) metres by which the trunk is lowered, and (N,) by which motions' feet still miss the ground."""
    lowered, miss = np.zeros(cycles.frames), np.zeros(len(cycles.lengths))
    slices = cycles.slices()
    waiting = np.arange(len(slices))
    rows = np.arange(cycles.frames)
    for _ in range(_ROUNDS):
        some = Cycles(cycles.lengths[waiting])
        short, long = np.zeros(some.frames), np.zeros(len(waiting))
        for foot in feet:
            path, pivot, stance = foot.path.at(rows, some), foot.pivot[rows], foot.stance[rows]
            origin = foot.origin[rows] - _UP * lowered[rows][:, None]
            missed = shortfall(foot.leg, path, foot.carrier[rows], origin)
            slope = np.hypot(1.0, (path.toe - pivot)[:, 1] / pivot[:, 2])
            short = np.maximum(short, np.where(stance, missed * slope, 0.0))
            long = np.maximum(long, some.largest(np.where(stance, -missed, -np.inf)))
        worst = some.largest(short)
        miss[waiting] = np.maximum(worst, long)
        left = worst >= tolerance[waiting]
        if not left.any():
            break
        more = 1.15 * some.spread(short) + some.each(0.3 * tolerance[waiting])
        lowered[rows] += np.where(np.repeat(left, some.lengths), more, 0.0)
        waiting = waiting[left]
        rows = np.concatenate([np.arange(slices[number].start, slices[number].stop) for number in waiting])
    return lowered, miss


def _timing(trials: Sequence[Trial], foot: int) -> Timing:
    """Follow one foot through motions one after another."""
    found = []
    for trial in trials:
        frames = len(trial.carriage.hips)
        phase = np.arange(frames) / (frames - 1)
        found.append(timing(trial.course.contacts[foot], phase, trial.course.travel))
    return Timing(
        np.concatenate([each.stance for each in found]),
        np.concatenate([each.share for each in found]),
        np.concatenate([each.behind for each in found]),
        np.concatenate([each.lift for each in found]),
    )
