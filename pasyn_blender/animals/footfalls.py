"""When each foot is on the ground, and the way it takes from one contact to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .clip import ease, hump
from .cycles import Cycles
from .gait_tables import Step
from .kinematics import HoofPath, Leg
from .sweep import FloatArray


@dataclass(frozen=True)
class Contact:
    """One time that a foot is on the ground, and the swing that follows.

    Attributes
    ----------
    down, up
        Shares of the motion at which it is set down and lifted; ``up`` may lie beyond 1.
    shift
        How far behind its place at rest the foot has the middle of its stance, metres.
    lift, peak
        Height of the toe in the swing after it, metres, and the share of the swing at which it is reached.
    trail, reach
        Metres that the foot is flung further back after it has left the ground, and further forward before
        it lands.
    """

    down: float
    up: float
    shift: float = 0.0
    lift: float = 0.0
    peak: float = 0.42
    trail: float = 0.0
    reach: float = 0.0


@dataclass(frozen=True)
class Timing:
    """Where in its contacts a foot is.

    Attributes
    ----------
    stance
        (F,) whether it is on the ground.
    share
        (F,) how much of the stance or swing is over.
    behind
        (F,) metres the foot is behind its place at rest.
    lift
        (F,) metres the toe is above the ground.
    """

    stance: NDArray[np.bool_]
    share: FloatArray
    behind: FloatArray
    lift: FloatArray


_FOLLOW_THROUGH = 0.6
"""Share of the ground's speed that a foot still has when it leaves the ground, and again before it lands."""


def timing(contacts: Sequence[Contact], phase: FloatArray, travel: float) -> Timing:
    """Follow a foot through a motion.

    Parameters
    ----------
    contacts
        Its contacts in their order; the first one follows the last.
    phase
        (F,) shares of the motion that are over.
    travel
        Metres that the ground moves back in the whole motion.
    """
    stance = np.zeros(len(phase), bool)
    share, behind, lift = np.zeros(len(phase)), np.zeros(len(phase)), np.zeros(len(phase))
    for contact, following in zip(contacts, [*contacts[1:], contacts[0]], strict=True):
        since = (phase - contact.down) % 1.0
        since = np.where(since > 1.0 - 1e-9, 0.0, since)
        held = contact.up - contact.down
        swing = (following.down - contact.up) % 1.0
        down = since < held - 1e-9
        away = ~down & (since < held + swing - 1e-9)
        back = contact.shift + 0.5 * travel * held
        stance |= down
        share[down] = since[down] / held
        behind[down] = back + travel * (since[down] - held)
        t = (since[away] - held) / swing
        front = following.shift - 0.5 * travel * (following.up - following.down)
        # A cubic that leaves and meets the ground at part of the ground's speed, however long the flight.
        slope = _FOLLOW_THROUGH * travel * min(swing, 1.1 * (held + following.up - following.down))
        share[away] = t
        behind[away] = (
            (2 * t**3 - 3 * t**2 + 1) * back
            + (3 * t**2 - 2 * t**3) * front
            + (2 * t**3 - 3 * t**2 + t) * slope
        )
        behind[away] += contact.trail * hump(t, 0.22) - contact.reach * hump(t, 0.78)
        # What is flung out comes up as well: a leg swings about the hip or the shoulder blade.
        lift[away] = contact.lift * hump(t, contact.peak) + 0.45 * (
            contact.trail * hump(t, 0.24) + contact.reach * hump(t, 0.76)
        )
    return Timing(stance, share, behind, lift)


def hoof_path(
    when: Timing,
    leg: Leg,
    step: Step,
    lane: FloatArray | float,
    sink: FloatArray | float,
    carried: FloatArray,
    cycles: Cycles | None = None,
) -> HoofPath:
    """Path of a foot.

    Parameters
    ----------
    when
        Its timing.
    leg
        Its leg.
    step
        How it rolls and hangs.
    lane
        Share of its distance from the middle that it is set down further in.
    sink
        Extension of the fetlock under load, degrees.
    carried
        (F, 3) how far the trunk has taken the leg's pivot from its place at rest.
    cycles
        The motions that the frames belong to; ``None`` is a single one.
    """
    t, stance = when.share, when.stance
    toe, coronet = leg.joints[5], leg.joints[4]
    late = ease((t - step.heel_off) / (1.0 - step.heel_off))
    # In the air a foot goes along with the trunk, and it comes back to the ground's own measure to land.
    aloft = np.where(stance, 0.0, ease(t / 0.4) * ease((1.0 - t) / 0.4))
    limp = np.where(stance, 0.0, ease(t / 0.38) * ease((1.0 - t) / 0.42))
    load = np.where(stance, np.sin(np.pi * t), 0.0)
    leaving = 1.0 - ease(t / 0.38)
    pitch = np.where(stance, step.roll * late**1.6, step.roll * leaving - step.land * hump(t, 0.82))
    fetlock = np.where(
        stance, step.break_over * late - sink * load**1.3, step.break_over * leaving - 0.35 * step.curl * limp
    )
    heel = np.linalg.norm(toe - coronet) * np.sin(np.radians(np.maximum(-pitch, 0.0)))
    place = np.column_stack([
        toe[0] * (1.0 - lane) + 0.5 * aloft * carried[:, 0],
        toe[1] + when.behind + aloft * carried[:, 1],
        toe[2] + when.lift + heel + aloft * np.maximum(carried[:, 2], 0.0),
    ])  # fmt: skip
    return HoofPath(
        toe=place,
        pitch=pitch,
        fetlock=fetlock,
        flexion=-step.carpus * load if leg.front else np.zeros(len(t)),
        fold=np.where(stance, 0.0, ease(t / 0.42) * ease((1.0 - t) / 0.36)),
        limp=limp,
        curl=step.curl if leg.front else 0.8 * step.curl,
        blade=step.blade,
        cycles=cycles,
    )
