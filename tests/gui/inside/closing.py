"""Blender is closed, or dies, while it renders."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import bpy
from hands import Hands, Steps
from main_path import RIG, open_sidebar

DATASET = Path("/output/dataset")


def steps(hands: Hands, values: dict[str, Any]) -> Steps:
    """Begin a long dataset and end Blender by ``values["end"]``: "quit" or "kill"."""
    return hands.try_each(open_sidebar(hands), begin(hands), end(hands, values["end"]))


def begin(hands: Hands) -> Steps:
    """Render until two pictures are there."""
    bpy.ops.pasyn.import_animal(filepath=RIG)
    dataset = bpy.context.scene.pasyn.dataset
    dataset.images, dataset.resolution, dataset.samples = 2000, (64, 64), 1
    dataset.denoise = False
    dataset.output = str(DATASET)
    yield 0.5
    yield from hands.only_panel("Dataset")
    yield from hands.press("pasyn.render_dataset")
    yield from hands.wait("a picture", lambda: len(list(DATASET.glob("renders/*.json"))) >= 2, 120.0)
    hands.picture("rendering")
    hands.notes["rendered"] = len(list(DATASET.glob("renders/*.json")))


def end(hands: Hands, how: str) -> Steps:
    """Close the window, or end the process."""
    hands.notes["closing"] = how
    yield 0.1
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    hands.move(hands.middle(hands.region("WINDOW")))
    yield 0.2
    yield from hands.keys("ctrl+q")
    yield 1.0
    hands.picture("asked")
    # The button in the middle of the dialog, "Don't Save", has D for its letter.
    yield from hands.keys("d")
    yield 5.0
    hands.picture("not_closed")
