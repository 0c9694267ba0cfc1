"""A quadruped's BVH gives its canonical rotations back, whatever axes, names and zero pose it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bvh_files import X_FACING, Y_UP, Z_UP, walking, write_bvh, write_skeleton

from pasyn_blender.anatomy.kinematics import accumulate
from pasyn_blender.anatomy.rotations import Array, angle_between, from_turn
from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.errors import CorpusError
from pasyn_blender.prior.bvh import read_bvh
from pasyn_blender.prior.bvh_clip import bvh_clip
from pasyn_blender.prior.bvh_mapping import find_quadruped
from pasyn_blender.prior.bvh_points import points_of
from pasyn_blender.prior.corpus import Clip


def degrees_apart(first: Array, second: Array) -> float:
    return float(np.degrees(angle_between(first, second).max()))


def clip_of(path: Path) -> tuple[Clip, list[str]]:
    return bvh_clip(read_bvh(path), path)


def mapped(path: Path) -> dict[str, str]:
    """Canonical joint to the name of the file's joint."""
    points = points_of(read_bvh(path))
    return {joint: points.names[point] for joint, point in find_quadruped(points, path.name).joints.items()}


@pytest.mark.parametrize(
    "habits",
    [
        {"axes": Y_UP, "order": "ZXY", "scale": 100.0},
        {"axes": Z_UP, "order": "XYZ", "scale": 0.01},
        {"axes": X_FACING, "order": "YXZ", "scale": 1.0},
        {"axes": Y_UP, "zero_seed": 1},
    ],
    ids=["Y up", "Z up", "facing X", "zero pose in disorder"],
)
def test_canonical_rotations_come_back(habits: dict[str, Any], tmp_path: Path) -> None:
    local, root = walking()
    clip, notes = clip_of(write_bvh(tmp_path / "Walk.bvh", local, root, **habits))
    assert not notes and clip.known.all() and clip.rate == pytest.approx(30)
    assert degrees_apart(clip.rotations, local) < 0.1
    # The shoulders give the trunk's length, and the ends of the toes the ground: 0.045 below is the sole.
    np.testing.assert_allclose(clip.root[:, :2], root[:, :2], atol=2e-3)
    np.testing.assert_allclose(clip.root[:, 2], root[:, 2] - 0.045, atol=0.02)
    assert -0.02 < clip.clearance.min() < 0.02


def test_an_animal_that_turns_walks_straight_in_its_clip(tmp_path: Path) -> None:
    local, root = walking()
    path = write_bvh(tmp_path / "curve.bvh", local, root, heading=np.linspace(0, 2.5, len(local)))
    clip, _ = clip_of(path)
    assert degrees_apart(clip.rotations, local) < 1
    np.testing.assert_allclose(clip.root[:, :2], root[:, :2], atol=0.01)


def test_joints_a_skeleton_lacks_are_unset_and_the_others_as_they_are(tmp_path: Path) -> None:
    lacking = {"spine", "neck_top", "tail_middle", "tail_end", "left_scapula", "right_scapula"}
    kept = [name for name in JOINTS if name not in lacking]
    local, root = walking()
    clip, _ = clip_of(write_bvh(tmp_path / "few.bvh", local, root, joints=kept))
    unset = {name for name, known in zip(JOINTS, clip.known, strict=True) if not known}
    # Of a tail of one bone only its base is known.
    assert unset == lacking
    turned = accumulate(clip.rotations)[:, clip.known]
    assert degrees_apart(turned, accumulate(local)[:, clip.known]) < 0.5


DOG = {
    # Faces +X, Y up: root in the middle of the back, toes, ears, a jaw, and pelvis stubs.
    "mid": ("", (0, 50, 0)),
    "loin": ("mid", (-15, 51, 0)),
    "hips": ("loin", (-30, 50, 0)),
    "tail1": ("hips", (-36, 50, 0)), "tail2": ("tail1", (-46, 47, 0)), "tail3": ("tail2", (-56, 42, 0)),
    "tail3!": ("tail3", (-65, 38, 0)),
    "back": ("mid", (12, 51, 0)), "withers": ("back", (24, 52, 0)),
    "n1": ("withers", (30, 56, 0)), "n2": ("n1", (36, 63, 0)), "skull": ("n2", (42, 70, 0)),
    "jaw": ("skull", (45, 66, 0)), "jaw!": ("jaw", (56, 63, 0)), "skull!": ("skull", (60, 66, 0)),
    **{
        side + name: (above if above in ("hips", "withers", "skull") else side + above, (x, y, z * sign))
        for side, sign in (("L", -1), ("R", 1))
        for name, above, x, y, z in (
            ("ear", "skull", 41, 77, 3), ("ear!", "ear", 40, 82, 4),
            ("blade", "withers", 22, 50, 4), ("arm", "blade", 28, 40, 5), ("fore", "arm", 22, 30, 5),
            ("hand", "fore", 24, 12, 5), ("finger", "hand", 25, 3, 5), ("finger!", "finger", 29, 1, 5),
            ("thumb", "hand", 25, 4, 4), ("thumb!", "thumb", 27, 2, 3),
            ("thigh", "hips", -28, 47, 5), ("calf", "thigh", -22, 32, 5), ("hock", "calf", -36, 17, 5),
            ("foot", "hock", -34, 4, 5), ("foot!", "foot", -29, 1, 5),
        )
    },
}  # fmt: skip


