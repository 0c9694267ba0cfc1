"""The pose arrays published with PASyn (Jiang et al., BMVC 2022): twelve leg joints as Euler angles.

A row has 39 numbers: three zeros, then the XYZ Euler angles in degrees of the joints of
:data:`PUBLISHED_JOINTS`, each in its own bone's axes relative to its parent. Those bones are not known, so
nothing turns these poses into the canonical quadruped's: they make a corpus of joints of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.rotations import Array, angle_between, from_euler_xyz
from ..errors import ArraysError, CorpusError, PickledArraysError
from .corpus import Corpus, rotations_alone
from .plain_arrays import read_arrays

PUBLISHED_JOINTS: Final = tuple(
    f"{bone}.{side}"
    for limb in (("upperleg", "frontleg", "forearm"), ("thigh", "shin", "backfoot"))
    for side in "LR"
    for bone in limb
)
"""Names of the twelve joints, in the order of the columns."""

PUBLISHED_PARENTS: Final = tuple(joint - 1 if joint % 3 else -1 for joint in range(12))
"""Each limb is a chain of its own."""

_COLUMNS: Final = 3 + 3 * len(PUBLISHED_JOINTS)
_LICENCE: Final = "poses published with PASyn (Jiang et al. 2022), for non-commercial research"
_JUMP: Final = 0.5
"""Rows further apart than this share of the distance of two rows taken anywhere are no neighbours in time."""


def read_published_poses(path: Path, *, species: str = "", rate: float = 30.0) -> Corpus:
    """Read published poses as a corpus.

    The rows carry no clip labels. Two rows are neighbours in time when their distance (geodesic, mean over
    the joints) is less than half of the median distance of rows taken from anywhere in the file; the file is
    cut where consecutive rows are not. Where most rows would be cut off from the next, the file is in no
    order of time, and each row becomes a clip of one pose. Either way the clips one after another are the
    file's rows in the file's order.

    Parameters
    ----------
    path
        ``.npz`` with an array ``poses``, or ``.npy``: (N, 39) numbers.
    species
        Species to note in the clips.
    rate
        Frames a second to note in the clips; the file does not say.

    Returns
    -------
    Corpus
        Over :data:`PUBLISHED_JOINTS`, without build, root and clearance (zeros, zeros and NaN).

    Raises
    ------
    CorpusError
        The file is missing, damaged or pickled, or its array has another shape, no rows or NaN.
    """
    rows = _read_rows(path)
    rotations = from_euler_xyz(rows[:, 3:].reshape(len(rows), -1, 3)).astype(np.float32)
    notes = []
    if np.abs(rows[:, :3]).max() > 1e-6:
        notes.append(
            f"{path.name}: the first three columns, which are zeros in published files, were left out"
        )
    starts, note = _clip_starts(rotations, path.name)
    notes += note
    ends = [*starts[1:], len(rows)]
    known = np.ones(len(PUBLISHED_JOINTS), dtype=bool)
    clips = [
        rotations_alone(
            f"row {start}" if end == start + 1 else f"rows {start}-{end - 1}",
            path.stem,
            rate,
            rotations[start:end],
            known,
            species,
        )
        for start, end in zip(starts, ends, strict=True)
    ]
    return Corpus(PUBLISHED_JOINTS, PUBLISHED_PARENTS, tuple(clips), tuple(notes), _LICENCE)


def _read_rows(path: Path) -> NDArray[np.float64]:
    try:
        arrays = read_arrays(path)
    except FileNotFoundError:
        raise CorpusError(f"{path} does not exist") from None
    except PickledArraysError:
        raise CorpusError(
            f"{path} holds pickled objects, which could run code and are not read; save the array of "
            "numbers alone: np.savez(file, poses=array.astype(float))"
        ) from None
    except ArraysError as error:
        raise CorpusError(f"{path} is no readable array: {error}") from None
    # The array of an .npy file has no name.
    values = arrays.get("poses", arrays.get(""))
    if values is None:
        found = ", ".join(arrays) or "nothing"
        raise CorpusError(f"{path} holds {found}; published poses are an array named poses")
    if values.dtype.kind not in "fiu":
        raise CorpusError(f"{path}: poses has values of type {values.dtype}; it should hold numbers")
    if values.ndim == 3 and values.shape[1:] == (_COLUMNS // 3, 3):
        values = values.reshape(len(values), _COLUMNS)
    if values.ndim != 2 or values.shape[1] != _COLUMNS:
        raise CorpusError(
            f"{path}: poses has shape {values.shape}; it should be (N, {_COLUMNS}): three zeros, then "
            f"XYZ Euler degrees of {', '.join(PUBLISHED_JOINTS)}"
        )
    if not len(values):
        raise CorpusError(f"{path} holds no poses")
    rows = values.astype(np.float64)
    broken = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(broken):
        raise CorpusError(
            f"{path}: poses has NaN or infinite angles in {len(broken)} rows, first {broken[0]}"
        )
    if np.abs(rows).max() > 3600:
        row = int(np.abs(rows).max(axis=1).argmax())
        raise CorpusError(
            f"{path}: row {row} has an angle of {np.abs(rows[row]).max():.4g}; angles are degrees"
        )
    return rows


def _clip_starts(rotations: Array, name: str) -> tuple[list[int], list[str]]:
    """First row of each clip, and what is worth saying about it."""
    count = len(rotations)
    if count < 3:
        return [0], []
    steps = angle_between(rotations[1:], rotations[:-1]).mean(axis=-1)
    pairs = np.random.default_rng(0).integers(count, size=(2, 2000))
    anywhere = float(np.median(angle_between(rotations[pairs[0]], rotations[pairs[1]]).mean(axis=-1)))
    jumps = steps > _JUMP * anywhere
    if jumps.mean() <= 0.5:
        return [0, *(np.flatnonzero(jumps) + 1).tolist()], []
    note = (
        f"{name}: the rows are in no order of time (consecutive rows are {np.degrees(np.median(steps)):.0f}° "
        f"apart, any two {np.degrees(anywhere):.0f}°), so each is a clip of one pose, and a split by clip "
        "may put like poses of one recording on both sides"
    )
    return list(range(count)), [note]
