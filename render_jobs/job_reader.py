"""Tree of entries to a checked job: messages name place, key, what was found and what is right."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

from pasyn_blender.anatomy.keypoint_sets import KEYPOINT_SETS
from pasyn_blender.errors import JobError

from . import job_schema as schema
from .job_file import Entry, entries_from_plain

Reader = Callable[[Entry, str], Any]
"""Checks an entry under a dotted key and returns its value."""


def _number(entry: Entry, key: str, low: float, high: float, right: str) -> float:
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
    return lambda entry, key: _number(entry, key, low, high, f"a number from {low:g} to {high:g}")


def _whole(entry: Entry, key: str, low: int, high: int, right: str) -> int:
    value = entry.value
    if isinstance(value, bool) or not isinstance(value, int):
        raise entry.error(key, f"found {entry.shown()}; write {right}")
    if not low <= value <= high:
        raise entry.error(key, f"found {entry.shown()}, outside {low} to {high}; write {right}")
    return value


def whole(low: int, high: int) -> Reader:
    """Read an integer in [low, high]."""
    return lambda entry, key: _whole(entry, key, low, high, f"a whole number from {low} to {high}")


def _pair(entry: Entry, key: str, right: str) -> list[Entry]:
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
        first, last = (_number(bound, key, low, high, right) for bound in _pair(entry, key, right))
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
        first, last = (_whole(bound, key, low, high, right) for bound in _pair(entry, key, right))
        _ordered(entry, key, first, last)
        return (first, last)

    return read


def _flag(entry: Entry, key: str) -> bool:
    if not isinstance(entry.value, bool):
        raise entry.error(key, f"found {entry.shown()}; write true or false")
    return entry.value


def _text(entry: Entry, key: str, right: str) -> str:
    if not isinstance(entry.value, str) or not entry.value.strip():
        raise entry.error(key, f"found {entry.shown()}; write {right}")
    if any(ord(character) < 32 for character in entry.value):
        raise entry.error(key, f"found {entry.shown()}, with control characters in it; write {right}")
    return entry.value.strip()


def choice(names: Sequence[str]) -> Reader:
    """Read one of a few words."""
    right = f"one of {', '.join(names)}"

    def read(entry: Entry, key: str) -> str:
        value = _text(entry, key, right)
        if value not in names:
            raise entry.error(key, f"found {value!r}; write {right}{_suggestion(value.lower(), names)}")
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


def _suggestion(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _resolution(entry: Entry, key: str) -> tuple[int, int]:
    right = "[width, height] in pixels, each a whole number from 16 to 8192"
    width, height = (_whole(side, key, 16, 8192, right) for side in _pair(entry, key, right))
    return (width, height)


def _absolute(entry: Entry, text: str) -> Path:
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


def _file(entry: Entry, key: str, what: str, suffixes: Sequence[str], *, check: bool, missing: str) -> Path:
    path = _absolute(entry, _text(entry, key, f"the path of {what}"))
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


def _rig(check: bool) -> Reader:
    def read(entry: Entry, key: str) -> Path:
        missing = "put your rigged model there, or name another with --set rig=FILE"
        return _file(entry, key, "a rigged model", schema.RIG_SUFFIXES, check=check, missing=missing)

    return read


def _rig_map(check: bool) -> Reader:
    def read(entry: Entry, key: str) -> Path:
        missing = "write one with 'pasyn rig map FILE', or leave rig_map out to map the rig automatically"
        return _file(entry, key, "a rig map", (".yaml", ".yml"), check=check, missing=missing)

    return read


def _animal(entry: Entry, key: str) -> str:
    names = schema.built_in_animals()
    right = f"one of the built-in animals ({', '.join(names)}), or give a model with 'rig: FILE'"
    value = _text(entry, key, right)
    if value not in names:
        raise entry.error(key, f"found {value!r}; write {right}{_suggestion(value.lower(), names)}")
    return value


def _world(check: bool) -> Reader:
    names = schema.BUNDLED_WORLDS

    def read(entry: Entry, key: str) -> str:
        right = f"a bundled world ({', '.join(names)}) or the path of an .exr or .hdr file"
        value = _text(entry, key, right)
        for bundled in names:
            if value in (bundled, Path(bundled).stem):
                return bundled
        if not Path(value).suffix:
            raise entry.error(key, f"found {value!r}; write {right}{_suggestion(value, names)}")
        missing = f"write {right}{_suggestion(value, names)}"
        return str(_file(entry, key, "a world", schema.WORLD_SUFFIXES, check=check, missing=missing))

    return read


def _background(check: bool) -> Reader:
    def read(entry: Entry, key: str) -> Path:
        path = _absolute(entry, _text(entry, key, "the path of a folder of photos"))
        if check and not os.path.exists(path):  # noqa: PTH110 - see _file
            raise entry.error(
                key,
                f"there is no folder {path}; write the path of a folder of photos, "
                "or [] for views of the shot's world",
            )
        if check and not os.path.isdir(path):  # noqa: PTH112
            raise entry.error(key, f"{path} is not a folder; write the path of a folder of photos")
        return path

    return read


def section(kind: type, readers: Mapping[str, Reader]) -> Reader:
    """Read a mapping with known keys into a dataclass whose defaults fill what is absent."""

    def read(entry: Entry, key: str) -> Any:
        if entry.value is None:
            return kind()
        return kind(**_read_keys(entry, key, readers))

    return read


def _read_keys(entry: Entry, key: str, readers: Mapping[str, Reader]) -> dict[str, Any]:
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
    hint = f" (did you mean {elsewhere[name]!r}?)" if name in elsewhere else _suggestion(name, tuple(readers))
    return f"{hint}; known here: {', '.join(readers)}"


SECTION_KEYS: Final[dict[str, tuple[str, ...]]] = {
    name: tuple(field.name for field in fields(kind))
    for name, kind in {
        "render": schema.RenderSettings,
        "camera": schema.CameraRanges,
        "light": schema.LightRanges,
        "coat": schema.CoatRanges,
        "split": schema.SplitSettings,
        "limits": schema.Limits,
    }.items()
}
"""Keys of each section, in the order of a job file."""


def job_readers(check_files: bool) -> dict[str, Reader]:
    """Readers of all keys of a job; with ``check_files`` named files and folders have to exist."""

    def text(right: str) -> Reader:
        return lambda entry, key: _text(entry, key, right)

    azimuth = number_range(-720, 720, turn=True)
    return {
        "species": optional(text("the species' name, such as zebra")),
        "animal": optional(_animal),
        "rig": optional(_rig(check_files)),
        "rig_map": optional(_rig_map(check_files)),
        "actions": listed(text("the name of an action or a pattern such as Walk*")),
        "images": whole(1, 10_000_000),
        "seed": whole(0, 2**63 - 1),
        "resolution": _resolution,
        "keypoints": choice(tuple(KEYPOINT_SETS)),
        "render": section(
            schema.RenderSettings,
            {
                "engine": choice(schema.ENGINES),
                "samples": whole(1, 65536),
                "denoise": _flag,
                "device": choice(schema.DEVICES),
                "passes": listed(choice(schema.PASSES)),
            },
        ),
        "camera": section(
            schema.CameraRanges,
            {
                "azimuth": azimuth,
                "elevation": number_range(-90, 90),
                "roll": number_range(-180, 180),
                "focal_length": number_range(8, 2000),
                # A box wider than the picture could not be inside it, and a smaller one is a speck.
                "fill": number_range(0.02, 1),
                "off_centre": number_range(0, 0.5),
                "truncation": number_range(0, 0.8),
            },
        ),
        "light": section(
            schema.LightRanges,
            {
                "sun_azimuth": azimuth,
                "sun_elevation": number_range(-90, 90),
                "sun_strength": number_range(0, 1000),
                "worlds": listed(_world(check_files)),
                "world_strength": number_range(0, 100),
            },
        ),
        "backgrounds": listed(_background(check_files)),
        "coat": section(
            schema.CoatRanges,
            {
                "hue": number_range(-0.5, 0.5),
                "saturation": number_range(0, 4),
                "value": number_range(0, 4),
                "individuals": whole_range(0, 2**31 - 1),
            },
        ),
        "split": section(schema.SplitSettings, {"val": number(0, 1)}),
        "limits": section(
            schema.Limits,
            {
                "shot_seconds": number(1, 86_400),
                "memory_gib": optional(number(0.5, 4096)),
                "shots_per_process": whole(1, 10_000_000),
            },
        ),
    }


def read_job(root: Entry, *, check_files: bool) -> schema.Job:
    """Check a tree of entries and return the resolved job.

    Parameters
    ----------
    root
        Entry whose value is a mapping.
    check_files
        Whether the files and folders it names have to exist.

    Raises
    ------
    JobError
        Unknown key, wrong type, empty or impossible range, missing file, or not exactly one animal.
    """
    values = _read_keys(root, "", job_readers(check_files))
    _check_animal(root, values)
    if not values.get("species"):
        values["species"] = values.get("animal") or species_of(values["rig"])
    job = schema.Job(**values)
    if job.render.engine == "workbench" and "normal" in job.render.passes:
        entry = root.value["render"].value["passes"]
        raise entry.error("render.passes", "the workbench engine has no normal pass; write engine: cycles")
    return job


def _check_animal(root: Entry, values: Mapping[str, Any]) -> None:
    animal, rig = values.get("animal"), values.get("rig")
    names = ", ".join(schema.built_in_animals())
    right = f"write either 'animal:' with a built-in animal ({names}) or 'rig:' with the path of a model"
    if animal and rig:
        entry = root.value["rig"]
        raise entry.error("rig", f"found both an animal ({animal}) and a rig ({rig.name}); {right}, not both")
    if not animal and not rig:
        raise root.error("animal", f"found neither an animal nor a rig; {right}")
    if animal and values.get("rig_map"):
        raise root.value["rig_map"].error("rig_map", "a built-in animal brings its own; leave rig_map out")


def species_of(rig: Path) -> str:
    """Return a category name from a model's file name: ``Horse_v2.glb`` gives ``horse_v2``."""
    name = "_".join(rig.stem.lower().split())
    return name or "animal"


def job_from_plain(data: Mapping[str, Any], source: str) -> schema.Job:
    """Check plain JSON values as a job; no file has to exist."""
    if not isinstance(data, Mapping):
        raise JobError(f"{source}: found {type(data).__name__}; a job is a mapping")
    return read_job(entries_from_plain(data, source, Path.cwd()), check_files=False)
