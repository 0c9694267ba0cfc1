"""Names that animators give say what a clip shows; what a person says goes before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.errors import CorpusError
from pasyn_blender.prior.action_labels import (
    ACTIONS,
    Labels,
    action_from_name,
    parsed_labels,
    read_labels,
    species_from_name,
)
from pasyn_blender.prior.corpus import Clip


def clip(name: str, animal: str, species: str = "", action: str = "") -> Clip:
    frames = np.tile(np.eye(3, dtype=np.float32), (1, 1, 1, 1))
    zeros = np.zeros((1, 3), dtype=np.float32)
    known = np.ones(1, dtype=bool)
    return Clip(
        name, animal, species, action, 30.0, frames, known, zeros, zeros, np.zeros((1, 4), np.float32)
    )


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("Attack_Headbutt", "attack"), ("Attack_Kick", "kick"), ("Death", "death"), ("Eating", "graze"),
        ("Gallop", "gallop"), ("Gallop_Jump", "jump"), ("Idle", "stand"), ("Idle_2", "stand"),
        ("Idle_Headlow", "stand"), ("Idle_2_HeadLow", "stand"), ("Idle_HitReact1", "hit"),
        ("Idle_HitReact2", "hit"), ("Jump_toIdle", "jump"), ("Jump_ToIdle", "jump"), ("Walk", "walk"),
        ("Attack", "attack"), ("Survey", "look"), ("Run", "gallop"), ("WalkSlow", "walk"), ("Jump", "jump"),
        ("walk", "walk"), ("trot", "trot"), ("graze", "graze"), ("look_around", "look"), ("stand", "stand"),
        ("Horse_Canter_Left", "canter"), ("getUp", "rise"), ("Stand Up", "rise"), ("LieDown", "lie"),
        ("LieDown_End", "rise"), ("sitting_idle", "sit"), ("walkToSit", "sit"), ("RearUp", "rear"),
        ("drinking", "drink"), ("shake-off", "shake"), ("ScratchEar", "scratch"), ("Howl", "call"),
        ("T-Pose", "stand"), ("Armature|Armature|Death", "death"), ("RUN_FAST", "gallop"),
        ("Trot_F_IP", "trot"), ("Walk_Hit_L", "hit"), ("Turn90L", "turn"),
        ("Take 001", ""), ("mixamo.com", ""), ("Scene", ""), ("", ""),
        # words that only contain an action's
        ("Brunette", ""), ("Feather", ""), ("Heath", ""), ("Prune", ""),
    ],
)  # fmt: skip
def test_clip_names_are_sorted_into_actions(name: str, action: str) -> None:
    assert action_from_name(name) == action
    assert action in (*ACTIONS, "")


@pytest.mark.parametrize(
    ("name", "species"),
    [
        ("Horse-v7", "horse"), ("Cow-v3", "cow"), ("Wolf-v12", "wolf"), ("Fox", "fox"), ("Zebra", "zebra"),
        ("zebra 3", "zebra"), ("SK_ShibaInu", "dog"), ("animal_wild_RedFox_rig", "fox"),
        ("PolarBear", "bear"), ("WhiteTailDeer", "deer"),
        ("catalogue", ""), ("untitled", ""), ("model_2", ""),
    ],
)  # fmt: skip
def test_file_names_tell_the_species(name: str, species: str) -> None:
    assert species_from_name(name) == species


def test_what_a_person_says_goes_before_names_and_the_first_pattern_counts() -> None:
    labels = Labels(
        species=parsed_labels(["pony=Horse*", "donkey"], "--species"),
        actions=parsed_labels(["walk=*Take 001*", "Lie Down=Fox/Take 002", "other=Take*"], "--label"),
    )
    horse = labels.labelled(clip("Take 001", "Horse-v7"))
    assert (horse.species, horse.action) == ("pony", "walk")
    fox, wolf = (labels.labelled(clip("take 002", animal)) for animal in ("Fox", "Wolf"))
    assert (fox.species, fox.action, wolf.action) == ("donkey", "lie_down", "other")
    assert labels.labelled(clip("Gallop", "Wolf")).action == "gallop"


def test_labels_a_clip_has_stay_unless_a_person_says_otherwise() -> None:
    had = clip("Walk", "Fox", species="dog", action="stroll")
    assert (Labels().labelled(had).species, Labels().labelled(had).action) == ("dog", "stroll")
    assert Labels(species=(("fox", "*"),)).labelled(had).species == "fox"


def test_labels_are_read_from_yaml(tmp_path: Path) -> None:
    path = tmp_path / "labels.yaml"
    path.write_text("species: {horse: [Pony*, A1]}\nactions:\n  walk: '*stroll*'\n")
    labels = read_labels(path)
    assert labels == Labels((("horse", "Pony*"), ("horse", "A1")), (("walk", "*stroll*"),))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("animals: {horse: [a]}", "holds animals; labels have the keys species and actions"),
        ("species: [horse]", "species is list"),
        ("actions: {walk: 3}", "actions.walk is 3"),
        ("actions: {walk: [3]}", "actions.walk is"),
        ("a: [", "is no YAML"),
        ("", "holds NoneType"),
    ],
)
def test_wrong_label_files_are_refused_by_key(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.yaml"
    path.write_text(text)
    with pytest.raises(CorpusError) as refused:
        read_labels(path)
    assert said in str(refused.value) and "labels.yaml" in str(refused.value)


@pytest.mark.parametrize("text", ["=Horse*", "walk=", " "])
def test_half_a_label_on_the_command_line_is_refused(text: str) -> None:
    with pytest.raises(CorpusError, match=r"--label .*LABEL=PATTERN"):
        parsed_labels([text], "--label")
