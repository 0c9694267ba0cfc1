"""Showing shots in the viewport, and the folders and worlds they draw from."""

import json
from pathlib import Path
from typing import Any

import bpy

from ...annotation.truth import SceneTruth
from ...errors import PasynError, RenderError
from ...rig.actions import apply_action, list_actions
from ...rig.extraction import deformed_vertices, posed_bone_matrices
from ...scene.canonical_posing import from_turns
from ...scene.framing import View
from ...scene.lighting import sky_rotation
from ...scene.stage import bearing_vertices, frame_and_light
from .. import command_line, shot_process, shot_scene
from ..job_fields import BUNDLED_WORLDS
from ..job_text import job_yaml
from ..kept_pose import constraints_on
from ..panel_job import background_folders, panel_job
from ..posing import SceneAnimal, learning, show_bones, take_pose, whole_rig
from ..preferences import background_default, program_path
from ..scene_animal import pose_kept
from ..stepwise_work import InThread, Steps, WorksInSteps
from .dataset import may_write_job


class PASYN_OT_show_shot(WorksInSteps, bpy.types.Operator):
    """Show one shot of the dataset in the viewport."""

    bl_idname = "pasyn.show_shot"
    bl_label = "Show Shot"
    bl_description = (
        "Draw one picture of the dataset in the viewport, as the job would: pose, camera, light and "
        "background. The camera and the sun it adds are in the collection PASyn"
    )
    bl_options = {"REGISTER", "UNDO"}
    doing = "Drawing a shot"

    index: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Shot",
        description="Which picture of the dataset; -1 goes on from the one that is shown",
        default=-1,
        min=-1,
        max=10_000_000,
        options={"SKIP_SAVE"},
    )
    step: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Step",
        description="How far to go on from the shot that is shown: 1 is the next one, -1 the one before",
        default=1,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """Say which shot this button shows."""
        if properties.index >= 0:
            return f"Show picture {properties.index} of the dataset in the viewport. {cls.bl_description}"
        which = {1: "the next picture", -1: "the picture before", 0: "this picture again"}
        return f"Show {which.get(properties.step, 'another picture')} of the dataset. {cls.bl_description}"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A mapped animal."""
        return may_write_job(cls, context)

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """Have the program draw the shot, put it into the scene, and have it draw what is behind."""
        shots = context.scene.pasyn.shots
        index = self.index if self.index >= 0 else max(0, shots.index + self.step)
        process = _start(context, index)
        try:
            shot = yield InThread(process.shot)
            animal = yield from learning(context)
            view, record = yield from _arranging(context, animal, shot)
            shots.index = index
            shot_scene.look_through(context)
            yield 0.95
            picture = yield InThread(lambda: _background(process, {**record, "box": list(view.box)}))
            camera = shot_scene.shown_camera(context.scene)
            if isinstance(picture, PasynError):
                # The shot itself is there to see.
                self.report({"WARNING"}, f"Shown without its background: {picture}")
            elif camera is not None:
                shot_scene.show_background(camera, picture)
        finally:
            process.end()
        _say(self, shot)


def _background(process: shot_process.ShotProcess, record: dict[str, Any]) -> Path | PasynError:
    try:
        return process.background(record)
    except PasynError as error:
        return error


def _say(operator: Any, shot: Any) -> None:
    what = "a canonical pose" if shot.pose is not None else f"{shot.action}, frame {shot.frame:.1f}"
    where = shot.background.photo or shot.light.world
    operator.report({"INFO"}, f"Shot {shot.index}: {what}, {where}")


def _start(context: bpy.types.Context, index: int) -> shot_process.ShotProcess:
    """Write the job aside and start the program."""
    settings = context.scene.pasyn
    program = command_line.find_program(program_path(context))
    photos = background_folders(settings, background_default(context))
    folder = shot_process.session_folder()
    # A shot says nothing of the animal: the program wants to find a model, but does not read it.
    model = folder / "animal.blend"
    model.touch()
    job = panel_job(settings, {"rig": str(model)}, photos)
    command_line.write_text(folder / "job.yaml", job_yaml(job, "job.yaml"))
    poses = job.get("poses", {})
    facts = None
    if poses.get("source") == "actions" or poses.get("share_of_actions"):
        facts = folder / "rig.json"
        command_line.write_text(facts, json.dumps({"actions": _actions(context)}))
    return shot_process.ShotProcess(program, folder / "job.yaml", index, folder, facts)


def _actions(context: bpy.types.Context) -> list[list[Any]]:
    return [[action.name, action.start, action.end] for action in list_actions(whole_rig(context))]


def _arranging(
    context: bpy.types.Context, animal: SceneAnimal, shot: Any
) -> Steps[tuple[View, dict[str, Any]]]:
    """Pose the animal, aim camera and light at it, and say what composition needs to know."""
    if shot.pose is not None:
        take_pose(context, animal, [from_turns(turns) for turns in shot.pose.candidates])
    elif shot.action is not None:
        _take_action(context, animal, shot.action, shot.frame)
    else:
        raise RenderError("the shot has neither an action nor a pose")
    yield 0.8
    vertices = deformed_vertices(animal.rig, context.evaluated_depsgraph_get())
    size: tuple[int, int] = tuple(context.scene.pasyn.dataset.resolution)
    geometry, rig_map = animal.geometry, animal.rig_map
    bearing = bearing_vertices(geometry, rig_map)
    camera, lighting = shot_scene.show_stage(context, size)
    view, place = frame_and_light(
        rig_map, geometry.triangles, vertices, bearing, shot, size, camera, lighting
    )
    shot_scene.settle_images(lighting)
    context.view_layer.update()
    yield 0.9
    return view, _record(view, place, shot, animal)


def _record(view: View, place: SceneTruth, shot: Any, animal: SceneAnimal) -> dict[str, Any]:
    turn = sky_rotation(shot.light.world_rotation, animal.rig_map.body_frame)
    return {
        "camera": {
            "intrinsics": view.intrinsics.tolist(),
            "world_to_camera": view.world_to_camera.tolist(),
        },
        "sky_rotation": turn.tolist(),
        "scene": place.to_dict(),
    }


def _take_action(context: bpy.types.Context, animal: SceneAnimal, action: str, frame: float) -> None:
    """Pose the animal by a moment of one of its actions, and leave actions and frame as they are."""
    rig = whole_rig(context)
    with pose_kept(rig), constraints_on(context.scene, rig.armature):
        apply_action(rig, action, frame)
        # A second evaluation settles what depends on itself.
        context.view_layer.update()
        posed = posed_bone_matrices(rig, context.evaluated_depsgraph_get())
    show_bones(context, animal, posed)


class PASYN_OT_remove_scene(bpy.types.Operator):
    """Remove everything PASyn has added to the scene."""

    bl_idname = "pasyn.remove_scene"
    bl_label = "Remove Shot"
    bl_description = (
        "Remove the camera, sun, world and pictures that PASyn has added, and give the scene back its own "
        "camera, world and resolution. The animal keeps its pose"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A shot must have been shown."""
        if not context.scene.pasyn.shots.before.taken and shot_scene.shown_camera(context.scene) is None:
            cls.poll_message_set("No shot is shown")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove it."""
        return {"FINISHED"} if shot_scene.remove_all(context) else {"CANCELLED"}


class PASYN_OT_add_background(bpy.types.Operator):
    """Add another folder of photos."""

    bl_idname = "pasyn.add_background"
    bl_label = "Add Folder"
    bl_description = "Add another folder of photos to draw backgrounds from"
    bl_options = {"REGISTER", "UNDO"}

    directory: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Folder", description="Folder of photos; empty to fill it in later", subtype="DIR_PATH"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add it."""
        context.scene.pasyn.shots.further_backgrounds.add().path = self.directory
        return {"FINISHED"}


