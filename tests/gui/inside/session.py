"""One Blender with a window on a virtual screen; first process of its own namespace, under Debian's Python.

``session.py OPTIONS`` with a JSON object: ``script`` (module of this folder to drive Blender with),
``values`` (what it is given), ``archive`` (extension to install beforehand, or null), ``size``,
``limit`` (seconds), ``program`` (whether ``pasyn`` is on the PATH), ``then`` (commands to run when the window
has closed).
Writes ``/output/session.json``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OUTPUT = Path("/output")
HOME = Path("/tmp/home")
PROGRAM = Path("/opt/pasyn/bin/pasyn")

PATIENCE = 20.0
"""Seconds that processes get to go away after Blender has."""


def start_screen(size: tuple[int, int]) -> tuple[subprocess.Popen[bytes], str]:
    """Start Xvfb; returns it with the display's name."""
    reading, writing = os.pipe()
    geometry = f"{size[0]}x{size[1]}x24"
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", geometry, "-nolisten", "tcp"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return screen, f":{pipe.readline().strip()}"


def processes() -> dict[int, str]:
    """Command lines of all processes of this namespace that are not dead, by number."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if state != "Z":
            found[int(folder.name)] = command
    return found


def left_over(mine: set[int]) -> dict[int, str]:
    """Processes other than ``mine`` that are still there after they had time to go."""
    deadline = time.monotonic() + PATIENCE
    while True:
        others = {pid: command for pid, command in processes().items() if pid not in mine}
        if not others or time.monotonic() > deadline:
            return others
        time.sleep(0.2)


def run(options: dict[str, Any]) -> dict[str, Any]:
    """Run Blender with a driving script until it closes."""
    HOME.mkdir(parents=True, exist_ok=True)
    size = tuple(options["size"])
    screen, display = start_screen(size)
    environment = {
        **os.environ,
        "HOME": str(HOME),
        "BLENDER_USER_RESOURCES": str(HOME / "blender"),
        "XDG_RUNTIME_DIR": str(HOME),
        "DISPLAY": display,
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": (f"{PROGRAM.parent}:" if options["program"] else "") + "/usr/local/bin:/usr/bin:/bin",
    }
    began = time.monotonic()
    try:
        with (OUTPUT / "blender.log").open("wb") as log:
            if options["archive"]:
                install = ["blender", "--command", "extension", "install-file", "--repo", "user_default"]
                subprocess.run(
                    [*install, "--enable", options["archive"]],
                    env=environment, stdout=log, stderr=log, check=True, timeout=120,
                )  # fmt: skip
            window = ["blender", "--window-geometry", "0", "0", str(size[0]), str(size[1])]
            blender = subprocess.Popen(
                [*window, "--python", str(HERE / "driver.py"), "--", json.dumps(options)],
                env=environment, stdout=log, stderr=log, cwd="/tmp",
            )  # fmt: skip
            try:
                code: int | None = blender.wait(options["limit"])
            except subprocess.TimeoutExpired:
                subprocess.run(
                    ["import", "-window", "root", str(OUTPUT / "too_long.png")], env=environment, check=False
                )
                code = None
            left = {} if code is None else left_over({os.getpid(), screen.pid})
    finally:
        screen.terminate()
    plain = {"HOME": str(HOME), "PATH": f"{PROGRAM.parent}:/usr/bin:/bin"}
    later = [
        subprocess.run(
            command, env=plain,
            capture_output=True, text=True, timeout=options["limit"], check=False,
        )
        for command in options["then"]
    ]  # fmt: skip
    return {
        "code": code,
        "left_over": left,
        "seconds": round(time.monotonic() - began, 1),
        "then": [{"code": done.returncode, "printed": done.stdout + done.stderr} for done in later],
    }


if __name__ == "__main__":
    (OUTPUT / "session.json").write_text(json.dumps(run(json.loads(sys.argv[1])), indent=1))
