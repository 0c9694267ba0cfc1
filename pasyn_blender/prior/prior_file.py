"""Trained priors as files: plain arrays in ``NAME.npz``, and a card for people in ``NAME.json``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import ArraysError, PriorError
from .latent_mixture import LatentMixture
from .layers import Layer
from .plain_arrays import archived, read_arrays, write_whole
from .prior_card import FORMAT, card_path, check_belongs, read_card, read_content
from .sampler import Prior

_HALF: Final = np.float16
_LARGEST: Final = 512 * 1024 * 1024


def write_prior(prior: Prior, path: Path) -> Prior:
    """Write a prior and its card; the same prior gives the same bytes.

    Weights, mean pose and centres are kept in half precision.

    Returns
    -------
    The prior with its card as it was written: with format, joints and the checksum of the arrays.

    Raises
    ------
    PriorError
        The name does not end in .npz, or a file cannot be written.
    """
    if path.suffix != ".npz":
        raise PriorError(f"{path} should end in .npz; its card is written beside it as .json")
    arrays: dict[str, NDArray[Any]] = {
        "known": prior.known,
        "mean": prior.mean.astype(_HALF),
        "centres": prior.mixture.centres.astype(_HALF),
        "neighbours": prior.mixture.neighbours.astype(np.uint16),
        "weights": prior.mixture.weights.astype(np.float32),
        "component_action": prior.component_action.astype(np.int16),
        "component_species": prior.component_species.astype(np.int16),
    }
    for name, layers in (("encoder", prior.encoder), ("decoder", prior.decoder)):
        for number, layer in enumerate(layers):
            arrays[f"{name}_{number}_weight"] = layer.weight.astype(_HALF)
            arrays[f"{name}_{number}_bias"] = layer.bias.astype(_HALF)
    content = archived(arrays)
    card = {
        **prior.card,
        "format": FORMAT,
        "arrays_sha256": hashlib.sha256(content).hexdigest(),
        "joints": list(prior.joints),
        "parents": list(prior.parents),
        "canonical": prior.canonical,
        "latent": prior.latent_size,
        "bandwidth": prior.mixture.bandwidth,
        "conditioned": prior.conditioned,
        "actions": list(prior.actions),
        "species": list(prior.species),
    }
    text = json.dumps(card, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
    for place, data in ((path, content), (card_path(path), text.encode())):
        try:
            write_whole(place, data)
        except OSError as error:
            raise PriorError(f"{place} cannot be written: {error.strerror}") from None
    return read_prior(path)


def read_prior(path: Path) -> Prior:
    """Read a prior written by :func:`write_prior`.

    Raises
    ------
    PriorError
        A file is missing, cut off, pickled, of another format, or the two do not belong together.
    """
    card, content = read_card(path), read_content(path)
    try:
        arrays = read_arrays(content, _LARGEST)
    except ArraysError as error:
        raise PriorError(f"{path} is no readable prior: {error}") from None
    check_belongs(card, content, path)
    try:
        return _prior(card, arrays)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        raise PriorError(f"{path} does not hold what its card says: {error}") from None


def _prior(card: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Prior:
    joints, latent = tuple(str(name) for name in card["joints"]), int(card["latent"])
    parents = tuple(int(parent) for parent in card["parents"])
    actions = tuple(str(word) for word in card["actions"])
    species = tuple(str(word) for word in card["species"])
    conditioned = bool(card["conditioned"])
    told = len(actions) + len(species) if conditioned else 0
    count = len(arrays["centres"])
    if len(parents) != len(joints) or any(not -1 <= parent < i for i, parent in enumerate(parents)):
        raise ValueError(f"{len(joints)} joints with parents {parents}")
    _check_shape(arrays, "known", (len(joints),))
    _check_shape(arrays, "mean", (len(joints), 6))
    _check_shape(arrays, "centres", (count, latent))
    _check_shape(arrays, "neighbours", (count, arrays["neighbours"].shape[-1]))
    for name in ("weights", "component_action", "component_species"):
        _check_shape(arrays, name, (count,))
    neighbours = arrays["neighbours"].astype(np.int64)
    labels = {name: arrays[f"component_{name}"].astype(np.int64) for name in ("action", "species")}
    for what, numbers, top in (
        ("neighbours", neighbours, count),
        ("component_action", labels["action"], len(actions)),
        ("component_species", labels["species"], len(species)),
    ):
        if numbers.size and (numbers.max() >= top or numbers.min() < -1):
            raise ValueError(f"{what} holds numbers beyond {top - 1}")
    weights = arrays["weights"].astype(float)
    if not count or not weights.sum() > 0 or weights.min() < 0:
        raise ValueError("its weights are no probabilities")
    for name, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"{name} holds NaN or infinity")
    return Prior(
        joints=joints,
        parents=parents,
        known=arrays["known"].astype(bool),
        mean=arrays["mean"],
        encoder=_layers(arrays, "encoder", 7 * len(joints) + told, 2 * latent),
        decoder=_layers(arrays, "decoder", latent + told, 6 * len(joints)),
        conditioned=conditioned,
        actions=actions,
        species=species,
        mixture=LatentMixture(
            arrays["centres"].astype(np.float32),
            neighbours,
            weights / weights.sum(),
            float(card["bandwidth"]),
        ),
        component_action=labels["action"],
        component_species=labels["species"],
        card=dict(card),
    )


def _layers(arrays: Mapping[str, NDArray[Any]], name: str, inputs: int, outputs: int) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    while f"{name}_{len(layers)}_weight" in arrays:
        weight, bias = (arrays[f"{name}_{len(layers)}_{part}"] for part in ("weight", "bias"))
        if weight.ndim != 2 or weight.shape[1] != inputs or bias.shape != weight.shape[:1]:
            raise ValueError(f"{name} layer {len(layers)} has shape {weight.shape}, after {inputs} numbers")
        layers.append(Layer(weight, bias))
        inputs = weight.shape[0]
    if not layers or inputs != outputs:
        raise ValueError(f"{name} gives {inputs if layers else 'no'} numbers, not {outputs}")
    return tuple(layers)


def _check_shape(arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...]) -> None:
    if arrays[name].shape != shape:
        raise ValueError(f"{name} has shape {arrays[name].shape}, not {shape}")
