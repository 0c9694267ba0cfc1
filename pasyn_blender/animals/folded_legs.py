"""Where the legs of a lying, kneeling or sitting animal are, from the height its trunk is carried at.

A lying ungulate has its forelegs folded under the breast, the cannon beside the forearm and the hoof at the
elbow, and its hind legs folded in a Z beside the belly, hock and cannon on the ground (Lidfors, Applied
Animal Behaviour Science 24, 1989; Schnitzer, Abliegen, Liegestellungen und Aufstehen beim Rind, KTBL 1971).
Carpus and hock close until cannon and limb touch: about 160 and 25 degrees in passive flexion (Back &
Clayton, Equine Locomotion, 2nd ed. 2013).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from .contact_solving import TRUNK, all_places
from .kinematics import turn
from .leg_solving import Leg
from .postures import Build, Numbers, Posture, Standing, pose_back, pose_legs, pose_trunk
from .sweep import FloatArray

CARPUS_ROOM: Final = 22.0
"""Least angle between forearm and cannon, degrees."""
HOCK_ROOM: Final = 25.0
"""Least angle between shin and cannon, degrees."""
_LEAN: Final = 135.0
"""Degrees by which a cannon leans per share by which shoulder or hip have sunk."""


_TRUNK_NUMBERS: Final = (
    "x", "y", "z",
    *(f"{part}:{turned}" for part in ("pelvis", "spine", "chest") for turned in ("yaw", "roll", "pitch")),
)  # fmt: skip
"""Numbers of a posture that :func:`~.postures.pose_back` reads."""


def _one(posture: Posture) -> Numbers:
    return Numbers(1, {name: np.array([value]) for name, value in posture.items()}, np.zeros((1, 4), bool))


def trunk_of(build: Build, posture: Posture) -> Standing:
    """Pose the trunk."""
    decided = tuple(posture.get(name, 0.0) for name in _TRUNK_NUMBERS)
    if decided not in build.trunks:
        figure = build.figure.at_rest(1)
        pose_back(figure, build, _one(dict(zip(_TRUNK_NUMBERS, decided, strict=True))))
        placed = {name: figure.place(name) for name in ("chest", "pelvis")}
        build.trunks[decided] = Standing(
            {name: turns[0] for name, (turns, _) in placed.items()},
            {name: joints[0] for name, (_, joints) in placed.items()},
            build.heads,
        )
    return build.trunks[decided]


def lowest(build: Build, posture: Posture, bones: tuple[str, ...], legs: bool = False) -> float:
    """Height of the lowest skin that these bones carry, metres."""
    figure = build.figure.at_rest(1)
    numbers = _one(posture)
    pose_trunk(figure, build, numbers)
    if legs:
        pose_legs(figure, build, numbers)
    turns, joints = all_places(figure, build.bones)
    return float(build.points.on(bones, build.bones).heights(turns, joints).min())


def lowered(
    build: Build, posture: Posture, bones: tuple[str, ...] = TRUNK, above: float = 0.0
) -> dict[str, float]:
    """The posture with the trunk lowered until the lowest skin of some bones is ``above`` heights up."""
    level = {**posture, "z": 0.0}
    return {**level, "z": above - lowest(build, level, bones) / build.height}


def _forward(leg: Leg, yaw: float) -> FloatArray:
    """(3,) direction of toes that are turned outwards by so many degrees."""
    ahead: FloatArray = turn(2, leg.sign * yaw) @ np.array([0.0, -1.0, 0.0])
    return ahead


def _lean(link: FloatArray) -> float:
    """Degrees by which a hanging link at rest points backwards."""
    return float(np.degrees(np.arctan2(link[1], -link[2])))


def _placed(build: Build, leg: Leg, toe: FloatArray, values: Mapping[str, float]) -> dict[str, float]:
    """Numbers of a posture that put a toe at a place in the world."""
    shift = (toe - leg.joints[5]) / build.height
    key = f"{leg.limb}{leg.suffix}:"
    given = {"ahead": -shift[1], "out": leg.sign * shift[0], "up": shift[2], "carried": 0.0, "roll": 0.0}
    return {key + name: float(value) for name, value in {**given, **values}.items()}


def _chain(leg: Leg, yaw: float, start: FloatArray, cannon: float, pastern: float, hoof: float) -> FloatArray:
    """(3,) tip of a toe below a carpus or hock."""
    frame = turn(2, leg.sign * yaw)
    links = leg.links
    below = turn(0, cannon) @ links[2] + turn(0, pastern) @ links[3] + turn(0, hoof) @ links[4]
    tip: FloatArray = start + frame @ below
    return tip


def carried_along(build: Build, posture: Posture, suffix: str) -> dict[str, float]:
    """The hind leg as the posture has it, in the pelvis's axes, to leave the ground with the pelvis."""
    leg = build.leg("hind", suffix)
    key = f"hind{suffix}:"
    trunk = trunk_of(build, posture)
    given = np.array([leg.sign * posture[key + "out"], -posture[key + "ahead"], posture[key + "up"]])
    toe = leg.joints[5] + build.height * given
    own = trunk.turns["pelvis"].T @ (toe - trunk.joints["pelvis"]) + build.heads["pelvis"]
    shift = (own - leg.joints[5]) / build.height
    pitch, yaw = posture["pelvis:pitch"], posture[key + "yaw"]
    return {
        key + "out": float(leg.sign * shift[0]),
        key + "ahead": float(-shift[1]),
        key + "up": float(shift[2]),
        key + "cannon": posture[key + "cannon"] - pitch,
        key + "hoof": posture[key + "hoof"] - pitch,
        # A turn about the vertical is, in tilted axes, one about the limb and a leaning outwards.
        key + "yaw": float(yaw * np.cos(np.radians(pitch))),
        key + "roll": float(-yaw * np.sin(np.radians(pitch))),
        key + "carried": 1.0,
    }


