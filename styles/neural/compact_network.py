"""A small style network that learns on a CPU in minutes: AdaIN between Haar wavelets.

Pictures are taken apart by Haar wavelets (as Yoo et al. 2019, "Photorealistic Style Transfer via Wavelet
Transforms", replace pooling by), which lose nothing: what is coarse goes on down, what is fine goes straight
across to the decoder. So edges stay where they are and as sharp as they were. Adaptive instance normalisation
(Huang & Belongie 2017) gives the statistics of the style to the coarsest features, to the fine ones, and to
the picture's own bands; the decoder adds what these alone would get wrong.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .feature_statistics import with_statistics_of

SMALLEST_SIDE: Final = 16
"""Shorter pictures have a single row at the coarsest level, and no row to reflect."""

_MULTIPLE: Final = 8
_FEATURE_FLOOR: Final = 1e-3
_BAND_FLOOR: Final = 1e-4
"""Added to variances; bands are of colours in [0, 1]. A flat wall is not blown up to a meadow's grain."""


class Features(NamedTuple):
    """What the encoder makes of pictures (N, 3, H, W); ``w`` is the network's width.

    Attributes
    ----------
    bands
        (N, 12, H/2, W/2), the picture's own Haar bands.
    fine, middle
        (N, 3w, H/4, W/4) and (N, 6w, H/8, W/8), detail at half and at a quarter of the size.
    coarse
        (N, 4w, H/8, W/8).
    """

    bands: Tensor
    fine: Tensor
    middle: Tensor
    coarse: Tensor


def compact_shapes(width: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights, by key."""
    channels = {
        "encoder.half.0": (12, width),
        "encoder.half.1": (width, width),
        "encoder.quarter.0": (width, 2 * width),
        "encoder.quarter.1": (2 * width, 2 * width),
        "encoder.eighth.0": (2 * width, 4 * width),
        "encoder.eighth.1": (4 * width, 4 * width),
        "decoder.eighth.0": (4 * width, 4 * width),
        "decoder.eighth.1": (4 * width, 2 * width),
        "decoder.quarter.0": (2 * width, 2 * width),
        "decoder.quarter.1": (2 * width, width),
        "decoder.half.0": (width, width),
        "decoder.half.1": (width, 12),
    }
    shapes: dict[str, tuple[int, ...]] = {}
    for name, (inputs, outputs) in channels.items():
        shapes[f"{name}.weight"] = (outputs, inputs, 3, 3)
        shapes[f"{name}.bias"] = (outputs,)
    return shapes


def first_weights(width: int, seed: int) -> dict[str, Tensor]:
    """Weights to begin training with (He et al. 2015); the last layer begins with nothing to add."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(6,)))
    weights = {}
    for name, shape in compact_shapes(width).items():
        spread = (2 / np.prod(shape[1:])) ** 0.5 if len(shape) > 1 else 0.0
        values = rng.standard_normal(shape).astype(np.float32) * np.float32(spread)
        weights[name] = torch.from_numpy(values * 0 if name.startswith("decoder.half.1") else values)
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
            (N, 3, H, W) and (N, 3, h, w) RGB in [0, 1], all sides at least 16. Sides that are no multiples
            of 8 get their edge repeated, and what was added is cut off again.
        strength
            Share of the style in features and bands, 0 to 1.

        Returns
        -------
        Tensor
            (N, 3, H, W), not clipped.
        """
        features = self.encode(_whole(content))
        picture = self.decode(styled(features, self.encode(_whole(style)), strength))
        return picture[..., : content.shape[-2], : content.shape[-1]]

    def encode(self, pictures: Tensor) -> Features:
        """Take (N, 3, H, W) pictures apart; both sides are multiples of 8."""
        bands = haar(pictures)
        coarse, fine = _parted(self._pair("encoder.half", bands))
        coarse, middle = _parted(self._pair("encoder.quarter", coarse))
        return Features(bands, fine, middle, self._pair("encoder.eighth", coarse))

    def decode(self, features: Features) -> Tensor:
        """Put a picture together."""
        values = self._pair("decoder.eighth", features.coarse)
        values = self._pair("decoder.quarter", from_haar(torch.cat((values, features.middle), 1)))
        values = from_haar(torch.cat((values, features.fine), 1))
        values = self._convolved("decoder.half.0", values).relu()
        return from_haar(features.bands + self._convolved("decoder.half.1", values))

    def _pair(self, name: str, values: Tensor) -> Tensor:
        return self._convolved(f"{name}.1", self._convolved(f"{name}.0", values).relu()).relu()

    def _convolved(self, name: str, values: Tensor) -> Tensor:
        padded = functional.pad(values, (1, 1, 1, 1), mode="reflect")
        return functional.conv2d(padded, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])


def styled(content: Features, style: Features, strength: float = 1.0) -> Features:
    """Content's features with the style's statistics, or part of the way there."""
    mixed = []
    for name, ours, theirs in zip(Features._fields, content, style, strict=True):
        full = with_statistics_of(ours, theirs, _BAND_FLOOR if name == "bands" else _FEATURE_FLOOR)
        mixed.append(full if strength == 1.0 else full * strength + ours * (1 - strength))
    return Features(*mixed)


def haar(values: Tensor) -> Tensor:
    """One level of the orthonormal Haar transform.

    Parameters
    ----------
    values
        (N, C, H, W) with even sides.

    Returns
    -------
    Tensor
        (N, 4C, H/2, W/2): C sums of 2×2, then C differences between columns, C between rows, C of both.
    """
    above_left, above_right = values[..., ::2, ::2], values[..., ::2, 1::2]
    below_left, below_right = values[..., 1::2, ::2], values[..., 1::2, 1::2]
    above, below = above_left + above_right, below_left + below_right
    above_step, below_step = above_left - above_right, below_left - below_right
    bands = (above + below, above_step + below_step, above - below, above_step - below_step)
    return torch.cat(bands, 1) / 2


def from_haar(bands: Tensor) -> Tensor:
    """Invert :func:`haar`: (N, 4C, H, W) to (N, C, 2H, 2W)."""
    total, columns, rows, both = bands.chunk(4, 1)
    corners = (
        total + columns + rows + both,
        total - columns + rows - both,
        total + columns - rows - both,
        total - columns - rows + both,
    )
    return functional.pixel_shuffle(torch.stack(corners, 2).flatten(1, 2) / 2, 2)


def _parted(values: Tensor) -> tuple[Tensor, Tensor]:
    bands = haar(values)
    return bands[:, : values.shape[1]], bands[:, values.shape[1] :]


def _whole(pictures: Tensor) -> Tensor:
    below, beside = (-side % _MULTIPLE for side in pictures.shape[-2:])
    return functional.pad(pictures, (0, beside, 0, below), mode="replicate") if below or beside else pictures
