"""StyTr² (Deng et al. 2022, "StyTr²: Image Style Transfer with Transformers"), with its authors' weights.

Patches of 8×8 pixels become tokens. One transformer encoder reads the content's, another the style's; a
transformer decoder asks the style with the content as queries, and a convolutional decoder makes a picture
of what it answers. Only content tokens have a position, made of the content itself (content-aware positional
encoding): its patches averaged into 18×18 places, mixed by a 1×1 convolution, and spread over the picture.

What the authors' program does where it had to be decided here:

- Sides that are no multiples of 8: the patches leave out the last rows and columns, and its picture is
  smaller. Here that part is the same, and the rest comes from a second run over the content with its edge
  repeated up to the next multiple of 8.
- Pictures that are not square: the program folds tokens back into rows of int(sqrt(number of tokens)), which
  is right for pictures that are as many patches high as wide or one or two more, and shuffles or refuses
  others. Here rows are as long as the content's.
- A style of another size than the content: the program spreads the position over the style's grid and needs
  both to have equally many patches. Here it is spread over the content's, whose position it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from torch import Tensor
from torch.nn import functional

from .convolutions import DECODER, chain_shapes, run_chain
from .tensor_shapes import Layout

PATCH: Final = 8
SMALLEST_SIDE: Final = 2 * PATCH
"""Shorter pictures are one patch high, and the decoder has no second row to reflect."""

_WIDTH: Final = 512
_HIDDEN: Final = 2048
_HEADS: Final = 8
_LAYERS: Final = 3
_POOLED: Final = 18


def _attention_shapes(prefix: str) -> dict[str, tuple[int, ...]]:
    return {
        f"{prefix}.in_proj_weight": (3 * _WIDTH, _WIDTH),
        f"{prefix}.in_proj_bias": (3 * _WIDTH,),
        f"{prefix}.out_proj.weight": (_WIDTH, _WIDTH),
        f"{prefix}.out_proj.bias": (_WIDTH,),
    }


def _layer_shapes(prefix: str, attentions: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for name in attentions:
        shapes |= _attention_shapes(f"{prefix}.{name}")
    shapes |= {
        f"{prefix}.linear1.weight": (_HIDDEN, _WIDTH),
        f"{prefix}.linear1.bias": (_HIDDEN,),
        f"{prefix}.linear2.weight": (_WIDTH, _HIDDEN),
        f"{prefix}.linear2.bias": (_WIDTH,),
    }
    for number in range(1, len(attentions) + 2):
        shapes |= {f"{prefix}.norm{number}.weight": (_WIDTH,), f"{prefix}.norm{number}.bias": (_WIDTH,)}
    return shapes


def _transformer_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(_LAYERS):
        for encoder in ("encoder_c", "encoder_s"):
            shapes |= _layer_shapes(f"{encoder}.layers.{layer}", ("self_attn",))
        shapes |= _layer_shapes(f"decoder.layers.{layer}", ("self_attn", "multihead_attn"))
    return shapes | {
        "decoder.norm.weight": (_WIDTH,),
        "decoder.norm.bias": (_WIDTH,),
        "new_ps.weight": (_WIDTH, _WIDTH, 1, 1),
        "new_ps.bias": (_WIDTH,),
    }


LAYOUTS: Final[dict[str, Layout]] = {
    "embedding": Layout(
        "patch embedding of StyTr²",
        "embedding_iter_160000.pth",
        {"proj.weight": (_WIDTH, 3, PATCH, PATCH), "proj.bias": (_WIDTH,)},
    ),
    "transformer": Layout("transformer of StyTr²", "transformer_iter_160000.pth", _transformer_shapes()),
    "decoder": Layout("decoder of StyTr²", "decoder_iter_160000.pth", chain_shapes(DECODER)),
}
"""The files it needs, by role. VGG's weights, which the authors' program loads too, serve its training."""


class StyTr2:
    """The network.

    Parameters
    ----------
    weights
        By role and key; see :data:`LAYOUTS`.
    """

    def __init__(self, weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        self._embedding, self._decoder = weights["embedding"], weights["decoder"]
        self._weights = weights["transformer"]

    def transfer(self, content: Tensor, style: Tensor, strength: float = 1.0) -> Tensor:
        """Give pictures the style of others.

        Parameters
        ----------
        content
            (N, 3, H, W) RGB in [0, 1], both sides at least 16.
        style
            (N, 3, h, w), both sides at least 8.
        strength
            Share of the result in the picture, 0 to 1; the rest is the content. (The network has no dial of
            its own.)

        Returns
        -------
        Tensor
            (N, 3, H, W), not clipped.
        """
        height, width = content.shape[-2:]
        whole = self._over_whole_patches(content, style)
        if whole.shape[-2:] != content.shape[-2:]:
            padded = functional.pad(content, (0, -width % PATCH, 0, -height % PATCH), mode="replicate")
            larger = self._over_whole_patches(padded, style)[..., :height, :width].clone()
            larger[..., : whole.shape[-2], : whole.shape[-1]] = whole
            whole = larger
        return whole if strength == 1.0 else whole * strength + content * (1 - strength)

    def _over_whole_patches(self, content: Tensor, style: Tensor) -> Tensor:
        """Do as the authors' program: a picture of the content's whole patches."""
        content_map, style_map = self._embed(content), self._embed(style)
        rows, columns = content_map.shape[-2:]
        position = _tokens(self._position(content_map))
        tokens, asked = _tokens(content_map), _tokens(style_map)
        for layer in range(_LAYERS):
            tokens = self._encode(f"encoder_c.layers.{layer}", tokens, position)
            asked = self._encode(f"encoder_s.layers.{layer}", asked, None)
        for layer in range(_LAYERS):
            tokens = self._decode(f"decoder.layers.{layer}", tokens, asked, position)
        tokens = self._normalised("decoder.norm", tokens)
        features = tokens.transpose(1, 2).unflatten(2, (rows, columns))
        return run_chain(DECODER, self._decoder, features)

    def _embed(self, picture: Tensor) -> Tensor:
        return functional.conv2d(
            picture, self._embedding["proj.weight"], self._embedding["proj.bias"], stride=PATCH
        )

    def _position(self, content_map: Tensor) -> Tensor:
        pooled = functional.adaptive_avg_pool2d(content_map, _POOLED)
        mixed = functional.conv2d(pooled, self._weights["new_ps.weight"], self._weights["new_ps.bias"])
        return functional.interpolate(
            mixed, size=content_map.shape[-2:], mode="bilinear", align_corners=False
        )

    def _encode(self, layer: str, tokens: Tensor, position: Tensor | None) -> Tensor:
        placed = tokens if position is None else tokens + position
        tokens = tokens + self._attend(f"{layer}.self_attn", placed, placed, tokens)
        tokens = self._normalised(f"{layer}.norm1", tokens)
        return self._normalised(f"{layer}.norm2", tokens + self._feed_forward(layer, tokens))

    def _decode(self, layer: str, tokens: Tensor, asked: Tensor, position: Tensor) -> Tensor:
        # Both attentions of a layer look at the style; the paper's decoder has no self-attention, though
        # the key of the first one is called so.
        for number, name in ((1, "self_attn"), (2, "multihead_attn")):
            answer = self._attend(f"{layer}.{name}", tokens + position, asked, asked)
            tokens = self._normalised(f"{layer}.norm{number}", tokens + answer)
        return self._normalised(f"{layer}.norm3", tokens + self._feed_forward(layer, tokens))

    def _attend(self, name: str, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        weights = self._weights[f"{name}.in_proj_weight"].chunk(3)
        biases = self._weights[f"{name}.in_proj_bias"].chunk(3)
        parts = (
            functional.linear(tokens, weight, bias).unflatten(2, (_HEADS, -1)).transpose(1, 2)
            for tokens, weight, bias in zip((queries, keys, values), weights, biases, strict=True)
        )
        mixed = functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)
        return functional.linear(
            mixed, self._weights[f"{name}.out_proj.weight"], self._weights[f"{name}.out_proj.bias"]
        )

    def _feed_forward(self, layer: str, tokens: Tensor) -> Tensor:
        hidden = self._linear(f"{layer}.linear1", tokens).relu()
        return self._linear(f"{layer}.linear2", hidden)

    def _linear(self, name: str, tokens: Tensor) -> Tensor:
        return functional.linear(tokens, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _normalised(self, name: str, tokens: Tensor) -> Tensor:
        return functional.layer_norm(
            tokens, (_WIDTH,), self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        )


def _tokens(features: Tensor) -> Tensor:
    """(N, C, rows, columns) to (N, rows·columns, C)."""
    return features.flatten(2).transpose(1, 2)
