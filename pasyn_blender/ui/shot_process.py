"""The child process that draws a shot.

It is started with the panel's job, and asked for the background once Blender has posed the animal.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..errors import JobError, OutputError, PasynError
from .background_run import blender_environment, failure_line
from .command_line import Program, without_window

SHOT = "shot.json"
BACKGROUND = "background.png"
_LONGEST = 300.0
_LOOK_SECONDS = 0.02

_folders: list[Path] = []


def session_folder() -> Path:
    """A folder for shots that lasts as long as this Blender; what is known of photos stays there."""
    if not _folders or not _folders[0].is_dir():
        _folders[:] = [Path(tempfile.mkdtemp(prefix="pasyn-shot-"))]
    return _folders[0]


def forget() -> None:
    """Delete the folder."""
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


atexit.register(forget)


class ShotProcess:
    """``pasyn job shot`` at work.

    Parameters
    ----------
    program
        How it is started.
    job
        The job file.
    index
        Which shot.
    folder
        Where it writes.
    facts
        ``rig.json``, where poses may come from actions.

    Raises
    ------
    PasynError
        It cannot be started.
    """

    def __init__(self, program: Program, job: Path, index: int, folder: Path, facts: Path | None) -> None:
        self._folder = folder
        for name in (SHOT, BACKGROUND):
            (folder / name).unlink(missing_ok=True)
        command = [*program.command, "job", "shot", str(job), "--index", str(index), "-o", str(folder)]
        command += ["--truth", "-", *(() if facts is None else ("--rig-facts", str(facts)))]
        self._log = folder / "shot.log"  # a pipe would be full after some hundred warnings about photos
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=blender_environment(program.search_path),
                    **without_window(),
                )
        except OSError as error:
            raise PasynError(f"cannot start {command[0]}: {error.strerror or error}") from error

    def shot(self) -> Any:
        """Wait for the shot.

        Returns
        -------
        What ``ShotRequest`` asks for, and more.

        Raises
        ------
        PasynError
            What the program says is wrong.
        """
        path = self._folder / SHOT
        deadline = time.monotonic() + _LONGEST
        while not path.is_file():
            code = self._process.poll()
            if code is not None and not path.is_file():
                raise JobError(failure_line(self._log, code))
            if time.monotonic() > deadline:
                raise PasynError("the pasyn program does not answer")
            time.sleep(_LOOK_SECONDS)
        try:
            return shot_request(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError) as error:
            raise OutputError(f"{path}: cannot be read: {error}") from error

    def background(self, truth: Mapping[str, Any]) -> Path:
        """Tell where the animal is, and wait for the picture behind it.

        Raises
        ------
        PasynError
            What the program says is wrong.
        """
        try:
            self._process.communicate(json.dumps(truth).encode(), timeout=_LONGEST)
        except subprocess.TimeoutExpired:
            raise PasynError("the pasyn program does not answer") from None
        path = self._folder / BACKGROUND
        if self._process.returncode != 0 or not path.is_file():
            raise JobError(failure_line(self._log, self._process.returncode))
        return path

    def end(self) -> None:
        """End the process, if it is still there."""
        if self._process.poll() is None:
            self._process.kill()
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=5.0)


def shot_request(record: Mapping[str, Any]) -> Any:
    """A shot's record as an object with attributes, which is how the scene asks for them."""
    pose = record["pose"]
    return SimpleNamespace(
        index=record["index"],
        action=record["action"],
        frame=record["frame"],
        pose=None if pose is None else SimpleNamespace(candidates=pose["candidates"]),
        camera=SimpleNamespace(**{**record["camera"], "offset": tuple(record["camera"]["offset"])}),
        light=SimpleNamespace(**record["light"]),
        coat=SimpleNamespace(**record["coat"]),
        background=SimpleNamespace(**record["background"]),
    )
