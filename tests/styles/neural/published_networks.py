"""The published networks written down a second time, for comparison, in torch's own layers.

Nothing here is shared with the networks under test. Attention is ``torch.nn.MultiheadAttention``, chains of
convolutions are ``torch.nn.Sequential`` built from a string, and keys and shapes are those that torch itself
gives such modules.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

VGG19 = "1 64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512"
DECODER = "256 U 256 256 256 128 U 128 64 U 64 3."


def sequential(plan: str, inputs: int) -> nn.Sequential:
    """M pools, U enlarges, 1 is VGG's colour layer, a dot leaves out the activation."""
    layers: list[nn.Module] = []
    for word in plan.split():
        if word == "1":
            layers.append(nn.Conv2d(3, 3, 1))
        elif word == "M":
            layers.append(nn.MaxPool2d(2, 2, 0, ceil_mode=True))
        elif word == "U":
            layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
        else:
            outputs = int(word.rstrip("."))
            layers += [nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3)]
            if not word.endswith("."):
                layers.append(nn.ReLU())
            inputs = outputs
    return nn.Sequential(*layers)


class EncoderLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(512, 8)
        self.linear1, self.linear2 = nn.Linear(512, 2048), nn.Linear(2048, 512)
        self.norm1, self.norm2 = nn.LayerNorm(512), nn.LayerNorm(512)

    def forward(self, x: Tensor, position: Tensor | float) -> Tensor:
        q = x + position
        x = self.norm1(x + self.self_attn(q, q, x)[0])
        return self.norm2(x + self.linear2(torch.relu(self.linear1(x))))


class DecoderLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.self_attn, self.multihead_attn = nn.MultiheadAttention(512, 8), nn.MultiheadAttention(512, 8)
        self.linear1, self.linear2 = nn.Linear(512, 2048), nn.Linear(2048, 512)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(512), nn.LayerNorm(512), nn.LayerNorm(512)

    def forward(self, x: Tensor, style: Tensor, position: Tensor) -> Tensor:
        x = self.norm1(x + self.self_attn(x + position, style, style)[0])
        x = self.norm2(x + self.multihead_attn(x + position, style, style)[0])
        return self.norm3(x + self.linear2(torch.relu(self.linear1(x))))


class Layers(nn.Module):
    def __init__(self, kind: type[nn.Module], normed: bool = False) -> None:
        super().__init__()
        self.layers = nn.ModuleList(kind() for _ in range(3))
        if normed:
            self.norm = nn.LayerNorm(512)


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder_c, self.encoder_s = Layers(EncoderLayer), Layers(EncoderLayer)
        self.decoder = Layers(DecoderLayer, normed=True)
        self.new_ps = nn.Conv2d(512, 512, 1)

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        pooled = nn.AdaptiveAvgPool2d(18)(content)
        # As published, the position is spread over the style's grid.
        position = nn.functional.interpolate(self.new_ps(pooled), size=style.shape[-2:], mode="bilinear")
        place, x, y = (part.flatten(2).permute(2, 0, 1) for part in (position, content, style))
        for layer in self.encoder_s.layers:
            y = layer(y, 0.0)
        for layer in self.encoder_c.layers:
            x = layer(x, place)
        for layer in self.decoder.layers:
            x = layer(x, y, place)
        x = self.decoder.norm(x)
        count, batch, channels = x.shape
        # As published: rows as long as the root of the number of tokens, whatever the picture's shape.
        return x.permute(1, 2, 0).reshape(batch, channels, -1, int(math.sqrt(count)))


class PatchEmbedding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, 512, 8, 8)


class PublishedStyTr2:
    """The authors' program from picture to picture."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.embedding, self.transformer = PatchEmbedding(), Transformer()
        self.decoder = sequential(DECODER, 512)
        for module in (self.embedding, self.transformer, self.decoder):
            liven(module)

    def states(self) -> dict[str, dict[str, Tensor]]:
        roles = ("embedding", "transformer", "decoder")
        return {role: dict(getattr(self, role).state_dict()) for role in roles}

    @torch.no_grad()
    def picture(self, content: Tensor, style: Tensor) -> Tensor:
        tokens = self.transformer(self.embedding.proj(content), self.embedding.proj(style))
        return self.decoder(tokens)


class PublishedAdaIN:
    """The published program from picture to picture."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.vgg, self.decoder = sequential(VGG19, 3), sequential(DECODER, 512)
        for module in (self.vgg, self.decoder):
            liven(module)

    def states(self) -> dict[str, dict[str, Tensor]]:
        return {"encoder": dict(self.vgg.state_dict()), "decoder": dict(self.decoder.state_dict())}

    @torch.no_grad()
    def picture(self, content: Tensor, style: Tensor, alpha: float = 1.0) -> Tensor:
        encoder = self.vgg[:31]
        f, g = encoder(content), encoder(style)
        deviations = [(x.flatten(2).var(2) + 1e-5).sqrt()[..., None, None] for x in (f, g)]
        means = [x.flatten(2).mean(2)[..., None, None] for x in (f, g)]
        t = (f - means[0]) / deviations[0] * deviations[1] + means[1]
        return self.decoder(alpha * t + (1 - alpha) * f)


def liven(module: nn.Module) -> None:
    """Give random weights that keep signals alive: biases and norms too, and colours near the middle."""
    with torch.no_grad():
        for name, value in module.named_parameters():
            if "norm" in name and name.endswith("weight"):
                value.uniform_(0.5, 1.5)
            elif value.ndim == 1:
                value.normal_(0, 0.1)
            else:
                value.normal_(0, (2 / value[0].numel()) ** 0.5)
