"""A pose prior that needs no training: joints swing about the stance."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pasyn_blender.anatomy.rotations import to_six
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import PARENTS
from pasyn_blender.prior.latent_mixture import LatentMixture
from pasyn_blender.prior.layers import Layer
from pasyn_blender.prior.prior_file import write_prior
from pasyn_blender.prior.sampler import Prior

ACTIONS = ("graze", "walk")
SPECIES = ("horse",)


def small_prior(path: Path, joints: tuple[str, ...] = JOINTS, swing: float = 0.12, seed: int = 0) -> Path:
    """Write a prior whose first half of centres is labelled graze, the second half walk."""
    random = np.random.default_rng(seed)
    count, latent = 40, 4
    six = 6 * len(joints)
    stance = to_six(np.broadcast_to(np.eye(3), (len(joints), 3, 3)))
    prior = Prior(
        joints=joints,
        parents=PARENTS if joints == JOINTS else (-1,) * len(joints),
        known=np.ones(len(joints), dtype=bool),
        mean=stance,
        encoder=(Layer(np.zeros((2 * latent, 7 * len(joints))), np.zeros(2 * latent)),),
        decoder=(Layer(swing * random.standard_normal((six, latent)), np.zeros(six)),),
        conditioned=False,
        actions=ACTIONS,
        species=SPECIES,
        mixture=LatentMixture(
            random.standard_normal((count, latent)).astype(np.float32),
            random.integers(0, count, (count, 3)),
            np.full(count, 1 / count),
            0.5,
        ),
        component_action=np.arange(count) * 2 // count,
        component_species=np.zeros(count, dtype=np.int64),
        card={"log_density_low": -10.0},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_prior(prior, path)
    return path
