"""Renders the shots of a job into its output folder, one after another, in this process.

Each shot's picture gets its final name first and its truth last, so a truth file that names the picture's
hash is the sign that both are complete.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from pasyn_blender.annotation.truth import truth_json
from pasyn_blender.errors import OutputError, PasynError, RenderError
from pasyn_blender.rig.rig_map_file import rig_map_text
from pasyn_blender.scene.render_settings import RenderOptions
from pasyn_blender.scene.stage import Animal, Stage

from . import layout
from .animal_source import AnimalSource, rig_facts
from .finished_renders import read_render, read_shots, shot_digest
from .job import Job, job_identity
from .plan import RigFacts, plan
from .png_files import plain_png
from .shards import WHOLE, Shard
from .shot import Shot

Tell = Callable[..., None]
"""Called with an event's kind and its values: ``tell("done", index=3, seconds=0.2)``."""


@dataclass(frozen=True)
class LoopOptions:
    """What of a job one process renders.

    Attributes
    ----------
    shard
        Its part of the shots.
    only
        Indices to render, whatever the shard, and even if they were given up before; empty means all of the
        shard.
    max_shots
        It ends after so many, for a fresh process to go on.
    """

    shard: Shard = WHOLE
    only: tuple[int, ...] = ()
    max_shots: int | None = None


@dataclass
class Outcome:
    """What became of the shots.

    Attributes
    ----------
    rendered, failed
        Indices.
    unfinished
        Whether shots are left because ``max_shots`` or a request to stop ended the loop.
    """

    rendered: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    unfinished: bool = False


