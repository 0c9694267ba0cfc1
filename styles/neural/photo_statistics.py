"""What pictures of one style have in common, and of one content: fixed filters, nothing learnt.

A photo's look, as far as it is not what the photo shows, is in its colours and in how much detail of which
size it has (exposure, white balance, contrast, haze, sharpness, noise). Both are measured on bands of a Haar
pyramid of opponent colours.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from .feature_statistics import channel_statistics
from .haar import haar

_LEVELS: Final = 4
_FLOOR: Final = 1e-5

# Ruderman, Cronin & Chiao 1998: axes along which colours of natural scenes vary independently (here of RGB
# rather than of cones' logarithms).
_OPPONENT: Final = ((0.5774, 0.5774, 0.5774), (0.4082, 0.4082, -0.8165), (0.7071, -0.7071, 0.0))


def style_distance(pictures: Tensor, styles: Tensor) -> Tensor:
    """How far colours and amounts of detail of (N, 3, H, W) pictures are from those of their styles."""
    distance = pictures.new_zeros(())
    ours, theirs = _opponent(pictures), _opponent(styles)
    for level in range(_LEVELS):
        ours_bands, theirs_bands = haar(ours), haar(theirs)
        _, spread = channel_statistics(ours_bands[:, 3:], _FLOOR)
        _, wanted = channel_statistics(theirs_bands[:, 3:], _FLOOR)
        distance = distance + (spread.log() - wanted.log()).abs().mean() * 0.02
        ours, theirs = ours_bands[:, :3], theirs_bands[:, :3]
        if level == 1:
            for one, other in zip(
                channel_statistics(ours, _FLOOR), channel_statistics(theirs, _FLOOR), strict=True
            ):
                distance = distance + (one - other).abs().mean()
    return distance


def content_distance(pictures: Tensor, contents: Tensor) -> Tensor:
    """How far edges and their relative strengths are from those of (N, 3, H, W) contents."""
    distance = pictures.new_zeros(())
    ours, theirs = _opponent(pictures)[:, :1], _opponent(contents)[:, :1]
    for _ in range(_LEVELS - 1):
        ours_bands, theirs_bands = haar(ours), haar(theirs)
        pairs = []
        for bands in (ours_bands[:, 1:], theirs_bands[:, 1:]):
            _, spread = channel_statistics(bands, _FLOOR)
            pairs.append(bands / spread)
        distance = distance + (pairs[0] - pairs[1]).abs().mean()
        ours, theirs = ours_bands[:, :1], theirs_bands[:, :1]
    return distance


def _opponent(pictures: Tensor) -> Tensor:
    axes = torch.tensor(_OPPONENT, dtype=pictures.dtype, device=pictures.device)
    return torch.einsum("ac,nchw->nahw", axes, pictures)
