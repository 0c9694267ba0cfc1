"""PNG pictures that know what they were made from and whether they are still whole.

A finished picture carries a text chunk ``pasyn`` with two hashes: of everything that went into it, and of the
rest of its own file. So a later run knows from the file alone whether it is up to date, nothing beside the
picture can get out of step with it, and the bytes are the same on every route.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
# Signature and IHDR, which has a fixed size and stands first in every PNG.
_HEADER: Final = len(_SIGNATURE) + 25
_RECORD: Final = re.compile(rb"pasyn\0inputs=([0-9a-f]{64}) content=([0-9a-f]{64})")
_RECORD_DATA: Final = len(b"pasyn\0inputs= content=") + 128
_RECORD_CHUNK: Final = 12 + _RECORD_DATA


def seal_picture(png: bytes, inputs: str) -> bytes:
    """Add the record to a PNG.

    Parameters
    ----------
    png
        A PNG file without record.
    inputs
        64 hexadecimal digits: hash of all that decides the picture.

    Raises
    ------
    ValueError
        ``png`` is no PNG.
    """
    if not png.startswith(_SIGNATURE) or png[12:16] != b"IHDR":
        raise ValueError("not a PNG file")
    record = f"pasyn\0inputs={inputs} content={hashlib.sha256(png).hexdigest()}".encode("ascii")
    return png[:_HEADER] + _chunk(record) + png[_HEADER:]


def sealed_inputs(data: bytes) -> str | None:
    """Return the hash of what a picture was made from; None where it has no record or was changed since."""
    chunk = data[_HEADER : _HEADER + _RECORD_CHUNK]
    found = _RECORD.fullmatch(chunk[8:-4])
    if found is None or chunk != _chunk(found[0]):
        return None
    content = hashlib.sha256(data[:_HEADER])
    content.update(memoryview(data)[_HEADER + _RECORD_CHUNK :])
    return found[1].decode() if content.hexdigest() == found[2].decode() else None


def _chunk(record: bytes) -> bytes:
    body = b"tEXt" + record
    return struct.pack(">I", len(record)) + body + struct.pack(">I", zlib.crc32(body))
