"""The extension's preferences."""

from pathlib import Path
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
    render_with: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Render with",
        description="Which Blender renders datasets",
        items=(
            ("this", "This Blender", "The Blender that is running now, in the background"),
            ("own", "pasyn's Own", "Whatever the pasyn program renders with: the bpy module beside it"),
        ),
    )
    datasets: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Datasets",
        description=(
            "Folder that new scenes put their datasets in, each into a folder of its own. "
            "Empty: beside the .blend"
        ),
        subtype="DIR_PATH",
    )
    backgrounds: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Backgrounds",
        description="Folder of photos that new scenes take as backgrounds. Empty: views of worlds",
        subtype="DIR_PATH",
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Show the settings, and whether the program is there."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "program")
        try:
            found = command_line.find_program(self.program)
        except PasynError as error:
            layout.label(text=str(error), icon="ERROR")
        else:
            layout.label(text=f"Renders with {' '.join(found.command)}", icon="CHECKMARK")
        row = layout.row()
        row.enabled = bool(bpy.app.binary_path)
        row.prop(self, "render_with")
        layout.prop(self, "datasets")
        layout.prop(self, "backgrounds")


def _preferences(context: bpy.types.Context) -> Any | None:
    """The preferences; None where PASyn runs as a library."""
    addon = context.preferences.addons.get(EXTENSION)
    return None if addon is None else addon.preferences


def program_path(context: bpy.types.Context) -> str:
    """Path of the program; empty where none is set."""
    preferences = _preferences(context)
    return "" if preferences is None else bpy.path.abspath(preferences.program)


def blender_choice(context: bpy.types.Context) -> list[str]:
    """Words of the command that say which Blender renders; none for the program's own choice."""
    preferences = _preferences(context)
    # As a Python module, Blender has no program.
    if not bpy.app.binary_path or (preferences is not None and preferences.render_with == "own"):
        return []
    return ["--blender", bpy.app.binary_path]


def datasets_default(context: bpy.types.Context) -> Path | None:
    """Folder for datasets of scenes that name none; None where none is set."""
    preferences = _preferences(context)
    named = "" if preferences is None else preferences.datasets.strip()
    return Path(bpy.path.abspath(named)).expanduser().absolute() if named else None


def background_default(context: bpy.types.Context) -> str:
    """Folder of photos for scenes that name none; empty where none is set."""
    preferences = _preferences(context)
    return "" if preferences is None else preferences.backgrounds.strip()


CLASSES = (PASYN_AP_preferences,)
