"""Make an imported animal render and deform as its author meant, the same in every pose."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils.kdtree import KDTree
from numpy.typing import NDArray

from ..errors import RigError
from .actions import apply_action, clear_action, list_actions
from .animal_parts import AnimalParts, skinned_rows
from .extraction import armature_modifier, rest_pose
from .loaded_rig import LoadedRig
from .materials import repair_materials

_SIMULATIONS = {
    "CLOTH", "COLLISION", "DYNAMIC_PAINT", "EXPLODE", "FLUID", "OCEAN", "PARTICLE_INSTANCE",
    "PARTICLE_SYSTEM", "SOFT_BODY", "SURFACE", "WAVE", "BUILD",
}  # fmt: skip
_CHANGING = {"BOOLEAN", "DECIMATE", "EDGE_SPLIT", "NODES", "REMESH", "WELD"}
_MOST_VERTICES = 200_000
_RIGID_SHARE = 0.6


def repair(parts: AnimalParts) -> list[str]:
    """Repair the animal in place, once its objects are in the scene.

    Returns
    -------
    list of str
        What was changed, in sentences for a person.
    """
    notes: list[str] = []
    armature = parts.armature
    armature.data.pose_position = "POSE"
    for bone in armature.pose.bones:
        bone.custom_shape = None
    for obj in parts.meshes:
        if obj.data.users > 1:
            obj.data = obj.data.copy()
        _unhide(obj)
        _fix_modifiers(obj, armature, notes)
    _restore_deform_flags(parts, notes)
    with rest_pose(armature):
        _attach(parts, notes)
        _fill_unweighted(parts, notes)
    notes.extend(repair_materials(parts.meshes))
    return notes


def _unhide(obj: Any) -> None:
    """Nothing but the caller decides whether a part is shown, no driver and no key."""
    animation = obj.animation_data
    if animation is None:
        return
    for curve in list(animation.drivers):
        if curve.data_path in {"hide_render", "hide_viewport"}:
            animation.drivers.remove(curve)
    obj.hide_render = obj.hide_viewport = False


def _fix_modifiers(obj: Any, armature: Any, notes: list[str]) -> None:
    """Let the viewport's mesh, which is measured, be the rendered one, and depend on the pose alone."""
    for modifier in list(obj.modifiers):
        if modifier.type in _SIMULATIONS or _simulates(modifier):
            notes.append(
                f"left out modifier '{modifier.name}' of '{obj.name}': "
                "what it does may depend on the frames before"
            )
            obj.modifiers.remove(modifier)
            continue
        if modifier.type == "ARMATURE" and modifier.object == armature:
            modifier.show_render = modifier.show_viewport = True
            continue
        modifier.show_viewport = modifier.show_render
        if modifier.type in {"SUBSURF", "MULTIRES"}:
            # A subdivision level quadruples the faces.
            faces = max(1, len(obj.data.polygons))
            most = max(0, int(np.log(max(1.0, _MOST_VERTICES / faces)) / np.log(4)))
            level = min(modifier.render_levels, most)
            modifier.levels = modifier.render_levels = level
            # Adaptive subdivision depends on the camera; the setting moved from the object to the modifier.
            for owner in (modifier, getattr(obj, "cycles", None)):
                if owner is not None and hasattr(owner, "use_adaptive_subdivision"):
                    owner.use_adaptive_subdivision = False


def _simulates(modifier: Any) -> bool:
    """Whether geometry nodes hold a simulation."""
    tree = modifier.node_group if modifier.type == "NODES" else None
    return tree is not None and any(node.bl_idname == "GeometryNodeSimulationInput" for node in tree.nodes)


def keep_topology(rig: LoadedRig) -> list[str]:
    """Leave out modifiers that make other vertices in other poses, since labels are fixed to vertices.

    Returns
    -------
    list of str
        What was left out, for a person.

    Raises
    ------
    RigError
        When the vertices still change with the pose.
    """
    suspects = [
        (obj, modifier)
        for obj in rig.meshes
        for modifier in obj.modifiers
        if modifier.type in _CHANGING or (modifier.type == "MIRROR" and modifier.use_mirror_merge)
    ]
    if not suspects or _counts_agree(rig):
        return []
    notes = []
    for obj, modifier in suspects:
        if modifier.type == "MIRROR":
            modifier.use_mirror_merge = False
            notes.append(f"'{obj.name}': switched off merging in '{modifier.name}': it depends on the pose")
        else:
            notes.append(f"'{obj.name}': left out modifier '{modifier.name}': it depends on the pose")
            obj.modifiers.remove(modifier)
    if not _counts_agree(rig):
        raise RigError(f"{rig.path.name}: the number of vertices changes with the pose; apply the modifiers")
    return notes


def _counts_agree(rig: LoadedRig) -> bool:
    """Whether every action's first, middle and last frame has the rest pose's vertices."""
    clear_action(rig)
    counts = {_vertex_counts(rig)}
    for entry in list_actions(rig):
        for frame in (entry.start, (entry.start + entry.end) / 2, entry.end):
            apply_action(rig, entry.name, frame)
            counts.add(_vertex_counts(rig))
    clear_action(rig)
    return len(counts) == 1


def _vertex_counts(rig: LoadedRig) -> tuple[int, ...]:
    depsgraph = bpy.context.evaluated_depsgraph_get()
    return tuple(len(obj.evaluated_get(depsgraph).data.vertices) for obj in rig.meshes)


