"""Rigs as strangers bring them: the shared ones, changed in one way each, and saved as files.

Every function leaves a variant in the open scene; :func:`make` starts from a shared rig, applies it and
saves the result. The variants keep the animal's motion unless they say otherwise.
"""

from __future__ import annotations

import atexit
import contextlib
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix, Vector

SHARED_RIGS = {
    "cow": "rigs/cow_ult/Cow-v3.glb",
    "fox": "rigs/fox_khronos/Fox.glb",
    "horse": "rigs/horse_ult/Horse-v7.glb",
    "wolf": "rigs/wolf_ult/Wolf-v12.glb",
    "zebra": "rigs/zebra_farm/Zebra.glb",
}
KEPT_ACTIONS = 3
"""Variants keep only a few actions: exporting a dozen takes seconds."""


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep exporters off the terminal."""
    sys.stdout.flush()
    copy = os.dup(1)
    with Path(os.devnull).open("w") as sink:
        os.dup2(sink.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(copy, 1)
            os.close(copy)


_opened: dict[str, str] = {}


def open_shared(shared: Path, animal: str) -> Any:
    """Import a shared rig into an empty scene; returns its armature object."""
    if animal in _opened:
        # Opening a saved scene takes a tenth of the import.
        with silence():
            bpy.ops.wm.open_mainfile(filepath=_opened[animal], load_ui=False)
        return armature()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with silence():
        bpy.ops.import_scene.gltf(filepath=str(shared / SHARED_RIGS[animal]))
    rig = armature()
    for obj in list(bpy.data.objects):
        if obj.name.startswith("Icosphere"):
            bpy.data.objects.remove(obj)
    for bone in rig.pose.bones:
        bone.custom_shape = None
    tracks = rig.animation_data.nla_tracks
    for track in list(tracks)[:-KEPT_ACTIONS]:
        action = track.strips[0].action
        tracks.remove(track)
        bpy.data.actions.remove(action)
    rig.animation_data.action = None
    reset_pose()
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _opened[animal] = str(Path(folder) / f"{animal}.blend")
    with silence():
        bpy.ops.wm.save_as_mainfile(filepath=_opened[animal], copy=True)
    return rig


def armature() -> Any:
    """The first armature object of the scene."""
    return next(obj for obj in bpy.data.objects if obj.type == "ARMATURE")


def meshes() -> list[Any]:
    """Meshes that an armature deforms."""
    return [
        obj
        for obj in bpy.data.objects
        if obj.type == "MESH" and any(modifier.type == "ARMATURE" for modifier in obj.modifiers)
    ]


def reset_pose() -> None:
    for bone in armature().pose.bones:
        bone.matrix_basis = Matrix()
    bpy.context.view_layer.update()


def save(path: Path) -> Path:
    """Save the scene in the format of the file's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with silence():
        if path.suffix == ".blend":
            bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, check_existing=False)
        elif path.suffix == ".fbx":
            for obj in bpy.data.objects:
                for track in obj.animation_data.nla_tracks if obj.animation_data else ():
                    track.mute = False  # muted tracks are not exported
            bpy.ops.export_scene.fbx(
                filepath=str(path), add_leaf_bones=False, bake_anim_use_nla_strips=True,
                bake_anim_use_all_actions=False, bake_anim_step=2.0,
                path_mode="COPY", embed_textures=True,
            )  # fmt: skip
        else:
            kind = "GLTF_SEPARATE" if path.suffix == ".gltf" else "GLB"
            bpy.ops.export_scene.gltf(
                filepath=str(path), export_format=kind,
                export_animation_mode="NLA_TRACKS" if _tracks() else "ACTIONS",
                export_optimize_animation_size=False, export_def_bones=False,
            )  # fmt: skip
    return path


def _tracks() -> bool:
    return any(obj.animation_data and obj.animation_data.nla_tracks for obj in bpy.data.objects)


def make(shared: Path, animal: str, path: Path, change: Callable[[], None] = lambda: None) -> Path:
    """Save a changed shared rig under a path, in the format of its suffix."""
    open_shared(shared, animal)
    change()
    return save(path)


