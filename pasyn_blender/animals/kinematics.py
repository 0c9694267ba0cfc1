"""Rotations of a skeleton in body axes, and the leg angles that put a hoof where it has to be."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from .cycles import Cycles
from .skeleton import Bone
from .sweep import FloatArray, IntArray


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
        self._numbers = {name: number for number, name in enumerate(self.names)}
        self._parents = [self._numbers[bone.parent] if bone.parent else -1 for bone in bones]
        self.heads = np.array([bone.head for bone in bones])
        self.tails = np.array([bone.tail for bone in bones])
        self._rest(frames)

    def _rest(self, frames: int) -> None:
        self.frames = frames
        self.local = np.zeros((frames, len(self.names), 3, 3))
        self.local[..., [0, 1, 2], [0, 1, 2]] = 1.0
        self.offset = np.zeros((frames, 3))

    def at_rest(self, frames: int) -> Figure:
        """The same bones at rest, over so many frames."""
        other = copy(self)
        other._rest(frames)
        return other

    def at(self, rows: IntArray) -> Figure:
        """The same bones in some of the frames."""
        other = copy(self)
        other.frames = len(rows)
        other.local, other.offset = self.local[rows], self.offset[rows]
        return other

    def index(self, name: str) -> int:
        """Number of a bone."""
        return self._numbers[name]

    def rest_head(self, name: str) -> FloatArray:
        """(3,) rest position of a bone's joint."""
        head: FloatArray = self.heads[self.index(name)]
        return head

    def rotate(self, name: str, *turns: FloatArray) -> None:
        """Set a bone's turn to the product of the given ones, the last applied first."""
        product = turns[0]
        for factor in turns[1:]:
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
                position = position + total @ (self.heads[at] - self.heads[before])
            total = total @ self.local[:, at]
        return total, position

    def carried(self, name: str, point: FloatArray) -> FloatArray:
        """(F, 3) where a bone carries a point given at rest."""
        total, position = self.place(name)
        return position + np.einsum("fij,j->fi", total, point - self.rest_head(name))


@dataclass(frozen=True)
class HoofPath:
    """Where one hoof or paw is to be, and how its leg gets there.

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
    fold
        (F,) from 0 to 1, how far the carpus flexes along with an elbow that has to shorten the leg, beyond
        ``flexion``, in a cyclic motion; without meaning in a hind leg, where the tendons see to that.
    limp
        (F,) from 0 to 1, how far the hoof hangs from the cannon rather than being turned by ``pitch``.
    curl
        (F,) degrees the limp hoof is flexed against the cannon.
    blade
        Degrees that the shoulder blade turns for each of the leg's, and the most it turns either way.
    cycles
        The motions that the frames belong to; ``None`` is a single one.
    """

    toe: FloatArray
    pitch: FloatArray
    fetlock: FloatArray
    flexion: FloatArray
    fold: FloatArray | float = 0.0
    limp: FloatArray | float = 0.0
    curl: FloatArray | float = 0.0
    blade: tuple[float, float] = (0.6, 14.0)
    cycles: Cycles | None = None

    def at(self, rows: IntArray, cycles: Cycles) -> HoofPath:
        """The path in some of the motions: at these frames, which they are."""

        def some(values: FloatArray | float) -> FloatArray | float:
            return values if np.ndim(values) == 0 else np.asarray(values)[rows]

        return replace(
            self, toe=self.toe[rows], pitch=self.pitch[rows], fetlock=self.fetlock[rows],
            flexion=self.flexion[rows], fold=some(self.fold), limp=some(self.limp), curl=some(self.curl),
            cycles=cycles,
        )  # fmt: skip


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


_STRAIGHTEST: Final = 0.985
"""Share of its links' lengths that a leg spans at most: joints keep some 20 degrees of bend."""
_MOST_OPENED: Final = {True: 36.0, False: 43.0}
"""Degrees that the elbow of a foreleg, and stifle and hock of a hind leg, open beyond standing."""
_TIGHTEST: Final = 28.0
"""Degrees between two links folded upon each other."""
_ELBOW_SHARE: Final = 0.62
"""Degrees that the elbow flexes for each of the carpus when a foreleg folds (Back & Clayton 2013)."""


