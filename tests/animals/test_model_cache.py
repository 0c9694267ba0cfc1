"""A finished model is kept: it comes back the same, never from another program, and nothing hinders work."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pasyn_blender.animals import BUILT_IN, model_cache
from pasyn_blender.animals.model_cache import cached_model, model_path, packed, program_digest, unpacked
from pasyn_blender.animals.skeleton import Bone
from pasyn_blender.animals.sweep import Sweep
from pasyn_blender.errors import RigError
from pasyn_blender.prior.plain_arrays import archived

SPECIES = BUILT_IN[0]


def small_model(individual: int) -> tuple[Any, ...]:
    numbers = np.arange(12.0).reshape(4, 3) + individual
    mirrored = numbers[:, ::-1].T  # neither C nor Fortran order
    return (
        Sweep("neck", numbers, mirrored, (0.1, np.nextafter(0.1, 1.0)), 0.02),
        (Bone("head", None, numbers[0], numbers[1]),),
        {"withers_height": np.float64(1.3), "beard": True, "name": "Ä", "curl": float("inf")},
        [np.arange(3, dtype=np.int32), None, np.array(["a", "bc"])],
    )


@pytest.fixture
def built() -> list[int]:
    """Individuals that were built and not read."""
    return []


@pytest.fixture
def kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, built: list[int]
) -> Callable[[str, int], tuple[Any, ...]]:
    """The small model's cached function, whose cache is ``tmp_path``."""
    monkeypatch.setenv("PASYN_CACHE", str(tmp_path))

    @cached_model(1.0)
    def model(species: str, individual: int) -> tuple[Any, ...]:
        built.append(individual)
        return small_model(individual)

    return model


def content(model: Any) -> dict[str, tuple[str, bytes]]:
    return {name: (array.dtype.str, array.tobytes("A")) for name, array in packed(model).items()}


