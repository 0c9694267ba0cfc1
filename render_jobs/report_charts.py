"""Charts as hand-written SVG: same input, same bytes, and text that takes the page's own font."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

ACCENT: Final = "#2f6f9f"
SERIES: Final = ("#2f6f9f", "#d98324", "#3f8f6b", "#a6527d", "#7a6fb0", "#8a7a2f", "#5b6570", "#c0533f")
"""Told apart by lightness as well as hue."""

OTHERS: Final = "#aab2bb"

SEEN, HIDDEN, OUTSIDE = "#2f6f9f", "#9cc3dd", "#e4e7eb"

_WIDTH: Final = 350
_DOUBLE: Final = 740
_INK: Final = "#5b6570"
_GRID: Final = "#e8ebef"


def number(value: float) -> str:
    """Write a number short: at most three significant digits, no needless zeros."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _svg(width: float, height: float, body: str, label: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
        f"{body}</svg>"
    )


def _text(x: float, y: float, text: str, anchor: str = "middle", extra: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(text)}</text>'


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values from ``low`` to ``high``, at most ``most`` of them."""
    if not high > low:
        return [low]
    step = 10.0 ** math.floor(math.log10((high - low) / most))
    for factor in (1, 2, 2.5, 5, 10, 20, 25, 50, 100):
        if (high - low) / (step * factor) <= most - 1:
            step *= factor
            break
    first = math.ceil(low / step - 1e-9)
    return [step * i for i in range(first, math.floor(high / step + 1e-9) + 1)]


def histogram(
    values: Sequence[float] | FloatArray, low: float, high: float, bins: int, axis: str, unit: str = ""
) -> str:
    """Counts in equal bins; values beyond the ends count in the outermost bins. Marks the median.

    Parameters
    ----------
    values
        Any number of them; none gives an empty frame that says so.
    low, high
        Ends of the axis.
    bins
        Number of bins.
    axis
        Name under the axis.
    unit
        Written after tick labels.
    """
    values = np.asarray(values, dtype=np.float64)
    left, right, top, bottom = 34.0, 20.0, 22.0, 40.0
    height = 178.0
    wide, tall = _WIDTH - left - right, height - top - bottom
    counts, edges = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
    most = max(int(counts.max()), 1)

    def at_x(value: float) -> float:
        return left + (value - low) / (high - low) * wide

    parts = []
    for tick in ticks(0, most, 4):
        if tick != int(tick):
            continue
        y = top + tall * (1 - tick / most)
        parts.append(f'<line x1="{left}" x2="{left + wide}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>')
        parts.append(_text(left - 6, y + 4, f"{tick:g}", "end"))
    for count, start, end in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            tall_bar = tall * count / most
            parts.append(
                f'<rect x="{at_x(start) + 0.75:.2f}" y="{top + tall - tall_bar:.2f}" '
                f'width="{wide / bins - 1.5:.2f}" height="{tall_bar:.2f}" rx="1.5" fill="{ACCENT}">'
                f"<title>{number(start)} to {number(end)}{unit}: {count}</title></rect>"
            )
    parts.append(
        f'<line x1="{left}" x2="{left + wide}" y1="{top + tall}" y2="{top + tall}" stroke="{_INK}"/>'
    )
    for tick in ticks(low, high, 7):
        parts.append(_text(at_x(tick), top + tall + 15, f"{tick:g}{unit}"))
    if values.size:
        middle = float(np.median(values))
        x = at_x(min(max(middle, low), high))
        anchor = "start" if x < left + wide * 0.15 else "end" if x > left + wide * 0.85 else "middle"
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top - 4}" y2="{top + tall}" stroke="#1d2733" '
            f'stroke-dasharray="3 3"/>'
        )
        parts.append(_text(x, top - 8, f"median {number(round(middle, 1))}{unit}", anchor, 'class="strong"'))
    else:
        parts.append(_text(left + wide / 2, top + tall / 2, "nothing recorded"))
    parts.append(_text(left + wide / 2, height - 6, axis))
    return _svg(_WIDTH, height, "".join(parts), axis)


def azimuth_rose(degrees: Sequence[float] | FloatArray, sectors: int = 24) -> str:
    """Camera directions around the animal, seen from above with its face up; area is the count."""
    degrees = np.asarray(degrees, dtype=np.float64) % 360
    size, radius = 300.0, 104.0
    centre = size / 2
    counts, _ = np.histogram(degrees, bins=sectors, range=(0, 360))
    most = max(int(counts.max()), 1)

    def at(angle: float, distance: float) -> tuple[float, float]:
        # Seen from above with the face up, the animal's left (azimuth 90) is on the left.
        turn = math.radians(angle)
        return centre - distance * math.sin(turn), centre - distance * math.cos(turn)

    parts = [
        f'<circle cx="{centre}" cy="{centre}" r="{radius * math.sqrt(share):.1f}" fill="none" '
        f'stroke="{_GRID}"/>'
        for share in (0.25, 0.5, 0.75, 1)
    ]
    for angle in range(0, 360, 45):
        x, y = at(angle, radius)
        parts.append(f'<line x1="{centre}" y1="{centre}" x2="{x:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>')
    for sector, count in enumerate(counts):
        if not count:
            continue
        start, end = 360 / sectors * sector, 360 / sectors * (sector + 1)
        # The square root makes areas, not radii, comparable.
        reach = radius * math.sqrt(count / most)
        (x1, y1), (x2, y2) = at(start, reach), at(end, reach)
        parts.append(
            f'<path d="M{centre} {centre}L{x1:.2f} {y1:.2f}A{reach:.2f} {reach:.2f} 0 0 0 '
            f'{x2:.2f} {y2:.2f}Z" fill="{ACCENT}" fill-opacity=".85" stroke="#fff">'
            f"<title>{start:g}° to {end:g}°: {count}</title></path>"
        )
    parts.append(_text(centre, centre - radius - 24, "face", extra='class="strong"'))
    parts.append(_text(centre, centre - radius - 10, "0°"))
    parts.append(_text(centre, centre + radius + 18, "180°"))
    parts.append(_text(centre, centre + radius + 33, "tail", extra='class="strong"'))
    parts.append(_text(centre - radius - 8, centre - 3, "left", "end", 'class="strong"'))
    parts.append(_text(centre - radius - 8, centre + 12, "90°", "end"))
    parts.append(_text(centre + radius + 8, centre - 3, "right", "start", 'class="strong"'))
    parts.append(_text(centre + radius + 8, centre + 12, "270°", "start"))
    return _svg(size, size, "".join(parts), "Directions the camera looked from")


def bars(counts: Mapping[str, int], label: str, most: int = 14) -> str:
    """Horizontal bars, longest first; what is beyond ``most`` is summed in a last bar."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) > most:
        rest = ordered[most - 1 :]
        ordered = [*ordered[: most - 1], (f"{len(rest)} others", sum(count for _, count in rest))]
    row, left, right = 21.0, 108.0, 34.0
    longest = max((count for _, count in ordered), default=1)
    parts = []
    for i, (name, count) in enumerate(ordered):
        y = i * row
        width = (_WIDTH - left - right) * count / max(longest, 1)
        parts.append(_text(left - 8, y + 15, _clipped(name, 18), "end"))
        parts.append(
            f'<rect x="{left}" y="{y + 4}" width="{max(width, 1):.2f}" height="{row - 8}" rx="2" '
            f'fill="{ACCENT}"><title>{escape(name)}: {count}</title></rect>'
        )
        parts.append(_text(left + width + 6, y + 15, str(count), "start", 'class="strong"'))
    return _svg(_WIDTH, max(len(ordered), 1) * row + 4, "".join(parts), label)


