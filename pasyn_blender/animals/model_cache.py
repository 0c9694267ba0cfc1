"""Finished models kept in the user's cache folder, so that an animal is computed once a machine.

A model is a frozen dataclass of arrays and of further dataclasses. It is stored as plain arrays and a JSON
text that says how they belong together, never as a pickle: a file in a cache folder is data. What decides a
model (description, individual, program) is hashed into its file's name, so nothing old is ever read.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib
import json
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import ArraysError
from ..prior.plain_arrays import archived, read_arrays
from .species import species_file

Model = TypeVar("Model")

MOST_BYTES: Final = 500 * 1024 * 1024
"""Size of the folder beyond which the models that were not used for longest are removed."""

_FASTEST: Final = 1
"""Compression: most of a model is weights that are zero, which the fastest packs as well as the best."""

_LARGEST_MODEL: Final = 1024 * 1024 * 1024
_TREE: Final = "tree"
_NO_MODEL: Final = (LookupError, TypeError, ValueError, AttributeError, ImportError, RecursionError)
"""What is raised on arrays that belong together in another way than a model's."""


def cached_model(detail: float) -> Callable[[Callable[..., Model]], Callable[..., Model]]:
    """Decorate a function of species, individual and maybe a coat whose model is to be kept.

    With and without a cache the same bytes come out. Whatever hinders reading or writing leaves the model to
    be computed, without a word.

    Parameters
    ----------
    detail
        What else decides the model: how fine its skin is.
    """

    def decorate(build: Callable[..., Model]) -> Callable[..., Model]:
        @functools.wraps(build)
        def model(species: str, individual: int, coat: str | None = None) -> Model:
            path = model_path(species, individual, detail, coat)
            if path is not None:
                found = _read(path)
                if found is not None:
                    kept: Model = found
                    return kept
            made = build(species, individual) if coat is None else build(species, individual, coat)
            try:
                arrays = packed(made)
            except TypeError:
                return made
            # A program that was edited since it was loaded is another program than the file's name says.
            if path is not None and program_digest() == _PROGRAM:
                _write(path, arrays)
            # Also without a cache: the order of an array in memory decides the last bits of its sums.
            again: Model = unpacked(arrays)
            return again

        return model

    return decorate


def cache_folder() -> Path | None:
    """Folder of the user's cached files; ``None`` where there is to be none.

    ``PASYN_CACHE`` names another one; set to nothing it turns caching off.
    """
    named = os.environ.get("PASYN_CACHE")
    try:
        if named is not None:
            return Path(named).expanduser() if named.strip() else None
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "pasyn"
        variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
        usual = Path("AppData", "Local") if sys.platform == "win32" else Path(".cache")
        given = Path(os.environ.get(variable, ""))
        return (given if given.is_absolute() else Path.home() / usual) / "pasyn"
    except RuntimeError:  # a user without a home
        return None


def model_path(species: str, individual: int, detail: float, coat: str | None = None) -> Path | None:
    """File in which a model is, or would be kept; ``None`` without a cache.

    Parameters
    ----------
    species, individual, detail, coat
        What decides the model; ``None`` for the coat that the individual has.

    Raises
    ------
    RigError
        There is no such built-in animal.
    """
    description = species_file(species)
    folder = cache_folder()
    if folder is None or _PROGRAM is None:
        return None
    digest = hashlib.sha256()
    try:
        # All of them: a description may build on others, and has its coat in a file of its own.
        for path in sorted(description.parent.rglob("*.yaml")):
            _add(digest, path.relative_to(description.parent).as_posix().encode(), path.read_bytes())
    except OSError:
        return None
    decided = json.dumps([species, individual, detail, np.__version__, *([] if coat is None else [coat])])
    _add(digest, decided.encode(), _PROGRAM)
    return folder / "animals" / f"{species}-{individual}-{digest.hexdigest()[:32]}.npz"


