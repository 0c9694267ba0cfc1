"""A perceptron in numpy, and rotations of what it gives: what trained networks need to run inside Blender."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BLOCK: Final = 256
"""Samples are drawn and decoded in blocks of this many."""

_LOG_VARIANCE: Final = (-12.0, 4.0)


@dataclass(frozen=True)
class Layer:
    """One dense layer: (out, in) weight and (out,) bias."""

    weight: NDArray[Any]
    bias: NDArray[Any]


def in_single_precision(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """Return layers to compute with; half precision is a form to store them in."""
    return tuple(
        Layer(np.ascontiguousarray(one.weight, np.float32), np.asarray(one.bias, np.float32))
        for one in layers
    )


def run_layers(layers: Sequence[Layer], inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, out) outputs of a perceptron with x·sigmoid(x) between its layers, of (N, in) inputs."""
    values = inputs
    for number, layer in enumerate(layers):
        values = values @ layer.weight.T
        values += layer.bias
        if number < len(layers) - 1:
            values = _silu(values)
    return values


def fill_rotations(six: NDArray[np.float32], rotations: NDArray[np.float32]) -> None:
    """Write the rotations of (N, J, 6) numbers, as ``anatomy.rotations.from_six`` in less time."""
    first, second = six[..., :3], six[..., 3:]
    x = first / np.maximum(np.sqrt(np.einsum("...i,...i", first, first)), 1e-12)[..., None]
    second = second - np.einsum("...i,...i", x, second)[..., None] * x
    y = second / np.maximum(np.sqrt(np.einsum("...i,...i", second, second)), 1e-12)[..., None]
    rotations[..., 0] = x
    rotations[..., 1] = y
    for row, (i, j) in enumerate(((1, 2), (2, 0), (0, 1))):
        rotations[..., row, 2] = x[..., i] * y[..., j] - x[..., j] * y[..., i]


def decoded(
    layers: Sequence[Layer], mean: NDArray[np.float32], inputs: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(N, J, 3, 3) rotations of (N, in) inputs of a decoder, which gives them relative to the (J, 6) mean.

    A row does not depend on how many others there are.
    """
    count = len(inputs)
    poses = np.empty((count, len(mean), 3, 3), dtype=np.float32)
    # The last block is filled up: the last bits of a matrix product depend on the size of the matrices.
    block = np.zeros((BLOCK, inputs.shape[1]), dtype=np.float32)
    for first in range(0, count, BLOCK):
        size = min(BLOCK, count - first)
        block[:size] = inputs[first : first + size]
        six = run_layers(layers, block)[:size]
        fill_rotations(six.reshape(size, -1, 6) + mean, poses[first : first + size])
    return poses


def encoded(
    layers: Sequence[Layer], inputs: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N, L) means and standard deviations that an encoder gives to (N, in) inputs."""
    mean, log_variance = np.split(run_layers(layers, inputs), 2, axis=1)
    return mean, np.exp(0.5 * np.clip(log_variance, *_LOG_VARIANCE))


def _silu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    # Beyond ±80 float32's exponential overflows, and the result is the input or nothing anyway.
    gate = np.exp(-np.clip(values, -80, 80))
    gate += 1
    return np.divide(values, gate, out=gate)
