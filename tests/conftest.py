"""Fixtures: the shared real material, and an empty Blender scene per test that asks for one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


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
