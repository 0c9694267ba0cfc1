"""``pasyn prior train``: learn a prior from a corpus, show how it goes, write it with its measures."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TextIO

import typer

from pasyn_blender.errors import PriorError

from .progress import in_words

if TYPE_CHECKING:
    from pasyn_blender.prior.training_options import Evaluation, TrainingReport

INTERRUPTED: Final = 130
_LINE_SECONDS: Final = 10.0


def train(
    corpus: Annotated[
        Path, typer.Argument(metavar="CORPUS", help="Corpus, from pasyn prior corpus.", show_default=False)
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Prior to write, .npz.", metavar="PRIOR")
    ] = Path("prior.npz"),
    seed: Annotated[int, typer.Option(help="Other seed, other split and weights.", metavar="S", min=0)] = 0,
    epochs: Annotated[
        int | None,
        typer.Option(
            help="Passes over the poses; by default as many as make 6,000 steps.", metavar="N", min=1
        ),
    ] = None,
    latent: Annotated[int, typer.Option(help="Latent dimensions.", metavar="N", min=1, max=256)] = 32,
    width: Annotated[
        int, typer.Option(help="Size of the hidden layers.", metavar="N", min=8, max=4096)
    ] = 256,
    components: Annotated[
        int, typer.Option(help="Gaussians of the mixture at most.", metavar="N", min=1, max=65535)
    ] = 2048,
    condition: Annotated[
        bool, typer.Option("--condition", help="Tell the networks action and species.")
    ] = False,
    hold_out_animal: Annotated[
        str | None,
        typer.Option(help="Learn nothing from this animal, and measure on it.", metavar="NAME"),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto.", metavar="DEVICE")] = "auto",
) -> None:
    """Learn a pose prior from a corpus.

    Some clips are kept from learning: they say when to stop, and the measures are taken on them. Ctrl-C ends
    training early; the best so far is written, and the exit code is 130.

    \b
    Beside PRIOR.npz are written:
      PRIOR.json           its card: joints, data, licence, training, measures
      PRIOR.metrics.json   the measures, and the curves as numbers
      PRIOR.curves.png     how training went

    \b
    Examples:
      pasyn prior train corpus.npz -o horses.npz
      pasyn prior train corpus.npz -o without_wolf.npz --hold-out-animal wolf_ult
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    _check_output(output, corpus)
    if device not in ("auto", "cpu", "cuda"):
        raise PriorError(f"--device {device} is none of auto, cpu, cuda")
    from pasyn_blender.prior.corpus import check_corpus, read_corpus
    from pasyn_blender.prior.prior_file import write_prior
    from pasyn_blender.prior.sampler import with_card
    from pasyn_blender.prior.training_options import TrainingOptions

    poses = read_corpus(corpus)
    check_corpus(poses, str(corpus))
    # Torch takes seconds to import: a corpus that is wrong should not wait for it.
    from pasyn_blender.prior.training import train_prior

    options = TrainingOptions(
        seed=seed,
        epochs=epochs,
        latent=latent,
        width=width,
        components=components,
        condition=condition,
        hold_out_animal=hold_out_animal,
        device=device,
    )
    shown = TrainingProgress()
    try:
        prior, report = train_prior(poses, options, shown.update)
    finally:
        shown.end()
    data = {**prior.card["data"], "corpus_sha256": hashlib.sha256(corpus.read_bytes()).hexdigest()}
    write_prior(with_card(prior, {**prior.card, "data": data}), output)
    _write_metrics(report, output.with_suffix(".metrics.json"))
    _write_curves(report, output.with_suffix(".curves.png"))
    for line in report_lines(report, output):
        print(line)
    if report.stopped == "interrupted":
        raise typer.Exit(INTERRUPTED)


def _check_output(output: Path, corpus: Path) -> None:
    # Training takes minutes, and what it gave is lost if only the writing finds out.
    if output.suffix != ".npz":
        raise PriorError(f"--output {output} should end in .npz; its card is written beside it as .json")
    if output.exists() and corpus.exists() and output.samefile(corpus):
        raise PriorError(f"--output {output} is the corpus itself, which the prior would overwrite")
    if output.is_dir():
        raise PriorError(f"--output {output} is a folder; name a file in it")
    folder = next((one for one in output.absolute().parents if one.exists()), output.absolute().parent)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise PriorError(f"--output {output} cannot be written: {folder} is no folder that may be written to")


