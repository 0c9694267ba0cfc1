"""Saving the rig map to a file, and loading one."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...errors import RigMapError
from ..command_line import write_text
from ..mapping_steps import load_map
from ..properties.findings import mark_by_hand
from .reporting import ReportsMistakes, report_findings

ENDING = ".rig_map.yaml"


def _path(filepath: str) -> Path:
    if not filepath.strip():
        raise RigMapError("choose a file")
    return Path(bpy.path.abspath(filepath)).expanduser().absolute()


class PASYN_OT_save_rig_map(ReportsMistakes, bpy.types.Operator, ExportHelper):
    """Write the rig map to a file."""

    bl_idname = "pasyn.save_rig_map"
    bl_label = "Save Rig Map"
    bl_description = (
        "Write which bone plays which joint, and where the keypoints sit, as YAML that a person can edit, "
        "that other files can load and that jobs name as rig_map"
    )
    bl_options = {"REGISTER"}

    filename_ext = ".yaml"
    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="The .yaml file to write", subtype="FILE_PATH"
    )
    filter_glob: bpy.props.StringProperty(default="*.yaml;*.yml", options={"HIDDEN"})  # type: ignore[valid-type]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """An animal must be mapped."""
        if not context.scene.pasyn.animal.rig_map:
            cls.poll_message_set("Map the animal first")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file; its name is the animal's."""
        animal = context.scene.pasyn.animal
        source = Path(animal.source_file)
        stem = source.stem if animal.source_file else bpy.path.clean_name(animal.armature.name)
        folder = Path(bpy.data.filepath or animal.source_file or self.filepath).parent
        self.filepath = str(folder / f"{stem}{ENDING}")
        result: set[str] = ExportHelper.invoke(self, context, event)
        return result

    def perform(self, context: bpy.types.Context) -> None:
        """Write the text that the scene has."""
        path = _path(self.filepath)
        write_text(path, context.scene.pasyn.animal.rig_map)
        self.report({"INFO"}, f"Saved {path}")


class PASYN_OT_load_rig_map(ReportsMistakes, bpy.types.Operator, ImportHelper):
    """Read the rig map of the chosen animal from a file."""

    bl_idname = "pasyn.load_rig_map"
    bl_label = "Load Rig Map"
    bl_description = (
        "Use a rig map that was saved before, or written by the pasyn program, for the chosen animal. "
        "A map of another rig is refused"
    )
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".yaml"
    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="The .yaml file to read", subtype="FILE_PATH"
    )
    filter_glob: bpy.props.StringProperty(default="*.yaml;*.yml", options={"HIDDEN"})  # type: ignore[valid-type]

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

    def perform(self, context: bpy.types.Context) -> None:
        """Read, check and store it."""
        rig_map = load_map(context, _path(self.filepath))
        mark_by_hand(context.scene.pasyn.animal.joints, ())
        report_findings(self, context.scene, rig_map)


CLASSES = (PASYN_OT_save_rig_map, PASYN_OT_load_rig_map)
