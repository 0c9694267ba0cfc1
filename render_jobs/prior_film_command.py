"""``pasyn prior film``: a clip, or a walk through a prior, on a rig: a contact sheet, or a moving picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pasyn_blender.errors import PriorError

from .one_thread import compute_on_one_thread

if TYPE_CHECKING:
    from pasyn_blender.anatomy.rotations import Array
    from pasyn_blender.scene.opened_rig import OpenedRig

    from .prior_sheet import Cell, Row

_MOST_GIF_RATE: Final = 15.0
_SHEET_PICTURE: Final = (300, 250)
_GIF_PICTURE: Final = (420, 350)


@dataclass(frozen=True)
class Motion:
    """Something that moves.

    Attributes
    ----------
    name
        What it is.
    rate
        Frames a second.
    rotations
        (F, J, 3, 3) canonical poses.
    clearance
        (F, 4) heights of the feet, or None where they are to be stood.
    height
        (F,) height of the root joint as a share of the stance's, or None where it follows from the feet.
    """

    name: str
    rate: float
    rotations: Array
    clearance: Array | None
    height: Array | None = None


def film(
    motion: Annotated[
        str,
        typer.Argument(
            metavar="PRIOR|CORPUS[:CLIP]",
            help="A prior (or built-in), of which a walk is shown, or a corpus and which of its clips: a "
            "name, an action or animal/clip, more after commas; * stands for anything.",
            show_default=False,
        ),
    ],
    rig: Annotated[
        list[str] | None,
        typer.Option(
            help="Rig or built-in animal to show it on; may be given again.  [default: zebra]",
            metavar="RIG",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Picture to write: .png a sheet, .gif moves.", metavar="FILE"),
    ] = Path("film.png"),
    frames: Annotated[
        int, typer.Option(help="Frames of a sheet, evenly spread.", metavar="N", min=1, max=200)
    ] = 8,
    seconds: Annotated[
        float, typer.Option(help="Length of a prior's walk.", metavar="SECONDS", min=0.1, max=600.0)
    ] = 4.0,
    seed: Annotated[int, typer.Option(help="Of a prior's walk.", metavar="S", min=0)] = 0,
    action: Annotated[
        str | None,
        typer.Option(help="A walk within poses of this action.", metavar="WORD", show_default=False),
    ] = None,
    views: Annotated[str, typer.Option(help="side, three-quarter, or both.", metavar="VIEWS")] = "side",
    rig_map: Annotated[
        Path | None,
        typer.Option("--rig-map", help="Map of a single rig.", metavar="YAML", show_default=False),
    ] = None,
) -> None:
    """Show motion on a rig, the ground under its feet: how retargeted poses look.

    \b
    Examples:
      pasyn prior film corpus.npz:Horse/Walk,Horse/Gallop --rig wolf.glb --rig fox.glb -o walk.png
      pasyn prior film corpus.npz:gallop -o gallop.gif
      pasyn prior film built-in --seconds 6 --action walk -o walk.gif
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    compute_on_one_thread()
    from pasyn_blender.scene.opened_rig import check_rig_source, open_rig

    from .late_progress import LateProgress
    from .layout import write_atomically
    from .prior_sheet import contact_sheet, moving_picture

    rigs = rig or ["zebra"]
    moving = output.suffix.lower() == ".gif"
    if output.suffix.lower() not in (".png", ".gif"):
        raise PriorError(f"--output {output}: a film is written as .png or .gif")
    if rig_map is not None and len(rigs) > 1:
        raise PriorError("--rig-map is the map of one rig; give one --rig")
    for each in rigs:
        check_rig_source(each)
    angles = _views(views)
    motions = _motions(motion, seconds, seed, action)
    if moving and len(motions) * len(rigs) > 1:
        found = f"{len(motions)} motions on {len(rigs)} rigs"
        raise PriorError(f"--output {output}: a moving picture shows one motion on one rig, not {found}")
    rows: list[Row] = []
    with LateProgress() as progress:
        for number, each in enumerate(rigs):
            progress.advance(f"opening {Path(each).name}", number / len(rigs))
            opened = open_rig(each, rig_map)
            shoot = _Camera(opened, _GIF_PICTURE if moving else _SHEET_PICTURE, angles)
            for place, one in enumerate(motions):
                progress.advance(f"{opened.name}: {one.name}", (number + place / len(motions)) / len(rigs))
                rows.append(shoot.row(one, _chosen(one, frames, moving)))
    if moving:
        (one,) = motions
        step = max(1, round(one.rate / _MOST_GIF_RATE))
        write_atomically(output, moving_picture(rows[0].cells, one.rate / step))
    else:
        write_atomically(output, contact_sheet(rows))
    print(f"film: {output}")


