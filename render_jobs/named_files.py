"""Priors and single poses as people name them on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pasyn_blender.anatomy.rotations import Array
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.corpus import read_corpus
from pasyn_blender.prior.limits import JointLimits, read_limits
from pasyn_blender.prior.plain_arrays import array_names
from pasyn_blender.prior.pose_file import read_poses
from pasyn_blender.prior.prior_file import read_prior
from pasyn_blender.prior.sampler import Prior

from .job_schema import BUILT_IN_PRIOR

BUILT_IN = "built-in"
"""What the prior that comes with the program is called."""


def prior_path(named: str | None) -> Path:
    """Path of a prior: of its .npz, of its card, or of both without ending; None is the built-in one."""
    if named is None or named == BUILT_IN:
        if not BUILT_IN_PRIOR.is_file():
            raise PriorError(
                "this installation has no built-in prior (assets/priors/quadruped.npz); name one, which "
                "`pasyn prior train` makes from a corpus"
            )
        return BUILT_IN_PRIOR
    path = Path(named)
    if path.suffix == ".json":
        return path.with_suffix(".npz")
    return path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")


def open_prior(named: str | None) -> Prior:
    """Read a prior; see :func:`prior_path`.

    Raises
    ------
    PriorError
        It is missing or damaged.
    """
    path = prior_path(named)
    members = array_names(path)
    if members & {"six", "poses", "rotations"}:
        kind = "a corpus" if "six" in members else "a file of poses"
        raise PriorError(f"{path} is {kind}, not a prior; `pasyn prior train` makes one from a corpus")
    return read_prior(path)


def need_canonical(prior: Prior, what: str) -> None:
    """Refuse a prior of other joints than those that every mapped rig has.

    Raises
    ------
    PriorError
        Names the first joints.
    """
    if not prior.canonical:
        shown = ", ".join(prior.joints[:3])
        raise PriorError(
            f"the prior has {len(prior.joints)} joints of its own ({shown}, …), not those of the canonical "
            f"quadruped that {what}; train one on a corpus made from rigs"
        )


def limits_for(prior: Prior, file: Path | None, anything: bool) -> JointLimits | None:
    """Joint limits for a prior's poses; None where none are asked for, or none are known of its joints.

    Raises
    ------
    PriorError
        A file of limits is given for a prior of other joints.
    """
    if file is not None:
        need_canonical(prior, "joint limits are stated for")
    return None if anything or not prior.canonical else read_limits(file)


def named_pose(named: str, prior: Prior) -> Array:
    """(J, 3, 3) pose of ``FILE`` or ``FILE:ROW``; the file is one of sampled poses, or a corpus.

    Raises
    ------
    PriorError, CorpusError
        The file cannot be read, has no such row, or is over other joints than the prior.
    """
    file, row = _file_and_row(named)
    path = Path(file)
    if "six" in array_names(path):
        corpus = read_corpus(path)
        prior.check_joints(corpus.joints)
        poses = np.concatenate(
            [np.zeros((0, len(corpus.joints), 3, 3)), *(c.rotations for c in corpus.clips)]
        )
    else:
        found = read_poses(path)
        prior.check_joints(found.joints)
        poses = found.rotations
    if not -len(poses) <= row < len(poses):
        raise PriorError(f"{named}: {file} has {len(poses)} poses, counted from 0")
    return np.asarray(poses[row], dtype=np.float32)


def named_pair(named: str, prior: Prior) -> tuple[Array, Array]:
    """Two poses of ``A:ROW,B:ROW``; a second row without its file is of the first's.

    Raises
    ------
    PriorError, CorpusError
        There are not two, or one of them cannot be read.
    """
    first, comma, second = named.partition(",")
    if not comma or not second:
        raise PriorError(f"--between {named}: write two poses, as poses.npz:3,poses.npz:8 or poses.npz:3,8")
    if second.lstrip("-").isdigit():
        second = f"{_file_and_row(first)[0]}:{second}"
    return named_pose(first, prior), named_pose(second, prior)


def _file_and_row(named: str) -> tuple[str, int]:
    file, colon, row = named.rpartition(":")
    if colon and row.lstrip("-").isdigit():
        return file, int(row)
    return named, 0
