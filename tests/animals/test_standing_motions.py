"""Motions on the spot: on the ground, without skating, inside joint limits, whatever the proportions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from pasyn_blender.anatomy.skeleton import JOINT_PARENTS, JOINTS
from pasyn_blender.animals.anatomy_model import animal_model
from pasyn_blender.animals.clip import HOOVES, Clip
from pasyn_blender.animals.contact_solving import RestSkin, all_places, contact_points
from pasyn_blender.animals.kinematics import Figure, turn
from pasyn_blender.animals.skeleton import CANONICAL_BONES, Bone
from pasyn_blender.animals.standing_motions import FAMILIES, ONE_WAY, standing_clips
from pasyn_blender.errors import RigError
from pasyn_blender.prior.action_labels import action_from_name
from pasyn_blender.prior.limits import joint_angles, read_limits

MODEL = animal_model("zebra", 2)
SKIN = RestSkin(MODEL.vertices, MODEL.weights)
HEIGHT = MODEL.plan.factors["withers_height"]
PROPORTIONS = {
    "zebra": {},
    "giraffe": {"neck": 4.0, "legs": 1.75},
    "sheep": {"neck": 0.75, "legs": 0.7},
    "crouched": {"neck": 0.6, "legs": 0.8, "head": 0.6, "crouch": 18.0},
}


def built(neck: float = 1.0, legs: float = 1.0, head: float = 1.0, crouch: float = 0.0) -> tuple[Bone, ...]:
    """The zebra's skeleton with segments stretched, and hind legs bent by ``crouch`` degrees, on z = 0."""
    stretched = {"neck": neck, "head": head, "ear": head} | dict.fromkeys(
        ("upper_arm", "forearm", "front_", "thigh", "shin", "hind_"), legs
    )
    bends = {"thigh": -crouch, "shin": crouch, "hind_cannon": -0.4 * crouch}
    heads: dict[str, np.ndarray] = {}
    tails: dict[str, np.ndarray] = {}
    rest = {bone.name: bone for bone in MODEL.bones}

    def moved(bone: Bone, point: np.ndarray) -> np.ndarray:
        factor = next((f for start, f in stretched.items() if bone.name.startswith(start)), 1.0)
        bend = bends.get(bone.name.partition(".")[0], 0.0)
        return heads[bone.name] + turn(0, bend) @ ((point - bone.head) * factor)

    for bone in MODEL.bones:
        heads[bone.name] = bone.head if bone.parent is None else moved(rest[bone.parent], bone.head)
        tails[bone.name] = moved(bone, bone.tail)
    fore, hind = tails["front_hoof.L"], tails["hind_hoof.L"]
    # All toes back on one level.
    tilt = turn(0, -np.degrees(np.arctan2(hind[2] - fore[2], hind[1] - fore[1])))
    lift = np.array([0.0, 0.0, 0.005 - (tilt @ fore)[2]])
    return tuple(
        Bone(b.name, b.parent, tilt @ heads[b.name] + lift, tilt @ tails[b.name] + lift) for b in MODEL.bones
    )


@cache
def motions(animal: str, family: str) -> tuple[tuple[Bone, ...], float, dict[str, Clip]]:
    bones = MODEL.bones if animal == "zebra" else built(**PROPORTIONS[animal])
    height = HEIGHT if animal == "zebra" else next(b.head[2] for b in bones if b.name == "scapula.L") + 0.08
    clips = standing_clips(bones, height, family, 3, SKIN if animal == "zebra" else None)
    return bones, height, {clip.name: clip for clip in clips}


def figure_of(bones: Sequence[Bone], clip: Clip) -> Figure:
    figure = Figure(bones, len(clip.turns))
    figure.local, figure.offset = clip.turns.copy(), clip.offset.copy()
    return figure


def trunk_length(bones: Sequence[Bone]) -> float:
    heads = {bone.name: bone.head for bone in bones}
    return float(np.linalg.norm(heads["neck_1"] - heads["tail_1"]))


