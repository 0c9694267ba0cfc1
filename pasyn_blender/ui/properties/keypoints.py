"""The animal's keypoints, and what of them is drawn over the viewport."""

from typing import Any

import bpy

from ...anatomy.keypoint_sets import AP10K, KEYPOINT_SETS, KeypointSet
from ...rig.rig_map import RigMap
from .findings import PASYN_PG_finding, by_hand, list_findings, mark_by_hand

_TITLES = {"ap10k": "AP-10K"}


def _set_title(keypoint_set: KeypointSet) -> str:
    words = keypoint_set.name.replace("-", " ").replace("_", " ").split()
    return _TITLES.get(keypoint_set.name, " ".join(word[:1].upper() + word[1:] for word in words))


def _set_changed(settings: Any, _context: bpy.types.Context) -> None:
    # Imported late: the map in memory is made of what these properties say.
    from .. import live_map

    settings.index = -1
    live_map.list_again(settings.id_data)


class PASYN_PG_keypoints(bpy.types.PropertyGroup):
    """The animal's keypoints, and how they are shown."""

    keypoint_set: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Set",
        description="Which keypoints are labelled, and in which order",
        items=tuple(
            (known.name, _set_title(known), f"{len(known.keypoints)} keypoints")
            for known in KEYPOINT_SETS.values()
        ),
        default=AP10K.name,
        update=_set_changed,
    )
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
    show_visibility: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Visibility",
        description=(
            "Draw keypoints that the animal hides from this view as rings, with dashed links: "
            "they are labelled as hidden in a picture taken from here"
        ),
        default=True,
    )
    show_joint: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Mark in Viewport",
        description="Mark the bone of the chosen joint over the viewport",
        default=False,
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
    mirror: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Both Sides",
        description="Moving a keypoint of one side moves its counterpart on the other side as well",
        default=True,
    )


def chosen_set(scene: Any) -> KeypointSet:
    """The keypoint set that a scene uses."""
    return KEYPOINT_SETS.get(scene.pasyn.keypoints.keypoint_set, AP10K)


def list_keypoints(scene: Any, rig_map: RigMap | None) -> None:
    """Fill the list of keypoints from a rig map; without one the list is emptied.

    What a person has moved stays marked.
    """
    settings = scene.pasyn.keypoints
    moved = by_hand(settings.found)
    if rig_map is None:
        settings.found.clear()
        return
    anchors = ((name, rig_map.keypoints.get(name)) for name in chosen_set(scene).keypoints)
    places = ((name, (anchor.bone or "mesh") if anchor else None) for name, anchor in anchors)
    list_findings(settings.found, places, required=True)
    mark_by_hand(settings.found, moved)


CLASSES = (PASYN_PG_keypoints,)
