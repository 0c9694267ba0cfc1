"""Lying down, lying, getting up and sitting.

Horses and cattle lie down alike: the head sinks, the forelegs fold until the animal kneels on its carpi, and
the hindquarters are let down to one side. They get up differently: a horse puts its forelegs out first and
sits like a dog before its hind legs push; cattle, sheep, goats, deer and giraffes stay on their carpi, throw
the head forward, raise the hindquarters and put one forefoot up after the other (Schnitzer, Abliegen,
Liegestellungen und Aufstehen beim Rind, KTBL 1971; Lidfors, The use of getting up and lying down movements in
the evaluation of cattle environments, Vet. Res. Commun. 13, 1989; Hansen et al., How horses lie down and get
up, Behav. Processes 2007). Lying down takes a cow some 6 s, getting up 3 to 5 s.
"""

from __future__ import annotations

import numpy as np

from .folded_legs import (
    balanced,
    bent_foreleg,
    carpus_of,
    folded_foreleg,
    folded_hindleg,
    lowered,
    lowest,
    resting_heights,
    sunk_hindleg,
    trunk_of,
)
from .postures import Build, Moment, Posture, Score
from .sitting_motions import sitting_scores
from .standing_postures import (
    STANDING,
    breathing,
    chance,
    held_leg,
    idle,
    level,
    on_side,
    only,
    planted,
    timed,
    together,
    waves,
    without_legs,
)


def resting_scores(build: Build, dog: bool, seed: int) -> list[Score]:
    """Lying down, lying and getting up, and of dogs and cats sitting."""
    return sitting_scores(build, seed) if dog else _couching_scores(build, seed)


def _couching_scores(build: Build, seed: int) -> list[Score]:
    random = chance(seed, 4)
    scores = []
    for right in (False, True):
        side = "right" if right else "left"
        tilt, pace = random.uniform(6.0, 12.0), random.uniform(0.9, 1.15)
        scores += [
            Score(f"lie_down_{side}", on_side(lie_down(build, pace, tilt), right), idle(random), lies=True),
            Score(
                f"get_up_horse_{side}",
                on_side(get_up_horse(build, pace, tilt), right),
                idle(random),
                lies=True,
            ),
            Score(
                f"get_up_cattle_{side}",
                on_side(get_up_cattle(build, pace, tilt), right),
                idle(random),
                lies=True,
            ),
        ]
        couch = couched(build, random.uniform(6.0, 15.0), random.uniform(0.8, 1.3), random.uniform(-1.5, 1.5))
        turned = random.uniform(20.0, 42.0)
        calm = timed([(0, couch), (24, {"neck": couch["neck"] - 6.0, "neck:yaw": turned}), (46, {}),
                      (70, couch | {"neck:yaw": 0.0})])  # fmt: skip
        chew = waves(("head", 1.2, 7.0, 0.0), ("head:roll", 2.0, 3.0, 0.0))
        scores.append(
            Score(f"lie_{side}", on_side(calm, right), together(idle(random), breathing(), chew), lies=True)
        )
    couch = couched(build, 12.0, 1.2, -1.0)
    flank = couched(build, 12.0, 1.2, -1.0, bend=12.0) | {"neck": 50.0, "head": -18.0, "neck:yaw": 104.0,
                                                         "head:roll": -16.0, "ears": 10.0}  # fmt: skip
    scores.append(Score("sleep_curled", timed([(0, flank), (30, {"neck": 51.5}), (60, flank)]),
                        breathing(0.6, 2), lies=True))  # fmt: skip
    # Heavy with sleep the nose rests on the ground.
    nod = couch | {"neck": 92.0, "head": -44.0, "ears": 12.0, "lips": 0.035}
    scores.append(
        Score(
            "sleep_nodding",
            timed([(0, couch), (26, nod), (56, {"neck": 90.0}), (82, couch | {"lips": 0.0})]),
            breathing(0.6, 3),
            lies=True,
        )
    )
    return scores


