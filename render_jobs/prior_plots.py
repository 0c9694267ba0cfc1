"""Plots of how a prior does: where samples lie among real poses, which joints err, how far joints go."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from pasyn_blender.anatomy.rotations import Array
from pasyn_blender.anatomy.skeleton import JOINTS, SIDES
from pasyn_blender.prior.limits import ANGLES, JointLimits

from .prior_evaluation import first_angles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_REAL: Final = "#2f6f9f"
_SAMPLE: Final = "#d98324"
_LIMIT: Final = "#d6dbe1"
_SHOWN: Final = 1500


def poses_plot(real: Array, samples: Array, train: Array) -> bytes:
    """Held-out poses, samples and learnt poses in the two main directions of the held-out ones.

    Parameters
    ----------
    real, samples, train
        (N, J, 3, 3), (M, J, 3, 3) and (K, J, 3, 3) poses over the measured joints.
    """
    figure = _figure(7.5, 5.2)
    axes = figure.subplots()
    flat = [poses.reshape(len(poses), -1).astype(float) for poses in (train, real, samples)]
    middle = flat[1].mean(axis=0)
    _, strengths, directions = np.linalg.svd(flat[1] - middle, full_matrices=False)
    directions = directions[:2]
    # A direction has no sign of its own; fix one, so that equal poses give equal pictures.
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(len(directions)), largest])[:, None]
    shares = strengths**2 / max(float((strengths**2).sum()), 1e-12)
    for name, poses, colour, size in (
        ("learnt from", flat[0], "#b8bfc7", 5),
        ("samples", flat[2], _SAMPLE, 7),
        ("held out", flat[1], _REAL, 7),
    ):
        chosen = poses[np.unique(np.linspace(0, len(poses) - 1, _SHOWN).astype(int))]
        places = (chosen - middle) @ directions.T
        column = places[:, 1] if len(directions) > 1 else np.zeros(len(places))
        axes.scatter(places[:, 0], column, s=size, color=colour, alpha=0.55, linewidths=0, label=name)
    axes.set_xlabel(f"first direction of held-out poses ({shares[0]:.0%} of their variance)")
    if len(shares) > 1:
        axes.set_ylabel(f"second ({shares[1]:.0%})")
    axes.legend(frameon=False, markerscale=2.5, loc="best")
    return _png(figure)


def errors_plot(joints: Sequence[str], errors: Array) -> bytes:
    """Bars of each joint's mean error and its 95th percentile; both sides in one row.

    Parameters
    ----------
    joints
        J names.
    errors
        (N, J) degrees; NaN where a joint is not known.
    """
    rows = [(name, values) for name, values in _by_name(joints, errors) if np.isfinite(values).any()]
    figure = _figure(7.5, 0.6 + 0.27 * len(rows))
    axes = figure.subplots()
    places = np.arange(len(rows))[::-1]
    mean = [float(np.nanmean(values)) for _, values in rows]
    high = [float(np.nanpercentile(values, 95)) for _, values in rows]
    axes.barh(places, high, color=_REAL, alpha=0.25, height=0.7, label="95 of 100 within")
    axes.barh(places, mean, color=_REAL, height=0.42, label="mean")
    axes.set_yticks(places, [name.replace("_", " ") for name, _ in rows])
    axes.set_xlabel("reconstruction error, degrees")
    axes.legend(frameon=False, loc="lower right")
    return _png(figure)


def angles_plot(real: Array, samples: Array, known: Array, limits: JointLimits) -> bytes:
    """How far each canonical joint goes back and forth in held-out poses and in samples, and its limits.

    Parameters
    ----------
    real, samples
        (N, J, 3, 3) and (M, J, 3, 3) canonical poses.
    known
        (N, J) which joints the held-out animals have.
    limits
        Of the joints.
    """
    seen = np.where(known, first_angles(real), np.nan)
    sides = dict(_by_name(JOINTS, seen)), dict(_by_name(JOINTS, first_angles(samples)))
    ends = dict(_by_name(JOINTS, limits.low[None, :, 0])), dict(_by_name(JOINTS, limits.high[None, :, 0]))
    names = list(ANGLES)
    figure = _figure(7.5, 0.7 + 0.34 * len(names))
    axes = figure.subplots()
    for number, name in enumerate(names):
        y = len(names) - 1 - number
        low, high = float(ends[0][name][0]), float(ends[1][name][0])
        axes.barh(y, high - low, left=low, color=_LIMIT, height=0.8, label="limits" if not number else None)
        for values, colour, shift, word in (
            (sides[0][name], _REAL, 0.18, "held out"),
            (sides[1][name], _SAMPLE, -0.18, "samples, before they are brought inside"),
        ):
            if not np.isfinite(values).any():
                continue
            least, quarter, three, most = np.nanpercentile(values, (0, 25, 75, 100))
            axes.plot([least, most], [y + shift] * 2, color=colour, linewidth=1.2)
            axes.plot(
                [quarter, three],
                [y + shift] * 2,
                color=colour,
                linewidth=4.5,
                solid_capstyle="butt",
                label=word if not number else None,
            )
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in reversed(names)])
    axes.set_xlabel("degrees back and forth; 0 is the canonical stance; thick: the middle half, thin: all")
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.06), ncols=3)
    return _png(figure)


def _by_name(joints: Sequence[str], values: Array) -> list[tuple[str, Array]]:
    """Values of each joint, those of both sides together: (name, (N or 2 N,))."""
    found: dict[str, list[Array]] = {}
    for row, joint in enumerate(joints):
        side, _, name = joint.partition("_")
        found.setdefault(name if side in SIDES else joint, []).append(values[:, row])
    return [(name, np.concatenate(parts)) for name, parts in found.items()]


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
