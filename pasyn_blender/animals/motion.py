"""Motions of a standing, grazing and running horse-like animal, by rotations of its bones alone.

The gaits follow the footfall sequences of Hildebrand (Symmetrical gaits of horses, Science 150, 1965; The
quadrupedal gaits of vertebrates, BioScience 39, 1989): a lateral-sequence walk, a trot of diagonal pairs, and
a transverse gallop. Duty factors and stride times are those of horse-like animals of this size at ordinary
speed (Pennycuick, On the running of the gnu and other animals, J. Exp. Biol. 63, 1975; Hoyt & Taylor, Gait and
the energetics of locomotion in horses, Nature 292, 1981; Biewener, J. Exp. Biol. 105, 1983); the bending of the
joints, the nodding of the head and the rise and fall of the trunk follow Back & Clayton (Equine Locomotion,
2nd ed. 2013).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from .kinematics import Figure, HoofPath, plant, turn
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
    stance: FloatArray
    speed: float
    miss: float


@dataclass(frozen=True)
class Gait:
    """Footfalls and trunk of a gait; lengths in units of the withers' height, angles in degrees.

    Attributes
    ----------
    frames
        Frames of one stride.
    duty
        Share of the stride that a hoof is on the ground.
    touchdown
        Phase at which each hoof, in the order of :data:`HOOVES`, is set down.
    stride
        Distance covered in a stride.
    lift_fore, lift_hind
        Height of the toe above the ground in mid-swing.
    carpus
        Flexion of the carpus in mid-swing.
    hock
        Flexion of the hock in mid-swing, beyond that which comes with the stifle's.
    drop
        How much lower the trunk is carried than in standing.
    bob, bob_beats, bob_phase
        Half the trunk's rise and fall, how often in a stride, and when it is highest.
    pitch, pitch_phase
        Swing of the trunk about the transverse axis.
    roll, yaw
        Swing of the hips about the other axes.
    spine
        Flexion of the loins and back.
    nod, nod_beats, neck
        Swing of the neck, how often in a stride, and how far it is stretched forward.
    tail
        How far the tail is raised.
    reach_fore, reach_hind
        How far behind its place at rest the hoof's path has its middle.
    """

    frames: int
    duty: float
    touchdown: tuple[float, float, float, float]
    stride: float
    lift_fore: float
    lift_hind: float
    carpus: float
    hock: float
    drop: float
    bob: float
    bob_beats: int
    bob_phase: float
    pitch: float = 0.0
    pitch_phase: float = 0.0
    roll: float = 0.0
    yaw: float = 0.0
    spine: float = 0.0
    nod: float = 0.0
    nod_beats: int = 2
    neck: float = 0.0
    tail: float = 0.0
    reach_fore: float = 0.0
    reach_hind: float = 0.0


GAITS: Final[Mapping[str, Gait]] = {
    "walk": Gait(
        frames=28, duty=0.62, touchdown=(0.0, 0.25, 0.5, 0.75), stride=0.92, lift_fore=0.055,
        lift_hind=0.045, carpus=62.0, hock=-6.0, drop=0.018, bob=0.008, bob_beats=2, bob_phase=0.06, roll=2.0,
        yaw=2.5, spine=0.5, nod=3.5, neck=8.0, tail=3.0, reach_fore=0.01,
    ),
    "trot": Gait(
        frames=16, duty=0.42, touchdown=(0.0, 0.5, 0.5, 0.0), stride=1.40, lift_fore=0.10,
        lift_hind=0.085, carpus=78.0, hock=-12.0, drop=0.022, bob=0.024, bob_beats=2, bob_phase=0.46, roll=1.5,
        yaw=1.5, spine=0.8, nod=1.5, neck=-2.0, tail=16.0,
    ),
    "gallop": Gait(
        frames=12, duty=0.25, touchdown=(0.0, 0.44, 0.13, 0.30), stride=2.20, lift_fore=0.17,
        lift_hind=0.15, carpus=96.0, hock=-22.0, drop=0.045, bob=0.030, bob_beats=1, bob_phase=0.80,
        pitch=4.5, pitch_phase=0.30, roll=1.0, spine=7.0, nod=7.0, nod_beats=1, neck=14.0, tail=38.0, reach_hind=-0.03,
    ),
}  # fmt: skip


def _wave(phase: FloatArray, beats: float = 1.0, peak: float = 0.0) -> FloatArray:
    """Cosine over the stride that is highest at ``peak``."""
    wave: FloatArray = np.cos(2.0 * np.pi * beats * (phase - peak))
    return wave


def _ease(t: FloatArray) -> FloatArray:
    t = np.clip(t, 0.0, 1.0)
    eased: FloatArray = t * t * (3.0 - 2.0 * t)
    return eased


def _hump(t: FloatArray, peak: float) -> FloatArray:
    """Smooth rise from 0 at t = 0 to 1 at ``peak`` and back to 0 at t = 1."""
    warped = np.where(t < peak, 0.5 * t / peak, 0.5 + 0.5 * (t - peak) / (1.0 - peak))
    hump: FloatArray = np.sin(np.pi * np.clip(warped, 0.0, 1.0)) ** 2
    return hump


def _toe(bones: Sequence[Bone], limb: str, suffix: str) -> FloatArray:
    kind = "front" if limb == "fore" else "hind"
    tail: FloatArray = next(bone.tail for bone in bones if bone.name == f"{kind}_hoof{suffix}")
    return tail


def _stride_path(gait: Gait, limb: str, phase: FloatArray, toe: FloatArray, height: float) -> HoofPath:
    """Path of one hoof over a stride that begins with its touchdown at phase 0."""
    travel = gait.duty * gait.stride * height
    reach = (gait.reach_fore if limb == "fore" else gait.reach_hind) * height
    front, back = toe[1] + reach - 0.5 * travel, toe[1] + reach + 0.5 * travel
    stance = phase < gait.duty
    t = np.where(stance, phase / gait.duty, (phase - gait.duty) / (1.0 - gait.duty))
    # In swing a cubic that leaves and meets the ground at the ground's own speed.
    slope = gait.stride * height * (1.0 - gait.duty)
    swing_y = (
        (2 * t**3 - 3 * t**2 + 1) * back + (t**3 - 2 * t**2 + t) * slope
        + (3 * t**2 - 2 * t**3) * front + (t**3 - t**2) * slope
    )  # fmt: skip
    y = np.where(stance, front + (back - front) * t, swing_y)
    lift = (gait.lift_fore if limb == "fore" else gait.lift_hind) * height
    z = toe[2] + np.where(stance, 0.0, lift * _hump(t, 0.42))
    path = np.column_stack([np.full(len(phase), toe[0]), y, z])
    # The heel leaves first: the hoof rolls over its toe, hangs back in swing, and is level again to land.
    roll = 28.0
    off = np.where(stance, roll * _ease((t - 0.80) / 0.20) ** 1.5, 0.0)
    hang = np.where(stance, 0.0, roll * (1.0 - _ease(t / 0.5)) + 62.0 * _hump(t, 0.33) - 9.0 * _hump(t, 0.84))
    sink = np.where(stance, -11.0 * np.sin(np.pi * t) ** 1.3, 0.0)
    fold = np.where(stance, 0.0, -14.0 * _hump(t, 0.40))
    bend = gait.carpus if limb == "fore" else gait.hock
    # A little flexion before the hoof leaves the ground makes the carpus give way smoothly.
    flexion = np.where(
        stance,
        bend * 0.10 * _ease((t - 0.86) / 0.14),
        bend * (0.10 * (1 - _ease(t / 0.3)) + 0.95 * _hump(t, 0.40)),
    )
    return HoofPath(path, off + hang, sink + fold, flexion)


def _pose_neck(figure: Figure, pitch: FloatArray, head: FloatArray, yaw: FloatArray | float = 0.0,
               roll: FloatArray | float = 0.0) -> None:  # fmt: skip
    """Share a turn of the neck among its bones, and turn the head by so much more."""
    yaw, roll = np.asarray(yaw, float), np.asarray(roll, float)
    for name, share in (("neck_1", 0.45), ("neck_2", 0.32), ("neck_3", 0.23)):
        figure.rotate(name, turn(2, share * 0.8 * yaw), turn(0, share * pitch))
    figure.rotate("head", turn(2, 0.2 * yaw), turn(1, roll), turn(0, head))


def _pose_tail(figure: Figure, raised: FloatArray | float, sway: Callable[[float], FloatArray]) -> None:
    """Raise the tail by degrees, and let a swing run down it; ``sway(lag)`` gives degrees sideways."""
    for i, share in enumerate((0.55, 0.3, 0.15, 0.0)):
        figure.rotate(
            f"tail_{i + 1}",
            turn(1, sway(0.09 * i) * (0.5 + 0.35 * i)),
            turn(0, share * np.asarray(raised, float)),
        )


def _pose_ears(figure: Figure, forward: FloatArray, out: FloatArray) -> None:
    for suffix, sign in ((".L", 1.0), (".R", -1.0)):
        figure.rotate(f"ear{suffix}", turn(2, sign * out), turn(0, forward))


def gait_clip(name: str, bones: Sequence[Bone], height: float) -> Clip:
    """One stride of a gait on the spot.

    Parameters
    ----------
    name
        Key of :data:`GAITS`.
    bones
        Skeleton at rest.
    height
        Height of the withers, metres.

    Returns
    -------
    Clip
        Cyclic; hooves in stance move backwards at the clip's speed.
    """
    gait = GAITS[name]
    phase = np.arange(gait.frames + 1) / gait.frames
    drop = gait.drop
    # If a leg is too short for the step, the trunk is carried lower, by millimetres at a time.
    for _ in range(40):
        figure, stance, miss = _stride(gait, bones, height, phase, drop)
        if miss < 0.0015 * height:
            break
        drop += 0.003
    return Clip(name, figure.local, figure.offset, stance, gait.stride * height / gait.frames, miss)


def _stride(
    gait: Gait, bones: Sequence[Bone], height: float, phase: FloatArray, drop: float
) -> tuple[Figure, FloatArray, float]:
    figure = Figure(bones, len(phase))
    figure.offset[:, 2] = height * (-drop + gait.bob * _wave(phase, gait.bob_beats, gait.bob_phase))
    bend = gait.spine * _wave(phase, 1.0, 0.62 if gait.pitch else 0.25)
    side = _wave(phase, 1.0, 0.02)
    figure.rotate(
        "pelvis",
        turn(2, gait.yaw * side), turn(1, gait.roll * _wave(phase, 1.0, 0.30)),
        turn(0, gait.pitch * _wave(phase, 1.0, gait.pitch_phase) - bend),
    )  # fmt: skip
    figure.rotate("spine_1", turn(2, -0.6 * gait.yaw * side), turn(0, 0.9 * bend))
    figure.rotate("spine_2", turn(2, -0.6 * gait.yaw * side), turn(0, 0.35 * bend))
    figure.rotate(
        "chest", turn(2, -0.3 * gait.yaw * side), turn(1, -1.4 * gait.roll * _wave(phase, 1.0, 0.35))
    )
    nod = gait.nod * _wave(phase, gait.nod_beats, 0.30 if gait.nod_beats == 1 else 0.10)
    _pose_neck(figure, gait.neck + nod, -0.55 * gait.neck - 0.7 * nod, -0.8 * gait.yaw * side)
    _pose_tail(figure, gait.tail, lambda lag: 5.0 * _wave(phase - lag, 1.0, 0.1))
    _pose_ears(figure, 4.0 * _wave(phase, 2.0) - 3.0 - 0.6 * gait.tail, 0.0 * phase)
    stance = np.zeros((len(phase), 4), bool)
    worst = 0.0
    for i, (limb, suffix) in enumerate(HOOVES):
        own = (phase - gait.touchdown[i]) % 1.0
        own = np.where(own > 1.0 - 1e-9, 0.0, own)
        path = _stride_path(gait, limb, own, _toe(bones, limb, suffix), height)
        stance[:, i] = own < gait.duty
        worst = max(worst, float(plant(figure, limb, suffix, path).max()))
    return figure, stance, worst


def _planted(figure: Figure, bones: Sequence[Bone], shifts: Mapping[tuple[str, str], FloatArray],
             heels: Mapping[tuple[str, str], FloatArray] | None = None) -> float:  # fmt: skip
    """Keep all four hooves on the ground, set forward or back by ``shifts`` (x, y)."""
    worst = 0.0
    none = np.zeros(figure.frames)
    for limb, suffix in HOOVES:
        shift = shifts.get((limb, suffix), np.zeros(2))
        toe = _toe(bones, limb, suffix) + np.array([*shift, 0.0])
        pitch = (heels or {}).get((limb, suffix), none)
        path = HoofPath(np.broadcast_to(toe, (figure.frames, 3)), pitch, 0.25 * pitch, none)
        worst = max(worst, float(plant(figure, limb, suffix, path).max()))
    return worst


def _swish(phase: FloatArray, times: Sequence[tuple[float, float]]) -> Callable[[float], FloatArray]:
    """Tail strokes to one side at (phase, degrees), with rest between them."""

    def sway(lag: float) -> FloatArray:
        total = np.zeros_like(phase)
        for at, degrees in times:
            away = (phase - lag * 0.35 - at + 0.5) % 1.0 - 0.5
            total = total + degrees * np.exp(-((away / 0.045) ** 2)) * np.cos(away * 45.0)
        return total

    return sway


def graze(bones: Sequence[Bone], height: float) -> Clip:
    """Head at the ground, cropping from side to side, one forefoot before the other."""
    frames = 96
    phase = np.arange(frames + 1) / frames
    lips = next(bone for bone in bones if bone.name == "head").tail
    shifts = {
        ("fore", ".L"): np.array([0.02, -0.17]) * height, ("fore", ".R"): np.array([-0.02, 0.10]) * height,
        ("hind", ".L"): np.array([0.0, 0.05]) * height, ("hind", ".R"): np.array([0.0, -0.07]) * height,
    }  # fmt: skip
    crop = _wave(phase, 6.0) * _ease(0.5 + 0.5 * _wave(phase, 1.0, 0.3) + 0.3)
    aim = 9.0 * _wave(phase, 1.0, 0.15) + 3.0 * _wave(phase, 2.0, 0.4)

    def bowed(pitch: FloatArray) -> Figure:
        figure = Figure(bones, frames + 1)
        figure.offset[:, 2] = -0.025 * height
        figure.rotate("pelvis", turn(0, np.full(frames + 1, 4.5)))
        figure.rotate("chest", turn(0, np.full(frames + 1, 6.0)))
        _pose_neck(figure, pitch, 12.0 - pitch + 2.0 * crop, aim, 0.3 * aim)
        return figure

    low, high = np.full(frames + 1, 40.0), np.full(frames + 1, 125.0)
    goal = (0.035 + 0.010 * crop) * height
    for _ in range(24):
        middle = 0.5 * (low + high)
        above = bowed(middle).carried("head", lips)[:, 2] > goal
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    figure = bowed(0.5 * (low + high))
    _pose_tail(figure, 4.0, _swish(phase, [(0.15, 30.0), (0.62, -34.0)]))
    _pose_ears(figure, -8.0 + 9.0 * _wave(phase, 3.0, 0.2), 10.0 * _wave(phase, 2.0, 0.7))
    miss = _planted(figure, bones, shifts)
    return Clip("graze", figure.local, figure.offset, np.ones((frames + 1, 4), bool), 0.0, miss)


def stand(bones: Sequence[Bone], height: float) -> Clip:
    """At ease: weight shifts from side to side, one hind hoof rests on its toe, the head turns a little."""
    frames = 120
    phase = np.arange(frames + 1) / frames
    figure = Figure(bones, frames + 1)
    lean = _wave(phase, 1.0, 0.25)
    rest = _ease(0.5 - 0.9 * _wave(phase, 1.0, 0.25) - 0.1)
    figure.offset[:, 0] = 0.012 * height * lean
    figure.offset[:, 2] = height * (-0.010 - 0.004 * rest)
    figure.rotate("pelvis", turn(1, -2.2 * rest + 0.8 * lean))
    figure.rotate("spine_1", turn(1, 1.4 * rest))
    figure.rotate("chest", turn(1, 0.8 * rest - 0.8 * lean), turn(0, 0.4 * _wave(phase, 3.0)))
    _pose_neck(
        figure,
        9.0 + 4.0 * _wave(phase, 1.0, 0.6),
        -5.0 + 3.0 * _wave(phase, 2.0, 0.3),
        16.0 * _wave(phase, 1.0, 0.4),
    )
    _pose_tail(figure, 1.0, _swish(phase, [(0.3, -32.0), (0.42, 26.0), (0.8, 30.0)]))
    _pose_ears(figure, 8.0 * _wave(phase, 2.0, 0.1), 14.0 * _wave(phase, 3.0, 0.5))
    shifts = {
        ("fore", ".R"): np.array([0.0, -0.03]) * height,
        ("hind", ".R"): np.array([0.0, -0.05]) * height,
        ("hind", ".L"): np.array([0.0, 0.03]) * height,
    }
    miss = _planted(figure, bones, shifts, {("hind", ".R"): 34.0 * rest})
    return Clip("stand", figure.local, figure.offset, np.ones((frames + 1, 4), bool), 0.0, miss)


def look_around(bones: Sequence[Bone], height: float) -> Clip:
    """Alarmed: neck raised, the head turned far to one side and then the other, ears pricked."""
    frames = 96
    phase = np.arange(frames + 1) / frames
    figure = Figure(bones, frames + 1)
    figure.offset[:, 2] = -0.008 * height
    glance = 62.0 * (_ease((phase - 0.06) / 0.16) - _ease((phase - 0.32) / 0.14))
    glance = glance - 70.0 * (_ease((phase - 0.50) / 0.16) - _ease((phase - 0.80) / 0.16))
    figure.rotate("chest", turn(2, 0.05 * glance))
    _pose_neck(
        figure, -9.0 + 0.06 * np.abs(glance), 6.0 + 4.0 * _wave(phase, 2.0, 0.1), glance, -0.06 * glance
    )
    _pose_tail(figure, 6.0, _swish(phase, [(0.4, 30.0)]))
    _pose_ears(figure, 8.0 + 3.0 * _wave(phase, 4.0), -10.0 + 8.0 * _wave(phase, 2.0, 0.3))
    shifts = {
        ("fore", ".L"): np.array([0.01, -0.05]) * height,
        ("hind", ".R"): np.array([0.0, 0.06]) * height,
    }
    miss = _planted(figure, bones, shifts)
    return Clip("look_around", figure.local, figure.offset, np.ones((frames + 1, 4), bool), 0.0, miss)


def clips(bones: Sequence[Bone], height: float) -> tuple[Clip, ...]:
    """All motions of an individual, sorted by name.

    Parameters
    ----------
    bones
        Skeleton at rest.
    height
        Height of the withers, metres.
    """
    found = [gait_clip(name, bones, height) for name in GAITS]
    found += [graze(bones, height), look_around(bones, height), stand(bones, height)]
    return tuple(sorted(found, key=lambda clip: clip.name))
