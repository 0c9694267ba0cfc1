"""A rig's meshes and bones as arrays: once in the rest pose, and quickly in any pose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np
from mathutils.kdtree import KDTree
from numpy.typing import NDArray

from ..errors import RigError
from .actions import clear_action
from .geometry import FloatArray, IntArray, RigGeometry
from .loaded_rig import LoadedRig, mesh_name

_CARRYING_CONSTRAINTS = {"ARMATURE", "CHILD_OF", "COPY_LOCATION", "COPY_TRANSFORMS"}


@contextmanager
def rest_pose(armature: bpy.types.Object) -> Iterator[None]:
    """Show the armature in its rest position inside the block."""
    before = armature.data.pose_position
    armature.data.pose_position = "REST"
    bpy.context.view_layer.update()
    try:
        yield
    finally:
        armature.data.pose_position = before
        bpy.context.view_layer.update()


def read_geometry(rig: LoadedRig) -> RigGeometry:
    """Rest pose of a rig as arrays, in world space.

    The rig is left in its rest pose without an action.

    Returns
    -------
    RigGeometry
        Evaluated meshes (modifiers applied as they are rendered), triangulated, stacked in the order of
        ``rig.meshes``. Triangles of mirrored objects are turned so that all normals point outwards
        alike. Weights are normalised over the bones that deform.

    Raises
    ------
    RigError
        When the meshes have no faces.
    """
    clear_action(rig)
    bones = ordered_bones(rig.armature)
    index = {bone.name: i for i, bone in enumerate(bones)}
    materials: dict[str, int] = {}
    vertices, triangles, triangle_materials, weights = [], [], [], []
    offsets = [0]
    with rest_pose(rig.armature):
        depsgraph = bpy.context.evaluated_depsgraph_get()
        world = np.array(rig.armature.evaluated_get(depsgraph).matrix_world, dtype=np.float64)
        for obj in rig.meshes:
            evaluated = obj.evaluated_get(depsgraph)
            mesh = evaluated.to_mesh(preserve_all_data_layers=True, depsgraph=depsgraph)
            matrix = np.array(evaluated.matrix_world, dtype=np.float64)
            corners = _triangles(mesh)
            if np.linalg.det(matrix[:3, :3]) < 0:
                corners = corners[:, ::-1]
            vertices.append(_to_world(_positions(mesh), matrix))
            triangles.append(corners + offsets[-1])
            triangle_materials.append(_triangle_materials(mesh, evaluated, materials))
            weights.append(_weights(obj, mesh, rig.armature, index))
            offsets.append(offsets[-1] + len(vertices[-1]))
            evaluated.to_mesh_clear()
    _borrow_weights(vertices, weights)
    if not sum(len(block) for block in triangles):
        raise RigError(f"{rig.path.name}: the meshes of armature '{rig.armature.name}' have no faces")
    return RigGeometry(
        bone_names=tuple(bone.name for bone in bones),
        bone_parents=np.array([index[b.parent.name] if b.parent else -1 for b in bones], dtype=np.int64),
        bone_matrices=np.array([world @ np.array(bone.matrix_local) for bone in bones]),
        bone_tails=_to_world(np.array([bone.tail_local for bone in bones]), world),
        mesh_names=tuple(mesh_name(obj) for obj in rig.meshes),
        mesh_offsets=np.array(offsets, dtype=np.int64),
        vertices=np.concatenate(vertices),
        triangles=np.concatenate(triangles),
        triangle_materials=np.concatenate(triangle_materials),
        material_names=tuple(materials),
        weights=np.concatenate(weights),
    )


def deformed_vertices(rig: LoadedRig, depsgraph: bpy.types.Depsgraph) -> FloatArray:
    """Vertices of the posed animal.

    Parameters
    ----------
    rig
        The rig; pose it first, with :func:`~.actions.apply_action`.
    depsgraph
        Evaluated dependency graph of the scene.

    Returns
    -------
    (V, 3) array
        World space, stacked like ``RigGeometry.vertices``.
    """
    blocks = []
    for obj in rig.meshes:
        evaluated = obj.evaluated_get(depsgraph)
        matrix = np.array(evaluated.matrix_world, dtype=np.float64)
        # The evaluated mesh may be an unsubdivided stand-in where the graphics card subdivides.
        if any(modifier.type == "SUBSURF" for modifier in obj.modifiers):
            blocks.append(_to_world(_positions(evaluated.to_mesh()), matrix))
            evaluated.to_mesh_clear()
        else:
            blocks.append(_to_world(_positions(evaluated.data), matrix))
    return np.concatenate(blocks)


def posed_bone_matrices(rig: LoadedRig, depsgraph: bpy.types.Depsgraph) -> FloatArray:
    """(B, 4, 4) bone space to world in the current pose, in the order of ``RigGeometry.bone_names``."""
    evaluated = rig.armature.evaluated_get(depsgraph)
    world = np.array(evaluated.matrix_world, dtype=np.float64)
    pose = evaluated.pose.bones
    local = np.array([pose[bone.name].matrix for bone in ordered_bones(rig.armature)], dtype=np.float64)
    return np.asarray(world @ local)


def ordered_bones(armature: bpy.types.Object) -> list[Any]:
    """Bones of an armature, parents before children."""
    bones: list[Any] = []
    waiting = [bone for bone in reversed(armature.data.bones) if bone.parent is None]
    while waiting:
        bone = waiting.pop()
        bones.append(bone)
        waiting.extend(reversed(bone.children))
    return bones


def carrying_bone(obj: bpy.types.Object, armature: bpy.types.Object) -> str | None:
    """Bone of the armature that an object hangs on rigidly, by parents or constraints, its own or theirs."""
    ancestor: Any = obj
    while ancestor is not None and ancestor.type != "ARMATURE":
        if ancestor.parent == armature and ancestor.parent_type == "BONE":
            return ancestor.parent_bone or None
        for constraint in ancestor.constraints:
            if constraint.mute or constraint.type not in _CARRYING_CONSTRAINTS:
                continue
            for target in constraint.targets if constraint.type == "ARMATURE" else [constraint]:
                if target.target == armature and target.subtarget in armature.data.bones:
                    return str(target.subtarget)
        ancestor = ancestor.parent
    return None


def armature_modifier(obj: bpy.types.Object, armature: bpy.types.Object) -> Any | None:
    """Find the modifier through which the armature deforms an object."""
    for modifier in obj.modifiers:
        if modifier.type == "ARMATURE" and modifier.object == armature:
            return modifier
    return None


def _positions(mesh: bpy.types.Mesh) -> NDArray[np.float32]:
    """(V, 3) vertices in object space. Reading the attribute is far faster than ``vertices``."""
    flat = np.empty(len(mesh.vertices) * 3, dtype=np.float32)
    if len(flat):
        mesh.attributes["position"].data.foreach_get("vector", flat)
    return flat.reshape(-1, 3)


def _to_world(points: NDArray[Any], matrix: FloatArray) -> FloatArray:
    return np.asarray(points.astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3])


def _triangles(mesh: bpy.types.Mesh) -> IntArray:
    mesh.calc_loop_triangles()
    flat = np.empty(len(mesh.loop_triangles) * 3, dtype=np.int32)
    mesh.loop_triangles.foreach_get("vertices", flat)
    return flat.reshape(-1, 3).astype(np.int64)


def _triangle_materials(mesh: bpy.types.Mesh, obj: bpy.types.Object, names: dict[str, int]) -> IntArray:
    """(T,) index into ``names``, which grows by the materials met."""
    slots = np.empty(len(mesh.loop_triangles), dtype=np.int32)
    mesh.loop_triangles.foreach_get("material_index", slots)
    # A slot may take its material from the object rather than the mesh.
    found = [slot.material for slot in obj.material_slots] or list(mesh.materials)
    lookup = np.full(max(len(found), int(slots.max(initial=0)) + 1), -1, dtype=np.int64)
    for i, material in enumerate(found):
        if material is not None and np.any(slots == i):
            lookup[i] = names.setdefault(material.name, len(names))
    return lookup[slots]


def _weights(
    obj: bpy.types.Object, mesh: bpy.types.Mesh, armature: bpy.types.Object, index: dict[str, int]
) -> NDArray[np.float32]:
    """(V, B) weights of one evaluated mesh, rows of skinned vertices summing to 1."""
    weights = np.zeros((len(mesh.vertices), len(index)), dtype=np.float32)
    modifier = armature_modifier(obj, armature)
    if modifier is None and obj.parent_type != "ARMATURE":
        bone = carrying_bone(obj, armature)
        if bone in index:
            weights[:, index[bone]] = 1
        return weights
    groups = modifier is None or modifier.use_vertex_groups
    if groups:
        columns = {
            group.index: index[group.name]
            for group in obj.vertex_groups
            if group.name in index and armature.data.bones[group.name].use_deform
        }
        _add_groups(weights, mesh, columns)
    if modifier is not None and modifier.use_bone_envelopes:
        _add_envelopes(weights, obj, mesh, armature, index)
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 1e-6)


def _add_groups(weights: NDArray[np.float32], mesh: bpy.types.Mesh, columns: dict[int, int]) -> None:
    """Add the weights of vertex groups, each in its column; groups without one are left out."""
    counts = [len(vertex.groups) for vertex in mesh.vertices]
    elements = [element for vertex in mesh.vertices for element in vertex.groups]
    groups = np.array([element.group for element in elements], dtype=np.int64)
    values = np.array([element.weight for element in elements], dtype=np.float32)
    column_of = np.full(max([*columns, groups.max(initial=-1)], default=-1) + 1, -1, dtype=np.int64)
    column_of[list(columns)] = list(columns.values())
    rows, places = np.repeat(np.arange(len(counts)), counts), column_of[groups]
    known = places >= 0
    np.add.at(weights, (rows[known], places[known]), values[known])


def _borrow_weights(vertices: Sequence[FloatArray], weights: Sequence[NDArray[np.float32]]) -> None:
    """Give meshes without any weights (moved by a cage, or vertex parents) those of the skin next to them."""
    bare = [i for i, block in enumerate(weights) if len(block) and not block.any()]
    if not bare or len(bare) == len(weights):
        return
    points = np.concatenate([block for i, block in enumerate(vertices) if i not in bare])
    known = np.concatenate([block for i, block in enumerate(weights) if i not in bare])
    tree = KDTree(len(points))
    for i, point in enumerate(points):
        tree.insert(point, i)
    tree.balance()
    for i in bare:
        weights[i][:] = known[[tree.find(point)[1] for point in vertices[i]]]


def _add_envelopes(
    weights: NDArray[np.float32],
    obj: bpy.types.Object,
    mesh: bpy.types.Mesh,
    armature: bpy.types.Object,
    index: dict[str, int],
) -> None:
    """Give the vertices that no group holds to the bones whose envelope they lie in."""
    to_armature = armature.matrix_world.inverted() @ obj.matrix_world
    deforming = [bone for bone in armature.data.bones if bone.use_deform]
    for row in np.flatnonzero(weights.sum(axis=1) <= 1e-6):
        point = to_armature @ mesh.vertices[int(row)].co
        for bone in deforming:
            weights[row, index[bone.name]] = bone.evaluate_envelope(point)
