"""Backgrounds: which photos of a user's folders can be used, and crops of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pasyn_blender.errors import BackgroundError

from .bounded_cache import BoundedCache
from .photo_files import PHOTO_SUFFIXES, photo_files
from .photo_reading import UnreadablePhotoError, read_photo

CHECKING_SIDE: Final = 128
"""Photos are decoded no larger than needed to find out whether they can be."""

CACHE_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True)
class PhotoLibrary:
    """The usable photos of some folders.

    Attributes
    ----------
    folders
        As the job lists them.
    photos
        (index of the folder, name below it), by folder and then by name: the order a plan draws from.
    warnings
        One line for each picture that was left out: its path and the reason.
    """

    folders: tuple[Path, ...]
    photos: tuple[tuple[int, str], ...]
    warnings: tuple[str, ...] = ()

    def path(self, folder: int, name: str) -> Path:
        """Path of a photo as a shot's background names it."""
        return self.folders[folder] / name


def list_photos(folders: Sequence[Path]) -> PhotoLibrary:
    """Find the photos below some folders, decoding each one once to see that it can be used.

    Files of other kinds are passed over in silence; pictures that are empty, truncated, damaged, tiny or
    gigantic are left out with a warning.

    Raises
    ------
    BackgroundError
        A folder cannot be read or holds no usable photo.
    """
    photos: list[tuple[int, str]] = []
    warnings: list[str] = []
    for index, folder in enumerate(folders):
        try:
            names = photo_files(folder)
        except OSError as error:
            raise BackgroundError(
                f"{folder}: the background folder cannot be read: {error.strerror or error}"
            ) from None
        usable = []
        refused = []
        for name in names:
            try:
                read_photo(folder / name, CHECKING_SIDE)
            except UnreadablePhotoError as error:
                refused.append(f"{folder / name}: left out: {error}")
            else:
                usable.append((index, name))
        if not usable:
            raise BackgroundError(_nothing_usable(folder, refused))
        photos += usable
        warnings += refused
    return PhotoLibrary(tuple(folders), tuple(photos), tuple(warnings))


def _nothing_usable(folder: Path, refused: Sequence[str]) -> str:
    kinds = ", ".join(suffix[1:] for suffix in PHOTO_SUFFIXES)
    if not refused:
        return f"{folder}: found no photo in it; put pictures there ({kinds})"
    more = f" and {len(refused) - 3} more" if len(refused) > 3 else ""
    return (
        f"{folder}: none of its {len(refused)} pictures can be used; put whole photos there ({kinds}): "
        + "; ".join(refused[:3])
        + more
    )


def _photo_bytes(photo: Image.Image) -> int:
    return photo.width * photo.height * 3


PhotoCache = BoundedCache[Image.Image]


def photo_cache(limit_bytes: int = CACHE_BYTES) -> PhotoCache:
    """Return an empty cache of decoded photos for :func:`photo_crop`."""
    return BoundedCache(limit_bytes, _photo_bytes)


_CACHE: Final = photo_cache()


def photo_for(path: Path, size: tuple[int, int], cache: PhotoCache | None = None) -> Image.Image:
    """Return the photo that crops of a size are cut from, decoded no larger than they need.

    Parameters
    ----------
    path
        Photo.
    size
        (width, height) of the crops in pixels.
    cache
        Where decoded photos are kept; by default one for the process.

    Raises
    ------
    BackgroundError
        The photo cannot be read.
    """
    # Twice the picture, so that even the smallest crop a plan draws is still reduced, not enlarged.
    needed_side = 2 * max(size)
    cache = _CACHE if cache is None else cache
    try:
        status = path.stat()
        # Time and size, so that a photo replaced on disk is read again.
        key = (str(path), status.st_mtime_ns, status.st_size, needed_side)
        return cache.get(key, lambda: read_photo(path, needed_side))
    except UnreadablePhotoError as error:
        raise BackgroundError(f"{path}: {error}") from None
    except OSError as error:
        raise BackgroundError(f"{path}: cannot be read: {error.strerror or error}") from None


def photo_crop(
    path: Path,
    crop: tuple[float, float, float],
    mirror: bool,
    size: tuple[int, int],
    cache: PhotoCache | None = None,
    *,
    sharpness: float = 1.0,
) -> NDArray[np.uint8]:
    """Cut a background out of a photo.

    Parameters
    ----------
    path
        Photo.
    crop
        (cx, cy, scale) as in ``BackgroundShot``: place of the crop in [0, 1] of the room there is for it, and
        its size as a fraction of the largest crop with the picture's aspect. A crop that holds fewer pixels
        than the background is grown, up to the largest, rather than stretched; see ``sharpness``.
    mirror
        Whether it is flipped left to right.
    size
        (width, height) of the background in pixels.
    cache
        Where decoded photos are kept; by default one for the process.
    sharpness
        Pixels of the photo that one of the background's has at least, along each side. Below 1 a small crop
        may be enlarged by as much.

    Returns
    -------
    (height, width, 3) uint8

    Raises
    ------
    BackgroundError
        The photo cannot be read.
    """
    width, height = size
    photo = photo_for(path, size, cache)
    largest = min(photo.width / width, photo.height / height)
    scale = min(largest, max(crop[2] * largest, sharpness))
    crop_width, crop_height = min(photo.width, scale * width), min(photo.height, scale * height)
    left = crop[0] * (photo.width - crop_width)
    top = crop[1] * (photo.height - crop_height)
    box = (left, top, min(photo.width, left + crop_width), min(photo.height, top + crop_height))
    picture = photo.resize((width, height), Image.Resampling.LANCZOS, box=box)
    pixels = np.asarray(picture, dtype=np.uint8)
    return np.ascontiguousarray(pixels[:, ::-1] if mirror else pixels)
