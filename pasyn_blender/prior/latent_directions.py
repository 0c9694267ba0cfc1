"""The directions in which a prior's poses differ most, as steps through its latent space.

Which latent numbers vary most says little: the decoder may hardly see them. So principal components are taken
of the decoded poses, as the turns of their joints, and followed back to the latents by regression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..anatomy.rotations import Array, angle_between, to_turn
from ..anatomy.skeleton import SIDES
from .sampler import Prior

_REGIONS: Final = {
    "back": ("pelvis", "spine", "chest"),
    "neck and head": ("neck_base", "neck_top", "head"),
    "tail": ("tail_base", "tail_middle", "tail_end"),
    "forelegs": ("scapula", "upper_arm", "forearm", "front_cannon", "front_foot"),
    "hind legs": ("thigh", "shin", "hind_cannon", "hind_foot"),
}
_NAMED: Final = 0.55
"""A second part of the body is named where it moves at least this much of what the first does."""


@dataclass(frozen=True)
class LatentDirections:
    """The strongest directions of a prior, the strongest first.

    Attributes
    ----------
    steps
        (D, L) latent step of one standard deviation along each.
    moves
        What each moves most, in words.
    """

    steps: Array
    moves: tuple[str, ...]


def strongest_directions(prior: Prior, count: int) -> LatentDirections:
    """Find the strongest directions of a canonical prior.

    Parameters
    ----------
    prior
        The prior.
    count
        How many; at most as many as it has latent dimensions.
    """
    mixture = prior.mixture
    weights = mixture.weights
    latents = mixture.centres.astype(np.float64)
    away = latents - weights @ latents
    poses = prior.decode(mixture.centres, prior.component_conditions).astype(np.float64)
    mean = prior.decode((weights @ latents)[None])[0].astype(np.float64)
    turns = to_turn(np.swapaxes(mean, -1, -2) @ poses).reshape(len(poses), -1)
    turns -= weights @ turns
    _, components = np.linalg.eigh((weights[:, None] * turns).T @ turns)
    steps = []
    for component in components.T[::-1][: min(count, prior.latent_size)]:
        # An eigenvector's sign is anybody's guess: the largest part is positive.
        component = component * np.sign(component[np.abs(component).argmax()])
        scores = turns @ component
        scores /= max(float(np.sqrt(weights @ scores**2)), 1e-12)
        steps.append((weights * scores) @ away)
    found = np.array(steps)
    ends = prior.decode(np.concatenate([weights @ latents - found, weights @ latents + found]))
    swing = np.degrees(angle_between(*np.split(ends.astype(np.float64), 2)))
    return LatentDirections(found, tuple(_moved_most(prior.joints, row) for row in swing))


def along_directions(prior: Prior, directions: LatentDirections, pose: Array, amounts: Array) -> Array:
    """(J, 3, 3) pose some standard deviations from another along the directions; nothing gives it back.

    Parameters
    ----------
    prior, directions
        The prior, and its directions.
    pose
        (J, 3, 3) canonical pose. What the networks cannot express of it stays, and so does its heading.
    amounts
        (D,) standard deviations.
    """
    pose = np.asarray(pose, dtype=np.float64)
    latent = prior.encode(pose[None])
    there = latent + np.asarray(amounts, np.float64) @ directions.steps
    made = prior.decode(np.concatenate([latent, there])).astype(np.float64)
    moved = pose @ np.swapaxes(made[0], -1, -2) @ made[1]
    moved[~prior.known] = pose[~prior.known]
    return np.asarray(moved)


def _moved_most(joints: tuple[str, ...], swing: Array) -> str:
    """Words for the parts of the body that a direction moves, from each joint's (J,) swing in degrees."""
    plain = [joint.partition("_")[2] if joint.partition("_")[0] in SIDES else joint for joint in joints]
    amount = {
        region: float(
            np.mean([degrees for joint, degrees in zip(plain, swing, strict=True) if joint in names])
        )
        for region, names in _REGIONS.items()
    }
    ranked = sorted(amount, key=lambda region: -amount[region])
    named = [region for region in ranked[:2] if amount[region] >= _NAMED * amount[ranked[0]]]
    if set(named) == {"forelegs", "hind legs"}:
        return "legs"
    return ", ".join(named)
