"""The animal's mask: from the alpha of a render to run-length code, box and area."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import PasynError

ALPHA_THRESHOLD: Final = 128
"""A pixel belongs to the animal when at least half of it is covered."""


def mask_from_alpha(alpha: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Threshold the alpha channel of a render.

    Parameters
    ----------
    alpha
        (H, W) 8-bit coverage, 255 fully the animal.

    Returns
    -------
    (H, W) booleans, true on the animal.
    """
    if alpha.ndim != 2 or alpha.dtype != np.uint8:
        raise ValueError(f"alpha must be (H, W) uint8, got {alpha.shape} {alpha.dtype}")
    return alpha >= ALPHA_THRESHOLD


def mask_area(mask: NDArray[np.bool_]) -> int:
    """Count the pixels of an (H, W) mask."""
    return int(np.count_nonzero(mask))


def mask_box(mask: NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Return the smallest box around an (H, W) mask.

    Returns
    -------
    (x, y, width, height) in pixels, so that the box covers [x, x + width] of the continuous image; None
    for a mask without a pixel.
    """
    columns = np.flatnonzero(mask.any(axis=0))
    if columns.size == 0:
        return None
    rows = np.flatnonzero(mask.any(axis=1))
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def encode_mask(mask: NDArray[np.bool_]) -> dict[str, Any]:
    """Encode an (H, W) mask as COCO's compressed run lengths: ``{"size": [H, W], "counts": str}``.

    Raises
    ------
    PasynError
        pycocotools is not installed (it is not part of Blender).
    """
    code = _pycocotools_mask().encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": [int(side) for side in code["size"]], "counts": code["counts"].decode("ascii")}


def decode_mask(code: dict[str, Any]) -> NDArray[np.bool_]:
    """Inverse of :func:`encode_mask`: (H, W) booleans."""
    return np.asarray(_pycocotools_mask().decode(code)).astype(bool)


def _pycocotools_mask() -> Any:
    # Imported when used: Blender has no pycocotools, and the import alone takes a tenth of a second.
    try:
        from pycocotools import mask
    except ImportError as error:
        raise PasynError(
            "run-length masks need pycocotools, which is not installed here: pip install pycocotools"
        ) from error
    return mask
