"""Arrays from strangers' files are data or refused; the same arrays are the same bytes."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.errors import ArraysError, PickledArraysError
from pasyn_blender.prior.plain_arrays import archived, array_names, read_arrays, write_whole

ARRAYS = {
    "poses": np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32),
    "names": np.array(["hip", "knee"]),
    "header": np.array("{}"),
    "nothing": np.zeros((0, 4)),
    "turned": np.arange(6.0).reshape(2, 3).T,
}


def test_arrays_come_back_with_type_and_shape_and_as_numpy_reads_them(tmp_path: Path) -> None:
    content = archived(ARRAYS)
    write_whole(tmp_path / "deep" / "a.npz", content)
    assert array_names(tmp_path / "deep" / "a.npz") == set(ARRAYS)
    for found in (
        read_arrays(content),
        read_arrays(tmp_path / "deep" / "a.npz"),
        np.load(io.BytesIO(content)),
    ):
        assert set(found) == set(ARRAYS)
        for name, array in ARRAYS.items():
            assert found[name].dtype == array.dtype and found[name].shape == array.shape
            assert np.array_equal(found[name], array)


def test_the_same_arrays_give_the_same_bytes_at_any_level() -> None:
    assert archived(ARRAYS) == archived(ARRAYS) != archived(ARRAYS, level=1)
    assert archived(ARRAYS, level=1) == archived(ARRAYS, level=1)


def test_what_numpy_saves_is_read_packed_or_not(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **ARRAYS)
    np.savez_compressed(tmp_path / "b.npz", **ARRAYS)
    np.save(tmp_path / "c.npy", ARRAYS["poses"])
    for name in ("a.npz", "b.npz"):
        assert np.array_equal(read_arrays(tmp_path / name)["poses"], ARRAYS["poses"])
    assert np.array_equal(read_arrays(tmp_path / "c.npy")[""], ARRAYS["poses"])


@pytest.mark.parametrize("where", ["inside", "whole", "array"])
def test_no_pickle_is_ever_run(tmp_path: Path, where: str) -> None:
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    trap = np.array([Trap()], dtype=object)
    file = tmp_path / "a.npz"
    if where == "inside":
        np.savez(file, trap=trap)
    elif where == "array":
        np.save(file.open("wb"), trap)
    else:
        file.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(PickledArraysError, match="was not read"):
        read_arrays(file)
    assert not (tmp_path / "sprung").exists()


def test_what_unpacks_to_too_much_is_not_unpacked() -> None:
    content = archived({"zeros": np.zeros(10**6)})
    assert len(content) < 20_000
    with pytest.raises(ArraysError, match="unpacks to more than 1 MiB; it was not read"):
        read_arrays(content, largest=1 << 20)
    assert len(read_arrays(content, largest=8 << 20)["zeros"]) == 10**6


def packed(member: bytes, name: str = "a.npy", packing: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, member, packing)
    return file.getvalue()


def head(shape: str) -> bytes:
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        packed(b"text", "read.me"),
        packed(head("(3,)") + bytes(24), packing=zipfile.ZIP_LZMA),
        packed(head("(3,)") + bytes(25)),
        packed(head("(3,)") + bytes(23)),
        packed(head("(10000000000000,)") + bytes(24)),
        packed(head("(-3,)") + bytes(24)),
        packed(head("(" * 60 + ")" * 60)),
        head("(10000000000000,)") + bytes(24),
    ],
)
def test_what_holds_no_arrays_or_others_than_it_says_is_refused(content: bytes) -> None:
    with pytest.raises(ArraysError, match="cut off, damaged or something else"):
        read_arrays(content)


def test_damage_anywhere_is_refused_or_leaves_the_arrays_as_they_were() -> None:
    content = archived(ARRAYS)
    chance = np.random.default_rng(1)
    refused = 0
    for number in range(2000):
        broken = bytearray(content)
        at = int(chance.integers(len(content)))
        if number % 4:
            broken[at] ^= int(chance.integers(1, 256))
        else:
            del broken[at:]
        try:
            found = read_arrays(bytes(broken))
        except ArraysError:
            refused += 1
            continue
        # What is left is dates, names and sizes that nobody reads.
        for name in set(found) & set(ARRAYS):
            assert np.array_equal(found[name], ARRAYS[name])
    assert refused > 1000


def test_a_missing_file_is_the_callers_to_explain_and_has_no_arrays(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "absent.npz")
    with pytest.raises(ArraysError, match="cannot be read: Is a directory"):
        read_arrays(tmp_path)
    assert array_names(tmp_path / "absent.npz") == array_names(tmp_path) == set()


def test_nothing_partial_is_left_where_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(OSError):
        write_whole(tmp_path / "a.npz", b"content")
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
