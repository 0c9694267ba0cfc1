"""``pasyn prior train`` as a person meets it: progress, files, measures, Ctrl-C, and what it refuses."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from runs import REPOSITORY, pasyn

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.prior.corpus import Clip, Corpus, write_corpus
from pasyn_blender.prior.prior_file import read_prior
from pasyn_blender.prior.training_options import Evaluation
from render_jobs.prior_train_command import TrainingProgress


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two animals of three joints, two clips each."""
    clips = []
    for animal in ("dog", "cat"):
        for action in ("walk", "sit"):
            time = np.linspace(0, 2 * np.pi, 120)
            turns = np.zeros((120, 3, 3))
            turns[:, :, 0] = 0.5 * np.sin(time[:, None] + np.arange(3)) + len(clips) * 0.2
            clips.append(
                Clip(
                    name=f"{animal}_{action}",
                    animal=animal,
                    species=animal,
                    action=action,
                    rate=30.0,
                    rotations=from_turn(turns).astype(np.float32),
                    known=np.ones(3, bool),
                    offsets=np.zeros((3, 3), np.float32),
                    root=np.zeros((120, 3), np.float32),
                    clearance=np.full((120, 4), np.nan, np.float32),
                )
            )
    path = tmp_path / "corpus.npz"
    write_corpus(Corpus(("hip", "knee", "foot"), (-1, 0, 1), tuple(clips), licence="CC0"), path)
    return path


def test_a_corpus_becomes_a_prior_with_card_measures_and_curves(corpus: Path, tmp_path: Path):
    output = tmp_path / "animals.npz"
    small = ("--epochs", "30", "--width", "32", "--latent", "4")
    run = pasyn("prior", "train", corpus, "-o", output, *small, "--hold-out-animal", "cat", "--seed", "3")
    assert run.returncode == 0, run.stderr
    assert "animal 'cat' held out" in run.stdout
    assert "on 240 held-out poses" in run.stdout
    assert "reconstruction" in run.stdout
    assert "epoch 30 of 30" in run.stderr
    prior = read_prior(output)
    assert prior.joints == ("hip", "knee", "foot")
    assert prior.latent_size == 4
    assert prior.species == ("dog",)
    assert prior.card["licence"] == "CC0"
    assert prior.card["data"]["animals"] == ["dog"]
    assert len(prior.card["data"]["corpus_sha256"]) == 64
    measures = json.loads((tmp_path / "animals.metrics.json").read_text())
    assert [clip["clip"] for clip in measures["metrics"]["clips"]] == ["cat_walk", "cat_sit"]
    assert measures["curve"][-1]["epoch"] == 30
    assert (tmp_path / "animals.curves.png").read_bytes().startswith(b"\x89PNG")


def test_interrupting_writes_the_best_so_far(corpus: Path, tmp_path: Path):
    output = tmp_path / "animals.npz"
    command = [sys.executable, "-m", "render_jobs.cli", "prior", "train", str(corpus), "-o", str(output)]
    process = subprocess.Popen(
        [*command, "--epochs", "100000", "--width", "16"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "of 100000" in line
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "stopped with Ctrl-C after epoch" in said
    assert read_prior(output).card["training"]["stopped"] == "interrupted"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.npz"], "missing.npz does not exist; `pasyn prior corpus` makes one"),
        (["corpus.npz", "-o", "prior.pt"], "prior.pt should end in .npz"),
        (["corpus.npz", "--device", "tpu"], "--device tpu is none of auto, cpu, cuda"),
        (
            ["corpus.npz", "--hold-out-animal", "wolf"],
            "no animal 'wolf' to hold out; the corpus has cat, dog",
        ),
        (["empty.npz"], "empty.npz holds no poses"),
        (["corpus.npz", "-o", "corpus.npz"], "is the corpus itself, which the prior would overwrite"),
        (["corpus.npz", "-o", "folder.npz"], "is a folder; name a file in it"),
        (["corpus.npz", "-o", "empty.npz/prior.npz"], "no folder that may be written to"),
    ],
)
def test_what_cannot_be_learnt_from_is_said(corpus: Path, arguments: list[str], words: str):
    write_corpus(Corpus(("hip",), (-1,), ()), corpus.with_name("empty.npz"))
    corpus.with_name("folder.npz").mkdir()
    given = [str(corpus.parent / word) if word.endswith((".npz", ".pt")) else word for word in arguments]
    run = pasyn("prior", "train", *given)
    assert run.returncode == 2
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert "epoch" not in run.stderr


def test_progress_in_a_pipe_is_lines_with_time_left(monkeypatch: pytest.MonkeyPatch):
    clock = iter([0.0, 12.0, 13.0, 40.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    stream = io.StringIO()
    shown = TrainingProgress(stream)
    for epoch in (10, 11, 40):
        shown.update(epoch, 40, Evaluation(epoch, 40, 1.0, 9.0, 3.0, 4.5, 8, True))
    shown.end()
    assert stream.getvalue().splitlines() == [
        "epoch 10 of 40, 4.50° on held-out clips, 36 s left",
        "epoch 40 of 40, 4.50° on held-out clips, 0 s left",
    ]
