"""A built-in animal's model as a rig at rest, without Blender."""

from __future__ import annotations

import numpy as np

from pasyn_blender.animals.anatomy_model import AnimalModel
from pasyn_blender.rig.geometry import RigGeometry


def geometry_of(species: str, model: AnimalModel) -> RigGeometry:
    """The model as Blender would hold it at rest."""
    names = tuple(bone.name for bone in model.bones)
    matrices = np.broadcast_to(np.eye(4), (len(names), 4, 4)).copy()
    for matrix, bone in zip(matrices, model.bones, strict=True):
        along = (bone.tail - bone.head) / np.linalg.norm(bone.tail - bone.head)
        up = np.cross([1.0, 0.0, 0.0], along)
        up /= np.linalg.norm(up)
        matrix[:3, :3] = np.column_stack([np.cross(along, up), along, up])
        matrix[:3, 3] = bone.head
    on_head = np.zeros((len(model.eyes[0]), len(names)))
    on_head[:, names.index("head")] = 1.0
    quads = np.concatenate([model.quads, model.eyes[1] + len(model.vertices)])
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    return RigGeometry(
        bone_names=names,
        bone_parents=np.array([names.index(b.parent) if b.parent else -1 for b in model.bones]),
        bone_matrices=matrices,
        bone_tails=np.array([bone.tail for bone in model.bones]),
        mesh_names=(f"{species}_body", f"{species}_eyes"),
        mesh_offsets=np.array([0, len(model.vertices), len(model.vertices) + len(model.eyes[0])]),
        vertices=np.concatenate([model.vertices, model.eyes[0]]),
        triangles=triangles,
        triangle_materials=np.zeros(len(triangles), dtype=np.int64),
        material_names=("coat",),
        weights=np.concatenate([model.weights, on_head]).astype(np.float32),
    )