def carpus_of(build: Build, posture: Posture, suffix: str) -> FloatArray:
    """(3,) place of the carpus of a foreleg whose cannon is turned as the posture says."""
    leg = build.leg("fore", suffix)

    def get(name: str) -> float:
        return posture.get(f"fore{suffix}:{name}", 0.0)

    toe = leg.joints[5] + build.height * np.array([leg.sign * get("out"), -get("ahead"), get("up")])
    hoof = get("hoof")
    place: FloatArray = 2.0 * toe - _chain(leg, get("yaw"), toe, get("cannon"), hoof + get("pastern"), hoof)
    return place


def _shoulder(build: Build, trunk: Standing, leg: Leg, blade: float) -> FloatArray:
    rest = leg.pivot + turn(0, blade) @ (leg.joints[0] - leg.pivot)
    return trunk.carried("chest", rest)


def folded_foreleg(build: Build, posture: Posture, suffix: str, yaw: float = 4.0, slope: float = 25.0,
                   blade: float = 8.0, out: float = 0.0) -> dict[str, float]:  # fmt: skip
    """Foreleg folded under the breast: carpus on the ground, cannon flat behind it.

    Parameters
    ----------
    build
        The individual.
    posture
        With the trunk where it lies.
    suffix
        Side.
    yaw
        How far the carpus points outwards.
    slope
        Rise of the forearm from carpus to elbow.
    blade
        Turn of the shoulder blade.
    out
        Heights by which the carpus is put outwards.
    """
    leg = build.leg("fore", suffix)
    trunk = trunk_of(build, posture)
    upper, forearm, cannon = leg.lengths[:3]
    carpus_up, fetlock_up = (build.thickness[name] for name in ("front_cannon", "front_pastern"))
    shoulder = _shoulder(build, trunk, leg, blade)
    # The elbow rises to the height of the shoulder and no further, and is not pulled out of the body.
    rise = np.clip(forearm * np.sin(np.radians(slope)) + carpus_up, shoulder[2] - 0.95 * upper, shoulder[2])
    slope = float(np.degrees(np.arcsin(np.clip((rise - carpus_up) / forearm, 0.0, 0.9))))
    ahead = _forward(leg, yaw)
    behind = float(np.sqrt(max(upper**2 - (shoulder[2] - rise) ** 2, 0.0)))
    carpus = shoulder + ahead * (forearm * np.cos(np.radians(slope)) - behind)
    carpus[2] = carpus_up
    carpus[0] += leg.sign * out * build.height
    sink = float(np.degrees(np.arcsin(np.clip((fetlock_up - carpus_up) / cannon, -0.5, 0.5))))
    sink = min(sink, slope - CARPUS_ROOM)
    turns = 90.0 + sink - _lean(leg.links[2]), 92.0 - _lean(leg.links[3]), 88.0 - _lean(leg.links[4])
    toe = _chain(leg, yaw, carpus, *turns)
    return _placed(build, leg, toe, {
        "yaw": yaw, "cannon": turns[0], "pastern": turns[1] - turns[2], "hoof": turns[2], "free": 1.0,
        "blade": blade, "flexion": 0.0,
    })  # fmt: skip


