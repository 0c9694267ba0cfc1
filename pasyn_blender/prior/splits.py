"""What a prior is judged on is kept from what it learns: by clip, or by animal, never by frame.

Neighbouring frames of a clip are nearly the same pose; a split by frame measures memory.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import CorpusError
from .corpus import Clip, Corpus

FloatArray = NDArray[np.float64]

_BLOCKS = 10


@dataclass(frozen=True)
class Split:
    """A corpus in parts.

    Attributes
    ----------
    train
        What the networks learn from.
    validation
        What decides when they have learnt enough.
    test
        An animal that nothing is learnt from; None without one.
    rule
        How it was split, in words.
    """

    train: Corpus
    validation: Corpus
    test: Corpus | None
    rule: str


def split_corpus(
    corpus: Corpus, seed: int, validation_share: float = 0.15, hold_out_animal: str | None = None
) -> Split:
    """Split a corpus.

    Validation clips are drawn species by species: as many as come nearest to the share of its frames, and
    always one left to learn from of each animal; of single poses, blocks of neighbours. Clips of one name and
    species go together, since individuals of one make often share their animations, and stay where no other
    shows their action: a prior that never saw a gallop cannot be asked for one. Where that leaves nothing to
    choose the clips themselves are cut: every clip of at least ten frames loses contiguous blocks, the same
    ones of all clips of one name and species.

    Parameters
    ----------
    corpus
        The corpus.
    seed
        Another seed, other clips.
    validation_share
        Share of the frames, above zero and at most a half.
    hold_out_animal
        This animal's clips are the test part.

    Raises
    ------
    CorpusError
        There is no such animal, nothing is left to learn from, or too little to split.
    """
    if not 0 < validation_share <= 0.5:
        raise CorpusError(f"validation share is {validation_share}; it must be above 0 and at most 0.5")
    test = None
    rule = ""
    if hold_out_animal is not None:
        corpus, test = _without_animal(corpus, hold_out_animal)
        rule = f"animal {hold_out_animal!r} held out; "
    chosen = _validation_clips(corpus, seed, validation_share)
    if chosen:
        train = replace(corpus, clips=tuple(c for i, c in enumerate(corpus.clips) if i not in chosen))
        validation = replace(corpus, clips=tuple(c for i, c in enumerate(corpus.clips) if i in chosen))
        return Split(train, validation, test, f"{rule}{len(chosen)} of {len(corpus.clips)} clips validate")
    train, validation = _cut(corpus, seed, validation_share)
    return Split(train, validation, test, f"{rule}contiguous blocks of each clip validate")


def _without_animal(corpus: Corpus, animal: str) -> tuple[Corpus, Corpus]:
    animals = sorted({clip.animal for clip in corpus.clips})
    if animal not in animals:
        raise CorpusError(f"no animal {animal!r} to hold out; the corpus has {', '.join(animals) or 'none'}")
    rest = corpus.chosen(lambda clip: clip.animal != animal)
    if not rest.frames:
        raise CorpusError(
            f"{animal!r} is the only animal of the corpus; holding it out leaves nothing to learn"
        )
    return rest, corpus.chosen(lambda clip: clip.animal == animal)


def _validation_clips(corpus: Corpus, seed: int, share: float) -> set[int]:
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1,)))
    chosen: set[int] = set()
    kinds = _kinds(corpus)
    shown = Counter(
        {(kind, clip.name): clip.action for kind, clip in zip(kinds, corpus.clips, strict=True)}.values()
    )
    for kind in sorted(set(kinds)):
        numbers = [i for i, clip in enumerate(corpus.clips) if kinds[i] == kind and len(clip)]
        if all(len(corpus.clips[i]) == 1 for i in numbers):
            chosen.update(_blocks(numbers, share, rng))
            continue
        wanted = share * sum(len(corpus.clips[i]) for i in numbers)
        left = Counter(corpus.clips[i].animal for i in numbers)
        taken = 0
        for name in rng.permutation(sorted({corpus.clips[i].name for i in numbers})):
            group = [i for i in numbers if corpus.clips[i].name == name]
            length = sum(len(corpus.clips[i]) for i in group)
            fewer = left - Counter(corpus.clips[i].animal for i in group)
            action = corpus.clips[group[0]].action
            alone = action != "" and shown[action] == 1
            nearer = abs(taken + length - wanted) < abs(taken - wanted)
            if len(fewer) == len(left) and nearer and not alone:
                chosen.update(group)
                shown[action] -= 1
                taken += length
                left = fewer
    return chosen


def _kinds(corpus: Corpus) -> list[str]:
    """What each clip's animal is: individuals of one species may share their animations."""
    return [clip.species or clip.animal for clip in corpus.clips]


def _blocks(numbers: list[int], share: float, rng: np.random.Generator) -> list[int]:
    """Some of an animal's single poses, in blocks of neighbours: files of poses are often in order."""
    if len(numbers) < 2:
        return []
    blocks = np.array_split(np.array(numbers), max(2, min(len(numbers), round(_BLOCKS / share))))
    count = max(1, min(len(blocks) - 1, round(share * len(blocks))))
    return [int(number) for block in rng.permutation(len(blocks))[:count] for number in blocks[block]]


def _cut(corpus: Corpus, seed: int, share: float) -> tuple[Corpus, Corpus]:
    """Cut contiguous blocks out of every clip that is long enough."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    train: list[Clip] = []
    validation: list[Clip] = []
    places: dict[tuple[str, str], FloatArray] = {}
    for kind, clip in zip(_kinds(corpus), corpus.clips, strict=True):
        if len(clip) < _BLOCKS:
            train.append(clip)
            continue
        # Ten blocks of validation where the clip is long, each a tenth of the share.
        blocks = max(1, min(_BLOCKS, len(clip) // 100))
        edges = np.linspace(0, len(clip), blocks + 1).astype(int)
        if (kind, clip.name) not in places:
            places[kind, clip.name] = rng.random(_BLOCKS)
        for (first, last), place in zip(itertools.pairwise(edges), places[kind, clip.name], strict=False):
            length = max(1, round(share * (last - first)))
            start = first + int(place * (last - first - length + 1))
            for part, rows in (
                (train, slice(first, start)),
                (validation, slice(start, start + length)),
                (train, slice(start + length, last)),
            ):
                if rows.stop > rows.start:
                    part.append(clip.taken(rows))
    if not validation or not train:
        raise CorpusError(
            f"the corpus has {corpus.frames} frames in {len(corpus.clips)} clips, too few to keep some for "
            f"validation; it takes two clips of one animal, or a clip of at least {_BLOCKS} frames"
        )
    return replace(corpus, clips=tuple(train)), replace(corpus, clips=tuple(validation))
