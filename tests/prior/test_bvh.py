"""BVH files are read as their skeleton moves them, and wrong ones are refused by line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.errors import CorpusError
from pasyn_blender.prior.bvh import Motion, read_bvh, thinned

ARM = """HIERARCHY
ROOT Hips
{
\tOFFSET 0 0 0
\tCHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
\tJOINT Left Arm
\t{
\t\tOFFSET 1 0 0
\t\tCHANNELS 3 Xrotation Yrotation Zrotation
\t\tEnd Site
\t\t{
\t\t\tOFFSET 0 2 0
\t\t}
\t}
}
MOTION
Frames: 2
Frame Time: 0.04
0 0 0 0 0 0 0 0 0
5 6 7 90 0 0 90 0 0
"""


def places(motion: Motion, frame: int) -> np.ndarray:
    """(J, 3) joints in the file's axes."""
    total, where = [], []
    for joint, parent in enumerate(motion.parents):
        turn, step = motion.rotations[frame, joint], motion.steps[frame, joint]
        total.append(turn if parent < 0 else total[parent] @ turn)
        where.append(step if parent < 0 else where[parent] + total[parent] @ step)
    return np.array(where)


def write(folder: Path, text: str) -> Path:
    path = folder / "arm.bvh"
    path.write_bytes(text.encode())
    return path


def test_turns_and_places_are_those_of_the_file(tmp_path: Path) -> None:
    motion = read_bvh(write(tmp_path, ARM))
    assert motion.names == ("Hips", "Left Arm") and motion.parents == (-1, 0)
    assert motion.rate == pytest.approx(25) and len(motion) == 2
    np.testing.assert_allclose(places(motion, 0), [[0, 0, 0], [1, 0, 0]])
    # A quarter turn about Z carries the arm from +X to +Y.
    np.testing.assert_allclose(places(motion, 1), [[5, 6, 7], [5, 7, 7]], atol=1e-12)
    np.testing.assert_allclose(motion.rotations[1, 1] @ [0, 2, 0], [0, 0, 2], atol=1e-12)
    ((joint, offset),) = motion.ends
    assert joint == 1 and offset.tolist() == [0, 2, 0]


