"""Walk, trot and gallop of a horse-like animal, by rotations of its bones alone.

The gaits follow the footfall sequences of Hildebrand (Symmetrical gaits of horses, Science 150, 1965; The
quadrupedal gaits of vertebrates, BioScience 39, 1989): a lateral-sequence walk, a trot of diagonal pairs,
and a transverse gallop. Duty factors and stride times are those of horse-like animals of this size at
ordinary speed (Pennycuick, On the running of the gnu and other animals, J. Exp. Biol. 63, 1975; Hoyt &
Taylor, Gait and the energetics of locomotion in horses, Nature 292, 1981; Biewener, J. Exp. Biol. 105, 1983);
the bending of the joints, the nodding of the head and the rise and fall of the trunk follow Back & Clayton
(Equine Locomotion, 2nd ed. 2013).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from .clip import HOOVES, Clip, ease, hump, pose_ears, pose_neck, pose_tail, toe_of, wave
from .kinematics import Figure, HoofPath, plant, turn
from .skeleton import Bone
from .sweep import FloatArray


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
        lift_hind=0.085, carpus=78.0, hock=-12.0, drop=0.022, bob=0.024, bob_beats=2, bob_phase=0.46,
        roll=1.5, yaw=1.5, spine=0.8, nod=1.5, neck=-2.0, tail=16.0,
    ),
    "gallop": Gait(
        frames=12, duty=0.25, touchdown=(0.0, 0.44, 0.13, 0.30), stride=2.20, lift_fore=0.17,
        lift_hind=0.15, carpus=96.0, hock=-22.0, drop=0.045, bob=0.030, bob_beats=1, bob_phase=0.80,
        pitch=4.5, pitch_phase=0.30, roll=1.0, spine=7.0, nod=7.0, nod_beats=1, neck=14.0, tail=38.0,
        reach_hind=-0.03,
    ),
}  # fmt: skip


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
    z = toe[2] + np.where(stance, 0.0, lift * hump(t, 0.42))
    path = np.column_stack([np.full(len(phase), toe[0]), y, z])
    # The heel leaves first: the hoof rolls over its toe, hangs back in swing, and is level again to land.
    roll = 28.0
    off = np.where(stance, roll * ease((t - 0.80) / 0.20) ** 1.5, 0.0)
    hang = np.where(stance, 0.0, roll * (1.0 - ease(t / 0.5)) + 62.0 * hump(t, 0.33) - 9.0 * hump(t, 0.84))
    sink = np.where(stance, -11.0 * np.sin(np.pi * t) ** 1.3, 0.0)
    fold = np.where(stance, 0.0, -14.0 * hump(t, 0.40))
    bend = gait.carpus if limb == "fore" else gait.hock
    # A little flexion before the hoof leaves the ground makes the carpus give way smoothly.
    flexion = np.where(
        stance,
        bend * 0.10 * ease((t - 0.86) / 0.14),
        bend * (0.10 * (1 - ease(t / 0.3)) + 0.95 * hump(t, 0.40)),
    )
    return HoofPath(path, off + hang, sink + fold, flexion)


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
    figure.offset[:, 2] = height * (-drop + gait.bob * wave(phase, gait.bob_beats, gait.bob_phase))
    bend = gait.spine * wave(phase, 1.0, 0.62 if gait.pitch else 0.25)
    side = wave(phase, 1.0, 0.02)
    figure.rotate(
        "pelvis",
        turn(2, gait.yaw * side), turn(1, gait.roll * wave(phase, 1.0, 0.30)),
        turn(0, gait.pitch * wave(phase, 1.0, gait.pitch_phase) - bend),
    )  # fmt: skip
    figure.rotate("spine_1", turn(2, -0.6 * gait.yaw * side), turn(0, 0.9 * bend))
    figure.rotate("spine_2", turn(2, -0.6 * gait.yaw * side), turn(0, 0.35 * bend))
    figure.rotate(
        "chest", turn(2, -0.3 * gait.yaw * side), turn(1, -1.4 * gait.roll * wave(phase, 1.0, 0.35))
    )
    nod = gait.nod * wave(phase, gait.nod_beats, 0.30 if gait.nod_beats == 1 else 0.10)
    pose_neck(figure, gait.neck + nod, -0.55 * gait.neck - 0.7 * nod, -0.8 * gait.yaw * side)
    pose_tail(figure, gait.tail, lambda lag: 5.0 * wave(phase - lag, 1.0, 0.1))
    pose_ears(figure, 4.0 * wave(phase, 2.0) - 3.0 - 0.6 * gait.tail, 0.0 * phase)
    stance = np.zeros((len(phase), 4), bool)
    worst = 0.0
    for i, (limb, suffix) in enumerate(HOOVES):
        own = (phase - gait.touchdown[i]) % 1.0
        own = np.where(own > 1.0 - 1e-9, 0.0, own)
        path = _stride_path(gait, limb, own, toe_of(bones, limb, suffix), height)
        stance[:, i] = own < gait.duty
        worst = max(worst, float(plant(figure, limb, suffix, path).max()))
    return figure, stance, worst