class TrainingProgress:
    """Shows how training goes, on standard error: a bar on a terminal, lines elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._bar: Any = None
        self._task: Any = None
        self._words = ""
        self._began = time.monotonic()
        # A first line at once, so that the time it will take is known.
        self._line_at = self._began - _LINE_SECONDS

    def update(self, epoch: int, epochs: int, evaluation: Evaluation | None) -> None:
        """Show that an epoch is done."""
        if evaluation is not None:
            self._words = f"{evaluation.validation_error:.2f}° on held-out clips"
        if self._stream.isatty():
            self._show_bar(epoch, epochs)
            return
        now = time.monotonic()
        if now - self._line_at >= _LINE_SECONDS or epoch == epochs:
            self._line_at = now
            left = in_words((now - self._began) / epoch * (epochs - epoch))
            words = f"{self._words}, " if self._words else ""
            print(f"epoch {epoch} of {epochs}, {words}{left} left", file=self._stream, flush=True)

    def end(self) -> None:
        """Take the bar away; safe to call twice."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _show_bar(self, epoch: int, epochs: int) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("training"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.fields[words]}"),
                console=Console(file=self._stream),
                # Redrawing costs time that training could use.
                refresh_per_second=2,
            )
            self._task = self._bar.add_task("training", total=epochs, words="")
            self._bar.start()
        self._bar.update(self._task, completed=epoch, words=self._words)


def report_lines(report: TrainingReport, output: Path) -> list[str]:
    """Say what training gave, for a person."""
    measures, last = report.metrics, report.curve[-1]
    lines = []
    if report.stopped == "interrupted":
        lines.append(
            f"stopped with Ctrl-C after epoch {last.epoch} of {last.epochs}; the best so far is kept"
        )
    elif report.stopped == "no progress":
        lines.append(f"no progress on held-out clips: ended after epoch {last.epoch} of {last.epochs}")
    error, samples, ceiling = (
        measures[name] for name in ("reconstruction_degrees", "samples", "training_poses")
    )
    near = measures["nearest_training_degrees"]
    lines += [
        f"weights of epoch {report.best_epoch}; {report.split}; {last.active} latent dimensions in use",
        f"on {measures['held_out_frames']} held-out poses:",
        f"  reconstruction  {error['mean']:.2f}° mean, {error['median']:.2f}° median, "
        f"{error['high']:.2f}° at the 95th percentile",
        "  samples         " + ", ".join(f"{name} {value:.2f}" for name, value in samples.items()),
        "  training poses  " + ", ".join(f"{name} {value:.2f}" for name, value in ceiling.items()),
        f"  to the nearest training pose: samples {near['samples']:.1f}°, held-out poses "
        f"{near['held_out']:.1f}°",
        "  share reached   "
        + ", ".join(f"{name} {shares['samples']:.2f}" for name, shares in measures["reached"].items()),
        f"prior: {output}",
        f"card, measures, curves: {output.stem}.json, {output.stem}.metrics.json, {output.stem}.curves.png",
    ]
    return lines


def _write_metrics(report: TrainingReport, path: Path) -> None:
    record = {
        "metrics": report.metrics,
        "split": report.split,
        "best_epoch": report.best_epoch,
        "stopped": report.stopped,
        "curve": [asdict(one) for one in report.curve],
    }
    path.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _write_curves(report: TrainingReport, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3), dpi=120, layout="constrained")
    epochs = [one.epoch for one in report.curve]
    error, divergence, active = figure.subplots(1, 3)
    error.plot(epochs, [one.train_error for one in report.curve], label="learnt from")
    error.plot(epochs, [one.validation_error for one in report.curve], label="held out")
    error.axvline(report.best_epoch, color="0.6", linewidth=1, linestyle=":", label="kept")
    error.set_yscale("log")
    error.set_title("reconstruction, degrees")
    error.legend(frameon=False)
    divergence.plot(epochs, [one.divergence for one in report.curve])
    divergence.set_title("latents' divergence, nats")
    active.plot(epochs, [one.active for one in report.curve])
    active.set_ylim(bottom=0)
    active.set_title("latent dimensions in use")
    for axes in (error, divergence, active):
        axes.set_xlabel("epoch")
        axes.spines[["top", "right"]].set_visible(False)
    FigureCanvasAgg(figure)
    figure.savefig(path, metadata={"Software": None})
