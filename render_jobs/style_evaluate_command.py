"""``pasyn style evaluate``: how well pictures are told from photos, before and after their look."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pasyn_blender.errors import StyleError

if TYPE_CHECKING:
    from styles.evaluation.comparison import Clue, Row

    from .job import Job

_MEASURING: Final = 0.75
"""Share of the time that goes into measuring pictures."""

_CLUES_SHOWN: Final = 3
_DIGITS: Final = 4


def evaluate(
    dataset: Annotated[
        Path, typer.Argument(metavar="DATASET", help="Output folder of pasyn run.", show_default=False)
    ],
    real: Annotated[
        Path,
        typer.Option(
            "--real",
            metavar="PHOTOS",
            help="COCO file of photos of such animals (boxes, better keypoints too), or a folder of photos.",
            show_default=False,
        ),
    ],
    style: Annotated[
        list[str] | None,
        typer.Option(
            "--style", metavar="NAME|FILE", help="Preset to try on the same renders; may be given again."
        ),
    ] = None,
    stages: Annotated[
        bool, typer.Option("--stages", help="Also composition alone, and composition and style.")
    ] = False,
    category: Annotated[
        str | None,
        typer.Option(help="Category of the COCO file; by default the dataset's species.", metavar="NAME"),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Draws that the intervals are taken over.", metavar="N", min=2, max=1000)
    ] = 20,
    seed: Annotated[int, typer.Option(help="Of all draws.", metavar="S", min=0, max=2**63 - 1)] = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write; by default DATASET_style here.", metavar="DIR", show_default=False
        ),
    ] = None,
) -> None:
    """Measure how well a dataset's pictures can be told from photos.

    Compared are: plain pasting, that is the renders on their backgrounds without composition, style and
    camera look; the pictures as they are; and the presets that --style names, on the same renders with the
    dataset's own composition and camera look. Nothing is rendered.

    \b
    Examples:
      pasyn style evaluate runs/horse --real photos/annotations.json
      pasyn style evaluate runs/horse --real photos/annotations.json --style photo --style my_look.yaml
      pasyn style evaluate runs/horse --real photos/meadow            the whole picture only

    \b
    Two measures, on colour, frequency and filter statistics, and on all of them:
      accuracy   of a classifier that has not seen the pictures it is asked about: 0.5 is a guess, 1.0 means
                 that every picture is told
      MMD²       distance of the two samples (unbiased, so it may be below 0): 0 means the same

    Inside the animal, at its edge and over the whole picture. Where those are is estimated from keypoints (or
    from boxes) alike on both sides, because photos have no masks. Animals are cut out with the same margin
    and shrunk to the same height, never enlarged. Intervals hold 95 of 100 seeds; each takes half of the
    pictures and as many photos. An asterisk marks what is lower than with plain pasting in all of them.

    \b
    In the folder are written:
      evaluation.json   all numbers; also as evaluation.csv
      clues.csv         how well each single statistic tells pictures from photos (area under the curve)
      measures.png, clues.png
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    from .one_thread import compute_on_one_thread

    compute_on_one_thread()
    from styles.evaluation.comparison import clues, compare

    from .prior_progress import ReadingProgress
    from .style_dataset import OWN, PLAIN, plain_job, read_dataset, staged_jobs, styled_jobs
    from .style_judging import measure_sides
    from .style_photos import read_photos

    folder = out if out is not None else Path(f"{dataset.absolute().name}_style")
    _check_folder(folder)
    renders = read_dataset(dataset)
    photos = read_photos(real, renders.job.species, category, lambda notice: print(notice, file=sys.stderr))
    jobs: dict[str, Job | None] = {PLAIN: plain_job(renders.job)}
    if stages:
        jobs |= staged_jobs(renders.job)
    jobs |= {OWN: None, **styled_jobs(renders.job, style or [])}
    with ReadingProgress() as shown:
        sides = measure_sides(
            renders, jobs, photos, seed, lambda what, share: shown.advance(what, _MEASURING * share)
        )
        rows = compare(
            sides.photos,
            sides.looks,
            seeds,
            seed,
            lambda what, share: shown.advance(what, _MEASURING + (1 - _MEASURING) * share),
        )
    telling = clues(sides.photos, sides.looks)
    conditions = {**sides.conditions, "seeds": seeds, "seed": seed, "style as it is": renders.job.style}
    _write(folder, rows, telling, conditions, PLAIN, OWN)
    for line in _lines(rows, telling, conditions, OWN):
        print(line)
    print(f"written: {folder}")


def _check_folder(folder: Path) -> None:
    there = next((one for one in (folder, *folder.absolute().parents) if one.exists()), Path())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise StyleError(f"--out {folder} cannot be written: {there} is no folder that may be written to")


def _lines(rows: Sequence[Row], telling: Sequence[Clue], conditions: dict[str, Any], own: str) -> list[str]:
    lines = [f"{key}: {value}" for key, value in conditions.items() if value is not None]
    width = max(len(row.look) for row in rows)
    lines += ["", f"{'':8}{'statistics':<12}{'look':<{width + 2}}{'accuracy':<24}{'MMD²':<29}p"]
    before = ("", "")
    for row in rows:
        region = row.region if row.region != before[0] else ""
        kind = row.kind if (row.region, row.kind) != before else ""
        before = (row.region, row.kind)
        accuracy = f"{row.accuracy.mean:.3f} ({row.accuracy.low:.3f} to {row.accuracy.high:.3f})"
        mmd = f"{row.mmd.mean:.4f} ({row.mmd.low:.4f} to {row.mmd.high:.4f})"
        accuracy += "*" if row.better("accuracy") else ""
        mmd += "*" if row.better("mmd") else ""
        lines.append(f"{region:8}{kind:<12}{row.look:<{width + 2}}{accuracy:<24}{mmd:<29}{row.p:.3f}")
    lines += ["", f"What still gives pictures away, {own} (area under the curve; 0.5 tells nothing):"]
    for region in dict.fromkeys(row.region for row in rows):
        most = [clue for clue in telling if clue.look == own and clue.region == region][:_CLUES_SHOWN]
        lines.append(f"  {region}: " + "; ".join(f"{clue.name} {clue.area:.2f}" for clue in most))
    return lines


def _write(
    folder: Path,
    rows: Sequence[Row],
    telling: Sequence[Clue],
    conditions: dict[str, Any],
    before: str,
    after: str,
) -> None:
    from . import layout
    from .style_evaluation_plots import clues_plot, measures_plot

    layout.create_folder(folder)
    plain = {
        "conditions": conditions,
        "measures": [_rounded(asdict(row)) for row in rows],
        "clues": [_rounded(asdict(clue)) for clue in telling],
    }
    content = json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    layout.write_atomically(folder / "evaluation.json", content.encode())
    layout.write_atomically(folder / "evaluation.csv", _csv([_flat(row) for row in rows]))
    layout.write_atomically(folder / "clues.csv", _csv([_rounded(asdict(clue)) for clue in telling]))
    layout.write_atomically(folder / "measures.png", measures_plot(rows))
    layout.write_atomically(folder / "clues.png", clues_plot(telling, before, after))


def _flat(row: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in _rounded(asdict(row)).items():
        if isinstance(value, dict):
            flat |= {f"{key} {bound}": number for bound, number in value.items()}
        else:
            flat[key] = value
    return flat


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return round(value, _DIGITS) if isinstance(value, float) else value


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    content = io.StringIO(newline="")
    writer = csv.DictWriter(content, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return content.getvalue().encode()
