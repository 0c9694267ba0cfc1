"""Shaking, scratching, stretching and pawing on the spot, and with them all lively motions.

A wet dog shakes at 4 to 6 Hz, its skin far further than its spine (Dickerson, Mills & Hu, J. R. Soc.
Interface 9, 2012). Horses paw with one forefoot, drawing it back over the ground (Waring, Horse Behavior,
2nd ed. 2003).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .folded_legs import balanced, carried_along, resting_heights, stretched_foreleg
from .leaping_motions import jumping_scores, kicking_scores, rearing_scores
from .postures import Build, Moment, Overlay, Posture, Score
from .sitting_motions import seated
from .standing_postures import (
    CALM,
    STANDING,
    breathing,
    chance,
    head_to,
    held_leg,
    idle,
    level,
    on_side,
    planted,
    timed,
    waves,
)
from .sweep import FloatArray


def lively_scores(build: Build, dog: bool, seed: int) -> list[Score]:
    """All lively motions of a family."""
    random = chance(seed, 6)
    scores = [
        *_shaking(build, dog, random),
        *_scratching(build, dog, random),
        *_stretching(build, dog, random),
        *_pawing(build, dog, random),
        *jumping_scores(build, dog, random),
        *rearing_scores(build, random),
    ]
    return scores if dog else scores + kicking_scores(build, random)


def _shaking(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    beats = 8.0

    def shaken(*parts: tuple[str, float, float]) -> Overlay:
        """Numbers that swing by so much, each a share of a beat later: a wave that runs down the body."""

        def added(phase: FloatArray) -> Mapping[str, FloatArray]:
            swell = np.sin(np.pi * np.clip((phase - 0.12) / 0.76, 0.0, 1.0)) ** 2
            return {
                name: amplitude * swell * np.sin(2.0 * np.pi * (beats * phase - lag))
                for name, amplitude, lag in parts
            }

        return added

    head = (
        ("head:roll", 15.0, 0.0),
        ("neck:roll", 14.0, 0.1),
        ("neck:yaw", 6.0, 0.15),
        ("ears:out", 30.0, 0.2),
    )
    low = {**CALM, "neck": 24.0, "head": -16.0}
    scores = [Score("shake_head", timed([(0, CALM), (12, low), (38, low), (50, CALM)]), shaken(*head))]
    body = (
        *head,
        ("chest:roll", 7.0, 0.25),
        ("spine:roll", 5.0, 0.4),
        ("pelvis:roll", 4.0, 0.55),
        ("tail:sway", 26.0, 0.7),
    )
    wide = {**CALM, "z": -0.035, "neck": 22.0, "head": -14.0}
    for limb in ("fore.L", "fore.R", "hind.L", "hind.R"):
        wide[f"{limb}:out"] = 0.025 if dog else 0.015
    start = {name: value for name, value in wide.items() if name.endswith(":out")} | {"z": -0.015}
    scores.append(
        Score(
            "shake_body",
            timed([(0, {**CALM, **start}), (10, wide), (42, wide), (52, {**CALM, **start})]),
            shaken(*body),
        )
    )
    nod = timed(
        [
            (0, CALM),
            (8, {"neck": -10.0, "head": 14.0}),
            (15, {"neck": 16.0, "head": -12.0}),
            (22, {"neck": -8.0, "head": 12.0}),
            (30, {"neck": 14.0, "head": -10.0}),
            (42, CALM),
        ]
    )
    scores.append(Score("shake_nodding", nod, idle(random)))
    return scores


def _scratching(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    scores = []
    sitting = _scratch_sitting(build) if dog else []
    rub = waves(("head", 3.0, 6.0, 0.0), ("neck", 1.5, 6.0, 0.2))
    for right in (False, True):
        side = "right" if right else "left"
        reach = random.uniform(104.0, 112.0)
        flank = {
            "neck:yaw": reach,
            "neck": 26.0,
            "head": -12.0,
            "chest:yaw": 11.0,
            "spine:yaw": 10.0,
            "head:yaw": 16.0,
            "head:roll": -8.0,
            "z": -0.018,
            "x": -0.015,
        }
        moments = timed(
            [
                (0, {**CALM, "z": -0.018}),
                (18, flank),
                (40, {"neck": 34.0}),
                (58, {**CALM, "z": -0.018} | {"neck:yaw": 0.0, "head:yaw": 0.0, "head:roll": 0.0}),
            ]
        )
        scores.append(Score(f"scratch_flank_{side}", on_side(moments, right), rub))
        if dog:
            scores.append(Score(f"scratch_neck_{side}", on_side(sitting, right), lies=True))
    if not dog:
        # Muzzle to a foreleg that is set forward.
        low = head_to(build, 0.24, {**STANDING, **planted(), **level(), "z": -0.02, "chest:pitch": 4.0,
                                    "fore.L:ahead": 0.13}, nose=100.0)  # fmt: skip
        begin = {**CALM, "z": -0.02, "fore.L:ahead": 0.13}
        moments = timed(
            [
                (0, begin),
                (18, low | {"neck:yaw": 9.0}),
                (40, {"neck": low["neck"] - 5.0}),
                (60, begin | {"neck:yaw": 0.0}),
            ]
        )
        scores.append(Score("scratch_foreleg", moments, rub))
    return scores


def _scratch_sitting(build: Build) -> list[Moment]:
    """Sit on the right haunch and bring the left hind foot up to the neck, back and forth."""
    sit = seated(build, share=0.88, yaw=18.0, lean=-9.0, hunch=12.0)
    sit |= {"neck": 46.0, "head": -14.0, "neck:yaw": 34.0, "neck:roll": -14.0, "head:roll": -14.0}
    raised = held_leg(build, "hind", ".L", -70.0, -84.0, -96.0, -96.0, -92.0, out=24.0)
    stroke = held_leg(build, "hind", ".L", -76.0, -98.0, -116.0, -118.0, -114.0, out=22.0)
    half = held_leg(build, "hind", ".L", -62.0, -6.0, -84.0, -60.0, -50.0, out=22.0)
    beats: list[tuple[float, Posture]] = [(0, sit), (8, half), (15, raised)]
    beats += [(18.0 + 3.0 * i, stroke if i % 2 == 0 else raised) for i in range(8)]
    held = carried_along(build, sit, ".L")
    return timed(
        [
            beats[0],
            (5, held),
            *[(at + 4, pose) for at, pose in beats[1:]],
            (50, half),
            (57, {**sit, **held}),
            (63, sit),
        ]
    )


def _stretching(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    shoulder_up, hip_up = resting_heights(build)
    low = 0.50 if dog else 0.68
    trunk = {
        **CALM,
        "y": 0.11,
        "spine:pitch": -7.0,
        "chest:pitch": -9.0,
        "neck": -4.0,
        "head": 4.0,
        "tail": 24.0,
    }
    bow = balanced(build, trunk, low * shoulder_up, 0.99 * hip_up)
    if dog:
        elbow = 0.05 * build.height + build.thickness["forearm"]
        for suffix in (".L", ".R"):
            bow |= stretched_foreleg(build, bow, suffix, yaw=2.0, blade=-14.0, elbow_up=elbow)
    else:
        bow |= {"fore.L:ahead": 0.26, "fore.R:ahead": 0.24, "hind.L:ahead": 0.0}
    step = {f"fore{side}:ahead": bow[f"fore{side}:ahead"] for side in (".L", ".R")}
    moments = timed(
        [
            (0, CALM),
            (10, {"fore.L:ahead": 0.6 * step["fore.L:ahead"], "z": -0.03}),
            (20, {"fore.R:ahead": 0.6 * step["fore.R:ahead"], "z": -0.05, "y": 0.04, "neck": 8.0}),
            (34, bow),
            (52, {"neck": -10.0, "y": 0.125}),
            (66, {**CALM, "y": 0.03, "z": -0.05, "fore.L:ahead": 0.10, "fore.R:ahead": 0.10}),
            (76, {**CALM, "fore.R:ahead": 0.10}),
            (84, CALM),
        ]
    )
    scores = [Score("stretch_bow", moments, breathing(0.3, 2))]
    # Then the hind legs, one after the other, trailing behind.
    reach = {
        **CALM,
        "y": -0.06,
        "z": -0.035,
        "spine:pitch": -4.0,
        "pelvis:pitch": 2.0,
        "neck": -8.0,
        "head": 4.0,
        "hind.L:ahead": -0.30,
        "hind.L:hoof": 26.0,
        "hind.L:pastern": 4.0,
        "hind.L:flexion": 4.0,
    }
    moments = timed(
        [(0, CALM), (16, reach), (36, {"hind.L:ahead": -0.30, "neck": -14.0}), (52, CALM)], lift=0.06
    )
    return [*scores, Score("stretch_hind", on_side(moments, bool(random.integers(2))), idle(random))]


def _pawing(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    scores = []
    for right in (False, True):
        low = {
            **CALM,
            "z": -0.02,
            "x": -0.02,
            "neck": 40.0 if not dog else 62.0,
            "head": -26.0,
            "chest:roll": -1.5,
        }
        raised = {"fore.L:ahead": 0.17, "fore.L:up": 0.17, "fore.L:flexion": 66.0, "fore.L:hoof": 34.0}
        reach = {"fore.L:ahead": 0.24, "fore.L:up": 0.06, "fore.L:flexion": 14.0, "fore.L:hoof": 6.0}
        struck = {"fore.L:ahead": 0.19, "fore.L:up": 0.0, "fore.L:flexion": 4.0, "fore.L:hoof": 8.0}
        drawn = {"fore.L:ahead": -0.06, "fore.L:up": 0.012, "fore.L:flexion": 14.0, "fore.L:hoof": 34.0}
        beats: list[tuple[float, Posture]] = [(0, {**CALM, "z": -0.02}), (10, low | raised)]
        for i in range(3):
            at = 10.0 + 18.0 * i
            beats += [(at + 4, reach), (at + 6, struck), (at + 12, drawn), (at + 18, raised)]
        beats.append((78, {**CALM, "z": -0.02}))
        name = f"{'dig' if dog else 'paw'}_{'right' if right else 'left'}"
        scores.append(Score(name, on_side(timed(beats, random.uniform(0.9, 1.15)), right)))
    return scores
