"""A corpus as a table for a terminal."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from pasyn_blender.prior.corpus import Clip, Corpus

_FOLDED_FROM: Final = 60
"""An animal with more clips than this is shown by its actions."""

_HEAD: Final = ("animal", "species", "action", "clip", "frames", "seconds", "notes")
_NUMBERS: Final = (4, 5)


def corpus_lines(corpus: Corpus) -> list[str]:
    """Return the clips as lines of a table, then what there is in all, then the notes."""
    rows: list[tuple[str, ...]] = [_HEAD]
    for animal, group in itertools.groupby(corpus.clips, key=lambda clip: clip.animal):
        rows += _animal_rows(animal, list(group))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = []
    for number, row in enumerate(rows):
        cells = [
            cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    return [*lines, "", *_totals(corpus), *(f"note: {note}" for note in corpus.notes)]


def _animal_rows(animal: str, clips: Sequence[Clip]) -> list[tuple[str, ...]]:
    if len(clips) <= _FOLDED_FROM:
        return [_row(animal, clip.species, clip.action, clip.name, [clip]) for clip in clips]
    folded: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        folded.setdefault((clip.species, clip.action), []).append(clip)
    return [
        _row(animal, species, action, f"({len(group)} clips)", group)
        for (species, action), group in folded.items()
    ]


def _row(animal: str, species: str, action: str, name: str, clips: Sequence[Clip]) -> tuple[str, ...]:
    frames = sum(len(clip) for clip in clips)
    seconds = sum(len(clip) / clip.rate for clip in clips)
    notes = []
    missing = sum(not known for known in clips[0].known)
    if missing:
        notes.append(f"{missing} joints unset")
    if frames == len(clips):
        notes.append("single pose" if len(clips) == 1 else "single poses")
    return animal, species or "?", action or "?", name, str(frames), f"{seconds:.1f}", ", ".join(notes)


def _totals(corpus: Corpus) -> list[str]:
    clips = corpus.clips
    animals = len({clip.animal for clip in clips})
    rates = sorted({clip.rate for clip in clips})
    rate = f" at {rates[0]:g} frames a second" if len(rates) == 1 else ""
    kind = "the canonical quadruped's joints" if corpus.canonical else "joints of its own, not the canonical"
    lines = [
        f"{_count(animals, 'animal')}, {_count(len(clips), 'clip')}, {corpus.frames} poses{rate}; {kind}"
    ]
    unnamed = [f"{clip.animal}/{clip.name}" for clip in clips if not clip.action]
    if unnamed:
        shown = ", ".join(unnamed[:5]) + (", …" if len(unnamed) > 5 else "")
        lines.append(f"no action known: {shown}; name it with --label, as in --label 'walk=*stroll*'")
    strangers = list(dict.fromkeys(clip.animal for clip in clips if not clip.species))
    if strangers:
        shown = ", ".join(strangers[:5]) + (", …" if len(strangers) > 5 else "")
        lines.append(f"no species known: {shown}; name it with --species, as in --species horse=Mesh*")
    lines.append(
        f"licence: {corpus.licence or 'not said; --licence TEXT notes it for what is trained on this'}"
    )
    return lines


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