def joint(animal: str, family: str, name: str, bone: str) -> np.ndarray:
    """(F, 3) where a bone's joint is over a motion."""
    bones, _, clips = motions(animal, family)
    return figure_of(bones, clips[name]).place(bone)[1]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_kind_of_motion_is_there_and_labelled(family: str) -> None:
    _, _, clips = motions("zebra", family)
    labels = {action_from_name(name) for name in clips}
    wanted = {
        "stand",
        "graze",
        "drink",
        "look",
        "lie",
        "rise",
        "rear",
        "jump",
        "shake",
        "scratch",
        "stretch",
        "dig",
    }
    wanted |= {"kick"} if family == "unguligrade" else {"sit"}
    assert wanted == labels
    assert len(clips) >= 35


def test_unknown_family_is_named() -> None:
    with pytest.raises(RigError, match="plantigrade"):
        standing_clips(MODEL.bones, HEIGHT, "plantigrade")


def test_same_seed_gives_the_same_bytes_and_another_seed_other_motions() -> None:
    once, again, other = (standing_clips(MODEL.bones, HEIGHT, seed=seed) for seed in (5, 5, 6))
    for a, b in zip(once, again, strict=True):
        assert a.turns.tobytes() == b.turns.tobytes()
        assert a.offset.tobytes() == b.offset.tobytes()
    differing = sum(len(a.turns) != len(b.turns) or not np.array_equal(a.turns, b.turns)
                    for a, b in zip(once, other, strict=True))  # fmt: skip
    assert differing > 20


@pytest.mark.parametrize("family", FAMILIES)
def test_motions_end_as_they_begin_unless_they_lead_elsewhere(family: str) -> None:
    _, height, clips = motions("zebra", family)
    for clip in clips.values():
        same = np.abs(clip.turns[0] - clip.turns[-1]).max() < 1e-6
        assert same != clip.name.startswith(ONE_WAY), clip.name
        if same:
            assert np.abs(clip.offset[0] - clip.offset[-1]).max() < 1e-4 * height, clip.name


@pytest.mark.parametrize("animal", PROPORTIONS)
def test_no_bone_jumps_between_frames(animal: str) -> None:
    _, _, clips = motions(animal, "unguligrade")
    for clip in clips.values():
        steps = np.einsum("fbji,fbjk->fbik", clip.turns[:-1], clip.turns[1:])
        angles = np.degrees(np.arccos(np.clip((np.trace(steps, axis1=2, axis2=3) - 1.0) / 2.0, -1.0, 1.0)))
        assert angles.max() < 60.0, clip.name


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("animal", PROPORTIONS)
def test_standing_feet_do_not_slide(animal: str, family: str) -> None:
    if (animal, family) == ("giraffe", "digitigrade"):
        pytest.skip("no giraffe sits")
    bones, _, clips = motions(animal, family)
    most = 0.012 * trunk_length(bones)
    for clip in clips.values():
        figure = figure_of(bones, clip)
        for foot, (limb, suffix) in enumerate(HOOVES):
            name = f"{'front' if limb == 'fore' else 'hind'}_hoof{suffix}"
            toe = figure.carried(name, figure.tails[figure.index(name)])
            both = clip.stance[:-1, foot] & clip.stance[1:, foot]
            steps = np.where(both, np.linalg.norm(np.diff(toe[:, :2], axis=0), axis=1), 0.0)
            assert steps.max(initial=0.0) < most, (clip.name, limb, suffix)
            # Nor does a foot creep through a stance, however slowly.
            starts = np.flatnonzero(np.diff(np.concatenate([[0], both.astype(int), [0]])))
            for first, last in zip(starts[::2], starts[1::2], strict=True):
                assert steps[first:last].sum() < 1.5 * most, (clip.name, limb, suffix)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_skin_sinks_into_the_ground(family: str) -> None:
    bones, height, clips = motions("zebra", family)
    points = contact_points(bones, height, RestSkin(SKIN.vertices[1::3], SKIN.weights[1::3]))
    for clip in clips.values():
        lowest = points.heights(*all_places(figure_of(bones, clip), bones)).min()
        # A horse's hooves are no paws: on them it would sit and lie like a dog only roughly.
        assert lowest > (-0.010 if family == "unguligrade" else -0.013) * trunk_length(bones), clip.name


