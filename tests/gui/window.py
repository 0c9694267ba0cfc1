"""Run a driving script in a Blender with a window, away from this machine's own processes and files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environment import REPOSITORY, REPOSITORY_INSIDE

SCREEN = (1280, 900)

# First argument: the environment; then pairs of what is mounted and where; then "--" and the options.
# All mounts are in a namespace of their own, whose processes end with the first of them: whatever happens,
# nothing stays mounted and nothing goes on running. It has no network either, and needs none.
_ENTER = """\
set -e
root="$1"; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/small"
mount -t tmpfs -o size=24m tmpfs "$root/small"
while [ "$1" != "--" ]; do
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
  shift 3
done
shift
exec chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin python3 "$@"
"""


@dataclass(frozen=True)
class Session:
    """What came of a session.

    Attributes
    ----------
    notes
        What the driving script noted.
    folder
        Pictures, logs and files that it left.
    code
        Blender's exit code; None when it took too long.
    left_over
        Processes that outlived Blender: number → command line.
    seconds
        How long it took.
    then
        Exit code and output of each command that was run afterwards.
    """

    notes: Mapping[str, Any]
    folder: Path
    code: int | None
    left_over: Mapping[str, str]
    seconds: float
    then: Sequence[Mapping[str, Any]]

    @property
    def log(self) -> str:
        """What Blender printed."""
        return (self.folder / "blender.log").read_text(encoding="utf-8", errors="replace")


def run_window(
    root: Path,
    script: str,
    folder: Path,
    *,
    shared: Path,
    archive: Path,
    installed: bool = True,
    program: bool = True,
    then: Sequence[Sequence[str]] = (),
    limit: float = 240.0,
    values: Mapping[str, Any] | None = None,
) -> Session:
    """Run ``inside/<script>.py`` in a Blender of its own.

    Parameters
    ----------
    root
        The environment.
    folder
        Where pictures and notes go; ``/output`` for the script.
    shared
        Real rigs; ``/shared`` for the script, read-only.
    archive
        The extension; its folder is ``/extension`` for the script.
    installed
        Whether the extension is installed before the window opens.
    program
        Whether ``pasyn`` is on the PATH; the preferences can name it as ``/opt/pasyn/bin/pasyn`` anyway.
    then
        Commands to run when the window has closed.
    limit
        Seconds that Blender gets.
    values
        What the script is given.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inside = f"/extension/{archive.name}"
    options = {
        "script": script,
        "values": {"archive": inside, **(values or {})},
        "archive": inside if installed else None,
        "program": program,
        "then": [list(command) for command in then],
        "size": SCREEN,
        "limit": limit,
    }
    mounts = [
        *(str(REPOSITORY), REPOSITORY_INSIDE, "ro"),
        *(str(shared), "/shared", "ro"),
        *(str(archive.parent), "/extension", "ro"),
        *(str(folder), "/output", "rw"),
    ]
    command = [
        # Its end is ours too: killed tests leave no window behind.
        *("setpriv", "--pdeathsig", "KILL"),
        *("unshare", "--mount", "--propagation", "private", "--pid", "--net", "--fork", "--kill-child"),
        *("bash", "-c", _ENTER, "enter", str(root), *mounts, "--"),
        *(f"{REPOSITORY_INSIDE}/tests/gui/inside/session.py", json.dumps(options)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit + 180, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the window could not be opened:\n{done.stdout}{done.stderr}")
    session = json.loads((folder / "session.json").read_text(encoding="utf-8"))
    notes = folder / "notes.json"
    return Session(
        notes=json.loads(notes.read_text(encoding="utf-8")) if notes.is_file() else {},
        folder=folder,
        code=session["code"],
        left_over=session["left_over"],
        seconds=session["seconds"],
        then=session["then"],
    )
