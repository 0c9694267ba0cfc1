"""The built extension, and a Blender that has it installed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("inside_blender.py")

RunInside = Callable[..., str]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension, built as ``make extension`` builds it (wheels are kept between builds)."""
    output = tmp_path_factory.mktemp("extension")
    command = [sys.executable, str(REPOSITORY / "build_extension.py"), "--output-dir", str(output)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@pytest.fixture
def inside(archive: Path, tmp_path: Path) -> RunInside:
    """Run code in a fresh Blender with the extension installed; returns what it printed.

    The code sees the names of ``inside_blender.py`` and whatever is given by keyword, as values.
    """

    def run(code: str, timeout: float = 300.0, **names: object) -> str:
        values = "".join(f"{name} = {value!r}\n" for name, value in names.items())
        done = subprocess.run(
            [sys.executable, str(DRIVER), str(archive), values + code],
            env={**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path / "blender")},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "the end" in done.stdout, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def horse(shared: Path) -> str:
    """A rig as artists download them."""
    return str(shared / "rigs" / "horse_ult" / "Horse-v7.glb")
