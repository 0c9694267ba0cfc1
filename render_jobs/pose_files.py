"""Looks into the files that a job's poses come from: whether they are whole, and of joints that rigs have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pasyn_blender.anatomy.skeleton import JOINTS, joint_difference
from pasyn_blender.errors import PriorError
from pasyn_blender.prior.prior_card import check_belongs, read_card, read_content

from .job_schema import BUILT_IN_PRIOR

if TYPE_CHECKING:
    from pasyn_blender.prior.pose_file import PoseSet


def check_prior_file(path: Path) -> dict[str, Any]:
    """Check that a prior is whole and over the joints that every mapped rig has, without numpy.

    Returns
    -------
    Its card.

    Raises
    ------
    PriorError
        The prior or its card is missing or damaged, the two do not belong together, or the joints are others.
    """
    if not path.is_file() and path == BUILT_IN_PRIOR:
        raise PriorError(
            "the built-in prior (assets/priors/quadruped.npz) is missing from this installation; install it "
            "again, name another prior with poses.file, or write poses: actions"
        )
    card = read_card(path)
    check_belongs(card, read_content(path), path)
    _check_joints(card["joints"], f"the prior {path.name} was learnt on", "train one on canonical clips")
    return card


def canonical_poses(path: Path) -> PoseSet:
    """Read a file of poses of the joints that every mapped rig has.

    Raises
    ------
    PriorError
        It is damaged, no file of poses, has none, or such of other joints.
    """
    from pasyn_blender.prior.pose_file import read_poses

    poses = read_poses(path)
    if not len(poses):
        raise PriorError(f"{path.name} holds no poses; write some with `pasyn prior sample`")
    _check_joints(list(poses.joints), f"the poses of {path.name} are of", "sample a prior of canonical clips")
    return poses


def _check_joints(joints: list[Any], what: str, remedy: str) -> None:
    difference = joint_difference([str(name) for name in joints], JOINTS)
    if difference:
        raise PriorError(
            f"{what} joints of its own, not those of the canonical quadruped that rigs are posed by "
            f"({difference}); {remedy}"
        )