def _restore_deform_flags(parts: AnimalParts, notes: list[str]) -> None:
    """Switch deforming on for bones that hold skin, where an exporter lost the flag on all of them."""
    bones = parts.armature.data.bones
    for obj in parts.meshes:
        if armature_modifier(obj, parts.armature) is None:
            continue
        named = [bones[group.name] for group in obj.vertex_groups if group.name in bones]
        if named and not any(bone.use_deform for bone in named):
            for bone in named:
                bone.use_deform = True
            notes.append(f"switched deforming on for the bones of '{obj.name}': it was off for all of them")


def _attach(parts: AnimalParts, notes: list[str]) -> None:
    """Skin parts that are only parented to the animal like the skin they sit on."""
    if not parts.attach:
        return
    skin = _Skin(parts, [obj for obj in parts.meshes if obj not in parts.attach])
    for obj in parts.attach:
        for modifier in [m for m in obj.modifiers if m.type == "ARMATURE"]:
            obj.modifiers.remove(modifier)
        obj.vertex_groups.clear()
        bone = skin.bind(obj, np.arange(len(obj.data.vertices)))
        modifier = obj.modifiers.new("Armature", "ARMATURE")
        modifier.object = parts.armature
        how = f"bone '{bone}'" if bone else "the skin around it"
        notes.append(f"'{obj.name}' has no skin weights: attached it to {how}")


def _fill_unweighted(parts: AnimalParts, notes: list[str]) -> None:
    """Bind skinless vertices inside skinned meshes, which would stay behind, to the skin next to them."""
    loose = {}
    for obj in parts.meshes:
        modifier = armature_modifier(obj, parts.armature)
        if obj in parts.attach or modifier is None or modifier.use_bone_envelopes or modifier.vertex_group:
            continue
        rows = ~skinned_rows(obj, parts.armature)
        if rows.any() and not rows.all():
            loose[obj] = rows
    if not loose:
        return
    skin = _Skin(parts, [obj for obj in parts.meshes if obj not in parts.attach])
    for obj, rows in loose.items():
        for island in _islands(obj.data, rows):
            skin.bind(obj, island)
        notes.append(
            f"{int(rows.sum())} vertices of '{obj.name}' have no skin weights: "
            "bound them to the skin next to them"
        )


class _Skin:
    """Rest-pose skin that parts without weights can be bound to."""

    def __init__(self, parts: AnimalParts, meshes: list[Any]) -> None:
        points: list[Any] = []
        self._weights: list[dict[str, float]] = []
        bones = parts.armature.data.bones
        for obj in meshes:
            if armature_modifier(obj, parts.armature) is None and obj.parent_type != "ARMATURE":
                continue
            names = {
                group.index: group.name
                for group in obj.vertex_groups
                if group.name in bones and bones[group.name].use_deform
            }
            for vertex in obj.data.vertices:
                weights = {
                    names[element.group]: element.weight
                    for element in vertex.groups
                    if element.group in names and element.weight > 0
                }
                if weights:
                    points.append(obj.matrix_world @ vertex.co)
                    self._weights.append(weights)
        self._tree = KDTree(len(points))
        for i, point in enumerate(points):
            self._tree.insert(point, i)
        self._tree.balance()

    def bind(self, obj: Any, rows: NDArray[Any]) -> str | None:
        """Write weights for some vertices; returns the bone when a single one carries them all."""
        if not self._weights:
            return None
        nearest = [self._tree.find(obj.matrix_world @ obj.data.vertices[int(row)].co)[1:] for row in rows]
        closest = min(distance for _, distance in nearest)
        shares: dict[str, float] = {}
        for index, distance in nearest:
            weights = self._weights[index]
            # Where a part touches the body tells more than its far end: a horn's tip may be near an ear.
            trust = 1.0 / (distance + closest + 1e-6) / sum(weights.values())
            for name, weight in weights.items():
                shares[name] = shares.get(name, 0.0) + weight * trust
        best = max(sorted(shares), key=lambda name: shares[name])
        if shares[best] >= _RIGID_SHARE * sum(shares.values()):
            self._group(obj, best).add([int(row) for row in rows], 1.0, "REPLACE")
            return best
        for row, (index, _) in zip(rows, nearest, strict=True):
            for name, weight in self._weights[index].items():
                self._group(obj, name).add([int(row)], weight, "REPLACE")
        return None

    @staticmethod
    def _group(obj: Any, name: str) -> Any:
        return obj.vertex_groups.get(name) or obj.vertex_groups.new(name=name)


def _islands(mesh: bpy.types.Mesh, rows: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Group marked vertices that edges connect."""
    label = np.arange(len(rows))
    edges = np.empty(len(mesh.edges) * 2, dtype=np.int32)
    mesh.edges.foreach_get("vertices", edges)
    edges = edges.reshape(-1, 2)
    edges = edges[rows[edges].all(axis=1)]
    while True:
        lowest = np.minimum(label[edges[:, 0]], label[edges[:, 1]])
        after = label.copy()
        np.minimum.at(after, edges[:, 0], lowest)
        np.minimum.at(after, edges[:, 1], lowest)
        after = after[after]
        if np.array_equal(after, label):
            break
        label = after
    marked = np.flatnonzero(rows)
    return [marked[label[marked] == name] for name in np.unique(label[marked])]
