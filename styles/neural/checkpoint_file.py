"""Tensors out of checkpoint files that strangers published, as data: no code in them is run."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from pasyn_blender.errors import StyleError

_WRAPPERS: Final = ("state_dict", "model_state_dict", "model", "params")
"""Keys under which training scripts put the weights when they save more than those."""

_PARALLEL: Final = "module."
"""What ``torch.nn.DataParallel`` puts before every key."""

_BLOCK: Final = 1 << 20


def read_tensors(path: Path, sha256: str | None = None) -> dict[str, Tensor]:
    """Read all tensors of a checkpoint.

    Parameters
    ----------
    path
        What ``torch.save`` wrote (either of its formats), or a safetensors file; which one is seen by its
        contents. A dictionary with the weights under ``state_dict``, and keys that all begin with
        ``module.``, are unwrapped.
    sha256
        Hexadecimal SHA-256 that the file must have; None checks nothing.

    Returns
    -------
    dict of str to Tensor
        On the CPU, as stored: neither shapes nor numbers are checked.

    Raises
    ------
    StyleError
        There is no such file, its SHA-256 is another, it is truncated or damaged, holds code or other things
        than tensors, or is not a checkpoint.
    """
    start = _start(path)
    if sha256 is not None:
        check_sha256(path, sha256)
    if path.suffix == ".safetensors" or _looks_like_safetensors(start):
        return _unwrapped(_read_safetensors(path), path)
    if not start.startswith((b"PK\x03\x04", b"\x80")):
        raise StyleError(f"{path}: {_what_it_is(start)}, not a checkpoint; {_RIGHT}")
    return _unwrapped(_read_pickled(path), path)


def read_header(path: Path) -> dict[str, str]:
    """Read the metadata of a safetensors file.

    Raises
    ------
    StyleError
        As :func:`read_tensors`.
    """
    _start(path)
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError, ValueError) as error:
        raise StyleError(f"{path}: no whole safetensors file: {error}") from None


def check_sha256(path: Path, sha256: str) -> None:
    """Compare a file's SHA-256 with what it should be.

    Raises
    ------
    StyleError
        They differ, or ``sha256`` is none.
    """
    expected = sha256.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", expected):
        raise StyleError(f"{path}: sha256 {sha256!r} is no SHA-256; give its 64 hexadecimal digits")
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise StyleError(f"{path}: cannot be read: {error.strerror or error}") from None
    if digest.hexdigest() != expected:
        raise StyleError(
            f"{path}: its SHA-256 is {digest.hexdigest()}, not {expected}: another file, or an incomplete "
            "download; fetch it again or correct sha256"
        )


_RIGHT: Final = "give the weights as torch.save wrote them (.pth, .pt) or a .safetensors file"


def _start(path: Path) -> bytes:
    """First bytes of a file that is there and not empty."""
    try:
        with path.open("rb") as file:
            start = file.read(256)
    except FileNotFoundError:
        raise StyleError(f"{path}: there is no such file; {_RIGHT}") from None
    except IsADirectoryError:
        raise StyleError(f"{path}: is a folder; {_RIGHT}") from None
    except OSError as error:
        raise StyleError(f"{path}: cannot be read: {error.strerror or error}") from None
    if not start:
        raise StyleError(f"{path}: the file is empty (0 bytes); {_RIGHT}")
    return start


def _looks_like_safetensors(start: bytes) -> bool:
    # Eight bytes that say how long the header is, and the header, which is JSON.
    return len(start) > 8 and start[8:9] == b"{" and start[6:8] == b"\0\0"


def _what_it_is(start: bytes) -> str:
    text = start.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page (the download itself was not reached)"
    if text.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer (the file itself was not fetched)"
    if start.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")):
        return "is an archive (unpack it first)"
    return f"begins with {start[:8]!r}"


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (SafetensorError, OSError, ValueError, RuntimeError, MemoryError) as error:
        raise StyleError(
            f"{path}: truncated, damaged or no safetensors file ({error}); fetch it again"
        ) from None


def _read_pickled(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            # Old files make torch warn about its own storage classes, which is not the user's concern.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged pickles raise nearly anything
        code = re.search(r"(?:GLOBAL|global:?|class) ([\w.]+\.[\w.]+)", str(error))
        if "weights_only" in str(error).lower() or "Weights only" in str(error):
            what = f" ({code[1]})" if code else ""
            damage = re.search(r"Unsupported|not an allowed|Trying to|Can only|blocklist", str(error))
            if code or damage:
                raise StyleError(
                    f"{path}: holds pickled objects{what}, which could run code and are not read; save the "
                    "tensors alone: torch.save(network.state_dict(), file)"
                ) from None
        # What torch says further is about errors of its own.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].split(". ")[0][:160]
        raise StyleError(
            f"{path}: truncated, damaged or no checkpoint ({type(error).__name__}: {reason}); fetch it again"
        ) from None


def _unwrapped(found: Any, path: Path) -> dict[str, Tensor]:
    for name in _WRAPPERS:
        if isinstance(found, Mapping) and isinstance(found.get(name), Mapping):
            found = found[name]
            break
    if not isinstance(found, Mapping):
        raise StyleError(f"{path}: holds a {type(found).__name__}, not tensors by name; {_RIGHT}")
    others = [str(name) for name, value in found.items() if not isinstance(value, Tensor)]
    if others or not found:
        raise StyleError(f"{path}: {_other_things(others)}, not tensors by name; {_RIGHT}")
    tensors = {str(name): value.detach() for name, value in found.items()}
    if all(name.startswith(_PARALLEL) for name in tensors):
        tensors = {name.removeprefix(_PARALLEL): value for name, value in tensors.items()}
    return tensors


def _other_things(names: list[str]) -> str:
    if not names:
        return "holds nothing"
    return f"holds other things under {', '.join(names[:4])}{', …' if len(names) > 4 else ''}"
