"""``evaluation.html``: what was measured of a prior, with its plots and pictures, in one file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from .report_page import card, page, pairs, table, tiles

Group = tuple[str, list[tuple[str, str]]]

_TURNED_DOWN: Final = {"limits": "far beyond the limits", "collision": "limbs through one another"}


def measure_groups(numbers: Mapping[str, Any]) -> list[Group]:
    """All measures in words: groups of (name, figure), for the terminal and the page."""
    error = numbers["reconstruction_degrees"]
    rows = [("angles", f"{error['mean']:.2f}° mean, {error['median']:.2f}° median, {error['high']:.2f}° p95")]
    trunks = numbers.get("reconstruction_trunks")
    if trunks:
        shown = [f"{100 * trunks[name]:.2f}" for name in ("mean", "median", "high")]
        rows.append(
            ("joint places", f"{shown[0]} mean, {shown[1]} median, {shown[2]} p95, in % of the trunk")
        )
    groups: list[Group] = [("Reconstruction of held-out poses", rows)]
    covers = [
        (name, _cover(numbers[key]))
        for name, key in (
            ("samples", "samples"),
            ("samples that are accepted", "accepted_samples"),
            ("learnt poses in their place", "training_poses"),
            ("samples, measured in training", "of_its_card"),
        )
        if numbers.get(key)
    ]
    if "reached" in numbers:
        covers += [
            (
                f"held-out poses {limit}",
                f"{found['samples']:.0%} by a sample, {found['training_poses']:.0%} by a learnt pose",
            )
            for limit, found in numbers["reached"].items()
        ]
    groups.append(("Samples against held-out poses (k = 5)", covers))
    near, many = numbers["nearest_training_degrees"], numbers["diversity_degrees"]
    groups.append(
        (
            "How new, how many",
            [
                (
                    "nearest learnt pose",
                    f"{near['samples']:.2f}° from samples, {near['held_out']:.2f}° from held-out poses",
                ),
                (
                    "two poses differ by",
                    f"{many['samples']:.1f}° among samples, {many['held_out']:.1f}° among held-out poses",
                ),
            ],
        )
    )
    for key, title in (
        ("feasibility", "Samples, before anything is mended"),
        ("feasibility_of_held_out", "Held-out poses, by the same rule"),
    ):
        if key in numbers:
            groups.append((title, _feasibility(numbers[key])))
    if "ground" in numbers:
        ground = numbers["ground"]
        feet = ", ".join(f"{number}: {share:.0%}" for number, share in ground["standing_feet"].items())
        groups.append(
            (
                "Accepted samples on the ground",
                [
                    ("lowest foot", f"{100 * ground['lowest_foot_trunks']:.2f} % of the trunk above it"),
                    ("a foot under it by over 1 %", f"{ground['under_ground']:.2%}"),
                    ("standing feet", feet),
                ],
            )
        )
    if "rig" in numbers:
        groups.append(
            (f"{numbers['rig']['poses']} of them on {numbers['rig']['name']}", _rig(numbers["rig"]))
        )
    return groups


def _cover(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {found[name]:.2f}" for name in ("precision", "recall", "density", "coverage"))


def _feasibility(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    down = ", ".join(f"{share:.1%} {_TURNED_DOWN[name]}" for name, share in found["turned_down"].items())
    return [
        (
            "a joint beyond its limits",
            f"{found['beyond_limits']:.1%}, by {found['degrees_beyond_where_beyond']:.1f}° in the mean; "
            f"{found['beyond_limits_by_5_degrees']:.1%} by over 5°",
        ),
        ("limbs through one another", f"{found['collisions']:.1%}"),
        ("accepted", f"{found['accepted']:.1%}; turned down: {down}"),
    ]


def _rig(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    lowest = found["lowest_foot_trunks"]
    return [
        (
            "skin through itself",
            f"{found['self_intersecting']:.1%} of the samples, "
            f"{found['self_intersecting_of_own_actions']:.1%} of the rig's own actions",
        ),
        ("a joint beyond its limits", f"{found['beyond_limits']:.1%}"),
        ("a foot under ground by over 1 %", f"{found['under_ground']:.1%}"),
        ("lowest foot", "no foot has skin" if lowest is None else f"{100 * lowest:.2f} % of the trunk"),
    ]


def evaluation_page(
    name: str, numbers: Mapping[str, Any], plots: Sequence[tuple[str, str, bytes]], sheet: bytes | None
) -> str:
    """Return the page.

    Parameters
    ----------
    name
        Of the prior.
    numbers
        All measures.
    plots
        (heading, what it shows, PNG file) of each plot.
    sheet
        PNG file of samples beside real frames, where there is one.
    """
    held = numbers["held_out"]
    badge, kind = ("never seen", "good") if held["fresh"] else ("partly seen", "warn")
    error, samples = numbers["reconstruction_degrees"], numbers["samples"]
    figures = [
        (f"{error['mean']:.1f}°", "reconstruction, mean"),
        *((f"{samples[word]:.2f}", word) for word in ("precision", "recall", "density", "coverage")),
    ]
    if "feasibility" in numbers:
        figures.append((f"{numbers['feasibility']['accepted']:.0%}", "of samples accepted"))
    head = (
        f'<header><h1>{escape(name)}<span class="badge {kind}">{badge}</span></h1>'
        f'<p class="soft">Judged by {held["frames"]:,} poses in {held["clips"]} clips: '
        f"{escape(held['rule'])}.</p></header>{tiles(figures)}"
    )
    measures = "".join(card(title, pairs(rows)) for title, rows in measure_groups(numbers))
    drawings = "".join(card(title, _image(png, title), note, width="double") for title, note, png in plots)
    pictures = ""
    if sheet is not None:
        pictures = (
            f"<h2>Samples beside real frames</h2>{card('On ' + numbers['sheet_rig'], _image(sheet, 'sheet'))}"
        )
    rows = [
        (
            escape(clip["animal"]),
            escape(clip["clip"]),
            str(clip["frames"]),
            f"{clip['reconstruction_degrees']:.2f}",
            f"{clip['nearest_sample_degrees']:.2f}",
            f"{clip['nearest_training_degrees']:.2f}",
        )
        for clip in numbers["clips"]
    ]
    columns = ("Animal", "Clip", "Frames", "Reconstruction °", "Nearest sample °", "Nearest learnt pose °")
    clips = card("Clip by clip", table(columns, rows, frozenset({2, 3, 4, 5})), width="wide")
    body = (
        f'{head}<h2>Measures</h2><div class="cards">{measures}</div>{pictures}<h2>Plots</h2>'
        f'<div class="cards">{drawings}</div><h2>Clips</h2><div class="cards">{clips}</div>'
    )
    return page(f"Evaluation of {name}", body)


def _image(png: bytes, words: str) -> str:
    data = base64.b64encode(png).decode("ascii")
    return f'<img alt="{escape(words)}" style="width:100%;height:auto" src="data:image/png;base64,{data}">'
