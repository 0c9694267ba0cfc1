"""Turns the recorded poses into what a chart can show: limb angles and two main directions of variation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MOST_FOR_DIRECTIONS = 600


def rotation_vectors(quaternions: FloatArray) -> FloatArray:
    """(B, 4) quaternions w, x, y, z as (B, 3) rotation vectors, radians, the shorter way round."""
    quaternions = quaternions.reshape(-1, 4)
    norms = np.linalg.norm(quaternions, axis=1, keepdims=True)
    unit = np.where(norms > 0, quaternions / np.where(norms > 0, norms, 1), (1.0, 0.0, 0.0, 0.0))
    unit = np.where(unit[:, :1] < 0, -unit, unit)
    sine = np.linalg.norm(unit[:, 1:], axis=1, keepdims=True)
    angle = 2 * np.arctan2(sine, unit[:, :1])
    return np.asarray(np.where(sine > 1e-9, unit[:, 1:] / np.where(sine > 1e-9, sine, 1) * angle, 0.0))


def angle_at(first: FloatArray, corner: FloatArray, last: FloatArray) -> FloatArray:
    """(N,) degrees between the lines from (N, 3) corners to two other points; NaN where one is absent."""
    a, b = first - corner, last - corner
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def limb_angles(names: Sequence[str], world: FloatArray) -> list[tuple[str, FloatArray]]:
    """Angles that do not depend on where the animal stands or looks.

    Both sides of the body count in one row. Rows whose keypoints the set does not have are left out.

    Parameters
    ----------
    names
        K names, those of landmarks.
    world
        (N, K, 3) in any unit and frame.
    """
    place = {name: i for i, name in enumerate(names)}

    def point(name: str) -> FloatArray:
        return world[:, place[name]]

    rows = []
    wanted = (
        ("carpus", "shoulder", "elbow", "front_paw"),
        ("hock", "hip", "knee", "back_paw"),
    )
    for label, first, corner, last in wanted:
        found = [
            angle_at(point(f"{side}_{first}"), point(f"{side}_{corner}"), point(f"{side}_{last}"))
            for side in ("left", "right")
            if all(f"{side}_{part}" in place for part in (first, corner, last))
        ]
        if found:
            rows.append((f"{label} bend", np.concatenate(found)))
    front = "neck" if "neck" in place else "withers"
    if {front, "root_of_tail"} <= place.keys():
        forwards = point(front) - point("root_of_tail")
        for label, top, bottom in (("front limb", "shoulder", "front_paw"), ("hind limb", "hip", "back_paw")):
            found = [
                angle_at(point(f"{side}_{top}") + forwards, point(f"{side}_{top}"), point(f"{side}_{bottom}"))
                for side in ("left", "right")
                if all(f"{side}_{part}" in place for part in (top, bottom))
            ]
            if found:
                rows.append((f"{label} swing", np.concatenate(found)))
        if "nose" in place:
            rows.append(("neck", angle_at(point("nose"), point(front), point("root_of_tail"))))
    return rows


def main_directions(poses: FloatArray) -> tuple[FloatArray, tuple[float, float]] | None:
    """Project (N, D) poses on their two main directions.

    Returns
    -------
    (N, 2) degrees along the directions and the shares of the variance they hold; None where the poses do
    not differ.
    """
    if len(poses) < 3:
        return None
    centred = np.degrees(poses - poses.mean(axis=0))
    fitted = centred[np.unique(np.linspace(0, len(poses) - 1, MOST_FOR_DIRECTIONS).astype(int))]
    _, strengths, directions = np.linalg.svd(fitted, full_matrices=False)
    if len(strengths) < 2 or strengths[0] < 1e-6:
        return None
    directions = directions[:2]
    # A direction has no sign of its own; fix one, so that equal poses give equal pictures.
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(2), largest])[:, None]
    shares = strengths[:2] ** 2 / (strengths**2).sum()
    return centred @ directions.T, (float(shares[0]), float(shares[1]))
