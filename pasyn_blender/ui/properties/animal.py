"""The chosen animal and its rig map."""

import textwrap
from typing import Any

import bpy

from ...anatomy.skeleton import JOINTS
from ...rig.rig_map import RigMap
from .built_in import PASYN_PG_built_in
from .findings import PASYN_PG_finding, by_hand, list_findings, mark_by_hand
from .keypoints import list_keypoints


def _is_armature(_settings: Any, obj: Any) -> bool:
    return bool(obj.type == "ARMATURE")


def _armature_changed(settings: Any, _context: bpy.types.Context) -> None:
    # A map belongs to one rig; keeping it on another would draw nonsense.
    forget_map(settings.id_data)
    settings.source_file = ""
    settings.source_fingerprint = ""


def _bone_of_joint(settings: Any) -> str:
    joint = chosen_joint(settings)
    return str(joint.place) if joint is not None and joint.found else ""


def _choose_bone(settings: Any, bone: str) -> None:
    joint = chosen_joint(settings)
    if joint is None or bone == _bone_of_joint(settings):
        return
    # An operator, so that the choice is one step to undo, and a mistake is told like any other.
    options = {"joint": joint.name, "both_sides": settings.both_sides, **({"bone": bone} if bone else {})}
    window = bpy.context.window
    if bpy.app.background or window is None:
        _change_joint(options)
        return

    def soon() -> None:
        with bpy.context.temp_override(window=window):
            _change_joint(options)

    # Blender is in the middle of its text field, and an operator that goes on working would hang it there.
    bpy.app.timers.register(soon, first_interval=0.0)


def _change_joint(options: dict[str, Any]) -> None:
    operator = bpy.ops.pasyn.set_joint if "bone" in options else bpy.ops.pasyn.clear_joint
    try:
        operator("INVOKE_DEFAULT", **options)
    except RuntimeError as error:
        if not bpy.app.background:  # where it is read off the terminal, to which operators write it
            show_mistake(str(error))


def show_mistake(message: str) -> None:
    """Show what was wrong beside the mouse: what a property calls cannot write to the status bar."""
    text = message.removeprefix("Error: ").strip()

    def draw(menu: Any, _context: bpy.types.Context) -> None:
        for line in textwrap.wrap(text, 72):
            menu.layout.label(text=line)

    bpy.context.window_manager.popup_menu(draw, title="PASyn", icon="ERROR")


def _joint_chosen(settings: Any, _context: bpy.types.Context) -> None:
    # Who chooses one wants to see where it is.
    settings.id_data.pasyn.keypoints.show_joint = True


def chosen_joint(settings: Any) -> Any | None:
    """The joint that is chosen in the list of an animal's settings; None where none is."""
    index, joints = settings.joint_index, settings.joints
    return joints[index] if 0 <= index < len(joints) else None


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
    joint_index: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Joint", description="Joint chosen in the list", update=_joint_chosen
    )
    joint_bone: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Bone",
        description=(
            "Bone that plays the joint chosen in the list. Choose another to correct the map, "
            "or empty the field where this animal has no bone for it"
        ),
        get=_bone_of_joint,
        set=_choose_bone,
    )
    both_sides: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Both Sides",
        description=(
            "Give the same joint of the animal's other side the bone of the mirrored name (.L and .R, "
            "Left and Right), where there is one"
        ),
        default=True,
    )
    species: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Species",
        description="Name of the animal's category in the annotations of a dataset",
        default="animal",
    )
    built_in: bpy.props.PointerProperty(type=PASYN_PG_built_in)  # type: ignore[valid-type]


def choices(settings: Any) -> dict[str, str]:
    """Joint to what a person has chosen for it: the name of a bone, or "" for none."""
    return {item.name: item.place for item in settings.joints if item.by_hand}


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

    Notes
    -----
    What a person has chosen for joints stays marked as long as the joint keeps its bone.
    """
    settings = scene.pasyn
    before = {item.name: item.place for item in settings.animal.joints}
    decided = by_hand(settings.animal.joints)
    settings.animal.rig_map = text
    joints = ((name, rig_map.joints[name].bone if name in rig_map.joints else None) for name in JOINTS)
    list_findings(settings.animal.joints, joints, required=False)
    same = (item.name for item in settings.animal.joints if before.get(item.name) == item.place)
    mark_by_hand(settings.animal.joints, decided.intersection(same))
    list_keypoints(scene, rig_map)


CLASSES = (PASYN_PG_built_in, PASYN_PG_animal)
