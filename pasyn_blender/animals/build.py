"""Put a built-in animal into the current Blender scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from ..rig.loaded_rig import MESH_NAME_KEY, LoadedRig
from .anatomy_model import AnimalModel, animal_model
from .bake import bake_clips
from .clip import FRAMES_PER_SECOND, Clip
from .coat import coat_material, eye_material, set_coat
from .contact_solving import RestSkin
from .motion import clips
from .species import species_file
from .sweep import FloatArray, IntArray

OVERLAP: Final = 0.005
"""Share of its triangles that a built-in animal may push through others. In horses' own motions 95 of 100
moments have no more; sheep's reach 0.009 and sitting dogs' 0.019."""


def build_animal(
    species: str, individual: int, *, motions: bool = True, coat: str | None = None
) -> LoadedRig:
    """Build one individual, with its actions, into the current scene.

    Parameters
    ----------
    species
        One of :data:`~.species.BUILT_IN`.
    individual
        Seed of the individual's proportions and coat, 0 or more.
    motions
        Whether it gets its actions, which take half of the time.
    coat
        Kind of its coat; by default the one its seed draws.

    Returns
    -------
    LoadedRig
        Facing -Y, standing on z = 0, in metres, in its rest pose. ``path`` is the species' description.

    Raises
    ------
    RigError
        If the species is not built in, or has no such coat.
    """
    model = animal_model(species, individual, coat)
    return put_into_scene(species, model, motions_of(model) if motions else ())


def put_into_scene(species: str, model: AnimalModel, motions: tuple[Clip, ...]) -> LoadedRig:
    """Make the objects of a model, with its actions, in the current scene; see :func:`build_animal`.

    Parameters
    ----------
    species
        The species it is of.
    model
        One individual.
    motions
        Its motions.
    """
    collection = bpy.data.collections.new(species)
    bpy.context.scene.collection.children.link(collection)
    armature = _armature(species, model, collection)
    names = [bone.name for bone in model.bones]
    body = _mesh_object(f"{species}_body", model.vertices, model.quads, armature, collection)
    _set_weights(body, names, model.weights)
    set_coat(body.data, model.coat)
    body.data.materials.append(coat_material(f"{species}_coat", model.coat))
    eyes = _mesh_object(f"{species}_eyes", *model.eyes, armature, collection)
    eyes.vertex_groups.new(name="head").add(list(range(len(model.eyes[0]))), 1.0, "REPLACE")
    eyes.data.materials.append(eye_material(f"{species}_eye"))
    for bone in armature.pose.bones:
        bone.rotation_mode = "QUATERNION"
    actions = bake_clips(armature, model.bones, motions)
    bpy.context.scene.render.fps = FRAMES_PER_SECOND
    bpy.context.view_layer.update()
    return LoadedRig(
        path=Path(species_file(species)),
        armature=armature,
        meshes=(body, eyes),
        actions=actions,
        overlap=OVERLAP,
    )


def motions_of(model: AnimalModel) -> tuple[Clip, ...]:
    """Motions of an individual, computed without Blender."""
    plan = model.plan
    skin = RestSkin(model.vertices, model.weights)
    return clips(model.bones, plan.factors["withers_height"], plan.family, plan.individual, skin)


def _armature(species: str, model: AnimalModel, collection: bpy.types.Collection) -> bpy.types.Object:
    data = bpy.data.armatures.new(f"{species}_armature")
    armature = bpy.data.objects.new(f"{species}_armature", data)
    collection.objects.link(armature)
    layer = bpy.context.view_layer
    before = layer.objects.active
    layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in model.bones:
        edit = data.edit_bones.new(bone.name)
        edit.head, edit.tail = bone.head.tolist(), bone.tail.tolist()
        # Side to side is every bone's own X: bending a limb is a turn about it.
        edit.align_roll(Vector((1.0, 0.0, 0.0)).cross(edit.tail - edit.head))
        if bone.parent is not None:
            parent = data.edit_bones[bone.parent]
            edit.parent = parent
            edit.use_connect = False
    bpy.ops.object.mode_set(mode="OBJECT")
    layer.objects.active = before
    armature.show_in_front = True
    return armature


def _mesh_object(
    name: str,
    vertices: FloatArray,
    quads: IntArray,
    armature: bpy.types.Object,
    collection: bpy.types.Collection,
) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    mesh.loops.add(quads.size)
    mesh.loops.foreach_set("vertex_index", quads.astype(np.int32).ravel())
    mesh.polygons.add(len(quads))
    mesh.polygons.foreach_set("loop_start", np.arange(0, quads.size, 4, dtype=np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(quads), dtype=bool))
    mesh.update(calc_edges=True)
    obj = bpy.data.objects.new(name, mesh)
    obj[MESH_NAME_KEY] = name  # the scene may hold another individual, and number the names
    collection.objects.link(obj)
    obj.parent = armature
    modifier = obj.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature
    # Blended as dual quaternions: a carpus folded by 150 degrees keeps its section, where a mean of matrices
    # would leave a third of it.
    modifier.use_deform_preserve_volume = True
    return obj


def _set_weights(obj: bpy.types.Object, names: list[str], weights: NDArray[Any]) -> None:
    for column, name in enumerate(names):
        group = obj.vertex_groups.new(name=name)
        rows = np.flatnonzero(weights[:, column] > 0.0)
        own = weights[rows, column]
        group.add(rows[own == 1.0].tolist(), 1.0, "REPLACE")
        add = group.add
        for row, weight in zip(rows[own != 1.0].tolist(), own[own != 1.0].tolist(), strict=True):
            add((row,), weight, "REPLACE")
