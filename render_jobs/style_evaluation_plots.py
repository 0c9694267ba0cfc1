"""Plots of how well looks are told from photos."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from styles.evaluation.comparison import ALL, Clue, Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS: Final = ("#9aa3ad", "#2f6f9f", "#d98324", "#4f8f5b", "#8a5a9e", "#b8484f", "#6d6d6d")
_CLUES: Final = 8


def measures_plot(rows: Sequence[Row]) -> bytes:
    """Accuracy and MMD of each look in each region by each kind of statistic, with intervals over seeds."""
    regions = list(dict.fromkeys(row.region for row in rows))
    kinds = list(dict.fromkeys(row.kind for row in rows))
    looks = list(dict.fromkeys(row.look for row in rows))
    figure = _figure(2.2 + 2.9 * len(regions), 6.0)
    grid = figure.subplots(2, len(regions), sharey="row", squeeze=False)
    for column, region in enumerate(regions):
        for line, (measure, title) in enumerate(
            (("accuracy", "accuracy of the classifier"), ("mmd", "squared MMD"))
        ):
            axes = grid[line][column]
            for number, look in enumerate(looks):
                chosen = [row for row in rows if row.look == look and row.region == region]
                values = [getattr(row, measure) for row in chosen]
                places = np.arange(len(kinds)) + (number - (len(looks) - 1) / 2) * 0.8 / len(looks)
                mean = np.array([value.mean for value in values])
                spread = np.array([[v.mean - v.low for v in values], [v.high - v.mean for v in values]])
                axes.errorbar(
                    places,
                    mean,
                    np.maximum(spread, 0),
                    fmt="o",
                    markersize=4,
                    color=_COLOURS[number % len(_COLOURS)],
                    label=look,
                    linewidth=1.2,
                )
            axes.axhline(0.5 if measure == "accuracy" else 0.0, color="#c8ccd1", linewidth=0.8, zorder=0)
            axes.set_xticks(range(len(kinds)), [kind if kind != ALL else "all" for kind in kinds])
            if line == 0:
                axes.set_title(
                    region
                    if region == "whole"
                    else f"{region} the animal"
                    if region == "inside"
                    else "its edge"
                )
            if column == 0:
                axes.set_ylabel(title)
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside lower center", ncols=min(5, len(labels)))
    return _png(figure)


def clues_plot(clues: Sequence[Clue], before: str, after: str) -> bytes:
    """What gives pictures away: the most telling statistics of a look, and what they were before."""
    regions = list(dict.fromkeys(clue.region for clue in clues))
    figure = _figure(9.0, 0.6 + 2.2 * len(regions))
    grid = figure.subplots(len(regions), 1, sharex=True, squeeze=False)
    for axes, region in zip(grid[:, 0], regions, strict=True):
        area = {(c.look, c.family, c.name): c.area for c in clues if c.region == region}
        shown = [c for c in clues if c.region == region and c.look == after][:_CLUES]
        for place, clue in enumerate(reversed(shown)):
            was = area[before, clue.family, clue.name]
            axes.plot([was, clue.area], [place, place], color="#d6dbe1", linewidth=2, zorder=0)
            axes.plot(was, place, "o", color=_COLOURS[0], label=before if not place else None)
            axes.plot(clue.area, place, "o", color=_COLOURS[1], label=after if not place else None)
        axes.set_yticks(range(len(shown)), [f"{c.name} ({c.family})" for c in reversed(shown)], fontsize=8)
        axes.axvline(0.5, color="#c8ccd1", linewidth=0.8)
        axes.set_xlim(0, 1)
        axes.set_title(region, fontsize=10)
    grid[-1][0].set_xlabel("chance that a picture has more of it than a photo; 0.5 tells nothing")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside upper right", ncols=2)
    return _png(figure)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Any) -> bytes:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()