# --- names


def rename_bones(new_name: Callable[[int, str], str]) -> None:
    """Rename every bone; skin, actions and constraints follow."""
    bones = list(armature().data.bones)
    names = [new_name(i, bone.name) for i, bone in enumerate(bones)]
    for i, bone in enumerate(bones):
        bone.name = f"~{i}"
    for bone, name in zip(bones, names, strict=True):
        bone.name = name


def rename_meaningless() -> None:
    rename_bones(lambda i, _: f"Bone.{i:03d}" if i else "Bone")


def rename_by(words: Sequence[tuple[str, str]], side: Callable[[str, str], str]) -> None:
    """Translate the words of bone names, and write their side as ``side(name, "L" | "R" | "")`` does."""

    def translate(_: int, name: str) -> str:
        letter = name[-1] if name.endswith((".L", ".R")) else ""
        stem = name.removesuffix(f".{letter}") if letter else name
        for old, new in words:
            stem = stem.replace(old, new)
        return side(stem, letter)

    rename_bones(translate)


_SPANISH = [
    ("PoleTarget", "polo"), ("Front", "delantero"), ("Back", "trasero"), ("UpperLeg", "_brazo"),
    ("LowerLeg", "_antebrazo"), ("Shoulder", "_hombro"), ("Leg", "_pierna"), ("Torso", "lomo"),
    ("Neck", "cuello"), ("Head", "cabeza"), ("Tail", "cola"), ("Ear", "oreja"), ("Body", "raiz"),
]  # fmt: skip
_JAPANESE = [
    ("Front", "前"), ("Back", "後"), ("UpperLeg", "上腿"), ("LowerLeg", "下腿"), ("Shoulder", "肩"),
    ("Leg", "足"), ("Torso", "胴"), ("Neck", "首"), ("Head", "頭"), ("Tail", "尾"), ("Ear", "耳"),
    ("Body", "全身"),
]  # fmt: skip
_BIPED_3DS = [
    ("FrontShoulder", "Clavicle"), ("FrontUpperLeg", "UpperArm"), ("FrontLowerLeg", "Forearm"),
    ("BackShoulder", "Hip"), ("BackLeg", "Thigh"), ("BackUpperLeg", "Calf"), ("BackLowerLeg", "HorseLink"),
    ("Torso", "Spine"), ("Body", "Bip01"), ("Back", "Pelvis"), ("Ear", "Ponytail"),
]  # fmt: skip


def rename_spanish() -> None:
    rename_by(_SPANISH, lambda stem, s: f"{stem}_{ {'L': 'izq', 'R': 'der'}[s] }" if s else stem)


def rename_japanese() -> None:
    rename_by(_JAPANESE, lambda stem, s: {"L": "左", "R": "右", "": ""}[s] + stem)


def rename_bip01() -> None:
    def side(stem: str, letter: str) -> str:
        stem = stem.removeprefix("Bip01")
        return " ".join(part for part in ("Bip01", letter, stem) if part)

    rename_by(_BIPED_3DS, side)


def rename_prefix_lower() -> None:
    rename_by([], lambda stem, s: f"{s.lower()}_{stem}" if s else f"c_{stem}")


def rename_words() -> None:
    rename_by([], lambda stem, s: f"{ {'L': 'Left', 'R': 'Right'}[s] }{stem}" if s else stem)


def rename_underscore() -> None:
    rename_by([], lambda stem, s: f"{stem}_{s}" if s else stem)


def rename_letters() -> None:
    """LFLeg1, RBLeg2, as game studios write it."""
    counts: dict[str, int] = {}

    def side(stem: str, s: str) -> str:
        if not s:
            return f"Spine_{stem}"
        place = "F" if stem.startswith("Front") else "B" if stem.startswith("Back") else "X"
        counts[s + place] = counts.get(s + place, 0) + 1
        return f"{s}{place}Leg{counts[s + place]}"

    rename_by([], side)


# --- place, size, facing


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


# --- meshes


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


# --- bones


