"""COCO annotations with AP-10K's keys, from the truth of rendered pictures."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..anatomy.keypoint_sets import KeypointSet
from .masks import encode_mask, mask_area, mask_box

UNKNOWN_BACKGROUND: Final = 0
"""AP-10K numbers its kinds of background from 1; a photo or sky that nobody classified is 0."""

LICENCE: Final = {
    "id": 1,
    "name": "Synthetic; the licences of the model and of the background pictures apply",
    "url": "",
}

_YEAR = 2026
# COCO asks for a date, and a clock would make two equal datasets differ.
_DATE = "not recorded, so that equal jobs give equal files"


@dataclass(frozen=True)
class LabelledPicture:
    """What COCO needs to know of one picture.

    Attributes
    ----------
    index
        Number of the shot; COCO's ids are ``index + 1``, because pycocotools takes an annotation with
        id 0 for "no match".
    file_name
        Name inside the folder of pictures.
    width, height
        Pixels.
    keypoints
        (x, y, v) of each keypoint in pixels, in the order of the keypoint set; v=0 outside the frame,
        1 hidden, 2 seen.
    box
        (x, y, width, height) of the mask; None where no pixel shows the animal.
    area
        Pixels of the mask.
    segmentation
        Run-length code of the mask; None where no pixel shows the animal.
    """

    index: int
    file_name: str
    width: int
    height: int
    keypoints: tuple[tuple[float, float, int], ...]
    box: tuple[int, int, int, int] | None
    area: int
    segmentation: dict[str, Any] | None


def label_picture(
    index: int, file_name: str, keypoints: Iterable[Sequence[float]], mask: NDArray[np.bool_]
) -> LabelledPicture:
    """Join the keypoints of a truth record with what its mask says.

    Parameters
    ----------
    index, file_name
        Of the picture.
    keypoints
        (K, 3) x, y in pixels and visibility, as the truth record holds them.
    mask
        (H, W) true on the animal.

    Raises
    ------
    ValueError
        A visibility other than 0, 1 or 2.
    """
    height, width = mask.shape
    box = mask_box(mask)
    return LabelledPicture(
        index=index,
        file_name=file_name,
        width=int(width),
        height=int(height),
        keypoints=tuple(_keypoint(point) for point in keypoints),
        box=box,
        area=mask_area(mask),
        segmentation=None if box is None else encode_mask(mask),
    )


def _keypoint(point: Sequence[float]) -> tuple[float, float, int]:
    x, y, visibility = point
    if visibility not in (0, 1, 2):
        raise ValueError(f"keypoint visibility {visibility} is none of 0, 1, 2")
    return (float(x), float(y), int(visibility)) if visibility else (0.0, 0.0, 0)


def build_coco(
    pictures: Iterable[LabelledPicture], species: str, keypoint_set: KeypointSet, version: str
) -> dict[str, Any]:
    """Build a COCO dictionary.

    The keys are those of AP-10K's files, plus ``segmentation``. A picture on which no pixel shows the
    animal is kept without an annotation: a true negative, which detectors can learn from.

    Parameters
    ----------
    pictures
        In any order; the result is sorted by index.
    species
        Name of the one category.
    keypoint_set
        Names and links of the keypoints.
    version
        Version of the software that made the dataset.

    Raises
    ------
    ValueError
        A picture whose number of keypoints is not the set's, or an index that occurs twice.
    """
    ordered = sorted(pictures, key=lambda picture: picture.index)
    for first, second in itertools.pairwise(ordered):
        if first.index == second.index:
            raise ValueError(f"picture {first.index} occurs twice")
    return {
        "info": {
            "description": f"Synthetic {species} with exact labels",
            "url": "",
            "version": version,
            "year": _YEAR,
            "contributor": "pasyn",
            "date_created": _DATE,
        },
        "licenses": [dict(LICENCE)],
        "images": [
            {
                "license": LICENCE["id"],
                "id": picture.index + 1,
                "file_name": picture.file_name,
                "width": picture.width,
                "height": picture.height,
                "background": UNKNOWN_BACKGROUND,
            }
            for picture in ordered
        ],
        "annotations": [
            _annotation(picture, keypoint_set) for picture in ordered if picture.segmentation is not None
        ],
        "categories": [
            {
                "id": 1,
                "name": species,
                "supercategory": "animal",
                "keypoints": list(keypoint_set.keypoints),
                # COCO counts keypoints from 1 in its skeletons.
                "skeleton": [[start + 1, end + 1] for start, end in keypoint_set.skeleton],
            }
        ],
    }


def _annotation(picture: LabelledPicture, keypoint_set: KeypointSet) -> dict[str, Any]:
    if len(picture.keypoints) != len(keypoint_set.keypoints):
        raise ValueError(
            f"picture {picture.index} has {len(picture.keypoints)} keypoints, "
            f"{keypoint_set.name} has {len(keypoint_set.keypoints)}"
        )
    assert picture.box is not None
    return {
        "id": picture.index + 1,
        "image_id": picture.index + 1,
        "category_id": 1,
        "bbox": list(picture.box),
        "area": picture.area,
        "iscrowd": 0,
        "num_keypoints": sum(1 for _, _, visibility in picture.keypoints if visibility > 0),
        "keypoints": [value for point in picture.keypoints for value in point],
        "segmentation": picture.segmentation,
    }


def coco_bytes(coco: dict[str, Any]) -> bytes:
    """Serialise a COCO dictionary; equal dictionaries give equal bytes."""
    return (json.dumps(coco, sort_keys=True, separators=(",", ":")) + "\n").encode("ascii")
