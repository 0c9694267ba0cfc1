"""Motions of an animal that stays where it is: grazing, standing at ease, looking around."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .clip import HOOVES, Clip, ease, pose_ears, pose_neck, pose_tail, toe_of, wave
from .kinematics import Figure, HoofPath, plant, turn
from .skeleton import Bone
from .sweep import FloatArray


def _planted(figure: Figure, bones: Sequence[Bone], shifts: Mapping[tuple[str, str], FloatArray],
             heels: Mapping[tuple[str, str], FloatArray] | None = None) -> float:  # fmt: skip
    """Keep all four hooves on the ground, set forward or back by ``shifts`` (x, y)."""
    worst = 0.0
    none = np.zeros(figure.frames)
    for limb, suffix in HOOVES:
        shift = shifts.get((limb, suffix), np.zeros(2))
        toe = toe_of(bones, limb, suffix) + np.array([*shift, 0.0])
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
    crop = wave(phase, 6.0) * ease(0.5 + 0.5 * wave(phase, 1.0, 0.3) + 0.3)
    aim = 9.0 * wave(phase, 1.0, 0.15) + 3.0 * wave(phase, 2.0, 0.4)

    def bowed(pitch: FloatArray) -> Figure:
        figure = Figure(bones, frames + 1)
        figure.offset[:, 2] = -0.025 * height
        figure.rotate("pelvis", turn(0, np.full(frames + 1, 4.5)))
        figure.rotate("chest", turn(0, np.full(frames + 1, 6.0)))
        # The poll opens by some 60 degrees, little more than that of a horse that reaches between its feet
        # (Clayton et al., Equine Vet. J. 42, 2010): the head hangs from the neck, the nose does not poke.
        pose_neck(figure, pitch, -0.72 * pitch + 2.0 * crop, aim, 0.3 * aim, lowered=True)
        return figure

    low, high = np.full(frames + 1, 40.0), np.full(frames + 1, 125.0)
    goal = (0.035 + 0.010 * crop) * height
    for _ in range(24):
        middle = 0.5 * (low + high)
        above = bowed(middle).carried("head", lips)[:, 2] > goal
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    figure = bowed(0.5 * (low + high))
    pose_tail(figure, 4.0, _swish(phase, [(0.15, 30.0), (0.62, -34.0)]))
    pose_ears(figure, -8.0 + 9.0 * wave(phase, 3.0, 0.2), 10.0 * wave(phase, 2.0, 0.7))
    miss = _planted(figure, bones, shifts)
    return Clip("graze", figure.local, figure.offset, np.ones((frames + 1, 4), bool), 0.0, miss)


def stand(bones: Sequence[Bone], height: float) -> Clip:
    """At ease: weight shifts from side to side, one hind hoof rests on its toe, the head turns a little."""
    frames = 120
    phase = np.arange(frames + 1) / frames
    figure = Figure(bones, frames + 1)
    lean = wave(phase, 1.0, 0.25)
    rest = ease(0.5 - 0.9 * wave(phase, 1.0, 0.25) - 0.1)
    figure.offset[:, 0] = 0.012 * height * lean
    figure.offset[:, 2] = height * (-0.010 - 0.004 * rest)
    figure.rotate("pelvis", turn(1, -2.2 * rest + 0.8 * lean))
    figure.rotate("spine_1", turn(1, 1.4 * rest))
    figure.rotate("chest", turn(1, 0.8 * rest - 0.8 * lean), turn(0, 0.4 * wave(phase, 3.0)))
    pose_neck(
        figure,
        9.0 + 4.0 * wave(phase, 1.0, 0.6),
        -5.0 + 3.0 * wave(phase, 2.0, 0.3),
        16.0 * wave(phase, 1.0, 0.4),
    )
    pose_tail(figure, 1.0, _swish(phase, [(0.3, -32.0), (0.42, 26.0), (0.8, 30.0)]))
    pose_ears(figure, 8.0 * wave(phase, 2.0, 0.1), 14.0 * wave(phase, 3.0, 0.5))
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
    glance = 62.0 * (ease((phase - 0.06) / 0.16) - ease((phase - 0.32) / 0.14))
    glance = glance - 70.0 * (ease((phase - 0.50) / 0.16) - ease((phase - 0.80) / 0.16))
    figure.rotate("chest", turn(2, 0.05 * glance))
    pose_neck(figure, -9.0 + 0.06 * np.abs(glance), 6.0 + 4.0 * wave(phase, 2.0, 0.1), glance, -0.06 * glance)
    pose_tail(figure, 6.0, _swish(phase, [(0.4, 30.0)]))
    pose_ears(figure, 8.0 + 3.0 * wave(phase, 4.0), -10.0 + 8.0 * wave(phase, 2.0, 0.3))
    shifts = {
        ("fore", ".L"): np.array([0.01, -0.05]) * height,
        ("hind", ".R"): np.array([0.0, 0.06]) * height,
    }
    miss = _planted(figure, bones, shifts)
    return Clip("look_around", figure.local, figure.offset, np.ones((frames + 1, 4), bool), 0.0, miss)


def standing_clips(
    bones: Sequence[Bone], height: float, family: str = "unguligrade", seed: int = 0
) -> tuple[Clip, ...]:
    """All motions of an individual that stays where it is.

    Parameters
    ----------
    bones
        Skeleton at rest.
    height
        Height of the withers, metres.
    family
        ``unguligrade`` or ``digitigrade``.
    seed
        Of what varies from one individual to another.
    """
    return graze(bones, height), stand(bones, height), look_around(bones, height)
