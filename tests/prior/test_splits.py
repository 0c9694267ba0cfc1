"""Splits: whole clips, every animal on both sides, or an animal on neither."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_corpora import single_clip, swinging_animals, swinging_clip

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.errors import CorpusError
from pasyn_blender.prior.corpus import canonical_corpus
from pasyn_blender.prior.splits import split_corpus


def names(corpus):
    return [clip.name for clip in corpus.clips]


def test_clips_are_kept_whole_and_every_animal_is_learnt_from():
    corpus = swinging_animals()
    for seed in range(5):
        split = split_corpus(corpus, seed, 0.2)
        assert sorted(names(split.train) + names(split.validation)) == sorted(names(corpus))
        assert {clip.animal for clip in split.train.clips} == {"horse1", "horse2", "fox1"}
        assert 0.05 < split.validation.frames / corpus.frames < 0.4
        assert split.test is None


def test_an_animation_that_individuals_share_is_on_one_side():
    """Else the validation clips would be learnt from another animal of the same make."""
    clips = [
        replace(swinging_clip(f"zebra{number}", action), name=f"{action} {take}")
        for number in range(3)
        for action, takes in (("walk", 2), ("graze", 3))
        for take in range(takes)
    ]
    for seed in range(5):
        split = split_corpus(canonical_corpus(clips), seed, 0.2)
        assert set(names(split.validation)).isdisjoint(names(split.train))
        assert len(split.validation.clips) == 3


def test_the_only_clips_of_an_action_are_not_held_out():
    """A prior that never saw a gallop cannot be asked for one."""

    def clips(*named):
        return canonical_corpus(
            [
                replace(swinging_clip(f"zebra{number}", name), name=name, action=action)
                for number in range(3)
                for name, action in named
            ]
        )

    twice = clips(("walk 1", "walk"), ("walk 2", "walk"), ("gallop", "gallop"), ("graze", "graze"))
    for seed in range(5):
        split = split_corpus(twice, seed, 0.2)
        assert {clip.action for clip in split.train.clips} == {"walk", "gallop", "graze"}
        assert {clip.action for clip in split.validation.clips} == {"walk"}
    once = clips(("walk", "walk"), ("gallop", "gallop"), ("graze", "graze"))
    split = split_corpus(once, 0, 0.2)
    assert {clip.name for clip in split.validation.clips} == {"walk", "gallop", "graze"}
    # What is cut out of one zebra's walk is cut out of the others', which walk alike.
    cut = {}
    for clip in split.validation.clips:
        cut.setdefault(clip.name, []).append(clip.rotations)
    for same in cut.values():
        assert len(same) == 3
        np.testing.assert_array_equal(same[0], same[1])


def test_the_seed_alone_decides():
    corpus = swinging_animals()
    chosen = [tuple(names(split_corpus(corpus, seed).validation)) for seed in (0, 0, 1, 2, 3)]
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) > 1


def test_an_animal_held_out_is_in_no_other_part():
    split = split_corpus(swinging_animals(), 0, hold_out_animal="fox1")
    assert split.test is not None
    assert {clip.animal for clip in split.test.clips} == {"fox1"}
    assert len(split.test.clips) == 4
    assert "fox1" not in {clip.animal for clip in split.train.clips + split.validation.clips}


def test_one_clip_is_cut_in_contiguous_blocks():
    turns = np.zeros((1000, 2, 3))
    turns[:, 0, 0] = np.linspace(0, 1, 1000)
    split = split_corpus(single_clip(from_turn(turns)), 0)
    assert split.train.frames + split.validation.frames == 1000
    assert split.validation.frames == 150
    assert len(split.validation.clips) == 10
    for clip in split.validation.clips:
        step = np.diff(clip.rotations[:, 0, 2, 1])
        np.testing.assert_allclose(step, step[0], rtol=0.5)
        assert (step < 0.0011).all()  # no frame is missing from a block


def test_single_poses_are_held_out_in_neighbourhoods():
    poses = [
        replace(swinging_clip("horse1", "walk", frames=1, swing=0.1), name=str(number))
        for number in range(400)
    ]
    held = sorted(int(name) for name in names(split_corpus(canonical_corpus(poses), 0).validation))
    assert len(held) == pytest.approx(60, abs=10)
    assert np.mean(np.diff(held) == 1) > 0.75


@pytest.mark.parametrize(
    ("corpus", "animal", "words"),
    [
        (swinging_animals(), "wolf", "no animal 'wolf'.*fox1, horse1, horse2"),
        (canonical_corpus([swinging_clip("horse1", "walk")]), "horse1", "only animal"),
        (canonical_corpus([swinging_clip("horse1", "walk", frames=4)]), None, "4 frames in 1 clips, too few"),
    ],
)
def test_what_cannot_be_split_is_said(corpus, animal, words):
    with pytest.raises(CorpusError, match=words):
        split_corpus(corpus, 0, hold_out_animal=animal)
