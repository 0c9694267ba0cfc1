"""A walk through the latent space, from pose to neighbouring pose, at an even pace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..anatomy.rotations import Array, angle_between
from .latent_mixture import LatentMixture

_STRAIGHT = 3.0
_BETWEEN = 8
_LEG = 16


def walk_latents(
    mixture: LatentMixture,
    decode: Callable[[Array], Array],
    frames: int,
    rng: np.random.Generator,
    speed: float,
) -> NDArray[np.float32]:
    """(F, L) latents of an animation.

    The walk goes from centre to centre of the mixture, each a neighbour of the one before and rather ahead
    than back, on a curve through all of them, so that it stays where poses are. Even pace is even in what is
    seen: the mean turn of the joints, not the latents.

    Parameters
    ----------
    mixture
        Where poses lie. Centres of no weight are avoided.
    decode
        Gives (N, J, 3, 3) poses of (N, L) latents.
    frames
        How many.
    rng
        Where the walk begins and turns.
    speed
        Mean degrees that the joints turn from frame to frame.
    """
    centres = mixture.centres.astype(float)
    stops = [int(rng.choice(len(centres), p=mixture.weights))]
    path = np.empty((0, centres.shape[1]))
    travelled = np.zeros(1)
    wanted = speed * max(frames - 1, 0)
    # Neighbours that decode to the very same pose lead nowhere; then the animal stands still.
    while len(stops) < 4 or (travelled[-1] < wanted and len(stops) < _LEG * (frames + 4)):
        for _ in range(_LEG if mixture.neighbours.shape[1] else 4):
            stops.append(_next_stop(mixture, centres, stops, rng))
        path = _curve(centres[stops])
        turns = np.degrees(angle_between(*_shifted(decode(path.astype(np.float32))))).mean(axis=-1)
        travelled = np.concatenate([[0.0], np.cumsum(turns)])
        if not mixture.neighbours.shape[1]:
            break
    at = np.minimum(np.arange(frames) * speed, travelled[-1])
    # Equal places on the way would make the interpolation ambiguous.
    way = travelled + 1e-9 * np.arange(len(travelled))
    columns = [np.interp(at, way, path[:, number]) for number in range(path.shape[1])]
    return np.stack(columns, axis=1).astype(np.float32)


def _next_stop(
    mixture: LatentMixture, centres: NDArray[np.float64], stops: list[int], rng: np.random.Generator
) -> int:
    options = mixture.neighbours[stops[-1]]
    lively = options[mixture.weights[options] > 0]
    options = lively if len(lively) else options
    if not len(options):
        return stops[-1]
    ahead = centres[options] - centres[stops[-1]]
    came = centres[stops[-1]] - centres[stops[-2]] if len(stops) > 1 else np.zeros(centres.shape[1])
    length = np.linalg.norm(ahead, axis=1) * np.linalg.norm(came)
    cosine = np.divide(ahead @ came, length, out=np.zeros(len(options)), where=length > 0)
    weight = np.exp(_STRAIGHT * cosine)
    return int(rng.choice(options, p=weight / weight.sum()))


def _curve(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points of a Catmull-Rom spline through (N, L) points, :data:`_BETWEEN` a leg."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    before, start, end, after = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    share = (np.arange(_BETWEEN) / _BETWEEN)[:, None]
    spline = 0.5 * (
        2 * start
        + (end - before) * share
        + (2 * before - 5 * start + 4 * end - after) * share**2
        + (3 * start - before - 3 * end + after) * share**3
    )
    return np.concatenate([spline.reshape(-1, points.shape[1]), points[-1:]])


def _shifted(poses: Array) -> tuple[Array, Array]:
    return poses[:-1].astype(float), poses[1:].astype(float)
