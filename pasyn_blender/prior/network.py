"""The variational autoencoder over poses, in torch.

Poses go in and come out as six numbers a joint (Zhou et al., On the Continuity of Rotation Representations in
Neural Networks, CVPR 2019). The encoder also sees which joints are known; the rest are zeros to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..anatomy.rotations import Array
from .layers import Layer

LOG_VARIANCE_RANGE = (-12.0, 4.0)


@dataclass(frozen=True)
class NetworkSize:
    """What decides the shapes of the weights.

    Attributes
    ----------
    joints, latent, conditions
        Numbers of joints, latent dimensions, and conditions (zero for none).
    width, depth
        Size and number of the hidden layers, of the encoder and of the decoder.
    """

    joints: int
    latent: int
    conditions: int
    width: int
    depth: int


class PoseAutoencoder(nn.Module):
    """Encoder and decoder.

    Parameters
    ----------
    size
        The shapes.
    mean
        (J, 6) six numbers of the mean pose: the networks work on what differs from it.
    seed
        The first weights depend on it alone.
    """

    mean: Tensor

    def __init__(self, size: NetworkSize, mean: Array, seed: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32))
        inputs = 7 * size.joints + size.conditions
        hidden = [size.width] * size.depth
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(3,)))
        self.encoder = _perceptron([inputs, *hidden, 2 * size.latent], rng)
        self.decoder = _perceptron([size.latent + size.conditions, *hidden[::-1], 6 * size.joints], rng)

    def encode(self, six: Tensor, known: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """(N, L) means and log variances of the latents of poses.

        Parameters
        ----------
        six
            (N, J, 6) poses.
        known
            (N, J) which joints are to be looked at, ones and zeros.
        condition
            (N, C) conditions.
        """
        seen = (six - self.mean) * known[..., None]
        whole = torch.cat([seen.flatten(1), known, condition], dim=1)
        mean, log_variance = self.encoder(whole).chunk(2, dim=1)
        return mean, log_variance.clamp(*LOG_VARIANCE_RANGE)

    def decode(self, latents: Tensor, condition: Tensor) -> Tensor:
        """(N, J, 3, 3) rotations of (N, L) latents."""
        six = self.decoder(torch.cat([latents, condition], dim=1))
        return rotations_from_six(six.unflatten(1, (self.size.joints, 6)) + self.mean)


def _perceptron(widths: Sequence[int], rng: np.random.Generator) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths):
        linear = nn.Linear(inputs, outputs)
        # From our own generator: torch's is global. The range is torch's own default.
        bound = 1 / np.sqrt(inputs)
        with torch.no_grad():
            for values in (linear.weight, linear.bias):
                drawn = rng.uniform(-bound, bound, size=tuple(values.shape))
                values.copy_(torch.from_numpy(drawn.astype(np.float32)))
        layers += [linear, nn.SiLU()]
    return nn.Sequential(*layers[:-1])


def dense_layers(network: nn.Sequential) -> tuple[Layer, ...]:
    """Return the weights of a perceptron as arrays, rounded to half precision as they are kept in a file."""
    return tuple(
        Layer(
            module.weight.detach().cpu().numpy().astype(np.float16),
            module.bias.detach().cpu().numpy().astype(np.float16),
        )
        for module in network
        if isinstance(module, nn.Linear)
    )


def round_weights(network: PoseAutoencoder) -> None:
    """Round all weights to half precision, so that torch and the file hold the same numbers."""
    with torch.no_grad():
        for values in (*network.parameters(), *network.buffers()):
            values.copy_(values.half().float())


def rotations_from_six(six: Tensor) -> Tensor:
    """(..., 3, 3) rotations of (..., 6) numbers, as ``anatomy.rotations.from_six``."""
    first, second = six[..., :3], six[..., 3:]
    x = functional.normalize(first, dim=-1)
    y = functional.normalize(second - (x * second).sum(-1, keepdim=True) * x, dim=-1)
    return torch.stack([x, y, torch.cross(x, y, dim=-1)], dim=-1)


def geodesic(first: Tensor, second: Tensor) -> Tensor:
    """(...) angles in radians between (..., 3, 3) rotations, with a slope that stays finite at both ends."""
    chord = torch.sqrt(((first - second) ** 2).sum((-2, -1)) + 1e-8) / 8**0.5
    return 2 * torch.asin(chord.clamp(max=0.9999))


def joint_places(
    rotations: Tensor, offsets: Tensor, parents: Sequence[int], tips: Sequence[tuple[int, Tensor]] = ()
) -> Tensor:
    """Forward kinematics, as ``anatomy.kinematics``.

    Parameters
    ----------
    rotations
        (N, J, 3, 3) rotations relative to parents.
    offsets
        (N, J, 3) place of each joint from its parent.
    parents
        J parent indices, parents first, -1 for roots, which lie at the origin.
    tips
        Joint and (3,) place from it of points beyond the last joints.

    Returns
    -------
    (N, J + tips, 3) tensor
    """
    steps: list[Tensor] = []
    order: list[int] = []
    above = place_above = None
    # Joint by joint would be a hundred small products; level by level of the tree it is a few.
    for joints, within in tree_levels(parents):
        own = rotations[:, joints]
        if above is None or place_above is None:
            total, places = own, torch.zeros_like(offsets[:, joints])
        else:
            total = above[:, within] @ own
            places = place_above[:, within] + (above[:, within] @ offsets[:, joints, :, None])[..., 0]
        above, place_above = total, places
        steps.append(torch.cat([places[..., None], total], dim=-1))
        order += joints
    back = [order.index(joint) for joint in range(len(parents))]
    whole = torch.cat(steps, dim=1)[:, back]
    found = whole[..., 0]
    ends = [found[:, joint] + whole[:, joint, :, 1:] @ offset for joint, offset in tips]
    return torch.cat([found, torch.stack(ends, dim=1)], dim=1) if ends else found


def tree_levels(parents: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Joints of each level of a tree, the roots first, and where their parents are in the level above."""
    depth: list[int] = []
    for parent in parents:
        depth.append(0 if parent < 0 else depth[parent] + 1)
    levels: list[tuple[list[int], list[int]]] = []
    above: list[int] = []
    for level in range(max(depth) + 1):
        joints = [joint for joint, at in enumerate(depth) if at == level]
        levels.append((joints, [above.index(parents[joint]) for joint in joints] if level else []))
        above = joints
    return levels
