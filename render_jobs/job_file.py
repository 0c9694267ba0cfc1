"""Text of a job file to a tree of values that remember where they stand.

YAML is read as data only, with the scalars of YAML 1.2's core schema: ``yes`` and ``on`` are words,
``1e-3`` is a number and ``010`` is ten. PyYAML is imported only when a YAML text is met, so that a resolved
JSON job loads inside Blender.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pasyn_blender.errors import JobError

from .job_schema import RIG_SUFFIXES

MAXIMUM_BYTES: Final = 1_000_000
MAXIMUM_DEPTH: Final = 8
MAXIMUM_VALUES: Final = 50_000


@dataclass(frozen=True)
class Entry:
    """A value of a job and where it was written.

    Attributes
    ----------
    value
        None, bool, int, float, str, a list of entries, or a dict of entries.
    place
        ``"zebra.yaml, line 12"`` or ``"--set images=24"``, to begin a message with.
    folder
        Folder that relative paths start from.
    """

    value: Any
    place: str
    folder: Path

    def error(self, key: str, message: str) -> JobError:
        """Return the error that names this entry's place and ``key``."""
        named = not key or self.place.startswith((f"--set {key}=", f"--{key} "))
        return JobError(f"{self.place}: {message}" if named else f"{self.place}, {key}: {message}")

    def shown(self) -> str:
        """Return the value as a person would write it, shortened."""
        text = _shown(self)
        return text if len(text) <= 80 else text[:77] + "..."


def _shown(entry: Entry) -> str:
    value = entry.value
    if isinstance(value, list):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(item)}" for key, item in value.items()) + "}"
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


