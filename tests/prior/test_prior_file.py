"""Prior files: whole, small, plain, and refused with a reason when they are not."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.errors import PriorError
from pasyn_blender.prior.prior_card import card_path
from pasyn_blender.prior.prior_file import read_prior, write_prior
from pasyn_blender.prior.sampler import Prior

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def written(prior: Prior, tmp_path: Path) -> Path:
    write_prior(prior, tmp_path / "horse.npz")
    return tmp_path / "horse.npz"


def test_what_is_read_samples_as_what_was_written(prior: Prior, written: Path):
    back = read_prior(written)
    np.testing.assert_array_equal(back.sample(50, 4), read_prior(written).sample(50, 4))
    np.testing.assert_allclose(back.sample(50, 4), prior.sample(50, 4), atol=1e-5)
    np.testing.assert_array_equal(back.encode(prior.sample(9, 1)), prior.encode(prior.sample(9, 1)))
    assert back.actions == prior.actions
    assert back.card["licence"] == "CC0"
    assert back.card["data"]["clips"] == 12


def test_the_same_prior_gives_the_same_bytes(prior: Prior, written: Path):
    again = written.with_name("again.npz")
    write_prior(read_prior(written), again)
    assert again.read_bytes() == written.read_bytes()
    assert card_path(again).read_bytes() == card_path(written).read_bytes()


def test_the_card_is_for_people_and_programs(written: Path):
    card = json.loads(card_path(written).read_text())
    assert card["format"] == "pasyn prior 1"
    assert len(card["joints"]) == len(card["parents"]) == 27
    assert card["data"]["animals"] == ["fox1", "horse1", "horse2"]
    assert card["training"]["seed"] == 1
    assert 0 < card["metrics"]["reconstruction_degrees"]["mean"] < 30


def test_sampling_needs_numpy_alone(written: Path):
    """As inside Blender: no torch, scipy or yaml is imported on the way."""
    program = (
        "import sys; from pathlib import Path; from pasyn_blender.prior.prior_file import read_prior; "
        f"prior = read_prior(Path({str(written)!r})); prior.score(prior.sample(3, 0)); prior.walk(5, 0); "
        "print(sorted({'torch', 'scipy', 'yaml', 'matplotlib'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=REPOSITORY)
    assert run.stdout.strip() == "[]", run.stderr


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-500])


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weights": [1, 2, 3]}))


def pickled_inside(path: Path) -> None:
    np.savez(path, weights=np.array([{"a": 1}], dtype=object))


def torch_file(path: Path) -> None:
    import torch

    torch.save({"weight": torch.zeros(3)}, path)


def another_prior(path: Path) -> None:
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["centres"] = arrays["centres"] + np.float16(1)
    np.savez(path, **arrays)


def without_card(path: Path) -> None:
    card_path(path).unlink()


def card_of_another_format(path: Path) -> None:
    card_path(path).write_text('{"format": "pasyn prior 9"}')


def card_that_is_no_json(path: Path) -> None:
    card_path(path).write_text("{")


def card_of_other_joints(path: Path) -> None:
    card = json.loads(card_path(path).read_text())
    card["joints"], card["parents"] = card["joints"][:5], card["parents"][:5]
    card_path(path).write_text(json.dumps(card))


def nothing(path: Path) -> None:
    path.unlink()
    without_card(path)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (truncate, "cut off, damaged"),
        (pickled, "but a pickle; it was not read"),
        (pickled_inside, "pickled objects"),
        (torch_file, "cut off, damaged|not the file"),
        (another_prior, "not the file that horse.json describes"),
        (without_card, "no card: horse.json should lie beside it"),
        (card_of_another_format, "format 'pasyn prior 9'; this version reads 'pasyn prior 1'"),
        (card_that_is_no_json, "no readable card"),
        (card_of_other_joints, r"known has shape \(27,\), not \(5,\)"),
        (nothing, "does not exist; `pasyn prior train` makes one"),
    ],
)
def test_a_damaged_prior_is_refused_with_the_reason(written: Path, damage, words):
    damage(written)
    with pytest.raises(PriorError, match=words):
        read_prior(written)


def test_numbers_that_would_break_sampling_later_are_found_on_reading(prior: Prior, tmp_path: Path):
    from dataclasses import replace

    broken = replace(prior, mean=np.full((27, 6), np.nan))
    with pytest.raises(PriorError, match="mean holds NaN"):
        write_prior(broken, tmp_path / "broken.npz")


def test_names_and_places_are_checked(prior: Prior, written: Path, tmp_path: Path):
    with pytest.raises(PriorError, match=r"should end in \.npz"):
        write_prior(prior, tmp_path / "prior.json")
    with pytest.raises(PriorError, match=r"name the \.npz file"):
        read_prior(card_path(written))
    shutil.copy(written, tmp_path / "file")
    with pytest.raises(PriorError, match="cannot be written"):
        write_prior(prior, tmp_path / "file" / "prior.npz")
