"""``pasyn prior``: collect motion and learn from it how animals move."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .prior_evaluate_command import evaluate
from .prior_film_command import film
from .prior_sample_command import sample
from .prior_train_command import train

if TYPE_CHECKING:
    from .prior_corpus_sources import CorpusOptions

app = typer.Typer(
    help="Collect motion, and learn poses from it.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)


app.command("train")(train)
app.command("sample")(sample)
app.command("evaluate")(evaluate)
app.command("film")(film)


@app.callback()
def _group() -> None:
    # A group of one command would otherwise be that command.
    pass


@app.command("corpus")
def corpus(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Rigs (.blend .glb .gltf .fbx), built-in animals (zebra), BVH files, PASyn's published "
            "poses (.npz, .npy), other corpora (.npz), and folders of these.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Corpus to write.", metavar="NPZ", show_default=False)
    ],
    rate: Annotated[
        float, typer.Option(help="Frames a second to sample clips at.", metavar="FPS", min=1.0, max=1000.0)
    ] = 30.0,
    actions: Annotated[
        list[str] | None,
        typer.Option(
            "--actions",
            help="Take only clips of this name or action; * stands for anything.",
            metavar="PATTERN",
        ),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", help="Leave these out.", metavar="PATTERN")
    ] = None,
    individuals: Annotated[
        str, typer.Option(help="Individuals of built-in animals: 0-5 or 0,3,7.", metavar="LIST")
    ] = "0",
    species: Annotated[
        list[str] | None,
        typer.Option(
            "--species",
            help="Species of an animal, where its name does not say: horse=Mesh* or, for all, horse.",
            metavar="SPECIES=PATTERN",
        ),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            "--label",
            help="Action of clips, where their name does not say: 'walk=Take 00*', or of "
            "one animal, 'walk=Fox/Take*'.",
            metavar="ACTION=PATTERN",
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="Many of both: {species: {horse: [Mesh*]}, actions: {walk: [Take*]}}.", metavar="YAML"
        ),
    ] = None,
    rig_map: Annotated[
        list[str] | None,
        typer.Option(
            "--rig-map",
            help="Map of a rig, as pasyn rig map writes it; <rig>.rig_map.yaml beside "
            "the rig or in this folder is found by itself.",
            metavar="FILE=YAML",
        ),
    ] = None,
    licence: Annotated[
        str,
        typer.Option(
            help="Licence and source of the animations, kept for what is trained on them.", metavar="TEXT"
        ),
    ] = "",
    clean: Annotated[bool, typer.Option(help="Mend and cut broken, held and repeated frames.")] = True,
) -> None:
    """Collect poses from everything that moves, as one file to learn from.

    \b
    Examples:
      pasyn prior corpus horse.glb wolf.fbx -o animals.npz --licence "CC0, Quaternius"
      pasyn prior corpus zebra --individuals 0-5 -o zebras.npz
      pasyn prior corpus rigs/ mocap/*.bvh -o all.npz --without death --species dog=take*
      pasyn prior corpus animals.npz zebras.npz -o both.npz

    Every action is played in Blender, constraints and inverse kinematics included, and kept as rotations of
    the canonical quadruped, which fit any other rig. Species and actions are read from names. Broken frames
    are mended or cut, the repeated end of a loop, long holds and copies are left out, and all of it is said.

    \b
    Exit code: 0 all was read, 3 some sources could not be (the rest is written), 2 nothing was written
    (the message says why).
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    from .prior_corpus_command import check_output, make_corpus, save_corpus
    from .prior_corpus_table import corpus_lines
    from .prior_progress import ReadingProgress

    check_output(output)
    options = _options(rate, actions, without, individuals, species, label, labels, rig_map, licence, clean)
    with ReadingProgress() as progress:
        made = make_corpus(sources, options, progress.advance)
    save_corpus(made.corpus, output)
    print("\n".join(corpus_lines(made.corpus)))
    for name, why in made.failed:
        print(f"left out: {why if name in why else f'{name}: {why}'}", file=sys.stderr)
    print(f"corpus: {output}")
    if made.failed:
        raise typer.Exit(3)


@app.command("show")
def show(
    file: Annotated[Path, typer.Argument(metavar="CORPUS", help="Corpus (.npz).", show_default=False)],
) -> None:
    """Say what a corpus holds: animals, actions, frames, and what was found when it was made."""
    from pasyn_blender.prior.corpus import read_corpus

    from .prior_corpus_table import corpus_lines

    print("\n".join(corpus_lines(read_corpus(file))))


def _options(
    rate: float,
    actions: list[str] | None,
    without: list[str] | None,
    individuals: str,
    species: list[str] | None,
    label: list[str] | None,
    labels: Path | None,
    rig_map: list[str] | None,
    licence: str,
    clean: bool,
) -> CorpusOptions:
    from pasyn_blender.prior.action_labels import Labels, parsed_labels, read_labels

    from .prior_corpus_sources import CorpusOptions

    written = read_labels(labels) if labels is not None else Labels()
    return CorpusOptions(
        rate=rate,
        only=tuple(actions or ()),
        without=tuple(without or ()),
        individuals=_numbers(individuals),
        labels=Labels(
            (*parsed_labels(species or [], "--species"), *written.species),
            (*parsed_labels(label or [], "--label"), *written.actions),
        ),
        rig_maps=tuple(map(_rig_map, rig_map or ())),
        licence=licence,
        clean=clean,
    )


def _rig_map(text: str) -> tuple[str, Path]:
    pattern, equals, file = text.rpartition("=")
    if not Path(file).is_file():
        raise typer.BadParameter(
            f"{file} does not exist; write FILE=YAML, or YAML for all rigs", param_hint="--rig-map"
        )
    return (pattern if equals else "*"), Path(file)


def _numbers(text: str) -> tuple[int, ...]:
    """Whole numbers of ``0-2,7``."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()) or int(last or first) < int(first):
            raise typer.BadParameter(f"{text!r}; write numbers as 0-5 or 0,3,7", param_hint="--individuals")
        found += range(int(first), int(last or first) + 1)
    return tuple(dict.fromkeys(found))
