"""PNG files that hold pixels and nothing else. Standard library only."""

from __future__ import annotations

import struct
import zlib

from pasyn_blender.errors import RenderError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def plain_png(data: bytes, name: str, size: tuple[int, int]) -> bytes:
    """Check a PNG and leave out what is not its pixels: date, host, render time, gamma.

    Parameters
    ----------
    data
        The file.
    name
        How messages call it.
    size
        (width, height) it must have.

    Raises
    ------
    RenderError
        The file is not a whole PNG of that size; a full disk leaves such files.
    """
    if not data.startswith(SIGNATURE):
        raise RenderError(f"{name}: Blender wrote no PNG; is the disk full?")
    kept, pixels = [SIGNATURE], []
    place, ended = len(SIGNATURE), False
    while place + 12 <= len(data) and not ended:
        (length,) = struct.unpack_from(">I", data, place)
        kind = data[place + 4 : place + 8]
        whole = data[place : place + 12 + length]
        if len(whole) < 12 + length or zlib.crc32(whole[4:-4]) != int.from_bytes(whole[-4:], "big"):
            break
        if kind == b"IHDR" and struct.unpack_from(">II", whole, 8) != size:
            width, height = struct.unpack_from(">II", whole, 8)
            raise RenderError(f"{name}: the picture is {width} x {height}, not {size[0]} x {size[1]}")
        if kind == b"IDAT":
            pixels.append(whole[8:-4])
        if kind in _KEPT:
            kept.append(whole)
        ended = kind == b"IEND"
        place += 12 + length
    if not ended or not _is_whole(b"".join(pixels), size):
        raise RenderError(f"{name}: the picture is cut off or damaged; is the disk full?")
    return b"".join(kept)


def _is_whole(compressed: bytes, size: tuple[int, int]) -> bool:
    try:
        rows = zlib.decompress(compressed)
    except zlib.error:
        return False
    width, height = size
    return len(rows) == height * (1 + 4 * width)
