"""A small style network that learns on a CPU in minutes: it predicts how colours and detail should change.

An encoder turns content and style into features at an eighth of their size. Adaptive instance normalisation
(Huang & Belongie 2017) gives the content's features the statistics of the style's. From both, what the
content is and what it should be, a decoder predicts at each place an affine map of colours and two gains of
fine detail. These vary slowly over the picture and are applied to its own pixels (as Xia et al. 2020, "Joint
Bilateral Learning for Real-time Universal Photorealistic Style Transfer", apply theirs), so edges stay where
they are and as sharp as they were, and a photo stays a photo whatever the network has not learnt.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .feature_statistics import with_statistics_of
from .haar import haar

SMALLEST_SIDE: Final = 16
"""Shorter pictures have a single row of features, and no row to reflect."""

_REDUCTION: Final = 8
_LEAK: Final = 0.2
_FLOOR: Final = 1e-2
"""Added to variances of features: a flat wall is not blown up to a meadow's variety."""

_AFFINE: Final = 12
_GAINS: Final = 2
_MAPS: Final = _AFFINE + _GAINS
_LARGEST_GAIN: Final = 1.0
"""Natural logarithm of the most that detail is amplified by, and the least."""

_BINOMIAL: Final = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)

_LAYERS: Final = ("encoder.half", "encoder.quarter", "encoder.eighth", "encoder.last")
_DECODER: Final = ("decoder.first", "decoder.second")
_OUTPUT: Final = "decoder.maps"


def compact_shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights, by key; ``width`` is the number of channels at half of the picture's size."""
    channels = {
        "encoder.half": (12, width),
        "encoder.quarter": (4 * width, 2 * width),
        "encoder.eighth": (8 * width, 4 * width),
        "encoder.last": (4 * width, 4 * width),
        "decoder.first": (8 * width, 4 * width),
        "decoder.second": (4 * width, 2 * width),
        "decoder.maps": (2 * width, _MAPS),
    }
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (inputs, outputs) in channels.items():
        shapes[f"{name}.weight"] = (outputs, inputs, 3, 3)
        shapes[f"{name}.bias"] = (outputs,)
    return shapes


def first_weights(width: int, seed: int) -> dict[str, Tensor]:
    """Weights to begin training with (He et al. 2015); the last layer begins with changing nothing."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(6,)))
    weights = {}
    for name, shape in compact_shapes(width).items():
        spread = 0.0 if len(shape) == 1 or name.startswith(_OUTPUT) else (2 / np.prod(shape[1:])) ** 0.5
        weights[name] = torch.from_numpy(rng.standard_normal(shape).astype(np.float32) * np.float32(spread))
    return weights


class CompactNetwork:
    """The network.

    Parameters
    ----------
    weights
        By key, as :func:`compact_shapes` lists them.
    """

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.weights = weights

    def to(self, device: torch.device) -> CompactNetwork:
        """Return the network on a device."""
        return CompactNetwork({name: value.to(device) for name, value in self.weights.items()})

    def transfer(self, content: Tensor, style: Tensor, strength: float = 1.0) -> Tensor:
        """Give pictures the style of others.

        Parameters
        ----------
        content, style
            (N, 3, H, W) and (N, 3, h, w) RGB in [0, 1], all sides at least 16. For the encoder, sides that
            are no multiples of 8 get their edge repeated.
        strength
            Share of the change of colours and detail, 0 (none) to 1.

        Returns
        -------
        Tensor
            (N, 3, H, W), not clipped.
        """
        return self.restyle(content, self.encode(content), self.encode(style), strength)

    def encode(self, pictures: Tensor) -> Tensor:
        """Features of pictures: (N, 3, H, W) to (N, 4·width, H/8, W/8), rounded up."""
        values = _whole(pictures) - 0.5
        for name in _LAYERS[:3]:
            values = self._convolved(name, haar(values))
        return self._convolved(_LAYERS[3], values)

    def restyle(
        self, content: Tensor, features: Tensor, style_features: Tensor, strength: float = 1.0
    ) -> Tensor:
        """Change (N, 3, H, W) contents, given their features and those of their styles."""
        wanted = with_statistics_of(features, style_features, _FLOOR)
        values = torch.cat((features, wanted), 1)
        for name in _DECODER:
            values = self._convolved(name, values)
        maps = self._convolved(_OUTPUT, values, rectified=False) * strength
        maps = functional.interpolate(maps, scale_factor=_REDUCTION, mode="bilinear", align_corners=False)
        return _changed(content, maps[..., : content.shape[-2], : content.shape[-1]])

    def _convolved(self, name: str, values: Tensor, rectified: bool = True) -> Tensor:
        padded = functional.pad(values, (1, 1, 1, 1), mode="reflect")
        values = functional.conv2d(padded, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])
        # Leaky: so small a network cannot spare channels that have died.
        return functional.leaky_relu(values, _LEAK) if rectified else values


def _changed(content: Tensor, maps: Tensor) -> Tensor:
    """Apply maps (N, 14, H, W): 3×3 and 3 of colours, both beside doing nothing, and 2 gains of detail."""
    gains = torch.exp(torch.tanh(maps[:, _AFFINE:]) * _LARGEST_GAIN) - 1
    soft = _softened(content, 1)
    detailed = content + gains[:, :1] * (content - soft) + gains[:, 1:] * (soft - _softened(soft, 2))
    matrix = maps[:, : _AFFINE - 3].unflatten(1, (3, 3))
    # About mid grey, so that a change of contrast is not one of brightness too.
    return detailed + (matrix * (detailed - 0.5)[:, None]).sum(2) + maps[:, _AFFINE - 3 : _AFFINE]


def _softened(pictures: Tensor, spacing: int) -> Tensor:
    """Blur by a binomial kernel of 5, its taps so many pixels apart; symmetric, so that nothing moves."""
    channels, reach = pictures.shape[1], 2 * spacing
    kernel = torch.tensor(_BINOMIAL, dtype=pictures.dtype, device=pictures.device)
    across = kernel.expand(channels, 1, 1, 5)
    padded = functional.pad(pictures, (reach,) * 4, mode="replicate")
    rows = functional.conv2d(padded, across, groups=channels, dilation=spacing)
    return functional.conv2d(rows, across.transpose(2, 3), groups=channels, dilation=spacing)


def _whole(pictures: Tensor) -> Tensor:
    below, beside = (-side % _REDUCTION for side in pictures.shape[-2:])
    return functional.pad(pictures, (0, beside, 0, below), mode="replicate") if below or beside else pictures
