"""Rotations of a skeleton in body axes, and the leg angles that put a hoof where it has to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .skeleton import Bone
from .sweep import FloatArray


def turn(axis: int, degrees: FloatArray | float) -> FloatArray:
    """(..., 3, 3) rotations about body axis 0 (X), 1 (Y) or 2 (Z).

    About X a positive turn lowers the nose and swings a hanging limb backwards.
    """
    angle = np.radians(np.asarray(degrees, float))
    result = np.zeros((*angle.shape, 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    result[..., axis, axis] = 1.0
    result[..., i, i] = result[..., j, j] = np.cos(angle)
    result[..., i, j] = -np.sin(angle)
    result[..., j, i] = np.sin(angle)
    return result


class Figure:
    """A skeleton over F frames whose bones are turned relative to their parents, in body axes.

    A bone's turn L takes it from where its parent would carry it rigidly to where it is; the turns
    accumulate along the chain: G = G_parent L.
    """

    def __init__(self, bones: Sequence[Bone], frames: int) -> None:
        self.names = [bone.name for bone in bones]
        self._parents = [self.names.index(bone.parent) if bone.parent else -1 for bone in bones]
        self.heads = np.array([bone.head for bone in bones])
        self.tails = np.array([bone.tail for bone in bones])
        self.frames = frames
        self.local = np.broadcast_to(np.eye(3), (frames, len(bones), 3, 3)).copy()
        self.offset = np.zeros((frames, 3))

    def index(self, name: str) -> int:
        """Number of a bone."""
        return self.names.index(name)

    def rest_head(self, name: str) -> FloatArray:
        """(3,) rest position of a bone's joint."""
        head: FloatArray = self.heads[self.index(name)]
        return head

    def rotate(self, name: str, *turns: FloatArray) -> None:
        """Set a bone's turn to the product of the given ones, the last applied first."""
        product = np.eye(3)
        for factor in turns:
            product = product @ factor
        self.local[:, self.index(name)] = product

    def chain(self, name: str) -> list[int]:
        """Numbers of a bone's ancestors and itself, from the root."""
        at, numbers = self.index(name), []
        while at >= 0:
            numbers.append(at)
            at = self._parents[at]
        return numbers[::-1]

    def place(self, name: str) -> tuple[FloatArray, FloatArray]:
        """(F, 3, 3) accumulated turn of a bone, and (F, 3) position of its joint."""
        total = np.broadcast_to(np.eye(3), (self.frames, 3, 3))
        numbers = self.chain(name)
        position = self.heads[numbers[0]] + self.offset
        for before, at in zip([None, *numbers[:-1]], numbers, strict=True):
            if before is not None:
                position = position + np.einsum("fij,j->fi", total, self.heads[at] - self.heads[before])
            total = total @ self.local[:, at]
        return total, position

    def carried(self, name: str, point: FloatArray) -> FloatArray:
        """(F, 3) where a bone carries a point given at rest."""
        total, position = self.place(name)
        return position + np.einsum("fij,j->fi", total, point - self.rest_head(name))


@dataclass(frozen=True)
class HoofPath:
    """Where one hoof is to be.

    Attributes
    ----------
    toe
        (F, 3) position of the toe's tip.
    pitch
        (F,) degrees the hoof is turned about X; positive lifts the heel.
    fetlock
        (F,) degrees the pastern is turned beyond the hoof.
    flexion
        (F,) degrees: of the carpus in a foreleg, of the hock beyond what the stifle gives it in a hind leg.
    """

    toe: FloatArray
    pitch: FloatArray
    fetlock: FloatArray
    flexion: FloatArray


def _angle(vector: FloatArray) -> FloatArray:
    """Direction of (..., 2) y, z vectors, radians."""
    direction: FloatArray = np.arctan2(vector[..., 1], vector[..., 0])
    return direction


def two_links(
    first: FloatArray, second: FloatArray, reach: FloatArray, side: float
) -> tuple[FloatArray, FloatArray]:
    """Turns that make two links span a vector.

    Parameters
    ----------
    first, second
        (F, 2) or (2,) links at rest, y and z.
    reach
        (F, 2) vector to span; shortened or lengthened where the links cannot.
    side
        Sign of the bend: that of ``cross(reach, first)``.

    Returns
    -------
    tuple
        (F,) turns of the first and the second link from rest, degrees.
    """
    a = np.linalg.norm(first, axis=-1)
    b = np.linalg.norm(second, axis=-1)
    distance = np.clip(np.linalg.norm(reach, axis=-1), np.abs(a - b) + 1e-6, a + b - 1e-6)
    bend = np.arccos(np.clip((a * a + distance**2 - b * b) / (2.0 * a * distance), -1.0, 1.0))
    toward = _angle(reach)
    direction = toward + np.sign(side) * bend
    knee = a[..., None] * np.stack([np.cos(direction), np.sin(direction)], axis=-1)
    goal = distance[..., None] * np.stack([np.cos(toward), np.sin(toward)], axis=-1)
    return _degrees(direction - _angle(first)), _degrees(_angle(goal - knee) - _angle(second))


