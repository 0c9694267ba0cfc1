"""From checkpoint files to a network that is ready."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from torch import Tensor

from . import adain, compact_network, stytr2
from .checkpoint_file import read_tensors
from .compact_file import read_compact
from .picture_batches import Network, StylePass, chosen_device
from .tensor_shapes import Layout, fitting_tensors

_LAYOUTS: Final[dict[str, dict[str, Layout]]] = {"adain": adain.LAYOUTS, "stytr2": stytr2.LAYOUTS}


def loaded(kind: str, paths: Mapping[str, Path], sha256: Mapping[str, str], device: str) -> StylePass:
    """Read a network whose kind and roles are known to be right; see :func:`styles.neural.load`."""
    place = chosen_device(device)
    if kind == "compact":
        network = read_compact(Path(paths["weights"]), sha256.get("weights")).to(place)
        return StylePass(network, compact_network.SMALLEST_SIDE, place)
    weights = {}
    for role, layout in _LAYOUTS[kind].items():
        path = Path(paths[role])
        tensors = read_tensors(path, sha256.get(role))
        fitting = fitting_tensors(tensors, layout, path, _published_layouts())
        weights[role] = {name: value.to(place) for name, value in fitting.items()}
    return StylePass(_network(kind, weights), _smallest_side(kind), place)


def _network(kind: str, weights: Mapping[str, Mapping[str, Tensor]]) -> Network:
    return adain.AdaIN(weights) if kind == "adain" else stytr2.StyTr2(weights)


def _smallest_side(kind: str) -> int:
    return adain.SMALLEST_SIDE if kind == "adain" else stytr2.SMALLEST_SIDE


def _published_layouts() -> list[Layout]:
    return [layout for layouts in _LAYOUTS.values() for layout in layouts.values()]
