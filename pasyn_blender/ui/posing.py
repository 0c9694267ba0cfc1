"""Posing the scene's animal canonically, as a job does, while the artist's constraints and actions are kept.

What the rig's actions teach is read once (:func:`learning`), which takes seconds on a large rig; the result
is plain numpy, kept here and found again by names, because undo replaces Blender's own objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np

from ..anatomy.rotations import nearest_rotation
from ..errors import MappingError, PasynError, RigError
from ..prior.limits import read_limits
from ..rig.actions import list_actions
from ..rig.bone_channels import BoneSpaces, bone_channels, bone_spaces, write_channels
from ..rig.extraction import posed_bone_matrices
from ..rig.geometry import FloatArray, RigGeometry
from ..rig.ground_contact import GroundContact
from ..rig.loaded_rig import LoadedRig
from ..rig.pose_fitting import fitted_poses
from ..rig.retargeting import CanonicalPoses, Retargeting, bone_moves, canonical_poses, prepare_retargeting
from ..rig.rig_map import RigMap
from ..scene.canonical_posing import TakenPose
from ..scene.learnt_rig import LearntPosing, LearntRig, PlayedActions, learn, play_actions
from . import live_map
from .kept_pose import constraints_on, free_pose
from .pose_keys import key_pose_if_wanted
from .scene_animal import pose_kept, rig_in_scene
from .stepwise_work import InThread, Steps, run_steps

_STILL = 1e-5
_SAME = 2e-3
"""Trunk lengths, and parts of a rotation matrix, by which poses that are the same may differ."""


@dataclass(frozen=True)
class SceneAnimal:
    """The scene's mapped animal, where it stands now.

    Attributes
    ----------
    rig
        Its objects.
    geometry, rig_map
        Its rest pose and map, moved to where the armature has been moved to since it was mapped.
    learnt
        What its actions teach, for the same place.
    """

    rig: LoadedRig
    geometry: RigGeometry
    rig_map: RigMap
    learnt: LearntRig

    @property
    def retargeting(self) -> Retargeting:
        """How its bones follow the canonical joints."""
        return self.learnt.retargeting


_learnt: dict[tuple[Any, ...], tuple[LearntRig, FloatArray]] = {}
_contacts: list[tuple[Retargeting, GroundContact]] = []


def learning(context: bpy.types.Context) -> Steps[SceneAnimal]:
    """Find the scene's animal, and read its actions in steps unless that is done; returns the animal.

    Between the steps the animal is not in the artist's pose; afterwards, and when the generator is closed, it
    is.

    Raises
    ------
    PasynError
        No animal is chosen, it is not mapped, or it cannot be posed; the message says what to do.
    """
    rig, geometry, rig_map = _mapped_rig(context)
    key = _learnt_key(context.scene, rig)
    if key not in _learnt:
        played = PlayedActions()
        # The context manager's end runs when the generator is closed too.
        with pose_kept(rig), constraints_on(context.scene, rig.armature):
            for share in play_actions(rig, played):
                yield 0.9 * share
        learnt = yield InThread(lambda: learn(geometry, rig_map, played, rig.overlap))
        _learnt.clear()
        _learnt[key] = (learnt, geometry.bone_matrices)
    return _placed_animal(rig, geometry, rig_map, key)


def scene_animal(context: bpy.types.Context) -> SceneAnimal | None:
    """The scene's animal where its actions have been read already; None otherwise. Cheap."""
    try:
        rig, geometry, rig_map = _mapped_rig(context)
    except PasynError:
        return None
    key = _learnt_key(context.scene, rig)
    return _placed_animal(rig, geometry, rig_map, key) if key in _learnt else None


def pose_animal(context: bpy.types.Context, candidates: Sequence[FloatArray]) -> TakenPose:
    """Pose the scene's animal as a job does, and leave it so.

    The first of the candidates whose skin does not run through itself is taken, stood on the ground inside
    the limits of the joints. Bones are posed, the object stays where it is. What the animal did before is
    kept for :func:`~.kept_pose.restore_pose`. With auto-keying the pose is keyed.

    Parameters
    ----------
    context
        Its scene's mapped animal is posed. The first time the rig's actions are played, which takes up to
        seconds: run :func:`learning` in steps before where somebody waits.
    candidates
        (J, 3, 3) canonical poses, such as :func:`~..scene.canonical_posing.from_turns` makes of a shot's.

    Returns
    -------
    TakenPose
        The pose as it was taken.

    Raises
    ------
    PasynError
        No animal is chosen, it is not mapped or linked without an override, or it cannot be posed.
    """
    return take_pose(context, run_steps(learning(context)), candidates)