@contextlib.contextmanager
def editing() -> Iterator[Any]:
    """Edit mode of the armature; yields its edit bones."""
    rig = armature()
    bpy.ops.object.select_all(action="DESELECT")
    rig.select_set(True)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        yield rig.data.edit_bones
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")


def merge_bones(gone: dict[str, str]) -> None:
    """Remove bones; their skin goes to another bone and their children to their parent."""
    for obj in meshes():
        for name, heir in gone.items():
            group = obj.vertex_groups.get(name)
            if group is None:
                continue
            target = obj.vertex_groups.get(heir) or obj.vertex_groups.new(name=heir)
            for vertex in obj.data.vertices:
                for element in vertex.groups:
                    if element.group == group.index:
                        target.add([vertex.index], element.weight, "ADD")
            obj.vertex_groups.remove(obj.vertex_groups[name])
    with editing() as bones:
        for name in gone:
            if name in bones:
                for child in bones[name].children:
                    child.parent = bones[name].parent
                bones.remove(bones[name])
    drop_lost_curves()


def drop_lost_curves() -> None:
    """Remove F-curves of bones that are gone."""
    names = set(armature().data.bones.keys())
    for action in bpy.data.actions:
        for layer in action.layers:
            for strip in layer.strips:
                for slot in action.slots:
                    bag = strip.channelbag(slot)
                    for curve in list(bag.fcurves) if bag else ():
                        parts = curve.data_path.split('"')
                        if len(parts) > 1 and parts[1] not in names:
                            bag.fcurves.remove(curve)


def remove_control_bones() -> None:
    """Without IK and pole bones; the feet's skin goes to the lowest leg bone."""
    rig = armature()
    gone = {}
    for bone in rig.data.bones:
        if bone.name.startswith(("PoleTarget", "IK")):
            gone[bone.name] = "Body"
        elif bone.name.startswith("FF"):
            place = "Back" if bone.name.startswith("FFB") else "Front"
            gone[bone.name] = f"{place}LowerLeg{bone.name[-2:]}"
    merge_bones(gone)


def add_control_bones() -> None:
    """Controls outside the body, and a long chain that ends far away."""
    with editing() as bones:
        size = max((bone.tail - bone.head).length for bone in bones)
        master = bones.new("CTRL_master")
        master.head, master.tail = (0, 0, 0), (0, 2 * size, 0)
        for i in range(6):
            control = bones.new(f"CTRL_{i}")
            control.head, control.tail = (
                (2 * size * (i - 3), -4 * size, 0),
                (2 * size * (i - 3), -4 * size, size),
            )
            control.parent, control.use_deform = master, False
        previous = master
        for i in range(12):
            link = bones.new(f"rope{i}")
            link.head, link.tail = (3 * size, i * size, size), (3 * size, (i + 1) * size, size)
            link.parent, link.use_deform = previous, False
            previous = link


def rigify_layers() -> None:
    """Deforming DEF- bones that copy ORG- bones, beside MCH- bones, three of everything."""
    names = [bone.name for bone in armature().data.bones]
    rename_bones(lambda _, name: f"DEF-{name}")
    with editing() as bones:
        for prefix in ("ORG", "MCH"):
            for name in names:
                source, copy = bones[f"DEF-{name}"], bones.new(f"{prefix}-{name}")
                copy.head, copy.tail, copy.roll = source.head, source.tail, source.roll
                copy.use_deform = False
            for name in names:
                parent = bones[f"DEF-{name}"].parent
                if parent is not None:
                    bones[f"{prefix}-{name}"].parent = bones[parent.name.replace("DEF-", f"{prefix}-", 1)]


def shorten_legs() -> None:
    """One bone fewer in each leg."""
    merge_bones({f"Back{part}.{s}": f"BackUpperLeg.{s}" for part in ("Leg",) for s in "LR"})


