"""The comparison of keypoint places with photos finds the offsets that are there, and no others."""

from __future__ import annotations

import json
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pasyn_blender.anatomy.keypoint_sets import ANIMALPOSE, AP10K
from pasyn_blender.errors import PasynError
from render_jobs.placement import align, compare, table_text
from render_jobs.placement_views import (
    POINTS,
    SideViews,
    View,
    choose_side_views,
    known_side_view,
    read_views,
    view_of,
    vocabulary_of,
)

LIVESTOCK = [
    "mouth", "eye", "ear", "neck", "shoulder", "chest", "hip", "tail", "elbow", "l_fore_wrist", "l_fore_foot",
    "r_fore_wrist", "r_fore_foot", "hind_knee", "l_hind_hock", "l_hind_foot", "r_hind_hock", "r_hind_foot",
]  # fmt: skip

# A standing horse in a box of 100 x 70, facing left, y down.
STANDING = {
    "left_eye": (9, 10), "right_eye": (9, 10), "nose": (4, 22), "neck": (30, 30), "root_of_tail": (90, 20),
    "left_shoulder": (38, 38), "left_elbow": (39, 50), "left_front_paw": (38, 66),
    "right_shoulder": (38, 38), "right_elbow": (41, 49), "right_front_paw": (40, 64),
    "left_hip": (82, 36), "left_knee": (88, 48), "left_back_paw": (86, 66),
    "right_hip": (82, 36), "right_knee": (86, 47), "right_back_paw": (82, 64),
}  # fmt: skip


def animal(**moved: tuple[float, float]) -> np.ndarray:
    """(17, 3) keypoints of the standing horse, some moved."""
    places = STANDING | moved
    return np.array([[*places[name], 2] for name in AP10K.keypoints], dtype=float)


def view(points: np.ndarray, box: tuple[float, ...] = (0, 0, 100, 70), **known: bool) -> View:
    names = AP10K.keypoints
    return view_of(points, np.array(box, dtype=float), names, vocabulary_of(names, "test"), **known)


def crowd(
    count: int = 30, sd: float = 0.8, shift: dict[str, tuple[float, float]] | None = None
) -> list[View]:
    """Standing horses of many sizes and places in the picture, with annotators' noise."""
    rng = np.random.default_rng(5)
    views = []
    for _ in range(count):
        points = animal()
        points[:, :2] += rng.normal(scale=sd, size=(17, 2))
        for name, by in (shift or {}).items():
            points[AP10K.keypoints.index(name), :2] += by
        scale, place = rng.uniform(1, 4), rng.uniform(0, 200, size=2)
        points[:, :2] = points[:, :2] * scale + place
        views.append(view(points, (*place, 100 * scale, 70 * scale)))
    return views


def test_mirrored_animals_are_the_same() -> None:
    points = animal()
    mirrored = points * (-1, 1, 1) + (640, 0, 0)
    a, b = view(points), view(mirrored, (540, 0, 100, 70))
    np.testing.assert_allclose(a.points - a.box[:2], b.points - b.box[:2], atol=1e-9)
    assert a.points[POINTS.index("nose"), 0] < a.points[POINTS.index("root_of_tail"), 0]
    # Pairs count by their middle.
    np.testing.assert_allclose(a.points[POINTS.index("elbow")], (40, 49.5))


def test_alignment_undoes_size_and_place_and_keeps_shape() -> None:
    model = view(animal()).points
    moved = align((model * 3.7 + (12, -5))[None], model)[0]
    np.testing.assert_allclose(moved, model, atol=1e-9)
    # A head held low moves nothing else.
    low = model.copy()
    low[[POINTS.index("nose"), POINTS.index("eye")]] += (0, 30)
    np.testing.assert_allclose(align(low[None], model)[0][2:], model[2:], atol=1e-9)


def test_finds_the_offset_that_is_there() -> None:
    # The same animals on both sides, without choosing, so that the offset is the only difference.
    photos = SideViews(tuple(crowd()), 30, False)
    same = compare(photos, photos)
    assert np.abs(same.offsets).max() < 1e-9
    assert same.fits.all()
    shifted = SideViews(tuple(crowd(shift={"root_of_tail": (-5.0, 3.0)})), 30, False)
    comparison = compare(photos, shifted)
    off = 100 * comparison.box_offsets
    np.testing.assert_allclose(off[POINTS.index("root_of_tail")], (-5, 3), atol=1e-9)
    np.testing.assert_allclose(np.delete(off, POINTS.index("root_of_tail"), axis=0), 0, atol=1e-9)
    # A point does not take part in its own alignment, so none of its offset is hidden.
    np.testing.assert_allclose(100 * comparison.offsets[POINTS.index("root_of_tail")], (-5, 3), atol=0.2)
    wrong = [name for name, fits in zip(POINTS, comparison.fits, strict=True) if not fits]
    assert wrong == ["root_of_tail"]
    line = next(line for line in table_text(comparison).splitlines() if line.startswith("root_of_tail"))
    assert "-5.0, +3.0 off" in line