def _clipped(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def visibility_bars(names: Sequence[str], counts: NDArray[np.int64]) -> str:
    """Stacked share of seen, hidden and outside per keypoint.

    Parameters
    ----------
    names
        K names.
    counts
        (K, 3) pictures with v=0, 1, 2.
    """
    row, left, width = 21.0, 112.0, float(_DOUBLE)
    wide = width - left - 60
    parts = [_text(width - 52, 12, "seen", "start", 'class="strong"')]
    for i, (name, (outside, hidden, seen)) in enumerate(zip(names, counts.tolist(), strict=True)):
        total = max(outside + hidden + seen, 1)
        y = 18 + i * row
        never = seen + hidden == 0
        parts.append(_text(left - 8, y + 14, name.replace("_", " "), "end", 'class="alarm"' if never else ""))
        x = left
        for count, colour, word in (
            (seen, SEEN, "seen"),
            (hidden, HIDDEN, "hidden"),
            (outside, OUTSIDE, "outside"),
        ):
            share = wide * count / total
            if count:
                parts.append(
                    f'<rect x="{x:.2f}" y="{y + 3}" width="{share:.2f}" height="{row - 6}" fill="{colour}" '
                    f'stroke="#fff" stroke-width=".6"><title>{escape(name)}: {count} {word} '
                    f"({100 * count / total:.0f} %)</title></rect>"
                )
                if share > 30 and word != "outside":
                    ink = "#fff" if word == "seen" else "#123"
                    parts.append(_text(x + share / 2, y + 14, str(count), extra=f'style="fill:{ink}"'))
            x += share
        word = "never" if never else f"{100 * seen / total:.0f} %"
        parts.append(_text(width - 52, y + 14, word, "start", 'class="alarm"' if never else ""))
    return _svg(width, 22 + len(names) * row, "".join(parts), "Visibility of each keypoint")


def spread_rows(
    rows: Sequence[tuple[str, FloatArray]], low: float, high: float, step: float, axis: str
) -> str:
    """One row a quantity: every value as a faint tick, the middle half as a bar, the median as a line."""
    row, left, right = 46.0, 102.0, 18.0
    wide = _WIDTH - left - right

    def at_x(value: float) -> float:
        return left + (min(max(value, low), high) - low) / (high - low) * wide

    height = len(rows) * row + 36
    parts = []
    for tick in np.arange(low, high + step / 2, step).tolist():
        x = at_x(tick)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="2" y2="{len(rows) * row + 2:.1f}" stroke="{_GRID}"/>'
        )
        parts.append(_text(x, len(rows) * row + 16, f"{tick:g}°"))
    for i, (name, values) in enumerate(rows):
        y = i * row + row / 2 + 2
        parts.append(_text(left - 8, y + 4, name, "end"))
        values = values[np.isfinite(values)]
        if not values.size:
            parts.append(_text(left + 6, y + 4, "not recorded", "start"))
            continue
        # A thousand ticks in one row say no more than three hundred quantiles.
        shown = values if values.size <= 300 else np.quantile(values, np.linspace(0, 1, 300))
        path = "".join(f"M{at_x(v):.1f} {y - 8:.1f}v16" for v in np.sort(shown))
        parts.append(f'<path d="{path}" stroke="{ACCENT}" stroke-opacity=".22" fill="none"/>')
        quarter, middle, three = (float(v) for v in np.percentile(values, (25, 50, 75)))
        parts.append(
            f'<rect x="{at_x(quarter):.1f}" y="{y - 5:.1f}" height="10" rx="2" fill="{ACCENT}" '
            f'width="{max(at_x(three) - at_x(quarter), 1):.1f}" fill-opacity=".55"><title>{escape(name)}: '
            f"median {middle:.0f}°, middle half {quarter:.0f}° to {three:.0f}°, all {values.min():.0f}° to "
            f"{values.max():.0f}°</title></rect>"
            f'<line x1="{at_x(middle):.1f}" x2="{at_x(middle):.1f}" y1="{y - 9:.1f}" y2="{y + 9:.1f}" '
            f'stroke="#10212f" stroke-width="2"/>'
        )
    parts.append(_text(left + wide / 2, height - 4, axis))
    return _svg(_WIDTH, height, "".join(parts), axis)


