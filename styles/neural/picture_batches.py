"""Networks over 8-bit pictures of any size: devices, batches, edges and rounding."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from pasyn_blender.errors import StyleError

_BATCH_PIXELS: Final = 1 << 20
"""Content pixels that go through a network together, unless one picture alone has more."""

DEVICES: Final = ("auto", "cpu", "cuda", "mps")


class Network(Protocol):
    """What turns (N, 3, H, W) content and (N, 3, h, w) style in [0, 1] into (N, 3, H, W)."""

    def transfer(self, content: Tensor, style: Tensor, strength: float = 1.0) -> Tensor:
        """Give pictures the style of others."""


def chosen_device(name: str) -> torch.device:
    """Return a device by name; ``auto`` is a GPU where there is one.

    Raises
    ------
    StyleError
        There is no such device, or not here.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(one for one in ("cuda", "mps", "cpu") if there[one])
    if name not in there:
        raise StyleError(f"device {name!r} is none of {', '.join(DEVICES)}")
    if not there[name]:
        raise StyleError(f"device {name!r}: torch finds none here; auto takes what there is")
    return torch.device(name)


class StylePass:
    """A network that is ready to stylise pictures.

    On the CPU each picture is computed by itself and on one thread: then equal pictures give equal bytes,
    whatever the number of threads torch would use and whatever other pictures there are. How sums are shared
    between threads, and how pictures are put together, changes their last bits, and where a value falls on
    the edge between two of the 256 levels it changes that level by one. (Several pictures at a time, each
    from a thread of its own, use several cores.) From one kind of processor to another, and on a GPU, where
    pictures of equal size go through together, such differences remain; reduced precision is turned off.

    Parameters
    ----------
    network
        Any of this room's.
    smallest_side
        Of a picture the network can take; smaller ones get their edge repeated.
    device
        Where it computes.

    Attributes
    ----------
    together
        Whether pictures of equal size go through together; by default on GPUs.
    """

    def __init__(self, network: Network, smallest_side: int, device: torch.device) -> None:
        self._network, self._smallest, self.device = network, smallest_side, device
        self.together = device.type != "cpu"

    def __call__(
        self, content: NDArray[np.uint8], style: NDArray[np.uint8], strength: float = 1.0
    ) -> NDArray[np.uint8]:
        """Give one picture the style of another; see :meth:`many`."""
        return self.many([content], [style], strength)[0]

    def many(
        self,
        contents: Sequence[NDArray[np.uint8]],
        styles: Sequence[NDArray[np.uint8]],
        strength: float = 1.0,
    ) -> list[NDArray[np.uint8]]:
        """Give each picture the style of its partner.

        On a GPU, pictures whose sizes agree go through the network together. A style with more pixels than
        its content is reduced to as many, keeping its shape: textures should have the size they have in the
        content.

        Parameters
        ----------
        contents
            (H, W, 3) uint8 each.
        styles
            (h, w, 3) uint8 each, as many.
        strength
            0 (none of the style) to 1.

        Returns
        -------
        list of (H, W, 3) uint8
            In the order of ``contents``.

        Raises
        ------
        StyleError
            A picture is no (H, W, 3) uint8 with at least a pixel, there are not as many styles as contents,
            or the strength is out of range.
        """
        if len(contents) != len(styles):
            raise StyleError(f"{len(contents)} contents and {len(styles)} styles; give one style each")
        if not 0.0 <= strength <= 1.0:
            raise StyleError(f"strength {strength} should be between 0 and 1")
        for content, style in zip(contents, styles, strict=True):
            _check_picture("content", content)
            _check_picture("style", style)
        reduced = [_reduced(style, content) for style, content in zip(styles, contents, strict=True)]
        done: dict[int, NDArray[np.uint8]] = {}
        limit = _BATCH_PIXELS if self.together else 1
        for batch in _batches(contents, reduced, limit):
            pictures = self._run(
                np.stack([contents[i] for i in batch]), np.stack([reduced[i] for i in batch]), strength
            )
            done |= dict(zip(batch, pictures, strict=True))
        return [done[index] for index in range(len(contents))]

    def _run(
        self, contents: NDArray[np.uint8], styles: NDArray[np.uint8], strength: float
    ) -> NDArray[np.uint8]:
        height, width = contents.shape[1:3]
        with torch.inference_mode(), full_precision(), _one_thread():
            content, style = self._tensor(contents), self._tensor(styles)
            picture = self._network.transfer(content, style, strength)[..., :height, :width]
            levels = torch.floor(picture * 255 + 0.5).clamp(0, 255).to(torch.uint8)
        return np.ascontiguousarray(levels.permute(0, 2, 3, 1).cpu().numpy())

    def _tensor(self, pictures: NDArray[np.uint8]) -> Tensor:
        values = torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2).to(torch.float32) / 255
        below, beside = (max(0, self._smallest - side) for side in pictures.shape[1:3])
        return functional.pad(values, (0, beside, 0, below), mode="replicate").contiguous()


@contextlib.contextmanager
def full_precision() -> Iterator[None]:
    """Keep a GPU's convolutions in single precision and the same from run to run."""
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    # Torch keeps this number for each thread that calls it.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _check_picture(name: str, picture: NDArray[np.uint8]) -> None:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise StyleError(
            f"{name}: a picture of {picture.dtype} with shape {picture.shape}; (height, width, 3) of 8-bit "
            "RGB is needed"
        )


def _reduced(style: NDArray[np.uint8], content: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = style.shape[:2]
    scale = (content.shape[0] * content.shape[1] / (height * width)) ** 0.5
    if scale >= 1:
        return style
    size = (max(1, int(width * scale)), max(1, int(height * scale)))
    return np.asarray(Image.fromarray(style).resize(size, Image.Resampling.LANCZOS))


def _batches(
    contents: Sequence[NDArray[np.uint8]], styles: Sequence[NDArray[np.uint8]], pixels: int
) -> Iterator[list[int]]:
    """Indices of pictures that go together: equal sizes, and no more content pixels than given."""
    groups: dict[tuple[tuple[int, ...], ...], list[int]] = {}
    for index, (content, style) in enumerate(zip(contents, styles, strict=True)):
        groups.setdefault((content.shape, style.shape), []).append(index)
    for (shape, _), indices in groups.items():
        count = max(1, pixels // (shape[0] * shape[1]))
        yield from (indices[start : start + count] for start in range(0, len(indices), count))