def couched(build: Build, tilt: float = 8.0, spread: float = 1.0, pitch: float = 1.0, bend: float = 0.0,
            ahead: float = 0.0) -> dict[str, float]:  # fmt: skip
    """Lying on the breast, on the left haunch, all legs folded; feet where that leaves them.

    ``bend`` turns chest and loins to the left by so many degrees together.
    """
    trunk = {
        **STANDING,
        **level(),
        "y": -ahead,
        "pelvis:roll": tilt,
        "chest:roll": -0.6 * tilt,
        "spine:roll": -0.25 * tilt,
        "pelvis:pitch": pitch,
        "spine:pitch": 1.0,
        "chest:pitch": 1.0,
        "chest:yaw": 0.6 * bend,
        "spine:yaw": 0.4 * bend,
        "neck": 4.0,
        "head": -2.0,
        "ears": 4.0,
    }
    posture = lowered(build, trunk)
    # An udder holds the belly up: then the breast goes down before it.
    gap = lowest(build, posture, ("chest",)) / build.height - 0.05
    if gap > 0.0:
        trunk["pelvis:pitch"] += min(float(np.degrees(gap * build.height / (0.6 * build.trunk))), 7.0)
        posture = lowered(build, trunk)
    posture |= folded_foreleg(build, posture, ".L", yaw=2.0, slope=26.0)
    posture |= folded_foreleg(build, posture, ".R", yaw=7.0, slope=28.0, out=0.01)
    posture |= folded_hindleg(build, posture, ".L", yaw=10.0 * spread, out=0.03)
    posture |= folded_hindleg(build, posture, ".R", yaw=26.0 * spread, out=0.06, slope=30.0)
    return posture


def _kneeling(
    build: Build, couch: Posture, hip: float, neck: float, head: float, behind: float = 0.10
) -> dict[str, float]:
    """On the carpi, where the couched animal has them, with the hips at a share of their usual height.

    ``behind`` is how many heights the shoulders are behind the carpi.
    """
    _, hip_up = resting_heights(build)
    trunk = {
        **STANDING, **level(), "y": couch["y"], "spine:pitch": 3.0, "chest:pitch": -4.0, "neck": neck,
        "head": head, "ears": 0.0,
    }  # fmt: skip
    posture = balanced(build, trunk, 0.90 * kneel_height(build), hip * hip_up)
    carpus = 0.5 * (carpus_of(build, couch, ".L") + carpus_of(build, couch, ".R"))
    shoulder = trunk_of(build, posture).carried("chest", build.leg("fore", ".L").joints[0])
    posture["y"] += (carpus[1] - shoulder[1]) / build.height + behind
    return {**posture, **only(couch, "fore")}


def _gathered(build: Build, couch: Posture) -> dict[str, float]:
    """Hind feet under the belly, where the animal will lie down on them, as far as they reach."""
    feet = planted(("hind.L", "hind.R"))
    for limb, most in (("hind.L", 0.19), ("hind.R", 0.16)):
        feet[f"{limb}:ahead"] = float(np.clip(couch[f"{limb}:ahead"], -0.05, most))
    return feet


def _sunk(build: Build, trunk: Posture, feet: Posture) -> dict[str, float]:
    """Both hind legs under low hips, with the feet where they stand."""
    return sunk_hindleg(build, {**trunk, **feet}, ".L") | sunk_hindleg(build, {**trunk, **feet}, ".R")


