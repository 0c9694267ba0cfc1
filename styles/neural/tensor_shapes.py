"""Which tensors a network needs, and whether a checkpoint has exactly these."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from pasyn_blender.errors import StyleError

Shapes = Mapping[str, tuple[int, ...]]
"""Shape of each tensor by its key in the checkpoint."""

_NAMED: Final = 3


@dataclass(frozen=True)
class Layout:
    """What one checkpoint file holds.

    Attributes
    ----------
    title
        What it is, for a person: "decoder of AdaIN".
    published
        How its authors call the file.
    shapes
        Tensors that the network uses.
    unused
        Tensors that the published file has as well, or may have: none needs to be there.
    """

    title: str
    published: str
    shapes: Shapes
    unused: Shapes = field(default_factory=dict)


def fitting_tensors(
    tensors: Mapping[str, Tensor], layout: Layout, path: Path, others: Collection[Layout] = ()
) -> dict[str, Tensor]:
    """Return a network's tensors out of a checkpoint, in single precision.

    Parameters
    ----------
    tensors
        What the file holds.
    layout
        What it should hold.
    path
        For messages.
    others
        Layouts that people confuse it with: when one of them fits, the message says so.

    Raises
    ------
    StyleError
        A tensor is missing or too many, has another shape, or holds what is not a finite number.
    """
    problems = _problems(tensors, layout)
    if problems:
        fits = [other for other in others if other.title != layout.title and not _problems(tensors, other)]
        hint = f"; it fits the {fits[0].title}: give it there" if fits else ""
        raise StyleError(
            f"{path}: is not the {layout.title} ({layout.published}): {'; '.join(problems)}{hint}"
        )
    taken = {}
    for name in layout.shapes:
        if tensors[name].layout != torch.strided or not tensors[name].dtype.is_floating_point:
            raise StyleError(f"{path}: {name} holds {tensors[name].dtype}; floating-point numbers are needed")
        taken[name] = tensors[name].to(torch.float32).contiguous()
        if not bool(torch.isfinite(taken[name]).all()):
            raise StyleError(f"{path}: {name} holds NaN or infinite numbers: the training of it ran away")
    return taken


def _problems(tensors: Mapping[str, Tensor], layout: Layout) -> list[str]:
    known = {**layout.unused, **layout.shapes}
    missing = [name for name in layout.shapes if name not in tensors]
    extra = [name for name in tensors if name not in known]
    wrong = [
        f"{name} is {_size(tuple(value.shape))} and should be {_size(known[name])}"
        for name, value in tensors.items()
        if name in known and tuple(value.shape) != tuple(known[name])
    ]
    kinds = (("it lacks", missing), ("it has besides", extra), ("shape of", wrong))
    return [f"{what} {_listed(names)}" for what, names in kinds if names]


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(str(side) for side in shape) or "a single number"
