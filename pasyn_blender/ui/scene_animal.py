"""The animal that stands in the artist's scene: which objects it is, and reading it without moving it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..errors import OutputError, RigError
from ..rig.actions import action_slots, list_actions, slot_curves
from ..rig.animal_parts import choose_parts
from ..rig.file_import import ImportedFile
from ..rig.loaded_rig import LoadedRig

_BONE_CHANNELS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")
_OBJECT_CHANNELS = (
    *_BONE_CHANNELS,
    "delta_location",
    "delta_rotation_euler",
    "delta_rotation_quaternion",
    "delta_scale",
)
_ANIMATION_SETTINGS = (
    "use_nla",
    "action_blend_type",
    "action_influence",
    "action_extrapolation",
    "use_tweak_mode",
)


def armature_of(obj: Any | None) -> Any | None:
    """The armature an object is, is skinned to, or hangs on; None where there is none."""
    while obj is not None:
        if obj.type == "ARMATURE":
            return obj
        for modifier in getattr(obj, "modifiers", ()):
            if modifier.type == "ARMATURE" and modifier.object is not None:
                return modifier.object
        obj = obj.parent
    return None


def instanced_armature(obj: Any) -> Any | None:
    """The armature of a collection that an empty shows instances of; None where there is none."""
    collection = getattr(obj, "instance_collection", None)
    objects = collection.all_objects if collection is not None else ()
    return next((member for member in objects if member.type == "ARMATURE"), None)


def is_linked(armature: Any) -> bool:
    """Whether an armature comes from a library as it is: it can be seen and read, but not posed.

    Overrides that Blender has made along with another one count too, until they are made editable.
    """
    override = armature.override_library
    return armature.library is not None or (override is not None and override.is_system_override)


def rig_in_scene(armature: Any, scene: Any, source: str = "") -> LoadedRig:
    """Describe an armature of the open scene and what it carries, without changing anything.

    Parameters
    ----------
    armature
        Armature object.
    scene
        Scene whose objects may belong to the animal.
    source
        File it was imported from, for messages; empty for a rig of the artist's own.

    Raises
    ------
    RigError
        The armature is not in the scene, or no mesh is skinned to it.
    """
    if armature is None or armature.name not in scene.objects or scene.objects[armature.name] != armature:
        raise RigError("the chosen armature is no longer in this scene; choose one again")
    name = Path(source).name if source else "this scene"
    others = {obj for obj in scene.objects if obj.type == "ARMATURE" and obj != armature}
    objects = tuple(obj for obj in scene.objects if obj not in others)
    hidden = frozenset(obj for obj in objects if obj.hide_render)
    parts = choose_parts(name, ImportedFile(objects=objects, hidden=hidden, actions=(), blocks=()))
    # Parts that no bone moves are fixed to the skeleton only when the renderer loads the rig; here the
    # artist's objects stay as they are.
    meshes = tuple(mesh for mesh in parts.meshes if mesh not in parts.attach)
    return LoadedRig(
        path=Path(source) if source else Path(armature.name),
        armature=armature,
        meshes=meshes,
        notes=parts.notes,
        supports=tuple(dict.fromkeys([*parts.supports, *parts.attach])),
    )


@contextmanager
def pose_kept(rig: LoadedRig) -> Iterator[None]:
    """Give the artist back pose, actions and frame after a block that puts the rig at rest."""
    scene = bpy.context.scene
    frame, subframe = scene.frame_current, scene.frame_subframe
    bones = [
        (bone, [(name, tuple(getattr(bone, name))) for name in _BONE_CHANNELS])
        for bone in rig.armature.pose.bones
    ]
    objects = [block for block in rig.animated if isinstance(block, bpy.types.Object)]
    placed = [(obj, [(name, tuple(getattr(obj, name))) for name in _OBJECT_CHANNELS]) for obj in objects]
    shapes = [
        (key, key.value)
        for obj in rig.meshes
        if obj.data.shape_keys is not None
        for key in obj.data.shape_keys.key_blocks
    ]
    animations = [(block, _animation_state(block)) for block in rig.animated]
    try:
        yield
    finally:
        for block, state in animations:
            _restore_animation(block, state)
        if (scene.frame_current, scene.frame_subframe) != (frame, subframe):
            scene.frame_set(frame, subframe=subframe)
        # Actions given back are evaluated now, so that they do not pass over what was posed without keys.
        bpy.context.view_layer.update()
        for owner, values in (*placed, *bones):
            for name, value in values:
                setattr(owner, name, value)
        for key, value in shapes:
            key.value = value
        bpy.context.view_layer.update()


def _animation_state(block: Any) -> dict[str, Any] | None:
    animation = block.animation_data
    if animation is None:
        return None
    state = {name: getattr(animation, name) for name in _ANIMATION_SETTINGS}
    state["action"] = animation.action
    state["slot"] = getattr(animation, "action_slot", None)
    return state


def _restore_animation(block: Any, state: dict[str, Any] | None) -> None:
    animation = block.animation_data
    if state is None:
        if animation is not None:
            block.animation_data_clear()
        return
    if not state["use_tweak_mode"]:
        animation.action = state["action"]
        if state["slot"] is not None:
            animation.action_slot = state["slot"]
    for name in _ANIMATION_SETTINGS:
        if getattr(animation, name) != state[name]:
            setattr(animation, name, state[name])


def mark_built_in(armature: Any, species: str, individual: int) -> None:
    """Note on an armature which built-in animal it is."""
    armature["pasyn_species"] = species
    armature["pasyn_individual"] = individual


def built_in_of(armature: Any) -> tuple[str, int] | None:
    """Species and individual of an armature that was added as a built-in animal; None for any other."""
    species, individual = armature.get("pasyn_species"), armature.get("pasyn_individual")
    if not isinstance(species, str) or not isinstance(individual, int):
        return None
    return species, individual


def fingerprint(rig: LoadedRig) -> str:
    """Hash of everything an artist may have changed about a rig that a picture would show.

    Two calls agree while bones, meshes, skin, transforms, materials and actions are untouched; poses and
    the current frame do not count.
    """
    digest = hashlib.sha256()
    for bone in rig.armature.data.bones:
        _add(digest, bone.name, bone.parent.name if bone.parent else "", bone.use_deform)
        _add(digest, np.array(bone.matrix_local, dtype=np.float32).tobytes(), bone.length)
    _add(digest, rig.armature.scale, rig.armature.rotation_euler, rig.armature.rotation_quaternion)
    _add(digest, rig.armature.location)
    materials: dict[str, Any] = {}
    for obj in rig.meshes:
        _add(
            digest,
            obj.name,
            [modifier.type for modifier in obj.modifiers],
            np.array(obj.matrix_local).tobytes(),
        )
        _add_mesh(digest, obj)
        for slot in obj.material_slots:
            if slot.material is not None:
                materials[slot.material.name] = slot.material
    for name in sorted(materials):
        _add_material(digest, materials[name])
    for entry in list_actions(rig):
        _add(digest, entry.name, entry.start, entry.end)
        for slot in action_slots(entry.action):
            for curve in slot_curves(entry.action, slot):
                points = np.empty(len(curve.keyframe_points) * 2, dtype=np.float32)
                curve.keyframe_points.foreach_get("co", points)
                _add(digest, curve.data_path, curve.array_index, curve.mute, points.tobytes())
    return digest.hexdigest()


def _add(digest: Any, *values: Any) -> None:
    for value in values:
        plain = value if isinstance(value, bytes) else _shown(value).encode()
        digest.update(len(plain).to_bytes(8, "little"))
        digest.update(plain)


def _shown(value: Any) -> str:
    plain = isinstance(value, str | int | float | list) or not hasattr(value, "__len__")
    return repr(value) if plain else repr(tuple(value))


def _add_mesh(digest: Any, obj: Any) -> None:
    mesh = obj.data
    positions = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    mesh.vertices.foreach_get("co", positions)
    corners = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    faces = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("material_index", faces)
    _add(digest, positions.tobytes(), corners.tobytes(), faces.tobytes())
    for layer in mesh.uv_layers:
        uv = np.empty(len(mesh.loops) * 2, dtype=np.float32)
        layer.data.foreach_get("uv", uv)
        _add(digest, layer.name, uv.tobytes())
    _add(digest, [group.name for group in obj.vertex_groups])
    weights = [(e.group, e.weight) for vertex in mesh.vertices for e in vertex.groups]
    _add(digest, np.array(weights, dtype=np.float32).tobytes())


def _add_material(digest: Any, material: Any) -> None:
    _add(digest, material.name, material.diffuse_color)
    tree = material.node_tree
    if tree is None:
        return
    for node in tree.nodes:
        _add(digest, node.name, node.bl_idname, node.mute)
        image = getattr(node, "image", None)
        if image is not None:
            _add(digest, image.name, image.filepath, image.size, image.is_dirty)
        for socket in (*node.inputs, *node.outputs):
            if hasattr(socket, "default_value"):
                _add(digest, socket.identifier, _plain_socket(socket.default_value))
        for ramp in (node.color_ramp,) if hasattr(node, "color_ramp") else ():
            _add(digest, [(e.position, *e.color) for e in ramp.elements])
    for link in tree.links:
        _add(digest, link.from_node.name, link.from_socket.identifier)
        _add(digest, link.to_node.name, link.to_socket.identifier)


def _plain_socket(value: Any) -> Any:
    if isinstance(value, bpy.types.ID):
        return value.name
    return list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value


def save_rig(rig: LoadedRig, path: Path) -> None:
    """Write the animal alone, with its actions, materials and pictures, into a .blend of its own.

    The open file is left as it is, saved or not.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    scene = bpy.data.scenes.new("PASyn animal")
    try:
        for obj in (rig.armature, *rig.meshes, *rig.supports):
            scene.collection.objects.link(obj)
        blocks = {scene, *(entry.action for entry in list_actions(rig))}
        path.parent.mkdir(parents=True, exist_ok=True)
        bpy.data.libraries.write(str(path), blocks, path_remap="ABSOLUTE", fake_user=True, compress=True)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error).strip()
        raise OutputError(f"cannot save the animal as {path}: {reason}") from error
    finally:
        bpy.data.scenes.remove(scene)
