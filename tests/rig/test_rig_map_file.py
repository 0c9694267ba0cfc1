"""A rig map written and read again is the same map; a person's slip in it is answered with file and key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pasyn_blender.errors import RigMapError
from pasyn_blender.rig.geometry import RigGeometry
from pasyn_blender.rig.rig_map import JointBinding, KeypointAnchor, RigMap
from pasyn_blender.rig.rig_map_file import (
    read_rig_map,
    refuse_another_rigs,
    refuse_moved,
    rig_map_text,
    write_rig_map,
)


@pytest.fixture
def geometry() -> RigGeometry:
    """Two bones, one mesh of a single triangle."""
    return RigGeometry(
        bone_names=("Pelvis", "Head"),
        bone_parents=np.array([-1, 0]),
        bone_matrices=np.stack([np.eye(4), np.eye(4)]),
        bone_tails=np.zeros((2, 3)),
        mesh_names=("Body",),
        mesh_offsets=np.array([0, 3]),
        vertices=np.eye(3),
        triangles=np.array([[0, 1, 2]]),
        triangle_materials=np.array([-1]),
        material_names=(),
        weights=np.array([[1, 0], [0, 1], [0.5, 0.5]], dtype=np.float32),
    )


@pytest.fixture
def rig_map() -> RigMap:
    return RigMap(
        rig="goat.glb",
        body_frame=np.eye(3),
        trunk_length=1.5,
        ground=-0.25,
        joints={
            "pelvis": JointBinding("Pelvis", (0.0, 1.0, 2.0)),
            "head": JointBinding("Head", (0.0, -1.0, 2.5)),
        },
        keypoints={
            "nose": KeypointAnchor(("Head",), mesh="Body", vertices=(0, 2), weights=(0.25, 0.75)),
            "neck": KeypointAnchor(("Head", "Pelvis"), bone="Head", offset=(0.1, 0.2, 0.3)),
        },
        missing=("spine",),
    )


def edited(path: Path, before: str, after: str) -> Path:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    return path


@pytest.fixture
def written(rig_map: RigMap, tmp_path: Path) -> Path:
    path = tmp_path / "goat.rig_map.yaml"
    write_rig_map(rig_map, path)
    return path


def test_round_trip(rig_map: RigMap, written: Path, geometry: RigGeometry) -> None:
    again = read_rig_map(written, geometry)
    assert again.joints == rig_map.joints
    assert again.keypoints == rig_map.keypoints
    assert (again.rig, again.trunk_length, again.ground, again.missing) == (
        "goat.glb",
        1.5,
        -0.25,
        ("spine",),
    )
    assert np.array_equal(again.body_frame, rig_map.body_frame)
    assert rig_map_text(again) == written.read_text()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("trunk_length: 1.5", "trunk_length: -1", "trunk_length is -1.0; it must be above 0"),
        ("trunk_length: 1.5", "trunk_length: long", "trunk_length must be 1 finite number"),
        ("trunk_length: 1.5", "trunk_lenght: 1.5", "unknown key 'trunk_lenght'"),
        ("bone: Pelvis", "bone: Pelvs", "joints.pelvis.bone: 'Pelvs' .* did you mean Pelvis"),
        ("pelvis:", "pelvsi:", "joints: 'pelvsi' .* did you mean pelvis"),
        ("  nose:", "  noes:", "keypoints: 'noes' .* did you mean nose"),
        ("  nose:", "  neck:", "line [0-9]+: the key 'neck' is there twice"),
        ("trunk_length: 1.5", "ground: 1", "the key 'ground' is there twice"),
        ("mesh: Body", "mesh: Bdy", "keypoints.nose.mesh: 'Bdy' .* did you mean Body"),
        ("[0, 2]", "[0, 3]", "keypoints.nose.vertices: 3 is no vertex of 'Body', which has 3"),
        ("[0, 2]", "[]", "keypoints.nose.vertices is empty"),
        ("weights: [0.25, 0.75]", "weights: [0.25]", "keypoints.nose.weights must be 2 finite number"),
        ("offset: [0.1", "ofset: [0.1", "keypoints.neck: unknown key 'ofset'"),
        ("[1.0, 0.0, 0.0]", "[1.0, 1.0, 0.0]", "body_frame must be three perpendicular unit rows"),
        ("joints:", "joints: [", "line .*not valid YAML"),
        ("joints:", "joints: " + "[" * 5000, "nested too deeply"),
    ],
)
def test_a_slip_is_named(written: Path, geometry: RigGeometry, before: str, after: str, message: str) -> None:
    with pytest.raises(RigMapError, match=message) as caught:
        read_rig_map(edited(written, before, after), geometry)
    assert str(caught.value).startswith(str(written))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("bone: Pelvis", "bone: Pelvs", "bone: Pelvs"),
        ("  nose:", "  noes:", "noes"),
        ("trunk_length: 1.5", "trunk_length: -1", "trunk_length"),
        ("[0, 2]", "[0, 3]", "[0, 3]"),
        ("ground: -0.25", "grund: -0.25", "grund"),
    ],
)
def test_a_slip_is_found_by_its_line(
    written: Path, geometry: RigGeometry, before: str, after: str, words: str
) -> None:
    lines = edited(written, before, after).read_text().splitlines()
    (number,) = [row for row, line in enumerate(lines, 1) if words in line and not line.startswith("#")]
    with pytest.raises(RigMapError, match=rf"line {number}: "):
        read_rig_map(written, geometry)


def test_places_on_a_rig_as_small_as_a_nail_are_kept(
    rig_map: RigMap, geometry: RigGeometry, tmp_path: Path
) -> None:
    small = replace(rig_map, trunk_length=0.0034567891, ground=-0.0012345678)
    write_rig_map(small, tmp_path / "small.yaml")
    again = read_rig_map(tmp_path / "small.yaml", geometry)
    assert again.trunk_length == pytest.approx(small.trunk_length, rel=1e-5)
    assert again.ground == pytest.approx(small.ground, rel=1e-5)


def test_a_map_of_another_rig_is_refused_with_what_differs(rig_map: RigMap, geometry: RigGeometry) -> None:
    text = rig_map_text(rig_map)
    refuse_another_rigs(text, geometry, "goat.yaml")
    dog = replace(geometry, bone_names=("Hips", "Skull"), mesh_names=("Dog",))
    with pytest.raises(
        RigMapError,
        match=r"goat.yaml: a map of another rig, 'goat.glb': this armature has no bone .* \(2 of 2\) "
        r"and no mesh 'Body'; its meshes are 'Dog'",
    ):
        refuse_another_rigs(text, dog, "goat.yaml")
    # One slip of a person is told by its line, not as another rig.
    refuse_another_rigs(text.replace("bone: Pelvis", "bone: Pelvs"), geometry, "goat.yaml")


def test_a_map_from_before_the_animal_was_moved_is_refused(rig_map: RigMap, geometry: RigGeometry) -> None:
    heads = np.tile(np.eye(4), (2, 1, 1))
    heads[:, :3, 3] = [joint.position for joint in rig_map.joints.values()]
    refuse_moved(rig_map, replace(geometry, bone_matrices=heads), "goat.yaml")
    heads[:, :3, 3] += (0.0, 0.0, 2.0)
    with pytest.raises(RigMapError, match=r"lie 1.3 trunk lengths .*put it back or map it again"):
        refuse_moved(rig_map, replace(geometry, bone_matrices=heads), "goat.yaml")


def test_a_person_may_leave_weights_and_part_out(written: Path, geometry: RigGeometry) -> None:
    edited(written, "    weights: [0.25, 0.75]\n    part: [Head]\n", "")
    nose = read_rig_map(written, geometry).keypoints["nose"]
    assert nose.weights == (0.5, 0.5)
    assert nose.part == ("Pelvis", "Head")
