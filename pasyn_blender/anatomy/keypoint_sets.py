"""Keypoint sets: names, skeleton links, mirror pairs and OKS sigmas, as their datasets publish them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

LANDMARKS: Final = (
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
    "left_ear_base",
    "right_ear_base",
    "throat",
    "withers",
)
"""Places of the body that a rig map knows, each once, whichever sets label them; limbs by AP-10K's names."""

LATER_LANDMARKS: Final = LANDMARKS[17:]
"""Those that rig maps of the first versions do not have: the rest are AP-10K's keypoints."""

SURFACE_LANDMARKS: Final = frozenset({"left_eye", "right_eye", "nose", "root_of_tail", "throat", "withers"})
"""Landmarks that people click on the animal's surface; the others are centres of joints, or of an ear's base,
which is seen from before and from behind."""

_OPPOSITE: Final = {"left": "right", "right": "left"}
_SIDE_WORDS: Final = {"left": "left", "l": "left", "right": "right", "r": "right"}


@dataclass(frozen=True)
class KeypointSet:
    """An ordered set of annotated body points.

    Attributes
    ----------
    name
        How jobs and files call it.
    title
        How people call it.
    keypoints
        Keypoint names in annotation order, as the set's own dataset writes them.
    landmarks
        Which of :data:`LANDMARKS` each keypoint is, same order.
    skeleton
        Pairs of 0-based keypoint indices to draw as links.
    sigmas
        Per-keypoint OKS standard deviations (COCO convention), same order.
    """

    name: str
    title: str
    keypoints: tuple[str, ...]
    landmarks: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...]
    sigmas: tuple[float, ...]

    @property
    def mirror(self) -> tuple[int, ...]:
        """Index of each keypoint's left-right counterpart (itself when on the midline)."""
        counterparts = []
        for name in self.landmarks:
            side, _, rest = name.partition("_")
            other = f"{_OPPOSITE[side]}_{rest}" if side in _OPPOSITE else name
            counterparts.append(self.landmarks.index(other))
        return tuple(counterparts)

    @property
    def surface(self) -> frozenset[str]:
        """Names of the keypoints that people click on the animal's surface; the others are joint centres."""
        pairs = zip(self.keypoints, self.landmarks, strict=True)
        return frozenset(name for name, landmark in pairs if landmark in SURFACE_LANDMARKS)

    def landmark(self, keypoint: str) -> str:
        """The landmark that one of the set's keypoints is."""
        return self.landmarks[self.keypoints.index(keypoint)]

    def only(self, keypoints: Container[str]) -> KeypointSet:
        """The set with some of its keypoints alone, in its order and without links."""
        rows = [row for row, name in enumerate(self.keypoints) if name in keypoints]
        return KeypointSet(
            name=self.name,
            title=self.title,
            keypoints=tuple(self.keypoints[row] for row in rows),
            landmarks=tuple(self.landmarks[row] for row in rows),
            skeleton=(),
            sigmas=tuple(self.sigmas[row] for row in rows),
        )


def keypoint_side(name: str) -> str:
    """Side of the body that a keypoint is on by its name, in any known set: "left", "right" or "middle"."""
    return _SIDE_WORDS.get(name.partition("_")[0].lower(), "middle")


AP10K: Final = KeypointSet(
    name="ap10k",
    title="AP-10K",
    keypoints=LANDMARKS[:17],
    landmarks=LANDMARKS[:17],
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
)  # fmt: skip
"""AP-10K's 17 points (Yu et al., NeurIPS 2021). By its annotators' habit "shoulder, elbow, paw"
are the anatomical elbow, carpus and hoof, and "hip, knee, paw" the stifle, hock and hoof;
"neck" is the base of the neck."""

ANIMALPOSE: Final = KeypointSet(
    name="animalpose",
    title="AnimalPose",
    keypoints=(
        "L_Eye", "R_Eye", "L_EarBase", "R_EarBase", "Nose", "Throat", "TailBase", "Withers",
        "L_F_Elbow", "R_F_Elbow", "L_B_Elbow", "R_B_Elbow",
        "L_F_Knee", "R_F_Knee", "L_B_Knee", "R_B_Knee",
        "L_F_Paw", "R_F_Paw", "L_B_Paw", "R_B_Paw",
    ),
    landmarks=(
        "left_eye", "right_eye", "left_ear_base", "right_ear_base",
        "nose", "throat", "root_of_tail", "withers",
        "left_shoulder", "right_shoulder", "left_hip", "right_hip",
        "left_elbow", "right_elbow", "left_knee", "right_knee",
        "left_front_paw", "right_front_paw", "left_back_paw", "right_back_paw",
    ),
    skeleton=(
        (0, 1), (0, 2), (1, 3), (0, 4), (1, 4), (4, 5), (5, 7), (6, 7),
        (5, 8), (8, 12), (12, 16), (5, 9), (9, 13), (13, 17),
        (6, 10), (10, 14), (14, 18), (6, 11), (11, 15), (15, 19),
    ),
    # The paper gives none; these are the values with which MMPose evaluates it.
    sigmas=(
        0.025, 0.025, 0.026, 0.035, 0.035, 0.10, 0.10, 0.10, 0.107, 0.107, 0.107, 0.107,
        0.087, 0.087, 0.087, 0.087, 0.089, 0.089, 0.089, 0.089,
    ),
)  # fmt: skip
"""AnimalPose's 20 points (Cao et al., ICCV 2019), under the names and in the order of its COCO files. Its
elbows and knees are where AP-10K's annotators put shoulder, elbow, hip and knee: front elbow and carpus,
stifle and hock."""

EVERY_LANDMARK: Final = KeypointSet(
    name="landmarks",
    title="Every landmark",
    keypoints=LANDMARKS,
    landmarks=LANDMARKS,
    skeleton=(),
    sigmas=(*AP10K.sigmas, 0.035, 0.035, 0.10, 0.10),
)
"""All that a rig map knows, by its own names; no dataset labels all of them."""

KEYPOINT_SETS: Final[dict[str, KeypointSet]] = {known.name: known for known in (AP10K, ANIMALPOSE)}


def landmarks_of(names: Sequence[str]) -> tuple[str, ...]:
    """Landmarks that the names of a file's keypoints stand for; names of no known set are given back."""
    for known in KEYPOINT_SETS.values():
        if tuple(names) == known.keypoints:
            return known.landmarks
    return tuple(names)