def test_alignment_does_not_depend_on_loose_boxes() -> None:
    photos = crowd()
    loose = [replace(v, box=np.array([*(v.box[:2] - 20), *(v.box[2:] + 45)])) for v in photos]
    tight = choose_side_views(crowd())
    aligned = compare(choose_side_views(loose), tight)
    assert np.abs(aligned.box_offsets).max() > 0.04
    assert np.abs(aligned.offsets).max() < 0.004


def leaning(points: np.ndarray, fore: float, hind: float) -> np.ndarray:
    """Swing the legs about elbow and stifle, the fore and the hind pair, by so much per unit of height."""
    swung = points.copy()
    for row, name in enumerate(AP10K.keypoints):
        for joints, top, lean in ((("elbow", "front_paw"), 38, fore), (("knee", "back_paw"), 36, hind)):
            if name.endswith(joints):
                swung[row, 0] += lean * (points[row, 1] - top)
    return swung


def test_build_and_stance_are_not_taken_for_labelling() -> None:
    rng = np.random.default_rng(3)

    def herd(count: int, lean: float, stretch: float, elbow: float = 0.0) -> SideViews:
        views = []
        for _ in range(count):
            points = leaning(animal(left_elbow=(39 + elbow, 50), right_elbow=(41 + elbow, 49)), 0, 0)
            points = leaning(points, *(lean + rng.normal(scale=0.06, size=2)))
            points[:, :2] = (points[:, :2] + rng.normal(scale=0.3, size=(17, 2))) * (stretch, 1)
            views.append(view(points, (0, 0, 100 * stretch, 70)))
        return SideViews(tuple(views), count, False)

    photos = herd(60, lean=0, stretch=1)
    posed = compare(photos, herd(20, lean=0.07, stretch=0.88))
    body = posed.judged
    assert 100 * np.linalg.norm(posed.box_offsets[body], axis=1).max() > 2.5
    assert 100 * np.linalg.norm(posed.offsets[body], axis=1).max() < 0.6
    # A wrong point among the legs is no stance.
    wrong = compare(photos, herd(20, lean=0.07, stretch=0.88, elbow=5))
    found = 100 * wrong.offsets[POINTS.index("elbow")]
    assert found[0] == pytest.approx(5, abs=0.7)
    assert not wrong.fits[POINTS.index("elbow")]


def test_one_click_for_a_pair_is_held_against_the_side_that_is_seen() -> None:
    # The left side is the nearer: its feet stand lower.
    points = animal(left_shoulder=(34, 40), right_shoulder=(42, 36))
    seen = view(points)
    row = POINTS.index("shoulder")
    np.testing.assert_allclose(seen.points[row], (38, 38))
    np.testing.assert_allclose(seen.places(frozenset({"shoulder"}))[row], (34, 40))
    np.testing.assert_allclose(seen.places(frozenset())[row], (38, 38))
    flipped = view(points * (-1, 1, 1) + (640, 0, 0), (540, 0, 100, 70))
    np.testing.assert_allclose(flipped.near[row] - flipped.box[:2], (34, 40))


def test_says_how_many_photos_would_pass_themselves() -> None:
    alike, varied = (SideViews(tuple(crowd(60, sd)), 60, False) for sd in (0.5, 3.0))
    assert compare(alike, alike).photos_that_fit[2:].min() > 0.9
    mixed = compare(varied, varied)
    assert mixed.photos_that_fit[2:].max() < 0.5
    assert mixed.mean_offset < mixed.photo_mean_offsets.min()
    assert "0 % of the photos are nearer" in table_text(mixed)


@pytest.mark.parametrize(
    "moved",
    [
        {"root_of_tail": (75, 20)},  # seen from behind at an angle: the trunk is short
        {"nose": (35, 22)},  # looks back
        {"left_front_paw": (22, 66)},  # walks
        {"right_back_paw": (55, 64)},
        {"right_back_paw": (82, 50), "right_knee": (86, 40)},  # a foot in the air
    ],
)
def test_takes_standing_side_views_only(moved: dict[str, tuple[float, float]]) -> None:
    odd = view(animal(**moved))
    chosen = choose_side_views([*crowd(), odd])
    assert len(chosen.views) >= 25
    assert not any(np.array_equal(found.points, odd.points) for found in chosen.views)
    assert chosen.considered == 31


def test_animals_with_a_point_missing_are_left_out() -> None:
    points = animal()
    points[AP10K.keypoints.index("left_knee"), 2] = 0
    assert not choose_side_views([view(points)] * 20).views


