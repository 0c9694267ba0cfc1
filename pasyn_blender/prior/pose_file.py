"""Sampled poses as files: joint names and rotation matrices in one ``.npz``, and how they came about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import ArraysError, PriorError
from .plain_arrays import archived, read_arrays, write_whole

FORMAT: Final = "pasyn poses 1"


@dataclass(frozen=True)
class PoseSet:
    """Poses, and where they stand.

    Attributes
    ----------
    joints
        J joint names.
    rotations
        (N, J, 3, 3) float32 rotation of each joint relative to its parent, in body axes, the identity in the
        canonical stance.
    root
        (N, 3) float32 place of the root joint in body axes, trunk lengths, the ground at z = 0; NaN where the
        joints form no animal that could stand.
    clearance
        (N, 4) float32 height of the lowest point of each foot above ground, trunk lengths, in the order of
        :data:`.corpus.FEET`; NaN where unknown.
    header
        What they were sampled from and how, fit for JSON.
    """

    joints: tuple[str, ...]
    rotations: NDArray[np.float32]
    root: NDArray[np.float32]
    clearance: NDArray[np.float32]
    header: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rotations)


def write_poses(poses: PoseSet, path: Path) -> None:
    """Write poses; the same poses give the same bytes.

    The file holds ``joints`` (J,) strings, ``rotations``, ``root``, ``clearance``, and ``header``, a string
    of JSON.

    Raises
    ------
    PriorError
        The name does not end in .npz, or the file cannot be written.
    """
    if path.suffix != ".npz":
        raise PriorError(f"{path}: poses are written as .npz; give the file a name that ends so")
    header = json.dumps({**poses.header, "format": FORMAT}, sort_keys=True, ensure_ascii=True)
    arrays: dict[str, NDArray[Any]] = {
        "joints": np.array(poses.joints),
        "rotations": poses.rotations.astype(np.float32),
        "root": poses.root.astype(np.float32),
        "clearance": poses.clearance.astype(np.float32),
        "header": np.array(header),
    }
    try:
        # Rotations hardly shrink, and a hundred thousand of them would take half a minute to try.
        write_whole(path, archived(arrays, level=1))
    except OSError as error:
        raise PriorError(f"{path} cannot be written: {error.strerror}") from None


def read_poses(path: Path) -> PoseSet:
    """Read poses written by :func:`write_poses`.

    Raises
    ------
    PriorError
        The file is missing, damaged, pickled, no file of poses, or holds matrices that are no rotations.
    """
    right = "`pasyn prior sample` writes one"
    try:
        arrays = read_arrays(path)
    except FileNotFoundError:
        raise PriorError(f"{path} does not exist; {right}") from None
    except ArraysError as error:
        raise PriorError(f"{path} is no readable .npz file: {error}; {right}") from None
    if not {"joints", "rotations"} <= set(arrays):
        raise PriorError(f"{path} is no file of poses: it lacks joints and rotations; {right}")
    joints = tuple(str(name) for name in np.atleast_1d(arrays["joints"]))
    rotations = arrays["rotations"]
    if rotations.ndim != 4 or rotations.shape[1:] != (len(joints), 3, 3) or rotations.dtype.kind != "f":
        raise PriorError(
            f"{path}: rotations are {rotations.dtype} of shape {rotations.shape}; "
            f"right is float (N, {len(joints)}, 3, 3)"
        )
    _check_rotations(rotations, path)
    count = len(rotations)
    root, clearance = (
        arrays.get(name, np.full((count, size), np.nan)) for name, size in (("root", 3), ("clearance", 4))
    )
    for name, array, size in (("root", root, 3), ("clearance", clearance, 4)):
        if array.shape != (count, size):
            raise PriorError(f"{path}: {name} has shape {array.shape}; right is ({count}, {size})")
    try:
        header = json.loads(str(arrays.get("header", "{}")))
    except ValueError as error:
        raise PriorError(f"{path}: its header is no JSON: {error}") from None
    return PoseSet(
        joints,
        rotations.astype(np.float32),
        root.astype(np.float32),
        clearance.astype(np.float32),
        header if isinstance(header, dict) else {},
    )


def _check_rotations(rotations: NDArray[Any], path: Path) -> None:
    for start in range(0, len(rotations), 4096):
        part = rotations[start : start + 4096].astype(float)
        off = np.abs(part @ np.swapaxes(part, -1, -2) - np.eye(3)).max(axis=(2, 3))
        # Written so that NaN fails.
        wrong = np.flatnonzero(~(off.max(axis=1) < 1e-3))
        if len(wrong):
            raise PriorError(f"{path}: pose {start + wrong[0]} holds NaN or a matrix that is no rotation")