def lie_down(build: Build, pace: float, tilt: float) -> list[Moment]:
    """Stand, gather the feet, kneel, and let the hindquarters down on the left haunch."""
    couch = couched(build, tilt, ahead=-0.10)
    shoulder_up, hip_up = resting_heights(build)
    kneel = _kneeling(build, couch, 0.86, 52.0, -30.0)
    sink = _kneeling(build, couch, 0.55, 34.0, -22.0, behind=0.13)
    gathered = _gathered(build, couch)
    lower = balanced(
        build, {**STANDING, "y": -0.02, "neck": 66.0, "head": -40.0, "spine:pitch": 4.0}, 0.92 * shoulder_up,
        0.95 * hip_up,
    )  # fmt: skip
    half = balanced(
        build, {**STANDING, "y": 0.5 * kneel["y"], "neck": 62.0, "head": -36.0, "spine:pitch": 3.0},
        max(0.5 * (kneel_height(build) + shoulder_up) * 0.95, 0.72 * shoulder_up), 0.92 * hip_up,
    )  # fmt: skip
    leaning = _sunk(build, sink, gathered)
    folding = held_leg(build, "fore", ".L", -4.0, -62.0, 48.0, 72.0, 96.0)
    bent = bent_foreleg(build, half, ".R")
    times = pace * np.array([0.0, 10.0, 24.0, 36.0, 48.0, 58.0, 72.0, 84.0])
    return [
        Moment(times[0], {**STANDING, **planted(), "neck": 8.0, "head": -4.0, "pelvis:pitch": 0.0}),
        Moment(times[1], {"neck": 42.0, "head": -26.0, **only(gathered, "hind.L")}, lift=0.05),
        Moment(times[2], {**lower, **only(gathered, "hind.R")}, lift=0.05),
        Moment(times[3], {**half, **folding, **bent}),
        Moment(times[4], {**kneel, **gathered, **_sunk(build, kneel, gathered)}),
        Moment(times[5], {**sink, "pelvis:roll": 0.4 * tilt, **leaning}),
        Moment(times[6], {**couch, "neck": 26.0, "head": -18.0}),
        Moment(times[7], {"neck": 4.0, "head": -2.0}),
    ]


def kneel_height(build: Build) -> float:
    """Height of the shoulder joints when the forearms stand upright on their carpi, metres."""
    leg = build.leg("fore", ".L")
    return float(leg.joints[0, 2] - leg.joints[2, 2] + build.thickness["front_cannon"])


def get_up_cattle(build: Build, pace: float, tilt: float) -> list[Moment]:
    """Hindquarters first: head forward on the carpi, hips up, then one forefoot and the other."""
    couch = couched(build, tilt, ahead=-0.10)
    shoulder_up, hip_up = resting_heights(build)
    gathered = _gathered(build, couch)
    lunge = _kneeling(build, couch, 0.48, 46.0, -40.0, behind=0.08)
    raised = _kneeling(build, couch, 0.93, 40.0, -34.0, behind=0.08)
    half = balanced(
        build,
        {**STANDING, "y": 0.4 * raised["y"], "neck": 22.0, "head": -18.0, "spine:pitch": 2.0},
        max(0.45 * kneel_height(build) + 0.55 * shoulder_up, 0.82 * shoulder_up),
        0.98 * hip_up,
    )
    bent = bent_foreleg(build, half, ".R", ahead=0.10)
    folding = held_leg(build, "fore", ".L", -12.0, -96.0, 26.0, 56.0, 80.0)
    leaning = _sunk(build, lunge, gathered)
    standing = {f"hind.{side}:{name}": 0.0 for side in "LR" for name in ("cannon", "free")}
    swing = held_leg(build, "fore", ".R", -15.0, -112.0, 6.0, 40.0, 60.0)
    times = pace * np.array([0.0, 10.0, 20.0, 32.0, 38.0, 44.0, 54.0, 64.0, 74.0])
    end = {**STANDING, "pelvis:pitch": 0.0, "spine:pitch": 0.0, "chest:pitch": 0.0, "y": 0.0}
    return [
        Moment(times[0], couch),
        Moment(times[1], {"neck": -6.0, "head": 6.0, "pelvis:roll": 0.5 * tilt}),
        Moment(times[2], {**lunge, **gathered, **leaning}),
        Moment(times[3], raised | standing),
        Moment(times[4], {**swing, "neck": 30.0, "head": -26.0}),
        Moment(times[5], {**half, **bent, **folding}),
        Moment(
            times[6],
            {
                **end,
                "y": -0.02,
                "neck": 10.0,
                "head": -6.0,
                **planted(("fore.L",)),
                "fore.R:cannon": 0.0,
                "fore.R:hoof": 0.0,
                "fore.R:pastern": 0.0,
                "fore.R:free": 0.0,
            },
        ),
        Moment(times[7], {**end, "fore.R:ahead": 0.0, "hind.L:ahead": 0.0}),
        Moment(times[8], {"hind.R:ahead": 0.0, "neck": 6.0, "head": -3.0}),
    ]