def packed(model: Any) -> dict[str, NDArray[Any]]:
    """Arrays of a model by number, and under ``tree`` the text that says how they belong together.

    Parameters
    ----------
    model
        Arrays, numbers, texts, ``None``, this package's dataclasses; tuples, lists and mappings of these.

    Raises
    ------
    TypeError
        It holds something else.
    """
    arrays: dict[str, NDArray[Any]] = {}

    def keep(array: NDArray[Any]) -> str:
        if array.dtype.hasobject:
            raise TypeError(f"an array of {array.dtype} cannot be kept")
        name = str(len(arrays))
        arrays[name] = np.array(array, order="C")
        return name

    def node(value: Any) -> Any:
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, np.ndarray):
            return {"array": keep(value)}
        if isinstance(value, np.generic):
            return {"number": keep(np.asarray(value))}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {field.name: node(getattr(value, field.name)) for field in dataclasses.fields(value)}
            return {"class": _class_name(type(value)), "fields": fields}
        if type(value) in (tuple, list):
            return {type(value).__name__: [node(part) for part in value]}
        if isinstance(value, Mapping):
            return {"mapping": [[node(key), node(part)] for key, part in value.items()]}
        raise TypeError(f"{type(value).__name__} cannot be kept")

    text = json.dumps(node(model))
    arrays[_TREE] = np.frombuffer(text.encode(), dtype=np.uint8)
    return arrays


def unpacked(arrays: Mapping[str, NDArray[Any]]) -> Any:
    """Model of :func:`packed` arrays; mappings come back as dictionaries.

    Raises
    ------
    KeyError, TypeError, ValueError
        The arrays are not those of a model of this program.
    """

    def value(node: Any) -> Any:
        if not isinstance(node, dict):
            return node
        kind, *_ = node
        content = node[kind]
        if kind == "array":
            return arrays[content]
        if kind == "number":
            return arrays[content][()]
        if kind in ("tuple", "list"):
            parts = [value(part) for part in content]
            return tuple(parts) if kind == "tuple" else parts
        if kind == "mapping":
            return {value(key): value(part) for key, part in content}
        if kind == "class":
            return _instance(content, {name: value(part) for name, part in node["fields"].items()})
        raise ValueError(f"unknown kind {kind!r}")

    return value(json.loads(arrays[_TREE].tobytes()))


def _class_name(kind: type) -> str:
    package = __name__.rpartition(".")[0] + "."
    module = kind.__module__.removeprefix(package)
    if module == kind.__module__ or "." in module or "." in kind.__qualname__:
        raise TypeError(f"{kind.__qualname__} is no class of this package")
    return f"{module}.{kind.__qualname__}"


def _instance(name: str, fields: dict[str, Any]) -> Any:
    module, _, own = name.partition(".")
    package = __name__.rpartition(".")[0]
    if not module.isidentifier() or not (Path(__file__).parent / f"{module}.py").is_file():
        raise ValueError(f"there is no module {module!r}")
    kind = getattr(importlib.import_module(f"{package}.{module}"), own, None)
    if not isinstance(kind, type) or not dataclasses.is_dataclass(kind):
        raise ValueError(f"{name} is no dataclass")
    if {field.name for field in dataclasses.fields(kind)} != set(fields):
        raise ValueError(f"{name} has other fields")
    # Past __init__, which may compute: the fields are all there is.
    instance: Any = object.__new__(kind)
    for field, content in fields.items():
        object.__setattr__(instance, field, content)
    return instance


def _read(path: Path) -> Any:
    """Model in a file; ``None`` where it is missing, damaged or not to be read."""
    try:
        found = unpacked(read_arrays(path, _LARGEST_MODEL))
    except (OSError, ArraysError, *_NO_MODEL):
        return None
    with suppress(OSError):
        os.utime(path)  # used just now: the last to be removed
    return found


def _write(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    # Several processes may build one animal at once: each has a partial file of its own, the last one wins.
    partial = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(archived(arrays, _FASTEST))
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        _keep_small(path.parent, path)
    except OSError:
        return


def _keep_small(folder: Path, newest: Path) -> None:
    """Remove what was not used for longest, left-over partial files among it."""
    entries = []
    for path in folder.glob("*.npz*"):
        with suppress(OSError):
            state = path.stat()
            entries.append((state.st_mtime_ns, path, state.st_size))
    total = sum(size for _, _, size in entries)
    for _, path, size in sorted(entries):
        if total <= MOST_BYTES:
            return
        if path != newest:
            with suppress(OSError):  # on Windows, a file that another process reads
                path.unlink()
                total -= size


def _add(digest: Any, *parts: bytes) -> None:
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)


def program_digest(folder: Path = Path(__file__).parent) -> bytes | None:
    """Hash of a folder's modules; ``None`` where their source is not there to be hashed."""
    digest = hashlib.sha256()
    paths = sorted(folder.glob("*.py"))
    try:
        for path in paths:
            _add(digest, path.name.encode(), path.read_bytes())
    except OSError:
        return None
    return digest.digest() if paths else None


_PROGRAM: Final = program_digest()
"""Of the modules as they are loaded: what is edited later is not what this process computes by."""
