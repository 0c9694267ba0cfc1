"""Walk, trot, canter and gallop of an animal of any proportions, by rotations of its bones alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from .carriage import Carriage
from .clip import FRAMES_PER_SECOND, HOOVES, Clip, wave
from .footfalls import Contact
from .gait_tables import GAITS, Gait, duty_factor, stride_length
from .kinematics import Figure, leg_of
from .skeleton import Bone
from .sweep import FloatArray
from .trials import Course, Motion, Posed, Trial

GRAVITY: Final = 9.81
_FEWEST_FRAMES: Final = 16
"""Frames that a stride has at least: small animals' quick strides are shown slowed down."""
STEEPEST: Final = 62.0
"""Degrees that a bone may turn between two frames; where it would turn further, there are more frames."""
_MOST_LOWERED: Final = 0.055
"""Share of the hip's height that the trunk is lowered, before the stride is shortened instead."""
_PACING_LAG: Final = 0.10
"""Share of the stride by which a camel's or giraffe's forefoot follows the hind one of its side."""
TOLERANCE: Final = 0.0012
"""Share of the hip's height by which a hoof may miss the ground."""


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers for one motion of one individual."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=tuple(name.encode()))))


def varied(gait: Gait, random: np.random.Generator) -> Gait:
    """The gait as one individual goes: a little faster or slower, higher or lower, freer or stiffer."""

    def about(value: float, share: float) -> float:
        return value * (1.0 + share * random.uniform(-1.0, 1.0))

    duty = about(gait.duty, 0.04)
    vigour = random.uniform(0.85, 1.18)
    return replace(
        gait,
        froude=about(gait.froude, 0.14),
        duty=duty,
        stride=about(gait.stride, 0.04),
        lift=(gait.lift[0] * vigour, gait.lift[1] * about(vigour, 0.06)),
        heave=(about(gait.heave[0], 0.2), about(gait.heave[1], 0.2)),
        bend=about(gait.bend, 0.15),
        roll=about(gait.roll, 0.25),
        yaw=about(gait.yaw, 0.25),
        neck=gait.neck + random.uniform(-5.0, 5.0),
        head=gait.head + random.uniform(-4.0, 4.0),
        nod=about(gait.nod, 0.3),
        look=gait.look + random.uniform(-5.0, 5.0),
        tail=gait.tail + random.uniform(-4.0, 7.0),
        sway=about(gait.sway, 0.4),
        lane=about(gait.lane, 0.2),
        ears=gait.ears + random.uniform(-5.0, 5.0),
    )


def finer(frames: int, found: Posed) -> int:
    """Frames after which no bone turns too far between two of them."""
    return int(np.ceil(1.05 * frames * found.steepest / STEEPEST))


def hip_height(bones: Sequence[Bone]) -> float:
    """Metres from the ground to the hip."""
    return float(next(bone.head[2] for bone in bones if bone.name == "thigh.L"))


def trunk_length(rest: Figure) -> float:
    """Metres from hip to shoulder blade."""
    return float(np.linalg.norm((rest.rest_head("thigh.L") - rest.rest_head("scapula.L"))[1:]))


def nimbleness(rest: Figure) -> float:
    """Share of a horse's pitch and fling that legs allow which are shorter against the trunk; 1 at most."""
    return min(float(rest.rest_head("thigh.L")[2]) / (1.25 * trunk_length(rest)), 1.0)


def gait_motion(name: str, bones: Sequence[Bone], family: str = "unguligrade", seed: int = 0) -> Motion:
    """One stride of a gait on the spot.

    Parameters
    ----------
    name
        Key of :data:`~.gait_tables.GAITS` of the family.
    bones
        Skeleton at rest.
    family
        ``unguligrade`` or ``digitigrade``.
    seed
        Varies speed and amplitude.

    Returns
    -------
    Motion
        Of a clip that is cyclic; feet in stance move backwards at the clip's speed. Where legs are too short
        for the step the trunk is carried lower, and where that does not help the stride is shorter.
    """
    rest = Figure(bones, 1)
    gait = _uncrossed(varied(GAITS[family][name], stream(seed, name)), rest)
    hip = hip_height(bones)
    fewest = _FEWEST_FRAMES
    for _ in range(12):
        length = gait.stride * stride_length(gait.froude) * hip
        seconds = length / np.sqrt(gait.froude * GRAVITY * hip)
        frames = max(round(seconds * FRAMES_PER_SECOND), fewest)
        found = yield _stride(gait, rest, hip, family, frames, length)
        if found.lowered < _MOST_LOWERED * hip and found.miss < TOLERANCE * hip:
            if found.steepest < STEEPEST:
                break
            fewest = finer(frames, found)
            continue
        shorter = (_MOST_LOWERED * hip / max(found.lowered, 1e-6)) ** 0.4
        gait = replace(gait, stride=min(max(shorter, 0.82), 0.96) * gait.stride)
    return Clip(name, found.turns, found.offset, found.stance, length / frames, found.miss)


