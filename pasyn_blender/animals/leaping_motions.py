"""Rearing, kicking, bucking and jumping on the spot.

A rearing horse stands with its trunk at 45 to 60 degrees, the forelegs folded; a kicking one shifts its
weight forwards, lowers the head and throws both hind legs out until stifle and hock are almost straight
(Waring, Horse Behavior, 2nd ed. 2003; joint ranges of Back & Clayton, Equine Locomotion, 2nd ed. 2013).
"""

from __future__ import annotations

import numpy as np

from .folded_legs import balanced, resting_heights
from .postures import Build, Score
from .standing_postures import CALM, held_leg, idle, level, on_side, timed


def rearing_scores(build: Build, random: np.random.Generator) -> list[Score]:
    """Rearing, high and low."""
    shoulder_up, hip_up = resting_heights(build)
    scores = []
    for name, rise, pace in (
        ("rear", random.uniform(42.0, 50.0), 1.0),
        ("rear_low", random.uniform(24.0, 32.0), 0.85),
    ):
        back = 0.05 + 0.0042 * rise
        low = balanced(
            build, {**CALM, "y": 0.06, "neck": 10.0, "head": -16.0}, 0.90 * shoulder_up, 0.90 * hip_up
        )
        drop = -0.035 - 0.0006 * rise
        up = {
            **level(),
            "pelvis:pitch": -rise,
            "spine:pitch": -4.0,
            "chest:pitch": -3.0,
            "y": back - 0.05,
            "z": drop,
            "neck": 0.34 * rise,
            "head": 0.10 * rise,
            "ears": 12.0,
            "tail": 18.0,
            **held_leg(build, "fore", ".L", -26.0, -58.0, 34.0, 60.0, 90.0, blade=-8.0),
            **held_leg(build, "fore", ".R", -16.0, -38.0, 46.0, 76.0, 104.0, blade=-4.0),
        }
        strike = {
            **held_leg(build, "fore", ".L", -14.0, -40.0, 50.0, 80.0, 108.0, blade=-4.0),
            **held_leg(build, "fore", ".R", -30.0, -66.0, 12.0, 40.0, 66.0, blade=-10.0), "neck": 0.25 * rise,
        }  # fmt: skip
        off = {**up, "pelvis:pitch": -0.35 * rise, "y": 0.5 * back, "z": 0.5 * drop,
               **held_leg(build, "fore", ".L", -4.0, -24.0, 30.0, 44.0, 60.0),
               **held_leg(build, "fore", ".R", 2.0, -12.0, 28.0, 44.0, 60.0)}  # fmt: skip
        moments = timed([
            (0, CALM), (10, low), (17, off), (28, up), (36, strike), (44, up), (56, off),
            (65, {**CALM, "z": -0.03, "neck": 16.0, "head": -10.0}), (74, CALM),
        ], pace)  # fmt: skip
        scores.append(Score(name, moments, idle(random)))
    return scores


def kicking_scores(build: Build, random: np.random.Generator) -> list[Score]:
    """Kicking with both hind legs, with one, and at the belly."""
    _, hip_up = resting_heights(build)
    shoulder_up = resting_heights(build)[0]
    high = random.uniform(1.10, 1.16)
    ready = balanced(
        build,
        {**CALM, "y": -0.02, "neck": 24.0, "head": -18.0, "ears": 14.0},
        0.97 * shoulder_up,
        0.94 * hip_up,
    )
    lift = balanced(
        build,
        {**CALM, "y": -0.05, "neck": 34.0, "head": -26.0, "ears": 14.0, "spine:pitch": 4.0},
        0.93 * shoulder_up,
        1.06 * hip_up,
    )
    throw = balanced(
        build,
        {**CALM, "y": -0.06, "neck": 44.0, "head": -34.0, "ears": 14.0, "spine:pitch": -4.0, "tail": 60.0},
        0.92 * shoulder_up,
        high * hip_up,
    )

    def drawn(suffix: str) -> dict[str, float]:
        return held_leg(build, "hind", suffix, -22.0, 18.0, -34.0, 10.0, 20.0)

    def thrown(suffix: str, less: float = 0.0) -> dict[str, float]:
        return held_leg(
            build, "hind", suffix, 38.0 - less, 26.0 - less, 62.0 - less, 70.0 - less, 92.0 - less
        )

    for pose in (ready, lift, throw):
        for limb in ("fore.L", "fore.R"):
            pose |= {f"{limb}:ahead": -0.03 if limb == "fore.R" else 0.03}
    calm = {**CALM, "fore.L:ahead": 0.03, "fore.R:ahead": -0.03}
    both = timed([
        (0, calm), (10, ready), (16, {**lift, **drawn(".L"), **drawn(".R")}),
        (22, {**throw, **thrown(".L"), **thrown(".R", 6.0)}), (30, {**lift, **drawn(".L"), **drawn(".R")}),
        (37, {**ready, "z": ready["z"] - 0.01}), (48, calm),
    ], random.uniform(0.95, 1.1))  # fmt: skip
    scores = [Score("kick_both", both)]
    for right in (False, True):
        lean = {"pelvis:roll": 3.0, "x": -0.035, "pelvis:pitch": 4.0, "ears": 14.0, "neck:yaw": 14.0}
        less = random.uniform(4.0, 14.0)
        one = timed(
            [
                (0, CALM),
                (10, {**ready, **lean, "pelvis:pitch": ready["pelvis:pitch"]}),
                (16, {**lean, "neck": 20.0, **drawn(".L")}),
                (22, {"pelvis:pitch": 8.0, "neck": 26.0, **thrown(".L", less)}),
                (31, {"pelvis:pitch": 4.0, **drawn(".L")}),
                (40, {**CALM, "neck:yaw": 0.0}),
            ]
        )
        scores.append(Score(f"kick_{'right' if right else 'left'}", on_side(one, right)))
    # A stamp of the hind foot at flies on the belly.
    stamp = timed(
        [
            (0, CALM),
            (
                9,
                {
                    "x": -0.025,
                    "pelvis:roll": 1.5,
                    "hind.L:ahead": 0.16,
                    "hind.L:up": 0.16,
                    "hind.L:hoof": 14.0,
                    "hind.L:flexion": -18.0,
                    "neck": 14.0,
                    "neck:yaw": 20.0,
                },
            ),
            (15, {"hind.L:up": 0.12}),
            (20, {"hind.L:ahead": 0.0, "hind.L:up": 0.0, "hind.L:hoof": 0.0, "hind.L:flexion": 0.0}),
            (32, {**CALM, "neck:yaw": 0.0}),
        ]
    )
    return [*scores, Score("kick_at_belly", stamp, idle(random))]


