"""The recorded pose is the rig's: rotations as Blender has them, joints fixed to their bones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.annotation.truth import bone_rotations, joint_positions


def rotation(axis: int, degrees: float) -> np.ndarray:
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(4)
    a, b = [(1, 2), (2, 0), (0, 1)][axis]
    matrix[a, a] = matrix[b, b] = cosine
    matrix[a, b], matrix[b, a] = -sine, sine
    return matrix


def test_rotations_are_local_and_ignore_scale_and_place() -> None:
    rest = np.stack([rotation(0, 30), rotation(0, 30) @ rotation(2, 40)])
    rest[1, :3, 3] = [1, 2, 3]
    posed = np.stack(
        [rest[0] @ rotation(1, 90), rest[0] @ rotation(1, 90) @ rotation(2, 40) @ rotation(0, -60)]
    )
    posed[:, :3, :3] *= 7.0
    turns = bone_rotations(rest, posed, np.array([-1, 0]))
    assert turns[0] == pytest.approx([np.cos(np.pi / 4), 0, np.sin(np.pi / 4), 0])
    assert turns[1] == pytest.approx([np.cos(np.pi / 6), -np.sin(np.pi / 6), 0, 0])


def test_joints_keep_their_place_on_their_bones() -> None:
    rest, posed = rotation(0, 20)[None], (rotation(2, 90) @ rotation(0, 20))[None]
    found = joint_positions({"head": ("skull", (1.0, 0.0, 5.0))}, ["skull"], rest, posed)
    assert found["head"] == pytest.approx([0, 1, 5])


def test_recorded_rotations_are_what_blender_computes(shared: Path) -> None:
    import bpy

    from pasyn_blender.rig.loading import (
        apply_action,
        list_actions,
        load_rig,
        posed_bone_matrices,
        read_geometry,
    )

    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(next((shared / "rigs" / "fox_khronos").glob("*.glb")))
    geometry = read_geometry(rig)
    action = list_actions(rig)[-1]
    apply_action(rig, action.name, action.start + 3.25)
    bpy.context.view_layer.update()
    posed = posed_bone_matrices(rig, bpy.context.evaluated_depsgraph_get())
    turns = bone_rotations(geometry.bone_matrices, posed, geometry.bone_parents)
    moved = 0
    for name, turn in zip(geometry.bone_names, turns, strict=True):
        expected = rig.armature.pose.bones[name].matrix_basis.to_quaternion()
        expected = -expected if expected.w < 0 else expected
        assert turn == pytest.approx(list(expected), abs=1e-4), name
        moved += abs(expected.w) < 0.999
    assert moved > 5


def test_a_truth_is_strict_json() -> None:
    from pasyn_blender.annotation.ground_shade import GroundShade
    from pasyn_blender.annotation.truth import SceneTruth, Truth, truth_json

    truth = Truth(
        size=(8, 8),
        keypoints=np.array([[1.234567, 2.0, 2.0], [0.0, 0.0, 0.0]]),
        keypoints_world=np.array([[1.0, -0.0, 3.0], [np.nan, np.nan, np.nan]]),
        intrinsics=np.eye(3),
        world_to_camera=np.eye(4),
        joints_world={},
        pose={},
        root_matrix=np.eye(4),
        sky_rotation=np.eye(3),
        scene=SceneTruth(
            up=np.array([0.0, 0.0, 1.0]),
            ground=-0.0,
            toward_sun=np.array([0.0, 0.6, 0.8]),
            sun_irradiance=1.0,
            sky_irradiance=1.0,
            light_colour=np.ones(3),
            shade=GroundShade(np.zeros(3), *np.eye(3)[:2], 0.1, np.zeros((2, 3)), np.ones((2, 3))),
        ),
    )
    data = truth_json(truth, index=3)
    assert b"NaN" not in data and b"-0.0" not in data
    record = json.loads(data)
    assert record["keypoints"] == [[1.2346, 2.0, 2], [0.0, 0.0, 0]]
    assert record["keypoints_world"][1] == [None, None, None]
    assert record["index"] == 3
