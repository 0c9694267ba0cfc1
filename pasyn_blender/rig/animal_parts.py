"""Which of a file's objects are the animal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..errors import RigError
from .extraction import armature_modifier, carrying_bone
from .file_import import ImportedFile

_LEVEL_OF_DETAIL = re.compile(r"^(?P<stem>.*?)[ _.-]?lod[ _.-]?(?P<level>\d+)(?P<rest>.*)$", re.IGNORECASE)
_CAGE_MODIFIERS = {"MESH_DEFORM": "object", "SURFACE_DEFORM": "target"}


@dataclass(frozen=True)
class AnimalParts:
    """The objects of a file, sorted by what they are to the animal.

    Attributes
    ----------
    name
        File name, for messages.
    armature
        The armature that skins most vertices.
    meshes
        Meshes of the animal: skinned ones first, then those it carries, each by name.
    attach
        Those of ``meshes`` that no bone moves yet, although they are parented to the animal.
    supports
        Invisible objects it depends on.
    dropped
        Everything else.
    notes
        Why parts were left out, for a person.
    """

    name: str
    armature: Any
    meshes: tuple[Any, ...]
    attach: tuple[Any, ...]
    supports: tuple[Any, ...]
    dropped: tuple[Any, ...]
    notes: tuple[str, ...]


def choose_parts(name: str, imported: ImportedFile) -> AnimalParts:
    """Sort the objects of a file.

    Raises
    ------
    RigError
        When there is no armature, or none that skins a mesh.
    """
    objects = sorted(imported.objects, key=lambda obj: str(obj.name))
    meshes = [obj for obj in objects if obj.type == "MESH" and len(obj.data.vertices)]
    armature, skinned = _main_armature(name, objects, meshes, imported)
    notes: list[str] = []
    others = sorted(obj.name for obj in objects if obj.type == "ARMATURE" and obj != armature)
    if others:
        notes.append(f"used armature '{armature.name}'; left out the other armatures: {', '.join(others)}")
    skinned = _shown(skinned, imported, notes)
    skinned = _finest(skinned, notes)
    widgets = bone_shapes(objects)
    carried: list[Any] = []
    attach: list[Any] = []
    for mesh in meshes:
        if mesh in skinned or mesh in widgets or mesh in imported.hidden or not _is_surface(mesh):
            continue
        if any(skinned_rows(mesh, other).any() for other in _armatures(mesh)):
            continue  # another creature's
        if carrying_bone(mesh, armature) is not None or _deformed_by_cage(mesh, armature):
            carried.append(mesh)
        elif any(ancestor == armature or ancestor in skinned for ancestor in _ancestors(mesh)):
            moved = mesh.parent_type in {"VERTEX", "VERTEX_3"}
            (carried if moved else attach).append(mesh)
    attach = [mesh for mesh in attach if not _is_scenery(mesh, skinned, notes)]
    kept = [*skinned, *sorted([*carried, *attach], key=lambda obj: str(obj.name))]
    supports = _supports(armature, kept, set(objects))
    rest = [obj for obj in objects if obj != armature and obj not in kept and obj not in supports]
    return AnimalParts(
        name=name,
        armature=armature,
        meshes=tuple(kept),
        attach=tuple(attach),
        supports=tuple(supports),
        dropped=tuple(rest),
        notes=tuple(notes),
    )


def skinned_rows(mesh: Any, armature: Any) -> NDArray[np.bool_]:
    """(V,) which vertices of a mesh object the armature moves."""
    modifier = armature_modifier(mesh, armature)
    count = len(mesh.data.vertices)
    if modifier is None and not (mesh.parent == armature and mesh.parent_type == "ARMATURE"):
        return np.zeros(count, dtype=bool)
    if modifier is not None and modifier.use_bone_envelopes:
        return np.ones(count, dtype=bool)
    bones = armature.data.bones
    matching = {group.index for group in mesh.vertex_groups if group.name in bones}
    deforming = {i for i in matching if bones[mesh.vertex_groups[i].name].use_deform}
    # Some exporters lose the deform flag; a mesh bound to nothing but such bones was meant to follow them.
    groups = deforming or matching
    if not groups:
        return np.zeros(count, dtype=bool)
    return np.array(
        [any(e.weight > 0 and e.group in groups for e in vertex.groups) for vertex in mesh.data.vertices]
    )


def _main_armature(
    name: str, objects: list[Any], meshes: list[Any], imported: ImportedFile
) -> tuple[Any, list[Any]]:
    """Find the armature that skins most vertices, shown ones before hidden ones, and its meshes."""
    armatures = [obj for obj in objects if obj.type == "ARMATURE" and len(obj.data.bones)]
    if not armatures:
        raise RigError(_no_armature(name, meshes, imported))
    best: tuple[tuple[int, int], Any, list[Any]] | None = None
    for armature in armatures:
        rows = {mesh: int(skinned_rows(mesh, armature).sum()) for mesh in meshes}
        skinned = [mesh for mesh, count in rows.items() if count]
        shown = sum(rows[mesh] for mesh in skinned if mesh not in imported.hidden)
        score = (shown, sum(rows.values()))
        if best is None or score > best[0]:
            best = (score, armature, skinned)
    assert best is not None
    if best[0] == (0, 0):
        bones = f"armature '{best[1].name}' ({len(best[1].data.bones)} bones)"
        if not meshes:
            raise RigError(f"{name} has {bones} but no mesh; a rig needs a mesh that is skinned to it")
        raise RigError(
            f"{name} has {bones}, but none of its meshes ({_some(meshes)}) is skinned to it: "
            "vertex groups named like bones and an Armature modifier are missing"
        )
    return best[1], best[2]


def _no_armature(name: str, meshes: list[Any], imported: ImportedFile) -> str:
    if not meshes:
        return f"{name} has neither an armature nor a mesh; a rig needs both"
    if imported.actions:
        return (
            f"{name} has no armature: its parts ({_some(meshes)}) are animated as separate objects; "
            "a rig needs bones and a mesh that is skinned to them"
        )
    return f"{name} has no armature, only meshes ({_some(meshes)}); a rig needs bones that skin them"


def _some(objects: list[Any]) -> str:
    names = [str(obj.name) for obj in objects]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _shown(skinned: list[Any], imported: ImportedFile, notes: list[str]) -> list[Any]:
    """Without the meshes their author hides from renders, unless that is all there is."""
    shown = [mesh for mesh in skinned if mesh not in imported.hidden]
    if shown and len(shown) < len(skinned):
        hidden = [mesh for mesh in skinned if mesh in imported.hidden]
        notes.append(f"left out meshes that are switched off for rendering: {_some(hidden)}")
    return shown or skinned


def _finest(skinned: list[Any], notes: list[str]) -> list[Any]:
    """Of meshes that exist in several levels of detail, the finest."""
    levels: dict[tuple[str, str], int] = {}
    for mesh in skinned:
        if match := _LEVEL_OF_DETAIL.match(mesh.name):
            key = (match["stem"], match["rest"])
            levels[key] = min(levels.get(key, 99), int(match["level"]))
    kept = []
    for mesh in skinned:
        match = _LEVEL_OF_DETAIL.match(mesh.name)
        if match is None or int(match["level"]) == levels[match["stem"], match["rest"]]:
            kept.append(mesh)
    if len(kept) < len(skinned):
        notes.append(f"left out coarser levels of detail: {_some([m for m in skinned if m not in kept])}")
    return kept


def _armatures(mesh: Any) -> Iterator[Any]:
    for modifier in mesh.modifiers:
        if modifier.type == "ARMATURE" and modifier.object is not None:
            yield modifier.object
    if mesh.parent is not None and mesh.parent_type == "ARMATURE":
        yield mesh.parent


def bone_shapes(objects: Iterable[Any]) -> set[Any]:
    """Meshes that only draw bones in the viewport."""
    return {
        bone.custom_shape
        for obj in objects
        if obj.type == "ARMATURE" and obj.pose is not None
        for bone in obj.pose.bones
        if bone.custom_shape is not None
    }


def _is_surface(mesh: Any) -> bool:
    """Whether a mesh has faces; loose edges are guides and widgets."""
    return len(mesh.data.polygons) > 0 or any(m.type in {"SKIN", "NODES", "SCREW"} for m in mesh.modifiers)


def _ancestors(obj: Any) -> Iterator[Any]:
    """Parents up to the first armature: what hangs on another creature is that creature's."""
    ancestor = obj.parent
    while ancestor is not None:
        yield ancestor
        if ancestor.type == "ARMATURE":
            return
        ancestor = ancestor.parent


