"""Readers of the values of a job: messages name place, key, what was found and what is right."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from styles.settings import CameraLookRanges, CompositionRanges

from . import job_schema as schema
from .job_file import Entry

Reader = Callable[[Entry, str], Any]
"""Checks an entry under a dotted key and returns its value."""


def read_number(entry: Entry, key: str, low: float, high: float, right: str) -> float:
    """Check a finite number in [low, high]; ``right`` says what would be right."""
    value = entry.value
    # bool is an int to Python, but nobody means 1 by 'true'.
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise entry.error(key, f"found {entry.shown()}; write {right}")
    if isinstance(value, float) and not math.isfinite(value):
        raise entry.error(key, f"found {entry.shown()}, which is not a finite number; write {right}")
    if not low <= value <= high:
        raise entry.error(key, f"found {entry.shown()}, outside {low:g} to {high:g}; write {right}")
    return float(value)


def number(low: float, high: float) -> Reader:
    """Read a finite number in [low, high]."""
    return lambda entry, key: read_number(entry, key, low, high, f"a number from {low:g} to {high:g}")


def read_whole(entry: Entry, key: str, low: int, high: int, right: str) -> int:
    """Check an integer in [low, high]; ``right`` says what would be right."""
    value = entry.value
    if isinstance(value, bool) or not isinstance(value, int):
        raise entry.error(key, f"found {entry.shown()}; write {right}")
    if not low <= value <= high:
        raise entry.error(key, f"found {entry.shown()}, outside {low} to {high}; write {right}")
    return value


def whole(low: int, high: int) -> Reader:
    """Read an integer in [low, high]."""
    return lambda entry, key: read_whole(entry, key, low, high, f"a whole number from {low} to {high}")


def pair(entry: Entry, key: str, right: str) -> list[Entry]:
    """Return the two bounds of a range; a single value stands for both."""
    if not isinstance(entry.value, list):
        return [entry, entry]
    if not entry.value:
        raise entry.error(key, f"found [], an empty range; write {right}")
    if len(entry.value) != 2:
        raise entry.error(key, f"found {entry.shown()}, {len(entry.value)} values; write {right}")
    return entry.value


def _ordered(entry: Entry, key: str, first: float, last: float, hint: str = "") -> None:
    if first > last:
        raise entry.error(
            key,
            f"found {entry.shown()}, an empty range because {first:g} is larger than {last:g}; "
            f"write [{last:g}, {first:g}]{hint}",
        )


def number_range(low: float, high: float, *, turn: bool = False) -> Reader:
    """Read ``[smallest, largest]`` within [low, high]; one number means a fixed value.

    With ``turn`` the range is an angle around a circle, at most 360 degrees wide.
    """
    right = f"[smallest, largest] or one number, from {low:g} to {high:g}"

    def read(entry: Entry, key: str) -> schema.Range:
        first, last = (read_number(bound, key, low, high, right) for bound in pair(entry, key, right))
        wrapped = f", or [{first - 360:g}, {last:g}] to pass through 0" if turn else ""
        _ordered(entry, key, first, last, wrapped)
        if turn and last - first > 360:
            raise entry.error(
                key, f"found {entry.shown()}, more than a full turn; write [0, 360] for all round"
            )
        return (first, last)

    return read


def whole_range(low: int, high: int) -> Reader:
    """Read ``[first, last]`` of integers within [low, high]; one number means a fixed value."""
    right = f"[first, last] or one number, whole, from {low} to {high}"

    def read(entry: Entry, key: str) -> tuple[int, int]:
        first, last = (read_whole(bound, key, low, high, right) for bound in pair(entry, key, right))
        _ordered(entry, key, first, last)
        return (first, last)

    return read


def read_flag(entry: Entry, key: str) -> bool:
    """Check true or false."""
    if not isinstance(entry.value, bool):
        raise entry.error(key, f"found {entry.shown()}; write true or false")
    return entry.value


def read_text(entry: Entry, key: str, right: str) -> str:
    """Check a line of text and strip it; ``right`` says what would be right."""
    if not isinstance(entry.value, str) or not entry.value.strip():
        raise entry.error(key, f"found {entry.shown()}; write {right}")
    if any(ord(character) < 32 for character in entry.value):
        raise entry.error(key, f"found {entry.shown()}, with control characters in it; write {right}")
    return entry.value.strip()


def choice(names: Sequence[str]) -> Reader:
    """Read one of a few words."""
    right = f"one of {', '.join(names)}"

    def read(entry: Entry, key: str) -> str:
        value = read_text(entry, key, right)
        if value not in names:
            raise entry.error(key, f"found {value!r}; write {right}{suggestion(value.lower(), names)}")
        return value

    return read


def listed(reader: Reader) -> Reader:
    """Read a list; null is an empty list and a single value a list of one."""

    def read(entry: Entry, key: str) -> tuple[Any, ...]:
        if entry.value is None:
            return ()
        items = entry.value if isinstance(entry.value, list) else [entry]
        return tuple(reader(item, key) for item in items)

    return read


def optional(reader: Reader) -> Reader:
    """Let null stand for "not given"."""
    return lambda entry, key: None if entry.value is None else reader(entry, key)


def suggestion(word: str, known: Sequence[str]) -> str:
    """Return " (did you mean …?)" where a known word is close, else nothing."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def absolute_path(entry: Entry, text: str) -> Path:
    """Make a path absolute: it starts from the entry's folder."""
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        path = Path(text)  # an unknown user's home; reported as missing
    # normpath by way of resolve would follow links, which people use on purpose to keep names short.
    joined = path if path.is_absolute() else entry.folder / path
    parts: list[str] = []
    for part in joined.parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        else:
            parts.append(part)
    return Path(*parts)


