"""``pasyn animals sheet``: pictures of individuals at rest and in poses of a prior, to judge them by eye."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pasyn_blender.errors import OutputError, RenderError

from .animals_choice import Choice
from .animals_sheet_rows import SheetOptions, sheet_row
from .layout import write_atomically
from .picture_file import seal_picture, sealed_inputs

if TYPE_CHECKING:
    from concurrent.futures import Future

    from .prior_sheet import Row

FORMATS: Final = ("png", "jpg")

_SUFFIXES: Final = {".png": "png", ".jpg": "jpg", ".jpeg": "jpg"}

_JPEG_SIDE: Final = 65_500
"""Pixels that a side of a JPEG picture has at most."""

_WORDS: Final = 80
"""Pixels that headings, captions and gaps add to a picture's side, generously."""

_COMMENT: Final = "pasyn inputs="
_SOURCES: Final = (
    *(f"pasyn_blender/{room}/*.py" for room in ("anatomy", "animals", "prior", "rig", "scene")),
    *(f"render_jobs/{module}.py" for module in ("animals_sheet_*", "pose_*", "prior_sheet")),
    "assets/species/**/*.yaml",
    "assets/priors/*",
)
"""What decides a sheet besides what is asked for, from the folder that holds the packages."""

Advance = Callable[[str, float], None]
"""Told what is being done, and the share of all that is done."""


@dataclass(frozen=True)
class Sheets:
    """What came of drawing sheets.

    Attributes
    ----------
    drawn, kept
        Files that were written, and those that were there already, drawn of the same.
    """

    drawn: tuple[Path, ...]
    kept: tuple[Path, ...]


def sheet_paths(species: Sequence[str], output: Path, kind: str | None = None) -> dict[str, Path]:
    """File of each species' sheet: the picture that is named, or ``<species>.png`` in a folder.

    Parameters
    ----------
    species
        Which ones.
    output
        A name that ends in .png or .jpg, or a folder.
    kind
        Of :data:`FORMATS`, of the pictures in a folder; by default png.

    Raises
    ------
    OutputError
        Several sheets would have one name, or it is that of another kind of file.
    """
    if kind not in (None, *FORMATS):
        raise OutputError(f"--format {kind}: is none of {', '.join(FORMATS)}")
    named = _SUFFIXES.get(output.suffix.lower())
    if named and not output.is_dir():
        if len(species) > 1:
            raise OutputError(f"--output {output}: {len(species)} species need a folder, one picture each")
        if kind not in (None, named):
            raise OutputError(f"--format {kind}: --output {output} says otherwise")
        return {species[0]: output}
    if output.suffix and not output.is_dir():
        raise OutputError(f"--output {output}: a sheet is written as .png or .jpg; or name a folder")
    return {name: output / f"{name}.{kind or FORMATS[0]}" for name in species}


def draw_sheets(
    paths: dict[str, Path],
    individuals: Sequence[int],
    options: SheetOptions,
    advance: Advance,
    workers: int = 1,
    *,
    overwrite: bool = False,
) -> Sheets:
    """Draw a sheet of each species: a row an individual, at rest and in its own poses.

    A sheet that is there and was drawn of the same by the same program stays as it is.

    Parameters
    ----------
    paths
        File of each species' sheet.
    individuals
        Which ones.
    options
        How.
    advance
        Told how far it is.
    workers
        Processes at a time, each of which draws whole rows; the sheets are the same.
    overwrite
        Draw also sheets that are there.

    Raises
    ------
    PasynError
        An animal cannot be built, the prior cannot be read or poses none, Blender cannot render, or a sheet
        cannot be written.
    """
    _check_sizes(paths, len(individuals), options)
    inputs = {species: _inputs(species, individuals, options) for species in paths}
    kept = () if overwrite else tuple(s for s, path in paths.items() if _drawn_of(path) == inputs[s])
    waiting = [species for species in paths if species not in kept]
    choices = [Choice(species, individual) for species in waiting for individual in individuals]
    with _rows(choices, options, advance, min(workers, len(choices))) as rows:
        for species in waiting:
            _write(paths[species], [next(rows) for _ in individuals], inputs[species])
    advance("", 1.0)
    return Sheets(tuple(paths[s] for s in waiting), tuple(paths[s] for s in kept))


