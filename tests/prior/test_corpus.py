"""A corpus file keeps what it was given, and says what is wrong with a damaged one."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import CorpusError
from pasyn_blender.prior.corpus import (
    Clip,
    Corpus,
    canonical_corpus,
    check_corpus,
    read_corpus,
    write_corpus,
)


def made_clip(name: str = "Walk", frames: int = 12, seed: int = 0, animal: str = "Horse") -> Clip:
    rng = np.random.default_rng(seed)
    joints = len(JOINTS)
    return Clip(
        name=name,
        animal=animal,
        species="horse",
        action="walk",
        rate=24.0,
        rotations=from_turn(rng.normal(scale=0.5, size=(frames, joints, 3))).astype(np.float32),
        known=rng.random(joints) < 0.8,
        offsets=rng.normal(size=(joints, 3)).astype(np.float32),
        root=rng.normal(size=(frames, 3)).astype(np.float32),
        clearance=np.full((frames, 4), np.nan, dtype=np.float32),
        shifts=rng.normal(size=(frames, 4, 3)).astype(np.float32) if seed else None,
        stand=0.93,
    )


CORPUS = canonical_corpus(
    [made_clip(), made_clip("Gallop – schnell", 5, seed=1), made_clip("Pose", 1, seed=2, animal="Kuh")],
    ["Horse: Walk, frame 12: dropped"],
    "CC0",
)


def changed(path: Path, **arrays: np.ndarray) -> Path:
    """The corpus of a file, some arrays of it replaced."""
    with np.load(path) as archive:
        content = {**{name: archive[name] for name in archive.files}, **arrays}
    np.savez(path, **content)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_corpus(CORPUS, tmp_path / "deep" / "corpus.npz")
    return tmp_path / "deep" / "corpus.npz"


def test_a_corpus_comes_back_as_it_was_written(file: Path) -> None:
    again = read_corpus(file)
    assert (again.joints, again.parents, again.notes, again.licence) == (
        CORPUS.joints, CORPUS.parents, CORPUS.notes, CORPUS.licence)  # fmt: skip
    assert again.canonical and again.frames == 18
    for before, after in zip(CORPUS.clips, again.clips, strict=True):
        for key in ("name", "animal", "species", "action", "rate", "stand"):
            assert getattr(before, key) == getattr(after, key)
        assert np.degrees(angle_between(before.rotations, after.rotations)).max() < 1e-3
        for key in ("known", "offsets", "root", "clearance"):
            np.testing.assert_array_equal(getattr(before, key), getattr(after, key))
        assert (before.shifts is None) == (after.shifts is None)
        if before.shifts is not None:
            np.testing.assert_array_equal(before.shifts, after.shifts)


def test_the_same_corpus_gives_the_same_bytes(file: Path, tmp_path: Path) -> None:
    write_corpus(CORPUS, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == file.read_bytes()


def test_nothing_partial_is_left_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "corpus.npz").mkdir()
    with pytest.raises(CorpusError, match="cannot be written"):
        write_corpus(CORPUS, tmp_path / "corpus.npz")


def test_an_empty_corpus_is_written_read_and_refused_for_learning(tmp_path: Path) -> None:
    write_corpus(canonical_corpus([]), tmp_path / "empty.npz")
    empty = read_corpus(tmp_path / "empty.npz")
    assert empty.frames == 0 and empty.joints == JOINTS
    with pytest.raises(CorpusError, match=r"empty\.npz holds no poses"):
        check_corpus(empty, "empty.npz")


def test_nan_and_matrices_that_are_no_rotations_are_named_by_clip_and_frame() -> None:
    check_corpus(CORPUS, "corpus")
    for wrong, said in ((np.nan, "NaN rotations at frame 3"), (2.0, "no rotations at frame 3")):
        rotations = CORPUS.clips[1].rotations.copy()
        rotations[3, 4] = wrong
        clips = (CORPUS.clips[0], replace(CORPUS.clips[1], rotations=rotations))
        with pytest.raises(CorpusError, match=f"'Gallop – schnell' of 'Horse' has .*{said}"):
            check_corpus(replace(CORPUS, clips=clips), "corpus")


def test_a_missing_file_says_what_makes_one(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"none\.npz does not exist; `pasyn prior corpus`"):
        read_corpus(tmp_path / "none.npz")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_file_is_refused(share: float, file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CorpusError, match=r"corpus\.npz"):
        read_corpus(file)


@pytest.mark.parametrize("at", [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
def test_a_flipped_byte_is_noticed(at: float, file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[int(at * len(content))] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(CorpusError, match=r"corpus\.npz"):
        read_corpus(file)


def test_arrays_that_contradict_the_header_are_refused(file: Path) -> None:
    with np.load(file) as archive:
        root = archive["root"]
    with pytest.raises(CorpusError, match=r"root has shape \(17, 3\), its header says \(18, 3\)"):
        read_corpus(changed(file, root=root[:-1]))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("format", "pasyn corpus 99", "'pasyn corpus 99'; this version reads 'pasyn corpus 2'"),
        ("clips", None, "damaged"),
        ("joints", 3, "damaged"),
        ("parents", ["a"], "damaged"),
        ("parents", [0] * len(JOINTS), "damaged"),
    ],
)
def test_a_wrong_header_is_refused(key: str, value: object, said: str, file: Path) -> None:
    with np.load(file) as archive:
        header = json.loads(archive["header"].tobytes())
    header[key] = value
    content = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    with pytest.raises(CorpusError, match=r"corpus\.npz") as refused:
        read_corpus(changed(file, header=content))
    assert said in str(refused.value)


def test_pickles_never_run(file: Path) -> None:
    member = io.BytesIO()
    np.lib.format.write_array(member, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("evil.npy", member.getvalue())
    with pytest.raises(CorpusError, match=r"corpus\.npz"):
        read_corpus(file)


def test_some_clips_are_chosen_with_everything_else_kept() -> None:
    cows = CORPUS.chosen(lambda clip: clip.animal == "Kuh")
    assert [clip.name for clip in cows.clips] == ["Pose"]
    assert isinstance(cows, Corpus) and cows.notes == CORPUS.notes and cows.joints == JOINTS


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"poses": np.zeros((3, 39))}, "a file of published poses; `pasyn prior corpus`"),
        ({"centres": np.zeros((3, 8))}, "a prior, not a corpus"),
        ({"rotations": np.zeros((3, 2, 3, 3)), "joints": np.array(["a", "b"])}, "a file of single poses"),
        ({"header": np.zeros(3, np.uint8), "six": np.zeros((0, 27, 6))}, "it lacks root, clearance"),
    ],
)
def test_another_file_is_called_what_it_is(tmp_path: Path, arrays: dict, words: str) -> None:
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(CorpusError, match=words):
        read_corpus(tmp_path / "other.npz")


def test_a_header_of_something_else_is_said_in_words(file: Path) -> None:
    other = np.frombuffer(b"[1, 2]", dtype=np.uint8)
    with pytest.raises(CorpusError, match="its header does not describe a corpus"):
        read_corpus(changed(file, header=other))