def stretched_foreleg(build: Build, posture: Posture, suffix: str, yaw: float = 4.0, blade: float = 0.0,
                      elbow_up: float | None = None) -> dict[str, float]:  # fmt: skip
    """Foreleg laid out to the front, as a lying dog's: elbow and forearm on the ground, the paw flat.

    ``elbow_up`` is the height of the elbow in metres; by default it rests on the ground.
    """
    leg = build.leg("fore", suffix)
    trunk = trunk_of(build, posture)
    upper, forearm = leg.lengths[:2]
    carpus_up = build.thickness["front_cannon"]
    shoulder = _shoulder(build, trunk, leg, blade)
    rise = build.thickness["forearm"] if elbow_up is None else elbow_up
    rise = float(np.clip(rise, shoulder[2] - 0.97 * upper, shoulder[2]))
    ahead = _forward(leg, yaw)
    behind = float(np.sqrt(max(upper**2 - (shoulder[2] - rise) ** 2, 0.0)))
    hoof, pastern = -4.0, -30.0
    frame = turn(2, leg.sign * yaw)
    links = leg.links
    lower = turn(0, hoof) @ links[4] + turn(0, pastern) @ links[3]
    # The cannon reaches from the carpus, which lies on the ground, to where the paw begins.
    drop = np.clip((carpus_up - leg.joints[5, 2] + lower[2]) / leg.lengths[2], -0.9, 0.95)
    cannon = -float(np.degrees(np.arccos(drop))) - _lean(links[2])
    carpus = shoulder + ahead * (np.sqrt(max(forearm**2 - (rise - carpus_up) ** 2, 0.0)) - behind)
    toe = carpus + frame @ (turn(0, cannon) @ links[2] + lower)
    toe[2] = leg.joints[5, 2]
    return _placed(build, leg, toe, {
        "yaw": yaw, "cannon": cannon, "pastern": pastern - hoof, "hoof": hoof, "free": 1.0,
        "blade": blade, "flexion": 0.0,
    })  # fmt: skip


def folded_hindleg(
    build: Build,
    posture: Posture,
    suffix: str,
    yaw: float = 14.0,
    slope: float = 27.0,
    out: float = 0.03,
    flat_paw: bool = False,
    hock_back: float = 0.0,
) -> dict[str, float]:
    """Hind leg folded beside the belly: hock and cannon on the ground, the stifle before them.

    Parameters
    ----------
    build, posture, suffix
        As in :func:`folded_foreleg`.
    yaw
        How far the folded leg points outwards.
    slope
        Rise of the shin from hock to stifle.
    out
        Heights by which the hock lies further out than the hip.
    flat_paw
        The toes stand flat on the ground, as a sitting dog's; otherwise they lie as they come.
    hock_back
        Heights by which the hock lies further back.
    """
    leg = build.leg("hind", suffix)
    trunk = trunk_of(build, posture)
    thigh, shin, cannon = leg.lengths[:3]
    hock_up = build.thickness["hind_cannon"]
    hip = trunk.carried("pelvis", leg.joints[0])
    links = leg.links
    frame = turn(2, leg.sign * yaw)
    # The sole's hind edge comes down as the hoof is turned forwards: that much higher is the toe.
    hoof, pastern = (-4.0, -30.0) if flat_paw else (-35.0, -78.0 - _lean(links[3]))
    lower = turn(0, hoof) @ links[4] + turn(0, pastern) @ links[3]
    toe_up = leg.joints[5, 2] + leg.lengths[4] * np.sin(np.radians(-hoof))
    fetlock_up = max(toe_up - lower[2], build.thickness["hind_pastern"])
    sink = float(np.degrees(np.arcsin(np.clip((hock_up - fetlock_up) / cannon, -0.7, 0.7))))
    turned = -90.0 + sink - _lean(links[2])
    slope = max(slope, HOCK_ROOM - sink)
    stifle_up = hock_up + shin * np.sin(np.radians(slope))
    stifle_up = float(np.clip(stifle_up, hip[2] - 0.9 * thigh, hip[2] + 0.5 * thigh))
    slope = float(np.degrees(np.arcsin(np.clip((stifle_up - hock_up) / shin, -0.2, 0.95))))
    before = float(np.sqrt(max(thigh**2 - (hip[2] - stifle_up) ** 2, 0.0)))
    ahead = _forward(leg, yaw)
    hock = hip + ahead * (before - shin * np.cos(np.radians(slope)) - hock_back * build.height)
    hock[0] += leg.sign * out * build.height
    hock[2] = hock_up
    toe = hock + frame @ (turn(0, turned) @ links[2] + lower)
    toe[2] = toe_up
    return _placed(build, leg, toe, {
        "yaw": yaw, "cannon": turned, "pastern": pastern - hoof, "hoof": hoof, "free": 1.0, "flexion": 0.0,
    })  # fmt: skip