def read_file(
    entry: Entry, key: str, what: str, suffixes: Sequence[str], *, check: bool, missing: str
) -> Path:
    """Check the path of a file by its suffix and, with ``check``, that it can be read."""
    path = absolute_path(entry, read_text(entry, key, f"the path of {what}"))
    if check and os.path.isdir(path):  # noqa: PTH112 - unlike Path's, it takes an unreadable parent for absence
        raise entry.error(key, f"{path} is a folder; write the path of {what}")
    if path.suffix.lower() not in suffixes:
        raise entry.error(key, f"found {path.name!r}; {what} is one of {', '.join(suffixes)}")
    if check:
        if not os.path.isfile(path):  # noqa: PTH113
            raise entry.error(key, f"there is no file {path}; {missing}")
        if not os.access(path, os.R_OK):
            raise entry.error(key, f"there is no permission to read {path}; {missing}")
    return path


def section(kind: type, readers: Mapping[str, Reader], none: Any = None) -> Reader:
    """Read a mapping with known keys into a dataclass whose defaults fill what is absent.

    Where ``none`` is given, the word ``none`` stands for it: the whole section switched off.
    """

    def read(entry: Entry, key: str) -> Any:
        if entry.value is None:
            return kind()
        if none is not None and entry.value == "none":
            return none
        return kind(**read_keys(entry, key, readers))

    return read


def read_keys(entry: Entry, key: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
    """Read a mapping with known keys."""
    if not isinstance(entry.value, dict):
        raise entry.error(key, f"found {entry.shown()}; write keys below it: {', '.join(readers)}")
    values: dict[str, Any] = {}
    for name, item in entry.value.items():
        dotted = f"{key}.{name}" if key else name
        if name not in readers:
            raise item.error(dotted, f"unknown key{_known(name, readers)}")
        values[name] = readers[name](item, dotted)
    return values


def _known(name: str, readers: Mapping[str, Reader]) -> str:
    elsewhere = {inner: f"{outer}.{inner}" for outer, inners in SECTION_KEYS.items() for inner in inners}
    # The right word in the wrong section is as common as a misspelt one.
    hint = f" (did you mean {elsewhere[name]!r}?)" if name in elsewhere else suggestion(name, tuple(readers))
    return f"{hint}; known here: {', '.join(readers)}"


SECTION_KEYS: Final[dict[str, tuple[str, ...]]] = {
    name: tuple(field.name for field in fields(kind))
    for name, kind in {
        "poses": schema.PoseSettings,
        "render": schema.RenderSettings,
        "camera": schema.CameraRanges,
        "light": schema.LightRanges,
        "composition": CompositionRanges,
        "camera_look": CameraLookRanges,
        "coat": schema.CoatRanges,
        "split": schema.SplitSettings,
        "limits": schema.Limits,
    }.items()
}
"""Keys of each section, in the order of a job file."""