class _Camera:
    """Poses one rig and takes pictures of it."""

    def __init__(
        self, opened: OpenedRig, size: tuple[int, int], views: tuple[tuple[float, float], ...]
    ) -> None:
        from pasyn_blender.prior.limits import read_limits
        from pasyn_blender.scene.pose_pictures import PosePictures

        self._limits = read_limits()
        self._opened, self._views = opened, views
        self._standing = opened.standing
        self._pictures = PosePictures(opened, size)

    def row(self, motion: Motion, frames: list[int]) -> Row:
        """Return pictures of some frames of a motion."""
        from .prior_sheet import Row

        cells = tuple(self._cell(motion, frame) for frame in frames)
        return Row(f"{motion.name} on {self._opened.name}", cells)

    def _cell(self, motion: Motion, frame: int) -> Cell:
        import numpy as np

        from .prior_sheet import Cell

        clearance = None if motion.clearance is None else motion.clearance[frame]
        height = None
        if motion.height is not None and np.isfinite(motion.height[frame]):
            height = float(motion.height[frame])
        stand, _ = self._standing.pose_within(self._limits, motion.rotations[frame], clearance, height)
        heights = " ".join(
            "–" if not np.isfinite(foot) else f"{round(100 * float(foot))}" for foot in stand.clearance
        )
        return Cell(tuple(self._pictures.take(stand.vertices, self._views)), f"{frame}   feet {heights} %")


def _views(words: str) -> tuple[tuple[float, float], ...]:
    from pasyn_blender.scene.pose_pictures import SIDE, THREE_QUARTER

    known = {"side": (SIDE,), "three-quarter": (THREE_QUARTER,), "both": (SIDE, THREE_QUARTER)}
    if words not in known:
        raise PriorError(f"--views {words} is none of {', '.join(known)}")
    return known[words]


def _chosen(motion: Motion, frames: int, moving: bool) -> list[int]:
    count = len(motion.rotations)
    if moving:
        return list(range(0, count, max(1, round(motion.rate / _MOST_GIF_RATE))))
    # The last frame of a loop is nearly the first: spread as if one more were there.
    return sorted({number * count // min(frames, count) for number in range(min(frames, count))})


def _motions(named: str, seconds: float, seed: int, action: str | None) -> list[Motion]:
    from pasyn_blender.prior.plain_arrays import array_names

    file, colon, pattern = named.partition(":")
    if colon and len(file) == 1 and file.isalpha():  # a drive's letter
        rest, colon, pattern = pattern.partition(":")
        file = f"{file}:{rest}"
    if "six" in array_names(Path(file)):
        return _clips(Path(file), pattern or "*")
    if colon:
        raise PriorError(f"{named}: {file} is no corpus, of which a clip could be chosen")
    return [_walk(named, seconds, seed, action)]


def _clips(file: Path, pattern: str) -> list[Motion]:
    from pasyn_blender.errors import CorpusError
    from pasyn_blender.prior.action_labels import fits
    from pasyn_blender.prior.corpus import check_corpus, read_corpus

    corpus = read_corpus(file)
    check_corpus(corpus, str(file))
    if not corpus.canonical:
        raise CorpusError(
            f"{file} has joints of its own ({', '.join(corpus.joints[:3])}, …), by which no rig can be posed"
        )

    def wanted(clip: Any) -> bool:
        full = f"{clip.animal}/{clip.name}"
        return any(
            fits(each, full) if "/" in each else fits(each, clip.name) or fits(each, clip.action)
            for each in pattern.split(",")
        )

    clips = [clip for clip in corpus.clips if wanted(clip)]
    if not clips:
        names = ", ".join(f"{clip.animal}/{clip.name}" for clip in corpus.clips[:12])
        raise CorpusError(f"{file} has no clip {pattern!r}; it has {names}")
    return [
        Motion(f"{clip.animal}: {clip.name}", clip.rate, clip.rotations, clip.clearance, clip.height)
        for clip in clips
    ]


def _walk(named: str, seconds: float, seed: int, action: str | None) -> Motion:
    from .named_files import limits_for, need_canonical, open_prior, prior_path
    from .prior_sampling import motion

    prior = open_prior(named)
    need_canonical(prior, "rigs are posed by")
    rate = 30.0
    frames = prior.walk(max(2, round(seconds * rate)), seed, 60.0 / rate, action)
    made = motion(prior, frames, limits_for(prior, None, anything=False), lambda what, share: None)
    return Motion(f"walk through {prior_path(named).stem}", rate, made.poses.rotations, None)