def subdivide_legs() -> None:
    """One bone more in each leg; the new half holds the skin beyond the middle."""
    with editing() as bones:
        for name in [f"{end}UpperLeg.{s}" for end in ("Front", "Back") for s in "LR"]:
            bone = bones[name]
            middle, tail = (bone.head + bone.tail) / 2, bone.tail.copy()
            half = bones.new(f"{name[:-2]}Half{name[-2:]}")
            half.head, half.tail, half.roll = middle, tail, bone.roll
            children = list(bone.children)
            bone.tail = middle
            half.parent = bone
            for child in children:
                child.parent = half
    rig = armature()
    for obj in meshes():
        for name in [f"{end}UpperLeg.{s}" for end in ("Front", "Back") for s in "LR"]:
            bone = rig.data.bones[name]
            axis = (bone.tail_local - bone.head_local).normalized()
            half = obj.vertex_groups.new(name=f"{name[:-2]}Half{name[-2:]}")
            group = obj.vertex_groups[name]
            for vertex in obj.data.vertices:
                weight = next((e.weight for e in vertex.groups if e.group == group.index), 0.0)
                if weight and (vertex.co - bone.tail_local).dot(axis) > 0:
                    half.add([vertex.index], weight, "REPLACE")
                    group.remove([vertex.index])


def deform_off() -> None:
    for bone in armature().data.bones:
        bone.use_deform = False


def drop_actions() -> None:
    armature().animation_data_clear()
    for action in list(bpy.data.actions):
        bpy.data.actions.remove(action)


def stand_on_two_legs() -> None:
    """A biped made of a quadruped: no hind legs, nor the skin on them."""
    import bmesh

    words = ("BackLeg", "BackUpperLeg", "BackLowerLeg", "BackShoulder", "FFB", "IKBack", "PoleTargetBack")
    for obj in meshes():
        groups = {g.index for g in obj.vertex_groups if g.name.startswith(words)}
        gone = [
            v.index for v in obj.data.vertices if sum(e.weight for e in v.groups if e.group in groups) > 0.5
        ]
        work = bmesh.new()
        work.from_mesh(obj.data)
        work.verts.ensure_lookup_table()
        bmesh.ops.delete(work, geom=[work.verts[i] for i in gone], context="VERTS")
        work.to_mesh(obj.data)
        work.free()
    with editing() as bones:
        for bone in list(bones):
            if bone.name.startswith(words):
                bones.remove(bone)
    drop_lost_curves()


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


# --- creatures that are no quadrupeds, and files that are no rigs


