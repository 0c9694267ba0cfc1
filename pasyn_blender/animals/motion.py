"""All motions of a built-in animal."""

from __future__ import annotations

from collections.abc import Sequence

from .clip import Clip
from .gaits import GAITS, gait_clip
from .skeleton import Bone
from .standing_motions import graze, look_around, stand


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
