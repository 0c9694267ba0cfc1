"""What is asked of training a prior, and what it reports; without torch, so that every part can import it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from ..anatomy.rotations import to_six
from .corpus import Corpus


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    Attributes
    ----------
    seed
        The same corpus, options and seed give the same prior on one machine.
    epochs
        Passes over the training poses; by default as many as make 6,000 steps.
    latent
        Latent dimensions.
    width, depth
        Size and number of the hidden layers.
    batch
        Poses a step.
    learning_rate
        The highest; it rises over the first tenth and falls to nothing.
    kl_weight
        What a nat of the latents' divergence from a standard normal costs, against a radian of joint error.
        It is light: how the latents are spread is learnt afterwards, by the mixture.
    kl_warm_up
        Share of the training over which that weight rises from zero.
    free_bits
        Nats a latent dimension may carry at no cost (Kingma et al. 2016), so that none is given up early.
    position_weight
        What a trunk length of joint displacement costs, against a radian.
    condition
        Tell the networks action and species.
    mirror
        Learn what a mirror shows of each pose as well; canonical poses only.
    hide_joints
        Share of the poses of which the encoder is not shown all joints.
    validation_share
        Share of the frames kept for validation.
    hold_out_animal
        Learn nothing from this animal, and judge the prior on it.
    components, neighbours, bandwidth
        As in :func:`.latent_mixture.fit_mixture`.
    device
        "cpu", "cuda", or "auto" for a GPU where there is one.
    """

    seed: int = 0
    epochs: int | None = None
    latent: int = 32
    width: int = 256
    depth: int = 2
    batch: int = 128
    learning_rate: float = 3e-3
    kl_weight: float = 5e-4
    kl_warm_up: float = 0.25
    free_bits: float = 0.05
    position_weight: float = 2.0
    condition: bool = False
    mirror: bool = True
    hide_joints: float = 0.1
    validation_share: float = 0.15
    hold_out_animal: str | None = None
    components: int = 2048
    neighbours: int = 8
    bandwidth: float = 0.45
    device: str = "auto"


@dataclass(frozen=True)
class Evaluation:
    """Where training stands after an epoch.

    Attributes
    ----------
    epoch, epochs
        Passes done and planned.
    loss, divergence
        Mean loss, and mean nats between posterior and standard normal, since the evaluation before.
    train_error, validation_error
        Mean degrees of reconstruction.
    active
        Latent dimensions that vary with the pose: standard deviation of their means above 0.1.
    best
        Whether this is the lowest validation error so far.
    """

    epoch: int
    epochs: int
    loss: float
    divergence: float
    train_error: float
    validation_error: float
    active: int
    best: bool


Progress = Callable[[int, int, Evaluation | None], None]
"""Called after every epoch with epochs done and planned, and the evaluation if there was one."""


@dataclass(frozen=True)
class TrainingReport:
    """What happened.

    Attributes
    ----------
    curve
        The evaluations in order.
    best_epoch
        The epoch whose weights were kept.
    stopped
        "finished", "no progress", or "interrupted".
    split
        How the corpus was split, in words.
    metrics
        What was measured on poses that were not learnt from, as :func:`.judgement.judge` says.
    """

    curve: tuple[Evaluation, ...]
    best_epoch: int
    stopped: str
    split: str
    metrics: dict[str, Any] = field(default_factory=dict)


def prior_card(corpus: Corpus, options: TrainingOptions, report: TrainingReport) -> dict[str, Any]:
    """Return what a prior's card says beyond its arrays: data, licence, training and measures."""
    digest = hashlib.sha256()
    for clip in corpus.clips:
        digest.update(clip.name.encode() + b"\0" + clip.animal.encode() + b"\0")
        digest.update(to_six(clip.rotations).astype("<f4").tobytes() + clip.known.tobytes())
    learnt = [clip for clip in corpus.clips if clip.animal != options.hold_out_animal]
    return {
        "licence": corpus.licence,
        "data": {
            "animals": sorted({clip.animal for clip in learnt}),
            "clips": len(learnt),
            "frames": sum(len(clip) for clip in learnt),
            "poses_sha256": digest.hexdigest(),
            "split": report.split,
        },
        "training": {
            **asdict(options),
            "best_epoch": report.best_epoch,
            "stopped": report.stopped,
            "active_latents": report.curve[-1].active,
        },
        "metrics": report.metrics,
    }
