"""What camera, light and background may do from picture to picture."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import bpy

from ..job_fields import DEFAULT_STYLE, OCCLUDED, OCCLUDERS, RANGES, STYLES, RangeField
from .paths import RELATIVE


def _keeper(field: RangeField, changed: str) -> Callable[[Any, bpy.types.Context], None]:
    """Return what keeps a range a range when one of its ends is set."""

    def keep(settings: Any, _context: bpy.types.Context) -> None:
        low, high = range_of(settings, field)
        for end, old, new in zip(
            ("min", "max"), (low, high), field.kept(low, high, changed=changed), strict=True
        ):
            if old != new:
                setattr(settings, f"{field.name}_{end}", new)

    return keep


def range_of(settings: Any, field: RangeField) -> tuple[float, float]:
    """Smallest and largest value of a range."""
    return getattr(settings, f"{field.name}_min"), getattr(settings, f"{field.name}_max")


def _range_properties(fields: Iterable[RangeField]) -> Iterator[tuple[str, Any]]:
    for field in fields:
        for end, word, value in zip(("min", "max"), ("Smallest", "Largest"), field.default, strict=True):
            yield (
                f"{field.name}_{end}",
                bpy.props.FloatProperty(
                    name=f"{field.label} {end.title()}",
                    description=f"{word} value. {field.description}",
                    default=value,
                    min=field.limits[0],
                    max=field.limits[1],
                    soft_min=field.sliders[0],
                    soft_max=field.sliders[1],
                    precision=field.precision,
                    step=100 if field.precision == 0 else 10,
                    update=_keeper(field, end),
                ),
            )


def _styles(_settings: Any, _context: bpy.types.Context, _typed: str) -> tuple[str, ...]:
    return STYLES


class PASYN_PG_place(bpy.types.PropertyGroup):
    """A folder of photos, or a world."""

    path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder",
        description="Folder of photos of where the animal lives",
        subtype="DIR_PATH",
        **RELATIVE,
    )


class PASYN_PG_world(bpy.types.PropertyGroup):
    """A world HDRI: one of Blender's own by name, or a file."""

    path: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="World",
        description="Name of one of Blender's own world HDRIs, such as forest.exr, or an .exr or .hdr file",
        subtype="FILE_PATH",
        **RELATIVE,
    )


class PASYN_PG_scene_before(bpy.types.PropertyGroup):
    """What the scene had before a shot was shown in it."""

    taken: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Taken", description="Whether PASyn's camera, sun and world stand in for the scene's own"
    )
    camera: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Camera", description="The scene's own camera", type=bpy.types.Object
    )
    world: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="World", description="The scene's own world", type=bpy.types.World
    )
    size: bpy.props.IntVectorProperty(  # type: ignore[valid-type]
        name="Size", description="The scene's own render resolution", size=2
    )
    aspect: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="Aspect", description="The scene's own pixel aspect", size=2
    )


class PASYN_PG_shots(bpy.types.PropertyGroup):
    """Ranges that each picture draws from."""

    index: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Shot",
        description="Number of the shot that is shown; picture 000012.png of the dataset is shot 12",
        default=-1,
        min=-1,
        max=10_000_000,
    )
    before: bpy.props.PointerProperty(type=PASYN_PG_scene_before)  # type: ignore[valid-type]
    backgrounds: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Backgrounds",
        description="Folder of photos of where the animal lives. Empty: views of the world that lights it",
        subtype="DIR_PATH",
        **RELATIVE,
    )
    further_backgrounds: bpy.props.CollectionProperty(  # type: ignore[valid-type]
        name="Further Folders", description="More folders of photos", type=PASYN_PG_place
    )
    sun_follows_world: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Sun Follows World",
        description=(
            "The sun stands where the world shows one; azimuth and elevation then serve worlds under an "
            "even sky"
        ),
        default=True,
    )
    worlds: bpy.props.CollectionProperty(  # type: ignore[valid-type]
        name="Worlds",
        description="World HDRIs to draw from. None: Blender's own with ground all round",
        type=PASYN_PG_world,
    )
    use_composition: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Composition",
        description="Match the animal's light to its background, shade the ground, put things in front",
        default=True,
    )
    ground: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Feet on Ground",
        description="Crop photos so that the feet stand on their ground, below their horizon",
        default=True,
    )
    occluded: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="In Front",
        description="Share of the pictures with something in front of the animal; labels know what it hides",
        default=OCCLUDED,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        precision=2,
    )
    occluders: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Things in Front",
        description="What is drawn in front of the animal",
        items=tuple((name, name.title(), f"Draw {name} in front") for name in OCCLUDERS),
        default=set(OCCLUDERS),
        options={"ENUM_FLAG"},
    )
    style: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Style",
        description="Name of a style preset (photo, none, …) or a preset's .yaml file",
        default=DEFAULT_STYLE,
        search=_styles,
        search_options={"SUGGESTION"},
    )
    use_camera_look: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Camera Look",
        description="Leave the traces of lens, sensor and JPEG that every photo has",
        default=True,
    )


PASYN_PG_shots.__annotations__.update(_range_properties(RANGES))

CLASSES = (PASYN_PG_place, PASYN_PG_world, PASYN_PG_scene_before, PASYN_PG_shots)
