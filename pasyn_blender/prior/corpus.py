"""A corpus: clips of poses in time, each with the animal it was taken from, in one ``.npz`` file.

All clips of a corpus share one list of joints. Usually that is the canonical quadruped's; published pose
files with joints of their own are corpora too, but no other rig can be posed by what is learnt from them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.rotations import Array, from_six, to_six
from ..anatomy.skeleton import JOINTS
from ..anatomy.stance import PARENTS
from ..errors import ArraysError, CorpusError
from .plain_arrays import archived, read_arrays, write_whole

FORMAT: Final = "pasyn corpus 2"
_ARRAYS: Final = ("header", "six", "root", "clearance", "known", "offsets", "shifts")
_OTHER_FILES: Final = {
    "poses": "a file of published poses; `pasyn prior corpus` makes a corpus of it",
    "centres": "a prior, not a corpus",
    "rotations": "a file of single poses, not a corpus of clips",
}
"""What an array in a file tells that it is."""

FEET: Final = ("left_front", "right_front", "left_hind", "right_hind")
"""Order of the feet in :attr:`Clip.clearance`."""


@dataclass(frozen=True)
class Clip:
    """Poses of one animal in time.

    Attributes
    ----------
    name
        Name of the action in its file.
    animal
        The individual: clips of one rig share it, so that a split can hold a whole animal out.
    species, action
        What it is and does, in lower case, as far as known ("horse", "walk"); empty otherwise.
    rate
        Frames a second.
    rotations
        (F, J, 3, 3) float32 rotation of each joint relative to its parent, in body axes, the identity in the
        canonical stance. Joints the animal does not have are the identity.
    known
        (J,) which joints the animal has.
    offsets
        (J, 3) float32 place of each joint from its parent in the canonical stance, by this animal's build, in
        trunk lengths; zero for joints it does not have, and everywhere where the build is unknown.
    root
        (F, 3) float32 place of the root joint in body axes, trunk lengths, the ground at z = 0.
    clearance
        (F, 4) float32 height of the lowest point of each foot above ground, trunk lengths, in the order of
        :data:`FEET`; NaN where unknown.
    shifts
        (F, 4, 3) float32 how far each limb's root is from where the trunk carries it, in body axes turned
        with chest or pelvis, trunk lengths, in the order of :data:`FEET`: shoulder blades glide on the
        chest, and animators move legs. ``None`` where limbs stay in their places.
    stand
        Height of the root joint over the ground in the animal's own stance, trunk lengths; NaN where unknown.
    """

    name: str
    animal: str
    species: str
    action: str
    rate: float
    rotations: NDArray[np.float32]
    known: NDArray[np.bool_]
    offsets: NDArray[np.float32]
    root: NDArray[np.float32]
    clearance: NDArray[np.float32]
    shifts: NDArray[np.float32] | None = None
    stand: float = float("nan")

    def __len__(self) -> int:
        return len(self.rotations)

    @property
    def height(self) -> NDArray[np.float32]:
        """(F,) height of the root joint as a share of what it is in the stance; NaN where unknown."""
        return np.asarray(self.root[:, 2] / np.float32(self.stand))

    def taken(self, rows: slice | NDArray[np.int64]) -> Clip:
        """Return some of the frames."""
        return replace(
            self,
            rotations=self.rotations[rows],
            root=self.root[rows],
            clearance=self.clearance[rows],
            shifts=None if self.shifts is None else self.shifts[rows],
        )


@dataclass(frozen=True)
class Corpus:
    """Clips over one list of joints.

    Attributes
    ----------
    joints
        J joint names.
    parents
        J parent indices, parents first, -1 for roots; all -1 where the joints form no skeleton.
    clips
        The clips.
    notes
        What was left out or looks odd, in sentences for a person.
    licence
        Licences and sources of the animations, for the card of what is trained on them.
    """

    joints: tuple[str, ...]
    parents: tuple[int, ...]
    clips: tuple[Clip, ...]
    notes: tuple[str, ...] = ()
    licence: str = ""

    @property
    def canonical(self) -> bool:
        """Whether the joints are the canonical quadruped's, so that any mapped rig can take the poses."""
        return self.joints == JOINTS

    @property
    def frames(self) -> int:
        """Number of poses."""
        return sum(len(clip) for clip in self.clips)

    def chosen(self, keep: Callable[[Clip], bool]) -> Corpus:
        """Return the corpus of some of the clips."""
        return Corpus(self.joints, self.parents, tuple(filter(keep, self.clips)), self.notes, self.licence)


def rotations_alone(
    name: str,
    animal: str,
    rate: float,
    rotations: NDArray[np.float32],
    known: NDArray[np.bool_],
    species: str = "",
) -> Clip:
    """Return a clip of (F, J, 3, 3) rotations of which build, place and clearance are unknown."""
    frames, joints = rotations.shape[:2]
    return Clip(
        name=name,
        animal=animal,
        species=species,
        action="",
        rate=rate,
        rotations=rotations,
        known=known,
        offsets=np.zeros((joints, 3), dtype=np.float32),
        root=np.zeros((frames, 3), dtype=np.float32),
        clearance=np.full((frames, 4), np.nan, dtype=np.float32),
    )


def canonical_corpus(clips: Sequence[Clip], notes: Sequence[str] = (), licence: str = "") -> Corpus:
    """Return a corpus over the canonical quadruped's joints."""
    return Corpus(JOINTS, PARENTS, tuple(clips), tuple(notes), licence)


