"""Rearing, kicking, bucking, jumping, shaking, scratching, stretching and pawing on the spot.

A rearing horse stands with its trunk at 45 to 60 degrees, the forelegs folded; a kicking one shifts its weight
forwards, lowers the head and throws both hind legs out until stifle and hock are almost straight (Waring,
Horse Behavior, 2nd ed. 2003; joint ranges of Back & Clayton, Equine Locomotion, 2nd ed. 2013). A wet dog
shakes at 4 to 6 Hz, its skin far further than its spine (Dickerson, Mills & Hu, J. R. Soc. Interface 9, 2012).
"""

from __future__ import annotations

import numpy as np

from .folded_legs import balanced, resting_heights, stretched_foreleg
from .postures import Build, Moment, Posture, Score
from .sitting_motions import seated
from .standing_postures import (
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
    together,
    waves,
)

_CALM = {**STANDING, **planted(), **level(), "neck": 4.0, "head": -3.0, "tail": 4.0, "ears": 0.0}


def lively_scores(build: Build, dog: bool, seed: int) -> list[Score]:
    """All lively motions of a family."""
    random = chance(seed, 6)
    scores = [*_shaking(build, dog, random), *_scratching(build, dog, random), *_stretching(build, dog, random),
              *_pawing(build, dog, random), *_jumping(build, dog, random), *_rearing(build, dog, random)]  # fmt: skip
    return scores if dog else scores + _kicking(build, random)


