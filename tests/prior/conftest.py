"""One small prior for all tests that need a trained one."""

from __future__ import annotations

import pytest
from made_up_corpora import swinging_animals

from pasyn_blender.prior.sampler import Prior
from pasyn_blender.prior.training_options import TrainingOptions, TrainingReport

SMALL = TrainingOptions(seed=1, epochs=60, width=96, latent=8, components=400, position_weight=0)


@pytest.fixture(scope="session")
def trained() -> tuple[Prior, TrainingReport]:
    from pasyn_blender.prior.training import train_prior

    return train_prior(swinging_animals(), SMALL)


@pytest.fixture(scope="session")
def prior(trained: tuple[Prior, TrainingReport]) -> Prior:
    return trained[0]
