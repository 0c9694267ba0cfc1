"""Choosing, importing and mapping the animal."""

import re
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ImportHelper

from ...anatomy.skeleton import JOINTS
from ...errors import MappingError, RigError
from ...rig.loading import load_rig
from ...rig.rig_map import RigMap
from .. import live_map
from ..scene_animal import armature_of, fingerprint, rig_in_scene
from .reporting import ReportsMistakes


def _species(name: str) -> str:
    """First guess at a category name: the letters a file or armature name begins with."""
    match = re.match(r"[^\W\d_]+", name)
    return match.group().lower() if match else "animal"


def _object_mode(context: bpy.types.Context) -> None:
    if context.mode != "OBJECT" and bpy.ops.object.mode_set.poll():
        bpy.ops.object.mode_set(mode="OBJECT")


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
            raise RigError(f"'{name}' has no armature; select an armature, or a mesh that is skinned to one")
        rig = rig_in_scene(armature, context.scene)
        settings = context.scene.pasyn.animal
        if settings.armature != armature:
            settings.armature = armature
            settings.species = _species(armature.name)
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
    )
    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]
        default="*.glb;*.gltf;*.fbx;*.blend", options={"HIDDEN"}
    )
    map_automatically: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Map Automatically", description="Find joints and keypoints right after the import", default=True
    )

    def perform(self, context: bpy.types.Context) -> None:
        """Import, choose and map."""
        path = Path(bpy.path.abspath(self.filepath)).absolute()
        _object_mode(context)
        rig = load_rig(path)
        # Solid bones of a game rig's helpers would hide the animal.
        rig.armature.data.display_type = "STICK"
        settings = context.scene.pasyn.animal
        settings.armature = rig.armature
        settings.species = _species(path.stem)
        settings.source_file = str(path)
        settings.source_fingerprint = fingerprint(rig)
        for obj in context.selected_objects:
            obj.select_set(False)
        rig.armature.select_set(True)
        context.view_layer.objects.active = rig.armature
        for note in rig.notes:
            self.report({"INFO"}, note)
        if self.map_automatically:
            try:
                rig_map = live_map.map_animal(context)
            except MappingError as error:
                # The import itself went well: it stays, and can be undone like any other.
                self.report({"WARNING"}, f"Imported, but not mapped: {error}")
                return
            _report_findings(self, rig_map)


class PASYN_OT_map_animal(ReportsMistakes, bpy.types.Operator):
    """Find the animal's joints and keypoints from its shape and bones."""

    bl_idname = "pasyn.map_animal"
    bl_label = "Map Automatically"
    bl_description = "Find the animal's joints and keypoints from its shape and bones"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An animal must be chosen."""
        if context.scene.pasyn.animal.armature is None:
            cls.poll_message_set("Choose or import an animal first")
            return False
        if context.mode not in {"OBJECT", "POSE"}:
            cls.poll_message_set("Leave edit mode first")
            return False
        return True

    def perform(self, context: bpy.types.Context) -> None:
        """Map the chosen animal."""
        rig_map = live_map.map_animal(context)
        _report_findings(self, rig_map)


def _report_findings(operator: Any, rig_map: RigMap) -> None:
    lost = [name for name in live_map.KEYPOINTS.keypoints if name not in rig_map.keypoints]
    if lost:
        operator.report({"WARNING"}, f"Keypoints not found: {', '.join(lost)}")
        return
    joints = f"{len(rig_map.joints)} of {len(JOINTS)} joints"
    operator.report({"INFO"}, f"Found {joints} and all {len(live_map.KEYPOINTS.keypoints)} keypoints")


CLASSES = (PASYN_OT_use_selected, PASYN_OT_import_animal, PASYN_OT_map_animal)
