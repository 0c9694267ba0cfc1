"""Plain arrays in ``.npz`` files: read from strangers without danger, written byte for byte alike."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import ArraysError, PickledArraysError

LARGEST: Final = 4 * 1024 * 1024 * 1024
"""Bytes that a file may unpack to where nothing smaller is asked for."""

_DAMAGE: Final = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    SyntaxError,
    RuntimeError,
    MemoryError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What is raised on damaged files: numpy reads the headers inside as Python literals."""


def read_arrays(source: Path | bytes, largest: int = LARGEST) -> dict[str, NDArray[Any]]:
    """Read all arrays of an ``.npz`` file; nothing that is pickled is run.

    Parameters
    ----------
    source
        The file, or what it holds.
    largest
        Bytes that it may unpack to.

    Returns
    -------
    Arrays by name. The one array of an ``.npy`` file has the empty name.

    Raises
    ------
    FileNotFoundError
        There is no such file: the caller knows what makes one.
    PickledArraysError
        It is a pickle, or one is inside.
    ArraysError
        It cannot be read, is cut off, damaged or something else, or unpacks to more than ``largest``. Both
        messages are the reason alone, to be put after the file's name.
    """
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            return _arrays(file, largest)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ArraysError(f"it cannot be read: {error.strerror or error}") from None
    except _DAMAGE as error:
        # numpy has no exception of its own for this.
        if "allow_pickle" in str(error):
            raise PickledArraysError(
                "it holds pickled objects, which could run code; it was not read"
            ) from None
        raise ArraysError(f"it is cut off, damaged or something else ({error})") from None


def array_names(path: Path) -> set[str]:
    """Names of the arrays of an ``.npz`` file; none where it is not there or no archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {member.removesuffix(".npy") for member in archive.namelist()}
    except _DAMAGE:
        return set()


def archived(arrays: Mapping[str, NDArray[Any]], level: int | None = None) -> bytes:
    """Return arrays as an ``.npz`` file holds them; the same arrays give the same bytes.

    Parameters
    ----------
    arrays
        Arrays by name.
    level
        How hard to try to make them small, from 1 to 9; as zlib does by default.
    """
    content = io.BytesIO()
    # numpy's own writer puts the time of writing into the file.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(info, member.getbuffer(), zipfile.ZIP_DEFLATED, level)
    return content.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there whole or, where that fails, as it was before; its folders are made.

    Raises
    ------
    OSError
        It cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _arrays(file: IO[bytes], largest: int) -> dict[str, NDArray[Any]]:
    head = file.read(6)
    file.seek(0)
    if head == np.lib.format.MAGIC_PREFIX:
        return {"": np.lib.format.read_array(file, allow_pickle=False)}
    if head.startswith(b"\x80"):
        raise PickledArraysError("it is no .npz archive of arrays but a pickle; it was not read")
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > largest:
            raise ArraysError(f"it unpacks to more than {largest >> 20} MiB; it was not read")
        found = {}
        for member in members:
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{member.filename} is packed in a way that numpy does not write")
            with archive.open(member) as packed:
                array = np.lib.format.read_array(packed, allow_pickle=False)
                if packed.read(1):
                    raise ValueError(f"{member.filename} holds more than an array")
            found[member.filename.removesuffix(".npy")] = array
        return found
