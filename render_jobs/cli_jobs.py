"""``pasyn job``: checking and showing jobs; and the job a command line describes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from pasyn_blender.errors import JobError

from .job import Job, job_from_rig, job_identity, load_job

app = typer.Typer(
    help="Check and show job files.", no_args_is_help=True, rich_markup_mode=None, add_completion=False
)

JobFile = Annotated[Path, typer.Argument(metavar="JOB", help="Job file (YAML).", show_default=False)]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change a setting: --set camera.elevation=[0,30].", metavar="KEY=VALUE"),
]


def load_command_line_job(
    job: Path | None,
    rig: Path | None,
    images: int | None = None,
    seed: int | None = None,
    settings: Sequence[str] = (),
) -> tuple[Job, str]:
    """Resolve the job a command line describes.

    Parameters
    ----------
    job
        Job file, or None.
    rig
        Model: the job's, or without a job file all there is.
    images, seed
        The job's own when None.
    settings
        ``key=value`` overrides; they win over the options.

    Returns
    -------
    The job, and a name for its output folder.

    Raises
    ------
    JobError
        Neither a job nor a rig is given, or one of them is wrong.
    """
    options = [f"{key}={value}" for key, value in (("images", images), ("seed", seed)) if value is not None]
    if job is not None:
        if rig is not None:
            # JSON strings are YAML strings, whatever the path contains.
            options.insert(0, f"rig={json.dumps(str(rig))}")
        return load_job(job, [*options, *settings]), job.stem
    if rig is None:
        raise JobError(
            "nothing to render: give a job file (pasyn run zebra.yaml) or a model (pasyn run --rig horse.glb)"
        )
    return job_from_rig(rig, overrides=[*options, *settings]), rig.stem


@app.command()
def check(job: JobFile, settings: Settings = None) -> None:
    """Check a job file, the files it names and its background photos, without rendering.

    Says what is wrong with file, line and key; exit code 2.
    """
    resolved = load_job(job, settings or [])
    identity = job_identity(resolved)
    subject = resolved.animal if resolved.rig is None else resolved.rig
    width, height = resolved.resolution
    print(f"{job}: {resolved.images} pictures of {resolved.species} ({subject}), {width} x {height}")
    print(f"  poses from {_pose_source(resolved)}")
    if resolved.backgrounds:
        from styles.backgrounds import list_photos

        library = list_photos(resolved.backgrounds)
        print(f"  {len(library.photos)} background photos")
        for warning in library.warnings:
            print(f"  warning: {warning}")
    print(f"  identity {identity[:12]}")


def _pose_source(job: Job) -> str:
    poses = job.poses
    share = f", {poses.share_of_actions:.0%} from its own actions" if poses.share_of_actions else ""
    if not poses.canonical:
        return "its own actions"
    if poses.source == "file":
        return f"{poses.file}{share}"
    return f"the prior {poses.file or 'that comes with the program'}{share}"


@app.command()
def show(job: JobFile, settings: Settings = None) -> None:
    """Print a job with every setting filled in, as YAML that is a job file itself."""
    import yaml

    resolved = load_job(job, settings or [])
    print(yaml.safe_dump(resolved.to_dict(), sort_keys=False, allow_unicode=True), end="")


@app.command()
def shot(
    job: JobFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write to.", metavar="DIR", show_default=False)
    ],
    index: Annotated[int, typer.Option(help="Which shot, from 0.", metavar="N", min=0, max=10_000_000)] = 0,
    rig_facts: Annotated[
        Path | None,
        typer.Option(
            "--rig-facts",
            help="rig.json of a run's folder; needed where poses come from the rig's own actions.",
            metavar="FILE",
        ),
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            help="Truth record of the shot (renders/000012.json), or - for standard input: the background is "
            "then what the dataset's camera sees behind the animal, a view of the shot's world too.",
            metavar="FILE",
        ),
    ] = None,
    settings: Settings = None,
) -> None:
    """Draw one shot of a job without rendering it.

    Writes shot.json, which says everything that decides the picture: poses to choose from, camera, light,
    coat and background; and background.png, what stands behind the animal: the part of a photo, or, with
    --truth, the view of a world. Blender's panel shows shots with it.
    """
    from .job_shot_command import draw_shot

    drawn = draw_shot(load_job(job, settings or []), index, output.absolute(), rig_facts, truth)
    where = drawn.shot.background.photo or f"a view of {drawn.shot.light.world}"
    print(f"shot {index}: {drawn.shot_path}")
    print(f"  background: {drawn.background_path or where}")
