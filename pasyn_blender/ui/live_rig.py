"""A rig as it was read at rest, and as it stands now: one evaluation serves every viewport."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..anatomy.keypoint_sets import KeypointSet
from ..errors import PasynError
from ..rig.anchors import keypoint_positions, part_triangles
from ..rig.extraction import deformed_vertices
from ..rig.geometry import FloatArray, IntArray, RigGeometry
from ..rig.loaded_rig import LoadedRig, mesh_name
from ..rig.rig_map import KeypointAnchor, RigMap

_MAPS_KEPT = 64

_PartKey = tuple[str, KeypointAnchor, KeypointAnchor | None]


@dataclass(frozen=True, eq=False)
class Posed:
    """The animal in one pose.

    Attributes
    ----------
    vertices
        (V, 3) world places, stacked like ``RigGeometry.vertices``; NaN for meshes that are hidden.
    bone_matrices
        (B, 4, 4) bone space to world, in the order of ``RigGeometry.bone_names``.
    """

    vertices: FloatArray
    bone_matrices: FloatArray

    def equals(self, other: Posed | None) -> bool:
        """Whether two poses are the same to the last bit."""
        return (
            other is not None
            and np.array_equal(self.bone_matrices, other.bone_matrices)
            and np.array_equal(self.vertices, other.vertices, equal_nan=True)
        )


class LiveRig:
    """An animal that was read at rest, the maps it has had since, and its present pose.

    Attributes
    ----------
    scene, armature, meshes
        Names of the scene and of the objects.
    geometry
        The rig at rest.
    maps
        Rig map by its text: undo brings old ones back.
    preview
        A map that is being tried while a keypoint is dragged; it is shown instead of the scene's.
    automatic
        What the automatic mapping finds, once that is known.
    posed
        The pose that was read last; a new object only when something moved.
    stale
        Whether something may have moved since.
    problem
        Why the pose cannot be read; empty when it can.
    """

    def __init__(self, scene: str, armature: str, meshes: tuple[str, ...], geometry: RigGeometry) -> None:
        self.scene = scene
        self.armature = armature
        self.meshes = meshes
        self.geometry = geometry
        self.columns = tuple(np.ascontiguousarray(column) for column in geometry.triangles.T)
        self.maps: dict[str, RigMap] = {}
        self.preview: RigMap | None = None
        self.automatic: RigMap | None = None
        self.posed: Posed | None = None
        self.stale = True
        self.problem = ""
        self._places: tuple[Posed, RigMap, str, FloatArray] | None = None
        self._parts: dict[_PartKey, IntArray] = {}
        self._searching: threading.Thread | None = None

    def add_map(self, text: str, rig_map: RigMap) -> None:
        """Keep a map under its text; the oldest are forgotten."""
        self.maps.pop(text, None)
        self.maps[text] = rig_map
        while len(self.maps) > _MAPS_KEPT:
            del self.maps[next(iter(self.maps))]

    def shown_map(self, text: str) -> RigMap:
        """The map that is shown: the one being tried, or the scene's."""
        return self.preview or self.maps[text]

    def pose(self, posed: Posed) -> None:
        """Take a pose that was just read."""
        # The same pose stays the same object: what was found out about it stays true.
        if not posed.equals(self.posed):
            self.posed = posed
        self.stale = False

    def places(self, text: str, keypoint_set: KeypointSet) -> FloatArray:
        """(K, 3) world places of the keypoints in the pose that was read last, NaN for missing ones.

        Raises
        ------
        RigMapError
            The map does not fit the rig.
        """
        posed, rig_map = self.posed, self.shown_map(text)
        if posed is None:
            return np.full((len(keypoint_set.keypoints), 3), np.nan)
        known = self._places
        if known is None or known[0] is not posed or known[1] is not rig_map or known[2] != keypoint_set.name:
            found = keypoint_positions(
                rig_map, keypoint_set, self.geometry, posed.vertices, posed.bone_matrices
            )
            known = self._places = (posed, rig_map, keypoint_set.name, found)
        return known[3]

    def fits(self, context: bpy.types.Context) -> bool:
        """Whether the objects in the scene still are what was read."""
        try:
            read_pose(self, context)
        except (PasynError, KeyError, ValueError):
            return False
        return True

    def parts(self, rig_map: RigMap, keypoint_set: KeypointSet, *, wait: bool) -> tuple[IntArray, ...] | None:
        """Triangles that are each joint centre's own part.

        Finding them takes a while: they are searched in the background, once for each anchor.

        Parameters
        ----------
        rig_map
            The map.
        keypoint_set
            Which keypoints.
        wait
            Whether to wait for them.

        Returns
        -------
        Sorted triangle indices for each keypoint, empty for points of the surface and missing ones; None
        while they are being searched.
        """
        keys = _part_keys(rig_map, keypoint_set)
        unknown = [key for key in keys if key is not None and key not in self._parts]
        if unknown and (self._searching is None or not self._searching.is_alive()):
            arguments = (rig_map, keypoint_set, unknown)
            self._searching = threading.Thread(
                target=self._find_parts, args=arguments, daemon=True, name="PASyn parts"
            )
            self._searching.start()
        if unknown and wait and self._searching is not None:
            self._searching.join()
            return self.parts(rig_map, keypoint_set, wait=True)
        if unknown:
            return None
        none = np.zeros(0, dtype=np.int64)
        return tuple(none if key is None else self._parts[key] for key in keys)

    def finish(self) -> None:
        """Wait for what is being searched in the background."""
        if self._searching is not None:
            self._searching.join()

    def _find_parts(self, rig_map: RigMap, keypoint_set: KeypointSet, keys: list[_PartKey]) -> None:
        names = keypoint_set.keypoints
        wanted = {key[0] for key in keys}
        # Each with its counterpart: the middle between them divides the body.
        wanted |= {names[keypoint_set.mirror[names.index(name)]] for name in wanted}
        part_set = keypoint_set.only(wanted)
        some = part_set.keypoints
        try:
            found = part_triangles(rig_map, part_set, self.geometry)
        except (PasynError, ValueError, IndexError):
            # A map that does not fit is shown as such elsewhere; nothing is a part of it.
            found = (np.zeros(0, dtype=np.int64),) * len(some)
        for key in keys:
            self._parts[key] = found[some.index(key[0])]


