"""Runs in a Blender of its own: installs the extension from its archive, then does what a test asks.

``python inside_blender.py ARCHIVE CODE``; ``BLENDER_USER_RESOURCES`` must point at an empty folder.
"""

import atexit
import os
import sys
import time
from typing import Any

import bpy

MODULE = "bl_ext.user_default.pasyn_blender"


drawings: list[Any] = []
"""What is drawn over viewports by way of Python; Blender itself lists it nowhere."""


def _note_drawings() -> None:
    view = bpy.types.SpaceView3D
    add, remove = view.draw_handler_add, view.draw_handler_remove

    def noted_add(*arguments: Any) -> Any:
        drawings.append(add(*arguments))
        return drawings[-1]

    def noted_remove(handle: Any, *arguments: Any) -> None:
        remove(handle, *arguments)
        drawings[:] = [kept for kept in drawings if kept is not handle]

    view.draw_handler_add, view.draw_handler_remove = staticmethod(noted_add), staticmethod(noted_remove)


def install(archive: str) -> None:
    """Install and enable the extension as a person would from a file."""
    _note_drawings()
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


def traces() -> dict[str, Any]:
    """Everything that the extension may leave in this Blender, by kind."""
    import threading
    import types

    def ours(function: Any) -> bool:
        return str(getattr(function, "__module__", "")).startswith(MODULE)

    kinds = [kind for name in dir(bpy.types) if isinstance(kind := getattr(bpy.types, name), type)]
    functions = [
        value
        for name, module in tuple(sys.modules.items())
        if name.startswith(MODULE)
        for value in tuple(vars(module).values())
        if isinstance(value, types.FunctionType)
    ]
    keymaps = bpy.context.window_manager.keyconfigs.addon
    return {
        "handlers": {
            name: found
            for name in dir(bpy.app.handlers)
            if isinstance(entries := getattr(bpy.app.handlers, name), list)
            and (found := sorted(entry.__qualname__ for entry in entries if ours(entry)))
        },
        "classes": sorted(name for name in dir(bpy.types) if "pasyn" in name.lower()),
        "scenes' and others' properties": sorted(
            f"{kind.__name__}.{name}"
            for kind in kinds
            if issubclass(kind, bpy.types.ID)
            for name in kind.bl_rna.properties.keys()  # noqa: SIM118 - iterating gives the properties
            if "pasyn" in name
        ),
        "operators": sorted(dir(bpy.ops.pasyn)),
        "menu entries": sorted(
            f"{kind.__name__}: {entry.__qualname__}"
            for kind in kinds
            for entry in getattr(getattr(kind, "draw", None), "_draw_funcs", ())
            if ours(entry)
        ),
        "keys": sorted(
            f"{keymap.name}: {item.idname}"
            for keymap in (keymaps.keymaps if keymaps is not None else ())
            for item in keymap.keymap_items
            if item.idname.startswith("pasyn.")
        ),
        "drawings": len(drawings),
        "timers": sorted({entry.__qualname__ for entry in functions if bpy.app.timers.is_registered(entry)}),
        "threads": sorted(thread.name for thread in threading.enumerate() if "PASyn" in thread.name),
        "search path": list(sys.path),
        "names in drivers": sorted(bpy.app.driver_namespace),
    }


def differences(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """The kinds of two :func:`traces` that differ, before and now."""
    return {kind: (before[kind], now[kind]) for kind in before if before[kind] != now[kind]}


def leave() -> None:
    """End a test that has gone well at once: having looked at all types, Blender may never end by itself."""
    import os

    print("the end", flush=True)
    os._exit(0)


if __name__ == "__main__":
    install(sys.argv[1])
    try:
        exec(compile(sys.argv[2], "test", "exec"), globals())
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stdout.flush()
        # A Blender left in the middle of something may never end by itself.
        os._exit(1)
    print("the end", flush=True)
    # What was registered for the end runs; Blender's own clean-up after it sometimes waits for ever.
    atexit._run_exitfuncs()
    os._exit(0)
