"""Text of a preset to a tree of values that remember their lines.

YAML is read as data only: no tags, no aliases, no key twice, and ``yes`` is a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from pasyn_blender.errors import StyleError

MAXIMUM_BYTES: Final = 100_000
MAXIMUM_DEPTH: Final = 6

_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WHOLE = re.compile(r"[-+]?[0-9]{1,40}")
_WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}
_PLAIN_TAGS: Final = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")


@dataclass(frozen=True)
class Entry:
    """A value of a preset and where it was written.

    Attributes
    ----------
    value
        None, bool, int, float, str, a list of entries, or a dict of entries.
    place
        ``"mine.yaml, line 12"``, to begin a message with.
    folder
        Folder that relative paths start from.
    """

    value: Any
    place: str
    folder: Path

    def error(self, key: str, message: str) -> StyleError:
        """Return the error that names this entry's place and ``key``."""
        return StyleError(f"{self.place}, {key}: {message}" if key else f"{self.place}: {message}")

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


class _PlainLoader(yaml.SafeLoader):
    """Leaves every scalar a string, to be given its value here."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


def parse_preset_file(path: Path) -> Entry:
    """Read a preset's file.

    Raises
    ------
    StyleError
        It cannot be read, is no YAML, or has what a preset never needs.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError:
        raise StyleError(f"{path}: there is no such preset file") from None
    except IsADirectoryError:
        raise StyleError(f"{path}: found a folder; a preset is a .yaml file") from None
    except OSError as error:
        raise StyleError(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) > MAXIMUM_BYTES:
        raise StyleError(f"{path}: larger than {MAXIMUM_BYTES} bytes; a preset is a few lines of text")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise StyleError(f"{path}, line {line}: not UTF-8 text; save the file as UTF-8") from None
    return parse_preset_text(text, str(path), path.resolve().parent)


def parse_preset_text(text: str, source: str, folder: Path) -> Entry:
    """Read YAML into entries; ``source`` is what messages call it."""
    try:
        aliases = [
            token for token in yaml.scan(text, Loader=_PlainLoader) if isinstance(token, yaml.AliasToken)
        ]
        node = None if aliases else yaml.compose(text, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{source}, line {mark.line + 1}" if mark is not None else source
        problem = error.problem or error.context or ""
        if "'\\t'" in problem:
            problem = "found a tab; YAML is indented and spaced with blanks only"
        raise StyleError(f"{where}: not valid YAML: {problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise StyleError(f"{source}: not valid YAML: {' '.join(str(error).split())}") from None
    if aliases:
        line = aliases[0].start_mark.line + 1
        raise StyleError(
            f"{source}, line {line}: found the alias *{aliases[0].value}; write the value itself"
        )
    if node is None:
        return Entry(None, f"{source}, line 1", folder)
    return _entry(node, source, folder, 0)


def _entry(node: yaml.Node, source: str, folder: Path, depth: int) -> Entry:
    place = f"{source}, line {node.start_mark.line + 1}"
    if depth > MAXIMUM_DEPTH:
        raise StyleError(f"{place}: nested too deeply for a preset")
    if node.tag not in _PLAIN_TAGS:
        raise StyleError(f"{place}: found the tag {node.tag!r}; write a plain value without '!'")
    if isinstance(node, yaml.SequenceNode):
        return Entry([_entry(item, source, folder, depth + 1) for item in node.value], place, folder)
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            line = f"{source}, line {key_node.start_mark.line + 1}"
            if not isinstance(key_node, yaml.ScalarNode):
                raise StyleError(f"{line}: found a list or mapping as a key; keys are single words")
            if key_node.value in mapping:
                raise StyleError(f"{line}, {key_node.value}: the key is there twice; keep one")
            value = _entry(value_node, source, folder, depth + 1)
            mapping[key_node.value] = Entry(value.value, line, folder)
        return Entry(mapping, place, folder)
    quoted = not isinstance(node, yaml.ScalarNode) or node.style is not None
    return Entry(node.value if quoted else _scalar(node.value), place, folder)


def _scalar(text: str) -> bool | int | float | str | None:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def entries_from_plain(data: Any, place: str, folder: Path, depth: int = 0) -> Entry:
    """Wrap plain JSON values in entries that all carry one place."""
    if depth > MAXIMUM_DEPTH:
        raise StyleError(f"{place}: nested too deeply for a preset")
    value = data
    if isinstance(data, Mapping):
        value = {str(key): entries_from_plain(item, place, folder, depth + 1) for key, item in data.items()}
    elif isinstance(data, list | tuple):
        value = [entries_from_plain(item, place, folder, depth + 1) for item in data]
    return Entry(value, place, folder)