def test_takes_walking_animals_where_hardly_any_stands() -> None:
    walking = [view(animal(left_front_paw=(24, 66), right_front_paw=(50, 64)))] * 20
    chosen = choose_side_views([*walking, view(animal())])
    assert chosen.walking
    assert len(chosen.views) == 21
    assert not choose_side_views(walking, walking=False).views


def test_a_known_camera_decides() -> None:
    short = animal(root_of_tail=(75, 20))
    assert len(choose_side_views([view(short, known_side_view=True)]).views) == 1
    assert not choose_side_views([view(animal(), known_side_view=False)]).views
    assert [known_side_view({"azimuth": a, "elevation": 5}) for a in (90, 275, 75, 0, 180, 120)] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert known_side_view({"azimuth": 90, "elevation": 40}) is False
    assert known_side_view({}) is None


def write_coco(path: Path, names: Any, keypoints: list[float]) -> Path:
    path.write_text(
        json.dumps(
            {
                "categories": [{"id": 1, "keypoints": names}],
                "annotations": [{"category_id": 1, "keypoints": keypoints, "bbox": [0, 0, 1, 1]}],
            }
        )
    )
    return path


def test_says_what_is_wrong_with_a_reference(tmp_path: Path) -> None:
    with pytest.raises(PasynError, match="No such file"):
        read_views(tmp_path / "none.json")
    path = tmp_path / "photos.json"
    path.write_text("{")
    with pytest.raises(PasynError, match="not JSON"):
        read_views(path)
    path.write_text("[]")
    with pytest.raises(PasynError, match="not a COCO keypoint file"):
        read_views(path)
    with pytest.raises(PasynError, match="not AP-10K's \\(no left_eye"):
        read_views(write_coco(path, ["snout"], [1, 1, 2]))
    with pytest.raises(PasynError, match="not a COCO keypoint file"):
        read_views(write_coco(path, list(AP10K.keypoints), [1, 1, 2]))
    with pytest.raises(PasynError, match="none of the 0 animals of the reference"):
        compare(choose_side_views([]), choose_side_views([]))


def test_a_mouth_is_no_nose(tmp_path: Path) -> None:
    views, renamed, one_sided = read_views(write_coco(tmp_path / "a.json", LIVESTOCK, [1.0, 1.0, 2.0] * 18))
    assert len(views) == 1
    assert renamed == {"nose"}
    assert one_sided == {"eye", "shoulder", "hip"}
    _, *differences = read_views(write_coco(tmp_path / "b.json", list(AP10K.keypoints), [1.0, 1.0, 2.0] * 17))
    assert differences == [set(), set()]


def test_animalpose_has_the_compared_points_under_its_own_names() -> None:
    vocabulary = vocabulary_of(ANIMALPOSE.keypoints, "photos")
    assert vocabulary["shoulder"] == ("L_F_Elbow", "R_F_Elbow")
    assert vocabulary["knee"] == ("L_B_Knee", "R_B_Knee")
    assert vocabulary["root_of_tail"] == ("TailBase",)


def test_real_horses_stand_and_cattle_walk(shared: Path) -> None:
    horses = choose_side_views(*read_views(shared / "real" / "horse" / "annotations.json"))
    assert not horses.walking
    assert 60 < len(horses.views) < 200
    cattle = choose_side_views(*read_views(shared / "real" / "cattle" / "annotations.json"))
    assert cattle.walking
    # People agree on the joints of a standing leg within about one per cent of the body.
    spread = compare(horses, horses).aligned_photos.deviation
    assert spread[POINTS.index("elbow")].max() < 0.015
    assert spread[POINTS.index("knee")].max() < 0.015


def test_a_rig_is_seen_from_its_left(shared: Path) -> None:
    benchmark = Path(__file__).resolve().parents[2] / "benchmarks" / "label_placement.py"
    side_view = runpy.run_path(str(benchmark))["view_of_rig"]
    found: View = side_view(str(shared / "rigs" / "horse_ult" / "Horse-v7.glb"))
    place = {
        name: (point - found.box[:2]) / found.box[2:]
        for name, point in zip(POINTS, found.points, strict=True)
    }
    assert all(((p > -0.01) & (p < 1.01)).all() for p in place.values())
    assert place["nose"][0] < place["shoulder"][0] < place["hip"][0] < place["root_of_tail"][0]
    assert place["root_of_tail"][1] < place["hip"][1] < place["knee"][1] < place["back_paw"][1]
    photos = choose_side_views(*read_views(shared / "real" / "horse" / "annotations.json"))
    near: View = side_view(str(shared / "rigs" / "horse_ult" / "Horse-v7.glb"), photos=photos)
    assert SideViews((near,), 1, False).drop == pytest.approx(photos.drop, abs=0.02)
