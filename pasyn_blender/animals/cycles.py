"""Curves of several cyclic motions one after another in one array."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from .sweep import FloatArray, IntArray


class Cycles:
    """Where each of several cyclic motions lies in arrays that hold them one after another.

    Parameters
    ----------
    lengths
        Frames of each motion, 2 or more; the last one repeats the first.

    Attributes
    ----------
    lengths, starts
        (N,) frames of each motion, and its first place.
    frames
        Frames of all.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths = np.asarray(lengths, dtype=np.int64)
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.frames = int(self.lengths.sum())
        places = np.arange(self.frames)
        around = np.repeat(self.lengths - 1, self.lengths)
        first = np.repeat(self.starts, self.lengths)
        self._own = first + (places - first) % around
        self._before = first + (places - first - 1) % around
        self._after = first + (places - first + 1) % around
        self._rounds = np.maximum(2, np.round((self.lengths - 1) / 12)).astype(np.int64)

    def slices(self) -> list[slice]:
        """Where each motion is."""
        return [slice(first, first + count) for first, count in zip(self.starts, self.lengths, strict=True)]

    def each(self, values: FloatArray) -> FloatArray:
        """(F,) the values of N motions, each at all of its frames."""
        return np.repeat(values, self.lengths)

    def largest(self, curve: FloatArray) -> FloatArray:
        """(N,) largest value of (F,) in each motion."""
        return np.asarray(np.maximum.reduceat(curve, self.starts))

    def smoothed(self, curve: FloatArray) -> FloatArray:
        """(F,) cyclic curves with their corners rounded."""
        smooth = curve[self._own]
        rounds = np.repeat(self._rounds, self.lengths)
        least = int(self._rounds.min())
        for done in range(int(self._rounds.max())):
            next_ = 0.25 * smooth[self._before] + 0.5 * smooth + 0.25 * smooth[self._after]
            smooth = next_ if done < least else np.where(done < rounds, next_, smooth)
        return smooth

    def spread(self, needed: FloatArray) -> FloatArray:
        """(F,) the smooth cyclic curves that lie above others."""
        found = np.empty(self.frames)
        for rows in self.slices():
            cycle = needed[rows][:-1]
            if cycle.any():
                index, weights = _window(len(cycle))
                above = cycle[index].max(axis=0)
                smooth = (weights * above[index]).sum(axis=0)
                found[rows] = np.append(smooth, smooth[0])
            else:
                found[rows] = 0.0
        return found


@lru_cache(maxsize=256)
def _window(count: int) -> tuple[IntArray, FloatArray]:
    """(K, F) places around each frame of a cycle, and (K, 1) how much each of them counts."""
    width = max(1, round(0.09 * count))
    offsets = np.arange(-width, width + 1)
    weights = 1.0 + np.cos(np.pi * offsets / (width + 1))
    index: IntArray = (np.arange(count)[None] - offsets[:, None]) % count
    return index, (weights / weights.sum())[:, None]
