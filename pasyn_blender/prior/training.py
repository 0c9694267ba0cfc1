"""Learning a pose prior from a corpus, with torch."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ..anatomy.rotations import to_six
from ..anatomy.skeleton import JOINTS
from ..anatomy.stance import STANCE, TIPS
from ..errors import CorpusError, PriorError
from .corpus import Corpus, check_corpus
from .judgement import NEIGHBOURS, judge
from .latent_mixture import fit_mixture
from .network import (
    NetworkSize,
    PoseAutoencoder,
    dense_layers,
    geodesic,
    joint_places,
    rotations_from_six,
    round_weights,
)
from .pose_frames import PoseFrames, conditions, pose_frames, with_mirrored
from .sampler import Prior, with_card
from .splits import Split, split_corpus
from .training_options import Evaluation, Progress, TrainingOptions, TrainingReport, prior_card

_STEPS: Final = 6000
_ACTIVE: Final = 0.1
_EVALUATIONS: Final = 40
_PATIENCE: Final = 15


def train_prior(
    corpus: Corpus, options: TrainingOptions, progress: Progress | None = None
) -> tuple[Prior, TrainingReport]:
    """Train a prior.

    The networks learn from the training part, keep the weights that do best on the validation part, and are
    measured on the validation part, or on the animal held out. Then the mixture is put on the poses of both
    parts, so that no clip is missing from what is sampled; never on those of an animal held out.

    ``KeyboardInterrupt`` ends training with the best weights so far.

    Raises
    ------
    CorpusError
        The corpus is empty, too small to split, holds NaN, or lacks the animal to hold out.
    PriorError
        The weights ran away, or a GPU is asked for and there is none.
    """
    check_corpus(corpus, "the corpus")
    _check_options(options)
    split = split_corpus(corpus, options.seed, options.validation_share, options.hold_out_animal)
    held_out = split.validation if split.test is None else split.test
    if held_out.frames <= NEIGHBOURS:
        raise CorpusError(
            f"the corpus is too small: of its {corpus.frames} poses {held_out.frames} are held out, and "
            f"measuring takes more than {NEIGHBOURS}; add clips, or longer ones"
        )
    learner = _Learner(split, options)
    curve: list[Evaluation] = []
    stopped, epoch = "finished", 0
    try:
        for epoch, evaluation in learner.run():
            if evaluation is not None:
                curve.append(evaluation)
            if progress is not None:
                progress(epoch, learner.epochs, evaluation)
            best = max((i for i, one in enumerate(curve) if one.best), default=0)
            if len(curve) - 1 - best >= _PATIENCE:
                stopped = "no progress"
                break
    except KeyboardInterrupt:
        stopped = "interrupted"
        if not curve:
            curve.append(learner.evaluate(epoch))
    learner.take_best()
    # Measured without the validation poses in the mixture, which then takes them in.
    learnt = learner.prior(learner.train)
    metrics = judge(learnt, held_out, split.train, options.seed)
    prior = learner.prior(learner.all_frames())
    best_epoch = next(one.epoch for one in reversed(curve) if one.best)
    report = TrainingReport(tuple(curve), best_epoch, stopped, split.rule, metrics)
    return with_card(prior, prior_card(corpus, options, report)), report


def _check_options(options: TrainingOptions) -> None:
    for name in ("latent", "width", "depth", "batch", "components", "neighbours"):
        if getattr(options, name) < 1:
            raise CorpusError(f"training option {name} is {getattr(options, name)}; it must be at least 1")
    if options.device == "cuda" and not torch.cuda.is_available():
        raise PriorError('device "cuda": torch finds no GPU here; "auto" takes the CPU then')
    if options.epochs is not None and options.epochs < 1:
        raise CorpusError(f"training option epochs is {options.epochs}; it must be at least 1")
    if options.components > 65535:
        raise CorpusError("training option components must be at most 65535")


class _Learner:
    """The networks, their optimiser and the poses, while they learn."""

    def __init__(self, split: Split, options: TrainingOptions) -> None:
        self.split, self.options = split, options
        corpus = split.train
        self.train = self._frames(corpus)
        actions, species = self.train.actions, self.train.species_names
        self.validation = pose_frames(split.validation, actions, species)
        self.device = torch.device(
            ("cuda" if torch.cuda.is_available() else "cpu") if options.device == "auto" else options.device
        )
        self.rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(4,)))
        joints = len(corpus.joints)
        size = NetworkSize(
            joints=joints,
            latent=options.latent,
            conditions=len(actions) + len(species) if options.condition else 0,
            width=options.width,
            depth=options.depth,
        )
        self.known = self.train.known.any(axis=0)
        self.network = PoseAutoencoder(size, _mean_pose(self.train), options.seed).to(self.device)
        self.data = self._tensors(self.train)
        self.tips = _tips(self.device) if corpus.canonical else ()
        self.steps = max(1, len(self.train) // options.batch)
        self.epochs = options.epochs or max(1, round(_STEPS / self.steps))
        self.best_weights: dict[str, Tensor] | None = None
        self.best_error = np.inf
        self.losses: list[tuple[float, float]] = []

    def _frames(self, corpus: Corpus) -> PoseFrames:
        frames = pose_frames(corpus)
        return with_mirrored(frames) if self.options.mirror and corpus.canonical else frames

    def all_frames(self) -> PoseFrames:
        """Return the poses of the training and the validation part."""
        train, validation = self.split.train, self.split.validation
        whole = Corpus(train.joints, train.parents, train.clips + validation.clips)
        frames = pose_frames(whole, self.train.actions, self.train.species_names)
        return with_mirrored(frames) if self.options.mirror and whole.canonical else frames

    def run(self) -> Iterator[tuple[int, Evaluation | None]]:
        """Learn, one epoch a step."""
        options, total = self.options, self.epochs * self.steps
        optimiser = torch.optim.AdamW(self.network.parameters(), lr=options.learning_rate, weight_decay=0.0)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, options.learning_rate, total_steps=total + 1, pct_start=0.1
        )
        # Often enough that stopping long trainings early loses little.
        every = max(1, min(self.epochs // _EVALUATIONS, _STEPS // _EVALUATIONS // self.steps))
        step = 0
        for epoch in range(1, self.epochs + 1):
            # Systematic draws: every pose comes as often as its weight says, give or take one.
            for rows in self._draws():
                warm_up = max(options.kl_warm_up * total, 1)
                loss, divergence = self._loss(rows, min(1.0, step / warm_up))
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
                optimiser.step()
                schedule.step()
                step += 1
                self.losses.append((float(loss.detach()), float(divergence.detach())))
            evaluation = None
            if epoch % every == 0 or epoch == self.epochs:
                evaluation = self.evaluate(epoch)
            yield epoch, evaluation

    def _draws(self) -> Iterator[Tensor]:
        count = self.steps * self.options.batch
        places = (np.arange(count) + self.rng.random()) / count
        rows = np.minimum(np.searchsorted(np.cumsum(self.train.weight), places), len(self.train) - 1)
        rows = self.rng.permutation(rows)
        for batch in np.array_split(rows, self.steps):
            yield torch.from_numpy(batch).to(self.device)

    def _loss(self, rows: Tensor, warmth: float) -> tuple[Tensor, Tensor]:
        options, network = self.options, self.network
        six, known, offsets, condition = (each[rows] for each in self.data)
        shown, told = self._hidden(known), self._untold(condition)
        mean, log_variance = network.encode(six, shown, told)
        noise = self.rng.standard_normal(tuple(mean.shape), dtype=np.float32)
        latents = mean + torch.exp(0.5 * log_variance) * torch.from_numpy(noise).to(self.device)
        made, real = network.decode(latents, told), rotations_from_six(six)
        loss = (geodesic(made, real) * known).sum(1).mean()
        parents = self.split.train.parents
        if self.tips and options.position_weight:
            # Joints an animal lacks must not carry those it has away.
            made = torch.where(known[..., None, None] > 0, made, real)
            counted = torch.cat([known, known[:, [joint for joint, _ in self.tips]]], dim=1)
            with torch.no_grad():
                right = joint_places(real, offsets, parents, self.tips)
            apart = joint_places(made, offsets, parents, self.tips) - right
            distance = torch.sqrt((apart**2).sum(-1) + 1e-8)
            loss = loss + options.position_weight * (distance * counted).sum(1).mean()
        nats = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean(0)
        charged = torch.clamp(nats - options.free_bits, min=0).sum()
        return loss + warmth * options.kl_weight * charged, nats.sum()

    def _hidden(self, known: Tensor) -> Tensor:
        """Hide about a third of the joints of some poses, so that encoding parts of poses is learnt."""
        share = self.options.hide_joints
        if not share:
            return known
        hidden = (self.rng.random((len(known), 1)) < share) & (self.rng.random(tuple(known.shape)) < 1 / 3)
        return known * torch.from_numpy(~hidden).to(self.device)

    def _untold(self, condition: Tensor) -> Tensor:
        """Tell nothing of a third of the poses, so that the networks also do without."""
        if not condition.shape[1]:
            return condition
        told = self.rng.random((len(condition), 1)) > 1 / 3
        return condition * torch.from_numpy(told).to(self.device)

    def evaluate(self, epoch: int) -> Evaluation:
        """Measure the weights as they are, and keep them if they are the best so far."""
        few = self.rng.permutation(len(self.train))[:2000]
        train_error, means = self._error([each[torch.from_numpy(few).to(self.device)] for each in self.data])
        validation_error, _ = self._error(self._tensors(self.validation))
        if not np.isfinite(validation_error):
            raise PriorError(
                f"training broke down in epoch {epoch}: the error is no number any more; "
                f"a learning rate below {self.options.learning_rate} may do"
            )
        loss, divergence = np.mean(self.losses, axis=0) if self.losses else (0.0, 0.0)
        self.losses = []
        best = validation_error < self.best_error
        if best:
            self.best_error = validation_error
            self.best_weights = copy.deepcopy(self.network.state_dict())
        active = int((means.std(0) > _ACTIVE).sum()) if len(means) > 1 else 0
        return Evaluation(
            epoch=epoch,
            epochs=self.epochs,
            loss=float(loss),
            divergence=float(divergence),
            train_error=train_error,
            validation_error=validation_error,
            active=active,
            best=best,
        )

    @torch.no_grad()
    def _error(self, data: list[Tensor]) -> tuple[float, Tensor]:
        six, known, _, condition = data
        means, _ = self.network.encode(six, known, condition)
        angles = geodesic(self.network.decode(means, condition), rotations_from_six(six))
        return float(torch.rad2deg((angles * known).sum() / known.sum())), means

    def take_best(self) -> None:
        """Go back to the weights that did best, rounded as they are kept."""
        if self.best_weights is not None:
            self.network.load_state_dict(self.best_weights)
        round_weights(self.network)

    def prior(self, frames: PoseFrames) -> Prior:
        """Return the prior of the networks as they are, with the mixture on these poses."""
        options, corpus = self.options, self.split.train
        means = []
        with torch.no_grad():
            for rows in np.array_split(np.arange(len(frames)), len(frames) // 4096 + 1):
                six, known, _, condition = self._tensors(frames, rows)
                means.append(self.network.encode(six, known, condition)[0].cpu().numpy())
        mixture, centres = fit_mixture(
            np.concatenate(means), frames.weight, options.components, options.neighbours, options.bandwidth
        )
        return Prior(
            joints=corpus.joints,
            parents=corpus.parents,
            known=self.known,
            mean=self.network.mean.cpu().numpy().astype(np.float16),
            encoder=dense_layers(self.network.encoder),
            decoder=dense_layers(self.network.decoder),
            conditioned=options.condition,
            actions=frames.actions,
            species=frames.species_names,
            mixture=mixture,
            component_action=frames.action[centres],
            component_species=frames.species[centres],
            card={},
        )

    def _tensors(self, frames: PoseFrames, rows: Any = slice(None)) -> list[Tensor]:
        told = conditions(
            frames.action[rows], frames.species[rows], self.train.actions, self.train.species_names
        )
        arrays = (
            to_six(frames.rotations[rows]),
            frames.known[rows],
            frames.offsets[rows],
            told if self.options.condition else told[:, :0],
        )
        return [torch.from_numpy(array.astype(np.float32)).to(self.device) for array in arrays]


def _mean_pose(frames: PoseFrames) -> Any:
    """(J, 6) mean of the six numbers of each joint over the poses that have it, else the identity's."""
    six = to_six(frames.rotations).astype(float)
    weight = frames.weight[:, None] * frames.known
    total = weight.sum(axis=0)
    mean = np.einsum("nj,njs->js", weight, six) / np.maximum(total, 1e-12)[:, None]
    mean[total == 0] = to_six(np.eye(3))
    return mean.astype(np.float32)


def _tips(device: torch.device) -> tuple[tuple[int, Tensor], ...]:
    """Points beyond the last joints of the canonical quadruped, for head, feet and tail to be felt."""
    return tuple(
        (JOINTS.index(joint), torch.tensor(STANCE[tip] - STANCE[joint], dtype=torch.float32, device=device))
        for joint, tip in TIPS.items()
    )
