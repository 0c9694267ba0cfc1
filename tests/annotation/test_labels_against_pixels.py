"""Labels against pixels: a glowing ball at a keypoint lands on its label, and is seen or hidden as v says.

The ball is rendered by Cycles with the shot's camera, first alone, then with the posed animal standing before
it as a holdout. Joints lie inside limbs, so there their own part's faces are taken away first, and with them
what lies beneath: the root of a tusk, or an ear that dips into the shoulder, is under the skin that is seen.
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

LARGE_ENOUGH = 0.25
"""Radius in pixels that some twelve of 64 samples a pixel meet. A smaller ball may be missed by all of them,
so it is looked at through a magnifying glass: enlarged itself it would be half hidden where it is not."""

SMALLEST = 0.008
"""Two steps of 8-bit alpha: less of a ball is rounding."""

RIGS = ("horse_ult/Horse-v7.glb", "fox_khronos/*.glb", "zebra")


@dataclass
class Checked:
    """Distances of balls from their labels in pixels, and keypoints whose v does not say what is seen."""

    distances: list[float]
    wrong: list[tuple[int, str, int, float]]
    count: int


def rig_job(shared: Path, rig: str, images: int, *more: str) -> Job:
    if rig in built_in_animals():
        here = Path(__file__).resolve().parent.parent.parent
        settings = [*VARIED, f"images={images}", "coat.individuals=[0, 0]", *more]
        return load_job(here / "render_jobs" / f"{rig}.yaml", settings)
    return job_from_rig(next((shared / "rigs").glob(rig)), images=images, overrides=[*VARIED, *more])


def prepared(job: Job) -> Any:
    import bpy

    from pasyn_blender.scene.stage import Stage
    from render_jobs.animal_source import AnimalSource, rig_facts
    from render_jobs.plan import plan
    from render_jobs.render_loop import render_options

    bpy.ops.wm.read_factory_settings(use_empty=True)
    animal = AnimalSource(job, Path("absent")).load(0)
    return Stage(animal, render_options(job)), plan(job, rig_facts(animal, "rig"))


def beneath(posed: Any, part: Any, triangles: Any, row: int) -> Any:
    """(T,) which triangles lie wholly behind the first surface of a part on the ray to a keypoint."""
    from mathutils import Vector
    from mathutils.bvhtree import BVHTree

    matrix = posed.view.world_to_camera
    camera = -matrix[:3, :3].T @ matrix[:3, 3]
    ray = posed.truth.keypoints_world[row] - camera
    skin = BVHTree.FromPolygons(posed.vertices.tolist(), triangles[part].tolist())
    place, _, _, distance = skin.ray_cast(Vector(camera), Vector(ray))
    if place is None or distance > np.linalg.norm(ray):
        return np.zeros(len(triangles), bool)
    depths = posed.vertices @ matrix[2, :3] + matrix[2, 3]
    return depths[triangles].min(axis=1) > matrix[2, :3] @ np.array(place) + matrix[2, 3]


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
            near &= ~beneath(posed, animal.parts[row], animal.geometry.triangles, row)
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
            pixels = scale * radius * trunk
            whole = np.pi * pixels**2
            zoom = int(np.ceil(LARGE_ENOUGH / pixels))
            found = markers.covered(place, radius * trunk, (x, y), zoom)
            if animal.surface[row]:
                right = (found > SMALLEST / zoom**2) == (v == 2)
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


@pytest.mark.slow
@pytest.mark.parametrize("rig", ["cow_ult/*.glb", "dog", "horse"])
def test_the_keypoints_of_animalpose(shared: Path, rig: str, tmp_path: Path) -> None:
    found = check(rig_job(shared, rig, 20, "keypoints=animalpose"), tmp_path, exact=4)
    assert max(found.distances) < 0.5
    assert len(found.wrong) <= 0.01 * found.count, found.wrong
