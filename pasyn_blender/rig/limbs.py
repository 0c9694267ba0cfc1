"""Follow each leg up from the ground and find where it bends.

The leg is traced as a stack of horizontal sections of the mesh, so it does not matter which bones carry it or
how they hang together: feet on IK bones outside the leg's chain, twist bones and unused bones all look alike.
The skin weights along the trace then tell where one bone hands over to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .body_frame import Standing
from .bone_names import names_part
from .geometry import FloatArray, RigGeometry
from .surface import Contour, joined, section

_LEVELS = 90
_LARGEST_GAP = 0.06  # of the animal's height: hooves, bandages and loose faces leave such gaps in a leg

# Height of the middle joint (carpus, hock) over the upper joint (elbow, stifle). From horse, cow, dog, cat
# and giraffe skeletons the carpus lies at 0.30-0.58 and the hock at 0.40-0.66 of that height.
_CARPUS_SHARE = 0.46
_HOCK_SHARE = 0.55


@dataclass(frozen=True)
class Handover:
    """Where, going up a leg, the skin passes from one bone to the next.

    Attributes
    ----------
    height
        Above ground.
    lower, upper
        Bone indices below and above.
    """

    height: float
    lower: int
    upper: int


@dataclass(frozen=True)
class LegTrace:
    """A leg as a stack of horizontal sections from the ground to where it joins the trunk.

    Attributes
    ----------
    heights
        (n,) above ground, rising.
    contours
        n sections.
    bones
        (n,) index of the bone that carries most of each section's skin.
    handovers
        Changes of that bone, going up.
    """

    heights: FloatArray
    contours: tuple[Contour, ...]
    bones: NDArray[np.int64]
    handovers: tuple[Handover, ...]

    @property
    def top(self) -> float:
        """Height at which the leg joins the trunk."""
        return float(self.heights[-1])

    def contour_at(self, height: float) -> Contour:
        """The section nearest to a height."""
        return self.contours[int(np.argmin(np.abs(self.heights - height)))]

    def centre_at(self, height: float) -> FloatArray:
        """(3,) centre of the leg at a height, beyond the top continued straight up."""
        centre = self.contour_at(height).centre.copy()
        centre[2] = height
        return centre


@dataclass(frozen=True)
class Leg:
    """The bends of a leg.

    Attributes
    ----------
    trace
        Its sections.
    upper, middle, lower
        Heights of elbow or stifle, carpus or hock, fetlock or ball of the foot.
    middle_bone, lower_bone
        Bone whose rotation bends the leg there (the bone below the joint), or None where no bone does.
    """

    trace: LegTrace
    upper: float
    middle: float
    lower: float
    middle_bone: int | None
    lower_bone: int | None


def trace_leg(standing: Standing, geometry: RigGeometry, foot: FloatArray, other: FloatArray) -> LegTrace:
    """Stack the sections of one leg.

    Parameters
    ----------
    standing
        The animal.
    geometry
        Its rig, for the weights.
    foot, other
        (2,) ground positions of this foot and of the same side's other foot.
    """
    surface = standing.surface
    side = np.sign(foot[0])
    spacing = abs(float(foot[1] - other[1]))
    heights = np.linspace(0.015, 0.75, _LEVELS) * standing.height
    previous = np.array([foot[0], foot[1]])
    kept: list[Contour] = []
    kept_heights: list[float] = []
    reach = 0.2 * spacing
    widths: list[float] = []
    for height in heights:
        pieces = [
            contour
            for contour in section(surface, surface.points[:, 2], height)
            if contour.centre[0] * side > 0.25 * abs(float(foot[0]))
            and np.linalg.norm(contour.centre[:2] - previous) < reach
        ]
        if not pieces or sum(piece.length for piece in pieces) < 0.02 * spacing:
            if kept and height - kept_heights[-1] > _LARGEST_GAP * standing.height:
                break
            continue
        nearest = joined(pieces)
        inner = nearest.low[0] if side > 0 else -nearest.high[0]
        breadth = float(nearest.high[1] - nearest.low[1])
        touches_midplane = inner < 0.04 * abs(float(foot[0]))
        widens = len(widths) > 6 and breadth > 2.4 * float(np.median(widths)) and breadth > 0.35 * spacing
        if touches_midplane or widens:
            break
        kept.append(nearest)
        kept_heights.append(float(height))
        widths.append(breadth)
        previous = nearest.centre[:2]
    weights = geometry.weights[surface.source]
    shares = np.array([_bone_shares(contour, weights) for contour in kept])
    bones = shares.argmax(axis=1) if len(shares) else np.zeros(0, dtype=np.int64)
    return LegTrace(
        np.array(kept_heights), tuple(kept), bones, _handovers(np.array(kept_heights), shares, bones)
    )


def _bone_shares(contour: Contour, weights: NDArray[np.float32]) -> FloatArray:
    """(B,) mean skin weight of each bone along a curve."""
    low, high = weights[contour.edges[:, 0]], weights[contour.edges[:, 1]]
    along = low + contour.fractions[:, None] * (high - low)
    return (contour.lengths[:, None] * along).sum(axis=0) / max(contour.length, 1e-300)


def _handovers(heights: FloatArray, shares: FloatArray, bones: NDArray[np.int64]) -> tuple[Handover, ...]:
    found = []
    for level in np.flatnonzero(np.diff(bones)):
        lower, upper = int(bones[level]), int(bones[level + 1])
        before = shares[level, lower] - shares[level, upper]
        after = shares[level + 1, lower] - shares[level + 1, upper]
        step = before / (before - after) if before > after else 0.5
        height = heights[level] + step * (heights[level + 1] - heights[level])
        found.append(Handover(float(height), lower, upper))
    return tuple(found)


def find_bends(
    trace: LegTrace,
    standing: Standing,
    geometry: RigGeometry,
    upper_height: float,
    hind: bool,
    chosen: tuple[int | None, int | None] = (None, None),
) -> Leg:
    """Choose the joints of a traced leg.

    Parameters
    ----------
    trace
        The leg.
    standing, geometry
        Animal and rig.
    upper_height
        Height at which elbow or stifle is expected from the trunk's outline.
    hind
        Whether it is a hind leg.
    chosen
        Bones below the middle and the lower joint where a person has chosen them.
    """
    candidates = _joint_candidates(trace, standing, geometry)
    upper, upper_bone = _upper_joint(trace, candidates, upper_height, hind)
    share = _HOCK_SHARE if hind else _CARPUS_SHARE
    reference = upper_height if upper_bone is None else 2 * upper - upper_height
    lower_ones = [item for item in candidates if item[0] < 0.80 * upper_height and item[1] != upper_bone]
    middle, middle_bone = _closest(lower_ones, share * reference, 0.15 * reference, 0.80 * upper_height)
    if chosen[0] is not None:
        middle, middle_bone = _bend_of(chosen[0], candidates, share * reference, trace, standing, geometry)
    lower, lower_bone = _closest(lower_ones, 0.3 * middle, 0.03 * upper_height, 0.7 * middle)
    if chosen[1] is not None:
        lower, lower_bone = _bend_of(chosen[1], candidates, 0.3 * middle, trace, standing, geometry)
    return Leg(trace, upper, middle, lower, middle_bone, lower_bone)


def _upper_joint(
    trace: LegTrace, candidates: list[tuple[float, int]], upper_height: float, hind: bool
) -> tuple[float, int | None]:
    """Height of elbow or stifle, and the bone that bends there if the free part of the leg shows it.

    On a stocky animal both lie where the leg leaves the trunk; on a slender one the bend is seen below that.
    A stifle points forward, unlike a hock; an elbow has another joint, the carpus, below it.
    """
    for height, bone in sorted(candidates, reverse=True):
        if not 0.66 * upper_height < height < 0.97 * upper_height:
            continue
        has_joint_below = any(0.12 * upper_height < other < 0.8 * height for other, _ in candidates)
        if has_joint_below and (not hind or _bends_forward(trace, height)):
            return (height + upper_height) / 2, bone
    return upper_height, None


def _bends_forward(trace: LegTrace, height: float) -> bool:
    """Whether the leg's centre line at a height lies before the straight line from foot to trunk."""
    low, high = trace.contours[0].centre, trace.contours[-1].centre
    share = (height - trace.heights[0]) / max(trace.top - trace.heights[0], 1e-300)
    straight = low[1] + share * (high[1] - low[1])
    return bool(trace.centre_at(height)[1] < straight)


