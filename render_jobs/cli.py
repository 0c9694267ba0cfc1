"""The ``pasyn`` program.

Only what a command needs is imported, and only when it runs: ``pasyn status`` must not wait for numpy, nor
``pasyn run`` before Blender has begun to start.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from pasyn_blender.errors import PasynError

from .cli_animals import app as animals_app
from .cli_jobs import app as job_app
from .cli_jobs import load_command_line_job
from .cli_prior import app as prior_app
from .cli_rigs import app as rig_app
from .cli_style import app as style_app
from .restyle_command import Backgrounds, Source, Style, Target

if TYPE_CHECKING:
    from .finish import Dataset

FAILED: Final = 2
"""Exit code: something the user brought is wrong; the message says what."""

INCOMPLETE: Final = 3
"""Exit code: a dataset was delivered, but not with all its pictures."""

app = typer.Typer(
    name="pasyn",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
app.add_typer(job_app, name="job")
app.add_typer(rig_app, name="rig")
app.add_typer(prior_app, name="prior")
app.add_typer(animals_app, name="animals")
app.add_typer(style_app, name="style")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of a run.", show_default=False)]


def main() -> None:
    """Run the program; the exit code is 0, 2 (input is wrong), 3 (pictures left out) or 128 + signal."""
    code = _run()
    if "bpy" in sys.modules:
        # Blender's own clean-up can hang or crash after everything is written, and chatters on the way.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _run() -> int:
    try:
        code = _run_app()
        sys.stdout.flush()  # here, where a failure is explained
        return code
    except PasynError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # Whoever read our output (head, less) has seen enough; what is still unwritten has no reader.
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
    except OSError as error:
        # Our own files are looked after where they are written; this is our output going to a full disk,
        # or a disk that went away.
        print(f"error: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr)
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
        return FAILED
    return 0


def _run_app() -> int:
    try:
        app()
    except SystemExit as end:  # how typer ends
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    return 0


def _show_version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        print(f"pasyn {importlib.metadata.version('pasyn')}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Make labelled pictures of an animal from a rigged 3D model.

    \b
    One YAML file in, one COCO dataset out:
      pasyn run zebra.yaml                     24 zebras with keypoints, masks and boxes in runs/zebra
      pasyn run --rig horse.glb --images 500   from a model, without a job file
      pasyn status runs/zebra                  how far it is
      pasyn rig map horse.glb                  where the joints and keypoints of a model are found
      pasyn job show zebra.yaml                every setting there is, with its value
      pasyn prior corpus horse.glb -o h.npz    collect poses to learn from
      pasyn animals list                       which animals are built in
      pasyn style train photos -o look.safetensors   learn the look of photos
      pasyn restyle runs/zebra -o runs/zebra-2 --style none   other pictures of the same renders

    A run that was stopped goes on when the same command is given again: nothing is rendered twice.
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace


@app.command()
def run(
    job: Annotated[
        Path | None,
        typer.Argument(metavar="JOB", help="Job file (YAML); not needed with --rig.", show_default=False),
    ] = None,
    rig: Annotated[
        Path | None,
        typer.Option(help="Model (.blend .glb .gltf .fbx); alone, or in place of the job's.", metavar="FILE"),
    ] = None,
    images: Annotated[
        int | None, typer.Option(help="How many pictures.", metavar="N", min=1, max=10_000_000)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Other seed, other pictures.", metavar="S", min=0, max=2**63 - 1)
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Blender processes at a time. One process uses all cores, so more pay off only beyond some "
            "16 cores each.",
            metavar="W",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Output folder; by default runs/<job name>.", metavar="DIR")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change a setting: --set camera.elevation=[0,30].", metavar="KEY=VALUE"),
    ] = None,
    blender: Annotated[
        Path | None,
        typer.Option(help="Render with this Blender rather than the bpy module.", metavar="PATH"),
    ] = None,
    report: Annotated[bool, typer.Option(help="Write report.html at the end.")] = True,
    retry_quarantined: Annotated[
        bool, typer.Option("--retry-quarantined", help="Try shots again that were given up.")
    ] = False,
) -> None:
    """Render a job, or what is missing of it, and write the dataset.

    \b
    Examples:
      pasyn run zebra.yaml
      pasyn run zebra.yaml --images 2000            more pictures; those that are there stay as they are
      pasyn run zebra.yaml --set resolution=[512,512] --set render.samples=32 --out runs/zebra-512
      pasyn run --rig horse.glb --images 50 --set backgrounds=[photos/meadow]
      pasyn run --rig horse.glb --set poses=actions  moments of the model's own actions, not learnt poses

    \b
    In the output folder:
      images/                the pictures
      annotations/all.json   COCO: keypoints, masks (RLE), boxes; also train.json and val.json
      report.html            all at a glance
      renders/               what Blender made, with 3D joints, camera and pose of each picture
      manifest.json          versions, hashes, seconds
      quarantine/            why shots were left out, if any were

    \b
    Exit code: 0 all pictures delivered, 3 some were left out, 2 something is wrong with the input
    (the message says what), 130 stopped with Ctrl-C. The same command goes on where a run stopped.
    """  # noqa: D301
    from .blender_program import use_program
    from .parent_watch import stop_with_parent
    from .progress import Progress
    from .runner import Interrupted, RunOptions, run_job

    stop_with_parent()
    resolved, name = load_command_line_job(job, rig, images, seed, settings or [])
    folder = out if out is not None else Path("runs") / name
    if blender is not None:
        use_program(blender)
    options = RunOptions(folder.absolute(), workers, blender, retry_quarantined)
    try:
        dataset = run_job(resolved, options, Progress())
    except Interrupted as stop:
        print(f"stopped; the same command goes on where this one stopped ({folder})", file=sys.stderr)
        raise typer.Exit(128 + stop.number) from None
    _deliver(dataset, folder, report)


@app.command()
def finish(
    folder: Folder,
    report: Annotated[bool, typer.Option(help="Write report.html at the end.")] = True,
) -> None:
    """Make a dataset of what is rendered.

    For the shards of a cluster, or a run that will not go on. Writes images, annotations, manifest and
    report, and says which shots are missing. It can be called while shards still render, and again later:
    pictures that are there are not made again.
    """
    from .finish import finish_folder

    dataset = finish_folder(folder.absolute())
    _deliver(dataset, folder, report)


def _deliver(dataset: Dataset, folder: Path, report: bool) -> None:
    from .manifest import read_manifest

    per_picture = read_manifest(dataset.folder).get("seconds", {}).get("per_picture", {}).get("mean")
    pace = "" if per_picture is None else f", {per_picture:.2f} s to render one"
    print(f"{dataset.delivered} of {dataset.planned} pictures in {folder}{pace}")
    if dataset.without_animal:
        print(f"  no pixel shows the animal: {_numbers(dataset.without_animal)}; they have no annotation")
    if dataset.quarantined:
        print(f"  left out after failing twice: {_numbers(dataset.quarantined)}; see {folder / 'quarantine'}")
    if dataset.missing:
        print(f"  not rendered: {_numbers(dataset.missing)}; pasyn run, or their shards again, render them")
    print(f"  annotations: {folder / 'annotations' / 'all.json'}")
    if report:
        from .report import write_report

        write_report(dataset.folder)
        print(f"  report: {folder / 'report.html'}")
    if dataset.quarantined or dataset.missing:
        raise typer.Exit(INCOMPLETE)


def _numbers(shots: tuple[int, ...]) -> str:
    shown = ", ".join(str(index) for index in shots[:10])
    return f"{len(shots)} (shots {shown}{', …' if len(shots) > 10 else ''})"


@app.command()
def restyle(
    source: Source,
    out: Target,
    style: Style = None,
    backgrounds: Backgrounds = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change composition, style, camera_look, backgrounds or split.", metavar="KEY=VALUE"
        ),
    ] = None,
    report: Annotated[bool, typer.Option(help="Write report.html at the end.")] = True,
) -> None:
    """Make a second dataset of finished renders, with another look; nothing is rendered.

    \b
    Examples:
      pasyn restyle runs/zebra -o runs/zebra-plain --style none --set composition=none
      pasyn restyle runs/zebra -o runs/zebra-farm --backgrounds photos/farm
      pasyn restyle runs/zebra -o runs/zebra-hidden --set composition.occluded=0.8

    Keypoints, boxes and masks stay what they are, but for what something in front hides. The same command
    goes on where it was stopped. Exit codes as those of pasyn run.
    """  # noqa: D301
    from .restyle_command import restyle_folder

    _deliver(restyle_folder(source, out, style, backgrounds, settings), out, report)


@app.command()
def status(
    folder: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say how far a run is.

    Shows what is planned, rendered and left out, pace, time left, and what each worker does. Reads files
    only, so it works from another machine and for the shards of a cluster.
    """
    from .status import read_status, status_lines

    found = read_status(folder)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, sort_keys=True))
    else:
        print("\n".join(status_lines(found)))


@app.command()
def report(
    folder: Folder,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="COCO file of real photos of such an animal, to compare where keypoints lie.", metavar="JSON"
        ),
    ] = None,
) -> None:
    """Write report.html, the dataset at a glance."""
    from .output_folder import read_job
    from .report import write_report

    read_job(folder)
    print(write_report(folder, reference))


if __name__ == "__main__":
    main()