class PASYN_OT_add_world(bpy.types.Operator):
    """Add a world to draw from."""

    bl_idname = "pasyn.add_world"
    bl_label = "Add World"
    bl_description = "Add a world HDRI to draw from: one of Blender's own, or a file"
    bl_options = {"REGISTER", "UNDO"}

    world: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="World",
        description="Which world",
        items=(
            *((name, name.title(), f"Blender's own world {name}.exr") for name in BUNDLED_WORLDS),
            ("file", "File", "An .exr or .hdr file of your own"),
        ),
        default="forest",
    )
    filepath: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="File", description="The .exr or .hdr file, for a world of your own", subtype="FILE_PATH"
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add it."""
        path = self.filepath if self.world == "file" else f"{self.world}.exr"
        context.scene.pasyn.shots.worlds.add().path = path
        return {"FINISHED"}


class PASYN_OT_remove_place(bpy.types.Operator):
    """Take a folder or a world from its list."""

    bl_idname = "pasyn.remove_place"
    bl_label = "Remove"
    bl_description = "Take this entry from the list"
    bl_options = {"REGISTER", "UNDO"}

    what: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="List",
        description="Which list",
        items=(
            ("further_backgrounds", "Folder", "Folders of photos"),
            ("worlds", "World", "World HDRIs"),
        ),
    )
    number: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Number", description="Which entry, from 0", min=0
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove it."""
        entries = getattr(context.scene.pasyn.shots, self.what)
        if self.number >= len(entries):
            return {"CANCELLED"}
        entries.remove(self.number)
        return {"FINISHED"}


CLASSES = (
    PASYN_OT_show_shot,
    PASYN_OT_remove_scene,
    PASYN_OT_add_background,
    PASYN_OT_add_world,
    PASYN_OT_remove_place,
)
