"""Jobs for the farm: writing the panel's, reading one into the panel, and checking it."""

import filecmp
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...errors import JobError, PasynError
from .. import background_run, command_line
from ..job_files import read_rig_map_into, write_job_files
from ..job_text import as_written, written_keys
from ..panel_job import kept_keys, show_job
from ..preferences import background_default, program_path
from ..scene_animal import built_in_of
from .background_work import Work, WorksInBackground
from .dataset import may_write_job
from .reporting import ReportsMistakes

_ANSWER_SECONDS = 300.0


def ask_program(context: bpy.types.Context, *words: str) -> Work:
    """A call of the ``pasyn`` program that returns what it prints.

    Raises
    ------
    PasynError
        The program is missing; when called, what it says is wrong.
    """
    program = command_line.find_program(program_path(context))
    environment = background_run.blender_environment(program.search_path)

    def ask() -> str:
        try:
            done = subprocess.run(
                [*program.command, *words],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                timeout=_ANSWER_SECONDS,
                env=environment,
                check=False,
                **command_line.without_window(),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PasynError(f"cannot ask {program.command[0]}: {error}") from error
        if done.returncode != 0:
            raise JobError(background_run.failure_text(done.stderr or done.stdout, done.returncode))
        return done.stdout

    return ask


class PASYN_OT_write_job(ReportsMistakes, bpy.types.Operator, ExportHelper):
    """Write the job of this panel for a render farm or another machine."""

    bl_idname = "pasyn.write_job"
    bl_label = "Write Job"
    bl_description = (
        "Write the dataset's job as YAML, with the rig map and the animal beside it, for a render farm or "
        "another machine: pasyn run job.yaml"
    )
    bl_options = {"REGISTER"}

    filename_ext = ".yaml"
    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="The job file to write", subtype="FILE_PATH"
    )
    filter_glob: bpy.props.StringProperty(default="*.yaml;*.yml", options={"HIDDEN"})  # type: ignore[valid-type]
    copy_model: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Copy Model",
        description="Copy the imported model beside the job, rather than naming it where it is",
        default=True,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A mapped animal."""
        return may_write_job(cls, context)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Offer a name."""
        if not self.filepath:
            self.filepath = f"{context.scene.pasyn.animal.species or 'job'}.yaml"
        return super().invoke(context, event)

    def perform(self, context: bpy.types.Context) -> None:
        """Write the files."""
        path = Path(bpy.path.abspath(self.filepath)).expanduser().absolute()
        if path.suffix.lower() not in (".yaml", ".yml"):
            path = path.with_name(f"{path.name}.yaml")
        written = write_job_files(
            context,
            path,
            rig_map=f"{path.stem}.rig_map.yaml",
            rig=f"{path.stem}.rig",
            backgrounds=background_default(context),
            copy_model=self.copy_model,
        )
        for note in written.notes:
            self.report({"WARNING"}, note)
        self.report({"INFO"}, f"Wrote {path}")