def bent_foreleg(build: Build, posture: Posture, suffix: str, ahead: float = 0.0) -> dict[str, float]:
    """Foreleg on its hoof under a shoulder too low for it to be straight: the carpus gives way forwards."""
    leg = build.leg("fore", suffix)
    trunk = trunk_of(build, posture)
    sunk = 1.0 - _shoulder(build, trunk, leg, 0.0)[2] / leg.joints[0, 2]
    cannon = float(np.clip(_LEAN * sunk, 0.0, 46.0))
    hoof, pastern = 0.75 * cannon, 0.95 * cannon
    key = f"fore{suffix}:"
    return {
        key + "ahead": ahead,
        key + "out": 0.0,
        key + "up": 0.0,
        key + "yaw": 0.0,
        key + "roll": 0.0,
        key + "cannon": cannon,
        key + "hoof": hoof,
        key + "pastern": pastern - hoof,
        key + "free": 1.0,
        key + "carried": 0.0,
        key + "blade": 0.0,
        key + "flexion": 0.0,
    }


def sunk_hindleg(build: Build, posture: Posture, suffix: str) -> dict[str, float]:
    """Hind leg on its hoof, where ``posture`` has it, under a hip that is low: the hock gives way backwards.

    The cannon leans so that stifle and hock share the bending.
    """
    leg = build.leg("hind", suffix)
    hip = trunk_of(build, posture).carried("pelvis", leg.joints[0])[1:]
    key = f"hind{suffix}:"
    toe = (leg.joints[5] - np.array([0.0, posture.get(key + "ahead", 0.0) * build.height, 0.0]))[1:]
    links = leg.links[:, 1:]
    thigh, shin = leg.lengths[:2]
    fetlock = toe - links[4] - links[3]
    usual = float(np.clip(-_LEAN * (1.0 - hip[1] / leg.joints[0, 2]), -76.0, -6.0))
    best, chosen = -np.inf, usual
    for cannon in usual + np.arange(-24.0, 25.0, 4.0):
        hock = fetlock - (turn(0, cannon)[1:, 1:] @ links[2])
        span = hock - hip
        distance = float(np.clip(np.linalg.norm(span), abs(thigh - shin) + 1e-6, thigh + shin - 1e-6))
        along = span / np.linalg.norm(span)
        at_hip = np.arccos(np.clip((thigh**2 + distance**2 - shin**2) / (2.0 * thigh * distance), -1.0, 1.0))
        stifle = np.degrees(
            np.arccos(np.clip((thigh**2 + shin**2 - distance**2) / (2.0 * thigh * shin), -1.0, 1.0))
        )
        # Forwards is -y: the stifle lies before the line from hip to hock.
        c, s = np.cos(-at_hip), np.sin(-at_hip)
        knee = hip + thigh * np.array([c * along[0] - s * along[1], s * along[0] + c * along[1]])
        up, down = knee - hock, fetlock - hock
        angle = np.degrees(
            np.arccos(np.clip(up @ down / np.linalg.norm(up) / np.linalg.norm(down), -1.0, 1.0))
        )
        lean = np.degrees(np.arctan2(hip[0] - knee[0], hip[1] - knee[1]))
        score = min(stifle - 20.0, angle - 22.0, 108.0 - lean, 40.0) - 0.3 * abs(cannon - usual)
        if score > best:
            best, chosen = score, float(cannon)
    return {key + "cannon": chosen, key + "free": 1.0}


def balanced(build: Build, posture: Posture, shoulder: float, hip: float) -> dict[str, float]:
    """The posture with the trunk raised, lowered and tilted until shoulder and hip joints are so high.

    ``shoulder`` and ``hip`` are metres above the ground, of the middle between left and right.
    """
    found = {**posture, "z": 0.0}
    fore, hind = (build.leg(limb, ".L").joints[0] * np.array([0.0, 1.0, 1.0]) for limb in ("fore", "hind"))
    trunk = trunk_of(build, {**found, "pelvis:pitch": 0.0, "pelvis:roll": 0.0, "pelvis:yaw": 0.0})
    _, y, z = trunk.carried("pelvis", hind) - trunk.carried("chest", fore)
    # Of the pitch p the rise of the hips above the shoulders is (y sin p + z cos p) cos(roll).
    rise = (hip - shoulder) / np.cos(np.radians(found.get("pelvis:roll", 0.0)))
    tilt = np.arcsin(np.clip(rise / np.hypot(y, z), -1.0, 1.0)) - np.arctan2(z, y)
    found["pelvis:pitch"] = float(np.degrees(tilt))
    level = trunk_of(build, found).carried("pelvis", hind)[2]
    found["z"] = (hip - level) / build.height
    return found


def resting_heights(build: Build) -> tuple[float, float]:
    """Heights of shoulder and hip joints at rest, metres."""
    return float(build.leg("fore", ".L").joints[0, 2]), float(build.leg("hind", ".L").joints[0, 2])
