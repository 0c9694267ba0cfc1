"""What PASyn keeps in a scene: the chosen animal, its rig map, and the dataset to make."""

from typing import Any

import bpy

from ..anatomy.keypoint_sets import AP10K
from ..anatomy.skeleton import JOINTS
from ..rig.rig_map import RigMap

# Blender 4.5 asks every path to say so; earlier versions do not know the word and always resolve "//".
_RELATIVE: Any = {"options": {"PATH_SUPPORTS_BLEND_RELATIVE"}} if bpy.app.version >= (4, 5, 0) else {}


def _is_armature(_settings: Any, obj: Any) -> bool:
    return bool(obj.type == "ARMATURE")


def _armature_changed(settings: Any, _context: bpy.types.Context) -> None:
    # A map belongs to one rig; keeping it on another would draw nonsense.
    settings.forget_map()
    settings.source_file = ""
    settings.source_fingerprint = ""


class PASYN_PG_finding(bpy.types.PropertyGroup):
    """A joint or keypoint, and whether it was found on the rig. Rigs may lack joints, animals no keypoint."""

    found: bpy.props.BoolProperty(name="Found", description="Whether it was found on this rig")  # type: ignore[valid-type]
    required: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Required", description="Whether every animal has it, so that it must have been overlooked"
    )
    place: bpy.props.StringProperty(name="Place", description="Bone that carries it, or the mesh")  # type: ignore[valid-type]


class PASYN_PG_settings(bpy.types.PropertyGroup):
    """Everything of PASyn that is saved with a scene."""

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
    keypoints: bpy.props.CollectionProperty(type=PASYN_PG_finding)  # type: ignore[valid-type]
    keypoint_index: bpy.props.IntProperty(  # type: ignore[valid-type]
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

    species: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Species", description="Category name in the annotations", default="animal"
    )
    poses: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Poses",
        description="Where poses come from",
        items=(
            ("prior", "Learnt", "New poses from the built-in prior, learnt from many animals' motion"),
            ("actions", "Own Actions", "Moments of the animal's own actions"),
        ),
    )
    images: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Pictures",
        description="How many pictures to make",
        default=24,
        min=1,
        soft_max=5000,
        max=10_000_000,
    )
    seed: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Seed",
        description="Decides every choice of a dataset: the same seed gives the same pictures",
        default=0,
        min=0,
    )
    resolution: bpy.props.IntVectorProperty(  # type: ignore[valid-type]
        name="Size",
        description="Width and height of the pictures in pixels",
        size=2,
        default=(256, 256),
        min=16,
        soft_max=2048,
        max=8192,
    )
    samples: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Samples",
        description="Samples a pixel; 16 with denoising is enough for training",
        default=16,
        min=1,
        soft_max=256,
        max=16384,
    )
    backgrounds: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Backgrounds",
        description="Folder of photos of where the animal lives. Empty: views of Blender's own worlds",
        subtype="DIR_PATH",
        **_RELATIVE,
    )
    output: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder",
        description="Folder the dataset is written to",
        subtype="DIR_PATH",
        default="//dataset",
        **_RELATIVE,
    )

    def forget_map(self) -> None:
        """Go back to an animal that is not mapped."""
        self.rig_map = ""
        self.joints.clear()
        self.keypoints.clear()

    def keep_map(self, rig_map: RigMap, text: str) -> None:
        """Store a rig map and what it found.

        Parameters
        ----------
        rig_map
            The map.
        text
            The same map as YAML.
        """
        self.forget_map()
        self.rig_map = text
        for name in JOINTS:
            joint = rig_map.joints.get(name)
            _list_finding(self.joints, name, joint.bone if joint else None, False)
        for name in AP10K.keypoints:
            anchor = rig_map.keypoints.get(name)
            place = (anchor.bone or "mesh") if anchor else None
            _list_finding(self.keypoints, name, place, True)


def _list_finding(collection: Any, name: str, place: str | None, required: bool) -> None:
    item = collection.add()
    item.name = name
    item.found = place is not None
    item.place = place or ""
    item.required = required


CLASSES = (PASYN_PG_finding, PASYN_PG_settings)


def register() -> None:
    """Give scenes their PASyn settings."""
    bpy.types.Scene.pasyn = bpy.props.PointerProperty(
        type=PASYN_PG_settings, name="PASyn", description="Animal and dataset of this scene"
    )


def unregister() -> None:
    """Take the settings' definition away; what is saved in files stays there."""
    del bpy.types.Scene.pasyn
