"""One photo file to 8-bit RGB pixels, whatever kind of picture it is, at a size the memory can take.

Limits: photos of up to 500 megapixels are read. A JPEG is shrunk while it is decoded (by 2, 4 or 8), so a
200-megapixel one takes 10 MB; a progressive JPEG keeps its coefficients too, about 4 bytes a pixel. Other
kinds have to be decoded whole first, at 3 to 8 bytes a pixel, before they are shrunk. An embedded colour
profile is heeded; without one, pixel values are taken for sRGB.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageCms

MAXIMUM_PIXELS: Final = 500_000_000
MINIMUM_SIDE: Final = 32
"""A picture with a shorter side is an icon or a mishap, and stretched over a background only a blur."""

_REDUCTIONS: Final = (8, 4, 2, 1)


class UnreadablePhotoError(Exception):
    """A file is no usable photo; the message is the reason, without the name."""


@contextlib.contextmanager
def _own_pixel_limit() -> Iterator[None]:
    """Lift Pillow's limit of 179 megapixels for the block; ours is checked from the header instead."""
    before = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            # Odd metadata is not the user's concern as long as the pixels can be read.
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def read_photo(path: Path, needed_side: int) -> Image.Image:
    """Decode a photo upright in RGB.

    Parameters
    ----------
    path
        JPEG, PNG, WebP, TIFF or BMP of any colour kind. Of several frames the first is taken;
        transparent parts become mid grey. Colours of another profile than sRGB are converted to it.
    needed_side
        The photo is shrunk by the largest of 8, 4, 2, 1 that leaves its shorter side at least this long.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, turned as its EXIF orientation says.

    Raises
    ------
    UnreadablePhotoError
        Empty, truncated, damaged, too small, too large, or not a picture.
    """
    try:
        if path.stat().st_size == 0:
            raise UnreadablePhotoError("the file is empty (0 bytes)")
        with _own_pixel_limit(), Image.open(path) as image:
            return _decoded(image, needed_side)
    except UnreadablePhotoError:
        raise
    except Image.UnidentifiedImageError:
        raise UnreadablePhotoError("not a picture of a kind that can be read") from None
    except MemoryError:
        raise UnreadablePhotoError("too large for the memory") from None
    except OSError as error:
        # Pillow reports truncated and damaged data as OSError without a number.
        reason = error.strerror or str(error) or "cannot be read"
        raise UnreadablePhotoError(f"damaged or unreadable: {reason}") from None
    except Exception as error:  # damaged files raise nearly anything out of Pillow's decoders
        raise UnreadablePhotoError(f"damaged: {type(error).__name__}: {error}") from None


def _decoded(image: Image.Image, needed_side: int) -> Image.Image:
    width, height = image.size
    if min(width, height) < MINIMUM_SIDE:
        raise UnreadablePhotoError(f"only {width}x{height} pixels; both sides need {MINIMUM_SIDE} or more")
    if width * height > MAXIMUM_PIXELS:
        raise UnreadablePhotoError(
            f"{width * height / 1e6:.0f} megapixels; at most {MAXIMUM_PIXELS / 1e6:.0f} are read"
        )
    reduction = next(r for r in _REDUCTIONS if r == 1 or min(width, height) >= needed_side * r)
    if reduction > 1:
        # Only JPEG heeds this; other kinds stay whole and are reduced below.
        image.draft(None, (width // reduction, height // reduction))
    image.load()
    turn = _upright_turn(image)
    profile = image.info.get("icc_profile")
    picture: Image.Image = image
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _grey_of_bytes(picture)
    # Sides may have changed places by now: TIFF is turned upright while it is read.
    left = reduction * max(picture.size) // max(width, height)
    if left > 1:
        if picture.mode in ("P", "PA", "1"):
            picture = _rgb(picture)  # indices and single bits cannot be averaged
        picture = picture.reduce(left)
    if turn is not None:
        picture = picture.transpose(turn)
    return _rgb(_in_srgb(picture, profile) if profile else picture)


_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _upright_turn(image: Image.Image) -> Image.Transpose | None:
    """Return what turns a loaded picture upright by its EXIF orientation, None when it is."""
    try:
        return _TURNS.get(image.getexif().get(0x0112, 1))
    except Exception:  # metadata that cannot be read is no reason to lose the photo
        return None


def _rgb(image: Image.Image) -> Image.Image:
    """Return the picture in 8-bit RGB."""
    mode = image.mode
    if mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        if mode in ("La", "RGBa"):
            image = image.convert(mode.upper())
        straight = image.convert("RGBA")
        ground = Image.new("RGBA", straight.size, (128, 128, 128, 255))
        return Image.alpha_composite(ground, straight).convert("RGB")
    return image.copy() if mode == "RGB" else image.convert("RGB")


_PROFILED_MODES: Final = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}
"""Pillow's mode of a picture that a profile of each colour space is for."""


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert a picture from its embedded profile: phones' Display P3 and Adobe RGB would look faded."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _PROFILED_MODES.get(own.profile.xcolor_space.strip())
        if mode == "RGB" and "sRGB" in ImageCms.getProfileDescription(own):
            return image
        straight = image if image.mode in ("CMYK", "L") else _rgb(image)
        if mode != straight.mode:
            return image
        converted = ImageCms.profileToProfile(straight, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):  # a damaged profile loses no photo
        return image
    return image if converted is None else converted


_FRACTION: Final = 1.5
"""Fractions are up to 1; resampling makes them pass it by a little."""

_DARK_BYTES: Final = 16.0
"""Floats whose largest is between the two may be light of any unit: to guess would make a black picture."""


def _grey_of_bytes(image: Image.Image) -> Image.Image:
    """Return greys of 16 or 32 bits, or fractions, in 8 bits; Pillow's own conversion clips them to white."""
    values = np.asarray(image)
    finite = values[np.isfinite(values)] if image.mode == "F" else values
    if not finite.size:
        raise UnreadablePhotoError("no pixel has a number for its value")
    smallest, largest = float(finite.min()), float(finite.max())
    if largest > 65535 or (image.mode == "F" and _FRACTION < largest < _DARK_BYTES):
        raise UnreadablePhotoError(
            f"its greys go up to {largest:g}; they should be fractions of 1, of 255 or of 65535"
        )
    if image.mode == "F" and largest <= _FRACTION:
        scale = 255.0
    elif largest <= 255 and (image.mode == "F" or (image.mode == "I" and smallest >= 0)):
        scale = 1.0
    else:
        scale = 1 / 257  # 65535 to 255
    grey = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), 256):  # in bands: a large scan as floats would fill the memory
        band = (
            np.nan_to_num(values[start : start + 256].astype(np.float64), posinf=largest, neginf=0.0) * scale
        )
        grey[start : start + 256] = np.clip(np.rint(band), 0, 255)
    return Image.fromarray(grey)
