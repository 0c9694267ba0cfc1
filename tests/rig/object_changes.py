"""Changes to the objects of the open scene's rig: place and size, meshes, parts and props."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix, Vector
from rig_files import armature, meshes


def transform_data(matrix: Matrix, factor: float = 1.0) -> None:
    """Move bones and meshes themselves by a rotation (and scale), leaving object transforms at identity."""
    rig = armature()
    for obj in [rig, *meshes()]:
        obj.matrix_world = matrix @ obj.matrix_world
    bpy.context.view_layer.update()
    apply_transforms([rig, *meshes()])
    if factor != 1.0:
        for action in bpy.data.actions:
            for curve in curves(action):
                if curve.data_path.endswith(".location"):
                    for key in curve.keyframe_points:
                        for name in ("co", "handle_left", "handle_right"):
                            getattr(key, name)[1] *= factor


def apply_transforms(objects: Sequence[Any]) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    for obj in objects:
        obj.select_set(True)
    bpy.context.view_layer.objects.active = objects[0]
    bpy.ops.object.transform_apply(location=True, rotation=True, scale=True)


def curves(action: Any) -> list[Any]:
    if hasattr(action, "slots"):
        bags = (s.channelbag(slot) for la in action.layers for s in la.strips for slot in action.slots)
        return [curve for bag in bags if bag for curve in bag.fcurves]
    return list(action.fcurves)


def scale(factor: float) -> Callable[[], None]:
    """Scale applied to the data: the file's units are different."""
    return lambda: transform_data(Matrix.Scale(factor, 4), factor)


def face(degrees: float) -> Callable[[], None]:
    """Turn about the vertical; 90 faces +X for an animal that faced -Y."""
    return lambda: transform_data(Matrix.Rotation(math.radians(degrees), 4, "Z"))


def lie_down() -> None:
    """Y-up data left as it was: the animal's up axis is the world's Y."""
    transform_data(Matrix.Rotation(math.radians(-90), 4, "X"))


def unapplied_transforms() -> None:
    """Objects with rotation and scale of their own, as FBX files come out of other programs."""
    rig = armature()
    rig.rotation_mode = "XYZ"
    rig.rotation_euler = (0.3, 0.2, 1.1)
    rig.scale = (0.01, 0.01, 0.01)
    rig.location = (3.0, -2.0, 1.0)


def split_by_material() -> None:
    obj = meshes()[0]
    bpy.ops.object.select_all(action="DESELECT")
    obj.select_set(True)
    bpy.context.view_layer.objects.active = obj
    bpy.ops.mesh.separate(type="MATERIAL")


def split_by_bones(groups: dict[str, Sequence[str]]) -> None:
    """Split the mesh into objects of the faces whose main bone's name holds one of the words."""
    import bmesh

    obj = meshes()[0]
    names = [group.name for group in obj.vertex_groups]
    strongest = [
        names[max(v.groups, key=lambda e: e.weight).group] if v.groups else "" for v in obj.data.vertices
    ]

    def part(face: Any) -> str:
        bone = strongest[face.vertices[0]]
        return next((key for key, words in groups.items() if any(word in bone for word in words)), "Body")

    owner = [part(face) for face in obj.data.polygons]
    for key in sorted(set(owner)):
        copy = obj.copy()
        copy.data = obj.data.copy()
        copy.name = copy.data.name = key
        bpy.context.scene.collection.objects.link(copy)
        work = bmesh.new()
        work.from_mesh(copy.data)
        work.faces.ensure_lookup_table()
        gone = [face for face, its in zip(work.faces, owner, strict=True) if its != key]
        bmesh.ops.delete(work, geom=gone, context="FACES")
        work.to_mesh(copy.data)
        work.free()
    bpy.data.objects.remove(obj)


def split_parts() -> None:
    split_by_bones({"Head": ["Head", "Ear"], "Legs": ["Leg", "FF", "Shoulder.", "IK"], "Tail": ["Tail"]})


def unweld() -> None:
    """Every face with vertices of its own."""
    import bmesh

    for obj in meshes():
        work = bmesh.new()
        work.from_mesh(obj.data)
        bmesh.ops.split_edges(work, edges=work.edges)
        work.to_mesh(obj.data)
        work.free()


