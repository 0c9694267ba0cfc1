"""``pasyn style train``: a style network learnt from one's own photos."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Final

import typer

from pasyn_blender.errors import StyleError

_INTERRUPTED: Final = 128


def train(
    photos: Annotated[
        list[Path],
        typer.Argument(
            metavar="PHOTOS...", help="Folders of photos that pictures should look like.", show_default=False
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Weights to write, .safetensors.", metavar="WEIGHTS", show_default=False
        ),
    ],
    steps: Annotated[
        int, typer.Option(help="Batches to learn from; more is better and takes longer.", metavar="N", min=1)
    ] = 1200,
    size: Annotated[
        int,
        typer.Option(help="Side of the squares cut from photos; a multiple of 8.", metavar="PIXELS", min=32),
    ] = 96,
    width: Annotated[
        int,
        typer.Option(help="Channels of the finest features: what the network can learn.", min=4, max=64),
    ] = 12,
    batch: Annotated[int, typer.Option(help="Squares a step.", metavar="N", min=1, max=256)] = 4,
    seed: Annotated[
        int, typer.Option(help="Other seed, other weights from the same photos.", metavar="S", min=0)
    ] = 0,
    device: Annotated[
        str, typer.Option(help="cpu, cuda, mps, or auto: a GPU where there is one.", metavar="NAME")
    ] = "cpu",
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, whatever is there of this training.")
    ] = False,
) -> None:
    """Train a small style network on photos of your own.

    For those who have no checkpoint of AdaIN or StyTr². Squares of the photos get another exposure, white
    balance, contrast, saturation and sharpness, and the network learns to undo that from the look they had;
    so it can give a render the look of a photo. It changes colours and fine detail, each place by its own
    amount, and moves nothing: edges stay where they are. It learns no textures and no brush strokes.

    \b
    Examples:
      pasyn style train photos/savannah -o savannah.safetensors
      pasyn style train photos/farm photos/horses -o farm.safetensors --steps 4000 --width 16
      pasyn style train photos/farm -o farm.safetensors --steps 20000 --width 32 --device auto

    Photos of places, light and cameras like those where the dataset will be used are best. It runs on one
    core, since what it writes then depends on photos, options and seed alone: the same ones give the same
    bytes. On a GPU it is faster, and two trainings differ in their last digits.

    Ctrl-C ends it without losing a step, and the same command goes on where it stopped; so does it after a
    crash, from at most 50 steps before. Until it is done, the training is kept beside WEIGHTS as
    WEIGHTS.training.safetensors.

    \b
    Exit code: 0 trained, 2 something is wrong with the input (the message says what), 130 stopped with
    Ctrl-C.
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    _check_output(output)
    from styles.backgrounds import list_photos
    from styles.neural.training_options import StyleTrainingOptions

    options = StyleTrainingOptions(seed=seed, steps=steps, size=size, batch=batch, width=width)
    library = list_photos(photos)
    for warning in library.warnings:
        print(warning, file=sys.stderr)
    try:
        # Torch takes seconds to import: photos that are wrong should not wait for it.
        from styles.neural.compact_training import is_trained, train_compact, training_path
    except ImportError as error:
        raise StyleError(
            f"training needs torch and safetensors: pip install 'pasyn[networks]' ({error})"
        ) from None
    from .prior_progress import ReadingProgress

    kept = training_path(output)
    if restart:
        kept.unlink(missing_ok=True)
    elif is_trained(library, options, output):
        print(f"{output} is this training's result already; --restart trains it again")
        return
    begun: list[int] = []

    with ReadingProgress() as shown, _stop_asked() as stop:

        def progress(done: int, steps: int, loss: float) -> None:
            if not begun:
                begun.append(done - 1)
            # The share of what was left when this command began, so that the time left is right.
            share = (done - begun[0]) / (steps - begun[0])
            shown.advance(f"training: step {done} of {steps}, loss {loss:.4f}", share)

        state = train_compact(library, options, output, progress, lambda: stop() is not None, device)
        number = stop()
    if state.step < options.steps:
        print(
            f"stopped after step {state.step} of {options.steps}; the same command goes on there ({kept})",
            file=sys.stderr,
        )
        raise typer.Exit(_INTERRUPTED + (number or signal.SIGINT))
    first, last = (sum(part) / len(part) for part in (state.losses[:50], state.losses[-50:]))
    learnt = f"{len(library.photos)} photos, {options.steps} steps"
    print(f"weights: {output}")
    print(f"  {learnt}, loss {first:.4f} at first, {last:.4f} at last")


def _check_output(output: Path) -> None:
    # Training takes minutes, and what it gave is lost if only the writing finds out.
    if output.suffix != ".safetensors":
        raise StyleError(f"--output {output} should end in .safetensors")
    if output.is_dir():
        raise StyleError(f"--output {output} is a folder; name a file in it")
    folder = next((one for one in output.absolute().parents if one.exists()), output.absolute().parent)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise StyleError(f"--output {output} cannot be written: {folder} is no folder that may be written to")


@contextmanager
def _stop_asked() -> Iterator[Callable[[], int | None]]:
    """Note Ctrl-C and termination rather than break off in the middle of a step; a second one does that."""
    asked: list[int] = []
    before: dict[int, Any] = {}

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(number, before[number])

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, note)
    try:
        yield lambda: asked[0] if asked else None
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
