"""The report's part on canonical poses: where they come from, what was turned down, how far joints go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pasyn_blender.anatomy.rotations import from_turn
from pasyn_blender.anatomy.skeleton import JOINTS, SIDES
from pasyn_blender.errors import LimitsError
from pasyn_blender.prior.limits import ANGLES, joint_angles, read_limits

from .pose_record import summarise_poses
from .report_charts import ACCENT, bars, ticks
from .report_data import ReportData
from .report_page import card, pairs

FloatArray = NDArray[np.float64]

_WIDTH: Final = 740.0
_ROW: Final = 19.0
_LEFT: Final = 110.0
_REASONS: Final = {"limits": "beyond the limits of joints", "collision": "limbs through one another"}
_CHOICES: Final = ("first", "second", "third", "fourth")


def pose_sources(data: ReportData) -> str:
    """Card with the pictures by source of their pose, where no action gave one."""
    sources = Counter(str(picture.shot["pose"].get("source")) for picture in data.pictures)
    prior = data.manifest.get("poses", {}).get("prior") if isinstance(data.manifest, dict) else None
    note = f"Prior: {prior['name']}, {str(prior['sha256'])[:12]}." if isinstance(prior, dict) else ""
    return card("Poses from", bars(sources, "Pictures by source of the pose"), note)


def canonical_cards(data: ReportData) -> list[str]:
    """Cards on poses from a prior or a file; none where all are of actions."""
    posed = [picture for picture in data.pictures if isinstance(picture.shot.get("pose"), dict)]
    if not posed:
        return []
    cards = []
    try:
        summary = summarise_poses(
            (picture.shot["pose"], data.canonical.get(picture.index)) for picture in posed
        )
        cards.append(card("Poses taken and turned down", pairs(_facts(summary))))
        turns = [
            [canonical["turns"][joint] for joint in JOINTS] for _, canonical in sorted(data.canonical.items())
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        # Records of an interrupted or edited folder: the rest of the report still tells what it can.
        return cards
    if turns:
        rows = limit_rows(joint_angles(from_turn(np.array(turns, dtype=np.float64))))
        cards.append(
            card(
                "Joints",
                limit_chart(rows),
                "How far each joint goes back and forth, against its limits (grey). Bar: the middle half of "
                "the pictures; line: all of them; 0° is the canonical stance. Both sides count in one row.",
                width="double",
            )
        )
    return cards


def _facts(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    skeleton, skin = summary["skeleton"], summary["skin"]
    facts = []
    if skeleton["drawn"]:
        facts.append(("drawn from the prior", f"{skeleton['drawn']:,}"))
        facts.append(("taken of them", f"{100 * skeleton['acceptance']:.1f} %"))
    facts += [
        (_REASONS.get(reason, reason), f"{count:,}") for reason, count in skeleton["turned_down"].items()
    ]
    for number, count in skin["chosen"].items():
        facts.append((f"{_CHOICES[int(number) % len(_CHOICES)]} choice of a picture", f"{count:,}"))
    facts.append(("skin through itself in every choice", f"{skin['none_clear']:,}"))
    facts.append(("stood again to keep a joint's limit", f"{skin['stood_again']:,}"))
    if skin["lowest_foot"] is not None:
        facts.append(("lowest foot over ground", f"{100 * skin['lowest_foot']:.2f} % of the trunk"))
    return facts


def limit_rows(angles: FloatArray) -> list[tuple[str, FloatArray, float, float]]:
    """Name, values and limits of the first angle of each joint, both sides in one row.

    Parameters
    ----------
    angles
        (N, J, 3) degrees, from ``joint_angles``.
    """
    try:
        limits = read_limits()
    except LimitsError:
        return []
    rows = []
    for name in ANGLES:
        numbers = [
            JOINTS.index(joint) for joint in (name, *(f"{side}_{name}" for side in SIDES)) if joint in JOINTS
        ]
        values = np.concatenate([angles[:, number, 0] for number in numbers])
        low, high = limits.low[numbers[0], 0], limits.high[numbers[0], 0]
        rows.append((name.replace("_", " "), values, float(low), float(high)))
    return rows


def limit_chart(rows: Sequence[tuple[str, FloatArray, float, float]]) -> str:
    """One row a joint: its limits, the spread of its values, and their middle half."""
    low = min((row[2] for row in rows), default=-90.0)
    high = max((row[3] for row in rows), default=90.0)
    wide = _WIDTH - _LEFT - 16

    def at_x(value: float) -> float:
        return _LEFT + (min(max(value, low), high) - low) / (high - low) * wide

    bottom = len(rows) * _ROW + 6
    parts = []
    for tick in ticks(low, high, 9):
        x = at_x(tick)
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="{bottom:.1f}" stroke="#e8ebef"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 14:.1f}" text-anchor="middle">{tick:g}°</text>')
    for number, (name, values, least, most) in enumerate(rows):
        y = number * _ROW + _ROW / 2 + 3
        lowest, quarter, middle, three, highest = (
            float(value) for value in np.percentile(values, (0, 25, 50, 75, 100))
        )
        words = (
            f"{name}: median {middle:.0f}°, middle half {quarter:.0f}° to {three:.0f}°, all {lowest:.0f}° to "
            f"{highest:.0f}°, limits {least:.0f}° to {most:.0f}°"
        )
        parts.append(f'<text x="{_LEFT - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>')
        parts.append(_bar(at_x(least), at_x(most), y, 11, "#d6dbe1", 1))
        parts.append(
            f'<line x1="{at_x(lowest):.1f}" x2="{at_x(highest):.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{ACCENT}" stroke-width="2"/>'
        )
        parts.append(_bar(at_x(quarter), at_x(three), y, 9, ACCENT, 0.75, words))
    label = "Pitch of each joint against its limits"
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH:g} {bottom + 20:g}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _bar(
    start: float, end: float, y: float, height: float, colour: str, opacity: float, words: str = ""
) -> str:
    title = f"<title>{escape(words)}</title>" if words else ""
    return (
        f'<rect x="{start:.1f}" y="{y - height / 2:.1f}" width="{max(end - start, 1):.1f}" '
        f'height="{height:g}" rx="2" fill="{colour}" fill-opacity="{opacity:g}">{title}</rect>'
    )
