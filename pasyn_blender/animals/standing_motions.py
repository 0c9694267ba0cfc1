"""Motions of an animal that stays where it is: at ease, grazing, drinking, looking around.

Horses on their feet rest one hind leg at a time, the hoof on its toe, and change after some minutes; grazing
animals set one forefoot before the other and crop from side to side (Waring, Horse Behavior, 2nd ed. 2003).
The poll opens by some 60 degrees in a horse that reaches between its feet (Clayton et al., Equine Vet. J. 42,
2010), and the neck bends at its base, hardly in its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..errors import RigError
from .clip import Clip
from .contact_solving import RestSkin
from .lively_motions import lively_scores
from .posture_solving import solved
from .postures import Build, Score, build_of
from .resting_motions import resting_scores
from .skeleton import Bone
from .standing_postures import (
    STANDING,
    breathing,
    chance,
    head_to,
    idle,
    level,
    on_side,
    planted,
    timed,
    together,
    waves,
)

FAMILIES: Final = ("unguligrade", "digitigrade")
ONE_WAY: Final = ("lie_down", "get_up", "sit_down")
"""Beginnings of the names of motions that end elsewhere than they begin."""


def standing_clips(
    bones: Sequence[Bone],
    height: float,
    family: str = "unguligrade",
    seed: int = 0,
    skin: RestSkin | None = None,
) -> tuple[Clip, ...]:
    """All motions of an individual that stays where it is.

    Parameters
    ----------
    bones
        Skeleton at rest.
    height
        Height of the withers, metres.
    family
        ``unguligrade`` or ``digitigrade``.
    seed
        Of what varies from one individual to another: depth, spread and speed.
    skin
        Skin at rest, by which a lying animal finds the ground; without it its trunk is as deep and broad as
        a horse's.

    Returns
    -------
    tuple of Clip
        Those named in :data:`ONE_WAY` end elsewhere than they begin; all others are cyclic.

    Raises
    ------
    RigError
        If there is no such family.
    """
    if family not in FAMILIES:
        raise RigError(f"there is no family {family!r} of animals; families are {', '.join(FAMILIES)}")
    build = build_of(bones, height, skin)
    dog = family == "digitigrade"
    scores = [
        *_at_ease(build, dog, seed),
        *_feeding(build, dog, seed),
        *_looking(build, dog, seed),
        *resting_scores(build, dog, seed),
        *lively_scores(build, dog, seed),
    ]
    return solved(build, scores)


def _at_ease(build: Build, dog: bool, seed: int) -> list[Score]:
    """Standing, the weight now here, now there."""
    random = chance(seed, 1)
    calm = {**STANDING, **planted(), **level(), "neck": 6.0, "head": -4.0, "tail": 2.0}
    lean = random.uniform(0.010, 0.018)
    sets = random.uniform(0.02, 0.06, 4)
    square = {**calm, "fore.R:ahead": -sets[0], "hind.R:ahead": -sets[1], "hind.L:ahead": 0.5 * sets[2]}
    shift = [
        (0, square),
        (30, {"x": lean, "pelvis:roll": 1.0, "chest:roll": -1.0, "neck": 12.0, "neck:yaw": 8.0}),
        (72, {"x": -lean, "pelvis:roll": -1.0, "chest:roll": 1.0, "neck": 3.0, "neck:yaw": -12.0}),
        (104, square | {"x": 0.0, "neck:yaw": 0.0}),
    ]
    apart = {
        **calm,
        "z": -0.025,
        "neck": 14.0,
        "head": -9.0,
        "fore.L:ahead": 0.10,
        "fore.R:ahead": -0.07,
        "hind.L:ahead": -0.12,
        "hind.R:ahead": 0.07,
        "fore.L:out": 0.02,
        "fore.R:out": 0.02,
        "hind.L:out": 0.03,
        "hind.R:out": 0.02,
    }
    stretched = {
        **calm, "z": -0.03, "neck": -8.0, "head": 4.0, "fore.L:ahead": 0.11, "fore.R:ahead": 0.09,
        "hind.L:ahead": -0.13, "hind.R:ahead": -0.11, "spine:pitch": -3.0,
    }  # fmt: skip
    scores = [
        Score("stand", timed(shift, random.uniform(0.9, 1.2)), together(idle(random), breathing())),
        Score(
            "stand_apart",
            timed([(0, apart), (28, {"neck": 20.0, "neck:yaw": 10.0}), (60, apart | {"neck:yaw": 0.0})]),
            together(idle(random), breathing(beats=2)),
        ),
        Score(
            "stand_parked",
            timed([(0, stretched), (24, {"neck": -12.0}), (52, stretched)]),
            together(idle(random), breathing(beats=2)),
        ),
    ]
    for right in (False, True):
        side = "right" if right else "left"
        if dog:
            lifted = {
                **calm,
                "z": -0.012,
                "x": -0.012,
                "chest:roll": -1.0,
                "fore.L:up": 0.10,
                "fore.L:flexion": 62.0,
                "fore.L:hoof": 40.0,
                "fore.L:ahead": -0.01,
                "neck": -4.0,
                "head": 2.0,
            }
            moments = [
                (0, calm),
                (12, lifted),
                (40, {"neck": -7.0, "neck:yaw": 6.0}),
                (54, calm | {"neck:yaw": 0.0}),
            ]
            name = f"stand_foot_up_{side}"
        else:
            tip = random.uniform(28.0, 38.0)
            lifted = {
                **calm,
                "z": -0.016,
                "x": -0.016,
                "pelvis:roll": 2.2,
                "spine:roll": -1.4,
                "chest:roll": -0.8,
                "hind.L:hoof": tip,
                "hind.L:pastern": 0.25 * tip,
                "neck": 18.0,
                "head": -12.0,
                "ears": 8.0,
                "hind.L:ahead": 0.05,
            }
            moments = [
                (0, calm),
                (16, lifted),
                (56, {"neck": 22.0, "neck:yaw": 7.0}),
                (76, calm | {"neck:yaw": 0.0, "ears": 0.0}),
            ]
            name = f"stand_easy_{side}"
        scores.append(Score(name, on_side(timed(moments), right), together(idle(random), breathing())))
    return scores


def _feeding(build: Build, dog: bool, seed: int) -> list[Score]:
    """Grazing, drinking, browsing."""
    random = chance(seed, 2)
    scores = []
    step = random.uniform(0.09, 0.15)
    for name, right, sweep in (("graze", False, 11.0), ("graze_wide", True, 24.0)):
        trunk = {**STANDING, "z": -0.022, **planted(), **level(), "pelvis:pitch": 2.0,
                 "chest:pitch": 9.0 if dog else 4.0, "tail": 3.0}  # fmt: skip
        low = head_to(build, 0.02, trunk)
        low["neck"] += 5.0  # the ground stops it
        if low["pelvis:pitch"] < 10.0:
            low |= {"fore.L:ahead": step, "fore.R:ahead": -0.6 * step, "hind.L:ahead": -0.4 * step,
                    "hind.R:ahead": 0.5 * step}  # fmt: skip
        low["lips"] = 0.035
        moments = timed(
            [
                (0, low),
                (26, {"neck:yaw": sweep, "head:roll": 0.3 * sweep}),
                (62, {"neck:yaw": -0.9 * sweep, "head:roll": -0.3 * sweep}),
                (88, low | {"neck:yaw": 0.0, "head:roll": 0.0}),
            ],
            random.uniform(0.9, 1.15),
        )
        crop = waves(("lips", 0.010, 7.0, 0.0), ("head", 2.0, 7.0, 0.03))
        scores.append(Score(name, on_side(moments, right), together(idle(random, 3), crop)))
    apart = random.uniform(0.03, 0.06)
    trunk = {
        **STANDING,
        "z": -0.03,
        **planted(),
        **level(),
        "pelvis:pitch": 3.0,
        "chest:pitch": 9.0 if dog else 4.0,
    }
    up = {**trunk, "neck": 20.0, "head": -14.0, "pelvis:pitch": 0.0, "chest:pitch": 0.0}
    drink = head_to(build, 0.0, trunk, nose=72.0)
    drink["neck"] += 6.0
    spread = {"fore.L:out": apart, "fore.R:out": apart, "fore.L:ahead": 0.10, "fore.R:ahead": 0.03}
    feet = {name: drink.get(name, 0.0) or value for name, value in spread.items()}
    gulp = waves(("lips", 0.003, 9.0, 0.0), ("head", 1.0, 9.0, 0.0), ("ears", 8.0, 9.0, 0.1))
    scores.append(
        Score(
            "drink",
            timed([(0, {**drink, **feet, "lips": 0.014}), (40, {"neck:yaw": 3.0}), (80, {"neck:yaw": 0.0})]),
            together(gulp, breathing(0.3, 2)),
        )
    )
    bend = {name: value for name, value in drink.items() if name.endswith((":roll", ":out", ":ahead"))}
    scores.append(Score("drink_and_look", timed([
        (0, {**up, **bend, **feet, "lips": 0.014, "neck": -4.0, "head": -2.0}), (14, {"neck:yaw": 14.0}),
        (38, {**drink, **feet, "neck:yaw": 0.0}), (66, {"neck": drink["neck"] - 1.0}),
        (92, {**up, **bend, **feet, "lips": 0.014, "neck": -4.0, "head": -2.0, "neck:yaw": 0.0}),
    ]), idle(random)))  # fmt: skip
    for name, share, turned in (("eat", 0.42, 12.0), ("browse", 0.72, -16.0)):
        trunk = {**STANDING, **planted(), **level(), "fore.L:ahead": 0.05, "tail": 2.0}
        meal = head_to(build, share, trunk, nose=66.0 if share < 0.5 else 44.0)
        chew = waves(("head", 1.8, 8.0, 0.0), ("head:roll", 2.5, 4.0, 0.1), ("neck", 1.2, 4.0, 0.3))
        moments = timed([(0, meal), (24, {"neck:yaw": turned, "neck": meal["neck"] - 4.0}),
                         (52, {"neck:yaw": -0.7 * turned}), (80, meal | {"neck:yaw": 0.0})])  # fmt: skip
        scores.append(Score(name, moments, together(idle(random), chew)))
    if not dog:
        high = {
            **STANDING,
            "z": -0.004,
            **planted(),
            **level(),
            "neck": -30.0,
            "head": -24.0,
            "fore.L:ahead": 0.05,
        }
        pluck = waves(("neck", 2.5, 3.0, 0.0), ("head", 3.0, 6.0, 0.1), ("head:roll", 3.0, 3.0, 0.2))
        moments = timed(
            [
                (0, high),
                (28, {"neck:yaw": 18.0, "neck": -24.0}),
                (60, {"neck:yaw": -12.0, "neck": -33.0}),
                (84, high | {"neck:yaw": 0.0}),
            ]
        )
        scores.append(Score("browse_high", moments, together(idle(random), pluck)))
    low = head_to(
        build,
        0.03,
        {**STANDING, "z": -0.015, **planted(), **level(), "chest:pitch": 9.0 if dog else 3.0},
        nose=70.0,
    )
    sniff = waves(("lips", 0.008, 9.0, 0.0), ("neck:yaw", 4.0, 3.0, 0.25))
    moments = timed(
        [
            (0, low | {"lips": 0.03, "neck": low["neck"] + 4.0}),
            (20, {"neck:yaw": 26.0, "lips": 0.05}),
            (46, {"neck:yaw": -20.0, "lips": 0.02}),
            (70, low | {"lips": 0.03, "neck": low["neck"] + 4.0, "neck:yaw": 0.0}),
        ]
    )
    scores.append(Score("sniff_ground", moments, together(idle(random), sniff)))
    return scores


def _looking(build: Build, dog: bool, seed: int) -> list[Score]:
    """Looking left, right and back, and alarmed."""
    random = chance(seed, 3)
    calm = {**STANDING, "z": -0.008, **planted(), **level(), "neck": 2.0, "head": -2.0, "tail": 3.0}
    alert = calm | {
        "neck": -12.0,
        "head": 6.0,
        "ears": 8.0,
        "tail": 12.0,
        "fore.L:ahead": 0.05,
        "hind.R:ahead": -0.06,
    }
    far, other = random.uniform(58.0, 72.0, 2)
    around = [
        (0, alert), (16, {"neck:yaw": far, "neck": -8.0, "chest:yaw": 3.0}), (30, {}),
        (52, {"neck:yaw": -other, "chest:yaw": -3.0}), (68, {}),
        (86, alert | {"neck:yaw": 0.0, "chest:yaw": 0.0}),
    ]  # fmt: skip
    still = waves(("head", 2.0, 2.0, 0.0), ("neck", 1.2, 3.0, 0.3))
    scores = [
        Score("look_around", timed(around), together(idle(random), still)),
        Score(
            "look_alert",
            timed(
                [
                    (0, alert),
                    (10, {"neck": -18.0, "head": 10.0}),
                    (34, {"neck:yaw": 12.0}),
                    (58, alert | {"neck:yaw": 0.0}),
                ]
            ),
            together(idle(random, 3), breathing(0.6, 4)),
        ),
    ]
    for right in (False, True):
        side = "right" if right else "left"
        back = random.uniform(82.0, 100.0)
        moments = timed([
            (0, calm), (18, {"neck:yaw": back, "chest:yaw": 8.0, "spine:yaw": 6.0, "neck": 6.0, "head": -6.0,
                             "head:roll": -6.0, "x": -0.012}),
            (44, {"neck:yaw": 0.92 * back, "neck": 2.0}),
            (62, calm | {"neck:yaw": 0.0, "head:roll": 0.0}),
        ])  # fmt: skip
        scores.append(Score(f"look_{side}", on_side(moments, right), together(idle(random), still)))
    return scores
