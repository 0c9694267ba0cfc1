"""What of a body can touch the ground, and how low a posed body may be carried until it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .kinematics import Figure
from .skeleton import Bone
from .sweep import FloatArray, IntArray

MOST_POINTS: Final = 3000
"""Vertices of the skin that are asked; more find no lower point by a hundredth of the trunk's length."""

TRUNK: Final = ("pelvis", "spine_1", "spine_2", "chest")

# Trunk of a horse-like animal where its skin is not known: distance of its lower outline below the elbow and
# its half width, in heights of the withers. The breastbone lies just below the elbow in all these animals.
_OUTLINE: Final = (
    # bone, share of the way from the shoulder joint (0) to the hip (1), below the elbow, half width
    ("chest", 0.00, -0.02, 0.10),
    ("chest", 0.18, 0.035, 0.13),
    ("chest", 0.32, 0.055, 0.15),
    ("spine_2", 0.50, 0.070, 0.17),
    ("spine_1", 0.68, 0.065, 0.17),
    ("spine_1", 0.85, 0.030, 0.16),
    ("pelvis", 1.02, -0.060, 0.13),
    ("pelvis", 1.14, -0.090, 0.10),
)
# Half thickness of limbs at their joints, in heights of the withers.
_THICKNESS: Final = {
    "forearm": 0.045, "front_cannon": 0.030, "front_pastern": 0.024,
    "shin": 0.065, "hind_cannon": 0.034, "hind_pastern": 0.025, "tail_4": 0.010,
}  # fmt: skip


@dataclass(frozen=True)
class RestSkin:
    """Skin of an animal at rest.

    Attributes
    ----------
    vertices
        (V, 3) metres in the body frame.
    weights
        (V, B) of its bones, rows adding up to 1.
    """

    vertices: FloatArray
    weights: FloatArray


@dataclass(frozen=True)
class ContactPoints:
    """Points of a body that may touch the ground, carried by bones as skin is.

    Attributes
    ----------
    moments
        (B, 4, P) weight of each bone for each point, times its place from the bone's joint and times 1.
    bone
        (P,) number of the bone that carries most of a point.
    radius
        (P,) metres of flesh below the point.
    """

    moments: FloatArray
    bone: IntArray
    radius: FloatArray
    _parts: dict[tuple[str, ...], ContactPoints] = field(default_factory=dict, repr=False, compare=False)

    def heights(self, turns: FloatArray, joints: FloatArray) -> FloatArray:
        """Heights of the points.

        Parameters
        ----------
        turns, joints
            (F, B, 3, 3) accumulated turns of all bones and (F, B, 3) places of their joints.

        Returns
        -------
        ndarray
            (F, P) metres.
        """
        rows = np.concatenate([turns[:, :, 2], joints[:, :, 2:]], axis=2)
        flat = self.moments.reshape(-1, self.moments.shape[2])
        heights: FloatArray = rows.reshape(len(rows), -1) @ flat - self.radius
        return heights

    def below(self, name: str, bones: Sequence[Bone]) -> FloatArray:
        """(P, 3) places, seen from a bone's joint, of the points that this bone alone carries."""
        number = next(i for i, bone in enumerate(bones) if bone.name == name)
        alone = np.flatnonzero(self.moments[number, 3] > 0.999)
        places: FloatArray = self.moments[number, :3, alone]
        return places

    def on(self, names: tuple[str, ...], bones: Sequence[Bone]) -> ContactPoints:
        """The points that these bones carry."""
        if names not in self._parts:
            numbers = [i for i, bone in enumerate(bones) if bone.name in names]
            of = np.flatnonzero(np.isin(self.bone, numbers))
            moments = np.ascontiguousarray(self.moments[:, :, of])
            self._parts[names] = ContactPoints(moments, self.bone[of], self.radius[of])
        return self._parts[names]


