"""The published pose arrays become a corpus of their own twelve joints, cut where the motion is cut."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.anatomy.rotations import from_euler_xyz
from pasyn_blender.errors import CorpusError
from pasyn_blender.prior.corpus import read_corpus, write_corpus
from pasyn_blender.prior.published_poses import PUBLISHED_JOINTS, PUBLISHED_PARENTS, read_published_poses


def swings(seed: int, frames: int) -> np.ndarray:
    """Rows of a smooth motion around a pose of its own."""
    rng = np.random.default_rng(seed)
    phase = np.linspace(0, 2 * np.pi, frames)[:, None]
    angles = rng.uniform(-80, 80, 36) + 15 * np.sin(phase + rng.uniform(0, 6, 36))
    return np.hstack([np.zeros((frames, 3)), angles])


def test_columns_are_joints_of_four_chains_in_degrees(tmp_path: Path) -> None:
    row = np.zeros((1, 39))
    row[0, 3:6] = 0, 0, 90  # upperleg.L about Z
    row[0, -3:] = 90, 0, 0  # backfoot.R about X
    np.save(tmp_path / "one.npy", row)
    corpus = read_published_poses(tmp_path / "one.npy")
    assert corpus.joints == PUBLISHED_JOINTS
    assert (PUBLISHED_JOINTS[0], PUBLISHED_JOINTS[-1]) == ("upperleg.L", "backfoot.R")
    parents = {
        j: PUBLISHED_JOINTS[p] for j, p in zip(PUBLISHED_JOINTS, PUBLISHED_PARENTS, strict=True) if p >= 0
    }
    assert (
        parents["forearm.R"] == "frontleg.R" and parents["shin.L"] == "thigh.L" and "thigh.R" not in parents
    )
    turns = corpus.clips[0].rotations[0]
    np.testing.assert_allclose(turns[0] @ [1, 0, 0], [0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(turns[-1] @ [0, 1, 0], [0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(turns[1:-1], np.broadcast_to(np.eye(3), (10, 3, 3)), atol=1e-6)


def test_motions_one_after_another_are_cut_apart(tmp_path: Path) -> None:
    np.savez(tmp_path / "three.npz", poses=np.vstack([swings(1, 40), swings(2, 25), swings(3, 60)]))
    corpus = read_published_poses(tmp_path / "three.npz", species="zebra")
    assert [len(clip) for clip in corpus.clips] == [40, 25, 60]
    assert [clip.name for clip in corpus.clips] == ["rows 0-39", "rows 40-64", "rows 65-124"]
    assert not corpus.notes and {clip.species for clip in corpus.clips} == {"zebra"}


def test_rows_in_no_order_are_single_poses_and_said_to_be(tmp_path: Path) -> None:
    rows = np.vstack([swings(seed, 30) for seed in range(8)])
    np.save(tmp_path / "mixed.npy", np.random.default_rng(0).permutation(rows))
    corpus = read_published_poses(tmp_path / "mixed.npy")
    assert len(corpus.clips) == len(rows) and "no order of time" in corpus.notes[0]


def test_the_shared_file_is_read_whole_and_in_its_order(shared: Path, tmp_path: Path) -> None:
    path = shared / "poses/pasyn_poses_dev.npz"
    if not path.is_file():
        pytest.skip("the published poses are not there")
    corpus = read_published_poses(path)
    rows = np.load(path)["poses"]
    together = np.concatenate([clip.rotations for clip in corpus.clips])
    np.testing.assert_allclose(together, from_euler_xyz(rows[:, 3:].reshape(-1, 12, 3)), atol=1e-6)
    write_corpus(corpus, tmp_path / "corpus.npz")
    again = read_corpus(tmp_path / "corpus.npz")
    assert (again.joints, again.frames, again.canonical) == (PUBLISHED_JOINTS, 2284, False)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.zeros((5, 36)), "shape (5, 36)"),
        (np.zeros((0, 39)), "no poses"),
        (np.full((5, 39), np.nan), "NaN or infinite angles in 5 rows, first 0"),
        (np.full((5, 39), 1e9), "angles are degrees"),
        (np.array([["a"] * 39]), "should hold numbers"),
    ],
)
def test_other_arrays_are_refused(rows: np.ndarray, said: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "poses.npz", poses=rows)
    with pytest.raises(CorpusError) as refused:
        read_published_poses(tmp_path / "poses.npz")
    assert said in str(refused.value) and "poses.npz" in str(refused.value)


def test_pickles_never_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "objects.npz", poses=np.array([{"a": 1}], dtype=object))
    (tmp_path / "plain.npz").write_bytes(pickle.dumps([1, 2]))
    for name in ("objects.npz", "plain.npz"):
        with pytest.raises(CorpusError, match="pickled"):
            read_published_poses(tmp_path / name)


def test_missing_truncated_and_foreign_files_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "whole.npz", poses=np.zeros((5, 39)))
    (tmp_path / "cut.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:300])
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    for name, said in (
        ("none.npz", "does not exist"),
        ("cut.npz", "no readable array"),
        ("other.npz", "holds weights"),
    ):
        with pytest.raises(CorpusError, match=said):
            read_published_poses(tmp_path / name)