def write_corpus(corpus: Corpus, path: Path) -> None:
    """Write a corpus; the same corpus gives the same bytes.

    Raises
    ------
    CorpusError
        The file cannot be written.
    """
    clips = corpus.clips
    header = {
        "format": FORMAT,
        "joints": corpus.joints,
        "parents": corpus.parents,
        "notes": corpus.notes,
        "licence": corpus.licence,
        "clips": [
            {
                "name": clip.name,
                "animal": clip.animal,
                "species": clip.species,
                "action": clip.action,
                "rate": clip.rate,
                "frames": len(clip),
                "shifted": clip.shifts is not None,
                "stand": None if np.isnan(clip.stand) else clip.stand,
            }
            for clip in clips
        ],
    }
    joints = len(corpus.joints)
    arrays = {
        "header": np.frombuffer(json.dumps(header, sort_keys=True).encode(), dtype=np.uint8),
        "six": _stacked([to_six(clip.rotations) for clip in clips], (joints, 6), np.float32),
        "root": _stacked([clip.root for clip in clips], (3,), np.float32),
        "clearance": _stacked([clip.clearance for clip in clips], (4,), np.float32),
        "known": _stacked([clip.known[None] for clip in clips], (joints,), np.bool_),
        "offsets": _stacked([clip.offsets[None] for clip in clips], (joints, 3), np.float32),
        "shifts": _stacked(
            [np.zeros((len(clip), 4, 3)) if clip.shifts is None else clip.shifts for clip in clips],
            (4, 3),
            np.float32,
        ),
    }
    try:
        write_whole(path, archived(arrays))
    except OSError as error:
        raise CorpusError(f"{path} cannot be written: {error.strerror}") from None


def read_corpus(path: Path) -> Corpus:
    """Read a corpus written by :func:`write_corpus`.

    Raises
    ------
    CorpusError
        The file is missing, damaged, or no corpus.
    """
    try:
        arrays = read_arrays(path)
    except FileNotFoundError:
        raise CorpusError(f"{path} does not exist; `pasyn prior corpus` makes one from rigs") from None
    except ArraysError as error:
        raise CorpusError(f"{path} is no readable corpus: {error}") from None
    missing = [name for name in _ARRAYS if name not in arrays]
    if missing:
        kind = next((kind for name, kind in _OTHER_FILES.items() if name in arrays), None)
        what = kind or f"no corpus, or is damaged: it lacks {', '.join(missing)}"
        raise CorpusError(f"{path} is {what}")
    try:
        header = json.loads(arrays["header"].tobytes())
        if header["format"] != FORMAT:
            raise CorpusError(f"{path} has format {header['format']!r}; this version reads {FORMAT!r}")
        return _corpus(header, arrays)
    except ValueError as error:
        raise CorpusError(f"{path} is damaged: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise CorpusError(f"{path} is damaged: its header does not describe a corpus") from None


def check_corpus(corpus: Corpus, name: str) -> None:
    """Check that a corpus can be learnt from.

    Raises
    ------
    CorpusError
        It has no poses, or numbers that are no rotations; the message names the clip and the frame.
    """
    if not corpus.frames:
        raise CorpusError(f"{name} holds no poses")
    for clip in corpus.clips:
        finite = np.isfinite(clip.rotations).all(axis=(1, 2, 3))
        if not finite.all():
            frame = int(np.flatnonzero(~finite)[0])
            raise CorpusError(
                f"{name}: clip {clip.name!r} of {clip.animal!r} has NaN rotations at frame {frame}"
            )
        product = clip.rotations @ np.swapaxes(clip.rotations, -1, -2)
        off = np.abs(product - np.eye(3)).max(axis=(1, 2, 3))
        if (off > 1e-3).any():
            frame = int(np.argmax(off))
            raise CorpusError(
                f"{name}: clip {clip.name!r} of {clip.animal!r} has matrices that are no rotations "
                f"at frame {frame}"
            )


def _corpus(header: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Corpus:
    lengths = [int(clip["frames"]) for clip in header["clips"]]
    joints = len(header["joints"])
    shapes = {
        "six": (sum(lengths), joints, 6),
        "root": (sum(lengths), 3),
        "clearance": (sum(lengths), 4),
        "known": (len(lengths), joints),
        "offsets": (len(lengths), joints, 3),
        "shifts": (sum(lengths), 4, 3),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, its header says {shape}")
    parents = tuple(int(parent) for parent in header["parents"])
    if len(parents) != joints or any(not -1 <= parent < i for i, parent in enumerate(parents)):
        raise ValueError(f"its parents {parents} are no list of earlier joints, one of each of {joints}")
    if any(not 0 < float(clip["rate"]) < np.inf for clip in header["clips"]):
        raise ValueError("a clip's rate is no number of frames a second")
    rotations = from_six(arrays["six"])
    clips = []
    start = 0
    for number, (clip, length) in enumerate(zip(header["clips"], lengths, strict=True)):
        rows = slice(start, start + length)
        clips.append(
            Clip(
                name=str(clip["name"]),
                animal=str(clip["animal"]),
                species=str(clip["species"]),
                action=str(clip["action"]),
                rate=float(clip["rate"]),
                rotations=rotations[rows],
                known=arrays["known"][number],
                offsets=arrays["offsets"][number],
                root=arrays["root"][rows],
                clearance=arrays["clearance"][rows],
                shifts=arrays["shifts"][rows] if clip["shifted"] else None,
                stand=float("nan") if clip["stand"] is None else float(clip["stand"]),
            )
        )
        start += length
    return Corpus(
        joints=tuple(header["joints"]),
        parents=parents,
        clips=tuple(clips),
        notes=tuple(header["notes"]),
        licence=str(header["licence"]),
    )


def _stacked(blocks: Sequence[Array], shape: tuple[int, ...], dtype: Any) -> Array:
    """Blocks one after another; an empty array of the right shape where there are none."""
    return np.concatenate([np.zeros((0, *shape), dtype), *blocks]).astype(dtype)
