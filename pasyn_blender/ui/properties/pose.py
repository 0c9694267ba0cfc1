"""Where poses come from."""

import bpy


class PASYN_PG_pose(bpy.types.PropertyGroup):
    """The prior that poses come from, and what is drawn from it."""

    source: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Poses",
        description="Where poses come from",
        items=(
            ("prior", "Learnt", "New poses from the built-in prior, learnt from many animals' motion"),
            ("actions", "Own Actions", "Moments of the animal's own actions"),
        ),
    )


CLASSES = (PASYN_PG_pose,)