def scatter(
    points: FloatArray, groups: Sequence[str], label: str, axes: tuple[str, str], equal: bool = True
) -> str:
    """(N, 2) points coloured by group; groups beyond the colours are drawn as "others" in grey."""
    size, pad, top = 300.0, 26.0, 8.0
    counts = Counter(groups)
    order = sorted(counts, key=lambda name: (-counts[name], name))
    named = order if len(order) <= len(SERIES) else order[: len(SERIES) - 1]
    colours = dict.fromkeys(order, OTHERS) | dict(zip(named, SERIES, strict=False))
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.maximum(high - low, 1e-9)
    if equal:
        span = np.full(2, span.max())
    centre = (low + high) / 2
    shown = points if len(points) <= 900 else points[np.linspace(0, len(points) - 1, 900).astype(int)]
    kept = (
        groups
        if len(points) <= 900
        else [groups[i] for i in np.linspace(0, len(points) - 1, 900).astype(int)]
    )
    scale = (size - 2 * pad) / (span * 1.04)
    parts = [
        f'<rect x="{pad}" y="{top}" width="{size - 2 * pad}" height="{size - 2 * pad}" fill="#fafbfc" '
        f'stroke="{_GRID}"/>'
    ]
    middle = np.array([size / 2, top + (size - 2 * pad) / 2])
    for point, group in zip(shown, kept, strict=True):
        x, y = middle + (point - centre) * scale * (1, -1)
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colours[group]}" fill-opacity=".75" '
            f'stroke="#fff" stroke-width=".6"><title>{escape(group)}</title></circle>'
        )
    parts.append(_text(size / 2, size - pad, axes[0]))
    parts.append(
        f'<text transform="translate({pad - 8:.1f} {middle[1]:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(axes[1])}</text>"
    )
    x, y = 2.0, size - 4
    legend = []
    entries = [(name or "unknown", colours[name]) for name in named]
    if len(order) > len(named):
        entries.append((f"{len(order) - len(named)} others", OTHERS))
    for name, colour in entries:
        text = _clipped(name, 20)
        width = 22 + 6.3 * len(text)
        if x + width > size:
            x, y = 2.0, y + 17
        legend.append(f'<circle cx="{x + 6:.1f}" cy="{y - 4:.1f}" r="4" fill="{colour}"/>')
        legend.append(_text(x + 14, y, text, "start"))
        x += width
    return _svg(size, y + 8, "".join((*parts, *legend)), label)


