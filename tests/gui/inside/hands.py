"""A person's hands and eyes: mouse and keyboard through xdotool, and pictures of the screen.

Buttons are found as a person finds them, by going over the sidebar with the mouse: Blender tells which
operator or property the button under the mouse belongs to. Places are Blender's: in pixels of the window,
x to the right and y up.
"""

from __future__ import annotations

import subprocess
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from headers import headers_in, shown_panels

TAB = "PASyn"
OUTPUT = Path("/output")
MOMENT = 0.12
"""Seconds in which Blender takes note of what mouse or keyboard did."""

PATIENCE = 60.0
"""Seconds that something expected may take."""

Steps = Iterator[float]
Place = tuple[float, float]


class NotThereError(Exception):
    """What should be on the screen is not, or what should happen does not."""


class Hands:
    """Mouse and keyboard of one screen.

    Attributes
    ----------
    notes
        What a script wants to tell the tests.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.notes: dict[str, Any] = {}
        self._seen: dict[str, Place] = {}

    def try_each(self, *steps: Steps) -> Steps:
        """One step after another; what goes wrong is noted, and the next one is tried all the same."""
        self.notes["wrong"] = {}
        for step in steps:
            name = step.__name__  # type: ignore[attr-defined]
            began = time.monotonic()
            try:
                yield from step
            except Exception:
                self.notes["wrong"][name] = traceback.format_exc()
                self.picture(f"wrong_{name}")
                yield from self.keys("Escape")
                yield 1.0
            self.notes.setdefault("seconds", {})[name] = round(time.monotonic() - began, 1)

    # Mouse and keyboard

    def xdotool(self, *words: object) -> None:
        """Give xdotool one chain of commands."""
        subprocess.run(["xdotool", *map(str, words)], check=True, timeout=20)

    def move(self, place: Place) -> None:
        """Move the mouse."""
        self.xdotool("mousemove", round(place[0]), round(self.height - 1 - place[1]))

    def click(self, place: Place, button: int = 1) -> Steps:
        """Click somewhere."""
        self.move(place)
        yield MOMENT
        self.xdotool("click", button)
        yield 3 * MOMENT

    def drag(self, start: Place, end: Place, pieces: int = 8) -> Steps:
        """Press the left button at one place and let it go at another."""
        self.move(start)
        yield MOMENT
        self.xdotool("mousedown", 1)
        yield MOMENT
        for piece in range(1, pieces + 1):
            share = piece / pieces
            self.move((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
            yield MOMENT / 2
        yield MOMENT
        self.xdotool("mouseup", 1)
        yield 3 * MOMENT

    def keys(self, *names: str) -> Steps:
        """Press keys, or combinations like ``ctrl+z``, one after another."""
        for name in names:
            self.xdotool("key", "--clearmodifiers", name)
            yield MOMENT
        yield MOMENT

    def write(self, text: str) -> Steps:
        """Replace what stands in the text field that is being edited, and leave it."""
        yield from self.keys("ctrl+a")
        self.xdotool("type", "--delay", 8, text)
        yield 2 * MOMENT
        yield from self.keys("Return")

    def wait(self, what: str, happened: Callable[[], Any], limit: float = PATIENCE) -> Steps:
        """Give Blender time until something has happened."""
        deadline = time.monotonic() + limit
        while not happened():
            if time.monotonic() > deadline:
                raise NotThereError(f"waited {limit:.0f} s for {what}")
            yield MOMENT

    def wait_for(self, operator: str, limit: float = 3 * PATIENCE) -> Steps:
        """Give Blender time until an operator of ours is the last thing that was done."""

        def last() -> bool:
            done = bpy.context.window_manager.operators
            return bool(len(done)) and done[-1].bl_idname == f"PASYN_OT_{operator}"

        yield from self.wait(f"the end of {operator}", last, limit)
        yield 3 * MOMENT

    # What is on the screen

    def picture(self, name: str) -> None:
        """Take a picture of the screen as it is: ``/output/<name>.png``."""
        subprocess.run(["import", "-window", "root", str(OUTPUT / f"{name}.png")], check=True, timeout=60)

    def area(self, kind: str = "VIEW_3D") -> Any:
        """The largest area of a kind."""
        window = bpy.context.window_manager.windows[0]
        found = [area for area in window.screen.areas if area.type == kind]
        if not found:
            raise NotThereError(f"there is no {kind} on the screen")
        return max(found, key=lambda area: area.width * area.height)

    def region(self, kind: str, area: str = "VIEW_3D") -> Any:
        """A region of the largest area of a kind."""
        return next(region for region in self.area(area).regions if region.type == kind)

    def middle(self, region: Any) -> Place:
        """Middle of a region."""
        return region.x + region.width / 2, region.y + region.height / 2

    def under_mouse(self, area: Any, region: Any) -> str:
        """Operator call or data path of the button under the mouse; empty where there is none."""
        manager = bpy.context.window_manager
        with bpy.context.temp_override(window=manager.windows[0], area=area, region=region):
            for ask, options in (
                (bpy.ops.ui.copy_python_command_button, {}),
                (bpy.ops.ui.copy_data_path_button, {"full_path": True}),
            ):
                manager.clipboard = ""
                if ask.poll():
                    try:
                        ask(**options)
                    except RuntimeError:
                        continue
                    if manager.clipboard:
                        return str(manager.clipboard)
        return ""

    def look_for(
        self, wanted: str, *, region: str = "UI", area: str = "VIEW_3D", columns: tuple[float, ...] = (0.6,)
    ) -> Steps:
        """Move the mouse over the button whose operator or property contains ``wanted``.

        Looks first where such a button was seen before, then goes down the region, in columns at these shares
        of its width. Returns the place.
        """
        space, part = self.area(area), self.region(region, area)
        tried = [place for what, place in self._seen.items() if wanted in what]
        for column in columns:
            x = part.x + column * part.width
            tried += [(x, float(y)) for y in range(part.y + part.height - 6, part.y, -9)]
        for place in tried:
            self.move(place)
            yield 0.03
            what = self.under_mouse(space, part)
            if what and what not in self._seen:
                # A row is twenty pixels high: this is near its upper edge.
                self._seen[what] = (place[0], place[1] - 3)
            if wanted in what:
                return place
        raise NotThereError(f"there is no button for {wanted} in the {region} of the {area}")

    def press(self, wanted: str, **where: Any) -> Steps:
        """Click the button whose operator or property contains ``wanted``."""
        yield from self.look_for(wanted, **where)
        yield 2 * MOMENT
        self.xdotool("click", 1)
        yield 3 * MOMENT

    def enter(self, wanted: str, value: object, **where: Any) -> Steps:
        """Type a value into a number or text field."""
        yield from self.look_for(wanted, **where)
        yield MOMENT
        self.xdotool("click", "--repeat", 2, "--delay", 60, 1)
        yield 2 * MOMENT
        yield from self.write(str(value))

    # Tabs and panels of the sidebar

    def open_tab(self, name: str) -> Steps:
        """Click the sidebar's tab: the tabs stand one under the other at its right edge."""
        region = self.region("UI")
        for y in range(region.y + region.height - 14, region.y, -24):
            if region.active_panel_category == name:
                return
            yield from self.click((region.x + region.width - 10, y))
        raise NotThereError(f"there is no tab {name}")

    def sidebar_picture(self) -> Any:
        """The sidebar as grey pixels (rows from the top, columns)."""
        region = self.region("UI")
        top = self.height - region.y - region.height
        crop = f"{region.width}x{region.height}+{region.x}+{top}"
        command = ["import", "-window", "root", "-crop", crop, "-colorspace", "Gray", "-depth", "8", "gray:-"]
        raw = subprocess.run(command, check=True, timeout=60, capture_output=True).stdout
        return np.frombuffer(raw, dtype=np.uint8).reshape(region.height, region.width)

    def panels(self) -> list[tuple[str, int, Place, bool]]:
        """The panels whose headers are to be seen, from the top: label, depth, place, and whether open."""
        region, area = self.region("UI"), self.area()
        window = bpy.context.window_manager.windows[0]
        with bpy.context.temp_override(window=window, area=area, region=region):
            expected = shown_panels(bpy.context, TAB)
        seen = []
        closed_depth = None
        headers = iter(headers_in(self.sidebar_picture()))
        for label, depth in expected:
            if closed_depth is not None and depth > closed_depth:
                continue
            header = next(headers, None)
            if header is None or header.depth != depth:
                break
            closed_depth = None if header.is_open else depth
            place = (region.x + 0.45 * region.width, region.y + region.height - 1 - header.row)
            seen.append((label, depth, place, header.is_open))
        return seen

    def only_panel(self, label: str) -> Steps:
        """Open a panel and close those above it."""
        for _ in range(20):
            seen = self.panels()
            above = [row for row in seen if row[1] == 0 and row[3] and row[0] != label]
            wanted = [row for row in seen if row[0] == label]
            if above and (not wanted or above[0][2][1] > wanted[0][2][1]):
                yield from self.click(above[0][2])
            elif not wanted:
                pass  # it is not drawn yet
            elif not wanted[0][3]:
                yield from self.click(wanted[0][2])
            else:
                self._seen.clear()
                return
            yield 3 * MOMENT
        raise NotThereError(f"the panel {label} cannot be opened; there are {self.panels()}")

    def open_panel(self, label: str) -> Steps:
        """Click a panel's header unless it is open."""
        for _ in range(20):
            wanted = [row for row in self.panels() if row[0] == label]
            if wanted and wanted[0][3]:
                self._seen.clear()
                return
            if wanted:
                yield from self.click(wanted[0][2])
            yield 4 * MOMENT
        raise NotThereError(f"the panel {label} is not to be seen; there are {self.panels()}")
