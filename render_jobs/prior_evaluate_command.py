"""``pasyn prior evaluate``: what a prior is worth on a corpus, as a table, numbers, plots and pictures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pasyn_blender.errors import PriorError

from .one_thread import compute_on_one_thread
from .prior_options import LimitsOption, RigMapOption

if TYPE_CHECKING:
    from pasyn_blender.prior.corpus import Corpus
    from pasyn_blender.prior.limits import JointLimits

    from .prior_evaluation import Judges, Measured
    from .prior_sampling import Advance

_SHEET: Final = 8
"""Poses in a row of the picture sheet."""

_PICTURE: Final = (250, 210)


def evaluate(
    prior: Annotated[
        str,
        typer.Argument(
            metavar="PRIOR",
            help="Prior (.npz), with or without its ending, or built-in.",
            show_default=False,
        ),
    ],
    corpus: Annotated[
        Path, typer.Argument(metavar="CORPUS", help="Corpus, from pasyn prior corpus.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder to write; by default PRIOR_evaluation here.",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(help="Samples tested for limits, collisions and ground.", metavar="N", min=10)
    ] = 2000,
    seed: Annotated[int, typer.Option(help="Of the samples.", metavar="S", min=0)] = 0,
    sigma: Annotated[float, typer.Option(help="Spread of the samples.", metavar="SIGMA", min=0.0)] = 1.0,
    rig: Annotated[
        str | None,
        typer.Option(
            help="Rig that samples are tried on and drawn with; none leaves it out.  [default: zebra]",
            metavar="RIG",
            show_default=False,
        ),
    ] = None,
    on_rig: Annotated[
        int, typer.Option("--on-rig", help="Samples tried on the rig.", metavar="N", min=1)
    ] = 200,
    rig_map: RigMapOption = None,
    limits: LimitsOption = None,
) -> None:
    """Judge a prior by poses that it has not learnt from.

    Measured on the corpus' animals that the prior has not learnt from or, where it is the very corpus of its
    training, on the clips that were kept from its networks; else on all, and said so. Samples are compared
    with those poses, tested for limits, collisions and ground, and tried on a rig, whose own actions are the
    yardstick.

    \b
    Examples:
      pasyn prior evaluate built-in corpus.npz
      pasyn prior evaluate without_wolf.npz corpus.npz --rig wolf.glb -o wolf_unseen
      pasyn prior evaluate horses.npz corpus.npz --rig none

    \b
    In the folder are written:
      evaluation.html   everything at a glance; one file
      metrics.json      all measures
      sheet.png         samples on the rig beside real frames
      poses.png, errors.png, angles.png
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    compute_on_one_thread()
    from pasyn_blender.prior.corpus import check_corpus, read_corpus

    from .late_progress import LateProgress
    from .named_files import limits_for, need_canonical, open_prior, prior_path
    from .prior_evaluation import judges_of, measure

    found = open_prior(prior)
    named = rig if rig is not None else "zebra" if found.canonical else "none"
    if named != "none":
        need_canonical(found, "rigs are posed by")
        from pasyn_blender.scene.opened_rig import check_rig_source

        check_rig_source(named)
    allowed = limits_for(found, limits, anything=False)
    poses = read_corpus(corpus)
    check_corpus(poses, str(corpus))
    judges = judges_of(found, poses)
    name = prior_path(prior).stem
    folder = output if output is not None else Path(f"{name}_evaluation")
    _check_folder(folder)
    sheet = None
    with LateProgress() as progress:
        measured = measure(found, judges, seed, samples, sigma, allowed, progress.advance)
        numbers = measured.numbers
        card = found.card.get("metrics")
        if not judges.fresh and isinstance(card, dict) and isinstance(card.get("samples"), dict):
            numbers["of_its_card"] = card["samples"]
        if named != "none":
            assert allowed is not None
            sheet = _on_rig(
                named, rig_map, measured, judges.held_out, allowed, seed, on_rig, progress.advance
            )
    _write(folder, name, found.joints, judges, measured, allowed, sheet)
    _print_table(name, numbers)
    print(f"evaluation: {folder / 'evaluation.html'}")


