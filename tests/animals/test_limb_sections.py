"""Loops of skin round joints: their area is that of the section, and falls when the loop is pinched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.animals import BUILT_IN
from pasyn_blender.animals.anatomy_model import animal_model
from pasyn_blender.animals.limb_sections import LimbSection, limb_sections
from pasyn_blender.animals.skeleton import Bone

LEAST = 0.6
"""Share of its area at rest that a section keeps in any pose of the prior."""


def test_sections_lie_round_their_joints() -> None:
    model = animal_model("zebra", 0)
    skin = model.surface.vertices
    sections = limb_sections(skin, model.surface.quads, model.weights[: len(skin)], model.bones)
    assert len(sections) == 12
    places = {bone.name: bone.head for bone in model.bones}
    for section in sections:
        loop = (
            skin[section.first] * (1 - section.share[:, None]) + skin[section.second] * section.share[:, None]
        )
        away = np.linalg.norm(loop.mean(axis=0) - places[section.joint])
        # Elbow and stifle lie in the body wall, their sections where the leg is free.
        assert away < (0.22 if section.joint[:-2] in ("forearm", "shin") else 0.02)
        # One limb alone: left and right are told apart.
        assert np.ptp(np.sign(loop[:, 0])) == 0.0
        twin = next(
            s for s in sections if s.joint == section.joint[:-1] + ("R" if section.joint[-1] == "L" else "L")
        )
        assert section.area(skin) == pytest.approx(twin.area(skin), rel=0.02)


def test_area_is_that_of_the_polygon_and_shrinks_when_pinched() -> None:
    square = np.array([[0, 0, 0], [2, 0, 0], [2, 1, 0], [0, 1, 0]], float)
    index = np.arange(4)
    section = LimbSection("square", index, index, np.zeros(4))
    assert section.area(square) == pytest.approx(2.0)
    turned = square @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], float)
    assert section.area(turned) == pytest.approx(2.0)
    assert section.area(square * np.array([1.0, 0.3, 1.0])) == pytest.approx(0.6)
    bow_tie = square[[0, 2, 1, 3]]
    assert section.area(bow_tie) == pytest.approx(0.0)


def test_a_section_below_a_joint_in_the_body_wall_is_square_to_the_flesh_not_to_the_bone() -> None:
    radius, corners = 0.1, 48
    turn = np.arange(corners) * 2.0 * np.pi / corners
    ring = np.column_stack([radius * np.cos(turn), radius * np.sin(turn), np.zeros(corners)])
    heights = np.linspace(-0.5, 1.0, 61)
    tube = (ring + heights[:, None, None] * np.array([0.0, 0.0, 1.0])).reshape(-1, 3)
    row, onward = np.meshgrid(np.arange(len(heights) - 1) * corners, np.arange(corners), indexing="ij")
    ahead = (onward + 1) % corners
    quads = np.stack([row + onward, row + ahead, row + corners + ahead, row + corners + onward], -1)
    quads = quads.reshape(-1, 4)

    # Bones zigzag down the tube; of its flesh, what lies round the first joint is the trunk's.
    line = np.array(
        [[0.0, 0.0, 0.9], [0.0, -0.05, 0.7], [0.0, 0.07, 0.35], [0.0, 0.0, 0.1], [0.0, 0.0, -0.2]]
    )
    bones, skin = [Bone("pelvis", None, line[0], line[1])], []
    for side, suffix in ((0.3, ".L"), (-0.3, ".R")):
        aside = np.array([side, 0.0, 0.0])
        skin.append(tube + aside)
        for chain in (
            ("upper_arm", "forearm", "front_cannon", "front_pastern"),
            ("thigh", "shin", "hind_cannon", "hind_pastern"),
        ):
            for name, head, tail in zip(chain, line, line[1:], strict=False):
                bones.append(Bone(name + suffix, "pelvis", head + aside, tail + aside))
    vertices = np.concatenate(skin)
    weights = np.zeros((len(vertices), len(bones)))
    column = {bone.name: i for i, bone in enumerate(bones)}
    of_trunk = vertices[:, 2] > 0.6
    weights[of_trunk, 0] = 1.0
    weights[~of_trunk & (vertices[:, 0] > 0.0), column["shin.L"]] = 1.0
    weights[~of_trunk & (vertices[:, 0] < 0.0), column["shin.R"]] = 1.0

    sections = limb_sections(vertices, np.concatenate([quads, quads + len(tube)]), weights, bones)
    below = [section for section in sections if section.joint[:-2] in ("forearm", "shin")]
    assert len(below) == 4
    for section in below:
        # Square to a bone that lies askew by 19 degrees it would be 6 % larger.
        assert section.area(vertices) == pytest.approx(np.pi * radius**2, rel=0.02)
        assert vertices[section.first][:, 2].max() < 0.62


@pytest.mark.slow
@pytest.mark.parametrize("species", BUILT_IN)
def test_no_joint_pinches_shut_in_poses_of_the_prior(species: str) -> None:
    import bpy

    from pasyn_blender.scene.canonical_posing import CanonicalPosing, from_turns
    from render_jobs.animal_source import AnimalSource, rig_facts
    from render_jobs.job import Job
    from render_jobs.plan import plan

    bpy.ops.wm.read_factory_settings(use_empty=True)
    job = Job(species=species, animal=species, images=60)
    animal = AnimalSource(job, Path("absent")).load(0)
    model = animal_model(species, 0)
    skin = model.surface.vertices
    sections = limb_sections(skin, model.surface.quads, model.weights[: len(skin)], model.bones)
    posing = CanonicalPosing(animal.rig, animal.geometry, animal.rig_map)
    for shot in plan(job, rig_facts(animal, species)):
        assert shot.pose is not None
        taken = posing.take([from_turns(turns) for turns in shot.pose.candidates])
        for section in sections:
            share = section.area(taken.vertices[: len(skin)]) / section.area(skin)
            assert share >= LEAST, f"shot {shot.index}: {section.joint} keeps {share:.0%}"
        assert taken.self_intersection < 0.02