def timeline(values: Mapping[int, float], axis: str) -> str:
    """Seconds of each shot in the order of the plan, with the median as a line."""
    left, right, top, bottom, height = 44.0, 12.0, 22.0, 36.0, 200.0
    wide, tall = _DOUBLE - left - right, height - top - bottom
    indices = sorted(values)
    if not indices:
        return _svg(_DOUBLE, 60, _text(_DOUBLE / 2, 34, "no times were recorded"), axis)
    seconds = np.array([values[index] for index in indices])
    # One shot that hung must not flatten all others.
    high = max(float(min(seconds.max(), 4 * np.median(seconds))), 1e-6) * 1.08
    first, last = indices[0], max(indices[-1], indices[0] + 1)
    chosen = np.unique(np.linspace(0, len(indices) - 1, min(len(indices), 700)).astype(int))
    parts = []
    for tick in ticks(0, high, 4):
        y = top + tall * (1 - tick / high)
        parts.append(f'<line x1="{left}" x2="{left + wide}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}"/>')
        parts.append(_text(left - 6, y + 4, f"{tick:.2g} s", "end"))
    for i in chosen:
        x = left + wide * (indices[i] - first) / (last - first)
        over = seconds[i] > high
        y = top + tall * (1 - min(float(seconds[i]), high) / high)
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{"#c0533f" if over else ACCENT}" '
            f'fill-opacity=".75"><title>picture {indices[i]}: {number(float(seconds[i]))} s</title></circle>'
        )
    middle = float(np.median(seconds))
    y = top + tall * (1 - middle / high)
    parts.append(
        f'<line x1="{left}" x2="{left + wide}" y1="{y:.1f}" y2="{y:.1f}" stroke="#1d2733" '
        f'stroke-dasharray="3 3"/>'
    )
    parts.append(_text(left + wide, top - 8, f"median {number(middle)} s", "end", 'class="strong"'))
    for tick in ticks(first, last, 9):
        if tick == int(tick):
            parts.append(_text(left + wide * (tick - first) / (last - first), top + tall + 15, f"{tick:g}"))
    parts.append(_text(left + wide / 2, height - 5, axis))
    return _svg(_DOUBLE, height, "".join(parts), axis)


def frame_positions(boxes: FloatArray, label: str) -> str:
    """(N, 4) boxes x, y, width, height in fractions of the picture, drawn over each other."""
    size, pad = 300.0, 8.0
    inner = size - 2 * pad
    chosen = boxes if len(boxes) <= 300 else boxes[np.linspace(0, len(boxes) - 1, 300).astype(int)]
    opacity = max(0.08, min(0.5, 12 / max(len(chosen), 1)))
    parts = [f'<rect x="{pad}" y="{pad}" width="{inner}" height="{inner}" fill="#fafbfc" stroke="{_INK}"/>']
    for x, y, width, height in chosen:
        parts.append(
            f'<rect x="{pad + x * inner:.1f}" y="{pad + y * inner:.1f}" width="{width * inner:.1f}" '
            f'height="{height * inner:.1f}" fill="none" stroke="{ACCENT}" stroke-opacity="{opacity:.2f}"/>'
        )
    for x, y, width, height in chosen:
        parts.append(
            f'<circle cx="{pad + (x + width / 2) * inner:.1f}" cy="{pad + (y + height / 2) * inner:.1f}" '
            f'r="2.4" fill="#d98324" fill-opacity=".8"/>'
        )
    return _svg(size, size, "".join(parts), label)