@pytest.mark.parametrize("animal", ["zebra", "giraffe", "sheep"])
def test_joints_stay_within_their_limits(animal: str) -> None:
    bones, _, clips = motions(animal, "unguligrade")
    limits = read_limits()
    names = [bone.name for bone in bones]
    for clip in clips.values():
        turns, _ = all_places(figure_of(bones, clip), bones)
        total = np.stack([turns[:, names.index(CANONICAL_BONES[name])] for name in JOINTS], axis=1)
        local = total.copy()
        for i, parent in enumerate(JOINT_PARENTS.values()):
            if parent:
                local[:, i] = np.swapaxes(total[:, JOINTS.index(parent)], 1, 2) @ total[:, i]
        angles = joint_angles(local)
        beyond = np.maximum(limits.low - angles, angles - limits.high)
        assert beyond.max() < 6.0, (clip.name, JOINTS[int(beyond.max(axis=(0, 2)).argmax())])


@pytest.mark.parametrize("name", ["lie_left", "lie_right"])
def test_a_lying_ungulate_has_its_legs_folded_on_the_ground(name: str) -> None:
    bones, height, clips = motions("zebra", "unguligrade")
    figure = figure_of(bones, clips[name])
    points = contact_points(bones, height, SKIN).on(("chest", "spine_1", "spine_2"), bones)
    heights = points.heights(*all_places(figure, bones))
    assert np.abs(heights.min(axis=1)).max() < 0.01 * height, "breast and belly lie on the ground"
    for suffix in (".L", ".R"):
        for cannon, most in (("front_cannon", 45.0), ("hind_cannon", 55.0)):
            above, below = (
                bones[figure.index(f"{cannon}{suffix}") - 1],
                bones[figure.index(f"{cannon}{suffix}")],
            )
            places = [figure.place(bone.name)[1] for bone in (above, below)]
            end = figure.carried(below.name, below.tail)
            up, down = places[0] - places[1], end - places[1]
            cosine = (up * down).sum(axis=1) / np.linalg.norm(up, axis=1) / np.linalg.norm(down, axis=1)
            assert np.degrees(np.arccos(cosine)).max() < most, f"{cannon}{suffix} is folded"
            assert places[1][:, 2].max() < 0.08 * height, f"{cannon}{suffix} lies on the ground"


def test_horses_get_up_forehand_first_and_cattle_hindquarters_first() -> None:
    for name, forehand_first in (("get_up_horse_left", True), ("get_up_cattle_left", False)):
        shoulder = joint("zebra", "unguligrade", name, "upper_arm.L")[:, 2]
        hip = joint("zebra", "unguligrade", name, "thigh.L")[:, 2]
        half = [int(np.argmax(h > 0.5 * (h[0] + h[-1]))) for h in (shoulder, hip)]
        assert (half[0] < half[1]) == forehand_first, name


@pytest.mark.parametrize("animal", ["zebra", "crouched"])
def test_a_sitting_dog_has_its_haunches_down_and_its_shoulders_up(animal: str) -> None:
    bones, _, _ = motions(animal, "digitigrade")
    rest = {bone.name: bone.head[2] for bone in bones}
    assert joint(animal, "digitigrade", "sit", "thigh.L")[:, 2].max() < 0.40 * rest["thigh.L"]
    assert joint(animal, "digitigrade", "sit", "upper_arm.L")[:, 2].min() > 0.88 * rest["upper_arm.L"]


@pytest.mark.parametrize("animal", PROPORTIONS)
def test_grazing_and_drinking_bring_the_lips_to_the_ground(animal: str) -> None:
    bones, height, clips = motions(animal, "unguligrade")
    for name in ("graze", "drink"):
        figure = figure_of(bones, clips[name])
        lips = figure.carried("head", figure.tails[figure.index("head")])[:, 2]
        assert lips.max() < 0.09 * height, name
        assert lips.min() > 0.0, name


def test_kicking_throws_both_hind_feet_back_and_rearing_lifts_both_forefeet() -> None:
    rest = {bone.name: bone.head for bone in MODEL.bones}
    for suffix in (".L", ".R"):
        thrown = joint("zebra", "unguligrade", "kick_both", f"hind_pastern{suffix}")
        assert thrown[:, 1].max() > rest["hind_pastern.L"][1] + 0.3 * HEIGHT
        lifted = joint("zebra", "unguligrade", "rear", f"front_pastern{suffix}")
        assert lifted[:, 2].max() > 0.6 * HEIGHT