def _airborne(build: Build, fold: float) -> dict[str, float]:
    """All four legs in the air, from hanging (0) to drawn up (1)."""
    legs: dict[str, float] = {}
    for suffix, more in ((".L", 1.0), (".R", 0.86)):
        f = fold * more
        legs |= held_leg(
            build, "fore", suffix, -18.0 * f, -52.0 * f, 42.0 * f, 30.0 + 50.0 * f, 40.0 + 60.0 * f
        )
        legs |= held_leg(
            build, "hind", suffix, -26.0 * f, 24.0 * f, -30.0 * f, 24.0 + 16.0 * f, 30.0 + 26.0 * f
        )
    return legs


def jumping_scores(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    """Jumping on the spot; horses and their like buck, dogs hop with their forelegs."""
    shoulder_up, hip_up = resting_heights(build)
    crouch = balanced(
        build, {**CALM, "neck": 14.0, "head": -10.0, "spine:pitch": 4.0}, 0.84 * shoulder_up, 0.82 * hip_up
    )
    # An animal jumps by its legs' length.
    legs = shoulder_up / (0.71 * build.height)
    high = legs * random.uniform(0.20, 0.30)
    hang = {
        **CALM,
        **_airborne(build, 0.15),
        "z": 0.10 * legs,
        "pelvis:pitch": -4.0,
        "neck": -4.0,
        "tail": 30.0,
    }
    top = {**hang, **_airborne(build, 0.75), "z": high, "pelvis:pitch": 0.0}
    fall = {**hang, "z": 0.08 * legs, "pelvis:pitch": 3.0}
    jump = timed([(0, CALM), (8, crouch), (13, hang), (18, top), (23, fall), (28, crouch), (38, CALM)])
    landed = balanced(build, {**CALM, "spine:pitch": 4.0}, 0.86 * shoulder_up, 1.02 * hip_up)
    arched = {"spine:pitch": 9.0, "chest:pitch": 6.0, "neck": 40.0, "head": 6.0, "ears": 14.0, "tail": 40.0}
    down = balanced(
        build, {**level(), **arched, "neck": 34.0}, 1.02 * shoulder_up, hip_up + 0.28 * shoulder_up
    )
    buck = timed([
        (0, CALM), (8, crouch), (13, {**hang, **arched, "pelvis:pitch": -8.0}),
        (18, {**top, **arched, **_airborne(build, 0.5), "z": high, "pelvis:pitch": 6.0}),
        (23, {**fall, **down,
              **{name: value for side in (".L", ".R") for name, value in
                 held_leg(build, "hind", side, 26.0, 20.0, 46.0, 60.0, 80.0).items()}}),
        (28, {**landed, "neck": 34.0, "head": -20.0,
              **{name: value for side in (".L", ".R") for name, value in
                 held_leg(build, "hind", side, -14.0, 14.0, -10.0, 14.0, 20.0).items()}}),
        (33, crouch), (44, CALM),
    ])  # fmt: skip
    scores = [Score("jump_up", jump)]
    if dog:
        # Front end up and down again, as a dog that asks to play.
        hop = timed(
            [
                (0, CALM),
                (7, {"z": -0.05, "pelvis:pitch": 3.0}),
                (
                    12,
                    {
                        "pelvis:pitch": -14.0,
                        "z": -0.03,
                        "neck": -4.0,
                        **{
                            name: value
                            for side in (".L", ".R")
                            for name, value in held_leg(
                                build, "fore", side, -14.0, -34.0, 34.0, 50.0, 60.0
                            ).items()
                        },
                    },
                ),
                (18, {**CALM, "z": -0.06, "pelvis:pitch": 4.0}),
                (28, CALM),
            ]
        )
        return [*scores, Score("jump_forelegs", hop)]
    return [*scores, Score("buck", buck)]
