"""Side views of animals from their annotation alone: read, turned to face left, and chosen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.anatomy.keypoint_sets import AP10K, KEYPOINT_SETS, KeypointSet
from pasyn_blender.errors import PasynError

FloatArray = NDArray[np.float64]

POINTS: Final = (
    "eye",
    "nose",
    "root_of_tail",
    "shoulder",
    "elbow",
    "front_paw",
    "hip",
    "knee",
    "back_paw",
)
"""What is compared, by AP-10K's names without side; pairs count by their middle."""


def _names_in(keypoint_set: KeypointSet) -> dict[str, tuple[str, ...]]:
    """Names of a set's keypoints for each of :data:`POINTS`, left before right."""
    name_of = dict(zip(keypoint_set.landmarks, keypoint_set.keypoints, strict=True))
    return {
        point: tuple(name_of[name] for name in (point, f"left_{point}", f"right_{point}") if name in name_of)
        for point in POINTS
    }


_AP10K: Final = _names_in(AP10K)
_OF_SETS: Final = tuple(_names_in(known) for known in KEYPOINT_SETS.values())
_LIVESTOCK: Final = {
    "eye": ("eye",),
    "nose": ("mouth",),
    "root_of_tail": ("tail",),
    "shoulder": ("elbow",),
    "elbow": ("l_fore_wrist", "r_fore_wrist"),
    "front_paw": ("l_fore_foot", "r_fore_foot"),
    "hip": ("hind_knee",),
    "knee": ("l_hind_hock", "r_hind_hock"),
    "back_paw": ("l_hind_foot", "r_hind_foot"),
}
"""AP-10K's annotators put shoulder, elbow and hip at the anatomical elbow, carpus and stifle, which
LivestockKeypoints calls elbow, wrist and knee."""

_NOT_THE_SAME: Final = {"mouth": "nose"}
"""A mouth lies behind and below the tip of the nose: shown, but no verdict is given."""

FEWEST_STANDING: Final = 10
"""With fewer standing animals among the photos, walking ones are taken as well."""

_LEGS: Final = (("elbow", "front_paw"), ("knee", "back_paw"))


@dataclass(frozen=True)
class View:
    """One animal, facing left.

    Attributes
    ----------
    points
        (P, 2) in any unit, y down; pairs by their middle; NaN where not labelled.
    near
        (P, 2) the same, of pairs the one on the side nearer to the camera.
    legs
        (2, 2, 2, 2): front and hind, left and right, upper and lower end of the lower leg, x and y.
    box
        (4,) x, y, width, height.
    known_side_view
        Whether the camera is known to have looked from the side; None where nothing is known of it.
    """

    points: FloatArray
    near: FloatArray
    legs: FloatArray
    box: FloatArray
    known_side_view: bool | None = None

    def places(self, one_sided: frozenset[str]) -> FloatArray:
        """(P, 2) points, of those in ``one_sided`` the nearer side's."""
        chosen = np.array([name in one_sided for name in POINTS])
        return np.where(chosen[:, None], self.near, self.points)

    @property
    def height(self) -> float:
        """From the feet to the tail root."""
        return _height(self)


@dataclass(frozen=True)
class SideViews:
    """Chosen side views.

    Attributes
    ----------
    views
        The animals.
    considered
        Of how many.
    walking
        Whether walking animals were taken as well.
    renamed
        Compared points whose source means another place of the body.
    one_sided
        Pairs of which the source has one point alone, on the side that is seen.
    """

    views: tuple[View, ...]
    considered: int
    walking: bool
    renamed: frozenset[str] = frozenset()
    one_sided: frozenset[str] = frozenset()

    @property
    def drop(self) -> FloatArray:
        """(4,) how much lower carpus, front paw, hock and hind paw of the nearer side are seen.

        In heights of the animal, medians. Large where the camera was near, and where it was high.
        """
        return np.asarray(np.median([_drop(view) for view in self.views], axis=0))


