"""Postures that the motions on the spot share: all feet planted, the head brought down, a leg held up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from .clip import HOOVES
from .folded_legs import balanced, resting_heights, trunk_of
from .kinematics import turn
from .postures import Build, Moment, Numbers, Overlay, Posture, pose_trunk
from .sweep import FloatArray

STANDING: Final[Mapping[str, float]] = {"z": -0.010}
LIMBS: Final = tuple(f"{limb}{suffix}" for limb, suffix in HOOVES)
_FOOT: Final = (
    "ahead",
    "out",
    "up",
    "yaw",
    "roll",
    "hoof",
    "pastern",
    "flexion",
    "cannon",
    "free",
    "carried",
    "blade",
)
_NOD: Final = (-72.0, 36.0)
"""Degrees by which the poll opens and closes at most."""
_SPLAYS: Final = 0.15
"""Share of their height by which shoulders come down before the forelegs are spread; at twice that, fully."""


def chance(seed: int, *key: int) -> np.random.Generator:
    """Random numbers of one motion of one individual."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(7, *key))))


def planted(limbs: Sequence[str] = LIMBS) -> dict[str, float]:
    """Numbers of feet that stand where they do at rest."""
    return {f"{limb}:{name}": 0.0 for limb in limbs for name in _FOOT}


def level() -> dict[str, float]:
    """A trunk that is neither turned nor bent."""
    return {
        f"{part}:{angle}": 0.0 for part in ("pelvis", "spine", "chest") for angle in ("pitch", "yaw", "roll")
    } | {"x": 0.0, "y": 0.0, "tail:base": 0.0}


def only(posture: Posture, limb: str) -> dict[str, float]:
    """Numbers of one leg, or of a pair of them."""
    return {name: value for name, value in posture.items() if name.startswith(limb)}


def without_legs(posture: Posture) -> dict[str, float]:
    """Numbers of everything but the legs."""
    return {name: value for name, value in posture.items() if not name.startswith(("fore", "hind"))}


def mirrored(posture: Posture) -> dict[str, float]:
    """The posture that a mirror shows."""
    found = {}
    for name, value in posture.items():
        limb, colon, what = name.partition(":")
        if limb.endswith((".L", ".R")):
            found[limb[:-1] + ("R" if limb.endswith("L") else "L") + colon + what] = value
        else:
            found[name] = -value if name == "x" or what in ("sway", "roll", "yaw") else value
    return found


def on_side(moments: Sequence[Moment], right: bool) -> list[Moment]:
    """The moments as they are on the left, or their mirror images."""
    return [Moment(m.at, mirrored(m.posture), m.lift) if right else m for m in moments]


def timed(moments: Sequence[tuple[float, Posture]], pace: float = 1.0, lift: float = 0.05) -> list[Moment]:
    """Moments at these frames, slower or faster by a factor."""
    return [Moment(float(round(at * pace)), posture, lift) for at, posture in moments]


CALM: Final[Mapping[str, float]] = {
    **STANDING,
    **planted(),
    **level(),
    "neck": 4.0,
    "head": -3.0,
    "tail": 4.0,
    "ears": 0.0,
}
"""Standing, nothing the matter."""


def together(*overlays: Overlay) -> Overlay:
    """The sum of overlays."""

    def added(phase: FloatArray) -> Mapping[str, FloatArray]:
        total: dict[str, FloatArray] = {}
        for overlay in overlays:
            for name, curve in overlay(phase).items():
                total[name] = total.get(name, np.zeros(len(phase))) + curve
        return total

    return added


def breathing(depth: float = 0.4, beats: float = 3.0) -> Overlay:
    """A chest that heaves a little."""

    def added(phase: FloatArray) -> Mapping[str, FloatArray]:
        swell = 0.5 - 0.5 * np.cos(2.0 * np.pi * beats * phase)
        return {"chest:pitch": -depth * swell, "neck": 0.8 * depth * swell}

    return added


def idle(random: np.random.Generator, beats: int = 2) -> Overlay:
    """Ears that play and a tail that strikes once or twice."""
    ears = random.uniform(0.0, 1.0, 2)
    strokes = [
        (float(random.uniform(0.1, 0.9)), float(random.choice([-1.0, 1.0]) * random.uniform(10.0, 22.0)))
        for _ in range(2)
    ]

    def added(phase: FloatArray) -> Mapping[str, FloatArray]:
        sway = np.zeros_like(phase)
        for at, degrees in strokes:
            away = (phase - at + 0.5) % 1.0 - 0.5
            sway = sway + degrees * np.exp(-((away / 0.07) ** 2)) * np.cos(away * 26.0)
        ends = np.sin(np.pi * phase) ** 0.5
        return {
            "tail:sway": 24.0 * np.tanh(sway / 24.0) * ends,
            "ears": 7.0 * np.cos(2.0 * np.pi * (beats * phase - ears[0])),
            "ears:out": 10.0 * np.cos(2.0 * np.pi * ((beats + 1) * phase - ears[1])),
        }

    return added


def waves(*parts: tuple[str, float, float, float]) -> Overlay:
    """Cosines: number's name, amplitude, beats and where in the clip one is highest."""

    def added(phase: FloatArray) -> Mapping[str, FloatArray]:
        total: dict[str, FloatArray] = {}
        for name, amplitude, beats, peak in parts:
            curve = amplitude * np.cos(2.0 * np.pi * beats * (phase - peak))
            total[name] = total.get(name, np.zeros(len(phase))) + curve
        return total

    return added