def unskin() -> None:
    for obj in meshes():
        obj.vertex_groups.clear()
        for modifier in list(obj.modifiers):
            obj.modifiers.remove(modifier)


def horns(name: str = "Horns", parent: str = "ARMATURE") -> Any:
    """Two horns without vertex groups, parented to the armature object, a bone, or to nothing."""
    rig = armature()
    head = rig.data.bones["Head"]
    size = head.length
    top = rig.matrix_world @ (head.head_local.lerp(head.tail_local, 0.4) + Vector((0, 0, 0.5 * size)))
    bpy.ops.mesh.primitive_cone_add(radius1=0.1 * size, radius2=0, depth=0.6 * size, location=top)
    obj = bpy.context.object
    obj.name = name
    if parent != "NONE":
        obj.parent = rig
        if parent == "BONE":
            obj.parent_type, obj.parent_bone = "BONE", "Head"
        bpy.context.view_layer.update()
        obj.matrix_world = Matrix.Translation(top)
    bpy.context.view_layer.update()
    return obj


def debris() -> None:
    """A ground plane, a bucket, a camera, a light and an empty beside the animal."""
    bpy.ops.mesh.primitive_plane_add(size=50)
    bpy.context.object.name = "Ground"
    bpy.ops.mesh.primitive_cylinder_add(location=(6, 0, 1))
    bpy.context.object.name = "Bucket"
    bpy.ops.object.camera_add()
    bpy.ops.object.light_add(type="SUN")
    bpy.ops.object.empty_add()


def modifiers_that_differ() -> None:
    """Subdivision finer in renders than in the viewport, volume preserved, rest position left on."""
    obj = meshes()[0]
    modifier = obj.modifiers.new("Subdivision", "SUBSURF")
    modifier.levels, modifier.render_levels = 0, 1
    obj.modifiers[0].use_deform_preserve_volume = True
    armature().data.pose_position = "REST"


def hide_everything() -> None:
    """Animal switched off in the viewport, in a collection that is excluded from the view layer."""
    collection = bpy.data.collections.new("Hidden")
    bpy.context.scene.collection.children.link(collection)
    for obj in [armature(), *meshes()]:
        for other in list(obj.users_collection):
            other.objects.unlink(obj)
        collection.objects.link(obj)
        obj.hide_viewport = True
    bpy.context.view_layer.layer_collection.children["Hidden"].exclude = True


def rider() -> None:
    """A saddle on a bone, a rider with an armature of its own, a script and a driver that write a file."""
    rig = armature()
    bpy.ops.mesh.primitive_cube_add(size=0.5)
    saddle = bpy.context.object
    saddle.name = "Saddle"
    saddle.parent, saddle.parent_type, saddle.parent_bone = rig, "BONE", "Torso"
    bpy.ops.object.armature_add()
    other = bpy.context.object
    other.name = "RiderArmature"
    other.parent, other.parent_type, other.parent_bone = rig, "BONE", "Torso"
    bpy.ops.mesh.primitive_cube_add(size=1)
    body = bpy.context.object
    body.name = "Rider"
    body.parent = other
    body.vertex_groups.new(name="Bone").add(range(8), 1.0, "REPLACE")
    body.modifiers.new("Armature", "ARMATURE").object = other


def booby_trap(mark: Path) -> Callable[[], None]:
    """Scripts and drivers that would create the file ``mark`` if anything of them were executed."""
    code = f"open({str(mark)!r}, 'w').close()"

    def change() -> None:
        text = bpy.data.texts.new("startup.py")
        text.from_string(f"import bpy\n{code}\n")
        text.use_module = True
        rig = armature()
        for owner, path in ((rig, "location"), (meshes()[0], "hide_render")):
            curve = owner.driver_add(path, 0) if path == "location" else owner.driver_add(path)
            curve.driver.type = "SCRIPTED"
            curve.driver.expression = f"__import__('pathlib').Path({str(mark)!r}).touch() or 0"
        mark.unlink(missing_ok=True)

    return change
