"""Posing the scene's animal canonically, as a job does, while the artist's constraints and actions are kept.

What the rig's actions teach is read once (:func:`learning`), which takes seconds on a large rig; the result
is plain numpy, kept here and found again by names, because undo replaces Blender's own objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..anatomy.kinematics import accumulate
from ..anatomy.rotations import nearest_rotation
from ..errors import MappingError, PasynError, RigError
from ..rig.bone_channels import BoneSpaces, bone_channels, bone_spaces, write_channels
from ..rig.extraction import posed_bone_matrices
from ..rig.geometry import FloatArray, RigGeometry
from ..rig.ground_contact import GroundContact
from ..rig.loaded_rig import LoadedRig
from ..rig.pose_fitting import fitted_poses
from ..rig.retargeting import (
    LIMBS,
    CanonicalPoses,
    Retargeting,
    bone_moves,
    canonical_poses,
    prepare_retargeting,
)
from ..rig.rig_map import RigMap
from ..scene.canonical_posing import TakenPose
from ..scene.learnt_rig import LearntPosing, LearntRig, PlayedActions, learn, play_actions
from . import live_map, scene_prior
from .kept_pose import OWN_ACTION, constraints_on, free_pose
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
        Its armature and meshes, without actions; see :func:`whole_rig`.
    geometry, rig_map
        Its rest pose and map, moved to where the armature has been moved to since it was mapped.
    retargeting
        How its bones follow the canonical joints, for the same place.
    learnt
        What its actions teach; None while they were not read, and the retargeting is from its bones alone.
    """

    rig: LoadedRig
    geometry: RigGeometry
    rig_map: RigMap
    retargeting: Retargeting
    learnt: LearntRig | None


_learnt: dict[tuple[Any, ...], tuple[LearntRig, FloatArray]] = {}
_rough: list[tuple[tuple[Any, ...], Retargeting]] = []
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
    rig, geometry, rig_map = mapped_rig(context)
    key = _learnt_key(context.scene)
    if key not in _learnt:
        whole = whole_rig(context)
        if whole.meshes != rig.meshes:
            raise MappingError("the animal's meshes were changed; map it again")
        played = PlayedActions()
        # The context manager's end runs when the generator is closed too.
        with pose_kept(whole), constraints_on(context.scene, rig.armature):
            for share in play_actions(whole, played):
                yield 0.9 * share
        learnt = yield InThread(lambda: learn(geometry, rig_map, played, rig.overlap))
        _learnt.clear()
        _learnt[key] = (learnt, geometry.bone_matrices)
    return _placed_animal(rig, geometry, rig_map, key)


def scene_animal(context: bpy.types.Context) -> SceneAnimal | None:
    """The scene's animal where its actions have been read already; None otherwise. Cheap; panels may ask."""
    if live_map.current(context.scene) is None:
        return None  # reading the rig puts it at rest for a moment
    try:
        rig, geometry, rig_map = mapped_rig(context)
    except PasynError:
        return None
    key = _learnt_key(context.scene)
    return _placed_animal(rig, geometry, rig_map, key) if key in _learnt else None


def unread_animal(context: bpy.types.Context) -> SceneAnimal:
    """The scene's animal, good enough to read its pose where its actions were not read yet.

    Raises
    ------
    PasynError
        No animal is chosen, or it is not mapped.
    """
    rig, geometry, rig_map = mapped_rig(context)
    key = _learnt_key(context.scene)
    if key in _learnt:
        return _placed_animal(rig, geometry, rig_map, key)
    if (
        not _rough
        or _rough[0][0] != key
        or not np.array_equal(_rough[0][1].rest_matrices, geometry.bone_matrices)
    ):
        _rough[:] = [(key, prepare_retargeting(geometry, rig_map))]
    return SceneAnimal(rig, geometry, rig_map, _rough[0][1], None)


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
    check_posable(animal.rig.armature)
    if animal.learnt is None:
        animal = run_steps(learning(context))
    assert animal.learnt is not None
    rig = animal.rig
    with pose_kept(rig):
        posing = LearntPosing(rig, animal.geometry, animal.learnt, scene_prior.joint_limits())
        try:
            taken = posing.take(candidates)
            posed = posed_bone_matrices(rig, bpy.context.evaluated_depsgraph_get())
        finally:
            posing.release()
    show_bones(context, animal, posed)
    return taken