@dataclass(frozen=True)
class Leg:
    """Rest places and bones of one leg.

    Attributes
    ----------
    front
        Whether it is a foreleg.
    parent
        Bone of the trunk that carries the leg.
    anchor
        Bone that turns in the trunk: shoulder blade or thigh.
    bones
        Upper arm or thigh, forearm or shin, cannon, pastern, hoof.
    pivot
        (3,) joint of ``anchor``.
    joints
        (6, 3) shoulder or hip, elbow or stifle, carpus or hock, fetlock, coronet, tip of the toe.
    parent_joint
        (3,) joint of ``parent``.
    """

    front: bool
    parent: str
    anchor: str
    bones: tuple[str, ...]
    pivot: FloatArray
    joints: FloatArray
    parent_joint: FloatArray

    @cached_property
    def spans(self) -> tuple[float, float]:
        """Shares of its links' lengths that it spans at least and at most; its joints go no further."""
        first, second = (link.reshape(2) for link in _links(self, np.zeros(1)))
        lengths = np.linalg.norm(first), np.linalg.norm(second)
        rest = float(np.linalg.norm(first + second))
        # Elbow and stifle open from rest by so much, whichever way that turns the second link.
        opened = turn(0, np.array([1.0, -1.0]) * _MOST_OPENED[self.front])[:, 1:, 1:] @ second
        most = min(float(np.linalg.norm(first + opened, axis=1).max()), _STRAIGHTEST * sum(lengths))
        tight = np.cos(np.radians(_TIGHTEST))
        least = np.sqrt(lengths[0] ** 2 + lengths[1] ** 2 - 2.0 * lengths[0] * lengths[1] * tight)
        return float(least / sum(lengths)), float(max(most, rest + 1e-6) / sum(lengths))

    @property
    def height(self) -> float:
        """Metres from the ground to the hip, or to the joint of the shoulder blade's middle."""
        return float(0.5 * (self.joints[0, 2] + self.pivot[2]))


def leg_of(figure: Figure, limb: str, suffix: str) -> Leg:
    """Read a leg from a skeleton; ``limb`` is ``fore`` or ``hind``, ``suffix`` ``.L`` or ``.R``."""
    front = limb == "fore"
    kind = "front" if front else "hind"
    first, second = ("upper_arm", "forearm") if front else ("thigh", "shin")
    kinds = (first, second, f"{kind}_cannon", f"{kind}_pastern", f"{kind}_hoof")
    bones = tuple(f"{name}{suffix}" for name in kinds)
    anchor = f"scapula{suffix}" if front else bones[0]
    joints = np.array([*(figure.rest_head(name) for name in bones), figure.tails[figure.index(bones[4])]])
    parent = "chest" if front else "pelvis"
    return Leg(front, parent, anchor, bones, figure.rest_head(anchor), joints, figure.rest_head(parent))


