"""Keypoints follow the posed animal, and each knows which skin is its own."""

from __future__ import annotations

import numpy as np
import pytest

from pasyn_blender.anatomy.keypoint_sets import AP10K
from pasyn_blender.errors import RigMapError
from pasyn_blender.rig.anchors import keypoint_positions, part_triangles
from pasyn_blender.rig.geometry import RigGeometry
from pasyn_blender.rig.rig_map import KeypointAnchor, RigMap


def tube(middle: tuple[float, float], radius: float, length: float) -> tuple[np.ndarray, np.ndarray]:
    """A closed upright tube of 12 sides and 20 rings, from z = 0 up."""
    turn = np.arange(12) * 2 * np.pi / 12
    rings = [
        np.stack([middle[0] + radius * np.cos(turn), middle[1] + radius * np.sin(turn), np.full(12, z)], 1)
        for z in np.linspace(0, length, 20)
    ]
    faces = []
    for ring in range(19):
        for side in range(12):
            a, b = ring * 12 + side, ring * 12 + (side + 1) % 12
            faces += [(a, b, b + 12), (a, b + 12, a + 12)]
    return np.concatenate(rings), np.array(faces)


def two_legs() -> RigGeometry:
    """A left leg around x = 0.3 and a right one around x = -0.3, each on a bone of its own."""
    left, faces = tube((0.3, 0.0), 0.1, 1.0)
    right, _ = tube((-0.3, 0.0), 0.1, 1.0)
    weights = np.zeros((480, 2), dtype=np.float32)
    weights[:240, 0] = weights[240:, 1] = 1
    matrices = np.stack([np.eye(4), np.eye(4)])
    matrices[0, 0, 3], matrices[1, 0, 3] = 0.3, -0.3
    return RigGeometry(
        bone_names=("leg.L", "leg.R"),
        bone_parents=np.array([-1, -1]),
        bone_matrices=matrices,
        bone_tails=matrices[:, :3, 3] + [0, 0, 1],
        mesh_names=("legs",),
        mesh_offsets=np.array([0, 480]),
        vertices=np.concatenate([left, right]),
        triangles=np.concatenate([faces, faces + 240]),
        triangle_materials=np.zeros(2 * len(faces), dtype=np.int64),
        material_names=("skin",),
        weights=weights,
    )


def mapped(**keypoints: KeypointAnchor) -> RigMap:
    return RigMap("legs.glb", np.eye(3), 1.0, 0.0, {}, keypoints)


LEFT = KeypointAnchor(part=("leg.L",), bone="leg.L", offset=(0.0, 0.0, 0.5))
RIGHT = KeypointAnchor(part=("leg.R",), bone="leg.R", offset=(0.0, 0.0, 0.5))
ROW, OTHER = AP10K.keypoints.index("left_elbow"), AP10K.keypoints.index("right_elbow")


def test_a_bone_anchor_follows_its_bone() -> None:
    geometry = two_legs()
    posed = geometry.bone_matrices.copy()
    posed[0] = [[0, 0, 1, 2], [1, 0, 0, 3], [0, 1, 0, 4], [0, 0, 0, 1]]
    found = keypoint_positions(mapped(left_elbow=LEFT), AP10K, geometry, geometry.vertices, posed)
    assert found[ROW] == pytest.approx([2.5, 3, 4])
    assert np.isnan(np.delete(found, ROW, axis=0)).all()


def test_a_vertex_anchor_follows_the_deformed_mesh() -> None:
    anchor = KeypointAnchor(part=("leg.L",), mesh="legs", vertices=(0, 6), weights=(1.0, 3.0))
    geometry = two_legs()
    moved = geometry.vertices + np.array([1.0, 2.0, 3.0])
    found = keypoint_positions(mapped(left_elbow=anchor), AP10K, geometry, moved, geometry.bone_matrices)
    assert found[ROW] == pytest.approx(0.25 * moved[0] + 0.75 * moved[6])


def test_own_skin_is_a_stretch_of_the_own_leg_about_as_long_as_it_is_thick() -> None:
    geometry = two_legs()
    parts = part_triangles(mapped(left_elbow=LEFT, right_elbow=RIGHT), AP10K, geometry)
    middles = geometry.vertices[geometry.triangles[parts[ROW]]].mean(axis=1)
    assert (middles[:, 0] > 0).all()
    assert middles[:, 2].min() == pytest.approx(0.3, abs=0.08)
    assert middles[:, 2].max() == pytest.approx(0.7, abs=0.08)
    # All around the leg, so that it counts from every side.
    around = np.degrees(np.arctan2(middles[:, 1], middles[:, 0] - 0.3))
    assert np.histogram(around, bins=12, range=(-180, 180))[0].min() > 0
    assert (geometry.vertices[geometry.triangles[parts[OTHER]]][..., 0] < 0).all()
    assert all((np.diff(part) > 0).all() for part in parts)


def test_skin_on_the_other_side_is_not_own_even_when_the_bones_say_so() -> None:
    both = ("leg.L", "leg.R")
    left = KeypointAnchor(part=both, bone="leg.L", offset=(-0.25, 0.0, 0.5))
    right = KeypointAnchor(part=both, bone="leg.R", offset=(0.25, 0.0, 0.5))
    geometry = two_legs()
    parts = part_triangles(mapped(left_elbow=left, right_elbow=right), AP10K, geometry)
    assert len(parts[ROW]) and len(parts[OTHER])
    assert not set(parts[ROW]) & set(parts[OTHER])


def test_a_map_that_does_not_fit_the_rig_is_refused_by_name() -> None:
    geometry = two_legs()
    stray = KeypointAnchor(part=(), bone="wing", offset=(0.0, 0.0, 0.0))
    with pytest.raises(RigMapError, match=r"left_elbow.*wing"):
        keypoint_positions(
            mapped(left_elbow=stray), AP10K, geometry, geometry.vertices, geometry.bone_matrices
        )
    with pytest.raises(RigMapError, match=r"left_elbow.*fin"):
        part_triangles(
            mapped(left_elbow=KeypointAnchor(part=("fin",), bone="leg.L", offset=(0, 0, 0.5))),
            AP10K,
            geometry,
        )
