"""``pasyn prior evaluate`` measures what it says, on the clips that it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from runs import pasyn
from small_prior import small_prior
from typer.testing import CliRunner

from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE_OFFSETS
from pasyn_blender.errors import PasynError
from pasyn_blender.prior.corpus import Clip, Corpus, canonical_corpus, write_corpus
from pasyn_blender.prior.limits import from_joint_angles, read_limits
from pasyn_blender.prior.pose_frames import without_heading
from pasyn_blender.prior.prior_file import read_prior
from pasyn_blender.prior.sampler import Prior, with_card
from pasyn_blender.prior.splits import split_corpus
from render_jobs.cli_prior import app
from render_jobs.prior_evaluation import Measured, few_clips, judges_of, learnt_poses, measure

LIMITS = read_limits()


def silent(what: str, share: float) -> None:
    """Show no progress."""


def clip(poses: np.ndarray, animal: str, name: str) -> Clip:
    count = len(poses)
    return Clip(
        name=name,
        animal=animal,
        species="",
        action="",
        rate=30.0,
        rotations=poses.astype(np.float32),
        known=np.ones(poses.shape[1], dtype=bool),
        offsets=STANCE_OFFSETS.astype(np.float32),
        root=np.zeros((count, 3), np.float32),
        clearance=np.full((count, 4), np.nan, np.float32),
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_prior(tmp_path_factory.mktemp("prior") / "small.npz")


@pytest.fixture(scope="module")
def prior(file: Path) -> Prior:
    return read_prior(file)


@pytest.fixture(scope="module")
def corpus(prior: Prior) -> Corpus:
    """Two animals that move as the prior does, three clips each."""
    return canonical_corpus(
        [
            clip(prior.sample(60, seed), animal, f"{animal} {seed}")
            for animal, seeds in (("horse", (1, 2, 3)), ("wolf", (4, 5, 6)))
            for seed in seeds
        ]
    )


def measured(prior: Prior, corpus: Corpus) -> Measured:
    return measure(prior, judges_of(prior, corpus), 0, 300, 1.0, LIMITS, silent)


def test_animals_that_were_not_learnt_from_judge(prior: Prior, corpus: Corpus) -> None:
    known = with_card(prior, {"data": {"animals": ["horse"]}})
    judges = judges_of(known, corpus)
    assert {c.animal for c in judges.held_out.clips} == {"wolf"} and judges.fresh
    assert {c.animal for c in judges.learnt.clips} == {"horse"}
    assert judges.rule.endswith(": wolf")
    # A corpus of strangers alone: what was learnt is what the mixture stands on.
    wolves = corpus.chosen(lambda one: one.animal == "wolf")
    assert judges_of(known, wolves).learnt.clips[0].animal == "prior"


def test_on_its_own_corpus_the_split_of_its_training_is_made_again(prior: Prior, corpus: Corpus) -> None:
    split = split_corpus(corpus, 3, 0.3)
    data = {"animals": ["horse", "wolf"], "clips": 6, "frames": 360, "split": split.rule}
    card = {"data": data, "training": {"seed": 3, "validation_share": 0.3}}
    judges = judges_of(with_card(prior, card), corpus)
    assert [c.name for c in judges.held_out.clips] == [c.name for c in split.validation.clips]
    assert [c.name for c in judges.learnt.clips] == [c.name for c in split.train.clips]
    assert not judges.fresh and "flattered" in judges.rule
    other = {**card, "data": {**data, "frames": 361}}
    judges = judges_of(with_card(prior, other), corpus)
    assert judges.held_out is corpus and "not this one" in judges.rule


def test_a_card_that_says_nothing_leaves_all_clips_to_judge(prior: Prior, corpus: Corpus) -> None:
    judges = judges_of(prior, corpus)
    assert judges.held_out is corpus and not judges.fresh
    assert "does not say which clips" in judges.rule


def test_what_the_mixture_stands_on_is_what_sigma_zero_gives(prior: Prior) -> None:
    (poses,) = learnt_poses(prior).clips
    drawn = prior.sample(40, 0, sigma=0.0)
    far = np.degrees(angle_between(drawn[:, None], poses.rotations[None])).mean(axis=-1)
    assert far.min(axis=1).max() < 0.01


def test_reconstruction_by_a_blind_encoder_is_the_distance_to_its_mean_pose(
    prior: Prior, corpus: Corpus
) -> None:
    found = measured(prior, corpus)
    # This encoder gives nothing but zeros, which decode to the stance.
    poses = np.concatenate([c.rotations for c in corpus.clips]).astype(float)
    stance = np.broadcast_to(np.eye(3), poses.shape)
    expected = np.degrees(angle_between(without_heading(poses), stance))
    assert found.errors == pytest.approx(expected, abs=0.01)
    assert found.numbers["reconstruction_degrees"]["mean"] == pytest.approx(expected.mean(), abs=0.01)
    tail = JOINTS.index("tail_end")
    assert found.numbers["joints"]["tail_end"]["mean"] == pytest.approx(expected[:, tail].mean(), abs=0.01)


def test_poses_of_its_own_are_reached_and_others_are_not(prior: Prior, corpus: Corpus) -> None:
    own = measured(prior, corpus).numbers["samples"]
    turned = from_turn(np.full((60, len(JOINTS), 3), 0.6) * np.linspace(0.9, 1.1, 60)[:, None, None])
    far = measured(prior, canonical_corpus([clip(turned, "odd", "odd")])).numbers["samples"]
    assert own["precision"] > 0.8 and own["coverage"] > 0.8
    assert far == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


def test_joints_beyond_their_limits_are_counted(prior: Prior) -> None:
    angles = np.zeros((100, len(JOINTS), 3))
    knee = JOINTS.index("left_front_cannon")
    angles[:, knee, 0] = np.linspace(0, 10, 100)
    angles[:40, knee, 0] = LIMITS.high[knee, 0] + 2  # brought back
    angles[40:50, knee, 0] = LIMITS.low[knee, 0] - 30  # too far to be brought back
    found = measured(prior, canonical_corpus([clip(from_joint_angles(angles), "odd", "odd")])).numbers
    real = found["feasibility_of_held_out"]
    assert real["beyond_limits"] == pytest.approx(0.5)
    assert real["beyond_limits_by_5_degrees"] == pytest.approx(0.1)
    assert real["degrees_beyond_where_beyond"] == pytest.approx((40 * 2 + 10 * 30) / 50, abs=0.01)
    assert real["turned_down"]["limits"] == pytest.approx(0.1)
    assert found["ground"]["beyond_limits_after"] == 0 and found["ground"]["under_ground"] == 0


def test_frames_to_look_at_are_of_different_clips(corpus: Corpus) -> None:
    chosen = few_clips(corpus, 0, 6)
    assert len({one.name for one, _ in chosen}) == 6
    assert few_clips(corpus, 0, 6)[2][1] == chosen[2][1]
    assert few_clips(corpus, 1, 6) != chosen
    assert len(few_clips(corpus, 0, 9)) == 9


def test_the_command_writes_numbers_plots_and_one_page(file: Path, corpus: Corpus, tmp_path: Path) -> None:
    write_corpus(corpus, tmp_path / "corpus.npz")
    arguments = (
        "prior",
        "evaluate",
        str(file),
        str(tmp_path / "corpus.npz"),
        "--rig",
        "none",
        "--samples",
        "200",
    )
    for name in ("a", "b"):
        told = pasyn(*arguments, "-o", str(tmp_path / name))
        assert told.returncode == 0, told.stderr
    assert "precision" in told.stdout and f"evaluation: {tmp_path / 'b' / 'evaluation.html'}" in told.stdout
    assert "judged by 360 poses in 6 clips: all clips, learnt from or not" in told.stdout
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["angles.png", "errors.png", "evaluation.html", "metrics.json", "poses.png"]
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    numbers = json.loads((tmp_path / "a/metrics.json").read_text())
    assert numbers["held_out"]["frames"] == 360 and len(numbers["clips"]) == 6
    page = (tmp_path / "a/evaluation.html").read_text()
    assert page.count("data:image/png;base64,") == 3 and "http" not in page.replace("http://www.w3.org", "")
    assert f"{numbers['samples']['precision']:.2f}" in page


def test_joints_of_their_own_are_measured_without_a_skeleton(tmp_path: Path) -> None:
    joints = ("upperleg.L", "frontleg.L")
    other = small_prior(tmp_path / "legs.npz", joints=joints)
    poses = read_prior(other).sample(80, 1)
    one = replace(clip(poses, "dump", "dump"), offsets=np.zeros((2, 3), np.float32))
    write_corpus(Corpus(joints, (-1, -1), (one,)), tmp_path / "legs_corpus.npz")
    told = pasyn(
        "prior", "evaluate", str(other), str(tmp_path / "legs_corpus.npz"), "-o", str(tmp_path / "out")
    )
    assert told.returncode == 0, told.stderr
    numbers = json.loads((tmp_path / "out/metrics.json").read_text())
    assert "feasibility" not in numbers and "rig" not in numbers and numbers["samples"]["precision"] > 0.8


def test_bad_input_is_one_clear_line(file: Path, corpus: Corpus, tmp_path: Path) -> None:
    good, empty, legs, broken = (str(tmp_path / f"{n}.npz") for n in ("good", "empty", "legs", "broken"))
    write_corpus(corpus, Path(good))
    write_corpus(canonical_corpus([]), Path(empty))
    one = replace(clip(np.tile(np.eye(3), (9, 1, 1, 1)), "a", "b"), offsets=np.zeros((1, 3), np.float32))
    write_corpus(Corpus(("upperleg.L",), (-1,), (one,)), Path(legs))
    odd = clip(np.full((9, len(JOINTS), 3, 3), np.nan), "a", "b")
    write_corpus(canonical_corpus([odd]), Path(broken))
    few = str(tmp_path / "few.npz")
    write_corpus(canonical_corpus([clip(corpus.clips[0].rotations[:3], "a", "b")]), Path(few))
    (tmp_path / "cut.npz").write_bytes(Path(good).read_bytes()[:-300])
    other = str(small_prior(tmp_path / "other.npz", joints=("upperleg.L",)))
    for arguments, words in (
        ((str(file), empty), "empty.npz holds no poses"),
        ((str(file), legs), "the prior is over other joints"),
        ((str(file), broken), "NaN"),
        ((str(file), few), "3 held-out poses; measuring takes more than 5"),
        ((str(file), str(tmp_path / "cut.npz")), "cut.npz is no readable corpus"),
        ((str(file), str(tmp_path / "absent.npz")), "absent.npz does not exist"),
        ((good, good), "is a corpus, not a prior"),
        ((other, legs, "--rig", "zebra"), "1 joints of its own"),
        ((str(file), good, "--rig", "unicorn"), "neither a rig"),
        ((str(file), good, "-o", good), "is a file; name a folder"),
        ((str(file), good, "--limits", str(tmp_path / "absent.yaml")), "absent.yaml cannot be read"),
    ):
        rig = () if "--rig" in arguments else ("--rig", "none")
        refused = CliRunner().invoke(app, ["evaluate", *arguments, *rig])
        assert isinstance(refused.exception, PasynError), (arguments, refused.output)
        assert words in str(refused.exception), str(refused.exception)
    assert not list(Path.cwd().glob("*_evaluation"))


@pytest.mark.slow
def test_samples_are_tried_on_a_rig_and_drawn_beside_real_frames(
    file: Path, corpus: Corpus, shared: Path, tmp_path: Path
) -> None:
    fox = shared / "rigs/fox_khronos/Fox.glb"
    if not fox.is_file():
        pytest.skip("the shared fox is not there")
    write_corpus(corpus, tmp_path / "corpus.npz")
    arguments = (str(file), str(tmp_path / "corpus.npz"), "--rig", str(fox), "--on-rig", "20")
    told = pasyn("prior", "evaluate", *arguments, "-o", str(tmp_path / "out"))
    assert told.returncode == 0, told.stderr
    found = json.loads((tmp_path / "out/metrics.json").read_text())["rig"]
    assert found["poses"] == 20 and found["name"] == "Fox"
    assert found["beyond_limits"] == 0 and found["under_ground"] == 0
    assert found["self_intersecting_of_own_actions"] <= 0.1  # 95 of 100 of its own poses are let pass
    from PIL import Image

    with Image.open(tmp_path / "out/sheet.png") as sheet:
        assert sheet.width > 1800 and sheet.height > 1500
        # Ground, animal and sky: not one colour.
        assert len(sheet.convert("RGB").resize((64, 64)).getcolors(4096) or range(99)) > 50
