"""How Blender's versions are told what kind of path a property holds."""

from typing import Any

import bpy

# Blender 4.5 asks every path to say so; earlier versions do not know the word and always resolve "//".
RELATIVE: Any = {"options": {"PATH_SUPPORTS_BLEND_RELATIVE"}} if bpy.app.version >= (4, 5, 0) else {}
"""Further arguments of a path property that may start with ``//``."""
