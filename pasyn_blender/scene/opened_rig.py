"""A rig from a file, or a built-in animal, alone in the scene with its map: ready for canonical poses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import bpy

from ..animals import BUILT_IN
from ..errors import RigError
from ..prior.limits import JointLimits
from ..rig.clips import retargeting_of
from ..rig.extraction import posed_bone_matrices
from ..rig.geometry import FloatArray, RigGeometry
from ..rig.loading import LoadedRig, load_rig, read_geometry
from ..rig.posing import RigPoser
from ..rig.retargeting import Retargeting, first_of_trunk
from ..rig.rig_map import RigMap
from ..rig.standing import StandingRig
from .canonical_posing import CanonicalPosing

RIG_SUFFIXES = (".blend", ".glb", ".gltf", ".fbx")


@dataclass(frozen=True)
class OpenedRig:
    """A mapped rig, alone in the scene.

    Attributes
    ----------
    name
        Of its file without ending, or of the built-in animal.
    rig, geometry, rig_map
        The rig, its rest pose and its map.
    """

    name: str
    rig: LoadedRig
    geometry: RigGeometry
    rig_map: RigMap

    @cached_property
    def retargeting(self) -> Retargeting:
        """How its bones follow the canonical joints."""
        return retargeting_of(self.rig, self.geometry, self.rig_map)

    @cached_property
    def standing(self) -> StandingRig:
        """Puts poses, and frames of clips, on the ground."""
        return StandingRig(RigPoser(self.rig, self.retargeting), self.geometry)

    def canonical_posing(self, limits: JointLimits) -> CanonicalPosing:
        """Return what takes poses inside limits and tests the skin; its actions are played for that."""
        return CanonicalPosing(self.rig, self.geometry, self.rig_map, limits)

    def root_place(self) -> FloatArray:
        """(3,) where the root point of the rig's present pose is: body axes, trunk lengths, ground at z = 0.

        The dependency graph must be up to date.
        """
        found = self.retargeting
        bone = found.joint_bones[first_of_trunk(found.joint_bones)]
        posed = posed_bone_matrices(self.rig, bpy.context.evaluated_depsgraph_get())
        rest = found.rest_matrices[bone]
        # The root point seen from its bone at rest, where that bone is now.
        own = rest[:3, :3].T @ (found.root_rest - rest[:3, 3])
        now = posed[bone][:3, :3] @ own + posed[bone][:3, 3]
        place: FloatArray = found.body_frame @ (now - found.root_rest) / found.trunk_length
        place[2] += found.root_height
        return place


def open_rig(source: str, rig_map: Path | None = None, *, motions: bool = True) -> OpenedRig:
    """Empty the scene and put a rig into it.

    Parameters
    ----------
    source
        A model file, or the name of a built-in animal, as ``zebra`` or, for its individual 3, ``zebra:3``.
    rig_map
        Map of the rig; by default it is mapped.
    motions
        Whether a built-in animal gets its actions, which take half of the time; poses need none.

    Raises
    ------
    RigError, MappingError, RigMapError
        There is no such file or animal, it is no usable rig, or the map does not fit it.
    """
    path = Path(source)
    species, _, number = source.partition(":")
    if path.suffix.lower() not in RIG_SUFFIXES and species in BUILT_IN and (number or "0").isdigit():
        from ..animals.build import build_animal
        from ..animals.landmarks import animal_rig_map

        bpy.ops.wm.read_factory_settings(use_empty=True)
        rig = build_animal(species, int(number or 0), motions=motions)
        geometry = read_geometry(rig)
        return OpenedRig(source.replace(":", " "), rig, geometry, animal_rig_map(species, rig, geometry))
    check_rig_source(source)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(path)
    geometry = read_geometry(rig)
    if rig_map is not None:
        from ..rig.rig_map_file import read_rig_map

        return OpenedRig(path.stem, rig, geometry, read_rig_map(rig_map, geometry))
    from ..rig.automatic import map_loaded_rig

    return OpenedRig(path.stem, rig, geometry, map_loaded_rig(rig, geometry))


def check_rig_source(source: str) -> None:
    """Check that a rig's name can be one, before time is spent on anything else.

    Raises
    ------
    RigError
        There is no such file or built-in animal.
    """
    path = Path(source)
    species, colon, number = source.partition(":")
    if species in BUILT_IN and (number.isdigit() if colon else not number):
        return
    if path.suffix.lower() in RIG_SUFFIXES:
        if not path.is_file():
            raise RigError(f"{source} does not exist")
        return
    raise RigError(
        f"{source!r} is neither a rig ({', '.join(RIG_SUFFIXES)}) nor a built-in animal "
        f"({', '.join(f'{name}, {name}:3' for name in BUILT_IN)})"
    )
