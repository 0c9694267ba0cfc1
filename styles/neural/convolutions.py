"""What AdaIN and StyTr² share: the first blocks of VGG-19, and a decoder that mirrors them.

Both are chains of 3×3 convolutions with reflected edges. A checkpoint's keys are the places of the
convolutions in a list that counts reflection, convolution, activation, pooling and enlargement one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Step:
    """One convolution and what comes before and after it.

    Attributes
    ----------
    key
        Its place in the published list, which is the key's first part.
    inputs, outputs
        Channels.
    kernel
        Side of the kernel: 3 with reflected edges, 1 without.
    rectified
        Whether negative values become zero.
    before
        "" or "half" (largest of each 2×2, an odd last row or column by itself) or "double" (each value
        becomes 2×2).
    """

    key: int
    inputs: int
    outputs: int
    kernel: int = 3
    rectified: bool = True
    before: str = ""


def _chain(inputs: int, plan: tuple[int | str, ...], place: int) -> tuple[Step, ...]:
    """Count places: a convolution takes three (reflection, itself, activation), a change of size one."""
    steps = []
    before = ""
    for part in plan:
        if isinstance(part, str):
            before = part
            place += 1
            continue
        steps.append(Step(place + 1, inputs, part, before=before))
        inputs, place, before = part, place + 3, ""
    return tuple(steps)


# Simonyan & Zisserman 2015, configuration E. The 1×1 convolution in front turns colours into VGG's.
_BLOCKS: Final = (64, 64, "half", 128, 128, "half", 256, 256, 256, 256, "half")
ENCODER: Final = (Step(0, 3, 3, kernel=1, rectified=False), *_chain(3, (*_BLOCKS, 512), 1))
"""VGG-19 up to relu4_1."""

ENCODER_REST: Final = _chain(3, (*_BLOCKS, *[512] * 4, "half", *[512] * 4), 1)[len(ENCODER) - 1 :]
"""The rest of VGG-19's convolutions, which the published file has and nothing here uses."""

_MIRRORED: Final = _chain(512, (256, "double", 256, 256, 256, 128, "double", 128, 64, "double", 64, 3), 0)
DECODER: Final = (*_MIRRORED[:-1], Step(_MIRRORED[-1].key, 64, 3, rectified=False))
"""From relu4_1 back to a picture."""


def chain_shapes(steps: tuple[Step, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of the weights of a chain, by key."""
    shapes: dict[str, tuple[int, ...]] = {}
    for step in steps:
        shapes[f"{step.key}.weight"] = (step.outputs, step.inputs, step.kernel, step.kernel)
        shapes[f"{step.key}.bias"] = (step.outputs,)
    return shapes


def run_chain(steps: tuple[Step, ...], weights: Mapping[str, Tensor], values: Tensor) -> Tensor:
    """Run a chain over (N, inputs, H, W) values.

    H and W must leave at least two rows and columns at the coarsest level, or there is nothing to reflect.
    """
    for step in steps:
        if step.before == "half":
            values = functional.max_pool2d(values, 2, ceil_mode=True)
        elif step.before == "double":
            values = functional.interpolate(values, scale_factor=2, mode="nearest")
        if step.kernel > 1:
            values = functional.pad(values, (1, 1, 1, 1), mode="reflect")
        values = functional.conv2d(values, weights[f"{step.key}.weight"], weights[f"{step.key}.bias"])
        if step.rectified:
            values = values.relu()
    return values