def get_up_horse(build: Build, pace: float, tilt: float) -> list[Moment]:
    """Forelegs first: put them out, sit up on the haunches, and push with both hind legs."""
    couch = couched(build, tilt, ahead=-0.30)
    shoulder_up, hip_up = resting_heights(build)
    hips = trunk_of(build, couch).carried("pelvis", build.leg("hind", ".L").joints[0])[2]
    reach = {"fore.L:ahead": 0.12, "fore.R:ahead": 0.16}
    out = planted(("fore.L", "fore.R")) | reach
    right, left = only(out, "fore.R"), only(out, "fore.L")
    trunk = {"y": couch["y"], "spine:pitch": -2.0, "chest:pitch": -4.0, "neck": -6.0, "head": 8.0}
    body = without_legs(couch)
    steps = [
        balanced(
            build,
            {**body, **trunk, "pelvis:roll": roll, "chest:roll": -0.6 * roll},
            up * shoulder_up,
            hips * share,
        )
        for roll, up, share in ((0.6 * tilt, 0.42, 1.0), (0.3 * tilt, 0.50, 1.0), (0.0, 0.66, 1.05))
    ]
    straight = {"pelvis:roll": 0.0, "chest:roll": 0.0, "spine:roll": 0.0}
    push = balanced(
        build,
        {**trunk, **straight, "y": -0.13, "neck": 14.0, "head": -8.0},
        0.90 * shoulder_up,
        0.66 * hip_up,
    )
    gathered = _gathered(build, couch)
    for limb in ("hind.L", "hind.R"):
        gathered[f"{limb}:ahead"] = float(np.clip(couch[f"{limb}:ahead"], -0.05, 0.12))
    bent = {"pastern": -6.0, "hoof": 0.0, "free": 1.0, "blade": -6.0}
    crouch = {f"fore.{side}:{name}": value for side in "LR" for name, value in bent.items()}
    cannon = {"fore.L:cannon": -22.0, "fore.R:cannon": -26.0}
    swing_right, swing_left = (
        held_leg(build, "fore", side, -15.0, -108.0, 24.0, 50.0, 70.0) for side in (".R", ".L")
    )
    loose = {f"fore.{side}:{name}": 0.0 for side in "LR" for name in bent} | {
        "fore.L:cannon": 0.0,
        "fore.R:cannon": 0.0,
    }
    times = pace * np.array([0.0, 9.0, 16.0, 24.0, 30.0, 38.0, 48.0, 58.0, 70.0, 78.0])
    return [
        Moment(times[0], couch),
        Moment(0.5 * times[1], {"fore.R:up": couch["fore.R:up"] + 0.035, "z": couch["z"] + 0.02}),
        Moment(times[1], {**steps[0], **swing_right}),
        Moment(times[2], {**steps[0], **right, **only(crouch, "fore.R"), **only(cannon, "fore.R")}),
        Moment(0.5 * (times[2] + times[3]), {"fore.L:up": couch["fore.L:up"] + 0.035}),
        Moment(times[3], {**steps[1], **swing_left}),
        Moment(times[4], {**steps[1], **left, **only(crouch, "fore.L"), **only(cannon, "fore.L")}),
        Moment(times[5], {**steps[2], **straight, "fore.L:cannon": -14.0, "fore.R:cannon": -16.0}),
        Moment(times[6], {**push, **gathered, **loose}),
        Moment(times[7], {**STANDING, "pelvis:pitch": 0.0, "spine:pitch": 0.0, "chest:pitch": 0.0, "y": -0.06,
                          "neck": 16.0, "head": -9.0}),
        Moment(times[8], {"y": 0.0, "fore.L:ahead": 0.0, "hind.L:ahead": 0.0, "neck": 8.0, "head": -5.0}),
        Moment(times[9], {"fore.R:ahead": 0.0, "hind.R:ahead": 0.0}),
    ]  # fmt: skip