def _part_keys(rig_map: RigMap, keypoint_set: KeypointSet) -> list[_PartKey | None]:
    """What each keypoint's own part depends on; None for keypoints that need none."""
    names, mirror, landmarks = keypoint_set.keypoints, keypoint_set.mirror, keypoint_set.landmarks
    keys: list[_PartKey | None] = []
    for row, name in enumerate(names):
        anchor = rig_map.keypoints.get(landmarks[row])
        if anchor is None or name in keypoint_set.surface:
            keys.append(None)
            continue
        other = mirror[row]
        keys.append((name, anchor, rig_map.keypoints.get(landmarks[other]) if other != row else None))
    return keys


def read_pose(live: LiveRig, context: bpy.types.Context) -> Posed:
    """Read the animal as it stands.

    Parameters
    ----------
    live
        Which animal, and what it was when it was read.
    context
        Its evaluated dependency graph is used; nothing is changed.

    Raises
    ------
    PasynError
        Objects are gone, or no longer what was read.
    """
    objects = context.scene.objects
    missing = [name for name in (live.armature, *live.meshes) if name not in objects]
    if missing:
        raise PasynError(f"'{missing[0]}' was removed or renamed; map the animal again")
    meshes = tuple(objects[name] for name in live.meshes)
    geometry = live.geometry
    if tuple(mesh_name(obj) for obj in meshes) != geometry.mesh_names:
        raise PasynError("a mesh was renamed; map the animal again")
    depsgraph = context.evaluated_depsgraph_get()
    armature = objects[live.armature]
    rig = LoadedRig(path=Path(live.armature), armature=armature, meshes=meshes)
    blocks = []
    for index, obj in enumerate(meshes):
        count = int(geometry.mesh_offsets[index + 1] - geometry.mesh_offsets[index])
        # What is hidden is not evaluated, and can hide nothing.
        if obj.visible_get(view_layer=context.view_layer):
            block = deformed_vertices(replace(rig, meshes=(obj,)), depsgraph)
        else:
            block = np.full((count, 3), np.nan)
        if len(block) != count:
            raise PasynError(f"the mesh '{obj.name}' was edited; map the animal again")
        blocks.append(block)
    return Posed(np.concatenate(blocks), _bone_matrices(armature, geometry, depsgraph))


def _bone_matrices(armature: Any, geometry: RigGeometry, depsgraph: bpy.types.Depsgraph) -> FloatArray:
    evaluated = armature.evaluated_get(depsgraph)
    bones = evaluated.pose.bones
    names = [bone.name for bone in bones]
    if len(names) != len(geometry.bone_names) or set(names) != set(geometry.bone_names):
        raise PasynError("the bones were edited; map the animal again")
    # All at once: asking bone by bone takes milliseconds on a rig with control bones.
    columns = np.empty(len(names) * 16, dtype=np.float32)
    bones.foreach_get("matrix", columns)
    rows = {name: row for row, name in enumerate(names)}
    local = columns.reshape(-1, 4, 4).transpose(0, 2, 1)[[rows[name] for name in geometry.bone_names]]
    world = np.array(evaluated.matrix_world, dtype=np.float64)
    return np.asarray(world @ local.astype(np.float64))