def _closest(
    candidates: list[tuple[float, int]], expected: float, low: float, high: float
) -> tuple[float, int | None]:
    """The joint nearest, by ratio, to an expected height and inside a range; the expected height if none."""
    plausible = [item for item in candidates if low < item[0] < high]
    if not plausible:
        return expected, None
    return min(plausible, key=lambda item: abs(np.log(item[0] / expected)))


def _bend_of(
    bone: int,
    candidates: list[tuple[float, int]],
    expected: float,
    trace: LegTrace,
    standing: Standing,
    geometry: RigGeometry,
) -> tuple[float, int]:
    """Height at which a given bone bends the leg: where its skin begins, else where its head lies."""
    own = [item for item in candidates if item[1] == bone]
    if not own:
        head = standing.rotation[2] @ (geometry.bone_heads[bone] - standing.origin)
        return float(np.clip(head, trace.heights[0], trace.top)), bone
    height, _ = _closest(own, expected, 0.0, np.inf)
    return height, bone


def _joint_candidates(trace: LegTrace, standing: Standing, geometry: RigGeometry) -> list[tuple[float, int]]:
    """(height, bone below) of every place where the leg can bend.

    A joint bends the mesh around its bone's head, but what is seen to bend is the skin between the two bones;
    where both are known the place is half way.
    """
    heads = (geometry.bone_heads - standing.origin) @ standing.rotation.T
    found = []
    for handover in trace.handovers:
        if names_part(geometry.bone_names[handover.lower], "twist"):
            continue
        bone, height = handover.lower, handover.height
        head = heads[bone]
        contour = trace.contour_at(float(np.clip(head[2], trace.heights[0], trace.top)))
        radius = 0.5 * float(np.linalg.norm(contour.high[:2] - contour.low[:2]))
        on_leg = np.linalg.norm(head[:2] - contour.centre[:2]) < 1.5 * radius
        if on_leg and abs(head[2] - height) < 0.22 * trace.top and head[2] > 0:
            height = (height + float(head[2])) / 2
        found.append((height, bone))
    return found
