"""What is known of a rig as plain arrays, without Blender."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class RigGeometry:
    """Rest pose of an armature and the meshes it carries, in world space (Blender axes, file units).

    Attributes
    ----------
    bone_names
        B names, parents before children.
    bone_parents
        (B,) parent index, -1 for roots.
    bone_matrices
        (B, 4, 4) rest matrices, bone space to world.
    bone_tails
        (B, 3) rest tails. Heads are ``bone_matrices[:, :3, 3]``.
    mesh_names
        M object names, in the order their vertices are stacked.
    mesh_offsets
        (M + 1,) first vertex of each mesh in the stacked arrays.
    vertices
        (V, 3) evaluated rest-pose vertices of all meshes, stacked.
    triangles
        (T, 3) vertex indices into the stack.
    triangle_materials
        (T,) index into ``material_names``, -1 where a face has none.
    material_names
        Names of the materials used.
    weights
        (V, B) float32 skin weights, rows normalised; a row of zeros is unskinned. Vertices of a mesh
        parented to a bone weigh 1 on that bone.
    """

    bone_names: tuple[str, ...]
    bone_parents: IntArray
    bone_matrices: FloatArray
    bone_tails: FloatArray
    mesh_names: tuple[str, ...]
    mesh_offsets: IntArray
    vertices: FloatArray
    triangles: IntArray
    triangle_materials: IntArray
    material_names: tuple[str, ...]
    weights: NDArray[np.float32]

    @property
    def bone_heads(self) -> FloatArray:
        """(B, 3) rest heads."""
        return self.bone_matrices[:, :3, 3]
