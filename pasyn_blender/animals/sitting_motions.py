"""Sitting and lying of dogs and cats, and how they get there.

A dog sits on its haunches and hocks with the forelegs upright below the shoulders; it lies on breast and
belly with the forearms on the ground before it, the hind legs folded to both sides (like a sphinx) or both to
one side, on one hip. In sitting, stifles and hocks close further than in any gait, to some 45 and 50 degrees
(Feeney et al., Validation of two-dimensional kinematic analysis of walk and sit-to-stand motions in dogs,
Am. J. Vet. Res. 68, 2007). Dogs lie down from the sit by walking the forefeet forwards and get up likewise,
or raise the hindquarters first, as out of a bow.
"""

from __future__ import annotations

import numpy as np

from .folded_legs import (
    balanced,
    folded_hindleg,
    lowered,
    lowest,
    resting_heights,
    stretched_foreleg,
    sunk_hindleg,
    trunk_of,
)
from .postures import Build, Moment, Posture, Score
from .standing_postures import (
    STANDING,
    breathing,
    chance,
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

_HAUNCHES = ("pelvis", "tail_1", "thigh.L", "thigh.R", "shin.L", "shin.R")


def seated(
    build: Build, share: float = 0.97, yaw: float = 16.0, lean: float = 0.0, hunch: float = 0.0
) -> dict[str, float]:
    """Sitting on the haunches, forefeet where they stand at rest.

    Parameters
    ----------
    build
        The individual.
    share
        Height of the shoulders against that of standing.
    yaw
        How far stifles and hind feet point outwards.
    lean
        Degrees by which the weight is on the left haunch.
    hunch
        Degrees by which the back is rounded more than it has to be.
    """
    shoulder_up, _ = resting_heights(build)
    trunk = {
        **STANDING,
        **level(),
        **planted(("fore.L", "fore.R")),
        "spine:pitch": 8.0 + 0.6 * hunch,
        "chest:pitch": 9.0 + 0.4 * hunch,
        "pelvis:roll": lean,
        "chest:roll": -lean,
        "neck": 20.0,
        "head": -6.0,
        "tail": 10.0,
    }
    legs = {"yaw": yaw, "slope": 42.0, "out": 0.025}
    hip = 0.22 * build.height
    for _ in range(5):
        posture = balanced(build, trunk, share * shoulder_up, hip)
        for suffix in (".L", ".R"):
            posture |= folded_hindleg(build, posture, suffix, flat_paw=True, **legs)
        hip -= lowest(build, posture, _HAUNCHES, legs=True)
    posture["tail:base"] = 38.0 - 0.9 * posture["pelvis:pitch"]
    # The forelegs stand upright: the whole sits as far back as that needs.
    leg = build.leg("fore", ".L")
    shoulder = trunk_of(build, posture).carried("chest", leg.joints[0])
    back = (leg.joints[0, 1] - shoulder[1]) / build.height + 0.03
    return _shifted(posture, back, ("hind",))


def _shifted(posture: Posture, back: float, limbs: tuple[str, ...]) -> dict[str, float]:
    """The posture moved backwards by so many heights, with the feet of some legs."""
    moved = {**posture, "y": posture.get("y", 0.0) + back}
    for name, value in posture.items():
        if name.startswith(limbs) and name.endswith(":ahead"):
            moved[name] = value - back
    return moved


def sphinx(build: Build, tilt: float = 0.0, yaw: float = 16.0, bend: float = 0.0) -> dict[str, float]:
    """Lying on breast and belly, forearms on the ground before the animal, hind legs folded.

    With a ``tilt`` it lies on the left hip. ``bend`` turns chest and loins to the left together.
    """
    trunk = {
        **STANDING, **level(), "pelvis:roll": tilt, "chest:roll": -0.8 * tilt, "spine:roll": -0.2 * tilt,
        "chest:yaw": 0.5 * bend, "spine:yaw": 0.5 * bend,
        "neck": 2.0, "head": 2.0, "tail": 14.0,
    }  # fmt: skip
    posture = lowered(build, trunk)
    for suffix in (".L", ".R"):
        posture |= stretched_foreleg(build, posture, suffix, yaw=3.0, blade=-4.0)
        # Lying on the left hip, the left leg is drawn in below the belly and the right one laid out.
        turned = yaw if not tilt else yaw + (1.2 if suffix == ".R" else -0.6) * tilt
        posture |= folded_hindleg(build, posture, suffix, flat_paw=True, yaw=turned, out=0.03, slope=30.0)
    return posture


def sitting_scores(build: Build, seed: int) -> list[Score]:
    """Sitting, lying, and the ways between them and standing."""
    random = chance(seed, 5)
    pace = random.uniform(0.9, 1.15)
    sit = seated(build, random.uniform(0.94, 0.99), random.uniform(10.0, 20.0))
    stand = {**STANDING, **planted(), **level(), "neck": 6.0, "head": -4.0, "tail": 4.0}
    turned = random.uniform(30.0, 55.0)
    calm = [(0, sit), (20, {"neck:yaw": turned, "neck": sit["neck"] - 6.0}), (40, {}),
            (58, {"neck:yaw": -0.7 * turned}), (82, sit | {"neck:yaw": 0.0})]  # fmt: skip
    pant = waves(("head", 1.5, 12.0, 0.0), ("chest:pitch", 0.4, 12.0, 0.2))
    up = [(0, sit), (14, {"neck": 2.0, "head": -22.0}), (36, {"neck": -2.0, "head": -18.0}), (52, sit)]
    begging = _shifted(sit, 0.0, ()) | {"fore.L:up": 0.16, "fore.L:ahead": 0.10, "fore.L:flexion": 55.0,
                                        "fore.L:hoof": 30.0, "neck": 10.0}  # fmt: skip
    scores = [
        Score("sit", timed(calm, pace), together(idle(random), pant), lies=True),
        Score("sit_looking_up", timed(up), together(idle(random), breathing()), lies=True),
        Score(
            "sit_give_paw",
            timed([(0, sit), (14, begging), (24, {"fore.L:up": 0.18}), (40, sit)]),
            breathing(),
            lies=True,
        ),
        Score("sit_down", _sit_down(build, sit, stand, pace), idle(random), lies=True),
        Score(
            "get_up_from_sit", _reversed(_sit_down(build, sit, stand, 0.8 * pace)), idle(random), lies=True
        ),
    ]
    for right in (False, True):
        side = "right" if right else "left"
        lie = sphinx(build, yaw=random.uniform(10.0, 20.0))
        hip = sphinx(build, tilt=random.uniform(12.0, 17.0))
        gaze = random.uniform(25.0, 50.0)
        if right:
            rest = lie | {"neck": 104.0, "head": -66.0, "ears": 8.0, "lips": 0.03}
            moments = [(0, rest), (30, {"neck": 102.0}), (60, rest)]
            scores.append(Score("sleep_on_paws", timed(moments), breathing(0.6, 2), lies=True))
        else:
            moments = [
                (0, lie),
                (20, {"neck:yaw": gaze}),
                (44, {"neck:yaw": -0.6 * gaze, "neck": -4.0}),
                (66, lie | {"neck:yaw": 0.0}),
            ]
            scores.append(Score("lie_sphinx", timed(moments), together(idle(random), pant), lies=True))
        moments = [(0, hip), (26, {"neck:yaw": gaze, "neck": 6.0}), (60, hip | {"neck:yaw": 0.0})]
        scores.append(
            Score(
                f"lie_hip_{side}",
                on_side(timed(moments), right),
                together(idle(random), breathing()),
                lies=True,
            )
        )
        down = lie_down_dog(build, stand, pace, right)
        scores.append(Score(f"lie_down_{side}", down, idle(random), lies=True))
        scores.append(
            Score(
                f"get_up_{'bow' if right else 'sit'}",
                _get_up_bow(build, stand, pace) if right else _reversed(down),
                idle(random),
                lies=True,
            )
        )
    curled = sphinx(build, tilt=17.0, bend=24.0)
    curled |= {"neck": 66.0, "head": -24.0, "neck:yaw": 106.0, "head:roll": -14.0, "lips": 0.02}
    scores.append(
        Score(
            "sleep_curled",
            timed([(0, curled), (30, {"neck": 42.0}), (60, curled)]),
            breathing(0.6, 2),
            lies=True,
        )
    )
    return scores


def _reversed(moments: list[Moment]) -> list[Moment]:
    """The moments backwards in time, each with its whole posture."""
    full: list[dict[str, float]] = []
    names = {name for moment in moments for name in moment.posture}
    last = dict.fromkeys(names, 0.0)
    for moment in moments:
        last = {**last, **moment.posture}
        full.append(last)
    end = moments[-1].at
    lifts = [moment.lift for moment in moments[1:]] + [0.0]
    return [
        Moment(end - moment.at, posture, lift)
        for moment, posture, lift in zip(reversed(moments), reversed(full), reversed(lifts), strict=True)
    ]


def _sit_down(build: Build, sit: Posture, stand: Posture, pace: float) -> list[Moment]:
    """Hind feet step under the body, hips sink back and down onto the hocks."""
    shoulder_up, hip_up = resting_heights(build)
    steps = {f"hind{side}:ahead": float(np.clip(sit[f"hind{side}:ahead"], 0.0, most)) for side, most in
             ((".L", 0.20), (".R", 0.18))}  # fmt: skip
    half = balanced(
        build,
        {**without_legs(sit), "y": 0.45 * sit["y"], "neck": 14.0, "head": -8.0},
        0.97 * shoulder_up,
        0.66 * hip_up,
    )
    half |= steps
    half |= sunk_hindleg(build, half, ".L") | sunk_hindleg(build, half, ".R")
    return timed([
        (0, stand), (9, {"hind.L:ahead": steps["hind.L:ahead"], "neck": 10.0}),
        (18, {"hind.R:ahead": steps["hind.R:ahead"], "z": -0.03}), (28, half), (42, sit),
    ], pace)  # fmt: skip


def lie_down_dog(build: Build, stand: Posture, pace: float, right: bool) -> list[Moment]:
    """Sit, then walk the forefeet forwards until elbows and breast are on the ground."""
    sit = seated(build)
    shoulder_up, _ = resting_heights(build)
    lie = sphinx(build)
    hind = 0.5 * (lie["hind.L:ahead"] + lie["hind.R:ahead"]) - 0.5 * (
        sit["hind.L:ahead"] + sit["hind.R:ahead"]
    )
    lie = _shifted(lie, hind, ("fore", "hind"))
    lie |= only(sit, "hind.L:ahead") | only(sit, "hind.R:ahead")
    hips = trunk_of(build, sit).carried("pelvis", build.leg("hind", ".L").joints[0])[2]
    half = balanced(
        build,
        {**without_legs(sit), "y": 0.5 * (sit["y"] + lie["y"]), "neck": 26.0, "head": -14.0},
        0.70 * shoulder_up,
        hips,
    )
    first, second = (".R", ".L") if right else (".L", ".R")
    bent = {"up": 0.0, "cannon": -18.0, "hoof": 0.0, "pastern": -12.0, "free": 0.8, "blade": -4.0}
    out = {f"fore{side}:ahead": 0.55 * lie[f"fore{side}:ahead"] for side in (".L", ".R")}
    fore = {f"fore{side}:{name}": value for side in (".L", ".R") for name, value in bent.items()}
    return [
        *_sit_down(build, sit, stand, pace),
        Moment(
            round(50 * pace),
            {
                f"fore{first}:ahead": out[f"fore{first}:ahead"],
                **{k: v for k, v in fore.items() if k.startswith(f"fore{first}")},
                **balanced(build, without_legs(sit), 0.90 * shoulder_up, hips),
            },
            lift=0.05,
        ),
        Moment(
            round(58 * pace),
            {
                **half,
                f"fore{second}:ahead": out[f"fore{second}:ahead"],
                **{k: v for k, v in fore.items() if k.startswith(f"fore{second}")},
            },
            lift=0.05,
        ),
        Moment(round(72 * pace), {**lie, "neck": 10.0, "head": -6.0}, lift=0.01),
        Moment(round(80 * pace), {"neck": 2.0, "head": 2.0}),
    ]


def _get_up_bow(build: Build, stand: Posture, pace: float) -> list[Moment]:
    """Hindquarters first: out of the lying posture into a bow, then the breast comes up."""
    lie = sphinx(build)
    shoulder_up, hip_up = resting_heights(build)
    back = 0.5 * (lie["hind.L:ahead"] + lie["hind.R:ahead"]) - 0.06
    lie = _shifted(lie, back, ("fore", "hind"))
    low = trunk_of(build, lie).carried("chest", build.leg("fore", ".L").joints[0])[2]
    bow = balanced(
        build,
        {
            **without_legs(lie),
            **level(),
            "y": lie["y"],
            "spine:pitch": -6.0,
            "chest:pitch": -6.0,
            "neck": -14.0,
            "head": 6.0,
        },
        low + 0.02 * build.height,
        0.90 * hip_up,
    )
    feet = planted(("hind.L", "hind.R")) | {"hind.L:ahead": 0.06, "hind.R:ahead": 0.06}
    for suffix in (".L", ".R"):
        bow |= stretched_foreleg(build, bow, suffix, yaw=3.0, blade=-4.0)
    toes = {f"fore{suffix}:ahead": bow[f"fore{suffix}:ahead"] for suffix in (".L", ".R")}
    half = balanced(
        build,
        {**without_legs(bow), "y": 0.6 * lie["y"], "spine:pitch": -3.0, "chest:pitch": -4.0},
        0.80 * shoulder_up,
        0.97 * hip_up,
    )
    return timed(
        [
            (0, lie),
            (8, {"neck": 14.0, "head": -12.0}),
            (26, bow | feet),
            (34, {"neck": -20.0}),
            (
                46,
                {
                    **half,
                    **planted(("fore.L", "fore.R")),
                    **{name: 0.8 * value for name, value in toes.items()},
                },
            ),
            (
                56,
                {**level(), "z": -0.03, "y": 0.2 * lie["y"], "neck": 8.0, "head": -4.0, "fore.L:ahead": 0.0},
            ),
            (64, {"fore.R:ahead": 0.0, "y": 0.0, "z": -0.015, "hind.L:ahead": 0.0}),
            (72, stand),
        ],
        pace,
    )