def show_pose(context: bpy.types.Context, animal: SceneAnimal, pose: CanonicalPoses) -> None:
    """Pose an animal by the first of some poses as it is, neither stood nor tested."""
    check_posable(animal.rig.armature)
    moves = bone_moves(animal.retargeting, pose.rotations[:1], pose.root[:1], pose.shifts[:1])[0]
    show_bones(context, animal, moves @ animal.retargeting.rest_matrices)


def put_down(context: bpy.types.Context, animal: SceneAnimal, rotations: FloatArray) -> None:
    """Pose an animal by a (J, 3, 3) pose as it is, with the lowest part of trunk and limbs on the ground."""
    contact = ground_contact(animal)
    bottom = contact.carried(accumulate(rotations)[None], contact.parts.outer)[..., 2].min()
    root = np.array([[0.0, 0.0, -bottom]])
    show_pose(context, animal, CanonicalPoses(rotations[None], root, np.zeros((1, len(LIMBS), 3))))


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
    if animal.learnt is None:
        return plain  # how bones carry the skin is not known well enough for a fit
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
    _rough.clear()
    _contacts.clear()


def mapped_rig(context: bpy.types.Context) -> tuple[LoadedRig, RigGeometry, RigMap]:
    """Armature and meshes, and their rest pose and map where the armature stands now; cheap."""
    animal = context.scene.pasyn.animal
    if animal.armature is None:
        raise RigError("choose or import an animal first")
    if not animal.rig_map:
        raise MappingError("map the animal first, in the Animal panel")
    live_map.prepare(context)
    live, rig_map = live_map.current(context.scene), live_map.current_map(context.scene)
    if live is None or rig_map is None:
        raise MappingError("the map does not fit the animal any more; map it again")
    objects = context.scene.objects
    missing = [name for name in live.meshes if name not in objects]
    if missing:
        raise MappingError(f"'{missing[0]}' was removed or renamed; map the animal again")
    meshes = tuple(objects[name] for name in live.meshes)
    # Which actions there are is left out: finding out takes long, and posing does not ask.
    rig = LoadedRig(path=Path(rig_map.rig), armature=animal.armature, meshes=meshes, actions=())
    geometry = live.geometry
    if set(geometry.bone_names) != {bone.name for bone in rig.armature.data.bones}:
        raise MappingError("the bones were edited; map the animal again")
    move = _move(rig.armature, geometry)
    if move is not None:
        geometry, rig_map = _moved_geometry(geometry, move), _moved_map(rig_map, move)
    return rig, geometry, rig_map


def whole_rig(context: bpy.types.Context) -> LoadedRig:
    """The animal with all that moves it, and the actions that may be its own.

    Raises
    ------
    RigError
        The armature is gone, or no mesh is skinned to it.
    """
    animal = context.scene.pasyn.animal
    rig = rig_in_scene(animal.armature, context.scene, animal.source_file)
    return replace(rig, actions=tuple(_own_actions()))


def _own_actions() -> list[Any]:
    # What the prior made teaches nothing about the animal.
    return [action for action in bpy.data.actions if OWN_ACTION not in action]


def _learnt_key(scene: Any) -> tuple[Any, ...]:
    animal = scene.pasyn.animal
    actions = tuple((action.name_full, tuple(action.frame_range)) for action in _own_actions())
    return scene.name, animal.armature.name, animal.rig_map, actions


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
    return SceneAnimal(rig, geometry, rig_map, learnt.retargeting, learnt)


def check_posable(armature: Any) -> None:
    """Check that an armature's bones can be posed and that it would be seen.

    Raises
    ------
    RigError
        It is linked without an override, or shows its rest position.
    """
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


def _at(move: FloatArray, place: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = (move[:3, :3] @ np.array(place) + move[:3, 3]).tolist()
    return x, y, z


def _moved_map(rig_map: RigMap, move: FloatArray) -> RigMap:
    scale = float(np.cbrt(np.linalg.det(move[:3, :3])))
    body_frame = rig_map.body_frame @ (move[:3, :3] / scale).T
    joints = {
        name: replace(joint, position=_at(move, joint.position)) for name, joint in rig_map.joints.items()
    }
    return replace(
        rig_map,
        body_frame=body_frame,
        trunk_length=rig_map.trunk_length * scale,
        ground=rig_map.ground * scale + float(body_frame[2] @ move[:3, 3]),
        joints=joints,
    )
