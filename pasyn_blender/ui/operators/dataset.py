"""Making the dataset in the background."""

import time
from pathlib import Path
from typing import Any

import bpy

from ...errors import OutputError, PasynError
from .. import background_run, command_line
from ..dataset_folder import INPUT, output_folder
from ..job_files import write_job_files
from ..preferences import background_default, blender_choice, program_path
from .reporting import ReportsMistakes


def may_write_job(cls: Any, context: bpy.types.Context) -> bool:
    """Whether there is an animal for a job; the operator's poll message says what is missing."""
    animal = context.scene.pasyn.animal
    if animal.armature is None:
        cls.poll_message_set("Choose or import an animal first")
    elif not animal.rig_map:
        cls.poll_message_set("Map the animal first")
    elif context.mode.startswith("EDIT"):
        cls.poll_message_set("Leave edit mode first")
    else:
        return True
    return False


class PASYN_OT_render_dataset(ReportsMistakes, bpy.types.Operator):
    """Render the dataset in the background; Blender stays usable."""

    bl_idname = "pasyn.render_dataset"
    bl_label = "Render Dataset"
    bl_description = (
        "Render the dataset in the background; Blender stays usable. "
        "A folder with the same dataset is continued"
    )
    bl_options = {"REGISTER"}

    wait: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Wait",
        description="For scripts: return only when the dataset is finished; Blender stands still meanwhile",
        default=False,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A mapped animal, and no other run."""
        run = background_run.current()
        if not may_write_job(cls, context):
            return False
        if run is not None and run.active:
            cls.poll_message_set("A dataset is being rendered")
            return False
        return True

    def perform(self, context: bpy.types.Context) -> None:
        """Write the job and start the renderer."""
        program = command_line.find_program(program_path(context))
        folder = output_folder(context)
        files = write_job_files(
            context,
            folder / INPUT / "job.yaml",
            rig_map="rig_map.yaml",
            rig="rig",
            backgrounds=background_default(context),
        )
        run = background_run.start(
            [*program.command, "run", str(files.job), "--out", str(folder), *blender_choice(context)],
            folder,
            context.scene.pasyn.dataset.images,
            folder / INPUT / "run.log",
            background_run.blender_environment(program.search_path),
        )
        if not self.wait:
            self.report({"INFO"}, f"Rendering {run.images} pictures into {folder}")
            return
        while background_run.tick() is not None:
            time.sleep(background_run.TICK_SECONDS)
        if run.state != "finished":
            raise PasynError(run.message)
        self.report({"INFO"}, run.message)


class PASYN_OT_cancel_render(bpy.types.Operator):
    """Stop rendering."""

    bl_idname = "pasyn.cancel_render"
    bl_label = "Cancel"
    bl_description = "Stop rendering. What is rendered stays, and Render Dataset goes on from there"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A run must be going on."""
        run = background_run.current()
        if run is None or run.state != "running":
            cls.poll_message_set("Nothing is being rendered")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the run to stop."""
        return {"FINISHED"} if background_run.cancel() else {"CANCELLED"}


class PASYN_OT_open_report(ReportsMistakes, bpy.types.Operator):
    """Open the dataset's report in the web browser."""

    bl_idname = "pasyn.open_report"
    bl_label = "Open Report"
    bl_description = "Open the dataset's report in the web browser"
    bl_options = {"REGISTER"}

    def perform(self, context: bpy.types.Context) -> None:
        """Open ``report.html`` of the output folder."""
        report = output_folder(context) / "report.html"
        if not report.is_file():
            raise OutputError(f"there is no report at {report} yet; render the dataset first")
        bpy.ops.wm.url_open(url=report.as_uri())


class PASYN_OT_open_folder(ReportsMistakes, bpy.types.Operator):
    """Open the dataset's folder in the file browser."""

    bl_idname = "pasyn.open_folder"
    bl_label = "Open Folder"
    bl_description = "Open the dataset's folder in the system's file browser"
    bl_options = {"REGISTER"}

    def perform(self, context: bpy.types.Context) -> None:
        """Show the output folder."""
        folder = output_folder(context)
        if not folder.is_dir():
            raise OutputError(f"there is no folder {folder} yet; render the dataset first")
        open_folder(folder)


def open_folder(folder: Path) -> None:
    """Show a folder in the system's file browser."""
    try:
        bpy.ops.wm.path_open(filepath=str(folder))
    except RuntimeError as error:
        raise OutputError(f"cannot open {folder}: {str(error).strip()}") from None


CLASSES = (PASYN_OT_render_dataset, PASYN_OT_cancel_render, PASYN_OT_open_report, PASYN_OT_open_folder)
