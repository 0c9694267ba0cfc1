"""``pasyn animals``: the animals that come with the program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pasyn_blender.errors import OutputError

from .one_thread import compute_on_one_thread

app = typer.Typer(
    help="Look at the built-in animals, and take them elsewhere.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Species = Annotated[
    list[str],
    typer.Argument(
        metavar="SPECIES...",
        help="Built-in animals, as pasyn animals list has them; or all.",
        show_default=False,
    ),
]


@app.callback()
def _group() -> None:
    # A group of one command would otherwise be that command.
    pass


@app.command("list")
def list_species(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say which animals are built in, and what their individuals vary in."""
    from dataclasses import asdict

    from .animals_list_command import listed_species
    from .late_progress import LateProgress

    with LateProgress() as progress:
        found = listed_species(progress.advance)
    if as_json:
        print(json.dumps([asdict(species) for species in found], indent=2))
    else:
        print("\n".join(line for species in found for line in species.lines()))


@app.command("build")
def build(
    species: Species,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write to.", metavar="DIR", show_default=False)
    ],
    individuals: Annotated[
        str,
        typer.Option(help="Which ones: 0-9 or 0,3,7. Each number is one animal for ever.", metavar="LIST"),
    ] = "0",
    formats: Annotated[str, typer.Option(help="blend, glb, or both.", metavar="LIST")] = "blend,glb",
    motions: Annotated[bool, typer.Option(help="With the animal's actions.")] = True,
) -> None:
    """Write built-in animals as files that any other program opens.

    \b
    Examples:
      pasyn animals build zebra -o animals                    zebra-0.blend, zebra-0.glb, its map
      pasyn animals build horse dog --individuals 0-9 -o animals --formats glb
      pasyn animals build all -o animals --no-motions         skin and bones alone

    Beside them goes the map of their joints and keypoints, which is exact: name it as rig_map in a job.

    They stand on the ground at z = 0, face -Y and are in metres. In .glb the coat's colours are those of the
    vertices (COLOR_0), since shader nodes do not travel.
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    compute_on_one_thread()
    from .animals_build_command import build_files, chosen_formats
    from .animals_choice import Choice, chosen_individuals, chosen_species
    from .late_progress import LateProgress

    if output.is_file():
        raise OutputError(f"--output {output}: is a file; name a folder")
    wanted = chosen_formats(formats)
    numbers = chosen_individuals(individuals)
    choices = [Choice(name, number) for name in chosen_species(species) for number in numbers]
    with LateProgress() as progress:
        written = build_files(choices, output, wanted, motions, progress.advance)
    for path in written:
        print(path)


@app.command("sheet")
def sheet(
    species: Species,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Picture to write, .png or .jpg, or the folder of one picture a species.",
            metavar="FILE|DIR",
            show_default=False,
        ),
    ],
    individuals: Annotated[
        str, typer.Option(help="Which ones: 0-9 or 0,3,7, a row each.", metavar="LIST")
    ] = "0-9",
    poses: Annotated[
        int, typer.Option(help="Poses a row; 0 draws them at rest only.", metavar="N", min=0, max=32)
    ] = 8,
    prior: Annotated[
        str | None,
        typer.Option(help="Prior to draw poses from; by default the built-in one.", metavar="PRIOR"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Other seed, other poses.", metavar="S", min=0)] = 0,
    size: Annotated[
        int, typer.Option(help="Width and height of a picture.", metavar="PIXELS", min=32, max=4096)
    ] = 512,
    samples: Annotated[int, typer.Option(help="Samples a pixel.", metavar="N", min=1, max=4096)] = 8,
    device: Annotated[
        str, typer.Option(help="cpu, or cuda, optix, hip, metal, oneapi.", metavar="DEVICE")
    ] = "cpu",
    format_: Annotated[
        str | None,
        typer.Option("--format", help="png or jpg, of pictures in a folder.  [default: png]", metavar="KIND"),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            help="Processes at a time; the sheets are the same. Pays off with many cores.",
            metavar="W",
            min=1,
            max=256,
        ),
    ] = 1,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Draw also sheets that are there, drawn of the same.")
    ] = False,
) -> None:
    """Draw built-in animals, to judge them by eye: individuals at rest, and in poses of a prior.

    \b
    Examples:
      pasyn animals sheet zebra -o zebra.png                  ten zebras in eight poses each
      pasyn animals sheet all -o sheets --size 256            one picture a species
      pasyn animals sheet all -o sheets --format jpg --workers 8
      pasyn animals sheet dog -o dog.png --individuals 7 --size 1024

    Every individual has poses of its own, which depend on its number and the seed alone, as they would be in
    a dataset: inside the joints' limits, on the ground, of four candidates the first whose skin does not run
    through itself.

    Stopped with Ctrl-C, the same command goes on with the first sheet that is not there: one that was drawn
    of the same by the same program is left as it is.
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    compute_on_one_thread()
    from .animals_choice import chosen_individuals, chosen_species
    from .animals_sheet_command import SheetOptions, draw_sheets, sheet_paths
    from .late_progress import LateProgress
    from .named_files import need_canonical, open_prior, prior_path

    paths = sheet_paths(chosen_species(species), output, format_)
    numbers = chosen_individuals(individuals)
    if poses:
        need_canonical(open_prior(prior), "rigs are posed by")  # before any animal is built
    options = SheetOptions(poses, prior_path(prior) if poses else None, seed, size, samples, device)
    with LateProgress() as progress:
        sheets = draw_sheets(paths, numbers, options, progress.advance, workers, overwrite=overwrite)
    for path in paths.values():
        print(f"sheet: {path}" if path in sheets.drawn else f"sheet: {path} (there already)")