def test_toes_ears_and_a_root_amid_the_back_are_no_obstacle(tmp_path: Path) -> None:
    names = mapped(write_skeleton(tmp_path / "dog.bvh", DOG))
    assert (names["pelvis"], names["chest"]) == ("hips", "withers")
    assert names["spine"] in ("mid", "loin", "back")
    assert [names[f"left_{j}"] for j in ("thigh", "shin", "hind_cannon", "hind_foot")] == [
        "Lthigh", "Lcalf", "Lhock", "Lfoot"]  # fmt: skip
    front = ("scapula", "upper_arm", "forearm", "front_cannon", "front_foot")
    assert [names[f"right_{j}"] for j in front] == ["Rblade", "Rarm", "Rfore", "Rhand", "Rfinger"]
    assert [names[j] for j in ("neck_base", "neck_top", "head")] == ["n1", "n2", "skull"]
    assert [names[j] for j in ("tail_base", "tail_middle", "tail_end")] == ["tail1", "tail2", "tail3"]
    assert names["nose"] == "skull_end"


def test_the_head_end_is_in_front_whatever_the_names_say(tmp_path: Path) -> None:
    swapped = {"thigh": "Arm", "calf": "Elbow", "arm": "Thigh", "fore": "Shin"}

    def renamed(name: str) -> str:
        return name[0] + swapped[name[1:]] if name[1:] in swapped else name

    dog = {renamed(name): (renamed(above), place) for name, (above, place) in DOG.items()}
    names = mapped(write_skeleton(tmp_path / "dog.bvh", dog))
    assert names["chest"] == "withers" and names["left_thigh"] == "LArm"


def test_a_tail_higher_than_the_head_stays_a_tail(tmp_path: Path) -> None:
    lifted = {"tail1": (-35, 56, 0), "tail2": (-38, 70, 0), "tail3": (-38, 82, 0), "tail3!": (-36, 92, 0)}
    cat: dict[str, tuple[str, tuple[float, float, float]]] = {"hips": ("", (-30, 50, 0))}
    cat |= {"loin": ("hips", (-15, 51, 0)), "mid": ("loin", (0, 50, 0))}
    cat |= {name: (above, lifted.get(name, place)) for name, (above, place) in DOG.items() if name not in cat}
    cat["back"] = ("mid", (12, 51, 0))
    numbers = {name: f"b{i}" + "!" * name.endswith("!") for i, name in enumerate(cat)}
    nameless = {numbers[name]: (numbers.get(above, ""), place) for name, (above, place) in cat.items()}
    names = mapped(write_skeleton(tmp_path / "cat.bvh", nameless))
    assert (names["tail_base"], names["head"]) == (numbers["tail1"], numbers["skull"])


def test_a_person_is_refused(tmp_path: Path) -> None:
    person = {
        "hips": ("", (0, 95, 0)),
        "spine": ("hips", (0, 110, 0)), "chest": ("spine", (0, 140, 0)), "head": ("chest", (0, 160, 0)),
        "head!": ("head", (0, 180, 0)),
        **{
            f"{side}{name}": (side + above if above not in ("hips", "chest") else above, (x * sign, y, z))
            for side, sign in (("L", 1), ("R", -1))
            for name, above, x, y, z in (
                ("thigh", "hips", 9, 92, 0), ("shin", "thigh", 9, 50, 0), ("foot", "shin", 9, 8, 0),
                ("foot!", "foot", 9, 2, 12),
                ("clavicle", "chest", 5, 142, 0), ("arm", "clavicle", 18, 142, 0),
                ("elbow", "arm", 22, 112, 0), ("hand", "elbow", 23, 86, 0), ("hand!", "hand", 23, 70, 0),
            )
        },
    }  # fmt: skip
    with pytest.raises(CorpusError, match=r"person\.bvh: no four legs .* not a biped"):
        clip_of(write_skeleton(tmp_path / "person.bvh", person))
    with pytest.raises(CorpusError, match="too few for a quadruped"):
        clip_of(write_skeleton(tmp_path / "stick.bvh", {k: person[k] for k in ("hips", "spine", "chest")}))


