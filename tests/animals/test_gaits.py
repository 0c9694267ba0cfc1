"""Gaits and jumps: by their footfalls, on the ground without skating, and for any proportions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from pasyn_blender.anatomy.skeleton import JOINT_PARENTS, JOINTS
from pasyn_blender.animals.clip import HOOVES, Clip
from pasyn_blender.animals.gait_tables import GAITS
from pasyn_blender.animals.jumps import JUMPS
from pasyn_blender.animals.kinematics import Figure, turn
from pasyn_blender.animals.locomotion import locomotion_clips
from pasyn_blender.animals.motion import clips
from pasyn_blender.animals.proportions import body_plan
from pasyn_blender.animals.skeleton import CANONICAL_BONES, Bone, bones_of
from pasyn_blender.animals.species import load_species
from pasyn_blender.errors import RigError
from pasyn_blender.prior.action_labels import action_from_name
from pasyn_blender.prior.limits import read_limits

GROUND = 0.005  # tips of the toes at rest, metres
LEGS = ("upper_arm", "forearm", "front_cannon", "front_pastern", "front_hoof", "thigh", "shin", "hind_cannon",
        "hind_pastern", "hind_hoof")  # fmt: skip
# Degrees by which a bone is turned for each of the crouch.
BENT = {"thigh": -0.8, "shin": 0.9, "hind_cannon": -0.2, "upper_arm": 0.35, "forearm": -0.15}

FORMS = {
    "zebra": ("unguligrade", 1.0, 1.0, 0.0),
    "sheep": ("unguligrade", 1.0, 0.6, 0.0),
    "giraffe": ("unguligrade", 2.0, 1.5, 0.0),
    "dog": ("digitigrade", 1.0, 1.0, 14.0),
    "dachshund": ("digitigrade", 1.0, 0.5, 10.0),
}
"""Family, factors on neck and legs, and degrees by which legs are bent more than a zebra's."""


def kind(bone: Bone) -> str:
    return bone.name.removesuffix(".L").removesuffix(".R")


@lru_cache
def skeleton(form: str) -> tuple[Bone, ...]:
    """The zebra's skeleton with other proportions, standing on the ground."""
    _, neck, legs, crouch = FORMS[form]
    ear = np.array([0.06, -0.87, 1.6]), np.array([0.1, -0.85, 1.76])
    rest = {bone.name: bone for bone in bones_of(body_plan(load_species("zebra"), 2), ear)}
    made: dict[str, Bone] = {}
    for bone in rest.values():
        size = neck if kind(bone).startswith("neck") else legs if kind(bone) in LEGS else 1.0
        along = size * turn(0, BENT.get(kind(bone), 0.0) * crouch) @ (bone.tail - bone.head)
        if bone.parent is None:
            head = bone.head
        elif np.allclose(bone.head, rest[bone.parent].tail, atol=1e-6):
            head = made[bone.parent].tail
        else:
            head = made[bone.parent].head + bone.head - rest[bone.parent].head
        made[bone.name] = Bone(bone.name, bone.parent, head, head + along)
    drop = made["front_hoof.L"].tail[2] - GROUND
    hip = made["thigh.L"].head[2]
    stretch = (hip - drop - GROUND) / (hip - made["hind_hoof.L"].tail[2])

    def stood(bone: Bone, point: np.ndarray) -> np.ndarray:
        # Forelegs and hind legs are bent by different lengths: the hind ones are stretched to the ground.
        hind = kind(bone) in LEGS[5:]
        z = hip + (point[2] - hip) * stretch if hind else point[2]
        return np.array([point[0], point[1], z - drop])

    return tuple(Bone(b.name, b.parent, stood(b, b.head), stood(b, b.tail)) for b in made.values())


@lru_cache
def motions(form: str, seed: int = 0) -> dict[str, Clip]:
    family = FORMS[form][0]
    return {clip.name: clip for clip in locomotion_clips(skeleton(form), 1.33, family, seed)}


def figure_of(form: str, clip: Clip) -> Figure:
    figure = Figure(skeleton(form), len(clip.turns))
    figure.local, figure.offset = clip.turns, clip.offset
    return figure


def toes(form: str, clip: Clip) -> np.ndarray:
    """(4, F, 3) tips of the toes."""
    figure = figure_of(form, clip)
    names = [f"{'front' if limb == 'fore' else 'hind'}_hoof{suffix}" for limb, suffix in HOOVES]
    return np.array([figure.carried(name, figure.tails[figure.index(name)]) for name in names])


def trunk(form: str) -> float:
    """Metres from withers to tail root."""
    rest = Figure(skeleton(form), 1)
    return float(np.linalg.norm(rest.rest_head("scapula.L")[1:] - rest.rest_head("tail_1")[1:]))


