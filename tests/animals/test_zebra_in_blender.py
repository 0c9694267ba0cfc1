"""The zebra in a Blender scene: it is the model, it moves as its clips say, and its map is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pasyn_blender.anatomy.keypoint_sets import EVERY_LANDMARK, LANDMARKS, SURFACE_LANDMARKS
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.animals.anatomy_model import animal_model
from pasyn_blender.animals.contact_solving import RestSkin
from pasyn_blender.animals.kinematics import Figure
from pasyn_blender.animals.motion import clips
from pasyn_blender.errors import RigMapError
from pasyn_blender.rig.geometry import RigGeometry
from pasyn_blender.rig.rig_map import RigMap

INDIVIDUAL = 3


@pytest.fixture(scope="module")
def built() -> Any:
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    from pasyn_blender.animals.build import build_animal
    from pasyn_blender.rig.loading import read_geometry

    rig = build_animal("zebra", INDIVIDUAL)
    yield rig, read_geometry(rig)
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture(scope="module")
def geometry(built: Any) -> RigGeometry:
    found: RigGeometry = built[1]
    return found


@pytest.fixture(scope="module")
def rig_map(built: Any) -> RigMap:
    from pasyn_blender.animals.landmarks import animal_rig_map

    return animal_rig_map("zebra", *built)


@pytest.fixture(scope="module")
def rest(built: Any, rig_map: RigMap) -> dict[str, np.ndarray]:
    from pasyn_blender.rig.anchors import keypoint_positions

    geometry = built[1]
    places = keypoint_positions(rig_map, EVERY_LANDMARK, geometry, geometry.vertices, geometry.bone_matrices)
    return dict(zip(LANDMARKS, places, strict=True))


def test_scene_holds_the_model(geometry: RigGeometry) -> None:
    model = animal_model("zebra", INDIVIDUAL)
    assert np.abs(geometry.vertices[: len(model.vertices)] - model.vertices).max() < 1e-5
    assert set(geometry.bone_names) == {bone.name for bone in model.bones}
    order = [geometry.bone_names.index(bone.name) for bone in model.bones]
    assert np.abs(geometry.weights[: len(model.vertices)][:, order] - model.weights).max() < 1e-3
    assert (geometry.weights.sum(axis=1) > 0.999).all()
    assert np.abs(geometry.bone_heads[order] - [bone.head for bone in model.bones]).max() < 1e-5


def test_actions_pose_it_as_the_clips_say(built: Any) -> None:
    import bpy

    from pasyn_blender.rig.loading import apply_action, list_actions, posed_bone_matrices

    rig, geometry = built
    model = animal_model("zebra", INDIVIDUAL)
    found = {action.name: action for action in list_actions(rig)}
    plan, skin = model.plan, RestSkin(model.vertices, model.weights)
    for clip in clips(model.bones, plan.factors["withers_height"], plan.family, plan.individual, skin):
        assert found[clip.name].start == 1.0
        assert found[clip.name].end == len(clip.turns)
        figure = Figure(model.bones, len(clip.turns))
        figure.local, figure.offset = clip.turns.copy(), clip.offset.copy()
        for frame in (0, len(clip.turns) // 3):
            apply_action(rig, clip.name, frame + 1)
            bpy.context.view_layer.update()
            matrices = posed_bone_matrices(rig, bpy.context.evaluated_depsgraph_get())
            for name in ("head", "front_hoof.L", "hind_hoof.R", "tail_4", "ear.L"):
                _, place = figure.place(name)
                assert np.abs(matrices[geometry.bone_names.index(name)][:3, 3] - place[frame]).max() < 2e-4


def test_map_is_complete(rig_map: RigMap, geometry: RigGeometry) -> None:
    assert set(rig_map.joints) == set(JOINTS)
    assert tuple(rig_map.keypoints) == LANDMARKS
    assert rig_map.missing == ()
    for binding in rig_map.joints.values():
        assert np.allclose(binding.position, geometry.bone_heads[geometry.bone_names.index(binding.bone)])
    for name, anchor in rig_map.keypoints.items():
        assert set(anchor.part) <= set(geometry.bone_names), name
        assert all(w > 0.0 for w in anchor.weights)
    assert 0.8 < rig_map.trunk_length < 1.2


def test_map_survives_its_file(rig_map: RigMap, geometry: RigGeometry, tmp_path: Any) -> None:
    from pasyn_blender.rig.rig_map_file import read_rig_map, write_rig_map

    write_rig_map(rig_map, tmp_path / "map.yaml")
    again = read_rig_map(tmp_path / "map.yaml", geometry)
    assert set(again.joints) == set(rig_map.joints)
    assert set(again.keypoints) == set(rig_map.keypoints)


def test_keypoints_are_where_anatomy_has_them(rest: dict[str, np.ndarray]) -> None:
    for name, place in rest.items():
        if name.startswith("left"):
            mirrored = rest[name.replace("left", "right")] * np.array([-1.0, 1.0, 1.0])
            assert np.abs(mirrored - place).max() < 0.01, name
            assert place[0] > 0.03, name
    for name in ("nose", "neck", "root_of_tail"):
        assert abs(rest[name][0]) < 0.005, name
    along = {name: place[1] for name, place in rest.items()}
    up = {name: place[2] for name, place in rest.items()}
    assert along["nose"] < along["left_eye"] < along["neck"] < along["left_shoulder"] < along["left_hip"]
    assert along["left_knee"] > along["left_hip"] + 0.1, "the hock is behind the stifle"
    assert along["left_knee"] > along["left_back_paw"], "the hock is behind the hoof"
    assert along["root_of_tail"] > along["left_hip"] + 0.1
    assert up["left_eye"] > up["root_of_tail"] > up["neck"] > up["left_shoulder"] > up["left_elbow"]
    assert up["left_hip"] > up["left_knee"] > up["left_back_paw"]
    for name in ("left_front_paw", "left_back_paw"):
        assert 0.02 < up[name] < 0.08, name


def test_nose_and_tail_root_lie_on_the_outline(rest: dict[str, np.ndarray], geometry: RigGeometry) -> None:
    """In profile nothing of the animal lies further out at these points, within 1.5 % of its length."""
    size = np.ptp(geometry.vertices[:, 1])
    nose, tail = rest["nose"], rest["root_of_tail"]
    level = np.abs(geometry.vertices[:, 2] - nose[2]) < 0.01
    assert nose[1] - geometry.vertices[level, 1].min() < 0.015 * size
    column = np.abs(geometry.vertices[:, 1] - tail[1]) < 0.01
    assert geometry.vertices[column, 2].max() - tail[2] < 0.015 * size


def test_joint_keypoints_lie_inside_the_limb(rest: dict[str, np.ndarray], geometry: RigGeometry) -> None:
    from mathutils import Vector
    from mathutils.bvhtree import BVHTree

    tree = BVHTree.FromPolygons(geometry.vertices.tolist(), geometry.triangles.tolist())
    for name, place in rest.items():
        if name in SURFACE_LANDMARKS or name.endswith("ear_base"):
            continue
        for direction in ((1, 0, 0), (-1, 0, 0)):
            hit, normal, _, _ = tree.ray_cast(Vector(place), Vector(direction))
            assert hit is not None, name
            assert normal.dot(Vector(direction)) > 0.0, f"{name} is outside"


def test_bones_move_as_they_hang_together(built: Any, rig_map: RigMap) -> None:
    """What is taken for known of a built-in animal, so that a job need not play its actions to pose it."""
    from pasyn_blender.rig.clips import retargeting_of
    from pasyn_blender.rig.retargeting import prepare_retargeting

    rig, geometry = built
    assert rig.overlap is not None
    shown = retargeting_of(rig, geometry, rig_map).following
    known = prepare_retargeting(geometry, rig_map).following
    for name in ("lead", "toward", "carriers", "detached", "stray"):
        assert np.array_equal(getattr(known, name), getattr(shown, name)), name
    assert np.abs(known.share - shown.share).max() < 0.101


def test_a_second_individual_in_the_scene_is_its_own(built: Any, geometry: RigGeometry) -> None:
    import bpy

    from pasyn_blender.animals.build import build_animal
    from pasyn_blender.animals.landmarks import animal_rig_map
    from pasyn_blender.rig.loading import list_actions, read_geometry

    rig, _ = built
    second = build_animal("zebra", INDIVIDUAL)
    try:
        again = read_geometry(second)
        assert again.mesh_names == geometry.mesh_names
        assert again.vertices.tobytes() == geometry.vertices.tobytes()
        assert [a.name for a in list_actions(second)] == [a.name for a in list_actions(rig)]
        assert not {a.action for a in list_actions(second)} & {a.action for a in list_actions(rig)}
        assert animal_rig_map("zebra", second, again).keypoints.keys() == set(LANDMARKS)
    finally:
        for obj in (*second.meshes, second.armature):
            bpy.data.objects.remove(obj)
        for action in second.actions or ():
            bpy.data.actions.remove(action)


def test_another_rig_is_refused(built: Any, geometry: RigGeometry) -> None:
    from dataclasses import replace

    from pasyn_blender.animals.landmarks import animal_rig_map

    stranger = replace(geometry, bone_names=tuple(f"Bone.{i}" for i in range(len(geometry.bone_names))))
    with pytest.raises(RigMapError):
        animal_rig_map("zebra", built[0], stranger)
