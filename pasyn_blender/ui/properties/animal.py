"""The chosen animal and its rig map."""

from typing import Any

import bpy

from ...anatomy.keypoint_sets import AP10K
from ...anatomy.skeleton import JOINTS
from ...rig.rig_map import RigMap
from .findings import PASYN_PG_finding, list_findings


def _is_armature(_settings: Any, obj: Any) -> bool:
    return bool(obj.type == "ARMATURE")


def _armature_changed(settings: Any, _context: bpy.types.Context) -> None:
    # A map belongs to one rig; keeping it on another would draw nonsense.
    forget_map(settings.id_data)
    settings.source_file = ""
    settings.source_fingerprint = ""


class PASYN_PG_animal(bpy.types.PropertyGroup):
    """Which animal of the scene is used, and which of its bones play which joints."""

    armature: bpy.props.PointerProperty(  # type: ignore[valid-type]
        name="Armature",
        description="Armature of the animal to make pictures of",
        type=bpy.types.Object,
        poll=_is_armature,
        update=_armature_changed,
    )
    source_file: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="File the animal was imported from; empty for an animal of this scene"
    )
    source_fingerprint: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="Hash of the animal as imported, to see whether it was edited since", options={"HIDDEN"}
    )
    rig_map: bpy.props.StringProperty(  # type: ignore[valid-type]
        description="The rig map as YAML, as it is written beside a dataset", options={"HIDDEN"}
    )
    joints: bpy.props.CollectionProperty(type=PASYN_PG_finding)  # type: ignore[valid-type]
    joint_index: bpy.props.IntProperty(name="Joint", description="Joint chosen in the list")  # type: ignore[valid-type]
    species: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Species", description="Category name in the annotations", default="animal"
    )


def forget_map(scene: Any) -> None:
    """Go back to an animal that is not mapped."""
    settings = scene.pasyn
    settings.animal.rig_map = ""
    settings.animal.joints.clear()
    settings.keypoints.found.clear()


def keep_map(scene: Any, rig_map: RigMap, text: str) -> None:
    """Store a rig map in a scene, with what it found for the lists.

    Parameters
    ----------
    scene
        Where the animal stands.
    rig_map
        The map.
    text
        The same map as YAML.
    """
    settings = scene.pasyn
    settings.animal.rig_map = text
    joints = ((name, rig_map.joints[name].bone if name in rig_map.joints else None) for name in JOINTS)
    list_findings(settings.animal.joints, joints, required=False)
    anchors = ((name, rig_map.keypoints.get(name)) for name in AP10K.keypoints)
    places = ((name, (anchor.bone or "mesh") if anchor else None) for name, anchor in anchors)
    list_findings(settings.keypoints.found, places, required=True)


CLASSES = (PASYN_PG_animal,)
