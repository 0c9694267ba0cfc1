"""Gaits in numbers: footfalls, speeds, and the swing of trunk, neck and tail, for hooves and for paws.

Speeds are Froude numbers v^2 / (g h) of the hip height h, at which animals of all sizes move alike; stride
lengths and the duty factor of the walk follow from them (Alexander & Jayes, A dynamic similarity hypothesis
for the gaits of quadrupedal mammals, J. Zool. 201, 1983). The ranges of the gaits, a walk below 0.6, a trot
from 0.4 to 3, gallops above 2, are theirs and those of Heglund & Taylor (Speed, stride frequency and energy
cost per stride, J. Exp. Biol. 138, 1988). Footfalls are Hildebrand's (Symmetrical gaits of horses, Science
150, 1965; The quadrupedal gaits of vertebrates, BioScience 39, 1989): a lateral-sequence walk, singlefoot in
horses and nearer to a pace in camels and giraffes (Dagg, Gaits in mammals, Mammal Review 3, 1973); the trot
of diagonal and the pace of lateral pairs; a canter of three beats; the transverse gallop of hoofed animals,
gathered in its one flight, and the rotatory gallop of dogs and cats, which fly twice, gathered and extended.
Duty factors of the running gaits are from Biewener (J. Exp. Biol. 105, 1983) and Back & Clayton (Equine
Locomotion, 2nd ed. 2013); the swing of joints and trunk from there for horses, and from Fischer & Lilje
(Dogs in Motion, 2011) and Hildebrand (Motions of the running cheetah and horse, J. Mammal. 40, 1959) for
dogs and cats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

Quartet = tuple[float, float, float, float]


@dataclass(frozen=True)
class Gait:
    """One way of going. Lengths in hip heights, or leg lengths for a leg's own; angles in degrees.

    Attributes
    ----------
    froude
        Speed as Froude number.
    touchdown
        Share of the stride at which each hoof, in the order of :data:`~.clip.HOOVES`, is set down.
    duty
        Share of the stride that a hoof is on the ground; 0 takes it from the speed.
    stride
        Factor on the stride length that goes with the speed.
    lift
        Height of fore and hind toes above the ground in mid-swing.
    peak
        Share of the swing at which fore and hind toes are highest.
    throw
        How far forefeet are flung forward before they land, and hind feet back after they have pushed off.
    heave
        Half the rise and fall of hips and shoulders, highest over the legs in mid-stance where positive,
        lowest there where negative.
    beats
        How often they rise in a stride.
    crouch
        How much lower the trunk is carried than in standing.
    bend, arch
        Half the flexion and extension of the back in a stride, and its flexion on average.
    roll, yaw
        Swing of the hips about the other two axes.
    neck, head
        How far the neck is lowered, and the nose against the neck.
    nod
        Swing of the neck.
    look
        Turn of the head to the left.
    tail
        How far the tail is raised.
    sway
        Swing of the tail to the sides.
    lane
        Share of its distance from the middle that a hoof is set down further in.
    shift
        How far behind its place at rest fore and hind hooves have the middle of their stance.
    sink
        Extension of the fetlock under load.
    ears
        How far the ears are laid back.
    """

    froude: float
    touchdown: Quartet
    duty: float = 0.0
    stride: float = 1.0
    lift: tuple[float, float] = (0.07, 0.055)
    peak: tuple[float, float] = (0.44, 0.42)
    throw: tuple[float, float] = (0.0, 0.0)
    heave: tuple[float, float] = (0.012, 0.010)
    beats: int = 2
    crouch: float = 0.010
    bend: float = 0.0
    arch: float = 0.0
    roll: float = 0.0
    yaw: float = 0.0
    neck: float = 0.0
    head: float = 0.0
    nod: float = 0.0
    look: float = 0.0
    tail: float = 0.0
    sway: float = 6.0
    lane: float = 0.12
    shift: tuple[float, float] = (0.0, 0.0)
    sink: float = 10.0
    ears: float = 0.0


def _symmetric(lag: float) -> Quartet:
    """Footfalls of a gait whose forefoot follows the hind one of its side by ``lag`` of the stride."""
    return 0.0, lag % 1.0, 0.5, (lag + 0.5) % 1.0


def _mirrored(gait: Gait) -> Gait:
    left_hind, left_fore, right_hind, right_fore = gait.touchdown
    return replace(gait, touchdown=(right_hind, right_fore, left_hind, left_fore), look=-gait.look)


def _both_leads(name: str, gait: Gait) -> dict[str, Gait]:
    """The gait as given, on the right lead, and its mirror image."""
    return {f"{name}_right": gait, f"{name}_left": _mirrored(gait)}


def _hoofed() -> dict[str, Gait]:
    walk = Gait(
        froude=0.20, touchdown=_symmetric(0.23), lift=(0.085, 0.053), heave=(0.014, 0.011), roll=3.0, yaw=3.5,
        neck=9.0, head=-5.0, nod=3.5, tail=3.0, sink=9.0,
    )  # fmt: skip
    amble = replace(walk, touchdown=_symmetric(0.11), yaw=3.0, lane=0.3, nod=4.5, roll=4.0)
    trot = Gait(
        froude=0.9, touchdown=_symmetric(0.5), duty=0.42, stride=0.90, lift=(0.16, 0.098),
        heave=(-0.022, -0.020),
        crouch=0.012, roll=2.0, yaw=2.0, neck=2.0, head=-3.0, nod=1.2, tail=16.0, sway=5.0, lane=0.2,
        sink=16.0,
        ears=4.0,
    )  # fmt: skip
    pace = replace(trot, touchdown=_symmetric(0.05), froude=0.8, duty=0.45, roll=4.5, lane=0.35)
    canter = Gait(
        froude=2.0, touchdown=(0.0, 0.28, 0.26, 0.50), duty=0.38, stride=0.92, lift=(0.22, 0.139),
        heave=(-0.035, -0.045), beats=1, crouch=0.02, bend=4.5, roll=1.0, yaw=2.0, neck=4.0, head=-4.0,
        nod=6.0,
        tail=26.0, sway=5.0, lane=0.25, shift=(0.02, -0.03), sink=19.0, ears=8.0,
    )  # fmt: skip
    gallop = Gait(
        froude=4.6, touchdown=(0.0, 0.35, 0.14, 0.52), duty=0.27, stride=0.94, lift=(0.28, 0.18),
        heave=(-0.032, -0.042), beats=1, crouch=0.035, bend=8.0, arch=-2.0, roll=1.0, yaw=1.5, neck=16.0,
        head=-12.0, nod=6.0, tail=40.0, sway=6.0, lane=0.35, peak=(0.42, 0.46), throw=(0.10, 0.05),
        shift=(0.0, -0.02), sink=24.0, ears=18.0,
    )  # fmt: skip
    return {
        "walk": walk,
        "walk_slow": replace(walk, froude=0.07, lift=(0.06, 0.037), nod=2.5, neck=14.0, ears=6.0),
        "walk_brisk": replace(walk, froude=0.38, lift=(0.10, 0.061), nod=4.5, neck=4.0, tail=7.0),
        "walk_extended": replace(walk, froude=0.34, stride=1.12, neck=14.0, head=-10.0, nod=5.0),
        "walk_short": replace(walk, froude=0.16, stride=0.78, neck=0.0, head=4.0, lift=(0.11, 0.066)),
        "walk_head_low": replace(walk, froude=0.12, neck=46.0, head=-34.0, nod=2.5, ears=3.0),
        "walk_head_high": replace(walk, froude=0.24, neck=-14.0, head=6.0, nod=2.0, tail=12.0, ears=-6.0),
        "walk_head_left": replace(walk, froude=0.15, look=40.0, neck=2.0, nod=2.0),
        "walk_head_right": replace(walk, froude=0.18, look=-46.0, neck=-4.0, head=2.0, nod=2.0),
        "walk_amble": amble,
        "walk_amble_slow": replace(amble, froude=0.10, lift=(0.065, 0.041), neck=16.0, nod=4.0),
        "trot": trot,
        "trot_slow": replace(trot, froude=0.45, duty=0.48, lift=(0.12, 0.074), heave=(-0.014, -0.013),
            neck=8.0),
        "trot_brisk": replace(trot, froude=1.5, duty=0.38, lift=(0.18, 0.115), tail=20.0),
        "trot_extended": replace(trot, froude=2.3, duty=0.33, throw=(0.08, 0.05), lift=(0.19, 0.123),
            neck=10.0, head=-9.0, tail=22.0),
        "trot_collected": replace(
            trot, froude=0.40, duty=0.45, stride=0.82, lift=(0.25, 0.156), heave=(-0.032, -0.030), neck=-16.0,
            head=17.0, tail=30.0,
        ),
        "trot_head_low": replace(trot, froude=0.7, neck=34.0, head=-26.0),
        "trot_head_high": replace(trot, froude=1.1, neck=-16.0, head=4.0, tail=34.0, ears=-8.0),
        "trot_head_left": replace(trot, froude=0.8, look=34.0, neck=-8.0),
        "pace": pace,
        "pace_fast": replace(pace, froude=1.8, duty=0.36, lift=(0.18, 0.115), neck=8.0, head=-6.0),
        **_both_leads("canter", canter),
        **_both_leads(
            "canter_slow",
            replace(canter, froude=1.1, duty=0.43, stride=0.86, lift=(0.24, 0.148), neck=-8.0, head=10.0,
                tail=22.0),
        ),
        **_both_leads(
            "canter_fast", replace(canter, froude=3.0, duty=0.33, touchdown=(0.0, 0.31, 0.22, 0.50), neck=9.0)
        ),
        **_both_leads("gallop", gallop),
        **_both_leads("gallop_slow", replace(gallop, froude=3.2, duty=0.31, neck=8.0, head=-6.0, tail=32.0)),
        **_both_leads(
            "gallop_fast",
            replace(gallop, froude=7.5, duty=0.22, lift=(0.31, 0.205), bend=10.0, neck=24.0, head=-18.0,
                ears=26.0),
        ),
    }  # fmt: skip


def _pawed() -> dict[str, Gait]:
    walk = Gait(
        froude=0.20, touchdown=_symmetric(0.20), lift=(0.10, 0.061), heave=(0.014, 0.012), roll=4.0, yaw=4.5,
        neck=14.0, head=-8.0, nod=2.5, tail=12.0, sway=9.0, lane=0.25, sink=9.0,
    )  # fmt: skip
    amble = replace(walk, touchdown=_symmetric(0.10), roll=4.5, lane=0.35)
    trot = Gait(
        froude=1.0, touchdown=_symmetric(0.5), duty=0.42, stride=0.90, lift=(0.18, 0.115),
        heave=(-0.022, -0.022),
        crouch=0.02, bend=1.0, roll=2.5, yaw=3.0, neck=16.0, head=-11.0, nod=1.5, tail=28.0, sway=8.0,
        lane=0.45,
        sink=12.0, ears=6.0,
    )  # fmt: skip
    pace = replace(trot, touchdown=_symmetric(0.04), froude=0.7, duty=0.45, bend=0.0, roll=4.0, lane=0.4)
    canter = Gait(
        froude=2.0, touchdown=(0.0, 0.30, 0.22, 0.48), duty=0.36, stride=0.92, lift=(0.24, 0.164),
        heave=(-0.030, -0.045), beats=1, crouch=0.03, bend=13.0, arch=4.0, roll=1.0, yaw=2.5, neck=12.0,
        head=-9.0,
        nod=6.0, tail=36.0, sway=9.0, lane=0.45, shift=(0.0, -0.05), sink=15.0, ears=12.0,
    )  # fmt: skip
    # The first four feet of a rotatory gallop go round: hind, hind, the fore of the second one's side, fore.
    gallop = Gait(
        froude=5.5, touchdown=(0.0, 0.57, 0.10, 0.45), duty=0.24, stride=1.06, lift=(0.28, 0.205),
        peak=(0.36, 0.58), throw=(0.20, 0.14), heave=(-0.030, -0.040), beats=1, crouch=0.06, bend=25.0,
        arch=6.0, roll=1.0, yaw=2.0, neck=18.0, head=-14.0, nod=7.0, tail=44.0, sway=10.0, lane=0.5,
        shift=(-0.02, 0.04), sink=18.0, ears=24.0,
    )  # fmt: skip
    return {
        "walk": walk,
        "walk_slow": replace(walk, froude=0.07, lift=(0.07, 0.045), neck=22.0, head=-14.0, tail=6.0),
        "walk_brisk": replace(walk, froude=0.40, lift=(0.12, 0.074), neck=8.0, head=-5.0, tail=20.0),
        "walk_extended": replace(walk, froude=0.34, stride=1.10, neck=20.0, head=-14.0),
        "walk_short": replace(walk, froude=0.15, stride=0.78, neck=2.0, head=0.0, tail=26.0),
        "walk_head_low": replace(walk, froude=0.12, neck=52.0, head=-22.0, nod=2.0, tail=8.0, ears=-4.0),
        "walk_head_high": replace(walk, froude=0.22, neck=-6.0, head=2.0, tail=30.0, ears=-6.0),
        "walk_head_left": replace(walk, froude=0.15, look=42.0, neck=6.0),
        "walk_head_right": replace(walk, froude=0.18, look=-48.0, neck=4.0),
        "walk_amble": amble,
        "walk_amble_slow": replace(amble, froude=0.10, lift=(0.08, 0.049), neck=24.0, head=-16.0),
        "crouch_stalk": replace(
            walk, froude=0.05, stride=1.05, crouch=0.14, neck=38.0, head=-34.0, nod=1.0, lift=(0.09, 0.066),
            arch=4.0, tail=4.0, sway=3.0, roll=3.0, ears=8.0,
        ),
        "crouch_stalk_low": replace(
            walk, froude=0.03, stride=0.95, crouch=0.21, neck=40.0, head=-38.0, nod=0.5, lift=(0.08, 0.057),
            arch=2.0, tail=2.0, sway=2.0, roll=2.0, ears=16.0,
        ),
        "trot": trot,
        "trot_slow": replace(trot, froude=0.5, duty=0.48, lift=(0.14, 0.09), heave=(-0.014, -0.014),
            neck=20.0),
        "trot_brisk": replace(trot, froude=1.6, duty=0.38, lift=(0.20, 0.131), tail=24.0),
        "trot_extended": replace(trot, froude=2.3, duty=0.33, throw=(0.08, 0.05), lift=(0.21, 0.148),
            bend=3.0, neck=22.0, head=-16.0),
        "trot_head_low": replace(trot, froude=0.7, neck=46.0, head=-22.0, tail=20.0),
        "trot_head_high": replace(trot, froude=0.9, neck=-4.0, head=0.0, tail=50.0, ears=-6.0),
        "trot_head_left": replace(trot, froude=0.8, look=36.0, neck=6.0),
        "pace": pace,
        "pace_fast": replace(pace, froude=1.6, duty=0.37, lift=(0.20, 0.131)),
        **_both_leads("canter", canter),
        **_both_leads("canter_slow", replace(canter, froude=1.2, duty=0.42, bend=9.0, neck=4.0, head=-2.0)),
        **_both_leads("gallop", gallop),
        **_both_leads(
            "gallop_slow", replace(gallop, froude=3.4, duty=0.29, bend=17.0, arch=5.0, crouch=0.04, neck=14.0)
        ),
        **_both_leads(
            "gallop_fast",
            replace(gallop, froude=10.0, duty=0.19, throw=(0.27, 0.18), bend=32.0, crouch=0.09, neck=24.0,
                head=-20.0),
        ),
        "gallop_bound": replace(
            gallop, froude=4.0, touchdown=(0.0, 0.45, 0.02, 0.52), duty=0.25, bend=24.0, arch=9.0
        ),
    }  # fmt: skip


GAITS: Final[Mapping[str, Mapping[str, Gait]]] = {"unguligrade": _hoofed(), "digitigrade": _pawed()}
"""Gaits by family and name."""


@dataclass(frozen=True)
class Step:
    """How a foot rolls over the ground and hangs in the swing; angles in degrees.

    Attributes
    ----------
    heel_off
        Share of the stance after which the heel rises.
    roll
        How far hoof or toes are turned over their tip when they leave the ground.
    break_over
        How far the pastern, or the foot above the toes, is turned beyond that.
    curl
        Flexion of the limp foot against the cannon.
    land
        How far the toe is held up before it is set down.
    carpus
        Extension of the carpus under load.
    blade
        Degrees that the shoulder blade turns for each of the leg's, and the most it turns.
    """

    heel_off: float
    roll: float
    break_over: float
    curl: float
    land: float
    carpus: float
    blade: tuple[float, float]


STEPS: Final[Mapping[str, Step]] = {
    "unguligrade": Step(0.78, 30.0, 4.0, 42.0, 8.0, 2.0, (0.45, 14.0)),
    # Toes stay flat while wrist and heel rise over them; the blade does most of the step (Fischer & Lilje).
    "digitigrade": Step(0.58, 20.0, 28.0, 30.0, 3.0, 9.0, (0.75, 24.0)),
}


def duty_factor(froude: float) -> float:
    """Duty factor of a walk (Alexander & Jayes 1983)."""
    return min(max(0.52 * froude**-0.14, 0.54), 0.74)


def stride_length(froude: float) -> float:
    """Stride length in hip heights (Alexander & Jayes 1983, cursorial mammals)."""
    return 2.4 * froude**0.34 if froude < 3.0 else 1.9 * froude**0.40 + 2.4 * 3.0**0.34 - 1.9 * 3.0**0.40
