"""Reading Radiance ``.hdr`` pictures: RGBE pixels, raw or run-length coded.

Written here because nothing the project depends on reads them outside Blender.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.errors import BackgroundError

MAXIMUM_PIXELS: Final = 300_000_000
_SIZE = re.compile(rb"-Y\s+(\d{1,6})\s+\+X\s+(\d{1,6})\s*")


def read_radiance(path: Path) -> NDArray[np.float32]:
    """Read a Radiance picture as linear RGB.

    Returns
    -------
    (H, W, 3) float32
        Top row first.

    Raises
    ------
    BackgroundError
        Not a Radiance picture, of an unusual orientation or colour space, or truncated.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BackgroundError(f"{path}: cannot be read: {error.strerror or error}") from None
    head, blank, rest = data.partition(b"\n\n")
    lines = head.split(b"\n")
    if not blank or not lines[0].startswith((b"#?RADIANCE", b"#?RGBE")):
        raise BackgroundError(f"{path}: not a Radiance .hdr picture (it does not begin with #?RADIANCE)")
    if any(line.strip() == b"FORMAT=32-bit_rle_xyze" for line in lines):
        raise BackgroundError(f"{path}: its colours are XYZE; save it as RGBE or as .exr")
    size_line, _, body = rest.partition(b"\n")
    size = _SIZE.fullmatch(size_line)
    if size is None:
        raise BackgroundError(
            f"{path}: found the size line {size_line[:40]!r}; only '-Y height +X width' is read"
        )
    height, width = int(size.group(1)), int(size.group(2))
    if not 0 < width * height <= MAXIMUM_PIXELS:
        raise BackgroundError(
            f"{path}: {width}x{height} pixels; at most {MAXIMUM_PIXELS / 1e6:.0f} megapixels are read"
        )
    try:
        rgbe = _pixels(np.frombuffer(body, np.uint8), height, width)
    except (IndexError, ValueError):
        raise BackgroundError(
            f"{path}: truncated or damaged: fewer than {height} rows could be read"
        ) from None
    # Without the half step that some readers add: so does Blender, and the background must match the light.
    scale = np.ldexp(np.float32(1.0), rgbe[..., 3].astype(np.int32) - 136).astype(np.float32)
    scale[rgbe[..., 3] == 0] = 0.0
    return rgbe[..., :3].astype(np.float32) * scale[..., None]


def _pixels(data: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Decode (H, W, 4) RGBE bytes; ``IndexError`` or ``ValueError`` when they do not suffice."""
    packed = 8 <= width < 32768 and data.size >= 4 and data[0] == 2 and data[1] == 2 and data[2] < 128
    if not packed:
        count = height * width * 4
        if data.size < count:
            raise ValueError("raw pixels are missing")
        return data[:count].reshape(height, width, 4)
    rows = np.empty((height, 4, width), np.uint8)
    stream = data.tobytes()  # single bytes of bytes are far quicker to take than of an array
    position = 0
    for row in rows:
        if stream[position] != 2 or stream[position + 1] != 2:
            raise ValueError("a row does not begin as it must")
        if stream[position + 2] * 256 + stream[position + 3] != width:
            raise ValueError("a row has another width")
        position += 4
        for channel in row:
            filled = 0
            while filled < width:
                count = stream[position]
                if count > 128:
                    count -= 128
                    if filled + count > width:
                        raise ValueError("a run passes the row's end")
                    channel[filled : filled + count] = stream[position + 1]
                    position += 2
                else:
                    if count == 0 or filled + count > width:
                        raise ValueError("a run passes the row's end")
                    # Assigning a short slice raises ValueError where the file ends early.
                    channel[filled : filled + count] = data[position + 1 : position + 1 + count]
                    position += 1 + count
                filled += count
    return np.ascontiguousarray(rows.transpose(0, 2, 1))
