"""Checkpoints from strangers are read as data, and what is none of them is named."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402

from pasyn_blender.errors import StyleError  # noqa: E402
from styles.neural import load  # noqa: E402
from styles.neural.adain import LAYOUTS as ADAIN  # noqa: E402
from styles.neural.checkpoint_file import read_tensors  # noqa: E402
from styles.neural.compact_file import write_compact  # noqa: E402
from styles.neural.compact_network import CompactNetwork, first_weights  # noqa: E402
from styles.neural.stytr2 import LAYOUTS as STYTR2  # noqa: E402
from styles.neural.tensor_shapes import Layout, fitting_tensors  # noqa: E402

SMALL = Layout("small network", "small.pth", {"1.weight": (4, 3), "1.bias": (4,)}, {"9.bias": (2,)})
OTHER = Layout("other network", "other.pth", {"2.weight": (5, 5)})


def small_state() -> dict[str, Any]:
    return {"1.weight": torch.arange(12.0).reshape(4, 3), "1.bias": torch.ones(4)}


def fitted(state: Any, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "small.pth"
    torch.save(state, path)
    return fitting_tensors(read_tensors(path), SMALL, path, [SMALL, OTHER])


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(StyleError) as error:
        fitting_tensors(read_tensors(path, **options), SMALL, path, [SMALL, OTHER])
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value)


def saved(state: Any, tmp_path: Path, name: str = "small.pth") -> Path:
    torch.save(state, tmp_path / name)
    return tmp_path / name


WRAPPED = {
    "plain": lambda state: state,
    "of DataParallel": lambda state: {f"module.{name}": value for name, value in state.items()},
    "under state_dict": lambda state: {"state_dict": state, "epoch": 7, "optimizer": {"lr": 0.1}},
    "both": lambda state: {"state_dict": {f"module.{name}": value for name, value in state.items()}},
    "with what the file has besides": lambda state: {**state, "9.bias": torch.zeros(2)},
    "half precision": lambda state: {name: value.half() for name, value in state.items()},
    "parameters": lambda state: {name: torch.nn.Parameter(value) for name, value in state.items()},
}


@pytest.mark.parametrize("wrap", WRAPPED.values(), ids=WRAPPED.keys())
def test_weights_are_found_however_they_were_saved(wrap: Any, tmp_path: Path) -> None:
    found = fitted(wrap(small_state()), tmp_path)
    assert found.keys() == small_state().keys()
    for name, value in small_state().items():
        assert found[name].dtype == torch.float32
        assert torch.equal(found[name], value)


def test_both_formats_of_torch_and_safetensors_are_read_by_their_contents(tmp_path: Path) -> None:
    torch.save(small_state(), tmp_path / "new.pth")
    torch.save(small_state(), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    save_file(small_state(), tmp_path / "safe.safetensors")
    save_file(small_state(), tmp_path / "safe.bin")
    for path in tmp_path.iterdir():
        assert torch.equal(read_tensors(path)["1.weight"], small_state()["1.weight"]), path.name


def test_a_sha256_is_compared(tmp_path: Path) -> None:
    path = saved(small_state(), tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert read_tensors(path, digest.upper())
    assert digest in refused(path, sha256="0" * 64)
    assert "64 hexadecimal digits" in refused(path, sha256="abc")


def test_a_checkpoint_of_another_network_is_named(tmp_path: Path) -> None:
    state = small_state()
    without, beside = {"1.weight": state["1.weight"]}, {**state, "7.weight": torch.zeros(1)}
    assert "it lacks 1.bias" in refused(saved(without, tmp_path))
    assert "it has besides 7.weight" in refused(saved(beside, tmp_path))
    wrong = refused(saved({**state, "1.weight": torch.zeros(3, 4)}, tmp_path))
    assert "1.weight is 3×4 and should be 4×3" in wrong
    assert "it fits the other network" in refused(saved({"2.weight": torch.zeros(5, 5)}, tmp_path))


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    state = small_state()
    assert "NaN" in refused(saved({**state, "1.bias": torch.full((4,), torch.nan)}, tmp_path))
    assert "int64" in refused(saved({**state, "1.bias": torch.ones(4, dtype=torch.int64)}, tmp_path))


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.mark,))


@pytest.mark.parametrize("zipped", [True, False])
def test_code_in_a_pickle_is_not_run(tmp_path: Path, zipped: bool) -> None:
    mark = tmp_path / "ran"
    path = tmp_path / "bad.pth"
    torch.save({"1.weight": Malicious(mark)}, path, _use_new_zipfile_serialization=zipped)
    assert "could run code" in refused(path)
    path.write_bytes(pickle.dumps({"1.weight": Malicious(mark)}))
    refused(path)
    assert not mark.exists()


def test_a_whole_network_is_refused_with_what_to_save_instead(tmp_path: Path) -> None:
    message = refused(saved(torch.nn.Sequential(torch.nn.Linear(3, 4)), tmp_path))
    assert "torch.nn.modules.container.Sequential" in message
    assert "state_dict()" in message


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
@pytest.mark.parametrize("kind", ["new", "old", "safetensors"])
def test_a_truncated_file_is_named(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / ("cut.safetensors" if kind == "safetensors" else "cut.pth")
    state = {"1.weight": torch.rand(400, 3), "1.bias": torch.ones(400)}
    if kind == "safetensors":
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=kind == "new")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "truncated" in refused(path)


NO_CHECKPOINTS = {
    "an empty file": (b"", "empty (0 bytes)"),
    "a web page": (b"<!DOCTYPE html><html>Sign in", "web page"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
    "an archive": (b"\x1f\x8b\x08\x00", "archive"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"0" * 64, "not a checkpoint"),
    "a pickle of numpy": (pickle.dumps({"1.weight": np.zeros(3)}), "small.pth"),
    "a list": (None, "tensors by name"),
    "no tensors": (None, "other things under epoch"),
}


@pytest.mark.parametrize("kind", NO_CHECKPOINTS)
def test_what_is_no_checkpoint_is_named(tmp_path: Path, kind: str) -> None:
    data, words = NO_CHECKPOINTS[kind]
    path = tmp_path / "small.pth"
    if data is None:
        torch.save([torch.zeros(3)] if kind == "a list" else {"epoch": 3}, path)
    else:
        path.write_bytes(data)
    assert words in refused(path)


def test_a_file_that_is_not_there_and_a_folder_are_named(tmp_path: Path) -> None:
    assert "there is no such file" in refused(tmp_path / "none.pth")
    assert "is a folder" in refused(tmp_path)


def test_published_networks_have_these_files() -> None:
    # VGG-19's convolutions are 20,024,384 numbers, and a 1×1 one of colours 12. A transformer layer has
    # 4·512·513 numbers an attention, 2·512·2048 + 2048 + 512 behind it, and 1024 a normalisation.
    counts = {
        layout.published: sum(int(np.prod(shape)) for shape in {**layout.unused, **layout.shapes}.values())
        for layout in (*ADAIN.values(), *STYTR2.values())
    }
    assert counts == {
        "vgg_normalised.pth": 20_024_396,
        "decoder.pth": 3_505_219,
        "embedding_iter_160000.pth": 98_816,
        "transformer_iter_160000.pth": 31_790_080,
        "decoder_iter_160000.pth": 3_505_219,
    }


def test_loading_names_what_is_asked_wrongly(tmp_path: Path) -> None:
    for kind, paths, words in (
        ("cyclegan", {}, "none of adain, stytr2, compact"),
        ("adain", {"encoder": tmp_path}, "no file is given for decoder"),
        ("compact", {"weights": tmp_path, "vgg": tmp_path}, "paths of vgg"),
    ):
        with pytest.raises(StyleError, match=words):
            load(kind, paths)
    with pytest.raises(StyleError, match="device 'abacus'"):
        load("compact", {"weights": tmp_path}, device="abacus")


def test_a_compact_network_is_read_from_its_own_file_only(tmp_path: Path) -> None:
    path = tmp_path / "own.safetensors"
    write_compact(CompactNetwork(first_weights(4, seed=0)), {"options": {"width": 4}}, path)
    picture = np.zeros((20, 20, 3), np.uint8)
    assert load("compact", {"weights": path}, device="cpu")(picture, picture).shape == (20, 20, 3)
    foreign = tmp_path / "foreign.safetensors"
    save_file(small_state(), foreign)
    with pytest.raises(StyleError, match="no compact style network"):
        load("compact", {"weights": foreign})
    card = {"kind": "compact style network", "options": {"width": 8}}
    save_file(first_weights(4, seed=0), foreign, metadata={"pasyn": json.dumps(card)})
    with pytest.raises(StyleError, match="shape of"):
        load("compact", {"weights": foreign})