def plant(figure: Figure, limb: str, suffix: str, path: HoofPath) -> FloatArray:
    """Turn the bones of a leg so that its hoof follows a path.

    The carpus is bent as the path says and forearm and cannon act as one link; in the hind leg the cannon
    turns with the thigh, as the tendons between stifle and hock make it in a horse (Back & Clayton 2013) and
    as thigh and metatarsus move in other mammals (Fischer & Blickhan, J. Exp. Zool. 305A, 2006). What remains
    is two links in the plane of the leg, and that plane turned sideways; both are solved exactly. No leg
    opens quite straight: the path is missed by what would take more.

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
    leg = leg_of(figure, limb, suffix)
    carrier, origin = figure.place(leg.parent)
    lean = np.degrees(np.arctan2(carrier[:, 2, 1], carrier[:, 1, 1]))
    pitch = path.pitch
    limp = np.asarray(path.limp)
    # A limp hoof follows the cannon, whose turn depends on where the hoof is: three rounds settle it.
    for left in range(3 if limp.any() else 1, 0, -1):
        hoof, pastern = turn(0, pitch), turn(0, pitch + path.fetlock)
        reach = _leg_plane(leg, path, hoof, pastern, carrier, origin)
        first, second = _links(leg, reach.flexion)
        upper, lower = leg.joints[1] - leg.joints[0], leg.joints[3] - leg.joints[2]
        side = _cross((leg.joints[3] - leg.joints[0])[1:], (upper if leg.front else upper + lower)[1:])
        a, b = two_links(first, second, reach.span * (1.0 - reach.short / reach.length)[:, None], side)
        if left > 1:
            cannon = (b if leg.front else a) + reach.flexion + lean
            pitch = path.pitch + limp * (cannon + np.asarray(path.curl) - path.pitch)

    tilt = turn(1, reach.sideways)
    if leg.front:
        figure.rotate(leg.anchor, tilt, turn(0, reach.blade))
        figure.rotate(leg.bones[0], turn(0, a - reach.blade))
        figure.rotate(leg.bones[1], turn(0, b - a))
        figure.rotate(leg.bones[2], turn(0, reach.flexion))
        above = carrier @ tilt @ turn(0, b + reach.flexion)
    else:
        figure.rotate(leg.bones[0], tilt, turn(0, a))
        figure.rotate(leg.bones[1], turn(0, b - a))
        figure.rotate(leg.bones[2], turn(0, a + reach.flexion - b))
        above = carrier @ tilt @ turn(0, a + reach.flexion)
    figure.rotate(leg.bones[3], np.swapaxes(above, 1, 2) @ pastern)
    figure.rotate(leg.bones[4], np.swapaxes(pastern, 1, 2) @ hoof)
    missed: FloatArray = np.abs(reach.short)
    return missed


def shortfall(leg: Leg, path: HoofPath, carrier: FloatArray, origin: FloatArray) -> FloatArray:
    """How far a leg would miss its path, without turning its bones.

    Parameters
    ----------
    leg
        The leg.
    path
        What its hoof does; it is taken as not limp.
    carrier, origin
        Turn and joint of the bone that carries the leg, as :meth:`Figure.place` gives them.

    Returns
    -------
    ndarray
        (F,) metres by which the leg is too short; negative where it cannot fold enough.
    """
    hoof, pastern = turn(0, path.pitch), turn(0, path.pitch + path.fetlock)
    return _leg_plane(leg, path, hoof, pastern, carrier, origin).short


@dataclass(frozen=True)
class _Reach:
    """What the two links of a leg have to span, in the plane of the leg."""

    sideways: FloatArray
    blade: FloatArray
    flexion: FloatArray
    span: FloatArray
    length: FloatArray
    short: FloatArray


def _leg_plane(
    leg: Leg, path: HoofPath, hoof: FloatArray, pastern: FloatArray, carrier: FloatArray, origin: FloatArray
) -> _Reach:
    shoulder, _, _, fetlock, coronet, toe = leg.joints
    hang = fetlock - leg.pivot
    goal = path.toe + hoof @ (coronet - toe) + pastern @ (fetlock - coronet)
    aim = (goal - origin)[:, None, :] @ carrier
    aim = aim[:, 0] + leg.parent_joint - leg.pivot
    # Turns about X leave the leg's offset from the plane as it is at rest.
    down = np.sqrt(np.maximum(aim[:, 0] ** 2 + aim[:, 2] ** 2 - hang[0] ** 2, 1e-9))
    sideways = np.degrees(np.arctan2(hang[0], down) - np.arctan2(aim[:, 0], -aim[:, 2]))
    span = np.stack([aim[:, 1], -down], axis=-1)
    blade, flexion = np.zeros(len(span)), path.flexion
    if leg.front:
        # The shoulder blade swings with the leg, so that the step comes from high up.
        share, most = path.blade
        blade = most * np.tanh(share * _degrees(_angle(span) - _angle(hang[1:])) / most)
        span = span - (turn(0, blade) @ (shoulder - leg.pivot))[:, 1:]
        if np.any(path.fold):
            cycles = path.cycles or Cycles((len(span),))
            folded = path.fold * _folded(leg, np.hypot(span[:, 0], span[:, 1]))
            # A leg that is nearly straight folds by leaps as it shortens: flexing the carpus takes its time.
            flexion = flexion + np.where(np.asarray(path.fold) > 0.0, cycles.smoothed(folded), 0.0)
    first, second = _links(leg, flexion)
    length = np.hypot(span[:, 0], span[:, 1])
    links = np.linalg.norm(first, axis=-1) + np.linalg.norm(second, axis=-1)
    least, most = leg.spans
    return _Reach(
        sideways, blade, flexion, span, length, length - np.clip(length, least * links, most * links)
    )


def _links(leg: Leg, flexion: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both links of a leg whose carpus or hock is flexed; y and z, (2,) or (F, 2)."""
    shoulder, elbow, carpus, fetlock = leg.joints[:4]
    upper, middle = (elbow - shoulder)[1:], (carpus - elbow)[1:]
    bent = (turn(0, flexion) @ (fetlock - carpus))[:, 1:]
    return (upper, middle + bent) if leg.front else (upper + bent, middle)


def _folded(leg: Leg, span: FloatArray) -> FloatArray:
    """(F,) flexion of the carpus in a foreleg that folds until shoulder and fetlock are so far apart."""
    flexion = np.linspace(0.0, 130.0, 27)
    upper, below = _links(leg, flexion)
    chain = upper + (turn(0, -_ELBOW_SHARE * flexion)[:, 1:, 1:] @ below[:, :, None])[:, :, 0]
    spans = np.minimum.accumulate(np.linalg.norm(chain, axis=1)) - 1e-9 * flexion
    found: FloatArray = np.interp(span, spans[::-1], flexion[::-1])
    return found
