"""Presets: a style as a list of steps, read strictly from YAML.

.. code-block:: yaml

    style_image: background        # or the path of a folder of real photos, one drawn for each picture
    steps:
      - method: reinhard
        where: animal
        strength: [0.15, 0.45]     # drawn anew for each picture
        colour: 0.3                # the method's own parameters

A network's step names its weights by ``files: {role: path}``, with ``sha256: {role: hash}`` where wanted.
"""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from pasyn_blender.errors import StyleError

from .neural import ROLES
from .preset_file import Entry, entries_from_plain, parse_preset_file
from .transfer.methods import METHODS, Choice, Number
from .transfer.regions import Where

DEFAULT_PRESET: Final = "photo"
BACKGROUND: Final = "background"
"""What ``style_image`` says when each picture takes the style of what is behind its animal."""

MAXIMUM_STEPS: Final = 20

_FOLDER: Final = Path(__file__).resolve().parent / "presets"
_SUFFIXES: Final = (".yaml", ".yml")
_STEP_KEYS: Final = ("method", "where", "strength")
_NETWORK_KEYS: Final = ("files", "sha256")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Step:
    """One change of a picture.

    Attributes
    ----------
    method
        Name in :data:`styles.transfer.methods.METHODS`.
    where
        Which pixels it changes.
    strength
        Smallest and largest value of its strength, in [0, 1].
    parameters
        The method's own.
    files, sha256
        A network's weights by role, and the hashes they must have.
    """

    method: str
    where: Where
    strength: tuple[float, float] = (1.0, 1.0)
    parameters: Mapping[str, float | int | str] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_network(self) -> bool:
        """Whether it needs files of weights."""
        return METHODS[self.method].is_network


@dataclass(frozen=True)
class Preset:
    """A style.

    Attributes
    ----------
    name
        Name of a built-in preset or the file's name without its suffix.
    steps
        Done one after the other.
    photos
        Folder whose photos are the style images; None where each picture's background is.
    """

    name: str
    steps: tuple[Step, ...]
    photos: Path | None = None

    @property
    def needs_weights(self) -> tuple[str, ...]:
        """Networks among the steps that have not been given all their files."""
        return tuple(
            step.method
            for step in self.steps
            if step.is_network and set(step.files) != set(ROLES[step.method])
        )


