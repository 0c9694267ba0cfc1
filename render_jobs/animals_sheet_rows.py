"""One individual as a row of a sheet: at rest, and in poses of a prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pasyn_blender.scene.silence import in_silence

from .animals_choice import Choice

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

Begin = Callable[[str], None]
"""Told what begins: a picture, or the building of an animal."""


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
    samples: int = 8
    device: str = "cpu"

    @property
    def steps(self) -> int:
        """Steps of about equal length that a row takes."""
        return self.poses + 2


@lru_cache(maxsize=1)
def _poses(options: SheetOptions) -> PosePlan | None:
    if not options.poses:
        return None
    import numpy as np

    from .job_schema import PoseSettings
    from .pose_plan import PosePlan

    def stream(index: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(index,)))

    return PosePlan(PoseSettings(file=options.prior), options.seed, stream)


def sheet_row(choice: Choice, options: SheetOptions, begin: Begin, threads: int = 0) -> Row:
    """Draw one individual, in this process; the open file of Blender is emptied for it.

    Parameters
    ----------
    choice
        Which animal.
    options
        How.
    begin
        Told of each step of the work.
    threads
        Of the processor, for Cycles; 0 takes all.

    Raises
    ------
    PasynError
        The animal cannot be built, the prior cannot be read or poses none, or Blender cannot render.
    """
    from pasyn_blender.scene.opened_rig import open_rig
    from pasyn_blender.scene.portraits import Portraits

    from .prior_sheet import Row

    begin(f"{choice.name}: building")
    with in_silence():
        opened = open_rig(f"{choice.species}:{choice.individual}", motions=False)
        vertices, frame = opened.geometry.vertices, opened.rig_map.body_frame
        camera = Portraits(vertices, frame, options.size, options.samples, options.device, threads)
    begin(f"{choice.name}: at rest")
    cells = [_rest(opened, camera)]
    poses = _poses(options)
    if poses is not None:
        posing = _posing(opened)
        for number in range(options.poses):
            begin(f"{choice.name}: pose {number + 1} of {options.poses}")
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

    with in_silence():
        return opened.canonical_posing(read_limits())


def _posed(posing: CanonicalPosing, camera: Portraits, candidates: Any, number: int) -> Cell:
    from pasyn_blender.scene.canonical_posing import from_turns
    from pasyn_blender.scene.portraits import PortraitView

    from .prior_sheet import Cell

    with in_silence():
        taken = posing.take([from_turns(turns) for turns in candidates])
        picture = camera.take(taken.vertices, PortraitView(*_POSES[number % len(_POSES)]))
    through = "" if taken.passes else f", {taken.self_intersection:.1%} of the skin through itself"
    return Cell((picture,), f"pose {number + 1}{through}")
