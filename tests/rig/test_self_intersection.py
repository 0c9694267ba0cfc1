"""Skin that runs through itself: counted exactly on boxes, judged by their own actions on real rigs."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
import rig_files

from pasyn_blender.rig.actions import apply_action, list_actions
from pasyn_blender.rig.extraction import deformed_vertices, read_geometry
from pasyn_blender.rig.geometry import RigGeometry
from pasyn_blender.rig.loading import load_rig
from pasyn_blender.rig.self_intersection import prepare_self_intersection

BOX_CORNERS = np.array(list(itertools.product((-1.0, 1.0), repeat=3)))
# Quads of the box over itertools.product's order of corners, each cut along one diagonal.
BOX_QUADS = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
BOX_TRIANGLES = np.array([corner for a, b, c, d in BOX_QUADS for corner in ((a, b, c), (a, c, d))])


def box(centre: tuple[float, float, float], half: tuple[float, float, float]) -> np.ndarray:
    return BOX_CORNERS * half + centre


def boxes_on_bones(*boxes: np.ndarray, bones: tuple[int, ...] | None = None) -> RigGeometry:
    """Each box a mesh of its own, moved by the bone given for it."""
    bones = tuple(range(len(boxes))) if bones is None else bones
    count = max(bones) + 1
    weights = np.zeros((8 * len(boxes), count), dtype=np.float32)
    for number, bone in enumerate(bones):
        weights[8 * number : 8 * number + 8, bone] = 1
    return RigGeometry(
        bone_names=tuple(f"bone{i}" for i in range(count)),
        bone_parents=np.full(count, -1),
        bone_matrices=np.tile(np.eye(4), (count, 1, 1)),
        bone_tails=np.zeros((count, 3)),
        mesh_names=tuple(f"box{i}" for i in range(len(boxes))),
        mesh_offsets=np.arange(len(boxes) + 1) * 8,
        vertices=np.concatenate(boxes),
        triangles=np.concatenate([BOX_TRIANGLES + 8 * i for i in range(len(boxes))]),
        triangle_materials=np.full(12 * len(boxes), -1),
        material_names=(),
        weights=weights,
    )


CUBE = box((0, 0, 0), (1, 1, 1))
ROD_APART = box((0, 0, 6), (3, 0.1, 0.1))


def test_boxes_apart_do_not_intersect() -> None:
    geometry = boxes_on_bones(CUBE, ROD_APART)
    test = prepare_self_intersection(geometry)
    assert test.share(geometry.vertices) == 0
    assert test.share(np.concatenate([CUBE, box((0, 0, 1.2), (3, 0.1, 0.1))])) == 0


def test_a_rod_through_a_cube_is_counted_to_the_triangle() -> None:
    test = prepare_self_intersection(boxes_on_bones(CUBE, ROD_APART))
    # Off the diagonals it pierces one triangle of either face; its four long sides have two triangles each.
    pierced = np.concatenate([CUBE, box((0, 0.3, -0.6), (3, 0.1, 0.1))])
    pairs = test.pairs(pierced)
    assert len(pairs) == 2 * 8
    assert len(np.unique(pairs[pairs < 12])) == 2 and len(np.unique(pairs[pairs >= 12])) == 8
    assert test.share(pierced) == pytest.approx(10 / 24)
    assert not test.passes(pierced)


def test_a_box_swallowed_whole_is_free_and_one_pushed_half_in_is_not() -> None:
    test = prepare_self_intersection(boxes_on_bones(CUBE, box((0, 0, 6), (0.3, 0.3, 0.3))))
    assert test.share(np.concatenate([CUBE, box((0, 0, 0), (0.3, 0.3, 0.3))])) == 0
    assert test.share(np.concatenate([CUBE, box((0, 0, 1), (0.3, 0.3, 0.3))])) > 0.3


def test_scale_and_place_of_the_animal_do_not_matter() -> None:
    pierced = np.concatenate([CUBE, box((0, 0.3, -0.6), (3, 0.1, 0.1))])
    for scale in (0.01, 100.0):
        test = prepare_self_intersection(boxes_on_bones(CUBE * scale + 7, ROD_APART * scale + 7))
        assert test.share(pierced * scale - 3) == pytest.approx(10 / 24)


def test_what_stands_in_one_another_at_rest_is_natural() -> None:
    rest = np.concatenate([CUBE, box((0, 0.3, -0.6), (3, 0.1, 0.1))])
    test = prepare_self_intersection(boxes_on_bones(*rest.reshape(2, 8, 3)))
    assert test.share(rest) == 0
    assert test.share(rest + 3) == 0
    # Turned onto the other two faces it pierces what it did not at rest.
    turned = np.concatenate([CUBE, box((0.3, 0, -0.6), (0.1, 3, 0.1))])
    assert test.share(turned) > 0.3


def test_skin_of_one_bone_is_not_tested_against_itself() -> None:
    test = prepare_self_intersection(boxes_on_bones(CUBE, ROD_APART, bones=(0, 0)))
    assert test.share(np.concatenate([CUBE, box((0, 0.3, -0.6), (3, 0.1, 0.1))])) == 0


def test_bones_of_one_group_are_one_part() -> None:
    geometry = boxes_on_bones(CUBE, ROD_APART)
    test = prepare_self_intersection(geometry, bone_groups=np.array([4, 4]))
    assert test.share(np.concatenate([CUBE, box((0, 0.3, -0.6), (3, 0.1, 0.1))])) == 0


def test_a_pose_is_allowed_what_the_own_poses_do() -> None:
    geometry = boxes_on_bones(CUBE, ROD_APART)
    pierced = np.concatenate([CUBE, box((0, 0.3, -0.6), (3, 0.1, 0.1))])
    touching = np.concatenate([CUBE, box((3.5, 0.3, -0.6), (3, 0.1, 0.1))])
    strict = prepare_self_intersection(geometry, [geometry.vertices] * 20)
    assert not strict.passes(touching) and not strict.passes(pierced)
    used_to_it = prepare_self_intersection(geometry, [geometry.vertices, touching] * 10)
    assert used_to_it.passes(touching)
    # One accident among many is no habit.
    once = prepare_self_intersection(geometry, [geometry.vertices] * 40 + [pierced])
    assert not once.passes(pierced)


def turned_about(geometry: RigGeometry, bone: str, axis: int, degrees: float) -> np.ndarray:
    """Rest vertices with a bone and all below it turned about a world axis through its head."""
    names = geometry.bone_names
    top = names.index(bone)
    below = [top]
    for i, parent in enumerate(geometry.bone_parents):
        if parent in below:
            below.append(i)
    share = geometry.weights[:, below].sum(axis=1, keepdims=True).astype(np.float64)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    turn = np.eye(3)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn[i, i], turn[i, j], turn[j, i], turn[j, j] = c, -s, s, c
    pivot = geometry.bone_heads[top]
    moved = (geometry.vertices - pivot) @ turn.T + pivot
    return np.asarray(geometry.vertices + share * (moved - geometry.vertices))


def own_poses(rig: Any, actions: tuple[str, ...], count: int) -> Iterator[np.ndarray]:
    for entry in list_actions(rig):
        if entry.name in actions:
            for frame in np.linspace(entry.start, entry.end, count):
                apply_action(rig, entry.name, float(frame))
                yield deformed_vertices(rig, bpy.context.evaluated_depsgraph_get())


def load(shared: Path, animal: str) -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return load_rig(shared / rig_files.SHARED_RIGS[animal])


@pytest.mark.usefixtures("empty_scene")
def test_a_horse_walks_free_and_a_leg_through_its_trunk_is_found(shared: Path) -> None:
    rig = load(shared, "horse")
    geometry = read_geometry(rig)
    own = list(own_poses(rig, ("Walk", "Idle", "Gallop"), 8))
    test = prepare_self_intersection(geometry, own)
    assert test.share(geometry.vertices) == 0
    assert np.mean([test.share(vertices) for vertices in own]) < 0.002
    assert test.allowed < 0.005
    for degrees in (120, 180):
        through = turned_about(geometry, "FrontUpperLeg.L", 0, degrees)
        assert test.share(through) > 10 * test.allowed
        assert not test.passes(through)


@pytest.mark.usefixtures("empty_scene")
def test_leaving_out_what_cannot_meet_changes_nothing(shared: Path) -> None:
    rig = load(shared, "horse")
    geometry = read_geometry(rig)
    test = prepare_self_intersection(geometry, allowed=0.25)
    everything = replace(test, tested=np.ones_like(test.tested))
    poses = [turned_about(geometry, bone, 0, 120) for bone in ("FrontUpperLeg.L", "BackUpperLeg.R", "Neck1")]
    assert test.tested.mean() < 0.5 and test.allowed == 0.25
    for vertices in (*poses, *own_poses(rig, ("Gallop",), 4)):
        found, all_of_them = (np.unique(one.pairs(vertices), axis=0) for one in (test, everything))
        assert np.array_equal(found, all_of_them)
    assert len(test.pairs(poses[0]))


@pytest.mark.usefixtures("empty_scene")
def test_judging_a_pose_takes_milliseconds(shared: Path) -> None:
    rig = load(shared, "horse")
    geometry = read_geometry(rig)
    test = prepare_self_intersection(geometry)
    poses = list(own_poses(rig, ("Gallop",), 12))
    seconds = []
    for vertices in poses:
        start = time.process_time()
        test.share(vertices)
        seconds.append(time.process_time() - start)
    # About 2 ms for these 2,182 triangles on a quiet machine, 6 ms for four times as many.
    assert np.median(seconds) < 0.02