def _nods(build: Build, posture: Posture, necks: FloatArray, nose: float) -> FloatArray:
    """(N,) nods of the head that point the nose so many degrees below the level, as far as the poll goes."""
    poll, lips = build.heads["head"], build.heads["lips"]
    rest = float(np.degrees(np.arctan2(poll[2] - lips[2], poll[1] - lips[1])))
    trunk = sum(posture.get(f"{part}:pitch", 0.0) for part in ("pelvis", "spine", "chest"))
    nods: FloatArray = np.clip(nose - rest - trunk - necks, *_NOD)
    return nods


def _lips_height(build: Build, posture: Posture, necks: FloatArray, nose: float) -> FloatArray:
    """(N,) height of the lips with the neck lowered by so many degrees, metres."""
    figure = build.figure.at_rest(len(necks))
    curves = {name: np.full(len(necks), value) for name, value in posture.items()}
    curves |= {"neck": necks, "head": _nods(build, posture, necks, nose)}
    pose_trunk(figure, build, Numbers(len(necks), curves, np.zeros((len(necks), 4), bool)))
    heights: FloatArray = figure.carried("head", build.heads["lips"])[:, 2]
    return heights


def head_to(
    build: Build, goal: float, trunk: Posture, nose: float = 84.0, most: float = 128.0
) -> dict[str, float]:
    """The posture with the lips brought down to ``goal`` heights above the ground.

    Up to ``most`` degrees the neck does it. What is then left is done by the forequarters: shoulders that
    have a little way to go come down between bent elbows, as a dog's or a foal's; those that have far to go
    do so between forelegs that are spread to the sides, as a giraffe's (Dagg, Giraffe: Biology, Behaviour and
    Conservation, 2014).

    ``nose`` is how many degrees below the level the nose points, as far as the poll can open or close.
    """

    def turned(posture: Posture, neck: float) -> dict[str, float]:
        nod = float(_nods(build, posture, np.array([neck]), nose)[0])
        return {**posture, "neck": neck, "head": nod}

    necks = np.linspace(-60.0, most, 45)
    heights = _lips_height(build, trunk, necks, nose)
    low = np.flatnonzero(heights <= goal * build.height)
    if len(low):
        i = max(int(low[0]), 1)
        share = (heights[i - 1] - goal * build.height) / max(heights[i - 1] - heights[i], 1e-9)
        return turned(trunk, float(necks[i - 1] + np.clip(share, 0.0, 1.0) * (necks[i] - necks[i - 1])))
    shoulder_up, hip_up = resting_heights(build)
    z = trunk.get("z", 0.0) * build.height
    lowest, highest = 0.0, 0.62
    for _ in range(9):
        down = 0.5 * (lowest + highest)
        posture = balanced(build, trunk, shoulder_up * (1.0 - down) + z, hip_up * (1.0 - 0.12 * down) + z)
        above = _lips_height(build, posture, np.array([most]), nose)[0] > goal * build.height
        lowest, highest = (down, highest) if above else (lowest, down)
    posture = turned(posture, most)
    leg = build.leg("fore", ".L")
    length = float(leg.pivot[2])
    spread = float(np.clip((down - _SPLAYS) / _SPLAYS, 0.0, 1.0))
    if spread > 0.0:
        shoulder = trunk_of(build, posture).carried("chest", leg.pivot)[2]
        aside = spread * np.sqrt(max(length**2 - shoulder**2, 0.0)) / build.height
        lean = float(np.degrees(np.arctan2(aside * build.height, shoulder)))
        for limb in ("fore.L", "fore.R"):
            posture |= {
                f"{limb}:out": 0.70 * aside,
                f"{limb}:ahead": 0.15 * aside,
                f"{limb}:roll": 0.60 * lean,
            }
    return posture


def held_leg(build: Build, limb: str, suffix: str, upper: float, middle: float, cannon: float,
             pastern: float, hoof: float, blade: float = 0.0, out: float = 0.0, yaw: float = 0.0
             ) -> dict[str, float]:  # fmt: skip
    """A leg in the air, carried by the trunk: turns of its segments from rest, in the trunk's axes, degrees.

    ``out`` tilts the leg away from the midline.
    """
    leg = build.leg(limb, suffix)
    links = leg.links
    start = leg.joints[0]
    if limb == "fore":
        start = leg.pivot + turn(0, blade) @ (start - leg.pivot)
    frame = turn(1, -leg.sign * out) @ turn(2, leg.sign * yaw)
    angles = (upper, middle, cannon, pastern, hoof)
    toe = start + frame @ sum(turn(0, angle) @ link for angle, link in zip(angles, links, strict=True))
    shift = (toe - leg.joints[5]) / build.height
    key = f"{limb}{suffix}:"
    # The foot's frame is turned about Z after Y; small tilts may be exchanged.
    return {
        key + "ahead": float(-shift[1]), key + "out": float(leg.sign * shift[0]), key + "up": float(shift[2]),
        key + "yaw": yaw, key + "roll": out, key + "cannon": cannon, key + "hoof": hoof,
        key + "pastern": pastern - hoof, key + "free": 1.0, key + "carried": 1.0, key + "blade": blade,
        key + "flexion": 0.0,
    }  # fmt: skip
