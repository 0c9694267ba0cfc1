"""The animals of a job: a rig from a file, or individuals of a built-in species, ready to be rendered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from pasyn_blender.anatomy.keypoint_sets import KEYPOINT_SETS
from pasyn_blender.rig.geometry import RigGeometry
from pasyn_blender.rig.loading import LoadedRig, list_actions, load_rig, read_geometry
from pasyn_blender.rig.rig_map import RigMap
from pasyn_blender.rig.rig_map_file import read_rig_map
from pasyn_blender.scene.stage import Animal

from .job import Job
from .plan import RigFacts
from .shot import Shot


class AnimalSource:
    """Loads the animals of a job into the current, empty scene; one is in the scene at a time.

    Parameters
    ----------
    job
        The job.
    map_file
        The output folder's own rig map, which wins over mapping anew where it exists; mapping is
        deterministic, but a later version of the program may map otherwise.
    """

    def __init__(self, job: Job, map_file: Path) -> None:
        self._job = job
        self._map_file = map_file
        self._current: Animal | None = None
        self._individual: int | None = None
        self._own: set[int] = set()

    def individual_of(self, shot: Shot) -> int:
        """Which animal a shot shows; rigs from a file are one individual."""
        return shot.coat.individual if self._job.animal is not None else 0

    def settle_map(self) -> None:
        """Take the map of a rig from its file from now on.

        The file has rounded numbers, and later processes read them; the first one must label by the same.
        """
        if self._current is None or self._job.animal is not None or self._job.rig_map is not None:
            return
        found = self._current
        rig_map = read_rig_map(self._map_file, found.geometry)
        self._current = Animal.prepare(found.rig, found.geometry, rig_map, found.keypoint_set)

    @property
    def first(self) -> int:
        """The individual whose facts and map the output folder shows."""
        return self._job.coat.individuals[0] if self._job.animal is not None else 0

    def load(self, individual: int) -> Animal:
        """Put an individual into the scene, in place of the one before.

        Raises
        ------
        RigError, MappingError, RigMapError
            The file holds no usable rig, or the map does not fit it.
        """
        if self._current is not None and self._individual == individual:
            return self._current
        if self._current is not None:
            # Only what came with the animal goes: worlds that no shot shows just now have no user either.
            bpy.data.batch_remove([block for number, block in _datablocks().items() if number in self._own])
            self._current = None
        before = _datablocks().keys()
        job = self._job
        if job.animal is not None:
            rig, geometry, rig_map = _build(job.animal, individual, motions=job.poses.uses_actions)
        else:
            assert job.rig is not None
            rig = load_rig(job.rig)
            geometry = read_geometry(rig)
            rig, rig_map = self._map(rig, geometry)
        self._current = Animal.prepare(rig, geometry, rig_map, KEYPOINT_SETS[job.keypoints])
        self._individual = individual
        self._own = _datablocks().keys() - before
        return self._current

    def _map(self, rig: LoadedRig, geometry: RigGeometry) -> tuple[LoadedRig, RigMap]:
        """The rig, with a note where its map was made complete, and its map."""
        from pasyn_blender.rig.automatic import complete_older_map, map_loaded_rig

        if self._job.rig_map is not None:
            source = self._job.rig_map
            wanted = KEYPOINT_SETS[self._job.keypoints].landmarks
            given = read_rig_map(source, geometry)
            rig_map = complete_older_map(given, wanted, rig, geometry, str(source))
            added = [name for name in rig_map.keypoints if name not in given.keypoints]
            if added:
                words = f"{source.name} was made before {', '.join(added)} were known: they were placed anew"
                rig = replace(rig, notes=(*rig.notes, words))
            return rig, rig_map
        if self._map_file.is_file():
            return rig, read_rig_map(self._map_file, geometry)
        return rig, map_loaded_rig(rig, geometry)


def rig_facts(animal: Animal, name: str) -> RigFacts:
    """Return what the plan and people need to know of an animal."""
    known, mapped = animal.keypoint_set, animal.rig_map.keypoints
    pairs = zip(known.keypoints, known.landmarks, strict=True)
    missing = [keypoint for keypoint, landmark in pairs if landmark not in mapped]
    notes = list(animal.rig.notes)
    if missing:
        notes.append(f"the rig map has no {', '.join(missing)}: labelled v=0 in every picture")
    return RigFacts(
        actions=tuple((action.name, action.start, action.end) for action in list_actions(animal.rig)),
        name=name,
        bone_count=len(animal.geometry.bone_names),
        vertex_count=len(animal.geometry.vertices),
        triangle_count=len(animal.geometry.triangles),
        notes=tuple(notes),
    )


def _build(species: str, individual: int, *, motions: bool) -> tuple[LoadedRig, RigGeometry, RigMap]:
    from pasyn_blender.animals.build import build_animal
    from pasyn_blender.animals.landmarks import animal_rig_map

    rig = build_animal(species, individual, motions=motions)
    geometry = read_geometry(rig)
    return rig, geometry, animal_rig_map(species, rig, geometry)


def _datablocks() -> dict[int, Any]:
    """Every datablock of the open file by its number, which Blender never gives twice."""
    return {block.session_uid: block for block in bpy.data.user_map()}