def test_an_animal_that_falls_over_is_read_from_where_it_stood(tmp_path: Path) -> None:
    falling = np.zeros((40, 3))
    falling[:, 0] = np.linspace(0, 85, 40)  # about its long axis, onto a side
    root = np.linspace([0, 50, 0], [0, 12, 20], 40)
    clip, _ = clip_of(write_skeleton(tmp_path / "death.bvh", DOG, {"mid": falling}, root=root))
    pelvis = clip.rotations[:, JOINTS.index("pelvis")]
    # Facing +X in Y-up, the long axis is the body's -Y.
    expected = from_turn(np.radians(falling[:, :1]) * [0.0, -1.0, 0.0])
    assert degrees_apart(pelvis, expected) < 2


def test_a_bone_that_stretches_is_noted(tmp_path: Path) -> None:
    path = write_skeleton(tmp_path / "dog.bvh", DOG, frames=6)
    text = path.read_text()
    at = text.index("JOINT Lfore")
    six = text[at:].replace("CHANNELS 3 ", "CHANNELS 6 Xposition Yposition Zposition ", 1)
    head, _, motion = (text[:at] + six).partition("Frame Time: 0.0333333\n")
    order = [line.split()[1] for line in head.splitlines() if line.startswith(("ROOT", "JOINT"))]
    column = 3 + 3 * order.index("Lfore")
    rows = []
    for frame, line in enumerate(motion.splitlines()):
        numbers = line.split()
        place = ["-6", "-10" if frame != 4 else "-25", "0"]
        rows.append(" ".join([*numbers[:column], *place, *numbers[column:]]))
    path.write_text(head + "Frame Time: 0.0333333\n" + "\n".join(rows) + "\n")
    _, notes = clip_of(path)
    assert len(notes) == 1 and "the bones to Lfore change" in notes[0] and "in frame 4" in notes[0]


def test_what_blender_exports_of_the_built_in_zebra_is_what_its_rig_shows(
    empty_scene: Any, tmp_path: Path
) -> None:
    import addon_utils

    from pasyn_blender.animals.build import build_animal
    from pasyn_blender.animals.landmarks import animal_rig_map
    from pasyn_blender.rig.clips import read_clip, retargeting_of
    from pasyn_blender.rig.loading import apply_action, list_actions, read_geometry

    addon_utils.enable("io_anim_bvh")
    rig = build_animal("zebra", 0)
    geometry = read_geometry(rig)
    action = next(action for action in list_actions(rig) if action.name == "walk")
    retargeting = retargeting_of(rig, geometry, animal_rig_map("zebra", rig, geometry))
    expected = read_clip(rig, geometry, retargeting, action, rate=24.0)
    apply_action(rig, "walk", action.start)
    empty_scene.context.view_layer.objects.active = rig.armature
    path = tmp_path / "walk.bvh"
    empty_scene.ops.export_anim.bvh(
        filepath=str(path), frame_start=int(action.start), frame_end=int(action.end)
    )
    clip, _ = clip_of(path)
    assert (clip.known == expected.known).all() and len(clip) == len(expected)
    apart = np.degrees(angle_between(accumulate(clip.rotations), accumulate(expected.rotations)))
    assert apart.mean() < 1


def test_files_of_one_skeleton_in_a_folder_are_one_animal(tmp_path: Path) -> None:
    from render_jobs.prior_corpus_command import make_corpus
    from render_jobs.prior_corpus_sources import CorpusOptions

    folder = tmp_path / "shepherd"
    folder.mkdir()
    local, root = walking()
    nod = {"n1": np.linspace([0, 0, 0], [0, 0, 40], 20)}
    write_skeleton(folder / "look_1.bvh", DOG, nod)
    write_skeleton(folder / "look_2.bvh", DOG, {"n1": -nod["n1"]})
    write_bvh(folder / "stroll.bvh", local, root)
    corpus = make_corpus([str(folder)], CorpusOptions(rate=15.0), lambda what, share: None).corpus
    assert [(clip.animal, clip.species, clip.action, clip.name) for clip in corpus.clips] == [
        ("shepherd", "dog", "look", "look_1"),
        ("shepherd", "dog", "look", "look_2"),
        ("stroll", "", "walk", "stroll"),
    ]
    assert [len(clip) for clip in corpus.clips] == [10, 10, 24]  # every second of 20, 20 and 48