def _deformed_by_cage(mesh: Any, armature: Any) -> bool:
    """Whether a mesh follows another mesh that the armature skins."""
    for modifier in mesh.modifiers:
        attribute = _CAGE_MODIFIERS.get(modifier.type)
        cage = getattr(modifier, attribute) if attribute else None
        if cage is not None and cage.type == "MESH" and skinned_rows(cage, armature).any():
            return True
    return False


def _is_scenery(mesh: Any, skinned: list[Any], notes: list[str]) -> bool:
    """Whether an unskinned child is far larger than the animal: a floor, a backdrop."""
    animal = np.ptp(np.concatenate([_corners(other) for other in skinned]), axis=0)
    if np.max(np.ptp(_corners(mesh), axis=0)) <= 1.5 * np.max(animal):
        return False
    notes.append(f"left out '{mesh.name}': it is far larger than the animal")
    return True


def _corners(mesh: Any) -> NDArray[np.float64]:
    """(8, 3) world bounding box corners. Objects of an appended file have no evaluated matrix yet."""
    local = np.array(mesh.bound_box, dtype=np.float64)
    matrix = np.array(world_matrix(mesh), dtype=np.float64)
    return np.asarray(local @ matrix[:3, :3].T + matrix[:3, 3])


def world_matrix(obj: Any) -> Any:
    """World matrix from the parents' own values, without an evaluated scene; bones at rest."""
    local = obj.matrix_basis.copy()
    if obj.parent is None:
        return local
    above = world_matrix(obj.parent)
    if obj.parent_type == "BONE" and obj.parent.type == "ARMATURE":
        bone = obj.parent.data.bones.get(obj.parent_bone)
        if bone is not None:
            tail = bone.matrix_local.copy()
            tail.translation = bone.tail_local
            above = above @ tail
    return above @ obj.matrix_parent_inverse @ local


def _supports(armature: Any, kept: list[Any], known: set[Any]) -> list[Any]:
    """Find what armature and meshes depend on: parents, and targets of constraints and modifiers."""
    found: dict[Any, None] = {}
    waiting: list[Any] = [armature, *kept]
    while waiting:
        obj = waiting.pop()
        wanted = [obj.parent]
        bones = obj.pose.bones if obj.pose is not None else ()
        for constraint in (*obj.constraints, *(c for bone in bones for c in bone.constraints)):
            wanted.extend(_object_pointers(constraint))
        for modifier in obj.modifiers:
            wanted.extend(_object_pointers(modifier))
        for other in wanted:
            if other in known and other != armature and other not in kept and other not in found:
                found[other] = None
                waiting.append(other)
    return sorted(found, key=lambda obj: str(obj.name))


def _object_pointers(owner: Any) -> Iterator[Any]:
    """Objects that a constraint or modifier refers to by any of its properties."""
    for entry in owner.bl_rna.properties:
        if entry.type == "POINTER" and isinstance(entry.fixed_type, bpy.types.Object):
            yield getattr(owner, entry.identifier)
    for target in getattr(owner, "targets", ()):
        yield getattr(target, "target", None)
