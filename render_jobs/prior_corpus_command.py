"""``pasyn prior corpus``: motion from rigs, built-in animals, BVH, pose arrays and corpora, in one file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import PARENTS
from pasyn_blender.errors import CorpusError, MappingError, RigError
from pasyn_blender.prior.action_labels import Labels, fits
from pasyn_blender.prior.clip_cleaning import Cleaned, Note, cleaned, resampled, without_copies
from pasyn_blender.prior.corpus import Clip, Corpus, check_corpus, read_corpus, write_corpus
from pasyn_blender.prior.corpus_assembly import check_corpus_path, summed_notes
from pasyn_blender.prior.footfalls import action_from_motion

from .prior_corpus_sources import (
    CorpusOptions,
    Source,
    is_corpus,
    is_rig,
    is_wanted,
    listed_sources,
    named_only,
)

Advance = Callable[[str, float], None]
"""Told what is being read, and the share of all reading that is done."""


@dataclass(frozen=True)
class MadeCorpus:
    """A corpus, and what did not get into it.

    Attributes
    ----------
    corpus
        The corpus; its notes say what was found in its clips.
    failed
        (source, why) of sources nothing could be taken from.
    """

    corpus: Corpus
    failed: tuple[tuple[str, str], ...] = ()


@dataclass
class _Found:
    """What a source gave."""

    clips: list[Clip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    licence: str = ""
    joints: tuple[str, ...] = JOINTS
    parents: tuple[int, ...] = PARENTS
    skeleton: tuple[str, tuple[str, ...], bytes] | None = None
    unwanted: list[str] = field(default_factory=list)


def make_corpus(sources: Sequence[str], options: CorpusOptions, advance: Advance) -> MadeCorpus:
    """Read motion from files and built-in animals.

    Parameters
    ----------
    sources
        Model files, BVH files, published pose arrays, corpora, folders of such files, and names of built-in
        animals.
    options
        How.
    advance
        Told how far it is.

    Raises
    ------
    CorpusError
        A source does not exist or is of no known kind, joints of sources differ, or there is nothing to take.
        A file of a known kind that cannot be read is left out and returned as failed.
    """
    listed = listed_sources(sources, options)
    found: dict[int, _Found] = {}
    failed: dict[int, str] = {}
    joints: dict[tuple[str, ...], str] = {}
    # Corpora first: whether their joints fit is known before a rig has been loaded for minutes.
    order = sorted(range(len(listed)), key=lambda i: is_rig(listed[i]))
    for done, i in enumerate(order):
        source = listed[i]

        def within(what: str, share: float, done: int = done, source: Source = source) -> None:
            advance(f"{source.name}{f': {what}' if what else ''}", (done + share) / len(order))

        within("", 0.0)
        if is_rig(source):
            _check_joints(joints, source.name, JOINTS)
        try:
            found[i] = _read(source, options, within)
        except (RigError, CorpusError) as error:
            failed[i] = str(error)
            continue
        if found[i].clips:
            _check_joints(joints, source.name, found[i].joints)
    advance("", 1.0)
    _share_skeletons([found[i] for i in sorted(found)], options.labels)
    corpus = _together([found[i] for i in sorted(found)], options)
    why = tuple((listed[i].name, failed[i]) for i in sorted(failed))
    if not corpus.frames:
        reasons = [f"{name}: {reason}" for name, reason in why] + list(corpus.notes)
        unwanted = list(dict.fromkeys(name for one in found.values() for name in one.unwanted))
        if unwanted:
            shown = ", ".join(unwanted[:20]) + (", …" if len(unwanted) > 20 else "")
            reasons.append(f"not asked for, or asked to be left out: {shown}")
        told = "".join(f"\n  {reason}" for reason in reasons) or " in it"
        raise CorpusError(f"there is no pose to write:{told}")
    if options.clean:
        check_corpus(corpus, "the corpus")
    return MadeCorpus(corpus, why)


def save_corpus(corpus: Corpus, output: Path) -> None:
    """Write a corpus over nothing but a corpus.

    Raises
    ------
    CorpusError
        The file is something else, or cannot be written.
    """
    check_output(output)
    write_corpus(corpus, output)


def check_output(output: Path) -> None:
    """Check that a corpus may be written there, before minutes are spent on it.

    Raises
    ------
    CorpusError
        The name does not end in .npz, or another kind of file is there.
    """
    check_corpus_path(output)


def _read(source: Source, options: CorpusOptions, within: Advance) -> _Found:
    if is_rig(source):
        return _read_rig(source, options, within)
    assert source.path is not None
    if source.path.suffix.lower() == ".bvh":
        from pasyn_blender.prior.bvh import read_bvh, thinned
        from pasyn_blender.prior.bvh_clip import bvh_clip

        name = source.path.stem
        if not is_wanted(named_only(name, name, options), options):
            return _Found(unwanted=[name])
        motion = thinned(read_bvh(source.path), options.rate)  # mocap has up to 240 frames a second
        clip, notes = bvh_clip(motion, source.path)
        skeleton = (str(source.path.parent.resolve()), motion.names, motion.offsets.round(3).tobytes())
        return replace(_taken([clip], options, notes), skeleton=skeleton)
    return _read_arrays(source.path, options)


def _read_arrays(path: Path, options: CorpusOptions) -> _Found:
    from pasyn_blender.prior.published_poses import read_published_poses

    if path.suffix.lower() == ".npz" and is_corpus(path):
        corpus = read_corpus(path)
    else:
        corpus = read_published_poses(path, rate=options.rate)
    labelled = list(map(options.labels.labelled, corpus.clips))
    return _Found(
        [resampled(clip, options.rate) for clip in labelled if is_wanted(clip, options)],
        list(corpus.notes),
        corpus.licence,
        corpus.joints,
        corpus.parents,
        unwanted=[clip.name for clip in labelled if not is_wanted(clip, options)],
    )


def _read_rig(source: Source, options: CorpusOptions, within: Advance) -> _Found:
    import bpy

    from pasyn_blender.rig.clips import read_clip, retargeting_of
    from pasyn_blender.rig.loading import list_actions, load_rig, read_geometry

    bpy.ops.wm.read_factory_settings(use_empty=True)
    notes: list[str] = []
    if source.path is None:
        from pasyn_blender.animals.build import build_animal
        from pasyn_blender.animals.landmarks import animal_rig_map

        rig = build_animal(source.species, source.individual)
        geometry = read_geometry(rig)
        rig_map = animal_rig_map(source.species, rig, geometry)
    else:
        rig = load_rig(source.path)
        geometry = read_geometry(rig)
        rig_map, notes = _map(source.path, rig, geometry, options)
    animal = source.name.removesuffix(source.path.suffix) if source.path is not None else source.name
    actions = list_actions(rig)
    if not actions:
        raise CorpusError(f"{source.name} has no actions, so there is no motion to take")
    wanted = [action for action in actions if is_wanted(named_only(animal, action.name, options), options)]
    if not wanted:
        return _Found(
            notes=[f"{animal}: none of its actions is wanted: {', '.join(a.name for a in actions)}"]
        )
    retargeting = retargeting_of(rig, geometry, rig_map)
    lengths = np.array([action.end - action.start + 1 for action in wanted])
    shares = np.concatenate([[0.0], np.cumsum(lengths) / lengths.sum()])
    clips = []
    for number, action in enumerate(wanted):
        within(action.name, float(shares[number]))
        clip = replace(read_clip(rig, geometry, retargeting, action, options.rate), animal=animal)
        clips.append(replace(clip, species=source.species))
    return _taken(clips, options, notes)


def _map(path: Path, rig: Any, geometry: Any, options: CorpusOptions) -> tuple[Any, list[str]]:
    """The map named for a rig, or beside it, or in the current folder; otherwise its shape is mapped."""
    from pasyn_blender.rig.automatic import map_loaded_rig
    from pasyn_blender.rig.rig_map_file import read_rig_map

    for pattern, file in options.rig_maps:
        if fits(pattern, path.name):
            return read_rig_map(file, geometry), []
    for folder in dict.fromkeys((path.parent, Path())):
        file = folder / f"{path.stem}.rig_map.yaml"
        if file.is_file():
            return read_rig_map(file, geometry), [f"{path.stem}: mapped by {file}"]
    try:
        return map_loaded_rig(rig, geometry), []
    except MappingError as error:
        raise CorpusError(
            f"{error}. Write a map by hand, beside the file as {path.stem}.rig_map.yaml or with --rig-map"
        ) from None


def _taken(clips: Sequence[Clip], options: CorpusOptions, notes: Sequence[str]) -> _Found:
    """Label, filter, resample and clean the clips of a source."""
    kept = []
    notices: list[Note] = []
    for clip in map(options.labels.labelled, clips):
        if not is_wanted(clip, options):
            continue
        result = cleaned(clip) if options.clean else Cleaned((clip,))
        notices += result.notes
        for part in result.clips:
            seen = part.action or action_from_motion(part)
            if seen != part.action:
                notices.append(Note(part.animal, part.name, "", f"taken for {seen} by its footfalls"))
            kept.append(resampled(replace(part, action=seen), options.rate))
    return _Found(kept, [*notes, *summed_notes(notices)])


def _share_skeletons(found: Iterable[_Found], labels: Labels) -> None:
    """Give BVH clips of one folder and one skeleton the folder's name as their animal.

    A BVH file holds one clip; several of an animal must be known to be of one, so that a split can hold the
    whole animal out.
    """
    groups: dict[tuple[str, tuple[str, ...], bytes], list[_Found]] = {}
    for one in found:
        if one.skeleton is not None and one.clips:
            groups.setdefault(one.skeleton, []).append(one)
    named: list[str] = []
    for (folder, _, _), members in groups.items():
        if len(members) < 2:
            continue
        name = Path(folder).name
        named.append(name)
        animal = name if named.count(name) == 1 else f"{name} {named.count(name)}"
        for one in members:
            one.clips = [labels.labelled(replace(clip, animal=animal)) for clip in one.clips]


def _together(found: Sequence[_Found], options: CorpusOptions) -> Corpus:
    clips = [clip for one in found for clip in one.clips]
    notes = [note for one in found for note in one.notes]
    if options.clean:
        clips, copies = without_copies(clips)
        notes += summed_notes(copies)
    licences = dict.fromkeys([options.licence, *(one.licence for one in found)])
    licence = "; ".join(text for text in licences if text)
    filled = next((one for one in found if one.clips), _Found())
    return Corpus(filled.joints, filled.parents, tuple(clips), tuple(dict.fromkeys(notes)), licence)


def _check_joints(seen: dict[tuple[str, ...], str], name: str, joints: tuple[str, ...]) -> None:
    """Note a source's joints; all sources must have the same."""
    for others, other in seen.items():
        if others != joints:
            raise CorpusError(
                f"{other} has {_joints_in_words(others)}, {name} has {_joints_in_words(joints)}: clips of "
                "different joints cannot be in one corpus; make a corpus of each"
            )
    seen.setdefault(joints, name)


def _joints_in_words(joints: tuple[str, ...]) -> str:
    if joints == JOINTS:
        return f"the {len(JOINTS)} joints of the canonical quadruped"
    return f"{len(joints)} joints of its own ({', '.join(joints[:3])}, …)"
