"""Keypoints put elsewhere by hand, on an animal of two legs under a trunk that a person can check by hand."""

from dataclasses import replace

import numpy as np
import pytest

from pasyn_blender.anatomy.keypoint_sets import AP10K
from pasyn_blender.rig.anchor_moving import joint_anchor, move_keypoint, surface_anchor
from pasyn_blender.rig.anchors import keypoint_positions
from pasyn_blender.rig.geometry import RigGeometry
from pasyn_blender.rig.places_on_skin import Ray, place_under, ray_crossings, skin_near
from pasyn_blender.rig.rig_map import KeypointAnchor, RigMap

BONES = ("trunk", "left_leg", "right_leg")


def box(low: tuple[float, ...], high: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A box with normals outwards."""
    vertices = np.array(
        [[(low, high)[i >> axis & 1][axis] for axis in range(3)] for i in range(8)], dtype=float
    )
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    triangles = [(a, b, c) for a, b, c, _ in quads] + [(a, c, d) for a, _, c, d in quads]
    return vertices, np.array(triangles)


def animal() -> RigGeometry:
    """A trunk two long, one wide and one high; a leg 0.2 thick under each side, and each a bone."""
    blocks = [
        box((-0.5, -1.0, 1.0), (0.5, 1.0, 2.0)),
        box((0.3, -0.1, 0.0), (0.5, 0.1, 1.0)),
        box((-0.5, -0.1, 0.0), (-0.3, 0.1, 1.0)),
    ]
    matrices = np.stack([np.eye(4)] * 3)
    matrices[:, :3, 3] = [(0.0, 0.0, 1.5), (0.4, 0.0, 1.0), (-0.4, 0.0, 1.0)]
    return RigGeometry(
        bone_names=BONES,
        bone_parents=np.array([-1, 0, 0]),
        bone_matrices=matrices,
        bone_tails=matrices[:, :3, 3] - (0.0, 0.0, 1.0),
        mesh_names=("body",),
        mesh_offsets=np.array([0, 24]),
        vertices=np.concatenate([vertices for vertices, _ in blocks]),
        triangles=np.concatenate([triangles + 8 * i for i, (_, triangles) in enumerate(blocks)]),
        triangle_materials=np.zeros(36, dtype=np.int64),
        material_names=("coat",),
        weights=np.repeat(np.eye(3, dtype=np.float32), 8, axis=0),
    )


def symmetric_map() -> RigMap:
    places = {"elbow": 0.5, "front_paw": 0.1, "knee": 0.5, "back_paw": 0.1}
    anchors = {
        f"{side}_{name}": KeypointAnchor((), bone=f"{side}_leg", offset=(0.0, 0.0, height - 1.0))
        for side in ("left", "right")
        for name, height in places.items()
    }
    return RigMap("two_legs", np.eye(3), 2.0, 0.0, {}, anchors, missing=("nose", "jaw"))


def posed(geometry: RigGeometry) -> tuple[np.ndarray, np.ndarray]:
    """The left leg swung sideways by a right angle, and the whole moved away."""
    vertices, matrices = geometry.vertices.copy(), geometry.bone_matrices.copy()
    turn = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    hip = matrices[1, :3, 3].copy()
    vertices[8:16] = (vertices[8:16] - hip) @ turn.T + hip
    matrices[1, :3, :3] = turn
    away = np.array([10.0, 20.0, 30.0])
    vertices += away
    matrices[:, :3, 3] += away
    return vertices, matrices


def where(rig_map: RigMap, name: str, geometry: RigGeometry, vertices, matrices) -> np.ndarray:  # type: ignore[no-untyped-def]
    places = keypoint_positions(rig_map, AP10K, geometry, vertices, matrices)
    return places[AP10K.keypoints.index(name)]


def test_a_joint_is_where_it_was_asked_to_be_and_follows_its_bone() -> None:
    geometry = animal()
    vertices, matrices = posed(geometry)
    asked = np.array([10.4 + 0.6, 20.05, 31.02])  # in the leg, which points along +X now
    moved = move_keypoint(
        symmetric_map(), AP10K, "left_elbow", asked, geometry, vertices, matrices, mirror=False
    )
    np.testing.assert_allclose(where(moved, "left_elbow", geometry, vertices, matrices), asked, atol=1e-9)
    assert moved.keypoints["left_elbow"].bone == "left_leg"
    rest = where(moved, "left_elbow", geometry, geometry.vertices, geometry.bone_matrices)
    np.testing.assert_allclose(rest, [0.4 + 0.02, 0.05, 1.0 - 0.6], atol=1e-9)


def test_the_counterpart_goes_to_the_mirrored_place_at_rest() -> None:
    geometry = animal()
    vertices, matrices = posed(geometry)
    asked = np.array([11.0, 20.05, 31.02])
    before = symmetric_map()
    moved = move_keypoint(before, AP10K, "left_elbow", asked, geometry, vertices, matrices, mirror=True)
    rest = where(moved, "right_elbow", geometry, geometry.vertices, geometry.bone_matrices)
    np.testing.assert_allclose(rest, [-0.42, 0.05, 0.4], atol=1e-9)
    assert moved.keypoints["right_elbow"].bone == "right_leg"
    others = set(before.keypoints) - {"left_elbow", "right_elbow"}
    assert all(moved.keypoints[name] == before.keypoints[name] for name in others)


def test_in_a_rest_pose_in_mid_step_the_counterpart_moves_as_far() -> None:
    geometry = animal()
    before = symmetric_map()
    forward = {
        name: replace(anchor, offset=(0.0, -0.5, anchor.offset[2]))
        for name, anchor in before.keypoints.items()
        if name.startswith("right") and anchor.offset is not None
    }
    before = replace(before, keypoints={**before.keypoints, **forward})
    asked = np.array([0.4, 0.05, 0.45])
    moved = move_keypoint(
        before, AP10K, "left_elbow", asked, geometry, geometry.vertices, geometry.bone_matrices, mirror=True
    )
    rest = where(moved, "right_elbow", geometry, geometry.vertices, geometry.bone_matrices)
    np.testing.assert_allclose(rest, [-0.4, -0.5 + 0.05, 0.5 - 0.05], atol=1e-9)


def test_a_surface_point_goes_to_the_skin_and_follows_it() -> None:
    geometry = animal()
    vertices, matrices = posed(geometry)
    before = symmetric_map()
    asked = np.array([10.2, 19.0 - 0.3, 31.7])  # 0.3 before the front of the trunk
    moved = move_keypoint(before, AP10K, "nose", asked, geometry, vertices, matrices, mirror=True)
    nose = where(moved, "nose", geometry, vertices, matrices)
    np.testing.assert_allclose(nose, [10.2, 19.0, 31.7], atol=1e-8)
    rest = where(moved, "nose", geometry, geometry.vertices, geometry.bone_matrices)
    np.testing.assert_allclose(rest, [0.2, -1.0, 1.7], atol=1e-8)
    assert moved.keypoints["nose"].part == ("trunk",)
    assert moved.missing == ("jaw",), "what was put somewhere is not missing any more"


def test_a_joint_belongs_to_the_leg_it_is_in() -> None:
    geometry = animal()
    anchor = joint_anchor(np.array([-0.4, 0.0, 0.3]), geometry, geometry.vertices, geometry.bone_matrices)
    assert anchor.bone == "right_leg" and anchor.part == ("right_leg",)


def test_skin_that_is_hidden_carries_nothing() -> None:
    geometry = animal()
    vertices = geometry.vertices.copy()
    vertices[:8] = np.nan
    anchor = surface_anchor(np.array([0.4, 0.0, 1.4]), geometry, vertices)
    assert min(anchor.vertices) >= 8
    anchor = joint_anchor(np.array([0.0, 0.0, 1.5]), geometry, vertices, geometry.bone_matrices)
    assert anchor.bone != "trunk"


def ray(origin: tuple[float, ...], direction: tuple[float, ...]) -> Ray:
    along = np.array(direction) / np.linalg.norm(direction)
    return Ray(np.array(origin), along, along)


def test_a_ray_enters_and_leaves_each_body_on_its_way() -> None:
    geometry = animal()
    met = ray_crossings(ray((5.0, 0.03, 0.52), (-1.0, 0.0, 0.0)), geometry.vertices, geometry.triangles)
    np.testing.assert_allclose(met.distances, [4.5, 4.7, 5.3, 5.5])
    assert met.entering.tolist() == [True, False, True, False]
    nothing = ray_crossings(ray((5.0, 0.3, 0.5), (-1.0, 0.0, 0.0)), geometry.vertices, geometry.triangles)
    assert not len(nothing.distances)


@pytest.mark.parametrize(
    ("height", "surface", "expected"),
    [
        pytest.param(0.52, False, 0.4, id="a joint goes to the middle of the nearer leg"),
        pytest.param(0.52, True, 0.5, id="a surface point to its skin"),
        pytest.param(1.5, False, 0.45, id="in the trunk a joint keeps its depth"),
        pytest.param(3.0, False, 0.45, id="beside the animal too"),
    ],
)
def test_where_the_cursor_takes_a_keypoint(height: float, surface: bool, expected: float) -> None:
    geometry = animal()
    look = ray((5.0, 0.03, height), (-1.0, 0.0, 0.0))
    place = place_under(
        look,
        np.array([0.45, 0.0, 0.6]),
        geometry.vertices,
        geometry.triangles,
        surface=surface,
        paired=True,
        trunk_length=2.0,
    )
    np.testing.assert_allclose(place, [expected, 0.03, height], atol=1e-9)


def drag(before: tuple[float, ...], height: float, *, surface: bool) -> np.ndarray:
    """Where a drag seen from the animal's left takes a keypoint."""
    geometry = animal()
    return place_under(
        ray((5.0, 0.03, height), (-1.0, 0.0, 0.0)),
        np.array(before),
        geometry.vertices,
        geometry.triangles,
        surface=surface,
        paired=True,
        trunk_length=2.0,
    )


def test_a_joint_of_the_leg_behind_stays_in_that_leg() -> None:
    np.testing.assert_allclose(drag((-0.38, 0.0, 0.6), 0.52, surface=False), [-0.4, 0.03, 0.52], atol=1e-9)


def test_a_point_on_the_far_side_stays_there_and_one_in_between_comes_to_the_front() -> None:
    np.testing.assert_allclose(drag((-0.48, 0.0, 1.6), 1.5, surface=True), [-0.5, 0.03, 1.5], atol=1e-9)
    np.testing.assert_allclose(drag((0.0, 0.0, 2.0), 1.5, surface=True), [0.5, 0.03, 1.5], atol=1e-9)


def test_a_mesh_that_is_inside_out_or_open_has_a_middle_too() -> None:
    vertices, triangles = box((-0.1, -0.1, 0.0), (0.1, 0.1, 1.0))
    toward = ray((5.0, 0.03, 0.52), (-1.0, 0.0, 0.0))
    options = {"surface": False, "paired": True, "trunk_length": 2.0}
    inside_out = place_under(toward, np.zeros(3), vertices, triangles[:, ::-1], **options)
    np.testing.assert_allclose(inside_out, [0.0, 0.03, 0.52], atol=1e-9)
    right_side = (vertices[triangles][:, :, 0] < 0).all(axis=1)
    opened = place_under(toward, np.zeros(3), vertices, triangles[~right_side], **options)
    np.testing.assert_allclose(opened, [0.1, 0.03, 0.52], atol=1e-9)


def test_a_ray_through_an_edge_counts_once() -> None:
    geometry = animal()
    place = place_under(
        ray((5.0, 0.0, 0.5), (-1.0, 0.0, 0.0)),  # through the diagonals of both sides of each leg
        np.array([0.4, 0.0, 0.6]),
        geometry.vertices,
        geometry.triangles,
        surface=False,
        paired=True,
        trunk_length=2.0,
    )
    np.testing.assert_allclose(place, [0.4, 0.0, 0.5], atol=1e-9)


def test_the_middle_of_a_leg_is_not_the_middle_of_a_shell_in_it() -> None:
    outer, triangles = box((-0.1, -0.1, 0.0), (0.1, 0.1, 1.0))
    inner, more = box((-0.02, -0.09, 0.0), (0.09, 0.09, 1.0))
    place = place_under(
        ray((5.0, 0.03, 0.52), (-1.0, 0.0, 0.0)),
        np.zeros(3),
        np.concatenate([outer, inner]),
        np.concatenate([triangles, more + 8]),
        surface=False,
        paired=True,
        trunk_length=2.0,
    )
    np.testing.assert_allclose(place, [0.0, 0.03, 0.52], atol=1e-9)


def test_a_surface_point_dragged_beside_the_animal_stays_on_its_outline() -> None:
    geometry = animal()
    place = place_under(
        ray((5.0, 0.2, 2.5), (-1.0, 0.0, 0.0)),
        np.array([0.1, 0.0, 2.0]),
        geometry.vertices,
        geometry.triangles,
        surface=True,
        paired=False,
        trunk_length=2.0,
    )
    np.testing.assert_allclose(place, [0.1, 0.2, 2.0], atol=1e-9)


def test_the_nearest_point_may_lie_on_a_face_an_edge_or_a_corner() -> None:
    geometry = animal()
    for place, expected in (
        ((0.1, 0.2, 5.0), (0.1, 0.2, 2.0)),
        ((3.0, 0.2, 5.0), (0.5, 0.2, 2.0)),
        ((3.0, -3.0, 5.0), (0.5, -1.0, 2.0)),
    ):
        near = skin_near(np.array(place), geometry.vertices, geometry.triangles)
        point = near.shares[0] @ geometry.vertices[geometry.triangles[near.triangles[0]]]
        np.testing.assert_allclose(point, expected, atol=1e-9)