def _rearing(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    shoulder_up, hip_up = resting_heights(build)
    scores = []
    for name, rise, pace in (("rear", random.uniform(42.0, 50.0), 1.0), ("rear_low", random.uniform(24.0, 32.0), 0.85)):
        back = 0.05 + 0.0042 * rise
        low = balanced(build, {**_CALM, "y": 0.06, "neck": 10.0, "head": -16.0}, 0.90 * shoulder_up, 0.90 * hip_up)
        drop = -0.035 - 0.0006 * rise
        up = {
            **level(), "pelvis:pitch": -rise, "spine:pitch": -4.0, "chest:pitch": -3.0, "y": back - 0.05, "z": drop,
            "neck": 0.34 * rise, "head": 0.10 * rise, "ears": 12.0, "tail": 18.0,
            **held_leg(build, "fore", ".L", -26.0, -58.0, 34.0, 60.0, 90.0, blade=-8.0),
            **held_leg(build, "fore", ".R", -16.0, -38.0, 46.0, 76.0, 104.0, blade=-4.0),
        }  # fmt: skip
        strike = {
            **held_leg(build, "fore", ".L", -14.0, -40.0, 50.0, 80.0, 108.0, blade=-4.0),
            **held_leg(build, "fore", ".R", -30.0, -66.0, 12.0, 40.0, 66.0, blade=-10.0), "neck": 0.25 * rise,
        }  # fmt: skip
        off = {**up, "pelvis:pitch": -0.35 * rise, "y": 0.5 * back, "z": 0.5 * drop,
               **held_leg(build, "fore", ".L", -4.0, -24.0, 30.0, 44.0, 60.0),
               **held_leg(build, "fore", ".R", 2.0, -12.0, 28.0, 44.0, 60.0)}  # fmt: skip
        moments = timed([
            (0, _CALM), (10, low), (17, off), (28, up), (36, strike), (44, up), (56, off),
            (65, {**_CALM, "z": -0.03, "neck": 16.0, "head": -10.0}), (74, _CALM),
        ], pace)  # fmt: skip
        scores.append(Score(name, moments, idle(random)))
    return scores


def _kicking(build: Build, random: np.random.Generator) -> list[Score]:
    _, hip_up = resting_heights(build)
    shoulder_up = resting_heights(build)[0]
    high = random.uniform(1.10, 1.16)
    ready = balanced(build, {**_CALM, "y": -0.02, "neck": 24.0, "head": -18.0, "ears": 14.0}, 0.97 * shoulder_up, 0.94 * hip_up)
    lift = balanced(build, {**_CALM, "y": -0.05, "neck": 34.0, "head": -26.0, "ears": 14.0, "spine:pitch": 4.0}, 0.93 * shoulder_up, 1.06 * hip_up)  # fmt: skip
    throw = balanced(build, {**_CALM, "y": -0.06, "neck": 44.0, "head": -34.0, "ears": 14.0, "spine:pitch": -4.0, "tail": 60.0},
                     0.92 * shoulder_up, high * hip_up)  # fmt: skip

    def drawn(suffix: str) -> dict[str, float]:
        return held_leg(build, "hind", suffix, -22.0, 18.0, -34.0, 10.0, 20.0)

    def thrown(suffix: str, less: float = 0.0) -> dict[str, float]:
        return held_leg(build, "hind", suffix, 38.0 - less, 26.0 - less, 62.0 - less, 70.0 - less, 92.0 - less)

    for pose in (ready, lift, throw):
        for limb in ("fore.L", "fore.R"):
            pose |= {f"{limb}:ahead": -0.03 if limb == "fore.R" else 0.03}
    calm = {**_CALM, "fore.L:ahead": 0.03, "fore.R:ahead": -0.03}
    both = timed([
        (0, calm), (10, ready), (16, {**lift, **drawn(".L"), **drawn(".R")}),
        (22, {**throw, **thrown(".L"), **thrown(".R", 6.0)}), (30, {**lift, **drawn(".L"), **drawn(".R")}),
        (37, {**ready, "z": ready["z"] - 0.01}), (48, calm),
    ], random.uniform(0.95, 1.1))  # fmt: skip
    scores = [Score("kick_both", both)]
    for right in (False, True):
        lean = {"pelvis:roll": 3.0, "x": -0.035, "pelvis:pitch": 4.0, "ears": 14.0, "neck:yaw": 14.0}
        less = random.uniform(4.0, 14.0)
        one = timed([
            (0, _CALM), (10, {**ready, **lean, "pelvis:pitch": ready["pelvis:pitch"]}),
            (16, {**lean, "neck": 20.0, **drawn(".L")}), (22, {"pelvis:pitch": 8.0, "neck": 26.0, **thrown(".L", less)}),
            (31, {"pelvis:pitch": 4.0, **drawn(".L")}), (40, {**_CALM, "neck:yaw": 0.0}),
        ])  # fmt: skip
        scores.append(Score(f"kick_{'right' if right else 'left'}", on_side(one, right)))
    # A stamp of the hind foot at flies on the belly.
    stamp = timed([
        (0, _CALM), (9, {"x": -0.025, "pelvis:roll": 1.5, "hind.L:ahead": 0.16, "hind.L:up": 0.16, "hind.L:hoof": 14.0,
                         "hind.L:flexion": -18.0, "neck": 14.0, "neck:yaw": 20.0}),
        (15, {"hind.L:up": 0.12}), (20, {"hind.L:ahead": 0.0, "hind.L:up": 0.0, "hind.L:hoof": 0.0, "hind.L:flexion": 0.0}),
        (32, _CALM | {"neck:yaw": 0.0}),
    ])  # fmt: skip
    return [*scores, Score("kick_at_belly", stamp, idle(random))]


def _airborne(build: Build, fold: float) -> dict[str, float]:
    """All four legs in the air, from hanging (0) to drawn up (1)."""
    legs: dict[str, float] = {}
    for suffix, more in ((".L", 1.0), (".R", 0.86)):
        f = fold * more
        legs |= held_leg(build, "fore", suffix, -18.0 * f, -52.0 * f, 42.0 * f, 30.0 + 50.0 * f, 40.0 + 60.0 * f)
        legs |= held_leg(build, "hind", suffix, -26.0 * f, 24.0 * f, -30.0 * f, 24.0 + 16.0 * f, 30.0 + 26.0 * f)
    return legs


def _jumping(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    shoulder_up, hip_up = resting_heights(build)
    crouch = balanced(build, {**_CALM, "neck": 14.0, "head": -10.0, "spine:pitch": 4.0}, 0.84 * shoulder_up, 0.82 * hip_up)
    # An animal jumps by its legs' length.
    legs = shoulder_up / (0.71 * build.height)
    high = legs * random.uniform(0.20, 0.30)
    hang = {**_CALM, **_airborne(build, 0.15), "z": 0.10 * legs, "pelvis:pitch": -4.0, "neck": -4.0, "tail": 30.0}
    top = {**hang, **_airborne(build, 0.75), "z": high, "pelvis:pitch": 0.0}
    fall = {**hang, "z": 0.08 * legs, "pelvis:pitch": 3.0}
    jump = timed([(0, _CALM), (8, crouch), (13, hang), (18, top), (23, fall), (28, crouch), (38, _CALM)])
    landed = balanced(build, {**_CALM, "spine:pitch": 4.0}, 0.86 * shoulder_up, 1.02 * hip_up)
    arched = {"spine:pitch": 9.0, "chest:pitch": 6.0, "neck": 40.0, "head": 6.0, "ears": 14.0, "tail": 40.0}
    buck = timed([
        (0, _CALM), (8, crouch), (13, {**hang, **arched, "pelvis:pitch": -8.0}),
        (18, {**top, **arched, **_airborne(build, 0.5), "z": high, "pelvis:pitch": 6.0}),
        (23, {**fall, **arched, "pelvis:pitch": 12.0, "z": 0.10 * legs,
              **{name: value for side in (".L", ".R") for name, value in
                 held_leg(build, "hind", side, 26.0, 20.0, 46.0, 60.0, 80.0).items()}}),
        (28, {**landed, "neck": 34.0, "head": -20.0,
              **{name: value for side in (".L", ".R") for name, value in
                 held_leg(build, "hind", side, -14.0, 14.0, -10.0, 14.0, 20.0).items()}}),
        (33, crouch), (44, _CALM),
    ])  # fmt: skip
    scores = [Score("jump_up", jump)]
    if dog:
        # Front end up and down again, as a dog that asks to play.
        hop = timed([
            (0, _CALM), (7, {"z": -0.05, "pelvis:pitch": 3.0}),
            (12, {"pelvis:pitch": -14.0, "z": -0.03, "neck": -4.0, **{name: value for side in (".L", ".R") for name, value
                  in held_leg(build, "fore", side, -14.0, -34.0, 34.0, 50.0, 60.0).items()}}),
            (18, {**_CALM, "z": -0.06, "pelvis:pitch": 4.0}), (28, _CALM),
        ])  # fmt: skip
        return [*scores, Score("jump_forelegs", hop)]
    return [*scores, Score("buck", buck)]


def _shaking(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    beats = 8.0

    def burst(names: tuple[tuple[str, float, float], ...], frames: float) -> list[tuple[str, float, float]]:
        return [(name, amplitude, lag) for name, amplitude, lag in names]

    def shaken(parts: tuple[tuple[str, float, float], ...]):  # type: ignore[no-untyped-def]
        def added(phase: np.ndarray) -> dict[str, np.ndarray]:
            swell = np.sin(np.pi * np.clip((phase - 0.12) / 0.76, 0.0, 1.0)) ** 2
            return {
                name: amplitude * swell * np.sin(2.0 * np.pi * (beats * phase - lag)) for name, amplitude, lag in parts
            }

        return added

    head = (("head:roll", 15.0, 0.0), ("neck:roll", 14.0, 0.1), ("neck:yaw", 6.0, 0.15), ("ears:out", 30.0, 0.2))
    low = {**_CALM, "neck": 24.0, "head": -16.0}
    scores = [Score("shake_head", timed([(0, _CALM), (12, low), (38, low), (50, _CALM)]), shaken(head))]
    body = (*head, ("chest:roll", 7.0, 0.25), ("spine:roll", 5.0, 0.4), ("pelvis:roll", 4.0, 0.55), ("tail:sway", 26.0, 0.7))
    wide = {**_CALM, "z": -0.035, "neck": 22.0, "head": -14.0}
    for limb in ("fore.L", "fore.R", "hind.L", "hind.R"):
        wide[f"{limb}:out"] = 0.025 if dog else 0.015
    start = {name: value for name, value in wide.items() if name.endswith(":out")} | {"z": -0.015}
    scores.append(Score("shake_body", timed([(0, {**_CALM, **start}), (10, wide), (42, wide), (52, {**_CALM, **start})]),
                        shaken(body)))  # fmt: skip
    nod = timed([(0, _CALM), (8, {"neck": -10.0, "head": 14.0}), (15, {"neck": 16.0, "head": -12.0}),
                 (22, {"neck": -8.0, "head": 12.0}), (30, {"neck": 14.0, "head": -10.0}), (42, _CALM)])  # fmt: skip
    scores.append(Score("shake_nodding", nod, idle(random)))
    return scores


def _scratching(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    scores = []
    rub = waves(("head", 3.0, 6.0, 0.0), ("neck", 1.5, 6.0, 0.2))
    for right in (False, True):
        side = "right" if right else "left"
        reach = random.uniform(104.0, 112.0)
        flank = {"neck:yaw": reach, "neck": 26.0, "head": -12.0, "chest:yaw": 11.0, "spine:yaw": 10.0, "head:yaw": 16.0,
                 "head:roll": -8.0, "z": -0.018, "x": -0.015}  # fmt: skip
        moments = timed([(0, {**_CALM, "z": -0.018}), (18, flank), (40, {"neck": 34.0}), (58, {**_CALM, "z": -0.018} | {"neck:yaw": 0.0, "head:yaw": 0.0, "head:roll": 0.0})])  # fmt: skip
        scores.append(Score(f"scratch_flank_{side}", on_side(moments, right), rub))
        if dog:
            scores.append(Score(f"scratch_neck_{side}", on_side(_scratch_sitting(build), right), lies=True))
    if not dog:
        # Muzzle to a foreleg that is set forward.
        low = head_to(build, 0.24, {**STANDING, **planted(), **level(), "z": -0.02, "chest:pitch": 4.0,
                                    "fore.L:ahead": 0.13}, nose=100.0)  # fmt: skip
        begin = {**_CALM, "z": -0.02, "fore.L:ahead": 0.13}
        moments = timed([(0, begin), (18, low | {"neck:yaw": 9.0}), (40, {"neck": low["neck"] - 5.0}), (60, begin | {"neck:yaw": 0.0})])  # fmt: skip
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
    lifted = {"hind.L:up": sit["hind.L:up"] + 0.07, "hind.L:out": sit["hind.L:out"] + 0.05,
              "hind.L:ahead": sit["hind.L:ahead"] + 0.09}  # fmt: skip
    return timed([beats[0], (5, lifted), *[(at + 3, pose) for at, pose in beats[1:]], (49, half), (56, {**sit, **lifted}),
                  (61, sit)])  # fmt: skip


def _stretching(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    shoulder_up, hip_up = resting_heights(build)
    low = 0.50 if dog else 0.68
    trunk = {**_CALM, "y": 0.11, "spine:pitch": -7.0, "chest:pitch": -9.0, "neck": -4.0, "head": 4.0, "tail": 24.0}
    bow = balanced(build, trunk, low * shoulder_up, 0.99 * hip_up)
    if dog:
        elbow = 0.05 * build.height + build.thickness["forearm"]
        for suffix in (".L", ".R"):
            bow |= stretched_foreleg(build, bow, suffix, yaw=2.0, blade=-14.0, elbow_up=elbow)
    else:
        bow |= {"fore.L:ahead": 0.26, "fore.R:ahead": 0.24, "hind.L:ahead": 0.0}
    step = {f"fore{side}:ahead": bow[f"fore{side}:ahead"] for side in (".L", ".R")}
    moments = timed([
        (0, _CALM), (10, {"fore.L:ahead": 0.6 * step["fore.L:ahead"], "z": -0.03}),
        (20, {"fore.R:ahead": 0.6 * step["fore.R:ahead"], "z": -0.05, "y": 0.04, "neck": 8.0}),
        (34, bow), (52, {"neck": -10.0, "y": 0.125}), (66, {**_CALM, "y": 0.03, "z": -0.05, "fore.L:ahead": 0.10,
                                                          "fore.R:ahead": 0.10}),
        (76, {**_CALM, "fore.R:ahead": 0.10}), (84, _CALM),
    ])  # fmt: skip
    scores = [Score("stretch_bow", moments, breathing(0.3, 2))]
    # Then the hind legs, one after the other, trailing behind.
    reach = {**_CALM, "y": -0.06, "z": -0.035, "spine:pitch": -4.0, "pelvis:pitch": 2.0, "neck": -8.0, "head": 4.0,
             "hind.L:ahead": -0.30, "hind.L:hoof": 26.0, "hind.L:pastern": 4.0, "hind.L:flexion": 4.0}  # fmt: skip
    moments = timed([(0, _CALM), (16, reach), (36, {"hind.L:ahead": -0.30, "neck": -14.0}), (52, _CALM)], lift=0.06)
    return [*scores, Score("stretch_hind", on_side(moments, bool(random.integers(2))), idle(random))]


def _pawing(build: Build, dog: bool, random: np.random.Generator) -> list[Score]:
    scores = []
    for right in (False, True):
        low = {**_CALM, "z": -0.02, "x": -0.02, "neck": 40.0 if not dog else 62.0, "head": -26.0, "chest:roll": -1.5}
        raised = {"fore.L:ahead": 0.17, "fore.L:up": 0.17, "fore.L:flexion": 66.0, "fore.L:hoof": 34.0}
        reach = {"fore.L:ahead": 0.24, "fore.L:up": 0.06, "fore.L:flexion": 14.0, "fore.L:hoof": 6.0}
        struck = {"fore.L:ahead": 0.19, "fore.L:up": 0.0, "fore.L:flexion": 4.0, "fore.L:hoof": 8.0}
        drawn = {"fore.L:ahead": -0.06, "fore.L:up": 0.012, "fore.L:flexion": 14.0, "fore.L:hoof": 34.0}
        beats: list[tuple[float, Posture]] = [(0, {**_CALM, "z": -0.02}), (10, low | raised)]
        for i in range(3):
            at = 10.0 + 18.0 * i
            beats += [(at + 4, reach), (at + 6, struck), (at + 12, drawn), (at + 18, raised)]
        beats.append((78, {**_CALM, "z": -0.02}))
        name = f"{'dig' if dog else 'paw'}_{'right' if right else 'left'}"
        scores.append(Score(name, on_side(timed(beats, random.uniform(0.9, 1.15)), right)))
    return scores
