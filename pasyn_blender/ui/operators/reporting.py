"""How operators tell a person what is wrong."""

from __future__ import annotations

import bpy

from ...errors import PasynError


class ReportsMistakes:
    """Mixin for operators: a mistake of the input becomes a message in the status bar, not a traceback."""

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run the operator; Blender calls it."""
        try:
            self.perform(context)
        except PasynError as error:
            self.report({"ERROR"}, str(error))  # type: ignore[attr-defined]
            return {"CANCELLED"}
        return {"FINISHED"}

    def perform(self, context: bpy.types.Context) -> None:
        """Do the work; raise a ``PasynError`` for what the person can put right."""
        raise NotImplementedError