def read_views(path: Path) -> tuple[tuple[View, ...], frozenset[str], frozenset[str]]:
    """Read all animals of a COCO keypoint file (AP-10K's, AnimalPose's or LivestockKeypoints' names).

    Returns
    -------
    Views, the compared points that mean another place of the body there, and the pairs of which only one
    is labelled there.

    Raises
    ------
    PasynError
        The file cannot be read, is no COCO keypoint file, or its keypoints have other names.
    """
    try:
        coco = json.loads(path.read_bytes())
    except OSError as error:
        raise PasynError(
            f"{path}: {error.strerror or error}; give a COCO file of annotated photos"
        ) from error
    except ValueError as error:
        raise PasynError(f"{path} is not JSON ({error}); give a COCO file of annotated photos") from error
    try:
        category = coco["categories"][0]
        names = [str(name) for name in category["keypoints"]]
        vocabulary = vocabulary_of(names, str(path))
        views = [
            view_of(
                np.asarray(annotation["keypoints"], dtype=np.float64).reshape(len(names), 3),
                np.asarray(annotation["bbox"], dtype=np.float64).reshape(4),
                names,
                vocabulary,
            )
            for annotation in coco["annotations"]
            if annotation.get("category_id", category.get("id")) == category.get("id")
        ]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise PasynError(f"{path} is not a COCO keypoint file: {error!r}") from error
    used = {name for sources in vocabulary.values() for name in sources}
    renamed = frozenset(target for name, target in _NOT_THE_SAME.items() if name in used)
    return (
        tuple(views),
        renamed,
        frozenset(name for name in _AP10K if len(vocabulary[name]) < len(_AP10K[name])),
    )


def vocabulary_of(names: Sequence[str], source: str) -> Mapping[str, tuple[str, ...]]:
    """Which names of a keypoint set make each of :data:`POINTS`.

    Raises
    ------
    PasynError
        The names are neither those of a keypoint set nor LivestockKeypoints'.
    """
    for vocabulary in (*_OF_SETS, _LIVESTOCK):
        if all(name in names for sources in vocabulary.values() for name in sources):
            return vocabulary
    wanted = [name for sources in _AP10K.values() for name in sources if name not in names]
    raise PasynError(
        f"{source}: its keypoints are not AP-10K's (no {', '.join(wanted)}), so nothing compares"
    )


def view_of(
    keypoints: FloatArray,
    box: FloatArray,
    names: Sequence[str],
    vocabulary: Mapping[str, tuple[str, ...]],
    known_side_view: bool | None = None,
) -> View:
    """Take the compared points of one animal and turn it to face left.

    Parameters
    ----------
    keypoints
        (K, 3) x, y, visibility.
    box
        (4,) x, y, width, height.
    names
        K names.
    vocabulary
        From :func:`vocabulary_of`.
    known_side_view
        Whether the camera looked from the side, where that is known.
    """
    places = np.where(keypoints[:, 2:] > 0, keypoints[:, :2], np.nan)
    row = {name: i for i, name in enumerate(names)}
    points = np.array([places[[row[name] for name in vocabulary[point]]].mean(axis=0) for point in POINTS])
    legs = np.array([[[places[row[n]] for n in pair] for pair in _sides(vocabulary, leg)] for leg in _LEGS])
    nearer = _nearer_side(legs)
    near = np.array(
        [places[row[vocabulary[point][min(nearer, len(vocabulary[point]) - 1)]]] for point in POINTS]
    )
    box = box.astype(np.float64)
    if points[POINTS.index("nose"), 0] > points[POINTS.index("root_of_tail"), 0]:
        points, near, legs = points * (-1, 1), near * (-1, 1), legs * (-1, 1)
        box = np.array([-box[0] - box[2], *box[1:]])
    return View(points, near, legs, box, known_side_view)


def _nearer_side(legs: FloatArray) -> int:
    """0 for left, 1 for right: seen from above the ground, the nearer feet stand lower in the picture."""
    return int(legs[:, 1, 1, 1].mean() > legs[:, 0, 1, 1].mean())


def _sides(vocabulary: Mapping[str, tuple[str, ...]], leg: tuple[str, str]) -> list[tuple[str, str]]:
    upper, lower = (vocabulary[end] for end in leg)
    return list(zip(upper, lower, strict=True))