def _uncrossed(gait: Gait, rest: Figure) -> Gait:
    """A walk nearer to a pace for legs so long that hind feet would tread on forefeet (Dagg 1973)."""
    if gait.duty:
        return gait
    length = float(rest.rest_head("thigh.L")[2]) / trunk_length(rest)
    share = min(max((length - 1.4) / 0.35, 0.0), 1.0)
    left_hind, left_fore, right_hind, right_fore = gait.touchdown
    later = share * max(left_fore - left_hind - _PACING_LAG, 0.0)
    return replace(gait, touchdown=(left_hind, left_fore - later, right_hind, right_fore - later))


def _stride(gait: Gait, rest: Figure, hip: float, family: str, frames: int, length: float) -> Trial:
    duty = gait.duty or duty_factor(gait.froude)
    contacts = []
    for i, touchdown in enumerate(gait.touchdown):
        k = 1 - i % 2  # hind feet come first in HOOVES, fore ones in a gait's pairs
        lift = gait.lift[k] * leg_of(rest, *HOOVES[i]).height
        up, shift = touchdown + duty, gait.shift[k] * hip
        throw = gait.throw[k] * hip * nimbleness(rest)
        trail, reach = (throw, 0.0) if k else (0.0, throw)
        contacts.append((Contact(touchdown, up, shift, lift, gait.peak[k], trail, reach),))
    course = Course(tuple(contacts), length, gait.lane, gait.sink)
    phase = np.arange(frames + 1) / frames
    return Trial(carriage(gait, duty, phase, hip), course, TOLERANCE * hip)


def carriage(gait: Gait, duty: float, phase: FloatArray, hip: float) -> Carriage:
    """Trunk, neck and tail in a gait, over (F,) shares of the stride."""
    hinds, fores = _middle(gait.touchdown[::2]), _middle(gait.touchdown[1::2])
    running = gait.beats == 1
    # Over two beats each leg of a pair carries alike: the middle of the first one's stance stands for both.
    hips_at = (hinds if running else gait.touchdown[0]) + 0.5 * duty
    shoulders_at = (fores if running else gait.touchdown[1]) + 0.5 * duty
    hips = hip * (gait.heave[0] * wave(phase, gait.beats, hips_at) - gait.crouch)
    shoulders = hip * (gait.heave[1] * wave(phase, gait.beats, shoulders_at) - gait.crouch)
    # The neck sinks after the shoulders were highest over a walking foreleg, or with those of a runner.
    lowest = shoulders_at + (0.04 if running or gait.heave[1] < 0.0 else 0.29)
    nod = gait.nod * wave(phase, gait.beats, lowest)
    # The back is rounded as the hind feet come forward to be set down, and hollow as they push off.
    flexed = hinds - 0.06 if running else 0.0
    left = wave(phase, 1.0, gait.touchdown[0])
    supported = wave(phase, 1.0, gait.touchdown[0] + 0.5 * duty)
    same = np.zeros_like(phase)
    return Carriage(
        hips=hips,
        shoulders=shoulders,
        bend=gait.arch + gait.bend * wave(phase, 1.0 if running else 2.0, flexed),
        # The hip of a foot that is set down is forward, and that of one in the air drops.
        roll=-gait.roll * supported,
        yaw=-gait.yaw * left,
        neck=gait.neck + nod,
        head=gait.head - 0.7 * nod,
        look=gait.look + 0.4 * gait.yaw * left,
        tail=gait.tail + (0.12 * gait.tail + 2.0) * wave(phase, gait.beats, hips_at + 0.2),
        sway=gait.sway * wave(phase, 1.0, 0.1),
        ears=gait.ears + 3.0 * wave(phase, gait.beats, 0.3) + same,
    )


def _middle(touchdowns: tuple[float, ...]) -> float:
    """Middle of two moments of a cycle, the short way round."""
    first, second = touchdowns
    return first + 0.5 * ((second - first + 0.5) % 1.0 - 0.5)