def read_job_text(path: Path) -> str:
    """Return the text of a job file.

    Raises
    ------
    JobError
        The file is missing, not a job file by its suffix, too large or not UTF-8.
    """
    suffix = path.suffix.lower()
    if suffix in RIG_SUFFIXES:
        raise JobError(f"{path}: a model is not a job; write --rig {path} to make a dataset from it directly")
    if suffix not in (".yaml", ".yml", ".json"):
        raise JobError(f"{path}: found suffix {suffix!r}; a job is a .yaml, .yml or .json file")
    try:
        with path.open("rb") as file:
            content = file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise JobError(f"{path}: there is no such job file") from None
    except IsADirectoryError:
        raise JobError(f"{path}: found a folder; a job is a .yaml file") from None
    except OSError as error:
        raise JobError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) > MAXIMUM_BYTES:
        raise JobError(f"{path}: larger than {MAXIMUM_BYTES} bytes; a job is a page of text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise JobError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from None


def parse_job_file(path: Path) -> Entry:
    """Read a job file into a tree of entries whose root is a mapping.

    Raises
    ------
    JobError
        Unreadable file, syntax error, duplicate key, unsupported YAML feature or no mapping.
    """
    text = read_job_text(path)
    folder = path.resolve().parent
    if path.suffix.lower() == ".json":
        root = entries_from_plain(_parse_json(text, str(path)), str(path), folder)
    else:
        root = parse_yaml(text, str(path), folder)
    if not isinstance(root.value, dict):
        found = "an empty file" if root.value is None else root.shown()
        raise root.error("", f"found {found}; a job is a list of 'key: value' lines, such as 'animal: zebra'")
    return root


def _parse_json(text: str, source: str) -> Any:
    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                raise JobError(f"{source}: the key {key!r} is there twice; keep one")
            result[key] = value
        return result

    try:
        return json.loads(text, object_pairs_hook=distinct)
    except json.JSONDecodeError as error:
        raise JobError(f"{source}, line {error.lineno}: not valid JSON: {error.msg}") from None
    except RecursionError:
        raise JobError(f"{source}: nested too deeply for a job") from None
    except ValueError as error:
        raise JobError(f"{source}: not valid JSON: {error}") from None


def entries_from_plain(data: Any, place: str, folder: Path, depth: int = 0) -> Entry:
    """Wrap plain JSON values in entries that all carry one place."""
    if depth > MAXIMUM_DEPTH:
        raise JobError(f"{place}: nested too deeply for a job")
    value = data
    if isinstance(data, Mapping):
        value = {str(key): entries_from_plain(item, place, folder, depth + 1) for key, item in data.items()}
    elif isinstance(data, list | tuple):
        value = [entries_from_plain(item, place, folder, depth + 1) for item in data]
    elif isinstance(data, Path):
        value = str(data)
    return Entry(value, place, folder)


def parse_yaml(text: str, source: str, folder: Path, *, lines: bool = True) -> Entry:
    """Read YAML into entries.

    Parameters
    ----------
    text
        One YAML document.
    source
        What messages call it.
    folder
        Folder that relative paths in it start from.
    lines
        Whether the places name line numbers.

    Raises
    ------
    JobError
        PyYAML is absent, or the text has a syntax error, duplicate key, tag, or absurd nesting.
    """
    try:
        import yaml
    except ImportError:
        raise JobError(
            f"{source}: this Python has no PyYAML, so it cannot read YAML jobs; "
            "run 'pip install pyyaml' for it, or pass the resolved job.json of the output folder instead"
        ) from None

    class PlainLoader(yaml.SafeLoader):
        """Leaves every scalar a string; the core schema is applied afterwards, by us."""

        yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def place(node: Any) -> str:
        return f"{source}, line {node.start_mark.line + 1}" if lines else source

    try:
        node = yaml.compose(text, Loader=PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}, line {mark.line + 1}" if mark is not None and lines else source
        column = f" (column {mark.column + 1})" if mark is not None else ""
        problem = error.problem or error.context or ""
        if "'\\t'" in problem:
            problem = "found a tab; YAML is indented and spaced with blanks only"
        elif "found another document" in problem:
            problem = "found a second document; leave out the line '---'"
        raise JobError(f"{where}: not valid YAML: {problem}{column}") from None
    except yaml.YAMLError as error:
        raise JobError(f"{source}: not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise JobError(f"{source}: nested too deeply for a job") from None

    count = 0

    def convert(node: Any, depth: int, at: str) -> Entry:
        nonlocal count
        count += 1
        # Aliases can make a small text a huge or endless tree; a job never needs that.
        if depth > MAXIMUM_DEPTH or count > MAXIMUM_VALUES:
            raise JobError(f"{at}: nested too deeply or too large for a job")
        if node.tag not in _PLAIN_TAGS:
            raise JobError(f"{at}: found the tag {node.tag!r}; write a plain value without '!'")
        if isinstance(node, yaml.SequenceNode):
            return Entry([convert(item, depth + 1, place(item)) for item in node.value], at, folder)
        if isinstance(node, yaml.MappingNode):
            mapping: dict[str, Entry] = {}
            first_place: dict[str, str] = {}
            for key_node, value_node in node.value:
                key_place = place(key_node)
                if not isinstance(key_node, yaml.ScalarNode):
                    raise JobError(f"{key_place}: found a list or mapping as a key; keys are single words")
                key = key_node.value
                if key in mapping:
                    raise JobError(
                        f"{key_place}, {key}: the key is there twice, first in {first_place[key]}; keep one"
                    )
                first_place[key] = key_place
                mapping[key] = convert(value_node, depth + 1, key_place)
            return Entry(mapping, at, folder)
        value = core_scalar(node.value) if node.style is None else node.value
        return Entry(value, at, folder)

    if node is None:
        return Entry(None, f"{source}, line 1" if lines else source, folder)
    return convert(node, 0, place(node))


_PLAIN_TAGS: Final = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
_WHOLE = re.compile(r"[-+]?[0-9]{1,400}")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")


def core_scalar(text: str) -> bool | int | float | str | None:
    """Give a plain scalar its value by the core schema of YAML 1.2 (without octal and hexadecimal)."""
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE"):
        return True
    if text in ("false", "False", "FALSE"):
        return False
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    if match := _INFINITE.fullmatch(text):
        return float(f"{match.group(1)}inf")
    if text in (".nan", ".NaN", ".NAN"):
        return float("nan")
    return text


def apply_overrides(root: Entry, overrides: Sequence[str], folder: Path) -> Entry:
    """Replace values of a job by those of ``--set`` options, later ones winning.

    Parameters
    ----------
    root
        Job as read.
    overrides
        ``"camera.elevation=[0, 30]"``: a dotted key and a YAML value.
    folder
        Folder that relative paths in the values start from.

    Raises
    ------
    JobError
        An override has no ``=``, no key, or a value that is not YAML.
    """
    for text in overrides:
        place = f"--set {text}"
        key, equals, value = text.partition("=")
        names = [name.strip() for name in key.split(".")]
        if not equals or not all(names):
            raise JobError(f"{place}: write a dotted key and a value, such as --set camera.elevation=[0,30]")
        entry = parse_yaml(value, place, folder, lines=False)
        if len(names) > 1:
            root = _spelt_out(root, names[0])
        root = _replaced(root, names, entry)
        if names == ["rig"] and entry.value is not None:
            # Naming a model on the command line means that model, whatever animal the job was for.
            root = _without(root, "animal")
        elif names == ["animal"] and entry.value is not None:
            root = _without(_without(root, "rig"), "rig_map")
    return root


_SHORT_FORMS: Final = {"poses": "source"}
"""Sections that may be written as one word, and the key that word is for."""


def _spelt_out(root: Entry, name: str) -> Entry:
    """The root with a section in its long form, so that single keys of it can be replaced."""
    section = root.value.get(name) if isinstance(root.value, dict) else None
    if name not in _SHORT_FORMS or section is None or not isinstance(section.value, str):
        return root
    long_form = replace(section, value={_SHORT_FORMS[name]: section})
    return replace(root, value={**root.value, name: long_form})


def _replaced(entry: Entry, names: Sequence[str], value: Entry) -> Entry:
    if not names:
        return value
    mapping = dict(entry.value) if isinstance(entry.value, dict) else {}
    inner = mapping.get(names[0], Entry(None, value.place, value.folder))
    mapping[names[0]] = _replaced(inner, names[1:], value)
    return replace(entry, value=mapping, place=entry.place if isinstance(entry.value, dict) else value.place)


def _without(entry: Entry, name: str) -> Entry:
    return replace(entry, value={key: item for key, item in entry.value.items() if key != name})
