"""``pasyn prior corpus`` takes motion from everything it is given, and says what it left out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from runs import pasyn

from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.anatomy.stance import STANCE
from pasyn_blender.errors import CorpusError
from pasyn_blender.prior.action_labels import Labels
from pasyn_blender.prior.corpus import Clip, Corpus, canonical_corpus, read_corpus, write_corpus
from render_jobs.prior_corpus_command import make_corpus, save_corpus
from render_jobs.prior_corpus_sources import CorpusOptions
from render_jobs.prior_corpus_table import corpus_lines


def clip(name: str, animal: str, frames: int = 30, action: str = "", species: str = "") -> Clip:
    """A neck that nods, faster or slower by its name."""
    turns = np.tile(np.eye(3), (frames, len(JOINTS), 1, 1))
    angle = 0.3 * np.sin(np.arange(frames) * (0.1 + 0.01 * len(name)))
    turns[:, 3, 1, 1] = turns[:, 3, 2, 2] = np.cos(angle)
    turns[:, 3, 1, 2], turns[:, 3, 2, 1] = -np.sin(angle), np.sin(angle)
    return Clip(
        name=name,
        animal=animal,
        species=species,
        action=action,
        rate=30.0,
        rotations=turns.astype(np.float32),
        known=np.ones(len(JOINTS), dtype=bool),
        offsets=np.zeros((len(JOINTS), 3), dtype=np.float32),
        root=np.tile(STANCE["pelvis"].astype(np.float32), (frames, 1)),
        clearance=np.zeros((frames, 4), dtype=np.float32),
    )


def silent(what: str, share: float) -> None:
    """Show no progress."""


def written(path: Path, *clips: Clip, licence: str = "") -> str:
    write_corpus(canonical_corpus(clips, licence=licence), path)
    return str(path)


def test_corpora_are_merged_with_their_licences_and_filtered(tmp_path: Path) -> None:
    first = written(tmp_path / "a.npz", clip("Walk", "Horse"), clip("Death", "Horse"), licence="CC0")
    second = written(tmp_path / "b.npz", clip("Nodding", "Fox"), licence="CC BY 4.0")
    options = CorpusOptions(without=("death",), licence="mine", labels=Labels(actions=(("look", "Nod*"),)))
    made = make_corpus([first, second], options, silent)
    found = [(c.animal, c.name, c.species, c.action) for c in made.corpus.clips]
    assert found == [("Horse", "Walk", "horse", "walk"), ("Fox", "Nodding", "fox", "look")]
    assert made.corpus.licence == "mine; CC0; CC BY 4.0" and not made.failed
    only = make_corpus([first, second], CorpusOptions(only=("Horse/*",)), silent).corpus
    assert [c.name for c in only.clips] == ["Walk", "Death"]


def test_clips_are_resampled_to_one_rate(tmp_path: Path) -> None:
    source = written(tmp_path / "a.npz", clip("Walk", "Horse", frames=31))
    corpus = make_corpus([source], CorpusOptions(rate=10.0), silent).corpus
    assert [(c.rate, len(c)) for c in corpus.clips] == [(10.0, 11)]


def test_what_is_given_twice_is_taken_once(tmp_path: Path) -> None:
    first = written(tmp_path / "a.npz", clip("Walk", "Horse"))
    copy = written(tmp_path / "b.npz", clip("Walk", "Pony"))
    corpus = make_corpus([first, first, copy], CorpusOptions(), silent).corpus
    assert [c.animal for c in corpus.clips] == ["Horse"]
    assert corpus.notes == ("Pony: Walk: a copy of Walk of Horse; dropped",)


def test_joints_of_two_kinds_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "poses.npz", poses=np.random.default_rng(0).normal(size=(4, 39)) * [0] * 3 + [1])
    canonical = written(tmp_path / "a.npz", clip("Walk", "Horse"))
    with pytest.raises(CorpusError) as refused:
        make_corpus([canonical, str(tmp_path / "poses.npz")], CorpusOptions(), silent)
    message = str(refused.value)
    assert "a.npz has the 27 joints of the canonical quadruped" in message
    assert "poses.npz has 12 joints of its own (upperleg.L" in message and "a corpus of each" in message


def test_a_built_in_animal_is_not_built_where_its_joints_cannot_fit(tmp_path: Path) -> None:
    np.savez(tmp_path / "poses.npz", poses=np.zeros((4, 39)))
    with pytest.raises(CorpusError, match="zebra 0 has the 27 joints"):
        make_corpus(["zebra", str(tmp_path / "poses.npz")], CorpusOptions(), silent)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("horse.glb", "does not exist"),
        ("unicorn", "neither a file nor a built-in animal; built in: camel, cat"),
        ("notes.txt", "files with motion end in .blend, .glb"),
        ("empty", "holds no file that ends in"),
    ],
)
def test_sources_are_checked_before_anything_is_read(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    source = str(tmp_path / name) if name != "unicorn" else name
    with pytest.raises(CorpusError) as refused:
        make_corpus([written(tmp_path / "a.npz", clip("Walk", "Horse")), source], CorpusOptions(), silent)
    assert said in str(refused.value)


def test_one_damaged_file_is_left_out_and_reported(tmp_path: Path) -> None:
    good = written(tmp_path / "a.npz", clip("Walk", "Horse"))
    (tmp_path / "b.bvh").write_text("HIERARCHY\nROOT x\n{\n")
    made = make_corpus([str(tmp_path)], CorpusOptions(), silent)
    assert [c.name for c in made.corpus.clips] == ["Walk"] and Path(good).is_file()
    ((name, why),) = made.failed
    assert name == "b.bvh" and "line 3" in why


def test_nothing_to_write_says_why(tmp_path: Path) -> None:
    written(tmp_path / "a.npz", clip("Walk", "Horse"))
    (tmp_path / "b.bvh").write_text("HIERARCHY\nROOT x\n{\n")
    with pytest.raises(CorpusError) as refused:
        make_corpus([str(tmp_path)], CorpusOptions(without=("walk",)), silent)
    told = str(refused.value)
    assert told.startswith("there is no pose to write:\n  b.bvh: ") and "line 3" in told
    assert "asked to be left out: Walk" in told


def test_a_corpus_replaces_nothing_but_a_corpus(tmp_path: Path) -> None:
    corpus = canonical_corpus([clip("Walk", "Horse")])
    precious = tmp_path / "poses.npz"
    np.savez(precious, poses=np.zeros((4, 39)))
    content = precious.read_bytes()
    for path, said in ((precious, "is there and is no corpus"), (tmp_path / "corpus.glb", "written as .npz")):
        with pytest.raises(CorpusError, match=said):
            save_corpus(corpus, path)
    assert precious.read_bytes() == content
    save_corpus(corpus, tmp_path / "new.npz")
    save_corpus(canonical_corpus([clip("Run", "Horse")]), tmp_path / "new.npz")
    assert [c.name for c in read_corpus(tmp_path / "new.npz").clips] == ["Run"]


def test_the_table_names_what_is_unknown_and_folds_many_clips() -> None:
    poses = [clip(f"row {i}", "dump", frames=1) for i in range(100)]
    corpus = Corpus(
        JOINTS, canonical_corpus([]).parents, (clip("Walk", "Horse", 30, "walk", "horse"), *poses)
    )
    lines = corpus_lines(corpus)
    assert len(lines) < 12
    walk, folded = lines[2].split(), lines[3]
    assert walk[:6] == ["Horse", "horse", "walk", "Walk", "30", "1.0"]
    assert "(100 clips)" in folded and "single poses" in folded
    text = "\n".join(lines)
    assert "2 animals, 101 clips, 130 poses at 30 frames a second" in text
    assert "no action known: dump/row 0" in text and "no species known: dump" in text


def test_the_command_line_collects_shows_and_refuses(tmp_path: Path) -> None:
    source = written(tmp_path / "a.npz", clip("Walk", "Horse"), clip("Take 001", "Horse"))
    target = tmp_path / "out.npz"
    done = pasyn("prior", "corpus", source, "-o", str(target), "--label", "trot=Take*", "--species", "pony")
    assert done.returncode == 0, done.stderr
    assert "Take 001" in done.stdout and "trot" in done.stdout and f"corpus: {target}" in done.stdout
    shown = pasyn("prior", "show", str(target))
    assert shown.returncode == 0 and shown.stdout in done.stdout and "pony" in shown.stdout
    (tmp_path / "b.bvh").write_text("HIERARCHY")
    partly = pasyn("prior", "corpus", source, str(tmp_path / "b.bvh"), "-o", str(target))
    assert partly.returncode == 3 and "left out: " in partly.stderr and "b.bvh" in partly.stderr
    for arguments, said in (
        (("--actions", "swim"), "there is no pose to write"),
        (("--individuals", "5-2"), "write numbers as 0-5"),
        (("--rig-map", "none.yaml"), "none.yaml does not exist"),
    ):
        refused = pasyn("prior", "corpus", source, "-o", str(target), *arguments)
        assert refused.returncode == 2, arguments
        assert said in " ".join(refused.stderr.replace("│", " ").split())
        assert "Traceback" not in refused.stderr


def test_help_teaches_by_example() -> None:
    told = pasyn("prior", "corpus", "--help").stdout
    assert "pasyn prior corpus horse.glb wolf.fbx -o animals.npz" in told
    assert "pasyn prior corpus zebra --individuals 0-5" in told


def test_a_shared_rig_gives_its_actions(shared: Path, empty_scene: Any, tmp_path: Path) -> None:
    fox = shared / "rigs/fox_khronos/Fox.glb"
    if not fox.is_file():
        pytest.skip("the shared fox is not there")
    seen: list[tuple[str, float]] = []
    made = make_corpus([str(fox)], CorpusOptions(), lambda what, share: seen.append((what, share)))
    found = {c.name: (c.species, c.action) for c in made.corpus.clips}
    assert found == {"Run": ("fox", "gallop"), "Survey": ("fox", "look"), "Walk": ("fox", "walk")}
    shares = [share for _, share in seen]
    assert shares == sorted(shares) and shares[-1] == 1 and "Fox.glb: Walk" in [what for what, _ in seen]
    # The same file under two folders is two animals only by name: copies are left out.
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(fox, tmp_path / folder)
    twice = make_corpus([str(tmp_path)], CorpusOptions(only=("walk",)), silent).corpus
    assert [c.animal for c in twice.clips] == ["a/Fox"]
    assert twice.notes[-1] == "b/Fox: Walk: a copy of Walk of a/Fox; dropped"


def test_an_individual_of_a_built_in_animal_is_an_animal_of_its_own(empty_scene: Any) -> None:
    options = CorpusOptions(individuals=(3,), only=("trot",), rate=24.0)
    corpus = make_corpus(["zebra"], options, silent).corpus
    assert len(corpus.clips) > 3
    assert {(c.animal, c.species, c.action) for c in corpus.clips} == {("zebra 3", "zebra", "trot")}
    assert all(clip.known.all() and 8 < len(clip) < 30 for clip in corpus.clips)