def footfalls(clip: Clip) -> dict[str, int]:
    """Frame at which each foot is set down; for gaits, where that happens once."""
    names = ("left hind", "left fore", "right hind", "right fore")
    stance = clip.stance[:-1]
    downs = stance & ~np.roll(stance, 1, axis=0)
    assert (downs.sum(axis=0) == 1).all()
    return dict(zip(names, (int(frame) for frame in downs.argmax(axis=0)), strict=True))


def order(clip: Clip, first: str) -> list[str]:
    """Feet in the order they are set down, beginning with one of them."""
    falls = footfalls(clip)
    frames = len(clip.turns) - 1
    return sorted(falls, key=lambda foot: (falls[foot] - falls[first]) % frames)


@pytest.mark.parametrize("family", list(GAITS))
def test_there_are_sixty_motions_that_say_what_they_are(family: str) -> None:
    names = [*GAITS[family], *JUMPS[family]]
    assert len(names) >= 30
    for name in names:
        said = {"pace": "trot"}.get(name.split("_")[0], name.split("_")[0])
        assert action_from_name(name) == said
    found = [clip.name for clip in clips(skeleton("zebra"), 1.33, family)]
    assert set(names) < set(found)
    assert found == sorted(set(found))


@pytest.mark.parametrize("form", FORMS)
def test_motions_are_cyclic_and_smooth(form: str) -> None:
    for clip in motions(form).values():
        assert np.allclose(clip.turns[0], clip.turns[-1], atol=1e-6), clip.name
        assert np.allclose(clip.offset[0], clip.offset[-1], atol=1e-9), clip.name
        steps = np.einsum("fbji,fbjk->fbik", clip.turns[:-1], clip.turns[1:])
        angles = np.degrees(np.arccos(np.clip((np.trace(steps, axis1=2, axis2=3) - 1.0) / 2.0, -1.0, 1.0)))
        assert angles.max() < 65.0, f"a bone of {clip.name} jumps between two frames"


@pytest.mark.parametrize("form", FORMS)
def test_feet_keep_to_the_ground_and_do_not_slide(form: str) -> None:
    allowed = 0.01 * trunk(form)
    for clip in motions(form).values():
        places = toes(form, clip)
        assert places[:, :, 2].min() > GROUND - allowed, clip.name
        # Where each toe is on the ground, which moves backwards: it stays there for a whole stance.
        on_ground = places - np.array([0.0, clip.speed, 0.0]) * np.arange(len(clip.turns))[:, None]
        for foot in range(4):
            stance = clip.stance[:, foot]
            starts = np.flatnonzero(stance & ~np.append(False, stance[:-1]))
            for start in starts:
                end = start + np.append(np.flatnonzero(~stance[start:]), len(stance) - start)[0]
                held = on_ground[foot, start:end]
                assert np.linalg.norm(np.ptp(held, axis=0)) < allowed, clip.name
                assert np.abs(held[:, 2] - GROUND).max() < allowed, clip.name


@pytest.mark.parametrize("form", FORMS)
def test_joints_stay_inside_their_limits(form: str) -> None:
    limits = read_limits()
    for clip in motions(form).values():
        figure = figure_of(form, clip)
        total = {joint: figure.place(CANONICAL_BONES[joint])[0] for joint in JOINTS}
        local = [
            total[joint] if parent is None else np.swapaxes(total[parent], 1, 2) @ total[joint]
            for joint, parent in JOINT_PARENTS.items()
        ]
        assert limits.violations(np.stack(local, axis=1)).max() < 3.0, clip.name


def test_walk_is_a_lateral_sequence_on_two_or_three_feet() -> None:
    for form, name in (("zebra", "walk"), ("giraffe", "walk_amble"), ("dog", "walk_slow")):
        clip = motions(form)[name]
        assert order(clip, "left hind") == ["left hind", "left fore", "right hind", "right fore"]
        assert clip.stance.sum(axis=1).min() >= 2


def test_long_legged_animals_nearly_pace() -> None:
    def lag(form: str, name: str) -> float:
        clip = motions(form)[name]
        falls = footfalls(clip)
        return (falls["left fore"] - falls["left hind"]) / (len(clip.turns) - 1)

    assert lag("zebra", "walk") > 0.19
    assert lag("zebra", "walk_amble") < 0.15
    assert lag("giraffe", "walk") < 0.15


