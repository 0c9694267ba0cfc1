"""How a compact style network is trained; without torch, so that a command can be checked at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pasyn_blender.errors import StyleError

Progress = Callable[[int, int, float], None]
"""Told after each step: steps done, steps in all, mean loss of late."""


@dataclass(frozen=True)
class StyleTrainingOptions:
    """Settings of a training; equal ones with equal photos give equal weights.

    Attributes
    ----------
    seed
        Decides the first weights and what is shown.
    steps
        Batches to learn from.
    size
        Side of the squares cut from photos, in pixels; a multiple of 8.
    batch
        Squares a step.
    width
        Channels of the finest features; time and size of the file grow with its square.
    rate
        Largest step of Adam; it sinks to nothing as a cosine.
    """

    seed: int = 0
    steps: int = 1200
    size: int = 96
    batch: int = 4
    width: int = 12
    rate: float = 2e-3

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 8:
            raise StyleError(f"size {self.size} of the squares should be a multiple of 8, at least 32")
        for name, least, most in (("steps", 1, 10_000_000), ("batch", 1, 256), ("width", 4, 64)):
            if not least <= getattr(self, name) <= most:
                raise StyleError(f"{name} {getattr(self, name)} should be between {least} and {most}")
        if not 0 < self.rate <= 0.1:
            raise StyleError(f"rate {self.rate} should be above 0 and at most 0.1")
        if self.seed < 0:
            raise StyleError(f"seed {self.seed} should be 0 or more")
