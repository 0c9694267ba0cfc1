"""Keypoint sets: names, skeleton links, mirror pairs and OKS sigmas, as their datasets publish them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class KeypointSet:
    """An ordered set of annotated body points.

    Attributes
    ----------
    name
        How jobs and files call it.
    keypoints
        Keypoint names in annotation order.
    skeleton
        Pairs of 0-based keypoint indices to draw as links.
    sigmas
        Per-keypoint OKS standard deviations (COCO convention), same order.
    surface
        The keypoints that people click on the animal's surface; the others are joint centres.
    """

    name: str
    keypoints: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...]
    sigmas: tuple[float, ...]
    surface: frozenset[str]

    @property
    def mirror(self) -> tuple[int, ...]:
        """Index of each keypoint's left-right counterpart (itself when on the midline)."""
        swap = {"left": "right", "right": "left"}
        counterparts = []
        for name in self.keypoints:
            side, _, rest = name.partition("_")
            other = f"{swap[side]}_{rest}" if side in swap else name
            counterparts.append(self.keypoints.index(other))
        return tuple(counterparts)


AP10K: Final = KeypointSet(
    name="ap10k",
    keypoints=(
        "left_eye",
        "right_eye",
        "nose",
        "neck",
        "root_of_tail",
        "left_shoulder",
        "left_elbow",
        "left_front_paw",
        "right_shoulder",
        "right_elbow",
        "right_front_paw",
        "left_hip",
        "left_knee",
        "left_back_paw",
        "right_hip",
        "right_knee",
        "right_back_paw",
    ),
    skeleton=(
        (0, 1), (0, 2), (1, 2), (2, 3), (3, 4),
        (3, 5), (5, 6), (6, 7), (3, 8), (8, 9), (9, 10),
        (4, 11), (11, 12), (12, 13), (4, 14), (14, 15), (15, 16),
    ),
    # Yu et al. 2021 (AP-10K), the values its evaluation uses.
    sigmas=(
        0.025, 0.025, 0.026, 0.035, 0.035, 0.079, 0.072, 0.062, 0.079, 0.072, 0.062,
        0.107, 0.087, 0.089, 0.107, 0.087, 0.089,
    ),
    surface=frozenset({"left_eye", "right_eye", "nose", "root_of_tail"}),
)  # fmt: skip
"""AP-10K's 17 points (Yu et al., NeurIPS 2021). By its annotators' habit "shoulder, elbow, paw"
are the anatomical elbow, carpus and hoof, and "hip, knee, paw" the stifle, hock and hoof;
"neck" is the base of the neck."""

KEYPOINT_SETS: Final[dict[str, KeypointSet]] = {AP10K.name: AP10K}
