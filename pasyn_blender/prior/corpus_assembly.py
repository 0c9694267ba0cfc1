"""Clips as they were read, made into a corpus: labelled, cleaned, resampled, each kept once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import CorpusError
from .action_labels import Labels
from .clip_cleaning import Note, cleaned, resampled, without_copies
from .corpus import Clip, Corpus, canonical_corpus, check_corpus
from .footfalls import action_from_motion
from .plain_arrays import array_names


@dataclass(frozen=True)
class ReadyClips:
    """Clips of a source that are fit for a corpus, and what was found in them, in sentences."""

    clips: tuple[Clip, ...]
    notes: tuple[str, ...] = ()


def ready_clips(clips: Sequence[Clip], rate: float, labels: Labels | None = None) -> ReadyClips:
    """Label, clean and resample the clips of one source.

    Parameters
    ----------
    clips
        As they were read.
    rate
        Frames a second.
    labels
        What a person says about them; by default their names alone are asked.
    """
    labels = Labels() if labels is None else labels
    kept: list[Clip] = []
    notices: list[Note] = []
    for clip in map(labels.labelled, clips):
        result = cleaned(clip)
        notices += result.notes
        for part in result.clips:
            seen = part.action or action_from_motion(part)
            if seen != part.action:
                notices.append(Note(part.animal, part.name, "", f"taken for {seen} by its footfalls"))
            kept.append(resampled(replace(part, action=seen), rate))
    return ReadyClips(tuple(kept), tuple(summed_notes(notices)))


def assembled_corpus(found: Sequence[ReadyClips], licence: str = "") -> Corpus:
    """Put the clips of sources together, copies left out.

    Raises
    ------
    CorpusError
        No clip is left.
    """
    clips, copies = without_copies([clip for one in found for clip in one.clips])
    notes = [note for one in found for note in one.notes] + list(summed_notes(copies))
    corpus = canonical_corpus(clips, tuple(dict.fromkeys(notes)), licence)
    if not corpus.frames:
        raise CorpusError("there is no pose to write: " + ("; ".join(corpus.notes) or "no clip was read"))
    check_corpus(corpus, "the corpus")
    return corpus


def summed_notes(notes: Sequence[Note]) -> Iterator[str]:
    """Sentences in which clips of an animal that share a finding stand together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for note in notes:
        clip = note.clip if note.clip != note.animal else ""  # a BVH file is named once
        told = (f"{clip} ({note.frames})" if clip else note.frames) if note.frames else clip
        alike.setdefault((note.animal, note.what), []).append(told)
    for (animal, what), clips in alike.items():
        told = ", ".join(filter(None, clips))
        yield f"{animal}: {f'{told}: ' if told else ''}{what}"


def check_corpus_path(output: Path) -> None:
    """Check that a corpus may be written there, before minutes are spent on it.

    Raises
    ------
    CorpusError
        The name does not end in .npz, or another kind of file is there.
    """
    if output.suffix.lower() != ".npz":
        raise CorpusError(f"{output}: a corpus is written as .npz; give it a name that ends so")
    # A corpus of an older version may be replaced by one of this.
    if output.exists() and not {"header", "six"} <= array_names(output):
        raise CorpusError(f"{output} is there and is no corpus; choose another name, or remove it first")
