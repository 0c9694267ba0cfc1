"""What a corpus is made from, and which of its clips are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from pasyn_blender.errors import CorpusError
from pasyn_blender.prior.action_labels import Labels, fits
from pasyn_blender.prior.corpus import Clip
from pasyn_blender.prior.plain_arrays import array_names

RIG_SUFFIXES: Final = (".blend", ".glb", ".gltf", ".fbx")
SUFFIXES: Final = (*RIG_SUFFIXES, ".bvh", ".npz", ".npy")


@dataclass(frozen=True)
class CorpusOptions:
    """How a corpus is made.

    Attributes
    ----------
    rate
        Frames a second of its clips.
    only, without
        Patterns of clips to take and to leave: compared with the clip's name, its action, and ``animal/clip``
        where the pattern has a slash. Without ``only``, all are taken.
    individuals
        Individuals of built-in animals.
    labels
        Species and actions as a person names them.
    rig_maps
        (pattern of the rig's file name, map) in order; the first that fits is used.
    licence
        Licence and source of the animations.
    clean
        Mend and cut broken, held and repeated frames; otherwise only clips that cannot be read are left out.
    """

    rate: float = 30.0
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    individuals: tuple[int, ...] = (0,)
    labels: Labels = field(default_factory=Labels)
    rig_maps: tuple[tuple[str, Path], ...] = ()
    licence: str = ""
    clean: bool = True


@dataclass(frozen=True)
class Source:
    """One thing to read: a file, or an individual of a built-in animal."""

    name: str
    path: Path | None = None
    species: str = ""
    individual: int = 0


def listed_sources(sources: Sequence[str], options: CorpusOptions) -> list[Source]:
    """Every file and individual, in the order given, each once."""
    from pasyn_blender.animals import BUILT_IN

    found: list[Source] = []
    for given in sources:
        path = Path(given)
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
            if not inside:
                raise CorpusError(f"{path} holds no file that ends in {', '.join(SUFFIXES)}")
            found += [Source(file.name, file) for file in inside]
        elif path.exists() or path.suffix:
            if not path.exists():
                raise CorpusError(f"{path} does not exist")
            if path.suffix.lower() not in SUFFIXES:
                raise CorpusError(f"{path}: files with motion end in {', '.join(SUFFIXES)}")
            found.append(Source(path.name, path))
        elif given in BUILT_IN:
            found += [Source(f"{given} {i}", None, given, i) for i in options.individuals]
        else:
            raise CorpusError(
                f"{given!r} is neither a file nor a built-in animal; built in: {', '.join(BUILT_IN)}"
            )
    unique = list(dict.fromkeys(found))
    names = [source.name for source in unique]
    return [
        replace(source, name="/".join(source.path.parts[-2:]))
        if source.path is not None and names.count(source.name) > 1
        else source
        for source in unique
    ]


def is_rig(source: Source) -> bool:
    """Whether Blender is needed to read a source."""
    return source.path is None or source.path.suffix.lower() in RIG_SUFFIXES


def is_corpus(path: Path) -> bool:
    """Whether an .npz holds anything but published poses."""
    names = array_names(path)
    return bool(names) and "poses" not in names


def named_only(animal: str, name: str, options: CorpusOptions) -> Clip:
    """A clip without frames that has a name, to ask whether it is wanted before it is read."""
    nothing = np.zeros((0, 3), dtype=np.float32)
    empty = Clip(
        name, animal, "", "", options.rate, nothing, np.zeros(0, dtype=bool), nothing, nothing, nothing
    )
    return options.labels.labelled(empty)


def is_wanted(clip: Clip, options: CorpusOptions) -> bool:
    """Whether a clip's name or action is asked for, and not to be left out."""

    def meets(patterns: Sequence[str]) -> bool:
        return any(
            fits(pattern, f"{clip.animal}/{clip.name}")
            if "/" in pattern
            else fits(pattern, clip.name) or fits(pattern, clip.action)
            for pattern in patterns
        )

    return (not options.only or meets(options.only)) and not meets(options.without)
