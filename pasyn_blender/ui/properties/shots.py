"""What camera, light and background may do from picture to picture."""

import bpy

from .paths import RELATIVE


class PASYN_PG_shots(bpy.types.PropertyGroup):
    """Ranges that each picture draws from."""

    backgrounds: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Backgrounds",
        description="Folder of photos of where the animal lives. Empty: views of Blender's own worlds",
        subtype="DIR_PATH",
        **RELATIVE,
    )


CLASSES = (PASYN_PG_shots,)
