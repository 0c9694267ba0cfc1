"""``pasyn prior sample``: poses from a prior that an animal can take, in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pasyn_blender.errors import PriorError

from .one_thread import compute_on_one_thread
from .prior_options import LimitsOption, RigMapOption

if TYPE_CHECKING:
    from pasyn_blender.prior.limits import JointLimits
    from pasyn_blender.prior.sampler import Prior

    from .prior_sampling import Advance, OnRig, Sampling

REASONS: Final = {
    "limits": "beyond the limits of joints",
    "collision": "limbs through one another",
    "skin": "the rig's skin through itself",
}
SOURCES: Final = ("prior", "normal", "posterior")


def sample(
    prior: Annotated[
        str | None,
        typer.Argument(
            metavar="[PRIOR]",
            help="Prior (.npz), with or without its ending; by default the built-in one.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="File of poses to write.", metavar="NPZ")
    ] = Path("poses.npz"),
    count: Annotated[
        int, typer.Option("--count", "-n", help="How many poses.", metavar="N", min=1, max=1_000_000)
    ] = 1000,
    seed: Annotated[int, typer.Option(help="Other seed, other poses.", metavar="S", min=0)] = 0,
    sigma: Annotated[
        float, typer.Option(help="Spread; 0 gives poses that were learnt from.", metavar="SIGMA", min=0.0)
    ] = 1.0,
    source: Annotated[
        str,
        typer.Option(
            help="prior: as dense as the poses it has learnt; posterior: near each of them; normal: a "
            "standard normal of the latents, which fills less of them.",
            metavar="SOURCE",
        ),
    ] = "prior",
    action: Annotated[
        str | None, typer.Option(help="Only poses of this action.", metavar="WORD", show_default=False)
    ] = None,
    species: Annotated[
        str | None, typer.Option(help="Only poses of this species.", metavar="WORD", show_default=False)
    ] = None,
    around: Annotated[
        str | None,
        typer.Option(
            help="Vary one pose: of a file of poses or a corpus, its row counted from 0.",
            metavar="FILE[:ROW]",
            show_default=False,
        ),
    ] = None,
    spread: Annotated[
        float, typer.Option(help="How far --around goes; 0 is the pose itself.", metavar="SPREAD", min=0.0)
    ] = 1.0,
    between: Annotated[
        str | None,
        typer.Option(
            help="-n frames from one pose to another.", metavar="FILE:ROW,[FILE:]ROW", show_default=False
        ),
    ] = None,
    walk: Annotated[
        float | None,
        typer.Option(
            help="A smooth motion of so many seconds through the poses.",
            metavar="SECONDS",
            min=0.05,
            max=86400.0,
            show_default=False,
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(help="Frames a second of --walk.", metavar="FPS", min=1.0, max=1000.0)
    ] = 30.0,
    speed: Annotated[
        float,
        typer.Option(
            help="Degrees a second that joints turn in --walk, in the mean.", metavar="DEGREES", min=0.1
        ),
    ] = 60.0,
    limits: LimitsOption = None,
    anything: Annotated[
        bool, typer.Option("--any", help="Neither limits nor a test for collisions: what the prior gives.")
    ] = False,
    rig: Annotated[
        str | None,
        typer.Option(
            help="Also stand the poses on this rig (or zebra), and turn down those in which its skin runs "
            "through itself.",
            metavar="RIG",
            show_default=False,
        ),
    ] = None,
    rig_map: RigMapOption = None,
) -> None:
    """Draw poses that an animal can take.

    Poses beyond the joints' limits are brought inside them or, where much is amiss, turned down, as are those
    in which limbs run through one another; others are drawn in their place. Then each is stood on the ground.
    More poses of the same seed extend those there were. With --rig, poses are written as the rig stands in
    them, its legs bent to the ground.

    \b
    Examples:
      pasyn prior sample -n 5000 -o poses.npz
      pasyn prior sample horses.npz --action walk --rig horse.glb -o walking.npz
      pasyn prior sample --around poses.npz:17 --spread 0.5 -n 100 -o near_17.npz
      pasyn prior sample --walk 10 --rate 30 -o motion.npz
      pasyn run --rig horse.glb --set 'poses={source: file, file: poses.npz}'

    \b
    The file holds, to be read with numpy.load:
      joints (J,) names; rotations (N, J, 3, 3) relative to the parent joint, the identity in the canonical
      stance; root (N, 3) and clearance (N, 4) of the feet above ground, in trunk lengths; header, JSON.
    """  # noqa: D301 - click's mark for "keep these lines" is the character backspace
    compute_on_one_thread()
    from pasyn_blender.prior.pose_file import PoseSet, write_poses

    from .late_progress import LateProgress
    from .named_files import limits_for, need_canonical, open_prior, prior_path

    _check(output, source, around, between, walk, rig, anything, limits)
    if rig_map is not None and rig is None:
        raise PriorError("--rig-map is the map of a rig; name the rig with --rig")
    found = open_prior(prior)
    if rig is not None:
        need_canonical(found, "rigs are posed by")
    allowed = limits_for(found, limits, anything)
    asked: dict[str, Any] = {"sigma": sigma, "source": source, "action": action, "species": species}
    with LateProgress() as progress:
        on_rig = None if rig is None else _on_rig(rig, rig_map, found, allowed)
        if walk is not None:
            made = _walk(found, walk, rate, speed, seed, asked, allowed, progress.advance)
        elif between is not None:
            made = _between(found, between, count, allowed, progress.advance)
        else:
            made = _draw(found, count, seed, asked, around, spread, allowed, on_rig, progress.advance)
    header = {
        "prior": {"name": prior_path(prior).stem, "sha256": found.card.get("arrays_sha256", "")},
        "seed": seed,
        "acceptance": round(made.acceptance, 6),
        "turned_down": dict(made.turned_down),
        "licence": found.card.get("licence", ""),
        **_how(asked, around, spread, between, walk, rate),
        **({} if rig is None else {"rig": Path(rig).name}),
    }
    poses = made.poses
    write_poses(PoseSet(poses.joints, poses.rotations, poses.root, poses.clearance, header), output)
    moving = walk is not None or between is not None
    for line in _lines(made, found, allowed, moving, rate if walk is not None else None):
        print(line)
    print(f"poses: {output}")


def _check(
    output: Path,
    source: str,
    around: str | None,
    between: str | None,
    walk: float | None,
    rig: str | None,
    anything: bool,
    limits: Path | None,
) -> None:
    given = [
        name
        for name, value in (("--around", around), ("--between", between), ("--walk", walk))
        if value is not None
    ]
    if len(given) > 1:
        raise PriorError(f"{' and '.join(given)} ask for different poses; give one of them")
    if given and given[0] != "--around" and rig is not None:
        raise PriorError(
            f"{given[0]} is a motion, of which no frame can be turned down; leave --rig out, and look at it "
            "on a rig with `pasyn prior film`"
        )
    if anything and (limits is not None or rig is not None):
        other = "--limits" if limits is not None else "--rig"
        raise PriorError(f"--any takes every pose, {other} does not; give one of them")
    if source not in SOURCES:
        raise PriorError(f"--source {source} is none of {', '.join(SOURCES)}")
    if output.suffix != ".npz":
        raise PriorError(f"--output {output}: poses are written as .npz; give the file a name that ends so")
    if output.exists():
        from pasyn_blender.prior.plain_arrays import array_names

        if "rotations" not in array_names(output):
            raise PriorError(f"--output {output} is there and holds no poses; choose another name")
    if rig is not None:
        from pasyn_blender.scene.opened_rig import check_rig_source

        check_rig_source(rig)


def _on_rig(rig: str, rig_map: Path | None, prior: Prior, limits: JointLimits | None) -> OnRig:
    from pasyn_blender.scene.opened_rig import open_rig

    from .prior_sampling import OnRig

    assert limits is not None  # --any and other joints were refused
    return OnRig(open_rig(rig, rig_map), limits)


def _draw(
    prior: Prior,
    count: int,
    seed: int,
    asked: dict[str, Any],
    around: str | None,
    spread: float,
    limits: JointLimits | None,
    on_rig: OnRig | None,
    advance: Advance,
) -> Sampling:
    from .named_files import named_pose
    from .prior_sampling import drawn_candidates, near_candidates, sample_feasible

    if around is not None:
        candidates = near_candidates(prior, named_pose(around, prior), seed, spread)
    else:
        prior.sample_latents(1, seed, **asked)  # says what is wrong with the words before a bar is shown
        candidates = drawn_candidates(prior, seed, **asked)
    return sample_feasible(prior, count, candidates, limits, advance, on_rig)


def _walk(
    prior: Prior,
    seconds: float,
    rate: float,
    speed: float,
    seed: int,
    asked: dict[str, Any],
    limits: JointLimits | None,
    advance: Advance,
) -> Sampling:
    from .prior_sampling import motion

    frames = max(2, round(seconds * rate))
    advance("walking from pose to pose", 0.0)
    path = prior.walk(frames, seed, speed / rate, asked["action"], asked["species"])
    return motion(prior, path, limits, advance)


def _between(
    prior: Prior, between: str, count: int, limits: JointLimits | None, advance: Advance
) -> Sampling:
    from .named_files import named_pair
    from .prior_sampling import motion

    start, end = named_pair(between, prior)
    return motion(prior, prior.between(start, end, count), limits, advance)


def _how(
    asked: dict[str, Any],
    around: str | None,
    spread: float,
    between: str | None,
    walk: float | None,
    rate: float,
) -> dict[str, Any]:
    """What of the options decided the poses; of files only their names: equal poses are equal bytes."""
    if walk is not None:
        labels = {name: asked[name] for name in ("action", "species") if asked[name] is not None}
        return {"kind": "walk", "rate": rate, **labels}
    if between is not None:
        return {"kind": "between", "poses": ",".join(Path(part).name for part in between.split(","))}
    if around is not None:
        return {"kind": "around", "pose": Path(around).name, "spread": spread}
    return {"kind": "samples", **{name: value for name, value in asked.items() if value is not None}}


def _lines(
    made: Sampling, prior: Prior, limits: JointLimits | None, moving: bool, rate: float | None
) -> list[str]:
    import numpy as np

    from .prior_sampling import colliding, pace

    poses = made.poses
    lines = [f"{len(poses):,} poses of {len(prior.joints)} joints"]
    if not prior.canonical:
        lines.append(
            "joints of its own, not the canonical quadruped's: no limits, collisions or ground are known"
        )
    elif limits is None:
        lines.append("taken as they come: no limits, no test for collisions")
    elif not moving:
        why = ", ".join(
            f"{amount / made.tried:.1%} {REASONS[reason]}" for reason, amount in made.turned_down.items()
        )
        lines.append(
            f"accepted {made.acceptance:.1%} of the candidates" + (f"; turned down: {why}" if why else "")
        )
    if limits is not None and made.projected:
        lines.append(f"{made.projected:.1%} had a joint brought inside its limits")
    if moving:
        mean, most = pace(poses.rotations)
        each = "" if rate is None else f", {mean * rate:.0f}° a second at {rate:g} frames a second"
        lines.append(f"joints turn {mean:.2f}° a frame in the mean{each}; at most {most:.2f}°")
        if prior.canonical:
            lines.append(f"limbs run through one another in {colliding(poses.rotations):.1%} of the frames")
    if np.isfinite(poses.clearance).any():
        feet = (poses.clearance < 0.01).sum(axis=1)
        shown = ", ".join(f"{number}: {(feet == number).mean():.0%}" for number in range(5))
        lines.append(
            f"feet on the ground: {shown}; lowest foot {100 * float(np.nanmin(poses.clearance)):.2f} % of "
            "the trunk above it"
        )
    return lines
