"""A Blender with a window, the built extension, and what came of the driving scripts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from environment import REPOSITORY, UnavailableError, require
from window import Session, run_window

from build_extension import build

RunWindow = Callable[..., Session]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs the window."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.gui)
            item.add_marker(pytest.mark.timeout(1200))


@pytest.fixture(scope="session")
def window(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> RunWindow:
    """Run a driving script in a Blender with a window; its pictures are kept in ``build/gui/pictures``."""
    try:
        root = require()
    except UnavailableError as error:
        pytest.skip(str(error))
    archive = build(tmp_path_factory.mktemp("extension"), REPOSITORY / "build" / "wheels")

    def run(script: str, **options: object) -> Session:
        folder = tmp_path_factory.mktemp(script)
        session = run_window(root, script, folder, shared=shared, archive=archive, **options)  # type: ignore[arg-type]
        kept = REPOSITORY / "build" / "gui" / "pictures" / script
        kept.mkdir(parents=True, exist_ok=True)
        for picture in (*kept.glob("*.png"),):
            picture.unlink()
        for picture in folder.glob("*.png"):
            (kept / picture.name).write_bytes(picture.read_bytes())
        print(f"{script}: {session.seconds} s, pictures in {kept}", file=sys.stderr)
        return session

    return run
