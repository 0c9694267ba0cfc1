"""Skin weights: each part of the body follows a chain of bones, with soft changes at the joints."""

from __future__ import annotations

from typing import Final

import numpy as np

from .mesh_graph import Neighbours
from .shape import Ellipsoid, ellipsoids
from .species import BodyPlan
from .sweep import FloatArray, Sweep

LIMIT: Final = 4
"""Most bones that move one vertex."""

# Chains along the sweeps: (bone, joint at its start, half width of the change there as a share of the mean
# extent of the cross-section at that joint). The first bone of a chain has no start. Bones of limbs are
# completed with .L or .R.
_CHAINS: Final[dict[str, tuple[tuple[str, str | None, float], ...]]] = {
    "torso": (("pelvis", None, 0.0), ("spine_1", "spine", 0.60), ("spine_2", "spine_middle", 0.60),
              ("chest", "chest", 0.60)),
    "neck": (("chest", None, 0.0), ("neck_1", "neck_base", 0.60), ("neck_2", "neck_middle", 0.55),
             ("neck_3", "neck_top", 0.60), ("head", "head", 0.65)),
    "head": (("head", None, 0.0),),
    "proboscis": (("head", None, 0.0),),
    "foreleg": (("scapula", None, 0.0), ("upper_arm", "upper_arm", 0.62), ("forearm", "forearm", 0.80),
                ("front_cannon", "front_cannon", 1.05), ("front_pastern", "front_foot", 1.0),
                ("front_hoof", "front_hoof", 0.60)),
    "front_hoof": (("front_hoof", None, 0.0),),
    "hindleg": (("thigh", None, 0.0), ("shin", "shin", 0.80), ("hind_cannon", "hind_cannon", 1.05),
                ("hind_pastern", "hind_foot", 0.90), ("hind_hoof", "hind_hoof", 0.58)),
    "hind_hoof": (("hind_hoof", None, 0.0),),
    "tail": (("tail_1", None, 0.0), ("tail_2", "tail_2", 1.7), ("tail_3", "tail_3", 1.9),
             ("tail_4", "tail_4", 2.2)),
}  # fmt: skip
# Where a limb folds: to the front (side A of its sweep) or to the back.
_FOLDS: Final = {"upper_arm": -1.0, "forearm": 1.0, "front_cannon": -1.0, "shin": -1.0, "hind_cannon": 1.0}
_FAN: Final = 1.8
"""Half width of the change on the side to which a joint folds, as a share of the distance from the joint.

Flesh between two bones closes like a fan: skin far from the joint has to give way over a longer stretch than
skin close to it, or it is pushed through itself. 1.8 makes a fan of 2 arctan(1.8) = 122 degrees, about the
angle that thigh and shin of standing animals make.
"""
_LIMBS: Final = ("foreleg", "front_hoof", "hindleg", "hind_hoof")


def _smoothstep(t: FloatArray) -> FloatArray:
    clipped = np.clip(t, 0.0, 1.0)
    smooth: FloatArray = clipped * clipped * (3.0 - 2.0 * clipped)
    return smooth


def chain_weights(
    plan: BodyPlan, sweep: Sweep, parameter: FloatArray, side: FloatArray
) -> dict[str, FloatArray]:
    """Weights of a sweep's bones at places along its curve.

    Parameters
    ----------
    plan
        The individual.
    sweep
        The sweep.
    parameter
        (P,) places as :meth:`Sweep.locate` gives them.
    side
        (P,) offsets from the curve to side A, metres.

    Returns
    -------
    dict
        Bone name without side to (P,) weights; they add up to 1.
    """
    joints = dict(plan.joints)
    joints["neck_middle"] = 0.5 * (joints["neck_base"] + joints["neck_top"])
    arc = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(sweep.points, axis=0), axis=1))])
    at = np.interp(parameter, np.arange(len(arc)), arc)
    chain = _CHAINS[sweep.name]
    reached = [np.ones(len(at))]
    for bone, joint, share in chain[1:]:
        assert joint is not None
        place, _, flat = sweep.locate(joints[joint][None])
        start = np.interp(place, np.arange(len(arc)), arc)
        close = share * float(sweep.extents[round(float(place[0])), :2].mean())
        away = np.maximum(_FOLDS.get(bone, 0.0) * (side - flat[0, 1]), 0.0)
        width = np.hypot(close, _FAN * away)
        reached.append(_smoothstep((at - start + width) / (2.0 * width)))
    reached.append(np.zeros(len(at)))
    # Reaching a bone presupposes having reached those before it.
    reached = list(np.minimum.accumulate(np.array(reached), axis=0))
    return {bone: reached[i] - reached[i + 1] for i, (bone, _, _) in enumerate(chain)}


