"""Labels against pixels: a glowing ball at a keypoint lands on its label, and is seen or hidden as v says.

The ball is rendered by Cycles with the shot's camera, first alone, then with the posed animal standing before
it as a holdout. Joints lie inside limbs, so there their own part's faces are taken away first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from marker_renders import REACH, MarkerRenders, centroid

from pasyn_blender.annotation.projection import project
from pasyn_blender.annotation.visibility import MARKER_RADIUS
from render_jobs.job import Job, built_in_animals, job_from_rig, load_job

VARIED = ["camera.elevation=[-10, 45]", "camera.roll=[-20, 20]", "camera.truncation=[0, 0.2]"]
JOINT_RADIUS = 0.002
"""In trunk lengths: a ball this small is hidden or not, hardly ever half."""

TOO_SMALL, LARGE_ENOUGH = 0.1, 0.25
"""Radii in pixels: beside a giraffe a share of the trunk is so small that a ball would be rounding alone."""

SMALLEST = 0.008
"""Two steps of 8-bit alpha: less of a ball is rounding."""

RIGS = ("horse_ult/Horse-v7.glb", "fox_khronos/*.glb", "zebra")


@dataclass
class Checked:
    """Distances of balls from their labels in pixels, and keypoints whose v does not say what is seen."""

    distances: list[float]
    wrong: list[tuple[int, str, int, float]]
    count: int


def rig_job(shared: Path, rig: str, images: int) -> Job:
    if rig in built_in_animals():
        here = Path(__file__).resolve().parent.parent.parent
        settings = [*VARIED, f"images={images}", "coat.individuals=[0, 0]"]
        return load_job(here / "render_jobs" / f"{rig}.yaml", settings)
    return job_from_rig(next((shared / "rigs").glob(rig)), images=images, overrides=VARIED)


def prepared(job: Job) -> Any:
    import bpy

    from pasyn_blender.scene.stage import Stage
    from render_jobs.animal_source import AnimalSource, rig_facts
    from render_jobs.plan import plan
    from render_jobs.render_loop import render_options

    bpy.ops.wm.read_factory_settings(use_empty=True)
    animal = AnimalSource(job, Path("absent")).load(0)
    return Stage(animal, render_options(job)), plan(job, rig_facts(animal, "rig"))


def ball_cases(stage: Any, posed: Any) -> Iterator[tuple[int, float, Any]]:
    """Keypoint, its ball's radius, and the triangles that may hide it, of those near it in the picture."""
    animal, view = stage.animal, posed.view
    pixels, _ = project(posed.vertices, view.intrinsics, view.world_to_camera)
    corners = pixels[animal.geometry.triangles]
    low, high = corners.min(axis=1), corners.max(axis=1)
    for row in np.flatnonzero(posed.truth.keypoints[:, 2] > 0):
        place = posed.truth.keypoints[row, :2]
        near = ((low < place + REACH) & (high > place - REACH)).all(axis=1)
        if not animal.surface[row]:
            near[animal.parts[row]] = False
        radius = MARKER_RADIUS if animal.surface[row] else JOINT_RADIUS
        yield int(row), radius, animal.geometry.triangles[near]


def check(job: Job, folder: Path, exact: int) -> Checked:
    """Check all shots of a job, the places of the balls in the first ``exact`` of them."""
    stage, shots = prepared(job)
    markers = MarkerRenders(stage, folder)
    animal = stage.animal
    trunk = animal.rig_map.trunk_length
    result = Checked([], [], 0)
    width, height = stage.options.size
    for shot in shots:
        posed = stage.arrange(shot)
        truth = posed.truth
        if shot.index < exact:
            markers.hide_behind_nothing()
            for row in np.flatnonzero(truth.keypoints[:, 2] > 0):
                x, y, _ = truth.keypoints[row]
                if min(x, y, width - x, height - y) > 4:  # a cut-off ball has its middle elsewhere
                    alone = markers.coverage(truth.keypoints_world[row], 0.01 * trunk, (x, y))
                    result.distances.append(float(np.linalg.norm(centroid(alone) - (x, y))))
        for row, radius, before in ball_cases(stage, posed):
            x, y, v = truth.keypoints[row]
            markers.hide_behind(posed.vertices, before)
            place = truth.keypoints_world[row]
            depth = (posed.view.world_to_camera[:3] @ [*place, 1.0])[2]
            scale = posed.view.intrinsics[0, 0] / depth
            size = radius * trunk if scale * radius * trunk > TOO_SMALL else LARGE_ENOUGH / scale
            whole = np.pi * (scale * size) ** 2
            found = markers.coverage(place, size, (x, y)).sum()
            if animal.surface[row]:
                right = (found > SMALLEST) == (v == 2)
            else:
                # Seen at least in part, or hidden at least as to its middle.
                right = found > 0.1 * whole if v == 2 else found < 0.5 * whole
            result.count += 1
            if not right:
                name = animal.keypoint_set.keypoints[row]
                result.wrong.append((shot.index, name, int(v), float(found / whole)))
    return result


@pytest.mark.parametrize("rig", RIGS)
def test_balls_land_on_their_labels_and_are_seen_as_v_says(shared: Path, rig: str, tmp_path: Path) -> None:
    found = check(rig_job(shared, rig, 5), tmp_path, exact=2)
    assert len(found.distances) > 20
    assert max(found.distances) < 0.5
    # Exact up to what a 64-sample ball of a pixel's size allows.
    assert np.median(found.distances) < 0.05
    assert found.count > 60
    assert len(found.wrong) <= max(1, 0.01 * found.count), found.wrong


@pytest.mark.slow
@pytest.mark.parametrize("rig", [*RIGS, "wolf_ult/*.glb", "cow_ult/*.glb", "zebra_farm/*.glb"])
def test_over_many_poses_and_views(shared: Path, rig: str, tmp_path: Path) -> None:
    found = check(rig_job(shared, rig, 60), tmp_path, exact=10)
    assert max(found.distances) < 0.5
    assert len(found.wrong) <= 0.01 * found.count, found.wrong


@pytest.mark.slow
@pytest.mark.parametrize("species", built_in_animals())
def test_on_every_built_in_animal(shared: Path, species: str, tmp_path: Path) -> None:
    found = check(rig_job(shared, species, 15), tmp_path, exact=4)
    assert max(found.distances) < 0.5
    assert len(found.wrong) <= 0.01 * found.count, found.wrong