def _check_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise PriorError(f"--output {folder} is a file; name a folder")


def _on_rig(
    rig: str,
    rig_map: Path | None,
    measured: Measured,
    held_out: Corpus,
    limits: JointLimits,
    seed: int,
    count: int,
    advance: Advance,
) -> bytes:
    from pasyn_blender.scene.opened_rig import open_rig
    from pasyn_blender.scene.pose_pictures import PosePictures

    from .prior_evaluation import few_clips, measure_on_rig
    from .prior_sheet import Cell, Row, contact_sheet

    advance("opening the rig", 0.01)
    opened = open_rig(rig, rig_map)
    posing = opened.canonical_posing(limits)
    found = measure_on_rig(posing, measured.accepted[:count], advance)
    measured.numbers["rig"] = {**found, "name": opened.name}
    measured.numbers["sheet_rig"] = opened.name
    posing.release()
    pictures = PosePictures(opened, _PICTURE)
    real: list[Cell] = []
    for clip, frame in few_clips(held_out, seed, 2 * _SHEET):
        advance("pictures", len(real) / 32)
        stood = opened.standing.pose(clip.rotations[frame], clip.clearance[frame])
        real.append(Cell(tuple(pictures.take(stood.vertices)), f"{clip.animal}: {clip.name} {frame}"))
    drawn = []
    for number, pose in enumerate(measured.accepted[: 2 * _SHEET]):
        advance("pictures", (len(real) + number) / 32)
        taken = opened.standing.pose(pose)
        through = posing.intersections.share(taken.vertices)
        mark = "" if through <= posing.intersections.allowed else ", skin through itself"
        drawn.append(Cell(tuple(pictures.take(taken.vertices)), f"sample {number}{mark}"))
    rows = [
        Row("" if start else title, tuple(cells[start : start + _SHEET]))
        for title, cells in ((f"samples on {opened.name}", drawn), ("real frames on it", real))
        for start in range(0, len(cells), _SHEET)
    ]
    return contact_sheet(rows)


def _write(
    folder: Path,
    name: str,
    joints: tuple[str, ...],
    judges: Judges,
    measured: Measured,
    limits: JointLimits | None,
    sheet: bytes | None,
) -> None:
    import numpy as np

    from pasyn_blender.prior.pose_frames import pose_frames

    from .layout import write_atomically
    from .prior_evaluation_page import evaluation_page
    from .prior_plots import angles_plot, errors_plot, poses_plot

    counted = measured.joints
    learnt = pose_frames(judges.learnt).rotations
    real = measured.frames.rotations
    plots = [
        (
            "poses",
            "Where samples lie",
            "Rotations of the measured joints, projected on the two directions in which held-out poses vary "
            "most. Blue without orange is what the prior does not reach.",
            poses_plot(real[:, counted], measured.samples[:, counted], learnt[:, counted]),
        ),
        (
            "errors",
            "Which joints err",
            "Reconstruction of held-out poses, both sides of the body in one row.",
            errors_plot(joints, measured.errors),
        ),
    ]
    if limits is not None:
        known = np.asarray(measured.frames.known)
        plots.append(
            (
                "angles",
                "How far joints go",
                "Back and forth, against the joint limits.",
                angles_plot(real, measured.samples, known, limits),
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(measured.numbers, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    write_atomically(folder / "metrics.json", text.encode())
    for stem, _, _, png in plots:
        write_atomically(folder / f"{stem}.png", png)
    if sheet is not None:
        write_atomically(folder / "sheet.png", sheet)
    shown = [(title, note, png) for _, title, note, png in plots]
    write_atomically(
        folder / "evaluation.html", evaluation_page(name, measured.numbers, shown, sheet).encode()
    )


def _print_table(name: str, numbers: dict[str, Any]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from .prior_evaluation_page import measure_groups

    held = numbers["held_out"]
    print(f"{name}, judged by {held['frames']:,} poses in {held['clips']} clips: {held['rule']}")
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for title, rows in measure_groups(numbers):
        table.add_section()
        table.add_row(title, "", style="bold")
        for word, figure in rows:
            table.add_row(f"  {word}", figure)
    console.print(table)