def render_shots(
    job: Job,
    folder: Path,
    options: LoopOptions,
    tell: Tell,
    should_stop: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Render what is missing of a job's shots.

    Parameters
    ----------
    job
        The job.
    folder
        Output folder; created when missing.
    options
        Which shots.
    tell
        Hears the events "prepared", "start", "done", "failed", "recycle" and "finished".
    should_stop
        Asked between shots.

    Raises
    ------
    PasynError
        A mistake of the user's that concerns all shots: rig, map, device, output folder. What concerns one
        shot is told as "failed", and the loop goes on.
    """
    identity = job_identity(job)
    check_folder(folder, job, identity)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    source = AnimalSource(job, layout.rig_map_path(folder))
    facts = known_facts(folder)
    if facts is None:
        facts = write_facts(folder, job, source.load(source.first))
        source.settle_map()
    shots = folder_plan(folder, job, facts)
    tell("prepared")
    waiting = [shot for shot in _chosen(shots, options) if read_render(folder, shot, identity) is None]
    if not options.only:
        waiting = [shot for shot in waiting if not layout.quarantine_path(folder, shot.index).exists()]
    # Building an animal takes as long as ten pictures, so the shots of one follow each other; so do, for
    # the little it takes to change over, those that are posed alike.
    waiting.sort(key=lambda shot: (source.individual_of(shot), shot.pose is not None, shot.index))
    outcome = Outcome()
    stage: Stage | None = None
    with _objects_left_alone():
        for shot in waiting:
            if should_stop():
                outcome.unfinished = True
                return outcome
            if options.max_shots is not None and len(outcome.rendered) >= options.max_shots:
                outcome.unfinished = True
                tell("recycle")
                return outcome
            tell("start", index=shot.index)
            began = time.perf_counter()
            if stage is None:
                # What goes wrong here would go wrong with every shot.
                stage = Stage(source.load(source.individual_of(shot)), render_options(job))
                if any(one.pose is not None for one in waiting):
                    stage.prepare_posing()
            try:
                animal = source.load(source.individual_of(shot))
                if stage.animal is not animal:
                    stage.replace_animal(animal)
                render_shot(stage, shot, folder, identity)
            except OutputError:
                raise
            except PasynError as error:
                outcome.failed.append(shot.index)
                tell("failed", index=shot.index, message=str(error))
                continue
            except Exception as error:
                outcome.failed.append(shot.index)
                tell("failed", index=shot.index, message=f"{type(error).__name__}: {error}")
                continue
            outcome.rendered.append(shot.index)
            tell("done", index=shot.index, seconds=round(time.perf_counter() - began, 4))
    tell("finished")
    return outcome


def render_options(job: Job) -> RenderOptions:
    """Return the render settings of a job as the scene takes them."""
    render = job.render
    return RenderOptions(
        size=job.resolution,
        engine=render.engine,
        samples=render.samples,
        denoise=render.denoise,
        device=render.device,
        passes=render.passes,
    )


def render_shot(stage: Stage, shot: Shot, folder: Path, identity: str) -> None:
    """Render one shot and write its files.

    Raises
    ------
    PasynError
        The shot cannot be rendered, or the folder cannot be written.
    """
    picture = layout.render_path(folder, shot.index)
    partial = layout.partial_path(picture)
    passes = {name: layout.pass_path(folder, shot.index, name) for name in stage.options.passes}
    try:
        truth = stage.render(shot, partial, passes)
        png = plain_png(partial.read_bytes(), str(picture), stage.options.size)
        layout.write_atomically(picture, png)
    finally:
        partial.unlink(missing_ok=True)
    record = truth_json(
        truth,
        index=shot.index,
        shot_sha256=shot_digest(shot),
        identity=identity,
        image_sha256=hashlib.sha256(png).hexdigest(),
    )
    layout.write_atomically(layout.truth_path(folder, shot.index), record)


def check_folder(folder: Path, job: Job, identity: str) -> None:
    """Make an output folder this job's, or check that it is; several processes may do so at once.

    Raises
    ------
    OutputError
        It cannot be written, or belongs to another job.
    """
    from .output_folder import identity_path, read_identity, read_job

    found = read_identity(folder)
    if found is not None and found != identity:
        raise OutputError(
            f"{folder} holds the renders of another job (identity {found[:12]}, this job's is "
            f"{identity[:12]}); choose another folder with --out, or delete it"
        )
    layout.create_folder(layout.renders_folder(folder))
    if found is None:
        record = json.dumps({"identity": identity}, sort_keys=True) + "\n"
        layout.write_atomically(identity_path(folder), record.encode())
    path = layout.job_path(folder)
    if not path.is_file() or _follows(job, read_job(folder)):
        resolved = json.dumps(job.to_dict(), sort_keys=True, indent=2) + "\n"
        layout.write_atomically(path, resolved.encode())


def _follows(job: Job, before: Job) -> bool:
    """Whether a job takes the place of what a folder has: it may grow, and get another look."""
    return job.images >= before.images and job != before


def known_facts(folder: Path) -> RigFacts | None:
    """Facts another process of the same job has written; None where there are none, or no map with them."""
    from .planning import read_rig_facts

    if not layout.rig_map_path(folder).is_file():
        return None
    try:
        return read_rig_facts(folder)
    except OutputError:
        return None


def write_facts(folder: Path, job: Job, animal: Animal) -> RigFacts:
    """Write ``rig_map.yaml``, unless there is one, and ``rig.json``."""
    facts = rig_facts(animal, job.animal or (job.rig.name if job.rig else ""))
    path = layout.rig_map_path(folder)
    if not path.is_file():
        layout.write_atomically(path, rig_map_text(animal.rig_map).encode())
    record = json.dumps(facts.to_dict(), sort_keys=True) + "\n"
    layout.write_atomically(layout.rig_facts_path(folder), record.encode())
    return facts


def folder_plan(folder: Path, job: Job, facts: RigFacts) -> list[Shot]:
    """Plan the shots of a job as the output folder has them.

    The photos behind the renders are in ``shots.jsonl`` where the runner has chosen them. Blender's own
    Python cannot look at photos, and needs none to render.
    """
    try:
        kept = read_shots(folder)
    except OutputError:
        kept = None
    if kept is not None and len(kept) >= job.images:
        return kept[: job.images]
    return plan(job, facts)


def _chosen(shots: Sequence[Shot], options: LoopOptions) -> list[Shot]:
    if options.only:
        by_index = {shot.index: shot for shot in shots}
        missing = [index for index in options.only if index not in by_index]
        if missing:
            raise RenderError(f"--only: found shot {missing[0]}; the job has shots 0 to {len(shots) - 1}")
        return [by_index[index] for index in options.only]
    return [shot for shot in shots if shot.index in options.shard]


@contextlib.contextmanager
def _objects_left_alone() -> Iterator[None]:
    """Spare the collector what was loaded before: it never goes away, and going through it takes time."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