def part_shares(
    sweeps: tuple[Sweep, ...], vertices: FloatArray, softness: float, masses: tuple[Ellipsoid, ...] = ()
) -> FloatArray:
    """How much each vertex belongs to each sweep.

    Parameters
    ----------
    sweeps
        S sweeps.
    vertices
        (V, 3) skin; the right half is folded onto the left.
    softness
        Distance over which parts mix, metres.
    masses
        Swellings; those that name a sweep count as belonging to it.

    Returns
    -------
    ndarray
        (V, S), rows adding up to 1.
    """
    folded = vertices * np.array([1.0, 1.0, 1.0])
    folded[:, 0] = np.abs(folded[:, 0])
    distance = np.full((len(vertices), len(sweeps)), np.inf)
    for i, part in enumerate(sweeps):
        low, high = part.reach
        near = np.flatnonzero(np.all((folded >= low) & (folded <= high), axis=1))
        distance[near, i] = part.distance(folded[near])
        for mass in masses:
            if mass.part == part.name:
                distance[:, i] = np.minimum(distance[:, i], mass.distance(folded))
    # Thick wool may stand beyond the reach of every part.
    far = np.flatnonzero(~np.isfinite(distance).any(axis=1))
    if len(far):
        distance[far] = np.column_stack([part.distance(folded[far]) for part in sweeps])
    distance -= distance.min(axis=1, keepdims=True)
    shares = np.exp(-distance / softness)
    normal: FloatArray = shares / shares.sum(axis=1, keepdims=True)
    return normal


def skin_weights(
    plan: BodyPlan,
    sweeps: tuple[Sweep, ...],
    vertices: FloatArray,
    neighbours: Neighbours,
    bones: tuple[str, ...],
) -> FloatArray:
    """Weights of the body's skin.

    Parameters
    ----------
    plan
        The individual.
    sweeps
        Its sweeps.
    vertices
        (V, 3) skin.
    neighbours
        Of the skin, for evening out the weights.
    bones
        B bone names.

    Returns
    -------
    ndarray
        (V, B); at most :data:`LIMIT` weights in a row, adding up to 1.
    """
    column = {name: i for i, name in enumerate(bones)}
    weights = np.zeros((len(vertices), len(bones)))
    shares = part_shares(sweeps, vertices, 0.014 * plan.scale, ellipsoids(plan))
    folded = np.column_stack([np.abs(vertices[:, 0]), vertices[:, 1:]])
    for i, part in enumerate(sweeps):
        rows = np.flatnonzero(shares[:, i] > 1e-4)
        if not len(rows):
            continue
        parameter, _, flat = part.locate(folded[rows])
        for bone, weight in chain_weights(plan, part, parameter, flat[:, 1]).items():
            given = weight * shares[rows, i]
            if part.name in _LIMBS:
                left = vertices[rows, 0] >= 0.0
                weights[rows[left], column[f"{bone}.L"]] += given[left]
                weights[rows[~left], column[f"{bone}.R"]] += given[~left]
            else:
                weights[rows, column[bone]] += given
    # Thick parts bend over a longer stretch of skin than the free limbs do.
    above = (vertices[:, 2] - plan.leg_line) / plan.scale
    thick = np.clip((above + 0.10) / 0.12, 0.0, 1.0)
    # Bone by bone: one column stays in the processor's cache, all of them do not.
    for bone in np.flatnonzero(weights.any(axis=0)):
        values = weights[:, bone].copy()
        for step in range(30):
            pull = 0.5 if step < 8 else 0.6 * thick
            before = values
            values = (1.0 - pull) * values + pull * neighbours.mean(values)
            if step >= 8 and np.array_equal(values, before):  # a bone of a free limb
                break
        weights[:, bone] = values
    return limited(weights)


def limited(weights: FloatArray) -> FloatArray:
    """At most :data:`LIMIT` weights in a row, those by which the largest exceed the next, adding up to 1.

    So weights change gradually where the bones that count change: to drop the smallest would leave a step in
    the skin where five bones meet, which tears open as a crease.
    """
    next_largest = np.partition(weights, -LIMIT - 1, axis=1)[:, -LIMIT - 1][:, None]
    kept = np.maximum(weights - next_largest, 0.0)
    # Five alike would leave nothing: the first of them count.
    alike = kept.sum(axis=1) < 0.01
    kept[alike] = np.where(weights >= next_largest, weights, 0.0)[alike]
    kept[kept <= 1e-3] = 0.0
    kept[np.cumsum(kept > 0.0, axis=1) > LIMIT] = 0.0
    normal: FloatArray = kept / kept.sum(axis=1, keepdims=True)
    return normal
