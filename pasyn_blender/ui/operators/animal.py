"""Choosing, importing and mapping the animal."""

import re
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ImportHelper

from ...errors import MappingError, RigError
from ...rig.loading import load_rig
from ..mapping_steps import map_automatically
from ..properties.animal import choices
from ..properties.findings import mark_by_hand
from ..scene_animal import armature_of, fingerprint, instanced_armature, rig_in_scene
from ..stepwise_work import Steps, WorksInSteps, run_steps
from .reporting import ReportsMistakes, report_findings

_WORD = re.compile(r"[A-Z]{2,}(?![a-z])|[A-Z]?[^\W\d_A-Z]+")
_NO_SPECIES = {"animal", "armature", "rig", "metarig", "skeleton", "root", "body", "mesh", "object", "cube"}


def _species(*names: str) -> str:
    """First guess at a category name: the first word in names of file, armature or meshes that can be one."""
    words = (word.lower() for name in names for word in _WORD.findall(name))
    return next((word for word in words if word not in _NO_SPECIES), "animal")


def object_mode(context: bpy.types.Context) -> None:
    """Leave any other mode, in which nothing can be added."""
    if context.mode != "OBJECT" and bpy.ops.object.mode_set.poll():
        bpy.ops.object.mode_set(mode="OBJECT")


def select_only(context: bpy.types.Context, obj: Any) -> None:
    """Make an object the active one, and the only one that is selected."""
    for other in context.selected_objects:
        other.select_set(False)
    obj.select_set(True)
    context.view_layer.objects.active = obj


class PASYN_OT_use_selected(ReportsMistakes, bpy.types.Operator):
    """Use the selected armature, or the armature of the selected mesh, as the animal."""

    bl_idname = "pasyn.use_selected"
    bl_label = "Use Selected"
    bl_description = "Use the selected armature, or the armature of the selected mesh, as the animal"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something must be selected."""
        if context.active_object is None and not context.selected_objects:
            cls.poll_message_set("Select an armature, or a mesh that is skinned to one")
            return False
        return True

    def perform(self, context: bpy.types.Context) -> None:
        """Make the selection the animal."""
        active = context.active_object
        others = [obj for obj in context.selected_objects if obj != active]
        candidates = [active, *others] if active is not None and active.select_get() else [*others, active]
        armature = next((found for obj in candidates if (found := armature_of(obj)) is not None), None)
        if armature is None:
            name = candidates[0].name
            if instanced_armature(candidates[0]) is not None:
                raise RigError(
                    f"'{name}' only shows a collection that stands elsewhere; "
                    "use Object > Library Override > Make on it, then select its armature"
                )
            raise RigError(f"'{name}' has no armature; select an armature, or a mesh that is skinned to one")
        rig = rig_in_scene(armature, context.scene)
        settings = context.scene.pasyn.animal
        if settings.armature != armature:
            settings.armature = armature
            settings.species = _species(armature.name, *(mesh.name for mesh in rig.meshes))
        self.report({"INFO"}, f"{armature.name}: {len(armature.data.bones)} bones, {len(rig.meshes)} meshes")


class PASYN_OT_import_animal(ReportsMistakes, bpy.types.Operator, ImportHelper):
    """Import a rigged animal from a file into this scene."""

    bl_idname = "pasyn.import_animal"
    bl_label = "Import Animal"
    bl_description = (
        "Import a rigged animal from a file into this scene. "
        "Only the animal is kept; no script of the file runs"
    )
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File",
        description="A .glb, .gltf, .fbx or .blend file with a skinned animal",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]
        default="*.glb;*.gltf;*.fbx;*.blend", options={"HIDDEN"}
    )
    map_automatically: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Map Automatically", description="Find joints and keypoints right after the import", default=True
    )

    _from_window = False

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file, or take the one that was dropped onto the viewport."""
        self._from_window = True
        if self.filepath:
            return self.execute(context)
        result: set[str] = ImportHelper.invoke(self, context, event)
        return result

    def perform(self, context: bpy.types.Context) -> None:
        """Import, choose and map."""
        if not self.filepath.strip():
            raise RigError("choose a file with a rigged animal")
        path = Path(bpy.path.abspath(self.filepath)).expanduser().absolute()
        object_mode(context)
        rig = load_rig(path)
        # Solid bones of a game rig's helpers would hide the animal.
        rig.armature.data.display_type = "STICK"
        settings = context.scene.pasyn.animal
        settings.armature = rig.armature
        settings.species = _species(path.stem)
        settings.source_file = str(path)
        settings.source_fingerprint = fingerprint(rig_in_scene(rig.armature, context.scene, str(path)))
        select_only(context, rig.armature)
        for note in rig.notes:
            self.report({"INFO"}, note)
        if not self.map_automatically:
            return
        # The import itself went well: it stays, and can be undone like any other.
        if self._from_window:
            try:
                bpy.ops.pasyn.map_animal("INVOKE_DEFAULT")
            except RuntimeError as error:
                self.report({"WARNING"}, f"Imported, but not mapped: {error}")
            return
        try:
            rig_map = run_steps(map_automatically(context, {}))
        except MappingError as error:
            self.report({"WARNING"}, f"Imported, but not mapped: {error}")
            return
        report_findings(self, context.scene, rig_map)


class PASYN_OT_map_animal(WorksInSteps, bpy.types.Operator):
    """Find the animal's joints and keypoints from its shape and bones."""

    bl_idname = "pasyn.map_animal"
    bl_label = "Map Automatically"
    bl_description = "Find the animal's joints and keypoints from its shape and bones"
    bl_options = {"REGISTER", "UNDO"}
    doing = "Mapping the animal"

    keep_choices: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Keep Joints Set by Hand",
        description="Joints that you have given a bone, or none, keep it; all others are found anew",
        default=True,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An animal must be chosen."""
        if context.scene.pasyn.animal.armature is None:
            cls.poll_message_set("Choose, import or add an animal first")
            return False
        if context.mode not in {"OBJECT", "POSE"}:
            cls.poll_message_set("Leave edit mode first")
            return False
        return True

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """Map the chosen animal."""
        animal = context.scene.pasyn.animal
        kept = choices(animal) if self.keep_choices else {}
        rig_map = yield from map_automatically(context, kept)
        bones = {name: binding.bone for name, binding in rig_map.joints.items()}
        mark_by_hand(animal.joints, (name for name, bone in kept.items() if bones.get(name, "") == bone))
        report_findings(self, context.scene, rig_map)


class PASYN_FH_animal(bpy.types.FileHandler):
    """Files that can be dropped onto a 3D viewport."""

    bl_idname = "PASYN_FH_animal"
    bl_label = "PASyn: Import Animal"
    bl_import_operator = "pasyn.import_animal"
    bl_file_extensions = ".glb;.gltf;.fbx;.blend"

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only 3D viewports take animals."""
        return context.area is not None and context.area.type == "VIEW_3D"


CLASSES = (PASYN_OT_use_selected, PASYN_OT_import_animal, PASYN_OT_map_animal, PASYN_FH_animal)
