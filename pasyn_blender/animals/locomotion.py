"""All ways of getting along of a built-in animal."""

from __future__ import annotations

from collections.abc import Sequence

from .clip import Clip
from .gait_tables import GAITS, STEPS
from .gaits import gait_motion
from .jumps import JUMPS, jump_motion
from .skeleton import Bone
from .trials import tried_together


def locomotion_clips(
    bones: Sequence[Bone], height: float, family: str = "unguligrade", seed: int = 0
) -> tuple[Clip, ...]:
    """Gaits and jumps of an individual, in the order of their tables.

    Parameters
    ----------
    bones
        Skeleton at rest, standing on z = 0.
    height
        Height of the withers, metres.
    family
        ``unguligrade`` or ``digitigrade``.
    seed
        Varies speeds and amplitudes.
    """
    gaits = (gait_motion(name, bones, family, seed) for name in GAITS[family])
    jumps = (jump_motion(name, bones, family, seed) for name in JUMPS[family])
    return tried_together(bones, STEPS[family], (*gaits, *jumps))
