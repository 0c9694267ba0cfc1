"""Motions on the spot put together: above ground, feet where they stand, head and tail clear of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .clip import Clip
from .contact_solving import TRUNK, all_places
from .kinematics import Figure
from .postures import Build, Numbers, Score, joined, numbers_of, pose_legs, pose_neck, pose_tail, pose_trunk
from .sweep import FloatArray

_ROUNDING = 2e-11
"""Metres that do not move anything."""


def _raise_head(figure: Figure, build: Build, numbers: Numbers) -> None:
    """Lower the neck less where the lips would come below the height that ``lips`` gives.

    Grazing says how far the neck would go and leaves it to the ground to stop it.
    """
    lips = build.heads["lips"]
    goal = np.maximum(numbers.get("lips"), 0.012) * build.height
    below = build.points.below("head", build.bones)

    def room(posed: Figure) -> FloatArray:
        """Height of the lips, or what the rest of the head leaves of it."""
        turns, joints = posed.place("head")
        up = joints[:, 2] + turns[:, 2] @ (lips - build.heads["head"])
        if not len(below):
            return up
        chin = joints[:, 2] + (turns[:, 2] @ below.T).min(axis=1)
        return np.minimum(up, chin + 0.010 * build.height)

    rows = np.flatnonzero(room(figure) < goal)
    if not len(rows):
        return
    part, some = numbers.at(rows), figure.at(rows)
    low, high = np.full(len(rows), -90.0), np.zeros(len(rows))
    for step in range(13):
        less = 0.5 * (low + high) if step < 12 else low
        pose_neck(some, part, less)
        clear = room(some) > goal[rows]
        low, high = np.where(clear, less, low), np.where(clear, high, less)
    figure.local[rows] = some.local


def _lay_tail(figure: Figure, build: Build, numbers: Numbers) -> None:
    """Curl the tail where it would hang into the ground until it lies on it."""
    room = 0.003 * build.height + build.thickness["tail_4"]
    ends = [(name, figure.tails[figure.index(name)]) for name in ("tail_2", "tail_3", "tail_4")]

    def clear(posed: Figure, part: Numbers, curl: FloatArray) -> FloatArray:
        pose_tail(posed, part, curl)
        return np.minimum.reduce([posed.carried(name, end)[:, 2] for name, end in ends]) > room

    rows = np.flatnonzero(~clear(figure, numbers, np.zeros(numbers.frames)))
    if not len(rows):
        return
    part, some = numbers.at(rows), figure.at(rows)
    low, high = np.zeros(len(rows)), np.full(len(rows), 90.0)
    for _ in range(9):
        middle = 0.5 * (low + high)
        off = clear(some, part, middle)
        low, high = np.where(off, low, middle), np.where(off, middle, high)
    pose_tail(some, part, high)
    figure.local[rows] = some.local


def _pressed_out(figure: Figure, build: Build) -> FloatArray:
    """(F,) metres by which the trunk has sunk into the ground; zero where it has not."""
    turns, joints = all_places(figure, build.bones)
    lowest = build.points.on(TRUNK, build.bones).heights(turns, joints).min(axis=1)
    return np.asarray(np.maximum(-lowest, 0.0))


def solved(build: Build, scores: Sequence[Score]) -> tuple[Clip, ...]:
    """Solve motions: the trunk as it is said but above the ground, the feet where they stand.

    Where a standing foot is out of reach the trunk is lowered, evenly over the frames before and after.
    """
    parts = [numbers_of(score) for score in scores]
    numbers = joined(parts)
    ends = np.cumsum([part.frames for part in parts])
    clips = [slice(end - part.frames, end) for part, end in zip(parts, ends, strict=True)]
    figure = Figure(build.bones, numbers.frames)
    pose_trunk(figure, build, numbers)
    lying = np.concatenate(
        [np.full(part.frames, score.lies) for part, score in zip(parts, scores, strict=True)]
    )
    missed = pose_legs(figure, build, numbers)
    for _ in range(3):
        short = np.where(numbers.stance, missed, 0.0).max(axis=1)
        if short.max() < 0.0015 * build.height:
            break
        lowering = np.concatenate([_spread(1.25 * short[rows]) for rows in clips])
        _moved(figure, build, numbers, missed, -lowering)
    if lying.any():
        rows = np.flatnonzero(lying)
        sunk = np.zeros(numbers.frames)
        sunk[rows] = _pressed_out(figure.at(rows), build)
        _moved(figure, build, numbers, missed, sunk)
    _raise_head(figure, build, numbers)
    _lay_tail(figure, build, numbers)
    return tuple(
        Clip(score.name, figure.local[rows].copy(), figure.offset[rows].copy(), part.stance, 0.0,
             float(np.where(part.stance, missed[rows], 0.0).max()))
        for score, part, rows in zip(scores, parts, clips, strict=True)
    )  # fmt: skip


def _moved(figure: Figure, build: Build, numbers: Numbers, missed: FloatArray, up: FloatArray) -> None:
    """Raise the trunk by (F,) metres; the legs follow, and what they miss is entered."""
    rows = np.flatnonzero(np.abs(up) > _ROUNDING)
    if len(rows):
        figure.offset[rows, 2] += up[rows]
        some = figure.at(rows)
        missed[rows] = pose_legs(some, build, numbers.at(rows))
        figure.local[rows] = some.local


def _spread(lowering: FloatArray) -> FloatArray:
    """What is needed at some frames, over the frames around them too: never less, and without corners."""
    if lowering.max() <= 0.0:
        return lowering
    reach = 6
    cyclic = abs(lowering[0] - lowering[-1]) < 1e-6
    padded = (
        np.pad(lowering[:-1], (2 * reach, 2 * reach + 1), mode="wrap")
        if cyclic and len(lowering) > 2 * reach + 1
        else np.pad(lowering, 2 * reach, mode="edge")
    )
    widest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    kernel = np.hanning(2 * reach + 3)[1:-1]
    spread: FloatArray = np.convolve(widest, kernel / kernel.sum(), mode="valid")
    return spread
