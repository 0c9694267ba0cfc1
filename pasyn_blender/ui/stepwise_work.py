"""Long work on Blender's own data, done a little at a time so that the window goes on being drawn.

Work is a generator: it yields how far it is after each little step, and may hand a part that touches no
Blender data to a thread. Scripts run it to the end; operators run it in :class:`WorksInSteps`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeAlias, TypeVar

import bpy

from ..errors import PasynError

Result = TypeVar("Result")


@dataclass(frozen=True)
class InThread:
    """A part of the work that touches no Blender data; the generator is sent what it returns."""

    work: Callable[[], Any]


Steps: TypeAlias = Generator["float | InThread", Any, Result]
"""Yields the share that is done, or work for a thread; returns the result."""

_TICK_SECONDS = 0.02
_BLINK_SECONDS = 0.04
"""How long Blender's window waits for a turn of the work."""

_LONGEST_TURN_SECONDS = 0.5
"""Where drawing the window takes longer than a blink, so may a turn: half of the time goes into the work."""

_LOOKING_AROUND = {
    "MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE", "WHEELINMOUSE",
    "WHEELOUTMOUSE", "TRACKPADPAN", "TRACKPADZOOM", "MOUSEROTATE", "MOUSESMARTZOOM", "NDOF_MOTION",
    "WINDOW_DEACTIVATE",
}  # fmt: skip


def run_steps(steps: Steps[Result]) -> Result:
    """Run work to its end at once."""
    sent: Any = None
    while True:
        try:
            given = steps.send(sent)
        except StopIteration as end:
            result: Result = end.value
            return result
        sent = given.work() if isinstance(given, InThread) else None


class _Turns:
    """Runs work for a blink at a time."""

    def __init__(self, steps: Steps[Any]) -> None:
        self.share = 0.0
        self._steps = steps
        self._sent: Any = None
        self._thread: Thread | None = None
        self._error: BaseException | None = None
        self._ended: float | None = None

    def turn(self) -> bool:
        """Work for a blink; whether all is done. What the work raises is raised here."""
        if self._thread is not None:
            if self._thread.is_alive():
                return False
            self._thread = None
            if self._error is not None:
                error, self._error = self._error, None
                self._steps.close()
                raise error
        now = time.monotonic()
        drawn = 0.0 if self._ended is None else now - self._ended - _TICK_SECONDS
        until = now + min(max(_BLINK_SECONDS, drawn), _LONGEST_TURN_SECONDS)
        try:
            while time.monotonic() < until:
                given = self._steps.send(self._sent)
                self._sent = None
                if isinstance(given, InThread):
                    self._thread = Thread(target=self._work, args=(given.work,), daemon=True, name="PASyn")
                    self._thread.start()
                    return False
                self.share = given
        except StopIteration:
            return True
        finally:
            self._ended = time.monotonic()
        return False

    def stop(self) -> None:
        """Give the work up; it puts back what it has changed."""
        # A file that was opened meanwhile has taken the objects with it.
        with contextlib.suppress(ReferenceError):
            self._steps.close()

    def _work(self, work: Callable[[], Any]) -> None:
        try:
            self._sent = work()
        except BaseException as error:  # raised again where Blender can show it
            self._error = error


_at_work: list[_Turns] = []


def at_work() -> bool:
    """Whether steps are being done in a window just now, so that the animal is between its poses."""
    return bool(_at_work)


class WorksInSteps:
    """Mixin for operators that work on Blender's own data for longer than a blink.

    Called from a script the work is done when the call returns. Called from a button, Blender draws the
    window between turns of the work; the view can be moved, other input waits, and Escape gives the work up.
    """

    doing = "Working"
    """What the status bar says meanwhile."""

    _turns: _Turns | None = None
    _timer: Any = None

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """The work; raises a ``PasynError`` for what the person can put right."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do all the work; Blender calls it for scripts and for redoing."""
        try:
            run_steps(self.steps(context))
        except PasynError as error:
            return self._refuse(error)
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the work where there is a window."""
        return self.start_work(context)

    def start_work(self, context: bpy.types.Context) -> set[str]:
        """Work for a blink, and go on in turns where that was not enough; returns what ``invoke`` has to."""
        if bpy.app.background or context.window is None:
            return self.execute(context)
        turns = _Turns(self.steps(context))
        try:
            if turns.turn():
                return {"FINISHED"}
        except PasynError as error:
            return self._refuse(error)
        self._turns = turns
        _at_work.append(turns)
        manager = context.window_manager
        self._timer = manager.event_timer_add(_TICK_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        manager.progress_begin(0.0, 100.0)
        context.workspace.status_text_set(f"{self.doing} …  Esc to cancel")
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Work for another blink; Blender calls it for every event meanwhile."""
        turns = self._turns
        if event.type == "ESC" or turns is None:
            self._end(context)
            self.report({"INFO"}, f"{self.doing}: cancelled")  # type: ignore[attr-defined]
            return {"CANCELLED"}
        if event.type != "TIMER":
            # What would change the scene waits: the animal is between two of its poses.
            return {"PASS_THROUGH"} if event.type in _LOOKING_AROUND else {"RUNNING_MODAL"}
        try:
            done = turns.turn()
        except PasynError as error:
            self._end(context)
            return self._refuse(error)
        except ReferenceError:
            # Input waits, but scripts and timers of others need not.
            self._end(context)
            return self._refuse(PasynError("something has removed the animal meanwhile; choose it again"))
        except BaseException:
            self._end(context)
            raise
        context.window_manager.progress_update(100.0 * turns.share)
        percent = f"{100 * turns.share:.0f} %"
        context.workspace.status_text_set(f"{self.doing} … {percent}  Esc to cancel")
        if not done:
            return {"RUNNING_MODAL"}
        self._end(context)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up when Blender itself ends the operator: another file is opened, or the window closed."""
        self._end(context)

    def _end(self, context: bpy.types.Context) -> None:
        turns, self._turns = self._turns, None
        if turns is not None:
            _at_work.remove(turns)
            turns.stop()
        manager = context.window_manager
        if self._timer is not None:
            manager.event_timer_remove(self._timer)
            manager.progress_end()
            self._timer = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)

    def _refuse(self, error: PasynError) -> set[str]:
        self.report({"ERROR"}, str(error))  # type: ignore[attr-defined]
        return {"CANCELLED"}