class PASYN_OT_read_job(WorksInBackground, bpy.types.Operator, ImportHelper):
    """Read a job into the panels."""

    bl_idname = "pasyn.read_job"
    bl_label = "Read Job"
    bl_description = (
        "Read a job's YAML into all panels. What the panels have no field for is kept and written back"
    )
    bl_options = {"REGISTER", "UNDO"}
    doing = "Reading the job"

    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="The job file to read", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(  # type: ignore[valid-type]
        default="*.yaml;*.yml;*.json", options={"HIDDEN"}
    )
    bring_animal: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Bring Its Animal",
        description=(
            "Import the job's model, or add its built-in animal, unless it is the scene's already. "
            "Otherwise the job is read for the scene's own animal"
        ),
        default=True,
    )

    _browsed = False

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        """Ask for the file, and whether its animal comes with it; read in the background once it is known."""
        if self.filepath:
            return self.start(context)
        self._browsed = True
        return ImportHelper.invoke(self, context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read the file at once for a script, and in the background after the file browser."""
        if not self._browsed or bpy.app.background or context.window is None:
            return super().execute(context)
        # The file browser is done with this operator when it returns; the long part needs one of its own.
        try:
            bpy.ops.pasyn.read_job("INVOKE_DEFAULT", filepath=self.filepath, bring_animal=self.bring_animal)
        except RuntimeError as error:
            self.report({"ERROR"}, _plain(error))
        return {"CANCELLED"}

    def begin(self, context: bpy.types.Context) -> Work:
        """Have the program check the job and fill in every default."""
        path = Path(bpy.path.abspath(self.filepath)).expanduser().absolute()
        ask = ask_program(context, "job", "show", str(path))

        def read() -> tuple[dict[str, Any], dict[str, Any]]:
            import yaml

            resolved = yaml.safe_load(ask())
            try:
                return resolved, as_written(resolved, written_keys(path.read_text(encoding="utf-8-sig")))
            except (OSError, ValueError) as error:
                raise JobError(f"{path}: cannot be read: {error}") from error

        return read

    def finish(self, context: bpy.types.Context, result: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """Bring the animal and fill the panels."""
        resolved, written = result
        settings = context.scene.pasyn
        if self.bring_animal:
            _bring_animal(context, resolved)
        own = settings.animal.species
        show_job(settings, resolved, written)
        if not self.bring_animal and settings.animal.armature is not None:
            settings.animal.species = own
        kept = kept_keys(settings)
        if kept:
            self.report({"INFO"}, f"Kept as they are, without a field in the panels: {', '.join(kept)}")
        self.report({"INFO"}, f"Read {self.filepath}")


def _bring_animal(context: bpy.types.Context, resolved: dict[str, Any]) -> None:
    """Make a job's animal the scene's, unless it is."""
    animal = context.scene.pasyn.animal
    if resolved["animal"]:
        first, last = resolved["coat"]["individuals"]
        there = None if animal.armature is None else built_in_of(animal.armature)
        if there is None or there[0] != resolved["animal"] or not first <= there[1] <= last:
            _call(bpy.ops.pasyn.add_animal, species=resolved["animal"], individual=first)
        return
    if animal.armature is None or not _same_model(animal.source_file, resolved["rig"]):
        _call(
            bpy.ops.pasyn.import_animal,
            filepath=resolved["rig"],
            map_automatically=resolved["rig_map"] is None,
        )
    if resolved["rig_map"] is not None:
        read_rig_map_into(context, Path(resolved["rig_map"]))


def _same_model(first: str, second: str) -> bool:
    """Whether two model files are one, or copies of one."""
    try:
        return bool(first) and filecmp.cmp(first, second, shallow=False)
    except OSError:
        return False


def _call(operator: Any, **options: Any) -> None:
    """Run another operator; what it reports as an error becomes ours."""
    try:
        operator("EXEC_DEFAULT", **options)
    except RuntimeError as error:
        raise PasynError(_plain(error)) from None


def _plain(error: RuntimeError) -> str:
    return str(error).strip().removeprefix("Error: ")


class PASYN_OT_check_job(WorksInBackground, bpy.types.Operator):
    """Have the pasyn program check the job of this panel."""

    bl_idname = "pasyn.check_job"
    bl_label = "Check Job"
    bl_description = (
        "Have the pasyn program check everything the job says, and look at all background photos, without "
        "rendering"
    )
    bl_options = {"REGISTER"}
    doing = "Checking the job"

    _folder: Any = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A mapped animal."""
        return may_write_job(cls, context)

    def begin(self, context: bpy.types.Context) -> Work:
        """Write the job aside and have it checked."""
        self._folder = tempfile.TemporaryDirectory(prefix="pasyn-job-", ignore_cleanup_errors=True)
        job = write_job_files(
            context,
            Path(self._folder.name) / "job.yaml",
            rig_map="rig_map.yaml",
            rig="rig",
            backgrounds=background_default(context),
        ).job
        return ask_program(context, "job", "check", str(job))

    def finish(self, _context: bpy.types.Context, result: str) -> None:
        """Say what the program says."""
        self._folder.cleanup()
        lines = [line.strip() for line in result.splitlines() if line.strip()]
        for line in lines:
            if line.startswith("warning:"):
                self.report({"WARNING"}, line.removeprefix("warning:").strip())
        said = [line for line in lines if not line.startswith(("warning:", "identity"))]
        self.report({"INFO"}, "The job is right: " + "; ".join(said).partition(": ")[2])


class PASYN_OT_forget_job(bpy.types.Operator):
    """Forget what a job that was read says beyond the panels' fields."""

    bl_idname = "pasyn.forget_job"
    bl_label = "Forget"
    bl_description = "Forget what the job that was read says beyond the fields of the panels"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A job must have been read."""
        if not context.scene.pasyn.dataset.kept:
            cls.poll_message_set("No job was read")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget it."""
        context.scene.pasyn.dataset.kept = ""
        return {"FINISHED"}


CLASSES = (PASYN_OT_write_job, PASYN_OT_read_job, PASYN_OT_check_job, PASYN_OT_forget_job)
