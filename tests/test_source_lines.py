"""Lines the source must not cross: where Blender may be imported, who may know whom, and no hidden chance."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("pasyn_blender", "render_jobs", "styles")
SOURCES = sorted(path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))

BLENDER = {"bpy", "mathutils", "bmesh", "gpu", "gpu_extras", "bpy_extras", "blf", "addon_utils"}
BLENDER_ROOMS = ("rig", "animals", "scene", "ui")
BLENDER_MODULES = {
    "render_job.py",
    "render_loop.py",
    "animal_source.py",
    "rig_command.py",
    "prior_corpus_command.py",
    "placement_views.py",
}

# Inside Blender there is numpy; what else the library needs is imported where it is used, outside Blender or
# from a wheel the extension brings.
IN_BLENDER = {"numpy", *BLENDER}
LAZY_IN_BLENDER = {"yaml", "pycocotools"}

# What learns. Nothing that runs in Blender imports these modules, nor does anything else at module level.
# Style networks have a room of their own, styles/neural, which is torch's as a whole.
TRAINING_MODULES = {
    "pasyn_blender/prior/network.py",
    "pasyn_blender/prior/training.py",
}


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """(top package, relative level, whether at module level) of every import of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {id(node) for top in ast.walk(tree) if is_deferred(top) for node in ast.walk(top)}
    for node in ast.walk(tree):
        at_top = id(node) not in inside
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], 0, at_top
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0], node.level, at_top


def is_deferred(node: ast.AST) -> bool:
    if isinstance(node, ast.If):
        return isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_blender_is_imported_at_the_edge_only(path: Path) -> None:
    parts = path.relative_to(REPOSITORY).parts
    if parts[:1] == ("pasyn_blender",) and parts[1] in BLENDER_ROOMS:
        return
    if path.name in BLENDER_MODULES:
        return
    assert not {top for top, level, _ in imports(path) if level == 0} & BLENDER


@pytest.mark.parametrize("path", [p for p in SOURCES if "pasyn_blender" in p.parts], ids=name_of)
def test_the_library_needs_nothing_but_numpy_inside_blender(path: Path) -> None:
    for top, level, at_top in imports(path):
        if level:  # relative, so that the package works under the extension's name too
            continue
        allowed = IN_BLENDER if at_top else IN_BLENDER | LAZY_IN_BLENDER
        if name_of(path) in TRAINING_MODULES:
            allowed = allowed | {"torch"}
        assert top in sys.stdlib_module_names or top in allowed, top


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_torch_is_imported_where_networks_are_trained_and_nowhere_else(path: Path) -> None:
    uses_torch = "torch" in {top for top, _, _ in imports(path)}
    if path.parts[-3:-1] == ("styles", "neural"):
        return
    assert uses_torch == (name_of(path) in TRAINING_MODULES)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_training_modules_are_imported_when_something_is_trained(path: Path) -> None:
    if name_of(path) in TRAINING_MODULES:
        return
    stems = {name.rpartition("/")[2].removesuffix(".py") for name in TRAINING_MODULES}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {id(node) for top in ast.walk(tree) if is_deferred(top) for node in ast.walk(top)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.ImportFrom)
            and id(node) not in inside
            and "prior" in (*path.parts, *(node.module or "").split("."))
        ):
            assert (node.module or "").rpartition(".")[2] not in stems


def is_clock_or_chance(node: ast.AST) -> bool:
    """``time.time()``, ``datetime.now()``, the ``random`` module's and numpy's global generators."""
    if not isinstance(node, ast.Attribute):
        return False
    owner = ast.unparse(node.value)
    if owner in ("np.random", "numpy.random"):
        return node.attr not in ("Generator", "PCG64", "SeedSequence", "default_rng")
    return (owner, node.attr) in {("time", "time"), ("datetime", "now"), ("uuid", "uuid4"), ("os", "urandom")}


# Modules whose output is allowed to tell the time: logs, progress, manifest.
TELL_TIME = {"progress.py", "supervisor.py", "manifest.py", "status.py", "workers.py", "output_folder.py"}


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p.name not in TELL_TIME and "ui" not in p.parts], ids=name_of
)
def test_nothing_that_decides_bytes_asks_the_clock_or_chance(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert "random" not in {top for top, level, _ in imports(path) if level == 0}
    found = [ast.unparse(node) for node in ast.walk(tree) if is_clock_or_chance(node)]
    unseeded = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng") and not node.args
    ]
    assert not found + unseeded


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_style_networks_are_imported_when_one_is_used(path: Path) -> None:
    if path.parts[-3:-1] == ("styles", "neural") and path.name != "__init__.py":
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {id(node) for top in ast.walk(tree) if is_deferred(top) for node in ast.walk(top)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and id(node) not in inside:
            within = "styles.neural." in f"{node.module}." or (path.parts[-2] == "neural" and node.level == 1)
            assert not within or node.module == "styles.neural"
