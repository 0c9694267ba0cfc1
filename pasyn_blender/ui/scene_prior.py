"""The prior that a scene has chosen, read once and kept as long as its file stays the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import bpy

from ..errors import PriorError
from ..prior.collisions import CollisionTest, collision_test
from ..prior.latent_directions import LatentDirections, strongest_directions
from ..prior.limits import JointLimits, read_limits
from ..prior.plain_arrays import array_names
from ..prior.prior_file import read_prior
from ..prior.sampler import Prior
from .properties.pose import DIRECTIONS

_DIRECTIONS = "directions"

_Value = TypeVar("_Value")


def prior_path(scene: Any) -> Path:
    """File of the prior that a scene has chosen.

    Raises
    ------
    PriorError
        No file is chosen, or it is relative to a .blend that was never saved.
    """
    settings = scene.pasyn.pose
    if settings.prior == "built_in":
        package = Path(__file__).resolve().parent.parent
        # In a checkout `assets` lies beside the package; the extension carries it inside.
        places = [root / "assets" / "priors" / "quadruped.npz" for root in (package, package.parent)]
        return next((place for place in places if place.is_file()), places[0])
    named = settings.prior_file.strip()
    if not named:
        raise PriorError("choose the .npz file of a prior, or the built-in prior")
    if named.startswith("//") and not bpy.data.filepath:
        raise PriorError("save the .blend first, or choose a prior that is not relative to it")
    path = Path(bpy.path.abspath(named)).expanduser().absolute()
    return path.with_suffix(".npz") if path.suffix == ".json" else path


def scene_prior(scene: Any) -> Prior:
    """Read the prior that a scene has chosen.

    Raises
    ------
    PriorError
        It is missing, damaged, no prior, or over joints that rigs are not posed by.
    """
    path = prior_path(scene)
    try:
        found = [place.stat() for place in (path, path.with_suffix(".json"))]
        stamp = tuple((each.st_size, each.st_mtime_ns) for each in found)
    except OSError:
        stamp = ()  # reading it says what is wrong
    return _read(path, stamp)


@lru_cache(maxsize=2)
def _read(path: Path, _stamp: tuple[tuple[int, int], ...]) -> Prior:
    members = array_names(path)
    if members & {"six", "poses", "rotations"}:
        kind = "a corpus" if "six" in members else "a file of poses"
        raise PriorError(f"{path} is {kind}, not a prior; pasyn prior train makes one from a corpus")
    prior = read_prior(path)
    if not prior.canonical:
        shown = ", ".join(prior.joints[:3])
        raise PriorError(
            f"{path} was learnt on joints of its own ({shown}, …), not on those that rigs are posed by; "
            "train one on a corpus made from rigs"
        )
    return prior


def directions_of(prior: Prior) -> LatentDirections:
    """The strongest directions of a prior, one for each slider."""
    return derived_from(prior, _DIRECTIONS, lambda: strongest_directions(prior, DIRECTIONS))


def known_directions(scene: Any) -> LatentDirections | None:
    """The directions of a scene's prior where they were worked out already; None otherwise. For drawing."""
    try:
        prior = scene_prior(scene)
    except PriorError:
        return None
    found = _derived.get((id(prior), _DIRECTIONS))
    return found[1] if found is not None and found[0] is prior else None


@lru_cache(maxsize=1)
def joint_limits() -> JointLimits:
    """The shipped limits of the joints."""
    return read_limits()


@lru_cache(maxsize=1)
def collisions() -> CollisionTest:
    """The test for limbs that run through one another, on the canonical build."""
    return collision_test()


_derived: dict[tuple[int, str], tuple[Prior, Any]] = {}


def derived_from(prior: Prior, what: str, work: Callable[[], _Value]) -> _Value:
    """What follows from a prior, worked out once; ``what`` is a name for it."""
    key = (id(prior), what)
    if key not in _derived or _derived[key][0] is not prior:
        _derived[key] = (prior, work())
    value: _Value = _derived[key][1]
    return value


def forget() -> None:
    """Forget all priors."""
    _derived.clear()
    _read.cache_clear()
