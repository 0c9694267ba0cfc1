"""Which renders of an output folder are complete and belong to a shot."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pasyn_blender.errors import OutputError

from . import layout
from .shot import BackgroundShot, Shot


@dataclass(frozen=True)
class Render:
    """A complete render.

    Attributes
    ----------
    truth
        Its truth record.
    png
        The RGBA file.
    """

    truth: dict[str, Any]
    png: bytes


_NO_BACKGROUND: Final = BackgroundShot(photo=None, folder=0, crop=(0.5, 0.5, 1.0), mirror=False)


def shot_digest(shot: Shot) -> str:
    """Sha256 of what a shot's render shows, as its truth record names it.

    The background is left out: it is behind the render, not in it, and Blender's Python plans without
    knowing the photos.
    """
    rendered = replace(shot, background=_NO_BACKGROUND)
    return hashlib.sha256(rendered.to_json().encode()).hexdigest()


def read_render(folder: Path, shot: Shot, identity: str) -> Render | None:
    """Read a render, or find that it is missing, incomplete, damaged or of another shot or job.

    Parameters
    ----------
    folder
        Output folder.
    shot
        The shot it must show.
    identity
        Of the job.
    """
    try:
        truth = json.loads(layout.truth_path(folder, shot.index).read_bytes())
        png = layout.render_path(folder, shot.index).read_bytes()
    except (OSError, ValueError):
        return None
    if not isinstance(truth, dict):
        return None
    expected = {
        "index": shot.index,
        "shot_sha256": shot_digest(shot),
        "identity": identity,
        "image_sha256": hashlib.sha256(png).hexdigest(),
    }
    if any(truth.get(key) != value for key, value in expected.items()):
        return None
    return Render(truth, png)


def write_shots(folder: Path, shots: list[Shot]) -> None:
    """Write ``shots.jsonl``, unless it says the same already."""
    path = layout.shots_path(folder)
    data = "".join(shot.to_json() + "\n" for shot in shots).encode()
    try:
        if path.read_bytes() == data:
            return
    except OSError:
        pass
    layout.write_atomically(path, data)


def read_shots(folder: Path) -> list[Shot] | None:
    """Read ``shots.jsonl``; None where there is none.

    Raises
    ------
    OutputError
        A line is no shot.
    """
    path = layout.shots_path(folder)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise OutputError(f"{path}: cannot be read: {error}; delete it and run again") from error
    shots = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            shots.append(Shot.from_dict(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise OutputError(f"{path}, line {number}: not a shot; delete the file and run again") from error
    return shots
