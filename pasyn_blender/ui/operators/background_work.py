"""Operators whose long part is numpy alone: it runs in a thread while Blender stays usable."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import bpy

from ...errors import PasynError

_LOOK_SECONDS = 0.05

Work = Callable[[], Any]
"""The long part: touches no Blender data, and may raise a ``PasynError``."""


class _Thread:
    """One piece of work in a thread of its own."""

    def __init__(self, work: Work) -> None:
        self.result: Any = None
        self.error: BaseException | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True, name="PASyn")
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._work()
        except BaseException as error:  # raised again where Blender can show it
            self.error = error

    @property
    def busy(self) -> bool:
        """Whether it still works."""
        return self._thread.is_alive()


class WorksInBackground:
    """Mixin for operators in three parts: read from Blender, work, and write to Blender.

    Called from a script (``bpy.ops.pasyn.…()``) the three run one after another, and the call returns when
    all is done. Called from a button, the middle one runs in a thread: the status bar says what is being
    done, and Escape gives it up without a trace.
    """

    doing = "Working"
    """What the status bar says meanwhile."""

    _thread: _Thread | None = None
    _timer: Any = None

    def begin(self, context: bpy.types.Context) -> Work:
        """Read what is needed from Blender, and return the long part.

        Raises
        ------
        PasynError
            What the person can put right.
        """
        raise NotImplementedError

    def finish(self, context: bpy.types.Context, result: Any) -> None:
        """Write the result of the long part to Blender.

        Raises
        ------
        PasynError
            What the person can put right.
        """
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do all three parts at once; Blender calls it for scripts and for redoing."""
        try:
            self.finish(context, self.begin(context)())
        except PasynError as error:
            return self._refuse(error)
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start in the background where there is a window."""
        return self.start(context)

    def start(self, context: bpy.types.Context) -> set[str]:
        """Read and start the long part; returns what ``invoke`` has to."""
        if bpy.app.background or context.window is None:
            return self.execute(context)
        try:
            self._thread = _Thread(self.begin(context))
        except PasynError as error:
            return self._refuse(error)
        manager = context.window_manager
        self._timer = manager.event_timer_add(_LOOK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        context.workspace.status_text_set(f"{self.doing} …  Esc to cancel")
        context.window.cursor_modal_set("WAIT")
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Look whether the long part is over; Blender calls it for every event meanwhile."""
        if event.type == "ESC":
            # The thread cannot be stopped; nobody reads its result any more.
            self._end(context)
            self.report({"INFO"}, f"{self.doing}: cancelled")  # type: ignore[attr-defined]
            return {"CANCELLED"}
        if event.type != "TIMER" or (self._thread is not None and self._thread.busy):
            return {"PASS_THROUGH"}
        thread = self._thread
        self._end(context)
        try:
            if thread is None:
                return {"CANCELLED"}
            if thread.error is not None:
                raise thread.error
            self.finish(context, thread.result)
        except PasynError as error:
            return self._refuse(error)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up when Blender itself ends the operator: another file is opened, or the window closed."""
        self._end(context)

    def _end(self, context: bpy.types.Context) -> None:
        self._thread = None
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        if context.window is not None:
            context.window.cursor_modal_restore()

    def _refuse(self, error: PasynError) -> set[str]:
        self.report({"ERROR"}, str(error))  # type: ignore[attr-defined]
        return {"CANCELLED"}