def test_a_kept_model_is_the_same_and_is_not_built_again(
    kept: Any, built: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, other = kept(SPECIES, 3), kept(SPECIES, 3), kept(SPECIES, 4)
    assert built == [3, 4]
    assert content(first) == content(second) == content(small_model(3)) != content(other)
    sweep, (bone,), numbers, parts = second
    assert isinstance(sweep, Sweep) and isinstance(bone, Bone) and bone.parent is None
    assert sweep.caps == (0.1, np.nextafter(0.1, 1.0)) and np.array_equal(
        sweep.extents, first[0].points[:, ::-1].T
    )
    assert numbers == {"withers_height": 1.3, "beard": True, "name": "Ä", "curl": float("inf")}
    assert isinstance(numbers["withers_height"], np.float64) and numbers["beard"] is True
    assert [type(part) for part in parts] == [np.ndarray, type(None), np.ndarray]

    monkeypatch.setenv("PASYN_CACHE", "")
    without = kept(SPECIES, 3)
    assert built == [3, 4, 3]
    # The order in memory as well: it decides the last bits of what is computed from an array.
    for one in (first, without):
        assert one[0].extents.strides == sweep.extents.strides


def test_whatever_decides_a_model_decides_its_file(
    kept: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = {model_path(SPECIES, 0, 1.0), model_path(SPECIES, 1, 1.0), model_path(SPECIES, 0, 2.0)}
    with monkeypatch.context() as changed:
        changed.setattr(model_cache, "_PROGRAM", b"another program")
        paths.add(model_path(SPECIES, 0, 1.0))
    description = tmp_path / "species" / f"{SPECIES}.yaml"
    description.parent.mkdir()
    monkeypatch.setattr(model_cache, "species_file", lambda name: description)
    for text in ("withers_height: 1.3", "withers_height: 1.4"):
        description.write_text(text)
        paths.add(model_path(SPECIES, 0, 1.0))
    assert len(paths) == 6 and None not in paths


def test_every_module_counts_as_program(tmp_path: Path) -> None:
    assert program_digest(tmp_path) is None, "without source nothing tells one program from another"
    found = set()
    for name, text in (("a.py", "x = 1"), ("a.py", "x = 2"), ("b.py", ""), ("b.py", " "), ("notes.txt", "")):
        (tmp_path / name).write_text(text)
        found.add(program_digest(tmp_path))
    assert len(found) == 4


def test_a_program_edited_while_it_runs_keeps_nothing(
    kept: Any, built: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_cache, "program_digest", lambda: b"as it is on disk now")
    kept(SPECIES, 0)
    kept(SPECIES, 0)
    assert built == [0, 0] and not list(tmp_path.rglob("*.npz*"))


def test_a_damaged_file_is_replaced_in_silence(kept: Any, built: list[int]) -> None:
    right = content(kept(SPECIES, 0))
    path = model_path(SPECIES, 0, 1.0)
    assert path is not None
    whole = path.read_bytes()
    tree = np.frombuffer(b'{"class": "species.Species", "fields": {}}', np.uint8)
    stranger = np.frombuffer(b'{"class": "os.path", "fields": {}}', np.uint8)
    for damaged in (
        b"",
        b"no archive",
        whole[: len(whole) // 2],
        whole[:200] + b"\0\0\0\0" + whole[204:],
        archived({"0": np.zeros(3)}),
        archived({"tree": tree}),
        archived({"tree": stranger}),
    ):
        path.write_bytes(damaged)
        assert content(kept(SPECIES, 0)) == right
        assert path.read_bytes() == whole
    assert len(built) == 8
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_without_a_folder_to_write_in_there_is_no_cache(
    kept: Any, built: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PASYN_CACHE", str(tmp_path / "file"))
    assert content(kept(SPECIES, 0)) == content(kept(SPECIES, 0)) == content(small_model(0))
    assert built == [0, 0]


def test_the_folder_stays_small_and_what_is_used_stays(
    kept: Any, built: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(SPECIES, 0)
    first = model_path(SPECIES, 0, 1.0)
    assert first is not None
    monkeypatch.setattr(model_cache, "MOST_BYTES", 3 * first.stat().st_size + 100)
    for individual in (1, 2):
        kept(SPECIES, individual)
    for age, individual in enumerate((2, 1, 0)):  # 0 is the oldest
        path = model_path(SPECIES, individual, 1.0)
        assert path is not None
        os.utime(path, (1e9 - age, 1e9 - age))
    kept(SPECIES, 0)
    kept(SPECIES, 3)
    assert built == [0, 1, 2, 3]
    left = {path.name.split("-")[1] for path in first.parent.iterdir()}
    assert left == {"0", "2", "3"}


def test_what_cannot_be_kept_is_delivered_all_the_same(tmp_path: Path, monkeypatch: Any) -> None:
    @dataclass(frozen=True)
    class Stranger:
        name: str

    monkeypatch.setenv("PASYN_CACHE", str(tmp_path))
    for odd in (Stranger("x"), len, np.array([object()])):
        assert cached_model(1.0)(lambda species, individual, odd=odd: odd)(SPECIES, 0) is odd
        with pytest.raises(TypeError):
            packed(odd)
    assert not list(tmp_path.rglob("*.npz*"))


def test_only_classes_of_the_animals_are_made_from_files() -> None:
    for name in ("os.path", "..errors.RigError", "species.individual_stream", "species.Nothing"):
        text = f'{{"class": "{name}", "fields": {{}}}}'
        with pytest.raises(ValueError):
            unpacked({"tree": np.frombuffer(text.encode(), np.uint8)})


def test_the_folder_is_where_the_system_keeps_such_files(monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path.home()
    for platform, variables, folder in (
        ("linux", {}, home / ".cache/pasyn"),
        ("linux", {"XDG_CACHE_HOME": "/var/quick"}, Path("/var/quick/pasyn")),
        ("linux", {"XDG_CACHE_HOME": "not/absolute"}, home / ".cache/pasyn"),
        ("darwin", {"XDG_CACHE_HOME": "/var/quick"}, home / "Library/Caches/pasyn"),
        ("win32", {"LOCALAPPDATA": "/local"}, Path("/local/pasyn")),
        ("linux", {"PASYN_CACHE": "~/elsewhere"}, home / "elsewhere"),
        ("linux", {"PASYN_CACHE": ""}, None),
    ):
        for name in ("PASYN_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(model_cache.sys, "platform", platform)
        assert model_cache.cache_folder() == folder


def test_an_unknown_animal_is_refused_as_ever(kept: Any) -> None:
    with pytest.raises(RigError, match="no built-in animal 'unicorn'"):
        kept("unicorn", 0)
