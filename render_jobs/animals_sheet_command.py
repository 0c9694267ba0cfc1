"""``pasyn animals sheet``: pictures of individuals at rest and in poses of a prior, to judge them by eye."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pasyn_blender.errors import OutputError
from pasyn_blender.scene.silence import in_silence

from .animals_choice import Choice
from .layout import write_atomically

if TYPE_CHECKING:
    from pasyn_blender.scene.canonical_posing import CanonicalPosing
    from pasyn_blender.scene.opened_rig import OpenedRig
    from pasyn_blender.scene.portraits import Portraits

    from .pose_plan import PosePlan
    from .prior_sheet import Cell, Row

MOST_POSES: Final = 32
"""Poses that are worked out together: a row has no more."""

_REST: Final = (58.0, 8.0)
"""Azimuth and elevation of the animal at rest: three-quarter, more side than front."""

_POSES: Final = ((90.0, 6.0), (40.0, 10.0), (125.0, 10.0), (-70.0, 8.0), (75.0, 14.0), (20.0, 8.0),
                 (160.0, 12.0), (-120.0, 10.0))  # fmt: skip
"""The same of poses, one after another: a defect that one side hides another shows."""

_OWN_ACTIONS: Final = 12
"""Actions of the animal that show how its skin moves: more tell nothing new, and take seconds each."""

Advance = Callable[[str, float], None]
"""Told what is being done, and the share of all that is done."""


@dataclass(frozen=True)
class SheetOptions:
    """How a sheet is drawn.

    Attributes
    ----------
    poses
        Poses a row, up to :data:`MOST_POSES`.
    prior
        Prior that they are drawn from; ``None`` is the built-in one.
    seed
        Other seed, other poses.
    size
        Width and height of a picture in pixels.
    samples
        Samples a pixel.
    device
        What Cycles renders on: cpu, or a kind of graphics card.
    """

    poses: int = 8
    prior: Path | None = None
    seed: int = 0
    size: int = 512
    samples: int = 16
    device: str = "cpu"


def sheet_paths(species: Sequence[str], output: Path) -> dict[str, Path]:
    """File of each species' sheet: the .png that is named, or ``<species>.png`` in a folder.

    Raises
    ------
    OutputError
        Several sheets would have one name, or it is that of another kind of file.
    """
    if output.suffix.lower() == ".png" and not output.is_dir():
        if len(species) > 1:
            raise OutputError(f"--output {output}: {len(species)} species need a folder, one picture each")
        return {species[0]: output}
    if output.suffix and not output.is_dir():
        raise OutputError(f"--output {output}: a sheet is written as .png; or name a folder")
    return {name: output / f"{name}.png" for name in species}


def draw_sheets(
    paths: dict[str, Path], individuals: Sequence[int], options: SheetOptions, advance: Advance
) -> None:
    """Draw a sheet of each species: a row an individual, at rest and in its own poses.

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

    Raises
    ------
    PasynError
        An animal cannot be built, the prior cannot be read or poses none, Blender cannot render, or a sheet
        cannot be written.
    """
    from .prior_sheet import contact_sheet

    poses = _poses(options)
    steps = _Steps(advance, len(paths) * len(individuals) * (options.poses + 2))
    for species, path in paths.items():
        rows = [_row(Choice(species, individual), poses, options, steps) for individual in individuals]
        write_atomically(path, contact_sheet(rows))
    advance("", 1.0)


class _Steps:
    """Counts steps of about equal length: a picture, or the building of an animal."""

    def __init__(self, advance: Advance, count: int) -> None:
        self._advance, self._count = advance, count
        self._done = 0

    def begin(self, what: str) -> None:
        """Tell that the next step begins."""
        self._advance(what, self._done / self._count)
        self._done += 1


def _poses(options: SheetOptions) -> PosePlan | None:
    if not options.poses:
        return None
    import numpy as np

    from .job_schema import PoseSettings
    from .pose_plan import PosePlan

    def stream(index: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(index,)))

    return PosePlan(PoseSettings(file=options.prior), options.seed, stream)


def _row(choice: Choice, poses: PosePlan | None, options: SheetOptions, steps: _Steps) -> Row:
    from pasyn_blender.scene.opened_rig import open_rig
    from pasyn_blender.scene.portraits import Portraits

    from .prior_sheet import Row

    steps.begin(f"{choice.name}: building")
    with in_silence():
        opened = open_rig(f"{choice.species}:{choice.individual}")
        vertices = opened.geometry.vertices
        camera = Portraits(vertices, opened.rig_map.body_frame, options.size, options.samples, options.device)
    steps.begin(f"{choice.name}: at rest")
    cells = [_rest(opened, camera)]
    if poses is not None:
        posing = _posing(opened)
        for number in range(options.poses):
            steps.begin(f"{choice.name}: pose {number + 1} of {options.poses}")
            candidates = poses.pose(choice.individual * MOST_POSES + number).candidates
            cells.append(_posed(posing, camera, candidates, number))
    return Row(f"{choice.species} {choice.individual}", tuple(cells))


def _rest(opened: OpenedRig, camera: Portraits) -> Cell:
    from pasyn_blender.scene.portraits import PortraitView

    from .prior_sheet import Cell

    vertices = opened.geometry.vertices
    upright = vertices @ opened.rig_map.body_frame.T
    _, length, height = upright.max(axis=0) - upright.min(axis=0)
    with in_silence():
        picture = camera.take(vertices, PortraitView(*_REST))
    return Cell((picture,), f"at rest, {length:.2f} m long and {height:.2f} m high")


def _posing(opened: OpenedRig) -> CanonicalPosing:
    from pasyn_blender.prior.limits import read_limits

    actions = opened.rig.actions or ()
    step = max(1, -(-len(actions) // _OWN_ACTIONS))
    with in_silence():
        return replace(opened, rig=replace(opened.rig, actions=actions[::step])).canonical_posing(
            read_limits()
        )


def _posed(posing: CanonicalPosing, camera: Portraits, candidates: Any, number: int) -> Cell:
    from pasyn_blender.scene.canonical_posing import from_turns
    from pasyn_blender.scene.portraits import PortraitView

    from .prior_sheet import Cell

    with in_silence():
        taken = posing.take([from_turns(turns) for turns in candidates])
        picture = camera.take(taken.vertices, PortraitView(*_POSES[number % len(_POSES)]))
    through = "" if taken.passes else f", {taken.self_intersection:.1%} of the skin through itself"
    return Cell((picture,), f"pose {number + 1}{through}")
