"""PASyn: exactly labelled synthetic animal pictures, as a Python library and as a Blender extension.

Importing the package needs neither Blender nor a window. Blender calls :func:`register` and
:func:`unregister` when the extension is enabled and disabled; only then is the user interface loaded.
"""

from __future__ import annotations

__all__ = ["register", "unregister"]


def register() -> None:
    """Add PASyn's panels, operators and properties to the running Blender."""
    from . import ui

    ui.register()


def unregister() -> None:
    """Take everything :func:`register` added away again."""
    from . import ui

    ui.unregister()
