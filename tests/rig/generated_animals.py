"""Quadrupeds made around the horse, wolf and cat skeletons that come with Blender's Rigify.

They share nothing with the shared rigs: other names, other bone counts, other proportions, bones of a
face and of toes, a closed mesh without hair or eyes of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Quaternion, Vector
from rig_files import editing, save, silence

# Pattern of bone names, radius at head and tail in fractions of the withers' height, how far the flesh
# hangs below the bone in radii. The first match counts; bones that match none carry no flesh.
Flesh = Sequence[tuple[str, float, float, float]]

HORSE: Flesh = (
    (r"spine\.001$", 0.17, 0.2, 0.4),
    (r"spine\.00[2-5]$", 0.21, 0.21, 0.45),
    (r"spine\.006$", 0.2, 0.15, 0.3),
    (r"neck\.001$", 0.14, 0.11, 0.0),
    (r"neck\.00[234]$", 0.10, 0.08, 0.0),
    (r"skull$", 0.085, 0.05, 0.0),
    (r"ear\.[LR]", 0.02, 0.015, 0.0),
    (r"tail", 0.03, 0.02, 0.0),
    (r"shoulder", 0.03, 0.07, 0.0),
    (r"pelvis", 0.07, 0.03, 0.0),
    (r"upper_arm|thigh", 0.1, 0.07, 0.0),
    (r"forearm|lower_leg", 0.06, 0.04, 0.0),
    (r"forefoot|hind_foot", 0.032, 0.03, 0.0),
    (r"[fr]_toe|hoof", 0.03, 0.038, 0.0),
)
WOLF: Flesh = (
    (r"spine$|spine\.00[123]$", 0.04, 0.035, 0.0),
    (r"spine\.00[4567]$", 0.17, 0.17, 0.45),
    (r"spine\.008$", 0.19, 0.17, 0.4),
    (r"spine\.0(09|10|11)$", 0.13, 0.11, 0.0),
    (r"face$", 0.10, 0.10, 0.0),
    (r"nose$", 0.09, 0.05, 0.6),
    (r"nose\.00[12]$", 0.035, 0.03, 0.3),
    (r"jaw$|chin$", 0.05, 0.035, 0.0),
    (r"ear\.[LR]", 0.025, 0.015, 0.0),
    (r"shoulder", 0.04, 0.07, 0.0),
    (r"thigh", 0.1, 0.06, 0.0),
    (r"shin", 0.055, 0.038, 0.0),
    (r"foot|toe", 0.035, 0.035, 0.0),
)
CAT: Flesh = (
    (r"^spine$", 0.17, 0.19, 0.3),
    (r"spine\.00[12]$", 0.22, 0.22, 0.4),
    (r"spine\.003$", 0.22, 0.16, 0.3),
    (r"spine\.00[45]$", 0.13, 0.13, 0.0),
    (r"spine\.006$", 0.13, 0.13, 0.3),
    (r"cheek\.[TB]\.[LR]|brow\.T", 0.06, 0.06, 0.0),
    (r"nose$|nose\.001", 0.06, 0.045, 0.3),
    (r"jaw$", 0.06, 0.05, 0.0),
    (r"ear\.[LR]", 0.04, 0.02, 0.0),
    (r"tail", 0.05, 0.04, 0.0),
    (r"shoulder|pelvis\.[LR]", 0.05, 0.07, 0.0),
    (r"upper_arm|thigh", 0.11, 0.08, 0.0),
    (r"forearm|shin", 0.07, 0.05, 0.0),
    (r"hand|foot|[fr]_toe", 0.05, 0.05, 0.0),
)
ANIMALS: dict[str, tuple[Flesh, str]] = {
    # flesh, bone whose head is the withers
    "horse": (HORSE, "spine.005"),
    "wolf": (WOLF, "spine.008"),
    "cat": (CAT, "spine.003"),
}


def generate(animal: str) -> Any:
    """Build one of :data:`ANIMALS` in an empty scene, with a walk; returns its armature object."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    import addon_utils  # Blender's own module, found only once bpy is there

    with silence():
        # Registering it a second time fails: an empty file leaves its classes in place.
        if not hasattr(bpy.types, f"OBJECT_OT_armature_{animal}_metarig_add"):
            addon_utils.enable("rigify", default_set=True)
        getattr(bpy.ops.object, f"armature_{animal}_metarig_add")()
    rig = bpy.context.object
    rig.name = f"{animal}_skeleton"
    for bone in rig.pose.bones:
        bone.custom_shape = None
    flesh, withers = ANIMALS[animal]
    height = rig.data.bones[withers].head_local.z
    body = _body(rig, flesh, height)
    body.name = f"{animal}_body"
    _skin(rig, body, flesh, height)
    _walk(rig)
    return rig