def _degrees(radians: FloatArray) -> FloatArray:
    """Degrees between -180 and 180."""
    wrapped: FloatArray = np.degrees((radians + np.pi) % (2.0 * np.pi) - np.pi)
    return wrapped


def _cross(a: FloatArray, b: FloatArray) -> float:
    return float(a[0] * b[1] - a[1] * b[0])


def plant(figure: Figure, limb: str, suffix: str, path: HoofPath, rounds: int = 4) -> FloatArray:
    """Turn the bones of a leg so that its hoof follows a path.

    The carpus is bent as the path says and forearm and cannon act as one link; in the hind leg the cannon
    turns with the thigh, as the tendons between stifle and hock make it. What remains is two links in the
    plane of the leg, solved exactly; turning that plane sideways makes up for roll and yaw of the trunk.

    Parameters
    ----------
    figure
        Skeleton whose trunk is already posed.
    limb
        ``fore`` or ``hind``.
    suffix
        ``.L`` or ``.R``.
    path
        What the hoof does.

    Returns
    -------
    ndarray
        (F,) distance by which the toe misses its path, metres.
    """
    front = limb == "fore"
    kind = "front" if front else "hind"
    first, second = ("upper_arm", "forearm") if front else ("thigh", "shin")
    bones = [f"{n}{suffix}" for n in (first, second, f"{kind}_cannon", f"{kind}_pastern", f"{kind}_hoof")]
    shoulder, elbow, carpus, fetlock, coronet = (figure.rest_head(name) for name in bones)
    toe = figure.tails[figure.index(bones[4])]
    anchor = f"scapula{suffix}" if front else bones[0]
    parent = "chest" if front else "pelvis"
    pivot = figure.rest_head(anchor)

    hoof = turn(0, path.pitch)
    pastern = turn(0, path.pitch + path.fetlock)
    goal = (
        path.toe
        + np.einsum("fij,j->fi", hoof, coronet - toe)
        + np.einsum("fij,j->fi", pastern, fetlock - coronet)
    )
    carrier, origin = figure.place(parent)
    target = np.einsum("fji,fj->fi", carrier, goal - origin) + figure.rest_head(parent)

    upper = (elbow - shoulder)[1:]
    middle = (carpus - elbow)[1:]
    lower = (fetlock - carpus)[1:]
    folded = np.einsum("fij,j->fi", turn(0, path.flexion)[:, 1:, 1:], lower)
    side = _cross((fetlock - shoulder)[1:], upper)
    aim = target.copy()
    for _ in range(rounds):
        sideways = np.degrees(
            np.arctan2(fetlock[0] - pivot[0], pivot[2] - fetlock[2])
            - np.arctan2(aim[:, 0] - pivot[0], pivot[2] - aim[:, 2])
        )
        tilt = turn(1, sideways)
        flat = pivot + np.einsum("fji,fj->fi", tilt, aim - pivot)
        if front:
            # The shoulder blade swings with the leg, so that the step comes from high up.
            blade = np.clip(34.0 * (flat[:, 1] - fetlock[1]) / (pivot[2] - fetlock[2]), -14.0, 14.0)
            base = pivot + np.einsum("fij,j->fi", turn(0, blade), shoulder - pivot)
            a, b = two_links(upper, middle + folded, (flat - base)[:, 1:], side)
            figure.rotate(anchor, tilt, turn(0, blade))
            figure.rotate(bones[0], turn(0, a - blade))
            figure.rotate(bones[1], turn(0, b - a))
            figure.rotate(bones[2], turn(0, path.flexion))
        else:
            a, b = two_links(
                upper + folded, middle, (flat - pivot)[:, 1:], _cross((fetlock - shoulder)[1:], upper + lower)
            )
            figure.rotate(bones[0], tilt, turn(0, a))
            figure.rotate(bones[1], turn(0, b - a))
            figure.rotate(bones[2], turn(0, a + path.flexion - b))
        reached = np.einsum("fji,fj->fi", carrier, figure.place(bones[3])[1] - origin) + figure.rest_head(
            parent
        )
        aim = aim + (target - reached)

    above, _ = figure.place(bones[2])
    figure.rotate(bones[3], np.swapaxes(above, 1, 2) @ pastern)
    figure.rotate(bones[4], np.swapaxes(pastern, 1, 2) @ hoof)
    miss: FloatArray = np.linalg.norm(figure.carried(bones[4], toe) - path.toe, axis=1)
    return miss
