"""``pasyn style train`` as a person meets it: the file, Ctrl-C, going on, and what it refuses."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
from typer.testing import CliRunner, Result

from pasyn_blender.errors import StyleError
from render_jobs.cli_style import app
from render_jobs.prior_progress import ReadingProgress
from styles.neural import load

SMALL = ("--steps", "4", "--size", "32", "--width", "4", "--batch", "1")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        pixels = np.random.default_rng(seed).integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    return folder


def train(*words: object) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, words)])


def test_one_command_makes_weights_that_load(photos: Path, tmp_path: Path) -> None:
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    output = tmp_path / "new" / "look.safetensors"
    done = train(photos, "-o", output, *SMALL)
    assert done.exit_code == 0, done.output
    assert f"weights: {output}" in done.output
    assert "broken.jpg: left out" in done.output
    picture = np.asarray(Image.open(photos / "0.png"))
    assert load("compact", {"weights": output}, device="cpu")(picture, picture).shape == picture.shape
    assert [path.name for path in output.parent.iterdir()] == ["look.safetensors"]
    assert "already" in train(photos, "-o", output, *SMALL).output


def test_ctrl_c_loses_no_step_and_the_same_command_goes_on(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    train(photos, "-o", whole, *SMALL)

    def interrupt(self: Any, what: str, share: float) -> None:
        if "step 2 of 4" in what:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(ReadingProgress, "advance", interrupt)
        stopped = train(photos, "-o", parts, *SMALL)
    assert stopped.exit_code == 130
    assert "stopped after step 2 of 4" in stopped.output
    assert not parts.exists()
    assert train(photos, "-o", parts, *SMALL).exit_code == 0
    assert parts.read_bytes() == whole.read_bytes()


def test_what_is_wrong_is_said_before_anything_is_learnt(photos: Path, tmp_path: Path) -> None:
    for words, said in (
        ((photos, "-o", tmp_path / "look.pth"), "should end in .safetensors"),
        ((photos, "-o", photos / "0.png" / "look.safetensors"), "cannot be written"),
        ((photos, "-o", tmp_path / "look.safetensors", "--size", "50"), "multiple of 8"),
    ):
        with pytest.raises(StyleError, match=said):
            raise train(*words).exception


def test_help_needs_neither_torch_nor_numpy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from render_jobs.cli_style import app; "
        "assert 'Ctrl-C' in CliRunner().invoke(app, ['train', '--help']).output; "
        "print(sorted({'torch', 'numpy', 'safetensors'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_a_device_that_is_not_there_is_named(photos: Path, tmp_path: Path) -> None:
    output = tmp_path / "look.safetensors"
    with pytest.raises(StyleError, match=r"'gpu' is none of auto, cpu, cuda, mps"):
        raise train(photos, "-o", output, "--device", "gpu", *SMALL).exception
    assert not list(tmp_path.glob("look*"))
