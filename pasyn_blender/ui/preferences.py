"""The extension's preferences."""

from typing import Any

import bpy

from ..errors import PasynError
from . import command_line

# The extension's own name, "bl_ext.<repository>.pasyn_blender" when installed.
EXTENSION = __package__.rpartition(".")[0]


class PASYN_AP_preferences(bpy.types.AddonPreferences):
    """What holds for every file."""

    bl_idname = EXTENSION

    program: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="pasyn program",
        description=(
            "The pasyn command that renders datasets. "
            "Empty: looked for beside Blender's Python and on the PATH"
        ),
        subtype="FILE_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Show the settings, and whether the program is there."""
        self.layout.prop(self, "program")
        try:
            found = command_line.find_program(self.program)
        except PasynError as error:
            self.layout.label(text=str(error), icon="ERROR")
        else:
            self.layout.label(text=f"Renders with {' '.join(found.command)}", icon="CHECKMARK")


def program_path(context: bpy.types.Context) -> str:
    """Path of the program from the preferences; empty where none is set or PASyn runs as a library."""
    addon: Any = context.preferences.addons.get(EXTENSION)
    return "" if addon is None else bpy.path.abspath(addon.preferences.program)


CLASSES = (PASYN_AP_preferences,)