def _radii(name: str, flesh: Flesh) -> tuple[float, float, float] | None:
    return next((tuple(row[1:]) for row in flesh if re.search(row[0], name)), None)  # type: ignore[return-value]


def _body(rig: Any, flesh: Flesh, height: float) -> Any:
    """Closed mesh around the bones, from balls that a voxel remesh melts together."""
    import bmesh

    ball = bmesh.new()
    bmesh.ops.create_icosphere(ball, subdivisions=2, radius=1.0)
    corners = np.array([vertex.co for vertex in ball.verts])
    faces = np.array([[vertex.index for vertex in face.verts] for face in ball.faces])
    ball.free()
    points: list[Any] = []
    polygons: list[Any] = []
    for bone in rig.data.bones:
        radii = _radii(bone.name, flesh)
        if radii is None:
            continue
        start, end, hang = radii
        steps = max(2, math.ceil(bone.length / (0.3 * min(start, end) * height)))
        for i in range(steps + 1):
            t = i / steps
            radius = height * ((1 - t) * start + t * end)
            centre = bone.head_local.lerp(bone.tail_local, t) - Vector((0, 0, hang * radius))
            polygons.append(faces + len(points) * len(corners))
            points.append(corners * radius + np.array(centre))
    mesh = bpy.data.meshes.new("body")
    mesh.from_pydata(np.concatenate(points).tolist(), [], np.concatenate(polygons).tolist())
    obj = bpy.data.objects.new("body", mesh)
    bpy.context.scene.collection.objects.link(obj)
    remesh = obj.modifiers.new("Remesh", "REMESH")
    remesh.mode, remesh.voxel_size = "VOXEL", height / 42
    smooth = obj.modifiers.new("Smooth", "SMOOTH")
    smooth.iterations = 3
    obj.data = bpy.data.meshes.new_from_object(obj.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    obj.modifiers.clear()
    obj.data.polygons.foreach_set("use_smooth", [True] * len(obj.data.polygons))
    return obj


def _skin(rig: Any, body: Any, flesh: Flesh, height: float) -> None:
    """Weights that fall with the distance from the bones in radii, the four nearest each."""
    bones = [bone for bone in rig.data.bones if _radii(bone.name, flesh)]
    points = np.array([vertex.co for vertex in body.data.vertices])
    distance = np.empty((len(points), len(bones)))
    for column, bone in enumerate(bones):
        start, end, hang = _radii(bone.name, flesh) or (0.0, 0.0, 0.0)
        # The flesh's own middle line: a belly belongs to the spine above it, not to the legs beside it.
        head = np.array(bone.head_local) - (0, 0, hang * start * height)
        tail = np.array(bone.tail_local) - (0, 0, hang * end * height)
        axis = tail - head
        t = np.clip((points - head) @ axis / (axis @ axis), 0, 1)
        gap = np.linalg.norm(points - head - t[:, None] * axis, axis=1)
        distance[:, column] = gap / (start + end) + 1e-4
        if bone.name.endswith((".L", ".R")):
            wrong = points[:, 0] * (1 if ".L" in bone.name else -1) < -1e-3
            distance[wrong, column] += 1e3
    weights = distance**-4.0
    fourth = np.sort(weights, axis=1)[:, -4][:, None]
    weights[weights < fourth] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    groups = [body.vertex_groups.new(name=bone.name) for bone in bones]
    for row, values in enumerate(weights):
        for column in np.flatnonzero(values > 0.01):
            groups[column].add([row], float(values[column]), "REPLACE")
    body.parent = rig
    body.modifiers.new("Armature", "ARMATURE").object = rig


def _walk(rig: Any) -> None:
    """Swing the legs about the left-right axis, diagonal pairs together."""
    upper = {"upper_arm": 0, "front_thigh": 0, "thigh": 1}
    lower = {"forearm": 0, "front_shin": 0, "shin": 1, "lower_leg": 1}
    for bone in rig.pose.bones:
        stem, _, side = bone.name.rpartition(".")
        bone.rotation_mode = "QUATERNION"
        phase = math.pi * ((upper | lower).get(stem, 0) ^ (side == "R"))
        axis = bone.bone.matrix_local.to_3x3().inverted() @ Vector((1, 0, 0))
        for frame in range(0, 25, 4):
            turn = 2 * math.pi * frame / 24 + phase
            if stem in upper:
                angle = 0.4 * math.sin(turn)
            elif stem in lower:
                angle = (0.3 if lower[stem] else -0.3) * (1 + math.cos(turn))
            elif bone.name.startswith("neck") or bone.name == "spine.009":
                angle = 0.05 * math.sin(2 * turn)
            else:
                continue
            bone.rotation_quaternion = Quaternion(axis, angle)
            bone.keyframe_insert("rotation_quaternion", frame=frame)
    action = rig.animation_data.action
    action.name = "walk"
    track = rig.animation_data.nla_tracks.new()
    track.name = "walk"
    track.strips.new("walk", 0, action)
    rig.animation_data.action = None
    for bone in rig.pose.bones:
        bone.rotation_quaternion = (1, 0, 0, 0)
    bpy.context.view_layer.update()


def simplify(rig: Any, words: str) -> None:
    """Remove the bones whose names match, as game rigs go without face and toes."""
    with editing() as bones:
        for bone in list(bones):
            if re.search(words, bone.name):
                for child in bone.children:
                    child.parent = bone.parent
                bones.remove(bone)


_FACE_AND_TOES = (
    r"lip|lid|brow|cheek|teeth|tongue|forehead|temple|chin\.|jaw\.|palm|pinky|ring|middle|index|mane|skull\."
)


def _plain(rig: Any) -> None:
    simplify(rig, _FACE_AND_TOES)


def _nameless(rig: Any) -> None:
    _plain(rig)
    names = sorted(bone.name for bone in rig.data.bones)
    for i, name in enumerate(names):
        rig.data.bones[name].name = f"joint{i + 1}"


def _turned(rig: Any) -> None:
    _plain(rig)
    rig.rotation_euler = (math.radians(90), 0, math.radians(60))
    rig.scale = (37.0, 37.0, 37.0)


GENERATED: dict[str, tuple[str, str, Callable[[Any], None]]] = {
    "rigify_horse": ("horse", ".blend", lambda rig: None),
    "rigify_wolf": ("wolf", ".blend", lambda rig: None),
    "rigify_cat": ("cat", ".blend", lambda rig: None),
    "rigify_horse_plain": ("horse", ".glb", _plain),
    "rigify_wolf_plain": ("wolf", ".fbx", _plain),
    "rigify_cat_plain": ("cat", ".glb", _plain),
    "rigify_horse_nameless": ("horse", ".fbx", _nameless),
    "rigify_wolf_nameless": ("wolf", ".glb", _nameless),
    "rigify_cat_nameless": ("cat", ".glb", _nameless),
    "rigify_wolf_turned": ("wolf", ".glb", _turned),
    "rigify_cat_turned": ("cat", ".blend", _turned),
}


def make_generated(name: str, folder: Path) -> Path:
    """Save one of :data:`GENERATED` into a folder."""
    animal, suffix, change = GENERATED[name]
    change(generate(animal))
    return save(folder / f"{name}{suffix}")
