"""The animal's keypoints, and what of them is drawn over the viewport."""

from collections.abc import Iterable
from typing import Any

import bpy

from ...anatomy.keypoint_sets import AP10K, KEYPOINT_SETS, KeypointSet, landmarks_of
from ...rig.rig_map import RigMap
from .findings import PASYN_PG_finding, list_findings


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
            (known.name, known.title, f"{len(known.keypoints)} keypoints") for known in KEYPOINT_SETS.values()
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

    by_hand: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Placed by Hand",
        description="Landmarks that the chosen set does not label, but that a person has put where they are",
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

    What a person has moved stays marked, also while another set is chosen.
    """
    settings = scene.pasyn.keypoints
    moved = placed_by_hand(scene)
    if rig_map is None:
        settings.found.clear()
        settings.by_hand = ""
        return
    keypoint_set = chosen_set(scene)
    anchors = (rig_map.keypoints.get(landmark) for landmark in keypoint_set.landmarks)
    places = ((anchor.bone or "mesh") if anchor else None for anchor in anchors)
    list_findings(settings.found, zip(keypoint_set.keypoints, places, strict=True), required=True)
    mark_placed_by_hand(scene, moved)


def placed_by_hand(scene: Any) -> set[str]:
    """Landmarks that a person has put where they are, whichever set is chosen."""
    settings = scene.pasyn.keypoints
    listed = landmarks_of([item.name for item in settings.found])
    marked = {name for name, item in zip(listed, settings.found, strict=True) if item.by_hand}
    return marked | set(settings.by_hand.split())


def mark_placed_by_hand(scene: Any, landmarks: Iterable[str]) -> None:
    """Say which landmarks a person has put where they are; all others were found."""
    settings = scene.pasyn.keypoints
    decided = set(landmarks)
    listed = landmarks_of([item.name for item in settings.found])
    for name, item in zip(listed, settings.found, strict=True):
        item.by_hand = name in decided
    settings.by_hand = " ".join(sorted(decided - set(listed)))


CLASSES = (PASYN_PG_keypoints,)
