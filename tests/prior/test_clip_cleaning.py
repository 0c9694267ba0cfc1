"""Defects planted into motion are found, mended or cut; motion that is only fast is left whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pasyn_blender.anatomy.rotations import angle_between, from_turn
from pasyn_blender.prior.clip_cleaning import Cleaned, cleaned, resampled, without_copies
from pasyn_blender.prior.corpus import Clip

JOINTS = 4


def swing(frames: int = 60, degrees: float = 30.0, period: float = 23.5, rate: float = 30.0) -> Clip:
    """Joints that swing about axes of their own, under a root that walks on."""
    axes = np.random.default_rng(3).normal(size=(JOINTS, 3))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    phase = 2 * np.pi * np.arange(frames)[:, None] / period + np.arange(JOINTS)
    turns = np.radians(degrees) * np.sin(phase)[..., None] * axes
    root = np.zeros((frames, 3))
    root[:, 1] = -0.02 * np.arange(frames)
    return Clip(
        name="Swing",
        animal="Thing",
        species="",
        action="",
        rate=rate,
        rotations=from_turn(turns).astype(np.float32),
        known=np.ones(JOINTS, dtype=bool),
        offsets=np.zeros((JOINTS, 3), dtype=np.float32),
        root=root.astype(np.float32),
        clearance=np.full((frames, 4), np.nan, dtype=np.float32),
    )


def off_by(first: Clip, second: Clip) -> float:
    """Largest rotation between two clips, degrees."""
    return float(np.degrees(angle_between(first.rotations, second.rotations).max()))


def only(result: Cleaned) -> Clip:
    """The clip that cleaning left, in one piece."""
    (clip,) = result.clips
    return clip


def said(notes: object) -> str:
    return "\n".join(str(note) for note in notes)  # type: ignore[attr-defined]


def test_a_sound_clip_stays_as_it_is() -> None:
    clip = swing()
    result = cleaned(clip)
    assert not result.notes
    np.testing.assert_array_equal(only(result).rotations, clip.rotations)
    np.testing.assert_array_equal(only(result).root, clip.root)


@pytest.mark.parametrize("frames", [[20], [20, 21, 22], [33, 34, 35, 36, 37]])
def test_frames_without_rotations_are_filled_in(frames: list[int]) -> None:
    clip = swing(period=60.0)
    broken = clip.rotations.copy()
    broken[frames, 1] = np.nan
    result = cleaned(replace(clip, rotations=broken))
    assert len(only(result)) == len(clip)
    assert off_by(only(result), clip) < 4
    assert f"{frames[0]}" in said(result.notes) and "interpolated" in said(result.notes)


@pytest.mark.parametrize("frames", [[20], [20, 21, 22]])
@pytest.mark.parametrize("degrees", [60.0, 180.0])
def test_a_joint_that_flips_for_some_frames_is_flipped_back(frames: list[int], degrees: float) -> None:
    clip = swing(degrees=15)
    broken = clip.rotations.copy()
    broken[frames, 2] = broken[frames, 2] @ from_turn(np.radians([0.0, degrees, 0.0]))
    result = cleaned(replace(clip, rotations=broken.astype(np.float32)))
    assert len(only(result)) == len(clip)
    assert off_by(only(result), clip) < 5
    assert f"{frames[0]}" in said(result.notes) and "jump away and back" in said(result.notes)


def test_a_root_that_blinks_away_is_put_back() -> None:
    clip = swing()
    root = clip.root.copy()
    root[30] += 3
    result = cleaned(replace(clip, root=root))
    assert "frame 30" in said(result.notes)
    np.testing.assert_allclose(only(result).root, clip.root, atol=1e-4)


def test_where_the_motion_jumps_for_good_it_becomes_two_clips() -> None:
    clip = swing(degrees=15)
    broken = clip.rotations.copy()
    broken[25:, 0] = broken[25:, 0] @ from_turn(np.radians([120.0, 0.0, 0.0]))
    broken = broken.astype(np.float32)
    result = cleaned(replace(clip, rotations=broken))
    assert [part.name for part in result.clips] == ["Swing (1)", "Swing (2)"]
    np.testing.assert_array_equal(result.clips[0].rotations, broken[:25])
    np.testing.assert_array_equal(result.clips[1].rotations, broken[25:])
    assert "frame 25: the motion jumps here" in said(result.notes)


def test_what_is_too_short_between_breaks_is_dropped() -> None:
    clip = swing()
    broken = clip.rotations.copy()
    broken[40:52] = np.nan
    result = cleaned(replace(clip, rotations=broken))
    np.testing.assert_array_equal(only(result).rotations, clip.rotations[:40])
    assert "frames 40-51" in said(result.notes) and "frames 52-59: too short" in said(result.notes)
    broken[:] = np.nan
    broken[[3, 4, 20]] = clip.rotations[[3, 4, 20]]
    np.testing.assert_array_equal(
        only(cleaned(replace(clip, rotations=broken))).rotations, clip.rotations[3:5]
    )


def test_matrices_that_mirror_or_scale_are_no_rotations() -> None:
    clip = swing()
    broken = clip.rotations.copy()
    broken[10, 0] *= 1.5
    broken[50, 3, :, 0] *= -1
    result = cleaned(replace(clip, rotations=broken))
    assert off_by(only(result), clip) < 5
    assert {note.frames for note in result.notes} == {"frame 10", "frame 50"}


def test_a_clip_of_nothing_is_dropped() -> None:
    clip = swing()
    result = cleaned(replace(clip, rotations=np.full_like(clip.rotations, np.nan)))
    assert not result.clips and "Thing: Swing: dropped" in said(result.notes)


def test_a_clip_that_does_not_move_is_one_pose() -> None:
    clip = swing()
    still = replace(clip.taken(slice(7, 8)), rotations=np.repeat(clip.rotations[7:8], 40, axis=0),
                    root=np.repeat(clip.root[7:8], 40, axis=0),
                    clearance=np.repeat(clip.clearance[7:8], 40, axis=0))  # fmt: skip
    result = cleaned(still)
    assert len(only(result)) == 1
    assert "nothing moves in its 40 frames" in said(result.notes)


def test_what_is_held_at_an_end_is_cut_to_half_a_second() -> None:
    clip = swing(40)
    order = np.concatenate([np.arange(40), np.full(50, 39)])
    held = replace(
        clip, rotations=clip.rotations[order], root=clip.root[order], clearance=clip.clearance[order]
    )
    result = cleaned(held)
    assert len(only(result)) == 40 + 15
    np.testing.assert_array_equal(only(result).rotations[:40], clip.rotations)
    assert "frames 55-89: a held pose" in said(result.notes)
    short = cleaned(held.taken(slice(0, 58)))
    assert len(only(short)) == 58 and not short.notes


def test_a_loop_shows_its_first_pose_once() -> None:
    clip = swing(25, period=24.0)
    result = cleaned(clip)
    assert len(only(result)) == 24
    assert "the last frame shows the loop's first pose again" in said(result.notes)


@pytest.mark.parametrize("hold", [2, 4])
def test_animation_on_twos_and_fours_is_not_broken(hold: int) -> None:
    clip = swing(degrees=60, period=41.0)
    order = np.arange(60) // hold * hold
    stepped = replace(clip, rotations=clip.rotations[order], root=clip.root[order])
    result = cleaned(stepped)
    assert len(only(result)) == 60 and not result.notes


def test_fast_motion_is_left_whole() -> None:
    clip = swing(degrees=80, period=9.3)  # steps of up to 54 degrees
    result = cleaned(clip)
    assert not result.notes
    # a kick: rest, two frames out, two frames back, rest
    angle = np.radians(np.interp(np.arange(40), [0, 18, 20, 21, 25, 39], [0, 6, 90, 95, 20, 0]))
    turns = angle[:, None, None] * np.array([1.0, 0, 0]) * np.ones((1, JOINTS, 1))
    kick = replace(clip.taken(slice(0, 40)), rotations=from_turn(turns).astype(np.float32))
    result = cleaned(kick)
    assert len(only(result)) >= 39
    assert "jump" not in said(result.notes)


def test_resampling_keeps_time_and_path() -> None:
    axis = np.array([0.6, 0.0, 0.8])
    turns = np.radians(4.0) * np.arange(31)[:, None, None] * axis * np.ones((1, JOINTS, 1))
    clip = replace(swing().taken(slice(0, 31)), rotations=from_turn(turns).astype(np.float32))
    half = resampled(clip, 12.0)
    assert half.rate == 12 and len(half) == 13  # one second at 30, then at 12, first frame included
    expected = from_turn(
        np.radians(4.0) * 30 / 12 * np.arange(13)[:, None, None] * axis * np.ones((1, JOINTS, 1))
    )
    assert np.degrees(angle_between(half.rotations, expected).max()) < 0.01
    np.testing.assert_allclose(half.root[:, 1], -0.02 * np.arange(13) * 2.5, atol=1e-6)
    double = resampled(clip, 60.0)
    assert len(double) == 61
    np.testing.assert_allclose(double.rotations[::2], clip.rotations, atol=1e-6)


def test_copies_under_another_name_are_left_out() -> None:
    clip, other = swing(), swing(degrees=31)
    copy = replace(clip, name="Swing.001")
    stranger = replace(clip, animal="Other")
    kept, notes = without_copies([clip, other, copy, stranger])
    assert [(k.animal, k.name) for k in kept] == [("Thing", "Swing"), ("Thing", "Swing")]
    assert [note.what for note in notes] == [
        "a copy of Swing; dropped",
        "a copy of Swing of Thing; dropped",
    ]
