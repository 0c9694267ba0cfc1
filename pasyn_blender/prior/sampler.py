"""A trained pose prior in numpy: sampling, encoding and judging poses, inside Blender too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..anatomy.rotations import Array, angle_between, from_turn, to_six, to_turn
from ..anatomy.skeleton import JOINTS, joint_difference
from ..errors import PriorError
from .latent_draws import drawn_numbers, seed_number
from .latent_mixture import (
    LatentMixture,
    draw_latents,
    drawn_components,
    log_density,
    nearest_centres,
    spread_latents,
)
from .latent_walk import walk_latents
from .layers import Layer, decoded, encoded, in_single_precision
from .pose_frames import conditions, label_number, without_heading

Source = Literal["prior", "normal", "posterior"]


@dataclass(frozen=True)
class Plausibility:
    """How well poses fit what a prior has seen.

    Attributes
    ----------
    log_density
        (N,) natural logarithm of the density of the latents. The card's ``log_density_low`` is what one in
        twenty of the held-out poses falls below.
    error
        (N, J) degrees between each joint and the pose's reconstruction; NaN where a joint is not known.
    """

    log_density: NDArray[np.float64]
    error: NDArray[np.float64]


@dataclass(frozen=True)
class Prior:
    """A distribution of poses over one list of joints.

    Rotations are relative to parents, in body axes, the identity in the canonical stance; canonical poses
    face -Y.

    Attributes
    ----------
    joints, parents
        As those of the corpus it was trained on.
    known
        (J,) joints that any animal of that corpus has; the others are the identity in every sample.
    mean
        (J, 6) mean pose, which the networks' numbers are relative to.
    encoder, decoder
        The networks.
    conditioned
        Whether the networks were told action and species.
    actions, species
        Words the training poses were labelled with.
    mixture
        Where poses lie in the latent space.
    component_action, component_species
        (K,) labels of the mixture's Gaussians as numbers into ``actions`` and ``species``; -1 for none.
    card
        What the card file says.
    """

    joints: tuple[str, ...]
    parents: tuple[int, ...]
    known: NDArray[np.bool_]
    mean: NDArray[Any]
    encoder: tuple[Layer, ...]
    decoder: tuple[Layer, ...]
    conditioned: bool
    actions: tuple[str, ...]
    species: tuple[str, ...]
    mixture: LatentMixture
    component_action: NDArray[np.int64]
    component_species: NDArray[np.int64]
    card: Mapping[str, Any]

    @property
    def latent_size(self) -> int:
        """Number of latent dimensions."""
        return int(self.mixture.centres.shape[1])

    @property
    def canonical(self) -> bool:
        """Whether the joints are the canonical quadruped's, so that any mapped rig can take the poses."""
        return self.joints == JOINTS

    @cached_property
    def _encoder(self) -> tuple[Layer, ...]:
        return in_single_precision(self.encoder)

    @cached_property
    def _decoder(self) -> tuple[Layer, ...]:
        return in_single_precision(self.decoder)

    @cached_property
    def _mean(self) -> NDArray[np.float32]:
        return self.mean.astype(np.float32)

    def condition(self, action: str | None = None, species: str | None = None) -> NDArray[np.float32]:
        """(C,) condition for the networks; zeros where nothing is asked for, empty for a plain prior.

        Raises
        ------
        PriorError
            The prior has not seen that action or species.
        """
        numbers = [
            label_number(action, self.actions, "action"),
            label_number(species, self.species, "species"),
        ]
        row = conditions(np.array(numbers[:1]), np.array(numbers[1:]), self.actions, self.species)[0]
        return row if self.conditioned else row[:0]

    def encode(
        self, rotations: Array, known: Array | None = None, condition: Array | None = None
    ) -> NDArray[np.float32]:
        """(N, L) latents of poses.

        Parameters
        ----------
        rotations
            (N, J, 3, 3) poses. The heading of canonical ones is taken out.
        known
            (J,) or (N, J) which joints to look at; all by default.
        condition
            (C,) or (N, C); by default none.

        Raises
        ------
        PriorError
            The poses have other joints, or NaN in them.
        """
        return self._posterior(self._prepared(rotations), known, condition)[0]

    def decode(self, latents: Array, condition: Array | None = None) -> NDArray[np.float32]:
        """(N, J, 3, 3) float32 poses of (N, L) latents, for (C,) or (N, C) conditions."""
        latents = np.asarray(latents, np.float32)
        if latents.ndim != 2 or latents.shape[1] != self.latent_size:
            raise PriorError(f"latents have shape {latents.shape}; this prior takes (N, {self.latent_size})")
        rows = self._conditions(condition, len(latents))
        poses = decoded(self._decoder, self._mean, np.concatenate([latents, rows], axis=1))
        poses[:, ~self.known] = np.eye(3, dtype=np.float32)
        return poses

    def sample(
        self,
        count: int,
        seed: int | np.random.Generator,
        sigma: float = 1.0,
        source: Source = "prior",
        action: str | None = None,
        species: str | None = None,
    ) -> NDArray[np.float32]:
        """(N, J, 3, 3) float32 poses.

        Sample i depends on the seed and i, not on the count: asking for more adds to what was there.

        Parameters
        ----------
        count
            How many.
        seed
            Seed, or a generator to draw one from.
        sigma
            Scales the spread: of each Gaussian of the mixture, of the normal distribution, or of the
            posteriors. At 0 the first and the last give back training poses.
        source
            "prior" is the mixture; "posterior" the aggregate posterior of the poses the mixture stands on;
            "normal" a standard normal, which a prior that reconstructs well does not fill.
        action, species
            Only poses of that action or species.

        Raises
        ------
        PriorError
            Another source, a negative sigma or count, an unknown action or species, or one that no pose of
            that species shows.
        """
        latents, condition = self.sample_latents(count, seed, sigma, source, action, species)
        return self.decode(latents, condition)

    def sample_latents(
        self,
        count: int,
        seed: int | np.random.Generator,
        sigma: float = 1.0,
        source: Source = "prior",
        action: str | None = None,
        species: str | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, L) latents and (N, C) conditions of the poses that :meth:`sample` gives."""
        if source not in get_args(Source):
            raise PriorError(f"source {source!r} is none of {', '.join(get_args(Source))}")
        if not (np.isfinite(sigma) and sigma >= 0) or count < 0:
            raise PriorError(f"{count} samples at sigma {sigma}: both should be finite and not negative")
        condition, mixture = self.condition(action, species), self._mixture_of(action, species)
        first_seed = seed_number(seed)
        if source == "normal":
            _, noise = drawn_numbers(first_seed, count, self.latent_size)
            return np.float32(sigma) * noise, np.repeat(condition[None], count, axis=0)
        if source == "prior":
            pick, noise = drawn_numbers(first_seed, count, mixture.neighbours.shape[1])
            latents, component = draw_latents(mixture, pick, noise, sigma)
        else:
            pick, noise = drawn_numbers(first_seed, count, self.latent_size)
            component = drawn_components(mixture, pick)
            spread = np.float32(sigma) * self._posterior_spread[component]
            latents = mixture.centres[component] + noise * spread
        return latents, self.component_conditions[component]

    def around(
        self, pose: Array, count: int, seed: int | np.random.Generator, spread: float = 1.0
    ) -> NDArray[np.float32]:
        """(N, J, 3, 3) variations of one (J, 3, 3) pose, which itself is what a spread of zero gives.

        They vary as the poses nearest to it do. What the networks cannot express of the pose stays in it.
        """
        own = self._prepared(np.asarray(pose)[None])
        latent = self._posterior(own, None, None)[0]
        nearest = nearest_centres(self.mixture.centres, latent, 1)[0]
        rng = np.random.default_rng(np.random.SeedSequence(seed_number(seed)))
        noise = rng.standard_normal((count, self.mixture.neighbours.shape[1]), dtype=np.float32)
        places = np.repeat(latent, count, axis=0)
        component = np.repeat(nearest, count)
        varied = self.decode(spread_latents(self.mixture, places, component, noise, spread))
        left = np.swapaxes(self.decode(latent), -1, -2) @ own
        return self._with_known(varied @ left, own)

    def between(self, start: Array, end: Array, frames: int) -> NDArray[np.float32]:
        """(F, J, 3, 3) poses from one (J, 3, 3) pose to another, along the latent space.

        The first and the last are the poses given, heading aside.
        """
        if frames < 2:
            raise PriorError(f"{frames} frames between two poses; it takes at least two")
        ends = self._prepared(np.stack([start, end]))
        latents = self._posterior(ends, None, None)[0]
        share = np.linspace(0, 1, frames, dtype=np.float32)[:, None]
        path = self.decode(latents[0] + share * (latents[1] - latents[0]))
        left = to_turn(np.swapaxes(self.decode(latents), -1, -2) @ ends)
        turn = left[0] + share[..., None] * (left[1] - left[0])
        return self._with_known(path @ from_turn(turn.astype(np.float32)), ends[:1])

    def walk(
        self,
        frames: int,
        seed: int | np.random.Generator,
        speed: float = 3.0,
        action: str | None = None,
        species: str | None = None,
    ) -> NDArray[np.float32]:
        """(F, J, 3, 3) poses of a smooth walk from one neighbouring pose to the next.

        Parameters
        ----------
        frames
            How many.
        seed
            Seed, or a generator to draw one from.
        speed
            Mean degrees that the joints turn from frame to frame.
        action, species
            Stay with poses of that action or species.

        Raises
        ------
        PriorError
            No frames, a speed that is not above zero, or an unknown action or species.
        """
        if frames < 1 or not (np.isfinite(speed) and speed > 0):
            raise PriorError(f"a walk of {frames} frames at speed {speed}: both must be above zero")
        rng = np.random.default_rng(np.random.SeedSequence(seed_number(seed), spawn_key=(6,)))
        condition = self.condition(action, species)
        latents = walk_latents(
            self._mixture_of(action, species),
            lambda places: self.decode(places, condition),
            frames,
            rng,
            speed,
        )
        return self.decode(latents, condition)

    def score(self, rotations: Array, known: Array | None = None) -> Plausibility:
        """Say how plausible (N, J, 3, 3) poses are, by their latents' density and joint by joint.

        Parameters
        ----------
        rotations, known
            As :meth:`encode` takes them.
        """
        poses = self._prepared(rotations)
        latents = self._posterior(poses, known, None)[0]
        error = np.degrees(angle_between(self.decode(latents), poses)).astype(float)
        looked_at = self.known if known is None else self.known & np.asarray(known, bool)
        error[~np.broadcast_to(looked_at, error.shape)] = np.nan
        return Plausibility(log_density(self.mixture, latents), error)

    def check_joints(self, joints: tuple[str, ...]) -> None:
        """Check that poses of this prior are poses of these joints.

        Raises
        ------
        PriorError
            They are not; the message names joints that are amiss.
        """
        if joints == self.joints:
            return
        raise PriorError(f"the prior is over other joints: {joint_difference(self.joints, joints)}")

    def labelled_mixture(self, actions: Sequence[str], species: Sequence[str]) -> LatentMixture:
        """Return the part of the mixture on poses with one of these actions and of one of these species.

        No actions are all actions, no species all species.

        Raises
        ------
        PriorError
            The prior has seen no such pose.
        """
        if not actions and not species:
            return self.mixture
        keep = np.ones(len(self.mixture.weights), dtype=bool)
        for words, names, labels in (
            (actions, self.actions, self.component_action),
            (species, self.species, self.component_species),
        ):
            if words:
                keep &= np.isin(labels, [number for number, name in enumerate(names) if name in words])
        if not (keep & (self.mixture.weights > 0)).any():
            asked = " and ".join(", ".join(words) for words in (species, actions) if words)
            raise PriorError(f"the prior has seen no pose labelled {asked}")
        return self.mixture.chosen(keep)

    @cached_property
    def component_conditions(self) -> NDArray[np.float32]:
        """(K, C) conditions of the poses that the mixture's Gaussians stand on."""
        rows = conditions(self.component_action, self.component_species, self.actions, self.species)
        return rows if self.conditioned else rows[:, :0]

    @cached_property
    def _posterior_spread(self) -> NDArray[np.float32]:
        """(K, L) standard deviation the encoder gives to the poses of the mixture's centres."""
        condition = self.component_conditions
        return self._posterior(self.decode(self.mixture.centres, condition), self.known, condition)[1]

    def _mixture_of(self, action: str | None, species: str | None) -> LatentMixture:
        return self.labelled_mixture([] if action is None else [action], [] if species is None else [species])

    def _prepared(self, rotations: Array) -> NDArray[np.float32]:
        poses = np.asarray(rotations, dtype=np.float32)
        if poses.ndim != 4 or poses.shape[1:] != (len(self.joints), 3, 3):
            raise PriorError(
                f"poses have shape {poses.shape}; this prior takes (N, {len(self.joints)}, 3, 3)"
            )
        if not np.isfinite(poses).all():
            row, joint = np.argwhere(~np.isfinite(poses).all(axis=(2, 3)))[0]
            raise PriorError(f"pose {row} has NaN in the rotation of {self.joints[joint]}")
        return without_heading(poses) if self.canonical else poses

    def _posterior(
        self, poses: NDArray[np.float32], known: Array | None, condition: Array | None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, L) means and standard deviations of the latents of poses without heading."""
        looked_at = self.known if known is None else self.known & np.asarray(known, bool)
        mask = np.broadcast_to(looked_at, poses.shape[:2]).astype(np.float32)
        seen = (to_six(poses) - self._mean) * mask[..., None]
        rows = self._conditions(condition, len(poses))
        inputs = np.concatenate([seen.reshape(len(poses), -1), mask, rows], axis=1)
        return encoded(self._encoder, inputs)

    def _conditions(self, condition: Array | None, count: int) -> NDArray[np.float32]:
        size = len(self.actions) + len(self.species) if self.conditioned else 0
        if condition is None:
            return np.zeros((count, size), dtype=np.float32)
        rows = np.asarray(condition, dtype=np.float32)
        if rows.shape[-1] != size:
            raise PriorError(f"the condition has {rows.shape[-1]} numbers; this prior takes {size}")
        return np.broadcast_to(rows, (count, size))

    def _with_known(self, poses: Array, given: Array) -> NDArray[np.float32]:
        """Poses whose joints that the prior does not know are those given."""
        made = np.array(poses, dtype=np.float32)
        made[:, ~self.known] = given[:, ~self.known]
        return made


def with_card(prior: Prior, card: Mapping[str, Any]) -> Prior:
    """Return a prior with another card."""
    return replace(prior, card=card)
