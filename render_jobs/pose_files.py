"""Looks into files of priors and poses before anything is started, with the standard library alone."""

from __future__ import annotations

import ast
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import PriorError

from .job_schema import BUILT_IN_PRIOR


def prior_card_path(prior: Path) -> Path:
    """Where the card of a prior lies: beside it."""
    return prior.with_suffix(".json")


def check_prior_file(path: Path) -> dict[str, Any]:
    """Check that a prior is whole and over the joints that every mapped rig has.

    Returns
    -------
    Its card.

    Raises
    ------
    PriorError
        The prior or its card is missing or damaged, the two do not belong together, or the joints are others.
    """
    card_file = prior_card_path(path)
    if not path.is_file() and path == BUILT_IN_PRIOR:
        raise PriorError(
            "the built-in prior (assets/priors/quadruped.npz) is missing from this installation; install it "
            "again, name another prior with poses.file, or write poses: actions"
        )
    try:
        card = json.loads(card_file.read_bytes())
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        missing = Path(str(error.filename)).name
        raise PriorError(f"{path.name} is no whole prior: {missing} should lie beside it") from None
    except OSError as error:
        raise PriorError(f"{error.filename}: cannot be read: {error.strerror or error}") from None
    except ValueError:
        raise PriorError(f"{card_file.name} is no readable card of a prior; train or copy it again") from None
    if not isinstance(card, dict) or not isinstance(card.get("joints"), list):
        raise PriorError(
            f"{path.name} is no prior: {card_file.name} is not the card of one; poses that were sampled "
            "already are named with source: file"
        )
    if card.get("arrays_sha256") != found:
        raise PriorError(
            f"{path.name} is damaged: its SHA-256 is {found[:12]}…, its card says "
            f"{str(card.get('arrays_sha256'))[:12]}…; train or copy it again"
        )
    _check_joints(card["joints"], f"the prior {path.name} was learnt on", "train one on canonical clips")
    return card


def check_pose_file(path: Path) -> None:
    """Check that a file holds poses of the joints that every mapped rig has.

    Raises
    ------
    PriorError
        It is damaged, no file of poses, has none, or such of other joints.
    """
    right = "write one with 'pasyn prior sample'"
    try:
        with zipfile.ZipFile(path) as archive:
            names = [member.removesuffix(".npy") for member in archive.namelist()]
            if not {"joints", "rotations"} <= set(names):
                found = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
                raise PriorError(
                    f"{path.name} is no file of poses: found {found or 'nothing'} in it, not joints and "
                    f"rotations; {right}"
                )
            shape = _shape(archive.read("rotations.npy")[:4096])
    except (OSError, zipfile.BadZipFile, ValueError, SyntaxError, LookupError) as error:
        raise PriorError(f"{path.name} is no readable .npz file ({error}); {right}") from None
    if len(shape) != 4 or shape[2:] != (3, 3) or shape[0] == 0:
        raise PriorError(f"{path.name}: found rotations of shape {shape}, not (N, J, 3, 3); {right}")
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            joints = [str(name) for name in archive["joints"]]
    except (OSError, ValueError) as error:
        raise PriorError(f"{path.name}: its joints cannot be read ({error}); {right}") from None
    _check_joints(joints, f"the poses of {path.name} are of", "sample a prior of canonical clips")


def _shape(data: bytes) -> tuple[int, ...]:
    """Shape of an array from the head of its .npy file."""
    start = data.index(b"{")
    head = ast.literal_eval(data[start : data.index(b"}", start) + 1].decode("latin-1"))
    return tuple(int(size) for size in head["shape"])


def _check_joints(joints: list[Any], what: str, remedy: str) -> None:
    if tuple(joints) == JOINTS:
        return
    strange = [str(name) for name in joints if name not in JOINTS]
    lacking = [name for name in JOINTS if name not in joints]
    shown = f"it has {', '.join(strange[:3])}" if strange else f"it lacks {', '.join(lacking[:3])}"
    if not strange and not lacking:
        shown = "they are in another order"
    raise PriorError(
        f"{what} joints of its own, not those of the canonical quadruped that rigs are posed by "
        f"({shown}); {remedy}"
    )
