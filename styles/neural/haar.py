"""Haar wavelets of pictures and features."""

from __future__ import annotations

import torch
from torch import Tensor


def haar(values: Tensor) -> Tensor:
    """Means and differences of each 2×2.

    Parameters
    ----------
    values
        (N, C, H, W) with even sides.

    Returns
    -------
    Tensor
        (N, 4C, H/2, W/2): C means, then C differences between columns, C between rows, C of both, halved so
        that a step from 0 to 1 has a difference of a half.
    """
    above_left, above_right = values[..., ::2, ::2], values[..., ::2, 1::2]
    below_left, below_right = values[..., 1::2, ::2], values[..., 1::2, 1::2]
    above, below = above_left + above_right, below_left + below_right
    above_step, below_step = above_left - above_right, below_left - below_right
    bands = (above + below, above_step + below_step, above - below, above_step - below_step)
    return torch.cat(bands, 1) / 4
