"""Training a compact style network on photos: resumable, and the same bytes from the same seed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from pasyn_blender.errors import StyleError

from ..backgrounds import CACHE_BYTES, PhotoLibrary, photo_cache
from .compact_file import TrainingState, read_card, read_training, write_compact, write_training
from .compact_network import CompactNetwork, first_weights
from .photo_statistics import content_distance, style_distance
from .picture_batches import chosen_device, full_precision
from .training_options import Progress, StyleTrainingOptions
from .training_pictures import TrainingBatch, training_batch

_STRETCH: Final = 50
"""Steps between two writings of the state: what a killed process loses at most."""

_DECAY: Final = (0.9, 0.99)
_WARMING: Final = 50
_LONGEST: Final = 0.5
"""Length that gradients are cut to: a flat square, whose spread is divided by, makes a giant one."""

_STYLE_WEIGHT: Final = 0.2
_CONTENT_WEIGHT: Final = 0.02


def training_path(output: Path) -> Path:
    """Where a training is kept that has not ended, beside the weights it will give."""
    return output.with_suffix(".training.safetensors")


def photos_identity(library: PhotoLibrary) -> str:
    """SHA-256 over the names and contents of photos, in their order."""
    digest = hashlib.sha256()
    for folder, name in library.photos:
        digest.update(name.encode() + b"\0")
        digest.update(hashlib.sha256(library.path(folder, name).read_bytes()).digest())
    return digest.hexdigest()


def train_compact(
    library: PhotoLibrary,
    options: StyleTrainingOptions,
    output: Path,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
    device: str = "cpu",
) -> TrainingState:
    """Train a network, or go on with its training, and write it.

    While it lasts the state is kept beside ``output``; see :func:`training_path`. On the CPU it computes on
    one thread, so that equal photos and options give equal bytes wherever the processor rounds alike; a GPU
    adds up in no certain order, and gives nearly equal weights.

    Parameters
    ----------
    library
        Photos, at least two.
    options
        Settings.
    output
        Safetensors file to write.
    progress
        Told after each step.
    stop
        Asked after each step: whether to keep the state and end.
    device
        As :func:`styles.neural.load` takes it. A training that was stopped may go on on another one.

    Returns
    -------
    TrainingState
        At ``options.steps`` when the training ended and the weights are written, before that when it was
        stopped.

    Raises
    ------
    StyleError
        There are too few photos, a file is in the way or cannot be written, the loss ran away, or there is
        no such device.
    """
    place = chosen_device(device)
    if len(library.photos) < 2:
        raise StyleError(f"{len(library.photos)} photo is too few to learn styles from; give at least 2")
    card: dict[str, Any] = {
        "options": asdict(options),
        "photos": len(library.photos),
        "photos_sha256": photos_identity(library),
    }
    kept = training_path(output)
    state = _kept_state(kept, card) if kept.exists() else _first_state(options)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with full_precision():
            state = _run(state, library, options, kept, card, progress, stop, place)
    finally:
        torch.set_num_threads(threads)
    if state.step == options.steps:
        write_compact(CompactNetwork(state.weights), {**card, "losses": _means(state.losses)}, output)
        kept.unlink(missing_ok=True)
    return state


def is_trained(library: PhotoLibrary, options: StyleTrainingOptions, output: Path) -> bool:
    """Whether a file holds the network that this training would give."""
    if not output.exists():
        return False
    try:
        card = read_card(output)
    except StyleError:
        return False
    return card.get("options") == asdict(options) and card.get("photos_sha256") == photos_identity(library)


def _means(losses: Sequence[float]) -> list[float]:
    """Mean loss of each stretch of steps."""
    stretches = (losses[start : start + _STRETCH] for start in range(0, len(losses), _STRETCH))
    return [round(sum(stretch) / len(stretch), 6) for stretch in stretches]


def _first_state(options: StyleTrainingOptions) -> TrainingState:
    weights = first_weights(options.width, options.seed)
    nothing = {name: torch.zeros_like(value) for name, value in weights.items()}
    return TrainingState(0, weights, nothing, dict(nothing), ())


def _kept_state(path: Path, card: dict[str, Any]) -> TrainingState:
    state, found = read_training(path)
    for name, what in (("options", "other options"), ("photos_sha256", "other photos")):
        if found.get(name) != card[name]:
            raise StyleError(
                f"{path}: is a training with {what} ({_difference(found, card, name)}); go on with those, or "
                "remove the file to begin anew"
            )
    return state


def _difference(found: dict[str, Any], card: dict[str, Any], name: str) -> str:
    if name != "options":
        return f"{found.get('photos')} photos then, {card['photos']} now"
    before = found["options"]
    return ", ".join(
        f"{key} {before.get(key)} then, {value} now"
        for key, value in card[name].items()
        if before.get(key) != value
    )


def _run(
    state: TrainingState,
    library: PhotoLibrary,
    options: StyleTrainingOptions,
    kept: Path,
    card: dict[str, Any],
    progress: Progress | None,
    stop: Callable[[], bool],
    device: torch.device,
) -> TrainingState:
    photos = [library.path(folder, name) for folder, name in library.photos]
    cache = photo_cache(2 * CACHE_BYTES)
    weights = {name: _own(value, device).requires_grad_() for name, value in state.weights.items()}
    moments = [
        {name: _own(value, device) for name, value in part.items()} for part in (state.first, state.second)
    ]
    losses = list(state.losses)
    for step in range(state.step, options.steps):
        loss = training_loss(CompactNetwork(weights), training_batch(photos, options, step, cache))
        if not bool(torch.isfinite(loss)):
            raise StyleError(f"the loss ran away at step {step + 1}; try a rate below {options.rate}")
        loss.backward()
        _descend(weights, moments, step, options)
        losses.append(round(loss.item(), 6))
        done = step + 1
        state = TrainingState(done, weights, moments[0], moments[1], tuple(losses))
        if progress is not None:
            late = losses[-_STRETCH:]
            progress(done, options.steps, sum(late) / len(late))
        stopping = stop()
        if done % _STRETCH == 0 or stopping:
            write_training(state, card, kept)
        if stopping:
            break
    return state


def _own(values: Tensor, device: torch.device) -> Tensor:
    """Copy values to a device, even where they are there already: training changes them."""
    return values.to(device, copy=True)


def training_loss(network: CompactNetwork, batch: TrainingBatch) -> Tensor:
    """How far a network is from what it should make of a batch.

    The content in the style of the photo it was should be that photo again, pixel for pixel. In the style of
    another one it should have that one's colours and amounts of detail, and its own edges.
    """
    place = next(iter(network.weights.values())).device
    target, content, other = (
        torch.from_numpy(part).to(place) for part in (batch.target, batch.content, batch.other)
    )
    features = network.encode(content)
    # Mirrored: the style says how the photo looked, and not where.
    restored = network.restyle(content, features, network.encode(target.flip(-1)))
    restyled = network.restyle(content, features, network.encode(other))
    loss = (restored - target).abs().mean()
    loss = loss + _STYLE_WEIGHT * style_distance(restyled, other)
    return loss + _CONTENT_WEIGHT * content_distance(restyled, content)


@torch.no_grad()
def _descend(
    weights: dict[str, Tensor], moments: list[dict[str, Tensor]], step: int, options: StyleTrainingOptions
) -> None:
    """One step of Adam (Kingma & Ba 2015); the rate rises over the first steps and sinks as a cosine."""
    rate = options.rate * 0.5 * (1 + math.cos(math.pi * step / options.steps))
    rate *= min(1.0, (step + 1) / _WARMING)
    gradients = [weight.grad for weight in weights.values() if weight.grad is not None]
    length = float(torch.stack([gradient.norm() for gradient in gradients]).norm())
    shortened = min(1.0, _LONGEST / (length + 1e-8))
    unbiased = [1 - decay ** (step + 1) for decay in _DECAY]
    for name, weight in weights.items():
        if weight.grad is None:
            continue
        gradient = weight.grad * shortened
        first, second = (part[name] for part in moments)
        first.lerp_(gradient, 1 - _DECAY[0])
        second.lerp_(gradient * gradient, 1 - _DECAY[1])
        weight -= rate * (first / unbiased[0]) / ((second / unbiased[1]).sqrt() + 1e-8)
        weight.grad = None
