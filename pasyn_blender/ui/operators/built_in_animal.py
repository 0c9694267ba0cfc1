"""Adding an animal made by code."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import bpy

from ...animals import BUILT_IN
from ...errors import PasynError, RigError
from ...rig.extraction import read_geometry
from ...rig.loaded_rig import LoadedRig
from .. import live_map
from ..properties.built_in import coat_title
from ..scene_animal import fingerprint, mark_built_in, pose_kept, rig_in_scene
from ..stepwise_work import InThread, Steps, WorksInSteps
from .animal import object_mode, select_only
from .reporting import report_findings


def _coats(operator: Any, _context: bpy.types.Context, typed: str) -> list[str]:
    from ...animals.coats import coat_kinds

    return [kind for kind in coat_kinds(operator.species) if typed.lower() in kind.lower()]


class PASYN_OT_add_animal(WorksInSteps, bpy.types.Operator):
    """Add one of the built-in animals to the scene."""

    bl_idname = "pasyn.add_animal"
    bl_label = "Add Animal"
    bl_description = (
        "Add a built-in animal at the scene's origin, ready to use: its joints and keypoints are known"
    )
    bl_options = {"REGISTER", "UNDO"}
    doing = "Making the animal"

    species: bpy.props.EnumProperty(  # type: ignore[valid-type]
        name="Species",
        description="Which of the built-in animals",
        items=tuple((name, name.title(), f"A {name}, made by code") for name in BUILT_IN),
        default="horse",
    )
    individual: bpy.props.IntProperty(  # type: ignore[valid-type]
        name="Individual",
        description="Seed of the individual: each number has its own build, kind and coat",
        default=0,
        min=0,
        max=2**31 - 1,
    )
    coat: bpy.props.StringProperty(  # type: ignore[valid-type]
        name="Coat",
        description="Kind of its coat, as pinto for a horse. Empty: the individual's own",
        search=_coats,
    )
    motions: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Motions",
        description="Add its actions too: walks, gallops, jumps, grazing, lying down",
        default=True,
    )

    def steps(self, context: bpy.types.Context) -> Steps[None]:
        """Make it, put it into the scene, choose it and store its map."""
        made = yield InThread(partial(_made, self.species, self.individual, self.coat, self.motions))
        if isinstance(made, PasynError):
            raise made
        model, motions = made
        scene = context.scene
        object_mode(context)
        with _removed_on_failure(context):
            with _frame_rate_kept(scene):
                rig = _put_into_scene(self.species, model)
            # Drawn between steps, a large mesh would take longer than the steps themselves.
            _hide(rig, True)
            actions: list[Any] = []
            for number, motion in enumerate(motions):
                yield number / len(motions)
                actions += _bake(rig, model, motion)
            rig = replace(rig, path=Path(rig.armature.name), actions=tuple(actions))
            _hide(rig, False)
            with pose_kept(rig):
                geometry = read_geometry(rig)
            rig_map = yield InThread(partial(_landmarks, self.species, rig, geometry))
        animal = scene.pasyn.animal
        animal.armature = rig.armature
        animal.species = self.species
        if not self.coat:
            # A job can name it then, as long as nobody changes it.
            mark_built_in(rig.armature, self.species, self.individual)
            animal.source_fingerprint = fingerprint(rig_in_scene(rig.armature, scene))
        live_map.keep_read(scene, rig, geometry, rig_map, automatic=True)
        select_only(context, rig.armature)
        coat = f", {coat_title(self.coat).lower()}" if self.coat else ""
        self.report({"INFO"}, f"Added {self.species} {self.individual}{coat}")
        report_findings(self, scene, rig_map)
        _tell_rate(self, scene, motions)


def _made(species: str, individual: int, coat: str, motions: bool) -> Any:
    """The individual's model and motions as arrays, or what is wrong with the choice."""
    from ...animals.anatomy_model import animal_model
    from ...animals.build import motions_of
    from ...animals.coats import coat_kinds

    try:
        kinds = coat_kinds(species)
        if coat and coat not in kinds:
            raise RigError(f"no {species} has the coat '{coat}'; its coats are {', '.join(kinds)}")
        model = animal_model(species, individual, coat or None)
        return model, motions_of(model) if motions else ()
    except PasynError as error:
        return error


def _put_into_scene(species: str, model: Any) -> LoadedRig:
    from ...animals.build import put_into_scene

    return put_into_scene(species, model, ())


def _hide(rig: LoadedRig, hidden: bool) -> None:
    for obj in (rig.armature, *rig.meshes):
        obj.hide_viewport = hidden


def _bake(rig: LoadedRig, model: Any, motion: Any) -> tuple[Any, ...]:
    from ...animals.bake import bake_clips

    return bake_clips(rig.armature, model.bones, (motion,))


def _landmarks(species: str, rig: LoadedRig, geometry: Any) -> Any:
    from ...animals.landmarks import animal_rig_map

    return animal_rig_map(species, rig, geometry)


def _tell_rate(operator: Any, scene: Any, motions: Any) -> None:
    from ...animals.clip import FRAMES_PER_SECOND

    rate = scene.render.fps / scene.render.fps_base
    if motions and abs(rate - FRAMES_PER_SECOND) > 1e-3:
        operator.report(
            {"INFO"},
            f"Its motions are meant for {FRAMES_PER_SECOND} frames a second; this scene plays {rate:g}",
        )


@contextmanager
def _frame_rate_kept(scene: Any) -> Iterator[None]:
    """The artist's scene keeps its frame rate, whatever the animal's motions are meant for."""
    before = scene.render.fps
    try:
        yield
    finally:
        scene.render.fps = before


_KINDS = ("objects", "meshes", "armatures", "materials", "actions", "collections", "images", "node_groups")


@contextmanager
def _removed_on_failure(context: bpy.types.Context) -> Iterator[None]:
    """Take away again what a block has added, where it is given up before its end."""
    before = {kind: set(getattr(bpy.data, kind)) for kind in _KINDS}
    try:
        yield
    except BaseException:
        added = [block for kind in _KINDS for block in getattr(bpy.data, kind) if block not in before[kind]]
        bpy.data.batch_remove(added)
        context.view_layer.update()
        raise


CLASSES = (PASYN_OT_add_animal,)
