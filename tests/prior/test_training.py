"""Training: it learns, the same each time, from what it may see, and stops when asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_corpora import single_clip, swinging_animals, swinging_clip

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import CorpusError, PriorError
from pasyn_blender.prior.corpus import canonical_corpus
from pasyn_blender.prior.sampler import Prior
from pasyn_blender.prior.training import train_prior
from pasyn_blender.prior.training_options import TrainingOptions, TrainingReport

TINY = TrainingOptions(epochs=2, width=16, depth=1, latent=4, components=64)


def two_joints(frames: int = 1500) -> np.ndarray:
    """Two joints that three variables turn."""
    variables = np.random.default_rng(0).uniform(-1, 1, size=(frames, 3))
    turns = np.zeros((frames, 2, 3))
    turns[:, 0, :2] = variables[:, :2]
    turns[:, 1, 0] = variables[:, 0] * variables[:, 1]
    turns[:, 1, 2] = variables[:, 2]
    return from_turn(turns)


def test_poses_of_three_variables_are_learnt_through_four():
    options = TrainingOptions(epochs=60, width=64, latent=4, kl_weight=1e-3)
    _, report = train_prior(single_clip(two_joints()), options)
    assert report.metrics["reconstruction_degrees"]["mean"] < 4
    assert report.curve[-1].active >= 3  # none of the three collapsed
    assert report.metrics["samples"]["precision"] > 0.85
    assert report.metrics["samples"]["coverage"] > 0.85
    errors = [one.validation_error for one in report.curve]
    assert errors[-1] < errors[0] / 2


def test_the_small_prior_learnt_what_its_corpus_shows(trained: tuple[Prior, TrainingReport]):
    prior, report = trained
    assert report.curve[-1].train_error < 5
    assert report.stopped == "finished"
    assert report.best_epoch in {one.epoch for one in report.curve}
    assert prior.card["data"]["frames"] == swinging_animals().frames
    assert len(prior.mixture.weights) == 400


def test_one_seed_gives_one_prior():
    corpus = swinging_animals()
    first, again = (train_prior(corpus, TINY)[0] for _ in range(2))
    other = train_prior(corpus, replace(TINY, seed=1))[0]
    np.testing.assert_array_equal(first.sample(20, 0), again.sample(20, 0))
    assert first.card == again.card
    assert not np.allclose(first.sample(20, 0), other.sample(20, 0))


def test_what_stands_for_missing_joints_is_not_learnt():
    """Other numbers in joints that the animal lacks leave the prior as it was."""
    corpus = canonical_corpus(
        [
            swinging_clip("fox1", action, 40, lacking=("left_scapula", "tail_end"))
            for action in ("walk", "run")
        ]
    )
    strange = []
    for clip in corpus.clips:
        rotations = clip.rotations.copy()
        rotations[:, ~clip.known] = from_turn(np.array([0.3, 1.0, 0.2])).astype(np.float32)
        strange.append(replace(clip, rotations=rotations))
    first, other = (train_prior(each, TINY)[0] for each in (corpus, canonical_corpus(strange)))
    np.testing.assert_array_equal(first.sample(20, 0), other.sample(20, 0))
    tail = first.sample(20, 0)[:, JOINTS.index("tail_end")]
    np.testing.assert_array_equal(tail, np.broadcast_to(np.eye(3), tail.shape))


def test_an_animal_held_out_is_judged_and_not_learnt():
    prior, report = train_prior(swinging_animals(), replace(TINY, hold_out_animal="fox1"))
    assert "fox" not in prior.species
    assert prior.card["data"]["animals"] == ["horse1", "horse2"]
    assert {clip["animal"] for clip in report.metrics["clips"]} == {"fox1"}


def test_both_sides_of_the_body_are_learnt_from_one():
    """A corpus whose animals lift only the left leg gives samples that lift either."""
    corpus = canonical_corpus(
        [swinging_clip("horse1", action, 60, swing=0.02) for action in ("walk", "trot")]
    )
    left, right = JOINTS.index("left_thigh"), JOINTS.index("right_thigh")
    clips = []
    for clip in corpus.clips:
        rotations = clip.rotations.copy()
        rotations[:, left] = from_turn(np.array([0.8, 0, 0])).astype(np.float32)
        clips.append(replace(clip, rotations=rotations))
    poses = train_prior(canonical_corpus(clips), replace(TINY, epochs=15, batch=16))[0].sample(200, 0)
    lifted = poses[:, [left, right], 2, 1] > 0.4
    assert 0.3 < lifted[:, 0].mean() < 0.7
    assert 0.3 < lifted[:, 1].mean() < 0.7


def test_networks_can_be_told_action_and_species():
    prior, _ = train_prior(swinging_animals(), replace(TINY, condition=True, epochs=10, width=32))
    np.testing.assert_array_equal(prior.condition("walk", "fox"), [0, 0, 1, 1, 0])
    latents = np.zeros((1, 4), np.float32)
    told = [prior.decode(latents, prior.condition(species=name)) for name in ("horse", "fox")]
    neck = JOINTS.index("neck_base")
    assert told[0][0, neck, 2, 1] > told[1][0, neck, 2, 1] + 0.1
    assert prior.sample(7, 0, action="eat").shape == (7, 27, 3, 3)


def test_interrupting_keeps_the_best_so_far():
    def stop_after_three(epoch, epochs, evaluation):
        if epoch == 3:
            raise KeyboardInterrupt

    options = replace(TINY, epochs=20000)
    prior, report = train_prior(swinging_animals(), options, stop_after_three)
    assert report.stopped == "interrupted"
    assert report.best_epoch <= 3
    assert prior.card["training"]["stopped"] == "interrupted"


def test_a_learning_rate_that_is_too_high_is_said():
    with pytest.raises(PriorError, match=r"broke down in epoch .*learning rate below 1e\+30"):
        train_prior(swinging_animals(), replace(TINY, learning_rate=1e30))


@pytest.mark.parametrize(
    ("corpus", "words"),
    [
        (canonical_corpus([]), "holds no poses"),
        (
            canonical_corpus([swinging_clip("horse1", "walk", frames=3)]),
            "too few to keep some for validation",
        ),
        (canonical_corpus([swinging_clip("horse1", "walk", frames=22)]), "of its 22 poses 3 are held out"),
        (single_clip(np.full((50, 2, 3, 3), np.nan)), "'all' of 'published' has NaN rotations at frame 0"),
        (single_clip(np.ones((50, 2, 3, 3))), "no rotations"),
    ],
)
def test_a_corpus_that_teaches_nothing_is_refused(corpus, words):
    with pytest.raises(CorpusError, match=words):
        train_prior(corpus, TINY)
