"""Making the dataset in the background."""

import os
import time
from pathlib import Path
from typing import Any

import bpy

from ...errors import BackgroundError, OutputError, PasynError
from .. import background_run, command_line
from ..preferences import program_path
from ..scene_animal import fingerprint, rig_in_scene, save_rig
from .reporting import ReportsMistakes

INPUT = "input"
"""Folder inside the dataset that holds what the panel wrote: job, rig map, and the rig where needed."""


def output_folder(settings: Any) -> Path:
    """Output folder of a scene's settings, absolute.

    Raises
    ------
    OutputError
        It is empty, or relative to a .blend that was never saved.
    """
    if not settings.dataset.output.strip():
        raise OutputError("choose a folder for the dataset")
    if settings.dataset.output.startswith("//") and not bpy.data.filepath:
        raise OutputError("save the .blend first, or choose a folder that is not relative to it")
    return Path(bpy.path.abspath(settings.dataset.output)).expanduser().absolute()


def write_input(context: bpy.types.Context, folder: Path) -> Path:
    """Write all that the renderer needs into ``folder/input``.

    Parameters
    ----------
    context
        Its scene's settings are written.
    folder
        Output folder.

    Returns
    -------
    Path
        The job file.

    Raises
    ------
    PasynError
        The animal is gone, the background folder is not there, or the folder cannot be written.
    """
    settings = context.scene.pasyn
    rig = rig_in_scene(settings.animal.armature, context.scene, settings.animal.source_file)
    place = folder / INPUT
    job: dict[str, Any] = {
        "species": settings.animal.species.strip() or "animal",
        "rig": _rig_for_job(settings.animal, rig, place),
        "rig_map": "rig_map.yaml",
        "poses": settings.pose.source,
        "images": settings.dataset.images,
        "seed": settings.dataset.seed,
        "resolution": list(settings.dataset.resolution),
        "render": {"samples": settings.dataset.samples},
    }
    if settings.shots.backgrounds.strip():
        photos = Path(bpy.path.abspath(settings.shots.backgrounds)).expanduser().absolute()
        if not photos.is_dir():
            raise BackgroundError(f"there is no folder {photos}; choose a folder of photos or leave it empty")
        job["backgrounds"] = [str(photos)]
    command_line.write_text(place / "rig_map.yaml", settings.animal.rig_map)
    command_line.write_job(place / "job.yaml", job)
    return place / "job.yaml"


def _rig_for_job(animal: Any, rig: Any, place: Path) -> str:
    """The imported file while nobody changed the animal since, otherwise a copy of it as it is now."""
    now = fingerprint(rig)
    if animal.source_file and animal.source_fingerprint == now and Path(animal.source_file).is_file():
        return animal.source_file
    saved, mark = place / "rig.blend", place / "rig.fingerprint"
    # A .blend is different bytes each time it is written, and another rig file would be another dataset:
    # written once, it is used as long as the animal stays the same.
    try:
        same = saved.is_file() and mark.read_text(encoding="utf-8") == now
    except OSError:
        same = False
    if not same:
        mark.unlink(missing_ok=True)
        partial = place / f"rig.partial-{os.getpid()}.blend"
        save_rig(rig, partial)
        partial.replace(saved)
        command_line.write_text(mark, now)
    return "rig.blend"


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
        settings = context.scene.pasyn
        run = background_run.current()
        if settings.animal.armature is None:
            cls.poll_message_set("Choose or import an animal first")
        elif not settings.animal.rig_map:
            cls.poll_message_set("Map the animal first")
        elif run is not None and run.active:
            cls.poll_message_set("A dataset is being rendered")
        elif context.mode.startswith("EDIT"):
            cls.poll_message_set("Leave edit mode first")
        else:
            return True
        return False

    def perform(self, context: bpy.types.Context) -> None:
        """Write the job and start the renderer."""
        settings = context.scene.pasyn
        program = command_line.find_program(program_path(context))
        folder = output_folder(settings)
        job = write_input(context, folder)
        run = background_run.start(
            [*program.command, "run", str(job), "--out", str(folder)],
            folder,
            settings.dataset.images,
            folder / INPUT / "run.log",
            background_run.child_environment(os.environ, program.search_path),
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
        report = output_folder(context.scene.pasyn) / "report.html"
        if not report.is_file():
            raise OutputError(f"there is no report at {report} yet; render the dataset first")
        bpy.ops.wm.url_open(url=report.as_uri())


CLASSES = (PASYN_OT_render_dataset, PASYN_OT_cancel_render, PASYN_OT_open_report)
