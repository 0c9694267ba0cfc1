"""Files of the compact network: its weights, and its training while that lasts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safetensors.torch import save
from torch import Tensor

from pasyn_blender.errors import StyleError

from .checkpoint_file import read_header, read_tensors
from .compact_network import CompactNetwork, compact_shapes
from .tensor_shapes import Layout, fitting_tensors

_KEY: Final = "pasyn"
_WEIGHTS: Final = "compact style network"
_TRAINING: Final = "training of a compact style network"
_MOMENTS: Final = ("first", "second")


@dataclass(frozen=True)
class TrainingState:
    """A training between two steps.

    Attributes
    ----------
    step
        Steps done.
    weights
        Of the network, by key.
    first, second
        Adam's running means of gradients and of their squares, by key.
    losses
        Loss of each step done.
    """

    step: int
    weights: dict[str, Tensor]
    first: dict[str, Tensor]
    second: dict[str, Tensor]
    losses: tuple[float, ...]


def write_compact(network: CompactNetwork, card: Mapping[str, Any], path: Path) -> None:
    """Write a trained network; ``card`` says how it was trained.

    Raises
    ------
    StyleError
        The file cannot be written.
    """
    tensors = {name: network.weights[name].detach().cpu() for name in sorted(network.weights)}
    _write(tensors, {**card, "kind": _WEIGHTS}, path)


def read_compact(path: Path, sha256: str | None = None) -> CompactNetwork:
    """Read a trained network.

    Raises
    ------
    StyleError
        It cannot be read, or is something else.
    """
    tensors = read_tensors(path, sha256)
    card = read_card(path)
    if card.get("kind") != _WEIGHTS:
        raise StyleError(f"{path}: {_instead(card)}; give what pasyn style train wrote")
    return CompactNetwork(fitting_tensors(tensors, _layout(card, path), path))


def read_card(path: Path) -> dict[str, Any]:
    """Read how a network was trained; empty when the file says nothing of it."""
    if path.suffix != ".safetensors":
        return {}
    try:
        card = json.loads(read_header(path).get(_KEY, "{}"))
    except json.JSONDecodeError:
        return {}
    return card if isinstance(card, dict) else {}


def write_training(state: TrainingState, card: Mapping[str, Any], path: Path) -> None:
    """Write a training, to go on from here.

    Raises
    ------
    StyleError
        The file cannot be written.
    """
    parts = {"weights": state.weights, "first": state.first, "second": state.second}
    tensors = {
        f"{part}/{name}": values[name].detach().cpu()
        for part, values in parts.items()
        for name in sorted(values)
    }
    _write(tensors, {**card, "kind": _TRAINING, "step": state.step, "losses": list(state.losses)}, path)


def read_training(path: Path) -> tuple[TrainingState, dict[str, Any]]:
    """Read a training, and its card.

    Raises
    ------
    StyleError
        It cannot be read, or is something else.
    """
    tensors = read_tensors(path)
    card = read_card(path)
    if card.get("kind") != _TRAINING:
        raise StyleError(f"{path}: {_instead(card)}, not a training; remove it to begin anew")
    layout = _layout(card, path)
    shapes = {f"{part}/{name}": s for part in ("weights", *_MOMENTS) for name, s in layout.shapes.items()}
    tensors = fitting_tensors(tensors, Layout("state of a training", path.name, shapes), path)
    parts = {
        part: {name: tensors[f"{part}/{name}"] for name in layout.shapes} for part in ("weights", *_MOMENTS)
    }
    step, losses = card.get("step"), card.get("losses")
    if not isinstance(step, int) or not isinstance(losses, list):
        raise StyleError(f"{path}: does not say which step it is at; remove it to begin anew")
    return TrainingState(step, parts["weights"], parts["first"], parts["second"], tuple(losses)), card


def _layout(card: Mapping[str, Any], path: Path) -> Layout:
    width = card.get("options", {}).get("width") if isinstance(card.get("options"), dict) else None
    if not isinstance(width, int) or not 1 <= width <= 1024:
        raise StyleError(f"{path}: does not say how wide its network is; it was not written by pasyn")
    return Layout(_WEIGHTS, "from pasyn style train", compact_shapes(width))


def _instead(card: Mapping[str, Any]) -> str:
    if card.get("kind") == _TRAINING:
        return "is a training that has not ended (pasyn style train with the same photos ends it)"
    if card.get("kind") == _WEIGHTS:
        return "is a trained network"
    return "is no compact style network"


def _write(tensors: dict[str, Tensor], card: Mapping[str, Any], path: Path) -> None:
    # One entry of metadata alone: safetensors writes several in no certain order.
    data = save(tensors, {_KEY: json.dumps(card, sort_keys=True, ensure_ascii=False)})
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StyleError(f"{path}: cannot be written: {error.strerror or error}") from None
