"""What is drawn over the viewport."""

import bpy

from .findings import PASYN_PG_finding


class PASYN_PG_keypoints(bpy.types.PropertyGroup):
    """The animal's keypoints, and how they are shown."""

    found: bpy.props.CollectionProperty(type=PASYN_PG_finding)  # type: ignore[valid-type]
    index: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Keypoint",
        description="Keypoint chosen in the list; it is ringed in the viewport",
        default=-1,
    )

    show_overlay: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Show in Viewport",
        description="Draw the keypoints over the viewport, on the posed animal",
        default=True,
    )
    show_names: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Names", description="Write each keypoint's name beside it", default=True
    )
    mark_size: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Size",
        description="Radius of the marks in pixels",
        default=5.0,
        min=2.0,
        max=20.0,
        step=50,
        precision=1,
    )


CLASSES = (PASYN_PG_keypoints,)