def chain_creature(bones: Sequence[tuple[str, str | None, Sequence[float], Sequence[float], float]]) -> None:
    """A creature of tapered boxes around bones given as (name, parent, head, tail, radius)."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    data = bpy.data.armatures.new("Armature")
    rig = bpy.data.objects.new("Armature", data)
    bpy.context.scene.collection.objects.link(rig)
    with editing() as edit:
        for name, parent, head, tail, _ in bones:
            bone = edit.new(name)
            bone.head, bone.tail = head, tail
            bone.parent = edit[parent] if parent else None
    vertices: list[Vector] = []
    faces: list[tuple[int, ...]] = []
    owners: list[tuple[str, range]] = []
    for name, _, head, tail, radius in bones:
        start, end = Vector(head), Vector(tail)
        axis = (end - start).normalized()
        side = axis.orthogonal().normalized()
        other = axis.cross(side)
        first = len(vertices)
        rings, sides = 4, 8
        for ring in range(rings + 1):
            centre = start.lerp(end, ring / rings)
            for k in range(sides):
                angle = 2 * math.pi * k / sides
                vertices.append(centre + radius * (math.cos(angle) * side + math.sin(angle) * other))
        for ring in range(rings):
            for k in range(sides):
                a, b = first + ring * sides + k, first + ring * sides + (k + 1) % sides
                faces.append((a, b, b + sides, a + sides))
        owners.append((name, range(first, len(vertices))))
    mesh = bpy.data.meshes.new("Creature")
    mesh.from_pydata(vertices, [], faces)
    obj = bpy.data.objects.new("Creature", mesh)
    bpy.context.scene.collection.objects.link(obj)
    obj.parent = rig
    for name, rows in owners:
        obj.vertex_groups.new(name=name).add(list(rows), 1.0, "REPLACE")
    obj.modifiers.new("Armature", "ARMATURE").object = rig
    sway(rig)


def sway(rig: Any) -> None:
    """A small action that turns every bone a little."""
    for frame in (1, 10, 20):
        for i, bone in enumerate(rig.pose.bones):
            bone.rotation_mode = "QUATERNION"
            angle = 0.1 * math.sin(frame / 3 + i)
            bone.rotation_quaternion = (math.cos(angle / 2), math.sin(angle / 2), 0, 0)
            bone.keyframe_insert("rotation_quaternion", frame=frame)
    action = rig.animation_data.action
    action.name = "Sway"
    track = rig.animation_data.nla_tracks.new()
    track.name = "Sway"
    track.strips.new("Sway", 1, action)
    rig.animation_data.action = None


def snake() -> None:
    chain_creature(
        [
            (f"b{i}", f"b{i - 1}" if i else None, (0, 0.3 * i, 0.1), (0, 0.3 * (i + 1), 0.1), 0.1)
            for i in range(16)
        ]
    )


def _mirrored(limbs: Sequence[tuple[str, str, Sequence[float], Sequence[float], float]]) -> list[Any]:
    both = []
    for name, parent, head, tail, radius in limbs:
        for s, sign in (("L", 1), ("R", -1)):
            above = f"{parent}.{s}" if any(parent == other[0] for other in limbs) else parent
            both.append(
                (f"{name}.{s}", above, (sign * head[0], *head[1:]), (sign * tail[0], *tail[1:]), radius)
            )
    return both


def human() -> None:
    chain_creature(
        [
            ("hips", None, (0, 0, 1.0), (0, 0, 1.15), 0.14),
            ("spine", "hips", (0, 0, 1.15), (0, 0, 1.3), 0.14),
            ("chest", "spine", (0, 0, 1.3), (0, 0, 1.5), 0.15),
            ("neck", "chest", (0, 0, 1.5), (0, 0, 1.6), 0.06),
            ("head", "neck", (0, 0, 1.6), (0, 0, 1.8), 0.1),
            *_mirrored(
                [
                    ("clavicle", "chest", (0.02, 0, 1.45), (0.17, 0, 1.45), 0.05),
                    ("upper_arm", "clavicle", (0.17, 0, 1.45), (0.45, 0, 1.45), 0.05),
                    ("forearm", "upper_arm", (0.45, 0, 1.45), (0.7, 0, 1.45), 0.04),
                    ("hand", "forearm", (0.7, 0, 1.45), (0.85, 0, 1.45), 0.04),
                    ("thigh", "hips", (0.1, 0, 0.95), (0.1, -0.01, 0.5), 0.08),
                    ("shin", "thigh", (0.1, -0.01, 0.5), (0.1, 0.02, 0.08), 0.06),
                    ("foot", "shin", (0.1, 0.02, 0.08), (0.1, -0.12, 0.02), 0.04),
                ]
            ),
        ]
    )


def bird() -> None:
    chain_creature(
        [
            ("body", None, (0, 0.1, 0.3), (0, -0.1, 0.35), 0.09),
            ("neck", "body", (0, -0.1, 0.35), (0, -0.16, 0.45), 0.03),
            ("head", "neck", (0, -0.16, 0.45), (0, -0.26, 0.46), 0.04),
            ("tail", "body", (0, 0.1, 0.3), (0, 0.3, 0.28), 0.03),
            *_mirrored(
                [
                    ("wing1", "body", (0.08, -0.02, 0.36), (0.3, 0, 0.38), 0.02),
                    ("wing2", "wing1", (0.3, 0, 0.38), (0.55, 0.03, 0.38), 0.02),
                    ("wing3", "wing2", (0.55, 0.03, 0.38), (0.75, 0.08, 0.38), 0.015),
                    ("thigh", "body", (0.05, 0.02, 0.26), (0.05, -0.03, 0.17), 0.02),
                    ("shank", "thigh", (0.05, -0.03, 0.17), (0.05, 0.03, 0.08), 0.012),
                    ("foot", "shank", (0.05, 0.03, 0.08), (0.05, -0.03, 0.0), 0.01),
                ]
            ),
        ]
    )


def moving_nodes() -> None:
    """Meshes animated as separate objects, without any bone."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    for i in range(3):
        bpy.ops.mesh.primitive_cube_add(location=(i, 0, 0))
        obj = bpy.context.object
        obj.name = f"Part{i}"
        obj.keyframe_insert("location", frame=1)
        obj.location.z = 1
        obj.keyframe_insert("location", frame=10)


