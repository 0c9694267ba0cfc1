"""Find what is broken, still or repeated in clips, mend or drop it, and say so."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.rotations import Array, angle_between, interpolate, nearest_rotation
from .corpus import Clip

_SAME: Final = np.radians(0.05)  # of no joint; below what float32 and resampling leave between equal poses
_SAME_PLACE: Final = 1e-3  # trunks
_HOLD_SECONDS: Final = 0.5
"""An animation may rest at its end; what it holds for longer than this is one pose too often."""

# A jump is a step between frames that is large, and far beyond the steps around it. In the kicks, deaths and
# gallops of five game rigs at 30 frames a second steps reach 75 degrees, but no more than 4.6 times the
# second largest within six frames. Animation on twos or fours has a step in every second or fourth frame.
_JUMP: Final = np.radians(20.0)
_ROOT_JUMP: Final = 0.25  # trunks
_BEYOND: Final = 8.0
_AROUND: Final = 9
_SHORTEST_SECONDS: Final = 0.5  # of a part between breaks
_FEWEST_FRAMES: Final = 5
_LONGEST_BLIP: Final = 5
"""Frames between jumping away and jumping back that are mended from their neighbours."""


@dataclass(frozen=True)
class Note:
    """What was found in a clip.

    Attributes
    ----------
    animal, clip
        Whose clip.
    frames
        Which frames, in words; empty for the whole clip.
    what
        What was found and done.
    """

    animal: str
    clip: str
    frames: str
    what: str

    def __str__(self) -> str:
        return f"{self.animal}: {self.clip}{f', {self.frames}' if self.frames else ''}: {self.what}"


_Say = Callable[[str, str], None]


@dataclass(frozen=True)
class Cleaned:
    """A clip after cleaning.

    Attributes
    ----------
    clips
        The clip, or its parts where it is broken into several; none where nothing of it is usable.
    notes
        What was found and done.
    """

    clips: tuple[Clip, ...]
    notes: tuple[Note, ...] = ()


def cleaned(clip: Clip) -> Cleaned:
    """Mend or cut what is broken in a clip, and cut what it holds or repeats.

    Frames with numbers that are no rotations, and up to five frames between a jump away and the jump back,
    are interpolated from their neighbours. Where the motion jumps and does not come back, or breaks off for
    longer, the clip is cut, and each part of at least half a second becomes a clip, numbered; of a clip
    without one, the longest part. Poses held for more than half a second at either end are cut to half a
    second, a clip without any motion to one pose, and the last frame of a loop that shows the first again is
    dropped. Fast motion, rests and falls are left as they are.
    """
    notes: list[Note] = []

    def note(frames: str, what: str) -> None:
        notes.append(Note(clip.animal, clip.name, frames, what))

    broken = _broken_frames(clip)
    if broken.all():
        note("", "dropped: it has no frame without NaN or with rotations")
        return Cleaned((), tuple(notes))
    wrong = broken.copy()
    jumps = _jumps(clip, broken)
    blips = _blips(clip, jumps, broken)
    wrong |= blips
    mended = _mended(clip, wrong)
    for frames, start, end in _runs(wrong):
        inner = start > 0 and end < len(clip)
        what = "no rotations (NaN or not finite)" if broken[start:end].any() else "a jump away and back"
        if inner and end - start <= _LONGEST_BLIP:
            note(frames, f"{what}; interpolated from the frames around")
            wrong[start:end] = False
        else:
            note(frames, f"{what}; dropped")
    cuts = _jumps(mended, wrong)
    for frame in np.flatnonzero(cuts):
        note(f"frame {frame + 1}", "the motion jumps here; cut")
    stretches = _stretches(wrong, cuts)
    least = max(_SHORTEST_SECONDS * clip.rate, _FEWEST_FRAMES)
    long_enough = [part for part in stretches if part[1] - part[0] >= least or len(stretches) == 1]
    kept = long_enough or [max(stretches, key=lambda part: part[1] - part[0])]
    for start, end in stretches:
        if (start, end) not in kept:
            note(f"frames {start}-{end - 1}", "too short between breaks; dropped")
    parts = []
    for number, (start, end) in enumerate(kept, start=1):
        part = _without_holds(mended.taken(slice(start, end)), start, note)
        part = _without_closing_frame(part, note)
        parts.append(replace(part, name=f"{clip.name} ({number})") if len(kept) > 1 else part)
    return Cleaned(tuple(parts), tuple(notes))


def resampled(clip: Clip, rate: float) -> Clip:
    """Return the clip at another frame rate, rotations interpolated along geodesics, places linearly.

    The first frame stays the first; the clip lasts as long as before, less than one new frame missing.

    Parameters
    ----------
    clip
        The clip.
    rate
        Frames a second, more than 0.
    """
    if rate == clip.rate or len(clip) < 2:
        return replace(clip, rate=rate)
    count = int(np.floor((len(clip) - 1) / clip.rate * rate + 1e-3)) + 1
    times = np.minimum(np.arange(count) * clip.rate / rate, len(clip) - 1)
    return replace(_at(clip, times), rate=rate)


def without_copies(clips: Sequence[Clip]) -> tuple[list[Clip], list[Note]]:
    """Leave out clips that show what an earlier one shows, frame by frame.

    Returns
    -------
    clips
        Without the copies, in order.
    notes
        One for each copy.
    """
    kept: list[Clip] = []
    notes: list[Note] = []
    alike: dict[tuple[int, bytes], list[Clip]] = {}
    for clip in clips:
        # Single poses of published files are often equal, and there that is data and no mistake.
        others = alike.setdefault((len(clip), clip.known.tobytes()), []) if len(clip) > 1 else []
        same = next((earlier for earlier in others if _is_copy(earlier, clip)), None)
        if same is None:
            kept.append(clip)
            others.append(clip)
        else:
            whose = f" of {same.animal}" if same.animal != clip.animal else ""
            notes.append(Note(clip.animal, clip.name, "", f"a copy of {same.name}{whose}; dropped"))
    return kept, notes


def _is_copy(first: Clip, second: Clip) -> bool:
    """Whether two clips of one length and the same joints show the same poses."""
    middle = len(first) // 2
    if angle_between(first.rotations[middle], second.rotations[middle]).max() > _SAME:
        return False
    return bool(angle_between(first.rotations, second.rotations).max() <= _SAME)


def _broken_frames(clip: Clip) -> NDArray[np.bool_]:
    """(F,) frames whose numbers are no rotations or no place."""
    finite = np.isfinite(clip.rotations).all(axis=(1, 2, 3)) & np.isfinite(clip.root).all(axis=1)
    matrices = np.where(finite[:, None, None, None], clip.rotations, np.eye(3))
    product = matrices @ np.swapaxes(matrices, -1, -2)
    square = np.abs(product - np.eye(3)).max(axis=(1, 2, 3)) < 0.01
    return ~(finite & square & (np.linalg.det(matrices) > 0).all(axis=1))


def _steps(clip: Clip, broken: NDArray[np.bool_]) -> tuple[Array, Array]:
    """(F-1, J) turns in radians, and (F-1,) steps of the root, between frames; zero beside broken ones."""
    beside = broken[1:] | broken[:-1]
    rotations = np.where(broken[:, None, None, None], np.eye(3), clip.rotations)
    root = np.where(broken[:, None], 0.0, clip.root)
    turns = angle_between(rotations[1:], rotations[:-1])
    return np.where(beside[:, None], 0.0, turns), np.where(
        beside, 0.0, np.linalg.norm(np.diff(root, axis=0), axis=1)
    )


def _jumps(clip: Clip, broken: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(F-1,) whether something jumps between a frame and the next."""
    if len(clip) < 5:
        return np.zeros(max(len(clip) - 1, 0), dtype=bool)
    turns, moves = _steps(clip, broken)
    return (_outliers(turns, _JUMP)).any(axis=1) | _outliers(moves[:, None], _ROOT_JUMP)[:, 0]


