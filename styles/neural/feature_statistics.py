"""Mean and spread of features, and giving one picture's features those of another."""

from __future__ import annotations

import torch
from torch import Tensor


def channel_statistics(features: Tensor, floor: float) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel.

    Parameters
    ----------
    features
        (N, C, H, W).
    floor
        Added to the variance, so that a flat channel can be divided by.

    Returns
    -------
    mean, deviation
        (N, C, 1, 1) each. The deviation is that of a sample (divisor one less than the number of places).
    """
    # How many threads share a sum decides its last bits; in double precision these are gone after rounding.
    wide = features if features.device.type == "mps" else features.to(torch.float64)
    variance, mean = torch.var_mean(wide.flatten(2), dim=2, correction=1)
    deviation = (variance + floor).sqrt()
    return mean.to(features.dtype)[..., None, None], deviation.to(features.dtype)[..., None, None]


def with_statistics_of(content: Tensor, style: Tensor, floor: float = 1e-5) -> Tensor:
    """Adaptive instance normalisation (Huang & Belongie 2017): content's features with style's statistics.

    Parameters
    ----------
    content, style
        (N, C, H, W) and (N, C, h, w).
    floor
        As in :func:`channel_statistics`.

    Returns
    -------
    Tensor
        (N, C, H, W).
    """
    mean, deviation = channel_statistics(content, floor)
    style_mean, style_deviation = channel_statistics(style, floor)
    return (content - mean) / deviation * style_deviation + style_mean
