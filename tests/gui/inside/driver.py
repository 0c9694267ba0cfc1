"""What Blender runs in its window: a driving script, a step at a time, between Blender's own redraws.

A driving script is a module of this folder with a generator ``steps(hands, values)``. It yields the seconds
that Blender gets before the next step. What it notes is written to ``/output/notes.json`` after each step.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))
from hands import Hands

NOTES = Path("/output/notes.json")


def drive(options: dict[str, Any]) -> None:
    """Start the driving script once Blender's window is there."""
    # Before the first redraw: the splash screen would stand over everything.
    preferences = bpy.context.preferences
    preferences.view.show_splash = False
    preferences.view.filebrowser_display_type = "SCREEN"
    preferences.use_preferences_save = False
    hands = Hands(*options["size"])
    module = importlib.import_module(options["script"])
    work: Iterator[float] = module.steps(hands, options["values"])
    deadline = time.monotonic() + options["limit"] - 15.0

    def go_on() -> float | None:
        try:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the script took too long; it has noted {list(hands.notes)}")
            pause = next(work, None)
        except BaseException:
            hands.notes["error"] = traceback.format_exc()
            hands.picture("error")
            pause = None
        NOTES.write_text(json.dumps(hands.notes, indent=1))
        if pause is None and not hands.notes.get("closing"):
            # Straight out: how Blender closes is tested where a script closes it.
            os._exit(0)
        return pause

    bpy.app.timers.register(go_on, first_interval=1.0, persistent=True)


drive(json.loads(sys.argv[sys.argv.index("--") + 1]))