@dataclass(frozen=True)
class _Stance:
    """Largest values: distance of left and right foot in trunks; slope of the lower legs in degrees."""

    fore: float
    hind: float
    fore_slope: float
    hind_slope: float


_STANDING: Final = _Stance(fore=0.2, hind=0.3, fore_slope=20, hind_slope=35)
_WALKING: Final = _Stance(fore=0.6, hind=0.75, fore_slope=50, hind_slope=50)


def choose_side_views(
    views: Sequence[View],
    renamed: frozenset[str] = frozenset(),
    one_sided: frozenset[str] = frozenset(),
    walking: bool | None = None,
) -> SideViews:
    """Choose animals that stand and are seen from the side, by the annotation alone.

    Where the camera is not known, a side view is one whose trunk is long for its height: between 93 % and
    112 % of the median ratio, so most of the file must be side views. The nose must be well ahead of the
    shoulder, the feet on one ground, left and right feet close, and lower legs near the vertical.

    Parameters
    ----------
    views
        Animals of one species.
    renamed, one_sided
        From :func:`read_views`.
    walking
        Whether to take walking animals too; None takes them when fewer than :data:`FEWEST_STANDING` stand.
    """
    whole = [view for view in views if np.isfinite(view.points).all() and np.isfinite(view.legs).all()]
    ratios = np.array([_trunk(view) / max(_height(view), 1e-9) for view in whole])
    typical = float(np.median(ratios)) if len(ratios) else 1.0
    standing, moving = [], []
    for view, ratio in zip(whole, ratios, strict=True):
        sideways = view.known_side_view
        if sideways is None:
            sideways = bool(0.93 < ratio / typical < 1.12)
        if not sideways or not _head_ahead(view) or not _on_one_ground(view):
            continue
        if _stands(view, _STANDING):
            standing.append(view)
        if _stands(view, _WALKING):
            moving.append(view)
    if walking is None:
        walking = len(standing) < FEWEST_STANDING < len(moving)
    return SideViews(tuple(moving if walking else standing), len(views), walking, renamed, one_sided)


def _x(view: View, name: str) -> float:
    return float(view.points[POINTS.index(name), 0])


def _trunk(view: View) -> float:
    return _x(view, "root_of_tail") - _x(view, "shoulder")


def _height(view: View) -> float:
    return float(view.legs[:, :, 1, 1].mean() - view.points[POINTS.index("root_of_tail"), 1])


def _drop(view: View) -> FloatArray:
    nearer = _nearer_side(view.legs)
    return np.asarray((view.legs[:, nearer] - view.legs[:, 1 - nearer])[:, :, 1].ravel() / _height(view))


def _head_ahead(view: View) -> bool:
    return _x(view, "shoulder") - _x(view, "nose") > 0.4 * _trunk(view) > 0


def _on_one_ground(view: View) -> bool:
    # The far feet stand higher in a photo, by a tenth of the height or so.
    return bool(np.ptp(view.legs[:, :, 1, 1]) < 0.22 * _height(view))


def _stands(view: View, stance: _Stance) -> bool:
    lower = view.legs[:, :, 1] - view.legs[:, :, 0]
    slopes = np.degrees(np.arctan2(np.abs(lower[..., 0]), lower[..., 1])).max(axis=1)
    apart = np.abs(view.legs[:, 0, 1, 0] - view.legs[:, 1, 1, 0]) / _trunk(view)
    return bool(
        apart[0] < stance.fore
        and apart[1] < stance.hind
        and slopes[0] < stance.fore_slope
        and slopes[1] < stance.hind_slope
    )


def describe(views: SideViews) -> str:
    """Say how many side views were taken of how many."""
    kind = "standing or walking" if views.walking else "standing"
    return f"{len(views.views)} of {views.considered} {kind}, seen from the side"


def known_side_view(camera: Mapping[str, Any]) -> bool | None:
    """Whether a shot's camera looked at the animal's side: within 20 degrees, and at most 15 up or down."""
    if "azimuth" not in camera:
        return None
    off = abs(float(camera["azimuth"]) % 180 - 90)
    return off <= 20 and abs(float(camera.get("elevation", 0))) <= 15