def contact_points(bones: Sequence[Bone], height: float, skin: RestSkin | None = None) -> ContactPoints:
    """Points of a body that may touch the ground.

    Parameters
    ----------
    bones
        Skeleton at rest.
    height
        Height of the withers, metres.
    skin
        Its skin, of which every so many-th vertex is taken; without it the trunk is as deep and broad as a
        horse's, from the elbows, hips and shoulders that the skeleton has.
    """
    if skin is not None:
        rows = np.arange(0, len(skin.vertices), max(1, len(skin.vertices) // MOST_POINTS))
        places, weights = skin.vertices[rows], skin.weights[rows]
        radius = np.zeros(len(rows))
    else:
        places, weights, radius = _usual_outline(bones, height)
    heads = np.array([bone.head for bone in bones])
    from_joint = np.concatenate(
        [places[None] - heads[:, None], np.ones((len(bones), len(places), 1))], axis=2
    )
    moments = np.ascontiguousarray((from_joint * weights.T[:, :, None]).transpose(0, 2, 1))
    return ContactPoints(moments, weights.argmax(axis=1), radius)


def thickness_of(bones: Sequence[Bone], height: float, skin: RestSkin | None = None) -> dict[str, float]:
    """Metres of flesh between the ground and a joint of a limb that lies on it.

    Returns
    -------
    dict
        By the kind of the bone below the joint; half the limb's breadth there.
    """
    found = {}
    for kind, usual in _THICKNESS.items():
        number = next(i for i, bone in enumerate(bones) if bone.name in (kind, f"{kind}.L"))
        found[kind] = usual * height
        if skin is not None and kind == "tail_4":
            # Hair and all: the thickest of the tail's end.
            end = skin.weights[:, number] > 0.5
            if end.sum() > 8:
                found[kind] = float(np.percentile(np.abs(skin.vertices[end, 0]), 97.0))
        elif skin is not None:
            joint = bones[number].head
            above = next(i for i, bone in enumerate(bones) if bone.name == bones[number].parent)
            near = np.linalg.norm(skin.vertices - joint, axis=1) < 0.06 * height
            near &= skin.weights[:, [above, number]].sum(axis=1) > 0.5
            if near.sum() > 8:
                found[kind] = float(np.percentile(np.abs(skin.vertices[near, 0] - joint[0]), 90.0))
    return found


def _usual_outline(bones: Sequence[Bone], height: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    names = [bone.name for bone in bones]
    heads = {bone.name: bone.head for bone in bones}
    elbow, shoulder, hip = heads["forearm.L"][2], heads["upper_arm.L"][1], heads["thigh.L"][1]
    places, owners, radii = [], [], []
    for bone, share, below, half in _OUTLINE:
        y = shoulder + share * (hip - shoulder)
        bottom, width = elbow - below * height, half * height
        # The lower half of an ellipse.
        for angle in np.radians([0.0, 25.0, 50.0, 75.0, -25.0, -50.0, -75.0]):
            rise = width * (1.0 - np.cos(angle))
            places.append([width * np.sin(angle), y, bottom + rise])
            owners.append(bone)
            radii.append(0.0)
    for kind, thickness in _THICKNESS.items():
        for suffix in (".L", ".R") if kind != "tail_4" else ("",):
            places.append(list(heads[kind + suffix]))
            owners.append(kind + suffix)
            radii.append(thickness * height)
    weights = np.zeros((len(places), len(bones)))
    weights[np.arange(len(places)), [names.index(owner) for owner in owners]] = 1.0
    return np.array(places), weights, np.array(radii)


def all_places(figure: Figure, bones: Sequence[Bone]) -> tuple[FloatArray, FloatArray]:
    """(F, B, 3, 3) accumulated turns of all bones, and (F, B, 3) places of their joints."""
    turns = np.empty_like(figure.local)
    joints = np.empty(figure.local.shape[:3])
    index = {bone.name: i for i, bone in enumerate(bones)}
    for i, bone in enumerate(bones):
        if bone.parent is None:
            turns[:, i] = figure.local[:, i]
            joints[:, i] = figure.heads[i] + figure.offset
            continue
        above = index[bone.parent]
        turns[:, i] = turns[:, above] @ figure.local[:, i]
        joints[:, i] = joints[:, above] + turns[:, above] @ (figure.heads[i] - figure.heads[above])
    return turns, joints
