"""Jobs as text: written for people to read, read so that nothing of them is lost. No Blender needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any

NOTE = "# Written by PASyn's panel in Blender. Render it anywhere with: pasyn run {name} --out FOLDER\n"

ORDER = (
    "species",
    "animal",
    "rig",
    "rig_map",
    "poses",
    "actions",
    "images",
    "seed",
    "resolution",
    "keypoints",
    "render",
    "camera",
    "light",
    "backgrounds",
    "composition",
    "style",
    "camera_look",
    "coat",
    "split",
    "limits",
)
"""Keys of a job as its documentation has them."""

SHORT_FORMS = {"poses": "source"}
"""Sections that may be written as one word, and the key that word is for."""

SWITCHED_OFF = ("composition", "camera_look")
"""Sections that may be ``none``."""

ANIMAL = ("species", "animal", "rig", "rig_map")
"""Keys that the panel's animal decides, and no field."""

Job = dict[str, Any]


def job_yaml(job: Mapping[str, Any], name: str) -> str:
    """A job as YAML, in the order of its documentation, ranges on one line.

    Parameters
    ----------
    job
        Plain values.
    name
        Of its file, for the note at the top.
    """
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes lists on one line, mappings on many."""

    def listed(dumper: Any, values: list[Any]) -> Any:
        return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)

    def number(dumper: Any, value: float) -> Any:
        whole = value.is_integer() and abs(value) < 1e15
        return dumper.represent_int(int(value)) if whole else yaml.SafeDumper.represent_float(dumper, value)

    Dumper.add_representer(list, listed)
    Dumper.add_representer(float, number)
    ordered = {key: job[key] for key in (*ORDER, *(key for key in job if key not in ORDER)) if key in job}
    text = yaml.dump(ordered, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000)
    return NOTE.format(name=name) + text


def written_keys(text: str) -> dict[str, Any]:
    """The keys a job's text has, sections as mappings; what they say is read by ``pasyn``, which checks it.

    Raises
    ------
    ValueError
        It is no mapping in YAML or JSON.
    """
    import yaml

    try:
        found = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    if not isinstance(found, dict):
        raise ValueError("it is no list of 'key: value' lines")
    return found


def as_written(resolved: Mapping[str, Any], keys: Mapping[str, Any]) -> Job:
    """A resolved job without what its text left to the defaults.

    Parameters
    ----------
    resolved
        Every key with its value, paths absolute, as ``pasyn job show`` prints it.
    keys
        From :func:`written_keys`.
    """
    job: Job = {}
    for key, value in keys.items():
        if key not in resolved:
            continue
        found = resolved[key]
        if isinstance(value, dict) and isinstance(found, Mapping):
            job[key] = {inner: found[inner] for inner in value if inner in found}
        elif key in SWITCHED_OFF and value == "none":
            job[key] = "none"
        elif key in SHORT_FORMS and isinstance(found, Mapping):
            job[key] = {SHORT_FORMS[key]: found[SHORT_FORMS[key]]}
        else:
            job[key] = found
    return job


def merged(values: Mapping[str, Any], kept: Mapping[str, Any]) -> Job:
    """The panel's values, with what an earlier text of the job had beyond them.

    Parameters
    ----------
    values
        Dotted key to plain value. A value that is the same number as the earlier one, up to what Blender's
        fields can hold, stays the earlier one to its last digit. ``None`` leaves a key to its default.
    kept
        The earlier job, from :func:`as_written`; its animal does not count.
    """
    job: Job = {key: _copied(value) for key, value in kept.items() if key not in ANIMAL}
    for key, value in values.items():
        section, _, name = key.partition(".")
        if not name:
            _put(job, section, value)
            continue
        inner = job.get(section)
        if not isinstance(inner, dict):
            inner = {}
        if value is not None:
            job[section] = inner
        _put(inner, name, value)
    return job


def _put(target: Job, key: str, value: Any) -> None:
    if value is None:
        target.pop(key, None)
    elif key not in target or not same(target[key], value):
        target[key] = value


def same(first: Any, second: Any) -> bool:
    """Whether two values are one and the same in Blender's single precision."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, int | float) and isinstance(second, int | float):
        return abs(first - second) <= 2e-6 * max(abs(first), abs(second))
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    return bool(first == second)


def _copied(value: Any) -> Any:
    return json.loads(json.dumps(value))


def without_fields(job: Mapping[str, Any], fields: Mapping[str, Any]) -> list[str]:
    """Dotted keys of a job that the panel has no field for.

    Parameters
    ----------
    job
        From :func:`as_written`.
    fields
        Values of the panel by dotted key.
    """
    found = []
    for key, value in job.items():
        if key in ANIMAL or key in fields or (key in SWITCHED_OFF and value == "none"):
            continue
        if isinstance(value, Mapping):
            found += [f"{key}.{inner}" for inner in value if f"{key}.{inner}" not in fields]
        else:
            found.append(key)
    return found


PATHS = (
    ("poses", "file"),
    ("backgrounds",),
    ("composition", "cutouts"),
    ("light", "worlds"),
    ("style",),
    ("rig",),
    ("rig_map",),
)
"""Keys whose values are paths, or may be."""


def paths_from(job: Mapping[str, Any], folder: Path) -> Job:
    """A job whose paths start from the folder of its file where what they name lies in it.

    Parameters
    ----------
    job
        With absolute paths.
    folder
        Absolute.
    """
    result: Job = _copied(job)
    for key in PATHS:
        target: Any = result
        for name in key[:-1]:
            target = target.get(name) if isinstance(target, dict) else None
        if not isinstance(target, dict) or key[-1] not in target:
            continue
        value = target[key[-1]]
        target[key[-1]] = (
            [relative_path(item, folder) for item in value]
            if isinstance(value, list)
            else relative_path(value, folder)
        )
    return result


def relative_path(text: Any, folder: Path) -> Any:
    """A path as a job in ``folder`` names it: relative where it lies in it, else as it is."""
    if not isinstance(text, str):
        return text
    path = PurePath(text)
    if not path.is_absolute() or not path.is_relative_to(folder):
        return text
    return path.relative_to(folder).as_posix()


def plain_number(value: float, digits: int = 6) -> float | int:
    """A number of single precision as a person would have typed it: 0.85, not 0.8500000238418579."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e9 else rounded