def preset_names() -> tuple[str, ...]:
    """Names of the built-in presets, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def load_preset(name_or_path: str, folder: Path | None = None) -> Preset:
    """Read a built-in preset by its name or a file's by its path.

    Parameters
    ----------
    name_or_path
        What a person wrote.
    folder
        Folder that a relative path starts from; the current one by default.

    Raises
    ------
    StyleError
        There is no such preset, or it is wrong: the message names file, line and key, what was found and
        what would be right.
    """
    names = preset_names()
    if name_or_path in names:
        return read_preset(parse_preset_file(_FOLDER / f"{name_or_path}.yaml"), name_or_path)
    path = Path(name_or_path).expanduser()
    if path.suffix.lower() not in _SUFFIXES:
        close = _suggestion(name_or_path, names)
        raise StyleError(
            f"style: found {name_or_path!r}; write {', '.join(names)}, or a preset's .yaml file{close}"
        )
    whole = path if path.is_absolute() or folder is None else folder / path
    return read_preset(parse_preset_file(whole), path.stem)


def with_weights(preset: Preset, method: str, files: Mapping[str, Path]) -> Preset:
    """Name the files of weights of a preset's network, such as from a command line.

    Raises
    ------
    StyleError
        The preset has no such network, or the network no such files.
    """
    networks = sorted({step.method for step in preset.steps if step.is_network})
    if method not in networks:
        there = f"its networks are {', '.join(networks)}" if networks else "it has no network"
        raise StyleError(f"style {preset.name}: found weights of {method!r}; {there}")
    unknown = sorted(set(files) - set(ROLES[method]))
    if unknown:
        raise StyleError(
            f"{method}: found weights for {unknown[0]!r}; its files are {', '.join(ROLES[method])}"
        )
    steps = (replace(step, files=dict(files)) if step.method == method else step for step in preset.steps)
    return replace(preset, steps=tuple(steps))


def draw_strengths(preset: Preset, generator: np.random.Generator) -> tuple[float, ...]:
    """Draw the strength of each step for one picture; always one draw a step, in their order."""
    return tuple(
        min(high, low + float(generator.random()) * (high - low))
        for low, high in (step.strength for step in preset.steps)
    )


def preset_to_plain(preset: Preset) -> dict[str, Any]:
    """Return the preset as plain JSON values that :func:`preset_from_plain` reads back."""
    steps = []
    for step in preset.steps:
        plain: dict[str, Any] = {"method": step.method, "where": step.where, "strength": list(step.strength)}
        plain |= dict(step.parameters)
        if step.files:
            plain["files"] = {role: str(path) for role, path in step.files.items()}
        if step.sha256:
            plain["sha256"] = dict(step.sha256)
        steps.append(plain)
    return {"style_image": BACKGROUND if preset.photos is None else str(preset.photos), "steps": steps}


def preset_from_plain(data: Mapping[str, Any], name: str) -> Preset:
    """Check plain JSON values as a preset; raises :class:`StyleError` as :func:`load_preset`."""
    return read_preset(entries_from_plain(data, f"style {name}", Path.cwd()), name)


def read_preset(root: Entry, name: str) -> Preset:
    """Check a tree of entries; named files and folders need not exist yet."""
    entries = _mapping(root, "", ("style_image", "steps"))
    listed = entries.get("steps")
    if listed is None:
        raise root.error("steps", "found none; write 'steps: []' for no change, or a list of steps")
    if not isinstance(listed.value, list):
        raise listed.error("steps", f"found {listed.shown()}; write a list of items '- method: NAME'")
    if len(listed.value) > MAXIMUM_STEPS:
        raise listed.error("steps", f"found {len(listed.value)} steps; write at most {MAXIMUM_STEPS}")
    steps = tuple(_step(item, f"steps[{number}]") for number, item in enumerate(listed.value, 1))
    return Preset(name, steps, _photos(entries.get("style_image")))


def _photos(entry: Entry | None) -> Path | None:
    if entry is None:
        return None
    value = _text(entry, "style_image", f"'{BACKGROUND}' or the path of a folder of photos")
    return None if value == BACKGROUND else _path(entry, value)


def _step(entry: Entry, key: str) -> Step:
    if not isinstance(entry.value, dict):
        raise entry.error(key, f"found {entry.shown()}; write 'method: NAME' and its keys below")
    names = tuple(METHODS)
    if "method" not in entry.value:
        raise entry.error(f"{key}.method", f"found none; write one of {', '.join(names)}")
    name = _word(entry.value["method"], f"{key}.method", names)
    method = METHODS[name]
    network_keys = _NETWORK_KEYS if method.is_network else ()
    entries = _mapping(entry, key, (*_STEP_KEYS, *method.parameters, *network_keys))
    where: Where = method.where[0]
    if "where" in entries:
        word = _word(entries["where"], f"{key}.where", method.where)
        where = next(place for place in method.where if place == word)
    strength = (1.0, 1.0)
    if "strength" in entries:
        strength = _strength(entries["strength"], f"{key}.strength")
    parameters = {
        parameter: _parameter(entries[parameter], f"{key}.{parameter}", kind)
        for parameter, kind in method.parameters.items()
        if parameter in entries
    }
    files: dict[str, Path] = {}
    hashes: dict[str, str] = {}
    if "files" in entries:
        for role, item in _mapping(entries["files"], f"{key}.files", ROLES[name]).items():
            files[role] = _path(item, _text(item, f"{key}.files.{role}", "the path of a file of weights"))
    if "sha256" in entries:
        for role, item in _mapping(entries["sha256"], f"{key}.sha256", ROLES[name]).items():
            hashes[role] = _hash(item, f"{key}.sha256.{role}")
    return Step(name, where, strength, parameters, files, hashes)


def _strength(entry: Entry, key: str) -> tuple[float, float]:
    right = "[smallest, largest] or one number, from 0 to 1"
    bounds = entry.value if isinstance(entry.value, list) else [entry, entry]
    if len(bounds) != 2:
        raise entry.error(key, f"found {entry.shown()}, {len(bounds)} values; write {right}")
    low, high = (_number(bound, key, Number(0.0, 1.0), right) for bound in bounds)
    if low > high:
        raise entry.error(
            key,
            f"found {entry.shown()}, an empty range because {low:g} is larger than {high:g}; "
            f"write [{high:g}, {low:g}]",
        )
    return (float(low), float(high))


def _parameter(entry: Entry, key: str, kind: Number | Choice) -> float | int | str:
    if isinstance(kind, Choice):
        return _word(entry, key, kind.words)
    what = "a whole number" if kind.whole else "a number"
    return _number(entry, key, kind, f"{what} from {kind.low:g} to {kind.high:g}")


def _number(entry: Entry, key: str, kind: Number, right: str) -> float | int:
    value = entry.value
    # bool is an int to Python, but nobody means 1 by 'true'.
    if isinstance(value, bool) or not isinstance(value, int if kind.whole else int | float):
        raise entry.error(key, f"found {entry.shown()}; write {right}")
    if not math.isfinite(value) or not kind.low <= value <= kind.high:
        raise entry.error(key, f"found {entry.shown()}, outside {kind.low:g} to {kind.high:g}; write {right}")
    return value if kind.whole else float(value)


def _word(entry: Entry, key: str, words: Sequence[str]) -> str:
    right = f"one of {', '.join(words)}" if len(words) > 1 else words[0]
    if entry.value not in words or not isinstance(entry.value, str):
        raise entry.error(key, f"found {entry.shown()}; write {right}{_suggestion(entry.value, words)}")
    return entry.value


def _text(entry: Entry, key: str, right: str) -> str:
    value = entry.value
    if not isinstance(value, str) or not value.strip() or any(ord(character) < 32 for character in value):
        raise entry.error(key, f"found {entry.shown()}; write {right}")
    return value.strip()


def _hash(entry: Entry, key: str) -> str:
    # YAML takes a hash of digits alone for a number; it has 64 of them, so no reader meets that.
    value = _text(entry, key, "the file's SHA-256 in hexadecimal").lower()
    if not _SHA256.fullmatch(value):
        raise entry.error(key, f"found {entry.shown()}; write the file's SHA-256, 64 hexadecimal digits")
    return value


def _path(entry: Entry, text: str) -> Path:
    return Path(os.path.normpath(entry.folder / Path(text).expanduser()))


def _mapping(entry: Entry, key: str, known: Sequence[str]) -> dict[str, Entry]:
    if not isinstance(entry.value, dict):
        found = "an empty file" if entry.value is None and not key else entry.shown()
        raise entry.error(key, f"found {found}; write keys below it: {', '.join(known)}")
    for name, item in entry.value.items():
        if name not in known:
            dotted = f"{key}.{name}" if key else name
            raise item.error(dotted, f"unknown key{_suggestion(name, known)}; known here: {', '.join(known)}")
    return entry.value


def _suggestion(word: Any, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(str(word).lower(), known, n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""
