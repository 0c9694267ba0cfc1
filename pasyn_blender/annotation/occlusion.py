"""Keypoints behind something that stands between camera and animal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from .masks import ALPHA_THRESHOLD


def hidden_keypoints(
    keypoints: Iterable[Sequence[float]], hidden: NDArray[np.uint8]
) -> list[tuple[float, float, int]]:
    """Keypoints with those counted as hidden that lie behind something.

    Parameters
    ----------
    keypoints
        (K, 3) x, y in pixels and visibility.
    hidden
        (H, W) coverage by what is in front, 255 fully: a pixel is hidden when at least half of it is covered,
        as it is the animal's when at least half of it shows the animal.

    Returns
    -------
    list
        The same places; visibility 2 has become 1 behind what is in front.
    """
    height, width = hidden.shape
    found = []
    for x, y, visibility in keypoints:
        column, row = min(max(int(x), 0), width - 1), min(max(int(y), 0), height - 1)
        covered = int(visibility) == 2 and hidden[row, column] >= ALPHA_THRESHOLD
        found.append((float(x), float(y), 1 if covered else int(visibility)))
    return found