def _outliers(steps: Array, least: float) -> NDArray[np.bool_]:
    """(S, J) steps of (S, J) that are at least so large, and far beyond the second largest around them."""
    count = len(steps)
    width = min(2 * _AROUND + 1, count)
    first = np.clip(np.arange(count) - _AROUND, 0, count - width)  # at the ends, as many on one side
    around = steps[first[:, None] + np.arange(width)]
    around[np.arange(count), np.arange(count) - first] = -1.0
    # A blip is two steps, so the largest around one of them is the other.
    usual = np.sort(around, axis=1)[:, -2]
    return np.asarray((steps > least) & (steps > _BEYOND * usual))


def _blips(clip: Clip, jumps: NDArray[np.bool_], broken: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(F,) frames between a jump away and a jump back to where the motion was."""
    blips = np.zeros(len(clip), dtype=bool)
    at = np.flatnonzero(jumps)
    for first, second in itertools.pairwise(at):
        if second - first > _LONGEST_BLIP or blips[first] or broken[first] or broken[second + 1]:
            continue
        before, during, after = (clip.rotations[i] for i in (first, first + 1, second + 1))
        away, back = angle_between(before, during), angle_between(before, after)
        root = np.linalg.norm(clip.root[[first + 1, second + 1]] - clip.root[first], axis=1)
        far = away > _JUMP
        if (back[far] < away[far] / 2).all() and (root[0] < _ROOT_JUMP or root[1] < root[0] / 2):
            blips[first + 1 : second + 1] = True
    return blips


def _mended(clip: Clip, wrong: NDArray[np.bool_]) -> Clip:
    """Interpolate wrong frames from the good ones around; at the ends, repeat the nearest good one."""
    if not wrong.any():
        return clip
    good = np.flatnonzero(~wrong)
    frames = np.arange(len(clip), dtype=np.float64)
    position = np.interp(frames, good, np.arange(len(good)))
    filled = _at(clip.taken(good), position)
    return replace(
        clip,
        rotations=np.where(wrong[:, None, None, None], filled.rotations, clip.rotations),
        root=np.where(wrong[:, None], filled.root, clip.root),
        clearance=np.where(wrong[:, None], filled.clearance, clip.clearance),
        shifts=None
        if clip.shifts is None or filled.shifts is None
        else np.where(wrong[:, None, None], filled.shifts, clip.shifts),
    )


def _at(clip: Clip, frames: Array) -> Clip:
    """Return the clip at (N,) fractional frames."""
    low = np.clip(np.floor(frames).astype(int), 0, max(len(clip) - 2, 0))
    high = np.minimum(low + 1, len(clip) - 1)
    share = frames - low
    rotations = interpolate(
        clip.rotations[low].astype(np.float64), clip.rotations[high].astype(np.float64), share[:, None]
    )

    def between(values: Array) -> NDArray[np.float32]:
        # Where a frame is met exactly, NaN of the other neighbour does not matter.
        start, end = values[low].astype(np.float64), values[high].astype(np.float64)
        part = share.reshape(-1, *[1] * (values.ndim - 1))
        mixed = start + part * (end - start)
        return np.where(part == 0, start, np.where(part == 1, end, mixed)).astype(np.float32)

    return replace(
        clip,
        rotations=nearest_rotation(rotations).astype(np.float32),
        root=between(clip.root),
        clearance=between(clip.clearance),
        shifts=None if clip.shifts is None else between(clip.shifts),
    )


def _runs(flags: NDArray[np.bool_]) -> list[tuple[str, int, int]]:
    """Words, first frame and frame after the last of each run of true flags."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [
        (f"frame {start}" if end == start + 1 else f"frames {start}-{end - 1}", int(start), int(end))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def _stretches(wrong: NDArray[np.bool_], cuts: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First frame, and frame after the last, of each stretch without wrong frames and cuts."""
    found = []
    start = 0
    for frame in range(len(wrong) + 1):
        ends = frame == len(wrong) or wrong[frame]
        if ends or (frame and cuts[frame - 1]):
            if frame > start:
                found.append((start, frame))
            start = frame + 1 if ends else frame
    return found


def _without_holds(clip: Clip, first: int, note: _Say) -> Clip:
    """Cut what a clip holds at its ends to half a second; a clip without motion to a pose.

    ``first`` is the frame in which it begins in its file.
    """
    if len(clip) < 2:
        return clip
    turns, moves = _steps(clip, np.zeros(len(clip), dtype=bool))
    moving = np.flatnonzero((turns.max(axis=1) > _SAME) | (moves > _SAME_PLACE))
    drift = angle_between(clip.rotations, clip.rotations[:1]).max()
    travel = np.linalg.norm(clip.root - clip.root[0], axis=1).max()
    if drift <= _SAME and travel <= _SAME_PLACE:
        note("", f"nothing moves in its {len(clip)} frames; kept as one pose")
        return clip.taken(slice(0, 1))
    if not len(moving):  # it moves too slowly to be seen from frame to frame
        return clip
    hold = max(round(_HOLD_SECONDS * clip.rate), 1)
    start, end = max(moving[0] - hold, 0), min(moving[-1] + 2 + hold, len(clip))
    # A hold little longer than half a second is left whole.
    start, end = (start if start > hold else 0), (end if len(clip) - end > hold else len(clip))
    for low, high in ((0, start), (end, len(clip))):
        if high > low:
            note(f"frames {first + low}-{first + high - 1}", "a held pose; cut to half a second")
    return clip.taken(slice(start, end))


def _without_closing_frame(clip: Clip, note: _Say) -> Clip:
    if len(clip) < 4 or angle_between(clip.rotations[0], clip.rotations[-1]).max() > _SAME:
        return clip
    note("", "the last frame shows the loop's first pose again; dropped")
    return clip.taken(slice(0, len(clip) - 1))
