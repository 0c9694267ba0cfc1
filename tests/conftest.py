"""Fixtures: the shared real material, and an empty Blender scene per test that asks for one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
_VERDICT = pytest.StashKey[int]()

# Models of animals are kept beside the other build products, not in the user's own cache; processes that
# tests start inherit this.
os.environ.setdefault("PASYN_CACHE", str(REPOSITORY / "build" / "cache"))


def shared_folder() -> Path:
    """Folder of real rigs and photos, from ``PASYN_SHARED``."""
    return Path(os.environ.get("PASYN_SHARED", REPOSITORY.parent / "shared")).resolve()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared material; tests that need it are skipped where it is absent."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"no shared material at {folder} (set PASYN_SHARED)")
    return folder


@pytest.fixture
def empty_scene() -> Iterator[Any]:
    """``bpy`` with factory settings and nothing in the scene."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    yield bpy
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep the verdict for :func:`pytest_unconfigure`."""
    session.config.stash[_VERDICT] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process once everything is reported.

    Blender's own clean-up at the interpreter's exit can wait for ever (after Rigify has run, for one), and a
    run whose tests have all passed would never end.
    """
    if "bpy" in sys.modules and _VERDICT in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_VERDICT])