def test_channels_turn_in_the_order_they_are_listed_in(tmp_path: Path) -> None:
    text = ARM.replace("5 6 7 90 0 0 90 0 0", "0 0 0 90 90 0 0 0 0")
    first = read_bvh(write(tmp_path, text)).rotations[1, 0]
    # Z after X: the arm, on the X axis, is not moved by X and goes to +Y.
    np.testing.assert_allclose(first @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    swapped = text.replace("Zrotation Xrotation Yrotation", "Xrotation Zrotation Yrotation")
    other = read_bvh(write(tmp_path, swapped)).rotations[1, 0]
    np.testing.assert_allclose(other @ [1, 0, 0], [0, 0, 1], atol=1e-12)


@pytest.mark.parametrize("change", [
    lambda text: text.replace("\n", "\r\n"),
    lambda text: text.replace("\t", "      "),
    lambda text: text.replace("\n", "\n\n"),
    lambda text: "\ufeff" + text,
    lambda text: text.replace("Frame Time: 0.04", "Frame Time:0.04").replace("{", "{ "),
    lambda text: text.replace("Arm\n\t{", "Arm {"),
    lambda text: text.replace("90 0 0 90 0 0", "90 0 0\n90 0 0"),
    lambda text: text.replace("rotation", "ROTATION").replace("MOTION", "Motion"),
])  # fmt: skip
def test_what_is_harmless_is_read_alike(change, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    plain, changed = read_bvh(write(tmp_path, ARM)), read_bvh(write(tmp_path, change(ARM)))
    np.testing.assert_array_equal(plain.rotations, changed.rotations)
    np.testing.assert_array_equal(plain.steps, changed.steps)
    assert plain.names == changed.names


def test_positions_of_inner_joints_may_replace_the_offset_or_add_to_it(tmp_path: Path) -> None:
    six = ARM.replace("CHANNELS 3 X", "CHANNELS 6 Xposition Yposition Zposition X")
    for first in ("1 0 0", "0 0 0"):
        text = six.replace("\n0 0 0 0 0 0 0 0 0", f"\n0 0 0 0 0 0 {first} 0 0 0")
        text = text.replace("90 0 0 90 0 0", f"90 0 0 {first} 90 0 0")
        motion = read_bvh(write(tmp_path, text))
        np.testing.assert_allclose(places(motion, 1), [[5, 6, 7], [5, 7, 7]], atol=1e-12)


def test_a_fast_motion_is_thinned_to_no_less_than_the_rate_asked_for(tmp_path: Path) -> None:
    text = ARM.replace("Frames: 2", "Frames: 12").replace("Frame Time: 0.04", "Frame Time: 0.008333333")
    text += "".join(f"{i} 0 0 0 0 0 0 0 0\n" for i in range(2, 12))
    motion = read_bvh(write(tmp_path, text))
    for rate, left, kept in ((30, 30, [0, 4, 8]), (50, 60, [0, 2, 4, 6, 8, 10]), (200, 120, list(range(12)))):
        thin = thinned(motion, rate)
        assert thin.rate == pytest.approx(left, rel=1e-4)
        np.testing.assert_array_equal(thin.steps, motion.steps[kept])
        assert len(thin) == len(kept)


def test_joints_of_one_name_are_told_apart(tmp_path: Path) -> None:
    assert read_bvh(write(tmp_path, ARM.replace("Left Arm", "Hips"))).names == ("Hips", "Hips.2")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("HIERARCHY", "HIERARCHIE", "line 1: found no HIERARCHY"),
        ("OFFSET 1 0 0", "OFFSET 1 zero 0", "line 8: Y of the OFFSET of 'Left Arm' is 'zero'"),
        ("OFFSET 1 0 0", "", "line 14: joint 'Left Arm' (line 7) has no OFFSET"),
        ("CHANNELS 3 X", "CHANNELS 2 X", "line 9: found 'ZROTATION'"),
        ("CHANNELS 3 X", "CHANNELS 4 X", "line 10: joint 'Left Arm' has 4 channels, of which 'end' is none"),
        ("Zrotation\n\t\tEnd", "Xrotation\n\t\tEnd", "line 9: joint 'Left Arm' has a channel twice"),
        ("\t}\n}\nMOTION", "\t}\nMOTION", "joint 'Hips' of line 3 is not closed"),
        ("Frames: 2", "Frames: two", "line 17: number of Frames is 'two'"),
        ("Frames: 2", "Frames: 3", "line 20: 3 frames of 9 channels are announced, the file has 2: it is"),
        ("Frames: 2", "Frames: 1", "1 frames of 9 channels are announced, the file has 2: Frames should"),
        ("Frame Time: 0.04", "Frame Time: 0", "line 18: Frame Time is 0"),
        ("5 6 7 90", "5 6 nan 90", "line 20: number 3 is nan"),
        ("5 6 7 90", "5 6 x 90", "line 20: found 'x' where a number"),
        ("0 0 0 0 0 0 0 0 0\n", "0 0 0 0 0 0 0 0\n", "line 19: the frame has 8 numbers, the joints have 9"),
        ("90 0 0 90 0 0\n", "90", "the file has 1 and 4 numbers: it is cut off"),
    ],
)  # fmt: skip
def test_wrong_files_are_refused_with_the_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError) as refused:
        read_bvh(write(tmp_path, ARM.replace(old, new, 1)))
    assert said in str(refused.value) and "arm.bvh" in str(refused.value)


@pytest.mark.parametrize("length", range(0, len(ARM) - 5, 7))
def test_a_file_cut_off_anywhere_is_refused(length: int, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"arm\.bvh"):
        read_bvh(write(tmp_path, ARM[:length]))


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="does not exist"):
        read_bvh(tmp_path / "none.bvh")
    (tmp_path / "model.bvh").write_bytes(b"glTF\0\0\0\x02")
    with pytest.raises(CorpusError, match="is not text"):
        read_bvh(tmp_path / "model.bvh")
