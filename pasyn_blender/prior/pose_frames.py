"""The poses of a corpus as plain arrays, as the networks and the measures take them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..anatomy.kinematics import mirrored_pose
from ..anatomy.rotations import Array, from_turn, to_quaternion
from ..anatomy.stance import MIRROR, STANCE_OFFSETS
from ..errors import PriorError
from .corpus import Corpus

_FORWARD_SEEN = 0.2


@dataclass(frozen=True)
class PoseFrames:
    """Poses one after another, without their clips.

    Attributes
    ----------
    rotations
        (N, J, 3, 3) float32 rotations relative to parents; canonical ones without heading.
    known
        (N, J) which joints the animal has.
    offsets
        (N, J, 3) float32 place of each joint from its parent, trunk lengths.
    clip
        (N,) number of the clip in its corpus.
    weight
        (N,) how often a pose is drawn; the sum is one.
    action, species
        (N,) numbers into ``actions`` and ``species_names``; -1 where the clip does not say.
    actions, species_names
        The words, in alphabetical order.
    """

    rotations: NDArray[np.float32]
    known: NDArray[np.bool_]
    offsets: NDArray[np.float32]
    clip: NDArray[np.int64]
    weight: NDArray[np.float64]
    action: NDArray[np.int64]
    species: NDArray[np.int64]
    actions: tuple[str, ...]
    species_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rotations)


def pose_frames(
    corpus: Corpus, actions: tuple[str, ...] | None = None, species_names: tuple[str, ...] | None = None
) -> PoseFrames:
    """Return the poses of a corpus.

    A clip weighs as the root of its length, so that long clips do not drown short ones, nor one repeated
    frame counts as much as a gallop. Where the build of an animal is unknown it is that of the stance.

    Parameters
    ----------
    corpus
        At least one pose.
    actions, species_names
        Words to number actions and species by; by default those of the corpus.
    """
    clips = corpus.clips
    if actions is None:
        actions = tuple(sorted({clip.action for clip in clips} - {""}))
    if species_names is None:
        species_names = tuple(sorted({clip.species for clip in clips} - {""}))
    lengths = np.array([len(clip) for clip in clips])
    number = np.repeat(np.arange(len(clips)), lengths)
    rotations = np.concatenate([clip.rotations for clip in clips]).astype(np.float32)
    if corpus.canonical:
        rotations = without_heading(rotations)
    known = np.stack([clip.known for clip in clips]).astype(bool)[number]
    rotations = np.where(known[..., None, None], rotations, np.eye(3, dtype=np.float32))
    build = np.stack([clip.offsets for clip in clips]).astype(np.float32)
    if corpus.canonical:
        missing = ~build.any(axis=(1, 2))
        build[missing] = STANCE_OFFSETS
    weight = 1 / np.sqrt(lengths[number])
    return PoseFrames(
        rotations=rotations,
        known=known,
        offsets=build[number],
        clip=number,
        weight=weight / weight.sum(),
        action=_numbers([clip.action for clip in clips], actions)[number],
        species=_numbers([clip.species for clip in clips], species_names)[number],
        actions=actions,
        species_names=species_names,
    )


def without_heading(rotations: Array) -> Array:
    """(..., J, 3, 3) canonical poses turned about the vertical so that the pelvis faces -Y.

    Which way an animal happens to walk is not part of its pose. An animal that looks straight up or down with
    its trunk has no heading; there the turn about the vertical that is left in its rotation is taken out.
    """
    root = rotations[..., 0, :, :]
    forward = -root[..., :, 1]
    level = np.hypot(forward[..., 0], forward[..., 1])
    quaternion = to_quaternion(root)
    heading = np.where(
        level > _FORWARD_SEEN,
        np.arctan2(forward[..., 0], -forward[..., 1]),
        2 * np.arctan2(quaternion[..., 3], quaternion[..., 0]),
    )
    turn = np.zeros((*heading.shape, 3), dtype=rotations.dtype)
    turn[..., 2] = -heading
    faced = np.array(rotations)
    faced[..., 0, :, :] = from_turn(turn) @ root
    return faced


def with_mirrored(frames: PoseFrames) -> PoseFrames:
    """Return canonical poses followed by what a mirror shows of each, in the same order."""
    mirror = list(MIRROR)
    flip = np.array([-1, 1, 1], dtype=np.float32)

    def twice(values: Array) -> Array:
        return np.concatenate([values, values])

    return PoseFrames(
        rotations=np.concatenate([frames.rotations, mirrored_pose(frames.rotations)]),
        known=np.concatenate([frames.known, frames.known[:, mirror]]),
        offsets=np.concatenate([frames.offsets, frames.offsets[:, mirror] * flip]),
        clip=twice(frames.clip),
        weight=twice(frames.weight) / 2,
        action=twice(frames.action),
        species=twice(frames.species),
        actions=frames.actions,
        species_names=frames.species_names,
    )


def conditions(
    actions: Array, species: Array, action_names: tuple[str, ...], species_names: tuple[str, ...]
) -> NDArray[np.float32]:
    """(N, A + S) float32: a one for the action and one for the species of each pose, zeros where unknown."""
    one_hot = np.zeros((len(actions), len(action_names) + len(species_names)), dtype=np.float32)
    for numbers, first in ((actions, 0), (species, len(action_names))):
        rows = np.flatnonzero(numbers >= 0)
        one_hot[rows, first + numbers[rows]] = 1
    return one_hot


def label_number(word: str | None, names: tuple[str, ...], what: str) -> int:
    """Number of an action or species among those a prior has seen; -1 for none.

    Raises
    ------
    PriorError
        It has not seen that one.
    """
    if word is None:
        return -1
    if word not in names:
        raise PriorError(
            f"the prior has seen no {what} {word!r}; it has {', '.join(names) or 'none labelled'}"
        )
    return names.index(word)


def _numbers(words: list[str], names: tuple[str, ...]) -> NDArray[np.int64]:
    return np.array([names.index(word) if word in names else -1 for word in words], dtype=np.int64)