def all_of(*changes: Callable[[], Any]) -> Callable[[], None]:
    """Several changes, one after the other."""

    def change() -> None:
        for each in changes:
            each()

    return change


STRANGERS: dict[str, tuple[str, str, Callable[[], None]]] = {
    # name: (shared animal, suffix, change)
    "meaningless_names": ("horse", ".glb", rename_meaningless),
    "meaningless_names_zebra": ("zebra", ".glb", rename_meaningless),
    "meaningless_names_fox": ("fox", ".glb", rename_meaningless),
    "meaningless_names_cow": ("cow", ".fbx", rename_meaningless),
    "scaled_100": ("wolf", ".glb", scale(100)),
    "scaled_001": ("cow", ".glb", scale(0.01)),
    "facing_x": ("horse", ".glb", face(90)),
    "facing_y": ("wolf", ".fbx", face(180)),
    "facing_37": ("cow", ".glb", face(37)),
    "lying": ("zebra", ".glb", lie_down),
    "unapplied": ("horse", ".blend", unapplied_transforms),
    "unapplied_fbx": ("cow", ".fbx", unapplied_transforms),
    "split_materials": ("cow", ".glb", split_by_material),
    "split_parts": ("horse", ".glb", split_parts),
    "no_controls": ("horse", ".glb", remove_control_bones),
    "more_controls": ("wolf", ".blend", add_control_bones),
    "rigify_layers": ("horse", ".blend", rigify_layers),
    "rigify_layers_glb": ("cow", ".glb", rigify_layers),
    "short_legs": ("cow", ".glb", shorten_legs),
    "long_legs": ("wolf", ".glb", subdivide_legs),
    "deform_off": ("wolf", ".blend", deform_off),
    "no_actions": ("cow", ".glb", drop_actions),
    "spanish": ("cow", ".fbx", rename_spanish),
    "japanese": ("horse", ".glb", rename_japanese),
    "bip01": ("wolf", ".fbx", rename_bip01),
    "prefix_lower": ("wolf", ".glb", rename_prefix_lower),
    "words": ("horse", ".fbx", rename_words),
    "underscore": ("cow", ".blend", rename_underscore),
    "letters": ("wolf", ".glb", rename_letters),
    "unwelded": ("fox", ".fbx", unweld),
    "rider": ("horse", ".blend", rider),
    "modifiers": ("zebra", ".blend", modifiers_that_differ),
    "hidden": ("wolf", ".blend", hide_everything),
    "everything_horse": (
        "horse",
        ".fbx",
        all_of(rename_meaningless, face(217), scale(100), unapplied_transforms),
    ),
    "everything_wolf": ("wolf", ".glb", all_of(add_control_bones, rename_meaningless, lie_down, face(37))),
    "everything_cow": ("cow", ".blend", all_of(split_parts, horns, rename_letters, face(-90), scale(0.01))),
    "everything_zebra": ("zebra", ".fbx", all_of(rename_meaningless, face(90), unweld)),
    "everything_fox": ("fox", ".blend", all_of(rename_meaningless, face(-37), unapplied_transforms)),
    # no quadrupeds
    "two_legs": ("horse", ".glb", stand_on_two_legs),
    "human": ("", ".glb", human),
    "bird": ("", ".glb", bird),
    "snake": ("", ".fbx", snake),
    # no rigs
    "unskinned": ("wolf", ".blend", unskin),
    "moving_nodes": ("", ".glb", moving_nodes),
}


def make_stranger(shared: Path, name: str, folder: Path) -> Path:
    """Save one of :data:`STRANGERS` into a folder."""
    animal, suffix, change = STRANGERS[name]
    path = folder / f"{name}{suffix}"
    if animal:
        return make(shared, animal, path, change)
    change()
    return save(path)