def _check_sizes(paths: dict[str, Path], rows: int, options: SheetOptions) -> None:
    longest = max(rows, options.poses + 1) * (options.size + _WORDS)
    for path in paths.values():
        if _SUFFIXES[path.suffix.lower()] == "jpg" and longest > _JPEG_SIDE:
            raise OutputError(
                f"{path}: a JPEG picture is at most {_JPEG_SIDE} pixels long, and {rows} rows of "
                f"{options.size} pixels are longer; write a .png, or fewer individuals a sheet"
            )


@contextmanager
def _rows(
    choices: Sequence[Choice], options: SheetOptions, advance: Advance, workers: int
) -> Iterator[Iterator[Row]]:
    """Rows in the order of the choices; leaving the block ends what is still being drawn."""
    if workers <= 1:
        yield _rows_here(choices, options, advance)
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    threads = max(1, (os.cpu_count() or 1) // workers)
    # Blender does not survive a fork.
    context = multiprocessing.get_context("spawn")
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker)
    try:
        drawing = [pool.submit(_row_there, choice, options, threads) for choice in choices]
        yield _rows_from(drawing, choices, advance)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()


def _rows_here(choices: Sequence[Choice], options: SheetOptions, advance: Advance) -> Iterator[Row]:
    count, done = len(choices) * options.steps, 0

    def begin(what: str) -> None:
        nonlocal done
        advance(what, done / count)
        done += 1

    for choice in choices:
        yield sheet_row(choice, options, begin)


def _rows_from(drawing: Sequence[Future[Row]], choices: Sequence[Choice], advance: Advance) -> Iterator[Row]:
    from concurrent.futures import wait
    from concurrent.futures.process import BrokenProcessPool

    for row, choice in zip(drawing, choices, strict=True):
        while not row.done():
            advance(f"{choice.name}: drawing", sum(other.done() for other in drawing) / len(drawing))
            wait([row], timeout=1.0)
        try:
            yield row.result()
        except BrokenProcessPool:
            raise RenderError(
                f"{choice.name}: a process that draws was ended, perhaps for want of memory; "
                "take fewer --workers"
            ) from None


def _begin_worker() -> None:
    import signal
    import sys

    # Ctrl-C reaches all processes of a terminal: the first one ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Where a parent has loaded Blender, its path leads to Blender's inner modules before Blender itself.
    sys.path[:] = [entry for entry in sys.path if Path(entry).parts[-2:] != ("scripts", "modules")]


def _row_there(choice: Choice, options: SheetOptions, threads: int) -> Row:
    return sheet_row(choice, options, lambda _: None, threads)


def _write(path: Path, rows: Sequence[Row], inputs: str) -> None:
    from .prior_sheet import contact_sheet

    if _SUFFIXES[path.suffix.lower()] == "jpg":
        write_atomically(path, contact_sheet(rows, f"{_COMMENT}{inputs}".encode()))
    else:
        write_atomically(path, seal_picture(contact_sheet(rows), inputs))


def _drawn_of(path: Path) -> str | None:
    """Hash of what a sheet was drawn of; ``None`` where there is none, or a file of somebody else."""
    from PIL import Image

    try:
        if _SUFFIXES[path.suffix.lower()] == "png":
            return sealed_inputs(path.read_bytes())
        with Image.open(path) as picture:
            comment = picture.info.get("comment", b"").decode(errors="replace")
    except OSError:
        return None
    return comment.removeprefix(_COMMENT) if comment.startswith(_COMMENT) else None


def _inputs(species: str, individuals: Sequence[int], options: SheetOptions) -> str:
    """Hash of all that decides a sheet."""
    digest = hashlib.sha256()
    asked = {**asdict(options), "prior": None, "species": species, "individuals": list(individuals)}
    versions = [_version(name) for name in ("bpy", "numpy", "pillow")]
    digest.update(json.dumps([asked, versions], sort_keys=True).encode())
    home = Path(__file__).resolve().parent.parent
    sources = [path for pattern in _SOURCES for path in sorted(home.glob(pattern)) if path.is_file()]
    for path in sources if options.prior is None else [*sources, options.prior]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # a Blender that comes with it
        return None
