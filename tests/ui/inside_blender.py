"""Runs in a Blender of its own: installs the extension from its archive, then does what a test asks.

``python inside_blender.py ARCHIVE CODE``; ``BLENDER_USER_RESOURCES`` must point at an empty folder.
"""

import sys
import time
from typing import Any

import bpy

MODULE = "bl_ext.user_default.pasyn_blender"


def install(archive: str) -> None:
    """Install and enable the extension as a person would from a file."""
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
    assert MODULE in bpy.context.preferences.addons, "the extension was not enabled"


def part(name: str) -> Any:
    """A module of the installed extension."""
    return sys.modules[f"{MODULE}.{name}"]


def message(operator: Any, **options: Any) -> str:
    """Run an operator that must refuse, and return what it says."""
    try:
        result = operator(**options)
    except RuntimeError as error:
        text = str(error)
        assert "Traceback" not in text, text
        return text
    raise AssertionError(f"the operator accepted: {result}")


def pump(until: float = 240.0) -> Any:
    """Do what Blender's own timer does while a person works, until the run is over."""
    run = part("ui.background_run").current()
    deadline = time.monotonic() + until
    while part("ui.background_run").tick() is not None:
        assert time.monotonic() < deadline, f"still {run.state}: {run.message}\n{run.log.read_text()}"
        time.sleep(0.2)
    return run


if __name__ == "__main__":
    install(sys.argv[1])
    exec(compile(sys.argv[2], "test", "exec"), globals())
    print("the end")
