"""Sums up where the poses of a dataset come from, and what it took to find them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from .job_schema import Job
from .shot import Shot

ShotPose = Mapping[str, Any] | None
"""``pose`` of a line of ``shots.jsonl``; None for a pose of the rig's own actions."""


def pose_of(shot: Shot) -> ShotPose:
    """What :func:`summarise_poses` wants of a shot."""
    pose = shot.pose
    if pose is None:
        return None
    return {"source": pose.source, "candidates": pose.packed, "turned_down": pose.turned_down}


def pose_label(shot: Mapping[str, Any]) -> str:
    """Name for what gives a shot of ``shots.jsonl`` its pose: the action, "prior" or "file"."""
    pose = shot.get("pose")
    if isinstance(pose, Mapping):
        return str(pose.get("source", "prior"))
    return str(shot.get("action") or "")


def summarise_poses(poses: Iterable[tuple[ShotPose, Mapping[str, Any] | None]]) -> dict[str, Any]:
    """Count poses by source, and what was turned down.

    Parameters
    ----------
    poses
        For each picture the pose of its shot and the ``canonical`` part of its truth.

    Returns
    -------
    Plain JSON values. ``sources``: pictures by source. ``skeleton``: candidates "drawn" for all shots, their
    "acceptance" (1 when none were drawn), and how many were turned down by each reason. ``skin``: "pictures"
    with a canonical pose, how many took which of their candidates ("chosen", from 0), how many found all of
    them running through themselves ("none_clear"), how many were stood more than once to stay inside the
    joints' limits ("stood_again"), and the "lowest_foot" in trunk lengths.
    """
    sources: Counter[str] = Counter()
    turned_down: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    accepted = pictures = none_clear = stood_again = 0
    lowest: float | None = None
    for pose, canonical in poses:
        sources[str(pose["source"]) if pose is not None else "actions"] += 1
        if pose is None:
            continue
        turned_down.update({str(reason): int(count) for reason, count in pose["turned_down"].items()})
        accepted += len(pose["candidates"]) if pose["source"] == "prior" else 0
        if canonical is None:
            continue
        pictures += 1
        chosen[str(canonical["candidate"])] += 1
        none_clear += canonical["self_intersection"] > canonical["allowed"]
        stood_again += canonical["rounds"] > 1
        heights = [height for height in canonical["clearance"].values() if height is not None]
        lowest = min([*heights, *([] if lowest is None else [lowest])], default=None)
    drawn = accepted + sum(turned_down.values())
    return {
        "sources": dict(sorted(sources.items())),
        "skeleton": {
            "drawn": drawn,
            "acceptance": round(accepted / drawn, 4) if drawn else 1.0,
            "turned_down": dict(sorted(turned_down.items())),
        },
        "skin": {
            "pictures": pictures,
            "chosen": dict(sorted(chosen.items())),
            "none_clear": none_clear,
            "stood_again": stood_again,
            "lowest_foot": lowest,
        },
    }


def source_of_poses(job: Job) -> dict[str, Any]:
    """Name and hash of the file that the poses of a job come from; empty where there is none."""
    from .job_identity import file_digest

    poses = job.poses
    path = poses.prior or poses.file if poses.canonical else None
    if path is None or not path.is_file():
        return {}
    name = "built-in" if poses.source == "prior" and poses.file is None else path.name
    return {poses.source: {"name": name, "sha256": file_digest(path)}}
