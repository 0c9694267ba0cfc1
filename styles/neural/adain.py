"""AdaIN (Huang & Belongie 2017), with the weights its users publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from torch import Tensor

from .convolutions import DECODER, ENCODER, ENCODER_REST, chain_shapes, run_chain
from .feature_statistics import with_statistics_of
from .tensor_shapes import Layout

LAYOUTS: Final[dict[str, Layout]] = {
    "encoder": Layout(
        "encoder of AdaIN",
        "vgg_normalised.pth",
        chain_shapes(ENCODER),
        chain_shapes(ENCODER_REST),
    ),
    "decoder": Layout("decoder of AdaIN", "decoder.pth", chain_shapes(DECODER)),
}
"""The files it needs, by role."""

SMALLEST_SIDE: Final = 9
"""Shorter pictures have a single row of features at the coarsest level, and no row to reflect."""


class AdaIN:
    """The network.

    Parameters
    ----------
    weights
        By role and key; see :data:`LAYOUTS`.
    """

    def __init__(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        self._encoder, self._decoder = weights["encoder"], weights["decoder"]

    def transfer(self, content: Tensor, style: Tensor, strength: float = 1.0) -> Tensor:
        """Give pictures the style of others.

        Pooling rounds sides up, so the decoder's picture has up to 7 more rows and columns than the content
        when its sides are no multiples of 8; these are cut off at the bottom and on the right, where they
        were added.

        Parameters
        ----------
        content
            (N, 3, H, W) RGB in [0, 1], both sides at least 9.
        style
            (N, 3, h, w), likewise.
        strength
            Share of the style in the features, 0 to 1.

        Returns
        -------
        Tensor
            (N, 3, H, W), not clipped.
        """
        features = run_chain(ENCODER, self._encoder, content)
        styled = with_statistics_of(features, run_chain(ENCODER, self._encoder, style))
        mixed = styled * strength + features * (1 - strength)
        picture = run_chain(DECODER, self._decoder, mixed)
        return picture[..., : content.shape[-2], : content.shape[-1]]
