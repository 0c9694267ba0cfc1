"""Files of sampled poses come back as they were, byte for byte again, and say what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.pose_file import PoseSet, read_poses, write_poses

NAMES = ("hip", "knee")


def some_poses(count: int = 5) -> PoseSet:
    turns = np.random.default_rng(0).normal(size=(count, 2, 3))
    return PoseSet(
        NAMES,
        from_turn(turns).astype(np.float32),
        np.arange(3 * count, dtype=np.float32).reshape(count, 3),
        np.full((count, 4), np.nan, np.float32),
        {"seed": 3, "prior": {"name": "zèbre"}},
    )


def test_poses_come_back_and_equal_poses_are_equal_bytes(tmp_path: Path) -> None:
    poses = some_poses()
    write_poses(poses, tmp_path / "a.npz")
    write_poses(poses, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = read_poses(tmp_path / "a.npz")
    assert found.joints == NAMES
    assert np.array_equal(found.rotations, poses.rotations)
    assert np.array_equal(found.root, poses.root)
    assert np.isnan(found.clearance).all()
    assert found.header["seed"] == 3 and found.header["prior"]["name"] == "zèbre"


def test_plain_numpy_reads_them(tmp_path: Path) -> None:
    write_poses(some_poses(), tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert list(archive["joints"]) == list(NAMES)
        assert archive["rotations"].shape == (5, 2, 3, 3) and archive["rotations"].dtype == np.float32
        assert json.loads(str(archive["header"]))["format"] == "pasyn poses 1"


def test_no_poses_are_a_file_too(tmp_path: Path) -> None:
    write_poses(some_poses(0), tmp_path / "a.npz")
    assert len(read_poses(tmp_path / "a.npz")) == 0


def test_what_is_no_file_of_poses_is_said(tmp_path: Path) -> None:
    good = tmp_path / "good.npz"
    write_poses(some_poses(), good)
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    np.savez(tmp_path / "pickled.npz", joints=np.array(NAMES, object), rotations=np.zeros((1, 2, 3, 3)))
    np.savez(tmp_path / "shape.npz", joints=np.array(NAMES), rotations=np.zeros((4, 3, 3, 3)))
    np.savez(tmp_path / "skewed.npz", joints=np.array(NAMES), rotations=np.full((4, 2, 3, 3), 0.5))
    np.savez(tmp_path / "nan.npz", joints=np.array(NAMES), rotations=np.full((4, 2, 3, 3), np.nan))
    (tmp_path / "cut.npz").write_bytes(good.read_bytes()[:-40])
    for name, words in (
        ("absent.npz", "does not exist"),
        ("other.npz", "lacks joints and rotations"),
        ("pickled.npz", "pickled"),
        ("shape.npz", r"shape \(4, 3, 3, 3\); right is float \(N, 2, 3, 3\)"),
        ("skewed.npz", "pose 0 holds NaN or a matrix that is no rotation"),
        ("nan.npz", "pose 0 holds NaN"),
        ("cut.npz", "cut off"),
    ):
        with pytest.raises(PriorError, match=words):
            read_poses(tmp_path / name)
    with pytest.raises(PriorError, match=r"written as \.npz"):
        write_poses(some_poses(), tmp_path / "poses.txt")