def take_pose(context: bpy.types.Context, animal: SceneAnimal, candidates: Sequence[FloatArray]) -> TakenPose:
    """As :func:`pose_animal`, for an animal that :func:`learning` has returned."""
    _check_posable(animal.rig.armature)
    with pose_kept(animal.rig):
        posing = LearntPosing(animal.rig, animal.geometry, animal.learnt, read_limits())
        try:
            taken = posing.take(candidates)
            posed = posed_bone_matrices(animal.rig, bpy.context.evaluated_depsgraph_get())
        finally:
            posing.release()
    show_bones(context, animal, posed)
    return taken


def show_pose(context: bpy.types.Context, animal: SceneAnimal, pose: CanonicalPoses) -> None:
    """Pose an animal by the first of some poses as it is, neither stood nor tested."""
    _check_posable(animal.rig.armature)
    moves = bone_moves(animal.retargeting, pose.rotations[:1], pose.root[:1], pose.shifts[:1])[0]
    show_bones(context, animal, moves @ animal.retargeting.rest_matrices)


def show_bones(context: bpy.types.Context, animal: SceneAnimal, posed: FloatArray) -> None:
    """Give the bones their places through their channels, and key them where auto-keying is on.

    Parameters
    ----------
    context, animal
        The animal.
    posed
        (B, 4, 4) bone space to world.
    """
    armature = animal.rig.armature
    settings = context.scene.pasyn.pose
    keying = context.scene.tool_settings.use_keyframe_insert_auto
    free_pose(context.scene, armature, mute=settings.mute_constraints, keep_action=keying)
    spaces = bone_spaces(armature)
    write_channels(armature, spaces, bone_channels(spaces, in_armature_space(animal, spaces, posed)[None]))
    context.view_layer.update()
    key_pose_if_wanted(context, armature)


def in_armature_space(animal: SceneAnimal, spaces: BoneSpaces, posed: FloatArray) -> FloatArray:
    """(..., B, 4, 4) bone matrices in armature space, without scale, from world space."""
    world = animal.geometry.bone_matrices[0] @ np.linalg.inv(spaces.rest[0])
    local = np.linalg.inv(world) @ posed
    local[..., :3, :3] = nearest_rotation(local[..., :3, :3])
    return np.asarray(local)


def present_bones(animal: SceneAnimal) -> FloatArray:
    """(B, 4, 4) where the animal's bones are now, bone space to world."""
    return posed_bone_matrices(animal.rig, bpy.context.evaluated_depsgraph_get())


def pose_of_bones(animal: SceneAnimal, posed: FloatArray) -> CanonicalPoses:
    """One frame, the pose of (B, 4, 4) bones in canonical terms; touches no Blender data.

    A pose that the retargeting can express, as those that PASyn gives, is found exactly; any other is fitted
    to the skin.
    """
    retargeting = animal.retargeting
    plain = canonical_poses(retargeting, posed[None])
    again = bone_moves(retargeting, plain.rotations, plain.root)[0] @ retargeting.rest_matrices
    with_skin = animal.geometry.weights.any(axis=0) & ~retargeting.following.stray
    off = np.linalg.norm(again[with_skin, :3, 3] - posed[with_skin, :3, 3], axis=-1)
    turned = np.abs(nearest_rotation(again[with_skin, :3, :3]) - nearest_rotation(posed[with_skin, :3, :3]))
    if off.max(initial=0.0) < _SAME * retargeting.trunk_length and turned.max(initial=0.0) < _SAME:
        return plain
    return fitted_poses(retargeting, animal.geometry, posed[None])


def current_pose(animal: SceneAnimal) -> CanonicalPoses:
    """The animal's present pose in canonical terms, one frame; nothing is changed."""
    return pose_of_bones(animal, present_bones(animal))


def ground_contact(animal: SceneAnimal) -> GroundContact:
    """What of the animal meets the ground, worked out once."""
    if not _contacts or _contacts[0][0] is not animal.retargeting:
        _contacts[:] = [(animal.retargeting, GroundContact(animal.geometry, animal.retargeting))]
    return _contacts[0][1]


