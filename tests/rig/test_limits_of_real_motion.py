"""Real motion stays within the joint limits: what animators made of horses, cows, wolves and foxes."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
import rig_files

from pasyn_blender.anatomy.skeleton import JOINTS
from pasyn_blender.prior.limits import read_limits
from pasyn_blender.rig.actions import list_actions
from pasyn_blender.rig.automatic import map_loaded_rig
from pasyn_blender.rig.clips import read_clip, retargeting_of
from pasyn_blender.rig.extraction import read_geometry
from pasyn_blender.rig.loading import load_rig

pytestmark = pytest.mark.usefixtures("empty_scene")

CARTOONS = {
    # Elbows drawn up above the back.
    "wolf": {"Gallop", "Gallop_Jump", "Jump_ToIdle"},
    # No stifle bends: thighs are thrown up behind, higher than the hips.
    "zebra": {"Run", "Jump"},
}
"""Actions in which no living animal could follow, and that projection is for."""


def outside(shared: Path, animal: str, actions: set[str] | None = None) -> dict[str, dict[str, float]]:
    """For each action with poses beyond the limits, the joints and by how many degrees."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rig = load_rig(shared / rig_files.SHARED_RIGS[animal])
    geometry = read_geometry(rig)
    retargeting = retargeting_of(rig, geometry, map_loaded_rig(rig, geometry))
    limits, found = read_limits(), {}
    for action in list_actions(rig):
        if "death" in action.name.lower() or (actions is not None and action.name not in actions):
            continue
        clip = read_clip(rig, geometry, retargeting, action, rate=15.0)
        most = limits.violations(clip.rotations).max(axis=0)
        joints = {JOINTS[joint]: round(float(most[joint]), 1) for joint in np.flatnonzero(most)}
        if joints:
            found[action.name] = joints
    return found


def test_a_horse_walks_gallops_kicks_within_limits(shared: Path) -> None:
    assert outside(shared, "horse", {"Walk", "Gallop", "Attack_Kick"}) == {}


@pytest.mark.slow
@pytest.mark.parametrize("animal", sorted(rig_files.SHARED_RIGS))
def test_every_action_but_falls_and_cartoons_stays_within_limits(shared: Path, animal: str) -> None:
    found = outside(shared, animal)
    assert set(found) <= CARTOONS.get(animal, set()), found
