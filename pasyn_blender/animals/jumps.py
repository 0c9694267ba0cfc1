"""Jumps: over something in a canter, and up from standing.

A jump over an obstacle is a canter whose one stride is a flight: the forehand is raised in the last stride,
both hind feet are set down close together under the body and push off, the legs are drawn up over the top,
the forefeet land one after the other, and the hind feet follow into the next stride of the canter (Back &
Clayton, Equine Locomotion, 2nd ed. 2013, on jumping; Powers & Harrison, Equine Vet. J. Suppl. 34, 2002; for
dogs Birch & Lesniak, Vet. Comp. Orthop. Traumatol. 26, 2013). A leap on the spot is all four feet's: the
stotting of antelopes and deer with stiff, hanging legs (Caro, Anim. Behav. 34, 1986), the upward leap of a
cat or dog with its forehand first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from .carriage import Carriage
from .clip import FRAMES_PER_SECOND, HOOVES, Clip
from .footfalls import Contact
from .gait_tables import stride_length
from .gaits import GRAVITY, STEEPEST, TOLERANCE, finer, hip_height, nimbleness, stream, trunk_length
from .kinematics import Figure, leg_of
from .skeleton import Bone
from .sweep import FloatArray
from .trials import Course, Motion, Trial


@dataclass(frozen=True)
class Jump:
    """A jump over something. Lengths in hip heights, angles in degrees, times in strides of the canter.

    Attributes
    ----------
    rise
        How far the trunk is carried above its canter.
    flight
        How long all feet are in the air.
    froude
        Speed as Froude number.
    pitch
        How far the forehand is raised at take-off, and lowered to land.
    tuck
        How far fore and hind feet are drawn up.
    bend
        Flexion of the back as it gathers for the take-off and over the top.
    neck
        How far the neck is lowered on average.
    left
        Whether the left forefoot lands first.
    """

    rise: float = 0.34
    flight: float = 0.62
    froude: float = 2.2
    pitch: float = 20.0
    tuck: tuple[float, float] = (0.48, 0.34)
    bend: float = 7.0
    neck: float = 6.0
    left: bool = False


@dataclass(frozen=True)
class Leap:
    """A leap on the spot; attributes as in :class:`Jump`.

    Attributes
    ----------
    crouch
        How far the trunk is lowered before.
    seconds
        Duration of a crouch and its leap, for a hip height of a metre.
    lead
        Share of the leap by which the forefeet leave and land before the hind ones.
    """

    rise: float
    crouch: float
    pitch: float
    tuck: tuple[float, float]
    bend: float
    neck: float
    tail: float
    seconds: float = 1.1
    lead: float = 0.0


_JUMPS: Final[Mapping[str, Jump]] = {
    "jump_right": Jump(),
    "jump_left": Jump(left=True),
    "jump_low": Jump(rise=0.18, flight=0.48, pitch=12.0, tuck=(0.36, 0.27), left=True),
    "jump_high": Jump(rise=0.58, flight=0.78, froude=1.7, pitch=25.0, tuck=(0.56, 0.38), bend=11.0, neck=0.0),
    "jump_long": Jump(
        rise=0.30, flight=0.95, froude=4.0, pitch=13.0, tuck=(0.42, 0.34), neck=12.0, left=True
    ),
}
JUMPS: Final[Mapping[str, Mapping[str, Jump | Leap]]] = {
    "unguligrade": {
        **_JUMPS,
        "jump_stot": Leap(
            rise=0.50, crouch=0.10, pitch=2.0, tuck=(0.04, 0.03), bend=9.0, neck=-8.0, tail=60.0, seconds=0.95
        ),
    },
    "digitigrade": {
        **{name: replace(jump, bend=2.2 * jump.bend) for name, jump in _JUMPS.items()},
        "jump_spring": Leap(
            rise=0.70, crouch=0.11, pitch=26.0, tuck=(0.22, 0.12), bend=14.0, neck=0.0, tail=22.0, lead=0.05
        ),
    },
}  # fmt: skip
"""Jumps by family and name."""


def keyed(phase: FloatArray, *keys: tuple[float, float]) -> FloatArray:
    """(F,) the smooth cyclic curve through (phase, value), level wherever it turns back."""
    at, values = np.array(sorted(keys)).T
    at = np.concatenate([at[-2:] - 1.0, at, at[:2] + 1.0])
    values = np.concatenate([values[-2:], values, values[:2]])
    slopes = np.diff(values) / np.diff(at)
    # The harmonic mean of the slopes on both sides does not overshoot (Fritsch & Butland 1984).
    before, after = slopes[:-1], slopes[1:]
    tangents = np.where(
        before * after > 0.0, 2.0 * before * after / np.where(before + after == 0.0, 1.0, before + after), 0.0
    )
    tangents = np.concatenate([[0.0], tangents, [0.0]])
    k = np.clip(np.searchsorted(at, phase, side="right") - 1, 0, len(at) - 2)
    width = at[k + 1] - at[k]
    t = (phase - at[k]) / width
    curve: FloatArray = (
        (2 * t**3 - 3 * t**2 + 1) * values[k] + (3 * t**2 - 2 * t**3) * values[k + 1]
        + width * ((t**3 - 2 * t**2 + t) * tangents[k] + (t**3 - t**2) * tangents[k + 1])
    )  # fmt: skip
    return curve


def jump_motion(name: str, bones: Sequence[Bone], family: str = "unguligrade", seed: int = 0) -> Motion:
    """One jump, of a clip that is cyclic and on the spot.

    Parameters
    ----------
    name
        Key of :data:`JUMPS` of the family.
    bones
        Skeleton at rest.
    family
        ``unguligrade`` or ``digitigrade``.
    seed
        Varies height, length and amplitude.
    """
    random = stream(seed, name)
    jump = JUMPS[family][name]
    rest = Figure(bones, 1)
    hip = hip_height(bones)
    # Legs as long as a giraffe's, against the trunk, do not spring as high, nor fold as far.
    spring = min(1.45 * trunk_length(rest) / hip, 1.0)
    jump = replace(
        jump,
        rise=jump.rise * spring * random.uniform(0.85, 1.18),
        pitch=jump.pitch * spring * nimbleness(rest) * random.uniform(0.85, 1.15),
        tuck=(
            jump.tuck[0] * spring * random.uniform(0.88, 1.15),
            jump.tuck[1] * spring * random.uniform(0.88, 1.15),
        ),
        bend=jump.bend * random.uniform(0.8, 1.2),
        neck=jump.neck + random.uniform(-5.0, 5.0),
    )
    frames = 0
    for _ in range(4):
        trial = _leap(rest, hip, jump, frames) if isinstance(jump, Leap) else _jump(rest, hip, jump, frames)
        found = yield trial
        frames = found.frames - 1
        if found.steepest < STEEPEST:
            break
        frames = finer(frames, found)
    speed = trial.course.travel / (found.frames - 1)
    return Clip(name, found.turns, found.offset, found.stance, speed, found.miss)


def _jump(rest: Figure, hip: float, jump: Jump, frames: int) -> Trial:
    """Try a jump over ``frames``, or over as many as it takes if that is 0."""
    lands = 1.31 + jump.flight
    whole = lands + 0.44  # in strides of the canter, of which the landing begins the next
    length = 0.92 * stride_length(jump.froude) * hip * whole
    seconds = length / np.sqrt(jump.froude * GRAVITY * hip)
    frames = frames or max(round(seconds * FRAMES_PER_SECOND), round(18 * whole))
    phase = np.arange(frames + 1) / frames
    height = [leg_of(rest, *hoof).height for hoof in HOOVES]
    fore, hind = jump.tuck[0] * height[1], jump.tuck[1] * height[0]

    def contact(down: float, up: float, shift: float, lift: float, peak: float) -> Contact:
        return Contact(down / whole, up / whole, shift * hip, lift, peak)

    trailing = (
        contact(0.27, 0.61, 0.0, fore, 0.52), contact(lands, lands + 0.32, -0.02, 0.40 * fore, 0.45),
    )  # fmt: skip
    leading = (
        contact(0.45, 0.78, 0.0, 0.94 * fore, 0.50),
        contact(lands + 0.13, lands + 0.45, 0.0, 0.40 * fore, 0.45),
    )  # fmt: skip
    first = (contact(0.0, 0.36, -0.03, 0.36 * hind, 0.42), contact(0.94, 1.28, -0.07, hind, 0.60))
    second = (contact(0.25, 0.59, -0.03, 0.30 * hind, 0.45), contact(0.98, 1.31, -0.06, 0.95 * hind, 0.62))
    # A canter's first fore and second hind foot are diagonal to each other.
    contacts = (second, leading, first, trailing) if jump.left else (first, trailing, second, leading)

    def curve(*keys: tuple[float, float]) -> FloatArray:
        return keyed(phase, *((at / whole, value) for at, value in keys))

    top = 1.29 + 0.5 * jump.flight
    trunk = trunk_length(rest)
    middle = hip * curve(
        (0.10, -0.01), (0.42, -0.055), (0.72, -0.03), (0.95, -0.06), (1.10, -0.01), (1.29, 0.42 * jump.rise),
        (top, jump.rise), (lands, 0.36 * jump.rise), (lands + 0.2, -0.05),
    )  # fmt: skip
    pitch = curve(
        (0.05, 2.5), (0.45, -3.5), (0.72, 1.0), (1.08, 0.9 * jump.pitch), (1.25, jump.pitch), (top, 0.0),
        (lands - 0.02, -0.85 * jump.pitch), (lands + 0.16, -0.6 * jump.pitch), (lands + 0.36, -2.0),
    )  # fmt: skip
    tilt = 0.5 * trunk * np.sin(np.radians(pitch))
    bend = jump.bend * curve(
        (0.0, 0.7), (0.35, -0.5), (0.7, 0.2), (0.95, 1.0), (1.28, -0.9), (top, 0.9), (lands, -0.2),
        (lands + 0.35, 0.9),
    )  # fmt: skip
    zero = np.zeros_like(phase)
    neck = jump.neck + curve(
        (0.05, -3.0), (0.5, 6.0), (0.9, -12.0), (1.2, -2.0), (top, 20.0), (lands, -14.0), (lands + 0.25, 4.0),
    )  # fmt: skip
    carriage = Carriage(
        hips=middle - tilt,
        shoulders=middle + tilt,
        bend=bend,
        roll=zero,
        yaw=zero,
        neck=neck,
        head=-0.5 * neck - 3.0,
        look=zero,
        tail=24.0 + 14.0 * curve((0.2, 0.0), (1.2, 1.0), (top, 0.2), (lands, 1.0)),
        sway=5.0 * np.cos(2.0 * np.pi * phase),
        ears=6.0 + 8.0 * curve((0.3, 0.0), (1.0, -1.0), (top, 1.0)),
    )
    course = Course(contacts, length, 0.3, 18.0)
    return Trial(carriage, course, TOLERANCE * hip)


def _leap(rest: Figure, hip: float, leap: Leap, frames: int) -> Trial:
    """Try a leap over ``frames``, or over as many as it takes if that is 0."""
    frames = frames or max(round(leap.seconds * np.sqrt(hip) * FRAMES_PER_SECOND), 26)
    phase = np.arange(frames + 1) / frames
    # The feet stand until the leap and are back in place after it; the cycle begins in the crouch.
    off, on = 0.36, 0.80
    contacts = []
    for i, hoof in enumerate(HOOVES):
        front = i % 2 == 1
        lift = leap.tuck[0 if front else 1] * leg_of(rest, *hoof).height
        down = on - leap.lead if front else on + 0.5 * leap.lead
        up = off - leap.lead if front else off + 0.5 * leap.lead
        contacts.append((Contact(down, 1.0 + up, 0.0, lift, 0.5),))
    middle = hip * keyed(
        phase, (0.10, -leap.crouch), (0.22, -0.7 * leap.crouch), (off, 0.22 * leap.rise),
        (0.5 * (off + on), leap.rise), (on, 0.22 * leap.rise), (0.92, -0.6 * leap.crouch),
    )  # fmt: skip
    pitch = leap.pitch * keyed(phase, (0.10, -0.1), (off, 1.0), (0.58, 0.5), (on, -0.12), (0.93, -0.05))
    trunk = trunk_length(rest)
    tilt = 0.5 * trunk * np.sin(np.radians(pitch))
    bend = leap.bend * keyed(phase, (0.10, 1.0), (off + 0.02, -1.0), (0.58, 0.3), (on, -0.2), (0.93, 0.8))
    neck = leap.neck + keyed(phase, (0.10, 8.0), (off, -14.0), (0.60, 4.0), (on, -10.0), (0.92, 10.0))
    zero = np.zeros_like(phase)
    carriage = Carriage(
        hips=middle - tilt,
        shoulders=middle + tilt,
        bend=bend,
        roll=zero,
        yaw=zero,
        neck=neck,
        head=-0.6 * neck,
        look=zero,
        tail=leap.tail * (0.75 + 0.25 * np.cos(2.0 * np.pi * (phase - 0.5))),
        sway=3.0 * np.cos(2.0 * np.pi * phase),
        ears=6.0 * np.cos(2.0 * np.pi * (phase - 0.5)),
    )
    course = Course(tuple(contacts), 0.0, 0.1, 14.0)
    return Trial(carriage, course, TOLERANCE * hip)
