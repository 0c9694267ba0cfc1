"""Creatures that are no quadrupeds, and files that are no rigs, made in an empty scene."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
from mathutils import Vector
from rig_files import editing


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
