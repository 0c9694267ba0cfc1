"""Motions from postures: what trunk, neck and feet do at a few moments, and everything in between.

A posture is a set of numbers by name. Angles are in degrees about the axes of :func:`~.kinematics.turn`,
lengths in heights of the withers.

Of the trunk
    ``x``, ``y``, ``z`` (shift of the root) and ``pitch``, ``roll``, ``yaw`` of ``pelvis``, ``spine`` and
    ``chest``, as in ``pelvis:pitch``.
Of neck and head
    ``neck`` (lowered), ``neck:yaw``, ``neck:roll``, ``head`` (nose towards the chest), ``head:yaw``,
    ``head:roll``, and ``lips`` (their least height: the neck is lowered less where they would come below).
Of tail and ears
    ``tail`` (raised), ``tail:base`` (its root alone), ``tail:sway``, ``ears`` (back), ``ears:out``.
Of each leg, as in ``fore.L:ahead``
    ``ahead``, ``out``, ``up`` (the toe from its place at rest: forwards, away from the midline, upwards),
    ``yaw`` (toes outwards), ``roll`` (the leg's lower end outwards), ``hoof``, ``pastern``, ``flexion``,
    ``cannon``, ``free``, ``blade`` as :class:`~.leg_solving.FootPath` has them, and ``carried`` (0: the
    foot's place is one on the ground; 1: the trunk carries it along).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .clip import HOOVES, pose_ears
from .contact_solving import ContactPoints, RestSkin, contact_points, thickness_of
from .kinematics import Figure, turn
from .leg_solving import FootPath, Leg, frame_with, leg_of, solve_leg
from .skeleton import Bone
from .sweep import FloatArray, IntArray

Posture = Mapping[str, float]
Overlay = Callable[[FloatArray], Mapping[str, FloatArray]]

_PLACE: Final = ("ahead", "out", "up")
_STILL: Final = 1e-4
"""Heights by which a foot moves that is said to stand."""


@dataclass(frozen=True)
class Moment:
    """A posture at a time.

    Attributes
    ----------
    at
        Frames from the beginning.
    posture
        What differs from the moment before.
    lift
        Heights by which feet are lifted on the way here, where they move.
    """

    at: float
    posture: Posture
    lift: float = 0.05


@dataclass(frozen=True)
class Score:
    """A motion before it is solved.

    Attributes
    ----------
    name
        Name of the clip.
    moments
        At least two; the first at frame 0.
    overlay
        Function from (F,) phases to what is added to the numbers.
    lies
        Whether the trunk touches the ground somewhere: it is kept from sinking in.
    """

    name: str
    moments: Sequence[Moment]
    overlay: Overlay | None = None
    lies: bool = False


@dataclass(frozen=True)
class Standing:
    """A posed trunk: places and turns of the bones that carry the legs."""

    turns: Mapping[str, FloatArray]
    joints: Mapping[str, FloatArray]
    heads: Mapping[str, FloatArray]

    def carried(self, bone: str, place: FloatArray) -> FloatArray:
        """(3,) where a bone carries a place given at rest."""
        moved: FloatArray = self.joints[bone] + self.turns[bone] @ (place - self.heads[bone])
        return moved


@dataclass(frozen=True)
class Build:
    """An individual, as its motions need it.

    Attributes
    ----------
    bones
        Skeleton at rest.
    height
        Height of the withers, metres.
    points
        What of it can touch the ground.
    legs
        In the order of :data:`~.clip.HOOVES`.
    heads
        Places of the bones' joints at rest, and of the ``lips``.
    thickness
        Metres of flesh between the ground and a joint that lies on it, by the bone below the joint.
    figure
        The skeleton.
    trunks
        Where trunks are whose postures were asked for, by what decides that.
    """

    bones: Sequence[Bone]
    height: float
    points: ContactPoints
    legs: tuple[Leg, ...]
    heads: Mapping[str, FloatArray]
    thickness: Mapping[str, float]
    figure: Figure
    trunks: dict[tuple[float, ...], Standing] = field(default_factory=dict, repr=False, compare=False)

    @property
    def trunk(self) -> float:
        """Length of the trunk, from the neck's base to the tail's root, metres."""
        return float(np.linalg.norm(self.heads["neck_1"] - self.heads["tail_1"]))

    def leg(self, limb: str, suffix: str) -> Leg:
        """One of the legs."""
        return self.legs[HOOVES.index((limb, suffix))]


def build_of(bones: Sequence[Bone], height: float, skin: RestSkin | None = None) -> Build:
    """Read an individual from its skeleton and, where it is known, its skin."""
    figure = Figure(bones, 1)
    return Build(
        bones=bones,
        height=height,
        points=contact_points(bones, height, skin),
        legs=tuple(leg_of(figure, limb, suffix) for limb, suffix in HOOVES),
        heads={
            **{bone.name: bone.head for bone in bones},
            "lips": next(bone.tail for bone in bones if bone.name == "head"),
        },
        thickness=thickness_of(bones, height, skin),
        figure=figure,
    )


def _smooth(times: FloatArray, values: FloatArray, at: FloatArray) -> FloatArray:
    """(F, N) monotone cubics through (K, N) values, level at both ends.

    After Fritsch & Carlson, SIAM J. Numer. Anal. 17, 1980.
    """
    step = np.diff(times)[:, None]
    slope = np.diff(values, axis=0) / step
    tangent = np.zeros_like(values)
    same = slope[:-1] * slope[1:] > 0.0
    # The harmonic mean of the neighbouring slopes keeps the curve from overshooting.
    weight = (2.0 * step[1:] + step[:-1], step[1:] + 2.0 * step[:-1])
    safe = np.where(same, slope[:-1], 1.0), np.where(same, slope[1:], 1.0)
    mean = (weight[0] + weight[1]) / (weight[0] / safe[0] + weight[1] / safe[1])
    tangent[1:-1] = np.where(same, mean, 0.0)
    i = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(step) - 1)
    t = (at - times[i])[:, None] / step[i]
    curve: FloatArray = (
        (2 * t**3 - 3 * t**2 + 1) * values[i] + (t**3 - 2 * t**2 + t) * step[i] * tangent[i]
        + (3 * t**2 - 2 * t**3) * values[i + 1] + (t**3 - t**2) * step[i] * tangent[i + 1]
    )  # fmt: skip
    return curve


@dataclass(frozen=True)
class Numbers:
    """A motion as curves: (F,) numbers by name, and (F, 4) which feet stand."""

    frames: int
    curves: Mapping[str, FloatArray]
    stance: NDArray[np.bool_]

    def get(self, name: str) -> FloatArray:
        """(F,) one curve; zero where nothing is said."""
        found = self.curves.get(name)
        return np.zeros(self.frames) if found is None else found

    def at(self, rows: IntArray) -> Numbers:
        """The motion at some frames."""
        some = {name: curve[rows] for name, curve in self.curves.items()}
        return Numbers(len(rows), some, self.stance[rows])


def numbers_of(score: Score) -> Numbers:
    """Curves through the moments of a score."""
    times = np.array([moment.at for moment in score.moments])
    at = np.arange(round(times[-1]) + 1, dtype=float)
    names = sorted({name for moment in score.moments for name in moment.posture})
    table = {name: np.zeros(len(times)) for name in names}
    for name in names:
        value = 0.0
        for row, moment in enumerate(score.moments):
            value = moment.posture.get(name, value)
            table[name][row] = value
    smooth = _smooth(times, np.column_stack([table[name] for name in names]), at)
    curves = dict(zip(names, smooth.T, strict=True))
    segment = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    share = (at - times[segment]) / np.diff(times)[segment]
    eased = share * share * (3.0 - 2.0 * share)
    stance = np.zeros((len(at), 4), bool)
    lifts = np.array([moment.lift for moment in score.moments[1:]])
    for foot, (limb, suffix) in enumerate(HOOVES):
        keys = [f"{limb}{suffix}:{what}" for what in _PLACE]
        places = np.column_stack([table.get(key, np.zeros(len(times))) for key in keys])
        moved = np.abs(np.diff(places, axis=0)).max(axis=1) > _STILL
        # Feet go from place to place one step at a time; what else moves does so through all moments.
        for column, key in enumerate(keys):
            if key in table:
                curves[key] = places[segment, column] + eased * np.diff(places[:, column])[segment]
        carried = table.get(f"{limb}{suffix}:carried", np.zeros(len(times)))
        grounded = (np.abs(places[:, 2]) < _STILL) & (carried < _STILL)
        steps = moved & grounded[:-1] & grounded[1:]
        high = np.where(steps, lifts, 0.0)[segment] * np.sin(np.pi * share) ** 2
        curves[keys[2]] = curves.get(keys[2], np.zeros(len(at))) + high
        free = table.get(f"{limb}{suffix}:free", np.zeros(len(times)))
        hoof = table.get(f"{limb}{suffix}:hoof", np.zeros(len(times)))
        firm = grounded & ((free < 0.5) | (np.abs(hoof) < 60.0))
        on = firm[segment] & firm[segment + 1] & ~moved[segment]
        on |= firm[segment] & (share < 1e-9)
        on |= firm[segment + 1] & (share > 1.0 - 1e-9)
        stance[:, foot] = on
    if score.overlay is not None:
        for name, added in score.overlay(at / at[-1]).items():
            curves[name] = curves.get(name, np.zeros(len(at))) + added
    return Numbers(len(at), curves, stance)


def joined(parts: Sequence[Numbers]) -> Numbers:
    """Motions one after another."""
    names = sorted({name for part in parts for name in part.curves})
    return Numbers(
        sum(part.frames for part in parts),
        {name: np.concatenate([part.get(name) for part in parts]) for name in names},
        np.concatenate([part.stance for part in parts]),
    )


def pose_trunk(figure: Figure, build: Build, numbers: Numbers) -> None:
    """Turn the bones of trunk, neck, head, tail and ears."""
    pose_back(figure, build, numbers)
    pose_neck(figure, numbers, np.zeros(numbers.frames))
    pose_tail(figure, numbers, np.zeros(numbers.frames))
    pose_ears(figure, numbers.get("ears"), numbers.get("ears:out"))


def pose_back(figure: Figure, build: Build, numbers: Numbers) -> None:
    """Place the root and turn pelvis, spine and chest."""
    get = numbers.get
    figure.offset[:] = np.column_stack([get("x"), get("y"), get("z")]) * build.height
    figure.rotate(
        "pelvis", turn(2, get("pelvis:yaw")), turn(1, get("pelvis:roll")), turn(0, get("pelvis:pitch"))
    )
    for name, share in (("spine_1", 0.6), ("spine_2", 0.4)):
        figure.rotate(
            name,
            turn(2, share * get("spine:yaw")),
            turn(1, share * get("spine:roll")),
            turn(0, share * get("spine:pitch")),
        )
    figure.rotate("chest", turn(2, get("chest:yaw")), turn(1, get("chest:roll")), turn(0, get("chest:pitch")))


def pose_neck(figure: Figure, numbers: Numbers, more: FloatArray) -> None:
    """Neck and head as they are said, the neck lowered by so many degrees more."""
    get = numbers.get
    neck, yaw, roll = get("neck") + more, get("neck:yaw"), get("neck:roll")
    # A lowered neck bends at its base, hardly in its middle; a raised one evenly.
    low = np.clip(neck / 60.0, 0.0, 1.0)
    for name, even, base in (("neck_1", 0.45, 0.66), ("neck_2", 0.32, 0.26), ("neck_3", 0.23, 0.08)):
        share = even + low * (base - even)
        figure.rotate(name, turn(2, 0.8 * even * yaw), turn(1, even * roll), turn(0, share * neck))
    figure.rotate(
        "head", turn(2, 0.2 * yaw + get("head:yaw")), turn(1, get("head:roll")), turn(0, get("head"))
    )


def pose_tail(figure: Figure, numbers: Numbers, curl: FloatArray) -> None:
    """The tail as it is said, its end curled backwards by so many degrees a bone besides."""
    sway, raised, base = numbers.get("tail:sway"), numbers.get("tail"), numbers.get("tail:base")
    for i, share in enumerate((0.55, 0.30, 0.15, 0.0)):
        figure.rotate(
            f"tail_{i + 1}",
            turn(1, sway * (0.5 + 0.35 * i)),
            turn(0, share * raised + (base, 0.0, 0.0, 0.0)[i] + (0.3, 0.8, 1.0, 1.2)[i] * curl),
        )


def foot_path(build: Build, leg: Leg, numbers: Numbers, places: Mapping[str, tuple[FloatArray, FloatArray]],
              heads: FloatArray) -> FootPath:  # fmt: skip
    """Path of a foot in the world from the numbers that describe it."""
    key = f"{leg.limb}{leg.suffix}:"

    def get(name: str) -> FloatArray:
        return numbers.get(key + name)

    shift = np.column_stack([leg.sign * get("out"), -get("ahead"), get("up")]) * build.height
    toe = leg.joints[5] + shift
    # A foot that is tilted stands on its edge.
    toe[:, 2] += np.abs(np.sin(np.radians(get("roll")))) * build.thickness[leg.bones[3][:-2]]
    frame = turn(2, leg.sign * get("yaw")) @ turn(1, -leg.sign * get("roll"))
    carried = get("carried")[:, None]
    if carried.any():
        carrier, origin = places[leg.parent]
        along = origin + np.einsum("fij,fj->fi", carrier, toe - heads)
        own = carrier @ frame
        toe = (1.0 - carried) * toe + carried * along
        # On its way back to the ground the foot does not follow the trunk below it.
        toe[:, 2] = np.maximum(toe[:, 2], leg.joints[5, 2])
        mixed = (1.0 - carried)[..., None] * frame + carried[..., None] * own
        frame = frame_with(mixed[:, :, 0], mixed[:, :, 2])
    return FootPath(
        toe=toe, frame=frame, hoof=get("hoof"), pastern=get("pastern"), flexion=get("flexion"),
        cannon=get("cannon"), free=get("free"), blade=get("blade"),
    )  # fmt: skip


def pose_legs(figure: Figure, build: Build, numbers: Numbers) -> FloatArray:
    """Turn the bones of all legs; (F, 4) how far each toe is from where it was to be, metres."""
    places = {name: figure.place(name) for name in ("chest", "pelvis")}
    missed = [
        solve_leg(figure, leg, foot_path(build, leg, numbers, places, build.heads[leg.parent]), places)
        for leg in build.legs
    ]
    return np.column_stack(missed)
