"""The random numbers behind samples: each block's from the seed and its number alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import PriorError
from .layers import BLOCK

_GOLDEN: Final = (np.sqrt(5) - 1) / 2


def seed_number(seed: int | np.random.Generator) -> int:
    """Return a seed as it is, or one drawn from a generator.

    Raises
    ------
    PriorError
        It is negative.
    """
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(0, 2**63))
    if seed < 0:
        raise PriorError(f"seed is {seed}; it must be at least 0")
    return seed


def drawn_numbers(seed: int, count: int, normals: int) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Numbers in [0, 1) to pick Gaussians by, and standard normal numbers; more extend those there were.

    Which Gaussian follows a golden-ratio sequence: as even over all poses as can be, however many are drawn.
    Independent draws would take some poses three times before others once.

    Parameters
    ----------
    seed
        At least zero.
    count
        Of samples.
    normals
        How many normal numbers each sample takes.

    Returns
    -------
    (count,) and (count, normals) arrays
    """
    offset = np.random.default_rng(np.random.SeedSequence(seed)).random()
    noise = np.empty((count, normals), dtype=np.float32)
    for block, first in enumerate(range(0, count, BLOCK)):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,)))
        drawn = rng.standard_normal((BLOCK, normals), dtype=np.float32)
        noise[first : first + BLOCK] = drawn[: count - first]
    return (offset + np.arange(count) * _GOLDEN) % 1, noise
