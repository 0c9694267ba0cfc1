"""COCO files: AP-10K's keys, stable bytes, and pycocotools scores a perfect detector 1.0."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pasyn_blender.anatomy.keypoint_sets import AP10K
from pasyn_blender.annotation.coco import LabelledPicture, build_coco, coco_bytes, label_picture


def picture(index: int, size: tuple[int, int] = (64, 96)) -> LabelledPicture:
    """A blob with keypoints strewn over it, every third hidden and the last outside the frame."""
    random = np.random.default_rng(index)
    mask = np.zeros(size, dtype=bool)
    top, left = int(random.integers(2, 12)), int(random.integers(2, 20))
    mask[top : top + 40, left : left + 60] = True
    points = [
        [left + float(random.random()) * 60, top + float(random.random()) * 40, 1 if k % 3 == 0 else 2]
        for k in range(len(AP10K.keypoints))
    ]
    points[-1] = [0.0, 0.0, 0]
    return label_picture(index, f"{index:06d}.png", points, mask)


def coco(pictures: list[LabelledPicture]) -> dict[str, Any]:
    return build_coco(pictures, "zebra", AP10K, "1.2.3")


def kinds(value: Any) -> Any:
    """Shape of a JSON value: keys and types, numbers alike, the first item for a list."""
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    if isinstance(value, list):
        return [kinds(value[0])] if value else []
    return "number" if isinstance(value, int | float) else type(value).__name__


def test_keys_and_types_are_ap10ks_plus_the_segmentation(shared: Path) -> None:
    sample = json.loads((shared / "formats/ap10k/test_ap10k.json").read_text())
    ours = json.loads(coco_bytes(coco([picture(0)])))
    assert kinds(ours["annotations"][0].pop("segmentation")) == {"size": ["number"], "counts": "str"}
    assert kinds(ours) == kinds(sample)
    assert ours["categories"][0]["keypoints"] == sample["categories"][0]["keypoints"]
    assert ours["categories"][0]["skeleton"] == sample["categories"][0]["skeleton"]
    assert len(ours["annotations"][0]["keypoints"]) == len(sample["annotations"][0]["keypoints"])


def test_order_of_the_pictures_leaves_no_trace() -> None:
    pictures = [picture(index) for index in range(5)]
    assert coco_bytes(coco(pictures)) == coco_bytes(coco(pictures[::-1]))


def test_box_area_and_count_come_from_mask_and_visibility() -> None:
    annotation = coco([picture(4)])["annotations"][0]
    assert annotation["area"] == 40 * 60
    assert annotation["bbox"][2:] == [60, 40]
    assert annotation["num_keypoints"] == 16
    assert annotation["keypoints"][-3:] == [0, 0, 0]


def test_a_keypoint_outside_the_frame_is_all_zero_whatever_was_recorded() -> None:
    points = [[500.0, -3.0, 0]] * 17
    labelled = label_picture(0, "000000.png", points, np.ones((8, 8), dtype=bool))
    assert set(labelled.keypoints) == {(0.0, 0.0, 0)}


def test_a_picture_without_the_animal_stays_as_a_negative() -> None:
    empty = label_picture(1, "000001.png", [[0, 0, 0]] * 17, np.zeros((64, 96), dtype=bool))
    result = coco([picture(0), empty])
    assert [image["id"] for image in result["images"]] == [1, 2]
    assert [annotation["image_id"] for annotation in result["annotations"]] == [1]


def test_no_id_is_zero() -> None:
    result = coco([picture(0)])
    assert result["images"][0]["id"] == result["annotations"][0]["id"] == 1


def test_wrong_records_are_refused() -> None:
    with pytest.raises(ValueError, match="16 keypoints"):
        coco([replace(picture(0), keypoints=picture(0).keypoints[:16])])
    with pytest.raises(ValueError, match="twice"):
        coco([picture(3), picture(3)])
    with pytest.raises(ValueError, match="visibility 3"):
        label_picture(0, "000000.png", [[1, 1, 3]], np.ones((4, 4), dtype=bool))


@pytest.mark.parametrize("kind", ["keypoints", "segm", "bbox"])
def test_pycocotools_scores_perfect_detections_with_one(kind: str, tmp_path: Path) -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    file = tmp_path / "all.json"
    file.write_bytes(coco_bytes(coco([picture(index) for index in range(6)])))
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(file))
        found = truth.loadRes([{**annotation, "score": 1.0} for annotation in truth.dataset["annotations"]])
        evaluation = COCOeval(truth, found, kind)
        evaluation.params.kpt_oks_sigmas = np.array(AP10K.sigmas)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)
