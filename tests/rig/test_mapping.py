"""Mapping finds the same animal whatever its bones are called, wherever it faces, however large it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.anatomy.keypoint_sets import AP10K, EVERY_LANDMARK, LANDMARKS
from pasyn_blender.errors import MappingError
from pasyn_blender.rig.anchors import keypoint_positions
from pasyn_blender.rig.geometry import FloatArray, RigGeometry
from pasyn_blender.rig.mapping import map_rig
from pasyn_blender.rig.rig_map import RigMap

RIGS = ("fox_khronos", "horse_ult", "wolf_ult", "cow_ult", "zebra_farm")


@pytest.fixture(scope="module")
def geometries(shared: Path) -> dict[str, RigGeometry]:
    import bpy

    from pasyn_blender.rig.loading import load_rig, read_geometry

    found = {}
    for name in RIGS:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        found[name] = read_geometry(load_rig(next((shared / "rigs" / name).glob("*.glb"))))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return found


def body_keypoints(geometry: RigGeometry, rig_map: RigMap) -> dict[str, FloatArray]:
    """Keypoints in body axes and trunk lengths, measured from the tail root."""
    world = keypoint_positions(rig_map, EVERY_LANDMARK, geometry, geometry.vertices, geometry.bone_matrices)
    body = world @ rig_map.body_frame.T / rig_map.trunk_length
    return dict(zip(LANDMARKS, body - body[LANDMARKS.index("root_of_tail")], strict=True))


def moved(geometry: RigGeometry, rotation: FloatArray, scale: float) -> RigGeometry:
    """The same rig turned and scaled in the world, with names that say nothing."""
    matrices = geometry.bone_matrices.copy()
    matrices[:, :3, :3] = rotation @ matrices[:, :3, :3]
    matrices[:, :3, 3] = scale * matrices[:, :3, 3] @ rotation.T
    return replace(
        geometry,
        bone_names=tuple(f"Bone.{index:03d}" for index in range(len(geometry.bone_names))),
        material_names=tuple(f"Material.{index:03d}" for index in range(len(geometry.material_names))),
        mesh_names=tuple(f"Mesh.{index:03d}" for index in range(len(geometry.mesh_names))),
        bone_matrices=matrices,
        bone_tails=scale * geometry.bone_tails @ rotation.T,
        vertices=scale * geometry.vertices @ rotation.T,
    )


def turned(axis: int, degrees: float) -> FloatArray:
    angle = np.radians(degrees)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    rotation = np.eye(3)
    rotation[first, first] = rotation[second, second] = np.cos(angle)
    rotation[second, first], rotation[first, second] = np.sin(angle), -np.sin(angle)
    return rotation


@pytest.mark.parametrize("name", RIGS)
def test_all_keypoints_and_the_named_limb_bones_are_found(
    geometries: dict[str, RigGeometry], name: str
) -> None:
    rig_map = map_rig(geometries[name], name)
    assert set(rig_map.keypoints) == set(LANDMARKS)
    for joint, expected in (
        ("head", "head"),
        ("tail_base", "tail"),
        ("left_forearm", "l"),
        ("right_shin", "r"),
    ):
        assert expected in rig_map.joints[joint].bone.lower()
    for joint, binding in rig_map.joints.items():
        if joint.startswith("left"):
            twin = rig_map.joints[joint.replace("left", "right")].bone
            assert (
                binding.bone.replace("Left", "Right").replace(".L", ".R").split("_0")[0]
                == twin.split("_0")[0]
            )


@pytest.mark.parametrize("name", RIGS)
@pytest.mark.parametrize(
    ("rotation", "scale"),
    [
        (turned(2, 90), 1.0),
        (turned(2, 180), 0.01),
        (turned(2, 37), 100.0),
        (turned(0, -90), 1.0),  # Y up
        (turned(2, -90) @ turned(0, 90), 3.0),
        (turned(2, 60) @ turned(0, 17) @ turned(1, 11), 1.0),
    ],
    ids=["faces +X", "faces +Y, small", "37 degrees, large", "Y up", "X up", "on a slope"],
)
def test_facing_scale_and_names_do_not_matter(
    geometries: dict[str, RigGeometry], name: str, rotation: FloatArray, scale: float
) -> None:
    original = map_rig(geometries[name], name)
    stranger = moved(geometries[name], rotation, scale)
    found = map_rig(stranger, "stranger")
    forward = rotation @ (-original.body_frame[1])
    assert np.dot(-found.body_frame[1], forward) > np.cos(np.radians(4))
    assert np.dot(found.body_frame[2], rotation @ original.body_frame[2]) > 0.999
    assert found.trunk_length == pytest.approx(scale * original.trunk_length, rel=0.05)
    before, after = body_keypoints(geometries[name], original), body_keypoints(stranger, found)
    for keypoint in LANDMARKS:
        # Unnamed eyes and tails are found by shape alone, which is a little less exact.
        assert np.linalg.norm(after[keypoint] - before[keypoint]) < 0.09, keypoint


@pytest.mark.parametrize("name", RIGS)
def test_keypoints_lie_where_anatomy_has_them(geometries: dict[str, RigGeometry], name: str) -> None:
    check_anatomy(body_keypoints(geometries[name], map_rig(geometries[name], name)))


@pytest.mark.parametrize("name", RIGS)
def test_the_tail_root_is_the_end_of_the_back(geometries: dict[str, RigGeometry], name: str) -> None:
    """Wherever a rig's tail bones begin, it lies a little before the thighs' rear, as on photos."""
    geometry = geometries[name]
    rig_map = map_rig(geometry, name)
    body = geometry.vertices @ rig_map.body_frame.T
    tail = [column for column, bone in enumerate(geometry.bone_names) if "tail" in bone.lower()]
    root = keypoint_positions(rig_map, AP10K, geometry, geometry.vertices, geometry.bone_matrices)[
        AP10K.keypoints.index("root_of_tail")
    ] @ rig_map.body_frame.T  # fmt: skip
    share = (body[:, 2] - rig_map.ground) / (root[2] - rig_map.ground)
    thighs = (share > 0.6) & (share < 0.88) & (geometry.weights[:, tail].sum(axis=1) < 0.5)
    before = (body[thighs, 1].max() - root[1]) / rig_map.trunk_length
    assert 0.02 < before < 0.1


@pytest.mark.parametrize("name", ["fox_khronos", "wolf_ult", "cow_ult", "zebra_farm"])
def test_the_hock_is_clicked_just_below_its_point(geometries: dict[str, RigGeometry], name: str) -> None:
    geometry = geometries[name]
    rig_map = map_rig(geometry, name)
    body = geometry.vertices @ rig_map.body_frame.T
    places = keypoint_positions(rig_map, AP10K, geometry, geometry.vertices, geometry.bone_matrices)
    stifle, hock, _ = (
        places[AP10K.keypoints.index(f"left_{name}")] @ rig_map.body_frame.T
        for name in ("hip", "knee", "back_paw")
    )
    share = (body[:, 2] - rig_map.ground) / (stifle[2] - rig_map.ground)
    leg = (np.abs(body[:, 0] - hock[0]) < 0.12 * rig_map.trunk_length) & (share > 0.36) & (share < 0.72)
    leg &= np.abs(body[:, 1] - hock[1]) < 0.2 * rig_map.trunk_length
    # The rearmost place, apart from the leg's general lean.
    lean = (hock[1] - stifle[1]) / (hock[2] - stifle[2])
    rearmost = body[leg][np.argmax(body[leg, 1] - 0.5 * lean * body[leg, 2])]
    assert -0.01 < (rearmost[2] - hock[2]) / rig_map.trunk_length < 0.05


def long_necked(points: FloatArray) -> FloatArray:
    """A horse drawn up into a giraffe: half as much leg again, the neck three units longer."""
    along, up = points[:, 1], points[:, 2]
    neck = np.clip((-along - 1.3) / 1.2, 0, 1) * np.clip(up - 2.6, 0, 1)
    raised = up + 3.2 * neck
    legs = np.where(raised < 2.2, raised * 1.5, raised + 1.1)
    return np.stack([points[:, 0], along + 0.3 * neck, legs], axis=1)


def short_legged(points: FloatArray) -> FloatArray:
    """A wolf pressed into a dachshund: a third of the leg, a longer trunk."""
    up = points[:, 2]
    return np.stack([points[:, 0], 1.3 * points[:, 1], np.where(up < 1.3, 0.35 * up, up - 0.845)], axis=1)


@pytest.mark.parametrize(("name", "shape"), [("horse_ult", long_necked), ("wolf_ult", short_legged)])
def test_other_proportions_without_names(
    geometries: dict[str, RigGeometry], name: str, shape: Callable[[FloatArray], FloatArray]
) -> None:
    nameless = moved(geometries[name], np.eye(3), 1.0)
    matrices = nameless.bone_matrices.copy()
    matrices[:, :3, 3] = shape(matrices[:, :3, 3])
    stranger = replace(
        nameless,
        vertices=shape(nameless.vertices),
        bone_matrices=matrices,
        bone_tails=shape(nameless.bone_tails),
    )
    check_anatomy(body_keypoints(stranger, map_rig(stranger, "stranger")))


def check_anatomy(places: dict[str, FloatArray]) -> None:
    for side, sign in (("left", 1), ("right", -1)):
        assert places[f"{side}_eye"][0] * sign > 0.02
        for upper, middle, lower in (("shoulder", "elbow", "front_paw"), ("hip", "knee", "back_paw")):
            heights = [places[f"{side}_{joint}"][2] for joint in (upper, middle, lower)]
            assert heights == sorted(heights, reverse=True)
        assert places[f"{side}_knee"][1] > places[f"{side}_hip"][1], "the hock lies behind the stifle"
        assert places[f"{side}_hip"][1] > places[f"{side}_shoulder"][1]
    assert places["nose"][1] < places["left_eye"][1] < places["neck"][1] < places["root_of_tail"][1]
    assert abs(places["nose"][0]) < 0.02
    assert abs(places["root_of_tail"][0]) < 0.02


def without_hind_legs(geometry: RigGeometry, rig_map: RigMap) -> RigGeometry:
    body = geometry.vertices @ rig_map.body_frame.T
    belly = rig_map.ground + 0.5 * (body[:, 2].max() - rig_map.ground)
    hind = (body[:, 2] < belly) & (body[:, 1] > np.median(body[:, 1]))
    return replace(geometry, triangles=geometry.triangles[~hind[geometry.triangles].any(axis=1)])


@pytest.mark.parametrize(
    ("name", "chest", "neck"),
    [("rigify_cat", "spine.003", "spine.004"), ("rigify_horse", "spine.006", "neck.001")],
)
def test_the_bone_that_carries_the_shoulders_is_no_neck(
    tmp_path: Path, name: str, chest: str, neck: str
) -> None:
    """Two bones share the shoulders' skin here; taken for a neck, one bends the chest in grazing."""
    import bpy
    import generated_animals

    from pasyn_blender.rig.loading import load_rig, read_geometry

    path = generated_animals.make_generated(name, tmp_path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    joints = map_rig(read_geometry(load_rig(path)), name).joints
    assert joints["chest"].bone.endswith(chest)
    assert joints["neck_base"].bone.endswith(neck)


def test_an_animal_on_two_legs_is_refused_with_the_reason(geometries: dict[str, RigGeometry]) -> None:
    horse = geometries["horse_ult"]
    biped = without_hind_legs(horse, map_rig(horse, "horse"))
    with pytest.raises(MappingError, match=r"biped\.glb: not a standing quadruped: "):
        map_rig(biped, "biped.glb")


def test_a_body_without_skin_is_refused(geometries: dict[str, RigGeometry]) -> None:
    fox = geometries["fox_khronos"]
    bare = replace(fox, weights=np.zeros_like(fox.weights))
    with pytest.raises(MappingError, match="no face of the model is skinned"):
        map_rig(bare, "bare.glb")
