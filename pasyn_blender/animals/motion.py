"""All motions of a built-in animal."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import RigError
from .clip import Clip
from .contact_solving import RestSkin
from .gait_tables import GAITS
from .locomotion import locomotion_clips
from .skeleton import Bone
from .standing_motions import standing_clips


def clips(
    bones: Sequence[Bone],
    height: float,
    family: str = "unguligrade",
    seed: int = 0,
    skin: RestSkin | None = None,
) -> tuple[Clip, ...]:
    """All motions of an individual, sorted by name; every name is there once.

    Parameters
    ----------
    bones
        Skeleton at rest, standing on z = 0.
    height
        Height of the withers, metres.
    family
        ``unguligrade`` or ``digitigrade``.
    seed
        Varies speeds and amplitudes; the same arguments give the same motions.
    skin
        Skin at rest, by which a lying animal finds the ground.

    Raises
    ------
    RigError
        If there is no such family.
    """
    if family not in GAITS:
        raise RigError(f"there are no motions of the family {family!r}; families are: {', '.join(GAITS)}")
    going = locomotion_clips(bones, height, family, seed)
    staying = standing_clips(bones, height, family, seed, skin)
    return tuple(sorted((*going, *staying), key=lambda clip: clip.name))