def forget() -> None:
    """Forget what was learnt, because another file was opened or the extension goes away."""
    _learnt.clear()
    _contacts.clear()


def _mapped_rig(context: bpy.types.Context) -> tuple[LoadedRig, RigGeometry, RigMap]:
    """The animal, and its rest pose and map where the armature stands now."""
    animal = context.scene.pasyn.animal
    if animal.armature is None:
        raise RigError("choose or import an animal first")
    if not animal.rig_map:
        raise MappingError("map the animal first, in the Animal panel")
    live_map.prepare(context)
    live, rig_map = live_map.current(context.scene), live_map.current_map(context.scene)
    if live is None or rig_map is None:
        raise MappingError("the map does not fit the animal any more; map it again")
    rig = rig_in_scene(animal.armature, context.scene, animal.source_file)
    geometry = live.geometry
    if set(geometry.bone_names) != {bone.name for bone in rig.armature.data.bones}:
        raise MappingError("the bones were edited; map the animal again")
    move = _move(rig.armature, geometry)
    if move is not None:
        geometry, rig_map = _moved_geometry(geometry, move), _moved_map(rig_map, move)
    return rig, geometry, rig_map


def _learnt_key(scene: Any, rig: LoadedRig) -> tuple[Any, ...]:
    actions = tuple((entry.name, entry.start, entry.end) for entry in list_actions(rig))
    return scene.name, rig.armature.name, scene.pasyn.animal.rig_map, actions


def _placed_animal(
    rig: LoadedRig, geometry: RigGeometry, rig_map: RigMap, key: tuple[Any, ...]
) -> SceneAnimal:
    """The animal with what was learnt, at the place of its armature now."""
    learnt, place = _learnt[key]
    if not np.array_equal(place, geometry.bone_matrices):
        here = prepare_retargeting(geometry, rig_map)
        learnt = replace(
            learnt,
            retargeting=replace(
                here, following=learnt.retargeting.following, levels=learnt.retargeting.levels
            ),
        )
        _learnt[key] = (learnt, geometry.bone_matrices)
    return SceneAnimal(rig, geometry, rig_map, learnt)


def _check_posable(armature: Any) -> None:
    if armature.library is not None:
        raise RigError(
            f"'{armature.name}' is linked and cannot be posed; make a library override of it "
            "(Object > Library Override > Make)"
        )
    if armature.data.pose_position == "REST":
        raise RigError(
            f"'{armature.name}' shows its rest position; choose Pose Position in the armature's properties"
        )


def _move(armature: Any, geometry: RigGeometry) -> FloatArray | None:
    """(4, 4) where the armature has been moved to since it was mapped; None where it has not."""
    at_rest = np.array(armature.data.bones[geometry.bone_names[0]].matrix_local, dtype=np.float64)
    then = geometry.bone_matrices[0] @ np.linalg.inv(at_rest)
    move = np.array(armature.matrix_world, dtype=np.float64) @ np.linalg.inv(then)
    size = float(np.ptp(geometry.vertices, axis=0).max())
    still = np.abs(move[:3, :3] - np.eye(3)).max() < _STILL and np.abs(move[:3, 3]).max() < _STILL * size
    return None if still else move


def _moved_geometry(geometry: RigGeometry, move: FloatArray) -> RigGeometry:
    return replace(
        geometry,
        bone_matrices=move @ geometry.bone_matrices,
        bone_tails=geometry.bone_tails @ move[:3, :3].T + move[:3, 3],
        vertices=geometry.vertices @ move[:3, :3].T + move[:3, 3],
    )


def _moved_map(rig_map: RigMap, move: FloatArray) -> RigMap:
    scale = float(np.cbrt(np.linalg.det(move[:3, :3])))
    body_frame = rig_map.body_frame @ (move[:3, :3] / scale).T
    joints = {
        name: replace(joint, position=tuple(move[:3, :3] @ np.array(joint.position) + move[:3, 3]))
        for name, joint in rig_map.joints.items()
    }
    return replace(
        rig_map,
        body_frame=body_frame,
        trunk_length=rig_map.trunk_length * scale,
        ground=rig_map.ground * scale + float(body_frame[2] @ move[:3, 3]),
        joints=joints,
    )