def test_duty_falls_and_steps_lengthen_with_speed() -> None:
    for form in ("zebra", "dog"):
        found = [
            motions(form)[name] for name in ("walk_slow", "walk", "trot", "trot_extended", "gallop_fast_left")
        ]
        speeds = [clip.speed for clip in found]
        duties = [float(clip.stance[:-1].mean()) for clip in found]
        strides = [clip.speed * (len(clip.turns) - 1) for clip in found]
        assert speeds == sorted(speeds)
        assert duties == sorted(duties, reverse=True)
        assert strides == sorted(strides)


def test_long_legs_make_long_strides() -> None:
    # Dynamic similarity: strides are so many hip heights long.
    for name in ("walk", "trot"):
        strides = [
            clip.speed
            * (len(clip.turns) - 1)
            / skeleton(form)[[b.name for b in skeleton(form)].index("thigh.L")].head[2]
            for form in ("zebra", "giraffe", "sheep")
            for clip in [motions(form)[name]]
        ]
        assert max(strides) < 1.15 * min(strides)


def test_trot_moves_diagonal_and_pace_lateral_pairs() -> None:
    for form in FORMS:
        falls = footfalls(motions(form)["trot"])
        assert falls["left hind"] == falls["right fore"] != falls["right hind"] == falls["left fore"]
        falls = footfalls(motions(form)["pace"])
        frames = len(motions(form)["pace"].turns) - 1
        assert (falls["left fore"] - falls["left hind"]) % frames <= 2


@pytest.mark.parametrize(("lead", "other"), [("left", "right"), ("right", "left")])
def test_canter_has_three_beats(lead: str, other: str) -> None:
    for form in ("zebra", "dog"):
        clip = motions(form)[f"canter_{lead}"]
        falls = order(clip, f"{other} hind")
        assert falls[0] == f"{other} hind"
        assert set(falls[1:3]) == {f"{lead} hind", f"{other} fore"}
        assert falls[3] == f"{lead} fore"


@pytest.mark.parametrize(("lead", "other"), [("left", "right"), ("right", "left")])
def test_gallop_is_transverse_on_hooves_and_rotatory_on_paws(lead: str, other: str) -> None:
    zebra, dog = motions("zebra")[f"gallop_{lead}"], motions("dog")[f"gallop_{lead}"]
    hinds = [f"{other} hind", f"{lead} hind"]
    assert order(zebra, hinds[0]) == [*hinds, f"{other} fore", f"{lead} fore"]
    assert order(dog, hinds[0]) == [*hinds, f"{lead} fore", f"{other} fore"]


def flights(clip: Clip) -> int:
    aloft = ~clip.stance[:-1].any(axis=1)
    return int((aloft & ~np.roll(aloft, 1)).sum())


def test_horse_flies_once_in_a_gallop_and_dog_twice() -> None:
    assert flights(motions("zebra")["gallop_left"]) == 1
    assert flights(motions("dog")["gallop_left"]) == 2


def test_back_of_a_galloping_dog_flexes_and_extends() -> None:
    def flexion(form: str) -> float:
        figure = figure_of(form, motions(form)["gallop_fast_left"])
        pelvis, chest = figure.place("pelvis")[0], figure.place("chest")[0]
        between = np.swapaxes(pelvis, 1, 2) @ chest
        return float(np.ptp(np.degrees(np.arctan2(between[:, 2, 1], between[:, 1, 1]))))

    assert flexion("dog") > 45.0
    assert flexion("zebra") < 25.0


@pytest.mark.parametrize("form", ["zebra", "dog"])
def test_jump_takes_off_from_the_hind_feet_and_lands_on_the_fore(form: str) -> None:
    clip = motions(form)["jump_high"]
    aloft = np.flatnonzero(~clip.stance[:-1].any(axis=1))
    flight = max(np.split(aloft, np.flatnonzero(np.diff(aloft) > 1) + 1), key=len)
    before, after = clip.stance[flight[0] - 1], clip.stance[flight[-1] + 1]
    assert before[[0, 2]].any()
    assert not before[[1, 3]].any()
    assert after[[1, 3]].any()
    assert not after[[0, 2]].any()
    middle = flight[len(flight) // 2]
    assert toes(form, clip)[:, middle, 2].min() > 0.35 * trunk(form)


def test_seed_varies_an_individual_and_repeats_it() -> None:
    again = locomotion_clips(skeleton("dog"), 1.33, "digitigrade", 0)
    other = locomotion_clips(skeleton("dog"), 1.33, "digitigrade", 1)
    for clip, same, different in zip(motions("dog").values(), again, other, strict=True):
        assert clip.turns.tobytes() == same.turns.tobytes()
        assert clip.turns.tobytes() != different.turns.tobytes()


def test_unknown_family_is_named() -> None:
    with pytest.raises(RigError, match=r"plantigrade.*unguligrade, digitigrade"):
        clips(skeleton("zebra"), 1.33, "plantigrade")
